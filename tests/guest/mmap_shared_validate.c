/* MAP_SHARED_VALIDATE is for files, and refuses the flags that MAP_SHARED ignores. */
#include "check.h"

static long map(int flags, int fd)
{
	return (long)mmap(NULL, PAGE, PROT_READ | PROT_WRITE, flags, fd, 0);
}

int main(void)
{
	int fd = MUST(open("file", O_RDWR | O_CREAT, 0600));

	CHECK(ftruncate(fd, PAGE) == 0);
	CHECK(map(MAP_SHARED_VALIDATE, fd) != -1);
	CHECK(map(MAP_SHARED | MAP_SYNC, fd) != -1);
	CHECK(map(MAP_PRIVATE | MAP_SYNC, fd) != -1);
	CHECK_ERRNO(map(MAP_SHARED_VALIDATE | MAP_SYNC, fd), EOPNOTSUPP);
	CHECK_ERRNO(map(MAP_SHARED_VALIDATE | MAP_ANONYMOUS, -1), EINVAL);
	return 0;
}
