/*
 * Lock tables: the locks on ranges of one file, by place and by owner.
 *
 * Only the structure: nothing here allocates, sleeps or wakes, and the caller's lock protects a
 * table and all that is in it. A change is given the memory that it may need, and says afterwards
 * which locks are no longer used and which waiters may look again.
 */
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include "core/compiler.h"
#include "core/types.h"
#include "lib/list.h"
#include "lib/rbtree.h"
#include "vfs/file_lock.h"

struct file;
struct user_count;

enum lock_kind { KIND_POSIX, KIND_OFD, KIND_FLOCK };

/* Of some locks: where the last one ends, whose that is, and where the last of all others ends. */
struct latest_end {
	uint64_t end;			/* 0: there is none */
	const void *owner;
	uint64_t end_of_others;		/* of the locks that are not `owner`'s; 0: there is none */
};

/* What a lock says, or one that is wanted. */
struct lock_claim {
	uint64_t start, end;		/* bytes, start < end */
	enum lock_kind kind;
	enum file_lock_type type;	/* wanted: maybe NONE, to give up what is there */
	const void *owner;
	const struct file *file;	/* through which it was set */
	process_id pid;
};

struct file_lock {
	union {
		struct rbtree_node by_owner;
		struct file_lock *next_dropped;	/* once it is in no table */
	};
	struct rbtree_node by_place;
	struct lock_claim claim;	/* never of type NONE; changes only outside of tables */
	struct user_count *payer;	/* reference, or NULL */
	struct list waiters;		/* whom this keeps waiting; the table only moves them */
	struct latest_end latest, latest_write; /* of its subtree by place; and of those to write */
};

struct lock_table {
	struct rbtree by_place;		/* start, then owner */
	struct rbtree by_owner;		/* owner, then start */
};

/* What a change uses, and what it leaves to do. */
struct lock_change {
	struct file_lock *own, *spare;	/* for the new lock; for one cut in two. NULL: used */
	struct file_lock *dropped;	/* to be freed */
	struct list released;		/* waiters of locks that went or became less */
};

static inline void lock_change_init(struct lock_change *change)
{
	change->own = change->spare = change->dropped = NULL;
	list_init(&change->released);
}

static inline void lock_table_init(struct lock_table *table)
{
	rbtree_init(&table->by_place);
	rbtree_init(&table->by_owner);
}

static inline bool lock_table_is_empty(const struct lock_table *table)
{
	return rbtree_is_empty(&table->by_place);
}

/* Of those in the way of *wanted the one that starts first, or NULL. */
struct file_lock *lock_table_conflict(const struct lock_table *table,
				      const struct lock_claim *wanted);

enum lock_applied {
	LOCK_APPLIED,
	LOCK_LACKS_SPARE,	/* nothing has changed: a lock has to be cut in two */
	LOCK_UNFINISHED,	/* enough for once: call again for the rest; only if type is NONE */
};

/*
 * Nothing is in the way of *wanted: it replaces what its owner has there, and becomes one with what
 * of its type it touches. Needs change->own unless its type is NONE.
 */
must_check enum lock_applied lock_table_apply(struct lock_table *table,
					      const struct lock_claim *wanted,
					      struct lock_change *change);

/* One goes: it becomes change->dropped, those who wait for it change->released. */
void lock_table_drop(struct lock_table *table, struct file_lock *lock, struct lock_change *change);

/* The owner's first lock, or NULL. */
struct file_lock *lock_table_of_owner(const struct lock_table *table, const void *owner);

/* The first at (start, owner) or behind it, in the order of places; NULL: there is none. */
struct file_lock *lock_table_at(const struct lock_table *table, uint64_t start, uintptr_t owner);

/* Tests: is everything as it should be? Walks all. */
bool lock_table_check(const struct lock_table *table);
