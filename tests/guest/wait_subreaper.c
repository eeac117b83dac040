/*
 * PR_SET_CHILD_SUBREAPER: orphans among the descendants go to the nearest subreaper, which waits
 * for them.
 */
#include "check.h"
#include <sys/prctl.h>

int main(void)
{
	struct gate parent_dead = gate_create();
	volatile pid_t *words = shared_memory(PAGE);
	int value = -1;
	pid_t middle;

	CHECK(prctl(PR_GET_CHILD_SUBREAPER, &value) == 0);
	CHECK_EQ(value, 0);
	CHECK(prctl(PR_SET_CHILD_SUBREAPER, 1) == 0);
	CHECK(prctl(PR_GET_CHILD_SUBREAPER, &value) == 0);
	CHECK_EQ(value, 1);

	middle = FORK();
	if (middle == 0) {
		/* Not inherited. */
		CHECK(prctl(PR_GET_CHILD_SUBREAPER, &value) == 0);
		CHECK_EQ(value, 0);
		pid_t lower = FORK();

		if (lower == 0) {
			pid_t orphan = FORK();

			if (orphan == 0) {
				gate_pass(&parent_dead);
				words[0] = getppid();
				_exit(9);
			}
			words[1] = orphan;
			_exit(0);
		}
		CHECK_EQ(wait_exit_status(lower), 0);
		_exit(0);
	}
	CHECK_EQ(wait_exit_status(middle), 0);
	gate_open(&parent_dead);
	CHECK_EQ(wait_exit_status(words[1]), 9);
	CHECK_EQ(words[0], getpid());

	/* A zombie too is handed on: its parent dies without having waited. */
	middle = FORK();
	if (middle == 0) {
		pid_t zombie = FORK();

		if (zombie == 0)
			_exit(8);
		words[1] = zombie;
		wait_process_state(zombie, 'Z');
		_exit(0);
	}
	CHECK_EQ(wait_exit_status(middle), 0);
	CHECK_EQ(wait_exit_status(words[1]), 8);
	return 0;
}
