/*
 * fork shares page tables: what is counted, what is copied, and that nothing is lost when memory
 * runs out.
 *
 * test: with=vm/address_space.c,vm/commit.c,vm/page_table.c,vm/page_table_unmap.c
 * test: with=vm/page_table_move.c
 * test: with=vm/region.c,vm/region_gap.c,vm/mmap.c,vm/unmap.c,vm/protect.c,vm/fault.c
 * test: with=vm/fault_file.c,vm/anonymous.c,vm/copy_on_write.c,vm/reverse_map.c,vm/page_cache.c
 * test: with=vm/truncate.c,vm/readahead.c,vm/writeback.c,vm/reclaim.c,vm/futex.c,vm/inspect.c
 * test: with=vm/access.c
 */
#include <string.h>
#include "core/compiler.h"
#include "fake_mmu.h"
#include "test.h"
#include "uapi/linux/errno.h"
#include "vm/internal.h"
#include "vm/page_table.h"

#define BASE 0x40000000u
#define FLAGS                                                                                  \
	(REGION_READ | REGION_WRITE | REGION_MAY_READ | REGION_MAY_WRITE | REGION_MAY_EXECUTE)

/* A space with `size` bytes of memory at BASE. */
static struct address_space *new_space(struct test *t, size_t size)
{
	struct vm_map_request request = {
		.address = BASE, .size = size, .flags = FLAGS, .fixed = true,
	};
	struct address_space *space;
	static bool is_ready;
	uintptr_t at;

	if (!is_ready)
		vm_init();
	is_ready = true;
	EXPECT_EQ(t, address_space_create(&space), 0);
	EXPECT_EQ(t, vm_map(space, &request, NULL, &at), 0);
	return space;
}

static uint32_t touch(struct test *t, struct address_space *space, uintptr_t address, bool write,
		      uint32_t value)
{
	enum fault_access access = FAULT_USER | (write ? FAULT_WRITE : 0);

	while (!host_mmu_access(&space->mmu, 0, address, write, &value)) {
		host_mmu_forget_fault(&space->mmu, 0, address);
		EXPECT_EQ(t, vm_fault(space, address, access, NULL), FAULT_OK);
	}
	return value;
}

static void a_fork_costs_tables_and_no_pages(struct test *t)
{
	struct address_space *parent = new_space(t, 4 * TABLE_SPAN);
	struct address_space *child;
	uint32_t shared, copied, pages;

	for (unsigned int i = 0; i < 4 * TABLE_ENTRIES; i += 2)
		touch(t, parent, BASE + i * PAGE_SIZE, true, i);
	shared = vm_counters.tables_shared;
	copied = vm_counters.tables_copied;
	pages = vm_counters.pages_copied;
	long before = test_allocations_in_use();

	EXPECT_EQ(t, address_space_fork(parent, &child), 0);
	/* The space, one region, one directory. */
	EXPECT_EQ(t, test_allocations_in_use() - before, 3);
	EXPECT_EQ(t, vm_counters.tables_shared - shared, 4);
	EXPECT_EQ(t, vm_counters.tables_copied - copied, 0);

	/* A write copies one table and one page; the other side then owns its table again. */
	touch(t, child, BASE + 10 * PAGE_SIZE, true, 77);
	EXPECT_EQ(t, vm_counters.tables_copied - copied, 1);
	EXPECT_EQ(t, vm_counters.pages_copied - pages, 1);
	EXPECT_EQ(t, touch(t, parent, BASE + 10 * PAGE_SIZE, false, 0), 10);
	touch(t, parent, BASE + 12 * PAGE_SIZE, true, 78);
	EXPECT_EQ(t, vm_counters.tables_copied - copied, 1);
	EXPECT_EQ(t, vm_counters.pages_copied - pages, 2);
	EXPECT_EQ(t, touch(t, child, BASE + 12 * PAGE_SIZE, false, 0), 12);
	/* The parent's page 10 is the parent's alone by now: written to without a copy. */
	touch(t, parent, BASE + 10 * PAGE_SIZE, true, 79);
	EXPECT_EQ(t, vm_counters.pages_copied - pages, 2);
	EXPECT_EQ(t, address_space_resident_pages(parent), 4 * TABLE_ENTRIES / 2);
	EXPECT_EQ(t, address_space_resident_pages(child), 4 * TABLE_ENTRIES / 2);
	address_space_put(child);
	address_space_put(parent);
}

