/*
 * Moving pages from one address to another: the page-table half of mremap.
 *
 * Where both addresses lie alike within their spans, whole tables move by their directory entries
 * alone, shared ones too: a table does not know its address. The rest goes entry by entry between
 * two private tables, which page_table_prepare_move has made.
 *
 * The caller holds, for a file mapping, the cache's regions_lock around the move of each piece, so
 * that truncation and writeback, which look for a page in both places, find it in one. The flush of
 * the old place belongs to the piece for the same reason: after it no CPU can write through the old
 * translation, which writeback could not see any more.
 */
#include "core/assert.h"
#include "lib/min_max.h"
#include "uapi/linux/errno.h"
#include "vm/internal.h"
#include "vm/page_table.h"

enum { MOVE_BATCH = 32 };

/* Can the table at `from` move whole, given what is left to move? */
static bool moves_whole(uintptr_t from, uintptr_t to, uintptr_t size)
{
	return from % TABLE_SPAN == 0 && to % TABLE_SPAN == 0 && size >= TABLE_SPAN;
}

/* How far the piece that starts here reaches: to the end of a span on either side. */
uintptr_t page_table_move_piece(uintptr_t from, uintptr_t to, uintptr_t size)
{
	uintptr_t piece = min(TABLE_SPAN - from % TABLE_SPAN, TABLE_SPAN - to % TABLE_SPAN);

	return min(piece, size);
}

static int prepare_piece(struct address_space *space, uintptr_t from, uintptr_t to,
			 uintptr_t size)
{
	struct page_frame *table;
	mmu_entry *slot;
	int error;

	if (!page_table_exists(space, from))
		return 0;
	if (moves_whole(from, to, size)) {
		spin_lock(&space->directory_lock);
		error = mmu_directory_entry_create(&space->mmu, to, &slot);
		spin_unlock(&space->directory_lock);
		/* What was mapped there is gone, and empty tables go with it. */
		assert(error || mmu_entry_read(slot) == 0);
		return error;
	}
	error = page_table_make_private(space, from);
	if (!error)
		error = page_table_lock_private(space, to, &table);
	if (!error)
		page_table_unlock(table);
	return error;
}

int page_table_prepare_move(struct address_space *space, uintptr_t from, uintptr_t to,
			    uintptr_t size)
{
	while (size > 0) {
		uintptr_t piece = page_table_move_piece(from, to, size);
		int error = prepare_piece(space, from, to, size);

		if (error)
			return error;
		from += piece;
		to += piece;
		size -= piece;
	}
	return 0;
}

static void move_table(struct address_space *space, uintptr_t from, uintptr_t to)
{
	mmu_entry *source = mmu_directory_entry(&space->mmu, from);
	mmu_entry *target = mmu_directory_entry(&space->mmu, to);
	mmu_entry entry;

	spin_lock(&space->directory_lock);
	entry = mmu_entry_read(source);
	mmu_entry_write(source, 0);
	mmu_entry_write(target, entry);
	spin_unlock(&space->directory_lock);
}

/* Up to MOVE_BATCH entries; the two tables may be one. Returns how far it came. */
static uintptr_t move_entries(struct page_frame *source, struct page_frame *target, uintptr_t from,
			      uintptr_t to, uintptr_t size)
{
	mmu_entry entries[MOVE_BATCH];
	unsigned int count = min_t(unsigned int, size >> PAGE_SHIFT, MOVE_BATCH);

	page_table_lock(source);
	for (unsigned int i = 0; i < count; i++) {
		mmu_entry *slot = page_table_entry(source, from + i * PAGE_SIZE);

		entries[i] = mmu_entry_read(slot) ? page_table_take(source, slot) : 0;
	}
	page_table_unlock(source);
	page_table_lock(target);
	for (unsigned int i = 0; i < count; i++) {
		if (entries[i])
			page_table_fill(target, page_table_entry(target, to + i * PAGE_SIZE),
					entries[i], page_table_weight(entries[i]));
	}
	page_table_unlock(target);
	return count * PAGE_SIZE;
}

void page_table_move(struct address_space *space, uintptr_t from, uintptr_t to, uintptr_t size)
{
	struct page_frame *source, *target;
	uintptr_t start = from, piece;

	if (!page_table_exists(space, from))
		return;
	if (moves_whole(from, to, size)) {
		move_table(space, from, to);
	} else {
		source = page_table_find_private(space, from);
		target = page_table_find_private(space, to);
		assert(source);
		/* It was made for a later piece, that moves to this span: nothing is at `from`. */
		if (!target) {
			assert(page_table_is_empty(space, from, from + size));
			return;
		}
		for (uintptr_t done = 0; done < size; done += piece, from += piece, to += piece)
			piece = move_entries(source, target, from, to, size - done);
	}
	mmu_flush_range(&space->mmu, start, start + size);
}
