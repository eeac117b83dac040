/*
 * A mapping that nobody touched moves away from one whose page table exists, and is unmapped: no
 * page table stays behind at the new place, neither when the process ends nor when the next mapping
 * comes there.
 */
#include "check.h"

#define TABLE_SIZE 0x200000
#define NEIGHBOUR ((char *)0x50000000)
#define ELSEWHERE ((char *)0x60000000)

static char *map_at(char *place, size_t size)
{
	return MUST(mmap(place, size, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0));
}

static void move_untouched(void)
{
	map_at(NEIGHBOUR, PAGE)[0] = 1;
	map_at(NEIGHBOUR + 16 * PAGE, 2 * PAGE);
	CHECK(mremap(NEIGHBOUR + 16 * PAGE, 2 * PAGE, 2 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED,
		     ELSEWHERE) == ELSEWHERE);
	CHECK(munmap(ELSEWHERE, 2 * PAGE) == 0);
}

/* A whole table's worth moves to the same place. */
static void move_table(void)
{
	char *table = map_at(NEIGHBOUR + 4 * TABLE_SIZE, TABLE_SIZE);

	table[5 * PAGE] = 'x';
	CHECK(mremap(table, TABLE_SIZE, TABLE_SIZE, MREMAP_MAYMOVE | MREMAP_FIXED, ELSEWHERE) ==
	      ELSEWHERE);
	CHECK_EQ(ELSEWHERE[5 * PAGE], 'x');
}

int main(void)
{
	pid_t child = FORK();

	if (child == 0) {
		move_untouched();
		_exit(0);
	}
	CHECK_EQ(wait_exit_status(child), 0);
	move_untouched();
	move_table();
	return 0;
}
