/*
 * The clocks that programs see.
 */
#pragma once
#include <stdint.h>
#include "core/compiler.h"

void clock_init(void);			/* reads the RTC, publishes to the vDSO */
uint64_t clock_monotonic_ns(void);	/* since boot */
int64_t clock_realtime_ns(void);	/* since 1970 */
void clock_set_realtime(int64_t ns);	/* also the RTC, later */
/* For an absolute realtime deadline: its monotonic equivalent now. */
uint64_t clock_realtime_to_monotonic(int64_t realtime_ns);
/* Sleep until then; interruptible. 0 or -EINTR. */
must_check int clock_sleep_until(uint64_t deadline_ns);
