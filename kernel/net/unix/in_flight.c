/*
 * Files in flight: the books on what travels in packets (SCM_RIGHTS).
 *
 * A file in flight is open, but no descriptor counts it against RLIMIT_NOFILE; so each is charged
 * to the user who sent it, who may have as many in flight as he may have open.
 *
 * Sockets in flight can lie in each other's queues, with nobody left to receive them. To find such
 * rings (garbage.c), each set of rights with sockets in it is noted at the socket that is to
 * receive it, and each socket counts how often it is in flight. Both change only under
 * unix_in_flight_lock; rights without sockets never need it.
 *
 * Invariants, under the lock:
 *  1. socket->in_flight is the number of times its file stands in noted rights, and at most the
 *     file's reference count.
 *  2. packet->rights and rights->packet name each other, from departure to arrival.
 *  3. A socket in a listener's pending list that holds rights is among the listener's embryos.
 */
#include "core/assert.h"
#include "net/unix/internal.h"
#include "proc/process.h"
#include "uapi/linux/errno.h"
#include "vfs/file.h"

enum { HOLDER_STEPS = 16 };

struct spinlock unix_in_flight_lock =
	SPINLOCK_INIT(LOCK_RANK_SOCKET_FLIGHT, "sockets in flight");
struct list unix_in_flight_sockets = LIST_INIT(unix_in_flight_sockets);

struct unix_socket *unix_socket_of(const struct file *file)
{
	struct socket *socket = socket_of(file);

	return socket && socket->family == AF_UNIX ? unix_socket(socket) : NULL;
}

static bool has_sockets(const struct socket_rights *rights)
{
	for (unsigned int i = 0; i < rights->count; i++) {
		if (unix_socket_of(rights->files[i]))
			return true;
	}
	return false;
}

static void take_off_locked(struct unix_socket *socket)
{
	unsigned int count = atomic_load_explicit(&socket->in_flight, memory_order_relaxed) + 1;

	atomic_store_explicit(&socket->in_flight, count, memory_order_release);
	if (count == 1)
		list_add_tail(&unix_in_flight_sockets, &socket->in_flight_node);
}

static void land_locked(struct unix_socket *socket)
{
	unsigned int count = atomic_load_explicit(&socket->in_flight, memory_order_relaxed);

	assert(count > 0);
	atomic_store_explicit(&socket->in_flight, count - 1, memory_order_release);
	if (count == 1)
		list_remove(&socket->in_flight_node);
}

static void note(struct socket_rights *rights, struct unix_socket *receiver)
{
	spin_lock(&unix_in_flight_lock);
	for (unsigned int i = 0; i < rights->count; i++) {
		struct unix_socket *socket = unix_socket_of(rights->files[i]);

		if (!socket)
			continue;
		take_off_locked(socket);
		socket->holder = receiver;
	}
	rights->receiver = receiver;
	list_add_tail(&receiver->rights_held, &rights->node);
	if (receiver->listener && !list_node_is_linked(&receiver->embryo_node))
		list_add_tail(&receiver->listener->embryos, &receiver->embryo_node);
	spin_unlock(&unix_in_flight_lock);
}

int unix_rights_depart(struct socket_rights *rights, struct packet *packet,
		       struct unix_socket *receiver)
{
	assert(!rights->payer && !packet->rights);
	rights->payer = process_charge_in_flight(rights->count);
	if (!rights->payer)
		return -ETOOMANYREFS;
	rights->packet = packet;
	packet->rights = rights;
	rights->is_noted = has_sockets(rights);
	if (rights->is_noted)
		note(rights, receiver);
	return 0;
}

void unix_rights_strip_locked(struct socket_rights *rights)
{
	spin_assert_held(&unix_in_flight_lock);
	for (unsigned int i = 0; i < rights->count; i++) {
		struct unix_socket *socket = unix_socket_of(rights->files[i]);

		if (!socket)
			continue;
		land_locked(socket);
		if (socket->holder == rights->receiver)
			socket->holder = NULL;
	}
	list_remove(&rights->node);
	rights->is_noted = false;
	rights->packet->rights = NULL;
	rights->packet = NULL;
}

