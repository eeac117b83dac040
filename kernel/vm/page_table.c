/*
 * Page tables of user memory: who owns them, and how one is shared and copied.
 *
 * Idea. fork() copies neither pages nor page tables. A table is a page frame of kind
 * FRAME_PAGE_TABLE whose reference count is the number of its owners: directory entries, one in
 * each address space that shares it. Sharing costs a count and a directory entry; a table is copied
 * when one of its owners first wants to change something under it, and then a copied entry costs
 * one frame reference.
 *
 * How a table is reached, by the directory entry of a space:
 *	nothing		no page of the span has been touched (or what was there is gone)
 *	present, W	private: the table has one owner, this space
 *	present, no W	shared, or its other owners have gone since: may be private again
 *	parked		not present but with the frame: being unmapped, see page_table_unmap.c
 *
 *	nothing -> private	page_table_lock_private	a new, empty table
 *	private -> shared	page_table_fork	the parent's entry loses W, the child's has none
 *	shared  -> private	page_table_lock_private	copied; or the last owner just gets W back
 *	any     -> nothing	page_table_unmap	the last owner lets go of the frames
 *
 * Invariants:
 *  1. A table with several owners is reached only through directory entries without W.
 *  2. While a table is shared no entry is filled and none gains a permission. Truncation, reclaim
 *     and writeback (reverse_map.c) may empty or write-protect entries of a shared table: that is
 *     meant for all owners. The machine may set accessed bits there, but not dirty bits.
 *  3. Every entry that is not 0 lies in a region of each owner. So a copy need only look at the
 *     regions.
 *  4. Each entry holds one reference to its frame; sharing a table adds none.
 *  5. A private anonymous page has W in an entry only if nobody else has the frame.
 *
 * Copying. Under the source table's lock, each entry is written to the new table, with one more
 * reference to the frame. Both sides' private entries then lose W (invariant 5), so that the next
 * write faults and decides by the frame's count. The source needs no flush for this: while it was
 * shared, the directory entries above it had no W, so no CPU can remember a right to write. The
 * machine may set an accessed bit in the source while we write to it: at worst the bit is lost.
 * Dirty bits appear only under a directory entry with W, so none comes up meanwhile. Entries of
 * shared mappings (MMU_SOFT_SHARED) keep W and are copied without their dirty bit: the source has
 * it, and the frame has been marked dirty since before W was given (fault_file.c).
 *
 * The copier's own CPUs may remember the old table (paging-structure caches), so its directory
 * entry is changed and flushed before it drops its ownership: from then on another owner may write
 * there.
 *
 * Locks. space->directory_lock protects the directory entries; each table's lock word its entries
 * and counts. With space->lock held, a private table stays private and stays there, so a fault goes
 * straight to the table's lock. Everyone else goes hand over hand: directory lock, then table lock.
 * An owner lets go of a table only under the table's lock, so who holds it is safe.
 *
 * Rejected. Copying small tables at once by fork spares the later copy when both sides write (the
 * stack), but a child that execs at once never needs it: with tables of up to 32 entries fork and
 * exit cost 3 % more, and fork, exec and exit 1 % (docs/performance.md).
 */
#include "vm/page_table.h"
#include "core/assert.h"
#include "core/config.h"
#include "core/lock_check.h"
#include "arch/cpu.h"
#include "lib/min_max.h"
#include "uapi/linux/errno.h"
#include "vm/internal.h"

#define DIRECTORY_BITS (MMU_PRESENT | MMU_WRITE | MMU_USER | MMU_ACCESSED)

void page_table_lock(struct page_frame *table)
{
	preempt_disable();
	if (CONFIG_LOCK_CHECK)
		lock_check_acquire(&table->table_lock, "page table", LOCK_RANK_PAGE_TABLE, false,
				   false, __builtin_return_address(0));
	/* Acquire: pairs with the release in page_table_unlock. */
	while (atomic_exchange_explicit(&table->table_lock, 1, memory_order_acquire) != 0) {
		while (atomic_load_explicit(&table->table_lock, memory_order_relaxed) != 0)
			cpu_relax();
	}
}

void page_table_unlock(struct page_frame *table)
{
	if (CONFIG_LOCK_CHECK)
		lock_check_release(&table->table_lock);
	/* Release: what we did to the table is seen by the next holder. */
	atomic_store_explicit(&table->table_lock, 0, memory_order_release);
	preempt_enable();
}

