/*
 * Page tables of user memory: who owns them, locking them, filling and emptying them.
 * (Theory and invariants: page_table.c. Of vm/ alone; other folders see address_space.h.)
 */
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include "arch/mmu.h"
#include "core/compiler.h"
#include "mem/page_frame.h"
#include "vm/address_space.h"

/*
 * page_frame.present of a table: three counts of its entries in one word, changed under the table's
 * lock.
 */
enum {
	TABLE_USED = 1 << 0,		/* entries that are not 0 */
	TABLE_ANONYMOUS = 1 << 10,	/* of these, those that point to anonymous frames */
	TABLE_FILE = 1 << 20,		/* of these, those that point to page-cache frames */
	TABLE_COUNT_MASK = (1 << 10) - 1,
};

/* How many entries of a table are not 0: a hint without its lock. */
static inline unsigned int page_table_used(const struct page_frame *table)
{
	return atomic_load_explicit(&table->present, memory_order_relaxed) & TABLE_COUNT_MASK;
}

static inline uintptr_t table_span(uintptr_t address)
{
	return address & ~(uintptr_t)(TABLE_SPAN - 1);
}

static inline mmu_entry *page_table_entries(struct page_frame *table)
{
	return page_frame_address(table);
}

static inline mmu_entry *page_table_entry(struct page_frame *table, uintptr_t address)
{
	return page_table_entries(table) + mmu_table_index(address);
}

/*
 * The table's spinlock is a word of its frame descriptor. Rank LOCK_RANK_PAGE_TABLE, interrupts on.
 */
void page_table_lock(struct page_frame *table);
void page_table_unlock(struct page_frame *table);

/*
 * The table that covers `address`, if this space alone owns it; NULL if there is none or it is
 * shared. Locks: space->lock in either mode; as long as it is held the answer stays true.
 */
static inline struct page_frame *page_table_find_private(struct address_space *space,
							 uintptr_t address)
{
	const mmu_entry *slot = mmu_directory_entry(&space->mmu, address);
	mmu_entry entry;

	if (unlikely(!slot))
		return NULL;
	entry = mmu_entry_read(slot);
	if (unlikely((entry & (MMU_PRESENT | MMU_WRITE)) != (MMU_PRESENT | MMU_WRITE)))
		return NULL;
	return page_frame_of(mmu_entry_frame(entry));
}

/*
 * Lock the table that covers `address` for filling or changing entries: created if missing, copied
 * if shared. Locks: space->lock in either mode; returns with the table's lock. May sleep. Errors:
 * -ENOMEM.
 */
must_check int page_table_lock_private(struct address_space *space, uintptr_t address,
				       struct page_frame **out);

/*
 * Make the table private if there is one. Locks: space->lock in either mode. Errors: -ENOMEM. May
 * sleep.
 */
must_check int page_table_make_private(struct address_space *space, uintptr_t address);

/*
 * The same for every table of [start, end). What was done before an error stays, and does no harm.
 */
must_check int page_table_make_private_range(struct address_space *space, uintptr_t start,
					     uintptr_t end);

/*
 * Lock the table that covers `address`, shared or not, for looking, or for what must be done in all
 * spaces that share it. NULL if there is none. Locks: none needed; returns with the table's lock.
 */
struct page_frame *page_table_lock_any(struct address_space *space, uintptr_t address);

/* Is there a table at all for `address`? Locks: space->lock. */
static inline bool page_table_exists(struct address_space *space, uintptr_t address)
{
	const mmu_entry *slot = mmu_directory_entry(&space->mmu, address);

	return slot && (mmu_entry_read(slot) & MMU_PRESENT);
}

/* The entry for `address` without any lock: a hint. Locks: space->lock. */
static inline mmu_entry page_table_peek(struct address_space *space, uintptr_t address)
{
	const mmu_entry *slot = mmu_directory_entry(&space->mmu, address);
	mmu_entry entry = slot ? mmu_entry_read(slot) : 0;

	/* A shared table may be freed under our eyes; its memory stays readable. */
	if (!(entry & MMU_PRESENT))
		return 0;
	return mmu_entry_read(page_table_entry(page_frame_of(mmu_entry_frame(entry)), address));
}

/* What an entry adds to the counts of its table. */
unsigned int page_table_weight(mmu_entry entry);

