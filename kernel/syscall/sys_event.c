/*
 * Files that stand for events: eventfd, signalfd, timerfd, inotify.
 */
#include "arch/user_copy.h"
#include "proc/process.h"
#include "proc/signalfd.h"
#include "syscall/sys_internal.h"
#include "syscall/syscalls.h"
#include "syscall/user_path.h"
#include "uapi/linux/capability.h"
#include "uapi/linux/errno.h"
#include "uapi/linux/fcntl.h"
#include "uapi/linux/inotify.h"
#include "uapi/linux/time.h"
#include "vfs/credentials.h"
#include "vfs/dentry.h"
#include "vfs/eventfd.h"
#include "vfs/fd_table.h"
#include "vfs/file.h"
#include "vfs/inotify.h"
#include "vfs/permission.h"
#include "vfs/timerfd.h"

/* EFD_, SFD_ and TFD_ have O_CLOEXEC's and O_NONBLOCK's values. */
enum { EFD_SEMAPHORE = 1 };

int sys_eventfd2(unsigned int initial, uint32_t flags)
{
	struct file *file;
	int error;

	if (flags & ~(uint32_t)(O_CLOEXEC | O_NONBLOCK | EFD_SEMAPHORE))
		return -EINVAL;
	error = eventfd_create(initial, flags & EFD_SEMAPHORE, flags & O_NONBLOCK, &file);
	return error ? error : syscall_install_file(file, flags & O_CLOEXEC);
}

int sys_eventfd(unsigned int initial)
{
	return sys_eventfd2(initial, 0);
}

int sys_signalfd4(int fd, user_addr mask, size_t size, uint32_t flags)
{
	struct file *file;
	bool needs_put;
	uint64_t set;
	int error;

	if (size != sizeof(set))
		return -EINVAL;
	if (get_user_u64(&set, mask))
		return -EFAULT;
	if (flags & ~(uint32_t)(O_CLOEXEC | O_NONBLOCK))
		return -EINVAL;
	if (fd == -1) {
		error = signalfd_create(set, flags & O_NONBLOCK, &file);
		return error ? error : syscall_install_file(file, flags & O_CLOEXEC);
	}
	file = syscall_file(fd, &needs_put);
	if (!file)
		return -EBADF;
	error = file->mode & FILE_PATH_ONLY ? -EBADF : signalfd_set_mask(file, set);
	fd_table_return(file, needs_put);
	return error ? error : fd;
}

int sys_signalfd(int fd, user_addr mask, size_t size)
{
	return sys_signalfd4(fd, mask, size, 0);
}

/* ---- timerfd --------------------------------------------------------------------------------- */

int sys_timerfd_create(int clock, uint32_t flags)
{
	bool is_realtime = clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_ALARM;
	struct file *file;
	int error;

	if (flags & ~(uint32_t)(O_CLOEXEC | O_NONBLOCK))
		return -EINVAL;
	if (!is_realtime && clock != CLOCK_MONOTONIC && clock != CLOCK_BOOTTIME &&
	    clock != CLOCK_BOOTTIME_ALARM)
		return -EINVAL;
	if (!syscall_may_use_clock(clock))
		return -EPERM;
	error = timerfd_create(is_realtime ? TIMERFD_REALTIME : TIMERFD_MONOTONIC, clock,
			       flags & O_NONBLOCK, &file);
	return error ? error : syscall_install_file(file, flags & O_CLOEXEC);
}

/* The timerfd behind `fd`; give back with fd_table_return. Errors: -EBADF, -EINVAL. */
static int timerfd_get_file(int fd, struct file **out, bool *needs_put)
{
	struct file *file = syscall_file(fd, needs_put);
	int clock;

	if (!file)
		return -EBADF;
	clock = file->mode & FILE_PATH_ONLY ? -EBADF : timerfd_clock_id(file);
	if (clock < 0) {
		fd_table_return(file, *needs_put);
		return clock;
	}
	*out = file;
	return 0;
}

