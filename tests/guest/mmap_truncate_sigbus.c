/*
 * Truncating a file takes its pages away under every map, written private copies too; growing
 * it again brings zeros, not the old bytes.
 */
#include "faults.h"

int main(void)
{
	int fd;

	enter_disk_directory();
	make_pattern_file("mapped", 4 * PAGE);
	fd = MUST(open("mapped", O_RDWR));

	char *shared = mmap(NULL, 4 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	char *private = mmap(NULL, 4 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);

	CHECK(shared != MAP_FAILED && private != MAP_FAILED);
	for (int page = 0; page < 4; page++) {
		shared[page * PAGE] = 's';
		CHECK_EQ(private[page * PAGE], 's');
	}
	private[2 * PAGE + 1] = 'p';

	CHECK(ftruncate(fd, PAGE + 10) == 0);
	CHECK_NO_FAULT(touch_read, shared + PAGE);
	CHECK_EQ(shared[PAGE], 's');
	CHECK_EQ(shared[PAGE + 10], 0);
	CHECK_FAULT(touch_read, shared + 2 * PAGE, SIGBUS, BUS_ADRERR);
	CHECK_FAULT(touch_write, shared + 3 * PAGE, SIGBUS, BUS_ADRERR);
	CHECK_FAULT(touch_read, private + 2 * PAGE + 1, SIGBUS, BUS_ADRERR);

	CHECK(ftruncate(fd, 4 * PAGE) == 0);
	CHECK_EQ(shared[2 * PAGE], 0);
	CHECK_EQ(shared[3 * PAGE], 0);
	CHECK_EQ(private[2 * PAGE + 1], 0);
	CHECK(unlink("mapped") == 0);
	return 0;
}
