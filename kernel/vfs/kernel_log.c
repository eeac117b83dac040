/*
 * Waiting for the kernel log, and consuming it.
 *
 * The log itself is an endless text of which the newest part is kept (core/printk.c). Who consumes
 * shares one position in it with all others who do; the lock keeps that position and the bytes read
 * from there together, and is not held while the bytes are copied to a program.
 */
#include "vfs/kernel_log.h"

#include "core/printk.h"
#include "core/spinlock.h"
#include "lib/min_max.h"
#include "mem/kmalloc.h"
#include "sched/wait_queue.h"
#include "uapi/linux/errno.h"
#include "vfs/poll.h"

static struct wait_queue log_queue;
static struct spinlock consume_lock = SPINLOCK_INIT(LOCK_RANK_LEAF, "consumed log");
static uint64_t consumed;	/* [consume_lock] position in the log */

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
