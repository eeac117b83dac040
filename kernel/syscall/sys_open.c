/*
 * Opening files, and who may do what with them.
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
#include "uapi/linux/mman.h"
#include "vfs/credentials.h"
#include "vfs/dentry.h"
#include "vfs/fd_table.h"
#include "vfs/file.h"
#include "vfs/inode.h"
#include "vfs/permission.h"

#define OPEN_FLAGS_KNOWN                                                                      \
	(O_ACCMODE | O_CREAT | O_EXCL | O_NOCTTY | O_TRUNC | O_APPEND | O_NONBLOCK | O_SYNC | \
	 O_DSYNC | O_ASYNC | O_DIRECT | O_LARGEFILE | O_DIRECTORY | O_NOFOLLOW | O_NOATIME |  \
	 O_CLOEXEC | O_PATH | O_TMPFILE_BIT)
#define MODE_PERMISSIONS 07777u

static file_mode masked_mode(uint32_t mode)
{
	return mode & MODE_PERMISSIONS & ~user_thread_current()->fs->umask;
}

int sys_openat(int dirfd, user_addr name, uint32_t flags, uint32_t mode)
{
	struct user_path path;
	struct file *file;
	int error;

	/* Unknown bits have always been ignored by open(2). */
	flags &= OPEN_FLAGS_KNOWN;
	if (flags & O_PATH)
		flags &= O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
	if ((flags & O_TMPFILE_BIT) &&
	    ((flags & O_TMPFILE) != O_TMPFILE || (flags & O_ACCMODE) == O_RDONLY))
		return -EINVAL;
	error = user_path_get(&path, dirfd, name, 0);
	if (error)
		return error;
	mode = flags & (O_CREAT | O_TMPFILE_BIT) ? masked_mode(mode) : 0;
	error = file_open(user_path_context(&path), path.name, flags & ~O_CLOEXEC, mode, &file);
	user_path_put(&path);
	return error ? error : syscall_install_file(file, flags & O_CLOEXEC);
}

/* openat2's structure; a later and longer one must have zeros in what we do not know. */
static int open_how_get(struct open_how *how, user_addr from, size_t size)
{
	if (size < sizeof(*how))
		return -EINVAL;
	if (size > PAGE_SIZE)
		return -E2BIG;
	return abi_struct_get(how, sizeof(*how), from, size);
}

static int open_how_check(const struct open_how *how)
{
	const uint64_t path_flags = O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
	const uint64_t resolve = RESOLVE_NO_XDEV | RESOLVE_NO_MAGICLINKS | RESOLVE_NO_SYMLINKS |
				 RESOLVE_BENEATH | RESOLVE_IN_ROOT | RESOLVE_CACHED;
	const uint64_t both_roots = RESOLVE_BENEATH | RESOLVE_IN_ROOT;
	bool creates = how->flags & (O_CREAT | O_TMPFILE_BIT);

	if ((how->flags & ~(uint64_t)OPEN_FLAGS_KNOWN) || (how->resolve & ~resolve) ||
	    (how->resolve & both_roots) == both_roots)
		return -EINVAL;
	if (how->mode & ~(uint64_t)(creates ? MODE_PERMISSIONS : 0))
		return -EINVAL;
	if ((how->flags & O_TMPFILE_BIT) &&
	    ((how->flags & O_TMPFILE) != O_TMPFILE || (how->flags & O_CREAT) ||
	     (how->flags & O_ACCMODE) == O_RDONLY))
		return -EINVAL;
	if ((how->flags & O_PATH) && (how->flags & ~path_flags))
		return -EINVAL;
	if ((how->resolve & RESOLVE_CACHED) && (how->flags & O_TRUNC || creates))
		return -EAGAIN;
	return 0;
}

