/*
 * FIFOs: a pipe that is found through an inode. It exists while somebody has the inode open, or is
 * opening it.
 *
 * Opening waits for the other side: a reader for a writer, a writer for a reader. Whether the other
 * is there is seen by its count at the moment of coming, in one section of the mutex with it; that
 * it came later, by its generation, for it may be gone again already. With O_NONBLOCK a reader does
 * not wait, and a writer without a reader gets -ENXIO. Opening for both never waits.
 *
 * A pipe without a name can be opened once more too, by /proc/PID/fd. Both sides have been there,
 * so nobody waits.
 */
#include "uapi/linux/errno.h"
#include "uapi/linux/fcntl.h"
#include "vfs/internal.h"
#include "vfs/pipe.h"
#include "vfs/pipe_internal.h"

/* The inode's pipe, made if need be; counts as one user. */
static struct pipe *get_pipe(struct inode *inode, const struct credentials *credentials)
{
	struct pipe *fresh, *pipe;

	spin_lock(&inode->state_lock);
	pipe = inode->pipe;
	if (pipe)
		pipe->users++;
	spin_unlock(&inode->state_lock);
	if (pipe)
		return pipe;

	fresh = pipe_alloc(credentials);
	if (!fresh)
		return NULL;
	spin_lock(&inode->state_lock);
	if (!inode->pipe)
		inode->pipe = fresh;
	pipe = inode->pipe;
	pipe->users++;
	spin_unlock(&inode->state_lock);
	if (pipe != fresh)
		pipe_free(fresh);
	return pipe;
}

/* The side that a lone reader or writer waits for, as it was when he came. */
struct other_side {
	bool is_there;
	unsigned int generation;
};

static struct other_side other_side(struct pipe *pipe, uint32_t access)
{
	bool is_reader = access & FILE_READ;

	return (struct other_side){
		.is_there = atomic_load_explicit(is_reader ? &pipe->writers : &pipe->readers,
						 memory_order_relaxed) > 0,
		.generation = is_reader ? pipe->writer_generation : pipe->reader_generation,
	};
}

/*
 * One more of each side that `access` names, but if `wants_other` only if the other is there;
 * *other tells. Those who wait for one to come see it. Errors: -ENXIO.
 */
static int add_end(struct pipe *pipe, uint32_t access, bool wants_other, struct other_side *other)
{
	mutex_lock(&pipe->mutex);
	*other = other_side(pipe, access);
	if (wants_other && !other->is_there) {
		mutex_unlock(&pipe->mutex);
		return -ENXIO;
	}
	if (access & FILE_READ) {
		pipe->reader_generation++;
		atomic_fetch_add_explicit(&pipe->readers, 1, memory_order_release);
	}
	if (access & FILE_WRITE) {
		pipe->writer_generation++;
		atomic_fetch_add_explicit(&pipe->writers, 1, memory_order_release);
	}
	mutex_unlock(&pipe->mutex);
	if (access & FILE_READ)
		wait_queue_wake_all(&pipe->write_queue, 0);
	if (access & FILE_WRITE)
		wait_queue_wake_all(&pipe->read_queue, 0);
	return 0;
}

static unsigned int generation(const unsigned int *counter)
{
	return *(const volatile unsigned int *)counter;
}

/* Errors: -EINTR. */
static int wait_for_other(struct pipe *pipe, uint32_t access, unsigned int seen)
{
	if (access & FILE_READ)
		return wait_event_interruptible(&pipe->read_queue,
						generation(&pipe->writer_generation) != seen);
	return wait_event_interruptible(&pipe->write_queue,
					generation(&pipe->reader_generation) != seen);
}

/*
 * A signal ended the wait of a lone reader or writer, which leaves, unless somebody has come after
 * all: he saw us here and went on, may have written and gone, and nobody would find that again.
 * Both are decided under the mutex that he takes to come. Nobody is to be told: the other side is
 * empty.
 */
static bool leave_unless_met(struct pipe *pipe, uint32_t access, unsigned int seen)
{
	bool is_met;

	mutex_lock(&pipe->mutex);
	is_met = other_side(pipe, access).generation != seen;
	if (!is_met)
		atomic_fetch_sub_explicit(access & FILE_READ ? &pipe->readers : &pipe->writers, 1,
					  memory_order_release);
	mutex_unlock(&pipe->mutex);
	return !is_met;
}

static int open_end(struct file *file, bool waits)
{
	uint32_t access = file->mode & (FILE_READ | FILE_WRITE);
	bool is_nonblocking = file->flags & O_NONBLOCK;
	struct other_side other;
	struct pipe *pipe;
	int error;

	/* The access mode 3, "for ioctl only", names neither end. */
	if (access == 0)
		return -EINVAL;
	pipe = get_pipe(file->inode, file->credentials);
	if (!pipe)
		return -ENOMEM;
	file->private = pipe;
	error = add_end(pipe, access, waits && access == FILE_WRITE && is_nonblocking, &other);
	if (error) {
		pipe_put(pipe, file->inode);
		return error;
	}
	/*
	 * Any earlier writer has been and gone for a reader that comes now: only the next counts as
	 * "was there".
	 */
	file->directory_version = UINT64_MAX;
	if (waits && !other.is_there && access != (FILE_READ | FILE_WRITE)) {
		/* Not hung up before the first writer has come; see pipe_poll. */
		if (is_nonblocking && access == FILE_READ)
			file->directory_version = other.generation;
		if (!is_nonblocking && wait_for_other(pipe, access, other.generation) &&
		    leave_unless_met(pipe, access, other.generation)) {
			pipe_put(pipe, file->inode);
			return -ERESTARTSYS;
		}
	}
	file->ops = &pipe_ops;
	return 0;
}

static int fifo_open(struct file *file)
{
	return open_end(file, true);
}

static int nameless_open(struct file *file)
{
	return open_end(file, false);
}

/* What the inode has; an open file gets pipe_ops. */
const struct file_ops pipe_fifo_ops = {
	.open = fifo_open,
	.stream = true,
};

const struct file_ops pipe_nameless_ops = {
	.open = nameless_open,
	.stream = true,
};
