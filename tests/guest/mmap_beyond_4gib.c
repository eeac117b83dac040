/* mmap2() reaches offsets beyond 4 GiB: its offset counts pages. */
#include "check.h"

int main(void)
{
	const unsigned long long far = 5ULL << 30;
	int fd = MUST(open("sparse", O_CREAT | O_RDWR | O_LARGEFILE, 0644));
	char byte;

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
	return 0;
}