/*
 * Entries of so much weight have come up. The counts change only under the table's lock; relaxed,
 * because other readers want a hint.
 */
static inline void page_table_count(struct page_frame *table, unsigned int weight)
{
	atomic_store_explicit(&table->present,
			      atomic_load_explicit(&table->present, memory_order_relaxed) + weight,
			      memory_order_relaxed);
}

/*
 * Put `value`, not 0, into an entry that is 0. The table takes over a reference to the frame. Table
 * locked.
 */
static inline void page_table_fill(struct page_frame *table, mmu_entry *entry, mmu_entry value,
				   unsigned int weight)
{
	mmu_entry_write(entry, value);
	page_table_count(table, weight);
}
/*
 * Empty an entry and return what it was; its frame's reference is the caller's now. Table locked.
 */
mmu_entry page_table_take(struct page_frame *table, mmu_entry *entry);

/*
 * Frames taken out of page tables, on their way to being let go: only after every CPU has forgotten
 * the translations. On the stack of whoever unmaps.
 */
enum { PAGE_GATHER_MAX = 64 };
struct page_gather {
	struct address_space *space;	/* whose translations to flush */
	uintptr_t start, end;		/* what to flush; empty: nothing */
	unsigned int count;
	uintptr_t frames[PAGE_GATHER_MAX];	/* frame addresses; bit 0: the entry was dirty */
};
void page_gather_init(struct page_gather *gather, struct address_space *space);
/* Remember what was at `address`. Requires room. */
void page_gather_add(struct page_gather *gather, uintptr_t address, mmu_entry entry);
/* Flush, and drop the references. Locks: no spinlocks; interrupts on. */
void page_gather_finish(struct page_gather *gather);
static inline bool page_gather_is_full(const struct page_gather *gather)
{
	return gather->count == PAGE_GATHER_MAX;
}

/*
 * Unmapping [start, end): prepare makes the tables private that the range shares with regions
 * outside it, the only part that may fail; then page_table_unmap empties the range and frees tables
 * that end up empty. Locks: space->lock exclusive, the regions still in the tree. May sleep.
 * Errors: -ENOMEM; nothing has changed in effect.
 */
must_check int page_table_prepare_unmap(struct address_space *space, uintptr_t start,
					uintptr_t end);
void page_table_unmap(struct address_space *space, uintptr_t start, uintptr_t end);

/*
 * Empty the private tables of [start, end), keeping the tables. Locks: space->lock in either mode.
 */
void page_table_clear_range(struct address_space *space, uintptr_t start, uintptr_t end);

/*
 * Free private tables without entries: what an attempt that failed has left. Locks: space->lock
 * exclusive.
 */
void page_table_free_empty(struct address_space *space, uintptr_t start, uintptr_t end);

/* Drop all tables of a space that nobody uses any more. */
void page_table_unmap_all(struct address_space *space);

/*
 * fork: let `child` share, or have a copy of, the parent's table that covers `span`; regions of the
 * parent with REGION_DONT_COPY or REGION_WIPE_ON_FORK make it a copy without their pages
 * (`any_special`: there are such somewhere). Sets *shared if the parent's translations must be
 * flushed. Locks: the parent's lock exclusive; the child is new. Errors: -ENOMEM.
 */
must_check int page_table_fork(struct address_space *parent, struct address_space *child,
			       uintptr_t span, bool any_special, bool *shared);

/*
 * mremap (page_table_move.c). prepare makes what the whole move needs (-ENOMEM); then each piece,
 * as far as page_table_move_piece says, is moved and flushed. Nothing is mapped at `to`. Locks:
 * space->lock exclusive.
 */
must_check int page_table_prepare_move(struct address_space *space, uintptr_t from, uintptr_t to,
				       uintptr_t size);
uintptr_t page_table_move_piece(uintptr_t from, uintptr_t to, uintptr_t size);
void page_table_move(struct address_space *space, uintptr_t from, uintptr_t to, uintptr_t size);

/* Debug builds: is there no entry for [start, end)? Lock exclusive. */
bool page_table_is_empty(struct address_space *space, uintptr_t start, uintptr_t end);

/*
 * Debug builds: do the counts of every private table in [start, end) agree with its entries? Lock
 * exclusive.
 */
bool page_table_check(struct address_space *space, uintptr_t start, uintptr_t end);
