/*
 * read(2) and write(2) on a cached file: between frames of the cache and the caller's buffer.
 *
 * Bytes are copied with faults off (io_buffer.c), so a buffer that lies in a mapping of the very
 * file cannot deadlock: no lock that a fault takes is held while its page is faulted in, and no
 * frame is left FILLING meanwhile. What was moved before an error counts; the error is told when
 * nothing was.
 *
 * Reading a page that is there takes the tree's lock and nothing else. A truncation at the same
 * time may let us read what the file had just before; no rule is broken by that.
 *
 * Writing. A page that is overwritten in part is read first, unless it lies beyond the end of the
 * file, where there is nothing to read. A page that will be overwritten whole, and is absent, is
 * entered FILLING without being read or cleared, and filled by the copy itself. If that copy stops
 * in the middle, the rest must be what it was before: behind the end of the file it is cleared
 * before anybody sees the frame; within the file the frame goes again, and the page is read if the
 * buffer cannot be made to give it all. The size grows before the frame is marked dirty, so that
 * writeback never takes it for a page beyond the end.
 */
#include "core/assert.h"
#include "lib/min_max.h"
#include "sched/thread.h"
#include "uapi/linux/errno.h"
#include "vm/internal.h"
#include "vm/writeback.h"

/* The page is there. Perhaps the window after it should start: that is filling, hence the lock. */
static noinline void go_on_reading_ahead(struct page_cache *cache)
{
	if (!rwlock_try_read_lock(&cache->truncate_lock))
		return;
	read_ahead_hit(cache);
	rwlock_read_unlock(&cache->truncate_lock);
}

/* It is not. */
static noinline int get_absent_for_read(struct page_cache *cache, uint32_t index,
					struct page_frame **out)
{
	int error;

	if (page_cache_is_memory(cache))
		return 0;
	rwlock_read_lock(&cache->truncate_lock);
	/* Truncated meanwhile: the caller looks at the size again. */
	if (index >= page_cache_page_count(cache))
		error = -EAGAIN;
	else
		error = page_cache_get(cache, index, out, NULL);
	rwlock_read_unlock(&cache->truncate_lock);
	return error;
}

static inline int get_for_read(struct page_cache *cache, uint32_t index, struct page_frame **out)
{
	*out = page_cache_find(cache, index);
	if (unlikely(!*out))
		return get_absent_for_read(cache, index, out);
	if (unlikely(read_ahead_is_due(cache, index)))
		go_on_reading_ahead(cache);
	return 0;
}

int page_cache_get_for_read(struct page_cache *cache, uint32_t index, struct page_frame **out)
{
	return get_for_read(cache, index, out);
}

/* `size` bytes at `from` of one page to the buffer: how many, or an error. */
static inline ssize_t read_page(struct page_cache *cache, struct io_buffer *buffer, uint32_t index,
			 size_t from, size_t size)
{
	struct page_frame *frame;
	size_t done;
	int error = get_for_read(cache, index, &frame);

	if (unlikely(error))
		return error;
	if (likely(frame)) {
		done = io_buffer_put_frame(buffer, frame, from, size);
		page_frame_put(frame);
	} else {
		size_t before = buffer->remaining;

		error = io_buffer_clear(buffer, size);
		done = before - buffer->remaining;
	}
	return done > 0 ? (ssize_t)done : error ? error : -EFAULT;
}

ssize_t page_cache_read(struct page_cache *cache, struct io_buffer *buffer, file_offset offset)
{
	ssize_t total = 0;

	assert(offset >= 0);
	while (buffer->remaining > 0) {
		uint64_t position = (uint64_t)offset + (size_t)total;
		int64_t left = (int64_t)(page_cache_size(cache) - position);
		size_t from = (size_t)position % PAGE_SIZE;
		size_t size = min(buffer->remaining, (size_t)(PAGE_SIZE - from));
		ssize_t done;

		if (unlikely(left <= 0))
			break;
		if (unlikely(left < PAGE_SIZE))
			size = min(size, (size_t)left);
		done = read_page(cache, buffer, (uint32_t)(position >> PAGE_SHIFT), from, size);
		if (done == -EAGAIN)
			continue;
		if (done < 0)
			return total > 0 ? total : done;
		total += done;
		if ((size_t)done < size)
			break;
	}
	return total;
}

/* Is there more to the page than zeros, for all we know without reading it? */
static bool has_contents(struct page_cache *cache, uint32_t index)
{
	return !page_cache_is_memory(cache) && index < page_cache_page_count(cache);
}

/*
 * A new frame that the buffer fills whole, in one try. Returns bytes moved, fewer than a page only
 * where the rest is zeros; 0 if somebody else entered the page first, or nothing could be moved
 * without a fault (behind the end of the file the page is there then); -EAGAIN if the buffer
 * stopped in the middle, where it has been left; or another error.
 */
static ssize_t try_write_new_page(struct page_cache *cache, struct io_buffer *buffer,
				  uint32_t index, struct page_frame **out)
{
	struct page_frame *frame = page_cache_alloc_frame(cache, 0);
	size_t done;
	int error;

	if (!frame)
		return -ENOMEM;
	error = page_cache_insert(cache, frame, index, FRAME_FILLING);
	if (error) {
		page_frame_put(frame);
		return error == -EEXIST ? 0 : error;
	}
	done = io_buffer_get_frame_once(buffer, frame, 0, PAGE_SIZE);
	if (unlikely(done < PAGE_SIZE)) {
		if (has_contents(cache, index)) {
			page_cache_fill_cancel(frame);
			return -EAGAIN;
		}
		page_frame_clear_tail(frame, done);
	}
	page_frame_get(frame);
	page_cache_read_done(frame, 0);
	*out = frame;
	return (ssize_t)done;
}

