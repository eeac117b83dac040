/* Interrupts on the host: a flag of each host thread. */
#pragma once

#define EFLAGS_IF 0x200u	/* in a program's registers, which are i386's here too */

bool *host_interrupts(void);

static inline void irq_disable(void)
{
	*host_interrupts() = false;
}

static inline void irq_enable(void)
{
	*host_interrupts() = true;
}

static inline bool irq_is_enabled(void)
{
	return *host_interrupts();
}

static inline irq_flags irq_save_flags(void)
{
	return irq_is_enabled();
}

static inline irq_flags irq_disable_save(void)
{
	irq_flags flags = irq_save_flags();

	irq_disable();
	return flags;
}

static inline void irq_restore(irq_flags flags)
{
	*host_interrupts() = flags != 0;
}
