/* mremap() moves pages out of and into shared page tables; the other side keeps everything. */
#include "cow_shared_table.h"

static void change(void)
{
	char *elsewhere = map_pages(TABLE_PAGES);
	char *moved = mremap(memory + 100 * PAGE, 20 * PAGE, 20 * PAGE,
			     MREMAP_MAYMOVE | MREMAP_FIXED, elsewhere + 5 * PAGE);

	CHECK(moved == elsewhere + 5 * PAGE);
	for (int page = 0; page < 20; page++)
		CHECK_EQ(moved[page * PAGE], value_of(100 + page));
	CHECK_FAULT(touch_read, memory + 100 * PAGE, SIGSEGV, SEGV_MAPERR);
	/* Into the middle of another shared table. */
	CHECK(mremap(moved, 20 * PAGE, 20 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED,
		     memory + TABLE_SIZE + 50 * PAGE) == memory + TABLE_SIZE + 50 * PAGE);
	for (int page = 0; page < 20; page++) {
		memory[TABLE_SIZE + (50 + page) * PAGE + 1] = 'm';
		CHECK_EQ(memory[TABLE_SIZE + (50 + page) * PAGE], value_of(100 + page));
	}
	check_pages(0, 100);
	check_pages(120, TABLE_PAGES + 50);
	check_pages(TABLE_PAGES + 70, ALL_PAGES);
}

int main(void)
{
	make_shared_tables();
	on_either_side(change);
	return 0;
}
