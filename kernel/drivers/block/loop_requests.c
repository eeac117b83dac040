/*
 * The requests of loop devices, carried out on files by threads.
 *
 * A device that shows a file has two threads: one reads, the other writes and flushes. Reads so
 * never wait for writes, which is more than speed: whoever writes to the file itself holds its
 * inode's lock, which our writing waits for, and the bytes that he writes may lie in a mapping of
 * the loop device, which our reading has to bring first. Of writes and flushes the queue keeps the
 * order that matters (block/request_queue.c); the device takes all requests at once, because the
 * order in which a file is read and written costs nothing.
 *
 * When memory is short. Others wait for us to write, so that memory becomes free; we need memory to
 * do so: pages of the file. That comes to an end, for these reasons:
 *
 *  - A page that we have written to the file is clean in the device's cache and can be dropped
 *    there: no more is dirty than before. One frame at a time is enough.
 *  - We are not slowed down as those who make pages dirty (writeback_serve), which would be until
 *    what we write is written. Instead, when more is dirty than should be, we start to write the
 *    file back ourselves: the writeback thread may be waiting for us.
 *  - Without memory nothing fails. We wait a moment and try again: reclaim, the disks and in the
 *    end the out-of-memory killer find some, and none of them waits for us without a limit.
 *  - Requests of the disk below come from another reserve than ours (block_device.reserve).
 *
 * Errors of the file, as that it is full, are errors of the device: -EIO. So is a part that the
 * file does not take, and only what it says it took counts: a disk below us cuts the buffer that
 * we give it to what fits. What is not there, because the file became shorter, reads as zeros and
 * is written by making the file longer.
 *
 * The end. A disk without sectors gets no new requests; when the last is done the threads go.
 */
#include "drivers/block/loop_internal.h"
#include "lib/min_max.h"
#include "lib/string.h"
#include "mem/kmap.h"
#include "uapi/linux/errno.h"
#include "vfs/char_device.h"
#include "vfs/inode.h"
#include "vm/writeback.h"

#define MEMORY_WAIT UINT64_C(50000000)	/* ns between two tries */

/* ---- one request ---- */

/* Is it for want of memory that nothing was done? Then some has been waited for. */
static bool is_short_of_memory(ssize_t result)
{
	if (likely(result != -ENOMEM))
		return false;
	writeback_wait_progress(MEMORY_WAIT);
	return true;
}

static int read_file(struct file *file, uint8_t *bytes, size_t size, uint64_t position)
{
	struct io_buffer buffer;
	size_t moved = 0;
	ssize_t done;

	while (moved < size) {
		io_buffer_init_kernel(&buffer, bytes + moved, size - moved);
		done = file_read_at(file, &buffer, (file_offset)(position + moved));
		if (done == 0)
			break;
		if (done > 0)
			moved += (size_t)done;
		else if (!is_short_of_memory(done))
			return -EIO;
	}
	memset(bytes + moved, 0, size - moved);
	return 0;
}

static int write_file(struct file *file, uint8_t *bytes, size_t size, uint64_t position)
{
	struct io_buffer buffer;
	size_t moved = 0;
	ssize_t done;

	while (moved < size) {
		if (loop_file_appends(file))
			return -EIO;
		io_buffer_init_kernel(&buffer, bytes + moved, size - moved);
		done = file_write_at(file, &buffer, (file_offset)(position + moved), UINT64_MAX);
		if (done > 0)
			moved += (size_t)done;
		else if (!is_short_of_memory(done))
			return -EIO;
	}
	/* Set while we were at it, the flag may have sent us to the end. */
	return loop_file_appends(file) ? -EIO : 0;
}

static int sync_file(struct file *file)
{
	int error;

	do
		error = file_sync(file, false);
	while (is_short_of_memory(error));
	/* A file that cannot be synced has nothing to sync. */
	return error && error != -EINVAL ? -EIO : 0;
}

/* Copy a segment between its frame and the lane's own page. */
static void copy_segment(struct loop_lane *lane, const struct block_segment *segment, bool to_frame)
{
	uint8_t *own = page_frame_address(lane->bounce);
	uint8_t *bytes = kmap(segment->frame);

	if (to_frame)
		memcpy(bytes + segment->offset, own, segment->size);
	else
		memcpy(own, bytes + segment->offset, segment->size);
	kunmap(segment->frame, bytes);
}

static int move_segment(struct loop_lane *lane, const struct block_segment *segment,
			enum block_operation operation, uint64_t position)
{
	bool is_direct = page_frame_is_direct(segment->frame);
	struct file *file = lane->loop->file;
	uint8_t *bytes = is_direct ?
		(uint8_t *)page_frame_address(segment->frame) + segment->offset :
		page_frame_address(lane->bounce);
	int error;

	if (operation == BLOCK_WRITE) {
		if (!is_direct)
			copy_segment(lane, segment, false);
		return write_file(file, bytes, segment->size, position);
	}
	error = read_file(file, bytes, segment->size, position);
	if (!error && !is_direct)
		copy_segment(lane, segment, true);
	return error;
}

