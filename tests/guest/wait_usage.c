/*
 * What a process used of the processor: getrusage() agrees with the CPU clock, tells work in user
 * mode from work in the kernel, and a thread's from its process's. wait4() gives the child's own
 * and that of whom it waited for; RUSAGE_CHILDREN sums it up, and only once it has been waited for.
 */
#include "check.h"
#include <pthread.h>

enum { WORK_MS = 80, THREAD_PAGES = 512 };

static long long clock_us(clockid_t clock)
{
	struct timespec now;

	CHECK(clock_gettime(clock, &now) == 0);
	return now.tv_sec * 1000000LL + now.tv_nsec / 1000;
}

static long long user_us(const struct rusage *usage)
{
	return usage->ru_utime.tv_sec * 1000000LL + usage->ru_utime.tv_usec;
}

static long long system_us(const struct rusage *usage)
{
	return usage->ru_stime.tv_sec * 1000000LL + usage->ru_stime.tv_usec;
}

static long long used_us(const struct rusage *usage)
{
	return user_us(usage) + system_us(usage);
}

static struct rusage usage_of(int who)
{
	struct rusage usage;

	CHECK(getrusage(who, &usage) == 0);
	return usage;
}

/* In user mode, but for a look at the clock once a while. */
static void compute(void)
{
	long long end = clock_us(CLOCK_THREAD_CPUTIME_ID) + WORK_MS * 1000;

	do {
		for (volatile int i = 0; i < 200000; i++)
			;
	} while (clock_us(CLOCK_THREAD_CPUTIME_ID) < end);
}

static void have_kernel_work(void)
{
	static char bytes[256 * PAGE];
	long long end = clock_us(CLOCK_THREAD_CPUTIME_ID) + WORK_MS * 1000;
	int fd = MUST(open("/dev/zero", O_RDONLY));

	do
		CHECK_EQ(read(fd, bytes, sizeof(bytes)), sizeof(bytes));
	while (clock_us(CLOCK_THREAD_CPUTIME_ID) < end);
	CHECK(close(fd) == 0);
}

/* Is work of either kind most of what was used meanwhile? The sum is what the clock says. */
static bool tells_user_from_kernel(void)
{
	struct rusage start = usage_of(RUSAGE_SELF);

	compute();
	struct rusage middle = usage_of(RUSAGE_SELF);

	have_kernel_work();
	long long before = clock_us(CLOCK_PROCESS_CPUTIME_ID);
	struct rusage end = usage_of(RUSAGE_SELF);
	long long after = clock_us(CLOCK_PROCESS_CPUTIME_ID);

	/* Two numbers were cut to microseconds. */
	CHECK(used_us(&end) >= before - 2 && used_us(&end) <= after);
	CHECK(used_us(&middle) - used_us(&start) >= WORK_MS * 1000 - 2);
	return user_us(&middle) - user_us(&start) > WORK_MS * 700 &&
	       system_us(&end) - system_us(&middle) > WORK_MS * 700;
}

/* A busy host may stop the machine for a while, which then counts as work of some kind. */
static void tell_user_from_kernel(void)
{
	int tries = 0;

	while (!tells_user_from_kernel())
		if (++tries == 10)
			FAIL("work of one kind is taken for the other");
}

static void *compute_in_thread(void *result)
{
	compute();
	memset(map_pages(THREAD_PAGES), 1, THREAD_PAGES * PAGE);
	*(struct rusage *)result = usage_of(RUSAGE_THREAD);
	return NULL;
}

static void tell_thread_from_process(void)
{
	struct rusage of_thread, start = usage_of(RUSAGE_SELF), start_own = usage_of(RUSAGE_THREAD);
	pthread_t thread;

	CHECK_EQ(pthread_create(&thread, NULL, compute_in_thread, &of_thread), 0);
	CHECK_EQ(pthread_join(thread, NULL), 0);
	struct rusage end_own = usage_of(RUSAGE_THREAD), end = usage_of(RUSAGE_SELF);

	/* The process is the sum of its threads, of those that ended too, but for rounding. */
	CHECK(used_us(&of_thread) >= WORK_MS * 1000);
	CHECK(used_us(&end) - used_us(&start) >=
	      used_us(&of_thread) + used_us(&end_own) - used_us(&start_own) - 8);
	CHECK(of_thread.ru_minflt >= THREAD_PAGES && of_thread.ru_minflt < end.ru_minflt);
	/* Memory is the whole process's, as it is now. Linux counts in batches. */
	CHECK(of_thread.ru_maxrss >= start.ru_maxrss + (THREAD_PAGES - 128) * PAGE / 1024);
	CHECK(of_thread.ru_maxrss <= end.ru_maxrss);
}

