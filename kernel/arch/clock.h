/*
 * Time from the machine: a counter that never stops, and one alarm a CPU.
 */
#pragma once
#include <stdint.h>

/*
 * Nanoseconds since boot, from the TSC when it can be trusted; the same on all CPUs, never
 * backwards.
 */
uint64_t arch_clock_ns(void);

/* The counter's rate in kHz. */
uint32_t arch_clock_khz(void);

/* What the counter said when the kernel's first instructions ran. */
uint64_t arch_clock_first_counter(void);

/*
 * The counter itself, for who only asks whether little time has passed. Not ordered against other
 * instructions; that of another CPU may be a little behind.
 */
static inline uint64_t arch_clock_counter(void);
#include "machine/counter.h"

/* arch_clock_ns() is (counter - *base) * *multiplier >> *shift: for the vDSO's own reading. */
void arch_clock_scale(uint64_t *base, uint32_t *multiplier, uint32_t *shift);

/*
 * Cause upcall_timer() on this CPU at `deadline_ns` (soon, if past); one alarm a CPU, the last call
 * counts.
 */
void arch_alarm_set(uint64_t deadline_ns);
void arch_alarm_cancel(void);

/*
 * Seconds since 1970 from the real-time clock; and setting it. Of the year it keeps two digits: it
 * tells 1970 to 2069.
 */
int64_t arch_rtc_read(void);
void arch_rtc_write(int64_t seconds);
