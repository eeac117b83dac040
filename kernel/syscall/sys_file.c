/*
 * Open files: reading, writing, seeking, duplicating.
 */
#include "arch/user_copy.h"
#include "lib/min_max.h"
#include "mem/kmalloc.h"
#include "proc/process.h"
#include "syscall/sys_internal.h"
#include "syscall/syscalls.h"
#include "uapi/linux/errno.h"
#include "uapi/linux/fcntl.h"
#include "vfs/fd_table.h"
#include "vfs/file.h"
#include "vfs/inode.h"
#include "vfs/pipe.h"
#include "vfs/read_write_inline.h"
#include "vm/io_buffer.h"

enum {
	TRANSFER_MAX = 0x7ffff000, /* the most one call moves; more is cut, as on Linux */
	TRANSFER_FEW = 1024,	   /* what many calls move at most */
	PIECES_MAX = 1024,	   /* IOV_MAX */
};

/* preadv2(2) and pwritev2(2) */
enum { RWF_HIPRI = 1, RWF_DSYNC = 2, RWF_SYNC = 4, RWF_APPEND = 16 };

static uint64_t file_size_limit(void)
{
	return limits_current(&process_current()->limits, LIMIT_FILE_SIZE);
}

int syscall_write_result(ssize_t result)
{
	struct linux_siginfo info;

	if (result == -EPIPE)
		signal_info_user(&info, SIGPIPE);
	else if (result == -EFBIG && file_size_limit() != LIMIT_INFINITY)
		signal_info_user(&info, SIGXFSZ);
	else
		return (int)result;
	signal_send_thread(user_thread_current(), &info);
	return (int)result;
}

int syscall_file_write_result(const struct file *file, ssize_t result)
{
	if (result == -EPIPE && inode_is(file->inode, MODE_SOCKET))
		return (int)result;
	return syscall_write_result(result);
}

/*
 * An access that begins in user space and is no larger than a call moves. That few bytes lie well
 * below the end of user space takes two comparisons. -EFAULT, -EINVAL.
 */
static inline int init_buffer(struct io_buffer *buffer, user_addr address, size_t size)
{
	if (size > TRANSFER_FEW || user_addr_value(address) > USER_END - TRANSFER_FEW) {
		if (unlikely(!user_range_ok(address, size)))
			return -EFAULT;
		if (unlikely((ssize_t)size < 0))
			return -EINVAL;
		size = min_t(size_t, size, TRANSFER_MAX);
	}
	io_buffer_init_user(buffer, address, size);
	return 0;
}

static inline int read_file(struct file *file, user_addr to, size_t size)
{
	struct io_buffer buffer;
	ssize_t result;
	int error;

	if (unlikely(!(file->mode & FILE_READ)))
		return -EBADF;
	error = init_buffer(&buffer, to, size);
	if (unlikely(error))
		return error;
	result = file_read_inline(file, &buffer);
	syscall_count_read(result);
	return (int)result;
}

int sys_read(int fd, user_addr to, size_t size)
{
	bool needs_put;
	struct file *file = syscall_file(fd, &needs_put);
	int result;

	if (unlikely(!file))
		return -EBADF;
	/* Said twice, so that an unshared table's way does not carry the question along. */
	if (likely(!needs_put))
		return read_file(file, to, size);
	result = read_file(file, to, size);
	file_put(file);
	return result;
}

static always_inline int write_file(struct file *file, user_addr from, size_t size)
{
	struct io_buffer buffer;
	ssize_t result = file->mode & FILE_WRITE ? init_buffer(&buffer, from, size) : -EBADF;

	/* Only a regular file has a size that is limited. */
	if (unlikely(result))
		return (int)result;
	result = inode_is(file->inode, MODE_REGULAR)
			 ? file_write(file, &buffer, file_size_limit())
			 : file_write_unlimited_inline(file, &buffer);
	syscall_count_write(result);
	return (int)(unlikely(result < 0) ? syscall_file_write_result(file, result) : result);
}