static uint32_t walk_flags_of(uint64_t resolve)
{
	static const struct {
		uint32_t resolve, walk;
	} names[] = {
		{ RESOLVE_NO_XDEV, WALK_NO_CROSS },
		{ RESOLVE_NO_MAGICLINKS, WALK_NO_MAGIC_LINKS },
		{ RESOLVE_NO_SYMLINKS, WALK_NO_LINKS | WALK_NO_MAGIC_LINKS },
		{ RESOLVE_BENEATH, WALK_BENEATH },
		{ RESOLVE_IN_ROOT, WALK_IN_ROOT },
		{ RESOLVE_CACHED, WALK_CACHED },
	};
	uint32_t flags = 0;

	for (unsigned int i = 0; i < ARRAY_SIZE(names); i++)
		flags |= resolve & names[i].resolve ? names[i].walk : 0;
	return flags;
}

int sys_openat2(int dirfd, user_addr name, user_addr how_from, size_t size)
{
	struct user_path path;
	struct open_how how;
	struct file *file;
	uint32_t flags, mode;
	int error = open_how_get(&how, how_from, size);

	if (!error)
		error = open_how_check(&how);
	if (error)
		return error;
	flags = (uint32_t)how.flags;
	mode = flags & (O_CREAT | O_TMPFILE_BIT) ? masked_mode((uint32_t)how.mode) : 0;
	error = user_path_get(&path, dirfd, name,
			      how.resolve & RESOLVE_IN_ROOT ? USER_PATH_IN_ROOT : 0);
	if (error)
		return error;
	error = file_open_restricted(user_path_context(&path), path.name,
				     flags & ~(uint32_t)O_CLOEXEC, mode,
				     walk_flags_of(how.resolve), &file);
	user_path_put(&path);
	return error ? error : syscall_install_file(file, flags & O_CLOEXEC);
}

int sys_memfd_create(user_addr name, uint32_t flags)
{
	static const char prefix[] = "memfd:";
	enum { PREFIX = sizeof(prefix) - 1 };
	const uint32_t known = MFD_CLOEXEC | MFD_ALLOW_SEALING | MFD_NOEXEC_SEAL | MFD_EXEC;
	uint32_t seals = F_SEAL_SEAL;
	char full[NAME_MAX + 1];
	file_mode mode = 0777;
	struct file *file;
	ssize_t length;
	int error;

	if (flags & ~(known | MFD_HUGETLB | (flags & MFD_HUGETLB ? MFD_HUGE_MASK : 0)))
		return -EINVAL;
	if ((flags & MFD_EXEC) && (flags & MFD_NOEXEC_SEAL))
		return -EINVAL;
	memcpy(full, prefix, PREFIX);
	length = string_from_user(full + PREFIX, name, sizeof(full) - PREFIX);
	if (length < 0)
		return (int)length;
	if ((size_t)length == sizeof(full) - PREFIX)
		return -EINVAL;
	if (flags & MFD_HUGETLB)
		return -ENOSYS; /* as Linux without huge pages configured */
	if (flags & MFD_NOEXEC_SEAL) {
		mode = 0666;
		seals = F_SEAL_EXEC;
	} else if (flags & MFD_ALLOW_SEALING) {
		seals = 0;
	}
	error = memory_file_create(full, seals, O_RDWR | O_LARGEFILE, mode, credentials_current(),
				   &file);
	return error ? error : syscall_install_file(file, flags & MFD_CLOEXEC);
}

int sys_open(user_addr name, uint32_t flags, uint32_t mode)
{
	return sys_openat(AT_FDCWD, name, flags, mode);
}

int sys_creat(user_addr name, uint32_t mode)
{
	return sys_openat(AT_FDCWD, name, O_CREAT | O_WRONLY | O_TRUNC, mode);
}

/* access(2) judges by the real ids; a copy of the credentials that acts so. */
static const struct credentials *real_credentials(void)
{
	const struct credentials *old = credentials_current();
	struct credentials *new;

	if (old->fsuid == old->uid && old->fsgid == old->gid) {
		credentials_get(old);
		return old;
	}
	new = credentials_copy(old, old->group_count);
	if (!new)
		return NULL;
	new->fsuid = new->uid;
	new->fsgid = new->gid;
	new->cap_effective = new->uid == 0 ? new->cap_permitted : 0;
	return new;
}

