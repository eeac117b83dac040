/*
 * The inside of AF_UNIX sockets.
 *
 * Locks. base.lock (LOCK_RANK_SOCKET) protects one socket's state and its queues; two are taken
 * as a pair. read_mutex lets one receiver at a time work on the queue's head: bytes are copied to
 * user memory under it, never under a spinlock. bind_mutex keeps the name from being given twice.
 * The tree of abstract names and the books of files in flight have locks of their own (name.c,
 * in_flight.c).
 */
#pragma once
#include "lib/list.h"
#include "lib/rbtree.h"
#include "mem/page_frame.h"
#include "net/rights.h"
#include "net/socket.h"
#include "sched/mutex.h"
#include "vfs/mount.h"

struct io_buffer;
struct landing;
struct unix_socket;

/* ---- packets: packet.c ----------------------------------------------------------------------- */

enum {
	PACKET_HEAD = 52,			/* what stands before the bytes in struct packet */
	PACKET_SIZE = 256,
	PACKET_INLINE = PACKET_SIZE - PACKET_HEAD, /* bytes in the packet itself */
	PACKET_FRAMES = PACKET_INLINE / 4,	/* or that many frames */
};

/*
 * Bytes sent at once, with who sent them and the files beside them. Small ones lie in the packet,
 * others in page frames. [I] immutable once queued  [r] receiver's read_mutex  [l] receiver's lock
 * [f] in-flight lock once queued
 */
struct packet {
	struct list_node node;		/* [l] in receiver->packets */
	struct unix_socket *sender;	/* [I] reference; its memory is charged for the packet */
	struct socket_rights *rights;	/* [f] or NULL */
	struct socket_identity identity; /* [I] of the sender; pid 0: was not asked for */
	uint32_t size;			/* [I] bytes */
	/* [r] bytes that a stream's readers have had; 1: an empty datagram that was seen */
	uint32_t offset;
	uint32_t charge;		/* [I] bytes of memory it counts as */
	int64_t came_ns;		/* [r] of datagrams: when, since 1970; 0: not known */
	struct page_frame **frames;	/* [I] NULL: the bytes are in `bytes` */
	union {
		uint8_t bytes[PACKET_INLINE];
		struct page_frame *few_frames[PACKET_FRAMES];
	};
};

_Static_assert(sizeof(struct packet) == PACKET_SIZE, "packets fill their slabs");

/*
 * A packet with the next `size` bytes of `buffer`, charged to `sender`. May sleep. Errors:
 * -ENOBUFS, -EFAULT.
 */
must_check int packet_create(struct unix_socket *sender, struct io_buffer *buffer, size_t size,
			     struct packet **out);
/* `size` bytes from `offset` on to `buffer`. May sleep. Errors: -EFAULT. */
must_check int packet_copy(const struct packet *packet, size_t offset, size_t size,
			   struct io_buffer *buffer);
/* Free it with what it carries, and let its sender send again. No lock held; may sleep. */
void packet_free(struct packet *packet);
/* Fill in who `caller` is. */
void packet_identify(struct packet *packet, const struct socket_caller *caller);
void packet_init_system(void);

/* ---- sockets: socket.c ----------------------------------------------------------------------- */

/* A name, as getsockname gives it. Accepted sockets share their listener's. */
struct unix_name {
	struct refcount references;	/* [a] */
	unsigned int size;		/* [I] of bytes[] */
	uint8_t bytes[];		/* [I] struct sockaddr_un */
};

/*
 * [I] immutable  [a] atomic  [l] base.lock  [la] changes under it, read without  [f] in-flight lock
 * [p] the lock of the socket that the list belongs to  [n] names_lock  [A] all_lock
 * [R] room_lock
 */
struct unix_socket {
	struct socket base;		/* first */
	struct mutex read_mutex;	/* LOCK_RANK_SOCKET_READ */
	struct mutex bind_mutex;	/* LOCK_RANK_SOCKET_BIND */
	/* [a] set once, under bind_mutex or before anybody knows the socket; reference */
	_Atomic(struct unix_name *) name;
	struct path path;		/* [bind_mutex] of a name in the file system; referenced */
	struct rbtree_node name_node;	/* [n] among abstract names */
	bool in_names;			/* [n] */
	/*
	 * The other side; reference. Of a connection [la]: set once. Of a datagram socket [l]:
	 * where send() sends.
	 */
	_Atomic(struct unix_socket *) peer;
	atomic_bool is_dead;		/* [la] released: takes nothing any more */

