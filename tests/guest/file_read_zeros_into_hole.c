/*
 * Reading zeros, of /dev/zero or of a hole in a file, into a buffer that ends in nothing: what fits
 * is read and counted.
 */
#include "check.h"

static void check_reads(int fd, char *buffer)
{
	memset(buffer, 7, PAGE);
	CHECK(pread(fd, buffer + 100, 2 * PAGE, 0) == PAGE - 100);
	CHECK(buffer[99] == 7 && buffer[100] == 0 && buffer[PAGE - 1] == 0);
	errno = 0;
	CHECK(pread(fd, buffer + PAGE, PAGE, 0) == -1 && errno == EFAULT);
}

int main(void)
{
	char *buffer = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
			    -1, 0);
	int zero = open("/dev/zero", O_RDONLY);
	int hole = open("hole", O_RDWR | O_CREAT, 0600);

	CHECK(buffer != MAP_FAILED && zero >= 0 && hole >= 0);
	CHECK(munmap(buffer + PAGE, PAGE) == 0);
	CHECK(ftruncate(hole, 4 * PAGE) == 0);
	check_reads(zero, buffer);
	check_reads(hole, buffer);
	return 0;
}
