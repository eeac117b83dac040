/*
 * What a program expects of a file: to be read ahead, forgotten, written back soon.
 */
#include "lib/min_max.h"
#include "mem/page_frame.h"
#include "syscall/sys_internal.h"
#include "syscall/syscalls.h"
#include "uapi/linux/errno.h"
#include "vfs/fd_table.h"
#include "vfs/file.h"
#include "vfs/inode.h"

enum {
	FADV_NORMAL,
	FADV_RANDOM,
	FADV_SEQUENTIAL,
	FADV_WILLNEED,
	FADV_DONTNEED,
	FADV_NOREUSE,
};

static file_offset offset_of(uint32_t low, uint32_t high)
{
	return (file_offset)((uint64_t)high << 32 | low);
}

/* The page that `offset` is in, or the last that a cache can have. */
static uint32_t page_of(uint64_t offset)
{
	return (uint32_t)min_t(uint64_t, offset >> PAGE_SHIFT, UINT32_MAX);
}

static bool is_cached(const struct file *file)
{
	return (inode_is(file->inode, MODE_REGULAR) || inode_is(file->inode, MODE_BLOCK)) &&
	       file->inode->cache.ops;
}

/* Whole pages alone: of one that lies half in the range the other half may be wanted. */
static void forget(struct page_cache *cache, uint64_t start, uint64_t end)
{
	uint32_t first = page_of(start + PAGE_SIZE - 1), last = page_of(end);

	if (end == INT64_MAX)
		last = UINT32_MAX;
	if (first >= last)
		return;
	/* What is dirty cannot be forgotten, but soon: an error is told by the next fsync. */
	if (cache->ops->write)
		(void)!page_cache_write_back(cache, first, last, false);
	page_cache_drop_unused(cache, first, last);
}

static void advise(struct file *file, uint64_t start, uint64_t size, int advice)
{
	struct page_cache *cache = &file->inode->cache;
	uint64_t end = size && size < INT64_MAX - start ? start + size : INT64_MAX;

	if (!is_cached(file))
		return;
	if (advice == FADV_WILLNEED)
		page_cache_read_ahead(cache, page_of(start), page_of(end + PAGE_SIZE - 1));
	else if (advice == FADV_DONTNEED)
		forget(cache, start, end);
	/* The rest are about the order of reads, which readahead finds out by itself. */
}

int sys_fadvise64_64(int fd, uint32_t offset_low, uint32_t offset_high, uint32_t size_low,
		     uint32_t size_high, int advice)
{
	file_offset offset = offset_of(offset_low, offset_high);
	file_offset size = offset_of(size_low, size_high);
	bool needs_put;
	struct file *file = syscall_file(fd, &needs_put);
	int error = 0;

	if (!file)
		return -EBADF;
	if (file->mode & FILE_PATH_ONLY)
		error = -EBADF;
	else if (inode_is(file->inode, MODE_FIFO))
		error = -ESPIPE;
	else if (size < 0 || advice < FADV_NORMAL || advice > FADV_NOREUSE)
		error = -EINVAL;
	else if (offset >= 0)
		advise(file, (uint64_t)offset, (uint64_t)size, advice);
	fd_table_return(file, needs_put);
	return error;
}

int sys_fadvise64(int fd, uint32_t offset_low, uint32_t offset_high, size_t size, int advice)
{
	return sys_fadvise64_64(fd, offset_low, offset_high, size, 0, advice);
}

int sys_readahead(int fd, uint32_t low, uint32_t high, size_t size)
{
	file_offset offset = offset_of(low, high);
	bool needs_put;
	struct file *file = syscall_file(fd, &needs_put);
	int error = 0;

	if (!file)
		return -EBADF;
	if (!(file->mode & FILE_READ))
		error = -EBADF;
	else if (!is_cached(file))
		error = -EINVAL;
	else if (offset >= 0)
		advise(file, (uint64_t)offset, size, FADV_WILLNEED);
	fd_table_return(file, needs_put);
	return error;
}

enum {
	SYNC_FILE_RANGE_WAIT_BEFORE = 1,
	SYNC_FILE_RANGE_WRITE = 2,
	SYNC_FILE_RANGE_WAIT_AFTER = 4,
	SYNC_FILE_RANGE_ALL = 7,
};

static int sync_range(struct file *file, uint64_t start, uint64_t size, uint32_t flags)
{
	struct page_cache *cache = &file->inode->cache;
	uint64_t end = size ? start + size : INT64_MAX;
	int error;

	if (!inode_is(file->inode, MODE_REGULAR) && !inode_is(file->inode, MODE_BLOCK) &&
	    !inode_is(file->inode, MODE_DIRECTORY) && !inode_is(file->inode, MODE_LINK))
		return -ESPIPE;
	if (!is_cached(file) || !cache->ops->write || !flags)
		return 0;
	error = page_cache_write_back(cache, page_of(start), page_of(end + PAGE_SIZE - 1),
				      flags & (SYNC_FILE_RANGE_WAIT_BEFORE |
					       SYNC_FILE_RANGE_WAIT_AFTER));
	return error;
}

int sys_sync_file_range(int fd, uint32_t offset_low, uint32_t offset_high, uint32_t size_low,
			uint32_t size_high, uint32_t flags)
{
	file_offset offset = offset_of(offset_low, offset_high);
	file_offset size = offset_of(size_low, size_high);
	bool needs_put;
	struct file *file = syscall_file(fd, &needs_put);
	int error;

	if (!file)
		return -EBADF;
	if (file->mode & FILE_PATH_ONLY)
		error = -EBADF;
	else if ((flags & ~(uint32_t)SYNC_FILE_RANGE_ALL) || offset < 0 || size < 0 ||
		 size > INT64_MAX - offset)
		error = -EINVAL;
	else
		error = sync_range(file, (uint64_t)offset, (uint64_t)size, flags);
	fd_table_return(file, needs_put);
	return error;
}
