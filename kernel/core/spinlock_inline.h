/*
 * spin_lock() and spin_unlock() in place, for sections of a few instructions that nearly every
 * open, close or stat passes: half of what the calls cost (36 instructions of dup_close's 377).
 * Everywhere else they would only make the kernel larger.
 */
#pragma once
#include "core/spinlock_irq_off.h"

static inline void spin_lock_inline(struct spinlock *lock)
{
	preempt_disable();
	spin_lock_irq_off(lock);
}

static inline void spin_unlock_inline(struct spinlock *lock)
{
	spin_unlock_irq_off(lock);
	preempt_enable();
}
