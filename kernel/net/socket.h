/*
 * Sockets: what all families have in common, and what each of them provides.
 *
 * A socket exists before its file (one that waits to be accepted) and after it (one that a peer
 * still refers to). Addresses and messages come here from kernel memory, checked for their form
 * only: what is in an address is the family's business.
 */
#pragma once
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include "core/compiler.h"
#include "core/refcount.h"
#include "core/spinlock.h"
#include "core/types.h"
#include "sched/wait_queue.h"
#include "uapi/linux/socket.h"

struct credentials;
struct file;
struct io_buffer;
struct poll_table;
struct process;
struct socket;
struct socket_rights;
struct walk_context;

struct socket_address {
	unsigned int size; /* bytes that count, at most SOCKET_ADDRESS_MAX */
	union {
		uint16_t family;
		uint8_t bytes[SOCKET_ADDRESS_MAX];
	};
};

/* On whose behalf something is done. Borrowed. */
struct socket_caller {
	const struct credentials *credentials;
	const struct process *process;
	/* where names in the file system are looked up; NULL where no address is given */
	const struct walk_context *walk;
	file_mode umask;
};

/* Who sent something, as SCM_CREDENTIALS and SO_PEERCRED tell it. */
struct socket_identity {
	process_id pid; /* 0: nobody */
	user_id uid;
	group_id gid;
};

/* What travels beside the bytes. */
struct socket_control {
	struct socket_rights *rights; /* or NULL */
	struct socket_identity identity;
	bool has_identity;
	int stamp; /* 0, or the option that asks when it came: SO_TIMESTAMP... */
	int64_t came_ns; /* then: since 1970 */
};

enum socket_message_flags {
	SOCKET_BROKEN_PIPE = 1 << 0, /* sending: -EPIPE is to come with a SIGPIPE */
};

/* One call of send or receive. Everything in it is the caller's. */
struct socket_message {
	struct io_buffer *buffer;
	/* sending: where to, or NULL; receiving: who sent it (size 0: has no name), or NULL */
	struct socket_address *address;
	/*
	 * Sending: NULL for nothing; its rights are taken over on success and left on an error.
	 * Receiving: NULL drops what came along, else the rights become the caller's.
	 */
	struct socket_control *control;
	uint32_t flags;			/* MSG_... */
	uint32_t out_flags;		/* receiving: MSG_TRUNC, MSG_EOR */
	uint32_t notes;			/* enum socket_message_flags */
	const struct socket_caller *caller;	/* sending */
};

/*
 * What a family does for one type of socket. Called without locks; may sleep, except `ioctl` and
 * `poll` where they say so. NULL: -EOPNOTSUPP. Errors are Linux's.
 */
struct socket_ops {
	/* The file is gone; peers learn of it. The reference of the file is dropped afterwards. */
	void (*release)(struct socket *socket);
	void (*destroy)(struct socket *socket); /* last reference: free it */
	/* A reference to the file is about to go. NULL: nothing to do. */
	void (*let_go)(struct socket *socket);
	int (*bind)(struct socket *socket, const struct socket_address *address,
		    const struct socket_caller *caller);
	int (*connect)(struct socket *socket, const struct socket_address *address,
		       bool nonblocking, const struct socket_caller *caller);
	/* Connect two new ones with each other. */
	void (*pair)(struct socket *a, struct socket *b, const struct socket_caller *caller);
	int (*listen)(struct socket *socket, unsigned int backlog,
		      const struct socket_caller *caller);
	/* *out is referenced and has no file yet; `attached` is called when it has. */
	int (*accept)(struct socket *socket, bool nonblocking, struct socket **out);
	void (*attached)(struct socket *socket);	/* NULL: nothing to do */
	/* Own name, or (`peer`) the other side's: -ENOTCONN. */
	int (*get_name)(struct socket *socket, bool peer, struct socket_address *out);
	int (*shutdown)(struct socket *socket, uint32_t how);
	ssize_t (*send)(struct socket *socket, struct socket_message *message);
	ssize_t (*receive)(struct socket *socket, struct socket_message *message);
	uint32_t (*poll)(struct socket *socket, struct poll_table *table);
	int (*ioctl)(struct socket *socket, unsigned int command, uintptr_t argument);
	/* Bytes of memory under way from it. NULL: none, ever. */
	unsigned int (*under_way)(const struct socket *socket);
};

struct socket_family {
	int number;	/* AF_... */
	/*
	 * An unconnected socket with one reference. Errors: -EPROTONOSUPPORT, -ESOCKTNOSUPPORT,
	 * -ENOMEM.
	 */
	int (*create)(int type, int protocol, struct socket **out);
};

enum socket_state { SOCKET_UNCONNECTED, SOCKET_LISTENING, SOCKET_CONNECTED };
enum socket_shut { SOCKET_SHUT_READ = 1, SOCKET_SHUT_WRITE = 2, SOCKET_SHUT_BOTH = 3 };

