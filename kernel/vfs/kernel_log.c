/*
 * Waiting for the kernel log, consuming it, and clearing it.
 *
 * The log itself is an endless text of which the newest part is kept (core/printk.c). Who consumes
 * shares one position in it with all others who do; the lock keeps that position and the bytes read
 * from there together, and is not held while the bytes are copied to a program. To clear the log
 * only means that some readers begin behind what there is now.
 */
#include "vfs/kernel_log.h"

#include "core/printk.h"
#include "core/spinlock.h"
#include "lib/min_max.h"
#include "lib/string.h"
#include "mem/kmalloc.h"
#include "sched/wait_queue.h"
#include "uapi/linux/errno.h"
#include "vfs/poll.h"

static struct wait_queue log_queue;
static struct spinlock consume_lock = SPINLOCK_INIT(LOCK_RANK_LEAF, "consumed log");
static uint64_t consumed;	/* [consume_lock] position in the log */
static uint64_t cleared;	/* [consume_lock] the same */

static void log_grew(void)
{
	wait_queue_wake_all(&log_queue, POLL_IN | POLL_READ_NORMAL);
}

void kernel_log_init(void)
{
	wait_queue_init(&log_queue);
	printk_set_notify(log_grew);
}

struct wait_queue *kernel_log_queue(void)
{
	return &log_queue;
}

size_t kernel_log_unread(void)
{
	irq_flags flags = spin_lock_irq(&consume_lock);
	size_t size;

	(void)printk_read(&consumed, NULL, 0); /* past what is not kept any more */
	size = (size_t)(printk_end_position() - consumed);
	spin_unlock_irq(&consume_lock, flags);
	return size;
}

static size_t take(char *chunk, size_t size)
{
	irq_flags flags = spin_lock_irq(&consume_lock);
	size_t taken = printk_read(&consumed, chunk, size);

	spin_unlock_irq(&consume_lock, flags);
	return taken;
}

/* As much as there is now. */
static ssize_t consume_now(struct io_buffer *buffer, char *chunk)
{
	size_t done = 0;

	while (buffer->remaining > 0) {
		size_t taken = take(chunk, min(buffer->remaining, (size_t)PAGE_SIZE));

		if (taken == 0)
			break;
		if (io_buffer_put(buffer, chunk, taken))
			return done ? (ssize_t)done : -EFAULT;
		done += taken;
	}
	return (ssize_t)done;
}

ssize_t kernel_log_consume(struct io_buffer *buffer, bool waits)
{
	char *chunk;
	ssize_t result;

	if (buffer->remaining == 0)
		return 0;
	chunk = kmalloc(PAGE_SIZE, 0);
	if (!chunk)
		return -ENOMEM;
	do {
		result = consume_now(buffer, chunk);
		if (result == 0 && !waits)
			result = -EAGAIN;
		else if (result == 0 &&
			 wait_event_interruptible(&log_queue, kernel_log_unread() > 0))
			result = -ERESTARTSYS;
	} while (result == 0);
	kfree(chunk);
	return result;
}

void kernel_log_clear(void)
{
	irq_flags flags = spin_lock_irq(&consume_lock);

	cleared = printk_end_position();
	spin_unlock_irq(&consume_lock, flags);
}

uint64_t kernel_log_cleared(void)
{
	irq_flags flags = spin_lock_irq(&consume_lock);
	uint64_t position = cleared;

	spin_unlock_irq(&consume_lock, flags);
	return position;
}

/* Where the first line at `position` or behind it begins. */
static uint64_t find_line(uint64_t position, char chunk[PAGE_SIZE])
{
	uint64_t next = position - 1;
	size_t size = printk_read(&next, chunk, PAGE_SIZE);
	const char *newline = memchr(chunk, '\n', size);

	if (next - size != position - 1)
		return next - size; /* all that is older is gone, and whole lines went */
	return newline ? position + (size_t)(newline - chunk) : next;
}

static ssize_t copy_between(uint64_t start, uint64_t end, struct io_buffer *buffer,
			    char chunk[PAGE_SIZE])
{
	size_t done = 0;

	while (start < end) {
		size_t wanted = (size_t)min_t(uint64_t, end - start, PAGE_SIZE);
		size_t taken = printk_read(&start, chunk, wanted);

		/* If lines went meanwhile, these may be newer than wanted. */
		if (start > end)
			taken -= (size_t)min_t(uint64_t, taken, start - end);
		if (io_buffer_put(buffer, chunk, taken))
			return -EFAULT;
		done += taken;
	}
	return (ssize_t)done;
}

ssize_t kernel_log_read_newest(struct io_buffer *buffer)
{
	uint64_t start = kernel_log_cleared(), end = printk_end_position();
	char *chunk = kmalloc(PAGE_SIZE, 0);
	ssize_t result;

	if (!chunk)
		return -ENOMEM;
	if (end - start > buffer->remaining)
		start = find_line(end - buffer->remaining, chunk);
	result = copy_between(start, end, buffer, chunk);
	kfree(chunk);
	return result;
}
