/* test: timeout=60
 * One thread gives the process's timer a new time while, on another processor, it just rings and
 * arms itself for an interval that is long: the new time counts.
 */
#include "check.h"
#include <pthread.h>
#include <stdatomic.h>
#include <sys/time.h>

#define LONG_SECONDS 30

static atomic_int round_begun, rounds_wanted;

static void run_on(int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	CHECK(sched_setaffinity(0, sizeof(set), &set) == 0);
}

/* Rings almost at once, by this processor, and then not for a long time. */
static void *ring_and_go_on(void *unused)
{
	const struct itimerval soon = { .it_value.tv_usec = 60,
					.it_interval.tv_sec = LONG_SECONDS };

	run_on(0);
	for (int round = 1; round <= rounds_wanted; round++) {
		while (atomic_load(&round_begun) != round)
			continue;
		CHECK(setitimer(ITIMER_REAL, &soon, NULL) == 0);
		atomic_store(&round_begun, -round);
	}
	return unused;
}

int main(void)
{
	const struct itimerval next = { .it_value.tv_usec = 2000 };
	const struct timespec patience = { .tv_sec = LONG_SECONDS / 3 };
	pthread_t thread;
	sigset_t alarm;
	unsigned int spins = 0;

	if (sysconf(_SC_NPROCESSORS_ONLN) < 2)
		SKIP("one processor");
	block_signal(SIGALRM);
	sigemptyset(&alarm);
	sigaddset(&alarm, SIGALRM);
	rounds_wanted = scaled(1500);
	CHECK(pthread_create(&thread, NULL, ring_and_go_on, NULL) == 0);
	run_on(1);
	for (int round = 1; round <= rounds_wanted; round++) {
		struct itimerval left;

		atomic_store(&round_begun, round);
		while (atomic_load(&round_begun) != -round)
			continue;
		for (volatile unsigned int spin = 0; spin < spins; spin++)
			continue;
		spins = (spins + 37) % 20000;
		CHECK(setitimer(ITIMER_REAL, &next, NULL) == 0);
		/* What rang before may be pending: the one after which it is off is ours. */
		do {
			if (sigtimedwait(&alarm, NULL, &patience) != SIGALRM)
				FAIL("round %d: the new time was forgotten", round);
			CHECK(getitimer(ITIMER_REAL, &left) == 0);
		} while (left.it_value.tv_sec || left.it_value.tv_usec);
	}
	CHECK(pthread_join(thread, NULL) == 0);
	return 0;
}
