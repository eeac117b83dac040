/*
 * fcntl, ioctl, and moving bytes between descriptors.
 */
#include "arch/user_copy.h"
#include "lib/min_max.h"
#include "mem/kmalloc.h"
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

enum { TRANSFER_CHUNK = 16 * PAGE_SIZE };

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

/* Move up to `size` bytes through a kernel buffer. `position` NULL: at and with the input's own. */
static ssize_t transfer(struct file *to, struct file *from, file_offset *position, size_t size,
			uint64_t limit)
{
	struct io_buffer buffer;
	ssize_t done = 0, got, put;
	char *chunk = kmalloc(TRANSFER_CHUNK, 0);

	if (!chunk)
		return -ENOMEM;
	while ((size_t)done < size) {
		file_offset start;

		io_buffer_init_kernel(&buffer, chunk,
				      min_t(size_t, TRANSFER_CHUNK, size - (size_t)done));
		got = position ? file_read_at(from, &buffer, *position) : file_read(from, &buffer);
		if (got <= 0) {
			done = done ? done : got;
			break;
		}
		io_buffer_init_kernel(&buffer, chunk, (size_t)got);
		put = file_write(to, &buffer, limit);
		if (position && put > 0)
			*position += put;
		/* What could not be written must be read again by the next call. */
		else if (!position && put < got)
			(void)!file_seek(from, (put > 0 ? put : 0) - got, SEEK_CUR, &start);
		if (put <= 0) {
			done = done ? done : put;
			break;
		}
		done += put;
		if (put < got || thread_is_interrupted(thread_current()))
			break;
	}
	kfree(chunk);
	return done;
}

static ssize_t send_file(int out_fd, int in_fd, file_offset *position, size_t size)
{
	uint64_t limit = process_current()->limits.of[LIMIT_FILE_SIZE].current;
	bool in_put, out_put;
	struct file *in = syscall_file(in_fd, &in_put);
	struct file *out;
	ssize_t result;

	if (!in)
		return -EBADF;
	out = syscall_file(out_fd, &out_put);
	if (!out) {
		fd_table_return(in, in_put);
		return -EBADF;
	}
	if (!(in->mode & FILE_READ) || !(out->mode & FILE_WRITE))
		result = -EBADF;
	else if (position && in->ops->stream)
		result = -ESPIPE;
	/*
	 * As on Linux the input must be something that can be mapped, and appending output is
	 * refused.
	 */
	else if (in->ops->stream || !in->ops->read ||
		 (atomic_load_explicit(&out->flags, memory_order_relaxed) & O_APPEND))
		result = -EINVAL;
	else
		result = transfer(out, in, position, size, limit);
	fd_table_return(out, out_put);
	fd_table_return(in, in_put);
	return syscall_write_result(result);
}

int sys_sendfile64(int out_fd, int in_fd, user_addr offset, size_t size)
{
	file_offset position;
	ssize_t result;
	int error;

	if (!offset)
		return (int)send_file(out_fd, in_fd, NULL, size);
	if (get_user_u64((uint64_t *)&position, offset))
		return -EFAULT;
	if (position < 0)
		return -EINVAL;
	result = send_file(out_fd, in_fd, &position, size);
	error = put_user_u64(offset, (uint64_t)position);
	return error ? error : (int)result;
}

int sys_sendfile(int out_fd, int in_fd, user_addr offset, size_t size)
{
	file_offset position;
	uint32_t value;
	ssize_t result;
	int error;

	if (!offset)
		return (int)send_file(out_fd, in_fd, NULL, size);
	if (get_user_u32(&value, offset))
		return -EFAULT;
	position = (int32_t)value;
	if (position < 0)
		return -EINVAL;
	result = send_file(out_fd, in_fd, &position, size);
	error = put_user_u32(offset, (uint32_t)position);
	return error ? error : (int)result;
}
