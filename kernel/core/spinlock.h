/*
 * Spinlocks: mutual exclusion for a few instructions, between CPUs and against interrupts.
 *
 * Holding one turns preemption off. A lock that interrupt handlers take is always taken with the
 * _irq forms; debug builds check that, the rank order, and who holds what (core/lock_check.h).
 */
#pragma once
#include <stdatomic.h>
#include <stdbool.h>
#include "arch/irq_flags.h"
#include "core/compiler.h"
#include "core/config.h"
#include "core/lock_rank.h"
#include "core/preempt.h"

/* [a] atomic  [I] immutable  [l] the lock itself */
struct spinlock {
	atomic_uint held;		/* [a] 1: taken */
	enum lock_rank rank : 16;	/* [I] */
	unsigned int irq_state : 16;	/* [l] debug: enum lock_irq_state */
	const char *name;		/* [I] */
	const void *holder;		/* [l] debug: the stack header of the holder, or NULL */
};

#define SPINLOCK_INIT(lock_rank, lock_name) { .rank = (lock_rank), .name = (lock_name) }

static inline void spin_init(struct spinlock *lock, enum lock_rank rank, const char *name)
{
	*lock = (struct spinlock)SPINLOCK_INIT(rank, name);
}

/* Take and drop. Preemption stays off in between. */
void spin_lock(struct spinlock *lock);
must_check bool spin_try_lock(struct spinlock *lock);
void spin_unlock(struct spinlock *lock);

/* The same with interrupts off on this CPU; `irq_flags` is what to give back. */
must_check irq_flags spin_lock_irq(struct spinlock *lock);
void spin_unlock_irq(struct spinlock *lock, irq_flags flags);

/* Two locks of one rank, in the order of their addresses; `a` may equal `b`. */
void spin_lock_pair(struct spinlock *a, struct spinlock *b);
void spin_unlock_pair(struct spinlock *a, struct spinlock *b);

/*
 * A lock inside another of its rank, where something else than addresses gives the order: the
 * caller says what.
 */
must_check irq_flags spin_lock_irq_second(struct spinlock *second);

/* Debug builds panic unless this thread holds the lock. */
void spin_check_held(const struct spinlock *lock);
static inline void spin_assert_held(const struct spinlock *lock)
{
	if (CONFIG_LOCK_CHECK)
		spin_check_held(lock);
}

/*
 * Spinning reader-writer locks: for tables read by everybody and changed seldom. Interrupts are off
 * while one is held. Readers do not nest: a writer may come in between and wait for the first.
 */
struct rwspinlock {
	atomic_int state;		/* [a] -1: one writer; n > 0: n readers */
	atomic_uint writers_waiting;	/* [a] new readers stay out while there are any */
	enum lock_rank rank : 16;	/* [I] */
	const char *name;		/* [I] */
};

#define RWSPINLOCK_INIT(lock_rank, lock_name) { .rank = (lock_rank), .name = (lock_name) }

void rwspin_init(struct rwspinlock *lock, enum lock_rank rank, const char *name);
must_check irq_flags rwspin_read_lock_irq(struct rwspinlock *lock);
void rwspin_read_unlock_irq(struct rwspinlock *lock, irq_flags flags);
must_check irq_flags rwspin_write_lock_irq(struct rwspinlock *lock);
void rwspin_write_unlock_irq(struct rwspinlock *lock, irq_flags flags);
void rwspin_check_held(const struct rwspinlock *lock);
static inline void rwspin_assert_held(const struct rwspinlock *lock)
{
	if (CONFIG_LOCK_CHECK)
		rwspin_check_held(lock);
}
