/*
 * What System V's shared memory, semaphores and messages have in common: objects with keys, ids,
 * owners and permissions.
 */
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include "core/compiler.h"
#include "core/refcount.h"
#include "core/spinlock.h"
#include "core/types.h"
#include "lib/rbtree.h"
#include "sched/mutex.h"

struct credentials;

enum { IPC_INDEX_COUNT = 32768 };	/* ids are sequence * this + index */
enum { IPC_CYCLE = 64 };		/* at least so many indices are used in turn */

/* First in each object. [o] lock  [t] the table's mutex  [I] immutable */
struct ipc_object {
	struct refcount references;	/* [a] the table, and whoever found it */
	struct spinlock lock;		/* LOCK_RANK_IPC_OBJECT: also all else in the object */
	int id;				/* [I] */
	int32_t key;			/* [t] IPC_PRIVATE: not found by key */
	struct rbtree_node key_node;	/* [t] in ipc_table.by_key, unless private */
	user_id uid, cuid;		/* [o]; creator's: [I] */
	group_id gid, cgid;		/* [o]; creator's: [I] */
	uint32_t mode;			/* [o] permissions, and SHM_DEST, SHM_LOCKED */
	bool removed;			/* [o] has no id any more: -EIDRM for who still waits */
};

/* All objects of one kind. */
struct ipc_table {
	struct mutex mutex;		/* LOCK_RANK_IPC_TABLE */
	struct ipc_object **slots;	/* [t] by index; grows */
	unsigned int slot_count;	/* [t] */
	unsigned int used;		/* [t] objects there are */
	unsigned int limit;		/* [I] of objects */
	int last_index;			/* [t] taken last: a lower one begins a new sequence */
	unsigned int sequence;		/* [t] */
	struct rbtree by_key;		/* [t] */
	void (*destroy)(struct ipc_object *object);	/* [I] last reference gone; may sleep */
};

void ipc_table_init(struct ipc_table *table, const char *name, unsigned int limit,
		    void (*destroy)(struct ipc_object *object));

/* What shmget, semget and msgget ask for. */
struct ipc_get_request {
	int32_t key;
	int flags;			/* IPC_CREAT, IPC_EXCL, permissions */
	const struct credentials *credentials;
	/* A new object with everything but struct ipc_object filled in. Table mutex held. */
	int (*create)(const struct ipc_get_request *request, struct ipc_object **out);
	/* Does what exists suit? -EINVAL. Table mutex held. */
	int (*check)(const struct ipc_get_request *request, struct ipc_object *object);
	uint32_t size;			/* theirs: of what is wanted */
};
/* The id. Errors: -ENOENT, -EEXIST, -EACCES, -EINVAL, -ENOSPC, -ENOMEM, create's. May sleep. */
must_check int ipc_get(struct ipc_table *table, const struct ipc_get_request *request);

/* Referenced. Errors: -EINVAL (no such id), -EIDRM (not any more). May sleep. */
must_check int ipc_find(struct ipc_table *table, int id, struct ipc_object **out);
/* The same by index (or an id's), for the _STAT commands. Errors: -EINVAL. */
must_check int ipc_find_index(struct ipc_table *table, int index, struct ipc_object **out);
void ipc_put(struct ipc_table *table, struct ipc_object *object);
/*
 * For one of the control commands: found by id or by index, permitted what `wish` says (0: ask
 * nothing), locked, and not removed; ipc_end gives it back. May sleep before it is locked.
 * Errors: -EINVAL, -EIDRM, -EACCES.
 */
must_check int ipc_begin(struct ipc_table *table, int id, bool by_index, uint32_t wish,
			 const struct credentials *credentials, struct ipc_object **out);
/* The same for who changes or removes it. Errors: -EINVAL, -EIDRM, -EPERM. */
must_check int ipc_begin_as_owner(struct ipc_table *table, int id,
				  const struct credentials *credentials, struct ipc_object **out);
void ipc_end(struct ipc_table *table, struct ipc_object *object);
/* The highest index in use, 0 if none; what IPC_INFO returns. */
int ipc_highest_index(struct ipc_table *table);

/* Its id and key are nobody's from now on, and the table's reference is gone. */
void ipc_remove(struct ipc_table *table, struct ipc_object *object);
/* Its key is: IPC_RMID of memory that is still attached. */
void ipc_forget_key(struct ipc_table *table, struct ipc_object *object);

/*
 * To walk all in order of index, from 0: the first object at `*index` or above, referenced and
 * locked for ipc_end, and `*index` is past it; NULL after the last. May sleep before it is locked.
 */
struct ipc_object *ipc_next(struct ipc_table *table, unsigned int *index);

/* May they do what the bits of `wish` (0444, 0222, ...) say? -EACCES. Object locked. */
must_check int ipc_check_permission(const struct ipc_object *object,
				    const struct credentials *credentials, uint32_t wish);
/* IPC_SET's part. Errors: -EINVAL. Object locked. */
must_check int ipc_set_owner(struct ipc_object *object, user_id uid, group_id gid, uint32_t mode);
int64_t ipc_now(void);	/* seconds since 1970 */
