/*
 * Emptying page tables: munmap, exit, and the pages that are let go.
 *
 * Order. A frame may be reused only when no CPU remembers a translation to it. So everything here
 * goes in three steps: take entries (or whole tables) out, flush, then drop references. A
 * page_gather holds a batch of frames between the steps; whole tables are "parked": their directory
 * entry loses MMU_PRESENT but keeps the frame, which is memory enough, as the space's lock is held
 * exclusive and everyone else takes a parked entry for none.
 *
 * Shared tables. When all that a space has in a span goes away, the table is not looked into: the
 * space just drops its ownership, and the last owner lets go of the frames. Only where a range ends
 * in the middle of what the space has in a span must the table be made private first; those are at
 * most the two spans at the ends, and page_table_prepare_unmap sees to them before anything is
 * changed. Not even then where the range has no entry in the table: as long as our lock is held
 * exclusive nobody can make one there, and the table is left alone.
 *
 * Dirty entries. A page of a shared file mapping is marked dirty before an entry gains W, so an
 * entry's dirty bit tells nothing new, except in one window: writeback has just begun with the
 * page, and has not yet come to this entry. Such a page is marked dirty once more, after the flush,
 * when no CPU can write.
 */
#include "vm/page_table.h"
#include "core/assert.h"
#include "core/config.h"
#include "lib/min_max.h"
#include "vm/internal.h"

void page_gather_init(struct page_gather *gather, struct address_space *space)
{
	gather->space = space;
	gather->start = UINTPTR_MAX;
	gather->end = 0;
	gather->count = 0;
}

void page_gather_add(struct page_gather *gather, uintptr_t address, mmu_entry entry)
{
	gather->start = min(gather->start, address);
	gather->end = max(gather->end, address + PAGE_SIZE);
	if (entry & MMU_SOFT_DEVICE)
		return;
	gather->frames[gather->count++] = (uintptr_t)page_frame_of(mmu_entry_frame(entry)) |
					  ((entry & MMU_DIRTY) && (entry & MMU_SOFT_SHARED));
}

/* The last use of a mapping of `frame`. Nobody can write through it any more. */
static inline void let_go(struct page_frame *frame, bool was_dirty)
{
	if (unlikely(was_dirty) &&
	    atomic_load_explicit(&frame->kind, memory_order_relaxed) == FRAME_PAGE_CACHE) {
		/*
		 * The region that mapped it still holds the cache; NULL when truncated meanwhile.
		 */
		struct page_cache *cache = *(struct page_cache *volatile *)&frame->cache;

		if (cache)
			page_cache_mark_dirty(cache, frame);
	}
	page_frame_put(frame);
}

void page_gather_finish(struct page_gather *gather)
{
	if (gather->end == 0)
		return;
	mmu_flush_range(&gather->space->mmu, gather->start, gather->end);
	for (unsigned int i = 0; i < gather->count; i++)
		let_go((struct page_frame *)(gather->frames[i] & ~(uintptr_t)1),
		       gather->frames[i] & 1);
	page_gather_init(gather, gather->space);
}

/*
 * The first used entry of [slot, end), or `end`. Four steps at once: of a thread's stack a page or
 * two were touched, and two thousand are given back when it ends.
 */
static inline mmu_entry *next_used(mmu_entry *slot, mmu_entry *end)
{
	while (end - slot >= 4 && !mmu_entry_is_used(&slot[0]) && !mmu_entry_is_used(&slot[1]) &&
	       !mmu_entry_is_used(&slot[2]) && !mmu_entry_is_used(&slot[3]))
		slot += 4;
	while (slot < end && !mmu_entry_is_used(slot))
		slot++;
	return slot;
}

/* Take every entry of [start, end), which lies in one private table. */
static void take_range(struct page_frame *table, uintptr_t start, uintptr_t end,
		       struct page_gather *gather)
{
	mmu_entry *first = page_table_entry(table, start);
	mmu_entry *last = first + ((end - start) >> PAGE_SHIFT);

	page_table_lock(table);
	for (mmu_entry *slot = first; page_table_used(table); slot++) {
		slot = next_used(slot, last);
		if (slot == last)
			break;
		if (page_gather_is_full(gather)) {
			/* Dirty pages are reported without spinlocks. The table stays ours. */
			page_table_unlock(table);
			page_gather_finish(gather);
			page_table_lock(table);
			/* Reclaim may have been here meanwhile. */
			if (!mmu_entry_is_used(slot))
				continue;
		}
		page_gather_add(gather, start + ((uintptr_t)(slot - first) << PAGE_SHIFT),
				page_table_take(table, slot));
	}
	page_table_unlock(table);
}

