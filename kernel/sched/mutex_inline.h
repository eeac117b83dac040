/*
 * mutex_lock() and mutex_unlock() in place where the mutex is mostly free: 12 instructions instead
 * of 26 for both. For pipes; everywhere else they would only make the kernel larger.
 */
#pragma once
#include "core/config.h"
#include "core/stack_header.h"
#include "sched/mutex.h"

static inline void mutex_lock_inline(struct mutex *mutex)
{
	struct thread *nobody = NULL;

	/* As in mutex.c, which does the checks of debug builds. */
	if (CONFIG_LOCK_CHECK ||
	    unlikely(!atomic_compare_exchange_strong(&mutex->owner, &nobody, thread_current())))
		mutex_lock(mutex);
}

static inline void mutex_unlock_inline(struct mutex *mutex)
{
	if (CONFIG_LOCK_CHECK) {
		mutex_unlock(mutex);
		return;
	}
	/* Sequential: frees it before we look for waiters. */
	atomic_exchange(&mutex->owner, NULL);
	if (unlikely(atomic_load_explicit(&mutex->waiters, memory_order_relaxed)))
		wait_queue_wake_one(&mutex->queue, 0);
}
