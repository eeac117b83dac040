/*
 * Start of the machine, in the order in which kernel_main() calls it. Each may use what came before
 * it.
 */
#pragma once

/* The first printk console: the serial port, polled. Needs nothing. Earlier lines are shown too. */
void early_console_init(void);

/*
 * Read what the boot loader says, identify and set up this CPU, own descriptor tables and traps,
 * final page tables. Needs no memory but boot_alloc_pages(). From here on a fault prints a panic.
 */
void machine_init_cpu(void);

/* Clock, alarms and interrupt controllers; interrupts may be turned on after it. */
void machine_init_time(void);
