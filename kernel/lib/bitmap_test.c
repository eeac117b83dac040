#include "lib/bitmap.h"
#include "lib/string.h"
#include "test.h"

enum { BITS = 135 };

static uint32_t words[BITMAP_WORDS(BITS)];

static void ranges_change_exactly_their_bits(struct test *t)
{
	for (size_t start = 0; start <= BITS; start++) {
		for (size_t end = start; end <= BITS; end += 7) {
			size_t wrong = 0;

			memset(words, 0, sizeof(words));
			bitmap_set_range(words, start, end);
			for (size_t bit = 0; bit < BITS; bit++)
				wrong += bitmap_is_set(words, bit) != (bit >= start && bit < end);
			EXPECT_EQ(t, wrong, 0);
			EXPECT_EQ(t, bitmap_count_set(words, BITS), end - start);
			memset(words, 0xff, sizeof(words));
			bitmap_clear_range(words, start, end);
			EXPECT_EQ(t, bitmap_count_set(words, BITS), BITS - (end - start));
		}
	}
}

static void searches_agree_with_looking_at_each_bit(struct test *t)
{
	uint32_t seed = 5;

	for (unsigned int round = 0; round < 50; round++) {
		memset(words, 0, sizeof(words));
		for (unsigned int i = 0; i < round; i++)
			bitmap_set(words, test_random(&seed) % BITS);
		for (size_t start = 0; start <= BITS; start++) {
			size_t set = start;
			size_t clear = start;

			while (set < BITS && !bitmap_is_set(words, set))
				set++;
			while (clear < BITS && bitmap_is_set(words, clear))
				clear++;
			EXPECT_EQ(t, bitmap_find_set(words, BITS, start), set);
			EXPECT_EQ(t, bitmap_find_clear(words, BITS, start), clear);
		}
	}
}

/* Bits beyond the count are clear here and must not be counted on. */
static void clear_ranges_fit_before_the_end(struct test *t)
{
	memset(words, 0, sizeof(words));
	bitmap_set(words, 10);
	bitmap_set(words, 50);
	EXPECT_EQ(t, bitmap_find_clear_range(words, BITS, 0, 10), 0);
	EXPECT_EQ(t, bitmap_find_clear_range(words, BITS, 0, 11), 11);
	EXPECT_EQ(t, bitmap_find_clear_range(words, BITS, 0, 40), 51);
	EXPECT_EQ(t, bitmap_find_clear_range(words, BITS, 0, BITS - 51), 51);
	EXPECT_EQ(t, bitmap_find_clear_range(words, BITS, 0, BITS - 50), BITS);
	EXPECT_EQ(t, bitmap_find_clear_range(words, BITS, BITS, 1), BITS);
	bitmap_clear(words, 50);
	EXPECT_EQ(t, bitmap_find_clear_range(words, BITS, 5, 40), 11);
}

const struct test_case test_cases[] = {
	TEST(ranges_change_exactly_their_bits),
	TEST(searches_agree_with_looking_at_each_bit),
	TEST(clear_ranges_fit_before_the_end),
	TEST_END
};
