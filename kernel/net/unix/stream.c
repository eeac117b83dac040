/*
 * Streams: bytes without borders.
 *
 * A write becomes one packet, or several of at most half the sender's limit, so that the receiver
 * can work on one while the next is filled. A reader takes bytes from as many packets as it has
 * room for, but stops behind a packet that carried files, and between packets of different senders
 * if it wants to know who they are.
 *
 * A plain receiver that sleeps and wants a page or more leaves a landing (vm/landing.h): a long
 * plain send to the empty queue goes there, under the receiver's read_mutex. So no packet can be
 * taken meanwhile; one that another sender adds was sent at the same time, and comes behind.
 *
 * The peer of a connection never changes, and each side holds a reference to the other, so sending
 * looks at it without a lock; whether it still takes anything is decided under its lock.
 */
#include "core/assert.h"
#include "lib/min_max.h"
#include "net/unix/internal.h"
#include "sched/schedule.h"
#include "uapi/linux/errno.h"
#include "vfs/poll.h"
#include "vm/io_buffer.h"
#include "vm/landing.h"

enum { CHUNK_MAX = 16 * PAGE_SIZE };

/* ---- sending --------------------------------------------------------------------------------- */

static size_t chunk_size(const struct unix_socket *socket, size_t left)
{
	size_t limit = atomic_load_explicit(&socket->base.send_limit, memory_order_relaxed) / 2;

	limit = min(limit, (size_t)CHUNK_MAX);
	return min(left, limit);
}

/* Queue `packet` at the peer, who may have gone: -EPIPE, the packet stays the caller's. */
static int deliver(struct unix_socket *socket, struct unix_socket *peer, struct packet *packet,
		   const struct socket_caller *caller)
{
	spin_lock(&peer->base.lock);
	if (unlikely(unix_is_dead(peer) || (socket_shut(&peer->base) & SOCKET_SHUT_READ))) {
		spin_unlock(&peer->base.lock);
		return -EPIPE;
	}
	if (unlikely(unix_wants_identity(socket, peer)))
		packet_identify(packet, caller);
	unix_queue_add_locked(peer, packet);
	spin_unlock(&peer->base.lock);
	wait_queue_wake_handover(&peer->base.read_queue, POLL_IN | POLL_READ_NORMAL);
	return 0;
}

static inline struct landing *landing_of(const struct unix_socket *receiver)
{
	return atomic_load_explicit(&receiver->landing, memory_order_relaxed);
}

/*
 * `size` bytes straight to a peer who sleeps. False: nothing has been sent; he does not, or his
 * landing is not ready for so much, or it is to be a packet with more than bytes.
 */
static noinline bool send_to_landing(struct unix_socket *socket, struct unix_socket *peer,
				     struct socket_message *message, size_t size)
{
	struct landing *landing;
	bool landed = false;

	if (!landing_of(peer) || message->control || (message->flags & MSG_OOB))
		return false;
	mutex_lock(&peer->read_mutex);
	landing = landing_of(peer);
	if (landing && unix_packet_count(peer) == 0 && !unix_wants_identity(socket, peer) &&
	    !atomic_load_explicit(&peer->had_urgent, memory_order_relaxed) &&
	    !(socket_shut(&peer->base) & SOCKET_SHUT_READ))
		landed = landing_fill_whole(landing, message->buffer, size);
	mutex_unlock(&peer->read_mutex);
	if (!landed)
		return false;
	wait_queue_wake_handover(&peer->base.read_queue, POLL_IN | POLL_READ_NORMAL);
	/* Who left the landing need not be the first in line. Mostly this finds the queue empty. */
	wait_queue_wake_all(&peer->base.read_queue, POLL_IN | POLL_READ_NORMAL);
	/* He comes back with another: what is sent before that is copied twice. */
	schedule_yield();
	return true;
}

/* One packet's worth of `left` bytes. Returns bytes, or the error. */
static ssize_t send_chunk(struct unix_socket *socket, struct unix_socket *peer,
			  struct socket_message *message, size_t left)
{
	size_t size = chunk_size(socket, left);
	struct packet *packet;
	int error;

