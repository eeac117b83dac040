/*
 * Seeing any frame: the direct map where it reaches, else a window of this CPU.
 */
#pragma once
#include "mem/page_frame.h"

/*
 * A kernel address for `frame`, valid until the matching kunmap on the same CPU: preemption stays
 * off in between, so no sleeping and no user copies that may fault (use the _nofault forms).
 * Windows nest up to MMU_WINDOWS; unmap in reverse order.
 */
void *kmap(struct page_frame *frame);
void kunmap(struct page_frame *frame, void *address);

void page_frame_clear(struct page_frame *frame);
void page_frame_copy(struct page_frame *to, struct page_frame *from);
