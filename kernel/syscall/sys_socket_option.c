/*
 * getsockopt and setsockopt: Linux's structures of options.
 */
#include "arch/user_copy.h"
#include "lib/min_max.h"
#include "lib/math64.h"
#include "proc/process.h"
#include "syscall/socket_internal.h"
#include "syscall/sys_internal.h"
#include "syscall/syscalls.h"
#include "uapi/linux/errno.h"
#include "vfs/credentials.h"

enum { NS_PER_SECOND = 1000000000, NS_PER_MICROSECOND = 1000, MICROSECONDS = 1000000 };

/* struct __kernel_sock_timeval */
struct linux_socket_timeval64 {
	int64_t seconds;
	int64_t microseconds;
};

static bool is_timeout(int name)
{
	return name == SO_RCVTIMEO_OLD || name == SO_SNDTIMEO_OLD || name == SO_RCVTIMEO_NEW ||
	       name == SO_SNDTIMEO_NEW;
}

static bool is_sending(int name)
{
	return name == SO_SNDTIMEO_OLD || name == SO_SNDTIMEO_NEW;
}

static bool is_wide(int name)
{
	return name == SO_RCVTIMEO_NEW || name == SO_SNDTIMEO_NEW;
}

/* ---- setting --------------------------------------------------------------------------------- */

static int get_timeval(int name, user_addr from, int size, struct linux_socket_timeval64 *out)
{
	struct linux_timeval32 narrow;

	if (is_wide(name)) {
		if ((size_t)size < sizeof(*out))
			return -EINVAL;
		return copy_from_user(out, from, sizeof(*out));
	}
	if ((size_t)size < sizeof(narrow))
		return -EINVAL;
	if (copy_from_user(&narrow, from, sizeof(narrow)))
		return -EFAULT;
	out->seconds = narrow.seconds;
	out->microseconds = narrow.microseconds;
	return 0;
}

/* 0 is for ever; less than 0 is not at all. */
static int set_timeout(struct socket *socket, int name, user_addr from, int size)
{
	struct linux_socket_timeval64 time;
	uint64_t ns;
	int error = get_timeval(name, from, size, &time);

	if (error)
		return error;
	if (time.microseconds < 0 || time.microseconds >= MICROSECONDS)
		return -EDOM;
	if (time.seconds < 0)
		ns = 0;
	else if ((time.seconds == 0 && time.microseconds == 0) ||
		 time.seconds >= INT64_MAX / NS_PER_SECOND)
		ns = WAIT_FOREVER;
	else
		ns = (uint64_t)time.seconds * NS_PER_SECOND +
		     (uint64_t)time.microseconds * NS_PER_MICROSECOND;
	socket_set_timeout(socket, is_sending(name), ns);
	return 0;
}

static int set_linger(struct socket *socket, user_addr from, int size)
{
	struct linux_linger linger;

	if ((size_t)size < sizeof(linger))
		return -EINVAL;
	if (copy_from_user(&linger, from, sizeof(linger)))
		return -EFAULT;
	socket_set_linger(socket, linger.is_on, linger.seconds);
	return 0;
}

static int set_option(struct socket *socket, int name, user_addr from, int size)
{
	int32_t value;

	if ((size_t)size < sizeof(value))
		return -EINVAL;
	if (copy_from_user(&value, from, sizeof(value)))
		return -EFAULT;
	if (is_timeout(name))
		return set_timeout(socket, name, from, size);
	if (name == SO_LINGER)
		return set_linger(socket, from, size);
	return socket_set_option(socket, name, value, credentials_current());
}

int sys_setsockopt(int fd, int level, int name, user_addr from, int size)
{
	struct syscall_socket use;
	int error;

	if (size < 0)
		return -EINVAL;
	error = syscall_socket_get(&use, fd);
	if (error)
		return error;
	error = level == SOL_SOCKET ? set_option(use.socket, name, from, size) : -EOPNOTSUPP;
	syscall_socket_put(&use);
	return error;
}

/* ---- getting --------------------------------------------------------------------------------- */

