/*
 * From pages to requests: parts of frames that lie side by side on the disk become one request.
 *
 * A frame may be scattered over the disk, as many parts as it has file-system blocks. Which of them
 * are still under way is kept in four bits of the frame's flags (FRAME_IO_PENDING, one for each
 * KiB), so that completion needs no memory of its own and may happen in any order, in interrupts,
 * on several CPUs: whoever clears the last bit reports the frame. All bits are set before the first
 * request leaves, so nobody reports too early.
 */
#include "block/page_io.h"

#include "core/assert.h"
#include "lib/string.h"
#include "mem/kmap.h"
#include "uapi/linux/errno.h"

_Static_assert(PAGE_SIZE / PAGE_IO_UNIT == 4, "frame flags have four bits for parts");

/* One bit for each unit that [offset, offset + size) touches. */
static unsigned int unit_mask(unsigned int offset, unsigned int size)
{
	unsigned int first = offset / PAGE_IO_UNIT;
	unsigned int end = DIV_ROUND_UP(offset + size, PAGE_IO_UNIT);

	return (1u << end) - (1u << first);
}

/*
 * What the disk has behind the end of a file is not the file's. Should the file grow, somebody has
 * to tell the disk: TAIL_CUT.
 */
static void clear_beyond_end(struct page_frame *frame)
{
	uint64_t start = (uint64_t)frame->index << PAGE_SHIFT;
	uint64_t size = page_cache_size(frame->cache);
	unsigned int kept;
	uint8_t *bytes;

	if (likely(start + PAGE_SIZE <= size))
		return;
	kept = size > start ? (unsigned int)(size - start) : 0;
	bytes = kmap(frame);
	for (unsigned int i = kept; i < PAGE_SIZE; i++) {
		if (bytes[i] == 0)
			continue;
		atomic_fetch_or_explicit(&frame->flags, FRAME_TAIL_CUT, memory_order_relaxed);
		memset(bytes + i, 0, PAGE_SIZE - i);
		break;
	}
	kunmap(frame, bytes);
}

static void settle(struct page_frame *frame, enum block_operation operation, unsigned int units,
		   int error)
{
	unsigned int old;

	if (unlikely(error))
		atomic_fetch_or_explicit(&frame->flags, FRAME_IO_FAILED, memory_order_relaxed);
	/* Release: our part and FAILED are seen by who clears the last bit, which acquires. */
	old = atomic_fetch_and_explicit(&frame->flags,
					(unsigned short)~(units * FRAME_IO_PENDING),
					memory_order_acq_rel);
	if (old / FRAME_IO_PENDING & 15 & ~units)
		return;
	error = 0;
	if (unlikely(atomic_load_explicit(&frame->flags, memory_order_relaxed) & FRAME_IO_FAILED)) {
		atomic_fetch_and_explicit(&frame->flags, (unsigned short)~FRAME_IO_FAILED,
					  memory_order_relaxed);
		error = -EIO;
	}
	if (operation == BLOCK_WRITE) {
		page_cache_write_done(frame, error);
		return;
	}
	clear_beyond_end(frame);
	page_cache_read_done(frame, error);
}

static void request_done(struct block_request *request)
{
	struct io_group *group = request->private;

	for (unsigned int i = 0; i < request->segment_count; i++) {
		const struct block_segment *segment = &request->segments[i];

		settle(segment->frame, request->operation,
		       unit_mask(segment->offset, segment->size), request->error);
	}
	if (group)
		io_group_leave(group, request->error);
	block_request_free(request);
}

void page_io_finish(struct page_io *io)
{
	if (io->request && io->group)
		io_group_join(io->group);
	if (io->request)
		block_submit(io->request);
	io->request = NULL;
}

static bool fits(const struct block_request *request, unsigned int size, uint64_t sector)
{
	const struct block_device *disk = request->device->whole;

	return request->sector + request->sector_count == sector &&
	       request->segment_count < disk->max_segments &&
	       request->sector_count + (size >> SECTOR_SHIFT) <= disk->max_sectors;
}

void page_io_add(struct page_io *io, struct page_frame *frame, unsigned int offset,
		 unsigned int size, uint64_t sector)
{
	struct block_request *request = io->request;
	struct block_segment *last;

	assert(offset + size <= PAGE_SIZE && size > 0 && (offset | size) % SECTOR_SIZE == 0);
	if (request && !fits(request, size, sector)) {
		page_io_finish(io);
		request = NULL;
	}
	if (!request) {
		request = io->request = block_request_alloc(io->device,
							    FRAME_ALLOC_NO_RECLAIM);
		request->operation = io->operation;
		request->sector = sector;
		request->done = request_done;
		request->private = io->group;
	}
	request->sector_count += size >> SECTOR_SHIFT;
	last = request->segment_count ? &request->segments[request->segment_count - 1] : NULL;
	if (last && last->frame == frame && last->offset + last->size == offset) {
		last->size = (uint16_t)(last->size + size);
		return;
	}
	request->segments[request->segment_count++] = (struct block_segment){
		.frame = frame, .offset = (uint16_t)offset, .size = (uint16_t)size,
	};
}

void page_io_settle(struct page_io *io, struct page_frame *frame, unsigned int offset,
		    unsigned int size, int error)
{
	settle(frame, io->operation, unit_mask(offset, size), error);
}

void block_cache_mark_dirty(struct block_device *device, struct page_frame *frame,
			    unsigned int offset, unsigned int size)
{
	/*
	 * First the parts, then the page: a writer that comes between finds the change, and our
	 * mark on the page then finds nothing left to write. The other way round a part would be
	 * forgotten.
	 */
	atomic_fetch_or_explicit(&frame->flags, unit_mask(offset, size) * FRAME_PART_DIRTY,
				 memory_order_release);
	page_cache_mark_dirty(&device->cache, frame);
}

void block_cache_forget(struct block_device *device, uint64_t byte_offset, unsigned int size)
{
	uint32_t index = (uint32_t)(byte_offset >> PAGE_SHIFT);
	struct page_frame *frame = page_cache_find(&device->cache, index);
	unsigned int units = unit_mask((unsigned int)(byte_offset % PAGE_SIZE), size);

	if (!frame)
		return;
	atomic_fetch_and_explicit(&frame->flags, (unsigned short)~(units * FRAME_PART_DIRTY),
				  memory_order_acq_rel);
	/* Errors of other blocks of the page are found again by whoever syncs them. */
	if (atomic_load_explicit(&frame->flags, memory_order_acquire) & FRAME_WRITING)
		(void)!page_cache_write_back(&device->cache, index, index + 1, true);
	page_frame_put(frame);
}
