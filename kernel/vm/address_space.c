/*
 * Address spaces: making one, ending one, and the sums over it.
 *
 * Life. A space begins empty (exec) or as a copy (fork.c) with one user. Threads, /proc readers and
 * debuggers are users; the last one to leave tears it down. Nobody runs in it then, so page tables
 * are dropped whole, without looking for the regions' edges, and only tables with no other owner
 * are walked: the cost of an exit follows what the process had for itself.
 *
 * Residency is counted in the page tables (page_table.h) and summed up on demand. A shared table
 * counts for each of its owners, so neither fork nor truncation of a shared page has any counter to
 * mend.
 */
#include "vm/address_space.h"
#include "core/assert.h"
#include "core/config.h"
#include "core/printk.h"
#include "lib/min_max.h"
#include "mem/slab.h"
#include "uapi/linux/errno.h"
#include "vm/internal.h"
#include "vm/page_table.h"

struct vm_counters vm_counters;
atomic_uint vm_regions_max = 65530;

unsigned int vm_region_limit(void)
{
	return (unsigned int)regions_max();
}

void vm_set_region_limit(unsigned int limit)
{
	atomic_store_explicit(&vm_regions_max, limit, memory_order_relaxed);
}

static struct slab_cache *space_slab;

void vm_init(void)
{
	space_slab = slab_cache_create("address_space", sizeof(struct address_space), 0);
	region_init();
	page_cache_setup();
	writeback_setup();
	reclaim_setup();
	futex_setup();
}

static uint64_t next_serial(void)
{
	static struct spinlock lock = SPINLOCK_INIT(LOCK_RANK_LEAF, "address space serial");
	static uint64_t last; /* [lock] */
	irq_flags flags = spin_lock_irq(&lock);
	uint64_t serial = ++last;

	spin_unlock_irq(&lock, flags);
	return serial;
}

int address_space_create(struct address_space **out)
{
	struct address_space *space = slab_alloc_zeroed(space_slab, 0);
	int error;

	if (!space)
		return -ENOMEM;
	error = mmu_space_init(&space->mmu);
	if (error) {
		slab_free(space_slab, space);
		return error;
	}
	rwlock_init(&space->lock, LOCK_RANK_ADDRESS_SPACE, "address space");
	spin_init(&space->directory_lock, LOCK_RANK_PAGE_DIRECTORY, "page directory");
	refcount_set(&space->users, 1);
	rbtree_init(&space->regions);
	space->mmap_top = USER_END;
	space->dumpable = true;
	space->serial = next_serial();
	*out = space;
	return 0;
}

static void destroy(struct address_space *space)
{
	struct list dead;

	list_init(&dead);
	rwlock_write_lock(&space->lock);
	if (CONFIG_INVARIANTS)
		assert(address_space_check(space));
	page_table_unmap_all(space);
	region_detach_all(space, &dead);
	rwlock_write_unlock(&space->lock);
	region_release_list(&dead);
	mmu_space_fini(&space->mmu);
	slab_free(space_slab, space);
}

void address_space_put(struct address_space *space)
{
	if (refcount_put(&space->users))
		destroy(space);
}

/* ---- limits ---- */

bool vm_exceeds_lock_limit(const struct address_space *space, size_t pages,
			   const struct vm_limits *limits)
{
	return limits &&
	       (uint64_t)(space->locked_pages + pages) << PAGE_SHIFT > limits->locked_size;
}

/* ---- residency ---- */

static void add_table(struct resident_pages *sum, mmu_entry directory_entry)
{
	unsigned int counts =
		atomic_load_explicit(&page_frame_of(mmu_entry_frame(directory_entry))->present,
				     memory_order_relaxed);

	sum->anonymous += counts / TABLE_ANONYMOUS & TABLE_COUNT_MASK;
	sum->file += counts / TABLE_FILE & TABLE_COUNT_MASK;
}

static void raise_peak(struct address_space *space, size_t pages)
{
	size_t peak = atomic_load_explicit(&space->resident_peak, memory_order_relaxed);

	while (pages > peak &&
	       !atomic_compare_exchange_weak_explicit(&space->resident_peak, &peak, pages,
						      memory_order_relaxed, memory_order_relaxed))
		continue;
}

void address_space_resident(struct address_space *space, struct resident_pages *out)
{
	struct resident_pages sum = { 0, 0 };

	/* The lock keeps each table that an entry leads to. */
	spin_lock(&space->directory_lock);
	for (unsigned int gib = 0; gib < 3; gib++) {
		const mmu_entry *directory = space->mmu.directories[gib];

		for (unsigned int i = 0; directory && i < TABLE_ENTRIES; i++) {
			mmu_entry entry = mmu_entry_read(&directory[i]);

			if (entry & MMU_PRESENT)
				add_table(&sum, entry);
		}
	}
	spin_unlock(&space->directory_lock);
	raise_peak(space, sum.anonymous + sum.file);
	*out = sum;
}

