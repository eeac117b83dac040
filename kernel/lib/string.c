/*
 * Memory and text, in plain C.
 *
 * Long copies go by words, four at a time, at whatever alignment they come: x86 does not mind, and
 * in an emulator a loop that looks at alignment first costs more than it saves. The compiler
 * recognises a loop that fills or copies and would replace it by a call of memset or memcpy, which
 * here means itself; hide_pattern() keeps it from seeing one.
 */
#include "lib/string.h"
#include <stdint.h>

typedef unaligned_word word;

enum {
	WORD = sizeof(word),
	BLOCK = 4 * WORD,
};

static inline void hide_pattern(void)
{
	__asm__ volatile("");
}

/* Every byte is read before one that lies above it is written, so `to` may overlap below `from`. */
static void copy_forward(uint8_t *to, const uint8_t *from, size_t size)
{
	for (; size >= BLOCK; size -= BLOCK, to += BLOCK, from += BLOCK) {
		uint32_t a = ((const word *)from)[0];
		uint32_t b = ((const word *)from)[1];
		uint32_t c = ((const word *)from)[2];
		uint32_t d = ((const word *)from)[3];

		((word *)to)[0] = a;
		((word *)to)[1] = b;
		((word *)to)[2] = c;
		((word *)to)[3] = d;
		hide_pattern();
	}
	for (; size >= WORD; size -= WORD, to += WORD, from += WORD) {
		*(word *)to = *(const word *)from;
		hide_pattern();
	}
	for (; size > 0; size--) {
		*to++ = *from++;
		hide_pattern();
	}
}

static void copy_backward(uint8_t *to, const uint8_t *from, size_t size)
{
	for (; size >= WORD; size -= WORD) {
		*(word *)(to + size - WORD) = *(const word *)(from + size - WORD);
		hide_pattern();
	}
	for (; size > 0; size--) {
		to[size - 1] = from[size - 1];
		hide_pattern();
	}
}

void *memcpy(void *restrict to, const void *restrict from, size_t size)
{
	copy_forward(to, from, size);
	return to;
}

void *memmove(void *to, const void *from, size_t size)
{
	/* The difference wraps when `to` lies below: then it is large, and forward is right. */
	if ((uintptr_t)to - (uintptr_t)from < size)
		copy_backward(to, from, size);
	else
		copy_forward(to, from, size);
	return to;
}

void *memset(void *memory, int byte, size_t size)
{
	uint8_t *to = memory;
	uint32_t pattern = (uint8_t)byte * 0x01010101u;

	for (; size >= BLOCK; size -= BLOCK, to += BLOCK) {
		((word *)to)[0] = pattern;
		((word *)to)[1] = pattern;
		((word *)to)[2] = pattern;
		((word *)to)[3] = pattern;
		hide_pattern();
	}
	for (; size > 0; size--) {
		*to++ = (uint8_t)byte;
		hide_pattern();
	}
	return memory;
}

int memcmp(const void *a, const void *b, size_t size)
{
	const uint8_t *x = a;
	const uint8_t *y = b;

	while (size >= WORD && *(const word *)x == *(const word *)y) {
		x += WORD;
		y += WORD;
		size -= WORD;
	}
	for (; size > 0; size--, x++, y++) {
		if (*x != *y)
			return *x - *y;
	}
	return 0;
}

void *memchr(const void *memory, int byte, size_t size)
{
	const uint8_t *from = memory;

	for (; size > 0; size--, from++) {
		if (*from == (uint8_t)byte)
			return (void *)from;
	}
	return NULL;
}

size_t strlen(const char *text)
{
	const char *end = text;

	while (*end) {
		end++;
		hide_pattern();
	}
	return (size_t)(end - text);
}

size_t strnlen(const char *text, size_t size)
{
	size_t length = 0;

	while (length < size && text[length])
		length++;
	return length;
}

int strcmp(const char *a, const char *b)
{
	while (*a && *a == *b) {
		a++;
		b++;
	}
	return (uint8_t)*a - (uint8_t)*b;
}

int strncmp(const char *a, const char *b, size_t size)
{
	for (; size > 0; size--, a++, b++) {
		if (*a != *b || !*a)
			return (uint8_t)*a - (uint8_t)*b;
	}
	return 0;
}

char *strchr(const char *text, int byte)
{
	for (;; text++) {
		if (*text == (char)byte)
			return (char *)text;
		if (!*text)
			return NULL;
	}
}

char *strrchr(const char *text, int byte)
{
	const char *last = NULL;

	for (;; text++) {
		if (*text == (char)byte)
			last = text;
		if (!*text)
			return (char *)last;
	}
}

size_t strlcpy(char *restrict to, const char *restrict from, size_t size)
{
	size_t length = strlen(from);

	if (size > 0) {
		size_t copied = length < size ? length : size - 1;

		memcpy(to, from, copied);
		to[copied] = 0;
	}
	return length;
}
