/*
 * Splicing: the frames of a pipe's ring change hands instead of their bytes.
 *
 *	cached file -> pipe	the page cache's own frames go into the ring, borrowed
 *	other file -> pipe	fresh frames are read into, outside the pipe's mutex
 *	pipe -> pipe		slots move; tee and a slot cut in two share the frame
 *	pipe -> file		slot by slot: out of the ring, written, and what was not back in
 *	user memory		copied: a program may change its pages before they are read
 *
 * A borrowed frame is seen by others too: nothing is appended to it, and it is never filled again.
 * What a file's page shows changes when the file does, in the pipe as well; as on Linux.
 *
 * Files are read and written without the pipe's mutex, which comes after theirs. So that bytes
 * under way find their slot again, `capacity` holds one back for each: a held slot looks used to
 * writers and is not there for readers. A reader who comes while the bytes are out gets what lies
 * behind them; that can matter only to two readers of one pipe, who have no order anyway. If
 * nothing does he waits, writers or not: the bytes may come back (`taken`).
 *
 * Two pipes are locked in order of address.
 */
#include "vfs/splice.h"

#include "lib/min_max.h"
#include "lib/string.h"
#include "mem/kmap.h"
#include "sched/thread.h"
#include "uapi/linux/errno.h"
#include "uapi/linux/fcntl.h"
#include "vfs/internal.h"
#include "vfs/pipe_internal.h"
#include "vfs/poll.h"

enum { BATCH = 16 };	/* slots at a time: the default size of a pipe */

bool file_is_pipe(const struct file *file)
{
	return file->ops == &pipe_ops;
}

static void wake_readers(struct pipe *pipe)
{
	wait_queue_wake_one(&pipe->read_queue, POLL_IN | POLL_READ_NORMAL);
}

static void wake_writers(struct pipe *pipe)
{
	wait_queue_wake_one(&pipe->write_queue, POLL_OUT | POLL_WRITE_NORMAL);
}

/* 1: there are bytes; 0: none will come; or an error. No locks. */
static int wait_for_bytes(struct pipe *pipe, bool nonblock)
{
	while (pipe_used(pipe) == 0) {
		if (!pipe_has_writers(pipe) && pipe_is_over(pipe))
			return 0;
		if (nonblock)
			return -EAGAIN;
		if (wait_event_interruptible(&pipe->read_queue,
					     pipe_used(pipe) > 0 || pipe_is_at_end(pipe)))
			return -ERESTARTSYS;
	}
	return 1;
}

/* 0: there is room; or an error. No locks. */
static int wait_for_room(struct pipe *pipe, bool nonblock)
{
	if (pipe_is_full(pipe) && pipe_has_readers(pipe)) {
		if (nonblock)
			return -EAGAIN;
		if (wait_event_interruptible(&pipe->write_queue,
					     !pipe_is_full(pipe) || !pipe_has_readers(pipe)))
			return -ERESTARTSYS;
	}
	return pipe_has_readers(pipe) ? 0 : -EPIPE;
}

/* Mutex held: the first slot leaves the ring; its frame is the caller's. */
static struct pipe_slot take_first(struct pipe *pipe)
{
	struct pipe_slot slot = *pipe_first_slot(pipe);

	pipe->first = pipe_next(pipe, pipe->first);
	atomic_store_explicit(&pipe->used, pipe_used(pipe) - 1, memory_order_release);
	return slot;
}

/* Mutex held, and there is room or a held slot: behind all others. */
static void put_last(struct pipe *pipe, const struct pipe_slot *slot)
{
	*pipe_slot_at(pipe, pipe_used(pipe)) = *slot;
	atomic_store_explicit(&pipe->used, pipe_used(pipe) + 1, memory_order_release);
}

/* ---- from a file ----------------------------------------------------------------------------- */

/* The part of a cached file's page at `offset`, at most `size` bytes: 1, 0 at the end, or error. */
static int get_cached_slot(struct page_cache *cache, file_offset offset, size_t size,
			   struct pipe_slot *slot)
{
	uint64_t end;
	int error;

