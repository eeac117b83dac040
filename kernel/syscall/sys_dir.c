/*
 * Names and directories: mkdir, unlink, rename, links, getdents, the working directory.
 */
#include "arch/user_copy.h"
#include "core/printk.h"
#include "lib/min_max.h"
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
#include "vfs/dentry.h"
#include "vfs/fd_table.h"
#include "vfs/file.h"
#include "vfs/fs_context.h"
#include "vfs/inode.h"
#include "vfs/namespace_ops.h"
#include "vfs/permission.h"

static file_mode umask_now(void)
{
	return user_thread_current()->fs->umask;
}

int sys_mkdirat(int dirfd, user_addr name, uint32_t mode)
{
	struct user_path path;
	int error = user_path_get(&path, dirfd, name, 0);

	if (error)
		return error;
	error = namespace_make_directory(user_path_context(&path), path.name,
					 mode & 01777 & ~umask_now());
	user_path_put(&path);
	return error;
}

int sys_mkdir(user_addr name, uint32_t mode)
{
	return sys_mkdirat(AT_FDCWD, name, mode);
}

int sys_mknodat(int dirfd, user_addr name, uint32_t mode, uint32_t device)
{
	file_mode type = mode & MODE_TYPE_MASK;
	struct user_path path;
	int error;

	if (type == 0)
		type = MODE_REGULAR;
	if (type == MODE_DIRECTORY)
		return -EPERM;
	if (type != MODE_REGULAR && type != MODE_CHARACTER && type != MODE_BLOCK &&
	    type != MODE_FIFO && type != MODE_SOCKET)
		return -EINVAL;
	error = user_path_get(&path, dirfd, name, 0);
	if (error)
		return error;
	error = namespace_make_node(user_path_context(&path), path.name,
				    type | (mode & 07777 & ~umask_now()),
				    abi_device_from_32(device), NULL);
	user_path_put(&path);
	return error;
}

int sys_mknod(user_addr name, uint32_t mode, uint32_t device)
{
	return sys_mknodat(AT_FDCWD, name, mode, device);
}

int sys_unlinkat(int dirfd, user_addr name, uint32_t flags)
{
	struct user_path path;
	int error;

	if (flags & ~(uint32_t)AT_REMOVEDIR)
		return -EINVAL;
	error = user_path_get(&path, dirfd, name, 0);
	if (error)
		return error;
	error = flags & AT_REMOVEDIR
			? namespace_remove_directory(user_path_context(&path), path.name)
			: namespace_unlink(user_path_context(&path), path.name);
	user_path_put(&path);
	return error;
}

int sys_unlink(user_addr name)
{
	return sys_unlinkat(AT_FDCWD, name, 0);
}

int sys_rmdir(user_addr name)
{
	return sys_unlinkat(AT_FDCWD, name, AT_REMOVEDIR);
}

int sys_linkat(int old_dirfd, user_addr old_name, int new_dirfd, user_addr new_name, uint32_t flags)
{
	struct user_path new_path;
	struct path target;
	int error;

	if (flags & ~(uint32_t)(AT_SYMLINK_FOLLOW | AT_EMPTY_PATH))
		return -EINVAL;
	if ((flags & AT_EMPTY_PATH) &&
	    !credentials_capable(credentials_current(), CAP_DAC_READ_SEARCH))
		return -ENOENT;
	error = user_path_walk(old_dirfd, old_name, flags & AT_EMPTY_PATH ? USER_PATH_EMPTY_OK : 0,
			       flags & AT_SYMLINK_FOLLOW ? WALK_FOLLOW : 0, &target);
	if (error)
		return error;
	error = user_path_get(&new_path, new_dirfd, new_name, 0);
	if (!error) {
		error = namespace_link(&target, user_path_context(&new_path), new_path.name);
		user_path_put(&new_path);
	}
	path_put(&target);
	return error;
}

int sys_link(user_addr old_name, user_addr new_name)
{
	return sys_linkat(AT_FDCWD, old_name, AT_FDCWD, new_name, 0);
}

