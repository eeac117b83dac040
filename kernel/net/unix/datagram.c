/*
 * Datagrams and sequenced packets: messages that arrive whole, or are cut.
 *
 * A datagram goes where its address says, or where connect() once pointed. Connected means little:
 * the socket sends there by default, and takes from nobody else. The other side may vanish at any
 * time; that is found out when something is sent to it. Sequenced packets are connections made as
 * streams are (connection.c), with messages kept apart.
 *
 * A message that could not be delivered keeps its packet while its sender waits for room or looks
 * the name up again; its files are on the books of the receiver meanwhile, and taken back before
 * another one is tried.
 */
#include "core/assert.h"
#include "net/unix/internal.h"
#include "sched/clock.h"
#include "uapi/linux/errno.h"
#include "vfs/poll.h"
#include "vm/io_buffer.h"

enum { SIZE_RESERVE = 32 }; /* what Linux keeps of the limit for itself */

/* ---- who the other side is ------------------------------------------------------------------- */

/* Where send() sends; referenced, or NULL. */
static struct unix_socket *get_peer(struct unix_socket *socket)
{
	struct unix_socket *peer;

	spin_lock(&socket->base.lock);
	peer = unix_peer(socket);
	if (peer)
		unix_get(peer);
	spin_unlock(&socket->base.lock);
	return peer;
}

/*
 * `socket` and `old` are not connected any more: what came from it is gone, and it hears of that.
 */
static void disconnected(struct unix_socket *socket, struct unix_socket *old)
{
	struct list packets;

	if (unix_packet_count(socket) == 0)
		return;
	list_init(&packets);
	mutex_lock(&socket->read_mutex);
	spin_lock(&socket->base.lock);
	unix_queue_take_locked(socket, &packets);
	spin_unlock(&socket->base.lock);
	mutex_unlock(&socket->read_mutex);
	unix_queue_free(&packets);
	unix_wake_room(socket);
	if (unix_is_dead(old) || unix_peer(old) != socket)
		return;
	atomic_store_explicit(&old->base.error, ECONNRESET, memory_order_release);
	wait_queue_wake_all(&old->base.read_queue, POLL_ERROR);
	wait_queue_wake_all(&old->base.write_queue, POLL_ERROR);
}

/* May `socket` send to `receiver`, whose lock is held? */
static bool may_send(const struct unix_socket *socket, const struct unix_socket *receiver)
{
	struct unix_socket *chosen = unix_peer(receiver);

	return !chosen || chosen == socket;
}

/* Point `socket` at `peer`, whose reference moves along, or (NULL) at nobody. Its lock is held. */
static struct unix_socket *set_peer_locked(struct unix_socket *socket, struct unix_socket *peer)
{
	atomic_store_explicit(&socket->base.state, peer ? SOCKET_CONNECTED : SOCKET_UNCONNECTED,
			      memory_order_release);
	return atomic_exchange_explicit(&socket->peer, peer, memory_order_acq_rel);
}

static void finish_set_peer(struct unix_socket *socket, struct unix_socket *old,
			    struct unix_socket *peer)
{
	if (!old)
		return;
	unix_leave_room(socket);
	if (old != peer)
		disconnected(socket, old);
	/* Those who could not send to us may do so now. */
	wait_queue_wake_all(&socket->base.write_queue, POLL_OUT | POLL_WRITE_NORMAL);
	unix_put(old);
}

static int disconnect(struct unix_socket *socket)
{
	struct unix_socket *old;

	spin_lock(&socket->base.lock);
	old = set_peer_locked(socket, NULL);
	spin_unlock(&socket->base.lock);
	finish_set_peer(socket, old, NULL);
	return 0;
}

int unix_datagram_connect(struct socket *base, const struct socket_address *address,
			  bool nonblocking, const struct socket_caller *caller)
{
	struct unix_socket *socket = unix_socket(base);
	struct unix_socket *peer, *old;
	int error;

	(void)nonblocking;
	if (address->size < UNIX_ADDRESS_HEAD)
		return -EINVAL;
	if (address->family == AF_UNSPEC)
		return disconnect(socket);
	error = unix_check_address(address);
	if (!error && socket_has_option(base, SO_PASSCRED))
		error = unix_bind_automatically(socket);
	if (error)
		return error;
	for (;;) {
		error = unix_find(address, base->type, caller, &peer);
		if (error)
			return error;
		spin_lock_pair(&base->lock, &peer->base.lock);
		if (!unix_is_dead(peer))
			break;
		spin_unlock_pair(&base->lock, &peer->base.lock);
		unix_put(peer);
	}
	if (may_send(socket, peer))
		old = set_peer_locked(socket, peer);
	else
		error = -EPERM;
	spin_unlock_pair(&base->lock, &peer->base.lock);
	if (error) {
		unix_put(peer);
		return error;
	}
	finish_set_peer(socket, old, peer);
	return 0;
}

