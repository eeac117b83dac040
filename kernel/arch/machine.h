/*
 * Start of the machine, in the order in which kernel_main() calls it. Each may use what came before
 * it.
 */
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include "arch/irq_flags.h"
#include "core/compiler.h"

/* The first printk console: the serial port, polled. Needs nothing. Earlier lines are shown too. */
void early_console_init(void);

/*
 * The serial driver shares that port for ever: between these two, nobody else writes to its
 * transmitter. A lock of rank LOCK_RANK_SERIAL_OUTPUT; without meaning for other ports.
 */
bool early_console_uses(uint16_t port);
must_check irq_flags early_console_lock(void);
void early_console_unlock(irq_flags flags);

/*
 * Read what the boot loader says, identify and set up this CPU, own descriptor tables and traps,
 * final page tables. Needs no memory but boot_alloc_pages(). From here on a fault prints a panic.
 */
void machine_init_cpu(void);

/* Clock, alarms and interrupt controllers; interrupts may be turned on after it. */
void machine_init_time(void);
