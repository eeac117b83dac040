/*
 * read(2), write(2) and their kin, for any kind of open file.
 *
 * The position belongs to the description. If nobody else has a reference to it, nobody else can
 * use the position, and its lock is left out; a table shared by threads makes each call hold a
 * reference of its own, so that shows.
 *
 * Order of errors: not open for it (-EBADF), the kind of file cannot (-EISDIR, -EINVAL, -ESPIPE),
 * the range (-EINVAL, -EFBIG), then what the file says.
 */
#include <stdarg.h>
#include "arch/user_copy.h"
#include "core/assert.h"
#include "lib/format.h"
#include "lib/min_max.h"
#include "uapi/linux/errno.h"
#include "uapi/linux/fcntl.h"
#include "uapi/linux/termios.h"
#include "vfs/file_lock.h"
#include "vfs/freeze.h"
#include "vfs/internal.h"
#include "vfs/notify.h"
#include "vfs/poll.h"

/*
 * As on Linux, devices are left alone: one that has no use for a position may sleep for long, and
 * whoever waited for this lock could not be killed.
 */
static inline bool needs_position_lock(const struct file *file)
{
	return unlikely(refcount_read(&file->references) != 1) && !file->ops->stream &&
	       !inode_is(file->inode, MODE_CHARACTER);
}

static inline bool begin_position(struct file *file)
{
	if (!needs_position_lock(file))
		return false;
	mutex_lock(&file->position_lock);
	return true;
}

static inline void end_position(struct file *file, bool is_locked)
{
	if (unlikely(is_locked))
		mutex_unlock(&file->position_lock);
}

static cold int refuse(const struct file *file, uint32_t access)
{
	if (!(file->mode & access) || (file->mode & FILE_PATH_ONLY))
		return -EBADF;
	return access == FILE_READ && inode_is(file->inode, MODE_DIRECTORY) ? -EISDIR : -EINVAL;
}

static noinline ssize_t read_with_lock(struct file *file, struct io_buffer *buffer)
{
	ssize_t result;

	mutex_lock(&file->position_lock);
	result = file->ops->read(file, buffer, &file->position);
	mutex_unlock(&file->position_lock);
	return result;
}

ssize_t file_read(struct file *file, struct io_buffer *buffer)
{
	ssize_t result;

	if (unlikely(!(file->mode & FILE_READ) || !file->ops->read))
		return refuse(file, FILE_READ);
	if (likely(!needs_position_lock(file)))
		result = file->ops->read(file, buffer, &file->position);
	else
		result = read_with_lock(file, buffer);
	notify_transfer(file, IN_ACCESS, result);
	return result;
}

/* pread: has the file positions at all, and is this one? */
static int check_offset(const struct file *file, file_offset offset)
{
	if (offset < 0)
		return -EINVAL;
	if (file->ops->stream)
		return -ESPIPE;
	return 0;
}

ssize_t file_read_at(struct file *file, struct io_buffer *buffer, file_offset offset)
{
	ssize_t result;

	if (unlikely(offset < 0))
		return -EINVAL;
	if (unlikely(!(file->mode & FILE_READ) || !file->ops->read))
		return refuse(file, FILE_READ);
	result = check_offset(file, offset);
	if (unlikely(result))
		return result;
	result = file->ops->read(file, buffer, &offset);
	notify_transfer(file, IN_ACCESS, result);
	return result;
}

/*
 * The process's limit on file sizes, and the file system's: cut the buffer to what may be written
 * to a regular file at `position`. -EFBIG if that is nothing (the caller sends SIGXFSZ if it was
 * the process's).
 */
