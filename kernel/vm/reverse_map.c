/*
 * From a page of a file to the page-table entries that show it: for truncation, writeback and
 * reclaim.
 *
 * No list is kept for each page. A page cache lists the regions that map it; a region and a page
 * index give an address; the space's page tables give the entry, or none. That costs time where
 * pages are unmapped, which is seldom, and nothing where they are mapped.
 *
 * The walk holds the cache's regions_lock, which keeps each region on the list, its edges, and
 * through it the space. It does not have the spaces' locks: it comes from writeback and reclaim,
 * under which any of these may be held. So it goes hand over hand through the directory lock and
 * the table's lock.
 *
 * Shared tables. An entry under a shared table is emptied or write-protected once, for all owners.
 * The owners' regions are all on the list, so emptying is followed by flushes in every space of the
 * list before the frames are let go. Taking W away needs no flush where the directory entry has no
 * W.
 */
#include "core/assert.h"
#include "lib/min_max.h"
#include "sched/rwlock.h"
#include "vm/internal.h"
#include "vm/page_table.h"

/* The part of `region` that shows pages [first, end) of its cache; false if none. */
static bool find_part(const struct region *region, uint32_t first, uint32_t end, uintptr_t *start,
		      uintptr_t *stop)
{
	uint32_t region_first = region->page_offset;
	uint32_t region_stop = region_first + (uint32_t)region_pages(region);

	first = max(first, region_first);
	end = min(end, region_stop);
	if (first >= end)
		return false;
	*start = region->start + ((uintptr_t)(first - region_first) << PAGE_SHIFT);
	*stop = region->start + ((uintptr_t)(end - region_first) << PAGE_SHIFT);
	return true;
}

/* All spaces forget what they know of pages [first, end). regions_lock held. */
static void flush_mappings(struct page_cache *cache, uint32_t first, uint32_t end)
{
	struct region *region;
	uintptr_t start, stop;

	list_for_each_entry(region, &cache->regions, cache_node) {
		if (find_part(region, first, end, &start, &stop))
			mmu_flush_range(&region->space->mmu, start, stop);
	}
}

/* One walk that empties entries. */
struct unmap_walk {
	struct page_cache *cache;
	uint32_t first, end;
	bool even_copies;
	struct page_gather gather;
};

/* What has been taken out goes, after everybody has forgotten it. regions_lock held. */
static void finish_batch(struct unmap_walk *walk)
{
	if (walk->gather.end == 0)
		return;
	flush_mappings(walk->cache, walk->first, walk->end);
	/*
	 * Only the frames are left to put: the cache's own are about to be dropped with all they
	 * have, dirty or not; so their marks are of no use.
	 */
	for (unsigned int i = 0; i < walk->gather.count; i++)
		page_frame_put((struct page_frame *)(walk->gather.frames[i] & ~(uintptr_t)1));
	page_gather_init(&walk->gather, NULL);
}

static bool is_wanted(const struct unmap_walk *walk, mmu_entry entry)
{
	return entry != 0 &&
	       (walk->even_copies ||
		atomic_load_explicit(&page_frame_of(mmu_entry_frame(entry))->kind,
				     memory_order_relaxed) == FRAME_PAGE_CACHE);
}

/* [start, stop) lies in one span. */
static void unmap_in_table(struct unmap_walk *walk, struct address_space *space, uintptr_t start,
			   uintptr_t stop)
{
	struct page_frame *table = page_table_lock_any(space, start);

	if (!table)
		return;
	for (uintptr_t address = start; address < stop; address += PAGE_SIZE) {
		mmu_entry *entry = page_table_entry(table, address);

		if (!is_wanted(walk, mmu_entry_read(entry)))
			continue;
		if (page_gather_is_full(&walk->gather))
			finish_batch(walk);	/* a flush may be done under a table's lock */
		page_gather_add(&walk->gather, address, page_table_take(table, entry));
	}
	page_table_unlock(table);
}

void vm_unmap_cache(struct page_cache *cache, uint32_t first, uint32_t end, bool even_copies)
{
	struct unmap_walk walk = {
		.cache = cache, .first = first, .end = end, .even_copies = even_copies,
	};
	struct region *region;
	uintptr_t start, stop;

	page_gather_init(&walk.gather, NULL);
	spin_lock(&cache->regions_lock);
	list_for_each_entry(region, &cache->regions, cache_node) {
		uintptr_t next;

		if (!find_part(region, first, end, &start, &stop))
			continue;
		for (; start < stop; start = next) {
			next = min(table_span(start) + TABLE_SPAN, stop);
			unmap_in_table(&walk, region->space, start, next);
		}
	}
	finish_batch(&walk);
	spin_unlock(&cache->regions_lock);
}