static int set_time(int fd, uint32_t flags, user_addr from, user_addr to, bool wide)
{
	struct timerfd_setting new, old;
	struct file *file;
	bool needs_put;
	int error = abi_itimerspec_get(from, wide, &new.value_ns, &new.interval_ns);

	if (error == -EFAULT)
		return error;
	if (error || (flags & ~(uint32_t)(TIMERFD_ABSOLUTE | TIMERFD_CANCEL_ON_SET)))
		return -EINVAL;
	error = timerfd_get_file(fd, &file, &needs_put);
	if (error)
		return error;
	error = syscall_may_use_clock(timerfd_clock_id(file))
			? timerfd_set(file, flags, &new, &old)
			: -EPERM;
	fd_table_return(file, needs_put);
	if (error || !to)
		return error;
	return abi_itimerspec_put(to, wide, old.value_ns, old.interval_ns);
}

int sys_timerfd_settime(int fd, uint32_t flags, user_addr new, user_addr old)
{
	return set_time(fd, flags, new, old, false);
}

int sys_timerfd_settime64(int fd, uint32_t flags, user_addr new, user_addr old)
{
	return set_time(fd, flags, new, old, true);
}

static int get_time(int fd, user_addr to, bool wide)
{
	struct timerfd_setting setting;
	struct file *file;
	bool needs_put;
	int error = timerfd_get_file(fd, &file, &needs_put);

	if (error)
		return error;
	timerfd_get(file, &setting);
	fd_table_return(file, needs_put);
	return abi_itimerspec_put(to, wide, setting.value_ns, setting.interval_ns);
}

int sys_timerfd_gettime(int fd, user_addr to)
{
	return get_time(fd, to, false);
}

int sys_timerfd_gettime64(int fd, user_addr to)
{
	return get_time(fd, to, true);
}

/* ---- inotify --------------------------------------------------------------------------------- */

#define INOTIFY_MASK                                                                          \
	(IN_ALL_EVENTS | IN_UNMOUNT | IN_Q_OVERFLOW | IN_IGNORED | IN_ISDIR | IN_ONLYDIR |    \
	 IN_DONT_FOLLOW | IN_EXCL_UNLINK | IN_MASK_CREATE | IN_MASK_ADD | IN_ONESHOT)

int sys_inotify_init1(uint32_t flags)
{
	struct file *file;
	int error;

	if (flags & ~(uint32_t)(O_CLOEXEC | O_NONBLOCK))
		return -EINVAL;
	error = inotify_create(credentials_current(), flags & O_NONBLOCK, &file);
	return error ? error : syscall_install_file(file, flags & O_CLOEXEC);
}

int sys_inotify_init(void)
{
	return sys_inotify_init1(0);
}

static int add_watch(struct file *file, user_addr name, uint32_t mask)
{
	uint32_t walk_flags = (mask & IN_DONT_FOLLOW ? 0 : WALK_FOLLOW) |
			      (mask & IN_ONLYDIR ? WALK_DIRECTORY : 0);
	struct path path;
	int error = user_path_walk(AT_FDCWD, name, 0, walk_flags, &path);

	if (error)
		return error;
	error = permission_check(dentry_inode(path.dentry), credentials_current(), ACCESS_READ);
	if (!error)
		error = inotify_add_watch(file, dentry_inode(path.dentry), mask);
	path_put(&path);
	return error;
}

int sys_inotify_add_watch(int fd, user_addr name, uint32_t mask)
{
	struct file *file;
	bool needs_put;
	int result;

	if ((mask & ~INOTIFY_MASK) || !mask)
		return -EINVAL;
	file = syscall_file(fd, &needs_put);
	if (!file)
		return -EBADF;
	if (file->mode & FILE_PATH_ONLY)
		result = -EBADF;
	else if (((mask & IN_MASK_ADD) && (mask & IN_MASK_CREATE)) || !file_is_inotify(file))
		result = -EINVAL;
	else
		result = add_watch(file, name, mask);
	fd_table_return(file, needs_put);
	return result;
}

int sys_inotify_rm_watch(int fd, int watch)
{
	bool needs_put;
	struct file *file = syscall_file(fd, &needs_put);
	int error;

	if (!file)
		return -EBADF;
	if (file->mode & FILE_PATH_ONLY)
		error = -EBADF;
	else
		error = file_is_inotify(file) ? inotify_remove_watch(file, watch) : -EINVAL;
	fd_table_return(file, needs_put);
	return error;
}
