/* A page wholly behind the end of a file may be mapped; touching it is SIGBUS, BUS_ADRERR. */
#include "faults.h"

int main(void)
{
	int fd;

	enter_disk_directory();
	make_pattern_file("mapped", PAGE + 1);
	fd = MUST(open("mapped", O_RDWR));
	for (int kind = 0; kind < 2; kind++) {
		char *map = mmap(NULL, 4 * PAGE, PROT_READ | PROT_WRITE,
				 kind ? MAP_SHARED : MAP_PRIVATE, fd, 0);

		CHECK(map != MAP_FAILED);
		CHECK_NO_FAULT(touch_read, map + PAGE + 4095);
		CHECK_FAULT(touch_read, map + 2 * PAGE, SIGBUS, BUS_ADRERR);
		CHECK_FAULT(touch_write, map + 2 * PAGE + 17, SIGBUS, BUS_ADRERR);
		CHECK_FAULT(touch_read, map + 3 * PAGE, SIGBUS, BUS_ADRERR);
		/* A system call sees EFAULT instead. */
		CHECK_ERRNO(write(fd, map + 2 * PAGE, 1), EFAULT);
	}
	CHECK(unlink("mapped") == 0);
	return 0;
}
