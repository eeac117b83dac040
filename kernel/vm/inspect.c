/*
 * Looking at page tables for /proc: pagemap, kpagecount, smaps and mincore.
 *
 * Nothing here keeps numbers; it reads the truth when asked. Entries are read under their table's
 * lock, found hand over hand, so that a table that another thread of the space is just copying does
 * not go away.
 */
#include "lib/min_max.h"
#include "lib/string.h"
#include "uapi/linux/errno.h"
#include "vm/internal.h"
#include "vm/page_table.h"

/*
 * Call `visit` for each used entry of [start, end); `owners` is how many spaces share the table
 * that it lies in. Locks: space->lock in either mode.
 */
static void for_each_entry(struct address_space *space, uintptr_t start, uintptr_t end,
			   void (*visit)(void *argument, uintptr_t address, mmu_entry entry,
					 unsigned int owners),
			   void *argument)
{
	uintptr_t next;

	for (; start < end; start = next) {
		struct page_frame *table;
		unsigned int owners;

		next = min(table_span(start) + TABLE_SPAN, end);
		if (!page_table_exists(space, start))
			continue;
		table = page_table_lock_any(space, start);
		if (!table)
			continue;
		owners = (unsigned int)page_frame_references(table);
		for (; start < next; start += PAGE_SIZE) {
			mmu_entry entry = mmu_entry_read(page_table_entry(table, start));

			if (entry != 0)
				visit(argument, start, entry, owners);
		}
		page_table_unlock(table);
	}
}

static enum frame_kind kind_of(mmu_entry entry)
{
	return atomic_load_explicit(&page_frame_of(mmu_entry_frame(entry))->kind,
				    memory_order_relaxed);
}

/* ---- pagemap ---- */

struct pagemap_walk {
	uintptr_t start;
	struct pagemap_entry *out;
};

static void visit_pagemap(void *argument, uintptr_t address, mmu_entry entry, unsigned int owners)
{
	struct pagemap_walk *walk = argument;
	struct pagemap_entry *out = &walk->out[(address - walk->start) >> PAGE_SHIFT];

	out->frame = mmu_entry_frame(entry);
	out->present = true;
	if (entry & MMU_SOFT_DEVICE) {
		out->file_or_shared = true;
		return;
	}
	out->file_or_shared = kind_of(entry) == FRAME_PAGE_CACHE;
	/* The page cache's own reference is not a mapping. */
	out->exclusive = owners == 1 && page_frame_references(page_frame_of(out->frame)) ==
					       (out->file_or_shared ? 2 : 1);
}

void address_space_pagemap(struct address_space *space, uintptr_t start, size_t page_count,
			   struct pagemap_entry *out)
{
	struct pagemap_walk walk = { .start = start, .out = out };
	uintptr_t end;

	memset(out, 0, page_count * sizeof(*out));
	if (start >= USER_END)
		return;
	end = start + (min(page_count, (size_t)((USER_END - start) >> PAGE_SHIFT)) << PAGE_SHIFT);
	rwlock_read_lock(&space->lock);
	for_each_entry(space, start, end, visit_pagemap, &walk);
	rwlock_read_unlock(&space->lock);
}

/* ---- kpagecount ---- */

struct count_walk {
	frame_number first;
	size_t count;
	uint32_t *counts;
};

static void visit_count(void *argument, uintptr_t address, mmu_entry entry, unsigned int owners)
{
	struct count_walk *walk = argument;
	frame_number number = mmu_entry_frame(entry);

	(void)address;
	(void)owners;
	if (!(entry & MMU_SOFT_DEVICE) && number >= walk->first &&
	    number - walk->first < walk->count && number != page_frame_number(page_frame_zero()))
		walk->counts[number - walk->first]++;
}

void address_space_count_mappings(struct address_space *space, frame_number first, size_t count,
				  uint32_t *counts)
{
	struct count_walk walk = { .first = first, .count = count, .counts = counts };

	rwlock_read_lock(&space->lock);
	for (struct region *region = region_first(space); region; region = region_next(region))
		for_each_entry(space, region->start, region->end, visit_count, &walk);
	rwlock_read_unlock(&space->lock);
}

