/*
 * Anonymous pages: zeros until somebody writes.
 *
 * A read maps the one frame of zeros, read-only, so that a sparse array costs page tables only; the
 * first write replaces it (copy_on_write.c). A write at once gets a zeroed frame, often one that
 * was cleared while the CPU was idle. This is the most frequent fault there is: it allocates, locks
 * the page table, writes the entry, and is done.
 */
#include "core/event_ring.h"
#include "vm/internal.h"
#include "vm/page_table.h"

static enum fault_result read_zeros(struct fault *fault)
{
	struct page_frame *zero = page_frame_zero();
	struct page_frame *table;
	mmu_entry *entry;

	if (fault_lock_table(fault, &table))
		return FAULT_NO_MEMORY;
	entry = page_table_entry(table, fault->address);
	if (mmu_entry_read(entry) == 0) {
		page_frame_get(zero);
		page_table_fill(table, entry,
				mmu_entry_make(page_frame_number(zero),
					       region_entry_bits(fault->region) | MMU_ACCESSED),
				TABLE_USED);
	}
	page_table_unlock(table);
	return FAULT_OK;
}

enum fault_result fault_anonymous(struct fault *fault)
{
	mmu_entry bits = region_entry_bits(fault->region) | MMU_ACCESSED;
	struct page_frame *frame, *table;
	mmu_entry *entry;

	atomic_fetch_add_explicit(&vm_counters.faults_anonymous, 1, memory_order_relaxed);
	if (!fault->write)
		return read_zeros(fault);
	frame = page_frame_alloc(FRAME_ANONYMOUS, FRAME_ALLOC_ZEROED);
	if (unlikely(!frame))
		return FAULT_NO_MEMORY;
	if (fault_lock_table(fault, &table)) {
		page_frame_put(frame);
		return FAULT_NO_MEMORY;
	}
	if (!fault->force)
		bits |= MMU_WRITE | MMU_DIRTY;
	entry = page_table_entry(table, fault->address);
	if (likely(mmu_entry_read(entry) == 0)) {
		page_table_fill(table, entry, mmu_entry_make(page_frame_number(frame), bits),
				TABLE_USED + TABLE_ANONYMOUS);
		event_note(QUARTET_EVENT_FRAME_ZEROED, fault->address, page_frame_number(frame));
		frame = NULL;
	}
	page_table_unlock(table);
	if (unlikely(frame))
		page_frame_put(frame);	/* another thread was first */
	return FAULT_OK;
}
