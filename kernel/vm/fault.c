/*
 * Page faults: from an address to a page-table entry.
 *
 * Path. The space's lock is taken shared, so the threads of one process fault side by side; the
 * region is found and the access judged; then whoever knows the kind of page fills in the entry,
 * under the lock of its page table alone:
 *
 *	no entry, no backing	anonymous.c	zeros: a frame of its own, or the shared one
 *	no entry, a page cache	fault_file.c	the cached frame and neighbours; or a copy
 *	no W, private page	copy_on_write.c	re-enabled or copied
 *	no W, shared page	fault_file.c	made dirty, and writable
 *
 * Memory and disk are waited for without the table's lock, so everything looks again after taking
 * it. If the entry has changed meanwhile the fault just ends: the program runs into the next one,
 * if any.
 *
 * A stack grows by a fault below it, down to its limit and not into the guard gap. Modern programs
 * touch the stack far below the stack pointer without telling, so like Linux today we do not
 * compare with it.
 */
#include "vm/fault.h"
#include "core/assert.h"
#include "core/config.h"
#include "core/lock_check.h"
#include "uapi/linux/errno.h"
#include "vm/internal.h"
#include "vm/page_table.h"

static inline void count(atomic_uint *counter)
{
	atomic_fetch_add_explicit(counter, 1, memory_order_relaxed);
}

/* May the region grow down to the page at `start`? Locks: space->lock exclusive. */
static bool may_grow(struct address_space *space, struct region *region, uintptr_t start,
		     const struct vm_limits *limits)
{
	struct region *previous = region_previous(region);
	size_t more = (region->start - start) >> PAGE_SHIFT;

	if (start < VM_MAP_MIN)
		return false;
	if (limits && region->end - start > limits->stack_size)
		return false;
	/* Another stack below, or pages that nobody can use, need no distance. */
	if (previous && (previous->end > start ||
			 (!(previous->flags & REGION_GROWS_DOWN) &&
			  region_is_accessible(previous) &&
			  start - previous->end < STACK_GUARD_GAP)))
		return false;
	if (vm_exceeds_limits(space, more, region->flags, limits) ||
	    ((region->flags & REGION_LOCKED) && vm_exceeds_lock_limit(space, more, limits)))
		return false;
	return !(region->flags & REGION_ACCOUNTED) || commit_charge(space, more, limits);
}

/*
 * The region of `address`, which a stack above it may have to grow for; or NULL. Locks: space->lock
 * exclusive.
 */
static struct region *grow_stack(struct address_space *space, uintptr_t address,
				 const struct vm_limits *limits)
{
	struct region *region = region_find_from(space, address);
	uintptr_t start = address & PAGE_MASK;

	if (!region || address >= region->start)
		return region;	/* perhaps another thread has been here */
	if (!(region->flags & REGION_GROWS_DOWN) || !may_grow(space, region, start, limits))
		return NULL;
	region_set_bounds(region, start, region->end);
	return region;
}

static inline bool is_allowed(const struct region *region, enum fault_access access)
{
	if (access & FAULT_WRITE)
		return region->flags & REGION_WRITE;
	if (access & FAULT_EXECUTE)
		return region->flags & REGION_EXECUTE;
	return region_is_accessible(region);	/* the machine cannot forbid reads alone */
}

/* The vDSO: frames given at mmap time, entered as they are touched. */
static enum fault_result fault_special(struct fault *fault)
{
	struct region *region = fault->region;
	frame_number number = region->special_frames[region_page_index(region, fault->address)];
	struct page_frame *table;
	mmu_entry *entry;

	if (fault_lock_table(fault, &table))
		return FAULT_NO_MEMORY;
	entry = page_table_entry(table, fault->address);
	if (mmu_entry_read(entry) == 0) {
		page_frame_get(page_frame_of(number));
		page_table_fill(table, entry,
				mmu_entry_make(number, region_entry_bits(region) | MMU_ACCESSED),
				TABLE_USED);
	}
	page_table_unlock(table);
	return FAULT_OK;
}

/*
 * There is an entry, and it was not enough. Perhaps it is by now (another thread was here, or the
 * table was shared); else it is a write that must be looked into.
 */
