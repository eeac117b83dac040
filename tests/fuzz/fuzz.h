/*
 * What a fuzzer is written with: two functions, and a reader of its input, which tells it what to
 * do. All of it makes a sequence that means something: where the input ends, zeros follow.
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Once, before the first input. */
void fuzz_start(void);

/* One input. A panic, a sanitizer's report, and memory that is not given back are its failures. */
void fuzz_one(const uint8_t *data, size_t size);

struct fuzz_input {
	const uint8_t *next, *end;
};

static inline bool fuzz_has_more(const struct fuzz_input *input)
{
	return input->next < input->end;
}

static inline uint8_t fuzz_byte(struct fuzz_input *input)
{
	return fuzz_has_more(input) ? *input->next++ : 0;
}

static inline uint32_t fuzz_word(struct fuzz_input *input)
{
	uint32_t low = fuzz_byte(input);

	return low | (uint32_t)fuzz_byte(input) << 8;
}
