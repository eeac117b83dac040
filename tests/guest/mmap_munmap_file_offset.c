/* After a hole is cut into a file map, the pieces still show the right part of the file. */
#include "check.h"

int main(void)
{
	int fd;

	make_pattern_file("mapped", 9 * PAGE);
	fd = MUST(open("mapped", O_RDWR));

	char *map = mmap(NULL, 9 * PAGE, PROT_READ, MAP_SHARED, fd, 0);

	CHECK(map != MAP_FAILED);
	CHECK(munmap(map + 3 * PAGE, 2 * PAGE) == 0);
	CHECK(mprotect(map + 6 * PAGE, PAGE, PROT_READ | PROT_WRITE) == 0);
	for (int page = 0; page < 9; page++) {
		if (page == 3 || page == 4)
			continue;
		CHECK_EQ(map[page * PAGE + 9], pattern_byte(page * PAGE + 9));
	}
	return 0;
}
