/*
 * ITIMER_VIRTUAL and ITIMER_PROF count the processor's time only; RLIMIT_CPU ends with SIGXCPU,
 * SIGKILL.
 */
#include "check.h"
#include <sys/time.h>

static volatile int virtual_calls, profile_calls;

static void handler(int signal)
{
	if (signal == SIGVTALRM)
		virtual_calls = virtual_calls + 1;
	else
		profile_calls = profile_calls + 1;
}

static void use_all(void)
{
	struct rlimit limit = { 1, 5 };

	CHECK(setrlimit(RLIMIT_CPU, &limit) == 0);
	for (;;)
		__asm__ volatile("");
}

int main(void)
{
	struct itimerval timer = { { 0, 20000 }, { 0, 20000 } }, none = { 0 };
	struct timespec used;

	handle_signal(SIGVTALRM, handler, SA_RESTART);
	handle_signal(SIGPROF, handler, SA_RESTART);
	CHECK(setitimer(ITIMER_VIRTUAL, &timer, NULL) == 0);
	CHECK(setitimer(ITIMER_PROF, &timer, NULL) == 0);
	sleep_ms(60);
	CHECK_EQ(virtual_calls, 0);
	while (virtual_calls < 3 || profile_calls < 3)
		__asm__ volatile("");
	CHECK(setitimer(ITIMER_VIRTUAL, &none, NULL) == 0);
	CHECK(setitimer(ITIMER_PROF, &none, NULL) == 0);
	CHECK(clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used) == 0);
	CHECK(used.tv_sec > 0 || used.tv_nsec >= 40000000);
	setrlimit(RLIMIT_CORE, &(struct rlimit){ 0, 0 });
	dies_of(SIGXCPU, use_all);
	return 0;
}
