/*
 * Finding bytes that the kernel never wrote and yet gives to a program: debug builds fill what one
 * thread gets (its kernel stack below each system call, slab objects, frames) with a byte that the
 * test has chosen. A call made twice with two bytes shows each of them just where it copies out
 * what was there before: padding, the end of a name, a field forgotten.
 *
 * /proc/quartet/stale sets it for the writer. One thread at a time.
 */
#pragma once
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "core/config.h"
#include "core/stack_header.h"

extern _Atomic(struct thread *) stale_thread;	/* NULL: nobody */
extern atomic_uint stale_word;			/* four times the byte; 0: off. entry.S reads it */

/* From now on what the current thread gets is filled with `byte`; 0 ends it. */
void stale_arm(uint8_t byte);

/* `thread` ends. */
void stale_forget(struct thread *thread);

static inline bool stale_is_armed(void)
{
	return CONFIG_POISON && atomic_load_explicit(&stale_word, memory_order_relaxed) != 0;
}

void stale_fill_always(void *memory, size_t size);

/* The current thread was given this memory, not cleared. Any context. */
static inline void stale_fill(void *memory, size_t size)
{
	if (stale_is_armed() && atomic_load_explicit(&stale_thread, memory_order_relaxed) ==
					thread_current() && !in_interrupt())
		stale_fill_always(memory, size);
}