int sys_write(int fd, user_addr from, size_t size)
{
	bool needs_put;
	struct file *file = syscall_file(fd, &needs_put);
	int result;

	if (unlikely(!file))
		return -EBADF;
	if (likely(!needs_put)) /* as in sys_read */
		return write_file(file, from, size);
	result = write_file(file, from, size);
	file_put(file);
	return result;
}

static file_offset offset_of(uint32_t low, uint32_t high)
{
	return (file_offset)((uint64_t)high << 32 | low);
}

int sys_pread64(int fd, user_addr to, size_t size, uint32_t low, uint32_t high)
{
	struct io_buffer buffer;
	bool needs_put;
	struct file *file;
	ssize_t result;

	if (unlikely((int32_t)high < 0))
		return -EINVAL;
	file = syscall_file(fd, &needs_put);
	if (unlikely(!file))
		return -EBADF;
	/* A pipe says so before the buffer is looked at. What is only a place has no operations. */
	if (file->mode & FILE_PATH_ONLY)
		result = -EBADF;
	else if (file->ops->stream)
		result = -ESPIPE;
	else
		result = file->mode & FILE_READ ? init_buffer(&buffer, to, size) : -EBADF;
	if (!result) {
		result = file_read_at(file, &buffer, offset_of(low, high));
		syscall_count_read(result);
	}
	fd_table_return(file, needs_put);
	return (int)result;
}

int sys_pwrite64(int fd, user_addr from, size_t size, uint32_t low, uint32_t high)
{
	struct io_buffer buffer;
	bool needs_put;
	struct file *file;
	ssize_t result;

	if (offset_of(low, high) < 0)
		return -EINVAL;
	file = syscall_file(fd, &needs_put);
	if (!file)
		return -EBADF;
	if (file->mode & FILE_PATH_ONLY)
		result = -EBADF;
	else if (file->ops->stream)
		result = -ESPIPE;
	else
		result = file->mode & FILE_WRITE ? init_buffer(&buffer, from, size) : -EBADF;
	if (!result) {
		result = file_write_at(file, &buffer, offset_of(low, high), file_size_limit());
		syscall_count_write(result);
	}
	fd_table_return(file, needs_put);
	return syscall_write_result(result);
}

int syscall_pieces_get(struct syscall_pieces *pieces, user_addr from, unsigned int count)
{
	size_t total = 0;
	int error;

	_Static_assert(sizeof(struct io_piece) == 8, "struct iovec of i386");
	pieces->list = pieces->small;
	if (count > PIECES_MAX)
		return -EINVAL;
	if (count > ARRAY_SIZE(pieces->small)) {
		pieces->list = kmalloc_array(count, sizeof(*pieces->list), 0);
		if (!pieces->list)
			return -ENOMEM;
	}
	error = copy_from_user(pieces->list, from, count * sizeof(*pieces->list));
	for (unsigned int i = 0; i < count && !error; i++) {
		struct io_piece *piece = &pieces->list[i];

		if ((ssize_t)piece->size < 0)
			error = -EINVAL;
		else if (!user_range_ok(user_addr_from(piece->address), piece->size))
			error = -EFAULT;
		else if (piece->size > TRANSFER_MAX - total)
			piece->size = TRANSFER_MAX - total;
		total += piece->size;
	}
	if (error) {
		if (pieces->list != pieces->small)
			kfree(pieces->list);
		return error;
	}
	io_buffer_init_user_pieces(&pieces->buffer, pieces->list, count);
	return 0;
}

void syscall_pieces_put(struct syscall_pieces *pieces)
{
	if (pieces->list != pieces->small)
		kfree(pieces->list);
}

/*
 * All vector calls. `offset` -1: at and with the file's position. `flags`: RWF_..., checked by
 * check_flags.
 */
