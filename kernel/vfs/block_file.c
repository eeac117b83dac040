/*
 * Disks and partitions as files: reads and writes go through the device's own page cache, which a
 * mounted file system uses for its metadata too. Positions count bytes; nothing lies beyond the
 * end. The size may change while the file is open, but never by writing: who has just found a
 * larger one writes nothing beyond the new end, or what is lost (block_cache.c). O_EXCL keeps
 * mounts, and others who open it so, away. (ioctl: block_ioctl.c.)
 */
#include "block/block_device.h"
#include "uapi/linux/errno.h"
#include "uapi/linux/fcntl.h"
#include "vfs/block_ioctl.h"
#include "vfs/char_device.h"
#include "vfs/internal.h"
#include "vm/mmap.h"
#include "vm/writeback.h"

static bool may_write(const struct file *file)
{
	return file->mode & FILE_WRITE;
}

struct block_device *block_file_device(const struct file *file)
{
	return file->private;
}

static int block_open(struct file *file)
{
	struct block_device *device;
	int error = block_device_open(file->inode->device, may_write(file), &device);

	if (error)
		return error;
	if (file->mode & FILE_EXCLUSIVE)
		error = block_device_claim(device, file, BLOCK_CLAIM_FILE);
	if (error)
		block_device_close(device, may_write(file));
	else
		file->private = device;
	return error;
}

/* Whoever wrote leaves the medium as the cache has it. */
static void block_release(struct file *file)
{
	struct block_device *device = file->private;

	if (may_write(file))
		(void)!block_device_sync(device);
	if (file->mode & FILE_EXCLUSIVE)
		block_device_release(device, file);
	block_device_close(device, may_write(file));
}

static ssize_t block_read(struct file *file, struct io_buffer *buffer, file_offset *position)
{
	struct block_device *device = file->private;
	ssize_t result = page_cache_read(&device->cache, buffer, *position);

	if (result > 0)
		*position += result;
	return result;
}

static ssize_t block_write(struct file *file, struct io_buffer *buffer, file_offset *position)
{
	struct block_device *device = file->private;
	uint64_t size = page_cache_size(&device->cache);
	ssize_t result;

	if (block_device_is_read_only(device))
		return -EPERM;
	if (buffer->remaining == 0)
		return 0;
	if ((uint64_t)*position >= size)
		return -ENOSPC;
	if (buffer->remaining > size - (uint64_t)*position)
		buffer->remaining = (size_t)(size - (uint64_t)*position);
	rwlock_write_lock(&file->inode->lock);
	result = page_cache_write(&device->cache, buffer, *position);
	rwlock_write_unlock(&file->inode->lock);
	if (result > 0)
		*position += result;
	writeback_throttle();
	return result;
}

static int block_seek(struct file *file, file_offset offset, int whence, file_offset *out)
{
	struct block_device *device = file->private;
	file_offset size = (file_offset)page_cache_size(&device->cache);

	switch (whence) {
	case SEEK_SET:
		break;
	case SEEK_CUR:
		if (__builtin_add_overflow(offset, file->position, &offset))
			return -EINVAL;
		break;
	case SEEK_END:
		if (__builtin_add_overflow(offset, size, &offset))
			return -EINVAL;
		break;
	default:
		return -EINVAL;
	}
	if (offset < 0 || offset > size)
		return -EINVAL;
	*out = offset;
	return 0;
}

static int block_map(struct file *file, struct vm_map_request *request)
{
	struct block_device *device = file->private;

	request->cache = &device->cache;
	return 0;
}

static int block_sync(struct file *file, bool data_only)
{
	struct block_device *device = file->private;
	int error = block_device_sync(device);
	int earlier = page_cache_take_error(&device->cache);

	(void)data_only;
	return error ? error : earlier;
}

const struct file_ops block_device_file_ops = {
	.open = block_open,
	.release = block_release,
	.read = block_read,
	.write = block_write,
	.seek = block_seek,
	.ioctl = block_ioctl,
	.map = block_map,
	.sync = block_sync,
};
