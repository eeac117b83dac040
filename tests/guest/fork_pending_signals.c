/* Pending signals, alarms and timers are not inherited by the child, and the parent keeps them. */
#include "check.h"
#include <sys/time.h>

int main(void)
{
	struct itimerval timer;
	pid_t child;

	block_signal(SIGUSR1);
	block_signal(SIGRTMIN);
	CHECK(raise(SIGUSR1) == 0);
	CHECK(kill(getpid(), SIGRTMIN) == 0);
	alarm(100);
	child = FORK();
	if (child == 0) {
		CHECK(!signal_is_pending(SIGUSR1));
		CHECK(!signal_is_pending(SIGRTMIN));
		CHECK_EQ(alarm(0), 0);
		CHECK(getitimer(ITIMER_REAL, &timer) == 0);
		CHECK_EQ(timer.it_value.tv_sec, 0);
		_exit(0);
	}
	CHECK_EQ(wait_exit_status(child), 0);
	CHECK(signal_is_pending(SIGUSR1));
	CHECK(signal_is_pending(SIGRTMIN));
	CHECK(alarm(0) > 90);
	return 0;
}
