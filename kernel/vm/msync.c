/*
 * msync: what was written through shared mappings is on the disk when the call returns.
 *
 * Dirty pages are known to their page caches already, so MS_ASYNC has nothing to do. MS_SYNC does
 * for the file of each region what fsync does: pages that filled a hole are lost with the power if
 * nothing leads to them, and so is what lies in the disk's own cache. The space's lock is given
 * away meanwhile: the region's backing is held instead, and the walk goes on from the address
 * behind it. Holes are reported at the end, after the rest has been done.
 */
#include "lib/min_max.h"
#include "sched/thread.h"
#include "uapi/linux/errno.h"
#include "vm/internal.h"
#include "vm/writeback.h"

/*
 * Look at the region at *address or after it, and move *address behind it. True: its backing is to
 * be written, and is referenced. Locks: space->lock shared.
 */
static bool next_file(struct address_space *space, uintptr_t *address, uintptr_t end,
		      bool invalidate, void **backing, const struct backing_ops **ops, int *error)
{
	struct region *region = region_find_from(space, *address);

	if (!region || region->start > *address)
		*error = -ENOMEM;
	if (!region || region->start >= end) {
		*address = end;
		return false;
	}
	*address = min(region->end, end);
	if (invalidate && (region->flags & REGION_LOCKED)) {
		*error = -EBUSY;
		*address = end;
		return false;
	}
	if (!region->cache || !(region->flags & REGION_SHARED))
		return false;
	*backing = region->backing;
	*ops = region->backing_ops;
	(*ops)->get(*backing);
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
	while (address < end && !thread_is_killed(thread_current())) {
		const struct backing_ops *ops;
		void *backing;
		bool found;

		rwlock_read_lock(&space->lock);
		found = next_file(space, &address, end, invalidate, &backing, &ops, &error);
		rwlock_read_unlock(&space->lock);
		if (!found)
			continue;
		if (!wait) {
			writeback_kick();
		} else if (ops->sync) {
			int sync_error = ops->sync(backing);

			if (sync_error && !error)
				error = sync_error;
		}
		ops->put(backing);
	}
	return error;
}
