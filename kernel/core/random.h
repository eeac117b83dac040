/*
 * Random bytes: a ChaCha20 generator with fast key erasure, seeded from the processor.
 */
#pragma once
#include <stddef.h>
#include <stdint.h>

enum { RANDOM_POOL_BITS = 256 };	/* what the generator is keyed with */

/*
 * Fill `size` bytes. Any context. What was given out before cannot be found from the state
 * afterwards.
 */
void random_bytes(void *to, size_t size);
uint32_t random_u32(void);

/* Stir something unpredictable in: an interrupt's time, a written /dev/random. Any context. */
void random_add(const void *bytes, size_t size);
