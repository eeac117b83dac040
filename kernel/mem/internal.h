/*
 * What the files of mem/ share.
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "mem/page_frame.h"

/*
 * The kernel's own frames come from the direct map (low); user pages from above it while there are
 * any, so that memory the kernel can address is left to the kernel.
 */
enum zone { ZONE_LOW, ZONE_HIGH, ZONE_COUNT };

#define BUDDY_ORDERS 11 /* blocks of 1 to 1024 frames (4 MiB) */

/*
 * In page_frame.order: this is the first frame of a block on the free list of that order. Looked at
 * in frames that are in use as well, so it cannot be one of page_frame.flags, which belong to the
 * owner.
 */
#define FRAME_BUDDY_HEAD 0x80u

/* In page_frame.flags, while the frame is free: filled with the pattern when it was freed. */
#define FRAME_POISONED (1u << 14)

/* Relaxed: written by the frame's owner, or under its zone's lock while it is free. */
static inline unsigned int page_frame_order(const struct page_frame *frame)
{
	return atomic_load_explicit(&frame->order, memory_order_relaxed);
}

static inline void page_frame_set_order(struct page_frame *frame, unsigned int order)
{
	atomic_store_explicit(&frame->order, (unsigned char)order, memory_order_relaxed);
}

/* buddy.c: blocks of frames. Any context. The frames that it holds are FREE, with no references. */
void buddy_init(enum zone zone, frame_number start, frame_number end);
/* A block of 2^order frames that leaves at least `reserve` frames free in the zone, or NULL. */
struct page_frame *buddy_alloc(enum zone zone, unsigned int order, size_t reserve);
/* Up to `count` single frames under one lock; how many there were. */
size_t buddy_alloc_batch(enum zone zone, struct page_frame **frames, size_t count, size_t reserve);
void buddy_free(struct page_frame *block, unsigned int order);
void buddy_free_batch(struct page_frame **frames, size_t count);
/* Every frame of [start, end): as few blocks as possible. At boot. */
void buddy_free_range(frame_number start, frame_number end);
/* A hint: changes under the reader. */
size_t buddy_free_count(enum zone zone);
bool buddy_check(enum zone zone);

static inline enum zone page_frame_zone(const struct page_frame *frame)
{
	return page_frame_is_direct(frame) ? ZONE_LOW : ZONE_HIGH;
}

/* kmalloc.c: make the caches of the size classes. Once, at the end of page_frame_init. */
void kmalloc_init(void);
