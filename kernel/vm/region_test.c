/*
 * Regions: cutting and joining them, and finding room between them.
 *
 * test: with=vm/address_space.c,vm/commit.c,vm/page_table.c,vm/page_table_unmap.c
 * test: with=vm/region_gap.c,vm/mmap.c
 * test: with=vm/unmap.c,vm/fault.c,vm/fault_file.c,vm/anonymous.c,vm/copy_on_write.c
 * test: with=vm/reverse_map.c,vm/page_cache.c,vm/truncate.c,vm/readahead.c,vm/writeback.c
 * test: with=vm/reclaim.c,vm/futex.c,vm/protect.c
 */
#include "vm/region.h"
#include "test.h"
#include "uapi/linux/errno.h"
#include "vm/internal.h"

#define FLAGS (REGION_READ | REGION_WRITE | REGION_MAY_READ | REGION_MAY_WRITE)

static struct address_space *new_space(struct test *t)
{
	struct address_space *space;
	static bool is_ready;

	if (!is_ready)
		vm_init();
	is_ready = true;
	EXPECT_EQ(t, address_space_create(&space), 0);
	return space;
}

static int map(struct address_space *space, uintptr_t start, uintptr_t end, uint32_t flags)
{
	struct vm_map_request request = {
		.address = start, .size = end - start, .flags = flags, .fixed = true,
	};
	uintptr_t out;

	return vm_map(space, &request, NULL, &out);
}

/* Fail each allocation of a split in turn: it says -ENOMEM and leaves everything as it was. */
static void split_changes_nothing_when_memory_runs_out(struct test *t)
{
	bool failed = true;

	for (unsigned int nth = 1; failed; nth++) {
		struct address_space *space = new_space(t);
		struct region *region;
		int error;

		EXPECT_EQ(t, map(space, 0x20000, 0x24000, FLAGS), 0);
		rwlock_write_lock(&space->lock);
		region = region_find(space, 0x20000);
		test_fail_allocation(nth);
		error = region_split(space, region, 0x22000);
		failed = test_allocation_failed();
		EXPECT_EQ(t, error, failed ? -ENOMEM : 0);
		EXPECT_EQ(t, region->end, failed ? 0x24000 : 0x22000);
		EXPECT_EQ(t, space->region_count, failed ? 1 : 2);
		EXPECT(t, address_space_check(space));
		rwlock_write_unlock(&space->lock);
		address_space_put(space);
	}
}

/* The same for a hole in the middle, which needs one more region. */
static void unmap_changes_nothing_when_memory_runs_out(struct test *t)
{
	bool failed = true;

	for (unsigned int nth = 1; failed; nth++) {
		struct address_space *space = new_space(t);
		int error;

		EXPECT_EQ(t, map(space, 0x20000, 0x28000, FLAGS), 0);
		test_fail_allocation(nth);
		error = vm_unmap(space, 0x22000, 0x2000);
		failed = test_allocation_failed();
		EXPECT_EQ(t, error, failed ? -ENOMEM : 0);
		EXPECT_EQ(t, space->mapped_pages, failed ? 8 : 6);
		EXPECT_EQ(t, space->committed_pages, space->mapped_pages);
		rwlock_write_lock(&space->lock);
		EXPECT(t, !!region_find(space, 0x22000) == failed);
		EXPECT_EQ(t, region_find(space, 0x24000)->start, failed ? 0x20000 : 0x24000);
		EXPECT(t, address_space_check(space));
		rwlock_write_unlock(&space->lock);
		address_space_put(space);
	}
}

