/*
 * RLIMIT_NICE and RLIMIT_RTPRIO: how far a user may raise a process's priority. Up to the limit
 * all is allowed, above it only what the process has already.
 */
#include "check.h"

static void limit(int kind, rlim_t value)
{
	struct rlimit limit = { value, value };

	CHECK(setrlimit(kind, &limit) == 0);
}

static int set_nice(int nice)
{
	return setpriority(PRIO_PROCESS, 0, nice);
}

static int set_policy(int policy, int priority)
{
	struct sched_param parameter = { .sched_priority = priority };

	return sched_setscheduler(0, policy, &parameter);
}

static int set_priority(int priority)
{
	struct sched_param parameter = { .sched_priority = priority };

	return sched_setparam(0, &parameter);
}

static int nice_now(void)
{
	errno = 0;
	return getpriority(PRIO_PROCESS, 0);
}

/* The limit is 20 - nice. */
static void nice_below(void)
{
	limit(RLIMIT_NICE, 25);
	become_user(OTHER_UID, OTHER_GID);
	CHECK(set_nice(10) == 0);
	CHECK(set_nice(0) == 0);
	CHECK(set_nice(-5) == 0);
	CHECK_EQ(nice_now(), -5);
	CHECK_ERRNO(set_nice(-6), EACCES);
	CHECK_ERRNO(nice(-1), EPERM);
	CHECK_EQ(nice_now(), -5);
	CHECK(set_nice(19) == 0);
	CHECK_EQ(nice(-24), -5);
	/* It may give its limit up, and keeps what it has. */
	limit(RLIMIT_NICE, 10);
	CHECK(set_nice(-5) == 0);
	CHECK(set_nice(-4) == 0);
	CHECK_ERRNO(set_nice(-5), EACCES);
	CHECK(set_nice(15) == 0);
	CHECK_ERRNO(set_nice(9), EACCES);
	CHECK(set_nice(10) == 0);
	struct rlimit more = { 11, 11 };

	CHECK_ERRNO(setrlimit(RLIMIT_NICE, &more), EPERM);
}

static void nice_none(void)
{
	limit(RLIMIT_NICE, 0);
	become_user(OTHER_UID, OTHER_GID);
	CHECK_ERRNO(set_nice(-1), EACCES);
	CHECK(set_nice(10) == 0);
	CHECK_ERRNO(set_nice(9), EACCES);
	CHECK_ERRNO(nice(-1), EPERM);
	CHECK(set_nice(10) == 0);
	/* Out of SCHED_IDLE is up as well. */
	CHECK(set_policy(SCHED_BATCH, 0) == 0);
	CHECK(set_policy(SCHED_IDLE, 0) == 0);
	CHECK_ERRNO(set_policy(SCHED_OTHER, 0), EPERM);
	CHECK(set_policy(SCHED_IDLE, 0) == 0);
}

static void idle_and_back(void)
{
	limit(RLIMIT_NICE, 20);
	become_user(OTHER_UID, OTHER_GID);
	CHECK(set_policy(SCHED_IDLE, 0) == 0);
	CHECK(set_policy(SCHED_OTHER, 0) == 0);
	CHECK_EQ(sched_getscheduler(0), SCHED_OTHER);
}

static void realtime_below(void)
{
	limit(RLIMIT_RTPRIO, 10);
	become_user(OTHER_UID, OTHER_GID);
	CHECK_ERRNO(set_policy(SCHED_FIFO, 11), EPERM);
	CHECK_EQ(sched_getscheduler(0), SCHED_OTHER);
	CHECK(set_policy(SCHED_FIFO, 10) == 0);
	CHECK_ERRNO(set_priority(11), EPERM);
	CHECK(set_policy(SCHED_RR, 5) == 0);
	CHECK_EQ(sched_getscheduler(0), SCHED_RR);
	CHECK(set_priority(10) == 0);
	CHECK(set_priority(8) == 0);
	/* With a lower limit it may sink; with none, it has to stay of its kind. */
	limit(RLIMIT_RTPRIO, 3);
	CHECK_ERRNO(set_priority(9), EPERM);
	CHECK(set_priority(8) == 0);
	CHECK(set_policy(SCHED_FIFO, 8) == 0);
	CHECK(set_priority(7) == 0);
	CHECK_ERRNO(set_priority(8), EPERM);
	limit(RLIMIT_RTPRIO, 0);
	CHECK_ERRNO(set_policy(SCHED_RR, 2), EPERM);
	CHECK(set_policy(SCHED_FIFO, 2) == 0);
	CHECK_ERRNO(set_priority(3), EPERM);
	CHECK(set_policy(SCHED_OTHER, 0) == 0);
	CHECK_ERRNO(set_policy(SCHED_FIFO, 1), EPERM);
}

static void realtime_none(void)
{
	limit(RLIMIT_RTPRIO, 0);
	become_user(OTHER_UID, OTHER_GID);
	CHECK_ERRNO(set_policy(SCHED_FIFO, 1), EPERM);
	CHECK_ERRNO(set_policy(SCHED_RR, 1), EPERM);
	CHECK_ERRNO(set_policy(SCHED_FIFO, 0), EINVAL);
}

/* Whose limit counts: that of the process that changes, not of the one that asks. */
static void of_another(void)
{
	struct sched_param parameter = { .sched_priority = 5 };
	struct gate done = gate_create(), ready = gate_create();
	pid_t other = FORK();

	if (other == 0) {
		limit(RLIMIT_RTPRIO, 5);
		limit(RLIMIT_NICE, 21);
		become_user(OTHER_UID, OTHER_GID);
		gate_open(&ready);
		gate_pass(&done);
		_exit(0);
	}
	limit(RLIMIT_RTPRIO, 0);
	limit(RLIMIT_NICE, 0);
	gate_pass(&ready);
	become_user(OTHER_UID, OTHER_GID);
	CHECK(setpriority(PRIO_PROCESS, other, -1) == 0);
	CHECK_ERRNO(setpriority(PRIO_PROCESS, other, -2), EACCES);
	CHECK(sched_setscheduler(other, SCHED_FIFO, &parameter) == 0);
	parameter.sched_priority = 6;
	CHECK_ERRNO(sched_setparam(other, &parameter), EPERM);
	gate_open(&done);
	CHECK_EQ(wait_exit_status(other), 0);
}

int main(void)
{
	in_child(nice_below);
	in_child(nice_none);
	in_child(idle_and_back);
	in_child(realtime_below);
	in_child(realtime_none);
	in_child(of_another);
	return 0;
}
