/*
 * The watchdog: debug kernels notice a CPU that no longer gets anywhere.
 */
#pragma once

/* This CPU takes part from now on. Once, by its idle thread. */
void watchdog_start_cpu(void);
