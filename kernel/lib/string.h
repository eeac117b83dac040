/*
 * Memory and text. These are the standard functions by their standard names, because compilers call
 * some of them on their own; there is no strcpy and no strcat, which do not know where to stop.
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Any four bytes, whatever their type and alignment. */
typedef uint32_t unaligned_word __attribute__((may_alias, aligned(1)));

void *memcpy(void *restrict to, const void *restrict from, size_t size);
void *memmove(void *to, const void *from, size_t size);
void *memset(void *memory, int byte, size_t size);
int memcmp(const void *a, const void *b, size_t size);
/*
 * memcmp() == 0 for short names, in place: by words, the last of which may overlap the one before.
 */
static inline bool bytes_are_equal(const char *a, const char *b, size_t size)
{
	const size_t word = sizeof(unaligned_word);
	size_t at = 0;

	if (size < word) {
		while (at < size && a[at] == b[at])
			at++;
		return at == size;
	}
	for (; at + word < size; at += word) {
		if (*(const unaligned_word *)(a + at) != *(const unaligned_word *)(b + at))
			return false;
	}
	return *(const unaligned_word *)(a + size - word) ==
	       *(const unaligned_word *)(b + size - word);
}
void *memchr(const void *memory, int byte, size_t size);

size_t strlen(const char *text);
size_t strnlen(const char *text, size_t size);
int strcmp(const char *a, const char *b);
int strncmp(const char *a, const char *b, size_t size);
char *strchr(const char *text, int byte);
char *strrchr(const char *text, int byte);

/*
 * Copy `from` into `to`, which has room for `size` bytes with the final 0. What does not fit is cut
 * off. Returns the length of `from`: a result >= size says that it was cut.
 */
size_t strlcpy(char *restrict to, const char *restrict from, size_t size);
