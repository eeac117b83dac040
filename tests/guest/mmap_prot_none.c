/* PROT_NONE memory faults with SEGV_ACCERR, keeps its contents, and calls on it give EFAULT. */
#include "faults.h"

int main(void)
{
	char *map = map_pages(1);
	int fds[2];

	CHECK(pipe(fds) == 0);
	map[0] = 'k';
	CHECK(mprotect(map, PAGE, PROT_NONE) == 0);
	CHECK_FAULT(touch_read, map, SIGSEGV, SEGV_ACCERR);
	CHECK_FAULT(touch_write, map + 1, SIGSEGV, SEGV_ACCERR);
	CHECK_ERRNO(write(fds[1], map, 1), EFAULT);
	CHECK_EQ(write(fds[1], "x", 1), 1);
	CHECK_ERRNO(read(fds[0], map, 1), EFAULT);
	CHECK(mprotect(map, PAGE, PROT_READ) == 0);
	CHECK_EQ(map[0], 'k');
	CHECK_FAULT(touch_read, (char *)NULL, SIGSEGV, SEGV_MAPERR);
	CHECK_FAULT(touch_read, (char *)0xc0100000 + 5, SIGSEGV, SEGV_MAPERR);
	CHECK_FAULT(touch_write, (char *)0xfffffffc, SIGSEGV, SEGV_MAPERR);
	return 0;
}
