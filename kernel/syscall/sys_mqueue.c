/*
 * POSIX message queues: mq_open(2) and its family.
 */
#include "arch/user_copy.h"
#include "ipc/mqueue.h"
#include "lib/string.h"
#include "mem/kmalloc.h"
#include "proc/process.h"
#include "sched/clock.h"
#include "syscall/sys_internal.h"
#include "syscall/syscalls.h"
#include "uapi/linux/errno.h"
#include "uapi/linux/fcntl.h"
#include "uapi/linux/signal.h"
#include "vfs/fd_table.h"
#include "vfs/file.h"
#include "vfs/fs_context.h"

struct linux_mq_attr {
	int32_t flags;
	int32_t messages_max;
	int32_t size_max;
	int32_t message_count;
	int32_t reserved[4];
};
_Static_assert(sizeof(struct linux_mq_attr) == 32, "struct mq_attr is 32 bytes");

enum { NAME_BUFFER = 4096 };

/* A name in kernel memory, to be freed. Errors: -EFAULT, -ENAMETOOLONG, -ENOMEM. */
static int name_get(user_addr from, char **out)
{
	char *name = kmalloc(NAME_BUFFER, 0);
	ssize_t length;

	if (!name)
		return -ENOMEM;
	length = string_from_user(name, from, NAME_BUFFER);
	if (length < 0 || length >= NAME_BUFFER) {
		kfree(name);
		return length < 0 ? (int)length : -ENAMETOOLONG;
	}
	*out = name;
	return 0;
}

int sys_mq_open(user_addr name, uint32_t flags, uint32_t mode, user_addr attributes)
{
	struct linux_mq_attr given;
	struct mqueue_attributes wish;
	struct file *file;
	char *kernel_name;
	int error;

	if (attributes && copy_from_user(&given, attributes, sizeof(given)))
		return -EFAULT;
	error = name_get(name, &kernel_name);
	if (error)
		return error;
	if (attributes)
		wish = (struct mqueue_attributes){ given.messages_max, given.size_max };
	mode &= 07777 & ~user_thread_current()->fs->umask;
	/* To open it for nothing is refused, to make it for that is not. */
	if ((flags & O_ACCMODE) == O_ACCMODE && (~flags & (O_CREAT | O_EXCL)))
		error = -EINVAL;
	else
		error = mqueue_open(kernel_name,
				    flags & (O_ACCMODE | O_CREAT | O_EXCL | O_NONBLOCK), mode,
				    attributes ? &wish : NULL, credentials_current(), &file);
	kfree(kernel_name);
	return error ? error : syscall_install_file(file, true);
}

int sys_mq_unlink(user_addr name)
{
	char *kernel_name;
	int error = name_get(name, &kernel_name);

	if (error)
		return error;
	error = mqueue_unlink(kernel_name, credentials_current());
	kfree(kernel_name);
	return error;
}

/* The queue behind `fd`, open for `access` (0: in any way), or NULL. As syscall_file. */
static struct file *queue_get(int fd, uint32_t access, bool *needs_put)
{
	struct file *file = syscall_file(fd, needs_put);

	if (file && (!mqueue_is(file) || (file->mode & access) != access)) {
		fd_table_return(file, *needs_put);
		file = NULL;
	}
	return file;
}

static bool may_wait(const struct file *file)
{
	return !(atomic_load_explicit(&file->flags, memory_order_relaxed) & O_NONBLOCK);
}

/* The point of the realtime clock at which to give up. Errors: -EFAULT, -EINVAL. */
static int deadline_get(user_addr timeout, bool wide, uint64_t *out)
{
	int64_t ns;
	int error;

	*out = UINT64_MAX;
	if (!timeout)
		return 0;
	error = abi_timeout_get(timeout, wide, &ns);
	if (error)
		return error;
	*out = clock_realtime_to_monotonic(ns);
	return 0;
}

static int send(struct file *file, user_addr from, size_t size, uint32_t priority,
		uint64_t deadline)
{
	struct mqueue_attributes limits;
	struct mqueue_message *message;
	int32_t count;
	int error;

	mqueue_status(file, &limits, &count);
	if (size > (size_t)limits.size_max)
		return -EMSGSIZE;
	message = mqueue_message_create(size);
	if (!message)
		return -ENOMEM;
	message->priority = priority;
	error = copy_from_user(message->text, from, size);
	if (!error)
		error = mqueue_send(file, message, may_wait(file), deadline);
	if (error)
		mqueue_message_destroy(message);
	return error;
}

