/*
 * mremap: a mapping grows, shrinks, or goes elsewhere with its pages.
 *
 * Shrinking is unmapping the tail; growing in place moves an edge. A move makes a new region beside
 * the old one, has everything ready that the page tables need, moves their entries piece by piece,
 * and unmaps the old place, which is empty by then. Until the first entry moves, everything can be
 * undone.
 *
 * With MREMAP_DONTUNMAP the pages move and the old mapping stays, empty: who catches its faults
 * (userfaultfd elsewhere, a signal handler here) can fill it again.
 *
 * An old size of 0 asks for a second mapping of the same shared pages, and moves nothing.
 */
#include "core/assert.h"
#include "core/config.h"
#include "lib/min_max.h"
#include "uapi/linux/errno.h"
#include "vm/internal.h"
#include "vm/page_table.h"

/* One mremap call, in pages' multiples. */
struct remap {
	uintptr_t old_start, old_size;
	uintptr_t new_size;
	uintptr_t new_start;	/* if fixed; with keep_old a wish */
	bool may_move, fixed, keep_old;
	const struct vm_limits *limits;
};

/* May the region become larger by `pages`? Errors: -EFAULT, -EINVAL, -EAGAIN, -ENOMEM. */
static int check_growth(struct address_space *space, const struct region *region,
			const struct remap *remap, size_t pages)
{
	uint32_t index = region_page_index(region, remap->old_start);

	if (region->flags & (REGION_DEVICE | REGION_SPECIAL))
		return -EFAULT;
	if (region->cache && index + (uint32_t)(remap->new_size >> PAGE_SHIFT) < index)
		return -EINVAL;
	if ((region->flags & REGION_LOCKED) && vm_exceeds_lock_limit(space, pages, remap->limits))
		return -EAGAIN;
	return vm_exceeds_limits(space, pages, region->flags, remap->limits) ? -ENOMEM : 0;
}

/* May there be two of it, one empty? Errors: -EINVAL, -ENOMEM. */
static int check_keeping(struct address_space *space, const struct region *region,
			 const struct remap *remap)
{
	if (region->flags & (REGION_DEVICE | REGION_SPECIAL))
		return -EINVAL;
	return vm_exceeds_limits(space, remap->old_size >> PAGE_SHIFT, region->flags,
				 remap->limits) ?
		       -ENOMEM :
		       0;
}

static int shrink(struct address_space *space, const struct remap *remap, struct list *dead)
{
	struct unmap_plan plan;
	int error;

	if (remap->old_size > USER_END - remap->old_start)
		return -EINVAL;
	error = unmap_prepare(space, remap->old_start + remap->new_size,
			      remap->old_start + remap->old_size, &plan);
	if (!error)
		unmap_commit(space, &plan, dead);
	return error;
}

/* Is the room right behind the region free? */
static bool can_grow_in_place(struct address_space *space, const struct region *region,
			      const struct remap *remap)
{
	uintptr_t old_end = remap->old_start + remap->old_size;
	struct room room;

	return remap->old_size > 0 && region->end == old_end &&
	       remap->new_size <= USER_END - remap->old_start &&
	       region_find_gap(space, remap->new_size - remap->old_size, old_end,
			       remap->old_start + remap->new_size, &room);
}

static int grow_in_place(struct address_space *space, struct region *region,
			 const struct remap *remap)
{
	size_t pages = (remap->new_size - remap->old_size) >> PAGE_SHIFT;

	if ((region->flags & REGION_ACCOUNTED) && !commit_charge(space, pages, remap->limits))
		return -ENOMEM;
	region_set_bounds(region, region->start, remap->old_start + remap->new_size);
	region_merge_range(space, region->start, region->end);
	return 0;
}

/* Move the pages of [from, from + size) from one region to another. Cannot fail. */
static void move_pages(struct address_space *space, struct region *region, uintptr_t from,
		       uintptr_t to, uintptr_t size)
{
	struct page_cache *cache = region->cache;

	while (size > 0) {
		uintptr_t piece = page_table_move_piece(from, to, size);

		if (cache)
			mutex_lock(&cache->regions_lock);
		page_table_move(space, from, to, piece);
		if (cache)
			mutex_unlock(&cache->regions_lock);
		from += piece;
		to += piece;
		size -= piece;
	}
}

