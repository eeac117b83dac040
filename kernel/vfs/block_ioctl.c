/*
 * ioctl on disks and partitions: what they are, and what blockdev(8), fdisk and mkfs ask of them.
 *
 * The size of the blocks in which a program means to read changes nothing but what it is told when
 * it asks. How far is read ahead is the same for all: to set it to anything else is refused. No
 * disk of ours can discard.
 */
#include "vfs/block_ioctl.h"

#include "arch/user_copy.h"
#include "block/block_device.h"
#include "lib/math64.h"
#include "lib/min_max.h"
#include "sched/thread.h"
#include "uapi/linux/errno.h"
#include "vfs/file.h"
#include "vfs/inode.h"
#include "vm/io_buffer.h"
#include "vm/writeback.h"

enum {
	IOCTL_GET_GEOMETRY = 0x0301,	/* HDIO_GETGEO */
	IOCTL_SET_READ_ONLY = 0x125d,	/* BLKROSET and so on */
	IOCTL_GET_READ_ONLY = 0x125e,
	IOCTL_REREAD_PARTITIONS = 0x125f,
	IOCTL_GET_SECTORS = 0x1260,
	IOCTL_FLUSH_BUFFERS = 0x1261,
	IOCTL_SET_READ_AHEAD = 0x1262,
	IOCTL_GET_READ_AHEAD = 0x1263,
	IOCTL_SET_FILE_READ_AHEAD = 0x1264,
	IOCTL_GET_FILE_READ_AHEAD = 0x1265,
	IOCTL_GET_REQUEST_SECTORS = 0x1267,
	IOCTL_GET_SECTOR_SIZE = 0x1268,
	IOCTL_PARTITION = 0x1269,	/* BLKPG */
	IOCTL_DISCARD = 0x1277,
	IOCTL_GET_IO_LEAST = 0x1278,
	IOCTL_GET_IO_BEST = 0x1279,
	IOCTL_GET_ALIGNMENT = 0x127a,
	IOCTL_GET_PHYSICAL_SIZE = 0x127b,
	IOCTL_DISCARD_ZEROES = 0x127c,
	IOCTL_DISCARD_SECURELY = 0x127d,
	IOCTL_IS_ROTATIONAL = 0x127e,
	IOCTL_WRITE_ZEROES = 0x127f,
};
#define IOCTL_GET_BLOCK_SIZE 0x80041270u
#define IOCTL_SET_BLOCK_SIZE 0x40041271u
#define IOCTL_GET_BYTES	     0x80041272u

enum { READ_AHEAD_SECTORS = 256, GEOMETRY_HEADS = 255, GEOMETRY_SECTORS = 63 };

/* Linux's struct hd_geometry. */
struct geometry {
	uint8_t heads, sectors;
	uint16_t cylinders;
	uint32_t start;
};
_Static_assert(sizeof(struct geometry) == 8, "i386 ABI");

/* Linux's struct blkpg_ioctl_arg and blkpg_partition; start and length in bytes. */
struct partition_call {
	int32_t operation, flags, size;
	uint32_t partition;
};
struct packed partition_argument {
	int64_t start, length;
	int32_t number;
	char device_name[64], volume_name[64];	/* of no effect */
};
_Static_assert(sizeof(struct partition_argument) == 148, "i386 ABI");
enum { PARTITION_ADD = 1, PARTITION_DELETE, PARTITION_RESIZE };

static int put_u16(user_addr to, uint16_t value)
{
	return copy_to_user(to, &value, sizeof(value));
}

/*
 * For programs that still count so: what the disk says, or, as Linux tells of every ATA disk, what
 * a BIOS would make of its size.
 */
static int put_geometry(const struct block_device *device, user_addr to)
{
	const struct block_device *disk = device->whole;
	struct geometry geometry = {
		.heads = disk->heads,
		.sectors = disk->track_sectors,
		.cylinders = disk->cylinders,
		.start = (uint32_t)device->start_sector,
	};

	if (!to)
		return -EINVAL;
	if (device->ops->has_no_geometry)
		return -ENOTTY;
	if (disk->heads == 0) {
		geometry.heads = GEOMETRY_HEADS;
		geometry.sectors = GEOMETRY_SECTORS;
		geometry.cylinders = (uint16_t)div64_u32(
			disk->sector_count, GEOMETRY_HEADS * GEOMETRY_SECTORS, NULL);
	}
	return copy_to_user(to, &geometry, sizeof(geometry));
}

