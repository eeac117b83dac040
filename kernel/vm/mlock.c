/*
 * mlock: pages that stay in memory.
 *
 * A locked region's pages are faulted in at once, and reclaim leaves them alone (reverse_map.c).
 * The lock is a flag of the region, so locking cuts and joins regions as mprotect does. As on Linux
 * what lies before a hole is locked even though the call fails.
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

static bool exceeds_lock_limit(const struct address_space *space, size_t pages,
			       const struct vm_limits *limits)
{
	return limits &&
	       (uint64_t)(space->locked_pages + pages) << PAGE_SHIFT > limits->locked_size;
}

int vm_lock(struct address_space *space, uintptr_t start, size_t size, bool lock,
	    const struct vm_limits *limits)
{
	uintptr_t end = ALIGN_UP(start + size, PAGE_SIZE);
	uint32_t flag = REGION_LOCKED;
	int error;

	if (start + size < start || end < start)
		return -EINVAL;
	start &= PAGE_MASK;
	if (start == end)
		return 0;
	if (end > USER_END)
		return -ENOMEM;
	if (lock && limits && limits->locked_size == 0)
		return -EPERM;
	error = rwlock_write_lock_killable(&space->lock);
	if (error)
		return error;
	if (lock && exceeds_lock_limit(space, unlocked_pages(space, start, end), limits))
		error = -ENOMEM;
	if (!error)
		error = region_change_flags(space, start, end, lock ? flag : 0, lock ? 0 : flag);
	region_merge_range(space, start, end);
	if (CONFIG_INVARIANTS)
		assert(address_space_check(space));
	rwlock_write_unlock(&space->lock);
	if (!error && lock) {
		error = vm_populate(space, start, end, true);
		if (error == -EFAULT)
			error = -ENOMEM;	/* beyond the end of a file */
	}
	return error;
}

int vm_lock_all(struct address_space *space, bool lock, const struct vm_limits *limits)
{
	struct region *region;
	int error;

	if (lock && limits && limits->locked_size == 0)
		return -EPERM;
	error = rwlock_write_lock_killable(&space->lock);
	if (error)
		return error;
	if (lock && exceeds_lock_limit(space, space->mapped_pages - space->locked_pages, limits)) {
		error = -ENOMEM;
		goto unlock;
	}
	for (region = region_first(space); region; region = region_next(region)) {
		if (region->flags & (REGION_DEVICE | REGION_SPECIAL))
			continue;
		region_set_flags(region, lock ? region->flags | REGION_LOCKED :
						region->flags & ~(uint32_t)REGION_LOCKED);
	}
	region_merge_range(space, 0, USER_END);
unlock:
	if (CONFIG_INVARIANTS)
		assert(address_space_check(space));
	rwlock_write_unlock(&space->lock);
	if (error || !lock)
		return error;
	/* As far as it goes: a file may be shorter than its mapping. */
	for (uintptr_t address = 0; address < USER_END;) {
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