/*
 * Put a region like `region` at [to, to + new_size) and move the pages there; the place is free.
 * The old one is unmapped, unless the old size is 0.
 */
static int move_to(struct address_space *space, struct region *region, const struct remap *remap,
		   uintptr_t to, struct list *dead)
{
	uintptr_t moved = min(remap->old_size, remap->new_size);
	struct region *target = NULL;
	size_t charge = 0;
	struct unmap_plan plan;
	bool has_pages;
	int error = -ENOMEM;

	/* One for the target and two for pieces of the old region, as Linux reckons. */
	if (space->region_count + 3 < regions_max())
		target = region_alloc();
	if (!target)
		return error;
	*target = *region;
	target->start = to;
	target->end = to + remap->new_size;
	if (target->cache || (target->flags & REGION_SPECIAL))
		target->page_offset = region_page_index(region, remap->old_start);
	if (region->flags & REGION_ACCOUNTED)
		charge = remap->new_size >> PAGE_SHIFT;	/* the old pages' comes back below */
	if (!commit_charge(space, charge, remap->limits))
		goto free_target;
	/* Before the old place: a table that both share becomes private once, and stays so. */
	error = unmap_prepare(space, remap->old_start,
			      remap->old_start + max_t(size_t, moved, PAGE_SIZE), &plan);
	if (error)
		goto return_charge;
	region_insert(space, target, region_find_from(space, to));
	/* A table at the new place is for a region that says that it was touched. */
	has_pages = region_touched_from(region) < remap->old_start + moved;
	atomic_init(&target->touched_from, has_pages ? to : REGION_UNTOUCHED);
	error = has_pages ? page_table_prepare_move(space, remap->old_start, to, moved) : 0;
	if (error)
		goto remove_target;
	/* Nothing below can fail. */
	if (has_pages)
		move_pages(space, target, remap->old_start, to, moved);
	if (moved > 0 && !remap->keep_old)
		unmap_commit(space, &plan, dead);
	else
		unmap_cancel(&plan);
	if (remap->keep_old && (region->flags & REGION_LOCKED)) {
		/* What is empty is not locked: all of the old region, as on Linux. */
		region_set_flags(region, region->flags & ~(uint32_t)REGION_LOCKS);
		region_merge_range(space, region->start, region->end);
	}
	region_merge_range(space, to, to + remap->new_size);
	return 0;

remove_target:
	page_table_free_empty(space, target->start, target->end);
	region_detach(target);		/* returns the charge */
	list_add_tail(dead, &target->dead);
	unmap_cancel(&plan);
	return error;
return_charge:
	commit_return(space, charge);
free_target:
	region_free(target);
	return error;
}

static int move_fixed(struct address_space *space, const struct remap *remap, struct list *dead)
{
	uintptr_t to = remap->new_start;
	uintptr_t to_end = to + remap->new_size;
	struct unmap_plan plan;
	struct region *region;
	int error;

	/*
	 * What was there goes first; it is the caller's wish even if the move fails then, as on
	 * Linux.
	 */
	error = unmap_prepare(space, to, to_end, &plan);
	if (error)
		return error;
	unmap_commit(space, &plan, dead);
	region = region_find(space, remap->old_start);
	if (remap->old_size > remap->new_size) {
		error = shrink(space, remap, dead);
		if (error)
			return error;
		region = region_find(space, remap->old_start);
	}
	/* An old size of 0 overlaps nothing, but what it names may be gone now. */
	if (!region)
		return -EFAULT;
	return move_to(space, region, remap, to, dead);
}

/* Is there room where MREMAP_DONTUNMAP would like to go? */
static bool has_wish(struct address_space *space, const struct remap *remap, struct room *out)
{
	return remap->keep_old && remap->new_start >= VM_MAP_MIN &&
	       region_find_gap(space, remap->new_size, remap->new_start,
			       remap->new_start + remap->new_size, out);
}

static int move_anywhere(struct address_space *space, struct region *region,
			 const struct remap *remap, struct list *dead, uintptr_t *out)
{
	struct room room;
	int error;

	if (!has_wish(space, remap, &room) && !region_find_room(space, remap->new_size, &room))
		return -ENOMEM;
	error = move_to(space, region, remap, room.start, dead);
	if (!error)
		*out = room.start;
	return error;
}

