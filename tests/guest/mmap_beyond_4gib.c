/*
 * mmap2() reaches offsets beyond 4 GiB: its offset counts pages. So in memory and on a disk, where
 * what a map wrote there is in the file for who opens it anew.
 */
#include "check.h"

static void map_far(void)
{
	const unsigned long long far = 5ULL << 30;
	int fd = MUST(open("sparse", O_CREAT | O_RDWR | O_LARGEFILE, 0644));
	char byte, text[16];

	CHECK_EQ(pwrite64(fd, "far away", 8, far), 8);

	char *map = mmap64(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, far);

	CHECK(map != MAP_FAILED);
	CHECK(memcmp(map, "far away", 9) == 0);
	map[0] = 'F';
	CHECK_EQ(pread64(fd, &byte, 1, far), 1);
	CHECK_EQ(byte, 'F');

	/* The same page offset cut to 32 bits of bytes is another place. */
	char *near = mmap64(NULL, PAGE, PROT_READ, MAP_SHARED, fd, far & 0xffffffff);

	CHECK(near != MAP_FAILED);
	CHECK_EQ(near[0], 0);

	CHECK(msync(map, PAGE, MS_SYNC) == 0);
	CHECK(munmap(map, PAGE) == 0 && munmap(near, PAGE) == 0 && close(fd) == 0);
	fd = MUST(open("sparse", O_RDONLY | O_LARGEFILE));
	CHECK_EQ(pread64(fd, text, sizeof(text), far), 8);
	CHECK(memcmp(text, "Far away", 8) == 0);
	CHECK_EQ(pread64(fd, text, sizeof(text), far & 0xffffffff), sizeof(text));
	CHECK_EQ(text[0], 0);
	CHECK(close(fd) == 0 && unlink("sparse") == 0);
}

int main(void)
{
	map_far();
	enter_disk_directory();
	map_far();
	return 0;
}
