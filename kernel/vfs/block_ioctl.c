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
#include "uapi/linux/errno.h"
#include "vfs/file.h"

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
	IOCTL_DISCARD = 0x1277,
	IOCTL_GET_IO_LEAST = 0x1278,
	IOCTL_GET_IO_BEST = 0x1279,
	IOCTL_GET_ALIGNMENT = 0x127a,
	IOCTL_GET_PHYSICAL_SIZE = 0x127b,
	IOCTL_DISCARD_ZEROES = 0x127c,
	IOCTL_DISCARD_SECURELY = 0x127d,
	IOCTL_IS_ROTATIONAL = 0x127e,
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

static int put_u16(user_addr to, uint16_t value)
{
	return copy_to_user(to, &value, sizeof(value));
}

/* As the BIOS would have it, for programs that still count so. */
static int put_geometry(const struct block_device *device, user_addr to)
{
	uint64_t sectors = device->whole->sector_count;
	struct geometry geometry = { .heads = GEOMETRY_HEADS, .sectors = GEOMETRY_SECTORS };

	if (!to)
		return -EINVAL;
	geometry.cylinders = (uint16_t)div64_u32(sectors, GEOMETRY_HEADS * GEOMETRY_SECTORS, NULL);
	geometry.start = (uint32_t)device->start_sector;
	return copy_to_user(to, &geometry, sizeof(geometry));
}

/* What was set; or the largest block, up to a page, of which the device is a multiple. */
static uint32_t block_size(const struct block_device *device)
{
	uint64_t bytes = device->sector_count << SECTOR_SHIFT;
	uint32_t told = atomic_load_explicit(&device->block_size, memory_order_relaxed);
	uint32_t size = SECTOR_SIZE;

	if (told)
		return told;
	while (size < PAGE_SIZE && !(bytes & size))
		size *= 2;
	return size;
}

static int describe(const struct block_device *device, unsigned int command, user_addr to)
{
	switch (command) {
	case IOCTL_GET_GEOMETRY:
		return put_geometry(device, to);
	case IOCTL_GET_READ_ONLY:
		return put_user_u32(to, block_device_is_read_only(device));
	case IOCTL_GET_SECTORS:
		if (device->sector_count > UINT32_MAX)
			return -EFBIG;
		return put_user_u32(to, (uint32_t)device->sector_count);
	case IOCTL_GET_BYTES:
		return put_user_u64(to, device->sector_count << SECTOR_SHIFT);
	case IOCTL_GET_READ_AHEAD:
	case IOCTL_GET_FILE_READ_AHEAD:
		return !to ? -EINVAL : put_user_u32(to, READ_AHEAD_SECTORS);
	case IOCTL_GET_REQUEST_SECTORS:
		return put_u16(to, (uint16_t)min_t(uint32_t, device->max_sectors, UINT16_MAX));
	case IOCTL_GET_SECTOR_SIZE:
	case IOCTL_GET_PHYSICAL_SIZE:
	case IOCTL_GET_IO_LEAST:
		return put_user_u32(to, SECTOR_SIZE);
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
	if (size < SECTOR_SIZE || size > PAGE_SIZE || (size & (size - 1)))
		return -EINVAL;
	atomic_store_explicit(&device->block_size, size, memory_order_relaxed);
	return 0;
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
	case IOCTL_FLUSH_BUFFERS:
		return block_device_sync(device);
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

	if (administers(command))
		return administer(file, command, address);
	switch (command) {
	case IOCTL_DISCARD:
	case IOCTL_DISCARD_SECURELY:
		return file->mode & FILE_WRITE ? -EOPNOTSUPP : -EBADF;
	default:
		return describe(device, command, address);
	}
}
