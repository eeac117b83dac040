/*
 * Text from values.
 *
 * A format is a row of directives; each is parsed into a struct directive, its value is turned into
 * digits or found as text, and one function pads it and writes it out. Nothing is ever written
 * beyond the buffer, but everything is counted, so that the caller learns the length the text would
 * have.
 */
#include "lib/format.h"
#include <stdbool.h>
#include <stdint.h>
#include "lib/math64.h"
#include "lib/string.h"

struct sink {
	char *buffer;
	size_t size;
	size_t length;	/* of the whole text so far, written or not */
};

enum argument_length {
	LENGTH_INT, LENGTH_CHAR, LENGTH_SHORT, LENGTH_LONG, LENGTH_LONG_LONG, LENGTH_SIZE,
	LENGTH_INTMAX, LENGTH_PTRDIFF,
};

struct directive {
	bool left;		/* - : blanks behind the text */
	bool zero;		/* 0 : zeros instead of blanks in front of digits */
	bool plus;		/* + : a sign also before positive numbers */
	bool space;		/* a blank before positive numbers */
	bool alternate;		/* # : 0x or 0 in front */
	bool upper;		/* digits A to F and 0X */
	int width;
	int precision;		/* -1: none given */
	enum argument_length length;
};

enum { DIGITS_MAX = 22 };	/* UINT64_MAX in octal */

static void put_text(struct sink *sink, const char *text, size_t size)
{
	if (sink->length < sink->size) {
		size_t room = sink->size - sink->length;

		memcpy(sink->buffer + sink->length, text, size < room ? size : room);
	}
	sink->length += size;
}

static void put_repeated(struct sink *sink, char c, int count)
{
	if (count <= 0)
		return;
	if (sink->length < sink->size) {
		size_t room = sink->size - sink->length;

		memset(sink->buffer + sink->length, c, (size_t)count < room ? (size_t)count : room);
	}
	sink->length += (size_t)count;
}

/* `prefix`, then `zeros` zeros, then `text`, padded to the width. */
static void put_padded(struct sink *sink, const struct directive *directive, const char *prefix,
		       int zeros, const char *text, size_t size)
{
	size_t prefix_size = strlen(prefix);
	int padding = directive->width - (int)(prefix_size + size) - (zeros > 0 ? zeros : 0);

	if (!directive->left)
		put_repeated(sink, ' ', padding);
	put_text(sink, prefix, prefix_size);
	put_repeated(sink, '0', zeros);
	put_text(sink, text, size);
	if (directive->left)
		put_repeated(sink, ' ', padding);
}

/* Digits of `value`, written so that they end at `end`; returns the first. No digit for 0. */
static char *make_digits(char *end, uint64_t value, uint32_t base, bool upper)
{
	const char *digits = upper ? "0123456789ABCDEF" : "0123456789abcdef";
	uint32_t low;

	while (value > UINT32_MAX) {
		uint32_t digit;

		value = div64_u32(value, base, &digit);
		*--end = digits[digit];
	}
	for (low = (uint32_t)value; low > 0; low /= base)
		*--end = digits[low % base];
	return end;
}

static void put_number(struct sink *sink, const struct directive *directive, const char *prefix,
		       uint64_t value, uint32_t base)
{
	char digits[DIGITS_MAX];
	char *end = digits + DIGITS_MAX;
	char *first = make_digits(end, value, base, directive->upper);
	int count = (int)(end - first);
	int wanted = directive->precision >= 0 ? directive->precision : 1;

	/* Zeros fill the width only if nothing says better how many digits there shall be. */
	if (directive->zero && !directive->left && directive->precision < 0)
		wanted = directive->width - (int)strlen(prefix);
	if (wanted < 1 && directive->precision < 0)
		wanted = 1;
	put_padded(sink, directive, prefix, wanted - count, first, (size_t)count);
}

static void put_signed(struct sink *sink, const struct directive *directive, int64_t value)
{
	const char *prefix = directive->plus ? "+" : directive->space ? " " : "";
	uint64_t magnitude = (uint64_t)value;

	if (value < 0) {
		prefix = "-";
		magnitude = 0 - magnitude;
	}
	put_number(sink, directive, prefix, magnitude, 10);
}

/* Hexadecimal with # begins with 0x, unless it is 0; octal begins with a 0. */
static void put_unsigned(struct sink *sink, struct directive *directive, uint64_t value,
			 uint32_t base)
{
	const char *prefix = "";

	if (directive->alternate && value != 0) {
		if (base == 16)
			prefix = directive->upper ? "0X" : "0x";
		else if (base == 8)
			prefix = "0";
	}
	put_number(sink, directive, prefix, value, base);
}

static void put_string(struct sink *sink, const struct directive *directive, const char *text)
{
	if (!text)
		text = "(null)";
	put_padded(sink, directive, "", 0, text,
		   directive->precision >= 0 ? strnlen(text, (size_t)directive->precision) :
					       strlen(text));
}

/* All digits, always: addresses line up. */
static void put_pointer(struct sink *sink, struct directive *directive, const void *pointer)
{
	directive->precision = 2 * sizeof(pointer);
	put_number(sink, directive, "0x", (uintptr_t)pointer, 16);
}

/* The list is passed by address, because it goes on behind what was taken from it. */
struct arguments {
	va_list list;
};

static int64_t take_signed(struct arguments *arguments, enum argument_length length)
{
	switch (length) {
	case LENGTH_CHAR:
		return (signed char)va_arg(arguments->list, int);
	case LENGTH_SHORT:
		return (short)va_arg(arguments->list, int);
	case LENGTH_LONG:
		return va_arg(arguments->list, long);
	case LENGTH_LONG_LONG:
	case LENGTH_INTMAX:
		return va_arg(arguments->list, long long);
	case LENGTH_SIZE:
	case LENGTH_PTRDIFF:
		return va_arg(arguments->list, ptrdiff_t);
	case LENGTH_INT:
		break;
	}
	return va_arg(arguments->list, int);
}