/* What was set; or the largest block, up to a page, of which the device is a multiple. */
static uint32_t block_size(const struct block_device *device)
{
	uint64_t bytes = page_cache_size(&device->cache);
	uint32_t told = atomic_load_explicit(&device->block_size, memory_order_relaxed);
	uint32_t size = block_device_sector_size(device);

	if (told)
		return told;
	while (size < PAGE_SIZE && !(bytes & size))
		size *= 2;
	return size;
}

static int describe(const struct block_device *device, unsigned int command, user_addr to)
{
	uint64_t sectors = block_device_sectors(device);

	switch (command) {
	case IOCTL_GET_GEOMETRY:
		return put_geometry(device, to);
	case IOCTL_GET_READ_ONLY:
		return put_user_u32(to, block_device_is_read_only(device));
	case IOCTL_GET_SECTORS:
		return sectors > UINT32_MAX ? -EFBIG : put_user_u32(to, (uint32_t)sectors);
	case IOCTL_GET_BYTES:
		return put_user_u64(to, sectors << SECTOR_SHIFT);
	case IOCTL_GET_READ_AHEAD:
	case IOCTL_GET_FILE_READ_AHEAD:
		return !to ? -EINVAL : put_user_u32(to, READ_AHEAD_SECTORS);
	case IOCTL_GET_REQUEST_SECTORS:
		return put_u16(to, (uint16_t)min_t(uint32_t, device->whole->max_sectors,
						   UINT16_MAX));
	case IOCTL_GET_SECTOR_SIZE:
	case IOCTL_GET_PHYSICAL_SIZE:
	case IOCTL_GET_IO_LEAST:
		return put_user_u32(to, block_device_sector_size(device));
	case IOCTL_GET_IO_BEST:
	case IOCTL_GET_ALIGNMENT:
	case IOCTL_DISCARD_ZEROES:
		return put_user_u32(to, 0);
	case IOCTL_IS_ROTATIONAL:
		return put_u16(to, 1);
	case IOCTL_GET_BLOCK_SIZE:
		return put_user_u32(to, block_size(device));
	}
	return -ENOTTY;
}

static int set_read_only(struct block_device *device, user_addr from)
{
	uint32_t value;

	if (get_user_u32(&value, from))
		return -EFAULT;
	atomic_store_explicit(&device->is_protected, value != 0, memory_order_relaxed);
	return 0;
}

static int set_block_size(struct file *file, user_addr from)
{
	struct block_device *device = file->private;
	uint32_t size;
	int error;

	if (!from)
		return -EINVAL;
	if (get_user_u32(&size, from))
		return -EFAULT;
	/* For whoever has the device alone, or could have. */
	if (!(file->mode & FILE_EXCLUSIVE)) {
		error = block_device_claim(device, file, BLOCK_CLAIM_FILE);
		if (error)
			return error;
		block_device_release(device, file);
	}
	if (size < block_device_sector_size(device) || size > PAGE_SIZE || (size & (size - 1)))
		return -EINVAL;
	atomic_store_explicit(&device->block_size, size, memory_order_relaxed);
	return 0;
}

/* Zeroes, a page of them, to [offset, end) of the device. */
static int fill_from(struct file *file, void *zeroes, uint64_t offset, uint64_t end)
{
	struct block_device *device = file->private;

	while (offset < end) {
		size_t size = min_t(uint64_t, end - offset, PAGE_SIZE - offset % PAGE_SIZE);
		struct io_buffer buffer;
		ssize_t done;

		io_buffer_init_kernel(&buffer, zeroes, size);
		rwlock_write_lock(&file->inode->lock);
		done = page_cache_write(&device->cache, &buffer, (file_offset)offset);
		rwlock_write_unlock(&file->inode->lock);
		if (done < 0)
			return (int)done;
		offset += (uint64_t)done;
		writeback_throttle();
		if (thread_is_killed(thread_current()))
			return -EINTR;
	}
	return 0;
}

