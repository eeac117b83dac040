/*
 * Sleeping locks for a machine with one thread: ranks are checked as in the kernel, and a lock that
 * would have to be waited for is a deadlock.
 */
#include "core/lock_check.h"
#include "core/panic.h"
#include "core/stack_header.h"
#include "sched/completion.h"
#include "sched/mutex.h"
#include "sched/rwlock.h"

#define CALLER() __builtin_return_address(0)

static void mutex_take(struct mutex *mutex, bool pair)
{
	assert_may_sleep();
	lock_check_acquire(mutex, mutex->name, mutex->rank, false, pair, CALLER());
	if (atomic_load(&mutex->owner))
		panic("mutex %s would be waited for for ever", mutex->name);
	atomic_store(&mutex->owner, thread_current());
}

void mutex_lock(struct mutex *mutex)
{
	mutex_take(mutex, false);
}

int mutex_lock_interruptible(struct mutex *mutex)
{
	mutex_take(mutex, false);
	return 0;
}

int mutex_lock_killable(struct mutex *mutex)
{
	mutex_take(mutex, false);
	return 0;
}

bool mutex_try_lock(struct mutex *mutex)
{
	if (atomic_load(&mutex->owner))
		return false;
	lock_check_acquire_try(mutex, mutex->name, mutex->rank, false, CALLER());
	atomic_store(&mutex->owner, thread_current());
	return true;
}

void mutex_unlock(struct mutex *mutex)
{
	lock_check_release(mutex);
	atomic_store(&mutex->owner, NULL);
}

void mutex_lock_pair(struct mutex *a, struct mutex *b)
{
	mutex_take(a < b ? a : b, false);
	if (a != b)
		mutex_take(a < b ? b : a, true);
}

void mutex_unlock_pair(struct mutex *a, struct mutex *b)
{
	mutex_unlock(a);
	if (a != b)
		mutex_unlock(b);
}

void mutex_check_held(const struct mutex *mutex)
{
	if (atomic_load(&mutex->owner) != thread_current())
		panic("mutex %s should be held here, and is not", mutex->name);
}

void rwlock_init(struct rwlock *lock, enum lock_rank rank, const char *name)
{
	*lock = (struct rwlock){ .rank = rank, .name = name };
	wait_queue_init(&lock->readers);
	wait_queue_init(&lock->writers);
}

bool rwlock_try_read_lock(struct rwlock *lock)
{
	if (atomic_load(&lock->state) < 0)
		return false;
	lock_check_acquire_try(lock, lock->name, lock->rank, true, CALLER());
	atomic_fetch_add(&lock->state, 1);
	return true;
}

bool rwlock_try_write_lock(struct rwlock *lock)
{
	if (atomic_load(&lock->state) != 0)
		return false;
	lock_check_acquire_try(lock, lock->name, lock->rank, false, CALLER());
	atomic_store(&lock->state, -1);
	atomic_store(&lock->writer, thread_current());
	return true;
}

void rwlock_read_lock(struct rwlock *lock)
{
	assert_may_sleep();
	lock_check_acquire(lock, lock->name, lock->rank, true, false, CALLER());
	if (atomic_fetch_add(&lock->state, 1) < 0)
		panic("lock %s would be waited for for ever", lock->name);
}

int rwlock_read_lock_killable(struct rwlock *lock)
{
	rwlock_read_lock(lock);
	return 0;
}

void rwlock_read_unlock(struct rwlock *lock)
{
	lock_check_release(lock);
	atomic_fetch_sub(&lock->state, 1);
}

static void write_take(struct rwlock *lock, bool pair)
{
	assert_may_sleep();
	lock_check_acquire(lock, lock->name, lock->rank, false, pair, CALLER());
	if (atomic_load(&lock->state) != 0)
		panic("lock %s would be waited for for ever", lock->name);
	atomic_store(&lock->state, -1);
	atomic_store(&lock->writer, thread_current());
}

void rwlock_write_lock(struct rwlock *lock)
{
	write_take(lock, false);
}

int rwlock_write_lock_killable(struct rwlock *lock)
{
	write_take(lock, false);
	return 0;
}

void rwlock_write_lock_second(struct rwlock *second)
{
	write_take(second, true);
}

void rwlock_write_unlock(struct rwlock *lock)
{
	lock_check_release(lock);
	atomic_store(&lock->writer, NULL);
	atomic_store(&lock->state, 0);
}

void rwlock_downgrade(struct rwlock *lock)
{
	atomic_store(&lock->writer, NULL);
	atomic_store(&lock->state, 1);
}

void rwlock_check_held(const struct rwlock *lock)
{
	if (atomic_load(&lock->state) == 0)
		panic("lock %s should be held here, and is not", lock->name);
}

void rwlock_check_held_exclusive(const struct rwlock *lock)
{
	if (atomic_load(&lock->writer) != thread_current())
		panic("lock %s should be held exclusively here, and is not", lock->name);
}

void completion_init(struct completion *completion)
{
	wait_queue_init(&completion->queue);
	atomic_store(&completion->done, false);
}

void completion_complete(struct completion *completion)
{
	atomic_store(&completion->done, true);
	wait_queue_wake_all(&completion->queue, 0);
}

void completion_wait(struct completion *completion)
{
	wait_event(&completion->queue, atomic_load(&completion->done));
}

int completion_wait_killable(struct completion *completion)
{
	return wait_event_killable(&completion->queue, atomic_load(&completion->done));
}