static uint64_t take_unsigned(struct arguments *arguments, enum argument_length length)
{
	switch (length) {
	case LENGTH_CHAR:
		return (unsigned char)va_arg(arguments->list, unsigned int);
	case LENGTH_SHORT:
		return (unsigned short)va_arg(arguments->list, unsigned int);
	case LENGTH_LONG:
		return va_arg(arguments->list, unsigned long);
	case LENGTH_LONG_LONG:
	case LENGTH_INTMAX:
		return va_arg(arguments->list, unsigned long long);
	case LENGTH_SIZE:
	case LENGTH_PTRDIFF:
		return va_arg(arguments->list, size_t);
	case LENGTH_INT:
		break;
	}
	return va_arg(arguments->list, unsigned int);
}

static const char *parse_flags(const char *format, struct directive *directive)
{
	for (;; format++) {
		switch (*format) {
		case '-':
			directive->left = true;
			break;
		case '0':
			directive->zero = true;
			break;
		case '+':
			directive->plus = true;
			break;
		case ' ':
			directive->space = true;
			break;
		case '#':
			directive->alternate = true;
			break;
		default:
			return format;
		}
	}
}

/* A number, or * for the next argument. */
static const char *parse_count(const char *format, struct arguments *arguments, int *count)
{
	*count = 0;
	if (*format == '*') {
		*count = va_arg(arguments->list, int);
		return format + 1;
	}
	while (*format >= '0' && *format <= '9' && *count < 100000)
		*count = *count * 10 + (*format++ - '0');
	return format;
}

static const char *parse_length(const char *format, enum argument_length *length)
{
	bool is_double = format[0] && format[0] == format[1];

	*length = LENGTH_INT;
	switch (*format) {
	case 'h':
		*length = is_double ? LENGTH_CHAR : LENGTH_SHORT;
		return format + 1 + is_double;
	case 'l':
		*length = is_double ? LENGTH_LONG_LONG : LENGTH_LONG;
		return format + 1 + is_double;
	case 'z':
		*length = LENGTH_SIZE;
		return format + 1;
	case 'j':
		*length = LENGTH_INTMAX;
		return format + 1;
	case 't':
		*length = LENGTH_PTRDIFF;
		return format + 1;
	default:
		return format;
	}
}

/* Everything between the % and the conversion's letter. */
static const char *parse_directive(const char *format, struct arguments *arguments,
				   struct directive *directive)
{
	*directive = (struct directive){ .precision = -1 };
	format = parse_flags(format, directive);
	format = parse_count(format, arguments, &directive->width);
	if (directive->width < 0) {
		directive->left = true;
		directive->width = -directive->width;
	}
	if (*format == '.')
		format = parse_count(format + 1, arguments, &directive->precision);
	return parse_length(format, &directive->length);
}

/* False if there is no such conversion. */
static bool convert(struct sink *sink, char conversion, struct directive *directive,
		    struct arguments *arguments)
{
	char c;

	switch (conversion) {
	case 'd':
	case 'i':
		put_signed(sink, directive, take_signed(arguments, directive->length));
		return true;
	case 'u':
		put_unsigned(sink, directive, take_unsigned(arguments, directive->length), 10);
		return true;
	case 'o':
		put_unsigned(sink, directive, take_unsigned(arguments, directive->length), 8);
		return true;
	case 'X':
	case 'x':
		directive->upper = conversion == 'X';
		put_unsigned(sink, directive, take_unsigned(arguments, directive->length), 16);
		return true;
	case 'c':
		c = (char)va_arg(arguments->list, int);
		put_padded(sink, directive, "", 0, &c, 1);
		return true;
	case 's':
		put_string(sink, directive, va_arg(arguments->list, const char *));
		return true;
	case 'p':
		put_pointer(sink, directive, va_arg(arguments->list, const void *));
		return true;
	case '%':
		put_text(sink, "%", 1);
		return true;
	default:
		return false;
	}
}

static void format_all(struct sink *sink, const char *format, struct arguments *arguments)
{
	struct directive directive;

	while (*format) {
		const char *plain = format;
		const char *end;

		while (*format && *format != '%')
			format++;
		put_text(sink, plain, (size_t)(format - plain));
		if (!*format)
			break;
		end = parse_directive(format + 1, arguments, &directive);
		if (*end && convert(sink, *end, &directive, arguments))
			end++;
		else
			put_text(sink, format, (size_t)(end - format));
		format = end;
	}
}

int vsnprintf(char *buffer, size_t size, const char *format, va_list arguments)
{
	struct sink sink = { buffer, size, 0 };
	struct arguments copy;

	va_copy(copy.list, arguments);
	format_all(&sink, format, &copy);
	va_end(copy.list);
	if (size > 0)
		buffer[sink.length < size ? sink.length : size - 1] = 0;
	return (int)sink.length;
}

int snprintf(char *buffer, size_t size, const char *format, ...)
{
	va_list arguments;
	int length;

	va_start(arguments, format);
	length = vsnprintf(buffer, size, format, arguments);
	va_end(arguments);
	return length;
}

size_t vscnprintf(char *buffer, size_t size, const char *format, va_list arguments)
{
	size_t length = (size_t)vsnprintf(buffer, size, format, arguments);

	if (size == 0)
		return 0;
	return length < size ? length : size - 1;
}

size_t scnprintf(char *buffer, size_t size, const char *format, ...)
{
	va_list arguments;
	size_t length;

	va_start(arguments, format);
	length = vscnprintf(buffer, size, format, arguments);
	va_end(arguments);
	return length;
}
