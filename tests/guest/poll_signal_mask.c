/* ppoll() and pselect() change the mask for the wait only, and in one step with it. */
#include "check.h"
#include <sys/select.h>

static volatile int calls;

static void handler(int signal)
{
	(void)signal;
	calls = calls + 1;
}

int main(void)
{
	struct timespec time = { 100, 0 }, zero = { 0, 0 };
	sigset_t none, now;

	sigemptyset(&none);
	handle_signal(SIGUSR1, handler, 0);
	block_signal(SIGUSR1);
	CHECK(raise(SIGUSR1) == 0);
	CHECK_EQ(calls, 0);
	CHECK_ERRNO(ppoll(NULL, 0, &time, &none), EINTR);
	CHECK_EQ(calls, 1);
	CHECK(sigprocmask(SIG_BLOCK, NULL, &now) == 0);
	CHECK(sigismember(&now, SIGUSR1));

	CHECK(raise(SIGUSR1) == 0);
	CHECK_ERRNO(pselect(0, NULL, NULL, NULL, &time, &none), EINTR);
	CHECK_EQ(calls, 2);

	pid_t child = FORK();

	if (child == 0) {
		wait_until_blocked(getppid());
		CHECK(kill(getppid(), SIGUSR1) == 0);
		_exit(0);
	}
	CHECK_ERRNO(ppoll(NULL, 0, NULL, &none), EINTR);
	CHECK_EQ(calls, 3);
	CHECK_EQ(wait_exit_status(child), 0);
	CHECK_EQ(ppoll(NULL, 0, &zero, NULL), 0);
	return 0;
}
