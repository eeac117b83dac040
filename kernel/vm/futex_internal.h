/*
 * What the files of futexes share: keys, buckets, sleepers; and the locks with priority
 * inheritance that futex_pi.c keeps beside them.
 */
#pragma once
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include "core/compiler.h"
#include "core/spinlock.h"
#include "core/types.h"
#include "lib/hash.h"
#include "lib/list.h"
#include "uapi/linux/futex.h"

struct address_space;
struct backing_ops;
struct futex_pi_state;
struct thread;

struct futex_key {
	const void *object;	/* page cache or address space */
	uint64_t offset;	/* of the word: in the file, or its address */
};

struct futex_bucket {
	struct spinlock lock;	/* LOCK_RANK_FUTEX */
	struct list waiters;	/* [lock] of futex_waiter.node, by priority, then arrival */
	struct list pi_states;	/* [lock] of futex_pi_state.node */
};

/* A key and what keeps it from meaning something else. */
struct futex_ref {
	struct futex_key key;
	void *backing;				/* referenced, or NULL */
	const struct backing_ops *backing_ops;
};

/* Who waits for a lock that hands its priority on; on its stack. [p] lock of futex_pi.c */
struct futex_pi_waiter {
	struct list_node node;		/* [p] in its state's list */
	struct futex_pi_state *state;	/* [b+p] NULL: does not wait for the lock */
	struct thread *thread;		/* [I] */
	uint32_t id;			/* [I] its number, as the word names it */
	int priority;			/* [p] by which it is queued */
	atomic_bool is_owner;		/* [a] set with the bucket locked: the lock is its own */
	const struct futex_key *wanted;	/* [I] of a WAIT_REQUEUE_PI: where it may be moved */
};

/* A sleeper, on its stack. [b] lock of the bucket that it is in */
struct futex_waiter {
	struct list_node node;			/* [b] linked until woken or moved to a PI lock */
	/* [b] to change; NULL once its waker has let go of it */
	_Atomic(struct futex_bucket *) bucket;
	struct futex_key key;			/* [b] */
	uint32_t bitset;			/* [I] */
	int priority;				/* [I] real-time, when it came; or 0 */
	struct thread *thread;			/* [I] */
	atomic_bool is_woken;			/* [a] set under the bucket's lock */
	struct futex_pi_waiter *pi;		/* [I] of a WAIT_REQUEUE_PI; else NULL */
};

/* ---- futex.c ---- */

static inline bool futex_is_same(const struct futex_key *a, const struct futex_key *b)
{
	return a->object == b->object && a->offset == b->offset;
}

enum { FUTEX_BUCKETS = 256 };
extern struct futex_bucket futex_buckets[FUTEX_BUCKETS];

static inline struct futex_bucket *futex_bucket_of(const struct futex_key *key)
{
	uint32_t word = (uint32_t)(key->offset / sizeof(uint32_t));
	uint32_t object = (uint32_t)(uintptr_t)key->object;

	return &futex_buckets[hash_u32(object ^ word * 0x9e3779b1u) % FUTEX_BUCKETS];
}

/* Errors: -EINVAL (not aligned), -EFAULT. May sleep. */
must_check int futex_get_ref(struct address_space *space, user_addr word, bool shared,
			     struct futex_ref *out);
void futex_put_ref(const struct futex_ref *ref);
/*
 * The bucket of a waiter, locked. It may move until we have the right lock. NULL: it was woken, and
 * its waker has let go of it; who waits to be moved to a PI lock is never woken so.
 */
struct futex_bucket *futex_lock_bucket_of(struct futex_waiter *waiter);
/* Enter the bucket if the word has the expected value. Errors: -EAGAIN, -EFAULT. */
must_check int futex_enqueue(struct futex_waiter *waiter, user_addr word, uint32_t expected);
/*
 * Lock the buckets of both keys, with `compare` only if the word still has its value. Errors:
 * -EAGAIN, -EFAULT.
 */
