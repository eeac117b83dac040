/*
 * The vDSO's data page: how to turn the time-stamp counter into time. Written by arch/i386/vdso.c.
 */
#pragma once
#include <stdint.h>

enum vdso_clock { VDSO_MONOTONIC, VDSO_REALTIME, VDSO_CLOCK_COUNT };

/* A clock, whole: readers need one pointer, and i386 has few registers. */
struct vdso_data {
	uint32_t sequence;		/* odd while the rest is being changed */
	uint32_t multiplier, shift;	/* multiplier 0: ask the kernel; shift 1 to 31 */
	uint32_t unused;
	uint64_t counter_base;
	uint64_t base_ns;		/* what the clock said at counter_base */
};
_Static_assert(sizeof(struct vdso_data) == 32, "an index is a shift");