int sys_faccessat2(int dirfd, user_addr name, uint32_t wish, uint32_t flags)
{
	const struct credentials *credentials = credentials_current();
	uint32_t walk_flags = flags & AT_SYMLINK_NOFOLLOW ? 0 : WALK_FOLLOW;
	struct user_path path;
	struct path at;
	struct inode *inode;
	int error;

	if ((wish & ~(uint32_t)(R_OK | W_OK | X_OK)) ||
	    (flags & ~(uint32_t)(AT_EACCESS | AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH)))
		return -EINVAL;
	if (flags & AT_EACCESS)
		credentials_get(credentials);
	else
		credentials = real_credentials();
	if (!credentials)
		return -ENOMEM;
	error = user_path_get(&path, dirfd, name, flags & AT_EMPTY_PATH ? USER_PATH_EMPTY_OK : 0);
	if (error)
		goto put_credentials;
	path.walk.context.credentials = credentials;
	if (flags & AT_EMPTY_PATH)
		walk_flags |= WALK_EMPTY_OK;
	error = path_walk(user_path_context(&path), path.name, walk_flags, &at);
	user_path_put(&path);
	if (error)
		goto put_credentials;
	inode = atomic_load_explicit(&at.dentry->inode, memory_order_acquire);
	if ((wish & X_OK) && inode_is(inode, MODE_REGULAR) &&
	    (atomic_load(&at.mount->flags) & MOUNT_NO_EXECUTE))
		error = -EACCES;
	else if (wish)
		error = permission_check(inode, credentials, wish);
	if (!error && (wish & W_OK) && !mount_is_writable(at.mount) &&
	    (inode_is(inode, MODE_REGULAR) || inode_is(inode, MODE_DIRECTORY) ||
	     inode_is(inode, MODE_LINK)))
		error = -EROFS;
	path_put(&at);
put_credentials:
	credentials_put(credentials);
	return error;
}

int sys_faccessat(int dirfd, user_addr name, uint32_t wish)
{
	return sys_faccessat2(dirfd, name, wish, 0);
}

int sys_access(user_addr name, uint32_t wish)
{
	return sys_faccessat2(AT_FDCWD, name, wish, 0);
}

/* Apply `attributes` to what a walk found, on a writable mount. */
static int set_at(const struct path *at, const struct attributes *attributes)
{
	uint64_t limit = limits_current(&process_current()->limits, LIMIT_FILE_SIZE);

	return path_set_attributes(at, attributes, credentials_current(), limit);
}

static int set_by_name(int dirfd, user_addr name, uint32_t at_flags,
		       const struct attributes *attributes)
{
	struct path at;
	int error = user_path_walk(dirfd, name, at_flags & AT_EMPTY_PATH ? USER_PATH_EMPTY_OK : 0,
				   at_flags & AT_SYMLINK_NOFOLLOW ? 0 : WALK_FOLLOW, &at);

	if (error)
		return error;
	error = set_at(&at, attributes);
	path_put(&at);
	return error;
}

static int set_by_fd(int fd, const struct attributes *attributes)
{
	bool needs_put;
	struct file *file = syscall_file(fd, &needs_put);
	int error;

	if (!file)
		return -EBADF;
	error = file->mode & FILE_PATH_ONLY ? -EBADF : set_at(&file->path, attributes);
	fd_table_return(file, needs_put);
	return error;
}

static struct attributes mode_attribute(uint32_t mode)
{
	return (struct attributes){ .valid = ATTRIBUTE_MODE, .mode = mode & MODE_PERMISSIONS };
}

int sys_fchmodat(int dirfd, user_addr name, uint32_t mode)
{
	struct attributes attributes = mode_attribute(mode);

	return set_by_name(dirfd, name, 0, &attributes);
}

