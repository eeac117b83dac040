/*
 * Small arithmetic on values of any integer type. Both operands must have one type: a signed and an
 * unsigned one would compare wrongly, and the compiler says so.
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The address comparison is never evaluated; it warns when the types differ. */
#define min(a, b)						\
	__extension__({						\
		__typeof__(a) min_a_ = (a);			\
		__typeof__(b) min_b_ = (b);			\
		(void)(&min_a_ == &min_b_);			\
		min_a_ < min_b_ ? min_a_ : min_b_;		\
	})
#define max(a, b)						\
	__extension__({						\
		__typeof__(a) max_a_ = (a);			\
		__typeof__(b) max_b_ = (b);			\
		(void)(&max_a_ == &max_b_);			\
		max_a_ > max_b_ ? max_a_ : max_b_;		\
	})

/* Both operands are turned into `type` first. */
#define min_t(type, a, b) min((type)(a), (type)(b))
#define max_t(type, a, b) max((type)(a), (type)(b))

/* `value`, moved into [low, high]. */
#define clamp(value, low, high) min(max(value, low), high)

static inline bool is_power_of_two(size_t value)
{
	return value != 0 && (value & (value - 1)) == 0;
}

/* The exponent of the largest power of two that is at most `value`; `value` is not 0. */
static inline unsigned int log2_floor(uint32_t value)
{
	return 31 - (unsigned int)__builtin_clz(value);
}

/* The exponent of the smallest power of two that is at least `value`; `value` is not 0. */
static inline unsigned int log2_ceil(uint32_t value)
{
	return value <= 1 ? 0 : 32 - (unsigned int)__builtin_clz(value - 1);
}
