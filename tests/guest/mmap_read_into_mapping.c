/*
 * read() and write() whose buffer is a map of the very file they work on: right, and no deadlock.
 */
#include "check.h"

int main(void)
{
	int fd;

	enter_disk_directory();
	make_pattern_file("mapped", 4 * PAGE);
	fd = MUST(open("mapped", O_RDWR));

	char *map = mmap(NULL, 4 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	CHECK(map != MAP_FAILED);
	/* Page 0 of the file into page 2 of the file, through read(); page 3 untouched so far. */
	CHECK_EQ(pread(fd, map + 2 * PAGE, PAGE, 0), PAGE);
	for (int i = 0; i < PAGE; i++)
		CHECK_EQ(map[2 * PAGE + i], pattern_byte(i));
	/* A page onto itself, in and out. */
	CHECK_EQ(pread(fd, map + PAGE, PAGE, PAGE), PAGE);
	CHECK_EQ(pwrite(fd, map + PAGE, PAGE, PAGE), PAGE);
	CHECK_EQ(map[PAGE + 77], pattern_byte(PAGE + 77));
	/* From an untouched page, over a page boundary. */
	CHECK_EQ(pwrite(fd, map + 3 * PAGE, 100, PAGE - 50), 100);
	for (int i = 0; i < 100; i++)
		CHECK_EQ(map[PAGE - 50 + i], pattern_byte(3 * PAGE + i));
	CHECK(unlink("mapped") == 0);
	return 0;
}
