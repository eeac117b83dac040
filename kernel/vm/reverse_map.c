/*
 * From a page of a file to the page-table entries that show it: for truncation, writeback and
 * reclaim.
 *
 * No list is kept for each page. A page cache knows the regions that map it, in a tree by the pages
 * that they show (lib/interval_tree.h); a region and a page index give an address; the space's page
 * tables give the entry, or none. That costs time where pages are unmapped, which is seldom, and
 * nothing where they are mapped. Only regions that show the page are looked at.
 *
 * The walk holds the cache's regions_lock, which keeps each region in the tree, its edges, and
 * through it the space. It does not have the spaces' locks: it comes from writeback and reclaim,
 * under which any of these may be held. So it goes hand over hand through the directory lock and
 * the table's lock. These are spinlocks, and held for one table at a time: however many regions
 * show the page, others may run in between.
 *
 * Shared tables. An entry under a shared table is emptied or write-protected once, for all owners.
 * The owners' regions are all in the tree, so emptying is followed by flushes in every space that
 * shows the pages before the frames are let go; under any other table, by one in its own space.
 * Taking W away needs no flush where the directory entry has no W.
 */
#include "core/assert.h"
#include "core/config.h"
#include "lib/min_max.h"
#include "sched/rwlock.h"
#include "vm/internal.h"
#include "vm/page_table.h"

/* Debug builds: now and then, as a look at all of thousands for each page would take long. */
static void check_regions(const struct page_cache *cache)
{
	enum { WALKS_A_CHECK = 32 };
	static atomic_uint turn;

	if (atomic_fetch_add(&turn, 1) % WALKS_A_CHECK == 0)
		assert(interval_tree_check(&cache->regions));
}

static struct region *region_of(struct interval *shown)
{
	if (!shown)
		return NULL;
	atomic_fetch_add_explicit(&vm_counters.regions_walked, 1, memory_order_relaxed);
	return container_of(shown, struct region, shown);
}

/* The regions that show any of pages [first, end). regions_lock held from the first to the last. */
static struct region *first_region(struct page_cache *cache, uint32_t first, uint32_t end)
{
	mutex_assert_held(&cache->regions_lock);
	if (CONFIG_INVARIANTS)
		check_regions(cache);
	return region_of(interval_tree_first(&cache->regions, first, end));
}

static struct region *next_region(struct region *region, uint32_t first, uint32_t end)
{
	return region_of(interval_tree_next(&region->shown, first, end));
}

/* The part of `region` that shows pages [first, end) of its cache; there is one. */
static void find_part(const struct region *region, uint32_t first, uint32_t end, uintptr_t *start,
		      uintptr_t *stop)
{
	uint32_t region_first = region->page_offset;
	uint32_t region_stop = region_first + (uint32_t)region_pages(region);

	first = max(first, region_first);
	end = min(end, region_stop);
	assert(first < end);
	*start = region->start + ((uintptr_t)(first - region_first) << PAGE_SHIFT);
	*stop = region->start + ((uintptr_t)(end - region_first) << PAGE_SHIFT);
}

/* All spaces forget what they know of pages [first, end). regions_lock held. */
static void flush_mappings(struct page_cache *cache, uint32_t first, uint32_t end)
{
	struct region *region = first_region(cache, first, end);

	while (region) {
		struct address_space *space = region->space;
		uintptr_t start = UINTPTR_MAX, stop = 0;

		/* One flush for regions of one space that follow each other. */
		for (; region && region->space == space; region = next_region(region, first, end)) {
			uintptr_t part_start, part_stop;

			find_part(region, first, end, &part_start, &part_stop);
			start = min(start, part_start);
			stop = max(stop, part_stop);
		}
		mmu_flush_range(&space->mmu, start, stop);
	}
}

/* Does the entry show a page of the cache, and not a private copy? */
static bool shows_cache(mmu_entry entry)
{
	return entry != 0 && atomic_load_explicit(&page_frame_of(mmu_entry_frame(entry))->kind,
						  memory_order_relaxed) == FRAME_PAGE_CACHE;
}

enum { BATCH_MAX = 64 };

/*
 * One walk that empties entries, and the batch of what was in those of one space. Where a table is
 * that space's alone nobody else remembers what was taken out of it, so a batch costs one flush.
 */
struct unmap_walk {
	struct page_cache *cache;
	uint32_t first, end;
	bool even_copies;
	struct address_space *space;		/* the batch's */
	uintptr_t start, stop;			/* addresses that are still to be flushed in it */
	uint32_t batch_first, batch_end;	/* the pages of the cache that they show */
	bool is_shared;				/* some were in a table that others have too */
	unsigned int count;
	struct page_frame *frames[BATCH_MAX];	/* their references go after the flush */
};

static void begin_batch(struct unmap_walk *walk, struct address_space *space)
{
	walk->space = space;
	walk->start = UINTPTR_MAX;
	walk->stop = 0;
	walk->batch_first = UINT32_MAX;
	walk->batch_end = 0;
	walk->is_shared = false;
	walk->count = 0;
}

/*
 * One reference to a frame is enough to keep it until the flush. Equal regions follow each other: a
 * space that has mapped one page often gives one batch for all.
 */
static void add_to_batch(struct unmap_walk *walk, const struct region *region, uintptr_t address,
			 struct page_frame *frame)
{
	uint32_t index = region_page_index(region, address);

