/*
 * Of two busy processes on one processor, the one with nice 0 gets much more than the one with nice
 * 19.
 */
#include "check.h"

int main(void)
{
	volatile long long *used = shared_memory(PAGE), *until = used + 2;
	struct gate start = gate_create();
	pid_t pids[2];
	cpu_set_t one;

	CPU_ZERO(&one);
	CHECK(sched_getaffinity(0, sizeof(one), &one) == 0);
	for (int cpu = 0; cpu < CPU_SETSIZE; cpu++) {
		if (CPU_ISSET(cpu, &one)) {
			CPU_ZERO(&one);
			CPU_SET(cpu, &one);
			break;
		}
	}
	CHECK(sched_setaffinity(0, sizeof(one), &one) == 0);
	for (int p = 0; p < 2; p++) {
		pids[p] = FORK();
		if (pids[p] != 0)
			continue;
		struct timespec now;

		CHECK(setpriority(PRIO_PROCESS, 0, p ? 19 : 0) == 0);
		gate_pass(&start);
		while (now_ns() < *until)
			;
		CHECK(clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now) == 0);
		used[p] = now.tv_sec * 1000000000LL + now.tv_nsec;
		_exit(0);
	}
	/* For both the same: the one that is nice may begin late. */
	*until = now_ns() + 600000000;
	gate_open(&start);
	gate_open(&start);
	for (int p = 0; p < 2; p++)
		CHECK_EQ(wait_exit_status(pids[p]), 0);
	/* By weight it is 68 to 1; demand 4 to 1. */
	CHECK(used[0] > 4 * used[1]);
	CHECK(used[1] > 0);
	return 0;
}