static void the_last_owner_keeps_its_permissions(struct test *t)
{
	struct address_space *parent = new_space(t, TABLE_SPAN);
	struct address_space *child;
	uint32_t pages, faults;

	for (unsigned int i = 0; i < TABLE_ENTRIES; i++)
		touch(t, parent, BASE + i * PAGE_SIZE, true, i);
	EXPECT_EQ(t, address_space_fork(parent, &child), 0);
	address_space_put(child);
	pages = vm_counters.pages_copied;
	faults = vm_counters.faults;
	for (unsigned int i = 0; i < TABLE_ENTRIES; i++)
		touch(t, parent, BASE + i * PAGE_SIZE, true, i + 1);
	EXPECT_EQ(t, vm_counters.pages_copied - pages, 0);
	/* One for the table; the others for what the CPU remembers page by page. */
	EXPECT(t, vm_counters.faults - faults <= TABLE_ENTRIES);
	address_space_put(parent);
}

static void three_generations_keep_apart(struct test *t)
{
	struct address_space *spaces[3];

	spaces[0] = new_space(t, 2 * TABLE_SPAN);
	touch(t, spaces[0], BASE, true, 1);
	touch(t, spaces[0], BASE + PAGE_SIZE, true, 1);
	EXPECT_EQ(t, address_space_fork(spaces[0], &spaces[1]), 0);
	EXPECT_EQ(t, address_space_fork(spaces[1], &spaces[2]), 0);
	touch(t, spaces[1], BASE, true, 2);
	touch(t, spaces[2], BASE, true, 3);
	for (uint32_t i = 0; i < 3; i++) {
		EXPECT_EQ(t, touch(t, spaces[i], BASE, false, 0), i + 1);
		EXPECT_EQ(t, touch(t, spaces[i], BASE + PAGE_SIZE, false, 0), 1);
	}
	address_space_put(spaces[1]);
	touch(t, spaces[2], BASE + PAGE_SIZE, true, 4);
	EXPECT_EQ(t, touch(t, spaces[0], BASE + PAGE_SIZE, false, 0), 1);
	address_space_put(spaces[0]);
	EXPECT_EQ(t, touch(t, spaces[2], BASE + PAGE_SIZE, false, 0), 4);
	address_space_put(spaces[2]);
}

static void unmapping_a_shared_table_looks_at_no_entry(struct test *t)
{
	struct address_space *parent = new_space(t, 2 * TABLE_SPAN);
	struct address_space *child;
	uint32_t copied;

	for (unsigned int i = 0; i < 2 * TABLE_ENTRIES; i++)
		touch(t, parent, BASE + i * PAGE_SIZE, true, i);
	EXPECT_EQ(t, address_space_fork(parent, &child), 0);
	copied = vm_counters.tables_copied;
	long before = test_allocations_in_use();

	/* All that the child has in the first span, and a part of the second. */
	EXPECT_EQ(t, vm_unmap(child, BASE, TABLE_SPAN), 0);
	EXPECT_EQ(t, test_allocations_in_use(), before);
	EXPECT_EQ(t, vm_counters.tables_copied, copied);
	EXPECT_EQ(t, vm_unmap(child, BASE + TABLE_SPAN + PAGE_SIZE, PAGE_SIZE), 0);
	EXPECT_EQ(t, vm_counters.tables_copied, copied + 1);
	EXPECT_EQ(t, touch(t, parent, BASE + TABLE_SPAN + PAGE_SIZE, false, 0), TABLE_ENTRIES + 1);
	EXPECT_EQ(t, touch(t, child, BASE + TABLE_SPAN, false, 0), TABLE_ENTRIES);
	address_space_put(parent);
	EXPECT_EQ(t, touch(t, child, BASE + TABLE_SPAN + 2 * PAGE_SIZE, false, 0),
		  TABLE_ENTRIES + 2);
	address_space_put(child);
}

/* munmap must not fail for want of a table that it does not need. */
static void unmapping_what_was_never_touched_copies_no_table(struct test *t)
{
	struct address_space *parent = new_space(t, TABLE_SPAN);
	struct address_space *child;
	uint32_t copied;

	touch(t, parent, BASE, true, 5);
	touch(t, parent, BASE + 8 * PAGE_SIZE, true, 6);
	EXPECT_EQ(t, address_space_fork(parent, &child), 0);
	copied = vm_counters.tables_copied;
	long before = test_allocations_in_use();

	/* From the region's middle to its end: no second region is needed either. */
	test_fail_allocation(1);
	EXPECT_EQ(t, vm_unmap(child, BASE + 9 * PAGE_SIZE, TABLE_SPAN - 9 * PAGE_SIZE), 0);
	EXPECT(t, !test_allocation_failed());
	EXPECT_EQ(t, test_allocations_in_use(), before);
	EXPECT_EQ(t, vm_counters.tables_copied, copied);
	EXPECT_EQ(t, vm_unmap(child, BASE + 8 * PAGE_SIZE, PAGE_SIZE), 0);
	EXPECT_EQ(t, vm_counters.tables_copied, copied + 1);
	EXPECT_EQ(t, touch(t, child, BASE, false, 0), 5);
	EXPECT_EQ(t, touch(t, parent, BASE + 8 * PAGE_SIZE, false, 0), 6);
	address_space_put(child);
	address_space_put(parent);
}

