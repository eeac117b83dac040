/*
 * sigtimedwait() takes a pending signal without a handler, with its details; or gives up in time.
 */
#include "check.h"

int main(void)
{
	struct timespec nothing = { 0, 0 }, short_time = { 0, 20000000 }, long_time = { 100, 0 };
	struct timespec wrong = { 0, 1000000000 };
	union sigval value = { .sival_int = 77 };
	siginfo_t info;
	sigset_t set;
	long long start;
	pid_t child;

	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigaddset(&set, SIGRTMIN);
	CHECK(sigprocmask(SIG_BLOCK, &set, NULL) == 0);

	CHECK_ERRNO(sigtimedwait(&set, &info, &nothing), EAGAIN);
	start = now_ns();
	CHECK_ERRNO(sigtimedwait(&set, &info, &short_time), EAGAIN);
	CHECK(now_ns() - start >= 20000000);
	CHECK_ERRNO(sigtimedwait(&set, &info, &wrong), EINVAL);

	CHECK(sigqueue(getpid(), SIGRTMIN, value) == 0);
	CHECK(raise(SIGUSR1) == 0);
	CHECK_EQ(sigtimedwait(&set, &info, &nothing), SIGUSR1);
	CHECK_EQ(info.si_signo, SIGUSR1);
	CHECK_EQ(sigwaitinfo(&set, &info), SIGRTMIN);
	CHECK_EQ(info.si_code, SI_QUEUE);
	CHECK_EQ(info.si_value.sival_int, 77);
	CHECK(!signal_is_pending(SIGUSR1));

	/* Even a signal that would be ignored can be waited for, when it is blocked. */
	sigaddset(&set, SIGCHLD);
	CHECK(sigprocmask(SIG_BLOCK, &set, NULL) == 0);
	child = FORK();
	if (child == 0)
		_exit(3);
	CHECK_EQ(sigtimedwait(&set, &info, &long_time), SIGCHLD);
	CHECK_EQ(info.si_pid, child);
	CHECK_EQ(info.si_status, 3);
	CHECK_EQ(wait_exit_status(child), 3);

	/* It wakes a waiter. */
	child = FORK();
	if (child == 0) {
		wait_until_blocked(getppid());
		CHECK(kill(getppid(), SIGUSR1) == 0);
		_exit(0);
	}
	sigdelset(&set, SIGCHLD);
	CHECK_EQ(sigtimedwait(&set, &info, &long_time), SIGUSR1);
	CHECK_EQ(info.si_pid, child);
	CHECK_EQ(wait_exit_status(child), 0);
	return 0;
}
