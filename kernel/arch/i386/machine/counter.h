/* The time-stamp counter. */
#pragma once

static inline uint64_t arch_clock_counter(void)
{
	uint64_t value;

	__asm__ volatile("rdtsc" : "=A"(value));
	return value;
}
