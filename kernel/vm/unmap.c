/*
 * munmap, and what mmap(MAP_FIXED) and mremap do to what was there before.
 *
 * Two things can fail: memory for one more region when a hole is cut into one, and memory for a
 * page table that must become private (page_table_unmap.c). Both happen in unmap_prepare. After it
 * nothing fails: unmap_commit empties the page tables, then trims and drops the regions. Where no
 * region was touched nobody looks at page tables at all. Backings are let go of after the lock is:
 * the last reference to a file may close it, which takes other locks.
 */
#include "core/assert.h"
#include "core/config.h"
#include "uapi/linux/errno.h"
#include "vm/internal.h"
#include "vm/page_table.h"

int unmap_prepare(struct address_space *space, uintptr_t start, uintptr_t end,
		  struct unmap_plan *plan)
{
	struct region *first = region_find_from(space, start);
	int error = 0;

	rwlock_assert_held_exclusive(&space->lock);
	*plan = (struct unmap_plan){ .start = start, .end = end };
	if (!first || first->start >= end)
		return 0;
	plan->first = first;
	plan->is_touched = region_any_touched(first, end);
	if (first->start < start && first->end > end) {
		if (space->region_count < regions_max())
			plan->spare = region_alloc();
		if (!plan->spare)
			return -ENOMEM;
	}
	if (plan->is_touched)
		error = page_table_prepare_unmap(space, start, end);
	if (error)
		unmap_cancel(plan);
	return error;
}

void unmap_cancel(struct unmap_plan *plan)
{
	region_free(plan->spare);
	plan->spare = NULL;
}

void unmap_commit(struct address_space *space, struct unmap_plan *plan, struct list *dead)
{
	uintptr_t start = plan->start, end = plan->end;
	struct region *region = plan->first;

	if (!region)
		return;
	if (plan->is_touched)
		page_table_unmap(space, start, end);
	if (plan->spare) {
		region_split_into(region, end, plan->spare);
		plan->spare = NULL;
		region_set_bounds(region, region->start, start);
		return;
	}
	while (region && region->start < end) {
		struct region *next = region_next(region);

		if (region->start < start) {
			region_set_bounds(region, region->start, start);
		} else if (region->end > end) {
			region_set_bounds(region, end, region->end);
		} else {
			region_detach(region);
			list_add_tail(dead, &region->dead);
		}
		region = next;
	}
}

/*
 * The most frequent case apart, as it needs no plan: [start, end) is just one region that nobody
 * has touched. It is taken out; NULL: it is not so.
 */
static inline struct region *detach_untouched(struct address_space *space, uintptr_t start,
					      uintptr_t end)
{
	struct region *region = region_find_from(space, start);

	if (!region || region->start != start || region->end != end ||
	    region_touched_from(region) < end)
		return NULL;
	region_detach(region);
	return region;
}

int vm_unmap(struct address_space *space, uintptr_t start, size_t size)
{
	struct unmap_plan plan;
	struct region *region;
	struct list dead;
	uintptr_t end;
	int error;

	if (start % PAGE_SIZE != 0 || start > USER_END || size > USER_END - start || size == 0)
		return -EINVAL;
	end = ALIGN_UP(start + size, PAGE_SIZE);
	error = rwlock_write_lock_killable(&space->lock);
	if (error)
		return error;
	region = detach_untouched(space, start, end);
	if (region) {
		if (CONFIG_INVARIANTS)
			assert(address_space_check(space));
		rwlock_write_unlock(&space->lock);
		region_release(region);
		return 0;
	}
	list_init(&dead);
	error = unmap_prepare(space, start, end, &plan);
	if (!error)
		unmap_commit(space, &plan, &dead);
	if (CONFIG_INVARIANTS)
		assert(address_space_check(space) && page_table_check(space, start, end));
	rwlock_write_unlock(&space->lock);
	region_release_list(&dead);
	return error;
}

bool vm_find_backing(struct address_space *space, uintptr_t origin, uintptr_t from,
		     uintptr_t limit, const struct backing_ops *ops, void **backing,
		     uintptr_t *start, uintptr_t *end)
{
	bool found = false;

	rwlock_read_lock(&space->lock);
	for (struct region *region = region_find_from(space, from);
	     region && region->start < limit && !found; region = region_next(region)) {
		if (region->backing_ops != ops || region->start < from ||
		    region->start - origin != (uintptr_t)region->page_offset << PAGE_SHIFT)
			continue;
		ops->get(region->backing);
		*backing = region->backing;
		*start = region->start;
		*end = region->end;
		found = true;
	}
	rwlock_read_unlock(&space->lock);
	return found;
}
