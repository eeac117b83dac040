/*
 * Regular files whose contents lie in the page cache: nearly all. The file system fills and empties
 * the cache; here is what read, write, map and sync mean on top of it.
 *
 * Reading takes no lock of the inode: the cache's own protect it. Writing takes it exclusive, so
 * writes are one after another, appending finds the end, and set-id bits and capabilities go before
 * the first byte.
 */
#include "uapi/linux/errno.h"
#include "uapi/linux/fcntl.h"
#include "vfs/internal.h"
#include "vm/mmap.h"
#include "vm/writeback.h"

/* Is the access time to be looked at? Cheap, because every read asks. */
static inline bool keeps_access_time(const struct file *file)
{
	const struct inode *inode = file->inode;

	if ((atomic_load_explicit(&file->flags, memory_order_relaxed) & O_NOATIME) ||
	    (atomic_load_explicit(&file->path.mount->flags, memory_order_relaxed) &
	     (MOUNT_NO_ACCESS_TIME | MOUNT_READ_ONLY)) || inode->super->read_only)
		return false;
	/*
	 * Accessed after the last change already: only a day may make a difference; open() minds
	 * it.
	 */
	return !time_stamp_is_later(&inode->accessed, &inode->modified) ||
	       !time_stamp_is_later(&inode->accessed, &inode->changed);
}

ssize_t file_read_cached(struct file *file, struct io_buffer *buffer, file_offset *position)
{
	ssize_t result = page_cache_read(&file->inode->cache, buffer, *position);

	if (likely(result > 0))
		*position += result;
	if (unlikely(keeps_access_time(file)))
		inode_touch(file->inode, true, false, false);
	return result;
}

static inline ssize_t write_locked(struct file *file, struct io_buffer *buffer,
				   file_offset *position, bool append)
{
	struct inode *inode = file->inode;
	ssize_t result;

	if (append)
		*position = (file_offset)inode_size(inode);
	if (unlikely(!atomic_load_explicit(&inode->no_privileges, memory_order_relaxed))) {
		int error = inode_clear_privileges(inode, credentials_caller());

		if (error)
			return error;
	}
	result = page_cache_write(&inode->cache, buffer, *position);
	if (likely(result > 0)) {
		*position += result;
		inode_touch_written(inode);
	}
	return result;
}

ssize_t file_write_cached(struct file *file, struct io_buffer *buffer, file_offset *position,
			  bool append)
{
	rwlock_assert_held_exclusive(&file->inode->lock);
	return write_locked(file, buffer, position, append);
}

static inline ssize_t lock_and_write(struct file *file, struct io_buffer *buffer,
				     file_offset *position, bool append)
{
	struct inode *inode = file->inode;
	ssize_t result;

	if (buffer->remaining == 0)
		return 0;
	rwlock_write_lock(&inode->lock);
	result = write_locked(file, buffer, position, append);
	rwlock_write_unlock(&inode->lock);
	if (inode->cache.ops->write)
		writeback_throttle();
	return result;
}

static ssize_t cached_write(struct file *file, struct io_buffer *buffer, file_offset *position)
{
	return lock_and_write(file, buffer, position,
			      atomic_load_explicit(&file->flags, memory_order_relaxed) & O_APPEND);
}

static ssize_t cached_append(struct file *file, struct io_buffer *buffer, file_offset *position)
{
	return lock_and_write(file, buffer, position, true);
}

int file_open_cached(struct file *file)
{
	const struct inode *inode = file->inode;

	if (!(file->flags & O_LARGEFILE) && inode_size(inode) > SMALL_FILE_MAX)
		return -EOVERFLOW;
	/* The daily access time; see keeps_access_time. */
	if (!(file->mode & FILE_READ) || inode->super->read_only ||
	    (file->path.mount->flags & (MOUNT_NO_ACCESS_TIME | MOUNT_READ_ONLY)))
		return 0;
	if (time_stamp_recent_seconds() - inode->accessed.seconds >= 24 * 60 * 60 &&
	    !(file->flags & O_NOATIME))
		inode_touch(file->inode, true, false, false);
	return 0;
}

int file_map_cached(struct file *file, struct vm_map_request *request)
{
	request->cache = &file->inode->cache;
	if (keeps_access_time(file))
		inode_touch(file->inode, true, false, false);
	return 0;
}

/* An error of background writing since the last call is reported once. */
int file_sync_cached(struct file *file, bool data_only)
{
	struct inode *inode = file->inode;
	int error, earlier;

	(void)data_only; /* what fdatasync may leave out costs no more than finding out */
	if (!inode->super->ops->inode_write)
		return 0;
	error = inode_sync(inode);
	earlier = page_cache_take_error(&inode->cache);
	return error ? error : earlier;
}

const struct file_ops file_ops_cached = {
	.open = file_open_cached,
	.read = file_read_cached,
	.write = cached_write,
	.append = cached_append,
	.map = file_map_cached,
	.sync = file_sync_cached,
};
