/*
 * Sockets as files: read, write, poll, ioctl, close.
 *
 * write() has no place to say that SIGPIPE is not wanted, and whether a broken connection deserves
 * one is known only where it was found broken. So here, in the one place of net that asks who is
 * running, the signal is sent; syscall/ leaves sockets' -EPIPE alone.
 */
#include "core/assert.h"
#include "net/socket.h"
#include "proc/process.h"
#include "proc/signal.h"
#include "uapi/linux/errno.h"
#include "uapi/linux/fcntl.h"
#include "vfs/credentials.h"
#include "vfs/file.h"
#include "vfs/inode.h"
#include "vfs/poll.h"
#include "vm/io_buffer.h"

static inline bool is_nonblocking(const struct file *file)
{
	return atomic_load_explicit(&file->flags, memory_order_relaxed) & O_NONBLOCK;
}

static ssize_t socket_read(struct file *file, struct io_buffer *buffer, file_offset *position)
{
	struct socket *socket = file->private;
	struct socket_message message = {
		.buffer = buffer,
		.flags = is_nonblocking(file) ? MSG_DONTWAIT : 0,
	};

	(void)position;
	if (buffer->remaining == 0)
		return 0;
	return socket->ops->receive(socket, &message);
}

static cold void send_broken_pipe(void)
{
	struct linux_siginfo info;

	signal_info_user(&info, SIGPIPE);
	signal_send_thread(user_thread_current(), &info);
}

ssize_t socket_send(struct socket *socket, struct socket_message *message)
{
	ssize_t result = socket->ops->send(socket, message);

	if (unlikely(message->notes & SOCKET_BROKEN_PIPE))
		send_broken_pipe();
	return result;
}

static ssize_t socket_write(struct file *file, struct io_buffer *buffer, file_offset *position)
{
	struct socket *socket = file->private;
	struct socket_caller caller = {
		.credentials = credentials_current(),
		.process = process_current(),
	};
	struct socket_message message = {
		.buffer = buffer,
		.flags = is_nonblocking(file) ? MSG_DONTWAIT : 0,
		.caller = &caller,
	};

	(void)position;
	if (socket->type == SOCK_SEQPACKET)
		message.flags |= MSG_EOR;
	return socket_send(socket, &message);
}

static uint32_t socket_poll(struct file *file, struct poll_table *table)
{
	struct socket *socket = file->private;

	return socket->ops->poll(socket, table);
}

static enum file_news read_news(const struct socket *socket, uint32_t key)
{
	unsigned int shut = socket_shut(socket);

	if (key & POLL_HANG_UP && shut == SOCKET_SHUT_BOTH)
		return NEWS_HANG_UP;
	if (key & POLL_HANG_UP)
		return shut & SOCKET_SHUT_READ ? NEWS_IN : NEWS_NONE;
	if (key & POLL_IN)
		return NEWS_IN;
	return key & POLL_ERROR ? NEWS_ERROR : NEWS_NONE;
}

/* The end is told once, by the queue of readers. Room is news for those who found none. */
static enum file_news socket_news(struct file *file, const struct wait_queue *queue, uint32_t key)
{
	struct socket *socket = file->private;

	if (queue == &socket->read_queue)
		return read_news(socket, key);
	if (!(key & POLL_OUT) || key & POLL_HANG_UP)
		return NEWS_NONE;
	return atomic_exchange_explicit(&socket->lacked_room, false, memory_order_relaxed)
		       ? NEWS_OUT
		       : NEWS_NONE;
}

static int socket_ioctl(struct file *file, unsigned int command, uintptr_t argument)
{
	struct socket *socket = file->private;

	return socket->ops->ioctl(socket, command, argument);
}

static void socket_let_go(struct file *file)
{
	struct socket *socket = file->private;

	if (likely(socket) && socket->ops->let_go)
		socket->ops->let_go(socket);
}

static void socket_release(struct file *file)
{
	struct socket *socket = file->private;

	if (!socket)
		return; /* made for an accept() that came to nothing */
	socket->ops->release(socket);
	socket_put(socket);
}

static const struct file_ops socket_file_ops = {
	.release = socket_release,
	.let_go = socket_let_go,
	.read = socket_read,
	.write = socket_write,
	.ioctl = socket_ioctl,
	.poll = socket_poll,
	.news = socket_news,
	.stream = true,
};

struct socket *socket_of(const struct file *file)
{
	return file->ops == &socket_file_ops ? file->private : NULL;
}

int socket_file_create(uint32_t flags, const struct socket_caller *caller, struct file **out)
{
	struct file *file;
	int error = file_create_anonymous("socket", &socket_file_ops, NULL, O_RDWR | flags,
					  FILE_READ | FILE_WRITE | FILE_LETS_GO, &file);

	if (error)
		return error;
	/* Nobody else knows the inode yet. */
	file->inode->uid = caller->credentials->fsuid;
	file->inode->gid = caller->credentials->fsgid;
	*out = file;
	return 0;
}

void socket_file_attach(struct file *file, struct socket *socket)
{
	file->private = socket;
	spin_lock(&socket->lock);
	socket->file = file;
	socket->number = file->inode->number;
	spin_unlock(&socket->lock);
	if (socket->ops->attached)
		socket->ops->attached(socket);
}
