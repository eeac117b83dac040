/*
 * madvise(MADV_DONTNEED) forgets anonymous pages, and goes back to the file for private file pages.
 */
#include "check.h"

int main(void)
{
	unsigned char resident[4];
	char *map = map_pages(4);
	int fd;

	map[PAGE] = 'x';
	CHECK(mincore(map, 4 * PAGE, resident) == 0);
	CHECK_EQ(resident[1] & 1, 1);
	CHECK_EQ(resident[3] & 1, 0);
	CHECK(madvise(map, 2 * PAGE, MADV_DONTNEED) == 0);
	CHECK_EQ(frame_of(map + PAGE), 0);
	CHECK_EQ(map[PAGE], 0);

	make_pattern_file("mapped", PAGE);
	fd = MUST(open("mapped", O_RDONLY));
	char *file = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);

	CHECK(file != MAP_FAILED);
	file[0] = 'y';
	CHECK(madvise(file, PAGE, MADV_DONTNEED) == 0);
	CHECK_EQ(file[0], pattern_byte(0));

	CHECK_ERRNO(madvise(map + 1, PAGE, MADV_DONTNEED), EINVAL);
	CHECK_ERRNO(madvise(map, PAGE, 12345), EINVAL);
	CHECK(munmap(map + PAGE, PAGE) == 0);
	CHECK_ERRNO(madvise(map, 4 * PAGE, MADV_DONTNEED), ENOMEM);
	CHECK_ERRNO(mincore(map, 4 * PAGE, resident), ENOMEM);
	CHECK_ERRNO(mincore(map + 1, PAGE, resident), EINVAL);
	CHECK_ERRNO(msync(map, 4 * PAGE, MS_SYNC), ENOMEM);
	CHECK_ERRNO(msync(map, PAGE, MS_SYNC | MS_ASYNC), EINVAL);
	CHECK_ERRNO(msync(map + 1, PAGE, MS_SYNC), EINVAL);
	return 0;
}
