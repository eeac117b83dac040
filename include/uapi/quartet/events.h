/*
 * What a viewer outside the machine finds in its memory: the event rings and the frame table.
 *
 * Everything is little-endian, as the machine is. Addresses are physical. In the first 8 KiB of the
 * kernel image, which is loaded at 1 MiB, on a multiple of 4 stand the two words QUARTET_MAGIC_1
 * and QUARTET_MAGIC_2, and behind them the address of struct quartet_directory, which begins with
 * the same two words. `version` changes when anything here does.
 *
 * A ring is an array of `event_capacity` records, of which the number `written` counts those ever
 * written: the nth is at n modulo the capacity, and has the sequence n + 1. A record is written
 * field by field, its sequence last, so a reader copies it, looks whether the sequence is the one
 * that it waits for, and after copying whether `written` has not passed it by a whole ring.
 */
#pragma once

#define QUARTET_MAGIC_1 0x52415551 /* "QUAR" */
#define QUARTET_MAGIC_2 0x54455431 /* "1TET" */
#define QUARTET_VERSION 1
#define QUARTET_CPU_MAX 8
#define QUARTET_EVENT_WORDS 7
#define QUARTET_TEXT_SIZE (QUARTET_EVENT_WORDS * 4)

#ifndef ASSEMBLY
#include <stdint.h>

/* What has happened, and what the words say. Each kind is also a bit of the mask. */
enum quartet_event_kind {
	QUARTET_EVENT_SYSCALL_ENTER = 1, /* number, six arguments */
	QUARTET_EVENT_SYSCALL_LEAVE = 2, /* number, result */
	QUARTET_EVENT_TEXT = 3, /* 28 more bytes of what the record before points to; NUL: end */
	QUARTET_EVENT_FAULT = 4,	/* address, enum fault_access, instruction */
	QUARTET_EVENT_FAULT_DONE = 5,	/* address, enum fault_result, 1: it read from the disk */
	QUARTET_EVENT_FRAME_ZEROED = 6, /* address, frame: a new page of zeros */
	QUARTET_EVENT_FRAME_SHARED = 7, /* address, pages of the cache mapped at once */
	QUARTET_EVENT_FRAME_COPIED = 8, /* address, frame, its copy */
	QUARTET_EVENT_FRAME_REUSED = 9, /* address, frame: the only owner may write again */
	QUARTET_EVENT_FORK = 10,	/* the new thread, its process */
	QUARTET_EVENT_EXEC = 11,	/* process; text: the program */
	QUARTET_EVENT_DEATH = 12,	/* process, 1: the last thread, status as wait4 has it */
	QUARTET_EVENT_FORGIVEN = 13,	/* process */
	QUARTET_EVENT_SIGNAL = 14,	/* number, handler; delivered */
	QUARTET_EVENT_SWITCH = 15,	/* the next thread, 1: it is idle */
	QUARTET_EVENT_LOCK_WAIT = 16,	/* lock; text: its name */
	QUARTET_EVENT_LOCK_TAKEN = 17,	/* lock; after a wait */
	QUARTET_EVENT_KIND_COUNT
};

struct quartet_event {
	uint64_t time_ns;  /* since boot */
	uint32_t sequence; /* 1 for the first of its CPU; written last */
	uint32_t thread;   /* which was running; 0: one of the kernel's own */
	uint16_t kind;	   /* enum quartet_event_kind */
	uint16_t cpu;
	uint32_t words[QUARTET_EVENT_WORDS];
};
_Static_assert(sizeof(struct quartet_event) == 48, "the layout of events");

struct quartet_ring {
	uint32_t events;  /* address of the array; 0: this CPU has none */
	uint32_t written; /* records ever written, modulo 2^32 */
};

struct quartet_directory {
	uint32_t magic[2];
	uint32_t version;
	uint32_t size;		/* of this structure */
	uint32_t event_mask;	/* a bit each for the kinds that are recorded now */
	uint32_t event_size;	/* of struct quartet_event */
	uint32_t event_capacity;	/* records in a ring, a power of two */
	struct quartet_ring rings[QUARTET_CPU_MAX];
	/* The frame table: one descriptor for each page frame, from frame 0 on. */
	uint32_t frame_table, frame_count, frame_size;
	uint32_t frame_references_offset, frame_kind_offset; /* 32 bits, 8 bits */
};
_Static_assert(sizeof(struct quartet_directory) == 28 + 8 * QUARTET_CPU_MAX + 20,
	       "the layout of the directory");

#endif /* ASSEMBLY */
