/*
 * The devices of Linux's major number 1 that are no hardware: null, zero, full, random, urandom.
 * (kmsg: kmsg.c.) The minor number decides at open which of them the file is.
 */
#include "drivers/char/memory_devices.h"

#include "arch/user_copy.h"
#include "core/random.h"
#include "drivers/char/kmsg.h"
#include "lib/min_max.h"
#include "lib/string.h"
#include "sched/thread.h"
#include "uapi/linux/errno.h"
#include "vfs/char_device.h"
#include "vfs/file.h"
#include "vfs/kernel_log.h"
#include "vm/mmap.h"

enum { MAJOR_MEMORY = 1, MINOR_NULL = 3, MINOR_ZERO = 5, MINOR_FULL = 7, MINOR_RANDOM = 8,
       MINOR_URANDOM = 9, MINOR_KMSG = 11 };
enum { CHUNK = 1 << 20 };
#define IOCTL_RNDGETENTCNT 0x80045200u

/* ---- null and zero --------------------------------------------------------------------------- */

static ssize_t null_read(struct file *file, struct io_buffer *buffer, file_offset *position)
{
	(void)file;
	(void)buffer;
	(void)position;
	return 0;
}

static ssize_t null_write(struct file *file, struct io_buffer *buffer, file_offset *position)
{
	(void)file;
	(void)position;
	return (ssize_t)buffer->remaining;
}

/* Everything is at the beginning. */
static int seek_nowhere(struct file *file, file_offset offset, int whence, file_offset *out)
{
	(void)file;
	(void)offset;
	(void)whence;
	*out = 0;
	return 0;
}

static ssize_t zero_read(struct file *file, struct io_buffer *buffer, file_offset *position)
{
	size_t wanted = buffer->remaining;

	(void)file;
	(void)position;
	/* Whoever asks for more than a chunk may be interrupted between chunks. */
	while (unlikely(buffer->remaining > CHUNK)) {
		if (io_buffer_clear(buffer, CHUNK))
			goto fault;
		if (thread_is_interrupted(thread_current()))
			return (ssize_t)(wanted - buffer->remaining);
	}
	if (likely(buffer->remaining > 0) &&
	    unlikely(io_buffer_clear(buffer, buffer->remaining)))
		goto fault;
	return (ssize_t)wanted;

fault:
	return buffer->remaining < wanted ? (ssize_t)(wanted - buffer->remaining) : -EFAULT;
}

/* Plain anonymous memory; if it is shared, mmap(2) puts a file in memory behind it. */
static int zero_map(struct file *file, struct vm_map_request *request)
{
	(void)file;
	request->cache = NULL;
	request->backing = NULL;
	request->backing_ops = NULL;
	request->page_offset = 0;
	return 0;
}

static ssize_t full_write(struct file *file, struct io_buffer *buffer, file_offset *position)
{
	(void)file;
	(void)position;
	return buffer->remaining ? -ENOSPC : 0;
}

static const struct file_ops null_ops = {
	.read = null_read, .write = null_write, .seek = seek_nowhere
};
static const struct file_ops zero_ops = {
	.read = zero_read, .write = null_write, .seek = seek_nowhere, .map = zero_map
};
static const struct file_ops full_ops = {
	.read = zero_read, .write = full_write, .seek = seek_nowhere
};

/* ---- random ---------------------------------------------------------------------------------- */

static ssize_t random_read(struct file *file, struct io_buffer *buffer, file_offset *position)
{
	uint8_t bytes[256];
	size_t wanted = buffer->remaining;
	int error = 0;

	(void)file;
	(void)position;
	while (buffer->remaining > 0 && !error) {
		size_t part = min(buffer->remaining, sizeof(bytes));

		random_bytes(bytes, part);
		error = io_buffer_put(buffer, bytes, part);
		if (unlikely(thread_is_interrupted(thread_current())))
			break;
	}
	memset(bytes, 0, sizeof(bytes));
	return error && buffer->remaining == wanted ? error : (ssize_t)(wanted - buffer->remaining);
}

static ssize_t random_write(struct file *file, struct io_buffer *buffer, file_offset *position)
{
	size_t wanted = buffer->remaining;
	uint8_t bytes[64];

	(void)file;
	(void)position;
	while (buffer->remaining > 0) {
		size_t part = min(buffer->remaining, sizeof(bytes));

		if (io_buffer_get(buffer, bytes, part) != 0)
			return buffer->remaining == wanted ? -EFAULT :
							     (ssize_t)(wanted - buffer->remaining);
		random_add(bytes, part);
		if (unlikely(thread_is_interrupted(thread_current())))
			break;
	}
	return (ssize_t)(wanted - buffer->remaining);
}

static int random_ioctl(struct file *file, unsigned int command, uintptr_t argument)
{
	(void)file;
	if (command != IOCTL_RNDGETENTCNT)
		return -EINVAL;
	return put_user_u32(user_addr_from(argument), 256);
}

static const struct file_ops random_ops = {
	.read = random_read, .write = random_write, .seek = seek_nowhere, .ioctl = random_ioctl
};

/* ---- the family ------------------------------------------------------------------------------ */

static int memory_open(struct file *file)
{
	static const struct file_ops *const ops_of[] = {
		[MINOR_NULL] = &null_ops,     [MINOR_ZERO] = &zero_ops,
		[MINOR_FULL] = &full_ops,     [MINOR_RANDOM] = &random_ops,
		[MINOR_URANDOM] = &random_ops, [MINOR_KMSG] = &kmsg_ops,
	};
	unsigned int minor = DEV_MINOR(file->inode->device);

	if (minor >= ARRAY_SIZE(ops_of) || !ops_of[minor])
		return -ENXIO;
	file->ops = ops_of[minor];
	return file->ops->open ? file->ops->open(file) : 0;
}

static const struct file_ops memory_ops = { .open = memory_open };

static struct char_device memory_device = {
	.first = DEV_NUMBER(MAJOR_MEMORY, 0), .count = 16, .name = "mem", .ops = &memory_ops
};

#define NODE(node_name, minor, permissions) \
	{ .name = (node_name), .number = DEV_NUMBER(MAJOR_MEMORY, minor), \
	  .mode = MODE_CHARACTER | (permissions), .class = "mem" }

static struct device_node nodes[] = {
	NODE("null", MINOR_NULL, 0666),
	NODE("zero", MINOR_ZERO, 0666),
	NODE("full", MINOR_FULL, 0666),
	NODE("random", MINOR_RANDOM, 0666),
	NODE("urandom", MINOR_URANDOM, 0666),
	NODE("kmsg", MINOR_KMSG, 0644),
};

void memory_devices_init(void)
{
	kernel_log_init();
	char_device_register(&memory_device);
	for (unsigned int i = 0; i < ARRAY_SIZE(nodes); i++)
		device_node_add(&nodes[i]);
}