	error = unix_wait_to_send(socket, message->flags & MSG_DONTWAIT);
	if (unlikely(error))
		return error;
	if (unlikely(size >= LANDING_MIN) && send_to_landing(socket, peer, message, size))
		return (ssize_t)size;
	error = packet_create(socket, message->buffer, size, &packet);
	if (unlikely(error))
		return error;
	if (unlikely(message->control && message->control->rights)) {
		error = unix_rights_depart(message->control->rights, packet, peer);
		if (error)
			goto free_packet;
		message->control->rights = NULL;
	}
	if (unlikely(message->control && message->control->has_identity))
		packet->identity = message->control->identity;
	error = deliver(socket, peer, packet, message->caller);
	if (unlikely(error))
		goto broken_pipe;
	return (ssize_t)size;

broken_pipe:
	message->notes |= SOCKET_BROKEN_PIPE;
free_packet:
	packet_free(packet);
	return error;
}

static ssize_t unix_stream_send(struct socket *base, struct socket_message *message)
{
	struct unix_socket *socket = unix_socket(base);
	struct unix_socket *peer = unix_peer(socket);
	size_t urgent = message->flags & MSG_OOB ? 1 : 0; /* the last byte is */
	ssize_t sent = 0;

	if (unlikely(urgent > message->buffer->remaining))
		return -EOPNOTSUPP;
	if (unlikely(message->address))
		return socket_state(base) == SOCKET_CONNECTED ? -EISCONN : -EOPNOTSUPP;
	if (unlikely(!peer))
		return -ENOTCONN;
	if (unlikely(socket_shut(base) & SOCKET_SHUT_WRITE)) {
		message->notes |= SOCKET_BROKEN_PIPE;
		sent = -EPIPE;
	}
	while (sent >= 0 && message->buffer->remaining > 0) {
		size_t left = message->buffer->remaining - urgent;
		ssize_t done = likely(left) ? send_chunk(socket, peer, message, left)
					    : unix_urgent_send(socket, peer, message);

		if (unlikely(done < 0)) {
			sent = sent ? sent : done;
			break;
		}
		sent += done;
	}
	if (sent >= 0 || (message->flags & MSG_NOSIGNAL))
		message->notes &= ~(uint32_t)SOCKET_BROKEN_PIPE;
	return sent;
}

/* ---- receiving ------------------------------------------------------------------------------- */

/* One call of receive, as far as it has got. */
struct reading {
	struct unix_socket *socket;
	struct socket_message *message;
	struct socket_control *control;
	size_t copied;
	size_t skip;		/* bytes of the first packet to pass over: SO_PEEK_OFF */
	bool was_led;		/* SO_PEEK_OFF led to the next packet: it is read, whatever it is */
	struct unix_seen seen;	/* if that led past them all; packet_count 0: it did not */
	bool peeks, has_identity, has_address;
};

static bool is_same_identity(const struct socket_identity *a, const struct socket_identity *b)
{
	return a->pid == b->pid && a->uid == b->uid && a->gid == b->gid;
}

/*
 * From one packet as much as fits; what else there is to know of it. True: go on with the next, 0
 * bytes having stayed. *error: -EFAULT.
 */
static bool read_packet(struct reading *reading, struct packet *packet, int *error)
{
	struct socket_message *message = reading->message;
	size_t start = packet->offset + reading->skip;
	size_t size = min(packet->size - start, message->buffer->remaining);

	if (message->address && !reading->has_address)
		unix_tell_address(packet->sender, message->address);
	reading->has_address = true;
	if (unlikely(packet_copy(packet, start, size, message->buffer))) {
		*error = -EFAULT;
		return false;
	}
	reading->copied += size;
	reading->skip = 0;
	socket_peek_done(&reading->socket->base, size, reading->peeks);
	unix_give_control(reading->socket, packet, reading->peeks, reading->control);
	if (reading->peeks)
		return !packet->rights && message->buffer->remaining > 0;
	packet->offset += (uint32_t)size;
	if (packet->offset < packet->size)
		return false;
	unix_queue_remove(reading->socket, packet);
	packet_free(packet);
	return !reading->control->rights && message->buffer->remaining > 0;
}

