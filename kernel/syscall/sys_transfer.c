/*
 * Moving bytes between descriptors: sendfile, copy_file_range, splice, tee, vmsplice.
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
#include "vfs/splice.h"

enum { TRANSFER_CHUNK = 16 * PAGE_SIZE, TRANSFER_MAX = 0x7ffff000 };

/* The two ends of a call, borrowed. */
struct ends {
	struct file *in, *out;
	bool in_put, out_put;
};

/* More than SSIZE_MAX: Linux counts with a sign. */
static bool is_negative(size_t size)
{
	return (ssize_t)size < 0;
}

/* Errors: -EBADF, for what is no descriptor or a mere path. */
static int ends_get(struct ends *ends, int in_fd, int out_fd)
{
	ends->in = syscall_file(in_fd, &ends->in_put);
	if (!ends->in)
		return -EBADF;
	ends->out = syscall_file(out_fd, &ends->out_put);
	if (!ends->out) {
		fd_table_return(ends->in, ends->in_put);
		return -EBADF;
	}
	return 0;
}

static void ends_put(struct ends *ends)
{
	fd_table_return(ends->out, ends->out_put);
	fd_table_return(ends->in, ends->in_put);
}

static uint64_t file_size_limit(void)
{
	return limits_current(&process_current()->limits, LIMIT_FILE_SIZE);
}

static ssize_t count_both(ssize_t result)
{
	syscall_count_read(result);
	syscall_count_write(result);
	return result;
}

/*
 * Move up to `size` bytes, no more than TRANSFER_MAX, through a kernel buffer. Positions NULL: at
 * and with the files' own.
 */
