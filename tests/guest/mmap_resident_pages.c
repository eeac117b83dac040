/*
 * Mapping a file brings no page into the page tables; touching one brings that page, in the frame
 * that any other mapping of it has; pages that are in no cache stay absent. So in memory and on a
 * disk.
 */
#include "check.h"

#define PAGES 16

static void map_and_touch(void)
{
	int fd;

	make_pattern_file("mapped", PAGES * PAGE);
	fd = MUST(open("mapped", O_RDWR));
	CHECK(ftruncate(fd, 4096 * PAGE) == 0);	/* the rest is a hole: cached nowhere */

	char *first = mmap(NULL, 4096 * PAGE, PROT_READ, MAP_PRIVATE, fd, 0);
	char *second = mmap(NULL, 4096 * PAGE, PROT_READ, MAP_SHARED, fd, 0);

	CHECK(first != MAP_FAILED && second != MAP_FAILED);
	for (int page = 0; page < PAGES; page++)
		CHECK_EQ(frame_of(first + page * PAGE), 0);

	CHECK_EQ(first[3 * PAGE], pattern_byte(3 * PAGE));
	CHECK_EQ(second[3 * PAGE], pattern_byte(3 * PAGE));
	CHECK(frame_of(first + 3 * PAGE) != 0);
	CHECK_EQ(frame_of(first + 3 * PAGE), frame_of(second + 3 * PAGE));
	for (int page = 1024; page < 4096; page++)
		CHECK_EQ(frame_of(first + page * PAGE), 0);

	/* A page of the hole comes to the mapping that touched it, and to no other. */
	CHECK_EQ(second[1024 * PAGE], 0);
	CHECK_EQ(frame_of(first + 1024 * PAGE), 0);
	CHECK(munmap(first, 4096 * PAGE) == 0 && munmap(second, 4096 * PAGE) == 0);
	CHECK(close(fd) == 0 && unlink("mapped") == 0);
}

int main(void)
{
	map_and_touch();
	enter_disk_directory();
	map_and_touch();
	return 0;
}
