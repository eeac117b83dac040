/*
 * Moving page-cache frames to and from a disk: the way from pages to requests that all caches use.
 *
 *	page_io_init(&io, device, BLOCK_READ);
 *	for each frame: page_io_begin(frame), then for each of its parts one of
 *		page_io_add(&io, frame, offset, size, sector)	it is there on the disk
 *		page_io_settle(&io, frame, offset, size, error)	it needs no disk, or cannot be had
 *	page_io_finish(&io);
 *
 * Parts are multiples of PAGE_IO_UNIT, but the last one of a device; together they cover the frame.
 * When the last part of a frame is there, page_cache_read_done or page_cache_write_done is
 * called for it, with -EIO if any part failed: perhaps before page_io_add returns.
 */
#pragma once
#include <stdint.h>
#include "block/block_device.h"
#include "block/io_group.h"

#define PAGE_IO_UNIT 1024u

/* One stream of adjacent parts being put together; on its thread's stack. */
struct page_io {
	struct block_device *device;
	enum block_operation operation;		/* BLOCK_READ or BLOCK_WRITE */
	struct block_request *request;		/* not submitted yet, or NULL */
	struct io_group *group;			/* requests join it; NULL: none */
};

static inline void page_io_init(struct page_io *io, struct block_device *device,
				enum block_operation operation)
{
	io->device = device;
	io->operation = operation;
	io->request = NULL;
	io->group = NULL;
}

static inline void page_io_begin(struct page_frame *frame)
{
	atomic_fetch_or_explicit(&frame->flags, 15 * FRAME_IO_PENDING, memory_order_relaxed);
}

/* Adjacent parts become one request. May sleep. Never fails. */
void page_io_add(struct page_io *io, struct page_frame *frame, unsigned int offset,
		 unsigned int size, uint64_t sector);
void page_io_settle(struct page_io *io, struct page_frame *frame, unsigned int offset,
		    unsigned int size, int error);
void page_io_finish(struct page_io *io);

/*
 * Bytes [offset, offset + size) of `frame` of a block device's own cache have changed, and (if the
 * device writes_parts) nothing else of the page is to be written. Call after the change.
 */
void block_cache_mark_dirty(struct block_device *device, struct page_frame *frame,
			    unsigned int offset, unsigned int size);

/*
 * What these bytes of the cache held is of no use any more: they will not be written from now on,
 * and no write of them is under way. May sleep; no locks from LOCK_RANK_WRITEBACK on are held.
 */
void block_cache_forget(struct block_device *device, uint64_t byte_offset, unsigned int size);
