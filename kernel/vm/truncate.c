/*
 * Truncation: a file gets shorter while others read, map and write back its pages.
 *
 * Order, with the truncate lock held exclusive from the first step to the last: the size shrinks,
 * so that no fault and no fill begins beyond it any more; pages beyond are unmapped everywhere,
 * private copies too, so that the next touch is a bus error (POSIX mmap); frames are taken out,
 * after waiting for transfers that had begun, also of the last page; and the rest of that becomes
 * zeros, because a file that grows again must show zeros there.
 *
 * That last page is read in for this if need be: what the disk has behind the new end would come
 * back otherwise. If it cannot be read, nobody else can read it either.
 *
 * When a file grows and leaves a gap behind its old end the same is done once more. A mapping may
 * have written there since, and if the power went after a cut the disk may know the new size and
 * not yet the zeros. Clearing the cached frame alone would not do: it may be clean, and what the
 * disk has would come back when the frame has gone.
 */
#include "lib/string.h"
#include "mem/kmap.h"
#include "vm/internal.h"

void page_frame_clear_tail(struct page_frame *frame, size_t offset)
{
	uint8_t *bytes = kmap(frame);

	memset(bytes + offset, 0, PAGE_SIZE - offset);
	kunmap(frame, bytes);
}

/* Has the frame, or the disk, more than zeros from `offset` on? */
static bool has_tail(struct page_frame *frame, size_t offset)
{
	uint8_t *bytes;
	size_t i = offset;

	if (atomic_load_explicit(&frame->flags, memory_order_relaxed) & FRAME_TAIL_CUT)
		return true;
	bytes = kmap(frame);
	while (i < PAGE_SIZE && bytes[i] == 0)
		i++;
	kunmap(frame, bytes);
	return i < PAGE_SIZE;
}

/*
 * A hole stays one: zeros need not be written. Where there is no room to write them to, they are
 * zeros as long as the frame is cached.
 */
static void clear_cached_tail(struct page_cache *cache, struct page_frame *frame, size_t offset)
{
	if (page_cache_is_memory(cache)) {
		page_frame_clear_tail(frame, offset);
	} else if (has_tail(frame, offset)) {
		bool can_write = !cache->ops->prepare_write ||
				 cache->ops->prepare_write(cache, frame->index) == 0;

		page_frame_clear_tail(frame, offset);
		if (can_write) {
			atomic_fetch_and_explicit(&frame->flags, (unsigned short)~FRAME_TAIL_CUT,
						  memory_order_relaxed);
			page_cache_mark_dirty(cache, frame);
		}
	}
}

void page_cache_clear_tail(struct page_cache *cache, uint64_t size)
{
	uint32_t index = (uint32_t)(size >> PAGE_SHIFT);
	size_t offset = size % PAGE_SIZE;
	struct page_frame *frame;

	if (offset == 0)
		return;
	if (page_cache_is_memory(cache))
		frame = page_cache_find(cache, index);
	else if (page_cache_get(cache, index, &frame, NULL))
		frame = NULL;
	if (!frame)
		return;
	clear_cached_tail(cache, frame, offset);
	page_frame_put(frame);
}

void page_cache_drop_all(struct page_cache *cache, uint32_t first, uint32_t end)
{
	struct page_frame *frame;
	uint32_t index = first;

	while ((frame = page_cache_find_next(cache, &index, end))) {
		(void)page_cache_wait(frame, FRAME_FILLING | FRAME_WRITING, false);
		/*
		 * False if writeback was quicker, or it is gone: the same index is looked at again.
		 */
		if (page_cache_remove(cache, frame) && index < UINT32_MAX)
			index++;
		page_frame_put(frame);
	}
}

/*
 * A write of the page that is cut may be under way, also of the blocks beyond the end. The caller
 * gives these away as soon as we return, and the write would come after their new owner's.
 */
static void wait_for_last_page(struct page_cache *cache, uint64_t size)
{
	struct page_frame *frame = page_cache_find(cache, (uint32_t)(size >> PAGE_SHIFT));

	if (!frame)
		return;
	(void)page_cache_wait(frame, FRAME_WRITING, false);
	page_frame_put(frame);
}

void page_cache_drop_beyond_locked(struct page_cache *cache, uint64_t size)
{
	uint32_t first = page_count_of(size);

	rwlock_assert_held_exclusive(&cache->truncate_lock);
	assert(page_cache_size(cache) == size);
	page_cache_limit_pass(cache, size);
	vm_unmap_cache(cache, first, UINT32_MAX, true);
	page_cache_drop_all(cache, first, UINT32_MAX);
	wait_for_last_page(cache, size);
	page_cache_clear_tail(cache, size);
}

void page_cache_truncate_locked(struct page_cache *cache, uint64_t new_size)
{
	uint64_t old_size = page_cache_size(cache);

	rwlock_assert_held_exclusive(&cache->truncate_lock);
	if (new_size > old_size) {
		page_cache_clear_tail(cache, old_size);
		page_cache_set_size(cache, new_size);
	} else if (new_size < old_size) {
		page_cache_set_size(cache, new_size);
		page_cache_drop_beyond_locked(cache, new_size);
	}
}

void page_cache_truncate(struct page_cache *cache, uint64_t new_size)
{
	rwlock_write_lock(&cache->truncate_lock);
	page_cache_truncate_locked(cache, new_size);
	rwlock_write_unlock(&cache->truncate_lock);
}

void page_cache_drop_range(struct page_cache *cache, uint32_t first, uint32_t end)
{
	rwlock_write_lock(&cache->truncate_lock);
	vm_unmap_cache(cache, first, end, false);
	page_cache_drop_all(cache, first, end);
	rwlock_write_unlock(&cache->truncate_lock);
}

void page_cache_drop_unused(struct page_cache *cache, uint32_t first, uint32_t end)
{
	struct page_frame *frame;
	uint32_t index = first;

	if (page_cache_is_memory(cache))
		return;
	while (index < end && (frame = page_cache_find_next(cache, &index, end))) {
		(void)page_cache_remove_unused(cache, frame);
		page_frame_put(frame);
		if (++index == 0)
			break;
	}
}
