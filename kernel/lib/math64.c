/*
 * 64-bit division by shifts and the 32-bit instruction; the machine has no other.
 */
#include "lib/math64.h"
#include <stddef.h>

/*
 * A divisor beyond 32 bits leaves a quotient of at most 32. Shift both operands right until the
 * divisor keeps its upper 32 bits: what it loses is less than one part in 2^31, so the quotient of
 * the shifted ones is at most 2 too large. Start 2 lower and count up.
 */
uint64_t div64_u64(uint64_t dividend, uint64_t divisor, uint64_t *remainder)
{
	uint32_t divisor_high = (uint32_t)(divisor >> 32);
	uint64_t quotient;
	uint64_t rest;

	if (divisor_high == 0) {
		uint32_t rest32;

		quotient = div64_u32(dividend, (uint32_t)divisor, &rest32);
		rest = rest32;
	} else {
		unsigned int shift = 32 - (unsigned int)__builtin_clz(divisor_high);

		quotient = div64_u32(dividend >> shift, (uint32_t)(divisor >> shift), NULL);
		quotient = quotient > 2 ? quotient - 2 : 0;
		rest = dividend - quotient * divisor;
		while (rest >= divisor) {
			rest -= divisor;
			quotient++;
		}
	}
	if (remainder)
		*remainder = rest;
	return quotient;
}

/* Unsigned negation, because that of INT64_MIN does not fit. */
static uint64_t magnitude(int64_t value)
{
	return value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
}

int64_t div64_s64(int64_t dividend, int64_t divisor)
{
	uint64_t quotient = div64_u64(magnitude(dividend), magnitude(divisor), NULL);

	return (int64_t)((dividend < 0) != (divisor < 0) ? 0 - quotient : quotient);
}
