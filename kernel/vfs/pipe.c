/*
 * Pipes: a ring of page frames between writers and readers. (FIFOs, which are pipes with a name:
 * fifo.c. How large the ring is: pipe_size.c.)
 *
 * A slot of the ring is a part of one frame. A write fills new slots, and what fits behind the last
 * slot's bytes goes there if it fits whole; so a write of up to PIPE_BUF bytes lies in one frame
 * and is never torn: it waits for a free slot when it cannot be appended. Two emptied frames are
 * kept for the next write.
 *
 * Everything is protected by one mutex, which may be held while user memory is copied and faults.
 * `used` and the end counts can be read without it: the sleepers' conditions do. Who changes them
 * wakes after dropping the mutex.
 *
 * A reader that sleeps and wants a page or more leaves a landing (vm/landing.h): a long write into
 * the empty ring begins there, and what lies in the ring comes after it. A few bytes are brought to
 * him past the ring (pipe_tray.c).
 *
 * Wake-ups hand the CPU over where the waker is about to wait itself: a writer that found the pipe
 * full, and one whose reader was waiting for its very bytes.
 */
#include "vfs/pipe.h"

#include "arch/user_copy.h"
#include "core/assert.h"
#include "lib/min_max.h"
#include "mem/kmalloc.h"
#include "mem/slab.h"
#include "sched/mutex_inline.h"
#include "sched/schedule.h"
#include "uapi/linux/errno.h"
#include "uapi/linux/fcntl.h"
#include "uapi/linux/termios.h"
#include "vfs/credentials.h"
#include "vfs/internal.h"
#include "vfs/pipe_internal.h"
#include "vfs/pipe_tray.h"
#include "vfs/poll.h"
#include "vfs/user_count.h"
#include "vm/landing.h"

/* Linux's: what a pipe begins with, also for a user who has many. */
enum { DEFAULT_SLOTS = 16, FEW_SLOTS = 2 };

static struct slab_cache *pipe_slab;

void pipe_init(void)
{
	pipe_slab = slab_cache_create("pipe", sizeof(struct pipe), 0);
}

struct pipe *pipe_alloc(const struct credentials *credentials)
{
	struct pipe *pipe = slab_alloc_zeroed(pipe_slab, 0);
	unsigned int count = DEFAULT_SLOTS;

	if (!pipe)
		return NULL;
	pipe->payer = user_count_get(credentials->uid);
	if (!pipe->payer)
		goto free_pipe;
	/* Whose pipes have all he may fill gets small ones: they are bounded by his descriptors. */
	if (!pipe_charge(pipe->payer, count, credentials)) {
		count = FEW_SLOTS;
		user_count_charge_many(pipe->payer, USER_PIPE_PAGES, count);
	}
	pipe->slots = kmalloc_array(count + 1, sizeof(pipe->slots[0]), 0);
	if (!pipe->slots)
		goto uncharge;
	pipe->slot_count = pipe->wakes_from = count;
	pipe->capacity = (int)count;
	mutex_init(&pipe->mutex, LOCK_RANK_PIPE, "pipe");
	wait_queue_init(&pipe->read_queue);
	wait_queue_init(&pipe->write_queue);
	return pipe;

uncharge:
	user_count_uncharge_many(pipe->payer, USER_PIPE_PAGES, count);
	user_count_put(pipe->payer);
free_pipe:
	slab_free(pipe_slab, pipe);
	return NULL;
}

void pipe_free(struct pipe *pipe)
{
	for (unsigned int i = 0; i < pipe->used; i++)
		page_frame_put(pipe_slot_at(pipe, i)->frame);
	for (unsigned int i = 0; i < pipe->spare_count; i++)
		page_frame_put(pipe->spare[i]);
	if (pipe->has_tray)
		page_frame_put(page_frame_from_address(pipe->tray));
	kfree(pipe->slots);
	user_count_uncharge_many(pipe->payer, USER_PIPE_PAGES, pipe->slot_count);
	user_count_put(pipe->payer);
	slab_free(pipe_slab, pipe);
}

static struct page_frame *take_frame(struct pipe *pipe)
{
	if (pipe->spare_count > 0)
		return pipe->spare[--pipe->spare_count];
	return page_frame_alloc(FRAME_KERNEL, 0);
}

