/*
 * Sockets: making, naming, connecting. (Messages: sys_socket_message.c. Options:
 * sys_socket_option.c.)
 *
 * socketcall(2) is the old single door to all of them: it copies its block of arguments once and
 * calls the same handlers.
 */
#include "arch/user_copy.h"
#include "lib/min_max.h"
#include "proc/process.h"
#include "syscall/socket_internal.h"
#include "syscall/sys_internal.h"
#include "syscall/syscalls.h"
#include "uapi/linux/errno.h"
#include "uapi/linux/fcntl.h"
#include "vfs/fd_table.h"
#include "vfs/file.h"

/* ---- what the calls share -------------------------------------------------------------------- */

int syscall_socket_get(struct syscall_socket *out, int fd)
{
	out->file = syscall_file(fd, &out->needs_put);
	if (!out->file)
		return -EBADF;
	out->socket = socket_of(out->file);
	if (likely(out->socket))
		return 0;
	bool is_path_only = out->file->mode & FILE_PATH_ONLY;

	fd_table_return(out->file, out->needs_put);
	return is_path_only ? -EBADF : -ENOTSOCK;
}

void syscall_socket_put(struct syscall_socket *socket)
{
	fd_table_return(socket->file, socket->needs_put);
}

static bool is_nonblocking(const struct syscall_socket *socket)
{
	return atomic_load_explicit(&socket->file->flags, memory_order_relaxed) & O_NONBLOCK;
}

void syscall_caller_begin(struct syscall_caller *caller, bool with_names)
{
	struct fs_context *fs = user_thread_current()->fs;

	caller->caller = (struct socket_caller){
		.credentials = credentials_current(),
		.process = process_current(),
	};
	caller->has_walk = with_names;
	if (!with_names)
		return;
	fs_context_begin_walk(fs, caller->caller.credentials, &caller->walk);
	caller->caller.walk = &caller->walk.context;
	caller->caller.umask = fs->umask;
}

void syscall_caller_end(struct syscall_caller *caller)
{
	if (caller->has_walk)
		fs_context_end_walk(&caller->walk);
}

int syscall_address_get(struct socket_address *out, user_addr from, int size)
{
	if (size < 0 || size > SOCKET_ADDRESS_MAX)
		return -EINVAL;
	out->size = (unsigned int)size;
	out->family = AF_UNSPEC;
	return copy_from_user(out->bytes, from, (size_t)size);
}

int syscall_address_put(const struct socket_address *address, user_addr to, int room,
			user_addr size_out)
{
	size_t size = min(address->size, (unsigned int)room);

	if (room < 0)
		return -EINVAL;
	if (size && copy_to_user(to, address->bytes, size))
		return -EFAULT;
	return put_user_u32(size_out, address->size);
}

/* The same where the room is in the program's memory too. */
static int put_address(const struct socket_address *address, user_addr to, user_addr size_inout)
{
	uint32_t room;

	if (get_user_u32(&room, size_inout))
		return -EFAULT;
	return syscall_address_put(address, to, (int)room, size_inout);
}

/* ---- making ---------------------------------------------------------------------------------- */

enum { TYPE_FLAGS = SOCK_CLOEXEC | SOCK_NONBLOCK };

_Static_assert(SOCK_CLOEXEC == O_CLOEXEC && SOCK_NONBLOCK == O_NONBLOCK, "flags of files");

/* A socket and its file. */
static int create(int family, int type, int protocol, const struct socket_caller *caller,
		  struct file **out)
{
	struct socket *socket;
	int error = socket_create(family, type & SOCK_TYPE_MASK, protocol, &socket);

	if (error)
		return error;
	error = socket_file_create((uint32_t)type & O_NONBLOCK, caller, out);
	if (error) {
		socket_release_unfiled(socket);
		return error;
	}
	socket_file_attach(*out, socket);
	return 0;
}

int sys_socket(int family, int type, int protocol)
{
	struct syscall_caller caller;
	struct file *file;
	int error;

	if (type & ~(SOCK_TYPE_MASK | TYPE_FLAGS))
		return -EINVAL;
	syscall_caller_begin(&caller, false);
	error = create(family, type, protocol, &caller.caller, &file);
	return error ? error : syscall_install_file(file, type & SOCK_CLOEXEC);
}

static int create_pair(int family, int type, int protocol, struct file *files[2])
{
	struct syscall_caller caller;
	int error;

	syscall_caller_begin(&caller, false);
	error = create(family, type, protocol, &caller.caller, &files[0]);
	if (error)
		return error;
	error = create(family, type, protocol, &caller.caller, &files[1]);
	if (error)
		goto put_first;
	error = socket_pair(socket_of(files[0]), socket_of(files[1]), &caller.caller);
	if (error)
		goto put_both;
	return 0;

put_both:
	file_put(files[1]);
put_first:
	file_put(files[0]);
	return error;
}

