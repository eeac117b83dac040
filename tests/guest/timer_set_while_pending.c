/* A timer that is set anew while its signal is pending rings again; its one signal comes once. */
#include "posix_timer.h"

int main(void)
{
	int id = timer_new(CLOCK_MONOTONIC, SIGEV_SIGNAL, SIGRTMIN, 7);
	struct timespec second = { 0, 100 * MS };
	siginfo_t info;
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGRTMIN);
	CHECK(sigprocmask(SIG_BLOCK, &set, NULL) == 0);
	for (int i = 0; i < 3; i++) {
		timer_start(id, MS, 0);
		while (!signal_is_pending(SIGRTMIN))
			sched_yield();
		sleep_ms(20);
	}
	CHECK_EQ(sigtimedwait(&set, &info, &second), SIGRTMIN);
	CHECK_EQ(info.si_value.sival_int, 7);
	CHECK_EQ(info.si_overrun, 2);
	CHECK_EQ(timer_overrun(id), 0);
	CHECK_ERRNO(sigtimedwait(&set, &info, &second), EAGAIN);
	return 0;
}
