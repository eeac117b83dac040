/*
 * mprotect() of a piece splits a region, and giving the piece its old protection back makes one
 * region of it again, with nothing lost.
 */
#include "faults.h"
#include "maps.h"

int main(void)
{
	/* Between two unmapped pages, so that no neighbour merges with it. */
	char *area = map_pages(8);
	char *map = area + PAGE;

	CHECK(munmap(area, PAGE) == 0);
	CHECK(munmap(area + 7 * PAGE, PAGE) == 0);
	for (int page = 0; page < 6; page++)
		map[page * PAGE] = 'a' + page;
	CHECK_EQ(maps_in_range(map, 6 * PAGE), 1);

	CHECK(mprotect(map + 2 * PAGE, 2 * PAGE, PROT_READ) == 0);
	CHECK_EQ(maps_in_range(map, 6 * PAGE), 3);
	CHECK_FAULT(touch_write, map + 2 * PAGE, SIGSEGV, SEGV_ACCERR);
	CHECK_FAULT(touch_write, map + 4 * PAGE - 1, SIGSEGV, SEGV_ACCERR);
	CHECK_NO_FAULT(touch_write, map + 4 * PAGE);
	CHECK_NO_FAULT(touch_write, map + 2 * PAGE - 1);

	CHECK(mprotect(map, PAGE, PROT_NONE) == 0);
	CHECK_EQ(maps_in_range(map, 6 * PAGE), 4);
	CHECK_FAULT(touch_read, map, SIGSEGV, SEGV_ACCERR);

	CHECK(mprotect(map, 6 * PAGE, PROT_READ | PROT_WRITE) == 0);
	CHECK_EQ(maps_in_range(map, 6 * PAGE), 1);
	for (int page = 0; page < 4; page++)
		CHECK_EQ(map[page * PAGE], 'a' + page);
	map[2 * PAGE] = 'z';
	CHECK_EQ(map[2 * PAGE], 'z');
	return 0;
}