static void a_fork_that_fails_leaves_the_parent_as_it_was(struct test *t)
{
	bool failed = true;

	for (unsigned int nth = 1; failed; nth++) {
		struct address_space *parent = new_space(t, 2 * TABLE_SPAN);
		struct address_space *child = NULL;

		touch(t, parent, BASE, true, 5);
		touch(t, parent, BASE + TABLE_SPAN, true, 6);
		long before = test_allocations_in_use();

		test_fail_allocation(nth);
		int error = address_space_fork(parent, &child);
		failed = test_allocation_failed();
		EXPECT_EQ(t, error, failed ? -ENOMEM : 0);
		if (error)
			EXPECT_EQ(t, test_allocations_in_use(), before);
		touch(t, parent, BASE, true, 7);
		EXPECT_EQ(t, touch(t, parent, BASE, false, 0), 7);
		EXPECT_EQ(t, touch(t, parent, BASE + TABLE_SPAN, false, 0), 6);
		if (!error)
			address_space_put(child);
		address_space_put(parent);
	}
}

static void a_debugger_writes_where_the_program_may_not(struct test *t)
{
	struct address_space *parent = new_space(t, PAGE_SIZE);
	struct address_space *child;
	uint32_t word = 99;

	touch(t, parent, BASE, true, 5);
	EXPECT_EQ(t, vm_protect(parent, BASE, PAGE_SIZE, REGION_READ | REGION_EXECUTE, false), 0);
	EXPECT_EQ(t, address_space_fork(parent, &child), 0);
	EXPECT_EQ(t, address_space_access(child, BASE, &word, 4, true, false), -EFAULT);
	EXPECT_EQ(t, address_space_access(child, BASE, &word, 4, true, true), 4);
	EXPECT_EQ(t, touch(t, child, BASE, false, 0), 99);
	EXPECT_EQ(t, touch(t, parent, BASE, false, 0), 5);
	EXPECT_EQ(t, vm_fault(child, BASE, FAULT_USER | FAULT_WRITE, NULL),
		  FAULT_BAD_ACCESS);
	address_space_put(child);
	address_space_put(parent);
}

static void regions_can_stay_behind(struct test *t)
{
	struct address_space *parent = new_space(t, 4 * PAGE_SIZE);
	struct address_space *child;

	for (unsigned int i = 0; i < 4; i++)
		touch(t, parent, BASE + i * PAGE_SIZE, true, i + 1);
	rwlock_write_lock(&parent->lock);
	EXPECT_EQ(t, region_split(parent, region_find(parent, BASE), BASE + 2 * PAGE_SIZE), 0);
	region_set_flags(region_find(parent, BASE), FLAGS | REGION_ACCOUNTED | REGION_WIPE_ON_FORK);
	rwlock_write_unlock(&parent->lock);
	EXPECT_EQ(t, address_space_fork(parent, &child), 0);
	EXPECT_EQ(t, touch(t, child, BASE, false, 0), 0);
	EXPECT_EQ(t, touch(t, child, BASE + 2 * PAGE_SIZE, false, 0), 3);
	EXPECT_EQ(t, touch(t, parent, BASE, false, 0), 1);
	touch(t, child, BASE + 2 * PAGE_SIZE, true, 9);
	EXPECT_EQ(t, touch(t, parent, BASE + 2 * PAGE_SIZE, false, 0), 3);
	address_space_put(child);
	address_space_put(parent);
}

const struct test_case test_cases[] = {
	TEST(a_fork_costs_tables_and_no_pages),
	TEST(the_last_owner_keeps_its_permissions),
	TEST(three_generations_keep_apart),
	TEST(unmapping_a_shared_table_looks_at_no_entry),
	TEST(unmapping_what_was_never_touched_copies_no_table),
	TEST(a_fork_that_fails_leaves_the_parent_as_it_was),
	TEST(a_debugger_writes_where_the_program_may_not),
	TEST(regions_can_stay_behind),
	TEST_END
};