	struct list packets;		/* [l] to be received, oldest first */
	/* [la] of `packets`, the last byte that was sent as urgent, not yet received; or NULL */
	_Atomic(struct packet *) urgent;
	atomic_bool had_urgent;		/* [a] one ever came */
	atomic_uint packet_count;	/* [la] */
	/* [a] of a stream's receiver who sleeps, or NULL; changed and used under read_mutex */
	_Atomic(struct landing *) landing;
	atomic_uint charged;		/* [a] memory of packets sent and not yet received */
	struct user_count *payer;	/* [I] whose it is: who made the socket; reference */
	struct wait_queue space_queue;	/* for room in `packets` or `pending` */

	/* Listening. */
	struct list pending;		/* [l] to be accepted: struct unix_socket.pending_node */
	struct list_node pending_node;	/* [p] */
	atomic_uint pending_count;	/* [la] */
	atomic_uint backlog;		/* [la] most that may wait; packets, for datagrams */

	/* Datagrams, room.c: who polls for room in our packets, and whose room we poll for. */
	struct list room_pollers;	/* [R] of room_node; read without the lock as a hint */
	struct list_node room_node;	/* [R] in room_of->room_pollers */
	struct unix_socket *room_of;	/* [R] not referenced: on its list; or NULL */

	/* Files in flight. */
	atomic_uint in_flight;		/* [f] times that our file is in flight; read as a hint */
	struct list_node in_flight_node; /* [f] while in_flight > 0 */
	struct list rights_held;	/* [f] in flight to us: struct socket_rights.node */
	struct unix_socket *listener;	/* [f] whose `pending` we are in, or NULL */
	struct list embryos;		/* [f] those of `pending` that hold rights: embryo_node */
	struct list_node embryo_node;	/* [f] in listener->embryos */
	/* [f] one that holds our file in its queue, or NULL: not known. A hint, but never stale */
	struct unix_socket *holder;
	unsigned int outside_count;	/* [f] while garbage is looked for */
	unsigned int mark;		/* [f] the same */

	struct list_node all_node;	/* [A] for /proc/net/unix */
};

static inline struct unix_socket *unix_socket(struct socket *socket)
{
	return (struct unix_socket *)socket;
}

static inline void unix_get(struct unix_socket *socket)
{
	socket_get(&socket->base);
}

/* Takes nothing any more. */
static inline bool unix_is_dead(const struct unix_socket *socket)
{
	return atomic_load_explicit(&socket->is_dead, memory_order_acquire);
}

static inline void unix_put(struct unix_socket *socket)
{
	socket_put(&socket->base);
}

/* Does anyone want to know who sends? One that is not accepted yet may still come to want it. */
static inline bool unix_wants_identity(const struct unix_socket *socket,
				       const struct unix_socket *receiver)
{
	return socket_has_option(&socket->base, SO_PASSCRED) ||
	       socket_has_option(&receiver->base, SO_PASSCRED) || receiver->base.number == 0;
}

/* Streams and seqpackets are connections. */
static inline bool unix_is_connection(const struct unix_socket *socket)
{
	return socket->base.type != SOCK_DGRAM;
}

static inline struct unix_socket *unix_peer(const struct unix_socket *socket)
{
	return atomic_load_explicit(&socket->peer, memory_order_acquire);
}

/* A new one of `type`. Errors: -ENOMEM. */
must_check int unix_socket_create(int type, struct unix_socket **out);
/* End it: see struct socket_ops.release. `is_embryo`: nobody ever accepted it. */
void unix_release(struct unix_socket *socket, bool is_embryo);
/* What the family's three types have in common. */
void unix_socket_release(struct socket *socket);
void unix_socket_destroy(struct socket *socket);
int unix_get_name(struct socket *socket, bool peer, struct socket_address *out);
int unix_shutdown(struct socket *socket, uint32_t how);
int unix_ioctl(struct socket *socket, unsigned int command, uintptr_t argument);
unsigned int unix_under_way(const struct socket *base);
/* What both kinds of poll say alike, before writing is looked at. */
uint32_t unix_poll_common(struct unix_socket *socket, struct poll_table *table);

