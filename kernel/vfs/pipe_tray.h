/*
 * Bringing a few bytes to a reader who sleeps, in place: for pipe.c. (Theory: pipe_tray.c.)
 */
#pragma once
#include "arch/user_copy.h"
#include "sched/wait_inline.h"
#include "vfs/pipe_internal.h"
#include "vfs/poll.h"
#include "vm/io_buffer.h"
#include "vm/landing.h"

/* Copies of up to so much are made without a loop. */
enum { PIPE_SHORT_MAX = 127 };

/*
 * One who sleeps in read(), on his stack: whatever is exclusive in a read_queue lies in one of
 * these. [I] immutable  [q] read_queue.lock; his own once he is off the queue
 */
struct pipe_sleeper {
	struct wait_entry entry;
	size_t room;		/* [I] so many bytes may be brought to him at most */
	size_t size;		/* [q] so many were */
	_Atomic(void *) tray;	/* [q] on this; read without it too. NULL: none were, so far */
};

/* One who has left a landing too. */
struct pipe_lander {
	struct pipe_sleeper sleeper;
	struct landing landing;
};

/*
 * For the current piece. If that is the kernel's memory, where the copy below does not go, it takes
 * the way of what faults.
 */
static inline void pipe_sleeper_init(struct pipe_sleeper *sleeper, const struct io_buffer *buffer)
{
	sleeper->room = buffer->size;
	atomic_init(&sleeper->tray, NULL);
}

/* Acquire: pairs with the release in pipe_give_tray(); then the size is there too. */
static inline void *pipe_sleeper_tray(const struct pipe_sleeper *sleeper)
{
	return atomic_load_explicit(&sleeper->tray, memory_order_acquire);
}

/* ---- the writer ------------------------------------------------------------------------------ */

/* To the one who sleeps, if there is one who waits for so much. */
static inline bool pipe_give_tray(struct wait_queue *queue, void *tray, size_t size)
{
	struct pipe_sleeper *sleeper;

	irq_disable();
	spin_lock_irq_off(&queue->lock);
	if (unlikely(!wait_queue_has_lone_sleeper(queue)))
		goto unlock;
	sleeper = container_of(wait_queue_lone_sleeper(queue), struct pipe_sleeper, entry);
	/* Should he run at once and find nothing yet, he comes for the lock and looks again. */
	if (unlikely(sleeper->room < size || !schedule_wake_handover(sleeper->entry.thread)))
		goto unlock;
	sleeper->size = size;
	/* Release: what lies there, and its size. */
	atomic_store_explicit(&sleeper->tray, tray, memory_order_release);
	wait_queue_release_locked(&sleeper->entry);
	spin_unlock_irq_off(&queue->lock);
	preempt_irq_enable();
	return true;

unlock:
	spin_unlock_irq_off(&queue->lock);
	preempt_irq_enable();
	return false;
}

/*
 * All of a buffer of one piece of user memory, up to PIPE_SHORT_MAX. False: it is not so, or there
 * was a fault; nothing has changed. Where each read is news, none may be left out.
 */
static inline bool pipe_bring(struct pipe *pipe, struct io_buffer *buffer)
{
	size_t size = buffer->remaining;
	void *tray;

	if (unlikely(wait_queue_is_empty(&pipe->read_queue) || pipe_used(pipe) > 0 ||
		     __atomic_load_n(&pipe->wakes_from, __ATOMIC_RELAXED) == 0))
		return false;
	tray = atomic_exchange(&pipe->tray, NULL);
	if (unlikely(!tray))
		return false;
	if (unlikely(copy_from_user_partial(tray, user_addr_from(buffer->address), size) ||
		     !pipe_give_tray(&pipe->read_queue, tray, size))) {
		/* Nobody has waited for it: while we are here, a writer is. */
		atomic_store_explicit(&pipe->tray, tray, memory_order_release);
		return false;
	}
	io_buffer_advance(buffer, size);
	return true;
}

/* ---- the reader ------------------------------------------------------------------------------ */

void pipe_put_tray_into_ring(struct pipe *pipe, void *tray, size_t size);

/* What was brought. False: it cannot be had, and is in the ring now. */
static inline bool pipe_take_from_tray(struct pipe *pipe, struct io_buffer *buffer, void *tray,
				       size_t size)
{
	if (unlikely(copy_to_user_partial(user_addr_from(buffer->address), tray, size))) {
		pipe_put_tray_into_ring(pipe, tray, size);
		return false;
	}
	io_buffer_advance(buffer, size);
	/*
	 * Sequential: the last writer leaves before he looks for readers, who sleep on while the
	 * tray is under way (pipe_is_at_end). Either they see it here, or we see that he has left.
	 */
	atomic_exchange(&pipe->tray, tray);
	if (unlikely(!pipe_has_writers(pipe)))
		wait_queue_wake_all(&pipe->read_queue, POLL_HANG_UP | POLL_NO_NEWS);
	return true;
}
