/*
 * Writes that fault before they have moved a byte take no space on the disk, in a hole or behind
 * the end of the file.
 */
#include "check.h"
#include <sys/statfs.h>

enum { PAGES = 32 };

static long long free_blocks(void)
{
	struct statfs status;

	sync();
	CHECK(statfs(".", &status) == 0);
	return (long long)status.f_bfree;
}

int main(void)
{
	char *nowhere = map_page_before_hole();
	long long before;
	int fd;

	enter_disk_directory();
	fd = MUST(open("sparse", O_CREAT | O_RDWR, 0644));
	/* What leads to these pages is there already, with blocks of 1 KiB too. */
	CHECK(ftruncate(fd, (off_t)(16 + 2 * PAGES) * PAGE) == 0);
	CHECK_EQ(pwrite(fd, "x", 1, 15 * PAGE), 1);
	CHECK_EQ(pwrite(fd, "x", 1, (off_t)(15 + 2 * PAGES) * PAGE), 1);
	before = free_blocks();
	for (int page = 0; page < PAGES; page++) {
		off_t hole = (off_t)(16 + 2 * page) * PAGE;
		off_t behind = (off_t)(16 + 2 * PAGES + page) * PAGE;

		CHECK_ERRNO(pwrite(fd, nowhere, 100, hole), EFAULT);
		CHECK_ERRNO(pwrite(fd, nowhere, 100, behind), EFAULT);
	}
	CHECK_EQ(free_blocks(), before);
	CHECK(close(fd) == 0);
	CHECK_EQ(free_blocks(), before);
	CHECK(unlink("sparse") == 0);
	return 0;
}
