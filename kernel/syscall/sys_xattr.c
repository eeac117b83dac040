/*
 * Extended attributes: no file system here keeps any.
 *
 * So the file is looked up, names and flags are checked and its permissions are asked, in Linux's
 * order; then setting, getting and removing end in EOPNOTSUPP, and a list is empty. Programs that
 * copy files with all their attributes (cp -a, tar, ls -l) take exactly that for an answer.
 */
#include "arch/user_copy.h"
#include "lib/string.h"
#include "proc/process.h"
#include "syscall/sys_internal.h"
#include "syscall/syscalls.h"
#include "syscall/user_path.h"
#include "uapi/linux/capability.h"
#include "uapi/linux/errno.h"
#include "uapi/linux/fcntl.h"
#include "vfs/credentials.h"
#include "vfs/dentry.h"
#include "vfs/fd_table.h"
#include "vfs/file.h"
#include "vfs/permission.h"

enum { XATTR_NAME_MAX = 255, XATTR_SIZE_MAX = 65536, XATTR_CREATE = 1, XATTR_REPLACE = 2 };

/* What is to be done to an attribute; looked at once the file is found, as on Linux. */
struct request {
	enum { REQUEST_LIST, REQUEST_GET, REQUEST_REMOVE, REQUEST_SET } kind;
	user_addr name;
	user_addr value;	/* of SET, with the next two */
	size_t size;
	int flags;
};

static bool is_change(const struct request *request)
{
	return request->kind >= REQUEST_REMOVE;
}

/* Errors: -ERANGE, -EFAULT. */
static int copy_name(char name[XATTR_NAME_MAX + 1], user_addr from)
{
	ssize_t length = string_from_user(name, from, XATTR_NAME_MAX + 1);

	if (length < 0)
		return (int)length;
	return length == 0 || length > XATTR_NAME_MAX ? -ERANGE : 0;
}

static bool starts_with(const char *name, const char *prefix)
{
	return strncmp(name, prefix, strlen(prefix)) == 0;
}

/* May the attribute be looked at or changed at all? */
static int check_permission(const struct inode *inode, const char *name, bool change)
{
	const struct credentials *credentials = credentials_current();

	if (change && (inode->flags & (INODE_FLAG_IMMUTABLE | INODE_FLAG_APPEND_ONLY)))
		return -EPERM;
	if (starts_with(name, "security.") || starts_with(name, "system."))
		return 0;
	if (starts_with(name, "trusted.")) {
		if (credentials_capable(credentials, CAP_SYS_ADMIN))
			return 0;
		return change ? -EPERM : -ENODATA;
	}
	if (starts_with(name, "user.") && !inode_is(inode, MODE_REGULAR) &&
	    !inode_is(inode, MODE_DIRECTORY))
		return change ? -EPERM : -ENODATA;
	return permission_check(inode, credentials, change ? ACCESS_WRITE : ACCESS_READ);
}

/* setxattr's arguments; the value is not looked at, but must be there. */
static int check_value(const struct request *request)
{
	char piece[64];

	if (request->size > XATTR_SIZE_MAX)
		return -E2BIG;
	for (size_t done = 0; done < request->size; done += sizeof(piece)) {
		size_t left = request->size - done;

		if (copy_from_user(piece, user_addr_add(request->value, done),
				   left < sizeof(piece) ? left : sizeof(piece)))
			return -EFAULT;
	}
	return 0;
}

static int do_to(const struct inode *inode, const struct request *request)
{
	char name[XATTR_NAME_MAX + 1];
	int error;

	if (request->flags & ~(XATTR_CREATE | XATTR_REPLACE))
		return -EINVAL;
	error = copy_name(name, request->name);
	if (!error && request->kind == REQUEST_SET)
		error = check_value(request);
	if (!error)
		error = check_permission(inode, name, is_change(request));
	return error ? error : -EOPNOTSUPP;
}

static int do_at(const struct path *at, const struct request *request)
{
	struct inode *inode = atomic_load_explicit(&at->dentry->inode, memory_order_acquire);
	int error = 0;

	if (request->kind == REQUEST_LIST)
		return 0;
	if (is_change(request))
		error = mount_begin_write(at->mount);
	if (error)
		return error;
	error = do_to(inode, request);
	if (is_change(request))
		mount_end_write(at->mount);
	return error;
}

static int do_by_name(user_addr path, bool follow, const struct request *request)
{
	struct path at;
	int error = user_path_walk(AT_FDCWD, path, 0, follow ? WALK_FOLLOW : 0, &at);

	if (error)
		return error;
	error = do_at(&at, request);
	path_put(&at);
	return error;
}

static int do_by_fd(int fd, const struct request *request)
{
	bool needs_put;
	struct file *file = syscall_file(fd, &needs_put);
	int error;

	if (!file)
		return -EBADF;
	error = file->mode & FILE_PATH_ONLY ? -EBADF : do_at(&file->path, request);
	fd_table_return(file, needs_put);
	return error;
}

int sys_setxattr(user_addr path, user_addr name, user_addr value, size_t size, int flags)
{
	struct request request = { REQUEST_SET, name, value, size, flags };

	return do_by_name(path, true, &request);
}

int sys_lsetxattr(user_addr path, user_addr name, user_addr value, size_t size, int flags)
{
	struct request request = { REQUEST_SET, name, value, size, flags };

	return do_by_name(path, false, &request);
}

int sys_fsetxattr(int fd, user_addr name, user_addr value, size_t size, int flags)
{
	struct request request = { REQUEST_SET, name, value, size, flags };

	return do_by_fd(fd, &request);
}

int sys_getxattr(user_addr path, user_addr name)
{
	return do_by_name(path, true, &(struct request){ .kind = REQUEST_GET, .name = name });
}

int sys_lgetxattr(user_addr path, user_addr name)
{
	return do_by_name(path, false, &(struct request){ .kind = REQUEST_GET, .name = name });
}

int sys_fgetxattr(int fd, user_addr name)
{
	return do_by_fd(fd, &(struct request){ .kind = REQUEST_GET, .name = name });
}

int sys_listxattr(user_addr path)
{
	return do_by_name(path, true, &(struct request){ .kind = REQUEST_LIST });
}

int sys_llistxattr(user_addr path)
{
	return do_by_name(path, false, &(struct request){ .kind = REQUEST_LIST });
}

int sys_flistxattr(int fd)
{
	return do_by_fd(fd, &(struct request){ .kind = REQUEST_LIST });
}

int sys_removexattr(user_addr path, user_addr name)
{
	return do_by_name(path, true, &(struct request){ .kind = REQUEST_REMOVE, .name = name });
}

int sys_lremovexattr(user_addr path, user_addr name)
{
	return do_by_name(path, false, &(struct request){ .kind = REQUEST_REMOVE, .name = name });
}

int sys_fremovexattr(int fd, user_addr name)
{
	return do_by_fd(fd, &(struct request){ .kind = REQUEST_REMOVE, .name = name });
}