int sys_symlinkat(user_addr target, int dirfd, user_addr name)
{
	struct user_path path;
	char *text = kmalloc(PATH_MAX, 0);
	ssize_t length;
	int error;

	if (!text)
		return -ENOMEM;
	length = string_from_user(text, target, PATH_MAX);
	error = length < 0	     ? (int)length
		: length == 0	     ? -ENOENT
		: length == PATH_MAX ? -ENAMETOOLONG
				     : 0;
	if (!error)
		error = user_path_get(&path, dirfd, name, 0);
	if (!error) {
		error = namespace_symlink(text, user_path_context(&path), path.name);
		user_path_put(&path);
	}
	kfree(text);
	return error;
}

int sys_symlink(user_addr target, user_addr name)
{
	return sys_symlinkat(target, AT_FDCWD, name);
}

int sys_readlinkat(int dirfd, user_addr name, user_addr to, int size)
{
	struct user_path path;
	struct path at;
	struct inode *inode;
	bool is_empty;
	char *text;
	ssize_t length;
	int error;

	if (size <= 0)
		return -EINVAL;
	error = user_path_get(&path, dirfd, name, USER_PATH_EMPTY_OK);
	if (error)
		return error;
	is_empty = path.name[0] == '\0';
	error = path_walk(user_path_context(&path), path.name, WALK_EMPTY_OK, &at);
	user_path_put(&path);
	if (error)
		return error;
	inode = atomic_load_explicit(&at.dentry->inode, memory_order_acquire);
	error = is_empty ? -ENOENT : -EINVAL; /* without a name it must be a link that is open */
	if (!inode_is(inode, MODE_LINK) || !inode->ops->read_link)
		goto put_path;
	error = -ENOMEM;
	text = kmalloc(PATH_MAX, 0);
	if (!text)
		goto put_path;
	length = inode->ops->read_link(inode, text, PATH_MAX);
	error = (int)length;
	if (length >= 0) {
		inode_touch(inode, true, false, false);
		length = min_t(ssize_t, length, size);
		error = copy_to_user(to, text, (size_t)length) ? -EFAULT : (int)length;
	}
	kfree(text);
put_path:
	path_put(&at);
	return error;
}

int sys_readlink(user_addr name, user_addr to, int size)
{
	return sys_readlinkat(AT_FDCWD, name, to, size);
}

int sys_renameat2(int old_dirfd, user_addr old_name, int new_dirfd, user_addr new_name,
		  uint32_t flags)
{
	struct user_path old_path, new_path;
	int error;

	/* Whiteouts belong to union mounts, which we do not have. */
	if ((flags & ~(uint32_t)(RENAME_NOREPLACE | RENAME_EXCHANGE)) ||
	    flags == (RENAME_NOREPLACE | RENAME_EXCHANGE))
		return -EINVAL;
	error = user_path_get(&old_path, old_dirfd, old_name, 0);
	if (error)
		return error;
	error = user_path_get(&new_path, new_dirfd, new_name, 0);
	/* As on Linux the old name is followed before the new one's descriptor is looked at. */
	if (error == -EBADF || error == -ENOTDIR) {
		struct walk_parent old;
		int old_error =
			path_walk_parent(user_path_context(&old_path), old_path.name, 0, &old);

		if (!old_error)
			path_put(&old.directory);
		error = old_error ? old_error : error;
	} else if (!error) {
		error = namespace_rename(user_path_context(&old_path), old_path.name,
					 user_path_context(&new_path), new_path.name, flags);
		user_path_put(&new_path);
	}
	user_path_put(&old_path);
	return error;
}

int sys_renameat(int old_dirfd, user_addr old_name, int new_dirfd, user_addr new_name)
{
	return sys_renameat2(old_dirfd, old_name, new_dirfd, new_name, 0);
}

int sys_rename(user_addr old_name, user_addr new_name)
{
	return sys_renameat2(AT_FDCWD, old_name, AT_FDCWD, new_name, 0);
}

