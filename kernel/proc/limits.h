/*
 * Resource limits: Linux's sixteen, 64 bits inside.
 */
#pragma once
#include <stdatomic.h>
#include <stdint.h>
#include "core/seqlock.h"

enum limit_kind { /* Linux's RLIMIT_ numbers */
		  LIMIT_CPU,
		  LIMIT_FILE_SIZE,
		  LIMIT_DATA,
		  LIMIT_STACK,
		  LIMIT_CORE,
		  LIMIT_RESIDENT,
		  LIMIT_PROCESSES,
		  LIMIT_OPEN_FILES,
		  LIMIT_LOCKED,
		  LIMIT_ADDRESS_SPACE,
		  LIMIT_FILE_LOCKS,
		  LIMIT_PENDING_SIGNALS,
		  LIMIT_MESSAGE_QUEUE,
		  LIMIT_NICE,
		  LIMIT_REALTIME_PRIORITY,
		  LIMIT_REALTIME_TIME,
		  LIMIT_COUNT
};
#define LIMIT_INFINITY UINT64_MAX

struct limit {
	uint64_t current, maximum;
};
/* Read through the functions below: a limit is four words, and another CPU may be writing it. */
struct limits {
	struct seqcount sequence;
	struct limit of[LIMIT_COUNT]; /* written under the process's signal lock, in `sequence` */
	/* [a] of LIMIT_OPEN_FILES what an int holds: each open and dup asks, by one load */
	atomic_uint open_files;
};

/* One limit, whole. Own or another process's; no lock needed. */
static inline struct limit limits_get(const struct limits *limits, enum limit_kind kind)
{
	struct limit limit;
	unsigned int start;

	do {
		start = seq_read_begin(&limits->sequence);
		limit = limits->of[kind];
	} while (seq_read_retry(&limits->sequence, start));
	return limit;
}
static inline uint64_t limits_current(const struct limits *limits, enum limit_kind kind)
{
	return limits_get(limits, kind).current;
}

static inline unsigned int limits_open_files(const struct limits *limits)
{
	return atomic_load_explicit(&limits->open_files, memory_order_relaxed);
}

/* Locks: the caller holds the signal lock of the process, interrupts off. */
void limits_set(struct limits *limits, enum limit_kind kind, const struct limit *limit);

/* A new process gets its parent's; nobody else sees `to` yet. */
void limits_copy(struct limits *to, const struct limits *from);

/* What init starts with; process counts scale with memory as on Linux. */
void limits_set_initial(struct limits *limits, uint64_t memory_pages);
