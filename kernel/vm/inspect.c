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

/* The first used entry at *address or after it, and before `end`. False if there is none. */
static bool next_entry(struct address_space *space, uintptr_t *address, uintptr_t end,
		       mmu_entry *entry, unsigned int *owners)
{
	while (*address < end) {
		uintptr_t stop = min(table_span(*address) + TABLE_SPAN, end);
		struct page_frame *table = page_table_exists(space, *address)
						   ? page_table_lock_any(space, *address)
						   : NULL;

		*entry = 0;
		for (; table && *address < stop && !*entry; *address += PAGE_SIZE)
			*entry = mmu_entry_read(page_table_entry(table, *address));
		if (table) {
			*owners = (unsigned int)page_frame_references(table);
			page_table_unlock(table);
		}
		if (table && *entry) {
			*address -= PAGE_SIZE;
			return true;
		}
		*address = stop;
	}
	return false;
}

/*
 * How often the page is mapped, as far as its own table and frame tell: its entry counts for every
 * owner of the table that it lies in. Of a page that is in other tables too, a file's is looked for
 * in all regions that map the file; each further table that has an anonymous one counts for one
 * owner. No lock keeps the frame any more: it may have been freed, then its numbers are those of no
 * mapping.
 */
static unsigned int count_mappings(struct region *region, uintptr_t address,
				   struct page_frame *frame, enum frame_kind kind,
				   unsigned int owners)
{
	unsigned int references = (unsigned int)page_frame_references(frame);

	if (kind != FRAME_PAGE_CACHE)
		return max(references, 1u) - 1 + owners;
	/* One reference is the cache's own, one this table's. */
	if (references <= 2 || !region->cache)
		return owners;
	return max(vm_count_mappings(region->cache, region_page_index(region, address), frame),
		   owners);
}

static uint32_t part_of(unsigned int mappings)
{
	return ((uint32_t)PAGE_SIZE << PROPORTIONAL_SHIFT) / mappings;
}

static void add_entry(struct region_usage *usage, unsigned int mappings, mmu_entry entry,
		      enum frame_kind kind)
{
	bool is_shared = mappings > 1;
	bool is_dirty = kind == FRAME_ANONYMOUS || (entry & MMU_DIRTY);

	usage->resident++;
	usage->anonymous += kind == FRAME_ANONYMOUS;
	usage->referenced += (entry & MMU_ACCESSED) != 0;
	usage->shared_clean += is_shared && !is_dirty;
	usage->shared_dirty += is_shared && is_dirty;
	usage->private_clean += !is_shared && !is_dirty;
	usage->private_dirty += !is_shared && is_dirty;
}

void region_usage(struct address_space *space, struct region *region, uintptr_t *address,
		  struct page_sharing *sharing, struct region_usage *out)
{
	unsigned int owners;
	mmu_entry entry;

	rwlock_assert_held(&space->lock);
	for (; (!sharing || sharing->count < PAGE_SHARING_MAX) &&
	       next_entry(space, address, region->end, &entry, &owners);
	     *address += PAGE_SIZE) {
		struct page_frame *frame;
		enum frame_kind kind;
		unsigned int mappings;

		if (entry & MMU_SOFT_DEVICE)
			continue;
		kind = kind_of(entry);
		/* The frame of zeros takes no memory. */
		if (kind != FRAME_ANONYMOUS && kind != FRAME_PAGE_CACHE)
			continue;
		frame = page_frame_of(mmu_entry_frame(entry));
		mappings = count_mappings(region, *address, frame, kind, owners);
		add_entry(out, mappings, entry, kind);
		if (sharing && kind == FRAME_ANONYMOUS && mappings > owners)
			sharing->pages[sharing->count++] = (struct shared_page){
				*address, mmu_entry_frame(entry), mappings, 0
			};
		else
			out->proportional += part_of(mappings);
	}
}

/*
 * From an anonymous frame nothing leads to the tables that have it, but it got into each by fork,
 * which keeps addresses: so it is looked for at its address. What is read there is only compared:
 * a shared table may be gone, and its memory hold anything.
 */
void page_sharing_look(struct page_sharing *sharing, struct address_space *other)
{
	rwlock_read_lock(&other->lock);
	for (size_t i = 0; i < sharing->count; i++) {
		struct shared_page *page = &sharing->pages[i];
		mmu_entry entry = page_table_peek(other, page->address);

		page->found += (entry & MMU_PRESENT) && !(entry & MMU_SOFT_DEVICE) &&
			       mmu_entry_frame(entry) == page->frame;
	}
	rwlock_read_unlock(&other->lock);
}

void page_sharing_finish(struct page_sharing *sharing, struct region_usage *out)
{
	for (size_t i = 0; i < sharing->count; i++)
		out->proportional += part_of(max(sharing->pages[i].found, sharing->pages[i].least));
	sharing->count = 0;
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
