/*
 * Sleeping reader-writer locks.
 *
 * `state` is -1 for a writer, or the number of readers. Writers that wait are counted, and keep new
 * readers out, or readers that overlap could hold the lock for ever. Each kind has a queue: when
 * the lock becomes free it goes to one writer if any waits, else to all readers.
 *
 * As in mutex.c: a waiter makes itself visible (count or queue) before it tries once more; who
 * frees the lock does so before it looks. Who counts as a waiting writer and gives up passes on
 * what it may have held up: to the next writer, or to the readers if there is none.
 */
#include "sched/rwlock.h"
#include "core/assert.h"
#include "core/config.h"
#include "core/event_ring.h"
#include "core/lock_check.h"
#include "core/stack_header.h"
#include "uapi/linux/errno.h"

#define RETURN_ADDRESS() __builtin_return_address(0)

void rwlock_init(struct rwlock *lock, enum lock_rank rank, const char *name)
{
	atomic_init(&lock->state, 0);
	atomic_init(&lock->waiting_writers, 0);
	atomic_init(&lock->writer, NULL);
	wait_queue_init(&lock->readers);
	wait_queue_init(&lock->writers);
	lock->rank = rank;
	lock->name = name;
}

/* Who has it as a writer, or NULL. */
static inline void note_writer(struct rwlock *lock, struct thread *writer)
{
	if (CONFIG_LOCK_CHECK)
		atomic_store_explicit(&lock->writer, writer, memory_order_relaxed);
}

static inline bool try_read(struct rwlock *lock)
{
	int state = atomic_load_explicit(&lock->state, memory_order_relaxed);

	while (state >= 0 && !atomic_load_explicit(&lock->waiting_writers, memory_order_relaxed)) {
		if (atomic_compare_exchange_weak(&lock->state, &state, state + 1))
			return true;
	}
	return false;
}

static inline bool try_write(struct rwlock *lock)
{
	int free = 0;

	if (!atomic_compare_exchange_strong(&lock->state, &free, -1))
		return false;
	note_writer(lock, thread_current());
	return true;
}

/* The lock may have become free, or free for readers. */
static void wake_next(struct rwlock *lock)
{
	if (atomic_load(&lock->waiting_writers))
		wait_queue_wake_one(&lock->writers, 0);
	else
		wait_queue_wake_all(&lock->readers, 0);
}

static noinline int write_slow(struct rwlock *lock, enum thread_state kind)
{
	int error;

	event_wait_begins(lock, lock->name);
	atomic_fetch_add(&lock->waiting_writers, 1);
	error = WAIT_EVENT_BY(wait_begin_exclusive, &lock->writers, try_write(lock), kind,
			      WAIT_FOREVER);
	event_note(QUARTET_EVENT_LOCK_TAKEN, (uint32_t)(uintptr_t)lock);
	atomic_fetch_sub(&lock->waiting_writers, 1);
	if (error)
		wake_next(lock);
	return error;
}

static noinline int read_slow(struct rwlock *lock, enum thread_state kind)
{
	int error;

	event_wait_begins(lock, lock->name);
	error = WAIT_EVENT(&lock->readers, try_read(lock), kind, WAIT_FOREVER);
	event_note(QUARTET_EVENT_LOCK_TAKEN, (uint32_t)(uintptr_t)lock);
	return error;
}

/* What the debug build checks before any wait. */
static void check_acquire(struct rwlock *lock, bool shared, bool pair, const void *taken_at)
{
	if (CONFIG_LOCK_CHECK) {
		assert_may_sleep();
		lock_check_acquire(lock, lock->name, lock->rank, shared, pair, taken_at);
	}
}

static int check_result(struct rwlock *lock, int error)
{
	if (CONFIG_LOCK_CHECK && error)
		lock_check_release(lock);
	return error;
}

static inline int read_lock(struct rwlock *lock, enum thread_state kind, const void *taken_at)
{
	check_acquire(lock, true, false, taken_at);
	if (likely(try_read(lock)))
		return 0;
	return check_result(lock, read_slow(lock, kind));
}

static inline int write_lock(struct rwlock *lock, enum thread_state kind, bool pair,
			     const void *taken_at)
{
	check_acquire(lock, false, pair, taken_at);
	if (likely(try_write(lock)))
		return 0;
	return check_result(lock, write_slow(lock, kind));
}

void rwlock_read_lock(struct rwlock *lock)
{
	(void)read_lock(lock, THREAD_SLEEPING, RETURN_ADDRESS());
}

int rwlock_read_lock_killable(struct rwlock *lock)
{
	return read_lock(lock, THREAD_SLEEPING_KILLABLE, RETURN_ADDRESS());
}

bool rwlock_try_read_lock(struct rwlock *lock)
{
	if (!try_read(lock))
		return false;
	if (CONFIG_LOCK_CHECK)
		lock_check_acquire_try(lock, lock->name, lock->rank, true, RETURN_ADDRESS());
	return true;
}

void rwlock_read_unlock(struct rwlock *lock)
{
	int old;

	if (CONFIG_LOCK_CHECK)
		lock_check_release(lock);
	/* Sequential: frees it before we look for waiters. Only writers wait for readers. */
	old = atomic_fetch_sub(&lock->state, 1);
	assert(old > 0);
	if (old == 1 && atomic_load_explicit(&lock->waiting_writers, memory_order_relaxed))
		wait_queue_wake_one(&lock->writers, 0);
}

void rwlock_write_lock(struct rwlock *lock)
{
	(void)write_lock(lock, THREAD_SLEEPING, false, RETURN_ADDRESS());
}

void rwlock_write_lock_second(struct rwlock *second)
{
	(void)write_lock(second, THREAD_SLEEPING, true, RETURN_ADDRESS());
}

int rwlock_write_lock_killable(struct rwlock *lock)
{
	return write_lock(lock, THREAD_SLEEPING_KILLABLE, false, RETURN_ADDRESS());
}

bool rwlock_try_write_lock(struct rwlock *lock)
{
	if (!try_write(lock))
		return false;
	if (CONFIG_LOCK_CHECK)
		lock_check_acquire_try(lock, lock->name, lock->rank, false, RETURN_ADDRESS());
	return true;
}

void rwlock_write_unlock(struct rwlock *lock)
{
	rwlock_assert_held_exclusive(lock);
	if (CONFIG_LOCK_CHECK)
		lock_check_release(lock);
	note_writer(lock, NULL);
	/* Sequential: frees it before we look for waiters, of whom there are mostly none. */
	atomic_exchange(&lock->state, 0);
	if (unlikely(atomic_load_explicit(&lock->waiting_writers, memory_order_relaxed)) ||
	    unlikely(!wait_queue_is_empty(&lock->readers)))
		wake_next(lock);
}

void rwlock_downgrade(struct rwlock *lock)
{
	rwlock_assert_held_exclusive(lock);
	note_writer(lock, NULL);
	atomic_exchange(&lock->state, 1);
	wait_queue_wake_all(&lock->readers, 0); /* they look for waiting writers themselves */
}

void rwlock_check_held(const struct rwlock *lock)
{
	assert(atomic_load_explicit(&lock->state, memory_order_relaxed) != 0 &&
	       lock_check_is_held(lock));
}

void rwlock_check_held_exclusive(const struct rwlock *lock)
{
	assert(atomic_load_explicit(&lock->writer, memory_order_relaxed) == thread_current());
}