void page_table_clear_range(struct address_space *space, uintptr_t start, uintptr_t end)
{
	struct page_gather gather;

	page_gather_init(&gather, space);
	for (uintptr_t span = table_span(start); span < end; span += TABLE_SPAN) {
		struct page_frame *table = page_table_find_private(space, span);

		if (table)
			take_range(table, max(start, span), min(end, span + TABLE_SPAN), &gather);
	}
	page_gather_finish(&gather);
}

/*
 * Does [start, end) hold everything that the space can have in the table of this span? What no
 * region touched has none. So a table never stays where all that is left is untouched regions,
 * which are unmapped without a look at tables.
 */
static bool holds_whole_span(struct address_space *space, uintptr_t span, uintptr_t start,
			     uintptr_t end)
{
	uintptr_t span_end = span + TABLE_SPAN;

	return (start <= span || !region_any_touched(region_find_from(space, span), start)) &&
	       (end >= span_end || !region_any_touched(region_find_from(space, end), span_end));
}

/* Has the table of the span no entry in [start, end), as far as that lies in it? */
static bool range_is_empty(struct address_space *space, uintptr_t span, uintptr_t start,
			   uintptr_t end)
{
	uintptr_t address = max(start, span), stop = min(end, span + TABLE_SPAN);
	struct page_frame *table = page_table_lock_any(space, span);

	if (!table)
		return true;
	while (address < stop && !mmu_entry_is_used(page_table_entry(table, address)))
		address += PAGE_SIZE;
	page_table_unlock(table);
	return address == stop;
}

static int prepare_span(struct address_space *space, uintptr_t span, uintptr_t start, uintptr_t end)
{
	if (!page_table_exists(space, span) || page_table_find_private(space, span) ||
	    holds_whole_span(space, span, start, end) || range_is_empty(space, span, start, end))
		return 0;
	return page_table_make_private(space, span);
}

int page_table_prepare_unmap(struct address_space *space, uintptr_t start, uintptr_t end)
{
	uintptr_t first = table_span(start);
	uintptr_t last = table_span(end - 1);
	int error = prepare_span(space, first, start, end);

	if (!error && last != first)
		error = prepare_span(space, last, start, end);
	return error;
}

/* Out of the directory, but remembered there. */
static void park(struct address_space *space, mmu_entry *slot)
{
	spin_lock(&space->directory_lock);
	mmu_entry_write(slot, mmu_entry_read(slot) & ~MMU_PRESENT);
	spin_unlock(&space->directory_lock);
}

/* The frames of some entries; how many there were. The bits are looked at in 32-bit arithmetic. */
static unsigned int let_go_of_run(const mmu_entry *slot, const mmu_entry *end)
{
	const uint32_t dirty_shared = (uint32_t)(MMU_DIRTY | MMU_SOFT_SHARED);
	unsigned int used = 0;

	for (; slot < end; slot++) {
		mmu_entry entry;
		uint32_t bits;

		if (!mmu_entry_is_used(slot))
			continue;
		used++;
		entry = mmu_entry_read(slot);
		bits = (uint32_t)entry;
		if (unlikely(bits & (uint32_t)MMU_SOFT_DEVICE))
			continue;
		let_go(page_frame_of(mmu_entry_frame(entry)),
		       (bits & dirty_shared) == dirty_shared);
	}
	return used;
}

/* The frames of a table that nobody owns any more; what it has lies in the regions of `space`. */
static void let_go_of_entries(struct address_space *space, uintptr_t span, struct page_frame *table)
{
	unsigned int left = page_table_used(table);

	for (struct region *region = region_find_from(space, span);
	     left > 0 && region && region->start < span + TABLE_SPAN;
	     region = region_next(region)) {
		uintptr_t start = max(region->start, span);
		uintptr_t pages = (min(region->end, span + TABLE_SPAN) - start) >> PAGE_SHIFT;
		const mmu_entry *slot = page_table_entry(table, start);

		left -= let_go_of_run(slot, slot + pages);
	}
	assert(left == 0);
}

/* Drop the ownership of a table that was parked and flushed. */
static void drop_table(struct address_space *space, uintptr_t span, mmu_entry *slot)
{
	struct page_frame *table = page_frame_of(mmu_entry_frame(mmu_entry_read(slot)));
	bool is_last;

	mmu_entry_write(slot, 0);
	atomic_fetch_sub_explicit(&space->table_frames, 1, memory_order_relaxed);
	/*
	 * The lock waits for whoever found the table through our entry, and orders us with other
	 * owners.
	 */
	page_table_lock(table);
	is_last = page_frame_references(table) == 1;
	if (!is_last)
		atomic_fetch_sub_explicit(&table->references, 1, memory_order_acq_rel);
	page_table_unlock(table);
	if (!is_last)
		return;
	let_go_of_entries(space, span, table);
	page_frame_put(table);
}

