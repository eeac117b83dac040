/*
 * A shared mapping of /dev/zero is memory that parent and child share, no two mappings the same;
 * a descriptor that may only read gives no memory that may be written, now or later.
 */
#include <sys/mman.h>
#include "check.h"

int main(void)
{
	int zero = MUST(open("/dev/zero", O_RDWR));
	int read_only = MUST(open("/dev/zero", O_RDONLY));
	const int both = PROT_READ | PROT_WRITE;
	char *area = mmap(NULL, 8192, both, MAP_SHARED, zero, 0);
	char *other = mmap(NULL, 8192, both, MAP_SHARED, zero, 0);

	CHECK(area != MAP_FAILED && other != MAP_FAILED);
	CHECK(close(zero) == 0);
	CHECK_EQ(area[0], 0);
	CHECK_EQ(area[8191], 0);

	pid_t child = FORK();

	if (child == 0) {
		area[8191] = 7;
		_exit(0);
	}
	CHECK_EQ(wait_exit_status(child), 0);
	CHECK_EQ(area[8191], 7);
	CHECK_EQ(other[8191], 0);
	CHECK(munmap(area, 8192) == 0);
	CHECK(munmap(other, 8192) == 0);

	CHECK(mmap(NULL, 4096, both, MAP_SHARED, read_only, 0) == MAP_FAILED);
	CHECK_EQ(errno, EACCES);
	area = mmap(NULL, 4096, PROT_READ, MAP_SHARED, read_only, 0);
	CHECK(area != MAP_FAILED);
	CHECK_EQ(area[0], 0);
	CHECK_ERRNO(mprotect(area, 4096, both), EACCES);
	area = mmap(NULL, 4096, both, MAP_PRIVATE, read_only, 0);
	CHECK(area != MAP_FAILED);
	area[0] = 1;
	return 0;
}
