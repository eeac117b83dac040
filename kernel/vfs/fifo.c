/*
 * FIFOs: a pipe that is found through an inode. It exists while somebody has the inode open, or is
 * opening it.
 *
 * Opening waits for the other side: a reader for a writer, a writer for a reader. That the other
 * came is seen by its generation, not by its count: it may be gone again already. With O_NONBLOCK a
 * reader does not wait, and a writer without a reader gets -ENXIO. Opening for both never waits.
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

/* One more of each side that `access` names. Those who wait for one to come see it. */
static void add_end(struct pipe *pipe, uint32_t access)
{
	mutex_lock(&pipe->mutex);
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
}

static unsigned int generation(const unsigned int *counter)
{
	return *(const volatile unsigned int *)counter;
}

static int wait_for_writer(struct file *file, struct pipe *pipe, unsigned int seen)
{
	if (atomic_load_explicit(&pipe->writers, memory_order_acquire) > 0)
		return 0;
	if (file->flags & O_NONBLOCK) {
		/* Not hung up before the first writer has come; see pipe_poll. */
		file->directory_version = seen;
		return 0;
	}
	return wait_event_interruptible(&pipe->read_queue,
					generation(&pipe->writer_generation) != seen);
}

static int wait_for_reader(struct file *file, struct pipe *pipe, unsigned int seen)
{
	if (atomic_load_explicit(&pipe->readers, memory_order_acquire) > 0)
		return 0;
	if (file->flags & O_NONBLOCK)
		return -ENXIO;
	return wait_event_interruptible(&pipe->write_queue,
					generation(&pipe->reader_generation) != seen);
}

static int open_end(struct file *file, bool waits)
{
	uint32_t access = file->mode & (FILE_READ | FILE_WRITE);
	unsigned int readers_seen, writers_seen;
	struct pipe *pipe;
	int error = 0;

	/* The access mode 3, "for ioctl only", names neither end. */
	if (access == 0)
		return -EINVAL;
	pipe = get_pipe(file->inode, file->credentials);
	if (!pipe)
		return -ENOMEM;
	file->private = pipe;
	readers_seen = generation(&pipe->reader_generation);
	writers_seen = generation(&pipe->writer_generation);
	if (waits && access == FILE_WRITE && (file->flags & O_NONBLOCK)) {
		error = wait_for_reader(file, pipe, readers_seen);
		if (error)
			goto put_pipe;
	}
	add_end(pipe, access);
	/*
	 * Any earlier writer has been and gone for a reader that comes now: only the next counts as
	 * "was there".
	 */
	file->directory_version = UINT64_MAX;
	if (waits && access == FILE_READ)
		error = wait_for_writer(file, pipe, writers_seen);
	else if (waits && access == FILE_WRITE && !(file->flags & O_NONBLOCK))
		error = wait_for_reader(file, pipe, readers_seen);
	if (error) {
		error = -ERESTARTSYS;
		goto drop_end;
	}
	file->ops = &pipe_ops;
	return 0;

drop_end:
	pipe_drop_end(pipe, access);
put_pipe:
	pipe_put(pipe, file->inode);
	return error;
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