/* ---- sending --------------------------------------------------------------------------------- */

/* What became of a try to deliver. */
enum outcome { DELIVERED, REFUSED, DEAD, FULL };

static enum outcome deliver_locked(struct unix_socket *socket, struct unix_socket *receiver,
				   struct packet *packet, const struct socket_caller *caller,
				   int *error)
{
	if (!may_send(socket, receiver)) {
		*error = -EPERM;
		return REFUSED;
	}
	if (unix_is_dead(receiver))
		return DEAD;
	if (socket_shut(&receiver->base) & SOCKET_SHUT_READ) {
		*error = -EPIPE;
		return REFUSED;
	}
	if (!unix_has_room_for(receiver, socket))
		return FULL;
	if (packet->identity.pid == 0 &&
	    (socket_has_option(&socket->base, SO_PASSCRED) ||
	     socket_has_option(&receiver->base, SO_PASSCRED) || receiver->base.number == 0))
		packet_identify(packet, caller);
	if (unlikely(atomic_load_explicit(&receiver->base.stamp, memory_order_relaxed)))
		packet->came_ns = clock_realtime_ns();
	unix_queue_add_locked(receiver, packet);
	return DELIVERED;
}

/* Rights go on the receiver's books before the packet does, and come back if it does not. */
static enum outcome deliver(struct unix_socket *socket, struct unix_socket *receiver,
			    struct packet *packet, struct socket_message *message, int *error)
{
	struct socket_control *control = message->control;
	enum outcome outcome;

	if (unlikely(control && control->rights)) {
		*error = unix_rights_depart(control->rights, packet, receiver);
		if (*error)
			return REFUSED;
	}
	spin_lock(&receiver->base.lock);
	outcome = deliver_locked(socket, receiver, packet, message->caller, error);
	spin_unlock(&receiver->base.lock);
	if (outcome == DELIVERED) {
		if (control)
			control->rights = NULL;
		wait_queue_wake_handover(&receiver->base.read_queue, POLL_IN | POLL_READ_NORMAL);
	} else if (unlikely(control && control->rights)) {
		control->rights = unix_rights_arrive(packet);
	}
	return outcome;
}

/*
 * The receiver was found dead. 0: look for another; else the error that says so. Only a peer is
 * forgotten: a name may have a new owner by now.
 */
static int find_dead(struct unix_socket *socket, struct unix_socket *receiver)
{
	bool was_peer;

	if (socket->base.type == SOCK_SEQPACKET)
		return -EPIPE;
	spin_lock(&socket->base.lock);
	was_peer = unix_peer(socket) == receiver;
	if (was_peer)
		(void)set_peer_locked(socket, NULL);
	spin_unlock(&socket->base.lock);
	if (!was_peer)
		return 0;
	finish_set_peer(socket, receiver, NULL);
	return -ECONNREFUSED;
}

static bool ends_room_wait(const struct unix_socket *socket, const struct unix_socket *receiver)
{
	return unix_is_dead(receiver) || (socket_shut(&receiver->base) & SOCKET_SHUT_READ) ||
	       unix_has_room_for(receiver, socket);
}

/* Until `receiver` has room. 0: try again. */
static int wait_for_room(struct unix_socket *socket, struct unix_socket *receiver,
			 uint64_t deadline)
{
	int error;

	if (deadline == 0)
		return -EAGAIN;
	error = wait_event_exclusive_interruptible_until(
		&receiver->space_queue, ends_room_wait(socket, receiver), deadline);
	/* One wake-up, one of us; if it was not used up, the next shall look. */
	if (error || unix_has_room_for(receiver, socket))
		wait_queue_wake_one(&receiver->space_queue, 0);
	return error ? socket_wait_error(error, deadline) : 0;
}

/* Until it is delivered or cannot be. `receiver` is where to first, referenced, or NULL. */
static int deliver_somewhere(struct unix_socket *socket, struct unix_socket *receiver,
			     struct packet *packet, struct socket_message *message)
{
	uint64_t deadline = WAIT_FOREVER;
	bool has_deadline = false;
	int error = 0;

