/*
 * Extended attributes: the twelve calls. Names and values are copied in before the file's
 * permissions are asked, in Linux's order; the rest is vfs/extended_attribute.h.
 */
#include "arch/user_copy.h"
#include "lib/min_max.h"
#include "lib/string.h"
#include "mem/kmalloc.h"
#include "proc/process.h"
#include "syscall/sys_internal.h"
#include "syscall/syscalls.h"
#include "syscall/user_path.h"
#include "uapi/linux/errno.h"
#include "uapi/linux/fcntl.h"
#include "vfs/credentials.h"
#include "vfs/dentry.h"
#include "vfs/extended_attribute.h"
#include "vfs/fd_table.h"
#include "vfs/file.h"

/* What is to be done to an attribute; looked at once the file is found, as on Linux. */
struct request {
	enum { REQUEST_LIST, REQUEST_GET, REQUEST_REMOVE, REQUEST_SET } kind;
	user_addr name;
	user_addr value;	/* of SET: from where; of GET and LIST: to where */
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

/* Errors: -E2BIG, -ENOMEM, -EFAULT and the attribute's. */
static int set(struct dentry *dentry, const char *name, const struct request *request)
{
	static const char nothing[1];
	void *value = NULL;
	int error = 0;

	if (request->size > XATTR_SIZE_MAX)
		return -E2BIG;
	if (request->size > 0) {
		value = kmalloc(request->size, 0);
		if (!value)
			return -ENOMEM;
		error = copy_from_user(value, request->value, request->size);
	}
	if (!error)
		error = extended_attribute_set(dentry, name, value ? value : nothing, request->size,
					       request->flags, credentials_current());
	kfree(value);
	return error;
}

/* A value, or (`name` NULL) the list of names, to the program. Returns its size. */
static ssize_t get(struct inode *inode, const char *name, const struct request *request)
{
	size_t most = name ? XATTR_SIZE_MAX : XATTR_LIST_MAX;
	size_t size = min(request->size, most);
	void *buffer = NULL;
	ssize_t result;

	if (size > 0) {
		buffer = kmalloc(size, 0);
		if (!buffer)
			return -ENOMEM;
	}
	if (name)
		result = extended_attribute_get(inode, name, buffer, size, credentials_current());
	else
		result = extended_attribute_list(inode, buffer, size, credentials_current());
	if (result > 0 && size > 0 && copy_to_user(request->value, buffer, (size_t)result))
		result = -EFAULT;
	if (result == -ERANGE && size == most)
		result = -E2BIG;
	kfree(buffer);
	return result;
}

static ssize_t do_to(struct dentry *dentry, const struct request *request)
{
	char name[XATTR_NAME_MAX + 1];
	int error;

	if (request->kind == REQUEST_LIST)
		return get(dentry_inode(dentry), NULL, request);
	if (request->flags & ~(XATTR_CREATE | XATTR_REPLACE))
		return -EINVAL;
	error = copy_name(name, request->name);
	if (error)
		return error;
	switch (request->kind) {
	case REQUEST_GET:
		return get(dentry_inode(dentry), name, request);
	case REQUEST_REMOVE:
		return extended_attribute_set(dentry, name, NULL, 0, XATTR_REPLACE,
					      credentials_current());
	default:
		return set(dentry, name, request);
	}
}

static int do_at(const struct path *at, const struct request *request)
{
	ssize_t result;

	if (!is_change(request))
		return (int)do_to(at->dentry, request);
	result = mount_begin_write(at->mount);
	if (result)
		return (int)result;
	result = do_to(at->dentry, request);
	mount_end_write(at->mount);
	return (int)result;
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

int sys_getxattr(user_addr path, user_addr name, user_addr value, size_t size)
{
	struct request request = { REQUEST_GET, name, value, size, 0 };

	return do_by_name(path, true, &request);
}

int sys_lgetxattr(user_addr path, user_addr name, user_addr value, size_t size)
{
	struct request request = { REQUEST_GET, name, value, size, 0 };

	return do_by_name(path, false, &request);
}

int sys_fgetxattr(int fd, user_addr name, user_addr value, size_t size)
{
	struct request request = { REQUEST_GET, name, value, size, 0 };

	return do_by_fd(fd, &request);
}

int sys_listxattr(user_addr path, user_addr list, size_t size)
{
	struct request request = { .kind = REQUEST_LIST, .value = list, .size = size };

	return do_by_name(path, true, &request);
}

int sys_llistxattr(user_addr path, user_addr list, size_t size)
{
	struct request request = { .kind = REQUEST_LIST, .value = list, .size = size };

	return do_by_name(path, false, &request);
}

int sys_flistxattr(int fd, user_addr list, size_t size)
{
	struct request request = { .kind = REQUEST_LIST, .value = list, .size = size };

	return do_by_fd(fd, &request);
}

int sys_removexattr(user_addr path, user_addr name)
{
	struct request request = { .kind = REQUEST_REMOVE, .name = name };

	return do_by_name(path, true, &request);
}

int sys_lremovexattr(user_addr path, user_addr name)
{
	struct request request = { .kind = REQUEST_REMOVE, .name = name };

	return do_by_name(path, false, &request);
}

int sys_fremovexattr(int fd, user_addr name)
{
	struct request request = { .kind = REQUEST_REMOVE, .name = name };

	return do_by_fd(fd, &request);
}
