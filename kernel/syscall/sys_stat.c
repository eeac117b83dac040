/*
 * What a file is: the stat family, and statfs.
 */
#include "arch/user_copy.h"
#include "lib/string.h"
#include "proc/process.h"
#include "syscall/sys_internal.h"
#include "syscall/syscalls.h"
#include "syscall/user_path.h"
#include "uapi/linux/errno.h"
#include "uapi/linux/fcntl.h"
#include "uapi/linux/stat.h"
#include "vfs/dentry.h"
#include "vfs/fd_table.h"
#include "vfs/file.h"
#include "vfs/inode.h"

static int status_by_name(int dirfd, user_addr name, uint32_t flags, struct file_status *out)
{
	return user_path_status(dirfd, name, flags & AT_EMPTY_PATH ? USER_PATH_EMPTY_OK : 0,
				flags & AT_SYMLINK_NOFOLLOW ? 0 : WALK_FOLLOW, out);
}

static int status_by_fd(int fd, struct file_status *out)
{
	bool needs_put;
	struct file *file = syscall_file(fd, &needs_put);
	int error;

	if (!file)
		return -EBADF;
	error = file_status(file, out);
	out->mount_id = file->path.mount->id;
	fd_table_return(file, needs_put);
	return error;
}

int sys_stat64(user_addr name, user_addr to)
{
	struct file_status status;
	int error = status_by_name(AT_FDCWD, name, 0, &status);

	return error ? error : abi_stat64_put(to, &status);
}

int sys_lstat64(user_addr name, user_addr to)
{
	struct file_status status;
	int error = status_by_name(AT_FDCWD, name, AT_SYMLINK_NOFOLLOW, &status);

	return error ? error : abi_stat64_put(to, &status);
}

int sys_fstat64(int fd, user_addr to)
{
	struct file_status status;
	int error = status_by_fd(fd, &status);

	return error ? error : abi_stat64_put(to, &status);
}

int sys_fstatat64(int dirfd, user_addr name, user_addr to, uint32_t flags)
{
	struct file_status status;
	int error;

	/* How fresh it is to be is statx's matter, but taken here too. */
	if (flags & ~(uint32_t)(AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH | AT_NO_AUTOMOUNT |
				AT_STATX_SYNC_TYPE))
		return -EINVAL;
	error = status_by_name(dirfd, name, flags, &status);
	return error ? error : abi_stat64_put(to, &status);
}

int sys_stat(user_addr name, user_addr to)
{
	struct file_status status;
	int error = status_by_name(AT_FDCWD, name, 0, &status);

	return error ? error : abi_stat32_put(to, &status);
}

int sys_lstat(user_addr name, user_addr to)
{
	struct file_status status;
	int error = status_by_name(AT_FDCWD, name, AT_SYMLINK_NOFOLLOW, &status);

	return error ? error : abi_stat32_put(to, &status);
}

int sys_fstat(int fd, user_addr to)
{
	struct file_status status;
	int error = status_by_fd(fd, &status);

	return error ? error : abi_stat32_put(to, &status);
}

int sys_oldstat(user_addr name, user_addr to)
{
	struct file_status status;
	int error = status_by_name(AT_FDCWD, name, 0, &status);

	return error ? error : abi_old_stat_put(to, &status);
}

int sys_oldlstat(user_addr name, user_addr to)
{
	struct file_status status;
	int error = status_by_name(AT_FDCWD, name, AT_SYMLINK_NOFOLLOW, &status);

	return error ? error : abi_old_stat_put(to, &status);
}

int sys_oldfstat(int fd, user_addr to)
{
	struct file_status status;
	int error = status_by_fd(fd, &status);

	return error ? error : abi_old_stat_put(to, &status);
}

int sys_statx(int dirfd, user_addr name, uint32_t flags, uint32_t mask, user_addr to)
{
	struct file_status status;
	int error;

	if (mask & STATX_RESERVED)
		return -EINVAL;
	if ((flags & ~(uint32_t)(AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH | AT_NO_AUTOMOUNT |
				 AT_STATX_SYNC_TYPE)) ||
	    (flags & AT_STATX_SYNC_TYPE) == AT_STATX_SYNC_TYPE)
		return -EINVAL;
	error = status_by_name(dirfd, name, flags, &status);
	return error ? error : abi_statx_put(to, &status);
}

