/*
 * Counts of 64 bits that are added to at every call and seldom looked at. An addition takes two
 * instructions and no register; of a uint64_t the compiler makes up to five with two registers.
 */
#pragma once
#include <stdint.h>

struct wide_count {
	uint32_t low, high;
};
static inline void wide_count_add(struct wide_count *count, uint32_t more)
{
	__asm__("addl %[more], %[low]\n\t"
		"adcl $0, %[high]"
		: [low] "+m"(count->low), [high] "+m"(count->high)
		: [more] "ri"(more)
		: "cc");
}
static inline uint64_t wide_count_value(const struct wide_count *count)
{
	return (uint64_t)count->high << 32 | count->low;
}
static inline void wide_count_add_all(struct wide_count *sum, const struct wide_count *more)
{
	sum->high += more->high;
	wide_count_add(sum, more->low);
}
