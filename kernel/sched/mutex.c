/*
 * Mutexes. Taking a free one is one compare-exchange of `owner`, dropping one that nobody waits for
 * one exchange.
 *
 * Waiters count themselves before they try once more and sleep; the owner frees the mutex before it
 * looks at the count (both sequential), so one of the two sees the other. A free mutex goes to
 * whoever comes first, not to the longest waiter: handing it over would cost two switches for every
 * short section.
 *
 * A wake-up is a promise that somebody will try. A waiter that gives up because it was interrupted
 * passes the promise on.
 */
#include "sched/mutex.h"
#include "core/assert.h"
#include "core/config.h"
#include "core/event_ring.h"
#include "core/lock_check.h"
#include "core/stack_header.h"
#include "uapi/linux/errno.h"

#define RETURN_ADDRESS() __builtin_return_address(0)

static inline bool try_take(struct mutex *mutex)
{
	struct thread *nobody = NULL;

	return atomic_compare_exchange_strong(&mutex->owner, &nobody, thread_current());
}

static noinline int lock_slow(struct mutex *mutex, enum thread_state kind)
{
	int error;

	event_wait_begins(mutex, mutex->name);
	atomic_fetch_add(&mutex->waiters, 1);
	error = WAIT_EVENT_BY(wait_begin_exclusive, &mutex->queue, try_take(mutex), kind,
			      WAIT_FOREVER);
	event_note(QUARTET_EVENT_LOCK_TAKEN, (uint32_t)(uintptr_t)mutex);
	atomic_fetch_sub(&mutex->waiters, 1);
	if (error)
		wait_queue_wake_one(&mutex->queue, 0);
	return error;
}

static int lock(struct mutex *mutex, enum thread_state kind, bool pair, const void *taken_at)
{
	int error;

	if (CONFIG_LOCK_CHECK) {
		assert_may_sleep();
		lock_check_acquire(mutex, mutex->name, mutex->rank, false, pair, taken_at);
	}
	if (likely(try_take(mutex)))
		return 0;
	error = lock_slow(mutex, kind);
	if (CONFIG_LOCK_CHECK && error)
		lock_check_release(mutex);
	return error;
}

void mutex_lock(struct mutex *mutex)
{
	(void)lock(mutex, THREAD_SLEEPING, false, RETURN_ADDRESS());
}

int mutex_lock_interruptible(struct mutex *mutex)
{
	return lock(mutex, THREAD_SLEEPING_INTERRUPTIBLE, false, RETURN_ADDRESS());
}

int mutex_lock_killable(struct mutex *mutex)
{
	return lock(mutex, THREAD_SLEEPING_KILLABLE, false, RETURN_ADDRESS());
}

bool mutex_try_lock(struct mutex *mutex)
{
	if (!try_take(mutex))
		return false;
	if (CONFIG_LOCK_CHECK)
		lock_check_acquire_try(mutex, mutex->name, mutex->rank, false, RETURN_ADDRESS());
	return true;
}

void mutex_unlock(struct mutex *mutex)
{
	mutex_assert_held(mutex);
	if (CONFIG_LOCK_CHECK)
		lock_check_release(mutex);
	/* Sequential: frees it before we look for waiters. */
	atomic_exchange(&mutex->owner, NULL);
	if (unlikely(atomic_load_explicit(&mutex->waiters, memory_order_relaxed)))
		wait_queue_wake_one(&mutex->queue, 0);
}

void mutex_lock_pair(struct mutex *a, struct mutex *b)
{
	struct mutex *first = a < b ? a : b;
	struct mutex *second = a < b ? b : a;

	(void)lock(first, THREAD_SLEEPING, false, RETURN_ADDRESS());
	if (first != second)
		(void)lock(second, THREAD_SLEEPING, true, RETURN_ADDRESS());
}

void mutex_unlock_pair(struct mutex *a, struct mutex *b)
{
	mutex_unlock(a);
	if (a != b)
		mutex_unlock(b);
}

void mutex_lock_second(struct mutex *second)
{
	(void)lock(second, THREAD_SLEEPING, true, RETURN_ADDRESS());
}

void mutex_check_held(const struct mutex *mutex)
{
	assert(atomic_load_explicit(&mutex->owner, memory_order_relaxed) == thread_current());
}
