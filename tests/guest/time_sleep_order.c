/* Many sleepers wake in the order of their times, none too early. */
#include "check.h"

#define SLEEPERS 20

int main(void)
{
	struct gate done = gate_create();
	pid_t pids[SLEEPERS];
	long long start = now_ns();

	for (int i = 0; i < SLEEPERS; i++) {
		int ms = 20 + (i * 7) % SLEEPERS * 10;

		pids[i] = FORK();
		if (pids[i] == 0) {
			sleep_ms(ms);
			CHECK(now_ns() - start >= ms * 1000000LL);
			_exit(0);
		}
	}
	for (int i = 0; i < SLEEPERS; i++)
		CHECK_EQ(wait_exit_status(pids[i]), 0);
	CHECK(now_ns() - start >= 210 * 1000000LL);
	gate_open(&done);
	return 0;
}
