/*
 * UTF-8, both ways, one character at a time (RFC 3629: no surrogates, nothing above U+10FFFF, only
 * shortest forms).
 */
#pragma once
#include <stddef.h>
#include <stdint.h>

enum {
	UTF8_MAX_SIZE = 4,
	UTF8_REPLACEMENT = 0xfffd,	/* stands for what could not be decoded */
};

/* A decoder that is fed byte by byte; all zero is its initial state. */
struct utf8_decoder {
	uint32_t partial;	/* bits of the character so far */
	uint32_t minimum;	/* smaller ones would have had a shorter form */
	uint8_t missing;	/* continuation bytes still to come */
};

enum utf8_result {
	UTF8_MORE,		/* the character is not complete yet */
	UTF8_CHARACTER,		/* *character is complete */
	UTF8_INVALID,		/* the byte ended or was garbage; it is used up */
	UTF8_INVALID_AGAIN,	/* what came before was garbage; feed this byte again */
};

/* `*character` is written with UTF8_CHARACTER only. */
enum utf8_result utf8_feed(struct utf8_decoder *decoder, uint8_t byte, uint32_t *character);

/*
 * Decode the first character of `size` > 0 bytes. Returns how many bytes it took; garbage gives
 * UTF8_REPLACEMENT and takes at least one byte.
 */
size_t utf8_decode(const void *bytes, size_t size, uint32_t *character);

/* Encode into up to UTF8_MAX_SIZE bytes; returns how many. What cannot be gives U+FFFD. */
size_t utf8_encode(uint32_t character, uint8_t bytes[UTF8_MAX_SIZE]);