static int limit_size(const struct file *file, struct io_buffer *buffer, file_offset position,
		      uint64_t size_limit, uint32_t more_flags)
{
	uint32_t flags = atomic_load_explicit(&file->flags, memory_order_relaxed) | more_flags;
	uint64_t limit = file->inode->super->max_file_size;
	uint64_t start = (uint64_t)position;

	/* Not a file with a size: /proc/PID/mem. */
	if (unlikely(limit == UINT64_MAX))
		return 0;
	if (size_limit < limit)
		limit = size_limit;
	if (!(flags & O_LARGEFILE) && limit > SMALL_FILE_MAX)
		limit = SMALL_FILE_MAX;
	if (unlikely(flags & O_APPEND))
		start = inode_size(file->inode);
	if (likely(start + buffer->remaining <= limit))
		return 0;
	if (buffer->remaining == 0)
		return 0;
	if (start >= limit)
		return -EFBIG;
	buffer->remaining = (size_t)(limit - start);
	return 0;
}

/*
 * No limit on file sizes lies below 2 GiB but the process's, if it has one: most writes need no
 * more than this. 14 instructions instead of 60.
 */
static inline bool is_far_from_limits(const struct file *file, const struct io_buffer *buffer,
				      file_offset position, uint64_t size_limit)
{
	return likely((uint64_t)position <= SMALL_FILE_MAX &&
		      buffer->remaining <= SMALL_FILE_MAX - (uint32_t)position &&
		      size_limit == UINT64_MAX &&
		      file->inode->super->max_file_size > SMALL_FILE_MAX) &&
	       !(atomic_load_explicit(&file->flags, memory_order_relaxed) & O_APPEND);
}

/*
 * As a number without sign, a negative position is too large as well. Most can be told from the
 * upper half: what remains is less than 4 GiB.
 */
static inline bool position_is_too_large(const struct io_buffer *buffer, file_offset position)
{
	return unlikely((uint64_t)position >> 32 >= INT32_MAX) &&
	       (uint64_t)position > (uint64_t)INT64_MAX - buffer->remaining;
}

/* A read-only file with a writing position cannot come here; see file_open.c. */
static inline ssize_t write_at(struct file *file, struct io_buffer *buffer, file_offset *position,
			       uint64_t size_limit)
{
	if (is_far_from_limits(file, buffer, *position, size_limit))
		return file->ops->write(file, buffer, position);
	if (position_is_too_large(buffer, *position))
		return -EFBIG;
	if (inode_is(file->inode, MODE_REGULAR)) {
		int error = limit_size(file, buffer, *position, size_limit, 0);

		if (unlikely(error))
			return error;
	}
	return file->ops->write(file, buffer, position);
}

/*
 * Watchers hear of it; with O_SYNC and O_DSYNC the call returns when the disk has it.
 */
static noinline ssize_t tell_and_sync(struct file *file, ssize_t result)
{
	uint32_t flags = atomic_load_explicit(&file->flags, memory_order_relaxed);
	int error;

	notify_transfer(file, IN_MODIFY, result);
	if (!(flags & O_SYNC) || result <= 0 || !file->ops->sync)
		return result;
	error = file->ops->sync(file, (flags & O_SYNC) == O_DSYNC);
	return error ? error : result;
}

static inline ssize_t finish_write(struct file *file, ssize_t result)
{
	uint32_t flags = atomic_load_explicit(&file->flags, memory_order_relaxed);

	return likely(!notify_is_wanted() && !(flags & O_SYNC)) ? result
								: tell_and_sync(file, result);
}

/*
 * Around a change of a file on a disk, so that nobody freezes its file system meanwhile; before any
 * lock, the position's too. Errors: -EINTR: killed while it was frozen.
 */
static inline int begin_change(const struct file *file)
{
	return file->mode & FILE_CHANGES_DISK ? freeze_enter_change(file->inode->super) : 0;
}

static inline void end_change(const struct file *file)
{
	if (file->mode & FILE_CHANGES_DISK)
		freeze_leave_change(file->inode->super);
}