static ssize_t write_pieces(struct file *file, struct io_buffer *buffer, file_offset offset,
			    uint32_t flags)
{
	ssize_t result;

	if (flags & RWF_APPEND)
		result = file_append(file, buffer, offset, file_size_limit());
	else if (offset < 0)
		result = file_write(file, buffer, file_size_limit());
	else
		result = file_write_at(file, buffer, offset, file_size_limit());
	if (result > 0 && (flags & (RWF_DSYNC | RWF_SYNC)) && file->ops->sync) {
		int error = file_sync(file, !(flags & RWF_SYNC));

		if (error)
			return error;
	}
	return result;
}

/* Flags that this kind of file cannot honour are refused, as on Linux; RWF_HIPRI is a wish. */
static int check_flags(const struct file *file, uint32_t flags, bool write)
{
	uint32_t known = RWF_HIPRI | RWF_DSYNC | RWF_SYNC | RWF_APPEND;

	if (flags & ~known)
		return -EOPNOTSUPP;
	return (flags & RWF_APPEND) && write && !file->ops->append ? -EOPNOTSUPP : 0;
}

static int transfer_pieces(int fd, user_addr vector, unsigned int count, file_offset offset,
			   uint32_t flags, bool write)
{
	uint32_t wanted = write ? FILE_WRITE : FILE_READ;
	struct syscall_pieces pieces;
	bool needs_put;
	struct file *file = syscall_file(fd, &needs_put);
	ssize_t result;

	if (!file)
		return -EBADF;
	if (file->mode & FILE_PATH_ONLY)
		result = -EBADF;
	else if (offset >= 0 && file->ops->stream)
		result = -ESPIPE;
	else
		result = syscall_pieces_get(&pieces, vector, count);
	if (result)
		goto return_file;
	/* The vector is looked at before the mode, and nothing can be read of a directory too. */
	if (!(file->mode & wanted))
		result = -EBADF;
	else if (!pieces.buffer.remaining && inode_is(file->inode, MODE_DIRECTORY))
		goto put_pieces;
	if (!result && flags && pieces.buffer.remaining)
		result = check_flags(file, flags, write);
	if (!result && write)
		result = write_pieces(file, &pieces.buffer, offset, flags);
	else if (!result)
		result = offset < 0 ? file_read(file, &pieces.buffer)
				    : file_read_at(file, &pieces.buffer, offset);
	if (write)
		syscall_count_write(result);
	else
		syscall_count_read(result);
put_pieces:
	syscall_pieces_put(&pieces);
return_file:
	if (write)
		result = syscall_file_write_result(file, result);
	fd_table_return(file, needs_put);
	return (int)result;
}

int sys_readv(int fd, user_addr vector, unsigned int count)
{
	return transfer_pieces(fd, vector, count, -1, 0, false);
}

int sys_writev(int fd, user_addr vector, unsigned int count)
{
	return transfer_pieces(fd, vector, count, -1, 0, true);
}

int sys_preadv(int fd, user_addr vector, unsigned int count, uint32_t low, uint32_t high)
{
	if (offset_of(low, high) < 0)
		return -EINVAL;
	return transfer_pieces(fd, vector, count, offset_of(low, high), 0, false);
}

int sys_pwritev(int fd, user_addr vector, unsigned int count, uint32_t low, uint32_t high)
{
	if (offset_of(low, high) < 0)
		return -EINVAL;
	return transfer_pieces(fd, vector, count, offset_of(low, high), 0, true);
}

int sys_preadv2(int fd, user_addr vector, unsigned int count, uint32_t low, uint32_t high,
		uint32_t flags)
{
	if (offset_of(low, high) < -1)
		return -EINVAL;
	return transfer_pieces(fd, vector, count, offset_of(low, high), flags, false);
}

int sys_pwritev2(int fd, user_addr vector, unsigned int count, uint32_t low, uint32_t high,
		 uint32_t flags)
{
	if (offset_of(low, high) < -1)
		return -EINVAL;
	return transfer_pieces(fd, vector, count, offset_of(low, high), flags, true);
}