/* Only a frame that nobody else has got (splice shares them) may be filled again. */
static inline void give_frame(struct pipe *pipe, struct page_frame *frame)
{
	if (unlikely(page_frame_references(frame) != 1)) {
		page_frame_put(frame);
	} else if (unlikely(!pipe->has_tray) && page_frame_is_direct(frame)) {
		/* In this order: at no time does it look as if it were under way (pipe_brings). */
		atomic_store(&pipe->tray, page_frame_address(frame));
		atomic_store(&pipe->has_tray, true);
	} else if (pipe->spare_count < ARRAY_SIZE(pipe->spare)) {
		pipe->spare[pipe->spare_count++] = frame;
	} else {
		page_frame_put(frame);
	}
}

/* The state was changed and the mutex dropped. */
static void wake(struct wait_queue *queue, uint32_t events, bool hand_over)
{
	if (hand_over)
		wait_queue_wake_handover(queue, events);
	else
		wait_queue_wake_one(queue, events);
}

/* ---- reading --------------------------------------------------------------------------------- */

/*
 * Move bytes of the first slot. The mutex is held. Returns bytes moved; *fault if it should have
 * been more.
 */
static size_t read_slot(struct pipe *pipe, struct io_buffer *buffer, bool *fault, bool *packet_end)
{
	struct pipe_slot *slot = pipe_first_slot(pipe);
	size_t size = min((size_t)slot->size, buffer->remaining);
	size_t done = io_buffer_put_frame(buffer, slot->frame, slot->offset, size);

	*fault = done < size;
	*packet_end = slot->is_packet;
	slot->offset = (uint16_t)(slot->offset + done);
	slot->size = (uint16_t)(slot->size - done);
	if (slot->size == 0 || (slot->is_packet && !*fault)) {
		if (unlikely(slot->is_borrowed))
			page_frame_put(slot->frame);
		else
			give_frame(pipe, slot->frame);
		pipe->first = pipe_next(pipe, pipe->first);
		atomic_store_explicit(&pipe->used, pipe_used(pipe) - 1, memory_order_release);
	}
	return done;
}

/* As much as there is and fits. The mutex is held. Returns bytes or -EFAULT if none. */
ssize_t pipe_read_available(struct pipe *pipe, struct io_buffer *buffer)
{
	size_t done = 0;

	while (buffer->remaining > 0 && pipe_used(pipe) > 0) {
		bool fault, packet_end;

		done += read_slot(pipe, buffer, &fault, &packet_end);
		if (fault)
			return done ? (ssize_t)done : -EFAULT;
		if (packet_end)
			break;
	}
	return (ssize_t)done;
}

/* What there is, with the wake-ups that follow. 0: another reader was quicker. */
static noinline ssize_t read_and_wake(struct pipe *pipe, struct io_buffer *buffer)
{
	bool wakes_writers, is_full, wake_next;
	ssize_t done;

	mutex_lock(&pipe->mutex);
	wakes_writers = pipe_wakes_writers(pipe);
	done = pipe_read_available(pipe, buffer);
	is_full = pipe_is_full(pipe);
	/* Readers sleep one by one: what is left is for the next. */
	wake_next = pipe_used(pipe) > 0;
	mutex_unlock(&pipe->mutex);
	if (done == 0)
		return 0;
	if (unlikely(wakes_writers) && !is_full)
		wake(&pipe->write_queue, POLL_OUT | POLL_WRITE_NORMAL, false);
	if (unlikely(wake_next))
		wait_queue_pass_on(&pipe->read_queue,
				   POLL_IN | POLL_READ_NORMAL | POLL_NO_NEWS);
	return done;
}

/* Do all its bytes go to or come from one piece of user memory, in a short copy? */
static inline bool is_short_piece(const struct io_buffer *buffer, size_t size)
{
	return size <= PIPE_SHORT_MAX && size <= buffer->size && buffer->is_user;
}

/*
 * All of a pipe with one slot of a few bytes, for which no writer waits: what reads as many pieces
 * as there are, or in part, would take 170 instructions for it, this 70. 0: it is not so, or there
 * was a fault; nothing has changed.
 */
