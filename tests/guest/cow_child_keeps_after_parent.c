/* The parent dies first: the child has all that was there at fork(), and may write to it. */
#include "check.h"

int main(void)
{
	char *pages = map_pages(64);
	struct gate dead = gate_create();
	int *result = shared_memory(PAGE);
	pid_t middle;

	middle = FORK();
	if (middle == 0) {
		for (int i = 0; i < 64; i++)
			pages[i * PAGE] = i;
		pid_t child = FORK();

		if (child == 0) {
			gate_pass(&dead);
			for (int i = 0; i < 64; i++) {
				CHECK_EQ(pages[i * PAGE], i);
				pages[i * PAGE] = i + 1;
			}
			for (int i = 0; i < 64; i++)
				CHECK_EQ(pages[i * PAGE], i + 1);
			__atomic_store_n(result, 1, __ATOMIC_SEQ_CST);
			_exit(0);
		}
		_exit(0);
	}
	CHECK_EQ(wait_exit_status(middle), 0);
	gate_open(&dead);
	while (!__atomic_load_n(result, __ATOMIC_SEQ_CST))
		sched_yield();
	return 0;
}