static ssize_t transfer(struct file *to, file_offset *to_position, struct file *from,
			file_offset *position, size_t size, uint64_t limit)
{
	struct io_buffer buffer;
	ssize_t done = 0, got, put;
	char *chunk = kmalloc(TRANSFER_CHUNK, 0);

	if (!chunk)
		return -ENOMEM;
	size = min_t(size_t, size, TRANSFER_MAX);
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
		put = to_position ? file_write_at(to, &buffer, *to_position, limit)
				  : file_write(to, &buffer, limit);
		if (to_position && put > 0)
			*to_position += put;
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

/* What Linux says of the input before it looks at the output. */
static int check_send_input(int in_fd, const file_offset *position, size_t size)
{
	bool needs_put;
	struct file *in = syscall_file(in_fd, &needs_put);
	int error = 0;

	if (!in)
		return -EBADF;
	if (!(in->mode & FILE_READ))
		error = -EBADF;
	else if (position && in->ops->stream)
		error = -ESPIPE;
	else if (is_negative(size) || (position && *position < 0))
		error = -EINVAL;
	fd_table_return(in, needs_put);
	return error;
}

static ssize_t send_file(int out_fd, int in_fd, file_offset *position, size_t size)
{
	struct ends ends;
	ssize_t result = check_send_input(in_fd, position, size);

	if (!result)
		result = ends_get(&ends, in_fd, out_fd);
	if (result)
		return result;
	/* Looked at again: another thread may have put another file there. */
	if (!(ends.in->mode & FILE_READ) || !(ends.out->mode & FILE_WRITE))
		result = -EBADF;
	/*
	 * As on Linux the input must be something that can be mapped, and appending output is
	 * refused.
	 */
	else if (ends.in->ops->stream || !ends.in->ops->read ||
		 (atomic_load_explicit(&ends.out->flags, memory_order_relaxed) & O_APPEND))
		result = -EINVAL;
	else
		result = count_both(
			transfer(ends.out, NULL, ends.in, position, size, file_size_limit()));
	result = syscall_file_write_result(ends.out, result);
	ends_put(&ends);
	return result;
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
	result = send_file(out_fd, in_fd, &position, size);
	error = put_user_u32(offset, (uint32_t)position);
	return error ? error : (int)result;
}

/* ---- copy_file_range ------------------------------------------------------------------------- */

/* An offset that may be given; else the file's own is used. */
struct given_offset {
	user_addr address;
	file_offset value;
};

static int offset_get(struct given_offset *offset, user_addr address)
{
	offset->address = address;
	return address ? get_user_u64((uint64_t *)&offset->value, address) : 0;
}

static file_offset *offset_pointer(struct given_offset *offset)
{
	return offset->address ? &offset->value : NULL;
}

static int offset_put(const struct given_offset *offset)
{
	return offset->address ? put_user_u64(offset->address, (uint64_t)offset->value) : 0;
}

static int check_copy_files(const struct ends *ends)
{
	const struct inode *in = ends->in->inode, *out = ends->out->inode;

	if (inode_is(in, MODE_DIRECTORY) || inode_is(out, MODE_DIRECTORY))
		return -EISDIR;
	if (!inode_is(in, MODE_REGULAR) || !inode_is(out, MODE_REGULAR))
		return -EINVAL;
	if (!(ends->in->mode & FILE_READ) || !(ends->out->mode & FILE_WRITE) ||
	    (atomic_load_explicit(&ends->out->flags, memory_order_relaxed) & O_APPEND))
		return -EBADF;
	return in->super != out->super ? -EXDEV : 0;
}

static ssize_t copy_range(struct ends *ends, struct given_offset *in, struct given_offset *out,
			  size_t size)
{
	file_offset from = in->address ? in->value : ends->in->position;
	file_offset to = out->address ? out->value : ends->out->position;
	uint64_t end = inode_size(ends->in->inode);
	int error = check_copy_files(ends);

	if (error)
		return error;
	/* Counted without a sign, as Linux does: so -1 may overflow, and -2 is merely wrong. */
	if ((uint64_t)from + size < (uint64_t)from || (uint64_t)to + size < (uint64_t)to)
		return -EOVERFLOW;
	if (from < 0 || to < 0)
		return -EINVAL;
	if ((uint64_t)from >= end)
		size = 0;
	else
		size = (size_t)min_t(uint64_t, size, end - (uint64_t)from);
	size = min_t(size_t, size, TRANSFER_MAX);
	if (ends->in->inode == ends->out->inode && to < from + (file_offset)size &&
	    from < to + (file_offset)size)
		return -EINVAL;
	if (size == 0)
		return 0;
	return count_both(transfer(ends->out, offset_pointer(out), ends->in, offset_pointer(in),
				   size, file_size_limit()));
}

int sys_copy_file_range(int in_fd, user_addr in_offset, int out_fd, user_addr out_offset,
			size_t size, uint32_t flags)
{
	struct given_offset in, out;
	struct ends ends;
	ssize_t result = ends_get(&ends, in_fd, out_fd);

	if (result)
		return (int)result;
	if (offset_get(&in, in_offset) || offset_get(&out, out_offset))
		result = -EFAULT;
	else if (flags)
		result = -EINVAL;
	else if ((ends.in->mode | ends.out->mode) & FILE_PATH_ONLY)
		result = -EBADF;
	else
		result = copy_range(&ends, &in, &out, size);
	if (result > 0 && (offset_put(&in) || offset_put(&out)))
		result = -EFAULT;
	ends_put(&ends);
	return syscall_write_result(result);
}

/* ---- splice ---------------------------------------------------------------------------------- */

enum { SPLICE_F_MOVE = 1, SPLICE_F_NONBLOCK = 2, SPLICE_F_MORE = 4, SPLICE_F_GIFT = 8 };
#define SPLICE_FLAGS ((uint32_t)(SPLICE_F_MOVE | SPLICE_F_NONBLOCK | SPLICE_F_MORE | SPLICE_F_GIFT))

static bool is_nonblocking(const struct file *file)
{
	return atomic_load_explicit(&file->flags, memory_order_relaxed) & O_NONBLOCK;
}

static ssize_t splice_to_file(struct ends *ends, struct given_offset *out, size_t size,
			      bool nonblock)
{
	if (out->address && ends->out->ops->stream)
		return -EINVAL;
	if ((atomic_load_explicit(&ends->out->flags, memory_order_relaxed) & O_APPEND) ||
	    (out->address && out->value < 0) || is_negative(size))
		return -EINVAL;
	return splice_pipe_to_file(ends->in, ends->out, offset_pointer(out),
				   min_t(size_t, size, TRANSFER_MAX),
				   file_size_limit(), nonblock || is_nonblocking(ends->in));
}

static ssize_t splice_from_file(struct ends *ends, struct given_offset *in, size_t size,
				bool nonblock)
{
	if (in->address && (ends->in->ops->stream || in->value < 0))
		return -EINVAL;
	return splice_file_to_pipe(ends->in, offset_pointer(in), ends->out,
				   min_t(size_t, size, TRANSFER_MAX),
				   nonblock || is_nonblocking(ends->out));
}

static ssize_t splice(struct ends *ends, user_addr in_offset, user_addr out_offset, size_t size,
		      bool nonblock)
{
	bool from_pipe = file_is_pipe(ends->in), to_pipe = file_is_pipe(ends->out);
	struct given_offset in, out;
	ssize_t result;

	if ((from_pipe && in_offset) || (to_pipe && out_offset))
		return -ESPIPE;
	if (offset_get(&out, out_offset) || offset_get(&in, in_offset))
		return -EFAULT;
	if (!(ends->in->mode & FILE_READ) || !(ends->out->mode & FILE_WRITE))
		return -EBADF;
	if (from_pipe && to_pipe && ends->in->private == ends->out->private)
		return -EINVAL;
	if (from_pipe && to_pipe)
		result = splice_pipe_to_pipe(ends->in, ends->out,
					     min_t(size_t, size, TRANSFER_MAX), false,
					     nonblock || is_nonblocking(ends->in) ||
						     is_nonblocking(ends->out));
	else if (from_pipe)
		result = splice_to_file(ends, &out, size, nonblock);
	else if (to_pipe)
		result = splice_from_file(ends, &in, size, nonblock);
	else
		return -EINVAL;
	if (result >= 0 && (offset_put(&out) || offset_put(&in)))
		result = -EFAULT;
	return result;
}

int sys_splice(int in_fd, user_addr in_offset, int out_fd, user_addr out_offset, size_t size,
	       uint32_t flags)
{
	struct ends ends;
	ssize_t result;

	if (!size)
		return 0;
	if (flags & ~SPLICE_FLAGS)
		return -EINVAL;
	result = ends_get(&ends, in_fd, out_fd);
	if (result)
		return (int)result;
	result = splice(&ends, in_offset, out_offset, size, flags & SPLICE_F_NONBLOCK);
	result = syscall_file_write_result(ends.out, result);
	ends_put(&ends);
	return (int)result;
}

int sys_tee(int in_fd, int out_fd, size_t size, uint32_t flags)
{
	struct ends ends;
	ssize_t result;

	if (flags & ~SPLICE_FLAGS)
		return -EINVAL;
	if (!size)
		return 0;
	result = ends_get(&ends, in_fd, out_fd);
	if (result)
		return (int)result;
	if (!(ends.in->mode & FILE_READ) || !(ends.out->mode & FILE_WRITE))
		result = -EBADF;
	else if (!file_is_pipe(ends.in) || !file_is_pipe(ends.out) ||
		 ends.in->private == ends.out->private)
		result = -EINVAL;
	else
		result = splice_pipe_to_pipe(ends.in, ends.out, size, true,
					     (flags & SPLICE_F_NONBLOCK) ||
						     is_nonblocking(ends.in) ||
						     is_nonblocking(ends.out));
	ends_put(&ends);
	return syscall_write_result(result);
}

/* The direction is that of the pipe's end. */
int sys_vmsplice(int fd, user_addr vector, unsigned int count, uint32_t flags)
{
	struct syscall_pieces pieces;
	bool needs_put, nonblock;
	struct file *file;
	ssize_t result;

	if (flags & ~SPLICE_FLAGS)
		return -EINVAL;
	file = syscall_file(fd, &needs_put);
	if (!file)
		return -EBADF;
	nonblock = (flags & SPLICE_F_NONBLOCK) || is_nonblocking(file);
	result = file->mode & (FILE_READ | FILE_WRITE) ? 0 : -EBADF;
	if (!result)
		result = syscall_pieces_get(&pieces, vector, count);
	if (result)
		goto return_file;
	if (!pieces.buffer.remaining)
		result = 0;
	else if (!file_is_pipe(file))
		result = -EBADF;
	else if (file->mode & FILE_WRITE)
		result = splice_buffer_to_pipe(&pieces.buffer, file, nonblock);
	else
		result = splice_pipe_to_buffer(file, &pieces.buffer, nonblock);
	syscall_pieces_put(&pieces);
return_file:
	fd_table_return(file, needs_put);
	return syscall_write_result(result);
}