int sys_chmod(user_addr name, uint32_t mode)
{
	return sys_fchmodat(AT_FDCWD, name, mode);
}

int sys_fchmod(int fd, uint32_t mode)
{
	struct attributes attributes = mode_attribute(mode);

	return set_by_fd(fd, &attributes);
}

/* -1 leaves an id as it is. */
static struct attributes owner_attributes(user_id uid, group_id gid)
{
	struct attributes attributes = { .valid = ATTRIBUTE_OWNER, .uid = uid, .gid = gid };

	if (uid != UINT32_MAX)
		attributes.valid |= ATTRIBUTE_UID;
	if (gid != UINT32_MAX)
		attributes.valid |= ATTRIBUTE_GID;
	return attributes;
}

/* The 16-bit calls' -1. */
static uint32_t id_from_16(uint16_t id)
{
	return id == UINT16_MAX ? UINT32_MAX : id;
}

int sys_fchownat(int dirfd, user_addr name, user_id uid, group_id gid, uint32_t flags)
{
	struct attributes attributes = owner_attributes(uid, gid);

	if (flags & ~(uint32_t)(AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH))
		return -EINVAL;
	return set_by_name(dirfd, name, flags, &attributes);
}

int sys_chown32(user_addr name, user_id uid, group_id gid)
{
	return sys_fchownat(AT_FDCWD, name, uid, gid, 0);
}

int sys_lchown32(user_addr name, user_id uid, group_id gid)
{
	return sys_fchownat(AT_FDCWD, name, uid, gid, AT_SYMLINK_NOFOLLOW);
}

int sys_fchown32(int fd, user_id uid, group_id gid)
{
	struct attributes attributes = owner_attributes(uid, gid);

	return set_by_fd(fd, &attributes);
}

int sys_chown(user_addr name, uint32_t uid, uint32_t gid)
{
	return sys_chown32(name, id_from_16((uint16_t)uid), id_from_16((uint16_t)gid));
}

int sys_lchown(user_addr name, uint32_t uid, uint32_t gid)
{
	return sys_lchown32(name, id_from_16((uint16_t)uid), id_from_16((uint16_t)gid));
}

int sys_fchown(int fd, uint32_t uid, uint32_t gid)
{
	return sys_fchown32(fd, id_from_16((uint16_t)uid), id_from_16((uint16_t)gid));
}

int sys_truncate64(user_addr name, uint32_t low, uint32_t high)
{
	struct attributes attributes = { .valid = ATTRIBUTE_SIZE,
					 .size = (uint64_t)high << 32 | low };
	struct path at;
	struct inode *inode;
	int error;

	if ((int64_t)attributes.size < 0)
		return -EINVAL;
	error = user_path_walk(AT_FDCWD, name, 0, WALK_FOLLOW, &at);
	if (error)
		return error;
	inode = atomic_load_explicit(&at.dentry->inode, memory_order_acquire);
	if (inode_is(inode, MODE_DIRECTORY))
		error = -EISDIR;
	else if (!inode_is(inode, MODE_REGULAR))
		error = -EINVAL;
	else
		error = permission_check(inode, credentials_current(), ACCESS_WRITE);
	if (!error)
		error = set_at(&at, &attributes);
	path_put(&at);
	return syscall_write_result(error);
}

int sys_truncate(user_addr name, int32_t size)
{
	return sys_truncate64(name, (uint32_t)size, size < 0 ? UINT32_MAX : 0);
}

#define UTIME_NOW 0x3fffffff
#define UTIME_OMIT 0x3ffffffe