/* Of the new place, if one is asked for. Errors: -EINVAL, -EPERM. */
static int check_place(const struct remap *remap)
{
	if (!remap->fixed && !remap->keep_old)
		return 0;
	if (remap->new_start % PAGE_SIZE != 0 || remap->new_size > USER_END ||
	    remap->new_start > USER_END - remap->new_size)
		return -EINVAL;
	if (remap->old_start + remap->old_size > remap->new_start &&
	    remap->new_start + remap->new_size > remap->old_start)
		return -EINVAL;
	return remap->fixed && remap->new_start < VM_MAP_MIN ? -EPERM : 0;
}

static int remap_locked(struct address_space *space, const struct remap *remap, struct list *dead,
			uintptr_t *out)
{
	struct region *region = region_find(space, remap->old_start);
	bool only_shrinks = remap->new_size <= remap->old_size && !remap->fixed &&
			    !remap->keep_old;
	int error;

	if (!region)
		return -EFAULT;
	error = check_place(remap);
	if (error)
		return error;
	/* What is only cut off may be of several regions, or none. */
	if (!only_shrinks && remap->old_size > region->end - remap->old_start)
		return -EFAULT;
	if (remap->old_size == 0 && !(region->flags & REGION_SHARED))
		return -EINVAL;
	if (remap->new_size > remap->old_size)
		error = check_growth(space, region, remap,
				     (remap->new_size - remap->old_size) >> PAGE_SHIFT);
	else if (remap->keep_old)
		error = check_keeping(space, region, remap);
	if (error)
		return error;
	*out = remap->fixed ? remap->new_start : remap->old_start;
	if (remap->fixed)
		return move_fixed(space, remap, dead);
	if (remap->keep_old)
		return move_anywhere(space, region, remap, dead, out);
	if (remap->new_size <= remap->old_size)
		return remap->new_size < remap->old_size ? shrink(space, remap, dead) : 0;
	if (can_grow_in_place(space, region, remap))
		return grow_in_place(space, region, remap);
	if (!remap->may_move)
		return -ENOMEM;
	return move_anywhere(space, region, remap, dead, out);
}

/* Errors: -EINVAL. */
static int check_arguments(const struct remap *remap)
{
	if (remap->old_start % PAGE_SIZE != 0 || remap->new_size == 0)
		return -EINVAL;
	if (remap->keep_old && (!remap->may_move || remap->old_size != remap->new_size))
		return -EINVAL;
	return remap->fixed && !remap->may_move ? -EINVAL : 0;
}

int vm_remap(struct address_space *space, uintptr_t old_address, size_t old_size, size_t new_size,
	     uint32_t flags, uintptr_t new_address, const struct vm_limits *limits, uintptr_t *out)
{
	struct remap remap = {
		.old_start = old_address,
		.old_size = ALIGN_UP(old_size, PAGE_SIZE),
		.new_size = ALIGN_UP(new_size, PAGE_SIZE),
		.new_start = new_address,
		.may_move = flags & REMAP_MAY_MOVE,
		.fixed = flags & REMAP_FIXED,
		.keep_old = flags & REMAP_KEEP_OLD,
		.limits = limits,
	};
	bool wants_pages = false;
	struct list dead;
	int error;

	/*
	 * Sizes that wrap to 0 are found out by the checks for 0, and by -EFAULT for a range too
	 * large.
	 */
	if (remap.old_size < old_size)
		return -EINVAL;
	error = check_arguments(&remap);
	if (error)
		return error;
	list_init(&dead);
	error = rwlock_write_lock_killable(&space->lock);
	if (error)
		return error;
	/* A place that is asked for says itself that this is too much. */
	if (remap.new_size > USER_END && !remap.fixed && !remap.keep_old)
		error = -ENOMEM;
	else
		error = remap_locked(space, &remap, &dead, out);
	if (!error)
		wants_pages = region_flags_want_pages(region_find(space, *out)->flags);
	if (CONFIG_INVARIANTS)
		assert(address_space_check(space));
	rwlock_write_unlock(&space->lock);
	region_release_list(&dead);
	if (!error && wants_pages && remap.new_size > remap.old_size)
		(void)vm_populate(space, *out, *out + remap.new_size, true);
	return error;
}
