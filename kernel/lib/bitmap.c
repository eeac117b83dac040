/*
 * Bitmaps: finding and changing runs of bits, a word at a time.
 */
#include "lib/bitmap.h"

/* The bits of one word from `start` up, and those below `end` (1 to 32). */
static inline uint32_t mask_from(size_t start)
{
	return ~UINT32_C(0) << (start % BITMAP_WORD_BITS);
}

static inline uint32_t mask_below(size_t end)
{
	return ~UINT32_C(0) >> ((BITMAP_WORD_BITS - end % BITMAP_WORD_BITS) % BITMAP_WORD_BITS);
}

/* Replace the bits of `mask` by those of `value`. */
static inline void put_bits(uint32_t *word, uint32_t mask, uint32_t value)
{
	*word = (*word & ~mask) | (value & mask);
}

static void put_range(uint32_t *words, size_t start, size_t end, uint32_t value)
{
	size_t first = start / BITMAP_WORD_BITS;
	size_t last;

	if (start >= end)
		return;
	last = (end - 1) / BITMAP_WORD_BITS;
	if (first == last) {
		put_bits(&words[first], mask_from(start) & mask_below(end), value);
		return;
	}
	put_bits(&words[first], mask_from(start), value);
	for (size_t i = first + 1; i < last; i++)
		words[i] = value;
	put_bits(&words[last], mask_below(end), value);
}

void bitmap_set_range(uint32_t *words, size_t start, size_t end)
{
	put_range(words, start, end, ~UINT32_C(0));
}

void bitmap_clear_range(uint32_t *words, size_t start, size_t end)
{
	put_range(words, start, end, 0);
}

/* The first set bit of the words, each of them xor-ed with `invert`. */
static size_t find(const uint32_t *words, size_t count, size_t start, uint32_t invert)
{
	size_t index = start / BITMAP_WORD_BITS;
	uint32_t word;
	size_t bit;

	if (start >= count)
		return count;
	word = (words[index] ^ invert) & mask_from(start);
	while (word == 0) {
		index++;
		if (index * BITMAP_WORD_BITS >= count)
			return count;
		word = words[index] ^ invert;
	}
	bit = index * BITMAP_WORD_BITS + (size_t)__builtin_ctz(word);
	return bit < count ? bit : count;
}

size_t bitmap_find_set(const uint32_t *words, size_t count, size_t start)
{
	return find(words, count, start, 0);
}

size_t bitmap_find_clear(const uint32_t *words, size_t count, size_t start)
{
	return find(words, count, start, ~UINT32_C(0));
}

size_t bitmap_find_clear_range(const uint32_t *words, size_t count, size_t start, size_t length)
{
	for (;;) {
		size_t end;

		start = bitmap_find_clear(words, count, start);
		if (start > count || count - start < length)
			return count;
		end = bitmap_find_set(words, start + length, start);
		if (end == start + length)
			return start;
		start = end;
	}
}

size_t bitmap_count_set(const uint32_t *words, size_t count)
{
	size_t set = 0;

	/* Clearing the lowest set bit once per bit: sparse words are the usual ones. */
	for (size_t i = 0; i < BITMAP_WORDS(count); i++) {
		uint32_t word = words[i];

		if (i == count / BITMAP_WORD_BITS)
			word &= mask_below(count);
		for (; word; word &= word - 1)
			set++;
	}
	return set;
}
