/*
 * Options of the level SOL_SOCKET, as numbers and times; syscall/ turns Linux's structures into
 * them.
 *
 * Some only matter to networks (SO_KEEPALIVE, SO_LINGER, SO_PRIORITY...). Linux keeps what was set
 * on any socket and gives it back to whoever asks; so do we. SO_RCVBUF is of that kind for local
 * sockets: what is under way is paid for by its sender.
 *
 * Of the four ways to be told when a message came one is on, or none: the last that was set.
 */
#include "core/assert.h"
#include "lib/min_max.h"
#include "net/socket.h"
#include "uapi/linux/capability.h"
#include "uapi/linux/errno.h"
#include "vfs/credentials.h"
#include "vfs/net_limits.h"
#include "vfs/poll.h"

enum {
	PRIORITY_FREE = 6, /* above it CAP_NET_ADMIN is asked for */
};

/* Kept as one bit each; any value but 0 means on. */
static bool is_switch(int name)
{
	switch (name) {
	case SO_REUSEADDR:
	case SO_DONTROUTE:
	case SO_BROADCAST:
	case SO_KEEPALIVE:
	case SO_OOBINLINE:
	case SO_NO_CHECK:
	case SO_PASSCRED:
	case SO_DEBUG:
	case SO_PASSSEC:
	case SO_RXQ_OVFL:
	case SO_WIFI_STATUS:
	case SO_NOFCS:
	case SO_SELECT_ERR_QUEUE:
	case SO_RCVMARK:
	case SO_LOCK_FILTER:
		return true;
	default:
		return false;
	}
}

/* Twice the wish, because Linux counts its bookkeeping too and programs know that it doubles. */
static void set_buffer(atomic_uint *buffer, int value, unsigned int least, unsigned int most)
{
	unsigned int wish = min((unsigned int)value, most);

	wish = min(wish, (unsigned int)INT32_MAX / 2) * 2;
	atomic_store_explicit(buffer, max(wish, least), memory_order_relaxed);
}

static int set_priority(struct socket *socket, int value, const struct credentials *credentials)
{
	if ((value < 0 || value > PRIORITY_FREE) &&
	    !credentials_capable(credentials, CAP_NET_RAW) &&
	    !credentials_capable(credentials, CAP_NET_ADMIN))
		return -EPERM;
	atomic_store_explicit(&socket->priority, value, memory_order_relaxed);
	return 0;
}

static int set_switch(struct socket *socket, int name, bool on,
		      const struct credentials *credentials)
{
	if (name == SO_DEBUG && on && !credentials_capable(credentials, CAP_NET_ADMIN))
		return -EACCES;
	if (name == SO_LOCK_FILTER && !on && socket_has_option(socket, SO_LOCK_FILTER))
		return -EPERM;
	if (on)
		socket_add_option(socket, (unsigned int)name);
	else
		atomic_fetch_and_explicit(&socket->options[name / 32], ~SOCKET_OPTION_BIT(name),
					  memory_order_relaxed);
	return 0;
}

static bool is_stamp(int name)
{
	return name == SO_TIMESTAMP_OLD || name == SO_TIMESTAMPNS_OLD || name == SO_TIMESTAMP_NEW ||
	       name == SO_TIMESTAMPNS_NEW;
}

/* As Linux: the new way to tell microseconds also reads as on while nanoseconds are told. */
static bool has_stamp(struct socket *socket, int name)
{
	int stamp = atomic_load_explicit(&socket->stamp, memory_order_relaxed);

	return stamp == name || (name == SO_TIMESTAMP_NEW && stamp == SO_TIMESTAMPNS_NEW);
}

/* Nothing changes the size of a buffer by itself here: kept for those who ask. */
static void choose_buffer(struct socket *socket, unsigned int which)
{
	atomic_fetch_or_explicit(&socket->chosen_buffers, which, memory_order_relaxed);
}

static int set_chosen_buffers(struct socket *socket, unsigned int which)
{
	if (which & ~(unsigned int)(SOCK_SNDBUF_LOCK | SOCK_RCVBUF_LOCK))
		return -EINVAL;
	atomic_store_explicit(&socket->chosen_buffers, which, memory_order_relaxed);
	return 0;
}

