/*
 * Numbers and words from text that a user wrote.
 */
#include "lib/parse.h"
#include "lib/math64.h"
#include "uapi/linux/errno.h"

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* The value of a digit of any base up to 16, or 16. */
static unsigned int digit_value(char c)
{
	if (c >= '0' && c <= '9')
		return (unsigned int)(c - '0');
	if (c >= 'a' && c <= 'f')
		return (unsigned int)(c - 'a') + 10;
	if (c >= 'A' && c <= 'F')
		return (unsigned int)(c - 'A') + 10;
	return 16;
}

/* Find out the base as C does; moves *text behind the prefix. */
static unsigned int detect_base(const char **text, size_t *size)
{
	const char *from = *text;

	if (*size > 2 && from[0] == '0' && (from[1] == 'x' || from[1] == 'X')) {
		*text += 2;
		*size -= 2;
		return 16;
	}
	return *size > 1 && from[0] == '0' ? 8 : 10;
}

int parse_u64(const char *text, size_t size, unsigned int base, uint64_t *value)
{
	uint64_t result = 0;
	bool too_large = false;

	if (base == 0)
		base = detect_base(&text, &size);
	if (size == 0)
		return -EINVAL;
	for (size_t i = 0; i < size; i++) {
		unsigned int digit = digit_value(text[i]);

		if (digit >= base)
			return -EINVAL;
		if (result > div64_u32(UINT64_MAX - digit, base, NULL))
			too_large = true;
		result = result * base + digit;
	}
	if (too_large)
		return -ERANGE;
	*value = result;
	return 0;
}

int parse_u32(const char *text, size_t size, unsigned int base, uint32_t *value)
{
	uint64_t wide;
	int error = parse_u64(text, size, base, &wide);

	if (error)
		return error;
	if (wide > UINT32_MAX)
		return -ERANGE;
	*value = (uint32_t)wide;
	return 0;
}

int parse_i32(const char *text, size_t size, unsigned int base, int32_t *value)
{
	bool negative = size > 0 && text[0] == '-';
	bool has_sign = negative || (size > 0 && text[0] == '+');
	uint64_t wide;
	int error = parse_u64(text + has_sign, size - has_sign, base, &wide);

	if (error)
		return error;
	if (wide > (uint64_t)INT32_MAX + negative)
		return -ERANGE;
	*value = (int32_t)(negative ? -(int64_t)wide : (int64_t)wide);
	return 0;
}

int parse_size(const char *text, size_t size, uint64_t *value)
{
	unsigned int shift = 0;
	uint64_t number;
	int error;

	if (size > 0) {
		char unit = text[size - 1] | 0x20;	/* lower case */

		shift = unit == 'k' ? 10 : unit == 'm' ? 20 : unit == 'g' ? 30 : 0;
	}
	error = parse_u64(text, shift ? size - 1 : size, 0, &number);
	if (error)
		return error;
	if (number << shift >> shift != number)
		return -ERANGE;
	*value = number << shift;
	return 0;
}

bool parse_scan_u32(const char **text, uint32_t *value)
{
	const char *from = *text;
	uint64_t result = 0;

	while (digit_value(*from) < 10) {
		result = result * 10 + digit_value(*from++);
		if (result > UINT32_MAX)
			return false;
	}
	if (from == *text)
		return false;
	*text = from;
	*value = (uint32_t)result;
	return true;
}

char *parse_next_word(char **line)
{
	char *from = *line;
	char *word;
	char *to;
	char quote = 0;

	while (is_blank(*from))
		from++;
	if (!*from) {
		*line = from;
		return NULL;
	}
	word = from;
	for (to = from; *from && (quote || !is_blank(*from)); from++) {
		if (quote ? *from == quote : *from == '"' || *from == '\'')
			quote = quote ? 0 : *from;
		else
			*to++ = *from;
	}
	*line = *from ? from + 1 : from;
	*to = 0;	/* last: without quotes it is the place that *from was read from */
	return word;
}
