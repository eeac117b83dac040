/* Behind the end of a file, the rest of its last page reads as zero, and is never written back. */
#include "check.h"

int main(void)
{
	size_t size = PAGE + 100;
	char byte;
	int fd;

	enter_disk_directory();
	make_pattern_file("mapped", size);
	fd = MUST(open("mapped", O_RDWR));

	char *map = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	CHECK(map != MAP_FAILED);
	CHECK_EQ(map[size - 1], pattern_byte(size - 1));
	for (size_t i = size; i < 2 * PAGE; i++)
		CHECK_EQ(map[i], 0);

	map[size] = 'x';
	CHECK(msync(map, 2 * PAGE, MS_SYNC) == 0);
	CHECK_EQ(lseek(fd, 0, SEEK_END), size);
	CHECK(munmap(map, 2 * PAGE) == 0);

	/* A file that grows over it has zeros there. */
	CHECK(ftruncate(fd, 2 * PAGE) == 0);
	CHECK_EQ(pread(fd, &byte, 1, size + 1), 1);
	CHECK_EQ(byte, 0);
	CHECK(unlink("mapped") == 0);
	return 0;
}