/* As if somebody wrote them, and waited: no disk of ours can make zeroes by itself. */
static int write_zeroes(struct file *file, user_addr from)
{
	struct block_device *device = file->private;
	struct page_frame *zeroes;
	uint64_t range[2], end;
	int error;

	if (!(file->mode & FILE_WRITE))
		return -EBADF;
	if (copy_from_user(range, from, sizeof(range)))
		return -EFAULT;
	if ((range[0] | range[1]) % SECTOR_SIZE || range[1] == 0 ||
	    __builtin_add_overflow(range[0], range[1], &end) ||
	    end > page_cache_size(&device->cache))
		return -EINVAL;
	if (block_device_is_read_only(device))
		return -EPERM;
	zeroes = page_frame_alloc(FRAME_KERNEL, FRAME_ALLOC_LOW | FRAME_ALLOC_ZEROED);
	if (!zeroes)
		return -ENOMEM;
	error = fill_from(file, page_frame_address(zeroes), range[0], end);
	page_frame_put(zeroes);
	if (error)
		return error;
	return page_cache_write_back(&device->cache, (uint32_t)(range[0] >> PAGE_SHIFT),
				     (uint32_t)((end - 1) >> PAGE_SHIFT) + 1, true);
}

/* In the order in which Linux finds fault. */
static int change_partition(struct block_device *disk, user_addr from)
{
	struct partition_argument argument;
	struct partition_call call;
	uint64_t start, count;
	int64_t end;

	if (copy_from_user(&call, from, sizeof(call)))
		return -EFAULT;
	if (block_partitions_max(disk->whole) == 0)
		return -EINVAL;
	if (copy_from_user(&argument, user_addr_from(call.partition), sizeof(argument)))
		return -EFAULT;
	if (disk != disk->whole || argument.number <= 0)
		return -EINVAL;
	if (call.operation == PARTITION_DELETE)
		return block_partition_delete(disk, (unsigned int)argument.number);
	if (argument.start < 0 || argument.length <= 0 ||
	    __builtin_add_overflow(argument.start, argument.length, &end) ||
	    (argument.start | argument.length) & (block_device_sector_size(disk) - 1))
		return -EINVAL;
	start = (uint64_t)argument.start >> SECTOR_SHIFT;
	count = (uint64_t)argument.length >> SECTOR_SHIFT;
	if (call.operation == PARTITION_ADD)
		return block_partition_add(disk, (unsigned int)argument.number, start, count);
	if (call.operation == PARTITION_RESIZE)
		return block_partition_resize(disk, (unsigned int)argument.number, start, count);
	return -EINVAL;
}

/* What comes next is read from the medium. */
static int flush_buffers(struct block_device *device)
{
	int error = block_device_sync(device);

	page_cache_drop_unused(&device->cache, 0, UINT32_MAX);
	return error;
}

/* What only an administrator may do. */
static int administer(struct file *file, unsigned int command, user_addr argument)
{
	struct block_device *device = file->private;

	switch (command) {
	case IOCTL_SET_READ_ONLY:
		return set_read_only(device, argument);
	case IOCTL_REREAD_PARTITIONS:
		return block_device_rescan(device, file);
	case IOCTL_PARTITION:
		return change_partition(device, argument);
	case IOCTL_FLUSH_BUFFERS:
		return flush_buffers(device);
	case IOCTL_SET_BLOCK_SIZE:
		return set_block_size(file, argument);
	default: /* Reading ahead; these have the number itself for argument. */
		return (uintptr_t)argument == READ_AHEAD_SECTORS ? 0 : -EINVAL;
	}
}

static bool administers(unsigned int command)
{
	switch (command) {
	case IOCTL_SET_READ_ONLY:
	case IOCTL_REREAD_PARTITIONS:
	case IOCTL_PARTITION:
	case IOCTL_FLUSH_BUFFERS:
	case IOCTL_SET_READ_AHEAD:
	case IOCTL_SET_FILE_READ_AHEAD:
	case IOCTL_SET_BLOCK_SIZE:
		return true;
	}
	return false;
}

bool block_ioctl_administers(const struct file *file, unsigned int command)
{
	return inode_is(file->inode, MODE_BLOCK) && administers(command);
}

int block_ioctl(struct file *file, unsigned int command, uintptr_t argument)
{
	struct block_device *device = file->private;
	user_addr address = user_addr_from(argument);
	int result;

	if (administers(command))
		return administer(file, command, address);
	switch (command) {
	case IOCTL_DISCARD:
	case IOCTL_DISCARD_SECURELY:
		return file->mode & FILE_WRITE ? -EOPNOTSUPP : -EBADF;
	case IOCTL_WRITE_ZEROES:
		return write_zeroes(file, address);
	default:
		result = describe(device, command, address);
		/* HDIO_GETGEO is known to all, if not supported. */
		if (result != -ENOTTY || command == IOCTL_GET_GEOMETRY || !device->ops->ioctl)
			return result;
		return device->ops->ioctl(device, file, command, argument);
	}
}
