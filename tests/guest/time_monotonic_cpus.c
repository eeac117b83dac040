/*
 * The monotonic clock never runs backwards from one processor to another: a token passed between
 * processes.
 */
#include "check.h"

int main(void)
{
	int rounds = scaled(3000);
	volatile long long *last = shared_memory(PAGE);
	volatile int *turn = (volatile int *)(last + 1);
	pid_t pids[3];

	for (int p = 0; p < 3; p++) {
		pids[p] = FORK();
		if (pids[p] != 0)
			continue;
		for (int round = 0; round < rounds; round++) {
			while (__atomic_load_n(turn, __ATOMIC_SEQ_CST) != p)
				sched_yield();
			long long now = now_ns();

			CHECK(now >= *last);
			*last = now;
			__atomic_store_n(turn, (p + 1) % 3, __ATOMIC_SEQ_CST);
		}
		_exit(0);
	}
	for (int p = 0; p < 3; p++)
		CHECK_EQ(wait_exit_status(pids[p]), 0);
	return 0;
}
