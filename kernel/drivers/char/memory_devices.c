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
#include "proc/process.h"
#include "sched/thread.h"
#include "uapi/linux/capability.h"
#include "uapi/linux/errno.h"
#include "vfs/char_device.h"
#include "vfs/credentials.h"
#include "vfs/file.h"
#include "vfs/kernel_log.h"
#include "vfs/poll.h"
#include "vm/mmap.h"

enum { MAJOR_MEMORY = 1, MINOR_NULL = 3, MINOR_ZERO = 5, MINOR_FULL = 7, MINOR_RANDOM = 8,
       MINOR_URANDOM = 9, MINOR_KMSG = 11 };
enum { CHUNK = 1 << 20 };
#define IOCTL_RNDGETENTCNT 0x80045200u
#define IOCTL_RNDADDTOENTCNT 0x40045201u
#define IOCTL_RNDADDENTROPY 0x40085203u
#define IOCTL_RNDZAPENTCNT 0x5204u
#define IOCTL_RNDCLEARPOOL 0x5206u
#define IOCTL_RNDRESEEDCRNG 0x5207u

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

/* Always full: it wants nothing more. */
static uint32_t random_poll(struct file *file, struct poll_table *table)
{
	(void)file;
	(void)table;
	return POLL_IN | POLL_READ_NORMAL;
}

/* A count of bits, which must not be negative; nothing depends on it. */
static int check_bit_count(user_addr address)
{
	uint32_t count;

	if (get_user_u32(&count, address))
		return -EFAULT;
	return (int32_t)count < 0 ? -EINVAL : 0;
}

/* A count of bits, a size, and as many bytes. */
static int add_entropy(user_addr address)
{
	uint32_t size, part;
	uint8_t bytes[64];
	int error = check_bit_count(address);

	if (error)
		return error;
	if (get_user_u32(&size, user_addr_add(address, 4)))
		return -EFAULT;
	address = user_addr_add(address, 8);
	for (uint32_t done = 0; done < size; done += part) {
		part = min(size - done, (uint32_t)sizeof(bytes));
		if (copy_from_user(bytes, user_addr_add(address, done), part))
			return -EFAULT;
		random_add(bytes, part);
		memset(bytes, 0, sizeof(bytes));
		/* As on Linux: at the ends of pages, and as if the rest could not be read. */
		if ((done + part) % PAGE_SIZE == 0 && done + part < size &&
		    thread_is_interrupted(thread_current()))
			return -EFAULT;
	}
	return 0;
}

/* The pool is the generator's state: there is nothing to empty, and it is always full. */
static int random_ioctl(struct file *file, unsigned int command, uintptr_t argument)
{
	user_addr address = user_addr_from(argument);

	(void)file;
	switch (command) {
	case IOCTL_RNDGETENTCNT:
		return put_user_u32(address, RANDOM_POOL_BITS);
	case IOCTL_RNDADDTOENTCNT:
	case IOCTL_RNDADDENTROPY:
	case IOCTL_RNDZAPENTCNT:
	case IOCTL_RNDCLEARPOOL:
	case IOCTL_RNDRESEEDCRNG:
		break;
	default:
		return -EINVAL;
	}
	if (!credentials_capable(credentials_current(), CAP_SYS_ADMIN))
		return -EPERM;
	if (command == IOCTL_RNDADDENTROPY)
		return add_entropy(address);
	return command == IOCTL_RNDADDTOENTCNT ? check_bit_count(address) : 0;
}

static const struct file_ops random_ops = {
	.read = random_read, .write = random_write, .seek = seek_nowhere, .ioctl = random_ioctl,
	.poll = random_poll
};

static const struct file_ops urandom_ops = {
	.read = random_read, .write = random_write, .seek = seek_nowhere, .ioctl = random_ioctl
};

/* ---- the family ------------------------------------------------------------------------------ */

static int memory_open(struct file *file)
{
	static const struct file_ops *const ops_of[] = {
		[MINOR_NULL] = &null_ops,     [MINOR_ZERO] = &zero_ops,
		[MINOR_FULL] = &full_ops,     [MINOR_RANDOM] = &random_ops,
		[MINOR_URANDOM] = &urandom_ops, [MINOR_KMSG] = &kmsg_ops,
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
