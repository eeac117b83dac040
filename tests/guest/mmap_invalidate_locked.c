/* msync: MS_INVALIDATE of locked memory is EBUSY, with and without MS_SYNC; of other it is none. */
#include "check.h"

int main(void)
{
	char *memory;
	int fd;

	make_pattern_file("file", 3 * PAGE);
	fd = MUST(open("file", O_RDWR));
	memory = mmap(NULL, 3 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	CHECK(memory != MAP_FAILED);
	MUST(msync(memory, 3 * PAGE, MS_INVALIDATE));
	MUST(mlock(memory + PAGE, PAGE));
	CHECK_ERRNO(msync(memory, 3 * PAGE, MS_INVALIDATE), EBUSY);
	CHECK_ERRNO(msync(memory + PAGE, 1, MS_INVALIDATE | MS_SYNC), EBUSY);
	CHECK_ERRNO(msync(memory + PAGE, 1, MS_INVALIDATE | MS_ASYNC), EBUSY);
	MUST(msync(memory, PAGE, MS_INVALIDATE | MS_SYNC));
	MUST(msync(memory + 2 * PAGE, PAGE, MS_INVALIDATE));
	MUST(msync(memory, 3 * PAGE, MS_SYNC));
	MUST(msync(memory, 3 * PAGE, MS_ASYNC));
	/* What is wrong with the call itself comes first. */
	CHECK_ERRNO(msync(memory + PAGE, 1, MS_INVALIDATE | MS_SYNC | MS_ASYNC), EINVAL);
	CHECK_ERRNO(msync(memory + PAGE, 1, MS_INVALIDATE | 8), EINVAL);
	/* What was written stays written: nothing is thrown away. */
	memory[0] = 'w';
	MUST(munlock(memory + PAGE, PAGE));
	MUST(msync(memory, 3 * PAGE, MS_INVALIDATE | MS_SYNC));
	CHECK_EQ(memory[0], 'w');
	MUST(mlock(memory, PAGE));
	MUST(munmap(memory + 2 * PAGE, PAGE));
	/* The first of two troubles on the way. */
	CHECK_ERRNO(msync(memory, 3 * PAGE, MS_INVALIDATE), EBUSY);
	MUST(munlock(memory, PAGE));
	CHECK_ERRNO(msync(memory, 3 * PAGE, MS_INVALIDATE), ENOMEM);

	/* Locked memory that no file is behind is busy as well. */
	char *anonymous = map_pages(1);

	MUST(mlock(anonymous, PAGE));
	CHECK_ERRNO(msync(anonymous, PAGE, MS_INVALIDATE), EBUSY);
	return 0;
}
