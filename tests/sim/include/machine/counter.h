/* The counter of the simulated machine: a tick is one of its nanoseconds. */
#pragma once

uint64_t sim_now_ns(void);

static inline uint64_t arch_clock_counter(void)
{
	return sim_now_ns();
}
