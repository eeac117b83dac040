/*
 * mmap: choosing a place, making a region, and filling it when asked to.
 *
 * Order: find the place, check limits, reserve (a region, what unmapping needs, commit charge), and
 * only then unmap what is in the way and put the region there. A mapping that continues a neighbour
 * becomes part of it. Devices are the one kind whose pages are entered at once; if a page table
 * cannot be had for them, the new region is taken back out.
 */
#include "vm/mmap.h"
#include "core/assert.h"
#include "core/config.h"
#include "lib/min_max.h"
#include "sched/thread.h"
#include "uapi/linux/errno.h"
#include "vm/internal.h"
#include "vm/page_table.h"

/* Where the mapping shall be. Errors: -ENOMEM, -EEXIST, -EPERM. */
static int choose_place(struct address_space *space, const struct vm_map_request *request,
			uintptr_t size, struct room *out)
{
	uintptr_t wish = request->address;

	if (request->fixed || request->fixed_no_replace) {
		if (wish % PAGE_SIZE != 0)
			return -EINVAL;
		if (size > USER_END || wish > USER_END - size)
			return -ENOMEM;
		if (wish < VM_MAP_MIN)
			return -EPERM;
		out->start = wish;
		out->above = region_find_from(space, wish);
		if (request->fixed_no_replace && out->above && out->above->start < wish + size)
			return -EEXIST;
		return 0;
	}
	if (size > USER_END)
		return -ENOMEM;
	wish = ALIGN_DOWN(wish, PAGE_SIZE);
	if (wish >= VM_MAP_MIN && wish <= USER_END - size &&
	    region_find_gap(space, size, wish, wish + size, out))
		return 0;
	return region_find_room(space, size, out) ? 0 : -ENOMEM;
}

int vm_find_room(struct address_space *space, uintptr_t wish, size_t size, uintptr_t *out)
{
	const struct vm_map_request request = { .address = wish };
	struct room room;
	int error;

	/* Exclusive: the search may mend the tree's bounds. */
	rwlock_write_lock(&space->lock);
	error = choose_place(space, &request, ALIGN_UP(size, PAGE_SIZE), &room);
	rwlock_write_unlock(&space->lock);
	if (!error)
		*out = room.start;
	return error;
}

/* What the region will be, in a form that can be compared with its neighbours. */
static void describe(struct region *region, const struct vm_map_request *request, uintptr_t start,
		     uintptr_t end)
{
	uint32_t flags = request->flags & ~(uint32_t)REGION_ACCOUNTED;

	/*
	 * Private memory that may be written is memory promised; shared files pay for themselves.
	 */
	if ((flags & (REGION_WRITE | REGION_SHARED | REGION_NO_RESERVE)) == REGION_WRITE)
		flags |= REGION_ACCOUNTED;
	/* Field by field: what makes it one of the tree comes with region_insert. */
	region->start = start;
	region->end = end;
	region->flags = flags;
	atomic_init(&region->touched_from, REGION_UNTOUCHED);
	region->page_offset = request->page_offset;
	region->cache = request->cache;
	region->backing = request->backing;
	region->backing_ops = request->backing_ops;
	region->special_frames = request->special_frames;
	region->special_name = request->special_name;
	if (!region->cache && !(flags & (REGION_DEVICE | REGION_SPECIAL)))
		region->page_offset = 0;
}

/* The pages of what lies in the range of `wish`, from `above` on. */
static size_t count_replaced(const struct region *wish, const struct region *above)
{
	size_t pages = 0;

	for (; above && above->start < wish->end; above = region_next(above))
		pages += (min(above->end, wish->end) - max(above->start, wish->start)) >>
			 PAGE_SHIFT;
	return pages;
}

/* Limits, for `pages` with these flags when `replaced` go. Errors: -ENOMEM, -EAGAIN. */
static int check_limits(struct address_space *space, size_t pages, size_t replaced, uint32_t flags,
			const struct vm_limits *limits)
{
	if (vm_exceeds_limits(space, pages - replaced, flags, limits))
		return -ENOMEM;
	if ((flags & REGION_LOCKED) && vm_exceeds_lock_limit(space, pages, limits))
		return -EAGAIN;
	return 0;
}

