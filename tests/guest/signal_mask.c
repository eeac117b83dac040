/*
 * sigprocmask(): block, unblock, set; what is pending waits; SIGKILL and SIGSTOP cannot be blocked.
 */
#include "check.h"

static volatile int calls;

static void handler(int signal)
{
	(void)signal;
	calls = calls + 1;
}

int main(void)
{
	sigset_t set, old;

	handle_signal(SIGUSR1, handler, 0);
	handle_signal(SIGUSR2, handler, 0);
	sigfillset(&set);
	CHECK(sigprocmask(SIG_SETMASK, &set, &old) == 0);
	CHECK(!sigismember(&old, SIGUSR1));
	CHECK(sigprocmask(SIG_BLOCK, NULL, &set) == 0);
	CHECK(sigismember(&set, SIGUSR1) && sigismember(&set, SIGTERM) && sigismember(&set, 64));
	CHECK(!sigismember(&set, SIGKILL) && !sigismember(&set, SIGSTOP));

	CHECK(raise(SIGUSR1) == 0);
	CHECK(raise(SIGUSR2) == 0);
	CHECK_EQ(calls, 0);
	CHECK(signal_is_pending(SIGUSR1) && signal_is_pending(SIGUSR2));
	CHECK(!signal_is_pending(SIGTERM));
	unblock_signal(SIGUSR1);
	CHECK_EQ(calls, 1);
	CHECK(!signal_is_pending(SIGUSR1) && signal_is_pending(SIGUSR2));

	/* Ignoring a pending signal forgets it. */
	handle_signal(SIGUSR2, SIG_IGN, 0);
	CHECK(!signal_is_pending(SIGUSR2));
	handle_signal(SIGUSR2, handler, 0);
	unblock_signal(SIGUSR2);
	CHECK_EQ(calls, 1);

	CHECK_EQ(raw_syscall(SYS_rt_sigprocmask, 99, &set, 0, 8), -EINVAL);
	CHECK_EQ(raw_syscall(SYS_rt_sigprocmask, SIG_BLOCK, &set, 0, 4), -EINVAL);
	CHECK_EQ(raw_syscall(SYS_rt_sigprocmask, 99, 0, &set, 8), 0);
	return 0;
}
