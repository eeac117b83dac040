/*
 * Urgent bytes of streams: MSG_OOB.
 *
 * A write with MSG_OOB makes its last byte urgent. It is queued in its place as a packet of its
 * own, and the socket's `urgent` points to it until a read takes it, passes it, or a later urgent
 * byte makes it an ordinary one: there is one at most.
 *
 * recv(MSG_OOB) takes the byte and leaves its packet behind, empty: the mark. An ordinary read
 * never goes across the mark once it has bytes, so that a program finds the place (SIOCATMARK). One
 * that begins there drops the urgent byte if nobody took it, or gives it like others if the socket
 * has SO_OOBINLINE. A read that peeks passes it and changes nothing. Of two marks in a row the
 * earlier goes, and so does one with nothing behind it, for poll would say that there are bytes.
 *
 * Linux 6.1 also ends a read that begins at the mark of a byte that was taken, as if there were
 * nothing behind it: poll says that there is, and a read that waits, waits for more. Later ones go
 * on, and so do we.
 *
 * `urgent` changes under the socket's lock, for it moves when something is sent; packets leave the
 * queue under read_mutex, as all do.
 */
#include "core/assert.h"
#include "net/unix/internal.h"
#include "proc/file_owner.h"
#include "uapi/linux/errno.h"
#include "vfs/file.h"
#include "vfs/poll.h"
#include "vm/io_buffer.h"

static inline bool is_mark(const struct packet *packet)
{
	return packet->offset == packet->size;
}

static inline struct packet *urgent_of(const struct unix_socket *socket)
{
	return atomic_load_explicit(&socket->urgent, memory_order_acquire);
}

/* ---- sending --------------------------------------------------------------------------------- */

/* The file of a socket whose lock is held, referenced, or NULL: it has none, or it is going. */
static struct file *get_file_locked(struct unix_socket *socket)
{
	struct file *file = socket->base.file;

	return file && refcount_try_get(&file->references) ? file : NULL;
}

/* A reader, who looks without the lock, must not see the packet before he can tell what it is. */
static void queue_locked(struct unix_socket *peer, struct packet *packet)
{
	atomic_store_explicit(&peer->had_urgent, true, memory_order_relaxed);
	atomic_store_explicit(&peer->urgent, packet, memory_order_release);
	unix_queue_add_locked(peer, packet);
}

ssize_t unix_urgent_send(struct unix_socket *socket, struct unix_socket *peer,
			 struct socket_message *message)
{
	struct packet *packet;
	struct file *file;
	int error;

	error = unix_wait_to_send(socket, message->flags & MSG_DONTWAIT);
	if (!error)
		error = packet_create(socket, message->buffer, 1, &packet);
	if (error)
		return error;
	spin_lock(&peer->base.lock);
	if (unix_is_dead(peer) || (socket_shut(&peer->base) & SOCKET_SHUT_READ)) {
		spin_unlock(&peer->base.lock);
		packet_free(packet);
		return -EPIPE;
	}
	if (unix_wants_identity(socket, peer))
		packet_identify(packet, message->caller);
	queue_locked(peer, packet);
	file = get_file_locked(peer);
	spin_unlock(&peer->base.lock);
	if (file) {
		file_owner_tell_urgent(file);
		file_put(file);
	}
	wait_queue_wake_handover(&peer->base.read_queue,
				 POLL_IN | POLL_READ_NORMAL | POLL_PRI | POLL_READ_BAND);
	return 1;
}

/* ---- receiving ------------------------------------------------------------------------------- */

bool unix_urgent_clear(struct unix_socket *socket, struct packet *packet)
{
	bool was_urgent;

	spin_lock(&socket->base.lock);
	was_urgent = urgent_of(socket) == packet;
	if (was_urgent)
		atomic_store_explicit(&socket->urgent, NULL, memory_order_relaxed);
	spin_unlock(&socket->base.lock);
	return was_urgent;
}

/* Is it the front, with nothing behind it? More may come at any time. */
static bool is_alone(struct unix_socket *socket, const struct packet *packet)
{
	return unix_packet_count(socket) == 1 && unix_queue_first(socket) == packet;
}

static void drop(struct unix_socket *socket, struct packet *packet)
{
	unix_queue_remove(socket, packet);
	packet_free(packet);
}

/* The byte of `packet` was taken. read_mutex held. */
static void make_mark(struct unix_socket *socket, struct packet *packet)
{
	struct packet *before;

	packet->offset = packet->size;
	spin_lock(&socket->base.lock);
	before = list_previous_entry(&socket->packets, packet, node);
	spin_unlock(&socket->base.lock);
	if (before && is_mark(before))
		drop(socket, before);
	if (is_alone(socket, packet))
		drop(socket, packet);
}

/* read_mutex held. Errors: -EINVAL, -EFAULT (it is taken then, too). */
static ssize_t take(struct unix_socket *socket, struct socket_message *message)
{
	bool peeks = message->flags & MSG_PEEK;
	struct packet *packet = urgent_of(socket);
	int error = 0;

	/* What is sent meanwhile may make it an ordinary byte; in the queue it stays. */
	if (!packet || socket_has_option(&socket->base, SO_OOBINLINE))
		return -EINVAL;
	if (!peeks && !unix_urgent_clear(socket, packet))
		return -EINVAL;
	/* Without room for it, it is gone all the same. */
	if (message->buffer->remaining > 0 && packet_copy(packet, 0, 1, message->buffer))
		error = -EFAULT;
	if (!peeks)
		make_mark(socket, packet);
	message->out_flags |= MSG_OOB;
	return error ? error : 1;
}

ssize_t unix_urgent_receive(struct unix_socket *socket, struct socket_message *message)
{
	ssize_t result;

	mutex_lock(&socket->read_mutex);
	result = take(socket, message);
	mutex_unlock(&socket->read_mutex);
	return result;
}

struct packet *unix_urgent_pass(struct unix_socket *socket, struct packet *packet, bool peeks,
				bool has_copied, bool *stops)
{
	struct packet *next;

	if (is_mark(packet)) {
		*stops = has_copied;
		if (has_copied) {
			if (!peeks && is_alone(socket, packet))
				drop(socket, packet);
			return NULL;
		}
		next = unix_queue_next(socket, packet);
		if (!peeks)
			drop(socket, packet);
		packet = next;
	}
	if (!packet || packet != urgent_of(socket))
		return packet;
	*stops = has_copied;
	if (has_copied)
		return NULL;
	if (peeks)
		return socket_has_option(&socket->base, SO_OOBINLINE)
			       ? packet
			       : unix_queue_next(socket, packet);
	if (!unix_urgent_clear(socket, packet) || socket_has_option(&socket->base, SO_OOBINLINE))
		return packet;
	next = unix_queue_next(socket, packet);
	drop(socket, packet);
	return next;
}

bool unix_urgent_at_mark(struct unix_socket *socket)
{
	struct packet *packet, *urgent;
	bool is_there = false;

	spin_lock(&socket->base.lock);
	packet = list_first_entry(&socket->packets, struct packet, node);
	urgent = urgent_of(socket);
	if (packet && packet == urgent)
		is_there = true;
	else if (packet && is_mark(packet))
		is_there = !urgent ||
			   list_next_entry(&socket->packets, packet, node) == urgent;
	spin_unlock(&socket->base.lock);
	return is_there;
}
