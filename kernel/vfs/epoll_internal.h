/*
 * The inside of epoll, for epoll.c, epoll_control.c and epoll_nesting.c. The theory is in epoll.c.
 */
#pragma once
#include <stdatomic.h>
#include <stdbool.h>
#include "core/refcount.h"
#include "lib/list.h"
#include "lib/rbtree.h"
#include "sched/mutex.h"
#include "sched/wait_queue.h"
#include "vfs/epoll.h"
#include "vfs/file.h"

struct user_count;

/*
 * [m] mutex  [r] waiters.lock  [l] epoll_links_lock  [n] nesting mutex  [a] atomic
 * [I] immutable
 */
struct epoll {
	struct mutex mutex;		/* LOCK_RANK_EPOLL */
	struct rbtree items;		/* [m] of epoll_item.node by file and number */
	struct wait_queue waiters;	/* epoll_wait's sleepers; LOCK_RANK_EPOLL_READY */
	struct list ready;		/* [r] of epoll_item.ready_node */
	struct wait_queue pollers;	/* who polls or watches us; LOCK_RANK_EPOLL_QUEUE */
	struct refcount references;	/* [a] the file's, and of who removes its items */
	struct file *file;		/* [I] valid while items are linked: epoll_release */
	struct user_count *user;	/* [I] who pays for items; reference */
	unsigned int visit;		/* [n] the last walk that came by */
	unsigned int depth;		/* [n] what that walk found below us */
};

/* One place on a watched file's wait queues. */
struct epoll_hook {
	struct wait_entry wait;
	struct epoll_item *item;	/* [I] */
	struct epoll_hook *next;	/* [m] more of the same item, from the slab */
};

/* A watch: one file under one number. Fields that only change under both locks: [m+r]. */
struct epoll_item {
	struct rbtree_node node;	/* [m] in epoll.items */
	struct list_node ready_node;	/* [r] in epoll.ready */
	struct list_node link;		/* [l] in file.epoll_links */
	struct epoll *epoll;		/* [I] */
	struct file *file;		/* [I] no reference: it takes us away when it goes */
	int fd;				/* [I] */
	bool triggered;			/* [r] something happened since the last look */
	atomic_uint events;		/* [a] changes under [m] */
	uint64_t data;			/* [m] */
	unsigned int hook_count;	/* [m] */
	struct epoll_hook first_hook;	/* most files have one queue */
};

/* Bits of `events` that are not events: what is left of a watch that ONESHOT has disarmed. */
#define EPOLL_FLAGS (EPOLLWAKEUP | EPOLLONESHOT | EPOLLET | EPOLLEXCLUSIVE)

extern struct spinlock epoll_links_lock; /* LOCK_RANK_EPOLL_LINKS */
extern const struct file_ops epoll_ops;

/* The epoll behind a file, or NULL. */
static inline struct epoll *epoll_of(const struct file *file)
{
	return file->ops == &epoll_ops ? file->private : NULL;
}

/* ---- epoll.c --------------------------------------------------------------------------------- */

/* The item has events: onto the ready list, and wake who waits. Any context that may wake. */
void epoll_make_ready(struct epoll_item *item);
void epoll_put(struct epoll *epoll);

/* ---- epoll_control.c ------------------------------------------------------------------------- */

/* Take an item out of everything and free it. The epoll's mutex is held. */
void epoll_item_remove(struct epoll_item *item);
void epoll_control_init(void);

/* A line of /proc/PID/fdinfo for each watch. */
struct description_sink;
void epoll_describe(struct file *file, struct description_sink *sink);

/* ---- epoll_nesting.c ------------------------------------------------------------------------- */

void epoll_nesting_init(void);
void epoll_nesting_lock(void);
void epoll_nesting_unlock(void);
/* Would `outer` watching `inner` make a circle or too deep a nest? -ELOOP. Nesting mutex held. */
must_check int epoll_check_loop(struct epoll *outer, struct epoll *inner);
/*
 * Is the number of ways by which an event of `file` (or, if it is an epoll, of any file below it)
 * can travel up within bounds? -EINVAL. Nesting mutex held.
 */
must_check int epoll_check_paths(struct file *file);