unsigned int page_table_weight(mmu_entry entry)
{
	if (entry & MMU_SOFT_DEVICE)
		return TABLE_USED;
	switch (atomic_load_explicit(&page_frame_of(mmu_entry_frame(entry))->kind,
				     memory_order_relaxed)) {
	case FRAME_ANONYMOUS:
		return TABLE_USED + TABLE_ANONYMOUS;
	case FRAME_PAGE_CACHE:
		return TABLE_USED + TABLE_FILE;
	default:
		return TABLE_USED;	/* the frame of zeros, the vDSO */
	}
}

mmu_entry page_table_take(struct page_frame *table, mmu_entry *entry)
{
	mmu_entry old = mmu_entry_exchange(entry, 0);

	page_table_count(table, -page_table_weight(old));
	return old;
}

struct page_frame *page_table_create(void)
{
	struct page_frame *table =
		page_frame_alloc(FRAME_PAGE_TABLE, FRAME_ALLOC_LOW | FRAME_ALLOC_ZEROED);

	if (table) {
		atomic_init(&table->table_lock, 0);
		atomic_init(&table->present, 0);
	}
	return table;
}

static inline void install(struct address_space *space, mmu_entry *slot, struct page_frame *table,
			   bool is_private)
{
	mmu_entry bits = is_private ? DIRECTORY_BITS : DIRECTORY_BITS & ~MMU_WRITE;

	mmu_entry_write(slot, mmu_entry_make(page_frame_number(table), bits));
	atomic_fetch_add_explicit(&space->table_frames, 1, memory_order_relaxed);
}

/*
 * Hang a table that the caller owns into the directory; with W when it is private. Directory lock
 * held. Errors: -ENOMEM.
 */
int page_table_install(struct address_space *space, uintptr_t span, struct page_frame *table,
		       bool is_private)
{
	mmu_entry *slot;
	int error = mmu_directory_entry_create(&space->mmu, span, &slot);

	if (error)
		return error;
	install(space, slot, table, is_private);
	return 0;
}

/*
 * One used entry into the new table, which no CPU can see yet. Source table locked. The bits are
 * looked at in 32-bit arithmetic.
 */
static inline void copy_entry(mmu_entry *source, mmu_entry *target)
{
	mmu_entry entry = mmu_entry_read(source);
	uint32_t bits = (uint32_t)entry;

	if (likely(!(bits & (uint32_t)MMU_SOFT_DEVICE)))
		page_frame_get(page_frame_of(mmu_entry_frame(entry)));
	if ((bits & (uint32_t)(MMU_SOFT_SHARED | MMU_SOFT_DEVICE | MMU_WRITE)) ==
	    (uint32_t)MMU_WRITE) {
		entry &= ~MMU_WRITE;
		mmu_entry_write(source, entry);
	}
	*target = entry & ~MMU_DIRTY;
}

/* Some entries; how many there were. */
static unsigned int copy_run(mmu_entry *source, mmu_entry *target, size_t count)
{
	const mmu_entry *end = source + count;
	unsigned int used = 0;

	for (; source < end; source++, target++) {
		if (!mmu_entry_is_used(source))
			continue;
		copy_entry(source, target);
		used++;
	}
	return used;
}

/*
 * Copy what the regions of `space` have in `span`. Source locked; the target is empty and nobody
 * else's. Locks: space->lock. A fork and a write cost little but this loop.
 */
static void copy_entries(struct address_space *space, uintptr_t span, struct page_frame *source,
			 struct page_frame *target)
{
	unsigned int left = page_table_used(source);

	for (struct region *region = region_find_from(space, span);
	     left > 0 && region && region->start < span + TABLE_SPAN;
	     region = region_next(region)) {
		uintptr_t start = max(region->start, span);
		uintptr_t pages = (min(region->end, span + TABLE_SPAN) - start) >> PAGE_SHIFT;

		left -= copy_run(page_table_entry(source, start), page_table_entry(target, start),
				 pages);
	}
	assert(left == 0);	/* invariant 3 */
	page_table_count(target, atomic_load_explicit(&source->present, memory_order_relaxed));
}

/* The same without the regions that a child does not get, or gets empty. */
static void copy_entries_for_child(struct address_space *space, uintptr_t span,
				   struct page_frame *source, struct page_frame *target)
{
	uintptr_t span_end = span + TABLE_SPAN;

	for (struct region *region = region_find_from(space, span);
	     region && region->start < span_end; region = region_next(region)) {
		uintptr_t end = min(region->end, span_end);

		if (region->flags & (REGION_DONT_COPY | REGION_WIPE_ON_FORK))
			continue;
		for (uintptr_t address = max(region->start, span); address < end;
		     address += PAGE_SIZE) {
			mmu_entry *entry = page_table_entry(target, address);

			if (!mmu_entry_is_used(page_table_entry(source, address)))
				continue;
			copy_entry(page_table_entry(source, address), entry);
			page_table_count(target, page_table_weight(*entry));
		}
	}
}