static inline ssize_t read_short(struct pipe *pipe, struct io_buffer *buffer)
{
	struct pipe_slot *slot;
	size_t size = 0;

	mutex_lock_inline(&pipe->mutex);
	slot = pipe_first_slot(pipe);
	/* Nobody reads from a pipe less than his pieces hold; files with limits do. */
	assert(buffer->remaining >= buffer->size);
	if (unlikely(pipe_used(pipe) != 1 || pipe->wakes_from <= 1 || slot->is_borrowed ||
		     !is_short_piece(buffer, slot->size) || !page_frame_is_direct(slot->frame)))
		goto unlock;
	if (unlikely(copy_to_user_partial(user_addr_from(buffer->address),
					  (char *)page_frame_address(slot->frame) + slot->offset,
					  slot->size)))
		goto unlock;
	size = slot->size;
	io_buffer_advance(buffer, size);
	give_frame(pipe, slot->frame);
	atomic_store_explicit(&pipe->used, 0, memory_order_release);
unlock:
	mutex_unlock_inline(&pipe->mutex);
	return (ssize_t)size;
}

/*
 * Behind `done` bytes that have come past the ring what there is in it, and fits. What does not fit
 * is for the next: his wake-up may have gone to us, who came back to the queue for a moment.
 */
static noinline ssize_t read_more(struct pipe *pipe, struct io_buffer *buffer, size_t done)
{
	if (buffer->remaining > 0)
		return (ssize_t)done + max(read_and_wake(pipe, buffer), (ssize_t)0);
	wait_queue_pass_on(&pipe->read_queue, POLL_IN | POLL_READ_NORMAL | POLL_NO_NEWS);
	return (ssize_t)done;
}

/*
 * Sleep until there are bytes or no writers, and take what is brought, if anything is: 0, and its
 * size in *done. Else look again: -EAGAIN; or -EINTR.
 */
static inline int sleep_for_bytes(struct pipe *pipe, struct io_buffer *buffer, ssize_t *done)
{
	struct pipe_sleeper sleeper;
	void *tray;
	int error;

	pipe_sleeper_init(&sleeper, buffer);
	error = WAIT_EVENT_IN_PLACE(&pipe->read_queue, &sleeper.entry,
				    (tray = pipe_sleeper_tray(&sleeper)) || pipe_used(pipe) > 0 ||
					    pipe_is_at_end(pipe));
	/* It may have come while we left the queue. */
	if (unlikely(!tray)) {
		tray = pipe_sleeper_tray(&sleeper);
		if (!tray)
			return error ? error : -EAGAIN;
	}
	if (unlikely(!pipe_take_from_tray(pipe, buffer, tray, sleeper.size)))
		return -EAGAIN;
	*done = unlikely(pipe_used(pipe) > 0) ? read_more(pipe, buffer, sleeper.size)
					      : (ssize_t)sleeper.size;
	return 0;
}

/* The ring is empty: has this reader, who will sleep, left a landing? One may. */
static bool leave_landing(struct pipe *pipe, struct pipe_lander *lander)
{
	bool is_left;

	mutex_lock_inline(&pipe->mutex);
	is_left = !pipe->lander && pipe_used(pipe) == 0;
	if (is_left)
		pipe->lander = lander;
	mutex_unlock_inline(&pipe->mutex);
	return is_left;
}

static void take_landing_back(struct pipe *pipe)
{
	mutex_lock_inline(&pipe->mutex);
	pipe->lander = NULL;
	mutex_unlock_inline(&pipe->mutex);
}

/*
 * Sleep until there are bytes or no writers. Returns how many came, straight to the buffer or, if
 * not, or at the same time, on the tray.
 */