static int set_mark(struct socket *socket, int value, const struct credentials *credentials)
{
	if (!credentials_capable(credentials, CAP_NET_RAW) &&
	    !credentials_capable(credentials, CAP_NET_ADMIN))
		return -EPERM;
	atomic_store_explicit(&socket->mark, (unsigned int)value, memory_order_relaxed);
	return 0;
}

int socket_set_option(struct socket *socket, int name, int value,
		      const struct credentials *credentials)
{
	bool force = name == SO_SNDBUFFORCE || name == SO_RCVBUFFORCE;

	if (is_switch(name))
		return set_switch(socket, name, value != 0, credentials);
	if (is_stamp(name)) {
		atomic_store_explicit(&socket->stamp, value ? name : 0, memory_order_relaxed);
		return 0;
	}
	if (force && !credentials_capable(credentials, CAP_NET_ADMIN))
		return -EPERM;
	switch (name) {
	case SO_SNDBUF:
	case SO_SNDBUFFORCE:
		set_buffer(&socket->send_limit, force ? max(value, 0) : value,
			   SOCKET_SEND_BUFFER_LEAST,
			   force ? UINT32_MAX : net_limit(NET_SEND_BUFFER_MOST));
		choose_buffer(socket, SOCK_SNDBUF_LOCK);
		wait_queue_wake_all(&socket->write_queue, 0);
		return 0;
	case SO_RCVBUF:
	case SO_RCVBUFFORCE:
		set_buffer(&socket->receive_limit, force ? max(value, 0) : value,
			   SOCKET_RECEIVE_BUFFER_LEAST,
			   force ? UINT32_MAX : net_limit(NET_RECEIVE_BUFFER_MOST));
		choose_buffer(socket, SOCK_RCVBUF_LOCK);
		return 0;
	case SO_BUF_LOCK:
		return set_chosen_buffers(socket, (unsigned int)value);
	case SO_RCVLOWAT:
		value = value < 0 ? INT32_MAX : max(value, 1);
		atomic_store_explicit(&socket->receive_low, value, memory_order_relaxed);
		return 0;
	case SO_PRIORITY:
		return set_priority(socket, value, credentials);
	case SO_PEEK_OFF:
		atomic_store_explicit(&socket->peek_offset, value, memory_order_relaxed);
		wait_queue_wake_all(&socket->read_queue, POLL_NO_NEWS);
		return 0;
	case SO_MARK:
		return set_mark(socket, value, credentials);
	case SO_BSDCOMPAT:
		return 0;
	case SO_CNX_ADVICE:
		return 0;
	case SO_REUSEPORT:
		return value ? -EOPNOTSUPP : 0; /* for networks alone */
	case SO_ZEROCOPY:
		return -EOPNOTSUPP;	/* the same */
	case SO_RESERVE_MEM:
		return value < 0 ? -EINVAL : -EOPNOTSUPP;
	case SO_DETACH_FILTER:
		return socket_has_option(socket, SO_LOCK_FILTER) ? -EPERM : -ENOENT;
	case SO_DETACH_REUSEPORT_BPF:
		return -EINVAL;
	default:
		return socket_set_kept(socket, name, value, credentials);
	}
}

