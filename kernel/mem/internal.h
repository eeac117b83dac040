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

/* Bits of page_frame.flags that mem/ uses while a frame is free; the owner's begin at 0. */
enum frame_free_flags {
	/* Looked at in used frames as well, so none of the bits that page_frame.h names. */
	FRAME_BUDDY_HEAD = 1 << 6, /* first frame of a block in a free list; `order` is valid */
	FRAME_POISONED = 1 << 14,  /* filled with the pattern when it was freed */
};

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
	return page_frame_number(frame) < mmu_direct_map_frames() ? ZONE_LOW : ZONE_HIGH;
}

/* kmalloc.c: make the caches of the size classes. Once, at the end of page_frame_init. */
void kmalloc_init(void);
