/* test: append=vmap=6
 * Processes that fork and die on all CPUs at once while addresses for kernel stacks are scarce:
 * used ones come back only after all CPUs have forgotten them, and who needs one meanwhile waits.
 */
#include "check.h"

#define WORKERS 4
#define CHILDREN 40

static void work(int rounds)
{
	for (int round = 0; round < rounds; round++) {
		pid_t pids[CHILDREN];

		for (int i = 0; i < CHILDREN; i++) {
			pids[i] = FORK();
			if (pids[i] == 0) {
				for (;;)
					pause();
			}
		}
		for (int i = 0; i < CHILDREN; i++)
			kill_and_reap(pids[i]);
	}
	_exit(0);
}

int main(void)
{
	pid_t workers[WORKERS];

	for (int i = 0; i < WORKERS; i++) {
		workers[i] = FORK();
		if (workers[i] == 0)
			work(scaled(60));
	}
	for (int i = 0; i < WORKERS; i++)
		CHECK_EQ(wait_exit_status(workers[i]), 0);
	return 0;
}