extern const struct socket_ops unix_stream_ops, unix_datagram_ops, unix_seqpacket_ops;

/* The name of a message's sender, for the receiver. */
void unix_tell_address(const struct unix_socket *sender, struct socket_address *out);

/* ---- queues: queue.c ------------------------------------------------------------------------- */

/* At most a quarter of the limit is under way: worth waking those who wait to send. */
static inline bool unix_is_writable(const struct unix_socket *socket)
{
	return socket_state(&socket->base) != SOCKET_LISTENING &&
	       atomic_load_explicit(&socket->charged, memory_order_acquire) <=
		       atomic_load_explicit(&socket->base.send_limit, memory_order_relaxed) / 4;
}

static inline unsigned int unix_packet_count(const struct unix_socket *socket)
{
	return atomic_load_explicit(&socket->packet_count, memory_order_acquire);
}

/* base.lock held. */
void unix_queue_add_locked(struct unix_socket *receiver, struct packet *packet);
/* The oldest packet taken off, or NULL. read_mutex held. */
struct packet *unix_queue_first(struct unix_socket *socket);
/* The one behind `packet`, or NULL: behind the front, neighbours may change. read_mutex held. */
struct packet *unix_queue_next(struct unix_socket *socket, struct packet *packet);
void unix_queue_remove(struct unix_socket *socket, struct packet *packet);
/* All of them, onto `out`. base.lock held. */
void unix_queue_take_locked(struct unix_socket *socket, struct list *out);
void unix_queue_free(struct list *packets);
/*
 * Until `socket` may send. Errors: the socket's own, -EPIPE, -EAGAIN, -ERESTARTSYS, -EINTR.
 */
must_check int unix_wait_to_send(struct unix_socket *socket, bool nonblocking);
/*
 * Until there is something to receive, or the end of it. 0 or an error of socket_wait_error.
 * Nothing held.
 */
must_check int unix_wait_to_receive(struct unix_socket *socket, uint64_t deadline_ns);
/* The same for ever, or until something has come to the caller's landing. */
must_check int unix_wait_with_landing(struct unix_socket *socket, const struct landing *landing);
static inline int unix_peek_offset(const struct unix_socket *socket)
{
	return atomic_load_explicit(&socket->base.peek_offset, memory_order_relaxed);
}

/* All that one who peeks had seen when SO_PEEK_OFF led him past the last packet. */
struct unix_seen {
	unsigned int packet_count;
	int peek_offset;
};
/* Until that has changed. Errors: as above. Nothing held. */
must_check int unix_wait_for_more(struct unix_socket *socket, const struct unix_seen *seen,
				  uint64_t deadline_ns);
/*
 * What came with `packet`, as its receiver gets it: rights move to `control`, or are copied for one
 * who peeks; the identity if SO_PASSCRED wants it. read_mutex held.
 */
void unix_give_control(struct unix_socket *socket, struct packet *packet, bool peeks,
		       struct socket_control *control);

/* ---- urgent bytes of streams: urgent.c ------------------------------------------------------- */

/* Send one byte of `message` as urgent. Returns 1 or the error. */
must_check ssize_t unix_urgent_send(struct unix_socket *socket, struct unix_socket *peer,
				    struct socket_message *message);
/* Receive it: MSG_OOB. Returns 1; -EINVAL: there is none, or it is in line; -EFAULT. */
must_check ssize_t unix_urgent_receive(struct unix_socket *socket, struct socket_message *message);
/*
 * What an ordinary read takes that has come to `packet`, and has had bytes before (`has_copied`):
 * it, or a later one, or NULL: nothing is left. *stops: the read ends here. read_mutex held.
 */
struct packet *unix_urgent_pass(struct unix_socket *socket, struct packet *packet, bool peeks,
				bool has_copied, bool *stops);
/* Would a read begin where the urgent byte is or was? */
bool unix_urgent_at_mark(struct unix_socket *socket);
/* `packet` leaves the queue, or its byte was taken: was it the urgent one? It is no more. */
bool unix_urgent_clear(struct unix_socket *socket, struct packet *packet);

