/*
 * Reading ahead: one request for what will be asked for next.
 *
 * A cache remembers the window that was read last: [next - size, next). A miss right at its end is
 * a file read in order, and the window doubles, up to a limit; a miss anywhere else starts anew
 * with a small one. When a reader comes to the middle of the newest window, the one after it is
 * started, so that a sequential reader never waits again once it is under way, and one who stays at
 * a page, or only looks in, starts nothing.
 *
 * Of a first touch by many at once one read is made: whoever enters the first frame reads, with as
 * many absent pages behind it as the window wants. A page that is there already ends the run:
 * requests stay contiguous.
 *
 * The numbers are hints. Two readers of one file spoil them for each other, which costs speed
 * alone.
 */
#include "core/assert.h"
#include "lib/min_max.h"
#include "uapi/linux/errno.h"
#include "vm/internal.h"

enum {
	WINDOW_MIN = 4,		/* pages; a random read of one page brings its neighbours */
	WINDOW_MAX = 32,
	WISH_MAX = 512,		/* of what a program asks for in one call: 2 MiB */
};

/*
 * Start reading up to `count` absent pages from `index` on. *first gets the frame at `index` with a
 * reference, or NULL if it was not absent. Truncate lock held (or the inode lock). Errors: of the
 * allocation or the file system.
 */
static int start_reading(struct page_cache *cache, uint32_t index, uint32_t count,
			 struct page_frame **first)
{
	enum frame_alloc_flags flags = 0;
	struct page_frame *frames[WINDOW_MAX];
	unsigned int taken = 0;
	int error = 0;

	*first = NULL;
	while (taken < count) {
		struct page_frame *frame = page_cache_alloc_frame(cache, flags);

		error = frame ? page_cache_insert(cache, frame, index + taken, FRAME_FILLING) :
				-ENOMEM;
		if (error) {
			if (frame)
				page_frame_put(frame);
			break;
		}
		frames[taken++] = frame;
		flags = FRAME_ALLOC_NO_RECLAIM | FRAME_ALLOC_NO_KILL;	/* luxury */
	}
	if (taken == 0)
		return error == -EEXIST ? 0 : error;
	page_frame_get(frames[0]);
	*first = frames[0];
	error = cache->ops->read(cache, frames, taken);
	if (!error)
		return 0;
	/* Want of memory is ours alone: who waits for the page tries for himself. */
	for (unsigned int i = 0; i < taken; i++) {
		if (error == -ENOMEM)
			page_cache_fill_cancel(frames[i]);
		else
			page_cache_read_done(frames[i], error);
	}
	page_frame_put(*first);
	*first = NULL;
	return error;
}

/* As many of `count` pages from `index` on as the file has; at least one. */
static uint32_t clip(struct page_cache *cache, uint32_t index, uint32_t count)
{
	uint32_t end = page_cache_page_count(cache);

	return index < end ? min(count, end - index) : 1;
}

/* The window for a miss at `index`. Plain words, racy by intent. */
static uint32_t choose_window(struct page_cache *cache, uint32_t index)
{
	uint32_t size = cache->read_ahead_size;

	if (cache->is_metadata)
		return 1;	/* the file system knows what lies where */
	if (index == cache->read_ahead_next && size > 0)
		return min_t(uint32_t, size * 2, WINDOW_MAX);
	return WINDOW_MIN;
}

static void remember(struct page_cache *cache, uint32_t index, uint32_t size)
{
	cache->read_ahead_next = index + size;
	cache->read_ahead_size = size;
}

int read_ahead_miss(struct page_cache *cache, uint32_t index, struct page_frame **first)
{
	uint32_t count = clip(cache, index, choose_window(cache, index));

	remember(cache, index, count);
	return start_reading(cache, index, count, first);
}

void read_ahead_hit(struct page_cache *cache)
{
	uint32_t size = cache->read_ahead_size;
	uint32_t next = cache->read_ahead_next;
	struct page_frame *first;

	if (cache->is_metadata)
		return;
	if (next >= page_cache_page_count(cache))
		return;
	size = clip(cache, next, min_t(uint32_t, size * 2, WINDOW_MAX));
	remember(cache, next, size);
	if (start_reading(cache, next, size, &first) == 0 && first)
		page_frame_put(first);
}

void page_cache_read_ahead(struct page_cache *cache, uint32_t first, uint32_t end)
{
	struct page_frame *frame;

	if (page_cache_is_memory(cache))
		return;
	if (end <= first)
		return;
	end = first + min_t(uint32_t, end - first, WISH_MAX);
	rwlock_read_lock(&cache->truncate_lock);
	end = min(end, page_cache_page_count(cache));
	while (first < end) {
		uint32_t count = min_t(uint32_t, end - first, WINDOW_MAX);

		frame = page_cache_find_any(cache, first);
		if (frame)
			count = 1;
		else if (start_reading(cache, first, count, &frame))
			break;
		if (frame)
			page_frame_put(frame);
		first += count;
	}
	rwlock_read_unlock(&cache->truncate_lock);
}
