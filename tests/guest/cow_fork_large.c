/* test: timeout=60 memory=512
 * A process with 256 MiB in memory forks. The child sees it all; a write on either side stays
 * there. Where the kernel counts (Quartet): fork copies no page and no table of that memory, and
 * one write under a shared table copies one table and one page.
 */
#include "check.h"
#include "fork_counters.h"

#define PAGES (256 * 256)

static char *pages;

/* Without stack pages that would be copied too: everything is touched beforehand. */
static void child_main(void)
{
	for (int i = 0; i < PAGES; i += 97)
		CHECK_EQ(pages[i * PAGE], (char)i);
	pages[1000 * PAGE] = 'c';
	CHECK_EQ(pages[1000 * PAGE], 'c');
	CHECK_EQ(pages[1001 * PAGE], (char)1001);
}

int main(void)
{
	long long tables_before, pages_before, tables_after, pages_after;
	pid_t child;

	pages = map_pages(PAGES);
	for (int i = 0; i < PAGES; i++)
		pages[i * PAGE] = i;

	pages_before = fork_counter("pages_copied");
	tables_before = fork_counter("tables_copied");
	child = FORK();
	if (child == 0) {
		child_main();
		_exit(0);
	}
	CHECK_EQ(wait_exit_status(child), 0);
	pages_after = fork_counter("pages_copied");
	tables_after = fork_counter("tables_copied");
	if (pages_before >= 0) {
		/* A few pages of stack and data are copied as well; 65536 would be all. */
		CHECK(pages_after - pages_before < 64);
		CHECK(tables_after - tables_before < 16);
	}
	CHECK_EQ(pages[1000 * PAGE], (char)1000);
	for (int i = 0; i < PAGES; i += 61)
		pages[i * PAGE + 1] = 'p';
	for (int i = 0; i < PAGES; i += 61)
		CHECK_EQ(pages[i * PAGE], (char)i);
	return 0;
}
