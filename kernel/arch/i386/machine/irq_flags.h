/*
 * Turning this CPU's interrupts off and on.
 */
#pragma once
#include "core/preempt.h"

#define EFLAGS_IF 0x200u

static inline irq_flags irq_save_flags(void)
{
	irq_flags flags;

	__asm__ volatile("pushfl; popl %0" : "=r"(flags) : : "memory");
	return flags;
}

static inline void irq_disable(void)
{
	__asm__ volatile("cli" : : : "memory");
}

static inline void irq_enable(void)
{
	__asm__ volatile("sti" : : : "memory");
	preempt_point();
}

static inline irq_flags irq_disable_save(void)
{
	irq_flags flags = irq_save_flags();

	irq_disable();
	return flags;
}

static inline void irq_restore(irq_flags flags)
{
	if (flags & EFLAGS_IF)
		irq_enable();
}

static inline bool irq_is_enabled(void)
{
	return irq_save_flags() & EFLAGS_IF;
}