int sys_lseek(int fd, int32_t offset, int whence)
{
	bool needs_put;
	struct file *file = syscall_file(fd, &needs_put);
	file_offset result;
	int error;

	if (!file)
		return -EBADF;
	error = file_seek(file, offset, whence, &result);
	fd_table_return(file, needs_put);
	if (error)
		return error;
	return result > INT32_MAX ? -EOVERFLOW : (int)result;
}

int sys_llseek(int fd, uint32_t high, uint32_t low, user_addr result_out, int whence)
{
	bool needs_put;
	struct file *file = syscall_file(fd, &needs_put);
	file_offset result;
	int error;

	if (!file)
		return -EBADF;
	error = file_seek(file, offset_of(low, high), whence, &result);
	fd_table_return(file, needs_put);
	return error ? error : put_user_u64(result_out, (uint64_t)result);
}

int sys_close(int fd)
{
	struct fd_table *table = user_thread_current()->fds;
	struct file *file = fd_table_remove(table, fd);

	if (!file)
		return -EBADF;
	file_close(file, table);
	return 0;
}

int sys_close_range(unsigned int first, unsigned int last, unsigned int flags)
{
	enum { CLOSE_RANGE_UNSHARE = 2, CLOSE_RANGE_CLOEXEC = 4 };
	struct fd_table *table = user_thread_current()->fds;

	if (first > last || (flags & ~(CLOSE_RANGE_CLOEXEC | CLOSE_RANGE_UNSHARE)))
		return -EINVAL;
	if (flags & CLOSE_RANGE_UNSHARE) {
		int error = process_unshare(true, false);

		if (error)
			return error;
		table = user_thread_current()->fds;
	}
	if (last > INT32_MAX)
		last = INT32_MAX;
	for (int fd = first > INT32_MAX ? -1 : fd_table_next(table, (int)first);
	     fd >= 0 && (unsigned int)fd <= last; fd = fd_table_next(table, fd + 1)) {
		if (flags & CLOSE_RANGE_CLOEXEC)
			(void)!fd_table_set_close_on_exec(table, fd, true);
		else
			(void)sys_close(fd);
		if (fd == INT32_MAX)
			break;
	}
	return 0;
}

int syscall_install_file(struct file *file, bool close_on_exec)
{
	int fd = fd_table_add(user_thread_current()->fds, 0, syscall_fd_limit(), file,
			      close_on_exec);

	if (unlikely(fd < 0))
		file_put(file);
	return fd;
}

int syscall_duplicate_above(int fd, int lowest, bool close_on_exec)
{
	bool has_reference;
	struct file *file = syscall_file(fd, &has_reference);
	int copy;

	if (unlikely(!file))
		return -EBADF;
	if (likely(!has_reference))
		file_get(file);
	copy = fd_table_add(user_thread_current()->fds, lowest, syscall_fd_limit(), file,
			    close_on_exec);
	if (unlikely(copy < 0))
		file_put(file);
	return copy;
}

int sys_dup(int fd)
{
	return syscall_duplicate_above(fd, 0, false);
}

static int duplicate_to(int old_fd, int new_fd, bool close_on_exec)
{
	struct fd_table *table = user_thread_current()->fds;
	struct file *file;
	int error;

	if ((unsigned int)new_fd >= syscall_fd_limit())
		return -EBADF;
	file = fd_table_get(table, old_fd);
	if (!file)
		return -EBADF;
	error = fd_table_replace(table, new_fd, syscall_fd_limit(), file, close_on_exec);
	if (error) {
		file_put(file);
		return error;
	}
	return new_fd;
}

int sys_dup2(int old_fd, int new_fd)
{
	bool needs_put;

	if (old_fd == new_fd) {
		struct file *file = syscall_file(old_fd, &needs_put);

		if (!file)
			return -EBADF;
		fd_table_return(file, needs_put);
		return new_fd;
	}
	return duplicate_to(old_fd, new_fd, false);
}

