/*
 * Sending and receiving: one buffer, a struct msghdr, or many of them.
 */
#include "arch/user_copy.h"
#include "lib/min_max.h"
#include "net/rights.h"
#include "sched/clock.h"
#include "sched/thread.h"
#include "syscall/socket_internal.h"
#include "syscall/sys_internal.h"
#include "syscall/syscalls.h"
#include "uapi/linux/errno.h"
#include "uapi/linux/fcntl.h"
#include "vfs/file.h"

enum {
	TRANSFER_MAX = 0x7ffff000, /* the most one call moves */
	PIECES_MAX = 1024,	   /* IOV_MAX */
	MESSAGES_MAX = 1024,	   /* of one sendmmsg */
};

static uint32_t all_flags(const struct syscall_socket *use, uint32_t flags)
{
	uint32_t file_flags = atomic_load_explicit(&use->file->flags, memory_order_relaxed);

	return flags | (file_flags & O_NONBLOCK ? MSG_DONTWAIT : 0);
}

static int init_buffer(struct io_buffer *buffer, user_addr address, size_t size)
{
	size = min(size, (size_t)TRANSFER_MAX);
	if (!user_range_ok(address, size))
		return -EFAULT;
	io_buffer_init_user(buffer, address, size);
	return 0;
}

/* ---- one buffer ------------------------------------------------------------------------------ */

int sys_sendto(int fd, user_addr from, size_t size, uint32_t flags, user_addr address_in,
	       int address_size)
{
	struct socket_address address;
	struct socket_message message = { 0 };
	struct syscall_caller caller;
	struct syscall_socket use;
	struct io_buffer buffer;
	ssize_t result = init_buffer(&buffer, from, size);

	if (!result)
		result = syscall_socket_get(&use, fd);
	if (result)
		return result;
	/* As on Linux an address of no bytes is none. */
	if (!address_size)
		address_in = NULL;
	if (address_in)
		result = syscall_address_get(&address, address_in, address_size);
	if (!result) {
		syscall_caller_begin(&caller, address_in);
		message.buffer = &buffer;
		message.address = address_in ? &address : NULL;
		message.flags = all_flags(&use, flags);
		message.caller = &caller.caller;
		result = socket_send(use.socket, &message);
		syscall_caller_end(&caller);
	}
	syscall_socket_put(&use);
	return (int)result;
}

int sys_recvfrom(int fd, user_addr to, size_t size, uint32_t flags, user_addr address_out,
		 user_addr size_inout)
{
	struct socket_address address = { .size = 0 };
	struct socket_message message = { 0 };
	struct syscall_socket use;
	struct io_buffer buffer;
	ssize_t result = init_buffer(&buffer, to, size);
	uint32_t room;

	if (!result)
		result = syscall_socket_get(&use, fd);
	if (result)
		return result;
	message.buffer = &buffer;
	message.address = address_out ? &address : NULL;
	message.flags = all_flags(&use, flags);
	result = socket_receive(use.socket, &message);
	syscall_socket_put(&use);
	if (result >= 0 && address_out) {
		int error = get_user_u32(&room, size_inout);

		if (!error)
			error = syscall_address_put(&address, address_out, (int)room, size_inout);
		if (error)
			return error;
	}
	return (int)result;
}

/* ---- struct msghdr --------------------------------------------------------------------------- */

/* A message header's parts that both directions check alike. */
static int get_header(struct linux_msghdr *header, user_addr from)
{
	if (copy_from_user(header, from, sizeof(*header)))
		return -EFAULT;
	if (!header->name)
		header->name_size = 0;
	if (header->name_size < 0)
		return -EINVAL;
	header->name_size = min(header->name_size, (int32_t)SOCKET_ADDRESS_MAX);
	if (header->vector_count > PIECES_MAX)
		return -EMSGSIZE;
	return 0;
}

static int get_pieces(struct syscall_pieces *pieces, const struct linux_msghdr *header)
{
	return syscall_pieces_get(pieces, user_addr_from(header->vector), header->vector_count);
}

