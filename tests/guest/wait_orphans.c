/* A process whose parent dies has process 1 as its parent, and is forgiven there when it ends. */
#include "check.h"

int main(void)
{
	struct gate parent_dead = gate_create();
	volatile pid_t *words = shared_memory(PAGE);
	pid_t middle = FORK();

	if (middle == 0) {
		pid_t orphan = FORK();

		if (orphan == 0) {
			gate_pass(&parent_dead);
			words[1] = getppid();
			words[0] = getpid();
			_exit(9);
		}
		_exit(0);
	}
	CHECK_EQ(wait_exit_status(middle), 0);
	gate_open(&parent_dead);
	while (words[0] == 0)
		sched_yield();
	CHECK_EQ(words[1], 1);
	while (kill(words[0], 0) == 0)
		sched_yield();
	CHECK_EQ(errno, ESRCH);
	CHECK_ERRNO(waitpid(-1, NULL, 0), ECHILD);
	return 0;
}
