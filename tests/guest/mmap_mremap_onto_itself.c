/*
 * mremap() with an old size of 0 asks for a second mapping of shared pages. Its new place may be
 * the old one, which is unmapped first: then there is nothing left to map again.
 */
#include "check.h"

static void *map_again(void *old, size_t size, void *new_place)
{
	return mremap(old, 0, size, MREMAP_MAYMOVE | MREMAP_FIXED, new_place);
}

int main(void)
{
	char *map = MUST(mmap(NULL, 4 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
			      -1, 0));

	map[0] = 'a';
	map[PAGE] = 'b';
	CHECK_ERRNO((long)map_again(map, PAGE, map), EFAULT);
	CHECK_ERRNO((long)map_again(map, PAGE, map + 2 * PAGE), EFAULT);	/* it is gone */
	CHECK_EQ(map[PAGE], 'b');
	/* Right behind its beginning there is room. */
	CHECK(map_again(map + PAGE, PAGE, map + 2 * PAGE) == map + 2 * PAGE);
	CHECK_EQ(map[2 * PAGE], 'b');
	CHECK_ERRNO((long)map_again(map + 2 * PAGE, 2 * PAGE, map + PAGE), EINVAL);
	return 0;
}
