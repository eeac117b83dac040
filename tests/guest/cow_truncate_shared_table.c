/*
 * A file that parent and child map is truncated, and with that the page table that they share is
 * empty. Both unmap the file, and then a neighbour that nobody touched: no page table stays behind,
 * neither when a process ends nor when the next mapping comes there.
 */
#include "check.h"

#define TABLE_SIZE 0x200000
#define PLACE ((char *)0x50000000)
#define NEIGHBOUR (PLACE + 64 * PAGE)
#define SOURCE ((char *)0x60000000)

static void *map_at(char *place, size_t size, int flags, int fd)
{
	return MUST(mmap(place, size, PROT_READ | PROT_WRITE, MAP_FIXED_NOREPLACE | flags, fd, 0));
}

static void unmap_both(void)
{
	CHECK(munmap(PLACE, 4 * PAGE) == 0);
	CHECK(munmap(NEIGHBOUR, PAGE) == 0);
}

static void move_table_there(void)
{
	char *source = map_at(SOURCE, TABLE_SIZE, MAP_PRIVATE | MAP_ANONYMOUS, -1);

	source[5 * PAGE] = 'x';
	CHECK(mremap(source, TABLE_SIZE, TABLE_SIZE, MREMAP_MAYMOVE | MREMAP_FIXED, PLACE) ==
	      PLACE);
	CHECK_EQ(PLACE[5 * PAGE], 'x');
}

int main(void)
{
	int fd = MUST(open("file", O_RDWR | O_CREAT, 0600));
	int gate[2];
	pid_t child;
	char byte;

	CHECK(ftruncate(fd, 4 * PAGE) == 0);
	map_at(PLACE, 4 * PAGE, MAP_SHARED, fd);
	map_at(NEIGHBOUR, PAGE, MAP_PRIVATE | MAP_ANONYMOUS, -1);
	PLACE[0] = 1;
	CHECK(pipe(gate) == 0);
	child = FORK();
	if (child == 0) {
		CHECK_EQ(read(gate[0], &byte, 1), 1);
		unmap_both();
		_exit(0);
	}
	CHECK(ftruncate(fd, 0) == 0);
	unmap_both();
	move_table_there();
	CHECK_EQ(write(gate[1], "", 1), 1);
	CHECK_EQ(wait_exit_status(child), 0);
	return 0;
}
