/*
 * Spinlocks taken where interrupts are off before and after: then there is no preemption that would
 * need counting, and taking a free lock and dropping it is six instructions in place. For sleeping,
 * waking and switching, which take nothing but such locks.
 */
#pragma once
#include "core/config.h"
#include "core/preempt.h"
#include "core/spinlock.h"

/* What is behind the two below; not for others. */
void spin_lock_slow(struct spinlock *lock);
void spin_unlock_checked(struct spinlock *lock);

static inline void spin_lock_irq_off(struct spinlock *lock)
{
	/* Acquire: pairs with the release of the last holder. */
	if (CONFIG_LOCK_CHECK ||
	    unlikely(atomic_exchange_explicit(&lock->held, 1, memory_order_acquire)))
		spin_lock_slow(lock);
}

static inline void spin_unlock_irq_off(struct spinlock *lock)
{
	if (CONFIG_LOCK_CHECK)
		spin_unlock_checked(lock);
	else	/* Release: what we wrote is seen by the next holder. */
		atomic_store_explicit(&lock->held, 0, memory_order_release);
}

/* What is behind the two below. */
static inline void preempt_if_wanted(void)
{
	const struct stack_header *header = stack_header();

	if (preempt_is_due(header) && header->preempt_count == 0)
		preempt_reschedule();
}

/* Interrupts as they were before such a section, in which somebody may have been woken. */
static inline void preempt_irq_restore(irq_flags flags)
{
	irq_restore(flags);
	preempt_if_wanted();
}

/* The same where they were on. */
static inline void preempt_irq_enable(void)
{
	irq_enable();
	preempt_if_wanted();
}
