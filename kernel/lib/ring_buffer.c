/*
 * A ring of bytes.
 */
#include "lib/ring_buffer.h"
#include "lib/min_max.h"
#include "lib/string.h"

void ring_buffer_init(struct ring_buffer *ring, void *bytes, uint32_t size)
{
	ring->bytes = bytes;
	ring->size = size;
	ring->head = 0;
	ring->tail = 0;
}

bool ring_buffer_put(struct ring_buffer *ring, uint8_t byte)
{
	if (ring_buffer_is_full(ring))
		return false;
	ring->bytes[ring->head++ & (ring->size - 1)] = byte;
	return true;
}

int ring_buffer_get(struct ring_buffer *ring)
{
	if (ring_buffer_is_empty(ring))
		return -1;
	return ring->bytes[ring->tail++ & (ring->size - 1)];
}

int ring_buffer_unput(struct ring_buffer *ring)
{
	if (ring_buffer_is_empty(ring))
		return -1;
	return ring->bytes[--ring->head & (ring->size - 1)];
}

const uint8_t *ring_buffer_read_span(const struct ring_buffer *ring, size_t *size)
{
	uint32_t offset = ring->tail & (ring->size - 1);

	*size = min(ring_buffer_used(ring), ring->size - offset);
	return ring->bytes + offset;
}

uint8_t *ring_buffer_write_span(struct ring_buffer *ring, size_t *size)
{
	uint32_t offset = ring->head & (ring->size - 1);

	*size = min(ring_buffer_free(ring), ring->size - offset);
	return ring->bytes + offset;
}

void ring_buffer_consume(struct ring_buffer *ring, size_t size)
{
	ring->tail += (uint32_t)size;
}

void ring_buffer_produce(struct ring_buffer *ring, size_t size)
{
	ring->head += (uint32_t)size;
}

/* At most two spans: up to the end of the array, and from its beginning. */
size_t ring_buffer_write(struct ring_buffer *ring, const void *from, size_t size)
{
	size_t done = 0;

	while (done < size) {
		size_t room;
		uint8_t *span = ring_buffer_write_span(ring, &room);

		if (room == 0)
			break;
		room = min(room, size - done);
		memcpy(span, (const uint8_t *)from + done, room);
		ring_buffer_produce(ring, room);
		done += room;
	}
	return done;
}

size_t ring_buffer_read(struct ring_buffer *ring, void *to, size_t size)
{
	size_t done = 0;

	while (done < size) {
		size_t ready;
		const uint8_t *span = ring_buffer_read_span(ring, &ready);

		if (ready == 0)
			break;
		ready = min(ready, size - done);
		memcpy((uint8_t *)to + done, span, ready);
		ring_buffer_consume(ring, ready);
		done += ready;
	}
	return done;
}