	while (!error) {
		enum outcome outcome;

		if (!receiver) {
			if (!message->address)
				return -ECONNRESET;
			error = unix_find(message->address, socket->base.type, message->caller,
					  &receiver);
			if (error)
				return error;
		}
		outcome = deliver(socket, receiver, packet, message, &error);
		if (outcome == DELIVERED)
			break;
		if (outcome == FULL) {
			if (!has_deadline)
				deadline = socket_deadline(&socket->base, true,
							   message->flags & MSG_DONTWAIT);
			has_deadline = true;
			error = wait_for_room(socket, receiver, deadline);
		} else if (outcome == DEAD) {
			error = find_dead(socket, receiver);
			unix_put(receiver);
			receiver = NULL;
		}
	}
	if (receiver)
		unix_put(receiver);
	return error;
}

static ssize_t send_packet(struct unix_socket *socket, struct socket_message *message)
{
	size_t size = message->buffer->remaining;
	size_t limit = atomic_load_explicit(&socket->base.send_limit, memory_order_relaxed);
	struct unix_socket *receiver = NULL;
	struct packet *packet;
	int error = 0;

	if (message->flags & MSG_OOB)
		return -EOPNOTSUPP;
	if (message->address) {
		error = unix_check_address(message->address);
	} else {
		receiver = get_peer(socket);
		if (!receiver)
			return -ENOTCONN;
	}
	if (!error && unlikely(socket_has_option(&socket->base, SO_PASSCRED)))
		error = unix_bind_automatically(socket);
	if (!error && size > limit - SIZE_RESERVE)
		error = -EMSGSIZE;
	if (!error)
		error = unix_wait_to_send(socket, message->flags & MSG_DONTWAIT);
	if (!error)
		error = packet_create(socket, message->buffer, size, &packet);
	if (error) {
		if (receiver)
			unix_put(receiver);
		return error;
	}
	packet->came_ns = 0;
	if (message->control && message->control->has_identity)
		packet->identity = message->control->identity;
	error = deliver_somewhere(socket, receiver, packet, message);
	if (error) {
		packet_free(packet);
		return error;
	}
	return (ssize_t)size;
}

static ssize_t unix_datagram_send(struct socket *base, struct socket_message *message)
{
	return send_packet(unix_socket(base), message);
}

static ssize_t unix_seqpacket_send(struct socket *base, struct socket_message *message)
{
	int error = socket_take_error(base);

	if (error)
		return error;
	if (socket_state(base) != SOCKET_CONNECTED)
		return -ENOTCONN;
	message->address = NULL; /* as Linux: it goes to the peer all the same */
	return send_packet(unix_socket(base), message);
}

/* ---- receiving ------------------------------------------------------------------------------- */

/*
 * The packet to receive, or, for one who peeks with SO_PEEK_OFF, the first that was not wholly
 * seen; then *skip are the bytes of it that were. read_mutex held. NULL: there is none, and what
 * there was is in *seen.
 */
static struct packet *choose_packet(struct unix_socket *socket, bool peeks, size_t *skip,
				    struct unix_seen *seen)
{
	struct packet *packet;
	int offset;

	*skip = 0;
	seen->packet_count = unix_packet_count(socket);
	packet = unix_queue_first(socket);
	if (likely(!peeks))
		return packet;
	offset = seen->peek_offset = unix_peek_offset(socket);
	if (offset < 0)
		return packet;
	*skip = (size_t)offset;
	/* One without bytes was seen if it is marked so. */
	while (packet && *skip >= packet->size && (*skip > 0 || packet->offset)) {
		*skip -= packet->size;
		packet = unix_queue_next(socket, packet);
	}
	if (packet && packet->size == 0)
		packet->offset = 1;
	return packet;
}

/*
 * The next packet, with read_mutex held, which is to be dropped; or an error, without; *out NULL:
 * the end.
 */
static int wait_for_packet(struct unix_socket *socket, uint32_t flags, struct packet **out,
			   size_t *skip)
{
	struct socket *base = &socket->base;
	bool nonblocking = flags & MSG_DONTWAIT;
	struct unix_seen seen;
	uint64_t deadline = nonblocking ? 0 : WAIT_FOREVER;
	bool has_deadline = nonblocking;

	for (;;) {
		int error = 0;

		mutex_lock(&socket->read_mutex);
		error = socket_take_error(base);
		*out = error ? NULL : choose_packet(socket, flags & MSG_PEEK, skip, &seen);
		if (*out)
			return 0;
		mutex_unlock(&socket->read_mutex);
		if (error) {
			/* It may have been a packet that woke us: it is for the next reader. */
			wait_queue_wake_one(&base->read_queue,
					    POLL_IN | POLL_READ_NORMAL | POLL_NO_NEWS);
			return error;
		}
		if (!has_deadline)
			deadline = socket_deadline(base, false, false);
		has_deadline = true;
		/* As Linux: one that does not wait sees the end only on a connection. */
		if ((socket_shut(base) & SOCKET_SHUT_READ) &&
		    (deadline != 0 || base->type == SOCK_SEQPACKET))
			return 0;
		error = unlikely(seen.packet_count) ? unix_wait_for_more(socket, &seen, deadline)
						    : unix_wait_to_receive(socket, deadline);
		if (error)
			return error;
	}
}

