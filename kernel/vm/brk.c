/*
 * brk: the end of the heap, the one region that grows by number instead of by address.
 *
 * It is ordinary private memory between brk_start and the page after brk_end, named [heap]. brk
 * never reports an error: the old end says that nothing has changed.
 */
#include "core/assert.h"
#include "core/config.h"
#include "uapi/linux/errno.h"
#include "vm/internal.h"

#define HEAP_FLAGS                                                                            \
	(REGION_READ | REGION_WRITE | REGION_MAY_READ | REGION_MAY_WRITE | REGION_MAY_EXECUTE | \
	 REGION_HEAP | REGION_ACCOUNTED)

static uint32_t heap_flags(const struct address_space *space)
{
	return HEAP_FLAGS | space->lock_new | (space->read_executes ? REGION_EXECUTE : 0);
}

/* New pages [start, end) of heap, nothing mapped there. Errors: -ENOMEM. */
static int grow(struct address_space *space, uintptr_t start, uintptr_t end,
		const struct vm_limits *limits)
{
	size_t pages = (end - start) >> PAGE_SHIFT;
	struct region *heap = region_find(space, start - 1);
	struct region *fresh;

	/* A page of distance to whatever comes next, and the stack's gap below a stack. */
	struct region *above = region_find_from(space, start);
	uintptr_t distance = above && (above->flags & REGION_GROWS_DOWN) ? STACK_GUARD_GAP :
									   PAGE_SIZE;

	if (end > USER_END - PAGE_SIZE || region_any(space, start, end + distance) ||
	    space->region_count > regions_max() ||
	    vm_exceeds_limits(space, pages, HEAP_FLAGS, limits))
		return -ENOMEM;
	if (space->lock_new && vm_exceeds_lock_limit(space, pages, limits))
		return -ENOMEM;
	if (heap && (heap->flags != heap_flags(space) || heap->cache ||
		     heap->end != start))
		heap = NULL;
	fresh = heap ? NULL : region_alloc();
	if (!heap && !fresh)
		return -ENOMEM;
	if (!commit_charge(space, pages, limits)) {
		region_free(fresh);
		return -ENOMEM;
	}
	if (heap) {
		region_set_bounds(heap, heap->start, end);
	} else {
		*fresh = (struct region){ .start = start,
					  .end = end,
					  .flags = heap_flags(space),
					  .touched_from = REGION_UNTOUCHED };
		region_insert(space, fresh, above);
	}
	return 0;
}

static bool set_brk(struct address_space *space, uintptr_t end, const struct vm_limits *limits,
		    struct list *dead)
{
	uintptr_t old_top = ALIGN_UP(space->brk_end, PAGE_SIZE);
	uintptr_t new_top = ALIGN_UP(end, PAGE_SIZE);
	struct unmap_plan plan;

	if (end < space->brk_start || end > USER_END)
		return false;
	if (limits && (uint64_t)(end - space->brk_start) +
				      (space->data_end - space->data_start) >
			      limits->data_size)
		return false;
	if (new_top > old_top && grow(space, old_top, new_top, limits))
		return false;
	if (new_top < old_top) {
		if (unmap_prepare(space, new_top, old_top, &plan))
			return false;
		unmap_commit(space, &plan, dead);
	}
	space->brk_end = end;
	return true;
}

uintptr_t vm_set_brk(struct address_space *space, uintptr_t end, const struct vm_limits *limits)
{
	uintptr_t locked_start = 0, locked_end = 0;
	uintptr_t result;
	struct list dead;

	list_init(&dead);
	rwlock_write_lock(&space->lock);
	if (end != 0) {
		uintptr_t old_top = ALIGN_UP(space->brk_end, PAGE_SIZE);

		if (set_brk(space, end, limits, &dead) && end > old_top &&
		    region_flags_want_pages(space->lock_new)) {
			locked_start = old_top;
			locked_end = ALIGN_UP(end, PAGE_SIZE);
		}
	}
	result = space->brk_end;
	if (CONFIG_INVARIANTS)
		assert(address_space_check(space));
	rwlock_write_unlock(&space->lock);
	region_release_list(&dead);
	if (locked_start < locked_end)
		(void)vm_populate(space, locked_start, locked_end, true);
	return result;
}
