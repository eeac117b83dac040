/* MADV_DONTNEED and MAP_FIXED under a shared page table empty this side alone. */
#include "cow_shared_table.h"

static void change(void)
{
	CHECK(madvise(memory + 7 * PAGE, 3 * PAGE, MADV_DONTNEED) == 0);
	CHECK_EQ(memory[8 * PAGE], 0);
	CHECK(mmap(memory + TABLE_SIZE + PAGE, 2 * PAGE, PROT_READ | PROT_WRITE,
		   MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == memory + TABLE_SIZE + PAGE);
	CHECK_EQ(memory[TABLE_SIZE + PAGE], 0);
	memory[TABLE_SIZE + PAGE] = 'f';
	check_pages(0, 7);
	check_pages(10, TABLE_PAGES + 1);
	check_pages(TABLE_PAGES + 3, ALL_PAGES);
}

int main(void)
{
	make_shared_tables();
	on_either_side(change);
	return 0;
}