static void neighbours_of_one_kind_become_one(struct test *t)
{
	struct address_space *space = new_space(t);

	EXPECT_EQ(t, map(space, 0x20000, 0x21000, FLAGS), 0);
	EXPECT_EQ(t, map(space, 0x22000, 0x23000, FLAGS), 0);
	EXPECT_EQ(t, space->region_count, 2);
	EXPECT_EQ(t, map(space, 0x21000, 0x22000, FLAGS), 0);
	EXPECT_EQ(t, space->region_count, 1);
	EXPECT_EQ(t, map(space, 0x23000, 0x24000, FLAGS & ~REGION_WRITE), 0);
	EXPECT_EQ(t, space->region_count, 2);
	EXPECT_EQ(t, vm_protect(space, 0x23000, 0x1000, REGION_READ | REGION_WRITE, false), 0);
	EXPECT_EQ(t, space->region_count, 1);
	EXPECT_EQ(t, vm_protect(space, 0x21000, 0x1000, REGION_READ, false), 0);
	EXPECT_EQ(t, space->region_count, 3);
	EXPECT_EQ(t, vm_protect(space, 0x21000, 0x1000, REGION_READ | REGION_WRITE, false), 0);
	EXPECT_EQ(t, space->region_count, 1);
	address_space_put(space);
}

/* What the search should find, by looking at every region. */
static bool naive_gap(struct address_space *space, uintptr_t size, uintptr_t low, uintptr_t high,
		      bool lowest, uintptr_t *out)
{
	struct region *previous = NULL;
	bool found = false;

	for (struct region *region = region_first(space);; region = region_next(region)) {
		uintptr_t start = previous ? previous->end : 0;
		uintptr_t end = region ? region->start : high;

		if (region && (region->flags & REGION_GROWS_DOWN))
			end = end > STACK_GUARD_GAP ? end - STACK_GUARD_GAP : 0;
		start = start > low ? start : low;
		end = end < high ? end : high;
		if (end >= start && end - start >= size) {
			*out = lowest ? start : end - size;
			found = true;
		}
		if (!region || (found && lowest))
			return found;
		previous = region;
	}
}

/* Where mmap puts what may lie anywhere: as high as it may, else as low as it can. */
static bool naive_room(struct address_space *space, uintptr_t size, uintptr_t *out)
{
	return naive_gap(space, size, VM_MAP_MIN, space->mmap_top, false, out) ||
	       naive_gap(space, size, VM_MAP_LOW, USER_END, true, out);
}

/* Both searches, for as much as may be there or not. */
static void look_for_room(struct test *t, struct address_space *space, uint32_t *seed)
{
	uintptr_t low = 0x10000 + test_random(seed) % 500 * PAGE_SIZE;
	uintptr_t high = low + test_random(seed) % 2500 * PAGE_SIZE;
	uintptr_t size = (1 + test_random(seed) % 40) * PAGE_SIZE;
	uintptr_t expected = 0;
	struct room room = { 0 };
	bool found;

	rwlock_write_lock(&space->lock);
	found = region_find_gap(space, size, low, high, &room);
	if (found)
		EXPECT(t, region_find_from(space, room.start) == room.above);
	EXPECT_EQ(t, found, naive_gap(space, size, low, high, false, &expected));
	EXPECT_EQ(t, room.start, expected);
	if (test_random(seed) % 32 == 0)
		size += 1500 * PAGE_SIZE;
	found = region_find_room(space, size, &room);
	EXPECT_EQ(t, found, naive_room(space, size, &expected));
	EXPECT(t, !found || room.start == expected);
	EXPECT(t, !found || region_find_from(space, room.start) == room.above);
	EXPECT(t, address_space_check(space));
	rwlock_write_unlock(&space->lock);
}

/* Map something, here or wherever there is room, unmap or protect something. */
static void change_at_random(struct test *t, struct address_space *space, uint32_t *seed)
{
	uintptr_t start = 0x10000 + test_random(seed) % 2000 * PAGE_SIZE;
	uintptr_t size = (1 + test_random(seed) % 12) * PAGE_SIZE;
	uint32_t grows = test_random(seed) % 16 ? 0 : REGION_GROWS_DOWN;
	uint32_t flags = test_random(seed) % 2 ? FLAGS : FLAGS & ~REGION_WRITE;
	struct vm_map_request request = { .size = size, .flags = flags };
	uintptr_t expected, out;
	int error;

	switch (test_random(seed) % 8) {
	case 0:
	case 1:
	case 2:
		EXPECT_EQ(t, map(space, start, start + size, flags | grows), 0);
		break;
	case 3:
		EXPECT(t, naive_room(space, size, &expected));
		EXPECT_EQ(t, vm_map(space, &request, NULL, &out), 0);
		EXPECT_EQ(t, out, expected);
		break;
	case 4:
		error = vm_protect(space, start, size, flags & (REGION_READ | REGION_WRITE), false);
		EXPECT(t, error == 0 || error == -ENOMEM);	/* there are holes */
		break;
	default:
		/* Now and then much of it: only so there is room below the gap of a stack. */
		if (test_random(seed) % 16 == 0)
			size *= 50;
		EXPECT_EQ(t, vm_unmap(space, start, size), 0);
	}
}

