/*
 * A block device's page cache: its sectors as a file, and where file systems keep their metadata.
 *
 * A mounted file system may have blocks smaller than a page, so that one page holds a block of
 * metadata beside blocks of files, whose newest contents are in the caches of those files. Such a
 * page must not be written back whole: while a file system is mounted, writes_parts is set and only
 * the parts that block_cache_mark_dirty named are written (FRAME_PART_DIRTY).
 *
 * A device that becomes smaller while it is mounted keeps its pages beyond the new end, which the
 * file system goes on using. They cannot be read or written: that is -EIO, and none of them goes
 * into a request with others, which would fail with it; only one that was being made just then
 * may fail whole, and those of a partition whose disk became smaller.
 */
#include "block/block_device.h"

#include "block/internal.h"
#include "block/page_io.h"
#include "lib/min_max.h"
#include "lib/string.h"
#include "mem/page_frame.h"
#include "uapi/linux/errno.h"

static uint64_t first_sector(const struct page_frame *frame)
{
	return (uint64_t)frame->index << (PAGE_SHIFT - SECTOR_SHIFT);
}

/* How many bytes of the frame lie on the device: all but perhaps at its end; 0: beyond it. */
static unsigned int size_on_device(const struct block_device *device,
				   const struct page_frame *frame)
{
	uint64_t sectors = block_device_sectors(device), first = first_sector(frame);

	if (unlikely(first >= sectors))
		return 0;
	return (unsigned int)min_t(uint64_t, (sectors - first) << SECTOR_SHIFT, PAGE_SIZE);
}

static int block_cache_read(struct page_cache *cache, struct page_frame **frames,
			    unsigned int count)
{
	struct block_device *device = cache->owner;
	struct page_io io;

	page_io_init(&io, device, BLOCK_READ);
	for (unsigned int i = 0; i < count; i++) {
		unsigned int size = size_on_device(device, frames[i]), settled;

		page_io_begin(frames[i]);
		/* At the end only, and now: if the disk grows meanwhile, nobody does it later. */
		if (size > 0 && size < PAGE_SIZE)
			memset((uint8_t *)page_frame_address(frames[i]) + size, 0,
			       PAGE_SIZE - size);
		if (size > 0)
			page_io_add(&io, frames[i], 0, size, first_sector(frames[i]));
		settled = ALIGN_UP(size, PAGE_IO_UNIT);
		if (settled < PAGE_SIZE)
			page_io_settle(&io, frames[i], settled, PAGE_SIZE - settled,
				       size > 0 ? 0 : -EIO);
	}
	page_io_finish(&io);
	return 0;
}

/*
 * Write the units of `frame` that are in `units`, and settle the others. Those that are lost
 * because they lie beyond the first `size` bytes, which are on the device, are `lost_error`.
 */
static void write_units(struct page_io *io, struct page_frame *frame, unsigned int units,
			unsigned int size, int lost_error)
{
	uint64_t sector = first_sector(frame);

	for (unsigned int offset = 0, end; offset < PAGE_SIZE; offset = end) {
		bool dirty = units >> (offset / PAGE_IO_UNIT) & 1;

		end = offset + PAGE_IO_UNIT;
		while (end < PAGE_SIZE && (units >> (end / PAGE_IO_UNIT) & 1) == dirty)
			end += PAGE_IO_UNIT;
		if (offset < size)
			end = min(end, ALIGN_UP(size, PAGE_IO_UNIT));
		if (dirty && offset < size)
			page_io_add(io, frame, offset, min(end, size) - offset,
				    sector + (offset >> SECTOR_SHIFT));
		else
			page_io_settle(io, frame, offset, end - offset, dirty ? lost_error : 0);
	}
}

static int block_cache_write(struct page_cache *cache, struct page_frame **frames,
			     unsigned int count)
{
	struct block_device *device = cache->owner;
	bool parts = atomic_load_explicit(&device->writes_parts, memory_order_acquire);
	struct page_io io;

	page_io_init(&io, device, BLOCK_WRITE);
	for (unsigned int i = 0; i < count; i++) {
		unsigned int flags = atomic_fetch_and_explicit(
			&frames[i]->flags, (unsigned short)~(15 * FRAME_PART_DIRTY),
			memory_order_acq_rel);
		unsigned int size = size_on_device(device, frames[i]);
		unsigned int units = parts ? flags / FRAME_PART_DIRTY & 15 : 15;

		/*
		 * A last unit that is only half there is settled with its half. In a page that is
		 * written whole, what is behind the end is nobody's.
		 */
		page_io_begin(frames[i]);
		write_units(&io, frames[i], units, size, parts || size == 0 ? -EIO : 0);
	}
	page_io_finish(&io);
	return 0;
}

/* Somebody writes to the device as a file, so it is not mounted, or was since it was opened. */
static int block_cache_prepare_write(struct page_cache *cache, uint32_t index)
{
	struct block_device *device = cache->owner;

	if (block_device_is_read_only(device))
		return -EROFS;
	if (unlikely((uint64_t)index << PAGE_SHIFT >= page_cache_size(cache)))
		return -ENOSPC; /* it has just become smaller */
	return device->ops->is_always_opened && block_device_is_mounted(device) ? -EBUSY : 0;
}

static void block_cache_became_dirty(struct page_cache *cache)
{
	(void)cache;
	writeback_kick();
}

const struct page_cache_ops block_cache_ops = {
	.read = block_cache_read,
	.write = block_cache_write,
	.prepare_write = block_cache_prepare_write,
	.became_dirty = block_cache_became_dirty,
};
