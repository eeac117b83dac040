/*
 * mount(2) and its relatives.
 */
#include "arch/user_copy.h"
#include "lib/string.h"
#include "mem/kmalloc.h"
#include "proc/process.h"
#include "syscall/sys_internal.h"
#include "syscall/syscalls.h"
#include "syscall/user_path.h"
#include "uapi/linux/capability.h"
#include "uapi/linux/errno.h"
#include "uapi/linux/fcntl.h"
#include "vfs/credentials.h"
#include "vfs/mount.h"

#define MS_REMOUNT 0x20u
#define MS_BIND 0x1000u
#define MS_MOVE 0x2000u
#define MS_REC 0x4000u
#define MS_PRIVATE 0x40000u
#define MS_SLAVE 0x80000u
#define MS_SHARED 0x100000u
#define MS_UNBINDABLE 0x20000u
#define MS_PROPAGATION (MS_PRIVATE | MS_SLAVE | MS_SHARED | MS_UNBINDABLE)
#define MS_SILENT 0x8000u
#define MS_NO_USER 0x80000000u	/* what Linux keeps to itself */
#define MS_MAGIC 0xc0ed0000u
#define MS_MAGIC_MASK 0xffff0000u
#define UMOUNT_FORCE 1u
#define UMOUNT_DETACH 2u
#define UMOUNT_EXPIRE 4u
#define UMOUNT_NOFOLLOW 8u

/* A string of at most a page; NULL stays NULL. *out is kmalloc'ed. */
static int copy_string(user_addr from, char **out)
{
	ssize_t length;

	*out = NULL;
	if (!from)
		return 0;
	*out = kmalloc(PAGE_SIZE, 0);
	if (!*out)
		return -ENOMEM;
	length = string_from_user(*out, from, PAGE_SIZE);
	if (length >= 0 && length < (ssize_t)PAGE_SIZE)
		return 0;
	kfree(*out);
	*out = NULL;
	return length < 0 ? (int)length : -EINVAL;
}

/* Options may be any page of bytes; what cannot be read is taken as its end. */
static int copy_options(user_addr from, char **out)
{
	size_t left;

	*out = NULL;
	if (!from)
		return 0;
	*out = kzalloc(PAGE_SIZE + 1, 0);
	if (!*out)
		return -ENOMEM;
	left = copy_from_user_partial(*out, from, PAGE_SIZE);
	if (left < PAGE_SIZE)
		return 0;
	kfree(*out);
	*out = NULL;
	return -EFAULT;
}

static int mount_from(const char *source, const struct path *at, uint32_t flags)
{
	struct fs_context_walk walk;
	struct path from;
	int error;

	if (!source || !*source)
		return -EINVAL;
	fs_context_begin_walk(user_thread_current()->fs, credentials_current(), &walk);
	error = path_walk(&walk.context, source, WALK_FOLLOW, &from);
	fs_context_end_walk(&walk);
	if (error)
		return error;
	error = flags & MS_MOVE ? mount_move(&from, at) : mount_bind(&from, at, flags & MS_REC);
	path_put(&from);
	return error;
}

/* All mounts are private: there are no other name spaces to share with. */
static int change_propagation(const struct path *at, uint32_t flags)
{
	uint32_t kind = flags & ~(MS_REC | MS_SILENT);

	if ((kind & ~MS_PROPAGATION) || (kind & (kind - 1)) || at->dentry != at->mount->root)
		return -EINVAL;
	return kind == MS_SHARED ? -EINVAL : 0;
}

static int do_mount(const char *source, const struct path *at, const char *type, uint32_t flags,
		    const char *options)
{
	if ((flags & MS_MAGIC_MASK) == MS_MAGIC)
		flags &= ~MS_MAGIC_MASK;
	if (flags & MS_NO_USER)
		return -EINVAL;
	if (!credentials_capable(credentials_current(), CAP_SYS_ADMIN))
		return -EPERM;
	if (flags & MS_REMOUNT)
		return mount_remount(at, flags & ~MS_REMOUNT, options);
	if (flags & (MS_BIND | MS_MOVE))
		return mount_from(source, at, flags);
	if (flags & MS_PROPAGATION)
		return change_propagation(at, flags);
	if (!type)
		return -EINVAL;
	return mount_create(source ? source : "none", at, type, flags, options);
}

int sys_mount(user_addr source, user_addr target, user_addr type, uint32_t flags, user_addr options)
{
	char *source_name, *type_name, *option_string;
	struct path at;
	int error = copy_string(type, &type_name);

	if (error)
		return error;
	error = copy_string(source, &source_name);
	if (error)
		goto free_type;
	error = copy_options(options, &option_string);
	if (error)
		goto free_source;
	error = user_path_walk(AT_FDCWD, target, 0, WALK_FOLLOW, &at);
	if (error)
		goto free_options;
	error = do_mount(source_name, &at, type_name, flags, option_string);
	path_put(&at);
free_options:
	kfree(option_string);
free_source:
	kfree(source_name);
free_type:
	kfree(type_name);
	return error;
}

int sys_umount2(user_addr target, uint32_t flags)
{
	struct path at;
	int error;

	if (flags & ~(UMOUNT_FORCE | UMOUNT_DETACH | UMOUNT_EXPIRE | UMOUNT_NOFOLLOW))
		return -EINVAL;
	error = user_path_walk(AT_FDCWD, target, 0, flags & UMOUNT_NOFOLLOW ? 0 : WALK_FOLLOW, &at);
	if (error)
		return error;
	if (!credentials_capable(credentials_current(), CAP_SYS_ADMIN)) {
		path_put(&at);
		return -EPERM;
	}
	mount_cross(&at); /* "." is what is below: meant is what stands on top of it */
	/* No mount notices that nobody used it. */
	if (flags & UMOUNT_EXPIRE) {
		path_put(&at);
		return -EINVAL;
	}
	return mount_unmount(&at, flags & UMOUNT_DETACH, flags & UMOUNT_FORCE);
}

int sys_umount(user_addr target)
{
	return sys_umount2(target, 0);
}

/* Whoever shares the caller's root and stands at the old one stands at the new one then. */
static int pivot_root(const struct path *new, const struct path *put_old)
{
	struct fs_context *context = user_thread_current()->fs;
	struct path root, cwd;
	int error;

	fs_context_get_paths(context, &root, &cwd);
	error = mount_pivot_root(&root, new, put_old);
	if (!error) {
		path_get(new);
		fs_context_set_root(context, new);
	}
	if (!error && cwd.mount == root.mount && cwd.dentry == root.dentry) {
		path_get(new);
		fs_context_set_cwd(context, new);
	}
	path_put(&root);
	path_put(&cwd);
	return error;
}

int sys_pivot_root(user_addr new_root, user_addr put_old)
{
	struct path new, old;
	int error;

	if (!credentials_capable(credentials_current(), CAP_SYS_ADMIN))
		return -EPERM;
	error = user_path_walk(AT_FDCWD, new_root, 0, WALK_FOLLOW | WALK_DIRECTORY, &new);
	if (error)
		return error;
	error = user_path_walk(AT_FDCWD, put_old, 0, WALK_FOLLOW | WALK_DIRECTORY, &old);
	if (!error) {
		error = pivot_root(&new, &old);
		path_put(&old);
	}
	path_put(&new);
	return error;
}
