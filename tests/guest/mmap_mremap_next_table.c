/*
 * mremap() by less than a page table's worth: what was never touched goes from the second table to
 * the first, and what was touched from the third to the second, neither of which exists yet.
 */
#include "check.h"

#define TABLE_SIZE 0x200000
#define FIRST ((char *)0x50000000)
#define OLD (FIRST + TABLE_SIZE + TABLE_SIZE / 2)
#define NEW (FIRST + TABLE_SIZE * 3 / 4)
#define SIZE (TABLE_SIZE * 5 / 8)

int main(void)
{
	char *last;

	MUST(mmap(OLD, SIZE, PROT_READ | PROT_WRITE,
		  MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0));
	last = OLD + SIZE - PAGE;
	*last = 'x';
	CHECK(mremap(OLD, SIZE, SIZE, MREMAP_MAYMOVE | MREMAP_FIXED, NEW) == NEW);
	last = NEW + SIZE - PAGE;
	CHECK_EQ(*last, 'x');
	for (char *at = NEW; at < last; at += PAGE)
		CHECK_EQ(*at, 0);
	return 0;
}
