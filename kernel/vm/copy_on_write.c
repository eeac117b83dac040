/*
 * Copy-on-write: a write to a private page that others may see as well.
 *
 * The frame's reference count decides. A private anonymous frame with one reference is ours alone:
 * whoever shared it has copied it or is gone, and the entry just gets its write permission. Nobody
 * can come to share it meanwhile: that takes fork (which needs the space's lock exclusive) or
 * another entry to copy from (there is none). A count that is higher for a moment, because somebody
 * looks at the frame, costs a copy, not correctness.
 *
 * Anything else is copied: frames that other tables have too, the page cache's, the frame of zeros.
 *
 * The old translation may be remembered by CPUs that run other threads of the process. The entry is
 * emptied and flushed before the new frame goes in, so that no thread reads the old page after
 * another has written to the new one.
 */
#include "core/event_ring.h"
#include "mem/kmap.h"
#include "vm/internal.h"
#include "vm/page_table.h"

static inline void count(atomic_uint *counter)
{
	atomic_fetch_add_explicit(counter, 1, memory_order_relaxed);
}

/* The entry's frame belongs to this entry alone. */
static bool is_ours(struct page_frame *frame)
{
	return atomic_load_explicit(&frame->kind, memory_order_relaxed) == FRAME_ANONYMOUS &&
	       page_frame_references(frame) == 1;
}

/*
 * Put `fresh` into the entry, which shows `old`. Table locked. The reference to the old frame is
 * the caller's. Without W no CPU makes the old entry dirty, so it need not be exchanged as a whole.
 */
static inline void replace(struct fault *fault, struct page_frame *table, mmu_entry *entry,
			   mmu_entry old, struct page_frame *fresh)
{
	mmu_entry bits = region_entry_bits(fault->region) | MMU_ACCESSED;

	if (!fault->force)
		bits |= MMU_WRITE | MMU_DIRTY;
	mmu_entry_write(entry, 0);
	mmu_flush_range(&fault->space->mmu, fault->address, fault->address + PAGE_SIZE);
	mmu_entry_write(entry, mmu_entry_make(page_frame_number(fresh), bits));
	page_table_count(table, TABLE_USED + TABLE_ANONYMOUS - page_table_weight(old));
}

/* A frame for a copy of what the entry shows; NULL when memory is out. */
static struct page_frame *get_frame(mmu_entry seen, bool *is_zeroed)
{
	*is_zeroed = page_frame_of(mmu_entry_frame(seen)) == page_frame_zero();
	return page_frame_alloc(FRAME_ANONYMOUS, *is_zeroed ? FRAME_ALLOC_ZEROED : 0);
}

/*
 * One try, with the table locked: true when there is nothing more to do; else a frame must be got
 * first.
 */
static bool try_resolve(struct fault *fault, struct page_frame *table, struct page_frame **fresh,
			bool fresh_is_zeroed, struct page_frame **old)
{
	mmu_entry *slot = page_table_entry(table, fault->address);
	mmu_entry entry = mmu_entry_read(slot);
	struct page_frame *frame;
	bool copies;

	if (entry == 0 || (entry & (MMU_WRITE | MMU_SOFT_SHARED | MMU_SOFT_DEVICE)))
		return true;	/* somebody else was here */
	frame = page_frame_of(mmu_entry_frame(entry));
	if (is_ours(frame)) {
		if (!fault->force)
			mmu_entry_write(slot, entry | MMU_WRITE | MMU_ACCESSED | MMU_DIRTY);
		count(&vm_counters.faults_cow_reused);
		event_note(QUARTET_EVENT_FRAME_REUSED, fault->address, page_frame_number(frame));
		return true;
	}
	copies = frame != page_frame_zero();
	if (!*fresh || (!copies && !fresh_is_zeroed))
		return false;
	if (copies)
		page_frame_copy(*fresh, frame);
	replace(fault, table, slot, entry, *fresh);
	event_note(QUARTET_EVENT_FRAME_COPIED, fault->address, page_frame_number(frame),
	      page_frame_number(*fresh));
	*fresh = NULL;
	*old = frame;
	count(&vm_counters.faults_cow_copied);
	if (copies)
		count(&vm_counters.pages_copied);
	return true;
}

enum fault_result fault_copy_on_write(struct fault *fault, mmu_entry seen)
{
	struct page_frame *fresh = NULL, *old = NULL, *table;
	bool is_zeroed = false;

	/* A hint, but mostly right: then the table is locked once. */
	if (!(seen & MMU_SOFT_DEVICE) && !is_ours(page_frame_of(mmu_entry_frame(seen)))) {
		fresh = get_frame(seen, &is_zeroed);
		if (unlikely(!fresh))
			return FAULT_NO_MEMORY;
	}
	for (;;) {
		bool done;

		if (fault_lock_table(fault, &table)) {
			if (fresh)
				page_frame_put(fresh);
			return FAULT_NO_MEMORY;
		}
		done = try_resolve(fault, table, &fresh, is_zeroed, &old);
		page_table_unlock(table);
		if (likely(done))
			break;
		if (fresh)
			page_frame_put(fresh);
		fresh = get_frame(page_table_peek(fault->space, fault->address), &is_zeroed);
		if (!fresh)
			return FAULT_NO_MEMORY;
	}
	if (old)
		page_frame_put(old);
	if (fresh)
		page_frame_put(fresh);
	return FAULT_OK;
}