	*slot = (struct pipe_slot){ .offset = (uint16_t)(offset % PAGE_SIZE), .is_borrowed = true };
	size = min(size, (size_t)(PAGE_SIZE - slot->offset));
	do {
		end = page_cache_size(cache);
		if ((uint64_t)offset >= end)
			return 0;
		error = page_cache_get_for_read(cache, (uint32_t)((uint64_t)offset >> PAGE_SHIFT),
						&slot->frame);
	} while (error == -EAGAIN);
	if (error)
		return error;
	if (!slot->frame) {
		slot->is_borrowed = false;
		slot->frame = page_frame_alloc(FRAME_KERNEL, FRAME_ALLOC_ZEROED);
		if (!slot->frame)
			return -ENOMEM;
	}
	slot->size = (uint16_t)min((uint64_t)size, end - (uint64_t)offset);
	return 1;
}

/* Any other file is read into a fresh frame. The same results. */
static int read_slot(struct file *from, file_offset *offset, size_t size, struct pipe_slot *slot)
{
	struct io_buffer buffer;
	ssize_t done;

	*slot = (struct pipe_slot){ .frame = page_frame_alloc(FRAME_KERNEL, FRAME_ALLOC_LOW) };
	if (!slot->frame)
		return -ENOMEM;
	io_buffer_init_kernel(&buffer, page_frame_address(slot->frame),
			      min(size, (size_t)PAGE_SIZE));
	done = offset ? file_read_at(from, &buffer, *offset) : file_read(from, &buffer);
	if (done <= 0) {
		page_frame_put(slot->frame);
		return (int)done;
	}
	if (offset)
		*offset += done;
	slot->size = (uint16_t)done;
	return 1;
}

/*
 * Up to `count` slots and `size` bytes of the file. Returns how many slots, 0 at the end, or an
 * error if there is none.
 */
static int fill_slots(struct file *from, file_offset *offset, size_t size, unsigned int count,
		      struct pipe_slot *slots)
{
	bool is_cached = from->ops->read == file_read_cached;
	file_offset position = offset ? *offset : from->position;
	unsigned int filled = 0;
	int result = 1;

	while (filled < count && size > 0) {
		struct pipe_slot *slot = &slots[filled];

		if (is_cached)
			result = get_cached_slot(&from->inode->cache, position, size, slot);
		else
			result = read_slot(from, offset, size, slot);
		if (result <= 0)
			break;
		filled++;
		position += slot->size;
		size -= slot->size;
		/* The next read of a terminal or a socket could wait for ever. */
		if (!is_cached && (from->ops->stream || slot->size < PAGE_SIZE))
			break;
	}
	if (is_cached && filled > 0) {
		if (offset)
			*offset = position;
		else
			from->position = position;
		inode_touch(from->inode, true, false, false);
	}
	return filled ? (int)filled : result;
}

/* Give back held slots, `filled` of them with something in. Returns the bytes, or -EPIPE. */
static ssize_t enter_slots(struct pipe *pipe, const struct pipe_slot *slots, unsigned int filled,
			   unsigned int held)
{
	ssize_t total = 0;
	bool has_readers;

	mutex_lock(&pipe->mutex);
	pipe_set_capacity(pipe, pipe->capacity + (int)held);
	has_readers = pipe_has_readers(pipe);
	for (unsigned int i = 0; i < filled; i++) {
		if (has_readers)
			put_last(pipe, &slots[i]);
		else
			page_frame_put(slots[i].frame);
		total += slots[i].size;
	}
	mutex_unlock(&pipe->mutex);
	if (filled > 0)
		wake_readers(pipe);
	if (filled < held)
		wake_writers(pipe);
	return has_readers ? total : -EPIPE;
}

