/* nice, getpriority, setpriority, and the scheduler's calls: ranges, rights, inheritance. */
#include "check.h"

static int priority_of(pid_t pid)
{
	errno = 0;
	int value = getpriority(PRIO_PROCESS, pid);

	CHECK_EQ(errno, 0);
	return value;
}

static void as_user(void)
{
	struct sched_param parameter = { .sched_priority = 5 };

	CHECK_EQ(nice(5), 5);
	CHECK_ERRNO(setpriority(PRIO_PROCESS, 0, 2), EACCES);
	CHECK_EQ(priority_of(0), 5);
	CHECK_ERRNO(setpriority(PRIO_PROCESS, getppid(), 10), EPERM);
	CHECK_ERRNO(sched_setscheduler(0, SCHED_FIFO, &parameter), EPERM);
}

int main(void)
{
	struct sched_param parameter = { .sched_priority = 0 };
	struct timespec interval;
	cpu_set_t cpus;
	pid_t child;

	CHECK_EQ(priority_of(0), 0);
	CHECK(setpriority(PRIO_PROCESS, 0, 100) == 0);
	CHECK_EQ(priority_of(0), 19);
	CHECK(setpriority(PRIO_PROCESS, 0, -100) == 0);
	CHECK_EQ(priority_of(0), -20);
	CHECK_EQ(raw_syscall(SYS_getpriority, PRIO_PROCESS, 0), 40);	/* 20 - nice */
	CHECK(setpriority(PRIO_PROCESS, 0, 3) == 0);
	child = FORK();
	if (child == 0)
		_exit(priority_of(0));
	CHECK_EQ(wait_exit_status(child), 3);
	CHECK(setpriority(PRIO_PROCESS, 0, 0) == 0);
	CHECK_ERRNO(getpriority(99, 0), EINVAL);
	CHECK_ERRNO(getpriority(PRIO_PROCESS, 0x3fffffff), ESRCH);
	run_as(OTHER_UID, as_user);

	CHECK_EQ(sched_getscheduler(0), SCHED_OTHER);
	CHECK(sched_getparam(0, &parameter) == 0);
	CHECK_EQ(parameter.sched_priority, 0);
	CHECK_EQ(sched_get_priority_max(SCHED_FIFO), 99);
	CHECK_EQ(sched_get_priority_min(SCHED_RR), 1);
	CHECK_EQ(sched_get_priority_max(SCHED_OTHER), 0);
	CHECK_ERRNO(sched_get_priority_max(99), EINVAL);
	parameter.sched_priority = 100;
	CHECK_ERRNO(sched_setscheduler(0, SCHED_FIFO, &parameter), EINVAL);
	CHECK(sched_rr_get_interval(0, &interval) == 0);
	CHECK(sched_yield() == 0);

	CPU_ZERO(&cpus);
	CHECK(sched_getaffinity(0, sizeof(cpus), &cpus) == 0);
	CHECK(CPU_COUNT(&cpus) >= 1);
	CHECK_ERRNO(sched_getaffinity(0x3fffffff, sizeof(cpus), &cpus), ESRCH);
	CHECK_ERRNO(sched_getaffinity(-1, sizeof(cpus), &cpus), ESRCH);
	CHECK_ERRNO(sched_setaffinity(-1, sizeof(cpus), &cpus), ESRCH);
	CHECK_ERRNO(sched_getscheduler(-1), EINVAL);
	return 0;
}
