/* Pages mapped while behind the end of the file come to life when the file grows over them. */
#include "faults.h"

int main(void)
{
	int fd;

	enter_disk_directory();
	make_pattern_file("mapped", 10);
	fd = MUST(open("mapped", O_RDWR));

	char *map = mmap(NULL, 3 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	CHECK(map != MAP_FAILED);
	CHECK_EQ(map[9], pattern_byte(9));
	CHECK_FAULT(touch_read, map + 2 * PAGE, SIGBUS, BUS_ADRERR);
	CHECK_EQ(pwrite(fd, "end", 3, 2 * PAGE), 3);
	CHECK(memcmp(map + 2 * PAGE, "end", 3) == 0);
	CHECK_EQ(map[10], 0);
	CHECK_EQ(map[PAGE], 0);
	map[PAGE] = 'h';	/* a hole, filled by the map */
	CHECK_EQ(lseek(fd, 0, SEEK_END), 2 * PAGE + 3);
	CHECK(msync(map, 3 * PAGE, MS_SYNC) == 0);

	char byte;

	CHECK_EQ(pread(fd, &byte, 1, PAGE), 1);
	CHECK_EQ(byte, 'h');
	CHECK(unlink("mapped") == 0);
	return 0;
}
