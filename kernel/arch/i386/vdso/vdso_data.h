/*
 * The vDSO's data page: how to turn the time-stamp counter into time. Written by arch/i386/vdso.c.
 */
#pragma once
#include <stdint.h>

struct vdso_data {
	uint32_t sequence;		/* odd while the rest is being changed */
	uint32_t multiplier, shift;	/* multiplier 0: ask the kernel */
	uint64_t counter_base;
	uint64_t monotonic_base_ns;
	int64_t realtime_offset_ns;
};
