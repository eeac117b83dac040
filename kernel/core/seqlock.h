/*
 * Sequence locks: readers never wait and never write; they read again if a writer was there.
 * Writers exclude each other by a spinlock of the data's own.
 */
#pragma once
#include <stdatomic.h>
#include <stdbool.h>

struct seqcount {
	atomic_uint sequence;	/* [a] odd while a writer is inside */
};

static inline unsigned int seq_read_begin(const struct seqcount *seq)
{
	unsigned int start;

	/* Acquire: pairs with the release in seq_write_end. */
	while ((start = atomic_load_explicit(&seq->sequence, memory_order_acquire)) & 1)
		__builtin_ia32_pause();
	return start;
}

/* True if what was read since seq_read_begin may be torn. */
static inline bool seq_read_retry(const struct seqcount *seq, unsigned int start)
{
	atomic_thread_fence(memory_order_acquire);
	return atomic_load_explicit(&seq->sequence, memory_order_relaxed) != start;
}

static inline void seq_write_begin(struct seqcount *seq)
{
	atomic_store_explicit(&seq->sequence,
			      atomic_load_explicit(&seq->sequence, memory_order_relaxed) + 1,
			      memory_order_relaxed);
	atomic_thread_fence(memory_order_release);
}

static inline void seq_write_end(struct seqcount *seq)
{
	atomic_store_explicit(&seq->sequence,
			      atomic_load_explicit(&seq->sequence, memory_order_relaxed) + 1,
			      memory_order_release);
}
