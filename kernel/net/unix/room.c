/*
 * Room: how many datagrams may lie in a socket's queue, and who waits for fewer.
 *
 * Beside the sender's own limit, a datagram socket takes only a few packets from strangers (those
 * that it is not connected to). A sender that blocks sleeps on the receiver's space_queue and holds
 * a reference to it. One that polls cannot: its poll entry would outlive the reference. So the
 * poller is put on a list of the receiver, and its own write_queue is woken from there.
 *
 * No wake-up is lost: a poller enters the list, then looks at the queue; a receiver takes a packet
 * off, then looks at the list; with full fences in between.
 */
#include "core/assert.h"
#include "net/unix/internal.h"
#include "vfs/poll.h"

static struct spinlock room_lock = SPINLOCK_INIT(LOCK_RANK_SOCKET_ROOM, "datagram room");

bool unix_has_room_for(const struct unix_socket *receiver, const struct unix_socket *socket)
{
	return receiver == socket || unix_peer(receiver) == socket ||
	       unix_packet_count(receiver) <=
		       atomic_load_explicit(&receiver->backlog, memory_order_relaxed);
}

static void leave_locked(struct unix_socket *socket)
{
	if (!socket->room_of)
		return;
	list_remove(&socket->room_node);
	socket->room_of = NULL;
}

bool unix_poll_room(struct unix_socket *receiver, struct unix_socket *socket)
{
	if (unix_has_room_for(receiver, socket))
		return true;
	spin_lock(&room_lock);
	leave_locked(socket);
	if (!unix_is_dead(receiver)) {
		list_add_tail(&receiver->room_pollers, &socket->room_node);
		socket->room_of = receiver;
	}
	spin_unlock(&room_lock);
	/* Pairs with the fence in unix_wake_room. */
	atomic_thread_fence(memory_order_seq_cst);
	if (!unix_is_dead(receiver))
		return unix_has_room_for(receiver, socket);
	/* It may have looked at its list before we were on it, and will not look again. */
	unix_leave_room(socket);
	return true;
}

void unix_leave_room(struct unix_socket *socket)
{
	spin_lock(&room_lock);
	leave_locked(socket);
	spin_unlock(&room_lock);
}

void unix_wake_room(struct unix_socket *socket)
{
	struct unix_socket *poller;

	wait_queue_wake_one(&socket->space_queue, POLL_OUT);
	/* The packet is off, or the socket dead; pairs with the fence in unix_poll_room. */
	atomic_thread_fence(memory_order_seq_cst);
	if (likely(list_is_empty(&socket->room_pollers)))
		return;
	spin_lock(&room_lock);
	while ((poller = list_first_entry(&socket->room_pollers, struct unix_socket, room_node))) {
		leave_locked(poller);
		wait_queue_wake_all(&poller->base.write_queue,
				    POLL_OUT | POLL_WRITE_NORMAL | POLL_WRITE_BAND);
	}
	spin_unlock(&room_lock);
}
