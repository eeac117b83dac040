/*
 * Sleeping mutexes. Owner is recorded; ranks checked like those of spinlocks.
 */
#pragma once
#include <stdatomic.h>
#include "core/compiler.h"
#include "core/lock_rank.h"
#include "sched/wait_queue.h"

struct mutex {
	_Atomic(struct thread *) owner;	/* [a] NULL: free; the fast path is one compare-exchange */
	atomic_uint waiters;		/* [a] */
	struct wait_queue queue;
	enum lock_rank rank;		/* [I] */
	const char *name;		/* [I] */
};

static inline void mutex_init(struct mutex *mutex, enum lock_rank rank, const char *name)
{
	atomic_init(&mutex->owner, NULL);
	atomic_init(&mutex->waiters, 0);
	wait_queue_init(&mutex->queue);
	mutex->rank = rank;
	mutex->name = name;
}
void mutex_lock(struct mutex *mutex);
must_check int mutex_lock_interruptible(struct mutex *mutex);	/* -EINTR */
must_check int mutex_lock_killable(struct mutex *mutex);	/* -EINTR */
must_check bool mutex_try_lock(struct mutex *mutex);
void mutex_unlock(struct mutex *mutex);
void mutex_lock_pair(struct mutex *a, struct mutex *b);	/* by address; a may equal b */
void mutex_unlock_pair(struct mutex *a, struct mutex *b);
/* Inside another of its rank, where something else gives the order: the caller says what. */
void mutex_lock_second(struct mutex *second);
void mutex_check_held(const struct mutex *mutex);
static inline void mutex_assert_held(const struct mutex *mutex)
{
	if (CONFIG_LOCK_CHECK)
		mutex_check_held(mutex);
}
