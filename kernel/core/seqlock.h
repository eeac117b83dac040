/*
 * Sequence locks: readers never wait and never write; they read again if a writer was there.
 * Writers exclude each other by a spinlock of the data's own, with interrupts off if handlers read:
 * who interrupts a writer would wait for it for ever.
 */
#pragma once
#include <stdatomic.h>
#include <stdbool.h>
#include "arch/cpu.h"

struct seqcount {
	atomic_uint sequence;	/* [a] odd while a writer is inside */
};

static inline unsigned int seq_read_begin(const struct seqcount *seq)
{
	unsigned int start;

	/* Acquire: pairs with the release in seq_write_end. */
	while ((start = atomic_load_explicit(&seq->sequence, memory_order_acquire)) & 1)
		cpu_relax();
	return start;
}

/* True if what was read since seq_read_begin may be torn. */
static inline bool seq_read_retry(const struct seqcount *seq, unsigned int start)
{
	/* Acquire: pairs with seq_write_begin; who has read new data sees the odd number. */
	atomic_thread_fence(memory_order_acquire);
	return atomic_load_explicit(&seq->sequence, memory_order_relaxed) != start;
}

static inline void seq_write_begin(struct seqcount *seq)
{
	/* Relaxed: the writers' lock keeps others out. Release: the odd number before the data. */
	atomic_store_explicit(&seq->sequence,
			      atomic_load_explicit(&seq->sequence, memory_order_relaxed) + 1,
			      memory_order_relaxed);
	atomic_thread_fence(memory_order_release);
}

static inline void seq_write_end(struct seqcount *seq)
{
	/* Release: the data before the even number. */
	atomic_store_explicit(&seq->sequence,
			      atomic_load_explicit(&seq->sequence, memory_order_relaxed) + 1,
			      memory_order_release);
}
