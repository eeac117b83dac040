/*
 * kill() to one, to a group (0 and -group), to all (-1); ESRCH where there is nobody, EPERM for
 * others'.
 */
#include "check.h"

static volatile int calls;
static pid_t parent;

static void handler(int signal)
{
	(void)signal;
	calls = calls + 1;
}

static pid_t pausing_child(pid_t group)
{
	struct gate ready = gate_create();
	pid_t pid = FORK();

	if (pid == 0) {
		CHECK(setpgid(0, group) == 0);
		handle_signal(SIGUSR1, SIG_DFL, 0);
		gate_open(&ready);
		for (;;)
			pause();
	}
	gate_pass(&ready);
	return pid;
}

static void as_user(void)
{
	CHECK_ERRNO(kill(parent, SIGUSR1), EPERM);
	CHECK_ERRNO(kill(parent, 0), EPERM);
	CHECK_ERRNO(kill(1, SIGKILL), EPERM);
	CHECK(kill(getpid(), 0) == 0);
	CHECK(setpgid(0, 0) == 0);
	CHECK_ERRNO(kill(-parent, SIGUSR1), EPERM);
	/* To all that may be signalled; none of the others is hurt. */
	handle_signal(SIGUSR1, SIG_IGN, 0);
	kill(-1, SIGUSR1);
}

static void as_user_with_brother(void)
{
	handle_signal(SIGUSR1, SIG_DFL, 0);
	pid_t brother = FORK();

	if (brother == 0) {
		for (;;)
			pause();
	}
	CHECK(kill(brother, SIGUSR1) == 0);
	expect_signal_death(brother, SIGUSR1);
}

int main(void)
{
	pid_t one, two, three;

	parent = getpid();
	CHECK(setpgid(0, 0) == 0);
	handle_signal(SIGUSR1, handler, 0);
	one = pausing_child(0);
	two = pausing_child(one);
	three = pausing_child(0);

	CHECK(kill(one, 0) == 0);
	CHECK(kill(-one, SIGUSR1) == 0);
	expect_signal_death(one, SIGUSR1);
	expect_signal_death(two, SIGUSR1);
	CHECK(kill(three, 0) == 0);
	CHECK_ERRNO(kill(-one, SIGUSR1), ESRCH);
	CHECK_ERRNO(kill(one, SIGUSR1), ESRCH);
	CHECK_ERRNO(kill(0x3fffffff, 0), ESRCH);
	CHECK_ERRNO(kill(-0x3fffffff, 0), ESRCH);

	/* kill(0) is for the caller's own group. */
	two = pausing_child(getpid());
	CHECK(kill(0, SIGUSR1) == 0);
	CHECK_EQ(calls, 1);
	expect_signal_death(two, SIGUSR1);
	CHECK(kill(three, 0) == 0);

	run_as(OTHER_UID, as_user);
	run_as(OTHER_UID, as_user_with_brother);
	CHECK_EQ(calls, 1);

	/* -1 is for all but the caller and process 1. */
	CHECK(kill(-1, SIGUSR1) == 0);
	CHECK_EQ(calls, 1);
	expect_signal_death(three, SIGUSR1);
	CHECK(kill(1, 0) == 0);
	return 0;
}
