/*
 * When all is full below the place from which mappings go downwards, mmap and mremap use what is
 * above it, from its lower end up: so the stack has room to grow for as long as possible.
 */
#include "check.h"

enum { PIECE = 16 << 20 };

static char *map(size_t size)
{
	return mmap(NULL, size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
}

int main(void)
{
	char *top = map(PAGE), *last = top, *piece;
	int above = 0;

	CHECK(top != MAP_FAILED);
	while ((piece = map(PIECE)) != MAP_FAILED) {
		if (piece < top) {
			CHECK_EQ(above, 0);
			continue;
		}
		CHECK(piece > last);
		last = piece;
		above++;
	}
	CHECK_EQ(errno, ENOMEM);
	CHECK(above >= 4);
	for (size_t size = PIECE / 16; size >= PAGE; size /= 16) {
		while (map(size) != MAP_FAILED)
			continue;
	}
	CHECK(munmap(last, PIECE) == 0);
	CHECK(mremap(top, PAGE, 2 * PAGE, MREMAP_MAYMOVE) == last);
	return 0;
}
