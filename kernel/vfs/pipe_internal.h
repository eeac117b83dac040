/*
 * The inside of pipes, for pipe.c, pipe_size.c and fifo.c.
 */
#pragma once
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include "core/assert.h"
#include "core/compiler.h"
#include "core/types.h"
#include "lib/min_max.h"
#include "mem/page_frame.h"
#include "sched/mutex.h"
#include "sched/wait_queue.h"

struct credentials;
struct file;
struct file_ops;
struct inode;
struct io_buffer;
struct pipe_lander;
struct user_count;

struct pipe_slot {
	struct page_frame *frame;	/* reference */
	uint16_t offset, size;		/* the bytes in it; size > 0 */
	bool is_packet;			/* O_DIRECT: one read takes at most this */
	bool is_borrowed;		/* the frame belongs to others too: nothing is appended */
};

/* [m] mutex  [a] atomic, changes under the mutex  [s] the inode's state_lock  [I] immutable */
struct pipe {
	struct mutex mutex;			/* LOCK_RANK_PIPE */
	/* [m] ring of slot_count, and one more (pipe_tray.c) */
	struct pipe_slot *slots;
	unsigned int slot_count;		/* [m] a power of two */
	struct user_count *payer;		/* [I] has slot_count USER_PIPE_PAGES of it */
	/*
	 * [m] slots that may be used: less than there are while splice.c holds some, and -1 if it
	 * holds all and the one that came back on a tray; also a hint
	 */
	int capacity;
	/* [m] a read wakes writers if so many were used, at least 1; 0: each read is news */
	unsigned int wakes_from;
	unsigned int first;			/* [m] the slot to be read next */
	atomic_uint used;			/* [a] slots with bytes */
	/* [a] slots that splice() has taken out, to write what it can and bring the rest back */
	atomic_uint taken;
	atomic_uint readers, writers;		/* [a] open files of each side */
	/* [m] how often a reader came: FIFO opens wait for it */
	unsigned int reader_generation;
	unsigned int writer_generation;		/* [m] the same for writers */
	unsigned int users;			/* [s] open files, and opens under way */
	unsigned int spare_count;		/* [m] */
	struct page_frame *spare[2];		/* [m] emptied frames for the next write */
	/*
	 * [a] the address of a frame on which bytes are brought to a sleeping reader. NULL: there
	 * is none, or it is under way
	 */
	_Atomic(void *) tray;
	atomic_bool has_tray;			/* [a] changes under the mutex: here or under way */
	struct pipe_lander *lander;		/* [m] who sleeps and has left a landing; or NULL */
	struct wait_queue read_queue, write_queue;
};

extern const struct file_ops pipe_ops;

bool pipe_is_over(struct pipe *pipe);

/* On account of the user of `credentials`. NULL: no memory, or his pipes have enough. */
struct pipe *pipe_alloc(const struct credentials *credentials);
void pipe_free(struct pipe *pipe);
/* Let `payer` pay for so many slots more, unless that is more than he may who has `credentials`. */
must_check bool pipe_charge(struct user_count *payer, unsigned int slots,
			    const struct credentials *credentials);
void pipe_drop_end(struct pipe *pipe, uint32_t access);
void pipe_put(struct pipe *pipe, struct inode *inode);

/* The ring has places up to slot_count. */
static inline unsigned int pipe_next(const struct pipe *pipe, unsigned int place)
{
	return place == pipe->slot_count ? 0 : place + 1;
}

static inline struct pipe_slot *pipe_slot_at(struct pipe *pipe, unsigned int index)
{
	unsigned int place = pipe->first + index;

	return &pipe->slots[place <= pipe->slot_count ? place : place - pipe->slot_count - 1];
}

static inline struct pipe_slot *pipe_first_slot(struct pipe *pipe)
{
	return &pipe->slots[pipe->first];
}

static inline unsigned int pipe_used(const struct pipe *pipe)
{
	return atomic_load_explicit(&pipe->used, memory_order_acquire);
}

static inline bool pipe_is_full(const struct pipe *pipe)
{
	return (int)pipe_used(pipe) >= pipe->capacity;
}

static inline bool pipe_wakes_writers(const struct pipe *pipe)
{
	return pipe_used(pipe) >= pipe->wakes_from;
}

/* Mutex held. */
static inline void pipe_set_capacity(struct pipe *pipe, int capacity)
{
	assert(capacity >= -1);
	pipe->capacity = capacity;
	if (pipe->wakes_from)
		pipe->wakes_from = (unsigned int)max(capacity, 1);
}

/* Slots that splice.c holds. Mutex held. */
static inline unsigned int pipe_held(const struct pipe *pipe)
{
	return (unsigned int)((int)pipe->slot_count - pipe->capacity);
}

static inline bool pipe_has_readers(const struct pipe *pipe)
{
	return atomic_load_explicit(&pipe->readers, memory_order_acquire) > 0;
}

static inline bool pipe_has_writers(const struct pipe *pipe)
{
	return atomic_load_explicit(&pipe->writers, memory_order_acquire) > 0;
}

/* Are bytes on their way to one reader, and may come back? */
static inline bool pipe_brings(const struct pipe *pipe)
{
	return atomic_load_explicit(&pipe->has_tray, memory_order_relaxed) &&
	       !atomic_load_explicit(&pipe->tray, memory_order_relaxed);
}

/* Will there be no more bytes than there are? With the mutex held; without, a hint. */
static inline bool pipe_is_at_end(const struct pipe *pipe)
{
	return !pipe_has_writers(pipe) &&
	       likely(atomic_load_explicit(&pipe->taken, memory_order_relaxed) == 0 &&
		      !pipe_brings(pipe));
}

/* Mutex held, and there is a place: in front of all others. */
static inline void pipe_put_first(struct pipe *pipe, const struct pipe_slot *slot)
{
	pipe->first = pipe->first == 0 ? pipe->slot_count : pipe->first - 1;
	*pipe_first_slot(pipe) = *slot;
	atomic_store_explicit(&pipe->used, pipe_used(pipe) + 1, memory_order_release);
}

/*
 * One step of read(2) and write(2): what is there or fits now. Mutex held. Read: bytes, or -EFAULT
 * if that is none. Write: adds to *total; 0 or what ended it.
 */
must_check ssize_t pipe_read_available(struct pipe *pipe, struct io_buffer *buffer);
must_check int pipe_write_available(struct pipe *pipe, struct io_buffer *buffer, bool is_packet,
				    ssize_t *total);
