/*
 * madvise: hints about use, and a few that are orders.
 *
 * Orders are kept exactly: DONTNEED forgets pages (anonymous memory reads as zeros again, private
 * file pages as the file), DONTFORK and WIPEONFORK change what a child gets, DONTDUMP what a core
 * file shows, REMOVE punches holes in what is mapped, and POPULATE_ faults pages in or says why it
 * cannot. FREE may forget at any time, so
 * it forgets at once. Hints about the future start reading ahead; hints about huge pages, merging
 * and pages that are cold are checked, and that is all. As on Linux, a hole makes the call fail
 * with ENOMEM, after the mapped parts have had their advice.
 */
#include "core/assert.h"
#include "core/config.h"
#include "lib/min_max.h"
#include "sched/thread.h"
#include "uapi/linux/errno.h"
#include "uapi/linux/mman.h"
#include "vm/internal.h"
#include "vm/page_table.h"

static bool is_private_anonymous(const struct region *region)
{
	uint32_t others = REGION_SHARED | REGION_DEVICE | REGION_SPECIAL;

	return !region->cache && !(region->flags & others);
}

/*
 * Forget the pages of [start, end) of one region; none with a flag of `refused`. Locks: space->lock
 * shared.
 */
static int forget(struct address_space *space, struct region *region, uintptr_t start,
		  uintptr_t end, uint32_t refused)
{
	int error;

	if (region->flags & refused)
		return -EINVAL;
	error = page_table_make_private_range(space, start, end);
	if (!error)
		page_table_clear_range(space, start, end);
	return error;
}

/* Advice that needs the lock only shared, for a part of one region. */
static int advise_region(struct address_space *space, struct region *region, uintptr_t start,
			 uintptr_t end, int advice)
{
	switch (advice) {
	case MADV_FREE:
		if (!is_private_anonymous(region))
			return -EINVAL;
		return forget(space, region, start, end, REGION_LOCKED | REGION_DEVICE);
	case MADV_DONTNEED:
		return forget(space, region, start, end, REGION_LOCKED | REGION_DEVICE);
	case MADV_DONTNEED_LOCKED:
		return forget(space, region, start, end, REGION_DEVICE);
	case MADV_COLD:
	case MADV_PAGEOUT:
		return region->flags & (REGION_LOCKED | REGION_DEVICE) ? -EINVAL : 0;
	default:
		return 0;
	}
}

static int advise_shared(struct address_space *space, uintptr_t start, uintptr_t end, int advice)
{
	bool has_hole = false;
	int error = 0;

	rwlock_read_lock(&space->lock);
	while (start < end && !error) {
		struct region *region = region_find_from(space, start);
		uintptr_t stop;

		has_hole |= !region || region->start > start;
		if (!region || region->start >= end)
			break;
		start = max(start, region->start);
		stop = min(region->end, end);
		error = advise_region(space, region, start, stop, advice);
		start = stop;
	}
	rwlock_read_unlock(&space->lock);
	return error ? error : has_hole ? -ENOMEM : 0;
}

/* The part of a file that a region maps; `backing` with a reference, NULL: nothing that matters. */
struct file_part {
	const struct backing_ops *ops;
	void *backing;
	struct page_cache *cache;
	uint32_t first, count;		/* pages */
};

/*
 * The part that the first region of [*start, end) maps; *start is behind it then. `may`: refuses
 * regions, or NULL. *has_hole: something before it is not mapped. Returns 0, or what `may` said.
 */
static int next_file_part(struct address_space *space, uintptr_t *start, uintptr_t end,
			  int (*may)(const struct region *region), bool *has_hole,
			  struct file_part *out)
{
	struct region *region;
	uintptr_t stop;
	int error = 0;

	*out = (struct file_part){ .backing = NULL };
	rwlock_read_lock(&space->lock);
	region = region_find_from(space, *start);
	*has_hole |= !region || region->start > *start;
	if (!region || region->start >= end) {
		*start = end;
		goto unlock;
	}
	error = may ? may(region) : 0;
	if (error)
		goto unlock;
	*start = max(*start, region->start);
	stop = min(region->end, end);
	if (region->cache) {
		*out = (struct file_part){
			.ops = region->backing_ops,
			.backing = region->backing,
			.cache = region->cache,
			.first = region_page_index(region, *start),
			.count = (uint32_t)((stop - *start) >> PAGE_SHIFT),
		};
		out->ops->get(out->backing);
	}
	*start = stop;
unlock:
	rwlock_read_unlock(&space->lock);
	return error;
}

/* Start reading each file's part; no lock is held while the disk is asked. */
static int will_need(struct address_space *space, uintptr_t start, uintptr_t end)
{
	bool has_hole = false;

	while (start < end && !thread_is_killed(thread_current())) {
		struct file_part part;

		(void)next_file_part(space, &start, end, NULL, &has_hole, &part);
		if (part.backing) {
			page_cache_read_ahead(part.cache, part.first, part.first + part.count);
			part.ops->put(part.backing);
		}
	}
	return has_hole ? -ENOMEM : 0;
}

/* May the pages of this region be taken from its file? -EINVAL, -EACCES. */
static int check_remove(const struct region *region)
{
	uint32_t needed = REGION_SHARED | REGION_MAY_WRITE;

	if ((region->flags & REGION_LOCKED) || !region->cache)
		return -EINVAL;
	return (region->flags & needed) == needed ? 0 : -EACCES;
}

/*
 * Punch a hole in each file's part; no lock is held meanwhile. Errors: -EINVAL, -EACCES, -ENOMEM (a
 * hole in the mappings), the file's.
 */
