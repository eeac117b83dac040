/*
 * /proc/kmsg: the kernel log, for the one daemon that carries it elsewhere. Reading consumes; it is
 * the same as syslog(2) from call to call, so both share what is still unread. /dev/kmsg is for all
 * others.
 */
#include "fs/procfs/internal.h"
#include "sched/wait_queue.h"
#include "uapi/linux/capability.h"
#include "uapi/linux/errno.h"
#include "uapi/linux/fcntl.h"
#include "vfs/credentials.h"
#include "vfs/kernel_log.h"
#include "vfs/poll.h"

static int kmsg_open(struct file *file)
{
	if (!credentials_capable(file->credentials, CAP_SYSLOG) &&
	    !credentials_capable(file->credentials, CAP_SYS_ADMIN))
		return -EPERM;
	return 0;
}

static ssize_t kmsg_read(struct file *file, struct io_buffer *buffer, file_offset *position)
{
	uint32_t flags = atomic_load_explicit(&file->flags, memory_order_relaxed);

	(void)position;
	return kernel_log_consume(buffer, !(flags & O_NONBLOCK));
}

static uint32_t kmsg_poll(struct file *file, struct poll_table *table)
{
	(void)file;
	poll_register(table, kernel_log_queue());
	return kernel_log_unread() > 0 ? POLL_IN | POLL_READ_NORMAL : 0;
}

const struct file_ops procfs_kmsg_ops = {
	.open = kmsg_open,
	.read = kmsg_read,
	.poll = kmsg_poll,
	.stream = true, /* it sleeps: without the position, which it does not use */
};