static int timed_send(int fd, user_addr from, size_t size, uint32_t priority, user_addr timeout,
		      bool wide)
{
	struct file *file;
	uint64_t deadline;
	bool needs_put;
	int error = deadline_get(timeout, wide, &deadline);

	if (error)
		return error;
	if (priority >= MQUEUE_PRIORITIES)
		return -EINVAL;
	file = queue_get(fd, FILE_WRITE, &needs_put);
	if (!file)
		return -EBADF;
	error = send(file, from, size, priority, deadline);
	fd_table_return(file, needs_put);
	return error;
}

int sys_mq_timedsend(int fd, user_addr from, size_t size, uint32_t priority, user_addr timeout)
{
	return timed_send(fd, from, size, priority, timeout, false);
}

int sys_mq_timedsend_time64(int fd, user_addr from, size_t size, uint32_t priority,
			    user_addr timeout)
{
	return timed_send(fd, from, size, priority, timeout, true);
}

/* A message that cannot be given is lost, as on Linux. */
static int receive(struct file *file, user_addr to, size_t size, user_addr priority,
		   uint64_t deadline)
{
	struct mqueue_attributes limits;
	struct mqueue_message *message;
	int32_t count;
	int result;

	mqueue_status(file, &limits, &count);
	if (size < (size_t)limits.size_max)
		return -EMSGSIZE;
	result = mqueue_receive(file, may_wait(file), deadline, &message);
	if (result)
		return result;
	result = (int)message->size;
	if ((priority && put_user_u32(priority, message->priority)) ||
	    copy_to_user(to, message->text, message->size))
		result = -EFAULT;
	mqueue_message_destroy(message);
	return result;
}

static int timed_receive(int fd, user_addr to, size_t size, user_addr priority, user_addr timeout,
			 bool wide)
{
	struct file *file;
	uint64_t deadline;
	bool needs_put;
	int result = deadline_get(timeout, wide, &deadline);

	if (result)
		return result;
	file = queue_get(fd, FILE_READ, &needs_put);
	if (!file)
		return -EBADF;
	result = receive(file, to, size, priority, deadline);
	fd_table_return(file, needs_put);
	return result;
}

int sys_mq_timedreceive(int fd, user_addr to, size_t size, user_addr priority, user_addr timeout)
{
	return timed_receive(fd, to, size, priority, timeout, false);
}

int sys_mq_timedreceive_time64(int fd, user_addr to, size_t size, user_addr priority,
			       user_addr timeout)
{
	return timed_receive(fd, to, size, priority, timeout, true);
}

/* SIGEV_THREAD is told through a netlink socket on Linux, and there is none. */
int sys_mq_notify(int fd, user_addr event)
{
	struct linux_sigevent given;
	struct file *file;
	bool needs_put;
	int error = 0;

	if (event && copy_from_user(&given, event, sizeof(given)))
		return -EFAULT;
	if (event && given.notify != SIGEV_SIGNAL && given.notify != SIGEV_NONE)
		return -EINVAL;
	if (event && given.notify == SIGEV_SIGNAL &&
	    (given.signo < 0 || given.signo > SIGNAL_COUNT))
		return -EINVAL;
	file = queue_get(fd, 0, &needs_put);
	if (!file)
		return -EBADF;
	if (event)
		error = mqueue_listen(file, given.notify == SIGEV_SIGNAL ? given.signo : 0,
				      given.value.pointer);
	else
		mqueue_stop_listening(file);
	if (!error)
		mqueue_touch(file);
	fd_table_return(file, needs_put);
	return error;
}

static void set_nonblocking(struct file *file, bool on)
{
	if (on)
		atomic_fetch_or(&file->flags, O_NONBLOCK);
	else
		atomic_fetch_and(&file->flags, ~(unsigned int)O_NONBLOCK);
}

int sys_mq_getsetattr(int fd, user_addr new, user_addr old)
{
	struct linux_mq_attr given, before = { 0 };
	struct mqueue_attributes limits;
	struct file *file;
	bool needs_put;

	if (new && copy_from_user(&given, new, sizeof(given)))
		return -EFAULT;
	if (new && (given.flags & ~O_NONBLOCK))
		return -EINVAL;
	file = queue_get(fd, 0, &needs_put);
	if (!file)
		return -EBADF;
	mqueue_status(file, &limits, &before.message_count);
	before.flags = may_wait(file) ? 0 : O_NONBLOCK;
	before.messages_max = limits.messages_max;
	before.size_max = limits.size_max;
	if (new) {
		set_nonblocking(file, given.flags & O_NONBLOCK);
		mqueue_touch(file);
	}
	fd_table_return(file, needs_put);
	return old ? copy_to_user(old, &before, sizeof(before)) : 0;
}
