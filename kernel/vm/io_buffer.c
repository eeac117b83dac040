/*
 * I/O buffers: one way for a file, a pipe or a terminal to take and give bytes, whoever the caller
 * is.
 *
 * A buffer is a list of pieces with a cursor. Kernel pieces are copied plainly; user pieces through
 * arch/user_copy.h.
 *
 * Against a page frame there are two ways. A frame above the direct map is seen through a window of
 * this CPU, so the copy runs with faults off; when it stops short, the user's page is faulted in
 * with nothing held, and the copy goes on. But mostly the frame lies in the direct map and all the
 * bytes in one piece. Then nothing is held anyway, and the copy takes its faults itself: put_direct
 * and get_direct, 50 instructions for a short copy instead of 170.
 */
#include "vm/io_buffer.h"
#include "arch/user_copy.h"
#include "core/assert.h"
#include "lib/min_max.h"
#include "lib/string.h"
#include "mem/kmap.h"
#include "uapi/linux/errno.h"
#include "vm/internal.h"

void io_buffer_init_user_pieces(struct io_buffer *buffer, const struct io_piece *pieces,
				unsigned int count)
{
	*buffer = (struct io_buffer){
		.next = pieces,
		.is_user = true,
	};
	for (unsigned int i = 0; i < count; i++)
		buffer->remaining += pieces[i].size;
}

/*
 * The current piece's rest: its address and size, at most `limit`. Skips pieces that are used up.
 */
static uintptr_t current_piece(struct io_buffer *buffer, size_t limit, size_t *size)
{
	assert(limit <= buffer->remaining);
	while (buffer->size == 0) {
		buffer->address = buffer->next->address;
		buffer->size = buffer->next->size;
		buffer->next++;
	}
	*size = min(limit, buffer->size);
	return buffer->address;
}

int io_buffer_put(struct io_buffer *buffer, const void *from, size_t size)
{
	const uint8_t *bytes = from;

	while (size > 0) {
		size_t count, left = 0;
		uintptr_t address = current_piece(buffer, size, &count);

		if (buffer->is_user)
			left = copy_to_user_partial(user_addr_from(address), bytes, count);
		else
			memcpy((void *)address, bytes, count);
		io_buffer_advance(buffer, count - left);
		if (left > 0)
			return -EFAULT;
		bytes += count;
		size -= count;
	}
	return 0;
}

int io_buffer_get(struct io_buffer *buffer, void *to, size_t size)
{
	uint8_t *bytes = to;

	while (size > 0) {
		size_t count, left = 0;
		uintptr_t address = current_piece(buffer, size, &count);

		if (buffer->is_user)
			left = copy_from_user_partial(bytes, user_addr_from(address), count);
		else
			memcpy(bytes, (const void *)address, count);
		io_buffer_advance(buffer, count - left);
		if (left > 0)
			return -EFAULT;
		bytes += count;
		size -= count;
	}
	return 0;
}

static noinline int clear_pieces(struct io_buffer *buffer, size_t size)
{
	while (size > 0) {
		size_t count, left = 0;
		uintptr_t address = current_piece(buffer, size, &count);

		if (buffer->is_user)
			left = clear_user_partial(user_addr_from(address), count);
		else
			memset((void *)address, 0, count);
		io_buffer_advance(buffer, count - left);
		if (left > 0)
			return -EFAULT;
		size -= count;
	}
	return 0;
}

int io_buffer_clear(struct io_buffer *buffer, size_t size)
{
	size_t left;

	if (unlikely(!buffer->is_user || buffer->size < size))
		return clear_pieces(buffer, size);
	left = clear_user_partial(user_addr_from(buffer->address), size);
	io_buffer_advance(buffer, size - left);
	return left ? -EFAULT : 0;
}

/* One try between the frame and the buffer, without faults: how many bytes were moved. */
static size_t move_once(struct io_buffer *buffer, struct page_frame *frame, size_t offset,
			size_t size, bool into_frame)
{
	uint8_t *bytes = kmap(frame);
	size_t done = 0;

	while (done < size) {
		size_t count, left = 0;
		uintptr_t address = current_piece(buffer, size - done, &count);
		uint8_t *place = bytes + offset + done;

		if (!buffer->is_user && into_frame)
			memcpy(place, (const void *)address, count);
		else if (!buffer->is_user)
			memcpy((void *)address, place, count);
		else if (into_frame)
			left = copy_from_user_nofault(place, user_addr_from(address), count);
		else
			left = copy_to_user_nofault(user_addr_from(address), place, count);
		io_buffer_advance(buffer, count - left);
		done += count - left;
		if (left > 0)
			break;
	}
	kunmap(frame, bytes);
	return done;
}

/* The page of user memory where the last try stopped. */
static int fault_in(struct io_buffer *buffer, bool for_write)
{
	size_t count;
	uintptr_t address = current_piece(buffer, 1, &count);

	return user_prefault(user_addr_from(address), count, for_write);
}

int io_buffer_fault_in(struct io_buffer *buffer)
{
	return fault_in(buffer, false);
}

/* May the next `size` bytes be copied in one go, to or from `frame` where it lies? */
static inline bool is_direct(const struct io_buffer *buffer, const struct page_frame *frame,
			     size_t size)
{
	return buffer->size >= size && page_frame_is_direct(frame);
}

static inline size_t put_direct(struct io_buffer *buffer, const void *from, size_t size)
{
	if (likely(buffer->is_user))
		size -= copy_to_user_partial(user_addr_from(buffer->address), from, size);
	else
		memcpy((void *)buffer->address, from, size);
	io_buffer_advance(buffer, size);
	return size;
}

static inline size_t get_direct(struct io_buffer *buffer, void *to, size_t size)
{
	if (likely(buffer->is_user))
		size -= copy_from_user_partial(to, user_addr_from(buffer->address), size);
	else
		memcpy(to, (const void *)buffer->address, size);
	io_buffer_advance(buffer, size);
	return size;
}

static noinline size_t put_frame(struct io_buffer *buffer, struct page_frame *frame, size_t offset,
				 size_t size)
{
	size_t done = move_once(buffer, frame, offset, size, false);

	while (unlikely(done < size)) {
		if (fault_in(buffer, true))
			break;
		done += move_once(buffer, frame, offset + done, size - done, false);
	}
	return done;
}

size_t io_buffer_put_frame(struct io_buffer *buffer, struct page_frame *frame, size_t offset,
			   size_t size)
{
	if (likely(is_direct(buffer, frame, size)))
		return put_direct(buffer, (const char *)page_frame_address(frame) + offset, size);
	return put_frame(buffer, frame, offset, size);
}

size_t io_buffer_get_frame_once(struct io_buffer *buffer, struct page_frame *frame, size_t offset,
				size_t size)
{
	return move_once(buffer, frame, offset, size, true);
}

static noinline size_t get_frame(struct io_buffer *buffer, struct page_frame *frame, size_t offset,
				 size_t size)
{
	size_t done = move_once(buffer, frame, offset, size, true);

	while (unlikely(done < size)) {
		if (fault_in(buffer, false))
			break;
		done += move_once(buffer, frame, offset + done, size - done, true);
	}
	return done;
}

size_t io_buffer_get_frame(struct io_buffer *buffer, struct page_frame *frame, size_t offset,
			   size_t size)
{
	if (likely(is_direct(buffer, frame, size)))
		return get_direct(buffer, (char *)page_frame_address(frame) + offset, size);
	return get_frame(buffer, frame, offset, size);
}
