/*
 * A socket's queue of packets, and waiting at its two ends.
 *
 * Senders append under base.lock. Receivers take from the front, one at a time (read_mutex), so the
 * first packet stays where it is while its bytes are copied; `packet_count`, which changes under
 * the lock after the list does, lets both ends and poll look without it.
 *
 * Receivers sleep exclusively: one packet wakes one of them, and who leaves something behind wakes
 * the next. Senders wait for their own memory to come back, and all of them look again.
 */
#include "core/assert.h"
#include "net/unix/internal.h"
#include "uapi/linux/errno.h"
#include "vfs/poll.h"
#include "vm/landing.h"

void unix_queue_add_locked(struct unix_socket *receiver, struct packet *packet)
{
	spin_assert_held(&receiver->base.lock);
	list_add_tail(&receiver->packets, &packet->node);
	atomic_store_explicit(&receiver->packet_count, unix_packet_count(receiver) + 1,
			      memory_order_release);
}

struct packet *unix_queue_first(struct unix_socket *socket)
{
	mutex_assert_held(&socket->read_mutex);
	/* Acquire: the packet is linked. Its neighbours may change, but not the list's front. */
	if (unix_packet_count(socket) == 0)
		return NULL;
	return list_first_entry(&socket->packets, struct packet, node);
}

struct packet *unix_queue_next(struct unix_socket *socket, struct packet *packet)
{
	struct packet *next;

	mutex_assert_held(&socket->read_mutex);
	spin_lock(&socket->base.lock);
	next = list_next_entry(&socket->packets, packet, node);
	spin_unlock(&socket->base.lock);
	return next;
}

void unix_queue_remove(struct unix_socket *socket, struct packet *packet)
{
	spin_lock(&socket->base.lock);
	assert(packet != atomic_load_explicit(&socket->urgent, memory_order_relaxed));
	list_remove(&packet->node);
	atomic_store_explicit(&socket->packet_count, unix_packet_count(socket) - 1,
			      memory_order_release);
	spin_unlock(&socket->base.lock);
}

void unix_queue_take_locked(struct unix_socket *socket, struct list *out)
{
	spin_assert_held(&socket->base.lock);
	list_splice_tail(out, &socket->packets);
	atomic_store_explicit(&socket->urgent, NULL, memory_order_relaxed);
	atomic_store_explicit(&socket->packet_count, 0, memory_order_release);
}

void unix_queue_free(struct list *packets)
{
	struct packet *packet;

	while ((packet = list_pop_head_entry(packets, struct packet, node)))
		packet_free(packet);
}

/* ---- waiting --------------------------------------------------------------------------------- */

static inline bool has_room(const struct unix_socket *socket)
{
	return atomic_load_explicit(&socket->charged, memory_order_acquire) <
	       atomic_load_explicit(&socket->base.send_limit, memory_order_relaxed);
}

static inline bool has_error(const struct unix_socket *socket)
{
	return atomic_load_explicit(&socket->base.error, memory_order_acquire);
}

static bool ends_sender_wait(const struct unix_socket *socket)
{
	return has_room(socket) || has_error(socket) ||
	       (socket_shut(&socket->base) & SOCKET_SHUT_WRITE);
}

int unix_wait_to_send(struct unix_socket *socket, bool nonblocking)
{
	uint64_t deadline = 0;
	bool has_deadline = false;

	for (;;) {
		int error = socket_take_error(&socket->base);

		if (error)
			return error;
		if (socket_shut(&socket->base) & SOCKET_SHUT_WRITE)
			return -EPIPE;
		if (likely(has_room(socket)))
			return 0;
		atomic_store_explicit(&socket->base.lacked_room, true, memory_order_relaxed);
		if (!has_deadline)
			deadline = socket_deadline(&socket->base, true, nonblocking);
		has_deadline = true;
		if (deadline == 0)
			return -EAGAIN;
		error = wait_event_interruptible_until(&socket->base.write_queue,
						       ends_sender_wait(socket), deadline);
		if (error)
			return socket_wait_error(error, deadline);
	}
}

static always_inline bool ends_receiver_wait(const struct unix_socket *socket)
{
	return unix_packet_count(socket) > 0 || has_error(socket) ||
	       (socket_shut(&socket->base) & SOCKET_SHUT_READ);
}

int unix_wait_to_receive(struct unix_socket *socket, uint64_t deadline_ns)
{
	int error;

	if (deadline_ns == 0)
		return -EAGAIN;
	error = wait_event_exclusive_interruptible_until(
		&socket->base.read_queue, ends_receiver_wait(socket), deadline_ns);
	if (likely(!error))
		return 0;
	wait_queue_wake_one(&socket->base.read_queue, 0); /* it may have been for us */
	return socket_wait_error(error, deadline_ns);
}

int unix_wait_with_landing(struct unix_socket *socket, const struct landing *landing)
{
	int error = wait_event_exclusive_interruptible(
		&socket->base.read_queue,
		ends_receiver_wait(socket) || landing_filled(landing) > 0);

	if (likely(!error))
		return 0;
	wait_queue_wake_one(&socket->base.read_queue, 0); /* it may have been for us */
	return socket_wait_error(error, WAIT_FOREVER);
}

/*
 * Not exclusive: this one leaves what there is to others. One of them may sleep on, because what
 * came woke this one.
 */
int unix_wait_for_more(struct unix_socket *socket, const struct unix_seen *seen,
		       uint64_t deadline_ns)
{
	int error;

	if (deadline_ns == 0)
		return -EAGAIN;
	wait_queue_pass_on(&socket->base.read_queue, POLL_IN | POLL_READ_NORMAL | POLL_NO_NEWS);
	error = wait_event_interruptible_until(
		&socket->base.read_queue,
		unix_packet_count(socket) != seen->packet_count ||
			unix_peek_offset(socket) != seen->peek_offset || has_error(socket) ||
			(socket_shut(&socket->base) & SOCKET_SHUT_READ),
		deadline_ns);
	return error ? socket_wait_error(error, deadline_ns) : 0;
}

void unix_give_control(struct unix_socket *socket, struct packet *packet, bool peeks,
		       struct socket_control *control)
{
	if (unlikely(socket_has_option(&socket->base, SO_PASSCRED))) {
		control->identity = packet->identity;
		control->has_identity = true;
	}
	if (likely(!packet->rights))
		return;
	control->rights = peeks ? unix_rights_peek(packet) : unix_rights_arrive(packet);
}