must_check int futex_lock_pair(struct futex_bucket *a, struct futex_bucket *b, bool compare,
			       user_addr word, uint32_t expected);
/* The first sleeper of the key that is no waiter for a PI lock, or NULL. Bucket locked. */
struct futex_waiter *futex_first_waiter(const struct futex_bucket *bucket,
					const struct futex_key *key);

/* ---- futex_pi.c: the bucket of the key is locked by the caller of all of them ---- */

/* Not an error number: the word, or its owner, is to be looked at again. */
enum { FUTEX_PI_AGAIN = 1, FUTEX_PI_FAULT = 2, FUTEX_PI_TAKEN = 3 };

/*
 * What a locker needs before it may lock a bucket: an unused state, and the thread that the word
 * named when it was read. Create once; begin and end around each attempt, no locks held.
 */
struct futex_pi_attempt {
	user_addr word;
	struct futex_key key;
	struct futex_pi_state *spare;	/* ours until it is used */
	struct thread *owner;		/* referenced; NULL: nobody has that number */
	uint32_t owner_id;
};
/* Errors: -ENOMEM. */
must_check int futex_pi_attempt_create(struct futex_pi_attempt *attempt, user_addr word,
				       const struct futex_key *key);
void futex_pi_attempt_begin(struct futex_pi_attempt *attempt);
/*
 * What has to be done about the attempt's result: FUTEX_PI_AGAIN for another one. Else the result,
 * or -EFAULT (FUTEX_PI_FAULT), -EINTR (we shall not try for ever).
 */
must_check int futex_pi_attempt_end(struct futex_pi_attempt *attempt, int result);
void futex_pi_attempt_destroy(struct futex_pi_attempt *attempt);

/* The lock of the key that somebody waits for, or NULL. */
struct futex_pi_state *futex_pi_find(const struct futex_bucket *bucket,
				     const struct futex_key *key);
/*
 * Take the lock for `waiter` if it is free: FUTEX_PI_TAKEN, and the word says so, with `flags`.
 * Else find out who has it, so that somebody may wait: 0, and *out is its state, which waits for
 * its first waiter (futex_pi_join, or futex_pi_drop_unused). FUTEX_PI_AGAIN, FUTEX_PI_FAULT: give
 * the bucket back, make the word present, begin anew. Errors: -EDEADLK, -EINVAL, -ESRCH.
 */
must_check int futex_pi_take_or_find(struct futex_pi_attempt *attempt, struct futex_bucket *bucket,
				     const struct futex_pi_waiter *waiter, uint32_t flags,
				     struct futex_pi_state **out);
/* The state of a lock that `owner` has just been given. */
struct futex_pi_state *futex_pi_create_for(struct futex_pi_attempt *attempt,
					   struct futex_bucket *bucket,
					   const struct futex_pi_waiter *owner);
/*
 * From now on `waiter` waits, and its priority counts. Where many join by falling priority, each
 * says who came `earlier`, so that all together look at the others once; else NULL. Errors:
 * -EDEADLK.
 */
must_check int futex_pi_join(struct futex_pi_state *state, struct futex_pi_waiter *waiter,
			     struct futex_pi_waiter *earlier);
/* Asleep until it is the owner, or may not wait any more: false if that is for the time. */
bool futex_pi_sleep(struct futex_pi_waiter *waiter, uint64_t deadline_ns);
/* It gives up. */
void futex_pi_leave(struct futex_pi_waiter *waiter);
void futex_pi_drop_unused(struct futex_pi_state *state);
/*
 * The bucket is NOT locked: the waiter has become the owner, and the word may still name one that
 * has died. Errors: -EFAULT; then it is the owner no more.
 */
must_check int futex_pi_claim(struct futex_bucket *bucket, const struct futex_key *key,
			      user_addr word, const struct futex_pi_waiter *waiter);
