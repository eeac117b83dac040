/*
 * What the socket calls share.
 */
#pragma once
#include <stdbool.h>
#include "core/compiler.h"
#include "core/types.h"
#include "net/socket.h"
#include "vfs/fs_context.h"

struct file;

/* The socket behind a descriptor, for the length of a call. */
struct syscall_socket {
	struct socket *socket;
	struct file *file;
	bool needs_put;
};

/* sys_socket.c. Errors: -EBADF, -ENOTSOCK; then there is nothing to put. */
must_check int syscall_socket_get(struct syscall_socket *out, int fd);
void syscall_socket_put(struct syscall_socket *socket);

/* The current thread as a caller; with names to be looked up, if an address comes along. */
struct syscall_caller {
	struct socket_caller caller;
	struct fs_context_walk walk;
	bool has_walk;
};
void syscall_caller_begin(struct syscall_caller *caller, bool with_names);
void syscall_caller_end(struct syscall_caller *caller);

/* Errors: -EINVAL (size), -EFAULT. */
must_check int syscall_address_get(struct socket_address *out, user_addr from, int size);
/* As much as fits in `room`, and its whole size to `size_out`. Errors: -EINVAL, -EFAULT. */
must_check int syscall_address_put(const struct socket_address *address, user_addr to, int room,
				   user_addr size_out);

/* ---- abi_control.c: control messages --------------------------------------------------------- */

/*
 * What the program wants sent beside the bytes. On success out->rights are the caller's to drop, if
 * sending left them. Errors: -ENOBUFS, -EFAULT, -EINVAL, -EBADF, -EPERM, -ESRCH.
 */
must_check int abi_control_get(struct socket_control *out, user_addr from, size_t size);
/*
 * What was received, into the program's buffer of `size` bytes; consumes the rights. *used: bytes
 * of it. Returns MSG_CTRUNC if not all had room, else 0. `close_on_exec` is for the descriptors.
 */
uint32_t abi_control_put(struct socket_control *control, user_addr to, size_t size,
			 bool close_on_exec, size_t *used);
