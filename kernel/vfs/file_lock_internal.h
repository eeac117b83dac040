/*
 * The inside of file locks, for file_lock.c, file_lock_wait.c and file_lock_view.c. The theory is
 * in file_lock.c.
 */
#pragma once
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include "core/spinlock.h"
#include "lib/list.h"
#include "lib/rbtree.h"
#include "sched/wait_queue.h"
#include "vfs/lock_table.h"

struct inode;

/* LOCK_RANK_FILE_LOCK: all states with their locks, and all waiters. */
extern struct spinlock file_lock_spinlock;

/* What an inode has while it has locks. All [file_lock_spinlock] */
struct file_lock_state {
	struct rbtree_node node;	/* in the tree of all states */
	uint64_t number;		/* in which they came */
	struct inode *inode;
	struct lock_table records, flocks;
};

/* The first state with at least that number, or NULL. Locks: file_lock_spinlock. */
struct file_lock_state *file_lock_state_at(uint64_t number);

/* ---- file_lock_wait.c ------------------------------------------------------------------------ */

/* One sleeper, on its stack. */
struct lock_waiter {
	struct list_node node;		/* [file_lock_spinlock] of file_lock.waiters; or unlinked */
	struct rbtree_node by_owner;	/* [file_lock_spinlock] with those of processes */
	const struct lock_claim *wanted; /* [I] */
	const void *blocked_by;		/* [I] the owner of the lock on which it hangs */
	uint64_t reached;		/* [file_lock_spinlock] the search that came by its owner */
	struct lock_waiter *next_reached; /* [file_lock_spinlock] where that goes on */
	atomic_bool is_released;	/* [a] set under the spinlock, read without it */
	struct wait_queue queue;	/* of itself alone */
};

/* Would `owner`, waiting for `blocker`, wait for itself in the end? Locks: file_lock_spinlock. */
bool file_lock_would_deadlock(const void *owner, const void *blocker);

/*
 * Hang the waiter on the lock that is in its way. file_lock_wait has to follow, and *wanted to stay
 * until that returns. Locks: file_lock_spinlock.
 */
void file_lock_wait_begin(struct lock_waiter *waiter, const struct lock_claim *wanted,
			  struct file_lock *blocker);
/* Sleep until it is released. Errors: -ERESTARTSYS. */
must_check int file_lock_wait(struct lock_waiter *waiter);
/* Wake all of the list, which is empty then. Locks: file_lock_spinlock. */
void file_lock_wake(struct list *waiters);
