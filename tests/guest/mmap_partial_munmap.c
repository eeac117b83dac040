/* munmap() of a piece leaves the rest: at the start, in the middle, at the end, over several. */
#include "faults.h"

int main(void)
{
	char *map = map_pages(10);

	for (int page = 0; page < 10; page++)
		map[page * PAGE] = '0' + page;
	CHECK(munmap(map + 4 * PAGE, 2 * PAGE) == 0);	/* 4 5 */
	CHECK(munmap(map, PAGE) == 0);			/* 0 */
	CHECK(munmap(map + 9 * PAGE, PAGE) == 0);	/* 9 */
	for (int page = 0; page < 10; page++) {
		bool gone = page == 0 || page == 4 || page == 5 || page == 9;

		if (gone)
			CHECK_FAULT(touch_read, map + page * PAGE, SIGSEGV, SEGV_MAPERR);
		else
			CHECK_EQ(map[page * PAGE], '0' + page);
	}

	/* Over holes and pieces at once; and where nothing is, it is no error. */
	CHECK(munmap(map + PAGE, 8 * PAGE) == 0);
	CHECK(munmap(map, 10 * PAGE) == 0);
	for (int page = 0; page < 10; page++)
		CHECK_FAULT(touch_read, map + page * PAGE, SIGSEGV, SEGV_MAPERR);

	/* The length is rounded up, the address must be exact. */
	map = map_pages(2);
	CHECK_ERRNO(munmap(map + 1, PAGE), EINVAL);
	CHECK_ERRNO(munmap(map, 0), EINVAL);
	CHECK_ERRNO(munmap((void *)0xfffff000, 0x2000), EINVAL);
	CHECK(munmap(map, 1) == 0);
	CHECK_FAULT(touch_read, map + PAGE - 1, SIGSEGV, SEGV_MAPERR);
	CHECK_NO_FAULT(touch_read, map + PAGE);
	return 0;
}
