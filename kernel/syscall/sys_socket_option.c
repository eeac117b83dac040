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
#include "vfs/fd_table.h"

enum { NS_PER_SECOND = 1000000000, NS_PER_MICROSECOND = 1000, MICROSECONDS = 1000000 };

enum { DEVICE_NAME_SIZE = 16 };

/* struct sock_txtime */
struct linux_sock_txtime {
	int32_t clock;
	uint32_t flags;
};

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

/* By its name. There are no devices: only none can be asked for. */
static int set_device(struct socket *socket, user_addr from, int size)
{
	char name[DEVICE_NAME_SIZE] = "";

	if (copy_from_user(name, from, min((size_t)size, sizeof(name) - 1)))
		return -EFAULT;
	return name[0] ? -ENODEV
		       : socket_set_option(socket, SO_BINDTOIFINDEX, 0, credentials_current());
}

static int set_send_time(struct socket *socket, user_addr from, int size)
{
	struct linux_sock_txtime time;

	if ((size_t)size != sizeof(time))
		return -EINVAL;
	if (copy_from_user(&time, from, sizeof(time)))
		return -EFAULT;
	return socket_set_send_time(socket, time.clock, time.flags, credentials_current());
}

/* A program that chooses messages, by its instructions (struct sock_fprog) or its descriptor. */
static int attach_filter(struct socket *socket, int name, int value, int size)
{
	enum { FPROG_SIZE = 8 };
	bool by_descriptor = name == SO_ATTACH_BPF || name == SO_ATTACH_REUSEPORT_EBPF;
	bool needs_put;
	struct file *file;

	if ((size_t)size != (by_descriptor ? sizeof(value) : FPROG_SIZE))
		return -EINVAL;
	if (socket_has_option(socket, SO_LOCK_FILTER))
		return -EPERM;
	if (!by_descriptor)
		return -ENOPROTOOPT;	/* there is nothing that runs them */
	file = syscall_file(value, &needs_put);
	if (!file)
		return -EBADF;
	fd_table_return(file, needs_put);
	return -EINVAL;	/* no file is a program */
}

static int set_option(struct socket *socket, int name, user_addr from, int size)
{
	int32_t value;

	if (name == SO_BINDTODEVICE)
		return set_device(socket, from, size);
	if ((size_t)size < sizeof(value))
		return -EINVAL;
	if (copy_from_user(&value, from, sizeof(value)))
		return -EFAULT;
	if (is_timeout(name))
		return set_timeout(socket, name, from, size);
	switch (name) {
	case SO_LINGER:
		return set_linger(socket, from, size);
	case SO_TXTIME:
		return set_send_time(socket, from, size);
	case SO_TIMESTAMPING_OLD:
	case SO_TIMESTAMPING_NEW:
		return socket_set_stamping(socket, (unsigned int)value);
	case SO_ATTACH_FILTER:
	case SO_ATTACH_BPF:
	case SO_ATTACH_REUSEPORT_CBPF:
	case SO_ATTACH_REUSEPORT_EBPF:
		return attach_filter(socket, name, value, size);
	default:
		return socket_set_option(socket, name, value, credentials_current());
	}
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

/* The address itself, as much of it as is asked for: getpeername by another name. */
static int put_peer_name(struct socket *socket, user_addr to, int room, user_addr size_out)
{
	struct socket_address address;

	if (socket_get_name(socket, true, &address))
		return -ENOTCONN;
	return address.size < (unsigned int)room
		       ? -EINVAL
		       : put_value(to, room, size_out, address.bytes, (size_t)room);
}

/* The name of the device it is bound to: none, or none that exists. */
static int put_device(struct socket *socket, int room, user_addr size_out)
{
	int index, error = socket_get_option(socket, SO_BINDTOIFINDEX, &index);

	if (error)
		return error;
	if (!index)
		return put_user_u32(size_out, 0);
	return room < DEVICE_NAME_SIZE ? -EINVAL : -ENODEV;
}

static int put_send_time(struct socket *socket, user_addr to, int room, user_addr size_out)
{
	struct linux_sock_txtime time;
	int clock;

	socket_get_send_time(socket, &clock, &time.flags);
	time.clock = clock;
	return put_value(to, room, size_out, &time, sizeof(time));
}

/* struct so_timestamping: flags, and the clock of a device, of which there is none. */
static int put_stamping(struct socket *socket, user_addr to, int room, user_addr size_out)
{
	uint32_t words[2] = { atomic_load_explicit(&socket->stamping, memory_order_relaxed), 0 };

	return put_value(to, room, size_out, words, sizeof(words));
}

static int put_memory(struct socket *socket, user_addr to, int room, user_addr size_out)
{
	uint32_t words[SK_MEMINFO_COUNT];

	socket_get_memory(socket, words);
	return put_value(to, room, size_out, words, sizeof(words));
}

static int put_cookie(uint64_t cookie, user_addr to, int room, user_addr size_out)
{
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
		return put_cookie(socket_get_cookie(socket), to, room, size_inout);
	case SO_NETNS_COOKIE:	/* there is one name space */
		return room == sizeof(uint64_t) ? put_cookie(1, to, room, size_inout) : -EINVAL;
	case SO_PEERNAME:
		return put_peer_name(socket, to, room, size_inout);
	case SO_TXTIME:
		return put_send_time(socket, to, room, size_inout);
	case SO_TIMESTAMPING_OLD:
	case SO_TIMESTAMPING_NEW:
		return put_stamping(socket, to, room, size_inout);
	case SO_MEMINFO:
		return put_memory(socket, to, room, size_inout);
	case SO_BINDTODEVICE:
		return put_device(socket, room, size_inout);
	case SO_ATTACH_FILTER:	/* which it is: none */
		return put_user_u32(size_inout, 0);
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
