/*
 * 64-bit division and scaling for a 32-bit machine. The compiler would call a support library that
 * the kernel does not link, so 64-bit operands are divided by these functions only. The one line of
 * assembly is the division that every x86 has and C cannot ask for: 64 by 32 bits.
 */
#pragma once
#include <stdint.h>

/* `divisor` is not 0. `remainder` may be NULL. */
uint64_t div64_u64(uint64_t dividend, uint64_t divisor, uint64_t *remainder);
int64_t div64_s64(int64_t dividend, int64_t divisor);

/* `divisor` is not 0. `remainder` may be NULL. Faster than div64_u64. */
static inline uint64_t div64_u32(uint64_t dividend, uint32_t divisor, uint32_t *remainder)
{
	uint32_t high = (uint32_t)(dividend >> 32);
	uint32_t low = (uint32_t)dividend;
	uint32_t quotient_high = 0;
	uint32_t rest = high;

	if (high >= divisor) {	/* seldom: never for less than 136 years in nanoseconds */
		quotient_high = high / divisor;
		rest = high % divisor;
	}
	/* rest < divisor, so the quotient of rest:low fits in 32 bits and divl cannot trap. */
	__asm__("divl %4" : "=a"(low), "=d"(rest) : "0"(low), "1"(rest), "rm"(divisor) : "cc");
	if (remainder)
		*remainder = rest;
	return (uint64_t)quotient_high << 32 | low;
}

/* (value * factor) >> shift with all 96 bits of the product; shift <= 63. */
static inline uint64_t mul_u64_u32_shr(uint64_t value, uint32_t factor, unsigned int shift)
{
	uint64_t low = (uint64_t)(uint32_t)value * factor;
	uint64_t high = (value >> 32) * factor + (low >> 32);

	if (shift >= 32)
		return high >> (shift - 32);
	if (shift == 0)
		return high << 32 | (uint32_t)low;
	return high << (32 - shift) | (uint32_t)low >> shift;
}

/* The same for a shift of 1 to 31, without a branch: the compiler would allow for 32 and more. */
static inline uint64_t mul_u64_u32_shr_short(uint64_t value, uint32_t factor, unsigned int shift)
{
	uint32_t low, middle = (uint32_t)(value >> 32);
	uint32_t result_high, top;

	/* low:middle:top is the product; each 64-bit step in C would move its halves about. */
	__asm__("mull %[factor]\n\t"
		"movl %%eax, %[low]\n\t"
		"movl %[middle], %%eax\n\t"
		"movl %%edx, %[middle]\n\t"
		"mull %[factor]\n\t"
		"addl %[middle], %%eax\n\t"
		"adcl $0, %%edx\n\t"
		"shrdl %%cl, %%eax, %[low]\n\t"
		"shrdl %%cl, %%edx, %%eax"
		: "=&a"(result_high), "=&d"(top), [low] "=&r"(low), [middle] "+&r"(middle)
		: "0"((uint32_t)value), "c"(shift), [factor] "rm"(factor)
		: "cc");
	return (uint64_t)result_high << 32 | low;
}