static int set_cwd(const struct path *at)
{
	struct inode *inode = atomic_load_explicit(&at->dentry->inode, memory_order_acquire);
	int error;

	if (!inode_is(inode, MODE_DIRECTORY))
		return -ENOTDIR;
	error = permission_check(inode, credentials_current(), ACCESS_EXECUTE);
	if (error)
		return error;
	path_get(at);
	fs_context_set_cwd(user_thread_current()->fs, at);
	return 0;
}

int sys_chdir(user_addr name)
{
	struct path at;
	int error = user_path_walk(AT_FDCWD, name, 0, WALK_FOLLOW | WALK_DIRECTORY, &at);

	if (error)
		return error;
	error = set_cwd(&at);
	path_put(&at);
	return error;
}

int sys_fchdir(int fd)
{
	bool needs_put;
	struct file *file = syscall_file(fd, &needs_put);
	int error;

	if (!file)
		return -EBADF;
	error = set_cwd(&file->path);
	fd_table_return(file, needs_put);
	return error;
}

int sys_chroot(user_addr name)
{
	struct path at;
	struct inode *inode;
	int error = user_path_walk(AT_FDCWD, name, 0, WALK_FOLLOW | WALK_DIRECTORY, &at);

	if (error)
		return error;
	inode = atomic_load_explicit(&at.dentry->inode, memory_order_acquire);
	error = permission_check(inode, credentials_current(), ACCESS_EXECUTE);
	if (!error && !credentials_capable(credentials_current(), CAP_SYS_CHROOT))
		error = -EPERM;
	if (error) {
		path_put(&at);
		return error;
	}
	fs_context_set_root(user_thread_current()->fs, &at);
	return 0;
}

int sys_getcwd(user_addr to, size_t size)
{
	struct fs_context_walk walk;
	char small[128], *buffer = small, *text;
	size_t buffer_size = sizeof(small);
	ssize_t length;
	int result;

	fs_context_begin_walk(user_thread_current()->fs, credentials_current(), &walk);
	/* Deleted. Roots are found by nobody either, but they are there. */
	if ((atomic_load(&walk.context.start.dentry->flags) & DENTRY_UNHASHED) &&
	    walk.context.start.dentry != walk.context.start.mount->root) {
		fs_context_end_walk(&walk);
		return -ENOENT;
	}
	length = path_format_marked(&walk.context.start, &walk.context.root, buffer, buffer_size,
				    &text);
	if (length == -ERANGE || length == -ENAMETOOLONG) {
		buffer_size = PATH_MAX;
		buffer = kmalloc(buffer_size, 0);
		length = buffer ? path_format_marked(&walk.context.start, &walk.context.root,
						     buffer, buffer_size, &text)
				: -ENOMEM;
	}
	fs_context_end_walk(&walk);
	if (length < 0)
		result = length == -ERANGE ? -ENAMETOOLONG : (int)length;
	else if ((size_t)length > size)
		result = -ERANGE;
	else
		result = copy_to_user(to, text, (size_t)length) ? -EFAULT : (int)length;
	if (buffer != small)
		kfree(buffer);
	return result;
}

int sys_umask(uint32_t mask)
{
	return (int)fs_context_set_umask(user_thread_current()->fs, mask & 0777);
}

/*
 * getdents: entries go into a kernel buffer first, because the directory is locked while it is
 * read and user memory may fault; then out in one copy.
 */
enum { DIRECTORY_BUFFER = 4 * PAGE_SIZE };

struct linux_dirent64 {
	uint64_t inode;
	int64_t next;
	uint16_t size;
	uint8_t type;
	char name[];
} __attribute__((__packed__));

struct linux_dirent {
	uint32_t inode;
	uint32_t next;
	uint16_t size;
	char name[]; /* NUL-terminated, padding; the last byte is the type */
} __attribute__((__packed__));

struct dirent_sink {
	struct directory_sink sink;
	char *place;	/* where the next entry goes */
	size_t room;	/* from there on */
	int error;
};