/* As on Linux the numbers are written before anything is made. */
int sys_socketpair(int family, int type, int protocol, user_addr fds_out)
{
	struct fd_table *table = user_thread_current()->fds;
	struct file *files[2];
	int fds[2];
	int error;

	if (type & ~(SOCK_TYPE_MASK | TYPE_FLAGS))
		return -EINVAL;
	error = fd_table_reserve(table, 0, syscall_fd_limit(), ARRAY_SIZE(fds), fds);
	if (error)
		return error;
	error = copy_to_user(fds_out, fds, sizeof(fds));
	if (!error)
		error = create_pair(family, type, protocol, files);
	if (error) {
		fd_table_unreserve(table, ARRAY_SIZE(fds), fds);
		return error;
	}
	fd_table_install(table, fds[0], files[0], type & SOCK_CLOEXEC);
	fd_table_install(table, fds[1], files[1], type & SOCK_CLOEXEC);
	return 0;
}

/* ---- naming and connecting ------------------------------------------------------------------- */

int sys_bind(int fd, user_addr address_in, int size)
{
	struct socket_address address;
	struct syscall_caller caller;
	struct syscall_socket use;
	int error = syscall_socket_get(&use, fd);

	if (error)
		return error;
	error = syscall_address_get(&address, address_in, size);
	if (!error) {
		syscall_caller_begin(&caller, true);
		error = socket_bind(use.socket, &address, &caller.caller);
		syscall_caller_end(&caller);
	}
	syscall_socket_put(&use);
	return error;
}

/* That it is no socket comes last on Linux. */
int sys_connect(int fd, user_addr address_in, int size)
{
	struct socket_address address;
	struct syscall_caller caller;
	struct syscall_socket use;
	int socket_error = syscall_socket_get(&use, fd);
	int error;

	if (socket_error == -EBADF)
		return -EBADF;
	error = syscall_address_get(&address, address_in, size);
	if (socket_error)
		return error ? error : socket_error;
	if (!error) {
		syscall_caller_begin(&caller, true);
		error = socket_connect(use.socket, &address, is_nonblocking(&use),
				       &caller.caller);
		syscall_caller_end(&caller);
	}
	syscall_socket_put(&use);
	return error;
}

int sys_listen(int fd, int backlog)
{
	struct syscall_caller caller;
	struct syscall_socket use;
	int error = syscall_socket_get(&use, fd);

	if (error)
		return error;
	syscall_caller_begin(&caller, false);
	error = socket_listen(use.socket, backlog, &caller.caller);
	syscall_socket_put(&use);
	return error;
}

/* Into `file`, which is there already and is nobody's yet; the peer's name to the program. */
static int accept_into(struct syscall_socket *use, struct file *file, user_addr address_out,
		       user_addr size_inout)
{
	struct socket_address address;
	struct socket *accepted;
	int error = socket_accept(use->socket, is_nonblocking(use), &accepted);

	if (error)
		return error;
	socket_file_attach(file, accepted);
	if (!address_out)
		return 0;
	if (socket_get_name(accepted, true, &address))
		return -ECONNABORTED;
	return put_address(&address, address_out, size_inout);
}

static int accept_from(struct syscall_socket *use, user_addr address_out, user_addr size_inout,
		       int flags)
{
	struct fd_table *table = user_thread_current()->fds;
	struct syscall_caller caller;
	struct file *file;
	int error, fd;

	error = fd_table_reserve(table, 0, syscall_fd_limit(), 1, &fd);
	if (error)
		return error;
	syscall_caller_begin(&caller, false);
	error = socket_file_create((uint32_t)flags & O_NONBLOCK, &caller.caller, &file);
	if (error)
		goto unreserve;
	error = accept_into(use, file, address_out, size_inout);
	if (error)
		goto put_file;
	fd_table_install(table, fd, file, flags & SOCK_CLOEXEC);
	return fd;

put_file:
	file_put(file);
unreserve:
	fd_table_unreserve(table, 1, &fd);
	return error;
}

int sys_accept4(int fd, user_addr address_out, user_addr size_inout, int flags)
{
	struct syscall_socket use;
	int socket_error = syscall_socket_get(&use, fd);
	int result;

	if (socket_error == -EBADF)
		return -EBADF;
	if (flags & ~TYPE_FLAGS)
		result = -EINVAL;
	else
		result = socket_error ? socket_error
				      : accept_from(&use, address_out, size_inout, flags);
	if (!socket_error)
		syscall_socket_put(&use);
	return result;
}

static int get_name(int fd, bool peer, user_addr address_out, user_addr size_inout)
{
	struct socket_address address;
	struct syscall_socket use;
	int error = syscall_socket_get(&use, fd);

	if (error)
		return error;
	error = socket_get_name(use.socket, peer, &address);
	syscall_socket_put(&use);
	return error ? error : put_address(&address, address_out, size_inout);
}