	walk->start = min(walk->start, address);
	walk->stop = max(walk->stop, address + PAGE_SIZE);
	walk->batch_first = min(walk->batch_first, index);
	walk->batch_end = max(walk->batch_end, index + 1);
	if (walk->count > 0 && walk->frames[walk->count - 1] == frame)
		page_frame_put(frame);
	else
		walk->frames[walk->count++] = frame;
}

/*
 * What has been taken out goes, after everybody has forgotten it. Whether it was written to does
 * not matter: truncation drops the cache's frames with all they have, and reclaim takes only clean
 * ones.
 */
static void finish_batch(struct unmap_walk *walk)
{
	if (walk->count == 0)
		return;
	if (walk->is_shared)
		flush_mappings(walk->cache, walk->batch_first, walk->batch_end);
	else
		mmu_flush_range(&walk->space->mmu, walk->start, walk->stop);
	for (unsigned int i = 0; i < walk->count; i++)
		page_frame_put(walk->frames[i]);
	begin_batch(walk, walk->space);
}

static bool is_wanted(const struct unmap_walk *walk, mmu_entry entry)
{
	return entry != 0 && (walk->even_copies || shows_cache(entry));
}

/* As much of [start, stop), all in one span, as fits into the batch; returns where it ends. */
static uintptr_t unmap_in_table(struct unmap_walk *walk, const struct region *region,
				uintptr_t start, uintptr_t stop)
{
	struct page_frame *table = page_table_lock_any(region->space, start);
	uintptr_t address = start;

	if (!table)
		return stop;
	for (; address < stop && walk->count < BATCH_MAX; address += PAGE_SIZE) {
		mmu_entry *entry = page_table_entry(table, address);

		if (!is_wanted(walk, mmu_entry_read(entry)))
			continue;
		add_to_batch(walk, region, address,
			     page_frame_of(mmu_entry_frame(page_table_take(table, entry))));
		/* Who had it too and has left has flushed; who comes to have it finds it empty. */
		walk->is_shared |= page_frame_references(table) > 1;
	}
	page_table_unlock(table);
	return address;
}

static void unmap_in_region(struct unmap_walk *walk, const struct region *region)
{
	uintptr_t start, stop;

	if (region->space != walk->space) {
		finish_batch(walk);
		begin_batch(walk, region->space);
	}
	find_part(region, walk->first, walk->end, &start, &stop);
	while (start < stop) {
		uintptr_t span_end = min(table_span(start) + TABLE_SPAN, stop);

		start = unmap_in_table(walk, region, start, span_end);
		if (walk->count == BATCH_MAX)
			finish_batch(walk);
	}
}

void vm_unmap_cache(struct page_cache *cache, uint32_t first, uint32_t end, bool even_copies)
{
	struct unmap_walk walk = {
		.cache = cache, .first = first, .end = end, .even_copies = even_copies,
	};

	begin_batch(&walk, NULL);
	mutex_lock(&cache->regions_lock);
	for (struct region *region = first_region(cache, first, end); region;
	     region = next_region(region, first, end))
		unmap_in_region(&walk, region);
	finish_batch(&walk);
	mutex_unlock(&cache->regions_lock);
}

/*
 * The locked table and the entry for page `index`, which `region` shows; NULL: there is no table.
 * regions_lock held.
 */
static struct page_frame *lock_entry(struct region *region, uint32_t index, uintptr_t *address,
				     mmu_entry **entry)
{
	struct page_frame *table;
	uintptr_t stop;

	find_part(region, index, index + 1, address, &stop);
	table = page_table_lock_any(region->space, *address);
	if (!table)
		return NULL;
	*entry = page_table_entry(table, *address);
	return table;
}

unsigned int vm_count_mappings(struct page_cache *cache, uint32_t index,
			       const struct page_frame *frame)
{
	unsigned int count = 0;

	mutex_lock(&cache->regions_lock);
	for (struct region *region = first_region(cache, index, index + 1); region;
	     region = next_region(region, index, index + 1)) {
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
	mutex_unlock(&cache->regions_lock);
	return count;
}

bool vm_clean_cache_page(struct page_cache *cache, uint32_t index)
{
	bool was_dirty = false;

	/* Acquire: DIRTY is clear by now; a mapping made later marks the page before it gets W. */
	if (atomic_load_explicit(&cache->writable_mappings, memory_order_acquire) == 0)
		return false;
	mutex_lock(&cache->regions_lock);
	for (struct region *region = first_region(cache, index, index + 1); region;
	     region = next_region(region, index, index + 1)) {
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
	mutex_unlock(&cache->regions_lock);
	return was_dirty;
}

/* Is the page locked into memory by some mapping? regions_lock held. */
static bool is_locked(struct page_cache *cache, uint32_t index)
{
	for (struct region *region = first_region(cache, index, index + 1); region;
	     region = next_region(region, index, index + 1)) {
		if (region->flags & REGION_LOCKED)
			return true;
	}
	return false;
}

bool vm_unmap_cache_page(struct page_cache *cache, uint32_t index)
{
	bool locked;

	mutex_lock(&cache->regions_lock);
	locked = is_locked(cache, index);
	mutex_unlock(&cache->regions_lock);
	if (locked)
		return false;
	/* A page that is locked just now survives this once; it will be faulted in again. */
	vm_unmap_cache(cache, index, index + 1, false);
	return true;
}

bool vm_test_accessed(struct page_cache *cache, uint32_t index)
{
	bool accessed = false;

	mutex_lock(&cache->regions_lock);
	for (struct region *region = first_region(cache, index, index + 1); region;
	     region = next_region(region, index, index + 1)) {
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
	mutex_unlock(&cache->regions_lock);
	return accessed;
}