/*
 * One bit for each option that is on or off, as its SO_ number; of a timeout: it was ever set.
 */
enum { SOCKET_KEPT_COUNT = 7 };	/* kept_option.c: options that are only kept */
enum { SOCKET_OPTION_WORDS = SO_COUNT / 32 };
#define SOCKET_OPTION_BIT(number) (1u << (number) % 32)

/* [I] immutable  [a] atomic  [l] lock  [la] changes under the lock, read without */
struct socket {
	struct refcount references;	/* [a] the file, peers, messages under way */
	const struct socket_ops *ops;	/* [I] */
	uint16_t family, type;		/* [I] */
	int protocol;			/* [I] */
	struct spinlock lock;		/* LOCK_RANK_SOCKET */
	/* [l] NULL before it has one, and after; not referenced. AF_UNIX: in_flight.c's lock too */
	struct file *file;
	uint64_t number;		/* [l] the file's inode's; 0 before it has one */
	atomic_uint state;		/* [la] enum socket_state */
	atomic_uint shut;		/* [la] enum socket_shut: what is over */
	atomic_int error;		/* [a] errno to be told once, or 0 */
	atomic_uint options[SOCKET_OPTION_WORDS]; /* [a] SOCKET_OPTION_BIT(SO_...) */
	atomic_uint send_limit;		/* [a] SO_SNDBUF: bytes of memory under way */
	atomic_uint receive_limit;	/* [a] SO_RCVBUF: kept for those who ask */
	atomic_int receive_low;		/* [a] SO_RCVLOWAT */
	atomic_bool lacked_room;	/* [a] somebody found no room to send, and room is news */
	/* [a] SO_PEEK_OFF: where MSG_PEEK goes on; below 0: it begins at the front */
	atomic_int peek_offset;
	atomic_int stamp;		/* [a] the one of SO_TIMESTAMP... that is on, or 0 */
	atomic_int priority, linger_seconds;	/* [a] kept for those who ask */
	atomic_uint mark;		/* [a] the same */
	atomic_int kept[SOCKET_KEPT_COUNT];	/* [a] the same: kept_option.c */
	atomic_uint stamping;		/* [a] SO_TIMESTAMPING: the same */
	atomic_uint chosen_buffers;	/* [a] SO_BUF_LOCK: whose size somebody chose */
	int send_clock;			/* [l] SO_TXTIME: kept for those who ask */
	unsigned int send_clock_flags;	/* [l] the same */
	uint64_t cookie;		/* [l] SO_COOKIE, or 0: nobody asked yet */
	/* [l] WAIT_FOREVER: none */
	uint64_t receive_timeout_ns, send_timeout_ns;
	/* [l] SO_PEERCRED: who connected, listened, or made the pair; referenced, or NULL */
	const struct credentials *peer_credentials;
	process_id peer_process;	/* [l] */
	struct wait_queue read_queue;	/* something to receive or accept, or the end of it */
	struct wait_queue write_queue;	/* room to send, or the end of it */
};

/* ---- making ---------------------------------------------------------------------------------- */

/*
 * Errors: -EAFNOSUPPORT, -EINVAL (type), -EPROTONOSUPPORT, -ESOCKTNOSUPPORT, -ENOMEM. `type` has no
 * flags.
 */
must_check int socket_create(int family, int type, int protocol, struct socket **out);
/* What a family's create calls on memory of its own, which is zeroed. */
void socket_init(struct socket *socket, const struct socket_ops *ops, int family, int type);
static inline void socket_get(struct socket *socket)
{
	refcount_get(&socket->references);
}
void socket_put(struct socket *socket); /* may sleep */
/*
 * A file for a socket, in two steps, so that an accepted connection is not lost for want of memory.
 * `flags`: O_NONBLOCK. `caller` owns it. Errors: -ENOMEM. The second cannot fail, and takes over
 * the reference to `socket`.
 */
must_check int socket_file_create(uint32_t flags, const struct socket_caller *caller,
				  struct file **out);
void socket_file_attach(struct file *file, struct socket *socket);
/* Drop one that never had a file. */
void socket_release_unfiled(struct socket *socket);
/* The socket that `file` is, borrowed, or NULL. */
struct socket *socket_of(const struct file *file);

/* ---- using ----------------------------------------------------------------------------------- */

must_check int socket_bind(struct socket *socket, const struct socket_address *address,
			   const struct socket_caller *caller);
must_check int socket_connect(struct socket *socket, const struct socket_address *address,
			      bool nonblocking, const struct socket_caller *caller);
must_check int socket_pair(struct socket *a, struct socket *b, const struct socket_caller *caller);
must_check int socket_listen(struct socket *socket, int backlog,
			     const struct socket_caller *caller);