/* Names are short: a call of memcpy() costs more than it does. */
static inline void copy_name(char *to, const char *from, size_t length)
{
	enum { WORD = sizeof(uint32_t) };

	if (likely(length >= WORD)) {
		size_t last = length - WORD, done = 0;

		/* The last word may cover a part of the one before. */
		for (; done < last; done += WORD) {
			__builtin_memcpy(to + done, from + done, WORD);
			keep_in_register(done); /* or two pointers are counted instead */
		}
		__builtin_memcpy(to + last, from + last, WORD);
		return;
	}
	for (size_t done = 0; done < length; done++)
		to[done] = from[done];
}

static bool add_dirent64(struct directory_sink *sink, const char *name, size_t length,
			 uint64_t inode, file_offset next, unsigned int type)
{
	struct dirent_sink *out = container_of(sink, struct dirent_sink, sink);
	size_t size = ALIGN_UP(offsetof(struct linux_dirent64, name) + length + 1, 8);
	struct linux_dirent64 *entry = (struct linux_dirent64 *)out->place;

	if (unlikely(size > out->room)) {
		out->error = -EINVAL;
		return false;
	}
	out->place += size;
	out->room -= size;
	/* What is behind the name must not leak: it lies in the last eight bytes. */
	__builtin_memset((char *)entry + size - 8, 0, 8);
	entry->inode = inode;
	entry->next = next;
	entry->size = (uint16_t)size;
	entry->type = (uint8_t)type;
	copy_name(entry->name, name, length);
	return true;
}

static bool add_dirent(struct directory_sink *sink, const char *name, size_t length, uint64_t inode,
		       file_offset next, unsigned int type)
{
	struct dirent_sink *out = container_of(sink, struct dirent_sink, sink);
	size_t size = ALIGN_UP(offsetof(struct linux_dirent, name) + length + 2, 4);
	struct linux_dirent *entry = (struct linux_dirent *)out->place;

	if (size > out->room) {
		out->error = -EINVAL;
		return false;
	}
	memset(entry, 0, size);
	entry->inode = (uint32_t)inode;
	entry->next = (uint32_t)next;
	entry->size = (uint16_t)size;
	copy_name(entry->name, name, length);
	((char *)entry)[size - 1] = (char)type;
	out->place += size;
	out->room -= size;
	return true;
}

static int read_directory(int fd, user_addr to, size_t size,
			  bool (*add)(struct directory_sink *, const char *, size_t, uint64_t,
				      file_offset, unsigned int))
{
	/* Linux counts the room with a sign: in more than 2 GiB nothing fits. */
	struct dirent_sink out = {
		.sink.add = add,
		.room = size > INT32_MAX ? 0 : min_t(size_t, size, DIRECTORY_BUFFER),
	};
	bool needs_put;
	struct file *file = syscall_file(fd, &needs_put);
	size_t used = 0;
	file_offset before;
	char *buffer;
	int error;

	if (!file)
		return -EBADF;
	error = -EBADF;
	if (file->mode & FILE_PATH_ONLY)
		goto return_file;
	error = -ENOTDIR;
	if (!file->ops->read_directory)
		goto return_file;
	error = -ENOMEM;
	buffer = out.place = kmalloc(out.room ? out.room : 1, 0);
	if (!buffer)
		goto return_file;
	before = file->position;
	error = file_read_directory(file, &out.sink);
	used = (size_t)(out.place - buffer);
	if (!error && !used)
		error = out.error; /* not even one entry fits: -EINVAL; the end: 0 */
	if (!error && used && copy_to_user(to, buffer, used)) {
		file_offset ignored;

		/* Nothing was delivered: the next call must see the same entries. */
		(void)!file_seek(file, before, SEEK_SET, &ignored);
		error = -EFAULT;
	}
	kfree(buffer);
return_file:
	fd_table_return(file, needs_put);
	return error ? error : (int)used;
}

int sys_getdents64(int fd, user_addr to, size_t size)
{
	return read_directory(fd, to, size, add_dirent64);
}

int sys_getdents(int fd, user_addr to, size_t size)
{
	return read_directory(fd, to, size, add_dirent);
}
