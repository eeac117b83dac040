#include "lib/format.h"
#include "test.h"

/* What the whole text is, and its length. */
#define EXPECT_FORMAT(t, text, ...)						\
	do {									\
		char formatted[128];						\
		int length = snprintf(formatted, sizeof(formatted), __VA_ARGS__); \
		EXPECT_STR(t, formatted, text);					\
		EXPECT_EQ(t, length, sizeof(text) - 1);				\
	} while (0)

static void integers(struct test *t)
{
	EXPECT_FORMAT(t, "0 7 -7 2147483647 -2147483648", "%d %d %d %d %d", 0, 7, -7, 2147483647,
		      -2147483647 - 1);
	EXPECT_FORMAT(t, "4294967295 ff FF 0xff 0 017 0", "%u %x %X %#x %#x %#o %#o", 4294967295u,
		      255u, 255u, 255u, 0u, 15u, 0u);
	EXPECT_FORMAT(t, "-9223372036854775808 18446744073709551615", "%lld %llu",
		      (long long)INT64_MIN, (unsigned long long)UINT64_MAX);
	EXPECT_FORMAT(t, "ffffffffffffffff 1777777777777777777777", "%llx %llo",
		      (unsigned long long)UINT64_MAX, (unsigned long long)UINT64_MAX);
	EXPECT_FORMAT(t, "10000000000", "%lld", 10000000000ll);
	EXPECT_FORMAT(t, "-1 255 -1 65535 5 -5", "%hhd %hhu %hd %hu %zu %zd", -1, 0xffffffff, -1,
		      0xffffffff, (size_t)5, (ptrdiff_t)-5);
	EXPECT_FORMAT(t, "-9 9 10", "%ld %lu %jd", -9l, 9ul, (intmax_t)10);
}

static void width_precision_and_flags(struct test *t)
{
	EXPECT_FORMAT(t, "|   42|42   |00042|  042|", "|%5d|%-5d|%05d|%5.3d|", 42, 42, 42, 42);
	EXPECT_FORMAT(t, "|-0042|  -42|+42| 42|", "|%05d|%5d|%+d|% d|", -42, -42, 42, 42);
	EXPECT_FORMAT(t, "|0x00ff|  0xff|0xff  |", "|%#06x|%#6x|%-#6x|", 255, 255, 255);
	EXPECT_FORMAT(t, "||0|  |", "|%.0d|%.1d|%2.0d|", 0, 0, 0);
	EXPECT_FORMAT(t, "|  ab|ab  |ab|a|", "|%4s|%-4s|%.9s|%.1s|", "ab", "ab", "ab", "ab");
	EXPECT_FORMAT(t, "|   7|7   |007|", "|%*d|%*d|%.*d|", 4, 7, -4, 7, 3, 7);
	EXPECT_FORMAT(t, "|  x|x  |", "|%3c|%-3c|", 'x', 'x');
}

static void text_pointers_and_percent(struct test *t)
{
	static const char unterminated[3] = { 'a', 'b', 'c' };

	EXPECT_FORMAT(t, "100%", "%d%%", 100);
	EXPECT_FORMAT(t, "0x0000beef", "%p", (void *)0xbeef);
	EXPECT_FORMAT(t, "abc", "%.3s", unterminated);
	EXPECT_FORMAT(t, "", "%s", "");
}

static void nothing_is_written_beyond_the_buffer(struct test *t)
{
	char buffer[8] = "zzzzzzz";

	EXPECT_EQ(t, snprintf(buffer, 4, "%d", 123456), 6);
	EXPECT_BYTES(t, buffer, "123\0zzz", 8);
	EXPECT_EQ(t, snprintf(buffer, 1, "%s", "long"), 4);
	EXPECT_BYTES(t, buffer, "\00023\0zzz", 8);
	EXPECT_EQ(t, snprintf(NULL, 0, "%50d|", 1), 51);
	EXPECT_EQ(t, scnprintf(buffer, 4, "%d", 123456), 3);
	EXPECT_EQ(t, scnprintf(buffer, 4, "%d", 12), 2);
	EXPECT_EQ(t, scnprintf(buffer, 0, "%d", 12), 0);
}

const struct test_case test_cases[] = {
	TEST(integers),
	TEST(width_precision_and_flags),
	TEST(text_pointers_and_percent),
	TEST(nothing_is_written_beyond_the_buffer),
	TEST_END
};
