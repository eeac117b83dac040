/*
 * ioctl on loop devices: from Linux's structures, new and old, to the calls of loop.c. What a
 * device does not know is -EINVAL here, not -ENOTTY, as on Linux.
 */
#include "arch/user_copy.h"
#include "drivers/block/loop_internal.h"
#include "lib/string.h"
#include "proc/process.h"
#include "uapi/linux/capability.h"
#include "uapi/linux/errno.h"
#include "vfs/credentials.h"
#include "vfs/fd_table.h"

/* The open file of the caller's descriptor `fd`, or NULL. */
static struct file *get_file(uint32_t fd)
{
	struct file *file = fd_table_get(user_thread_current()->fds, (int)fd);

	if (file && file->mode & FILE_PATH_ONLY) {
		file_put(file);
		file = NULL;
	}
	return file;
}

static int configure(struct loop *loop, struct file *through, const struct loop_config *config)
{
	struct file *file = get_file(config->fd);
	int error;

	if (!file)
		return -EBADF;
	error = loop_attach(loop, through, file, config);
	file_put(file);
	return error;
}

static int configure_user(struct loop *loop, struct file *through, user_addr from)
{
	struct loop_config config;

	if (copy_from_user(&config, from, sizeof(config)))
		return -EFAULT;
	return configure(loop, through, &config);
}

static int change_file(struct loop *loop, const struct file *through, uintptr_t fd)
{
	struct file *file = get_file((uint32_t)fd);
	int error;

	if (!file)
		return -EBADF;
	error = loop_change_file(loop, through, file);
	file_put(file);
	return error;
}

static int set_status(struct loop *loop, const struct file *through, user_addr from)
{
	struct loop_info64 info;

	if (copy_from_user(&info, from, sizeof(info)))
		return -EFAULT;
	return loop_set_status(loop, through, &info);
}

static int get_status(struct loop *loop, user_addr to)
{
	struct loop_info64 info;
	int error;

	if (!to)
		return -EINVAL;
	error = loop_get_status(loop, &info);
	return error ? error : copy_to_user(to, &info, sizeof(info));
}

static int set_old_status(struct loop *loop, const struct file *through, user_addr from)
{
	struct loop_info old;
	struct loop_info64 info = { .lo_device = 0 };

	if (copy_from_user(&old, from, sizeof(old)))
		return -EFAULT;
	info.lo_offset = (uint64_t)(int64_t)old.lo_offset;
	info.lo_encrypt_type = (uint32_t)old.lo_encrypt_type;
	info.lo_encrypt_key_size = (uint32_t)old.lo_encrypt_key_size;
	info.lo_flags = (uint32_t)old.lo_flags;
	memcpy(info.lo_file_name, old.lo_name, LO_NAME_SIZE);
	return loop_set_status(loop, through, &info);
}

static int get_old_status(struct loop *loop, user_addr to)
{
	struct loop_info64 info;
	struct loop_info old = { .lo_number = 0 };
	int error;

	if (!to)
		return -EINVAL;
	error = loop_get_status(loop, &info);
	if (error)
		return error;
	old.lo_number = (int32_t)info.lo_number;
	old.lo_device = (uint16_t)info.lo_device;
	old.lo_inode = (uint32_t)info.lo_inode;
	old.lo_rdevice = (uint16_t)info.lo_rdevice;
	old.lo_offset = (int32_t)info.lo_offset;
	old.lo_flags = (int32_t)info.lo_flags;
	memcpy(old.lo_name, info.lo_file_name, LO_NAME_SIZE);
	if (old.lo_device != info.lo_device || old.lo_rdevice != info.lo_rdevice ||
	    old.lo_inode != info.lo_inode || (uint64_t)(int64_t)old.lo_offset != info.lo_offset)
		return -EOVERFLOW;
	return copy_to_user(to, &old, sizeof(old));
}

/* What one may who writes to the device, or administers the machine. */
static int change(struct loop *loop, const struct file *through, unsigned int command,
		  uintptr_t argument)
{
	if (!(through->mode & FILE_WRITE) &&
	    !credentials_capable(credentials_current(), CAP_SYS_ADMIN))
		return -EPERM;
	switch (command) {
	case LOOP_SET_STATUS:
		return set_old_status(loop, through, user_addr_from(argument));
	case LOOP_SET_STATUS64:
		return set_status(loop, through, user_addr_from(argument));
	case LOOP_SET_CAPACITY:
		return loop_update_size(loop);
	case LOOP_SET_DIRECT_IO:
		return loop_set_direct(loop, argument != 0);
	default:
		return loop_set_sector_size(loop, argument);
	}
}

int loop_ioctl(struct block_device *device, struct file *through, unsigned int command,
	       uintptr_t argument)
{
	struct loop_config config = { .fd = (uint32_t)argument };
	struct loop *loop = loop_of(device);

	switch (command) {
	case LOOP_SET_FD:
		return configure(loop, through, &config);
	case LOOP_CONFIGURE:
		return configure_user(loop, through, user_addr_from(argument));
	case LOOP_CHANGE_FD:
		return change_file(loop, through, argument);
	case LOOP_CLR_FD:
		return loop_detach(loop, device != device->whole);
	case LOOP_GET_STATUS:
		return get_old_status(loop, user_addr_from(argument));
	case LOOP_GET_STATUS64:
		return get_status(loop, user_addr_from(argument));
	case LOOP_SET_STATUS:
	case LOOP_SET_STATUS64:
	case LOOP_SET_CAPACITY:
	case LOOP_SET_DIRECT_IO:
	case LOOP_SET_BLOCK_SIZE:
		return change(loop, through, command, argument);
	default:
		return -EINVAL;
	}
}