static size_t wait_with_landing(struct pipe *pipe, struct io_buffer *buffer, int *error)
{
	struct pipe_lander lander;
	size_t landed;
	void *tray;
	bool is_left;

	pipe_sleeper_init(&lander.sleeper, buffer);
	landing_init(&lander.landing, buffer);
	is_left = leave_landing(pipe, &lander);
	*error = WAIT_EVENT_IN_PLACE(&pipe->read_queue, &lander.sleeper.entry,
				     pipe_used(pipe) > 0 || landing_filled(&lander.landing) > 0 ||
					     pipe_sleeper_tray(&lander.sleeper) ||
					     pipe_is_at_end(pipe));
	if (is_left)
		take_landing_back(pipe);
	landed = landing_filled(&lander.landing);
	io_buffer_advance(buffer, landed);
	tray = pipe_sleeper_tray(&lander.sleeper);
	if (tray && lander.sleeper.size > buffer->size)
		pipe_put_tray_into_ring(pipe, tray, lander.sleeper.size);
	else if (tray && pipe_take_from_tray(pipe, buffer, tray, lander.sleeper.size))
		landed += lander.sleeper.size;
	return landed;
}

/* What came so, and what is behind it. 0: look again. -EINTR. */
static noinline ssize_t read_landing(struct pipe *pipe, struct io_buffer *buffer)
{
	int error;
	size_t landed = wait_with_landing(pipe, buffer, &error);

	if (landed == 0)
		return error;
	return pipe_used(pipe) > 0 ? read_more(pipe, buffer, landed) : (ssize_t)landed;
}

/*
 * Is it empty, and stays so? The mutex keeps bytes from being taken out and coming back between two
 * looks.
 */
bool pipe_is_over(struct pipe *pipe)
{
	bool is_over;

	mutex_lock_inline(&pipe->mutex);
	is_over = pipe_is_at_end(pipe) && pipe_used(pipe) == 0;
	mutex_unlock_inline(&pipe->mutex);
	return is_over;
}

static ssize_t pipe_read(struct file *file, struct io_buffer *buffer, file_offset *position)
{
	struct pipe *pipe = file->private;
	ssize_t done;

	(void)position;
	if (buffer->remaining == 0)
		return 0;
	for (;;) {
		int error;

		if (pipe_used(pipe) > 0) {
			done = read_short(pipe, buffer);
			if (likely(done > 0))
				return done;
			done = read_and_wake(pipe, buffer);
			if (done != 0)
				return done;
		}
		if (!pipe_has_writers(pipe) && pipe_is_over(pipe))
			return 0;
		if (atomic_load_explicit(&file->flags, memory_order_relaxed) & O_NONBLOCK)
			return -EAGAIN;
		if (unlikely(landing_is_useful(buffer))) {
			done = read_landing(pipe, buffer);
			if (done > 0)
				return done;
			error = (int)done;
		} else {
			error = sleep_for_bytes(pipe, buffer, &done);
			if (likely(error == 0))
				return done;
		}
		if (error == -EINTR) {
			/* it may have been for us */
			wake(&pipe->read_queue, POLL_IN | POLL_NO_NEWS, false);
			return -ERESTARTSYS;
		}
	}
}

/* ---- writing --------------------------------------------------------------------------------- */

/* Behind the bytes of the last slot, if all `size` fit there. The mutex is held. */
static bool append(struct pipe *pipe, struct io_buffer *buffer, size_t size, size_t *done)
{
	struct pipe_slot *slot;
	size_t end;

	if (pipe_used(pipe) == 0)
		return false;
	slot = pipe_slot_at(pipe, pipe_used(pipe) - 1);
	end = (size_t)slot->offset + slot->size;
	if (slot->is_packet || slot->is_borrowed || end + size > PAGE_SIZE)
		return false;
	*done = io_buffer_get_frame(buffer, slot->frame, end, size);
	slot->size = (uint16_t)(slot->size + *done);
	return true;
}

/* Into a new slot, of which there is one. The mutex is held. Errors: -ENOMEM, -EFAULT. */
static int fill_slot(struct pipe *pipe, struct io_buffer *buffer, bool is_packet, size_t *done)
{
	size_t size = min(buffer->remaining, (size_t)PAGE_SIZE);
	struct page_frame *frame = take_frame(pipe);
	struct pipe_slot *slot;

	*done = 0;
	if (!frame)
		return -ENOMEM;
	*done = io_buffer_get_frame(buffer, frame, 0, size);
	if (*done == 0) {
		give_frame(pipe, frame);
		return -EFAULT;
	}
	slot = pipe_slot_at(pipe, pipe_used(pipe));
	slot->frame = frame;
	slot->offset = 0;
	slot->size = (uint16_t)*done;
	slot->is_packet = is_packet;
	slot->is_borrowed = false;
	atomic_store_explicit(&pipe->used, pipe_used(pipe) + 1, memory_order_release);
	return *done < size ? -EFAULT : 0;
}

