/*
 * Faults on mapped files: the page cache's frame goes into the page table, or a private copy of it.
 *
 * Neighbours. A read fault enters, in one go, all pages of its window that are cached already: a
 * program that starts runs through a dozen pages of text that somebody else has read, and takes one
 * fault for them. Pages that are not cached are not read for this; reading ahead is the cache's
 * business.
 *
 * Truncation. The cache's truncate lock is held shared from the look at the file's size until the
 * entry is written. Truncation holds it exclusive while it shrinks the size, unmaps and drops
 * frames, so no page beyond the end can be entered behind its back.
 *
 * Writing to a shared page. An entry gets W only after the file system had its say (space reserved,
 * times updated) and while the frame is marked dirty; writeback takes W away again before it
 * writes, so the next write comes here once more. "While" is subtle: writeback clears the mark
 * first, then looks for W in the page tables. We mark the frame, take the table's lock, and look
 * whether the mark is still there: if it is, writeback has yet to come to this table, and will find
 * our W; if not, we mark it again.
 *
 * All that goes on between begin_change and end_change of the backing. While the file's file system
 * is frozen a fault cannot begin: it lets go of the address space, if its caller can, waits, and
 * lets the program run into the same fault again.
 */
#include "core/event_ring.h"
#include "mem/kmap.h"
#include "lib/min_max.h"
#include "uapi/linux/errno.h"
#include "vm/internal.h"
#include "vm/page_table.h"

enum { WINDOW_PAGES = 16 };	/* divides TABLE_ENTRIES: a window lies in one table */

/* Pages [start, end) around the fault that may be entered with it. */
static void find_window(const struct fault *fault, uint32_t end_index, uintptr_t *start,
			uintptr_t *end)
{
	const struct region *region = fault->region;
	uintptr_t base = ALIGN_DOWN(fault->address, WINDOW_PAGES * PAGE_SIZE);
	uint32_t first, pages;

	*start = max(base, region->start);
	*end = min(base + WINDOW_PAGES * PAGE_SIZE, region->end);
	first = region_page_index(region, *start);
	pages = (uint32_t)((*end - *start) >> PAGE_SHIFT);
	if (end_index - first < pages)
		*end = *start + ((uintptr_t)(end_index - first) << PAGE_SHIFT);
}

/*
 * Enter the cached pages of the window, read-only. False: the faulting page is not among them; then
 * nothing was done. `error` for want of a page table.
 */
static bool enter_cached(struct fault *fault, uint32_t end_index, int *error)
{
	struct region *region = fault->region;
	mmu_entry bits = region_entry_bits(region);
	struct page_frame *frames[WINDOW_PAGES];
	struct page_frame *table;
	uint32_t wanted = region_page_index(region, fault->address);
	uint32_t first;
	uintptr_t start, end;
	unsigned int count, kept = 0;	/* those that are entered already are kept out */
	mmu_entry *slots;
	bool found = false;

	find_window(fault, end_index, &start, &end);
	first = region_page_index(region, start);
	count = page_cache_find_range(region->cache, first,
				      (unsigned int)((end - start) >> PAGE_SHIFT), frames);
	if (likely(wanted - first < count && frames[wanted - first]->index == wanted))
		found = true;	/* nothing is missing before it */
	for (unsigned int i = 0; i < count && !found; i++)
		found = frames[i]->index == wanted;
	if (found)
		*error = fault_lock_table(fault, &table);
	if (!found || *error) {
		for (unsigned int i = 0; i < count; i++)
			page_frame_put(frames[i]);
		return found;
	}
	slots = page_table_entry(table, start);
	for (unsigned int i = 0; i < count; i++) {
		uint32_t index = frames[i]->index;
		mmu_entry *entry = slots + (index - first);
		mmu_entry accessed = index == wanted ? MMU_ACCESSED : 0;

		if (mmu_entry_is_used(entry)) {
			frames[kept++] = frames[i];
			continue;
		}
		mmu_entry_write(entry, mmu_entry_make(page_frame_number(frames[i]),
						      bits | accessed));
	}
	page_table_count(table, (count - kept) * (TABLE_USED + TABLE_FILE));
	page_table_unlock(table);
	event_note(QUARTET_EVENT_FRAME_SHARED, fault->address, count - kept);
	if (count - kept > 1)
		atomic_fetch_add_explicit(&vm_counters.pages_mapped_around, count - kept - 1,
					  memory_order_relaxed);
	for (unsigned int i = 0; i < kept; i++)
		page_frame_put(frames[i]);
	return true;
}

static enum fault_result result_of(int error)
{
	switch (error) {
	case 0:
		return FAULT_OK;
	case -ENOMEM:
		return FAULT_NO_MEMORY;
	case -EINTR:
		return FAULT_KILLED;
	default:
		return FAULT_BUS_ADDRESS;
	}
}

/* A read. Truncate lock held shared. */
static int read_page(struct fault *fault, uint32_t index, uint32_t end_index)
{
	struct page_frame *frame;
	int error = 0;

	if (enter_cached(fault, end_index, &error))
		return error;
	error = page_cache_get(fault->region->cache, index, &frame, &fault->major);
	if (error)
		return error;
	/*
	 * Our reference and the truncate lock keep it in the cache. What was read ahead comes
	 * along.
	 */
	(void)enter_cached(fault, end_index, &error);
	page_frame_put(frame);
	return error;
}