/*
 * The locked table and the entry that shows page `index` in `region`, or NULL. regions_lock held.
 */
static struct page_frame *lock_entry(struct region *region, uint32_t index, uintptr_t *address,
				     mmu_entry **entry)
{
	struct page_frame *table;
	uintptr_t stop;

	if (!find_part(region, index, index + 1, address, &stop))
		return NULL;
	table = page_table_lock_any(region->space, *address);
	if (!table)
		return NULL;
	*entry = page_table_entry(table, *address);
	return table;
}

/* Does the entry show a page of the cache, and not a private copy? */
static bool shows_cache(mmu_entry entry)
{
	return entry != 0 && atomic_load_explicit(&page_frame_of(mmu_entry_frame(entry))->kind,
						  memory_order_relaxed) == FRAME_PAGE_CACHE;
}

unsigned int vm_count_mappings(struct page_cache *cache, uint32_t index,
			       const struct page_frame *frame)
{
	unsigned int count = 0;
	struct region *region;

	spin_lock(&cache->regions_lock);
	list_for_each_entry(region, &cache->regions, cache_node) {
		struct page_frame *table;
		uintptr_t address;
		mmu_entry *slot;
		mmu_entry entry;

		table = lock_entry(region, index, &address, &slot);
		if (!table)
			continue;
		entry = mmu_entry_read(slot);
		count += entry != 0 && page_frame_of(mmu_entry_frame(entry)) == frame;
		page_table_unlock(table);
	}
	spin_unlock(&cache->regions_lock);
	return count;
}

bool vm_clean_cache_page(struct page_cache *cache, uint32_t index)
{
	bool was_dirty = false;
	struct region *region;

	/* Acquire: DIRTY is clear by now; a mapping made later marks the page before it gets W. */
	if (atomic_load_explicit(&cache->writable_mappings, memory_order_acquire) == 0)
		return false;
	spin_lock(&cache->regions_lock);
	list_for_each_entry(region, &cache->regions, cache_node) {
		struct page_frame *table;
		uintptr_t address;
		mmu_entry *slot;
		mmu_entry old;

		if (!(region->flags & REGION_SHARED))
			continue;
		table = lock_entry(region, index, &address, &slot);
		if (!table)
			continue;
		old = mmu_entry_read(slot);
		if (old & (MMU_WRITE | MMU_DIRTY)) {
			/* The machine may set the dirty bit until we have taken W. */
			while (!mmu_entry_replace(slot, old, old & ~(MMU_WRITE | MMU_DIRTY)))
				old = mmu_entry_read(slot);
			mmu_flush_range(&region->space->mmu, address, address + PAGE_SIZE);
			was_dirty = true;
		}
		page_table_unlock(table);
	}
	spin_unlock(&cache->regions_lock);
	return was_dirty;
}

/* Is the page locked into memory by some mapping? regions_lock held. */
static bool is_locked(struct page_cache *cache, uint32_t index)
{
	struct region *region;
	uintptr_t start, stop;

	list_for_each_entry(region, &cache->regions, cache_node) {
		if ((region->flags & REGION_LOCKED) &&
		    find_part(region, index, index + 1, &start, &stop))
			return true;
	}
	return false;
}

bool vm_unmap_cache_page(struct page_cache *cache, uint32_t index)
{
	bool locked;

	spin_lock(&cache->regions_lock);
	locked = is_locked(cache, index);
	spin_unlock(&cache->regions_lock);
	if (locked)
		return false;
	/* A page that is locked just now survives this once; it will be faulted in again. */
	vm_unmap_cache(cache, index, index + 1, false);
	return true;
}

bool vm_test_accessed(struct page_cache *cache, uint32_t index)
{
	bool accessed = false;
	struct region *region;

	spin_lock(&cache->regions_lock);
	list_for_each_entry(region, &cache->regions, cache_node) {
		struct page_frame *table;
		uintptr_t address;
		mmu_entry *slot;
		mmu_entry old;

		table = lock_entry(region, index, &address, &slot);
		if (!table)
			continue;
		old = mmu_entry_read(slot);
		if (shows_cache(old) && (old & MMU_ACCESSED)) {
			/* No flush: a page in use is looked up again soon enough. */
			while (!mmu_entry_replace(slot, old, old & ~MMU_ACCESSED))
				old = mmu_entry_read(slot);
			accessed = true;
		}
		page_table_unlock(table);
	}
	spin_unlock(&cache->regions_lock);
	return accessed;
}
