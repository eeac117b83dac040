/* mprotect() under a shared page table changes this side alone. */
#include "cow_shared_table.h"

static void change(void)
{
	CHECK(mprotect(memory + 10 * PAGE, 5 * PAGE, PROT_READ) == 0);
	CHECK(mprotect(memory + TABLE_SIZE, TABLE_SIZE, PROT_NONE) == 0);
	CHECK_FAULT(touch_write, memory + 12 * PAGE, SIGSEGV, SEGV_ACCERR);
	CHECK_FAULT(touch_read, memory + TABLE_SIZE + 7, SIGSEGV, SEGV_ACCERR);
	check_pages(0, TABLE_PAGES);
	CHECK(mprotect(memory, TABLES * TABLE_SIZE, PROT_READ | PROT_WRITE) == 0);
	check_pages(0, ALL_PAGES);
	rewrite_pages(0, ALL_PAGES);
}

int main(void)
{
	make_shared_tables();
	on_either_side(change);
	return 0;
}
