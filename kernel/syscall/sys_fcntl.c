/*
 * fcntl and ioctl.
 */
#include "arch/user_copy.h"
#include "proc/process.h"
#include "syscall/sys_internal.h"
#include "syscall/sys_lock.h"
#include "syscall/syscalls.h"
#include "uapi/linux/capability.h"
#include "uapi/linux/errno.h"
#include "uapi/linux/fcntl.h"
#include "vfs/credentials.h"
#include "vfs/fd_table.h"
#include "vfs/file.h"
#include "vfs/pipe.h"

/* ioctls that every descriptor has (asm-generic numbers). */
#define FIONBIO 0x5421
#define FIONCLEX 0x5450
#define FIOCLEX 0x5451
#define FIOASYNC 0x5452

static int set_flags(struct file *file, uint32_t flags)
{
	return file_set_flags(file, flags);
}

/* Commands about the description; the descriptor's own are done by the caller. */
static int control(struct file *file, unsigned int command, uintptr_t argument)
{
	switch (command) {
	case F_GETFL:
		/* Linux shows O_LARGEFILE as it was opened; there is no 32-bit limit here. */
		return (int)atomic_load_explicit(&file->flags, memory_order_relaxed);
	case F_SETFL:
		return set_flags(file, (uint32_t)argument);
	case F_SETOWN:
		atomic_store(&file->owner, (int)argument);
		return 0;
	case F_GETOWN:
		return atomic_load(&file->owner);
	case F_SETSIG:
		if (argument > SIGNAL_COUNT)
			return -EINVAL;
		atomic_store(&file->owner_signal, (int)argument);
		return 0;
	case F_GETSIG:
		return atomic_load(&file->owner_signal);
	case F_SETPIPE_SZ:
		return pipe_set_size(file, argument,
				     credentials_capable(credentials_current(), CAP_SYS_RESOURCE));
	case F_GETPIPE_SZ:
		return pipe_get_size(file);
	case F_ADD_SEALS:
		return file_add_seals(file, (uint32_t)argument);
	case F_GET_SEALS:
		return file_get_seals(file);
	default:
		return syscall_lock_control(file, command, argument);
	}
}

int sys_fcntl64(int fd, unsigned int command, uintptr_t argument)
{
	struct fd_table *table = user_thread_current()->fds;
	bool needs_put;
	struct file *file = syscall_file(fd, &needs_put);
	int result;

	if (!file)
		return -EBADF;
	if (file->mode & FILE_PATH_ONLY && command != F_DUPFD && command != F_DUPFD_CLOEXEC &&
	    command != F_GETFD && command != F_SETFD && command != F_GETFL) {
		result = -EBADF;
		goto return_file;
	}
	switch (command) {
	case F_DUPFD:
	case F_DUPFD_CLOEXEC:
		result = (int)argument < 0 || argument >= syscall_fd_limit()
				 ? -EINVAL
				 : syscall_duplicate_above(fd, (int)argument,
							   command == F_DUPFD_CLOEXEC);
		break;
	case F_GETFD:
		result = fd_table_get_close_on_exec(table, fd);
		break;
	case F_SETFD:
		result = fd_table_set_close_on_exec(table, fd, argument & FD_CLOEXEC);
		break;
	default:
		result = control(file, command, argument);
	}
return_file:
	fd_table_return(file, needs_put);
	return result;
}

/* The old form knows only 32-bit record locks. */
int sys_fcntl(int fd, unsigned int command, uintptr_t argument)
{
	switch (command) {
	case F_GETLK64:
	case F_SETLK64:
	case F_SETLKW64:
	case F_OFD_GETLK:
	case F_OFD_SETLK:
	case F_OFD_SETLKW:
		return -EINVAL;
	default:
		return sys_fcntl64(fd, command, argument);
	}
}

static int set_nonblocking(struct file *file, uintptr_t argument, uint32_t flag)
{
	uint32_t flags = atomic_load_explicit(&file->flags, memory_order_relaxed);
	uint32_t on;

	if (get_user_u32(&on, user_addr_from(argument)))
		return -EFAULT;
	return set_flags(file, on ? flags | flag : flags & ~flag);
}

int sys_ioctl(int fd, unsigned int command, uintptr_t argument)
{
	struct fd_table *table = user_thread_current()->fds;
	bool needs_put;
	struct file *file = syscall_file(fd, &needs_put);
	int result;

	if (!file)
		return -EBADF;
	if (file->mode & FILE_PATH_ONLY) {
		fd_table_return(file, needs_put);
		return -EBADF;
	}
	switch (command) {
	case FIOCLEX:
	case FIONCLEX:
		result = fd_table_set_close_on_exec(table, fd, command == FIOCLEX);
		break;
	case FIONBIO:
		result = set_nonblocking(file, argument, O_NONBLOCK);
		break;
	case FIOASYNC:
		result = set_nonblocking(file, argument, O_ASYNC);
		break;
	default:
		result = file_ioctl(file, command, argument);
	}
	fd_table_return(file, needs_put);
	return result;
}
