/*
 * Interrupt lines: who handles which. Handlers run with interrupts off and must not sleep.
 */
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include "core/compiler.h"

/* One handler of one line, owned by its driver for ever. Lines may be shared. */
struct irq_handler {
	const char *name;		/* [I] */
	bool (*handle)(void *argument);	/* [I] true if the device had asked for service */
	void *argument;			/* [I] */
	_Atomic(struct irq_handler *) next; /* core/irq.c's own */
};

/*
 * Adds a handler to line `irq` (an ISA line, or a PCI line as routed) and unmasks it. Errors:
 * -EINVAL.
 */
must_check int irq_register(unsigned int irq, struct irq_handler *handler);

/* Called by the machine with interrupts off; acknowledges nothing itself. */
void irq_dispatch(unsigned int irq);

/* How often line `irq` struck on all CPUs, and the name of its first handler or NULL. */
uint64_t irq_count(unsigned int irq, const char **name);
