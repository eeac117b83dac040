/*
 * Seeing any frame.
 *
 * Most frames the kernel touches are in the direct map and need nothing. Others get one of a few
 * fixed addresses of this CPU, a window, used as a stack: an interrupt handler that maps a frame
 * uses the window above those of the code that it stopped and leaves the depth as it was, so the
 * depth needs no protection. Preemption stays off, so nobody else can come in between.
 */
#include "mem/kmap.h"
#include "arch/cpu.h"
#include "core/assert.h"
#include "core/config.h"
#include "core/preempt.h"
#include "mem/internal.h"

/* [c] windows in use, own CPU with preemption off */
static unsigned int window_depths[CPU_MAX];

void *kmap(struct page_frame *frame)
{
	unsigned int *depth;
	unsigned int slot;

	preempt_disable();
	if (likely(page_frame_zone(frame) == ZONE_LOW))
		return page_frame_address(frame);
	depth = &window_depths[cpu_index()];
	slot = *depth;
	assert(slot < MMU_WINDOWS);
	*depth = slot + 1;
	atomic_signal_fence(memory_order_seq_cst); /* a handler from here on uses the next one */
	return mmu_window_map(slot, page_frame_number(frame));
}

void kunmap(struct page_frame *frame, void *address)
{
	if (unlikely(page_frame_zone(frame) != ZONE_LOW)) {
		unsigned int *depth = &window_depths[cpu_index()];

		assert(*depth > 0);
		mmu_window_unmap(*depth - 1);
		atomic_signal_fence(memory_order_seq_cst);
		--*depth;
	}
	(void)address;
	preempt_enable();
}

static inline bool is_direct(const struct page_frame *frame)
{
	return page_frame_zone(frame) == ZONE_LOW;
}

/* Where both frames lie in the direct map nothing keeps the work on this CPU. */

void page_frame_clear(struct page_frame *frame)
{
	void *page;

	if (likely(is_direct(frame))) {
		cpu_clear_page(page_frame_address(frame));
		return;
	}
	page = kmap(frame);
	cpu_clear_page(page);
	kunmap(frame, page);
}

/* The same where one of them lies beyond the direct map. Apart, since it wants registers saved. */
static noinline void copy_by_windows(struct page_frame *to, struct page_frame *from)
{
	void *target = kmap(to);
	const void *source = kmap(from);

	cpu_copy_page(target, source);
	kunmap(from, (void *)source);
	kunmap(to, target);
}

void page_frame_copy(struct page_frame *to, struct page_frame *from)
{
	if (likely(is_direct(to) && is_direct(from)))
		cpu_copy_page(page_frame_address(to), page_frame_address(from));
	else
		copy_by_windows(to, from);
}
