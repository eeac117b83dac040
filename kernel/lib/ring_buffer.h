/*
 * A queue of bytes in an array that the caller provides and locks.
 *
 * `head` and `tail` count bytes since the beginning and are never reduced modulo the size, so that
 * empty and full differ and every byte of the array can be used. The size is a power of two.
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct ring_buffer {
	uint8_t *bytes;		/* `size` of them */
	uint32_t size;		/* a power of two */
	uint32_t head;		/* where the next byte goes in; wraps at 2^32 */
	uint32_t tail;		/* where the next byte comes out */
};

/* `size` is a power of two, at most 2^31. */
void ring_buffer_init(struct ring_buffer *ring, void *bytes, uint32_t size);

static inline uint32_t ring_buffer_used(const struct ring_buffer *ring)
{
	return ring->head - ring->tail;
}

static inline uint32_t ring_buffer_free(const struct ring_buffer *ring)
{
	return ring->size - ring_buffer_used(ring);
}

static inline bool ring_buffer_is_empty(const struct ring_buffer *ring)
{
	return ring->head == ring->tail;
}

static inline bool ring_buffer_is_full(const struct ring_buffer *ring)
{
	return ring_buffer_used(ring) == ring->size;
}

static inline void ring_buffer_clear(struct ring_buffer *ring)
{
	ring->tail = ring->head;
}

/* False if the ring is full. */
bool ring_buffer_put(struct ring_buffer *ring, uint8_t byte);

/* The next byte, or -1 if the ring is empty. */
int ring_buffer_get(struct ring_buffer *ring);

/* The byte `index` places behind the next one; index < ring_buffer_used(). */
static inline uint8_t ring_buffer_peek(const struct ring_buffer *ring, uint32_t index)
{
	return ring->bytes[(ring->tail + index) & (ring->size - 1)];
}

/* Take back the byte that was put last; -1 if the ring is empty. */
int ring_buffer_unput(struct ring_buffer *ring);

/* As many of `size` bytes as there is room for, or as there are; returns how many. */
size_t ring_buffer_write(struct ring_buffer *ring, const void *from, size_t size);
size_t ring_buffer_read(struct ring_buffer *ring, void *to, size_t size);

/*
 * The longest contiguous piece to read from (write to), so that it can be copied without a second
 * buffer; then say with ring_buffer_consume (ring_buffer_produce) how much was. *size may be 0.
 */
const uint8_t *ring_buffer_read_span(const struct ring_buffer *ring, size_t *size);
uint8_t *ring_buffer_write_span(struct ring_buffer *ring, size_t *size);
void ring_buffer_consume(struct ring_buffer *ring, size_t size);
void ring_buffer_produce(struct ring_buffer *ring, size_t size);
