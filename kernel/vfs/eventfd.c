/*
 * eventfd(2): a 64-bit counter as a file. write() adds, read() takes all (or one, as a semaphore);
 * a read of 0 waits, and so does a write that would pass the largest value.
 *
 * The wait queue's own lock protects the counter: readers and writers sleep on one queue, and who
 * changes the counter wakes under the lock he holds anyway.
 */
#include "vfs/eventfd.h"

#include "mem/slab.h"
#include "sched/wait_queue.h"
#include "uapi/linux/errno.h"
#include "uapi/linux/fcntl.h"
#include "vfs/file.h"
#include "vfs/poll.h"
#include "vm/io_buffer.h"

#define COUNT_MAX (UINT64_MAX - 1)

struct eventfd {
	struct wait_queue queue;
	uint64_t count;		/* [queue.lock] read as a hint by sleepers */
	bool is_semaphore;	/* [I] */
	unsigned int id;	/* [I] for /proc/PID/fdinfo */
};

static struct slab_cache *slab;
static atomic_uint next_id;

void eventfd_init(void)
{
	slab = slab_cache_create("eventfd", sizeof(struct eventfd), 0);
}

/* A sleeper's look, without the lock: both halves under it would be no better a moment later. */
static uint64_t count_now(struct eventfd *event)
{
	irq_flags flags = spin_lock_irq(&event->queue.lock);
	uint64_t count = event->count;

	spin_unlock_irq(&event->queue.lock, flags);
	return count;
}

/* What a read gets; 0: nothing yet. */
static uint64_t take(struct eventfd *event)
{
	irq_flags flags = spin_lock_irq(&event->queue.lock);
	uint64_t taken = event->is_semaphore && event->count ? 1 : event->count;

	event->count -= taken;
	if (taken)
		wait_queue_wake_one_locked(&event->queue, POLL_OUT);
	spin_unlock_irq(&event->queue.lock, flags);
	return taken;
}

/* False: no room yet. */
static bool add(struct eventfd *event, uint64_t value)
{
	irq_flags flags = spin_lock_irq(&event->queue.lock);
	bool fits = value <= COUNT_MAX - event->count;

	if (fits) {
		event->count += value;
		wait_queue_wake_one_locked(&event->queue, POLL_IN);
	}
	spin_unlock_irq(&event->queue.lock, flags);
	return fits;
}

static inline bool may_wait(const struct file *file)
{
	return !(atomic_load_explicit(&file->flags, memory_order_relaxed) & O_NONBLOCK);
}

static ssize_t eventfd_read(struct file *file, struct io_buffer *buffer, file_offset *position)
{
	struct eventfd *event = file->private;
	uint64_t taken;

	(void)position;
	if (buffer->remaining < sizeof(taken))
		return -EINVAL;
	while (!(taken = take(event))) {
		if (!may_wait(file))
			return -EAGAIN;
		if (wait_event_interruptible(&event->queue, count_now(event) > 0))
			return -ERESTARTSYS;
	}
	/* As on Linux, what cannot be told is lost. */
	return io_buffer_put(buffer, &taken, sizeof(taken)) ? -EFAULT : (ssize_t)sizeof(taken);
}

static ssize_t eventfd_write(struct file *file, struct io_buffer *buffer, file_offset *position)
{
	struct eventfd *event = file->private;
	uint64_t value;

	(void)position;
	if (buffer->remaining < sizeof(value))
		return -EINVAL;
	if (io_buffer_get(buffer, &value, sizeof(value)))
		return -EFAULT;
	if (value == UINT64_MAX)
		return -EINVAL;
	while (!add(event, value)) {
		if (!may_wait(file))
			return -EAGAIN;
		if (wait_event_interruptible(&event->queue,
					     value <= COUNT_MAX - count_now(event)))
			return -ERESTARTSYS;
	}
	return sizeof(value);
}

static uint32_t eventfd_poll(struct file *file, struct poll_table *table)
{
	struct eventfd *event = file->private;
	uint64_t count;

	poll_register(table, &event->queue);
	count = count_now(event);
	return (count > 0 ? POLL_IN : 0) | (count < COUNT_MAX ? POLL_OUT : 0);
}

static void eventfd_release(struct file *file)
{
	slab_free(slab, file->private);
}

static void eventfd_describe(struct file *file, struct description_sink *sink)
{
	struct eventfd *event = file->private;

	description_print(sink, "eventfd-count: %16llx\neventfd-id: %u\n",
			  (unsigned long long)count_now(event), event->id);
}

static const struct file_ops eventfd_ops = {
	.release = eventfd_release,
	.read = eventfd_read,
	.write = eventfd_write,
	.seek = file_seek_nowhere,
	.poll = eventfd_poll,
	.describe = eventfd_describe,
	.stream = true,
};

int eventfd_create(unsigned int initial, bool is_semaphore, uint32_t flags, struct file **out)
{
	struct eventfd *event = slab_alloc(slab, 0);
	int error;

	if (!event)
		return -ENOMEM;
	wait_queue_init(&event->queue);
	event->count = initial;
	event->is_semaphore = is_semaphore;
	event->id = atomic_fetch_add_explicit(&next_id, 1, memory_order_relaxed);
	error = file_create_anonymous("[eventfd]", &eventfd_ops, event, O_RDWR | flags,
				      FILE_READ | FILE_WRITE, out);
	if (error)
		slab_free(slab, event);
	return error;
}
