/*
 * From struct file_status to the forms of stat that Linux programs know.
 *
 * The two forms that programs of today ask for are written word by word where the program wants
 * them, and every word of them. The others are made here and copied; they are zeroed first, so that
 * no byte of the kernel's stack leaves with them.
 */
#include "arch/user_copy.h"
#include "arch/user_words.h"
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

/* Fields of `form` in user memory at `words`. */
#define PLACE(form, field) (offsetof(struct form, field) / sizeof(uint32_t))
#define PUT_WORD(index, value) USER_STORE_OR_GOTO(words[index], value, fault)
#define PUT(form, field, value) PUT_WORD(PLACE(form, field), value)
#define PUT_64(form, field, value)                                                      \
	do {                                                                            \
		PUT_WORD(PLACE(form, field), (uint32_t)(value));                        \
		PUT_WORD(PLACE(form, field) + 1, (uint32_t)((uint64_t)(value) >> 32));  \
	} while (0)

int abi_stat64_put(user_addr to, const struct file_status *status)
{
	uint32_t device = abi_device_32((dev_number)status->device);
	uint32_t special_device = abi_device_32(status->special_device);
	uint32_t *words = user_words_at(to);

	if (unlikely(!user_range_ok(to, sizeof(struct stat64))))
		return -EFAULT;
	user_words_open();
	PUT_64(stat64, st_dev, device);
	PUT(stat64, pad0, 0);
	PUT(stat64, st_ino_low, status->inode);
	PUT(stat64, st_mode, status->mode);
	PUT(stat64, st_nlink, status->link_count);
	PUT(stat64, st_uid, status->uid);
	PUT(stat64, st_gid, status->gid);
	PUT_64(stat64, st_rdev, special_device);
	PUT(stat64, pad3, 0);
	PUT_64(stat64, st_size, status->size);
	PUT(stat64, st_blksize, status->block_size);
	PUT_64(stat64, st_blocks, status->blocks);
	PUT(stat64, st_atime, status->accessed.seconds);
	PUT(stat64, st_atime_nsec, status->accessed.nanoseconds);
	PUT(stat64, st_mtime, status->modified.seconds);
	PUT(stat64, st_mtime_nsec, status->modified.nanoseconds);
	PUT(stat64, st_ctime, status->changed.seconds);
	PUT(stat64, st_ctime_nsec, status->changed.nanoseconds);
	PUT_64(stat64, st_ino, status->inode);
	user_words_close();
	return 0;

fault:
	user_words_close();
	return -EFAULT;
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

#define PUT_TIME(field, stamp)                                         \
	do {                                                           \
		PUT_64(statx, field.seconds, (stamp).seconds);         \
		PUT(statx, field.nanoseconds, (stamp).nanoseconds);    \
		PUT(statx, field.reserved, 0);                         \
	} while (0)

int abi_statx_put(user_addr to, const struct file_status *status)
{
	uint32_t mask = STATX_BASIC_STATS | STATX_MNT_ID | (status->born.seconds ? STATX_BTIME : 0);
	uint32_t *words = user_words_at(to);

	if (unlikely(!user_range_ok(to, sizeof(struct statx))))
		return -EFAULT;
	user_words_open();
	PUT(statx, stx_mask, mask);
	PUT(statx, stx_blksize, status->block_size);
	PUT_64(statx, stx_attributes, status->attributes);
	PUT(statx, stx_nlink, status->link_count);
	PUT(statx, stx_uid, status->uid);
	PUT(statx, stx_gid, status->gid);
	PUT(statx, stx_mode, (uint16_t)status->mode);	/* and spare0 */
	PUT_64(statx, stx_ino, status->inode);
	PUT_64(statx, stx_size, status->size);
	PUT_64(statx, stx_blocks, status->blocks);
	PUT_64(statx, stx_attributes_mask, status->attributes_mask);
	PUT_TIME(stx_atime, status->accessed);
	PUT_TIME(stx_btime, status->born);
	PUT_TIME(stx_ctime, status->changed);
	PUT_TIME(stx_mtime, status->modified);
	PUT(statx, stx_rdev_major, DEV_MAJOR(status->special_device));
	PUT(statx, stx_rdev_minor, DEV_MINOR(status->special_device));
	PUT(statx, stx_dev_major, DEV_MAJOR((dev_number)status->device));
	PUT(statx, stx_dev_minor, DEV_MINOR((dev_number)status->device));
	PUT_64(statx, stx_mnt_id, status->mount_id);
	PUT(statx, stx_dio_mem_align, 0);
	PUT(statx, stx_dio_offset_align, 0);
	for (size_t i = PLACE(statx, spare3); i < sizeof(struct statx) / sizeof(words[0]); i++)
		PUT_WORD(i, 0);
	user_words_close();
	return 0;

fault:
	user_words_close();
	return -EFAULT;
}
