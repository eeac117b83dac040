/* What mmap() refuses, with which error. */
#include "check.h"

static long map(size_t size, int protection, int flags, int fd, off_t offset)
{
	return (long)mmap(NULL, size, protection, flags, fd, offset);
}

int main(void)
{
	int reading, writing, fds[2];

	make_pattern_file("mapped", PAGE);
	reading = MUST(open("mapped", O_RDONLY));
	writing = MUST(open("mapped", O_WRONLY));
	CHECK(pipe(fds) == 0);

	CHECK_ERRNO(map(0, PROT_READ, MAP_PRIVATE, reading, 0), EINVAL);
	CHECK_ERRNO(map(PAGE, PROT_READ, 0, reading, 0), EINVAL);
	CHECK_EQ(raw_syscall(192, 0, PAGE, PROT_READ, MAP_PRIVATE, 4000, 0), -EBADF);
	CHECK_ERRNO(map(PAGE, PROT_READ, MAP_PRIVATE, writing, 0), EACCES);
	CHECK_ERRNO(map(PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, reading, 0), EACCES);
	CHECK_ERRNO(map(PAGE, PROT_WRITE, MAP_SHARED, writing, 0), EACCES);
	CHECK_ERRNO(map(PAGE, PROT_READ, MAP_PRIVATE, fds[0], 0), ENODEV);
	CHECK_ERRNO(map(PAGE, PROT_READ, MAP_PRIVATE, MUST(open(".", O_RDONLY)), 0), ENODEV);
	CHECK_ERRNO(map(0xffffe000, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), ENOMEM);
	CHECK_ERRNO(map(0xfffffff0, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), ENOMEM);
	return 0;
}
