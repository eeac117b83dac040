/*
 * Included first in everything of the kernel that is built for the simulated machine. What copies
 * and compares bytes is the host's, which the address sanitizer watches and which is quick; what
 * our library does in its own way has a name of its own.
 */
#pragma once

#define snprintf kernel_snprintf
#define vsnprintf kernel_vsnprintf
#define strlcpy kernel_strlcpy

/* A CPU that waits for another lets it run: see arch/cpu.h's cpu_relax(). */
void sim_relax(void);
#define __builtin_ia32_pause sim_relax