size_t address_space_resident_pages(struct address_space *space)
{
	struct resident_pages sum;

	address_space_resident(space, &sum);
	return sum.anonymous + sum.file;
}

void address_space_note_peak(struct address_space *space)
{
	struct resident_pages sum = { 0, 0 };
	uintptr_t done = 0;	/* spans below are counted */

	for (struct region *region = region_first(space); region; region = region_next(region)) {
		uintptr_t span = max(table_span(region->start), done);

		for (; span < region->end; span += TABLE_SPAN) {
			const mmu_entry *slot = mmu_directory_entry(&space->mmu, span);
			mmu_entry entry = slot ? mmu_entry_read(slot) : 0;

			/* Nobody else changes what this space owns, so the table stays. */
			if (entry & MMU_PRESENT)
				add_table(&sum, entry);
		}
		done = max(done, span);
	}
	raise_peak(space, sum.anonymous + sum.file);
}

size_t address_space_leaving_peak(struct address_space *space)
{
	if (refcount_read(&space->users) == 1) {
		atomic_thread_fence(memory_order_acquire); /* what those did who have left */
		address_space_note_peak(space);
	} else {
		rwlock_write_lock(&space->lock);
		address_space_note_peak(space);
		rwlock_write_unlock(&space->lock);
	}
	return atomic_load_explicit(&space->resident_peak, memory_order_relaxed);
}

/* ---- checking ---- */

static bool report(const struct region *region, const char *what)
{
	printk(LOG_ERROR, "region %#zx-%#zx %s", region->start, region->end, what);
	return false;
}

/* Only the holder of the space's lock changes them. */
static bool is_shown_right(const struct region *region)
{
	const struct interval *shown = &region->shown;

	return interval_is_in_tree(shown) && shown->first == region->page_offset &&
	       shown->end - shown->first == region_pages(region);
}

/* Is there room below it that region_find_room would not see, as it begins at a lower region? */
static bool hides_room(const struct region *region)
{
	const struct address_space *space = region->space;
	uintptr_t gap_end = region_gap_end(region);
	uintptr_t start = max_t(uintptr_t, gap_end - region->gap_before, VM_MAP_MIN);
	uintptr_t end = min(gap_end, space->mmap_top);

	return space->room_above && region->start > space->room_above->start && end > start &&
	       end - start >= space->room_size;
}

static bool check_region(struct region *region, const struct region *previous)
{
	uintptr_t room_start = previous ? previous->end : 0;

	if (region->start < room_start || region->start >= region->end ||
	    region->start < USER_START || region->end > USER_END)
		return report(region, "overlaps, is out of order, or is empty");
	if ((region->start | region->end) % PAGE_SIZE != 0)
		return report(region, "is not page-aligned");
	if (region->gap_before > region->start - room_start)
		return report(region, "claims more room below it than there is");
	if (region->previous != previous)
		return report(region, "does not know the one before it");
	if (region->largest_gap < region_largest_gap(region))
		return report(region, "has too small a bound of gaps");
	if (hides_room(region))
		return report(region, "has room where none is looked for");
	if (!page_table_is_empty(region->space, region->start,
				 min(region->end, region_touched_from(region))))
		return report(region, "has pages where it was not touched");
	if (region->cache && (!region->backing || !is_shown_right(region)))
		return report(region, "is not where it should be among its cache's regions");
	return true;
}

bool address_space_check(struct address_space *space)
{
	enum { MANY_REGIONS = 4, REGIONS_A_CHANGE = 1 };
	static atomic_uint turn;
	size_t pages = 0, locked = 0, data = 0, committed = 0, count = 0;
	struct region *previous = NULL;

	rwlock_assert_held_exclusive(&space->lock);
	/* Looking at all after each change would make changes quadratic: one each, on average. */
	if (space->region_count > MANY_REGIONS &&
	    atomic_fetch_add(&turn, 1) % (space->region_count / REGIONS_A_CHANGE) != 0)
		return true;
	if (!rbtree_check(&space->regions))
		return false;
	for (struct region *region = region_first(space); region; region = region_next(region)) {
		if (!check_region(region, previous))
			return false;
		previous = region;
		count++;
		pages += region_pages(region);
		locked += region->flags & REGION_LOCKED ? region_pages(region) : 0;
		data += flags_are_data(region->flags) ? region_pages(region) : 0;
		committed += region->flags & REGION_ACCOUNTED ? region_pages(region) : 0;
	}
	if (pages != space->mapped_pages || locked != space->locked_pages ||
	    data != space->data_pages || committed != space->committed_pages ||
	    count != space->region_count || previous != space->last) {
		printk(LOG_ERROR, "address space: %zu pages in %zu regions; the sums are wrong",
		       pages, count);
		return false;
	}
	return true;
}