/*
 * Linux's ST_ flags are MS_ flags for the first ones, with ST_VALID to say that they mean
 * something.
 */
#define ST_VALID    0x20
#define ST_NOATIME  0x400
#define ST_RELATIME 0x1000

static int statistics_of(const struct path *at, struct fs_statistics *out)
{
	struct super_block *super = at->mount->super;
	int error;

	memset(out, 0, sizeof(*out));
	if (!super->ops->statistics)
		return -ENOSYS;
	error = super->ops->statistics(super, out);
	/* Last: file systems fill the structure in whole. */
	out->flags = ST_VALID | (atomic_load(&at->mount->flags) & 0x41f);
	if (!(out->flags & ST_NOATIME))
		out->flags |= ST_RELATIME;
	return error;
}

static int statistics_by_name(user_addr name, struct fs_statistics *out)
{
	struct path at;
	int error = user_path_walk(AT_FDCWD, name, 0, WALK_FOLLOW, &at);

	if (error)
		return error;
	error = statistics_of(&at, out);
	path_put(&at);
	return error;
}

static int statistics_by_fd(int fd, struct fs_statistics *out)
{
	bool needs_put;
	struct file *file = syscall_file(fd, &needs_put);
	int error;

	if (!file)
		return -EBADF;
	error = statistics_of(&file->path, out);
	fd_table_return(file, needs_put);
	return error;
}

static int put_statfs32(user_addr to, const struct fs_statistics *from)
{
	struct statfs32 out;

	if (from->blocks > UINT32_MAX || from->inodes > UINT32_MAX)
		return -EOVERFLOW;
	memset(&out, 0, sizeof(out));
	out.f_type = from->magic;
	out.f_bsize = from->block_size;
	out.f_blocks = (uint32_t)from->blocks;
	out.f_bfree = (uint32_t)from->blocks_free;
	out.f_bavail = (uint32_t)from->blocks_available;
	out.f_files = (uint32_t)from->inodes;
	out.f_ffree = (uint32_t)from->inodes_free;
	memcpy(out.f_fsid, from->fs_id, sizeof(out.f_fsid));
	out.f_namelen = from->name_max;
	out.f_frsize = from->fragment_size ? from->fragment_size : from->block_size;
	out.f_flags = from->flags;
	return copy_to_user(to, &out, sizeof(out));
}

static int put_statfs64(user_addr to, const struct fs_statistics *from)
{
	struct statfs64 out;

	memset(&out, 0, sizeof(out));
	out.f_type = from->magic;
	out.f_bsize = from->block_size;
	out.f_blocks = from->blocks;
	out.f_bfree = from->blocks_free;
	out.f_bavail = from->blocks_available;
	out.f_files = from->inodes;
	out.f_ffree = from->inodes_free;
	memcpy(out.f_fsid, from->fs_id, sizeof(out.f_fsid));
	out.f_namelen = from->name_max;
	out.f_frsize = from->fragment_size ? from->fragment_size : from->block_size;
	out.f_flags = from->flags;
	return copy_to_user(to, &out, sizeof(out));
}

int sys_statfs(user_addr name, user_addr to)
{
	struct fs_statistics statistics;
	int error = statistics_by_name(name, &statistics);

	return error ? error : put_statfs32(to, &statistics);
}

int sys_fstatfs(int fd, user_addr to)
{
	struct fs_statistics statistics;
	int error = statistics_by_fd(fd, &statistics);

	return error ? error : put_statfs32(to, &statistics);
}

int sys_statfs64(user_addr name, size_t size, user_addr to)
{
	struct fs_statistics statistics;
	int error;

	if (size != sizeof(struct statfs64))
		return -EINVAL;
	error = statistics_by_name(name, &statistics);
	return error ? error : put_statfs64(to, &statistics);
}

int sys_fstatfs64(int fd, size_t size, user_addr to)
{
	struct fs_statistics statistics;
	int error;

	if (size != sizeof(struct statfs64))
		return -EINVAL;
	error = statistics_by_fd(fd, &statistics);
	return error ? error : put_statfs64(to, &statistics);
}