void unix_rights_discharge(struct socket_rights *rights)
{
	process_uncharge_in_flight(rights->payer, rights->count);
	rights->payer = NULL;
}

struct socket_rights *unix_rights_arrive(struct packet *packet)
{
	struct socket_rights *rights = packet->rights;

	if (!rights)
		return NULL;
	if (rights->is_noted) {
		/* Unless the collector was faster, which takes what nobody can receive. */
		spin_lock(&unix_in_flight_lock);
		rights = packet->rights;
		if (rights)
			unix_rights_strip_locked(rights);
		spin_unlock(&unix_in_flight_lock);
		if (!rights)
			return NULL;
	}
	packet->rights = NULL;
	rights->packet = NULL;
	unix_rights_discharge(rights);
	return rights;
}

/*
 * Under the lock, so that the collector never sees a reference come from nowhere between its looks
 * at two sockets.
 */
struct socket_rights *unix_rights_peek(struct packet *packet)
{
	struct socket_rights *copy = NULL;

	spin_lock(&unix_in_flight_lock);
	if (packet->rights)
		copy = socket_rights_copy(packet->rights);
	spin_unlock(&unix_in_flight_lock);
	return copy;
}

static void leave_listener_locked(struct unix_socket *socket)
{
	socket->listener = NULL;
	if (list_node_is_linked(&socket->embryo_node))
		list_remove(&socket->embryo_node);
}

void unix_rights_leave_listener(struct unix_socket *socket)
{
	spin_lock(&unix_in_flight_lock);
	leave_listener_locked(socket);
	spin_unlock(&unix_in_flight_lock);
}

void unix_rights_forget_file(struct unix_socket *socket)
{
	spin_lock(&unix_in_flight_lock);
	leave_listener_locked(socket);
	spin_lock(&socket->base.lock);
	socket->base.file = NULL;
	spin_unlock(&socket->base.lock);
	spin_unlock(&unix_in_flight_lock);
}

/* ---- closing --------------------------------------------------------------------------------- */

/* Beside the one that `closing` is about to lose. */
static bool has_outside_reference(const struct unix_socket *socket,
				  const struct unix_socket *closing)
{
	int references = refcount_read(&socket->base.file->references) - (socket == closing);

	return references > (int)atomic_load_explicit(&socket->in_flight, memory_order_relaxed);
}

/*
 * Can `closing` be received through a row of holders that ends with one that somebody has open? A
 * short look that spares the collector in the ordinary case: a socket is sent, and the sender
 * closes his own descriptor of it.
 */
static bool is_held_locked(const struct unix_socket *closing)
{
	const struct unix_socket *socket = closing;

	for (unsigned int steps = 0; steps < HOLDER_STEPS; steps++) {
		socket = socket->holder;
		if (socket && socket->listener)
			socket = socket->listener;
		if (!socket || !socket->base.file)
			return false;
		if (has_outside_reference(socket, closing))
			return true;
	}
	return false;
}

/*
 * Only if the last reference outside goes, and only one that holds sockets itself can close a ring.
 */
void unix_let_go(struct socket *base)
{
	struct unix_socket *socket = unix_socket(base);
	unsigned int in_flight = atomic_load_explicit(&socket->in_flight, memory_order_acquire);
	bool may_be_lost, is_last;

	if (likely(in_flight == 0))
		return;
	is_last = refcount_read(&base->file->references) <= (int)in_flight + 1;
	spin_lock(&unix_in_flight_lock);
	may_be_lost = (!list_is_empty(&socket->rights_held) || !list_is_empty(&socket->embryos)) &&
		      !is_held_locked(socket);
	spin_unlock(&unix_in_flight_lock);
	if (may_be_lost && is_last)
		unix_collect_garbage(socket);
	/* The others may be about to go too, and take this one for one that stays. */
	else if (may_be_lost)
		unix_collect_garbage_later();
}
