/* Shared anonymous memory is one memory after fork(), whoever touched it first. */
#include "check.h"

int main(void)
{
	volatile int *memory = shared_memory(4 * PAGE);
	pid_t child, grandchild_status;

	memory[0] = 1;
	child = FORK();
	if (child == 0) {
		CHECK_EQ(memory[0], 1);
		memory[1] = 2;
		memory[PAGE / 4] = 3;	/* first touched here */
		pid_t grandchild = FORK();

		if (grandchild == 0) {
			memory[2 * PAGE / 4] = 4;
			_exit(0);
		}
		_exit(wait_exit_status(grandchild));
	}
	grandchild_status = wait_exit_status(child);
	CHECK_EQ(grandchild_status, 0);
	CHECK_EQ(memory[1], 2);
	CHECK_EQ(memory[PAGE / 4], 3);
	CHECK_EQ(memory[2 * PAGE / 4], 4);
	CHECK_EQ(memory[3 * PAGE / 4], 0);
	return 0;
}
