/*
 * Truncation: a file gets shorter while others read, map and write back its pages.
 *
 * Order, with the truncate lock held exclusive from the first step to the last: the size shrinks,
 * so that no fault and no fill begins beyond it any more; pages beyond are unmapped everywhere,
 * private copies too, so that the next touch is a bus error (POSIX mmap); frames are taken out,
 * after waiting for transfers that had begun; and the rest of the last page becomes zeros, because
 * a file that grows again must show zeros there.
 *
 * That last page is read in for this if need be: what the disk has behind the new end would come
 * back otherwise. If it cannot be read, nobody else can read it either.
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

static bool has_tail(struct page_frame *frame, size_t offset)
{
	uint8_t *bytes = kmap(frame);
	size_t i = offset;

	while (i < PAGE_SIZE && bytes[i] == 0)
		i++;
	kunmap(frame, bytes);
	return i < PAGE_SIZE;
}

void page_cache_clear_tail(struct page_cache *cache, uint64_t size)
{
	size_t offset = size % PAGE_SIZE;
	struct page_frame *frame;

	if (offset == 0)
		return;
	frame = page_cache_find(cache, (uint32_t)(size >> PAGE_SHIFT));
	if (!frame)
		return;
	page_frame_clear_tail(frame, offset);
	page_frame_put(frame);
}

/* The last page of a file that has become shorter. Truncate lock held exclusive. */
static void cut_last_page(struct page_cache *cache, uint64_t size)
{
	uint32_t index = (uint32_t)(size >> PAGE_SHIFT);
	size_t offset = size % PAGE_SIZE;
	struct page_frame *frame;

	if (offset == 0)
		return;
	if (page_cache_is_memory(cache)) {
		page_cache_clear_tail(cache, size);
		return;
	}
	if (page_cache_get(cache, index, &frame, NULL))
		return;
	/* A hole stays one: zeros need not be written. */
	if (has_tail(frame, offset) &&
	    (!cache->ops->prepare_write || cache->ops->prepare_write(cache, index) == 0)) {
		page_frame_clear_tail(frame, offset);
		page_cache_mark_dirty(cache, frame);
	}
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

void page_cache_truncate(struct page_cache *cache, uint64_t new_size)
{
	uint32_t first = page_count_of(new_size);
	uint64_t old_size;

	rwlock_write_lock(&cache->truncate_lock);
	old_size = page_cache_size(cache);
	if (new_size > old_size) {
		page_cache_clear_tail(cache, old_size);
		atomic_store_explicit(&cache->size, new_size, memory_order_release);
	} else if (new_size < old_size) {
		atomic_store_explicit(&cache->size, new_size, memory_order_release);
		vm_unmap_cache(cache, first, UINT32_MAX, true);
		page_cache_drop_all(cache, first, UINT32_MAX);
		cut_last_page(cache, new_size);
	}
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
