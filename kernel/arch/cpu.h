/*
 * The processor: what it is, halting, random numbers, and the end of the machine.
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "core/compiler.h"

/* What this machine offers. Asked of the boot CPU; the others are taken to be of its kind. */
struct cpu_features {
	bool nx, pge, smep, smap, umip, sysenter, tsc, fxsr, sse, sse2, apic, rdrand, rdseed;
	bool avx;	/* and XSAVE, which alone keeps its registers */
	bool tsc_invariant, hypervisor;
	char vendor[13];
	char model_name[49];
	uint32_t family, model, stepping;
	uint32_t leaf1_edx, leaf1_ecx;	/* raw, for AT_HWCAP and /proc/cpuinfo */
};
const struct cpu_features *cpu_features(void);

/* /proc/cpuinfo's "flags" words for this CPU, into `buffer`. */
void cpu_format_flags(char *buffer, size_t size);

/*
 * Halt until the next interrupt. Called with interrupts off; atomically turns them on and halts, so
 * that an interrupt just before is not slept over. Returns with interrupts on.
 */
void cpu_idle_wait(void);

/* A hint inside spinning loops. */
static inline void cpu_relax(void)
{
	__builtin_ia32_pause();
}

/* Wait until all instructions before are done, and fetch those after it anew. */
void cpu_serialize(void);

/* A hardware random word, if there is RDRAND and it works. */
bool cpu_random_u32(uint32_t *out);

/* The time-stamp counter; monotonic per CPU, 0 on a machine without. */
uint64_t cpu_cycles(void);

/* Halt this CPU for ever, interrupts off. */
noreturn void cpu_halt_forever(void);

/* Power off / restart the machine by every way known; the last resort halts. */
noreturn void machine_power_off(void);
noreturn void machine_restart(void);

/* Whole pages, aligned, the way that was found quickest at boot. Any context. */
void cpu_clear_page(void *page);
void cpu_copy_page(void *to, const void *from);
