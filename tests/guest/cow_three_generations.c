/* Parent, child and grandchild each write their own pages and keep what the others had before. */
#include "check.h"

#define PAGES 1100	/* more than two page tables of 2 MiB */

static char *pages;
static char written[PAGES];

static void check_all(const char *expected)
{
	for (int i = 0; i < PAGES; i++)
		CHECK_EQ(pages[i * PAGE], expected[i]);
}

static void write_every(int step, char value)
{
	for (int i = 0; i < PAGES; i += step) {
		pages[i * PAGE] = value;
		written[i] = value;
	}
}

int main(void)
{
	pid_t child;

	pages = map_pages(PAGES);
	write_every(1, 'a');
	child = FORK();
	if (child == 0) {
		write_every(3, 'b');
		pid_t grandchild = FORK();

		if (grandchild == 0) {
			check_all(written);
			write_every(5, 'c');
			check_all(written);
			_exit(0);
		}
		write_every(7, 'd');
		check_all(written);
		CHECK_EQ(wait_exit_status(grandchild), 0);
		check_all(written);
		write_every(2, 'e');
		check_all(written);
		_exit(0);
	}
	write_every(11, 'f');
	check_all(written);
	CHECK_EQ(wait_exit_status(child), 0);
	check_all(written);
	write_every(1, 'g');
	check_all(written);
	return 0;
}
