/* mremap(): grow in place, grow by moving, shrink; contents and the new zeros are right. */
#include "faults.h"

int main(void)
{
	char *map = map_pages(8);

	CHECK(munmap(map + 4 * PAGE, 4 * PAGE) == 0);
	for (int page = 0; page < 4; page++)
		map[page * PAGE + 1] = 'a' + page;

	/* There is room behind it. */
	CHECK(mremap(map, 4 * PAGE, 6 * PAGE, 0) == map);
	CHECK_EQ(map[3 * PAGE + 1], 'd');
	CHECK_EQ(map[5 * PAGE], 0);
	map[5 * PAGE] = 'f';

	/* Shrink: the tail is gone. */
	CHECK(mremap(map, 6 * PAGE, 3 * PAGE, 0) == map);
	CHECK_FAULT(touch_read, map + 3 * PAGE, SIGSEGV, SEGV_MAPERR);
	CHECK_EQ(map[2 * PAGE + 1], 'c');

	/* No room behind it: only with MREMAP_MAYMOVE. */
	CHECK(mmap(map + 3 * PAGE, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED,
		   -1, 0) == map + 3 * PAGE);
	CHECK_ERRNO((long)mremap(map, 3 * PAGE, 5 * PAGE, 0), ENOMEM);
	char *moved = mremap(map, 3 * PAGE, 5 * PAGE, MREMAP_MAYMOVE);

	CHECK(moved != MAP_FAILED && moved != map);
	for (int page = 0; page < 3; page++) {
		CHECK_EQ(moved[page * PAGE + 1], 'a' + page);
		CHECK_FAULT(touch_read, map + page * PAGE, SIGSEGV, SEGV_MAPERR);
	}
	CHECK_EQ(moved[4 * PAGE], 0);
	CHECK_NO_FAULT(touch_write, moved + 4 * PAGE);
	return 0;
}
