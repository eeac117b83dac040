/*
 * mlock: pages that stay in memory.
 *
 * A locked region's pages are faulted in at once, or with REGION_LOCK_ON_FAULT when they are
 * touched, and reclaim leaves them alone (reverse_map.c). The locks are flags of the region, so
 * locking cuts and joins regions as mprotect does. As on Linux what lies before a hole is locked
 * even though the call fails. mlockall(MCL_FUTURE) is remembered in the space (lock_new): whoever
 * makes a region there adds it and minds the limit.
 */
#include "core/assert.h"
#include "core/config.h"
#include "lib/min_max.h"
#include "uapi/linux/errno.h"
#include "vm/internal.h"

int region_change_flags(struct address_space *space, uintptr_t start, uintptr_t end, uint32_t set,
			uint32_t clear)
{
	int error = 0;

	rwlock_assert_held_exclusive(&space->lock);
	while (!error && start < end) {
		struct region *region = region_find(space, start);
		uintptr_t stop;

		if (!region) {
			error = -ENOMEM;
			break;
		}
		stop = min(region->end, end);
		if (((region->flags | set) & ~clear) != region->flags) {
			uint32_t flags = (region->flags | set) & ~clear;

			error = region_isolate(space, &region, start, end);
			if (!error)
				region_set_flags(region, flags);
		}
		start = stop;
	}
	return error;
}

/* How many pages of [start, end) are not locked yet, at most: holes count too, as on Linux. */
static size_t unlocked_pages(struct address_space *space, uintptr_t start, uintptr_t end)
{
	size_t pages = (end - start) >> PAGE_SHIFT;

	for (struct region *region = region_find_from(space, start); region && region->start < end;
	     region = region_next(region)) {
		if (region->flags & REGION_LOCKED)
			pages -= (min(region->end, end) - max(region->start, start)) >> PAGE_SHIFT;
	}
	return pages;
}

int vm_lock(struct address_space *space, uintptr_t start, size_t size, uint32_t locks,
	    const struct vm_limits *limits)
{
	uintptr_t end = ALIGN_UP(start + size, PAGE_SIZE);
	int error;

	if (start + size < start || end < start)
		return -EINVAL;
	start &= PAGE_MASK;
	if (start == end)
		return 0;
	if (end > USER_END)
		return -ENOMEM;
	if (locks && limits && limits->locked_size == 0)
		return -EPERM;
	error = rwlock_write_lock_killable(&space->lock);
	if (error)
		return error;
	if (locks && vm_exceeds_lock_limit(space, unlocked_pages(space, start, end), limits))
		error = -ENOMEM;
	if (!error)
		error = region_change_flags(space, start, end, locks, REGION_LOCKS & ~locks);
	region_merge_range(space, start, end);
	if (CONFIG_INVARIANTS)
		assert(address_space_check(space));
	rwlock_write_unlock(&space->lock);
	if (!error && region_flags_want_pages(locks)) {
		error = vm_populate(space, start, end, true);
		if (error == -EFAULT)
			error = -ENOMEM;	/* beyond the end of a file */
	}
	return error;
}

/* Change the locks of every region. Locks: space->lock exclusive. */
static void lock_regions(struct address_space *space, uint32_t locks)
{
	for (struct region *region = region_first(space); region; region = region_next(region)) {
		if (region->flags & (REGION_DEVICE | REGION_SPECIAL))
			continue;
		region_set_flags(region, (region->flags & ~(uint32_t)REGION_LOCKS) | locks);
	}
	region_merge_range(space, 0, USER_END);
}

/* Fault in what is mapped, as far as it goes: a file may be shorter than its mapping. */
static int populate_all(struct address_space *space)
{
	for (uintptr_t address = 0; address < USER_END;) {
		struct region *region;
		uintptr_t end;

		rwlock_read_lock(&space->lock);
		region = region_find_from(space, address);
		address = region ? max(region->start, address) : USER_END;
		end = region ? region->end : USER_END;
		rwlock_read_unlock(&space->lock);
		if (address < end && vm_populate(space, address, end, true) == -EINTR)
			return -EINTR;
		address = end;
	}
	return 0;
}

int vm_lock_all(struct address_space *space, uint32_t locks, bool now, bool later,
		const struct vm_limits *limits)
{
	int error;

	if (locks && limits && limits->locked_size == 0)
		return -EPERM;
	error = rwlock_write_lock_killable(&space->lock);
	if (error)
		return error;
	/* All that is mapped counts, locked before or not, as on Linux. */
	if (locks && now && limits &&
	    (uint64_t)space->mapped_pages << PAGE_SHIFT > limits->locked_size) {
		error = -ENOMEM;
	} else {
		space->lock_new = later ? locks : 0;
		if (now)
			lock_regions(space, locks);
	}
	if (CONFIG_INVARIANTS)
		assert(address_space_check(space));
	rwlock_write_unlock(&space->lock);
	if (error || !now || !region_flags_want_pages(locks))
		return error;
	return populate_all(space);
}
