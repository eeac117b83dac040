/*
 * The tray: a few bytes on their way to a reader who sleeps, past the ring.
 *
 * Two programs that serve each other through pipes write a few bytes at a time into an empty ring,
 * each time to a reader who sleeps in read(). So a pipe that has been used keeps a frame, its tray.
 * A writer who finds somebody asleep takes the tray, copies his bytes onto it, and gives it to the
 * sleeper under the lock of the queue, as he wakes him; the reader copies them from there and
 * brings the tray back. Neither takes the mutex, no slot is filled, and nobody looks again whether
 * the bytes are there: 110 instructions less from one program to the other, of 920.
 *
 *	here	pipe->tray; whoever exchanges it for NULL has it
 *	taken	by a writer, who gives it to a sleeper or puts it back
 *	given	sleeper->tray, written under the queue's lock; his alone when he is off the queue
 *	none	has_tray is false: the frame went into the ring; the next one emptied becomes it
 *
 * What a write has brought has been read, as far as others can see: there is nothing to be read
 * any more when it returns. That is right while nobody watches, so the first in the queue must be
 * an exclusive sleeper, behind whom stand no others. And it is right if he will return it, so he
 * must have been asleep: one whom a signal woke may be on his way out with EINTR though he still
 * has his place in the queue; then the write takes the usual way. Once he has been given the tray,
 * a signal that comes is too late.
 *
 * Who was about to sleep, or runs at once elsewhere, may look before the tray is written. He finds
 * nothing, comes for the queue's lock to enter again, and finds it then. While he is in the queue
 * so, somebody else's wake-up may be used up on him: if there is anything in the ring he takes it
 * too, or passes the wake-up on (read_more in pipe.c).
 *
 * Order. The ring is looked at first: what was written earlier by the same writer, or by one whom
 * he has heard of, is there or has been read.
 *
 * If the reader cannot have the bytes, since his buffer has gone, they come back: in the first
 * place of the ring, on the tray. For that the ring has one place more than may be used. More are
 * not needed, for there is no other tray before a slot has been emptied:
 * used <= capacity + (has_tray ? 0 : 1). Until then the pipe is not at its end, even without
 * writers (pipe_brings); who brings the tray back tells those who wait for that.
 */
#include "uapi/linux/errno.h"
#include "vfs/pipe_internal.h"
#include "vfs/pipe_tray.h"
#include "vfs/poll.h"

void pipe_put_tray_into_ring(struct pipe *pipe, void *tray, size_t size)
{
	struct pipe_slot slot = { .frame = page_frame_from_address(tray), .size = (uint16_t)size };
	bool is_over;

	mutex_lock(&pipe->mutex);
	pipe_put_first(pipe, &slot);
	atomic_store_explicit(&pipe->has_tray, false, memory_order_relaxed);
	is_over = pipe_is_at_end(pipe);
	mutex_unlock(&pipe->mutex);
	if (is_over) /* all who waited for whether it comes back */
		wait_queue_wake_all(&pipe->read_queue, POLL_IN | POLL_READ_NORMAL);
	else
		wait_queue_wake_one(&pipe->read_queue, POLL_IN | POLL_READ_NORMAL);
}
