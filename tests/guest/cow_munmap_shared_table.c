/* munmap() under a shared page table, of a part, of a whole table, over a boundary: here only. */
#include "cow_shared_table.h"

static void change(void)
{
	int gone[] = { 3, 4, TABLE_PAGES - 1, TABLE_PAGES, 2 * TABLE_PAGES, ALL_PAGES - 1 };

	CHECK(munmap(memory + 3 * PAGE, 2 * PAGE) == 0);
	CHECK(munmap(memory + (TABLE_PAGES - 1) * PAGE, 2 * PAGE) == 0);
	CHECK(munmap(memory + 2 * TABLE_SIZE, TABLE_SIZE) == 0);
	for (size_t i = 0; i < ARRAY_SIZE(gone); i++)
		CHECK_FAULT(touch_read, memory + gone[i] * PAGE, SIGSEGV, SEGV_MAPERR);
	check_pages(0, 3);
	check_pages(5, TABLE_PAGES - 1);
	check_pages(TABLE_PAGES + 1, 2 * TABLE_PAGES);
	rewrite_pages(5, TABLE_PAGES - 1);
}

int main(void)
{
	make_shared_tables();
	on_either_side(change);
	return 0;
}