/* ---- names: name.c --------------------------------------------------------------------------- */

int unix_bind(struct socket *socket, const struct socket_address *address,
	      const struct socket_caller *caller);
/* A name of the kernel's choice, unless it has one. Errors: -ENOMEM, -ENOSPC. */
must_check int unix_bind_automatically(struct unix_socket *socket);
/* Is it the form of a name to send to? Errors: -EINVAL. */
must_check int unix_check_address(const struct socket_address *address);
/* The socket of `type` with that name, referenced. Errors: -ECONNREFUSED, -EPROTOTYPE, of paths. */
must_check int unix_find(const struct socket_address *address, int type,
			 const struct socket_caller *caller, struct unix_socket **out);
/* Nobody finds it any more. */
void unix_forget_name(struct unix_socket *socket);
void unix_name_put(struct unix_name *name);

/* ---- connections: connection.c --------------------------------------------------------------- */

int unix_listen(struct socket *socket, unsigned int backlog, const struct socket_caller *caller);
int unix_connect(struct socket *socket, const struct socket_address *address, bool nonblocking,
		 const struct socket_caller *caller);
int unix_accept(struct socket *socket, bool nonblocking, struct socket **out);
void unix_attached(struct socket *socket);
void unix_pair(struct socket *a, struct socket *b, const struct socket_caller *caller);

/* ---- datagram.c, room.c ---------------------------------------------------------------------- */

int unix_datagram_connect(struct socket *socket, const struct socket_address *address,
			  bool nonblocking, const struct socket_caller *caller);

/* May `socket` send to `receiver` as far as the receiver's queue goes? Lock-free, a hint. */
bool unix_has_room_for(const struct unix_socket *receiver, const struct unix_socket *socket);
/*
 * The same for poll: if not, `socket`'s write_queue is woken when there is room. No lock held.
 */
bool unix_poll_room(struct unix_socket *receiver, struct unix_socket *socket);
/* `socket` does not care for another's room any more. No lock held. */
void unix_leave_room(struct unix_socket *socket);
/* There is room in `socket`'s packets again, or it takes nothing any more. No lock held. */
void unix_wake_room(struct unix_socket *socket);

/* ---- files in flight: in_flight.c, garbage.c ------------------------------------------------- */

extern struct spinlock unix_in_flight_lock;

/*
 * `rights` leave with `packet` for `receiver`. Charges the caller's user. Errors: -ETOOMANYREFS,
 * -ENOMEM.
 */
must_check int unix_rights_depart(struct socket_rights *rights, struct packet *packet,
				  struct unix_socket *receiver);
/* They arrived, or are given up: `packet` carries them no more. NULL if it carries none. */
struct socket_rights *unix_rights_arrive(struct packet *packet);
/* A copy for one who peeks; NULL: no memory, or none carried. */
struct socket_rights *unix_rights_peek(struct packet *packet);
/* `socket` left its listener's list: it was accepted. */
void unix_rights_leave_listener(struct unix_socket *socket);
/* The same when it is released: it has no file any more either. */
void unix_rights_forget_file(struct unix_socket *socket);
/* A reference to the file of `socket` is about to go. */
void unix_let_go(struct socket *socket);
/*
 * Take apart what nobody can reach any more. `closing` may be NULL: its file has one reference
 * less.
 */
void unix_collect_garbage(struct unix_socket *closing);
/* The same by a kernel thread, a moment from now. */
void unix_collect_garbage_later(void);
void unix_garbage_init(void);
/* garbage.c, under the lock: off the books without arriving. */
void unix_rights_strip_locked(struct socket_rights *rights);
/* Without the lock, afterwards: the user who sent them has them in flight no more. */
void unix_rights_discharge(struct socket_rights *rights);
/* The sockets that are in flight. [f] */
extern struct list unix_in_flight_sockets;
/* The AF_UNIX socket that `file` is, or NULL. */
struct unix_socket *unix_socket_of(const struct file *file);

/* ---- report.c -------------------------------------------------------------------------------- */

void unix_report_add(struct unix_socket *socket);
void unix_report_remove(struct unix_socket *socket);
void unix_report_init(void);
