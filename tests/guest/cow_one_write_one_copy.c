/* test: linux=no
 * One write under a shared page table copies one table and one page, as the kernel counts it, and a
 * second write in the same table one page more.
 */
#include "check.h"
#include "fork_counters.h"

int main(void)
{
	/* 8 MiB, aligned to a table of 2 MiB: nothing else of the program lies in these tables. */
	char *area = map_pages(8 * 512);
	volatile char *table = (char *)(((uintptr_t)area + (2 << 20) - 1) & ~((2ul << 20) - 1));
	struct gate parent_done = gate_create();
	pid_t child;

	if (fork_counter("tables_copied") < 0)
		SKIP("no counters in %s", FORK_COUNTERS_FILE);
	memset((char *)table, 1, 2 << 20);
	child = FORK();
	if (child == 0) {
		gate_pass(&parent_done);
		CHECK_EQ(table[5 * PAGE], 1);
		_exit(0);
	}
	/* The counters are the machine's: the child's own first writes are behind it. */
	wait_until_blocked(child);
	/* Everything the measuring itself writes is written (and copied) by a first round. */
	fork_counter("tables_copied");
	fork_counter("pages_copied");
	long long tables = fork_counter("tables_copied");
	long long pages = fork_counter("pages_copied");

	table[5 * PAGE] = 2;
	CHECK_EQ(fork_counter("tables_copied") - tables, 1);
	CHECK_EQ(fork_counter("pages_copied") - pages, 1);
	table[6 * PAGE] = 2;
	CHECK_EQ(fork_counter("tables_copied") - tables, 1);
	CHECK_EQ(fork_counter("pages_copied") - pages, 2);
	gate_open(&parent_done);
	CHECK_EQ(wait_exit_status(child), 0);
	return 0;
}