/* ---- smaps ---- */

/*
 * A page's mappings: its entry here counts for every owner of the table, each other entry for one,
 * since nothing leads from a frame to the tables that map it. So a page that also stands in another
 * table, itself shared by several spaces, seems less shared than it is.
 */

static void visit_usage(void *argument, uintptr_t address, mmu_entry entry, unsigned int owners)
{
	struct region_usage *usage = argument;
	struct page_frame *frame;
	enum frame_kind kind;
	unsigned int references, mappings;
	bool is_shared, is_dirty;

	(void)address;
	if (entry & MMU_SOFT_DEVICE)
		return;
	kind = kind_of(entry);
	if (kind != FRAME_ANONYMOUS && kind != FRAME_PAGE_CACHE)
		return;	/* the frame of zeros takes no memory */
	frame = page_frame_of(mmu_entry_frame(entry));
	references = (unsigned int)page_frame_references(frame);
	if (kind == FRAME_PAGE_CACHE && references > 1)
		references--; /* the cache's own */
	mappings = references - 1 + owners;
	is_shared = mappings > 1;
	is_dirty = kind == FRAME_ANONYMOUS || (entry & MMU_DIRTY);
	usage->resident++;
	usage->proportional += ((uint32_t)PAGE_SIZE << PROPORTIONAL_SHIFT) / mappings;
	usage->anonymous += kind == FRAME_ANONYMOUS;
	usage->referenced += (entry & MMU_ACCESSED) != 0;
	usage->shared_clean += is_shared && !is_dirty;
	usage->shared_dirty += is_shared && is_dirty;
	usage->private_clean += !is_shared && !is_dirty;
	usage->private_dirty += !is_shared && is_dirty;
}

void region_usage(struct address_space *space, struct region *region, struct region_usage *out)
{
	rwlock_assert_held(&space->lock);
	memset(out, 0, sizeof(*out));
	for_each_entry(space, region->start, region->end, visit_usage, out);
}

/* ---- mincore ---- */

struct resident_walk {
	uintptr_t start;
	uint8_t *out;
};

static void visit_resident(void *argument, uintptr_t address, mmu_entry entry, unsigned int owners)
{
	struct resident_walk *walk = argument;

	(void)entry;
	(void)owners;
	walk->out[(address - walk->start) >> PAGE_SHIFT] = 1;
}

/* Pages of a file count when they are cached, mapped or not. */
static void add_cached(struct region *region, const struct resident_walk *walk, uintptr_t start,
		       uintptr_t end)
{
	for (; start < end; start += PAGE_SIZE) {
		struct page_frame *frame;

		if (walk->out[(start - walk->start) >> PAGE_SHIFT])
			continue;
		frame = page_cache_find(region->cache, region_page_index(region, start));
		if (frame) {
			walk->out[(start - walk->start) >> PAGE_SHIFT] = 1;
			page_frame_put(frame);
		}
	}
}

int vm_resident(struct address_space *space, uintptr_t start, size_t page_count, uint8_t *out)
{
	struct resident_walk walk = { .start = start, .out = out };
	uintptr_t address = start, end;
	int error = 0;

	if (start % PAGE_SIZE != 0)
		return -EINVAL;
	if (start > USER_END || page_count > (USER_END - start) >> PAGE_SHIFT)
		return -ENOMEM;
	end = start + ((uintptr_t)page_count << PAGE_SHIFT);
	memset(out, 0, page_count);
	rwlock_read_lock(&space->lock);
	while (address < end) {
		struct region *region = region_find(space, address);
		uintptr_t stop;

		if (!region) {
			error = -ENOMEM;
			break;
		}
		stop = min(region->end, end);
		for_each_entry(space, address, stop, visit_resident, &walk);
		if (region->cache)
			add_cached(region, &walk, address, stop);
		address = stop;
	}
	rwlock_read_unlock(&space->lock);
	return error;
}
