/*
 * Sleeping reader-writer locks. A waiting writer keeps new readers out; readers do not nest.
 */
#pragma once
#include <stdatomic.h>
#include "core/compiler.h"
#include "core/lock_rank.h"
#include "sched/wait_queue.h"

struct rwlock {
	atomic_int state;	/* [a] -1: one writer; n > 0: n readers */
	atomic_uint waiting_writers; /* [a] */
	_Atomic(struct thread *) writer; /* [a] CONFIG_LOCK_CHECK alone; NULL: none */
	struct wait_queue readers;
	struct wait_queue writers;
	enum lock_rank rank;	/* [I] */
	const char *name;	/* [I] */
};

void rwlock_init(struct rwlock *lock, enum lock_rank rank, const char *name);
void rwlock_read_lock(struct rwlock *lock);
must_check int rwlock_read_lock_killable(struct rwlock *lock);	/* -EINTR */
must_check bool rwlock_try_read_lock(struct rwlock *lock);
void rwlock_read_unlock(struct rwlock *lock);
void rwlock_write_lock(struct rwlock *lock);
must_check int rwlock_write_lock_killable(struct rwlock *lock);	/* -EINTR */
must_check bool rwlock_try_write_lock(struct rwlock *lock);
void rwlock_write_unlock(struct rwlock *lock);
void rwlock_downgrade(struct rwlock *lock);		/* writer becomes reader */
/*
 * Inside another of its rank, where the caller has proven that this one comes after (descendant
 * after ancestor, or by address).
 */
void rwlock_write_lock_second(struct rwlock *second);
/* Debug builds panic unless it is held: in either mode, or by this thread exclusively. */
void rwlock_check_held(const struct rwlock *lock);
void rwlock_check_held_exclusive(const struct rwlock *lock);
static inline void rwlock_assert_held(const struct rwlock *lock)
{
	if (CONFIG_LOCK_CHECK)
		rwlock_check_held(lock);
}
static inline void rwlock_assert_held_exclusive(const struct rwlock *lock)
{
	if (CONFIG_LOCK_CHECK)
		rwlock_check_held_exclusive(lock);
}