static void the_highest_gap_is_found(struct test *t)
{
	struct address_space *space;

	for (uint32_t first_seed = 1; first_seed <= 12; first_seed++) {
		uint32_t seed = first_seed;

		space = new_space(t);
		space->mmap_top = 0x10000 + 1500 * PAGE_SIZE;
		for (unsigned int i = 0; i < 1000 && t->failure_count == 0; i++) {
			change_at_random(t, space, &seed);
			look_for_room(t, space, &seed);
		}
		address_space_put(space);
	}
}

/* What is put into the gap below a stack ends that gap, and makes room with it. */
static void a_mapping_in_the_gap_of_a_stack_makes_room(struct test *t)
{
	struct address_space *space = new_space(t);
	uintptr_t stack = 0x40000000, below = stack - STACK_GUARD_GAP - 2 * PAGE_SIZE;
	struct room room;

	space->mmap_top = stack;
	EXPECT_EQ(t, map(space, stack, stack + PAGE_SIZE, FLAGS | REGION_GROWS_DOWN), 0);
	EXPECT_EQ(t, map(space, below - PAGE_SIZE, below, FLAGS), 0);
	rwlock_write_lock(&space->lock);
	EXPECT(t, region_find_room(space, 3 * PAGE_SIZE, &room));
	EXPECT_EQ(t, room.start, below - 4 * PAGE_SIZE);
	rwlock_write_unlock(&space->lock);
	EXPECT_EQ(t, map(space, stack - PAGE_SIZE, stack, REGION_READ), 0);
	rwlock_write_lock(&space->lock);
	EXPECT(t, region_find_room(space, 3 * PAGE_SIZE, &room));
	EXPECT_EQ(t, room.start, stack - 4 * PAGE_SIZE);
	rwlock_write_unlock(&space->lock);
	address_space_put(space);
}

/* What was mapped below used memory, and became one with it, is known to be unused. */
static void the_unused_part_is_known(struct test *t)
{
	struct address_space *space = new_space(t);
	struct region *region;

	EXPECT_EQ(t, map(space, 0x24000, 0x28000, FLAGS), 0);
	EXPECT_EQ(t, vm_fault(space, 0x26000, FAULT_WRITE, NULL), FAULT_OK);
	EXPECT_EQ(t, map(space, 0x20000, 0x24000, FLAGS), 0);
	EXPECT_EQ(t, map(space, 0x28000, 0x29000, FLAGS), 0);
	EXPECT_EQ(t, space->region_count, 1);
	region = space->first;
	EXPECT_EQ(t, region_touched_from(region), 0x26000);
	EXPECT(t, !region_any_touched(region, 0x26000));
	EXPECT(t, region_any_touched(region, 0x27000));
	EXPECT_EQ(t, vm_fault(space, 0x25000, FAULT_WRITE, NULL), FAULT_OK);
	EXPECT_EQ(t, vm_fault(space, 0x27000, FAULT_WRITE, NULL), FAULT_OK);
	EXPECT_EQ(t, region_touched_from(region), 0x25000);
	/* A hole: below it nothing was used, above it perhaps. */
	EXPECT_EQ(t, vm_unmap(space, 0x22000, PAGE_SIZE), 0);
	EXPECT_EQ(t, space->region_count, 2);
	EXPECT(t, !region_any_touched(space->first, 0x22000));
	EXPECT(t, region_any_touched(space->last, 0x29000));
	rwlock_write_lock(&space->lock);
	EXPECT(t, address_space_check(space));
	rwlock_write_unlock(&space->lock);
	address_space_put(space);
}

