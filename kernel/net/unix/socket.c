/*
 * Local sockets: what is common to the three types. Their making and their end, names asked for,
 * shutdown, polling.
 */
#include "net/unix/internal.h"
#include "arch/user_copy.h"
#include "core/assert.h"
#include "lib/min_max.h"
#include "lib/string.h"
#include "mem/slab.h"
#include "net/unix/unix.h"
#include "proc/process.h"
#include "uapi/linux/errno.h"
#include "vfs/net_limits.h"
#include "vfs/poll.h"
#include "vfs/user_count.h"

static struct slab_cache *socket_slab;

void unix_init(void)
{
	socket_slab = slab_cache_create("unix socket", sizeof(struct unix_socket), 0);
	packet_init_system();
	unix_garbage_init();
	unix_report_init();
}

/* ---- making ---------------------------------------------------------------------------------- */

int unix_socket_create(int type, struct unix_socket **out)
{
	static const struct socket_ops *const ops_of[] = {
		[SOCK_STREAM] = &unix_stream_ops,
		[SOCK_DGRAM] = &unix_datagram_ops,
		[SOCK_SEQPACKET] = &unix_seqpacket_ops,
	};
	struct unix_socket *socket = slab_alloc_zeroed(socket_slab, 0);

	if (!socket)
		return -ENOMEM;
	socket->payer = user_thread_current()->charged;
	user_count_hold(socket->payer);
	socket_init(&socket->base, ops_of[type], AF_UNIX, type);
	mutex_init(&socket->read_mutex, LOCK_RANK_SOCKET_READ, "socket read");
	mutex_init(&socket->bind_mutex, LOCK_RANK_SOCKET_BIND, "socket bind");
	list_init(&socket->packets);
	list_init(&socket->pending);
	list_init(&socket->room_pollers);
	list_init(&socket->rights_held);
	list_init(&socket->embryos);
	wait_queue_init(&socket->space_queue);
	atomic_init(&socket->backlog, net_limit(NET_DATAGRAMS));
	unix_report_add(socket);
	*out = socket;
	return 0;
}

static int create(int type, int protocol, struct socket **out)
{
	struct unix_socket *socket;
	int error;

	if (protocol != 0 && protocol != AF_UNIX)
		return -EPROTONOSUPPORT;
	if (type == SOCK_RAW)
		type = SOCK_DGRAM;
	if (type != SOCK_STREAM && type != SOCK_DGRAM && type != SOCK_SEQPACKET)
		return -ESOCKTNOSUPPORT;
	error = unix_socket_create(type, &socket);
	if (error)
		return error;
	*out = &socket->base;
	return 0;
}

const struct socket_family unix_family = { .number = AF_UNIX, .create = create };

/* ---- the end --------------------------------------------------------------------------------- */

/* `news`: 0, or POLL_NO_NEWS. */
static void wake_everybody(struct unix_socket *socket, uint32_t news)
{
	wait_queue_wake_all(&socket->base.read_queue, POLL_IN | POLL_READ_NORMAL |
							      POLL_READ_HANG_UP | POLL_HANG_UP |
							      news);
	wait_queue_wake_all(&socket->base.write_queue,
			    POLL_OUT | POLL_WRITE_NORMAL | POLL_HANG_UP | news);
}

/* A connection's other side sees the end; an error if something it sent was never read. */
static void hang_up_peer(struct unix_socket *peer, bool was_unread)
{
	spin_lock(&peer->base.lock);
	atomic_store_explicit(&peer->base.shut, SOCKET_SHUT_BOTH, memory_order_release);
	if (was_unread)
		atomic_store_explicit(&peer->base.error, ECONNRESET, memory_order_release);
	spin_unlock(&peer->base.lock);
	wake_everybody(peer, 0);
}

static void release_pending(struct list *pending)
{
	struct unix_socket *embryo;

	while ((embryo = list_pop_head_entry(pending, struct unix_socket, pending_node))) {
		unix_release(embryo, true);
		unix_put(embryo);
	}
}

void unix_release(struct unix_socket *socket, bool is_embryo)
{
	struct list packets, pending;
	struct unix_socket *peer;
	bool was_unread;

	list_init(&packets);
	list_init(&pending);
	unix_forget_name(socket);
	unix_rights_forget_file(socket);
	spin_lock(&socket->base.lock);
	was_unread = unix_packet_count(socket) > 0;
	atomic_store_explicit(&socket->is_dead, true, memory_order_release);
	atomic_store_explicit(&socket->base.shut, SOCKET_SHUT_BOTH, memory_order_release);
	unix_queue_take_locked(socket, &packets);
	list_splice_tail(&pending, &socket->pending);
	atomic_store_explicit(&socket->pending_count, 0, memory_order_release);
	/* Its reference to us keeps a connection's pointers right; ours is not needed any more. */
	peer = atomic_exchange_explicit(&socket->peer, NULL, memory_order_acq_rel);
	spin_unlock(&socket->base.lock);
	wait_queue_wake_all(&socket->space_queue, POLL_HANG_UP);
	unix_wake_room(socket);
	unix_leave_room(socket);
	if (peer && unix_is_connection(socket))
		hang_up_peer(peer, was_unread || is_embryo);
	unix_queue_free(&packets);
	release_pending(&pending);
	if (peer)
		unix_put(peer);
}

void unix_socket_release(struct socket *socket)
{
	/* One without a file, that nobody connected to, has no peer to tell. */
	unix_release(unix_socket(socket), false);
}

