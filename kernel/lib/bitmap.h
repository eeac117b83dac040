/*
 * Arrays of bits, numbered from the lowest bit of the first word.
 *
 * The words belong to the caller, whose lock protects them. Every `count` is a number of bits; bits
 * of the last word beyond it are neither read nor written. Words are 32 bits, so that a bitmap is
 * also the little-endian byte array that ext2 keeps on disk and select() in user memory.
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { BITMAP_WORD_BITS = 32 };

/* How many words hold `count` bits; a constant expression if `count` is one. */
#define BITMAP_WORDS(count) (((count) + BITMAP_WORD_BITS - 1) / BITMAP_WORD_BITS)

static inline bool bitmap_is_set(const uint32_t *words, size_t bit)
{
	return words[bit / BITMAP_WORD_BITS] >> (bit % BITMAP_WORD_BITS) & 1;
}

static inline void bitmap_set(uint32_t *words, size_t bit)
{
	words[bit / BITMAP_WORD_BITS] |= UINT32_C(1) << (bit % BITMAP_WORD_BITS);
}

static inline void bitmap_clear(uint32_t *words, size_t bit)
{
	words[bit / BITMAP_WORD_BITS] &= ~(UINT32_C(1) << (bit % BITMAP_WORD_BITS));
}

/* The bits [start, end). */
void bitmap_set_range(uint32_t *words, size_t start, size_t end);
void bitmap_clear_range(uint32_t *words, size_t start, size_t end);

/* The first bit at `start` or after it that is set (clear); `count` if there is none. */
size_t bitmap_find_set(const uint32_t *words, size_t count, size_t start);
size_t bitmap_find_clear(const uint32_t *words, size_t count, size_t start);

/* The first of `length` clear bits in a row at `start` or after it; `count` if there are none. */
size_t bitmap_find_clear_range(const uint32_t *words, size_t count, size_t start, size_t length);

/* How many of the first `count` bits are set. */
size_t bitmap_count_set(const uint32_t *words, size_t count);