/* All is checked but the control messages. */
static ssize_t send_with_control(struct syscall_socket *use, const struct linux_msghdr *header,
				 struct socket_message *message)
{
	struct socket_control control;
	ssize_t result;

	if (header->control && header->control_size > 0) {
		result = abi_control_get(&control, user_addr_from(header->control),
					 header->control_size);
		if (result)
			return result;
		message->control = &control;
	}
	result = socket_send(use->socket, message);
	if (message->control)
		socket_rights_drop(control.rights); /* NULL if they left */
	message->control = NULL;
	return result;
}

static ssize_t send_message(struct syscall_socket *use, user_addr from, uint32_t flags,
			    bool *is_whole)
{
	struct socket_address address;
	struct socket_message message = { .flags = all_flags(use, flags) };
	struct syscall_pieces pieces;
	struct syscall_caller caller;
	struct linux_msghdr header;
	ssize_t result = get_header(&header, from);

	if (!result && header.name_size > 0) {
		message.address = &address;
		result = syscall_address_get(&address, user_addr_from(header.name),
					     header.name_size);
	}
	if (!result)
		result = get_pieces(&pieces, &header);
	if (result)
		return result;
	message.buffer = &pieces.buffer;
	message.caller = &caller.caller;
	syscall_caller_begin(&caller, message.address);
	result = send_with_control(use, &header, &message);
	syscall_caller_end(&caller);
	*is_whole = pieces.buffer.remaining == 0;
	syscall_pieces_put(&pieces);
	return result;
}

int sys_sendmsg(int fd, user_addr header_in, uint32_t flags)
{
	struct syscall_socket use;
	bool is_whole;
	ssize_t result = syscall_socket_get(&use, fd);

	if (result)
		return result;
	result = send_message(&use, header_in, flags, &is_whole);
	syscall_socket_put(&use);
	return (int)result;
}

/* The results of a receive, back into the program's header. */
static int put_results(user_addr header_out, const struct linux_msghdr *header,
		       struct socket_message *message, uint32_t call_flags)
{
	struct socket_control *control = message->control;
	size_t used;
	uint32_t flags;
	int error = 0;

	flags = (call_flags & MSG_CMSG_CLOEXEC) | message->out_flags;
	flags |= abi_control_put(control, user_addr_from(header->control), header->control_size,
				 call_flags & MSG_CMSG_CLOEXEC, &used);
	if (message->address)
		error = syscall_address_put(
			message->address, user_addr_from(header->name), header->name_size,
			user_addr_add(header_out, offsetof(struct linux_msghdr, name_size)));
	if (!error)
		error = put_user_u32(
			user_addr_add(header_out, offsetof(struct linux_msghdr, flags)), flags);
	if (!error)
		error = put_user_u32(
			user_addr_add(header_out, offsetof(struct linux_msghdr, control_size)),
			(uint32_t)used);
	return error;
}

static ssize_t receive_message(struct syscall_socket *use, user_addr header_inout, uint32_t flags)
{
	struct socket_address address = { .size = 0 };
	struct socket_control control = { .rights = NULL };
	struct socket_message message = {
		.control = &control,
		.flags = all_flags(use, flags),
	};
	struct syscall_pieces pieces;
	struct linux_msghdr header;
	ssize_t result = get_header(&header, header_inout);

	if (!result)
		result = get_pieces(&pieces, &header);
	if (result)
		return result;
	message.buffer = &pieces.buffer;
	message.address = header.name ? &address : NULL;
	result = socket_receive(use->socket, &message);
	syscall_pieces_put(&pieces);
	if (result >= 0) {
		int error = put_results(header_inout, &header, &message, flags);

		if (error)
			return error;
	} else {
		socket_rights_drop(control.rights);
	}
	return result;
}

int sys_recvmsg(int fd, user_addr header_inout, uint32_t flags)
{
	struct syscall_socket use;
	ssize_t result = syscall_socket_get(&use, fd);

	if (result)
		return result;
	result = receive_message(&use, header_inout, flags);
	syscall_socket_put(&use);
	return (int)result;
}

/* ---- many ------------------------------------------------------------------------------------ */