/*
 * The region that can grow over `wish`, or NULL. The place is free, and `above` is the first region
 * after it, or NULL.
 */
static struct region *find_neighbour(struct address_space *space, const struct region *wish,
				     struct region *above)
{
	struct region *below = above ? region_previous(above) : region_last(space);

	if (below && below->end == wish->start && region_can_merge(below, wish))
		return below;
	return above && wish->end == above->start && region_can_merge(wish, above) ? above : NULL;
}

/* Let it. What is on the other side may be of the same kind, too. */
static void extend(struct address_space *space, struct region *neighbour,
		   const struct region *wish)
{
	if (neighbour->end != wish->start) {
		region_set_bounds(neighbour, wish->start, neighbour->end);
		return;
	}
	region_set_bounds(neighbour, neighbour->start, wish->end);
	region_merge_range(space, wish->start, wish->end);
}

/* Enter all pages of a device region. Errors: -ENOMEM; some may be entered. */
static int fill_device(struct region *region)
{
	mmu_entry bits = region_entry_bits(region) | MMU_SOFT_DEVICE | MMU_NO_CACHE;

	if (region->flags & REGION_WRITE)
		bits |= MMU_WRITE;
	region_note_touch(region, region->start);
	for (uintptr_t address = region->start; address < region->end; address += PAGE_SIZE) {
		struct page_frame *table;
		int error = page_table_lock_private(region->space, address, &table);

		if (error)
			return error;
		page_table_fill(table, page_table_entry(table, address),
				mmu_entry_make(region_page_index(region, address), bits),
				TABLE_USED);
		page_table_unlock(table);
	}
	return 0;
}

/*
 * Put it into the space, before `above`. Errors: -ENOMEM, of a device; then it is gone again.
 */
static int insert(struct address_space *space, struct region *region, struct region *above)
{
	int error;

	region_insert(space, region, above);
	if (!(region->flags & REGION_DEVICE))
		return 0;
	error = fill_device(region);
	if (error) {
		page_table_unmap(space, region->start, region->end);
		region_detach(region);	/* returns the charge */
		if (region->backing)	/* the caller has one too: not the last */
			region->backing_ops->put(region->backing);
		region_free(region);
	}
	return error;
}

/* The reservations for a mapping, and what it will be made of. */
struct map_plan {
	struct region *fresh;		/* all about it; to be inserted, unless */
	struct region *neighbour;	/*  there is one to be extended */
	bool replaces;
	struct unmap_plan unmap;	/* of what is in the way, if it replaces */
};

/* Everything that may fail but for a device's tables. Errors: see vm_map. */
static int prepare(struct address_space *space, const struct vm_map_request *request,
		   const struct room *room, uintptr_t size, const struct vm_limits *limits,
		   struct map_plan *plan)
{
	uintptr_t start = room->start;
	struct region *above = room->above;
	struct region *fresh = region_alloc();
	size_t pages = size >> PAGE_SHIFT;
	int error;

	if (unlikely(!fresh))
		return -ENOMEM;
	plan->fresh = fresh;
	describe(fresh, request, start, start + size);
	if (unlikely(space->lock_new) && !(request->flags & (REGION_DEVICE | REGION_SPECIAL)))
		fresh->flags |= space->lock_new;
	if (unlikely(space->read_executes) && !(fresh->flags & (REGION_STACK | REGION_SPECIAL)))
		fresh->flags |= region_implied_execute(fresh->flags, fresh->flags);
	plan->neighbour = NULL;
	plan->replaces = above && above->start < start + size;
	error = check_limits(space, pages, plan->replaces ? count_replaced(fresh, above) : 0,
			     fresh->flags, limits);
	if (error)
		goto free_region;
	if (!plan->replaces)
		plan->neighbour = find_neighbour(space, fresh, above);
	error = -ENOMEM;
	if ((fresh->flags & REGION_ACCOUNTED) && !commit_charge(space, pages, limits))
		goto free_region;
	if (plan->replaces) {
		error = unmap_prepare(space, start, start + size, &plan->unmap);
		if (error)
			goto return_charge;
	}
	return 0;

return_charge:
	if (fresh->flags & REGION_ACCOUNTED)
		commit_return(space, pages);
free_region:
	region_free(fresh);
	return error;
}

