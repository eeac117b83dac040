/*
 * Connections: listen, connect, accept, and pairs.
 *
 * connect() makes the other end of the connection itself: a socket that waits in the listener's
 * `pending` list, already connected, until somebody accepts it ("embryo"). So a client may send at
 * once. The list is bounded by the backlog; connect() sleeps on the listener's space_queue while it
 * is full.
 *
 *	UNCONNECTED -> LISTENING	unix_listen; for good
 *	UNCONNECTED -> CONNECTED	unix_connect, unix_pair; for good
 *	embryo: born CONNECTED		unix_connect; accepted by unix_accept, or released with its
 *					listener
 *
 * Each side of a connection holds a reference to the other until it is destroyed.
 */
#include "core/assert.h"
#include "net/unix/internal.h"
#include "uapi/linux/errno.h"
#include "vfs/credentials.h"
#include "vfs/poll.h"

/* ---- listen ---------------------------------------------------------------------------------- */

int unix_listen(struct socket *base, unsigned int backlog, const struct socket_caller *caller)
{
	struct unix_socket *socket = unix_socket(base);
	unsigned int old_backlog;
	const struct credentials *old_peer;
	unsigned int state;

	if (!atomic_load_explicit(&socket->name, memory_order_acquire))
		return -EINVAL;
	spin_lock(&base->lock);
	state = socket_state(base);
	if (state == SOCKET_CONNECTED) {
		spin_unlock(&base->lock);
		return -EINVAL;
	}
	old_backlog = atomic_exchange_explicit(&socket->backlog, backlog, memory_order_acq_rel);
	/* Whom clients connect to: known before the first of them can. */
	old_peer = socket_set_peer_locked(base, caller);
	atomic_store_explicit(&base->state, SOCKET_LISTENING, memory_order_release);
	spin_unlock(&base->lock);
	if (old_peer)
		credentials_put(old_peer);
	if (backlog > old_backlog)
		wait_queue_wake_all(&socket->space_queue, 0);
	return 0;
}

static bool is_full(const struct unix_socket *listener)
{
	return atomic_load_explicit(&listener->pending_count, memory_order_acquire) >
	       atomic_load_explicit(&listener->backlog, memory_order_acquire);
}

/* ---- connect --------------------------------------------------------------------------------- */

static bool ends_connect_wait(const struct unix_socket *listener)
{
	return unix_is_dead(listener) || (socket_shut(&listener->base) & SOCKET_SHUT_READ) ||
	       !is_full(listener);
}

static int wait_for_room(struct unix_socket *listener, uint64_t deadline)
{
	int error;

	if (deadline == 0)
		return -EAGAIN;
	error = wait_event_exclusive_interruptible_until(
		&listener->space_queue, ends_connect_wait(listener), deadline);
	/* One wake-up, one of us; if it was not used up, the next shall look. */
	if (error || !is_full(listener))
		wait_queue_wake_one(&listener->space_queue, 0);
	return error ? socket_wait_error(error, deadline) : 0;
}

enum outcome { CONNECTED, REFUSED, DEAD, FULL };

/* Both locks held. The embryo's references to the others, and theirs to it, are set up. */
static enum outcome connect_locked(struct unix_socket *socket, struct unix_socket *listener,
				   struct unix_socket *embryo, int *error)
{
	unsigned int state = socket_state(&socket->base);

	if (unix_is_dead(listener))
		return DEAD;
	*error = -ECONNREFUSED;
	if (socket_state(&listener->base) != SOCKET_LISTENING ||
	    (socket_shut(&listener->base) & SOCKET_SHUT_READ))
		return REFUSED;
	if (is_full(listener))
		return FULL;
	if (state != SOCKET_UNCONNECTED) {
		*error = state == SOCKET_CONNECTED ? -EISCONN : -EINVAL;
		return REFUSED;
	}
	*error = 0;
	embryo->listener = listener;
	unix_get(socket);
	unix_get(embryo);
	atomic_store_explicit(&embryo->peer, socket, memory_order_relaxed);
	atomic_store_explicit(&socket->peer, embryo, memory_order_release);
	atomic_store_explicit(&socket->base.state, SOCKET_CONNECTED, memory_order_release);
	list_add_tail(&listener->pending, &embryo->pending_node);
	atomic_fetch_add_explicit(&listener->pending_count, 1, memory_order_release);
	return CONNECTED;
}

/* The embryo has the listener's name, and knows who connected. */
static void prepare_embryo(struct unix_socket *embryo, struct unix_socket *listener)
{
	struct unix_name *name = atomic_load_explicit(&listener->name, memory_order_acquire);
	struct unix_name *old;

	refcount_get(&name->references);
	old = atomic_exchange_explicit(&embryo->name, name, memory_order_acq_rel);
	unix_name_put(old); /* of another listener, tried before */
}

/* One try with the listener that the name leads to now. */
static enum outcome connect_once(struct unix_socket *socket, struct unix_socket *listener,
				 struct unix_socket *embryo, int *error)
{
	enum outcome outcome;