/* The same until the buffer's pages are there; 0 also if they cannot be had. */
static ssize_t write_new_page(struct page_cache *cache, struct io_buffer *buffer, uint32_t index,
			      struct page_frame **out)
{
	enum { TRIES = 4 };	/* a page's bytes mostly lie in two pages of memory */
	const struct io_buffer start = *buffer;

	for (unsigned int tries = 0; tries < TRIES; tries++) {
		ssize_t done = try_write_new_page(cache, buffer, index, out);
		int error;

		if (likely(done != -EAGAIN))
			return done;
		error = io_buffer_fault_in(buffer);
		*buffer = start;
		if (error)
			break;
	}
	return 0;
}

/* The frame for a write to a part of a page: the rest of it is valid. */
static int get_for_write(struct page_cache *cache, uint32_t index, struct page_frame **out)
{
	if (has_contents(cache, index))
		return page_cache_get(cache, index, out, NULL);
	return page_cache_get_for_overwrite(cache, index, out);
}

/* The write reached `end`, and the frame holds it. */
static void commit_write(struct page_cache *cache, struct page_frame *frame, uint64_t end)
{
	/* A device keeps its size, also if it became smaller while we were at it. */
	if (end > page_cache_size(cache) && !cache->is_metadata) {
		page_cache_set_size(cache, end);
		/* Before the frame is marked: who writes that back stores the new size, too. */
		atomic_store_explicit(&cache->has_grown, true, memory_order_release);
	}
	page_cache_mark_dirty(cache, frame);
}

/*
 * A page beyond the end that was made for a write which then moved nothing; dirty ones were there
 * before: room that fallocate keeps.
 */
static void drop_unused(struct page_cache *cache, struct page_frame *frame, uint32_t index)
{
	if (index >= page_cache_page_count(cache) &&
	    !(atomic_load_explicit(&frame->flags, memory_order_relaxed) & FRAME_DIRTY))
		(void)page_cache_remove(cache, frame);
}

/*
 * After prepare_write nothing was moved, or it failed half-way: what it has reserved goes back. Not
 * if the page is dirty for another reason; faults, which make it so, hold the truncate lock from
 * their own prepare_write to the mark.
 */
static noinline void cancel_write(struct page_cache *cache, uint32_t index)
{
	struct page_frame *frame;

	rwlock_write_lock(&cache->truncate_lock);
	frame = page_cache_find_any(cache, index);
	if (!frame || !(atomic_load_explicit(&frame->flags, memory_order_relaxed) &
			(FRAME_DIRTY | FRAME_WRITING)))
		cache->ops->cancel_write(cache, index);
	rwlock_write_unlock(&cache->truncate_lock);
	if (frame)
		page_frame_put(frame);
}

/* The bytes of one page that is prepared; see write_page. */
static ssize_t move_page(struct page_cache *cache, struct io_buffer *buffer, uint64_t position,
			 size_t size)
{
	uint32_t index = (uint32_t)(position >> PAGE_SHIFT);
	size_t from = position % PAGE_SIZE;
	struct page_frame *frame = NULL;
	ssize_t done = 0;

	if (size == PAGE_SIZE) {
		frame = page_cache_find(cache, index);
		if (!frame)
			done = write_new_page(cache, buffer, index, &frame);
		if (done < 0)
			return done;
	}
	if (!frame) {
		int error = get_for_write(cache, index, &frame);

		if (error)
			return error;
	}
	if ((size_t)done < size)
		done += (ssize_t)io_buffer_get_frame(buffer, frame, from + (size_t)done,
						     size - (size_t)done);
	if (done > 0)
		commit_write(cache, frame, position + (size_t)done);
	else
		drop_unused(cache, frame, index);
	page_frame_put(frame);
	return done > 0 ? done : -EFAULT;
}

/* One page's part of a write: bytes moved, fewer than `size` after a fault, or an error. */
static ssize_t write_page(struct page_cache *cache, struct io_buffer *buffer, uint64_t position,
			  size_t size)
{
	uint32_t index = (uint32_t)(position >> PAGE_SHIFT);
	ssize_t done = 0;

	if (cache->ops->prepare_write)
		done = cache->ops->prepare_write(cache, index);
	if (likely(!done))
		done = move_page(cache, buffer, position, size);
	if (unlikely(done < 0) && cache->ops->cancel_write)
		cancel_write(cache, index);
	return done;
}

ssize_t page_cache_write(struct page_cache *cache, struct io_buffer *buffer, file_offset offset)
{
	uint64_t old_size = page_cache_size(cache);
	ssize_t total = 0;

	assert(offset >= 0);
	/* What a mapping left behind the old end must not show up in the gap. */
	if ((uint64_t)offset > old_size)
		page_cache_clear_tail(cache, old_size);
	while (buffer->remaining > 0) {
		uint64_t position = (uint64_t)offset + (size_t)total;
		size_t size = min(buffer->remaining,
				  (size_t)(PAGE_SIZE - position % PAGE_SIZE));
		ssize_t done = write_page(cache, buffer, position, size);

		if (done < 0)
			return total > 0 ? total : done;
		total += done;
		if ((size_t)done < size || thread_is_killed(thread_current()))
			break;
		if (cache->ops->write && !cache->is_metadata)
			writeback_throttle();
	}
	return total;
}
