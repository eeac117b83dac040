/*
 * Interrupts of the CPU that is being simulated. Where they go on, something may come in between.
 */
#pragma once

extern bool sim_interrupts;	/* of the CPU that runs */
void sim_point(void);		/* sim.h */

static inline void irq_disable(void)
{
	sim_interrupts = false;
}

static inline void irq_enable(void)
{
	sim_interrupts = true;
	sim_point();
}

static inline bool irq_is_enabled(void)
{
	return sim_interrupts;
}

static inline irq_flags irq_save_flags(void)
{
	return sim_interrupts;
}

static inline irq_flags irq_disable_save(void)
{
	irq_flags flags = irq_save_flags();

	irq_disable();
	return flags;
}

static inline void irq_restore(irq_flags flags)
{
	if (flags)
		irq_enable();
}
