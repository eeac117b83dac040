/*
 * file_read() and file_write_unlimited() in place, for read(2) and write(2): they do what nearly
 * all files need, and leave the rest to the functions: 20 instructions of each call.
 */
#pragma once
#include "core/refcount.h"
#include "uapi/linux/fcntl.h"
#include "vfs/file.h"
#include "vfs/notify.h"

/* The file has FILE_READ. */
static inline ssize_t file_read_inline(struct file *file, struct io_buffer *buffer)
{
	const struct file_ops *ops = file->ops;
	ssize_t result;

	/* If others have the file too, its position may want its lock. */
	if (unlikely(!ops->read || (refcount_read(&file->references) != 1 && !ops->stream)))
		return file_read(file, buffer);
	result = ops->read(file, buffer, &file->position);
	notify_transfer(file, IN_ACCESS, result);
	return result;
}

/* The file has FILE_WRITE and is no regular one. */
static inline ssize_t file_write_unlimited_inline(struct file *file, struct io_buffer *buffer)
{
	const struct file_ops *ops = file->ops;

	/* Watchers, and disks that a call waits for, are told behind the write. */
	if (unlikely(!ops->stream || !ops->write || notify_is_wanted() ||
		     (atomic_load_explicit(&file->flags, memory_order_relaxed) & O_SYNC)))
		return file_write_unlimited(file, buffer);
	return ops->write(file, buffer, &file->position);
}
