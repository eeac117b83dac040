/*
 * msync: what was written through shared mappings is on the disk when the call returns.
 *
 * Dirty pages are known to their page caches already, so MS_ASYNC has nothing to do. MS_SYNC does
 * for the file of each region what fsync does: pages that filled a hole are lost with the power if
 * nothing leads to them, and so is what lies in the disk's own cache. The space's lock is given
 * away meanwhile: the region's backing is held instead, and the walk goes on from the address
 * behind it. Holes are reported at the end, after the rest has been done; what goes wrong with a
 * file ends the call, as on Linux.
 *
 * A file may be mapped in thousands of pieces. Calls are numbered, and each leaves its number on
 * the files that it has seen to: once is enough, as all of the file is written then. Where two
 * calls overwrite each other's numbers a file is written once more, no less.
 */
#include "lib/min_max.h"
#include "sched/thread.h"
#include "uapi/linux/errno.h"
#include "vm/internal.h"
#include "vm/writeback.h"

static _Atomic(uint64_t) last_call;	/* [a] */

/* Is this the first time that `call` meets the file? Relaxed: it concerns the caller alone. */
static bool is_first_time(struct page_cache *cache, uint64_t call)
{
	if (atomic_load_explicit(&cache->msync_call, memory_order_relaxed) == call)
		return false;
	atomic_store_explicit(&cache->msync_call, call, memory_order_relaxed);
	return true;
}

/* One call: what is left of it, what it met, and the file to be written now. */
struct sync_walk {
	struct address_space *space;
	uintptr_t address, end;
	bool invalidate;
	uint64_t call;
	int error;
	void *backing;
	const struct backing_ops *ops;
};

/*
 * Look at the region at walk->address or after it, and go on behind it. True: its backing is to be
 * written, and is referenced. Locks: space->lock shared.
 */
static bool next_file(struct sync_walk *walk)
{
	struct region *region = region_find_from(walk->space, walk->address);

	if (!region || region->start > walk->address)
		walk->error = -ENOMEM;
	if (!region || region->start >= walk->end) {
		walk->address = walk->end;
		return false;
	}
	walk->address = min(region->end, walk->end);
	if (walk->invalidate && (region->flags & REGION_LOCKED)) {
		walk->error = -EBUSY;
		walk->address = walk->end;
		return false;
	}
	if (!region->cache || !(region->flags & REGION_SHARED) ||
	    !is_first_time(region->cache, walk->call))
		return false;
	walk->backing = region->backing;
	walk->ops = region->backing_ops;
	walk->ops->get(walk->backing);
	return true;
}

static void write_file(struct sync_walk *walk)
{
	int error = walk->ops->sync ? walk->ops->sync(walk->backing) : 0;

	if (error) {
		walk->error = error;
		walk->address = walk->end;
	}
}

int vm_sync(struct address_space *space, uintptr_t start, size_t size, bool wait, bool invalidate)
{
	struct sync_walk walk = { .space = space, .address = start, .invalidate = invalidate };

	if (start % PAGE_SIZE != 0)
		return -EINVAL;
	if (size == 0)
		return 0;
	if (start > USER_END || size > USER_END - start)
		return -ENOMEM;
	walk.end = ALIGN_UP(start + size, PAGE_SIZE);
	walk.call = atomic_fetch_add_explicit(&last_call, 1, memory_order_relaxed) + 1;
	while (walk.address < walk.end && !thread_is_killed(thread_current())) {
		bool found;

		rwlock_read_lock(&space->lock);
		found = next_file(&walk);
		rwlock_read_unlock(&space->lock);
		if (!found)
			continue;
		if (wait)
			write_file(&walk);
		else
			writeback_kick();
		walk.ops->put(walk.backing);
	}
	return walk.error;
}