void unix_socket_destroy(struct socket *base)
{
	struct unix_socket *socket = unix_socket(base);

	assert(list_is_empty(&socket->packets) && list_is_empty(&socket->pending));
	assert(list_is_empty(&socket->rights_held) && !socket->room_of);
	assert(atomic_load(&socket->charged) == 0 && atomic_load(&socket->in_flight) == 0);
	unix_report_remove(socket);
	user_count_put(socket->payer);
	unix_name_put(atomic_load_explicit(&socket->name, memory_order_relaxed));
	slab_free(socket_slab, socket);
}

/* ---- names ----------------------------------------------------------------------------------- */

/* No name is told as the family alone. */
static void tell_name(const struct unix_socket *socket, struct socket_address *out)
{
	const struct unix_name *name = atomic_load_explicit(&socket->name, memory_order_acquire);

	out->family = AF_UNIX;
	out->size = UNIX_ADDRESS_HEAD;
	if (!name)
		return;
	memcpy(out->bytes, name->bytes, name->size);
	out->size = name->size;
}

void unix_tell_address(const struct unix_socket *sender, struct socket_address *out)
{
	tell_name(sender, out);
	if (out->size == UNIX_ADDRESS_HEAD)
		out->size = 0;
}

int unix_get_name(struct socket *base, bool peer, struct socket_address *out)
{
	struct unix_socket *socket = unix_socket(base);

	if (!peer) {
		tell_name(socket, out);
		return 0;
	}
	spin_lock(&base->lock);
	socket = unix_peer(socket);
	if (socket)
		unix_get(socket);
	spin_unlock(&base->lock);
	if (!socket)
		return -ENOTCONN;
	tell_name(socket, out);
	unix_put(socket);
	return 0;
}

/* ---- shutdown, poll, ioctl ------------------------------------------------------------------- */

static void add_shut(struct unix_socket *socket, uint32_t how, uint32_t news)
{
	spin_lock(&socket->base.lock);
	atomic_fetch_or_explicit(&socket->base.shut, how, memory_order_release);
	spin_unlock(&socket->base.lock);
	wake_everybody(socket, news);
	wait_queue_wake_all(&socket->space_queue, 0);
}

int unix_shutdown(struct socket *base, uint32_t how)
{
	struct unix_socket *socket = unix_socket(base);
	struct unix_socket *peer;

	add_shut(socket, how, POLL_NO_NEWS);
	if (!unix_is_connection(socket))
		return 0;
	peer = unix_peer(socket);
	if (!peer)
		return 0;
	/* What we do not read the other side cannot write, and the other way round. */
	add_shut(peer,
		 (how & SOCKET_SHUT_READ ? SOCKET_SHUT_WRITE : 0) |
			 (how & SOCKET_SHUT_WRITE ? SOCKET_SHUT_READ : 0),
		 0);
	return 0;
}

uint32_t unix_poll_common(struct unix_socket *socket, struct poll_table *table)
{
	uint32_t state = 0;
	unsigned int shut;

	poll_register(table, &socket->base.read_queue);
	poll_register(table, &socket->base.write_queue);
	shut = socket_shut(&socket->base);
	if (atomic_load_explicit(&socket->base.error, memory_order_acquire))
		state |= POLL_ERROR;
	if (shut == SOCKET_SHUT_BOTH)
		state |= POLL_HANG_UP;
	if (shut & SOCKET_SHUT_READ)
		state |= POLL_READ_HANG_UP | POLL_IN | POLL_READ_NORMAL;
	if (unix_packet_count(socket) > 0 ||
	    atomic_load_explicit(&socket->pending_count, memory_order_acquire) > 0)
		state |= POLL_IN | POLL_READ_NORMAL;
	if (unlikely(atomic_load_explicit(&socket->urgent, memory_order_acquire)))
		state |= POLL_PRI;
	if (unix_is_connection(socket) && socket_state(&socket->base) == SOCKET_UNCONNECTED)
		state |= POLL_HANG_UP;
	return state;
}

/* Bytes that receive would find: all of a connection's, the next of a datagram socket's. */
static int readable(struct unix_socket *socket, uint32_t *out)
{
	struct packet *packet;

	*out = 0;
	if (socket_state(&socket->base) == SOCKET_LISTENING)
		return -EINVAL;
	spin_lock(&socket->base.lock);
	list_for_each_entry(packet, &socket->packets, node) {
		/* An empty one that was seen has an offset of 1. */
		*out += packet->size - min(packet->offset, packet->size);
		if (!unix_is_connection(socket))
			break;
	}
	spin_unlock(&socket->base.lock);
	return 0;
}

unsigned int unix_under_way(const struct socket *base)
{
	const struct unix_socket *socket = container_of(base, struct unix_socket, base);

	return atomic_load_explicit(&socket->charged, memory_order_relaxed);
}

int unix_ioctl(struct socket *base, unsigned int command, uintptr_t argument)
{
	struct unix_socket *socket = unix_socket(base);
	uint32_t value = 0;
	int error = 0;

	switch (command) {
	case SIOCINQ:
		error = readable(socket, &value);
		break;
	case SIOCOUTQ:
		value = unix_under_way(base);
		break;
	case SIOCATMARK:
		value = unix_urgent_at_mark(socket);
		break;
	default:
		return -ENOTTY;
	}
	return error ? error : put_user_u32(user_addr_from(argument), value);
}