	prepare_embryo(embryo, listener);
	spin_lock_pair(&socket->base.lock, &listener->base.lock);
	outcome = connect_locked(socket, listener, embryo, error);
	spin_unlock_pair(&socket->base.lock, &listener->base.lock);
	if (outcome != CONNECTED)
		return outcome;
	socket_copy_peer(&socket->base, &listener->base);
	wait_queue_wake_one(&listener->base.read_queue, POLL_IN | POLL_READ_NORMAL);
	return outcome;
}

int unix_connect(struct socket *base, const struct socket_address *address, bool nonblocking,
		 const struct socket_caller *caller)
{
	struct unix_socket *socket = unix_socket(base);
	struct unix_socket *listener, *embryo;
	uint64_t deadline;
	enum outcome outcome;
	int error = unix_check_address(address);

	if (!error && socket_has_option(base, SO_PASSCRED))
		error = unix_bind_automatically(socket);
	if (error)
		return error;
	error = unix_socket_create(base->type, &embryo);
	if (error)
		return error;
	socket_set_peer(&embryo->base, caller);
	atomic_store_explicit(&embryo->base.state, SOCKET_CONNECTED, memory_order_relaxed);
	deadline = socket_deadline(base, true, nonblocking);
	do {
		error = unix_find(address, base->type, caller, &listener);
		if (error)
			break;
		outcome = connect_once(socket, listener, embryo, &error);
		if (outcome == FULL)
			error = wait_for_room(listener, deadline);
		unix_put(listener);
	} while (!error && outcome != CONNECTED);
	if (error)
		socket_release_unfiled(&embryo->base);
	return error;
}

/* ---- accept ---------------------------------------------------------------------------------- */

static struct unix_socket *take_pending(struct unix_socket *listener)
{
	struct unix_socket *embryo;

	spin_lock(&listener->base.lock);
	embryo = list_pop_head_entry(&listener->pending, struct unix_socket, pending_node);
	if (embryo)
		atomic_fetch_sub_explicit(&listener->pending_count, 1, memory_order_release);
	spin_unlock(&listener->base.lock);
	return embryo;
}

static bool ends_accept_wait(const struct unix_socket *listener)
{
	return atomic_load_explicit(&listener->pending_count, memory_order_acquire) > 0 ||
	       atomic_load_explicit(&listener->base.error, memory_order_acquire) ||
	       (socket_shut(&listener->base) & SOCKET_SHUT_READ);
}

static int wait_for_pending(struct unix_socket *listener, uint64_t deadline)
{
	int error;

	if (deadline == 0)
		return -EAGAIN;
	error = wait_event_exclusive_interruptible_until(
		&listener->base.read_queue, ends_accept_wait(listener), deadline);
	if (!error)
		return 0;
	wait_queue_wake_one(&listener->base.read_queue, 0); /* it may have been for us */
	return socket_wait_error(error, deadline);
}

int unix_accept(struct socket *base, bool nonblocking, struct socket **out)
{
	struct unix_socket *listener = unix_socket(base);
	struct unix_socket *embryo;
	uint64_t deadline;

	if (socket_state(base) != SOCKET_LISTENING)
		return -EINVAL;
	deadline = socket_deadline(base, false, nonblocking);
	for (;;) {
		int error = socket_take_error(base);

		if (error)
			return error;
		embryo = take_pending(listener);
		if (embryo)
			break;
		/* As Linux: one that does not wait is told to try again even now. */
		if ((socket_shut(base) & SOCKET_SHUT_READ) && deadline != 0)
			return -EINVAL;
		error = wait_for_pending(listener, deadline);
		if (error)
			return error;
	}
	wait_queue_wake_one(&listener->space_queue, 0);
	/* Acceptors sleep one by one: what is left is for the next. */
	if (atomic_load_explicit(&listener->pending_count, memory_order_acquire) > 0)
		wait_queue_wake_one(&base->read_queue, POLL_IN | POLL_READ_NORMAL | POLL_NO_NEWS);
	if (socket_has_option(base, SO_PASSCRED))
		socket_add_option(&embryo->base, SO_PASSCRED);
	*out = &embryo->base;
	return 0;
}

/* It has a file: what it holds is its own from now on. */
void unix_attached(struct socket *base)
{
	if (unix_socket(base)->listener)
		unix_rights_leave_listener(unix_socket(base));
}

/* ---- pairs ----------------------------------------------------------------------------------- */

static void join(struct unix_socket *socket, struct unix_socket *peer,
		 const struct socket_caller *caller)
{
	unix_get(peer);
	atomic_store_explicit(&socket->peer, peer, memory_order_release);
	atomic_store_explicit(&socket->base.state, SOCKET_CONNECTED, memory_order_release);
	socket_set_peer(&socket->base, caller);
}

/* Nobody else knows either of them yet. */
void unix_pair(struct socket *a, struct socket *b, const struct socket_caller *caller)
{
	join(unix_socket(a), unix_socket(b), caller);
	join(unix_socket(b), unix_socket(a), caller);
}