/* Too much is dirty: what we have written to the file goes on its way. */
static void write_on(struct file *file)
{
	if (inode_is(file->inode, MODE_BLOCK))
		(void)!page_cache_write_back(&block_file_device(file)->cache, 0, UINT32_MAX, false);
	else
		(void)!inode_write_back(file->inode, false);
}

static int carry_out(struct loop_lane *lane, const struct block_request *request)
{
	struct loop *loop = lane->loop;
	uint64_t position;
	int error = 0;

	rwlock_read_lock(&loop->file_lock);
	position = loop->offset + (request->sector << SECTOR_SHIFT);
	if (request->operation == BLOCK_FLUSH)
		error = sync_file(loop->file);
	for (unsigned int i = 0; i < request->segment_count && !error; i++) {
		const struct block_segment *segment = &request->segments[i];

		error = move_segment(lane, segment, request->operation, position);
		position += segment->size;
	}
	if (request->operation == BLOCK_WRITE && writeback_is_pressing())
		write_on(loop->file);
	rwlock_read_unlock(&loop->file_lock);
	return error;
}

/* ---- the threads ---- */

/* Whether there is a request, or will be none. */
static bool take(struct loop_lane *lane, struct block_request **out)
{
	struct block_queue *queue = &lane->loop->block.queue;
	irq_flags flags = spin_lock_irq(&queue->lock);
	bool is_over;

	*out = list_pop_head_entry(&lane->requests, struct block_request, age_node);
	is_over = *out || lane->ends;
	spin_unlock_irq(&queue->lock, flags);
	return is_over;
}

static void serve(void *argument)
{
	struct loop_lane *lane = argument;
	struct loop *loop = lane->loop;
	struct block_request *request;

	writeback_serve();
	for (;;) {
		wait_event(&lane->waiters, take(lane, &request));
		if (!request)
			break;
		block_request_complete(request, carry_out(lane, request));
		if (unlikely(atomic_load(&loop->is_ending)))
			wait_queue_wake_all(&loop->idle_waiters, 0);
	}
	completion_complete(&lane->ended);
}

void loop_submit(struct block_device *device, struct block_request *request)
{
	struct loop *loop = device->driver;
	bool is_read = request->operation == BLOCK_READ;
	struct loop_lane *lane = &loop->lanes[is_read ? LOOP_LANE_READ : LOOP_LANE_WRITE];

	spin_assert_held(&device->queue.lock);
	list_add_tail(&lane->requests, &request->age_node);
	wait_queue_wake_one(&lane->waiters, 0);
}

static int start_lane(struct loop *loop, struct loop_lane *lane)
{
	struct thread *thread;

	lane->loop = loop;
	wait_queue_init(&lane->waiters);
	list_init(&lane->requests);
	lane->ends = false;
	completion_init(&lane->ended);
	lane->bounce = page_frame_alloc(FRAME_KERNEL, FRAME_ALLOC_LOW);
	if (!lane->bounce)
		return -ENOMEM;
	thread = thread_create_kernel(loop->block.name, serve, lane);
	if (!thread) {
		page_frame_put(lane->bounce);
		return -ENOMEM;
	}
	thread_start(thread);
	return 0;
}

static void end_lane(struct loop_lane *lane)
{
	struct block_queue *queue = &lane->loop->block.queue;
	irq_flags flags = spin_lock_irq(&queue->lock);

	lane->ends = true;
	spin_unlock_irq(&queue->lock, flags);
	wait_queue_wake_all(&lane->waiters, 0);
	completion_wait(&lane->ended);
	page_frame_put(lane->bounce);
}

int loop_start(struct loop *loop)
{
	unsigned int started = 0;
	int error;

	do
		error = start_lane(loop, &loop->lanes[started]);
	while (!error && ++started < LOOP_LANES);
	while (error && started > 0)
		end_lane(&loop->lanes[--started]);
	return error;
}

static bool is_idle(struct loop *loop)
{
	struct block_queue *queue = &loop->block.queue;
	irq_flags flags = spin_lock_irq(&queue->lock);
	bool is_it = queue->in_flight == 0 && list_is_empty(&queue->held) &&
		     list_is_empty(&queue->by_age[BLOCK_READ]) &&
		     list_is_empty(&queue->by_age[BLOCK_WRITE]);

	spin_unlock_irq(&queue->lock, flags);
	return is_it;
}

void loop_stop(struct loop *loop)
{
	/* First this, then a look: whose request is the last either sees it, or we see it gone. */
	atomic_store(&loop->is_ending, true);
	wait_event(&loop->idle_waiters, is_idle(loop));
	for (unsigned int i = 0; i < LOOP_LANES; i++)
		end_lane(&loop->lanes[i]);
	atomic_store(&loop->is_ending, false);
}