static int remove_pages(struct address_space *space, uintptr_t start, uintptr_t end)
{
	bool has_hole = false;
	int error = 0;

	while (start < end && !error) {
		struct file_part part;

		error = next_file_part(space, &start, end, check_remove, &has_hole, &part);
		if (part.backing) {
			error = -EOPNOTSUPP;
			if (part.ops->punch_hole)
				error = part.ops->punch_hole(part.backing, part.first, part.count);
			part.ops->put(part.backing);
		}
	}
	return error ? error : has_hole ? -ENOMEM : 0;
}

/* What advice that is kept in the regions' flags does to them. */
struct flag_change {
	uint32_t set, clear;
};

static struct flag_change change_of(int advice)
{
	switch (advice) {
	case MADV_DONTFORK:
		return (struct flag_change){ .set = REGION_DONT_COPY };
	case MADV_DOFORK:
		return (struct flag_change){ .clear = REGION_DONT_COPY };
	case MADV_WIPEONFORK:
		return (struct flag_change){ .set = REGION_WIPE_ON_FORK };
	case MADV_DONTDUMP:
		return (struct flag_change){ .set = REGION_DONT_DUMP };
	case MADV_DODUMP:
		return (struct flag_change){ .clear = REGION_DONT_DUMP };
	default:
		return (struct flag_change){ .clear = REGION_WIPE_ON_FORK };
	}
}

static bool may_change(const struct region *region, struct flag_change change)
{
	if (change.set & REGION_WIPE_ON_FORK)
		return is_private_anonymous(region);
	if (change.clear & (REGION_DONT_COPY | REGION_DONT_DUMP))
		return !(region->flags & REGION_DEVICE);
	return true;
}

/* What was changed before an error stays. Errors: -EINVAL, -ENOMEM (a hole), -EAGAIN (memory). */
static int change_flags(struct address_space *space, uintptr_t start, uintptr_t end,
			struct flag_change change)
{
	bool has_hole = false;

	while (start < end) {
		struct region *region = region_find_from(space, start);
		uintptr_t stop;
		int error;

		has_hole |= !region || region->start > start;
		if (!region || region->start >= end)
			break;
		if (!may_change(region, change))
			return -EINVAL;
		start = max(start, region->start);
		stop = min(region->end, end);
		error = region_change_flags(space, start, stop, change.set, change.clear);
		if (error)
			return error == -ENOMEM ? -EAGAIN : error;
		start = stop;
	}
	return has_hole ? -ENOMEM : 0;
}

static int advise_flags(struct address_space *space, uintptr_t start, uintptr_t end, int advice)
{
	int error = rwlock_write_lock_killable(&space->lock);

	if (error)
		return error;
	error = change_flags(space, start, end, change_of(advice));
	region_merge_range(space, start, end);
	if (CONFIG_INVARIANTS)
		assert(address_space_check(space));
	rwlock_write_unlock(&space->lock);
	return error;
}

/* One page, as the program itself would touch it. Errors: see populate. */
static int touch_page(struct address_space *space, uintptr_t address, bool for_write)
{
	struct fault fault = { .space = space, .address = address, .write = for_write };
	enum fault_result result;
	int error = 0;

	rwlock_read_lock(&space->lock);
	fault.region = region_find(space, address);
	if (!fault.region)
		error = -ENOMEM;
	else if (!(fault.region->flags & (for_write ? REGION_WRITE : REGION_READ)) ||
		 (fault.region->flags & REGION_DEVICE))
		error = -EINVAL;
	else if ((result = fault_resolve(&fault)) != FAULT_OK)
		error = result == FAULT_KILLED	      ? -EINTR
			: result == FAULT_BUS_ADDRESS ? -EFAULT
						      : -ENOMEM;
	rwlock_read_unlock(&space->lock);
	return error;
}

/*
 * Errors: -ENOMEM (a hole, no memory), -EINVAL (no such access), -EFAULT (behind the file's end),
 * -EINTR.
 */
static int populate(struct address_space *space, uintptr_t start, uintptr_t end, bool for_write)
{
	int error = 0;

	for (; start < end && !error; start += PAGE_SIZE) {
		error = touch_page(space, start, for_write);
		if (!error && thread_is_killed(thread_current()))
			error = -EINTR;
	}
	return error;
}

int vm_advise(struct address_space *space, uintptr_t start, size_t size, int advice)
{
	uintptr_t end = ALIGN_UP(start + size, PAGE_SIZE);

	/* 5 to 7 are nobody's. */
	if (advice < MADV_NORMAL || advice > MADV_DONTNEED_LOCKED ||
	    (advice > MADV_DONTNEED && advice < MADV_FREE))
		return -EINVAL;
	if (start % PAGE_SIZE != 0 || start + size < start || end < start)
		return -EINVAL;
	if (start == end)
		return 0;
	if (end > USER_END)
		return -ENOMEM;
	switch (advice) {
	case MADV_DONTFORK:
	case MADV_DOFORK:
	case MADV_WIPEONFORK:
	case MADV_KEEPONFORK:
	case MADV_DONTDUMP:
	case MADV_DODUMP:
		return advise_flags(space, start, end, advice);
	case MADV_WILLNEED:
		return will_need(space, start, end);
	case MADV_REMOVE:
		return remove_pages(space, start, end);
	case MADV_POPULATE_READ:
		return populate(space, start, end, false);
	case MADV_POPULATE_WRITE:
		return populate(space, start, end, true);
	default:
		return advise_shared(space, start, end, advice);
	}
}
