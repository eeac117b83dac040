/*
 * Sockets of any family: their life and the calls on them. (As files: socket_file.c. Options:
 * option.c.)
 *
 * Life. A family creates the socket with one reference. socket_file_create hands that to a file;
 * when the file goes, `release` ends the conversation, and the memory stays for as long as others
 * (a peer, a message that says who sent it) refer to it.
 *
 * The order in which errors win is Linux's. Most of it is the family's; here are the checks that
 * come before it.
 */
#include "net/socket.h"
#include "core/assert.h"
#include "lib/min_max.h"
#include "net/unix/unix.h"
#include "proc/process.h"
#include "sched/clock.h"
#include "uapi/linux/errno.h"
#include "vfs/credentials.h"
#include "vfs/net_limits.h"
#include "vfs/poll.h"

static const struct socket_family *const families[] = { &unix_family };

void socket_system_init(void)
{
	unix_init();
}

int socket_create(int family, int type, int protocol, struct socket **out)
{
	if (family < 0 || family >= AF_COUNT)
		return -EAFNOSUPPORT;
	if (type < 0 || type >= SOCK_TYPE_COUNT)
		return -EINVAL;
	for (size_t i = 0; i < ARRAY_SIZE(families); i++) {
		if (families[i]->number == family)
			return families[i]->create(type, protocol, out);
	}
	return -EAFNOSUPPORT;
}

void socket_init(struct socket *socket, const struct socket_ops *ops, int family, int type)
{
	refcount_set(&socket->references, 1);
	socket->ops = ops;
	socket->family = (uint16_t)family;
	socket->type = (uint16_t)type;
	spin_init(&socket->lock, LOCK_RANK_SOCKET, "socket");
	atomic_init(&socket->send_limit, net_limit(NET_SEND_BUFFER));
	atomic_init(&socket->receive_limit, net_limit(NET_RECEIVE_BUFFER));
	atomic_init(&socket->receive_low, 1);
	atomic_init(&socket->peek_offset, -1);
	socket->receive_timeout_ns = WAIT_FOREVER;
	socket->send_timeout_ns = WAIT_FOREVER;
	wait_queue_init(&socket->read_queue);
	wait_queue_init(&socket->write_queue);
}

void socket_put(struct socket *socket)
{
	if (!refcount_put(&socket->references))
		return;
	if (socket->peer_credentials)
		credentials_put(socket->peer_credentials);
	socket->ops->destroy(socket);
}

void socket_release_unfiled(struct socket *socket)
{
	socket->ops->release(socket);
	socket_put(socket);
}

/* ---- calls ----------------------------------------------------------------------------------- */

int socket_bind(struct socket *socket, const struct socket_address *address,
		const struct socket_caller *caller)
{
	return socket->ops->bind(socket, address, caller);
}

int socket_connect(struct socket *socket, const struct socket_address *address, bool nonblocking,
		   const struct socket_caller *caller)
{
	return socket->ops->connect(socket, address, nonblocking, caller);
}

int socket_pair(struct socket *a, struct socket *b, const struct socket_caller *caller)
{
	if (!a->ops->pair)
		return -EOPNOTSUPP;
	a->ops->pair(a, b, caller);
	return 0;
}

int socket_listen(struct socket *socket, int backlog, const struct socket_caller *caller)
{
	if (!socket->ops->listen)
		return -EOPNOTSUPP;
	return socket->ops->listen(socket, min((unsigned int)backlog, net_limit(NET_BACKLOG_MOST)),
				   caller);
}

int socket_accept(struct socket *socket, bool nonblocking, struct socket **out)
{
	if (!socket->ops->accept)
		return -EOPNOTSUPP;
	return socket->ops->accept(socket, nonblocking, out);
}

int socket_get_name(struct socket *socket, bool peer, struct socket_address *out)
{
	return socket->ops->get_name(socket, peer, out);
}

int socket_shutdown(struct socket *socket, int how)
{
	if (how < SHUT_RD || how > SHUT_RDWR)
		return -EINVAL;
	return socket->ops->shutdown(socket, (uint32_t)how + 1);
}

ssize_t socket_receive(struct socket *socket, struct socket_message *message)
{
	return socket->ops->receive(socket, message);
}

/* ---- for families ---------------------------------------------------------------------------- */

int socket_take_error(struct socket *socket)
{
	if (likely(!atomic_load_explicit(&socket->error, memory_order_acquire)))
		return 0;
	return -atomic_exchange_explicit(&socket->error, 0, memory_order_acq_rel);
}

uint64_t socket_deadline(struct socket *socket, bool sending, bool nonblocking)
{
	uint64_t timeout, deadline;

	if (nonblocking)
		return 0;
	/* Few sockets have limits of time: those that never had need no lock. */
	if (likely(!socket_has_option(socket, sending ? SO_SNDTIMEO_OLD : SO_RCVTIMEO_OLD)))
		return WAIT_FOREVER;
	timeout = socket_get_timeout(socket, sending);
	if (timeout == WAIT_FOREVER)
		return WAIT_FOREVER;
	if (__builtin_add_overflow(clock_monotonic_ns(), timeout, &deadline))
		return WAIT_FOREVER;
	return deadline;
}

/*
 * Receivers of a socket come one by one; an offset that is set meanwhile may be overwritten. Who
 * waits for more than what he has seen looks again when something before it is gone.
 */
void socket_peek_move(struct socket *socket, size_t size, bool peeks)
{
	int offset = atomic_load_explicit(&socket->peek_offset, memory_order_relaxed);

	if (offset < 0)
		;	/* it was turned off meanwhile */
	else if (peeks)
		offset = size < (size_t)(INT32_MAX - offset) ? offset + (int)size : INT32_MAX;
	else
		offset = (size_t)offset > size ? offset - (int)size : 0;
	atomic_store_explicit(&socket->peek_offset, offset, memory_order_relaxed);
	if (!peeks)
		wait_queue_wake_all(&socket->read_queue, POLL_NO_NEWS);
}

int socket_wait_error(int error, uint64_t deadline_ns)
{
	if (error == -ETIMEDOUT)
		return -EAGAIN;
	return deadline_ns == WAIT_FOREVER ? -ERESTARTSYS : -EINTR;
}

/* Takes over the reference to `credentials`, gives the old one to the caller. */
static const struct credentials *replace_peer_locked(struct socket *socket,
						     const struct credentials *credentials,
						     process_id process)
{
	const struct credentials *old = socket->peer_credentials;

	spin_assert_held(&socket->lock);
	socket->peer_credentials = credentials;
	socket->peer_process = process;
	return old;
}

static void replace_peer(struct socket *socket, const struct credentials *credentials,
			 process_id process)
{
	const struct credentials *old;

	spin_lock(&socket->lock);
	old = replace_peer_locked(socket, credentials, process);
	spin_unlock(&socket->lock);
	if (old)
		credentials_put(old);
}

void socket_set_peer(struct socket *socket, const struct socket_caller *caller)
{
	credentials_get(caller->credentials);
	replace_peer(socket, caller->credentials, caller->process->id);
}

const struct credentials *socket_set_peer_locked(struct socket *socket,
						 const struct socket_caller *caller)
{
	credentials_get(caller->credentials);
	return replace_peer_locked(socket, caller->credentials, caller->process->id);
}

void socket_copy_peer(struct socket *to, struct socket *from)
{
	const struct credentials *credentials;
	process_id process;

	spin_lock(&from->lock);
	credentials = from->peer_credentials;
	credentials_get(credentials);
	process = from->peer_process;
	spin_unlock(&from->lock);
	replace_peer(to, credentials, process);
}
