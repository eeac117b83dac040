/*
 * The vDSO's data page: how to turn the time-stamp counter into time. Written by arch/i386/vdso.c.
 */
#pragma once
#include <stdint.h>

/*
 * The numbers of the counter stay what they are from before the first program on, so monotonic time
 * takes no look at the sequence. The offset is changed in this order: VDSO_CHANGING for its upper
 * half, the new lower half, one more in the sequence, the new upper half. It is read in this one:
 * the sequence, the lower half, the upper half, the sequence. x86 keeps the order of loads and of
 * stores. So if a reader finds one number twice, the lower half is that change's, or the next one's
 * already. If it is the next one's, VDSO_CHANGING was there before it, and the next upper half
 * comes only with another number: so he read VDSO_CHANGING. A time with that added lies beyond what
 * the division takes, so one check does for both.
 */
struct vdso_data {
	uint64_t counter_base;
	uint32_t multiplier, shift;	/* shift 1 to 31 */
	uint32_t second;		/* 10^9: as an operand it needs no register */
	uint32_t sequence;		/* of the offset */
	uint32_t realtime_low, realtime_high;	/* real time - monotonic time, ns */
};
_Static_assert(sizeof(struct vdso_data) == 32, "half a cache line");

#define VDSO_CHANGING (1u << 31)	/* as realtime_high */
