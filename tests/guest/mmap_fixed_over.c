/* MAP_FIXED takes the place of what was mapped there, even the middle of a region. */
#include "faults.h"

int main(void)
{
	char *map = map_pages(6);
	int fd;

	make_pattern_file("mapped", 2 * PAGE);
	fd = MUST(open("mapped", O_RDWR));
	for (int page = 0; page < 6; page++)
		map[page * PAGE] = '0' + page;

	char *middle = mmap(map + 2 * PAGE, 2 * PAGE, PROT_READ, MAP_PRIVATE | MAP_FIXED, fd, 0);

	CHECK(middle == map + 2 * PAGE);
	CHECK_EQ(map[0], '0');
	CHECK_EQ(map[PAGE], '1');
	CHECK_EQ(map[2 * PAGE], pattern_byte(0));
	CHECK_EQ(map[3 * PAGE], pattern_byte(PAGE));
	CHECK_EQ(map[4 * PAGE], '4');
	CHECK_EQ(map[5 * PAGE], '5');
	CHECK_FAULT(touch_write, map + 2 * PAGE, SIGSEGV, SEGV_ACCERR);
	CHECK_NO_FAULT(touch_write, map + 4 * PAGE);

	/* A failing MAP_FIXED leaves what was there. */
	CHECK_ERRNO((long)mmap(map, PAGE, PROT_READ, MAP_PRIVATE | MAP_FIXED, -1, 0), EBADF);
	CHECK_EQ(map[0], '0');
	CHECK_ERRNO((long)mmap(map + 1, PAGE, PROT_READ,
			       MAP_PRIVATE | MAP_FIXED | MAP_ANONYMOUS, -1, 0), EINVAL);

	/* Anonymous memory put over it is zero again. */
	CHECK(mmap(map, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_FIXED | MAP_ANONYMOUS,
		   -1, 0) == map);
	CHECK_EQ(map[0], 0);
	return 0;
}
