/*
 * Regular files, symbolic links and special files of tmpfs: nearly everything is the page cache's
 * and vfs's work.
 */
#include "fs/tmpfs/internal.h"
#include "lib/min_max.h"
#include "lib/string.h"
#include "mem/page_frame.h"
#include "sched/thread.h"
#include "uapi/linux/errno.h"
#include "uapi/linux/fcntl.h"
#include "vfs/file.h"

/* Pages behind the end: room that fallocate(2) keeps without showing it in the size. */
static void drop_beyond(struct inode *inode)
{
	page_cache_drop_range(&inode->cache, page_cache_page_count(&inode->cache), UINT32_MAX);
}

static int truncate(struct inode *inode, uint64_t size)
{
	bool shows_more = size > inode_size(inode);

	page_cache_truncate(&inode->cache, size);
	if (!shows_more)
		drop_beyond(inode);
	return tmpfs_refresh(inode);
}

/* Zeros into [from, to) of one page, if there is such a page. */
static int clear_part(struct inode *inode, uint64_t from, uint64_t to)
{
	struct page_frame *frame;
	struct io_buffer zeros;
	uint32_t index = (uint32_t)(from >> PAGE_SHIFT);
	static const char zero_page[PAGE_SIZE];

	if (from == to)
		return 0;
	frame = page_cache_find(&inode->cache, index);
	if (!frame)
		return 0;
	io_buffer_init_kernel(&zeros, (void *)(uintptr_t)zero_page, (size_t)(to - from));
	(void)io_buffer_get_frame(&zeros, frame, (size_t)(from % PAGE_SIZE), (size_t)(to - from));
	page_cache_mark_dirty(&inode->cache, frame);
	page_frame_put(frame);
	return 0;
}

/* Bytes [start, end) become zeros; whole pages are given back. */
static int punch(struct inode *inode, uint64_t start, uint64_t end)
{
	uint64_t first = ALIGN_UP(start, (uint64_t)PAGE_SIZE);
	uint64_t last = ALIGN_DOWN(end, (uint64_t)PAGE_SIZE);

	if (first > last) /* within one page */
		return clear_part(inode, start, end);
	(void)clear_part(inode, start, min(first, end));
	(void)clear_part(inode, last, end);
	if (first < last)
		page_cache_drop_range(&inode->cache, (uint32_t)(first >> PAGE_SHIFT),
				      (uint32_t)(last >> PAGE_SHIFT));
	return tmpfs_refresh(inode);
}

/* Is there room for all pages of [first, last) that are not there yet? */
static int check_room(struct inode *inode, uint32_t first, uint32_t last)
{
	struct tmpfs *tmpfs = tmpfs_of(inode);
	size_t used, missing = 0;

	if (tmpfs->page_limit == SIZE_MAX)
		return 0;
	if (last - first > tmpfs->page_limit)
		return -ENOSPC;
	for (uint32_t index = first; index < last;) {
		uint32_t present = page_cache_next_present(&inode->cache, index, last);

		missing += present - index;
		index = page_cache_next_absent(&inode->cache, present, last);
	}
	(void)tmpfs_refresh(inode);
	used = atomic_load_explicit(&tmpfs->used_pages, memory_order_relaxed);
	return used > tmpfs->page_limit || missing > tmpfs->page_limit - used ? -ENOSPC : 0;
}

/*
 * Pages for all of [start, end); those that were there keep their bytes. On failure the new ones
 * inside the file stay as zeros: a mapping may have been written to. Errors: also -EINTR.
 */
static int reserve(struct inode *inode, uint64_t start, uint64_t end)
{
	for (uint64_t offset = ALIGN_DOWN(start, (uint64_t)PAGE_SIZE); offset < end;
	     offset += PAGE_SIZE) {
		uint32_t index = (uint32_t)(offset >> PAGE_SHIFT);
		struct page_frame *frame;
		int error;

		if (unlikely(thread_is_interrupted(thread_current())))
			return -EINTR;
		error = tmpfs_cache_ops.prepare_write(&inode->cache, index);
		if (!error)
			error = page_cache_get(&inode->cache, index, &frame, NULL);
		if (error)
			return error;
		page_cache_mark_dirty(&inode->cache, frame);
		page_frame_put(frame);
	}
	return 0;
}

static int allocate(struct inode *inode, int mode, file_offset offset, file_offset size)
{
	uint64_t start = (uint64_t)offset, end = start + (uint64_t)size;
	uint64_t old_size = inode_size(inode);
	uint32_t first;
	int error;

	if (mode & FALLOC_FL_PUNCH_HOLE) {
		if (mode != (FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE))
			return -EOPNOTSUPP;
		return punch(inode, start, end);
	}
	if (mode & ~FALLOC_FL_KEEP_SIZE)
		return -EOPNOTSUPP;
	error = check_room(inode, (uint32_t)(start >> PAGE_SHIFT), page_count_of(end));
	if (error)
		return error;
	error = reserve(inode, start, end);
	/* What an earlier call keeps elsewhere stays. */
	first = max(page_count_of(old_size), (uint32_t)(start >> PAGE_SHIFT));
	if (error && first < page_count_of(end))
		page_cache_drop_range(&inode->cache, first, page_count_of(end));
	if (!error && end > old_size && !(mode & FALLOC_FL_KEEP_SIZE))
		page_cache_truncate(&inode->cache, end);
	(void)tmpfs_refresh(inode);
	return error;
}

const struct inode_ops tmpfs_file_ops = {
	.truncate = truncate,
	.allocate = allocate,
	.refresh = tmpfs_refresh,
	.blocks_are_pages = true,
	.get_attribute = tmpfs_get_attribute,
	.list_attributes = tmpfs_list_attributes,
	.set_attribute = tmpfs_set_attribute,
};

const struct inode_ops tmpfs_special_ops = {
	.get_attribute = tmpfs_get_attribute,
	.list_attributes = tmpfs_list_attributes,
	.set_attribute = tmpfs_set_attribute,
};

static ssize_t read_link(struct inode *inode, char *buffer, size_t size)
{
	size_t length = min((size_t)inode_size(inode), size);

	memcpy(buffer, inode->link_target, length);
	return (ssize_t)length;
}

const struct inode_ops tmpfs_link_ops = {
	.read_link = read_link,
	.get_attribute = tmpfs_get_attribute,
	.list_attributes = tmpfs_list_attributes,
	.set_attribute = tmpfs_set_attribute,
};
