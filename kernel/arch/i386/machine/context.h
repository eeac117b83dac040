/*
 * What a thread keeps of the machine while it does not run.
 */
#pragma once
#include <stdbool.h>
#include <stdint.h>

#define TLS_SLOTS 3

/*
 * The machine's part of struct thread. Memory starts as zeros.
 * [t] own thread, or its creator  [c] the CPU that switches, interrupts off
 */
struct arch_thread {
	uint32_t sp;			/* [c] where switch_stacks left it; registers lie above */
	uint16_t fs, gs;		/* [c] user selectors, while not loaded */
	uint64_t tls[TLS_SLOTS];	/* [t] descriptors for entries 6, 7, 8 */
	void *fpu;			/* [t] FXSAVE (or FNSAVE) image; NULL: a kernel thread */
	uint8_t fpu_cpu;		/* [c] 1 + CPU whose registers equal the image, or 0 */
	uint8_t segments_cpu;		/* [c] 1 + CPU that has fs, gs and tls loaded, or 0 */
	bool has_many_tls;		/* [t] tls may have more than the first */
	bool stepping;			/* [t] a debugger steps it: see step.c */
	bool step_forced;		/* [t] the trap flag in its frame is the debugger's */
	struct debug_state *debug;	/* [t] DR0 to DR7; NULL: none were ever set */
};