/*
 * A write to a private mapping without an entry: straight to the copy. Truncate lock held shared.
 */
static int copy_page(struct fault *fault, uint32_t index)
{
	mmu_entry bits = region_entry_bits(fault->region) | MMU_ACCESSED;
	struct page_frame *cached, *copy, *table;
	mmu_entry *entry;
	int error = page_cache_get(fault->region->cache, index, &cached, &fault->major);

	if (error)
		return error;
	copy = page_frame_alloc(FRAME_ANONYMOUS, 0);
	if (copy)
		page_frame_copy(copy, cached);
	page_frame_put(cached);
	if (!copy)
		return -ENOMEM;
	if (!fault->force)
		bits |= MMU_WRITE | MMU_DIRTY;
	error = fault_lock_table(fault, &table);
	if (error) {
		page_frame_put(copy);
		return error;
	}
	entry = page_table_entry(table, fault->address);
	if (mmu_entry_read(entry) == 0) {
		page_table_fill(table, entry, mmu_entry_make(page_frame_number(copy), bits),
				TABLE_USED + TABLE_ANONYMOUS);
		event_note(QUARTET_EVENT_FRAME_COPIED, fault->address, index,
			   page_frame_number(copy));
		copy = NULL;
		atomic_fetch_add_explicit(&vm_counters.pages_copied, 1, memory_order_relaxed);
	}
	page_table_unlock(table);
	if (copy)
		page_frame_put(copy);
	return 0;
}

/*
 * Give W to the entry if the frame is (still) marked dirty; true if there is nothing left to do.
 * Table locked. A reference to the frame is used up if *frame becomes NULL.
 */
static bool enter_writable(struct fault *fault, struct page_frame *table,
			   struct page_frame **frame)
{
	mmu_entry *slot = page_table_entry(table, fault->address);
	mmu_entry entry = mmu_entry_read(slot);
	mmu_entry value = mmu_entry_make(page_frame_number(*frame),
					 region_entry_bits(fault->region) | MMU_WRITE |
						 MMU_ACCESSED | MMU_DIRTY);

	if (!(atomic_load_explicit(&(*frame)->flags, memory_order_acquire) & FRAME_DIRTY))
		return false;
	if (entry == 0) {
		page_table_fill(table, slot, value, TABLE_USED + TABLE_FILE);
		*frame = NULL;
	} else if (mmu_entry_frame(entry) == page_frame_number(*frame)) {
		mmu_entry_write(slot, value);
	}
	return true;
}

/* A write to a shared mapping. Truncate lock held shared. */
static int write_page(struct fault *fault, uint32_t index)
{
	struct region *region = fault->region;
	struct page_cache *cache = region->cache;
	struct page_frame *frame, *table;
	bool done = false;
	int error = page_cache_get(cache, index, &frame, &fault->major);

	if (error)
		return error;
	if (region->backing_ops->page_made_writable && !fault->populates)
		error = region->backing_ops->page_made_writable(region->backing, index);
	if (!error && cache->ops->prepare_write)
		error = cache->ops->prepare_write(cache, index);
	while (!error && !done) {
		page_cache_mark_dirty(cache, frame);
		error = fault_lock_table(fault, &table);
		if (error)
			break;
		done = enter_writable(fault, table, &frame);
		page_table_unlock(table);
	}
	if (frame)
		page_frame_put(frame);
	return error;
}

/*
 * A write to a shared mapping begins: the file must be one that may be changed now. -EAGAIN: who
 * called waits for that and comes again.
 */
static int begin_change(struct fault *fault)
{
	const struct region *region = fault->region;
	int error = region->backing_ops->begin_change(region->backing, !fault->may_leave);

	if (unlikely(error == -EAGAIN)) {
		region->backing_ops->get(region->backing);
		fault->backing = region->backing;
		fault->backing_ops = region->backing_ops;
		fault->must_wait = true;
	}
	return error;
}

enum fault_result fault_file(struct fault *fault)
{
	const struct region *region = fault->region;
	struct page_cache *cache = region->cache;
	uint32_t index = region_page_index(region, fault->address);
	bool is_change = fault->write && (region->flags & REGION_SHARED) &&
			 region->backing_ops->begin_change;
	uint32_t end_index;
	int error;

	atomic_fetch_add_explicit(&vm_counters.faults_file, 1, memory_order_relaxed);
	error = is_change ? begin_change(fault) : 0;
	if (unlikely(error))
		return result_of(error);
	rwlock_read_lock(&cache->truncate_lock);
	end_index = page_cache_page_count(cache);
	if (index >= end_index)
		error = -EFAULT;	/* past the end of the file */
	else if (!fault->write)
		error = read_page(fault, index, end_index);
	else if (region->flags & REGION_SHARED)
		error = write_page(fault, index);
	else
		error = copy_page(fault, index);
	rwlock_read_unlock(&cache->truncate_lock);
	if (is_change)
		region->backing_ops->end_change(region->backing);
	return result_of(error);
}