/*
 * As much as there is room for. The mutex is held. Adds to *done; 0 or the error that ended it. The
 * odd bytes that would begin a frame of their own go behind the last ones first, as a short write
 * does whole.
 */
int pipe_write_available(struct pipe *pipe, struct io_buffer *buffer, bool is_packet,
			 ssize_t *total)
{
	size_t odd = buffer->remaining % PAGE_SIZE;
	size_t done;

	if (!is_packet && odd && append(pipe, buffer, odd, &done)) {
		*total += (ssize_t)done;
		if (done < odd)
			return -EFAULT;
	}
	while (buffer->remaining > 0 && !pipe_is_full(pipe)) {
		int error = fill_slot(pipe, buffer, is_packet, &done);

		*total += (ssize_t)done;
		if (error)
			return error;
	}
	return 0;
}

/*
 * A few bytes into an empty pipe that has kept a frame: 60 instructions, where what fills as many
 * slots as it takes needs 160. 0: it is not so, or there was a fault; nothing has changed.
 */
static inline ssize_t write_short(struct pipe *pipe, struct io_buffer *buffer)
{
	size_t size = buffer->remaining, written = 0;
	struct page_frame *frame;
	struct pipe_slot *slot;

	mutex_lock_inline(&pipe->mutex);
	if (unlikely(pipe_used(pipe) > 0 || pipe->spare_count == 0 || pipe_is_full(pipe) ||
		     !pipe_has_readers(pipe)))
		goto unlock;
	frame = pipe->spare[pipe->spare_count - 1];
	if (unlikely(!page_frame_is_direct(frame) ||
		     copy_from_user_partial(page_frame_address(frame),
					    user_addr_from(buffer->address), size)))
		goto unlock;
	pipe->spare_count--;
	/* Of an empty ring any slot is the first. */
	pipe->first = 0;
	slot = pipe->slots;
	*slot = (struct pipe_slot){ .frame = frame, .size = (uint16_t)size };
	atomic_store_explicit(&pipe->used, 1, memory_order_release);
	io_buffer_advance(buffer, size);
	written = size;
unlock:
	mutex_unlock_inline(&pipe->mutex);
	return (ssize_t)written;
}

/*
 * Straight to a reader, if one waits for so much; returns how much that was. Packets keep their
 * borders in slots only, and what never lay in one is no news when it is read. There must be a free
 * slot: then a short write's rest is not torn off. What was brought to him comes first.
 */
static size_t write_to_landing(struct pipe *pipe, struct io_buffer *buffer, uint32_t flags)
{
	if (!pipe->lander || buffer->remaining < LANDING_MIN || pipe_used(pipe) > 0 ||
	    pipe_is_full(pipe) || pipe->wakes_from == 0 || (flags & O_DIRECT) ||
	    pipe_sleeper_tray(&pipe->lander->sleeper))
		return 0;
	return landing_fill(&pipe->lander->landing, buffer, buffer->remaining);
}

/*
 * Bytes have landed at one reader, who need not be the first in line: then the first finds nothing.
 * Mostly he is the only one, and this finds the queue empty. He is let run at once, and comes back
 * with another landing: what is written before that is copied twice.
 */
static void finish_landing(struct pipe *pipe)
{
	wait_queue_wake_all(&pipe->read_queue, POLL_IN | POLL_READ_NORMAL);
	schedule_yield();
}