int sys_getsockname(int fd, user_addr address_out, user_addr size_inout)
{
	return get_name(fd, false, address_out, size_inout);
}

int sys_getpeername(int fd, user_addr address_out, user_addr size_inout)
{
	return get_name(fd, true, address_out, size_inout);
}

int sys_shutdown(int fd, int how)
{
	struct syscall_socket use;
	int error = syscall_socket_get(&use, fd);

	if (error)
		return error;
	error = socket_shutdown(use.socket, how);
	syscall_socket_put(&use);
	return error;
}

/* ---- socketcall ------------------------------------------------------------------------------ */

enum socketcall {
	CALL_SOCKET = 1, CALL_BIND, CALL_CONNECT, CALL_LISTEN, CALL_ACCEPT, CALL_GETSOCKNAME,
	CALL_GETPEERNAME, CALL_SOCKETPAIR, CALL_SEND, CALL_RECV, CALL_SENDTO, CALL_RECVFROM,
	CALL_SHUTDOWN, CALL_SETSOCKOPT, CALL_GETSOCKOPT, CALL_SENDMSG, CALL_RECVMSG, CALL_ACCEPT4,
	CALL_RECVMMSG, CALL_SENDMMSG, CALL_COUNT
};

static const uint8_t argument_counts[CALL_COUNT] = {
	0, 3, 3, 3, 2, 3, 3, 3, 4, 4, 4, 6, 6, 2, 5, 5, 3, 3, 4, 5, 4,
};

/* An argument that is an address. */
static user_addr pointer(uint32_t word)
{
	return user_addr_from(word);
}

static int call_message(unsigned int call, const uint32_t *a)
{
	switch (call) {
	case CALL_SEND:
		return sys_sendto((int)a[0], pointer(a[1]), a[2], a[3], NULL, 0);
	case CALL_RECV:
		return sys_recvfrom((int)a[0], pointer(a[1]), a[2], a[3], NULL, NULL);
	case CALL_SENDTO:
		return sys_sendto((int)a[0], pointer(a[1]), a[2], a[3], pointer(a[4]), (int)a[5]);
	case CALL_RECVFROM:
		return sys_recvfrom((int)a[0], pointer(a[1]), a[2], a[3], pointer(a[4]),
				    pointer(a[5]));
	case CALL_SENDMSG:
		return sys_sendmsg((int)a[0], pointer(a[1]), a[2]);
	case CALL_RECVMSG:
		return sys_recvmsg((int)a[0], pointer(a[1]), a[2]);
	case CALL_RECVMMSG:
		return sys_recvmmsg((int)a[0], pointer(a[1]), a[2], a[3], pointer(a[4]));
	case CALL_SENDMMSG:
		return sys_sendmmsg((int)a[0], pointer(a[1]), a[2], a[3]);
	case CALL_SETSOCKOPT:
		return sys_setsockopt((int)a[0], (int)a[1], (int)a[2], pointer(a[3]), (int)a[4]);
	default: /* CALL_GETSOCKOPT */
		return sys_getsockopt((int)a[0], (int)a[1], (int)a[2], pointer(a[3]),
				      pointer(a[4]));
	}
}

int sys_socketcall(unsigned int call, user_addr arguments)
{
	uint32_t a[6];

	if (call < 1 || call >= CALL_COUNT)
		return -EINVAL;
	if (copy_from_user(a, arguments, argument_counts[call] * sizeof(a[0])))
		return -EFAULT;
	switch (call) {
	case CALL_SOCKET:
		return sys_socket((int)a[0], (int)a[1], (int)a[2]);
	case CALL_BIND:
		return sys_bind((int)a[0], pointer(a[1]), (int)a[2]);
	case CALL_CONNECT:
		return sys_connect((int)a[0], pointer(a[1]), (int)a[2]);
	case CALL_LISTEN:
		return sys_listen((int)a[0], (int)a[1]);
	case CALL_ACCEPT:
		return sys_accept4((int)a[0], pointer(a[1]), pointer(a[2]), 0);
	case CALL_ACCEPT4:
		return sys_accept4((int)a[0], pointer(a[1]), pointer(a[2]), (int)a[3]);
	case CALL_GETSOCKNAME:
		return sys_getsockname((int)a[0], pointer(a[1]), pointer(a[2]));
	case CALL_GETPEERNAME:
		return sys_getpeername((int)a[0], pointer(a[1]), pointer(a[2]));
	case CALL_SOCKETPAIR:
		return sys_socketpair((int)a[0], (int)a[1], (int)a[2], pointer(a[3]));
	case CALL_SHUTDOWN:
		return sys_shutdown((int)a[0], (int)a[1]);
	default:
		return call_message(call, a);
	}
}
