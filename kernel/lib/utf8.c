/*
 * UTF-8, one character at a time.
 */
#include "lib/utf8.h"
#include <stdbool.h>

static bool is_character(uint32_t value)
{
	return value <= 0x10ffff && (value < 0xd800 || value > 0xdfff);
}

/* The first byte of a character says how many follow. False: no character begins so. */
static bool begin(struct utf8_decoder *decoder, uint8_t byte)
{
	if (byte >= 0xc2 && byte <= 0xdf)
		*decoder = (struct utf8_decoder){ byte & 0x1f, 0x80, 1 };
	else if (byte >= 0xe0 && byte <= 0xef)
		*decoder = (struct utf8_decoder){ byte & 0x0f, 0x800, 2 };
	else if (byte >= 0xf0 && byte <= 0xf4)
		*decoder = (struct utf8_decoder){ byte & 0x07, 0x10000, 3 };
	else
		return false;
	return true;
}

enum utf8_result utf8_feed(struct utf8_decoder *decoder, uint8_t byte, uint32_t *character)
{
	if (decoder->missing == 0) {
		if (byte < 0x80) {
			*character = byte;
			return UTF8_CHARACTER;
		}
		return begin(decoder, byte) ? UTF8_MORE : UTF8_INVALID;
	}
	if ((byte & 0xc0) != 0x80) {
		decoder->missing = 0;
		return UTF8_INVALID_AGAIN;
	}
	decoder->partial = decoder->partial << 6 | (byte & 0x3f);
	if (--decoder->missing > 0)
		return UTF8_MORE;
	if (decoder->partial < decoder->minimum || !is_character(decoder->partial))
		return UTF8_INVALID;
	*character = decoder->partial;
	return UTF8_CHARACTER;
}

size_t utf8_decode(const void *bytes, size_t size, uint32_t *character)
{
	struct utf8_decoder decoder = { 0 };
	const uint8_t *from = bytes;

	for (size_t used = 0; used < size; used++) {
		switch (utf8_feed(&decoder, from[used], character)) {
		case UTF8_CHARACTER:
			return used + 1;
		case UTF8_INVALID:
			*character = UTF8_REPLACEMENT;
			return used + 1;
		case UTF8_INVALID_AGAIN:
			*character = UTF8_REPLACEMENT;
			return used;
		case UTF8_MORE:
			break;
		}
	}
	*character = UTF8_REPLACEMENT;
	return size;
}

size_t utf8_encode(uint32_t character, uint8_t bytes[UTF8_MAX_SIZE])
{
	if (!is_character(character))
		character = UTF8_REPLACEMENT;
	if (character < 0x80) {
		bytes[0] = (uint8_t)character;
		return 1;
	}
	if (character < 0x800) {
		bytes[0] = (uint8_t)(0xc0 | character >> 6);
		bytes[1] = (uint8_t)(0x80 | (character & 0x3f));
		return 2;
	}
	if (character < 0x10000) {
		bytes[0] = (uint8_t)(0xe0 | character >> 12);
		bytes[1] = (uint8_t)(0x80 | (character >> 6 & 0x3f));
		bytes[2] = (uint8_t)(0x80 | (character & 0x3f));
		return 3;
	}
	bytes[0] = (uint8_t)(0xf0 | character >> 18);
	bytes[1] = (uint8_t)(0x80 | (character >> 12 & 0x3f));
	bytes[2] = (uint8_t)(0x80 | (character >> 6 & 0x3f));
	bytes[3] = (uint8_t)(0x80 | (character & 0x3f));
	return 4;
}