ssize_t splice_file_to_pipe(struct file *from, file_offset *offset, struct file *to, size_t size,
			    bool nonblock)
{
	struct pipe *pipe = to->private;
	struct pipe_slot slots[BATCH];
	unsigned int held;
	bool is_locked;
	int error, filled;

	if (!from->ops->read || inode_is(from->inode, MODE_DIRECTORY))
		return -EINVAL;
	do {
		error = wait_for_room(pipe, nonblock);
		if (error)
			return error;
		mutex_lock(&pipe->mutex);
		held = pipe_is_full(pipe) ? 0 : (unsigned int)pipe->capacity - pipe_used(pipe);
		held = min_t(unsigned int, held, BATCH);
		held = min_t(unsigned int, held, (unsigned int)DIV_ROUND_UP(size, PAGE_SIZE) + 1);
		pipe_set_capacity(pipe, pipe->capacity - (int)held);
		mutex_unlock(&pipe->mutex);
	} while (held == 0);
	is_locked = !offset && !from->ops->stream && from->ops->read == file_read_cached;
	if (is_locked)
		mutex_lock(&from->position_lock);
	filled = fill_slots(from, offset, size, held, slots);
	if (is_locked)
		mutex_unlock(&from->position_lock);
	if (filled <= 0) {
		ssize_t nothing = enter_slots(pipe, slots, 0, held);

		return filled < 0 ? filled : min_t(ssize_t, nothing, 0);
	}
	return enter_slots(pipe, slots, (unsigned int)filled, held);
}

/* ---- to a file ------------------------------------------------------------------------------- */

/* Write the bytes of a slot, which is out of the ring. */
static ssize_t write_slot(struct file *to, file_offset *offset, const struct pipe_slot *slot,
			  size_t size, char *bounce, uint64_t size_limit)
{
	struct io_buffer buffer;
	char *bytes = kmap(slot->frame);
	ssize_t done;

	memcpy(bounce, bytes + slot->offset, size);
	kunmap(slot->frame, bytes);
	io_buffer_init_kernel(&buffer, bounce, size);
	done = offset ? file_write_at(to, &buffer, *offset, size_limit)
		      : file_write(to, &buffer, size_limit);
	if (offset && done > 0)
		*offset += done;
	return done;
}

/* The first slot, to be written to a file, with its place held. False: there is none. */
static bool take_out(struct pipe *pipe, struct pipe_slot *slot)
{
	bool is_there;

	mutex_lock(&pipe->mutex);
	is_there = pipe_used(pipe) > 0;
	if (is_there) {
		atomic_fetch_add_explicit(&pipe->taken, 1, memory_order_relaxed);
		*slot = take_first(pipe);
		pipe_set_capacity(pipe, pipe->capacity - 1);
	}
	mutex_unlock(&pipe->mutex);
	return is_there;
}

/* The slot that was written in part goes back; the held place is given up. */
static void return_slot(struct pipe *pipe, struct pipe_slot *slot, size_t written)
{
	bool is_over;

	slot->offset = (uint16_t)(slot->offset + written);
	slot->size = (uint16_t)(slot->size - written);
	mutex_lock(&pipe->mutex);
	pipe_set_capacity(pipe, pipe->capacity + 1);
	if (slot->size > 0)
		pipe_put_first(pipe, slot);
	else
		page_frame_put(slot->frame);
	atomic_fetch_sub_explicit(&pipe->taken, 1, memory_order_relaxed);
	is_over = pipe_is_at_end(pipe);
	mutex_unlock(&pipe->mutex);
	if (is_over) /* all who waited for what might come back; the end is no news */
		wait_queue_wake_all(&pipe->read_queue,
				    slot->size > 0 ? POLL_IN | POLL_READ_NORMAL
						   : POLL_HANG_UP | POLL_NO_NEWS);
	else if (slot->size > 0)
		wake_readers(pipe);
	if (slot->size == 0)
		wake_writers(pipe);
}

ssize_t splice_pipe_to_file(struct file *from, struct file *to, file_offset *offset, size_t size,
			    uint64_t size_limit, bool nonblock)
{
	struct pipe *pipe = from->private;
	struct page_frame *bounce;
	ssize_t total = 0, done = 0;

	if (!to->ops->write)
		return -EINVAL;
	bounce = page_frame_alloc(FRAME_KERNEL, FRAME_ALLOC_LOW);
	if (!bounce)
		return -ENOMEM;
	while (size > 0) {
		struct pipe_slot slot;
		size_t wish;

		/* Only the first bytes are waited for. */
		done = total && pipe_used(pipe) == 0 ? 0 : wait_for_bytes(pipe, nonblock);
		if (done <= 0)
			break;
		if (!take_out(pipe, &slot))
			continue;
		wish = min(size, (size_t)slot.size);
		done = write_slot(to, offset, &slot, wish, page_frame_address(bounce), size_limit);
		return_slot(pipe, &slot, done > 0 ? (size_t)done : 0);
		if (done <= 0)
			break;
		total += done;
		size -= (size_t)done;
		if ((size_t)done < wish || thread_is_interrupted(thread_current()))
			break;
	}
	page_frame_put(bounce);
	return total ? total : done;
}