/* One of utimensat's two times. -EINVAL. */
static int set_time(struct attributes *attributes, int64_t seconds, int64_t nanoseconds,
		    bool accessed)
{
	struct time_stamp *stamp = accessed ? &attributes->accessed : &attributes->modified;
	uint32_t given = accessed ? ATTRIBUTE_ACCESSED : ATTRIBUTE_MODIFIED;
	uint32_t now = accessed ? ATTRIBUTE_ACCESSED_NOW : ATTRIBUTE_MODIFIED_NOW;

	if (nanoseconds == UTIME_OMIT)
		return 0;
	if (nanoseconds == UTIME_NOW) {
		attributes->valid |= now;
		return 0;
	}
	if (nanoseconds < 0 || nanoseconds > 999999999)
		return -EINVAL;
	attributes->valid |= given;
	*stamp = (struct time_stamp){ seconds, (uint32_t)nanoseconds };
	return 0;
}

/* `name` NULL: the file behind dirfd itself, as futimens does. */
static int set_times(int dirfd, user_addr name, const struct attributes *attributes, uint32_t flags)
{
	if (flags & ~(uint32_t)(AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH))
		return -EINVAL;
	if (!attributes->valid)
		return 0;
	if (name || dirfd == AT_FDCWD)
		return set_by_name(dirfd, name, flags, attributes);
	return flags ? -EINVAL : set_by_fd(dirfd, attributes);
}

static const struct attributes both_now = { .valid = ATTRIBUTE_ACCESSED_NOW |
						     ATTRIBUTE_MODIFIED_NOW };

int sys_utimensat(int dirfd, user_addr name, user_addr times, uint32_t flags)
{
	struct attributes attributes = { .valid = 0 };
	struct linux_timespec32 given[2];
	int error;

	if (!times)
		return set_times(dirfd, name, &both_now, flags);
	if (copy_from_user(given, times, sizeof(given)))
		return -EFAULT;
	error = set_time(&attributes, given[0].seconds, given[0].nanoseconds, true);
	if (!error)
		error = set_time(&attributes, given[1].seconds, given[1].nanoseconds, false);
	return error ? error : set_times(dirfd, name, &attributes, flags);
}

int sys_utimensat_time64(int dirfd, user_addr name, user_addr times, uint32_t flags)
{
	struct attributes attributes = { .valid = 0 };
	struct linux_timespec64 given[2];
	int error;

	if (!times)
		return set_times(dirfd, name, &both_now, flags);
	if (copy_from_user(given, times, sizeof(given)))
		return -EFAULT;
	/* The upper half of a 32-bit program's nanoseconds is padding. */
	error = set_time(&attributes, given[0].seconds, (int32_t)given[0].nanoseconds, true);
	if (!error)
		error = set_time(&attributes, given[1].seconds, (int32_t)given[1].nanoseconds,
				 false);
	return error ? error : set_times(dirfd, name, &attributes, flags);
}

int sys_futimesat(int dirfd, user_addr name, user_addr times)
{
	struct attributes attributes = { .valid = 0 };
	struct linux_timeval32 given[2];
	int error;

	if (!times)
		return set_times(dirfd, name, &both_now, 0);
	if (copy_from_user(given, times, sizeof(given)))
		return -EFAULT;
	for (unsigned int i = 0; i < 2; i++) {
		if (given[i].microseconds < 0 || given[i].microseconds >= 1000000)
			return -EINVAL;
	}
	error = set_time(&attributes, given[0].seconds, given[0].microseconds * 1000, true);
	if (!error)
		error = set_time(&attributes, given[1].seconds, given[1].microseconds * 1000,
				 false);
	return error ? error : set_times(dirfd, name, &attributes, 0);
}

int sys_utimes(user_addr name, user_addr times)
{
	return sys_futimesat(AT_FDCWD, name, times);
}

int sys_utime(user_addr name, user_addr times)
{
	struct attributes attributes = { .valid = 0 };
	int32_t given[2];

	if (!times)
		return set_times(AT_FDCWD, name, &both_now, 0);
	if (copy_from_user(given, times, sizeof(given)))
		return -EFAULT;
	(void)!set_time(&attributes, given[0], 0, true);
	(void)!set_time(&attributes, given[1], 0, false);
	return set_times(AT_FDCWD, name, &attributes, 0);
}
