/* SCHED_RESET_ON_FORK: reported, kept by sched_setparam, hidden from children, a one-way door. */
#include "check.h"

static void set(int policy, int priority)
{
	struct sched_param parameter = { .sched_priority = priority };

	CHECK_EQ(raw_syscall(SYS_sched_setscheduler, 0, policy, &parameter), 0);
}

static int scheduler(void)
{
	return (int)raw_syscall(SYS_sched_getscheduler, 0);
}

static void child_has(int policy, int nice)
{
	struct sched_param parameter;
	pid_t child = FORK();

	if (child == 0) {
		CHECK_EQ(scheduler(), policy);
		CHECK_EQ(getpriority(PRIO_PROCESS, 0), nice);
		CHECK_EQ(sched_getparam(0, &parameter), 0);
		CHECK_EQ(parameter.sched_priority, 0);
		_exit(0);
	}
	CHECK_EQ(wait_exit_status(child), 0);
}

static void as_user(void)
{
	struct sched_param none = { .sched_priority = 0 };

	set(SCHED_OTHER | SCHED_RESET_ON_FORK, 0);
	CHECK_ERRNO(sched_setscheduler(0, SCHED_OTHER, &none), EPERM);
	CHECK_EQ(scheduler(), SCHED_OTHER | SCHED_RESET_ON_FORK);
	set(SCHED_BATCH | SCHED_RESET_ON_FORK, 0);
	CHECK_EQ(scheduler(), SCHED_BATCH | SCHED_RESET_ON_FORK);
}

int main(void)
{
	struct sched_param parameter = { .sched_priority = 3 };

	set(SCHED_FIFO | SCHED_RESET_ON_FORK, 2);
	CHECK_EQ(scheduler(), SCHED_FIFO | SCHED_RESET_ON_FORK);
	CHECK_EQ(sched_setparam(0, &parameter), 0);
	CHECK_EQ(scheduler(), SCHED_FIFO | SCHED_RESET_ON_FORK);
	child_has(SCHED_OTHER, 0);

	set(SCHED_OTHER | SCHED_RESET_ON_FORK, 0);
	CHECK_EQ(setpriority(PRIO_PROCESS, 0, -5), 0);
	child_has(SCHED_OTHER, 0);
	CHECK_EQ(setpriority(PRIO_PROCESS, 0, 4), 0);
	child_has(SCHED_OTHER, 4);
	set(SCHED_BATCH | SCHED_RESET_ON_FORK, 0);
	child_has(SCHED_BATCH, 4);

	set(SCHED_OTHER, 0);
	CHECK_EQ(scheduler(), SCHED_OTHER);
	CHECK_EQ(setpriority(PRIO_PROCESS, 0, 0), 0);
	run_as(OTHER_UID, as_user);

	/* Which error wins. */
	CHECK_ERRNO(sched_setparam(0x3fffffff, NULL), EINVAL);
	CHECK_ERRNO(sched_setparam(0x3fffffff, (void *)1), EFAULT);
	CHECK_ERRNO(sched_setparam(0x3fffffff, &parameter), ESRCH);
	CHECK_ERRNO(sched_setscheduler(0, 77 | SCHED_RESET_ON_FORK, &parameter), EINVAL);
	return 0;
}
