/* What mprotect() refuses, and that it changes what lies before a hole. */
#include "faults.h"

int main(void)
{
	char *map = map_pages(3);
	int fd;

	make_pattern_file("mapped", PAGE);
	CHECK_ERRNO(mprotect(map + 1, PAGE, PROT_READ), EINVAL);
	CHECK_ERRNO(mprotect(map, PAGE, 0x40), EINVAL);
	CHECK_EQ(mprotect(map, 0, PROT_READ), 0);
	CHECK_ERRNO(mprotect((void *)0xfffff000, 0x2000, PROT_READ), ENOMEM);

	CHECK(munmap(map + PAGE, PAGE) == 0);
	CHECK_ERRNO(mprotect(map, 3 * PAGE, PROT_READ), ENOMEM);
	CHECK_FAULT(touch_write, map, SIGSEGV, SEGV_ACCERR);
	CHECK_NO_FAULT(touch_write, map + 2 * PAGE);

	/* A shared map of a file opened for reading can never become writable. */
	fd = MUST(open("mapped", O_RDONLY));
	char *shared = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, fd, 0);

	CHECK(shared != MAP_FAILED);
	CHECK_ERRNO(mprotect(shared, PAGE, PROT_READ | PROT_WRITE), EACCES);
	return 0;
}
