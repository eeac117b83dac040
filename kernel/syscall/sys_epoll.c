/*
 * epoll: making one, watching files, waiting.
 */
#include "arch/user_copy.h"
#include "proc/process.h"
#include "syscall/sys_internal.h"
#include "syscall/syscalls.h"
#include "uapi/linux/errno.h"
#include "uapi/linux/fcntl.h"
#include "vfs/credentials.h"
#include "vfs/epoll.h"
#include "vfs/fd_table.h"
#include "vfs/file.h"

enum { EVENTS_MAX = INT32_MAX / sizeof(struct linux_epoll_event) };

int sys_epoll_create1(int flags)
{
	struct file *file;
	int error;

	if (flags & ~O_CLOEXEC)
		return -EINVAL;
	error = epoll_create(credentials_current(), &file);
	return error ? error : syscall_install_file(file, flags & O_CLOEXEC);
}

/* The size was a hint once; now it only has to be one. */
int sys_epoll_create(int size)
{
	return size <= 0 ? -EINVAL : sys_epoll_create1(0);
}

int sys_epoll_ctl(int epoll_fd, int operation, int fd, user_addr from)
{
	struct linux_epoll_event event = { 0, 0 };
	bool epoll_needs_put, file_needs_put;
	struct file *epoll, *file;
	int error = -EBADF;

	if (operation != EPOLL_CTL_DEL && copy_from_user(&event, from, sizeof(event)))
		return -EFAULT;
	epoll = syscall_file(epoll_fd, &epoll_needs_put);
	if (!epoll)
		return -EBADF;
	file = syscall_file(fd, &file_needs_put);
	if (!file)
		goto return_epoll;
	/* WAKEUP keeps a machine from suspending; ours does not. It is remembered and shown. */
	if (!((file->mode | epoll->mode) & FILE_PATH_ONLY))
		error = epoll_control(epoll, operation, file, fd, event);
	fd_table_return(file, file_needs_put);
return_epoll:
	fd_table_return(epoll, epoll_needs_put);
	return error;
}

static inline int wait_until(int epoll_fd, user_addr events, int max, uint64_t deadline_ns)
{
	bool needs_put;
	struct file *epoll;
	int result;

	if (unlikely(max <= 0 || max > (int)EVENTS_MAX))
		return -EINVAL;
	if (unlikely(!user_range_ok(events, (size_t)max * sizeof(struct linux_epoll_event))))
		return -EFAULT;
	epoll = syscall_file(epoll_fd, &needs_put);
	if (unlikely(!epoll || (epoll->mode & FILE_PATH_ONLY))) {
		if (epoll)
			fd_table_return(epoll, needs_put);
		return -EBADF;
	}
	if (likely(!needs_put)) /* as in sys_read */
		return epoll_wait(epoll, events, (unsigned int)max, deadline_ns);
	result = epoll_wait(epoll, events, (unsigned int)max, deadline_ns);
	file_put(epoll);
	return result;
}

static uint64_t deadline_of(int timeout_ms)
{
	if (timeout_ms < 0)
		return UINT64_MAX;
	return timeout_ms == 0 ? 0 : abi_deadline_after((int64_t)timeout_ms * 1000000);
}

int sys_epoll_wait(int epoll_fd, user_addr events, int max, int timeout_ms)
{
	return wait_until(epoll_fd, events, max, deadline_of(timeout_ms));
}

static int masked_wait(int epoll_fd, user_addr events, int max, uint64_t deadline_ns,
		       user_addr mask, size_t mask_size)
{
	int result = syscall_set_temporary_mask(mask, mask_size);

	if (result)
		return result;
	result = wait_until(epoll_fd, events, max, deadline_ns);
	if (result != -EINTR)
		signal_restore_mask();
	return result;
}

int sys_epoll_pwait(int epoll_fd, user_addr events, int max, int timeout_ms, user_addr mask,
		    size_t mask_size)
{
	return masked_wait(epoll_fd, events, max, deadline_of(timeout_ms), mask, mask_size);
}

int sys_epoll_pwait2(int epoll_fd, user_addr events, int max, user_addr timeout, user_addr mask,
		     size_t mask_size)
{
	uint64_t deadline = UINT64_MAX;
	int64_t ns;
	int error;

	if (timeout) {
		error = abi_timespec64_get(timeout, &ns);
		if (error)
			return error;
		if (ns < 0)
			return -EINVAL;
		deadline = ns == 0 ? 0 : abi_deadline_after(ns);
	}
	return masked_wait(epoll_fd, events, max, deadline, mask, mask_size);
}