ssize_t file_write_unlimited(struct file *file, struct io_buffer *buffer)
{
	ssize_t result;
	bool is_locked;

	assert(!inode_is(file->inode, MODE_REGULAR));
	if (unlikely(!(file->mode & FILE_WRITE) || !file->ops->write))
		return refuse(file, FILE_WRITE);
	if (file->ops->stream) {
		result = file->ops->write(file, buffer, &file->position);
	} else {
		is_locked = begin_position(file);
		result = position_is_too_large(buffer, file->position)
				 ? -EFBIG
				 : file->ops->write(file, buffer, &file->position);
		end_position(file, is_locked);
	}
	return finish_write(file, result);
}

ssize_t file_write(struct file *file, struct io_buffer *buffer, uint64_t size_limit)
{
	ssize_t result;
	bool is_locked;

	if (unlikely(!(file->mode & FILE_WRITE) || !file->ops->write))
		return refuse(file, FILE_WRITE);
	if (file->ops->stream) {
		result = file->ops->write(file, buffer, &file->position);
	} else {
		result = begin_change(file);
		if (unlikely(result))
			return result;
		is_locked = begin_position(file);
		result = write_at(file, buffer, &file->position, size_limit);
		end_position(file, is_locked);
		end_change(file);
	}
	return finish_write(file, result);
}

ssize_t file_write_at(struct file *file, struct io_buffer *buffer, file_offset offset,
		      uint64_t size_limit)
{
	ssize_t result;

	if (unlikely(offset < 0))
		return -EINVAL;
	if (unlikely(!(file->mode & FILE_WRITE) || !file->ops->write))
		return refuse(file, FILE_WRITE);
	result = check_offset(file, offset);
	if (likely(!result))
		result = begin_change(file);
	if (unlikely(result))
		return result;
	result = write_at(file, buffer, &offset, size_limit);
	end_change(file);
	return finish_write(file, result);
}

ssize_t file_append(struct file *file, struct io_buffer *buffer, file_offset offset,
		    uint64_t size_limit)
{
	file_offset position = max(offset, (file_offset)0);
	ssize_t result;
	bool is_locked;

	if (!(file->mode & FILE_WRITE) || !file->ops->append)
		return file->mode & FILE_WRITE ? -EOPNOTSUPP : -EBADF;
	result = begin_change(file);
	if (result)
		return result;
	result = inode_is(file->inode, MODE_REGULAR)
			 ? limit_size(file, buffer, position, size_limit, O_APPEND)
			 : 0;
	if (result)
		goto end_change;
	is_locked = begin_position(file);
	result = file->ops->append(file, buffer, &position);
	if (offset < 0 && result > 0)
		file->position = position;
	end_position(file, is_locked);
end_change:
	end_change(file);
	return finish_write(file, result);
}

ssize_t file_read_kernel(struct file *file, void *memory, size_t size, file_offset offset)
{
	struct io_buffer buffer;
	size_t done = 0;

	while (done < size) {
		ssize_t result;

		io_buffer_init_kernel(&buffer, (char *)memory + done, size - done);
		result = file_read_at(file, &buffer, offset + (file_offset)done);
		if (result < 0)
			return done ? (ssize_t)done : result;
		if (result == 0)
			break;
		done += (size_t)result;
	}
	return (ssize_t)done;
}

/* ---- position -------------------------------------------------------------------------------- */

/*
 * SEEK_DATA and SEEK_HOLE. Where the pages are all there is, what is not there is a hole; elsewhere
 * holes are not told apart, and all is data up to the end.
 */
static int seek_contents(struct inode *inode, file_offset offset, bool for_data, file_offset *out)
{
	uint64_t size = inode_size(inode), found;
	uint32_t index, end = page_count_of(size);

	if (offset < 0 || (uint64_t)offset >= size)
		return -ENXIO;
	if (!inode->ops->blocks_are_pages) {
		*out = for_data ? offset : (file_offset)size;
		return 0;
	}
	index = (uint32_t)((uint64_t)offset >> PAGE_SHIFT);
	index = for_data ? page_cache_next_present(&inode->cache, index, end) :
			   page_cache_next_absent(&inode->cache, index, end);
	if (for_data && index >= end)
		return -ENXIO;
	found = max((uint64_t)index << PAGE_SHIFT, (uint64_t)offset);
	*out = (file_offset)min(found, size);
	return 0;
}

