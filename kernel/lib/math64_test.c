#include "lib/math64.h"
#include "lib/min_max.h"
#include "test.h"

/* The host's own 64-bit division is the judge. */
static void expect_division(struct test *t, uint64_t dividend, uint64_t divisor)
{
	uint64_t remainder;
	uint32_t remainder32;

	EXPECT_EQ(t, div64_u64(dividend, divisor, &remainder), dividend / divisor);
	EXPECT_EQ(t, remainder, dividend % divisor);
	if ((uint32_t)divisor == 0)
		return;
	EXPECT_EQ(t, div64_u32(dividend, (uint32_t)divisor, &remainder32),
		  dividend / (uint32_t)divisor);
	EXPECT_EQ(t, remainder32, dividend % (uint32_t)divisor);
}

static uint64_t random64(uint32_t *seed)
{
	uint64_t high = test_random(seed);

	return (high << 32 | test_random(seed)) >> (test_random(seed) % 64);
}

static void random_divisions_are_right(struct test *t)
{
	uint32_t seed = 3;

	for (unsigned int i = 0; i < 200000; i++) {
		uint64_t divisor = random64(&seed);

		expect_division(t, random64(&seed), divisor ? divisor : 1);
	}
}

static void divisions_at_the_edges_are_right(struct test *t)
{
	static const uint64_t edges[] = {
		1, 2, 3, 0x7fffffff, 0x80000000, 0xffffffff, 0x100000000, 0x100000001, 0x1ffffffff,
		0x200000000, 0x7fffffffffffffff, 0x8000000000000000, 0xfffffffffffffffe, UINT64_MAX,
	};

	for (size_t i = 0; i < sizeof(edges) / sizeof(edges[0]); i++) {
		for (size_t j = 0; j < sizeof(edges) / sizeof(edges[0]); j++)
			expect_division(t, edges[i], edges[j]);
		EXPECT_EQ(t, div64_u64(0, edges[i], NULL), 0);
	}
	EXPECT_EQ(t, div64_s64(-7, 2), -3);
	EXPECT_EQ(t, div64_s64(7, -2), -3);
	EXPECT_EQ(t, div64_s64(-7, -2), 3);
	EXPECT_EQ(t, div64_s64(INT64_MIN, 1), INT64_MIN);
	EXPECT_EQ(t, div64_s64(INT64_MIN, INT64_MIN), 1);
}

static void scaling_keeps_all_bits_of_the_product(struct test *t)
{
	EXPECT_EQ(t, mul_u64_u32_shr(1000, 3, 0), 3000);
	EXPECT_EQ(t, mul_u64_u32_shr(UINT64_MAX, UINT32_MAX, 32), 0xfffffffeffffffff);
	EXPECT_EQ(t, mul_u64_u32_shr(UINT64_MAX, 1u << 31, 31), UINT64_MAX);
	EXPECT_EQ(t, mul_u64_u32_shr(0x123456789abcdef0, 0x10000, 16), 0x123456789abcdef0);
	EXPECT_EQ(t, mul_u64_u32_shr(0x123456789abcdef0, 1, 63), 0);
	EXPECT_EQ(t, mul_u64_u32_shr(0x8000000000000000, 2, 63), 2);
}

static void the_short_scaling_is_the_long_one(struct test *t)
{
	uint32_t seed = 5;

	for (unsigned int i = 0; i < 200000; i++) {
		uint64_t value = random64(&seed);
		uint32_t factor = test_random(&seed);
		unsigned int shift = 1 + test_random(&seed) % 31;

		EXPECT_EQ(t, mul_u64_u32_shr_short(value, factor, shift),
			  mul_u64_u32_shr(value, factor, shift));
	}
	EXPECT_EQ(t, mul_u64_u32_shr_short(UINT64_MAX, UINT32_MAX, 1),
		  mul_u64_u32_shr(UINT64_MAX, UINT32_MAX, 1));
}

static void logarithms_and_limits(struct test *t)
{
	EXPECT_EQ(t, log2_floor(1), 0);
	EXPECT_EQ(t, log2_floor(4095), 11);
	EXPECT_EQ(t, log2_ceil(1), 0);
	EXPECT_EQ(t, log2_ceil(4096), 12);
	EXPECT_EQ(t, log2_ceil(4097), 13);
	EXPECT_EQ(t, log2_ceil(UINT32_MAX), 32);
	EXPECT(t, is_power_of_two(4096) && !is_power_of_two(0) && !is_power_of_two(12));
	EXPECT_EQ(t, min(3, 4), 3);
	EXPECT_EQ(t, max(-3, 4), 4);
	EXPECT_EQ(t, clamp(9, 1, 5), 5);
	EXPECT_EQ(t, clamp(-9, 1, 5), 1);
}

const struct test_case test_cases[] = {
	TEST(random_divisions_are_right),
	TEST(divisions_at_the_edges_are_right),
	TEST(scaling_keeps_all_bits_of_the_product),
	TEST(the_short_scaling_is_the_long_one),
	TEST(logarithms_and_limits),
	TEST_END
};