/* A message that came before anybody asked counts as come now, as on Linux. */
static void give_stamp(struct unix_socket *socket, struct packet *packet,
		       struct socket_control *control)
{
	control->stamp = atomic_load_explicit(&socket->base.stamp, memory_order_relaxed);
	if (likely(!control->stamp))
		return;
	if (!packet->came_ns)
		packet->came_ns = clock_realtime_ns();
	control->came_ns = packet->came_ns;
}

static ssize_t receive_packet(struct unix_socket *socket, struct socket_message *message)
{
	bool peeks = message->flags & MSG_PEEK;
	struct socket_control unwanted;
	struct socket_control *control = message->control ? message->control : &unwanted;
	size_t size = message->buffer->remaining;
	struct packet *packet;
	ssize_t result;
	size_t skip, rest;

	if (message->flags & MSG_OOB)
		return -EOPNOTSUPP;
	control->rights = NULL;
	control->has_identity = false;
	control->stamp = 0;
	result = wait_for_packet(socket, message->flags, &packet, &skip);
	if (result || !packet)
		return result;
	if (!peeks)
		unix_queue_remove(socket, packet);
	if (message->address)
		unix_tell_address(packet->sender, message->address);
	rest = packet->size - skip;
	if (size < rest)
		message->out_flags |= MSG_TRUNC;
	else
		size = rest;
	result = packet_copy(packet, skip, size, message->buffer);
	if (!result) {
		socket_peek_done(&socket->base, peeks ? size : packet->size, peeks);
		give_stamp(socket, packet, control);
		unix_give_control(socket, packet, peeks, control);
		result = (ssize_t)(message->flags & MSG_TRUNC ? rest : size);
	}
	mutex_unlock(&socket->read_mutex);
	if (!peeks) {
		unix_wake_room(socket);
		packet_free(packet);
	}
	if (unix_packet_count(socket) > 0)
		wait_queue_wake_one(&socket->base.read_queue,
				    POLL_IN | POLL_READ_NORMAL | POLL_NO_NEWS);
	if (unlikely(!message->control && control->rights))
		socket_rights_drop(control->rights);
	return result;
}

static ssize_t unix_datagram_receive(struct socket *base, struct socket_message *message)
{
	return receive_packet(unix_socket(base), message);
}

static ssize_t unix_seqpacket_receive(struct socket *base, struct socket_message *message)
{
	if (socket_state(base) != SOCKET_CONNECTED)
		return -ENOTCONN;
	return receive_packet(unix_socket(base), message);
}

static uint32_t unix_datagram_poll(struct socket *base, struct poll_table *table)
{
	struct unix_socket *socket = unix_socket(base);
	uint32_t state = unix_poll_common(socket, table);
	struct unix_socket *peer;
	bool is_writable = unix_is_writable(socket);

	peer = is_writable && base->type == SOCK_DGRAM ? get_peer(socket) : NULL;
	if (peer) {
		is_writable = unix_poll_room(peer, socket);
		unix_put(peer);
	}
	if (is_writable)
		state |= POLL_OUT | POLL_WRITE_NORMAL | POLL_WRITE_BAND;
	else
		atomic_store_explicit(&base->lacked_room, true, memory_order_relaxed);
	return state;
}

const struct socket_ops unix_datagram_ops = {
	.release = unix_socket_release,
	.destroy = unix_socket_destroy,
	.let_go = unix_let_go,
	.bind = unix_bind,
	.connect = unix_datagram_connect,
	.pair = unix_pair,
	.get_name = unix_get_name,
	.shutdown = unix_shutdown,
	.send = unix_datagram_send,
	.receive = unix_datagram_receive,
	.poll = unix_datagram_poll,
	.ioctl = unix_ioctl,
	.under_way = unix_under_way,
};

const struct socket_ops unix_seqpacket_ops = {
	.release = unix_socket_release,
	.destroy = unix_socket_destroy,
	.let_go = unix_let_go,
	.bind = unix_bind,
	.connect = unix_connect,
	.pair = unix_pair,
	.listen = unix_listen,
	.accept = unix_accept,
	.attached = unix_attached,
	.get_name = unix_get_name,
	.shutdown = unix_shutdown,
	.send = unix_seqpacket_send,
	.receive = unix_seqpacket_receive,
	.poll = unix_datagram_poll,
	.ioctl = unix_ioctl,
	.under_way = unix_under_way,
};
