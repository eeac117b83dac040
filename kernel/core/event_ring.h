/*
 * The event ring: what the kernel did, as records of one size, for viewers inside and outside the
 * machine. The layout is an ABI: uapi/quartet/events.h.
 *
 * Off, an event costs one look at a word that is always cached, and a branch that is never taken.
 * On, it costs a reading of the clock and a store to memory of the CPU's own.
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "core/compiler.h"
#include "uapi/quartet/events.h"

/* Public only for event_is_on(), which stands on every hot path. */
extern struct quartet_directory event_directory;

/* Is any of these kinds, a mask, recorded now? */
static inline bool event_is_on_any(uint32_t kinds)
{
	return unlikely(*(volatile uint32_t *)&event_directory.event_mask & kinds);
}

/* Is this kind recorded now? The mask may change at any time; an old answer does no harm. */
static inline bool event_is_on(enum quartet_event_kind kind)
{
	return unlikely(*(volatile uint32_t *)&event_directory.event_mask & 1u << kind);
}

/* Record it if that is wanted. Any context. The words after those given are 0. */
#define event_note(kind, ...) do {                                                                 \
	if (event_is_on(kind))                                                                \
		event_record(kind, (const uint32_t[QUARTET_EVENT_WORDS]){ __VA_ARGS__ });      \
} while (0)

/* Any context. `words` are QUARTET_EVENT_WORDS. */
void event_record(enum quartet_event_kind kind, const uint32_t *words);
/* Records of kind TEXT, up to a NUL or `size` bytes, and at most four. Any context. */
void event_record_text(const char *text, size_t size);

/* LOCK_WAIT: the running thread begins to wait for the lock of this name. */
static inline void event_wait_begins(const void *lock, const char *name)
{
	event_note(QUARTET_EVENT_LOCK_WAIT, (uint32_t)(uintptr_t)lock);
	if (event_is_on(QUARTET_EVENT_LOCK_WAIT))
		event_record_text(name, QUARTET_TEXT_SIZE);
}

/* Who runs on this stack from now on, in every record; a kernel thread has 0. */
void event_set_thread(void *stack, uint32_t number);

/*
 * Give a CPU its ring: `capacity` records, a power of two and the same for all, zeroed, at
 * `physical`. Once for each CPU; it stays for ever.
 */
void event_ring_attach(unsigned int cpu, struct quartet_event *events, uint32_t physical,
		       uint32_t capacity);
bool event_ring_is_attached(void);

/* Which kinds to record; only those with a ring are. */
void event_set_mask(uint32_t mask);
uint32_t event_mask(void);