must_check int socket_accept(struct socket *socket, bool nonblocking, struct socket **out);
must_check int socket_get_name(struct socket *socket, bool peer, struct socket_address *out);
must_check int socket_shutdown(struct socket *socket, int how); /* SHUT_... */
/* Also sends SIGPIPE where -EPIPE is to come with one. */
must_check ssize_t socket_send(struct socket *socket, struct socket_message *message);
must_check ssize_t socket_receive(struct socket *socket, struct socket_message *message);

/* ---- options: option.c ----------------------------------------------------------------------- */

/* Options that are one number. Errors: -ENOPROTOOPT, -EINVAL, -EPERM, -EDOM. */
must_check int socket_get_option(struct socket *socket, int name, int *out);
must_check int socket_set_option(struct socket *socket, int name, int value,
				 const struct credentials *credentials);
/*
 * kept_option.c: those that only networks heed, one number each. Errors: -ENOPROTOOPT (not one of
 * them), -EPERM, -EINVAL.
 */
must_check int socket_get_kept(struct socket *socket, int name, int *out);
must_check int socket_set_kept(struct socket *socket, int name, int value,
			       const struct credentials *credentials);
/* SO_TIMESTAMPING: kept. Errors: -EINVAL, -EOPNOTSUPP. */
must_check int socket_set_stamping(struct socket *socket, unsigned int flags);
/* SO_TXTIME: kept. Errors: -EINVAL, -EPERM. */
must_check int socket_set_send_time(struct socket *socket, int clock, unsigned int flags,
				    const struct credentials *credentials);
void socket_get_send_time(struct socket *socket, int *clock, unsigned int *flags);
/* SO_MEMINFO. */
void socket_get_memory(struct socket *socket, uint32_t words[SK_MEMINFO_COUNT]);
/* SO_LINGER: kept for those who ask. */
void socket_set_linger(struct socket *socket, bool on, int seconds);
int socket_get_linger(struct socket *socket, bool *on);
/* SO_RCVTIMEO and SO_SNDTIMEO. WAIT_FOREVER: none. */
uint64_t socket_get_timeout(struct socket *socket, bool sending);
void socket_set_timeout(struct socket *socket, bool sending, uint64_t ns);
/* SO_PEERCRED: pid 0 and ids -1 if there is nobody. */
void socket_get_peer(struct socket *socket, struct socket_identity *out);
/* SO_COOKIE: no two sockets have the same, ever. */
uint64_t socket_get_cookie(struct socket *socket);
/* SO_PEERGROUPS: referenced, or NULL. */
const struct credentials *socket_get_peer_credentials(struct socket *socket);

static inline bool socket_has_option(const struct socket *socket, unsigned int number)
{
	return atomic_load_explicit(&socket->options[number / 32], memory_order_relaxed) &
	       SOCKET_OPTION_BIT(number);
}
static inline void socket_add_option(struct socket *socket, unsigned int number)
{
	atomic_fetch_or_explicit(&socket->options[number / 32], SOCKET_OPTION_BIT(number),
				 memory_order_relaxed);
}

/* ---- for families ---------------------------------------------------------------------------- */

/* SO_ERROR: the error that waits, taken off, as a negative number; or 0. */
int socket_take_error(struct socket *socket);
/*
 * When a call that began now shall give up waiting: 0 at once (nonblocking), WAIT_FOREVER, or a
 * time.
 */
uint64_t socket_deadline(struct socket *socket, bool sending, bool nonblocking);
/*
 * SO_PEEK_OFF, if it is on, after a receive: `size` bytes were looked at, or taken off the front.
 */
void socket_peek_move(struct socket *socket, size_t size, bool peeks);
static inline void socket_peek_done(struct socket *socket, size_t size, bool peeks)
{
	if (unlikely(atomic_load_explicit(&socket->peek_offset, memory_order_relaxed) >= 0))
		socket_peek_move(socket, size, peeks);
}
/* What a wait with that deadline that ended with `error` (-EINTR, -ETIMEDOUT) is to the caller. */
int socket_wait_error(int error, uint64_t deadline_ns);
/* Remember `caller` as the other side of `socket`, or what `from` remembers. No lock held. */
void socket_set_peer(struct socket *socket, const struct socket_caller *caller);
/*
 * The same with socket->lock held. Returns the old credentials, or NULL: the caller puts them once
 * it has let go of the lock.
 */
const struct credentials *socket_set_peer_locked(struct socket *socket,
						 const struct socket_caller *caller);
void socket_copy_peer(struct socket *to, struct socket *from);

static inline unsigned int socket_state(const struct socket *socket)
{
	return atomic_load_explicit(&socket->state, memory_order_acquire);
}
static inline unsigned int socket_shut(const struct socket *socket)
{
	return atomic_load_explicit(&socket->shut, memory_order_acquire);
}

void socket_system_init(void);