static int seek_plainly(const struct file *file, file_offset offset, int whence, file_offset *out)
{
	uint64_t size = inode_size(file->inode);
	file_offset base = 0;

	switch (whence) {
	case SEEK_SET:
		break;
	case SEEK_CUR:
		base = file->position;
		break;
	case SEEK_END:
		base = (file_offset)size;
		break;
	case SEEK_DATA:
	case SEEK_HOLE:
		return seek_contents(file->inode, offset, whence == SEEK_DATA, out);
	default:
		return -EINVAL;
	}
	if (__builtin_add_overflow(base, offset, &base))
		return -EOVERFLOW;
	if (base < 0 || (inode_is(file->inode, MODE_REGULAR) &&
			 (uint64_t)base > file->inode->super->max_file_size))
		return -EINVAL;
	*out = base;
	return 0;
}

int file_seek(struct file *file, file_offset offset, int whence, file_offset *out)
{
	bool is_locked;
	int error;

	if (file->mode & FILE_PATH_ONLY)
		return -EBADF;
	if (whence < SEEK_SET || whence > SEEK_HOLE)
		return -EINVAL;
	if (file->ops->stream && !file->ops->seek)
		return -ESPIPE;
	is_locked = begin_position(file);
	if (file->ops->seek)
		error = file->ops->seek(file, offset, whence, out);
	else
		error = seek_plainly(file, offset, whence, out);
	if (!error)
		file->position = *out;
	end_position(file, is_locked);
	return error;
}

int file_seek_nowhere(struct file *file, file_offset offset, int whence, file_offset *out)
{
	(void)offset;
	(void)whence;
	*out = file->position;
	return 0;
}

void description_print(struct description_sink *sink, const char *format, ...)
{
	char text[160];
	va_list arguments;
	size_t length;

	va_start(arguments, format);
	length = (size_t)vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	sink->put(sink, text, min(length, sizeof(text) - 1));
}

/* ---- the rest -------------------------------------------------------------------------------- */

int file_status(struct file *file, struct file_status *out)
{
	int error = inode_status(file->inode, out);

	if (!error)
		out->mount_id = file->path.mount->id;
	return error;
}

int file_sync(struct file *file, bool data_only)
{
	if (file->mode & FILE_PATH_ONLY)
		return -EBADF;
	if (!file->ops->sync)
		return -EINVAL;
	return file->ops->sync(file, data_only);
}

/* How many bytes are left to read of a regular file. */
static int put_rest(struct file *file, user_addr to)
{
	return put_user_u32(to, (uint32_t)(inode_size(file->inode) - (uint64_t)file->position));
}

int file_ioctl(struct file *file, unsigned int command, uintptr_t argument)
{
	if (file->mode & FILE_PATH_ONLY)
		return -EBADF;
	if (command == FIONREAD && inode_is(file->inode, MODE_REGULAR))
		return put_rest(file, user_addr_from(argument));
	if (command == FIGETBSZ)
		return put_user_u32(user_addr_from(argument), file->inode->super->block_size);
	if (!file->ops->ioctl)
		return -ENOTTY;
	return file->ops->ioctl(file, command, argument);
}

uint32_t file_poll(struct file *file, struct poll_table *table)
{
	if (!file->ops->poll)
		return POLL_ALWAYS_READY;
	return file->ops->poll(file, table);
}

int file_truncate(struct file *file, uint64_t size, uint64_t size_limit)
{
	struct inode *inode = file->inode;
	int error;

	if (file->mode & FILE_PATH_ONLY)
		return -EBADF;
	if (!(file->mode & FILE_WRITE) || !inode_is(inode, MODE_REGULAR))
		return -EINVAL;
	if (!(file->flags & O_LARGEFILE) && size > SMALL_FILE_MAX)
		return -EINVAL;
	if (inode->flags & INODE_FLAG_APPEND_ONLY)
		return -EPERM;
	error = begin_change(file);
	if (error)
		return error;
	rwlock_write_lock(&inode->lock);
	if (size > inode_size(inode) && (size > size_limit || size > inode->super->max_file_size))
		error = -EFBIG;
	else
		error = inode_truncate_locked(inode, size, credentials_caller());
	rwlock_write_unlock(&inode->lock);
	end_change(file);
	if (!error)
		notify_file(file, IN_MODIFY);
	return error;
}

