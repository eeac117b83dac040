/*
 * Numbers and words from text, for the command line, /proc and names of devices. Nothing is
 * accepted that only begins well: "12x" is not a number.
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "lib/compiler.h"

/*
 * The whole of text[0, size) as a number in `base` (2 to 16; 0 takes 0x, 0 and decimal as C does).
 * Errors: -EINVAL if it is not one, -ERANGE if it is too large; *value is then unchanged.
 */
must_check int parse_u64(const char *text, size_t size, unsigned int base, uint64_t *value);
must_check int parse_u32(const char *text, size_t size, unsigned int base, uint32_t *value);

/* As parse_u32, with an optional sign. */
must_check int parse_i32(const char *text, size_t size, unsigned int base, int32_t *value);

/* A size in bytes with an optional K, M or G (of either case) for powers of 1024. */
must_check int parse_size(const char *text, size_t size, uint64_t *value);

/*
 * Scan decimal digits at *text, move *text behind them. False, and nothing moved, if there is no
 * digit or the number does not fit.
 */
bool parse_scan_u32(const char **text, uint32_t *value);

/*
 * The next word of a line: blanks are skipped; quotes, single or double, keep blanks inside a word
 * and are removed; there are no escapes. The word is made in place and ended with a 0. Moves *line
 * behind it. NULL at the end of the line.
 */
char *parse_next_word(char **line);