static noinline ssize_t write_in_steps(struct file *file, struct io_buffer *buffer)
{
	struct pipe *pipe = file->private;
	ssize_t total = 0;

	for (;;) {
		uint32_t flags = atomic_load_explicit(&file->flags, memory_order_relaxed);
		ssize_t before = total;
		size_t landed = 0;
		bool room_left;
		int error;

		mutex_lock(&pipe->mutex);
		error = -EPIPE;
		if (pipe_has_readers(pipe)) {
			landed = write_to_landing(pipe, buffer, flags);
			total += (ssize_t)landed;
			error = pipe_write_available(pipe, buffer, flags & O_DIRECT, &total);
		}
		room_left = !pipe_is_full(pipe);
		mutex_unlock(&pipe->mutex);
		if (total > before)
			wake(&pipe->read_queue, POLL_IN | POLL_READ_NORMAL, true);
		if (landed > 0)
			finish_landing(pipe);
		if (error || buffer->remaining == 0) {
			if (room_left)
				wait_queue_pass_on(&pipe->write_queue,
						   POLL_OUT | POLL_WRITE_NORMAL | POLL_NO_NEWS);
			return total ? total : error;
		}
		if (flags & O_NONBLOCK)
			return total ? total : -EAGAIN;
		error = wait_event_exclusive_interruptible(
			&pipe->write_queue, !pipe_is_full(pipe) || !pipe_has_readers(pipe));
		if (error) {
			/* it may have been for us */
			wake(&pipe->write_queue, POLL_OUT | POLL_NO_NEWS, false);
			return total ? total : -ERESTARTSYS;
		}
	}
}

static ssize_t pipe_write(struct file *file, struct io_buffer *buffer, file_offset *position)
{
	struct pipe *pipe = file->private;
	size_t size = buffer->remaining;
	ssize_t written;

	(void)position;
	/* Nothing is no less than much is here. */
	if (likely(size - 1 < PIPE_SHORT_MAX && size <= buffer->size && buffer->is_user) &&
	    !(atomic_load_explicit(&file->flags, memory_order_relaxed) & O_DIRECT)) {
		if (likely(pipe_bring(pipe, buffer)))
			return (ssize_t)size;
		written = write_short(pipe, buffer);
		if (likely(written > 0)) {
			wait_queue_wake_handover(&pipe->read_queue, POLL_IN | POLL_READ_NORMAL);
			/* Others who wait to write have been let go on by the same reader. */
			if (unlikely(!wait_queue_is_empty(&pipe->write_queue)) &&
			    !pipe_is_full(pipe))
				wait_queue_pass_on(&pipe->write_queue,
						   POLL_OUT | POLL_WRITE_NORMAL | POLL_NO_NEWS);
			return written;
		}
	}
	return size == 0 ? 0 : write_in_steps(file, buffer);
}

/* ---- the rest -------------------------------------------------------------------------------- */

static uint32_t poll_state(const struct file *file)
{
	const struct pipe *pipe = file->private;
	uint32_t state = 0;

	if (file->mode & FILE_READ) {
		if (pipe_used(pipe) > 0)
			state |= POLL_IN | POLL_READ_NORMAL;
		/* A FIFO that nobody has written to since it was opened has not been hung up. */
		if (!pipe_has_writers(pipe) && file->directory_version != pipe->writer_generation)
			state |= POLL_HANG_UP;
	}
	if (file->mode & FILE_WRITE) {
		if (!pipe_is_full(pipe))
			state |= POLL_OUT | POLL_WRITE_NORMAL;
		if (!pipe_has_readers(pipe))
			state |= POLL_ERROR;
	}
	return state;
}

static noinline uint32_t register_and_poll(struct file *file, struct poll_table *table)
{
	struct pipe *pipe = file->private;

	if (file->mode & FILE_READ) /* does nothing without a table */
		poll_register(table, &pipe->read_queue);
	if (file->mode & FILE_WRITE)
		poll_register(table, &pipe->write_queue);
	return poll_state(file);
}

/*
 * Mostly a read end with writers is asked, without a table: 12 instructions, and no register needs
 * saving.
 */
static uint32_t pipe_poll(struct file *file, struct poll_table *table)
{
	const struct pipe *pipe = file->private;

	if (unlikely(table || (file->mode & FILE_WRITE) || !pipe_has_writers(pipe)))
		return register_and_poll(file, table);
	return pipe_used(pipe) > 0 ? POLL_IN | POLL_READ_NORMAL : 0;
}

static size_t readable(struct pipe *pipe)
{
	size_t size = 0;

	mutex_lock(&pipe->mutex);
	for (unsigned int i = 0; i < pipe_used(pipe); i++)
		size += pipe_slot_at(pipe, i)->size;
	mutex_unlock(&pipe->mutex);
	return size;
}

