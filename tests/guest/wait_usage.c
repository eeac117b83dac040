/*
 * wait4() gives the child's own use of the processor, and RUSAGE_CHILDREN sums it up, also over two
 * steps.
 */
#include "check.h"

static void burn(int ms)
{
	struct timespec now;

	do
		CHECK(clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now) == 0);
	while (now.tv_sec * 1000 + now.tv_nsec / 1000000 < ms);
}

static long long used_us(const struct rusage *usage)
{
	return (usage->ru_utime.tv_sec + usage->ru_stime.tv_sec) * 1000000LL +
	       usage->ru_utime.tv_usec + usage->ru_stime.tv_usec;
}

int main(void)
{
	struct rusage usage, children;
	int status;
	pid_t pid;

	CHECK(getrusage(RUSAGE_CHILDREN, &children) == 0);
	CHECK_EQ(used_us(&children), 0);
	pid = FORK();
	if (pid == 0) {
		burn(60);
		_exit(0);
	}
	CHECK_EQ(wait4(pid, &status, 0, &usage), pid);
	CHECK(used_us(&usage) >= 40000 && used_us(&usage) < 2000000);
	CHECK(getrusage(RUSAGE_CHILDREN, &children) == 0);
	CHECK(used_us(&children) >= 40000);

	/* A grandchild counts once its parent has waited for it. */
	pid = FORK();
	if (pid == 0) {
		pid_t grandchild = FORK();

		if (grandchild == 0) {
			burn(60);
			_exit(0);
		}
		_exit(wait_exit_status(grandchild));
	}
	CHECK_EQ(wait_exit_status(pid), 0);
	CHECK(getrusage(RUSAGE_CHILDREN, &children) == 0);
	CHECK(used_us(&children) >= 80000);
	CHECK(getrusage(RUSAGE_SELF, &usage) == 0);
	CHECK(usage.ru_maxrss > 0);
	CHECK_ERRNO(getrusage(7, &usage), EINVAL);
	return 0;
}