/* The packet with the first byte that was not seen yet; NULL: all were. read_mutex held. */
static struct packet *first_unseen(struct reading *reading)
{
	struct unix_socket *socket = reading->socket;
	int offset = unix_peek_offset(socket);
	size_t skip = offset > 0 ? (size_t)offset : 0;
	unsigned int count = unix_packet_count(socket);
	struct packet *packet = unix_queue_first(socket);

	while (packet && skip >= packet->size - packet->offset) {
		skip -= packet->size - packet->offset;
		packet = unix_queue_next(socket, packet);
	}
	reading->skip = skip;
	reading->was_led = offset > 0;
	reading->seen.packet_count = packet ? 0 : count;
	reading->seen.peek_offset = offset;
	return packet;
}

/*
 * What there is now. read_mutex held. True: the call is over; false: it may want more. *error:
 * -EFAULT.
 */
static bool read_available(struct reading *reading, int *error)
{
	struct unix_socket *socket = reading->socket;
	bool wants_identity = socket_has_option(&socket->base, SO_PASSCRED);
	unsigned int count = unix_packet_count(socket);
	struct packet *packet;

	packet = unlikely(reading->peeks) ? first_unseen(reading) : unix_queue_first(socket);
	while (packet) {
		struct packet *next = NULL;

		if (unlikely(atomic_load_explicit(&socket->had_urgent, memory_order_relaxed)) &&
		    !reading->was_led) {
			bool stops = false;

			packet = unix_urgent_pass(socket, packet, reading->peeks,
						  reading->copied > 0, &stops);
			if (!packet) {
				reading->seen.packet_count = reading->peeks ? count : 0;
				reading->seen.peek_offset = unix_peek_offset(socket);
				return stops;
			}
		}
		reading->was_led = false;
		if (reading->peeks)
			next = unix_queue_next(socket, packet);
		if (wants_identity && reading->has_identity &&
		    !is_same_identity(&packet->identity, &reading->control->identity))
			return true;
		reading->has_identity = true;
		if (!read_packet(reading, packet, error))
			return true;
		packet = reading->peeks ? next : unix_queue_first(socket);
		if (reading->peeks && !packet)
			return true;
	}
	return false;
}

/* How many bytes a call waits for. */
static size_t least_size(const struct unix_socket *socket, const struct socket_message *message)
{
	size_t size = message->buffer->remaining;
	size_t low;

	if (!(message->flags & MSG_WAITALL)) {
		low = (size_t)atomic_load_explicit(&socket->base.receive_low, memory_order_relaxed);
		size = min(size, low);
	}
	return max(size, (size_t)1);
}

/* The loop of receive. read_mutex held; held again at the end. 0 or the error that ended it. */
static int read_all(struct reading *reading)
{
	struct unix_socket *socket = reading->socket;
	size_t least = least_size(socket, reading->message);
	bool nonblocking = reading->message->flags & MSG_DONTWAIT;
	uint64_t deadline = 0;
	bool has_deadline = false;

	for (;;) {
		int error = 0;

		if (read_available(reading, &error) || reading->copied >= least)
			return error;
		error = socket_take_error(&socket->base);
		if (error || (socket_shut(&socket->base) & SOCKET_SHUT_READ))
			return error;
		mutex_unlock(&socket->read_mutex);
		if (!has_deadline)
			deadline = socket_deadline(&socket->base, false, nonblocking);
		has_deadline = true;
		error = unlikely(reading->seen.packet_count)
				? unix_wait_for_more(socket, &reading->seen, deadline)
				: unix_wait_to_receive(socket, deadline);
		mutex_lock(&socket->read_mutex);
		if (error)
			return error;
	}
}