int sys_dup3(int old_fd, int new_fd, int flags)
{
	if ((flags & ~O_CLOEXEC) || old_fd == new_fd)
		return -EINVAL;
	return duplicate_to(old_fd, new_fd, flags & O_CLOEXEC);
}

/* Descriptors are reserved first and installed last: nobody may see one that we must take back. */
int sys_pipe2(user_addr fds_out, int flags)
{
	struct fd_table *table = user_thread_current()->fds;
	struct file *ends[2];
	int fds[2];
	int error;

	if (flags & ~(O_CLOEXEC | O_NONBLOCK | O_DIRECT | O_NOTIFICATION_PIPE))
		return -EINVAL;
	if (flags & O_NOTIFICATION_PIPE)
		return -ENOPKG;	/* as Linux where watch queues are not built in */
	error = pipe_create((uint32_t)flags & (O_NONBLOCK | O_DIRECT), credentials_current(),
			    ends);
	if (error)
		return error;
	error = fd_table_reserve(table, 0, syscall_fd_limit(), ARRAY_SIZE(fds), fds);
	if (error)
		goto put_ends;
	error = copy_to_user(fds_out, fds, sizeof(fds));
	if (error)
		goto unreserve_fds;
	/* Nothing below can fail. The table takes over our references. */
	fd_table_install(table, fds[0], ends[0], flags & O_CLOEXEC);
	fd_table_install(table, fds[1], ends[1], flags & O_CLOEXEC);
	return 0;

unreserve_fds:
	fd_table_unreserve(table, ARRAY_SIZE(fds), fds);
put_ends:
	file_put(ends[0]);
	file_put(ends[1]);
	return error;
}

int sys_pipe(user_addr fds_out)
{
	return sys_pipe2(fds_out, 0);
}

static int sync_fd(int fd, bool data_only)
{
	bool needs_put;
	struct file *file = syscall_file(fd, &needs_put);
	int error;

	if (!file)
		return -EBADF;
	error = file->mode & FILE_PATH_ONLY ? -EBADF : file_sync(file, data_only);
	fd_table_return(file, needs_put);
	return error;
}

int sys_fsync(int fd)
{
	return sync_fd(fd, false);
}

int sys_fdatasync(int fd)
{
	return sync_fd(fd, true);
}

int sys_sync(void)
{
	mount_sync_all(true);
	return 0;
}

int sys_syncfs(int fd)
{
	bool needs_put;
	struct file *file = syscall_file(fd, &needs_put);
	int error;

	if (!file)
		return -EBADF;
	error = file->mode & FILE_PATH_ONLY ? -EBADF : mount_sync(file->path.mount);
	fd_table_return(file, needs_put);
	return error;
}

int sys_ftruncate64(int fd, uint32_t low, uint32_t high)
{
	bool needs_put;
	struct file *file;
	ssize_t error;

	if (offset_of(low, high) < 0)
		return -EINVAL;
	file = syscall_file(fd, &needs_put);
	if (!file)
		return -EBADF;
	error = file_truncate(file, (uint64_t)offset_of(low, high), file_size_limit());
	fd_table_return(file, needs_put);
	return syscall_write_result(error);
}

int sys_ftruncate(int fd, int32_t size)
{
	return sys_ftruncate64(fd, (uint32_t)size, size < 0 ? UINT32_MAX : 0);
}

int sys_fallocate(int fd, int mode, uint32_t offset_low, uint32_t offset_high, uint32_t size_low,
		  uint32_t size_high)
{
	file_offset offset = offset_of(offset_low, offset_high);
	file_offset size = offset_of(size_low, size_high);
	bool needs_put;
	struct file *file;
	int error;

	file = syscall_file(fd, &needs_put);
	if (!file)
		return -EBADF;
	error = offset < 0 || size <= 0
			? -EINVAL
			: file_allocate(file, mode, offset, size, file_size_limit());
	fd_table_return(file, needs_put);
	return syscall_write_result(error);
}
