/*
 * Disks and partitions as files: reads and writes go through the device's own page cache, which a
 * mounted file system uses for its metadata too. Positions count bytes; nothing lies beyond the
 * end, and the size never changes.
 */
#include "arch/user_copy.h"
#include "block/block_device.h"
#include "uapi/linux/capability.h"
#include "uapi/linux/errno.h"
#include "uapi/linux/fcntl.h"
#include "vfs/char_device.h"
#include "vfs/internal.h"
#include "vm/mmap.h"
#include "vm/writeback.h"

enum { IOCTL_BLKROGET = 0x125e, IOCTL_BLKGETSIZE = 0x1260, IOCTL_BLKFLSBUF = 0x1261,
       IOCTL_BLKSSZGET = 0x1268, IOCTL_BLKPBSZGET = 0x127b };
#define IOCTL_BLKBSZGET	  0x80041270u
#define IOCTL_BLKGETSIZE64 0x80041272u

static int block_open(struct file *file)
{
	struct block_device *device = block_device_find(file->inode->device);

	if (!device)
		return -ENXIO;
	if ((file->mode & FILE_WRITE) && device->read_only)
		return -EROFS;
	/* What a mounted file system keeps in the same cache must not change under it. */
	if ((file->mode & FILE_WRITE) && block_device_is_claimed(device))
		return -EBUSY;
	file->private = device;
	return 0;
}

static int write_out(struct block_device *device)
{
	int error = page_cache_write_back(&device->cache, 0, UINT32_MAX, true);
	int flush_error = block_flush(device);

	return error ? error : flush_error;
}

/* Whoever wrote leaves the medium as the cache has it. */
static void block_release(struct file *file)
{
	struct block_device *device = file->private;

	if (file->mode & FILE_WRITE)
		(void)!write_out(device);
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

static int block_ioctl(struct file *file, unsigned int command, uintptr_t argument)
{
	struct block_device *device = file->private;
	user_addr out = user_addr_from(argument);

	switch (command) {
	case IOCTL_BLKGETSIZE:
		if (device->sector_count > UINT32_MAX)
			return -EFBIG;
		return put_user_u32(out, (uint32_t)device->sector_count);
	case IOCTL_BLKGETSIZE64:
		return put_user_u64(out, device->sector_count << SECTOR_SHIFT);
	case IOCTL_BLKSSZGET:
	case IOCTL_BLKPBSZGET:
		return put_user_u32(out, 1u << SECTOR_SHIFT);
	case IOCTL_BLKBSZGET:
		return put_user_u32(out, PAGE_SIZE);
	case IOCTL_BLKROGET:
		return put_user_u32(out, device->read_only);
	case IOCTL_BLKFLSBUF:
		if (!credentials_capable(file->credentials, CAP_SYS_ADMIN))
			return -EACCES;
		return write_out(device);
	default:
		return -ENOTTY;
	}
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
	int error = write_out(device);
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