static void expect_sum(const struct rusage *sum, const struct rusage *start,
		       const struct rusage *more)
{
	long long user = user_us(sum) - user_us(start) - user_us(more);
	long long system = system_us(sum) - system_us(start) - system_us(more);

	CHECK(user >= -1 && user <= 1 && system >= -1 && system <= 1);
	CHECK_EQ(sum->ru_minflt, start->ru_minflt + more->ru_minflt);
	CHECK_EQ(sum->ru_majflt, start->ru_majflt + more->ru_majflt);
	CHECK_EQ(sum->ru_inblock, start->ru_inblock + more->ru_inblock);
	CHECK_EQ(sum->ru_oublock, start->ru_oublock + more->ru_oublock);
	CHECK_EQ(sum->ru_nvcsw, start->ru_nvcsw + more->ru_nvcsw);
	CHECK_EQ(sum->ru_nivcsw, start->ru_nivcsw + more->ru_nivcsw);
	CHECK_EQ(sum->ru_maxrss, more->ru_maxrss > start->ru_maxrss ? more->ru_maxrss
								   : start->ru_maxrss);
}

/* A child computes and says what it has used; the sum moves when it is waited for, no sooner. */
static void sum_up_child(struct rusage *said)
{
	struct rusage start = usage_of(RUSAGE_CHILDREN), usage, sum;
	siginfo_t info;
	int status;
	pid_t pid = FORK();

	if (pid == 0) {
		CHECK_EQ(used_us((struct rusage[]){ usage_of(RUSAGE_CHILDREN) }), 0);
		compute();
		*said = usage_of(RUSAGE_SELF);
		_exit(0);
	}
	CHECK(waitid(P_PID, pid, &info, WEXITED | WNOWAIT) == 0);
	sum = usage_of(RUSAGE_CHILDREN);
	CHECK_EQ(memcmp(&sum, &start, sizeof(sum)), 0);
	CHECK_EQ(wait4(pid, &status, 0, &usage), pid);
	CHECK(used_us(said) >= WORK_MS * 1000);
	CHECK(user_us(&usage) >= user_us(said) && system_us(&usage) >= system_us(said));
	CHECK(used_us(&usage) < used_us(said) + 1000000);
	CHECK(usage.ru_minflt >= said->ru_minflt && usage.ru_minflt < said->ru_minflt + 50);
	CHECK(usage.ru_nvcsw >= said->ru_nvcsw && usage.ru_nivcsw >= said->ru_nivcsw);
	sum = usage_of(RUSAGE_CHILDREN);
	expect_sum(&sum, &start, &usage);
}

/* A grandchild counts in what its parent used once the parent has waited for it, else nowhere. */
static void sum_up_grandchild(bool parent_waits)
{
	struct rusage start = usage_of(RUSAGE_CHILDREN), usage, sum;
	siginfo_t info;
	int status;
	pid_t pid = FORK();

	if (pid == 0) {
		pid_t grandchild = FORK();

		if (grandchild == 0) {
			compute();
			_exit(0);
		}
		CHECK(waitid(P_PID, grandchild, &info, WEXITED | WNOWAIT) == 0);
		_exit(parent_waits ? wait_exit_status(grandchild) : 0);
	}
	CHECK_EQ(wait4(pid, &status, 0, &usage), pid);
	CHECK_EQ(status, 0);
	CHECK_EQ(used_us(&usage) >= WORK_MS * 1000, parent_waits);
	sum = usage_of(RUSAGE_CHILDREN);
	expect_sum(&sum, &start, &usage);
}

/* Who is forgiven, since SIGCHLD is ignored, is not waited for. */
static void sum_up_forgiven(void)
{
	struct rusage start = usage_of(RUSAGE_CHILDREN), sum;
	pid_t pid;

	handle_signal(SIGCHLD, SIG_IGN, 0);
	pid = FORK();
	if (pid == 0) {
		compute();
		_exit(0);
	}
	CHECK_ERRNO(waitpid(pid, NULL, 0), ECHILD);
	sum = usage_of(RUSAGE_CHILDREN);
	CHECK_EQ(memcmp(&sum, &start, sizeof(sum)), 0);
	handle_signal(SIGCHLD, SIG_DFL, 0);
}

/*
 * A sleep gives the processor away of the process's own will, once; or not at all, where its time
 * is over before the process has gone.
 */
static void count_switches(void)
{
	struct rusage start = usage_of(RUSAGE_THREAD), end;

	for (int i = 0; i < 10; i++)
		sleep_ms(5);
	end = usage_of(RUSAGE_THREAD);
	long switches = end.ru_nvcsw - start.ru_nvcsw;

	if (switches < 5 || switches > 10)
		FAIL("%ld voluntary switches in 10 sleeps", switches);
}

int main(void)
{
	struct rusage *said = shared_memory(PAGE);

	CHECK_EQ(used_us((struct rusage[]){ usage_of(RUSAGE_CHILDREN) }), 0);
	tell_user_from_kernel();
	tell_thread_from_process();
	sum_up_child(said);
	sum_up_child(said);
	sum_up_grandchild(true);
	sum_up_grandchild(false);
	sum_up_forgiven();
	count_switches();
	CHECK_ERRNO(getrusage(7, said), EINVAL);
	return 0;
}
