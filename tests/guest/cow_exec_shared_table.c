/* exec() and exit() on one side of shared page tables leave the other side whole. */
#include "cow_shared_table.h"

int main(int argc, char **argv)
{
	pid_t child;

	if (argc > 1)
		return 7;
	make_shared_tables();
	for (int round = 0; round < 3; round++) {
		child = FORK();
		if (child == 0) {
			if (round == 1)
				memory[0] = 'x';
			if (round == 2)
				_exit(7);
			execl("/proc/self/exe", argv[0], "again", (char *)NULL);
		}
		check_pages(0, ALL_PAGES);
		CHECK_EQ(wait_exit_status(child), 7);
		check_pages(0, ALL_PAGES);
		rewrite_pages(0, ALL_PAGES);
	}
	/* The parent execs, the child lives on and reports through its own exit. */
	struct gate gone = gate_create();
	int *result = shared_memory(PAGE);
	pid_t middle = FORK();

	if (middle == 0) {
		child = FORK();
		if (child == 0) {
			gate_pass(&gone);
			check_pages(0, ALL_PAGES);
			rewrite_pages(0, ALL_PAGES);
			__atomic_store_n(result, 1, __ATOMIC_SEQ_CST);
			_exit(0);
		}
		execl("/proc/self/exe", argv[0], "again", (char *)NULL);
	}
	CHECK_EQ(wait_exit_status(middle), 7);
	gate_open(&gone);
	while (!__atomic_load_n(result, __ATOMIC_SEQ_CST))
		sched_yield();
	return 0;
}