/* The last reader or writer of one side is gone: all of the other side must see it. */
void pipe_drop_end(struct pipe *pipe, uint32_t access)
{
	mutex_lock(&pipe->mutex);
	if (access & FILE_READ)
		atomic_fetch_sub_explicit(&pipe->readers, 1, memory_order_release);
	if (access & FILE_WRITE)
		atomic_fetch_sub_explicit(&pipe->writers, 1, memory_order_release);
	mutex_unlock(&pipe->mutex);
	if ((access & FILE_READ) && !pipe_has_readers(pipe))
		wait_queue_wake_all(&pipe->write_queue, POLL_ERROR | POLL_OUT);
	if ((access & FILE_WRITE) && !pipe_has_writers(pipe))
		wait_queue_wake_all(&pipe->read_queue, POLL_HANG_UP | POLL_IN);
}

static void pipe_release(struct file *file)
{
	struct pipe *pipe = file->private;

	pipe_drop_end(pipe, file->mode);
	pipe_put(pipe, file->inode);
}

/* The two ends of a pipe are one inode's; the last of all files frees the ring. */
void pipe_put(struct pipe *pipe, struct inode *inode)
{
	bool is_last;

	spin_lock(&inode->state_lock);
	is_last = --pipe->users == 0;
	if (is_last)
		inode->pipe = NULL;
	spin_unlock(&inode->state_lock);
	if (is_last)
		pipe_free(pipe);
}

static int pipe_ioctl(struct file *file, unsigned int command, uintptr_t argument)
{
	if (command != FIONREAD)
		return -ENOTTY;
	return put_user_u32(user_addr_from(argument), (uint32_t)readable(file->private));
}

/* Readers hear of each write, writers of each read, from when one of them asks for it on. */
static int pipe_set_flags(struct file *file, uint32_t flags)
{
	struct pipe *pipe = file->private;

	if (!(flags & O_ASYNC) || !(file->mode & FILE_WRITE))
		return 0;
	mutex_lock(&pipe->mutex);
	pipe->wakes_from = 0;
	mutex_unlock(&pipe->mutex);
	return 0;
}

static enum file_news pipe_news(struct file *file, const struct wait_queue *queue, uint32_t key)
{
	(void)file, (void)queue;
	if (key & POLL_IN)
		return NEWS_IN;
	return key & POLL_OUT ? NEWS_OUT : NEWS_NONE;
}

const struct file_ops pipe_ops = {
	.release = pipe_release,
	.read = pipe_read,
	.write = pipe_write,
	.ioctl = pipe_ioctl,
	.poll = pipe_poll,
	.set_flags = pipe_set_flags,
	.news = pipe_news,
	.stream = true,
};

int pipe_create(uint32_t flags, const struct credentials *credentials, struct file *ends[2])
{
	struct inode *inode = anonymous_inode_create(MODE_FIFO | 0600);
	struct pipe *pipe;
	int error;

	if (!inode)
		return -ENOMEM;
	error = -ENOMEM;
	pipe = pipe_alloc(credentials);
	if (!pipe)
		goto put_inode;
	pipe->users = 2;
	pipe->readers = 1;
	pipe->writers = 1;
	pipe->writer_generation = 1; /* a reader of generation 0: a writer has been there */
	inode->pipe = pipe;
	inode->file_ops = &pipe_nameless_ops;
	inode->uid = credentials->fsuid;
	inode->gid = credentials->fsgid;
	error = file_create_with_inode("pipe", inode, &pipe_ops, pipe, O_RDONLY | flags, FILE_READ,
				       &ends[0]);
	if (error)
		goto free_pipe;
	inode_get(inode); /* each end takes over one */
	error = file_create_with_inode("pipe", inode, &pipe_ops, pipe, O_WRONLY | flags, FILE_WRITE,
				       &ends[1]);
	if (error)
		goto put_reader;
	return 0;

put_reader:
	pipe->users = 1;
	file_put(ends[0]); /* frees the pipe */
	inode_put(inode);
	return error;
free_pipe:
	pipe_free(pipe);
put_inode:
	inode_put(inode);
	return error;
}

size_t pipe_readable(struct file *file)
{
	return file->ops == &pipe_ops ? readable(file->private) : 0;
}