/* ---- between pipes --------------------------------------------------------------------------- */

static void lock_two(struct pipe *a, struct pipe *b)
{
	mutex_lock_pair(&a->mutex, &b->mutex);
}

/* At most `size` bytes of the slot at `index` of one pipe into the other. Mutexes held. */
static size_t move_slot(struct pipe *from, struct pipe *to, unsigned int index, size_t size,
			bool keep)
{
	struct pipe_slot *slot = pipe_slot_at(from, index);
	struct pipe_slot copy = *slot;

	if (!keep && slot->size <= size) {
		(void)take_first(from);
		put_last(to, &copy);
		return copy.size;
	}
	copy.size = (uint16_t)min(size, (size_t)slot->size);
	copy.is_borrowed = true;
	page_frame_get(copy.frame);
	put_last(to, &copy);
	if (!keep) {
		slot->offset = (uint16_t)(slot->offset + copy.size);
		slot->size = (uint16_t)(slot->size - copy.size);
	}
	return copy.size;
}

/* What goes at once. -EAGAIN: one side changed; wait again. */
static ssize_t move_slots(struct pipe *from, struct pipe *to, size_t size, bool keep)
{
	unsigned int index = 0;
	size_t total = 0;

	if (!pipe_has_readers(to))
		return -EPIPE;
	while (total < size && index < pipe_used(from) && !pipe_is_full(to)) {
		total += move_slot(from, to, index, size - total, keep);
		if (keep)
			index++;
	}
	return total ? (ssize_t)total : -EAGAIN;
}

ssize_t splice_pipe_to_pipe(struct file *from_file, struct file *to_file, size_t size, bool keep,
			    bool nonblock)
{
	struct pipe *from = from_file->private, *to = to_file->private;
	ssize_t result;

	do {
		int error = wait_for_bytes(from, nonblock);

		if (error <= 0)
			return error;
		error = wait_for_room(to, nonblock);
		if (error)
			return error;
		lock_two(from, to);
		result = move_slots(from, to, size, keep);
		mutex_unlock_pair(&from->mutex, &to->mutex);
	} while (result == -EAGAIN);
	if (result > 0) {
		wake_readers(to);
		if (!keep)
			wake_writers(from);
	}
	return result;
}

/* ---- user memory ----------------------------------------------------------------------------- */

ssize_t splice_pipe_to_buffer(struct file *from, struct io_buffer *buffer, bool nonblock)
{
	struct pipe *pipe = from->private;
	ssize_t done;

	if (buffer->remaining == 0)
		return 0;
	do {
		int error = wait_for_bytes(pipe, nonblock);

		if (error <= 0)
			return error;
		mutex_lock(&pipe->mutex);
		done = pipe_read_available(pipe, buffer);
		mutex_unlock(&pipe->mutex);
	} while (done == 0);
	wake_writers(pipe);
	if (pipe_used(pipe) > 0)
		wake_readers(pipe);
	return done;
}

ssize_t splice_buffer_to_pipe(struct io_buffer *buffer, struct file *to, bool nonblock)
{
	struct pipe *pipe = to->private;
	ssize_t total = 0;
	int error;

	if (buffer->remaining == 0)
		return 0;
	do {
		error = wait_for_room(pipe, nonblock);
		if (error)
			return error;
		mutex_lock(&pipe->mutex);
		error = pipe_has_readers(pipe)
				? pipe_write_available(pipe, buffer, false, &total)
				: -EPIPE;
		mutex_unlock(&pipe->mutex);
	} while (total == 0 && !error);
	if (total > 0)
		wake_readers(pipe);
	return total ? total : error;
}
