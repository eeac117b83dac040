/*
 * I/O buffers: where bytes come from or go to, in user or kernel memory, one piece or many.
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include "core/compiler.h"
#include "core/types.h"

struct page_frame;

struct io_piece { uintptr_t address; size_t size; };

/*
 * A cursor over pieces; owned by the caller, as are the pieces. The current one is kept as an
 * address and a size, so that buffers of one piece, nearly all, have no list.
 */
struct io_buffer {
	uintptr_t address;		/* where the current piece goes on */
	size_t size;			/* bytes that it has still */
	size_t remaining;		/* bytes in all; may be made less than the pieces have */
	bool is_user;
	const struct io_piece *next;	/* the piece after the current one */
};

static inline void io_buffer_init_single(struct io_buffer *buffer, uintptr_t address, size_t size,
					 bool is_user)
{
	buffer->address = address;
	buffer->size = size;
	buffer->remaining = size;
	buffer->is_user = is_user;
	buffer->next = NULL;
}

/* After `size` bytes of the current piece, which has as many, were moved. */
static inline void io_buffer_advance(struct io_buffer *buffer, size_t size)
{
	buffer->address += size;
	buffer->size -= size;
	buffer->remaining -= size;
}

/* In place: made for each read and write, and five stores. */
static inline void io_buffer_init_user(struct io_buffer *buffer, user_addr address, size_t size)
{
	io_buffer_init_single(buffer, user_addr_value(address), size, true);
}
static inline void io_buffer_init_kernel(struct io_buffer *buffer, void *address, size_t size)
{
	io_buffer_init_single(buffer, (uintptr_t)address, size, false);
}
/*
 * Pieces in kernel memory that describe user memory. The total is checked by the caller (<=
 * INT32_MAX).
 */
void io_buffer_init_user_pieces(struct io_buffer *buffer, const struct io_piece *pieces,
				unsigned int count);

/*
 * Move bytes and advance: 0 or -EFAULT (then advanced by what was moved). May fault and sleep if
 * is_user.
 */
/* Kernel to buffer; buffer to kernel; zeros to buffer, whose size is not 0. */
must_check int io_buffer_put(struct io_buffer *buffer, const void *from, size_t size);
must_check int io_buffer_get(struct io_buffer *buffer, void *to, size_t size);
must_check int io_buffer_clear(struct io_buffer *buffer, size_t size);

/*
 * The same against a frame that may lie above the direct map; returns bytes moved, fewer on a
 * fault, having advanced by them. `size` is not 0. May fault and sleep if is_user: no lock that a
 * fault takes may be held, nor a frame that a fault would wait for.
 */
size_t io_buffer_put_frame(struct io_buffer *buffer, struct page_frame *frame, size_t offset,
			   size_t size);
size_t io_buffer_get_frame(struct io_buffer *buffer, struct page_frame *frame, size_t offset,
			   size_t size);
