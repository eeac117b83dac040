/* test: timeout=60
 * clock_nanosleep on clocks of CPU time: the process's own while another thread works, another
 * process's, relative and absolute, interrupted with the time left; a thread's own is refused.
 */
#include "check.h"
#include <pthread.h>
#include <stdatomic.h>
#include <sys/time.h>
#include <time.h>

enum { MS = 1000000 };

static atomic_bool stop;

static void *work(void *argument)
{
	(void)argument;
	while (!stop)
		;
	return NULL;
}

static long long now(clockid_t clock)
{
	struct timespec time;

	CHECK(clock_gettime(clock, &time) == 0);
	return time.tv_sec * 1000000000LL + time.tv_nsec;
}

static int sleep_raw(clockid_t clock, int flags, long long ns, struct timespec *left)
{
	struct timespec time = { (time_t)(ns / 1000000000), (long)(ns % 1000000000) };

	return (int)syscall(SYS_clock_nanosleep, clock, flags, &time, left);
}

static void own_process(void)
{
	clockid_t clock = CLOCK_PROCESS_CPUTIME_ID;
	long long before;
	pthread_t worker;

	CHECK(pthread_create(&worker, NULL, work, NULL) == 0);
	before = now(clock);
	CHECK(sleep_raw(clock, 0, 20 * MS, NULL) == 0);
	CHECK(now(clock) - before >= 20 * MS);
	before = now(clock);
	CHECK(sleep_raw(clock, TIMER_ABSTIME, before + 10 * MS, NULL) == 0);
	CHECK(now(clock) - before >= 10 * MS);
	/* What has been is over at once. */
	CHECK(sleep_raw(clock, TIMER_ABSTIME, 1, NULL) == 0);
	stop = true;
	CHECK(pthread_join(worker, NULL) == 0);
}

static void other_process(void)
{
	clockid_t clock;
	pid_t child = FORK();

	if (child == 0)
		for (;;)
			;
	CHECK(clock_getcpuclockid(child, &clock) == 0);
	CHECK(sleep_raw(clock, TIMER_ABSTIME, 15 * MS, NULL) == 0);
	CHECK(now(clock) >= 15 * MS);
	CHECK(kill(child, SIGKILL) == 0);
	expect_signal_death(child, SIGKILL);
	CHECK_ERRNO(sleep_raw(clock, 0, MS, NULL), EINVAL);
}

static void on_alarm(int signal)
{
	(void)signal;
}

/* Nobody works: the clock stands, and a signal ends the wait. */
static void interrupted(void)
{
	struct sigaction action = { .sa_handler = on_alarm };
	struct itimerval soon = { .it_value = { 0, 50000 } };
	struct timespec left = { -1, -1 };

	CHECK(sigaction(SIGALRM, &action, NULL) == 0);
	CHECK(setitimer(ITIMER_REAL, &soon, NULL) == 0);
	CHECK_ERRNO(sleep_raw(CLOCK_PROCESS_CPUTIME_ID, 0, 1000000000LL, &left), EINTR);
	CHECK(left.tv_sec == 0 && left.tv_nsec > 500000000);
}

int main(void)
{
	clockid_t own;

	CHECK(pthread_getcpuclockid(pthread_self(), &own) == 0);
	CHECK_ERRNO(sleep_raw(own, 0, MS, NULL), EINVAL);
	CHECK_ERRNO(sleep_raw(CLOCK_THREAD_CPUTIME_ID, 0, MS, NULL), EOPNOTSUPP);
	CHECK_ERRNO(sleep_raw(CLOCK_PROCESS_CPUTIME_ID, 0, -1000000000LL, NULL), EINVAL);
	CHECK_ERRNO(sleep_raw(CLOCK_MONOTONIC_RAW, 0, MS, NULL), EOPNOTSUPP);
	own_process();
	other_process();
	interrupted();
	return 0;
}