static int map_locked(struct address_space *space, const struct vm_map_request *request,
		      uintptr_t size, const struct vm_limits *limits, struct list *dead,
		      uintptr_t *out, bool *fill)
{
	struct map_plan plan;
	struct room room;
	uint32_t flags;
	int error;

	if (space->region_count > regions_max())
		return -ENOMEM;
	error = choose_place(space, request, size, &room);
	if (error)
		return error;
	if ((request->flags & REGION_LOCKED) && limits && limits->locked_size == 0)
		return -EPERM;
	error = prepare(space, request, &room, size, limits, &plan);
	if (error)
		return error;
	flags = plan.fresh->flags;
	if (plan.replaces) {
		unmap_commit(space, &plan.unmap, dead);
		room.above = region_find_from(space, room.start);
	}
	if (plan.neighbour) {
		extend(space, plan.neighbour, plan.fresh);
		region_free(plan.fresh);
	} else {
		error = insert(space, plan.fresh, room.above);
	}
	if (error)
		return error;
	if (plan.replaces)
		region_merge_range(space, room.start, room.start + size);
	*out = room.start;
	*fill = region_flags_want_pages(flags) ||
		(request->populate && !(flags & REGION_LOCK_ON_FAULT));
	return 0;
}

int vm_map(struct address_space *space, const struct vm_map_request *request,
	   const struct vm_limits *limits, uintptr_t *out)
{
	bool fill = false;
	struct list dead;
	uintptr_t size;
	int error;

	if (request->size == 0)
		return -EINVAL;
	size = ALIGN_UP(request->size, PAGE_SIZE);
	if (size < request->size)
		return -ENOMEM;
	if (request->cache && request->page_offset + (uint32_t)(size >> PAGE_SHIFT) <
			      request->page_offset)
		return -EOVERFLOW;
	list_init(&dead);
	error = rwlock_write_lock_killable(&space->lock);
	if (error)
		return error;
	error = map_locked(space, request, size, limits, &dead, out, &fill);
	if (CONFIG_INVARIANTS)
		assert(address_space_check(space));
	rwlock_write_unlock(&space->lock);
	if (unlikely(!list_is_empty(&dead)))
		region_release_list(&dead);
	if (unlikely(fill) && !error)
		(void)vm_populate(space, *out, *out + size, true);	/* as far as it goes */
	return error;
}

/*
 * Are pages populated ready for writing? Shared ones that are written back are not dirtied without
 * need.
 */
static bool wants_written(const struct region *region)
{
	return (region->flags & REGION_WRITE) &&
	       (!(region->flags & REGION_SHARED) ||
		(region->cache && page_cache_is_memory(region->cache)));
}

/*
 * One page of a populated range. 0, or why it cannot be had; -ENOMEM also where nothing is mapped.
 */
static int populate_page(struct address_space *space, uintptr_t address, bool for_write)
{
	struct fault fault = { .space = space, .address = address, .populates = true };
	enum fault_result result = FAULT_BAD_ADDRESS;

	rwlock_read_lock(&space->lock);
	fault.region = region_find(space, address);
	if (fault.region && region_is_accessible(fault.region)) {
		fault.write = for_write && wants_written(fault.region);
		result = fault_resolve(&fault);
	}
	rwlock_read_unlock(&space->lock);
	if (result == FAULT_KILLED)
		return -EINTR;
	if (result == FAULT_BUS_ADDRESS)
		return -EFAULT;
	return result == FAULT_OK ? 0 : -ENOMEM;
}

int vm_populate(struct address_space *space, uintptr_t start, uintptr_t end, bool for_write)
{
	for (uintptr_t address = start; address < end; address += PAGE_SIZE) {
		int error = populate_page(space, address, for_write);

		if (error)
			return error;
		if (thread_is_killed(thread_current()))
			return -EINTR;
	}
	return 0;
}
