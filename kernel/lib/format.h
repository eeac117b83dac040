/*
 * Text from values: a printf of what a kernel needs.
 *
 * Conversions: %d %i %u %x %X %o %c %s %p %% with the lengths hh h l ll z j t, the flags - 0 +
 * space and #, and a width and a precision, as numbers or as *. %p prints 0x and eight or sixteen
 * digits. Floating point, %n and wide characters do not exist; an unknown conversion is printed as
 * it stands.
 */
#pragma once
#include <stdarg.h>
#include <stddef.h>
#include "lib/compiler.h"

/*
 * Write into `buffer`, which has room for `size` bytes with the final 0 (always there unless size
 * is 0). Returns the length that the whole text has: a result >= size says that it was cut.
 */
int snprintf(char *buffer, size_t size, const char *format, ...) format_printf(3, 4);
int vsnprintf(char *buffer, size_t size, const char *format, va_list arguments)
	format_printf(3, 0);

/* As snprintf, but returns how many bytes were written, without the final 0: at most size - 1. */
size_t scnprintf(char *buffer, size_t size, const char *format, ...) format_printf(3, 4);
size_t vscnprintf(char *buffer, size_t size, const char *format, va_list arguments)
	format_printf(3, 0);
