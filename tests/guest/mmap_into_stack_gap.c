/*
 * A mapping put into the gap that is kept below a stack ends that gap: what lies below it is room
 * for mmap again, also right after mmap has looked there in vain.
 */
#include "check.h"

enum { GAP = 256 * PAGE, BLOCK = 8 << 20, SIZE = 32 * PAGE, TOO_LITTLE = SIZE / 2 };

static char *map(void *at, size_t size, int protection, int flags)
{
	void *memory = mmap(at, size, protection, MAP_PRIVATE | MAP_ANONYMOUS | flags, -1, 0);

	CHECK(memory != MAP_FAILED);
	return memory;
}

int main(void)
{
	char *block = map(NULL, BLOCK, PROT_NONE, 0);
	char *stack = block + BLOCK / 2;
	char *hole = stack - GAP - TOO_LITTLE;

	CHECK(munmap(hole, GAP + TOO_LITTLE) == 0);
	CHECK(map(stack, PAGE, PROT_READ | PROT_WRITE, MAP_FIXED | MAP_GROWSDOWN) == stack);
	/* The stack's gap leaves less than is wanted. What is mapped becomes one with the block. */
	CHECK(map(NULL, SIZE, PROT_NONE, 0) < block);
	CHECK(map(NULL, SIZE, PROT_NONE, 0) < block);
	map(stack - PAGE, PAGE, PROT_READ, MAP_FIXED);
	CHECK(map(NULL, SIZE, PROT_NONE, 0) == stack - PAGE - SIZE);
	CHECK(map(NULL, 2 * SIZE, PROT_NONE, 0) == stack - PAGE - 3 * SIZE);
	return 0;
}