/* Is nothing wanted but what bytes there are, and so many that a landing is worth while? */
static inline bool is_plain(const struct socket *base, const struct socket_message *message)
{
	return landing_is_useful(message->buffer) && !message->control && !message->address &&
	       !(message->flags & (MSG_PEEK | MSG_WAITALL)) &&
	       atomic_load_explicit(&base->receive_low, memory_order_relaxed) <= 1;
}

/* `to` instead of `from`; false: another receiver's landing is there. */
static bool change_landing(struct unix_socket *socket, struct landing *from, struct landing *to)
{
	bool is_ours;

	mutex_lock(&socket->read_mutex);
	is_ours = landing_of(socket) == from;
	if (is_ours)
		atomic_store_explicit(&socket->landing, to, memory_order_relaxed);
	mutex_unlock(&socket->read_mutex);
	return is_ours;
}

/* Sleep with a landing. *landed: what came there. Errors: as unix_wait_to_receive; then nothing. */
static noinline int wait_with_landing(struct unix_socket *socket, struct io_buffer *buffer,
				      size_t *landed)
{
	struct landing landing;
	bool is_left;
	int error;

	landing_init(&landing, buffer);
	is_left = change_landing(socket, NULL, &landing);
	error = unix_wait_with_landing(socket, &landing);
	if (is_left)
		(void)change_landing(socket, &landing, NULL);
	*landed = landing_filled(&landing);
	socket_peek_done(&socket->base, *landed, false);
	io_buffer_advance(buffer, *landed);
	return *landed ? 0 : error;
}

static ssize_t unix_stream_receive(struct socket *base, struct socket_message *message)
{
	struct unix_socket *socket = unix_socket(base);
	struct socket_control unwanted;
	struct reading reading = {
		.socket = socket,
		.message = message,
		.control = message->control ? message->control : &unwanted,
		.copied = 0,	/* all of them: or the compiler clears it in a loop first */
		.skip = 0,
		.was_led = false,
		.seen = { .packet_count = 0, .peek_offset = 0 },
		.peeks = message->flags & MSG_PEEK,
		.has_identity = false,
		.has_address = false,
	};
	int error;

	if (unlikely(socket_state(base) != SOCKET_CONNECTED))
		return -EINVAL;
	reading.control->rights = NULL;
	reading.control->has_identity = false;
	reading.control->stamp = 0; /* as Linux: streams do not tell when */
	if (unlikely(message->flags & MSG_OOB))
		return unix_urgent_receive(socket, message);
	/* Mostly a reader is there before the bytes: it sleeps before it locks anything. */
	if (unix_packet_count(socket) == 0 && !(message->flags & MSG_DONTWAIT) &&
	    !socket_has_option(base, SO_RCVTIMEO_OLD)) {
		if (unlikely(is_plain(base, message))) {
			error = wait_with_landing(socket, message->buffer, &reading.copied);
			if (message->buffer->remaining == 0)
				return (ssize_t)reading.copied;
		} else {
			error = unix_wait_to_receive(socket, WAIT_FOREVER);
		}
		if (unlikely(error))
			return error;
	}
	mutex_lock(&socket->read_mutex);
	error = read_all(&reading);
	mutex_unlock(&socket->read_mutex);
	/* Readers sleep one by one: what is left is for the next. */
	if (unix_packet_count(socket) > 0)
		wait_queue_wake_one(&base->read_queue, POLL_IN | POLL_READ_NORMAL | POLL_NO_NEWS);
	if (unlikely(!message->control && reading.control->rights))
		socket_rights_drop(reading.control->rights);
	return reading.copied ? (ssize_t)reading.copied : error;
}

static uint32_t unix_stream_poll(struct socket *base, struct poll_table *table)
{
	struct unix_socket *socket = unix_socket(base);
	uint32_t state = unix_poll_common(socket, table);

	if (unix_is_writable(socket))
		state |= POLL_OUT | POLL_WRITE_NORMAL | POLL_WRITE_BAND;
	return state;
}

const struct socket_ops unix_stream_ops = {
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
	.send = unix_stream_send,
	.receive = unix_stream_receive,
	.poll = unix_stream_poll,
	.ioctl = unix_ioctl,
	.under_way = unix_under_way,
};