static user_addr entry_at(user_addr vector, unsigned int index)
{
	return user_addr_add(vector, index * sizeof(struct linux_mmsghdr));
}

static int put_length(user_addr entry, ssize_t length)
{
	return put_user_u32(user_addr_add(entry, offsetof(struct linux_mmsghdr, length)),
			    (uint32_t)length);
}

int sys_sendmmsg(int fd, user_addr vector, unsigned int count, uint32_t flags)
{
	struct syscall_socket use;
	unsigned int done = 0;
	ssize_t result = syscall_socket_get(&use, fd);

	if (result)
		return result;
	count = min(count, (unsigned int)MESSAGES_MAX);
	while (done < count) {
		bool is_whole = true;

		result = send_message(&use, entry_at(vector, done), flags, &is_whole);
		if (result >= 0)
			result = put_length(entry_at(vector, done), result);
		if (result < 0)
			break;
		done++;
		if (!is_whole || thread_is_interrupted(thread_current()))
			break;
	}
	syscall_socket_put(&use);
	return done ? (int)done : (int)result;
}

/* *result: how the last message ended. Returns how many were received whole. */
static unsigned int receive_messages(struct syscall_socket *use, user_addr vector,
				     unsigned int count, uint32_t flags, uint64_t deadline_ns,
				     ssize_t *result)
{
	unsigned int done = 0;

	while (done < count) {
		*result = receive_message(use, entry_at(vector, done), flags & ~MSG_WAITFORONE);
		if (*result >= 0)
			*result = put_length(entry_at(vector, done), *result);
		if (*result < 0)
			break;
		done++;
		if (flags & MSG_WAITFORONE)
			flags |= MSG_DONTWAIT;
		if (deadline_ns != WAIT_FOREVER && clock_monotonic_ns() >= deadline_ns)
			break;
		if (thread_is_interrupted(thread_current()))
			break;
	}
	return done;
}

static int receive_many(int fd, user_addr vector, unsigned int count, uint32_t flags,
			uint64_t deadline_ns)
{
	struct syscall_socket use;
	unsigned int done;
	ssize_t result = syscall_socket_get(&use, fd);

	if (result)
		return result;
	if (!(flags & MSG_PEEK))
		result = socket_take_error(use.socket);
	if (result) {
		syscall_socket_put(&use);
		return result;
	}
	done = receive_messages(&use, vector, count, flags, deadline_ns, &result);
	/* What ended the row after some is told by the next call. */
	if (done > 0 && result < 0 && result != -EAGAIN && result != -EINTR &&
	    result != -ERESTARTSYS)
		atomic_store_explicit(&use.socket->error, (int)-result, memory_order_release);
	syscall_socket_put(&use);
	return done ? (int)done : (int)result;
}

/*
 * The time limit is looked at only after each message, as on Linux; what is left of it comes back.
 */
static int receive_many_until(int fd, user_addr vector, unsigned int count, uint32_t flags,
			      user_addr timeout, int (*get)(user_addr, int64_t *),
			      int (*put)(user_addr, int64_t))
{
	uint64_t deadline, now;
	int64_t ns;
	int result;

	if (!timeout)
		return receive_many(fd, vector, count, flags, WAIT_FOREVER);
	result = get(timeout, &ns);
	if (result)
		return result;
	if (ns < 0)
		return -EINVAL;
	deadline = abi_deadline_after(ns);
	result = receive_many(fd, vector, count, flags, deadline);
	now = clock_monotonic_ns();
	if (result > 0 && put(timeout, deadline > now ? (int64_t)(deadline - now) : 0))
		return -EFAULT;
	return result;
}

int sys_recvmmsg(int fd, user_addr vector, unsigned int count, uint32_t flags, user_addr timeout)
{
	return receive_many_until(fd, vector, count, flags, timeout, abi_timespec32_get,
				  abi_timespec32_put);
}

int sys_recvmmsg_time64(int fd, user_addr vector, unsigned int count, uint32_t flags,
			user_addr timeout)
{
	return receive_many_until(fd, vector, count, flags, timeout, abi_timespec64_get,
				  abi_timespec64_put);
}