/* At most `room` bytes of a value, and how many that were. */
static int put_value(user_addr to, int room, user_addr size_out, const void *value, size_t size)
{
	size = min(size, (size_t)room);
	if (copy_to_user(to, value, size))
		return -EFAULT;
	return put_user_u32(size_out, (uint32_t)size);
}

static int put_timeout(struct socket *socket, int name, user_addr to, int room, user_addr size_out)
{
	uint64_t ns = socket_get_timeout(socket, is_sending(name));
	struct linux_socket_timeval64 wide = { 0 };
	struct linux_timeval32 narrow;

	if (ns != WAIT_FOREVER) {
		uint64_t microseconds = div64_u32(ns, NS_PER_MICROSECOND, NULL);
		uint32_t rest;

		wide.seconds = (int64_t)div64_u32(microseconds, MICROSECONDS, &rest);
		wide.microseconds = rest;
	}
	if (is_wide(name))
		return put_value(to, room, size_out, &wide, sizeof(wide));
	narrow.seconds = (int32_t)min(wide.seconds, (int64_t)INT32_MAX);
	narrow.microseconds = (int32_t)wide.microseconds;
	return put_value(to, room, size_out, &narrow, sizeof(narrow));
}

static int put_linger(struct socket *socket, user_addr to, int room, user_addr size_out)
{
	struct linux_linger linger;
	bool is_on;

	linger.seconds = socket_get_linger(socket, &is_on);
	linger.is_on = is_on;
	return put_value(to, room, size_out, &linger, sizeof(linger));
}

static int put_peer(struct socket *socket, user_addr to, int room, user_addr size_out)
{
	struct socket_identity identity;
	struct linux_ucred peer;

	socket_get_peer(socket, &identity);
	peer = (struct linux_ucred){ identity.pid, identity.uid, identity.gid };
	return put_value(to, room, size_out, &peer, sizeof(peer));
}

static int put_peer_groups(struct socket *socket, user_addr to, int room, user_addr size_out)
{
	const struct credentials *peer = socket_get_peer_credentials(socket);
	size_t size;
	int error;

	if (!peer)
		return -ENODATA;
	size = peer->group_count * sizeof(peer->groups[0]);
	if ((size_t)room < size)
		error = put_user_u32(size_out, (uint32_t)size) ? -EFAULT : -ERANGE;
	else
		error = put_value(to, room, size_out, peer->groups, size);
	credentials_put(peer);
	return error;
}

static int put_cookie(struct socket *socket, user_addr to, int room, user_addr size_out)
{
	uint64_t cookie = socket_get_cookie(socket);

	return (size_t)room < sizeof(cookie)
		       ? -EINVAL
		       : put_value(to, room, size_out, &cookie, sizeof(cookie));
}

static int put_option(struct socket *socket, int name, user_addr to, user_addr size_inout)
{
	uint32_t word;
	int room, value, error;

	if (get_user_u32(&word, size_inout))
		return -EFAULT;
	room = (int)word;
	if (room < 0)
		return -EINVAL;
	if (is_timeout(name))
		return put_timeout(socket, name, to, room, size_inout);
	switch (name) {
	case SO_LINGER:
		return put_linger(socket, to, room, size_inout);
	case SO_PEERCRED:
		return put_peer(socket, to, room, size_inout);
	case SO_PEERGROUPS:
		return put_peer_groups(socket, to, room, size_inout);
	case SO_COOKIE:
		return put_cookie(socket, to, room, size_inout);
	default:
		error = socket_get_option(socket, name, &value);
		if (error)
			return error;
		return put_value(to, room, size_inout, &value, sizeof(value));
	}
}

int sys_getsockopt(int fd, int level, int name, user_addr to, user_addr size_inout)
{
	struct syscall_socket use;
	int error = syscall_socket_get(&use, fd);

	if (error)
		return error;
	error = level == SOL_SOCKET ? put_option(use.socket, name, to, size_inout) : -EOPNOTSUPP;
	syscall_socket_put(&use);
	return error;
}