static void limits_are_kept(struct test *t)
{
	const struct vm_limits limits = {
		.address_space_size = 16 * PAGE_SIZE, .data_size = 8 * PAGE_SIZE,
		.stack_size = UINT64_MAX, .locked_size = 2 * PAGE_SIZE,
	};
	struct vm_map_request request = { .size = 9 * PAGE_SIZE, .flags = FLAGS };
	struct address_space *space = new_space(t);
	uintptr_t out;

	EXPECT_EQ(t, vm_map(space, &request, &limits, &out), -ENOMEM);
	request.flags = REGION_READ;
	EXPECT_EQ(t, vm_map(space, &request, &limits, &out), 0);
	EXPECT_EQ(t, vm_map(space, &request, &limits, &out), -ENOMEM);
	request.size = 3 * PAGE_SIZE;
	request.flags |= REGION_LOCKED;
	EXPECT_EQ(t, vm_map(space, &request, &limits, &out), -EAGAIN);
	request.size = 0;
	EXPECT_EQ(t, vm_map(space, &request, &limits, &out), -EINVAL);
	request.size = SIZE_MAX;
	EXPECT_EQ(t, vm_map(space, &request, &limits, &out), -ENOMEM);
	EXPECT_EQ(t, map(space, 0x1000, 0x2000, FLAGS), -EPERM);
	EXPECT_EQ(t, map(space, USER_END - PAGE_SIZE, USER_END + PAGE_SIZE, FLAGS), -ENOMEM);
	EXPECT_EQ(t, vm_unmap(space, USER_END - PAGE_SIZE, 2 * PAGE_SIZE), -EINVAL);
	EXPECT_EQ(t, vm_unmap(space, 0x20000, SIZE_MAX), -EINVAL);
	address_space_put(space);
}

/* What address_space_check says of each field that is wrong, and a change that comes upon one. */
static void a_wrong_address_space_is_noticed(struct test *t)
{
	struct address_space *space = new_space(t);
	struct region *low, *high;
	size_t *sums[] = { &space->mapped_pages, &space->locked_pages, &space->data_pages,
			   &space->committed_pages };

	EXPECT_EQ(t, map(space, 0x20000, 0x24000, FLAGS), 0);
	EXPECT_EQ(t, map(space, 0x26000, 0x28000, FLAGS), 0);
	rwlock_write_lock(&space->lock);
	low = region_find(space, 0x20000);
	high = region_find(space, 0x26000);
	EXPECT(t, address_space_check(space));
	low->end = 0x27000;
	EXPECT(t, !address_space_check(space));
	low->end = low->start;
	EXPECT(t, !address_space_check(space));
	low->end = 0x24001;
	EXPECT(t, !address_space_check(space));
	low->end = 0x24000;
	high->previous = NULL;
	EXPECT(t, !address_space_check(space));
	high->previous = low;
	high->gap_before += PAGE_SIZE;
	EXPECT(t, !address_space_check(space));
	high->gap_before -= PAGE_SIZE;
	space->last = low;
	EXPECT(t, !address_space_check(space));
	space->last = high;
	space->region_count++;
	EXPECT(t, !address_space_check(space));
	space->region_count--;
	for (unsigned int i = 0; i < ARRAY_SIZE(sums); i++) {
		++*sums[i];
		EXPECT(t, !address_space_check(space));
		--*sums[i];
	}
	EXPECT(t, address_space_check(space));
	rwlock_write_unlock(&space->lock);

	space->mapped_pages++;
	EXPECT_PANIC(t, (void)map(space, 0x30000, 0x31000, FLAGS));
	rwlock_write_unlock(&space->lock);
	space->mapped_pages--;
	EXPECT_EQ(t, map(space, 0x32000, 0x33000, FLAGS), 0);
	address_space_put(space);
}

const struct test_case test_cases[] = {
	TEST(split_changes_nothing_when_memory_runs_out),
	TEST(unmap_changes_nothing_when_memory_runs_out),
	TEST(neighbours_of_one_kind_become_one),
	TEST(the_highest_gap_is_found),
	TEST(a_mapping_in_the_gap_of_a_stack_makes_room),
	TEST(the_unused_part_is_known),
	TEST(limits_are_kept),
	TEST(a_wrong_address_space_is_noticed),
	TEST_END
};
