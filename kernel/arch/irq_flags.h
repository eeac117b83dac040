/*
 * Interrupts of this CPU, on and off.
 */
#pragma once
#include <stdbool.h>
#include <stdint.h>

typedef uint32_t irq_flags;

#include "machine/irq_flags.h"
/*
 * Inline there:
 *	irq_flags irq_disable_save(void)	interrupts off; what they were
 *	void irq_restore(irq_flags flags)
 *	void irq_enable(void), irq_disable(void)
 *	bool irq_is_enabled(void)
 */
