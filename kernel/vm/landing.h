/*
 * Landings: where a sleeping reader wants his bytes, so that a writer can put them there itself.
 * (Theory: landing.c.)
 */
#pragma once
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "arch/user_range.h"
#include "vm/io_buffer.h"

struct address_space;

/* Of less than this it is not worth while to leave one. */
enum { LANDING_MIN = 4096 };

/*
 * On the reader's stack. [I] immutable  [o] the owner's lock: a mutex under which it is filled, and
 * taken back  [o+] the same, read without as a hint
 */
struct landing {
	struct address_space *space;	/* [I] the reader's: alive while he is in his call */
	uintptr_t address;		/* [o] of user memory, for the next byte */
	size_t room;			/* [o] bytes that may still come */
	atomic_size_t filled;		/* [o+] bytes that have come */
};

/* Is the current piece of `buffer` user memory, and enough of it? In place: mostly it is not. */
static inline bool landing_is_useful(const struct io_buffer *buffer)
{
	return buffer->size >= LANDING_MIN && buffer->remaining >= LANDING_MIN && buffer->is_user &&
	       user_range_ok(user_addr_from(buffer->address), buffer->size);
}
/* There, in the memory of the running thread. */
void landing_init(struct landing *landing, const struct io_buffer *buffer);
/*
 * Move up to `size` bytes from `buffer`: as many as find room, and a page that is ready. Returns
 * how many. May fault and sleep. Locks: the owner's, a sleeping one that comes before
 * LOCK_RANK_ADDRESS_SPACE.
 */
size_t landing_fill(struct landing *landing, struct io_buffer *buffer, size_t size);
/* All of them, or none: then `buffer` stands where it stood, and false is returned. */
bool landing_fill_whole(struct landing *landing, struct io_buffer *buffer, size_t size);

static inline size_t landing_filled(const struct landing *landing)
{
	return atomic_load_explicit(&landing->filled, memory_order_relaxed);
}
