/*
 * Copies of blocks on their way to the disk.
 *
 * All writing of journaled blocks is from copies, so that nobody who changes a block has to wait
 * for the disk. Copies are packed into frames of their own and adjacent ones become one request.
 *
 * Memory. Writing is what frees memory, so it must not need any to go on: when there is none, what
 * was copied so far is written and waited for, and the one frame kept for that is used again.
 */
#include "core/assert.h"
#include "fs/journal/internal.h"
#include "mem/page_frame.h"

static void request_done(struct block_request *request)
{
	struct io_group *group = request->private;

	for (unsigned int i = 0; i < request->segment_count; i++)
		page_frame_put(request->segments[i].frame);
	io_group_leave(group, request->error);
	block_request_free(request);
}

static void submit(struct journal_copy_writer *writer)
{
	if (!writer->request)
		return;
	io_group_join(&writer->journal->writes);
	block_submit(writer->request);
	writer->request = NULL;
}

/* An empty frame to fill. */
static void next_frame(struct journal_copy_writer *writer)
{
	struct journal *journal = writer->journal;
	int error;

	if (writer->frame)
		page_frame_put(writer->frame);
	writer->used = 0;
	writer->frame = page_frame_alloc(FRAME_KERNEL, FRAME_ALLOC_LOW | FRAME_ALLOC_NO_RECLAIM |
							       FRAME_ALLOC_NO_KILL);
	if (likely(writer->frame))
		return;
	submit(writer);
	error = io_group_wait(&journal->writes);
	if (error)	/* kept for who waits for the rest */
		atomic_store_explicit(&journal->writes.error, error, memory_order_relaxed);
	page_frame_get(journal->spare_frame);
	writer->frame = journal->spare_frame;
}

static bool fits(const struct journal_copy_writer *writer, uint64_t sector, uint32_t sectors)
{
	const struct block_request *request = writer->request;
	const struct block_device *disk = request->device->whole;

	return request->sector + request->sector_count == sector &&
	       request->segment_count < disk->max_segments &&
	       request->sector_count + sectors <= disk->max_sectors;
}

static void begin_request(struct journal_copy_writer *writer, uint64_t sector)
{
	struct journal *journal = writer->journal;
	struct block_request *request = block_request_alloc(journal->owner.device,
							    FRAME_ALLOC_NO_RECLAIM);

	request->operation = BLOCK_WRITE;
	request->force_unit_access = writer->forced;
	request->sector = sector;
	request->done = request_done;
	request->private = &journal->writes;
	writer->request = request;
}

void *journal_copy_add(struct journal_copy_writer *writer, uint32_t disk)
{
	struct journal *journal = writer->journal;
	uint32_t size = journal->block_size, sectors = size >> SECTOR_SHIFT;
	uint64_t sector = (uint64_t)disk << (journal->owner.block_shift - SECTOR_SHIFT);
	struct block_segment *last = NULL;
	struct block_request *request;
	uint8_t *room;

	/* The last room was filled before this call, so a full request may go now. */
	if (writer->request && !fits(writer, sector, sectors))
		submit(writer);
	if (!writer->frame || writer->used + size > PAGE_SIZE)
		next_frame(writer);
	if (!writer->request)
		begin_request(writer, sector);
	request = writer->request;
	room = (uint8_t *)page_frame_address(writer->frame) + writer->used;
	if (request->segment_count)
		last = &request->segments[request->segment_count - 1];
	if (last && last->frame == writer->frame && last->offset + last->size == writer->used) {
		last->size = (uint16_t)(last->size + size);
	} else {
		page_frame_get(writer->frame);
		request->segments[request->segment_count++] = (struct block_segment){
			.frame = writer->frame, .offset = (uint16_t)writer->used,
			.size = (uint16_t)size,
		};
	}
	request->sector_count += sectors;
	writer->used += size;
	return room;
}

void journal_copy_end(struct journal_copy_writer *writer)
{
	submit(writer);
	if (writer->frame)
		page_frame_put(writer->frame);
	writer->frame = NULL;
}
