/* Only private memory without a file may grow down. */
#include "check.h"

static int error_of(int flags, int fd)
{
	void *at = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, flags | MAP_GROWSDOWN, fd, 0);

	if (at == MAP_FAILED)
		return errno;
	CHECK(munmap(at, PAGE) == 0);
	return 0;
}

int main(void)
{
	int fd;

	make_pattern_file("mapped", 2 * PAGE);
	fd = MUST(open("mapped", O_RDWR));
	CHECK_EQ(error_of(MAP_PRIVATE, fd), EINVAL);
	CHECK_EQ(error_of(MAP_SHARED, fd), EINVAL);
	CHECK_EQ(error_of(MAP_SHARED | MAP_ANONYMOUS, -1), EINVAL);
	CHECK_EQ(error_of(MAP_PRIVATE | MAP_ANONYMOUS, -1), 0);
	return 0;
}