int socket_get_option(struct socket *socket, int name, int *out)
{
	if (is_switch(name)) {
		*out = socket_has_option(socket, (unsigned int)name);
		return 0;
	}
	if (is_stamp(name)) {
		*out = has_stamp(socket, name);
		return 0;
	}
	switch (name) {
	case SO_TYPE:
		*out = socket->type;
		return 0;
	case SO_DOMAIN:
		*out = socket->family;
		return 0;
	case SO_PROTOCOL:
		*out = socket->protocol;
		return 0;
	case SO_ERROR:
		*out = -socket_take_error(socket);
		return 0;
	case SO_ACCEPTCONN:
		*out = socket_state(socket) == SOCKET_LISTENING;
		return 0;
	case SO_SNDBUF:
		*out = (int)atomic_load_explicit(&socket->send_limit, memory_order_relaxed);
		return 0;
	case SO_RCVBUF:
		*out = (int)atomic_load_explicit(&socket->receive_limit, memory_order_relaxed);
		return 0;
	case SO_RCVLOWAT:
		*out = atomic_load_explicit(&socket->receive_low, memory_order_relaxed);
		return 0;
	case SO_SNDLOWAT:
		*out = 1;
		return 0;
	case SO_PRIORITY:
		*out = atomic_load_explicit(&socket->priority, memory_order_relaxed);
		return 0;
	case SO_PEEK_OFF:
		*out = atomic_load_explicit(&socket->peek_offset, memory_order_relaxed);
		return 0;
	case SO_MARK:
		*out = (int)atomic_load_explicit(&socket->mark, memory_order_relaxed);
		return 0;
	case SO_BUF_LOCK:
		*out = (int)atomic_load_explicit(&socket->chosen_buffers, memory_order_relaxed);
		return 0;
	case SO_BSDCOMPAT:
	case SO_REUSEPORT:
	case SO_ZEROCOPY:
	case SO_RESERVE_MEM:
	case SO_INCOMING_NAPI_ID:
	case SO_BPF_EXTENSIONS: /* of filters, which there are none of */
		*out = 0;
		return 0;
	default:
		return socket_get_kept(socket, name, out);
	}
}

void socket_get_memory(struct socket *socket, uint32_t words[SK_MEMINFO_COUNT])
{
	for (unsigned int i = 0; i < SK_MEMINFO_COUNT; i++)
		words[i] = 0;
	words[SK_MEMINFO_RCVBUF] =
		atomic_load_explicit(&socket->receive_limit, memory_order_relaxed);
	words[SK_MEMINFO_SNDBUF] = atomic_load_explicit(&socket->send_limit, memory_order_relaxed);
	if (socket->ops->under_way)
		words[SK_MEMINFO_WMEM_ALLOC] = socket->ops->under_way(socket);
}

uint64_t socket_get_cookie(struct socket *socket)
{
	static _Atomic(uint64_t) last;
	uint64_t cookie;

	spin_lock(&socket->lock);
	if (!socket->cookie)
		socket->cookie = atomic_fetch_add_explicit(&last, 1, memory_order_relaxed) + 1;
	cookie = socket->cookie;
	spin_unlock(&socket->lock);
	return cookie;
}

void socket_set_linger(struct socket *socket, bool on, int seconds)
{
	if (on)
		atomic_store_explicit(&socket->linger_seconds, seconds, memory_order_relaxed);
	(void)!set_switch(socket, SO_LINGER, on, NULL);
}

int socket_get_linger(struct socket *socket, bool *on)
{
	*on = socket_has_option(socket, SO_LINGER);
	return atomic_load_explicit(&socket->linger_seconds, memory_order_relaxed);
}

uint64_t socket_get_timeout(struct socket *socket, bool sending)
{
	uint64_t timeout;

	spin_lock(&socket->lock);
	timeout = sending ? socket->send_timeout_ns : socket->receive_timeout_ns;
	spin_unlock(&socket->lock);
	return timeout;
}

void socket_set_timeout(struct socket *socket, bool sending, uint64_t ns)
{
	spin_lock(&socket->lock);
	if (sending)
		socket->send_timeout_ns = ns;
	else
		socket->receive_timeout_ns = ns;
	spin_unlock(&socket->lock);
	socket_add_option(socket, sending ? SO_SNDTIMEO_OLD : SO_RCVTIMEO_OLD);
}

const struct credentials *socket_get_peer_credentials(struct socket *socket)
{
	const struct credentials *credentials;

	spin_lock(&socket->lock);
	credentials = socket->peer_credentials;
	if (credentials)
		credentials_get(credentials);
	spin_unlock(&socket->lock);
	return credentials;
}

void socket_get_peer(struct socket *socket, struct socket_identity *out)
{
	*out = (struct socket_identity){ .uid = UINT32_MAX, .gid = UINT32_MAX };
	spin_lock(&socket->lock);
	if (socket->peer_credentials) {
		out->pid = socket->peer_process;
		out->uid = socket->peer_credentials->euid;
		out->gid = socket->peer_credentials->egid;
	}
	spin_unlock(&socket->lock);
}