/*
 * The space's directory entry leads to `source`, which is locked and shared: replace it by `copy`.
 * Both locks held, and space->lock.
 */
static void split_off(struct address_space *space, uintptr_t span, mmu_entry *slot,
		      struct page_frame *source, struct page_frame *copy)
{
	copy_entries(space, span, source, copy);
	mmu_entry_write(slot, mmu_entry_make(page_frame_number(copy), DIRECTORY_BITS));
	/*
	 * One page is enough: it makes CPUs forget all upper levels; lower ones are right in both.
	 */
	mmu_flush_range(&space->mmu, span, span + PAGE_SIZE);
	/* As in page_frame_put, but never the last. */
	atomic_fetch_sub_explicit(&source->references, 1, memory_order_acq_rel);
	atomic_fetch_add_explicit(&vm_counters.tables_copied, 1, memory_order_relaxed);
}

/*
 * One try at making the table of `address` private. True: done, with *table (NULL: there is none
 * and `create` is false) or *error. False: `*spare` must be a new table first.
 */
static bool try_make_private(struct address_space *space, uintptr_t address, bool create,
			     struct page_frame **spare, struct page_frame **table, int *error)
{
	uintptr_t span = table_span(address);
	bool done = true;
	mmu_entry *slot;
	mmu_entry entry;

	spin_lock(&space->directory_lock);
	slot = mmu_directory_entry(&space->mmu, address);
	entry = slot ? mmu_entry_read(slot) : 0;
	*table = NULL;
	if (entry & MMU_PRESENT)
		*table = page_frame_of(mmu_entry_frame(entry));
	if (!*table && create) {
		done = *spare != NULL;
		if (done)
			*error = page_table_install(space, span, *spare, true);
		if (done && !*error) {
			*table = *spare;
			*spare = NULL;
		}
	} else if (*table && !(entry & MMU_WRITE)) {
		struct page_frame *shared = *table;

		page_table_lock(shared);
		if (page_frame_references(shared) == 1) {
			mmu_entry_write(slot, entry | MMU_WRITE);
			atomic_fetch_add_explicit(&vm_counters.table_write_enabled, 1,
						  memory_order_relaxed);
		} else if (*spare) {
			split_off(space, span, slot, shared, *spare);
			*table = *spare;
			*spare = NULL;
		} else {
			done = false;
		}
		page_table_unlock(shared);
	}
	spin_unlock(&space->directory_lock);
	return done;
}

static noinline int make_private(struct address_space *space, uintptr_t address, bool create,
				 struct page_frame **table)
{
	struct page_frame *spare = NULL;
	int error = 0;

	while (!try_make_private(space, address, create, &spare, table, &error)) {
		spare = page_table_create();
		if (!spare)
			return -ENOMEM;
	}
	if (spare)
		page_frame_put(spare);
	return error;
}

int page_table_lock_private(struct address_space *space, uintptr_t address,
			    struct page_frame **out)
{
	struct page_frame *table = page_table_find_private(space, address);

	if (unlikely(!table)) {
		int error = make_private(space, address, true, &table);

		if (error)
			return error;
	}
	page_table_lock(table);
	*out = table;
	return 0;
}

int page_table_make_private(struct address_space *space, uintptr_t address)
{
	struct page_frame *table;

	rwlock_assert_held(&space->lock);
	if (!page_table_exists(space, address) || page_table_find_private(space, address))
		return 0;
	return make_private(space, address, false, &table);
}

int page_table_make_private_range(struct address_space *space, uintptr_t start, uintptr_t end)
{
	for (uintptr_t span = table_span(start); span < end; span += TABLE_SPAN) {
		int error = page_table_make_private(space, span);

		if (error)
			return error;
	}
	return 0;
}

struct page_frame *page_table_lock_any(struct address_space *space, uintptr_t address)
{
	struct page_frame *table = NULL;
	const mmu_entry *slot;
	mmu_entry entry;

	spin_lock(&space->directory_lock);
	slot = mmu_directory_entry(&space->mmu, address);
	entry = slot ? mmu_entry_read(slot) : 0;
	if (entry & MMU_PRESENT) {
		table = page_frame_of(mmu_entry_frame(entry));
		page_table_lock(table);
	}
	spin_unlock(&space->directory_lock);
	return table;
}

/* Does a region in this span want that its pages do not come along? */
static bool span_is_special(struct address_space *parent, uintptr_t span)
{
	for (struct region *region = region_find_from(parent, span);
	     region && region->start < span + TABLE_SPAN; region = region_next(region)) {
		if (region->flags & (REGION_DONT_COPY | REGION_WIPE_ON_FORK))
			return true;
	}
	return false;
}

