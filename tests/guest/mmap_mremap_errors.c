/* What mremap() refuses. */
#include "check.h"

int main(void)
{
	char *map = map_pages(4);

	CHECK_ERRNO((long)mremap(map + 1, PAGE, PAGE, 0), EINVAL);
	CHECK_ERRNO((long)mremap(map, PAGE, 0, 0), EINVAL);
	CHECK_ERRNO((long)mremap(map, PAGE, PAGE, 0x80), EINVAL);
	CHECK_ERRNO((long)mremap(map, PAGE, PAGE, MREMAP_FIXED, map), EINVAL);
	CHECK_ERRNO((long)mremap(map, 2 * PAGE, 2 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED,
				 map + PAGE), EINVAL);
	CHECK_ERRNO((long)mremap(map, PAGE, PAGE, MREMAP_MAYMOVE | MREMAP_FIXED,
				 map + 2 * PAGE + 1), EINVAL);
	CHECK(munmap(map, PAGE) == 0);
	CHECK_ERRNO((long)mremap(map, PAGE, 2 * PAGE, MREMAP_MAYMOVE), EFAULT);
	/* More than there are addresses: Linux 6.18 says EINVAL, older ones ENOMEM. */
	CHECK(mremap(map + PAGE, PAGE, 0xfffff000, MREMAP_MAYMOVE) == MAP_FAILED);
	CHECK(errno == EINVAL || errno == ENOMEM);
	return 0;
}
