/*
 * From struct file_status to the forms of stat that Linux programs know.
 *
 * Every structure is zeroed first, or all of it is set: no byte of the kernel's stack leaves with
 * it.
 */
#include "arch/user_copy.h"
#include "lib/string.h"
#include "syscall/sys_internal.h"
#include "uapi/linux/errno.h"
#include "uapi/linux/stat.h"
#include "vfs/inode.h"

/* Minor in bits 0-7 and 20-31, major in 8-19: what 32-bit st_dev and mknod use. */
uint32_t abi_device_32(dev_number device)
{
	return (DEV_MINOR(device) & 0xff) | DEV_MAJOR(device) << 8 |
	       (DEV_MINOR(device) & ~0xffu) << 12;
}

dev_number abi_device_from_32(uint32_t device)
{
	return DEV_NUMBER((device >> 8) & 0xfff, (device & 0xff) | ((device >> 12) & ~0xffu));
}

int abi_stat64_put(user_addr to, const struct file_status *status)
{
	struct stat64 out;

	/* The padding is cleared by hand: this one is asked for often. */
	__builtin_memset(out.pad0, 0, sizeof(out.pad0));
	__builtin_memset(out.pad3, 0, sizeof(out.pad3));
	out.st_dev = abi_device_32((dev_number)status->device);
	out.st_ino = status->inode;
	out.st_ino_low = (uint32_t)status->inode;
	out.st_mode = status->mode;
	out.st_nlink = status->link_count;
	out.st_uid = status->uid;
	out.st_gid = status->gid;
	out.st_rdev = abi_device_32(status->special_device);
	out.st_size = (int64_t)status->size;
	out.st_blksize = status->block_size;
	out.st_blocks = status->blocks;
	out.st_atime = (uint32_t)status->accessed.seconds;
	out.st_atime_nsec = status->accessed.nanoseconds;
	out.st_mtime = (uint32_t)status->modified.seconds;
	out.st_mtime_nsec = status->modified.nanoseconds;
	out.st_ctime = (uint32_t)status->changed.seconds;
	out.st_ctime_nsec = status->changed.nanoseconds;
	return copy_to_user(to, &out, sizeof(out));
}

int abi_stat32_put(user_addr to, const struct file_status *status)
{
	struct stat32 out;

	if (status->size > INT32_MAX || status->inode > UINT32_MAX)
		return -EOVERFLOW;
	memset(&out, 0, sizeof(out));
	out.st_dev = abi_device_32((dev_number)status->device);
	out.st_ino = (uint32_t)status->inode;
	out.st_mode = (uint16_t)status->mode;
	out.st_nlink = (uint16_t)status->link_count;
	out.st_uid = status->uid > UINT16_MAX ? 65534 : (uint16_t)status->uid;
	out.st_gid = status->gid > UINT16_MAX ? 65534 : (uint16_t)status->gid;
	out.st_rdev = abi_device_32(status->special_device);
	out.st_size = (uint32_t)status->size;
	out.st_blksize = status->block_size;
	out.st_blocks = (uint32_t)status->blocks;
	out.st_atime = (uint32_t)status->accessed.seconds;
	out.st_atime_nsec = status->accessed.nanoseconds;
	out.st_mtime = (uint32_t)status->modified.seconds;
	out.st_mtime_nsec = status->modified.nanoseconds;
	out.st_ctime = (uint32_t)status->changed.seconds;
	out.st_ctime_nsec = status->changed.nanoseconds;
	return copy_to_user(to, &out, sizeof(out));
}

int abi_old_stat_put(user_addr to, const struct file_status *status)
{
	struct old_stat out;

	if (status->size > INT32_MAX)
		return -EOVERFLOW;
	memset(&out, 0, sizeof(out));
	out.st_dev = (uint16_t)abi_device_32((dev_number)status->device);
	out.st_ino = (uint16_t)status->inode;
	if (out.st_ino != status->inode)
		return -EOVERFLOW;
	out.st_mode = (uint16_t)status->mode;
	out.st_nlink = (uint16_t)status->link_count;
	out.st_uid = status->uid > UINT16_MAX ? 65534 : (uint16_t)status->uid;
	out.st_gid = status->gid > UINT16_MAX ? 65534 : (uint16_t)status->gid;
	out.st_rdev = (uint16_t)abi_device_32(status->special_device);
	out.st_size = (uint32_t)status->size;
	out.st_atime = (uint32_t)status->accessed.seconds;
	out.st_mtime = (uint32_t)status->modified.seconds;
	out.st_ctime = (uint32_t)status->changed.seconds;
	return copy_to_user(to, &out, sizeof(out));
}

static struct statx_timestamp statx_time(const struct time_stamp *stamp)
{
	return (struct statx_timestamp){ stamp->seconds, stamp->nanoseconds, 0 };
}

int abi_statx_put(user_addr to, const struct file_status *status)
{
	struct statx out;

	/* All of it is set below, as in abi_stat64_put(). */
	out.spare0 = 0;
	out.stx_dio_mem_align = out.stx_dio_offset_align = 0;
	for (size_t i = 0; i < ARRAY_SIZE(out.spare3); i++)
		out.spare3[i] = 0;
	out.stx_mask = STATX_BASIC_STATS | STATX_MNT_ID;
	if (status->born.seconds)
		out.stx_mask |= STATX_BTIME;
	out.stx_blksize = status->block_size;
	out.stx_attributes = status->attributes;
	out.stx_attributes_mask = status->attributes_mask;
	out.stx_nlink = status->link_count;
	out.stx_uid = status->uid;
	out.stx_gid = status->gid;
	out.stx_mode = (uint16_t)status->mode;
	out.stx_ino = status->inode;
	out.stx_size = status->size;
	out.stx_blocks = status->blocks;
	out.stx_atime = statx_time(&status->accessed);
	out.stx_btime = statx_time(&status->born);
	out.stx_ctime = statx_time(&status->changed);
	out.stx_mtime = statx_time(&status->modified);
	out.stx_rdev_major = DEV_MAJOR(status->special_device);
	out.stx_rdev_minor = DEV_MINOR(status->special_device);
	out.stx_dev_major = DEV_MAJOR((dev_number)status->device);
	out.stx_dev_minor = DEV_MINOR((dev_number)status->device);
	out.stx_mnt_id = status->mount_id;
	return copy_to_user(to, &out, sizeof(out));
}
