/*
 * sigsuspend(): the mask changes and the wait begins in one step; afterwards the old mask is back.
 */
#include "check.h"

static volatile int calls;
static volatile bool masked_inside;

static void handler(int signal)
{
	sigset_t now;

	(void)signal;
	sigprocmask(SIG_BLOCK, NULL, &now);
	masked_inside = sigismember(&now, SIGUSR2);
	calls = calls + 1;
}

int main(void)
{
	int rounds = scaled(500);
	sigset_t wait_mask, mask;
	pid_t child;

	handle_signal(SIGUSR1, handler, 0);
	block_signal(SIGUSR1);
	block_signal(SIGTERM);
	sigemptyset(&wait_mask);
	sigaddset(&wait_mask, SIGUSR2);

	/* One that is pending already ends the wait at once. */
	CHECK(raise(SIGUSR1) == 0);
	CHECK_ERRNO(sigsuspend(&wait_mask), EINTR);
	CHECK_EQ(calls, 1);
	CHECK(masked_inside);
	CHECK(sigprocmask(SIG_BLOCK, NULL, &mask) == 0);
	CHECK(sigismember(&mask, SIGUSR1) && sigismember(&mask, SIGTERM));
	CHECK(!sigismember(&mask, SIGUSR2));

	/* Two processes in turn: a wake-up lost between unblocking and waiting would hang this. */
	child = FORK();
	if (child == 0) {
		for (int round = 0; round < rounds; round++) {
			CHECK_ERRNO(sigsuspend(&wait_mask), EINTR);
			CHECK(kill(getppid(), SIGUSR1) == 0);
		}
		_exit(0);
	}
	for (int round = 0; round < rounds; round++) {
		CHECK(kill(child, SIGUSR1) == 0);
		CHECK_ERRNO(sigsuspend(&wait_mask), EINTR);
	}
	CHECK_EQ(wait_exit_status(child), 0);
	CHECK_EQ(calls, rounds + 1);
	return 0;
}