/*
 * A copy for the child at once, or no table if nothing comes along. The parent's table may be
 * private, with CPUs that remember W: the flush that *shared asks for comes before either side
 * runs on.
 */
static int fork_copy(struct address_space *parent, struct address_space *child, uintptr_t span,
		     struct page_frame *source)
{
	struct page_frame *copy = page_table_create();
	mmu_entry *slot;
	int error;

	if (!copy)
		return -ENOMEM;
	/*
	 * The child's regions can be found already: who looks for this table there waits until it
	 * is in.
	 */
	spin_lock(&child->directory_lock);
	error = mmu_directory_entry_create(&child->mmu, span, &slot);
	if (!error) {
		page_table_lock(source);
		copy_entries_for_child(parent, span, source, copy);
		page_table_unlock(source);
	}
	if (!error && page_table_used(copy) != 0) {
		error = page_table_install(child, span, copy, true);
		assert(!error);	/* the level is there */
		copy = NULL;
	}
	spin_unlock(&child->directory_lock);
	if (copy)
		page_frame_put(copy);
	else
		atomic_fetch_add_explicit(&vm_counters.tables_copied, 1, memory_order_relaxed);
	return error;
}

/*
 * Where the child has a directory its entry is just written: who does not see it yet does not miss
 * the table, which he finds through the parent too. Errors: -ENOMEM.
 */
static int share(struct address_space *child, uintptr_t span, struct page_frame *table)
{
	mmu_entry *slot = mmu_directory_entry(&child->mmu, span);
	int error;

	page_frame_get(table);
	if (likely(slot)) {
		install(child, slot, table, false);
		return 0;
	}
	spin_lock(&child->directory_lock);
	error = page_table_install(child, span, table, false);
	spin_unlock(&child->directory_lock);
	if (error)
		page_frame_put(table);	/* not the last: the parent has it */
	return error;
}

int page_table_fork(struct address_space *parent, struct address_space *child, uintptr_t span,
		    bool any_special, bool *shared)
{
	mmu_entry *slot = mmu_directory_entry(&parent->mmu, span);
	mmu_entry entry = slot ? mmu_entry_read(slot) : 0;
	struct page_frame *table;
	int error;

	if (!(entry & MMU_PRESENT))
		return 0;
	table = page_frame_of(mmu_entry_frame(entry));
	*shared = true;
	if (page_table_used(table) == 0)
		return 0;
	if (unlikely(any_special) && span_is_special(parent, span))
		return fork_copy(parent, child, span, table);
	error = share(child, span, table);
	if (unlikely(error))
		return error;
	/* Only we, with the space's lock exclusive, change this entry. */
	mmu_entry_write(slot, entry & ~MMU_WRITE);
	atomic_fetch_add_explicit(&vm_counters.tables_shared, 1, memory_order_relaxed);
	return 0;
}

/* Do a private table's counts agree with its entries? A shared one may change meanwhile. */
static bool check_table(struct page_frame *table)
{
	unsigned int sum = 0;

	if (page_frame_references(table) != 1)
		return false;
	page_table_lock(table);
	for (unsigned int i = 0; i < TABLE_ENTRIES; i++) {
		mmu_entry entry = mmu_entry_read(page_table_entries(table) + i);

		if (entry)
			sum += page_table_weight(entry);
	}
	sum -= atomic_load_explicit(&table->present, memory_order_relaxed);
	page_table_unlock(table);
	return sum == 0;
}

bool page_table_check(struct address_space *space, uintptr_t start, uintptr_t end)
{
	for (uintptr_t span = table_span(start); span < end; span += TABLE_SPAN) {
		struct page_frame *table = page_table_find_private(space, span);

		if (table && !check_table(table))
			return false;
	}
	return true;
}

bool page_table_is_empty(struct address_space *space, uintptr_t start, uintptr_t end)
{
	for (uintptr_t address = start; address < end; address = table_span(address) + TABLE_SPAN) {
		uintptr_t stop = min(end, table_span(address) + TABLE_SPAN);
		mmu_entry *slot = mmu_directory_entry(&space->mmu, address);
		mmu_entry found = slot ? mmu_entry_read(slot) : 0;
		const mmu_entry *entry;

		if (!(found & MMU_PRESENT))
			continue;
		/* As in page_table_peek(): it may be freed under our eyes, and stays readable. */
		entry = page_table_entry(page_frame_of(mmu_entry_frame(found)), address);
		for (size_t left = (stop - address) / PAGE_SIZE; left > 0; left--) {
			if (mmu_entry_read(entry++) != 0)
				return false;
		}
	}
	return true;
}
