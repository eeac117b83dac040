/* A hint is only a hint; MAP_FIXED_NOREPLACE refuses an occupied place with EEXIST. */
#include "check.h"

#ifndef MAP_FIXED_NOREPLACE
#define MAP_FIXED_NOREPLACE 0x100000
#endif

int main(void)
{
	const int flags = MAP_PRIVATE | MAP_ANONYMOUS;
	char *map = map_pages(4);

	map[0] = 'k';
	char *elsewhere = mmap(map, PAGE, PROT_READ, flags, -1, 0);

	CHECK(elsewhere != MAP_FAILED && elsewhere != map);
	CHECK_EQ(map[0], 'k');
	CHECK_ERRNO((long)mmap(map + 3 * PAGE, 2 * PAGE, PROT_READ, flags | MAP_FIXED_NOREPLACE,
			       -1, 0), EEXIST);
	CHECK(munmap(map + PAGE, PAGE) == 0);
	CHECK(mmap(map + PAGE, PAGE, PROT_READ, flags | MAP_FIXED_NOREPLACE, -1, 0) == map + PAGE);
	CHECK(munmap(map + PAGE, PAGE) == 0);
	/* A hint at a free place is taken, rounded down to a page. */
	CHECK(mmap(map + PAGE + 5, PAGE, PROT_READ, flags, -1, 0) == map + PAGE);
	return 0;
}
