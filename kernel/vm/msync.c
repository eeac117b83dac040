/*
 * msync: what was written through shared mappings is on the disk when the call returns.
 *
 * Dirty pages are known to their page caches already, so MS_ASYNC has nothing to do. MS_SYNC writes
 * each region's part of its file back and waits, with the space's lock given away meanwhile: the
 * region's backing is held instead, and the walk goes on from the address behind it. Holes are
 * reported at the end, after the rest has been done.
 */
#include "lib/min_max.h"
#include "uapi/linux/errno.h"
#include "vm/internal.h"
#include "vm/writeback.h"

/* The part of a region that must be written. */
struct sync_part {
	struct page_cache *cache;
	void *backing;
	const struct backing_ops *backing_ops;
	uint32_t first, end;
};

/*
 * Look at the region at *address or after it, and move *address behind it. True: `part` is to be
 * written, and its backing is referenced. Locks: space->lock shared.
 */
static bool next_part(struct address_space *space, uintptr_t *address, uintptr_t end,
		      bool invalidate, struct sync_part *part, int *error)
{
	struct region *region = region_find_from(space, *address);
	uintptr_t start, stop;

	if (!region || region->start > *address)
		*error = -ENOMEM;
	if (!region || region->start >= end) {
		*address = end;
		return false;
	}
	start = max(region->start, *address);
	stop = min(region->end, end);
	*address = stop;
	if (invalidate && (region->flags & REGION_LOCKED)) {
		*error = -EBUSY;
		*address = end;
		return false;
	}
	if (!region->cache || !(region->flags & REGION_SHARED))
		return false;
	*part = (struct sync_part){
		.cache = region->cache,
		.backing = region->backing,
		.backing_ops = region->backing_ops,
		.first = region_page_index(region, start),
		.end = region_page_index(region, start) + (uint32_t)((stop - start) >> PAGE_SHIFT),
	};
	part->backing_ops->get(part->backing);
	return true;
}

int vm_sync(struct address_space *space, uintptr_t start, size_t size, bool wait, bool invalidate)
{
	uintptr_t address = start, end;
	int error = 0;

	if (start % PAGE_SIZE != 0)
		return -EINVAL;
	if (size == 0)
		return 0;
	if (start > USER_END || size > USER_END - start)
		return -ENOMEM;
	end = ALIGN_UP(start + size, PAGE_SIZE);
	while (address < end) {
		struct sync_part part;
		bool found;

		rwlock_read_lock(&space->lock);
		found = next_part(space, &address, end, invalidate, &part, &error);
		rwlock_read_unlock(&space->lock);
		if (!found)
			continue;
		if (wait) {
			int write_error =
				page_cache_write_back(part.cache, part.first, part.end, true);

			if (write_error && !error)
				error = write_error;
		} else {
			writeback_kick();
		}
		part.backing_ops->put(part.backing);
	}
	return error;
}