/* Steps 1 and 3 for one span. Returns whether the table was parked. */
static bool unmap_span(struct address_space *space, uintptr_t span, mmu_entry *slot,
		       uintptr_t start, uintptr_t end, struct page_gather *gather)
{
	struct page_frame *table;

	if (!holds_whole_span(space, span, start, end)) {
		table = page_table_find_private(space, span);
		if (!table) {
			/* It is shared, and page_table_prepare_unmap has found nothing of ours. */
			assert(range_is_empty(space, span, start, end));
			return false;
		}
		take_range(table, max(start, span), min(end, span + TABLE_SPAN), gather);
		if (page_table_used(table) != 0)
			return false;
	}
	park(space, slot);
	return true;
}

/* The directory entry of `span`, or NULL; then *next is where to look next, else the next span. */
static inline mmu_entry *slot_of(struct address_space *space, uintptr_t span, uintptr_t *next)
{
	mmu_entry *slot = mmu_directory_entry(&space->mmu, span);

	*next = slot ? span + TABLE_SPAN : ALIGN_DOWN(span, (uintptr_t)1 << 30) + (1u << 30);
	return slot;
}

void page_table_unmap(struct address_space *space, uintptr_t start, uintptr_t end)
{
	struct page_gather gather;
	bool any_parked = false, any_table = false;
	uintptr_t next;

	rwlock_assert_held_exclusive(&space->lock);
	page_gather_init(&gather, space);
	for (uintptr_t span = table_span(start); span < end; span = next) {
		mmu_entry *slot = slot_of(space, span, &next);

		if (!slot || !(mmu_entry_read(slot) & MMU_PRESENT))
			continue;
		if (!any_table)
			address_space_note_peak(space);
		any_table = true;
		any_parked |= unmap_span(space, span, slot, start, end, &gather);
	}
	if (!any_table)
		return;
	if (any_parked) {
		/* What the table held may be remembered anywhere in its span. */
		mmu_flush_range(&space->mmu, start, end);
	}
	page_gather_finish(&gather);
	if (!any_parked)
		return;
	for (uintptr_t span = table_span(start); span < end; span = next) {
		mmu_entry *slot = slot_of(space, span, &next);
		mmu_entry entry = slot ? mmu_entry_read(slot) : 0;

		if (entry != 0 && !(entry & MMU_PRESENT))
			drop_table(space, span, slot);
	}
}

void page_table_free_empty(struct address_space *space, uintptr_t start, uintptr_t end)
{
	for (uintptr_t span = table_span(start); span < end; span += TABLE_SPAN) {
		struct page_frame *table = page_table_find_private(space, span);
		mmu_entry *slot = mmu_directory_entry(&space->mmu, span);

		if (!table || page_table_used(table) != 0)
			continue;
		park(space, slot);
		mmu_flush_range(&space->mmu, span, span + PAGE_SIZE);
		drop_table(space, span, slot);
	}
}

/* Call `visit` for each span that a region touches and that has a directory entry. */
static void for_each_span(struct address_space *space,
			  void (*visit)(struct address_space *space, uintptr_t span,
					mmu_entry *slot))
{
	uintptr_t done = 0;	/* spans below are visited */

	for (struct region *region = region_first(space); region; region = region_next(region)) {
		uintptr_t next;

		for (uintptr_t span = max(table_span(region->start), done); span < region->end;
		     span = next) {
			mmu_entry *slot = slot_of(space, span, &next);

			if (slot && mmu_entry_read(slot) != 0)
				visit(space, span, slot);
			done = next;
		}
	}
}

/* As park(), of a space that nobody else changes. */
static void park_alone(struct address_space *space, uintptr_t span, mmu_entry *slot)
{
	(void)space;
	(void)span;
	mmu_entry_write(slot, mmu_entry_read(slot) & ~MMU_PRESENT);
}

void page_table_unmap_all(struct address_space *space)
{
	for_each_span(space, park_alone);
	/*
	 * Who has found a table through an entry that was still present holds this lock until he
	 * has the table's, for which drop_table() waits. Once for all tables is enough.
	 */
	spin_lock(&space->directory_lock);
	spin_unlock(&space->directory_lock);
	/* Some CPU may have the space loaded still, lazily, and look things up ahead of need. */
	mmu_flush_space(&space->mmu);
	for_each_span(space, drop_table);
	assert(atomic_load_explicit(&space->table_frames, memory_order_relaxed) == 0);
}