/* What goes together, whether a file system can do it or not; in Linux's order. */
static int check_allocate_mode(int mode)
{
	const int hole = FALLOC_FL_PUNCH_HOLE;

	if (mode & ~FALLOC_FL_ALL || (mode & hole && mode != (hole | FALLOC_FL_KEEP_SIZE)))
		return -EOPNOTSUPP;
	if (mode & FALLOC_FL_COLLAPSE_RANGE && mode != FALLOC_FL_COLLAPSE_RANGE)
		return -EINVAL;
	if (mode & FALLOC_FL_INSERT_RANGE && mode != FALLOC_FL_INSERT_RANGE)
		return -EINVAL;
	if (mode & FALLOC_FL_UNSHARE_RANGE &&
	    mode & ~(FALLOC_FL_UNSHARE_RANGE | FALLOC_FL_KEEP_SIZE))
		return -EINVAL;
	return 0;
}

int file_allocate(struct file *file, int mode, file_offset offset, file_offset size,
		  uint64_t size_limit)
{
	struct inode *inode = file->inode;
	uint64_t end = (uint64_t)offset + (uint64_t)size;
	int error;

	error = check_allocate_mode(mode);
	if (error)
		return error;
	if (!(file->mode & FILE_WRITE))
		return -EBADF;
	if (inode_is(inode, MODE_FIFO))
		return -ESPIPE;
	if (inode_is(inode, MODE_DIRECTORY))
		return -EISDIR;
	if (!inode_is(inode, MODE_REGULAR))
		return -ENODEV;
	if ((inode->flags & INODE_FLAG_IMMUTABLE) ||
	    ((inode->flags & INODE_FLAG_APPEND_ONLY) && (mode & ~FALLOC_FL_KEEP_SIZE)))
		return -EPERM;
	if (end > inode->super->max_file_size || (end > size_limit && end > inode_size(inode)))
		return -EFBIG;
	if (!inode->ops->allocate)
		return -EOPNOTSUPP;
	error = begin_change(file);
	if (error)
		return error;
	rwlock_write_lock(&inode->lock);
	error = seals_check_allocate(inode, mode, end);
	if (!error)
		error = inode_clear_privileges(inode, credentials_caller());
	if (!error)
		error = inode->ops->allocate(inode, mode, offset, size);
	if (!error) {
		inode_touch(inode, false, true, true);
		error = inode_record_attributes(inode);
	}
	rwlock_write_unlock(&inode->lock);
	end_change(file);
	if (!error)
		notify_file(file, IN_MODIFY);
	return error;
}

int file_set_flags(struct file *file, uint32_t flags, const struct credentials *credentials)
{
	const uint32_t changeable = O_APPEND | O_NONBLOCK | O_DIRECT | O_NOATIME;
	uint32_t old = atomic_load_explicit(&file->flags, memory_order_relaxed);

	if ((flags & O_NOATIME) && !(old & O_NOATIME) &&
	    !permission_is_owner(file->inode, credentials))
		return -EPERM;
	if ((old & O_APPEND) && !(flags & O_APPEND) &&
	    (file->inode->flags & INODE_FLAG_APPEND_ONLY))
		return -EPERM;
	if (file->ops->set_flags) {
		int error = file->ops->set_flags(file, flags);

		if (error)
			return error;
	}
	while (!atomic_compare_exchange_weak_explicit(&file->flags, &old,
						      (old & ~changeable) | (flags & changeable),
						      memory_order_relaxed, memory_order_relaxed))
		;
	return 0;
}
