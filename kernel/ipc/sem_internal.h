/*
 * The inside of semaphore sets, for sem.c and sem_undo.c.
 */
#pragma once
#include "ipc/ipc_table.h"
#include "ipc/sem.h"
#include "lib/list.h"
#include "sched/mutex.h"

struct semaphore {
	int value;			/* [o] */
	process_id last;		/* [o] who operated on it */
};

/* [o] object.lock  [I] immutable */
struct sem_set {
	struct ipc_object object;
	unsigned int count;		/* [I] */
	int64_t operated, changed;	/* [o] seconds */
	struct list waiters;		/* [o] in order of arrival */
	struct list undos;		/* [o] of sem_undo.set_node */
	struct semaphore semaphores[];
};

/* What one process (or those who share its list) would have to take back of one set. */
struct sem_undo {
	struct list_node list_node;	/* [l] in its list */
	struct list_node set_node;	/* [o] in its set; not once that is removed */
	struct sem_set *set;		/* [I] reference */
	int adjust[];			/* [o] */
};

/* [l] mutex */
struct semaphore_undo_list {
	struct refcount references;	/* [a] threads that share it */
	struct mutex mutex;		/* LOCK_RANK_IPC_UNDO */
	struct list undos;		/* [l] of sem_undo.list_node */
};

extern struct ipc_table sem_table;

static inline struct sem_set *sem_set_of(struct ipc_object *object)
{
	return container_of(object, struct sem_set, object);
}

/* The list of `undo`, made if there is none. Errors: -ENOMEM. */
must_check int sem_undo_list_get(struct semaphore_undo_list **undo);
/* The entry for `set`, made if there is none. List locked, object not. NULL: no memory. */
struct sem_undo *sem_undo_get(struct semaphore_undo_list *list, struct sem_set *set);
/* SETVAL and SETALL: nobody has anything to take back of it any more. Object locked. */
void sem_undo_forget(struct sem_set *set, unsigned int first, unsigned int count);
/* The set is removed. Object locked. */
void sem_undo_detach(struct sem_set *set);
/* sem.c: values have changed: let those go on who can. Object locked; let go of in between. */
void sem_wake_waiters(struct sem_set *set);