static enum fault_result fault_present(struct fault *fault, mmu_entry entry)
{
	if (unlikely(!fault->table)) {
		if (page_table_make_private(fault->space, fault->address))
			return FAULT_NO_MEMORY;
		fault->table = page_table_find_private(fault->space, fault->address);
		entry = page_table_peek(fault->space, fault->address);
	}
	if (entry == 0 || (entry & MMU_WRITE) || !fault->write) {
		mmu_flush_local(fault->address);
		return FAULT_OK;
	}
	/* A hint still: both look again under the table's lock. */
	if (!(entry & MMU_SOFT_SHARED))
		return fault_copy_on_write(fault, entry);
	return fault->region->cache ? fault_file(fault) : FAULT_BUS_ADDRESS;
}

enum fault_result fault_resolve(struct fault *fault)
{
	struct page_frame *table = page_table_find_private(fault->space, fault->address);
	struct region *region = fault->region;
	mmu_entry entry;

	rwlock_assert_held(&fault->space->lock);
	fault->table = table;
	if (likely(table))
		entry = mmu_entry_read(page_table_entry(table, fault->address));
	else
		entry = page_table_peek(fault->space, fault->address);
	if (entry != 0)
		return fault_present(fault, entry);
	if (region->cache) {
		region_note_touch(region, region->start);	/* cached neighbours come along */
		return fault_file(fault);
	}
	region_note_touch(region, fault->address);
	if (unlikely(region->flags & REGION_SPECIAL))
		return fault_special(fault);
	if (unlikely(region->flags & REGION_DEVICE))
		return FAULT_BUS_ADDRESS;	/* its pages were all entered at mmap time */
	return fault_anonymous(fault);
}

/* The file could not be changed. When it can, the program runs into the same fault again. */
static cold enum fault_result wait_for_file(struct fault *fault)
{
	int error = fault->backing_ops->begin_change(fault->backing, true);

	if (!error)
		fault->backing_ops->end_change(fault->backing);
	fault->backing_ops->put(fault->backing);
	return error ? FAULT_KILLED : FAULT_OK;
}

/* In `region`, or NULL. Called with space->lock held shared; gives it back. */
static inline enum fault_result fault_in(struct address_space *space, struct region *region,
					 uintptr_t address, enum fault_access access, bool *major)
{
	struct fault fault = {
		.space = space,
		.region = region,
		.address = address & PAGE_MASK,
		.write = access & FAULT_WRITE,
		.may_leave = true,
	};
	enum fault_result result;

	if (unlikely(!region))
		result = FAULT_BAD_ADDRESS;
	else if (unlikely(!is_allowed(region, access)))
		result = FAULT_BAD_ACCESS;
	else
		result = fault_resolve(&fault);
	rwlock_read_unlock(&space->lock);
	if (unlikely(fault.must_wait))
		result = wait_for_file(&fault);
	if (fault.major)
		count(&vm_counters.major_faults);
	if (major)
		*major = fault.major;
	return result;
}

enum fault_result vm_fault(struct address_space *space, uintptr_t address, enum fault_access access,
			   bool *major)
{
	if (unlikely(address >= USER_END))
		return FAULT_BAD_ADDRESS;
	count(&vm_counters.faults);
	if (unlikely(!rwlock_try_read_lock(&space->lock)) &&
	    rwlock_read_lock_killable(&space->lock))
		return FAULT_KILLED;
	return fault_in(space, region_find(space, address), address, access, major);
}

enum fault_result vm_fault_below_stack(struct address_space *space, uintptr_t address,
				       enum fault_access access, const struct vm_limits *limits,
				       bool *major)
{
	struct region *region;

	if (address >= USER_END)
		return FAULT_BAD_ADDRESS;
	if (rwlock_write_lock_killable(&space->lock))
		return FAULT_KILLED;
	region = grow_stack(space, address, limits);
	if (CONFIG_INVARIANTS && region)
		assert(address_space_check(space));
	rwlock_downgrade(&space->lock);
	return fault_in(space, region, address, access, major);
}
