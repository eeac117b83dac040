#include "lib/parse.h"
#include "lib/string.h"
#include "test.h"
#include "uapi/linux/errno.h"

static void expect_number(struct test *t, const char *text, unsigned int base, int error,
			  uint64_t value)
{
	uint64_t number = 0;

	EXPECT_EQ(t, parse_u64(text, strlen(text), base, &number), error);
	EXPECT_EQ(t, number, value);
}

static void numbers_in_every_base(struct test *t)
{
	expect_number(t, "0", 0, 0, 0);
	expect_number(t, "1234", 0, 0, 1234);
	expect_number(t, "0x1fF", 0, 0, 0x1ff);
	expect_number(t, "0644", 0, 0, 0644);
	expect_number(t, "0644", 10, 0, 644);
	expect_number(t, "ff", 16, 0, 255);
	expect_number(t, "18446744073709551615", 10, 0, UINT64_MAX);
	expect_number(t, "18446744073709551616", 10, -ERANGE, 0);
	expect_number(t, "99999999999999999999999", 10, -ERANGE, 0);
	expect_number(t, "10000000000000000", 16, -ERANGE, 0);
}

static void what_only_begins_well_is_no_number(struct test *t)
{
	static const char *const bad[] = {
		"", "x", "12x", "-1", "+1", " 1", "1 ", "0x", "089", "0xg",
	};
	int32_t number = 0;

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		expect_number(t, bad[i], 0, -EINVAL, 0);
	EXPECT_EQ(t, parse_i32("-", 1, 10, &number), -EINVAL);
	EXPECT_EQ(t, parse_i32("", 0, 10, &number), -EINVAL);
	EXPECT_EQ(t, parse_i32("--1", 3, 10, &number), -EINVAL);
}

static void limits_of_32_bits(struct test *t)
{
	uint32_t natural = 1;
	int32_t integer = 1;

	EXPECT_EQ(t, parse_u32("4294967295", 10, 10, &natural), 0);
	EXPECT_EQ(t, natural, UINT32_MAX);
	EXPECT_EQ(t, parse_u32("4294967296", 10, 10, &natural), -ERANGE);
	EXPECT_EQ(t, parse_i32("-2147483648", 11, 10, &integer), 0);
	EXPECT_EQ(t, integer, INT32_MIN);
	EXPECT_EQ(t, parse_i32("2147483648", 10, 10, &integer), -ERANGE);
	EXPECT_EQ(t, parse_i32("+7", 2, 10, &integer), 0);
	EXPECT_EQ(t, integer, 7);
}

static void sizes_have_units(struct test *t)
{
	uint64_t size = 0;

	EXPECT_EQ(t, parse_size("64K", 3, &size), 0);
	EXPECT_EQ(t, size, 65536);
	EXPECT_EQ(t, parse_size("3g", 2, &size), 0);
	EXPECT_EQ(t, size, (uint64_t)3 << 30);
	EXPECT_EQ(t, parse_size("17", 2, &size), 0);
	EXPECT_EQ(t, size, 17);
	EXPECT_EQ(t, parse_size("M", 1, &size), -EINVAL);
	EXPECT_EQ(t, parse_size("", 0, &size), -EINVAL);
	EXPECT_EQ(t, parse_size("99999999999999G", 15, &size), -ERANGE);
}

static void scanning_stops_behind_the_digits(struct test *t)
{
	const char *text = "42/7";
	const char *start = text;
	uint32_t value = 0;

	EXPECT(t, parse_scan_u32(&text, &value));
	EXPECT_EQ(t, value, 42);
	EXPECT_POINTER(t, text, start + 2);
	EXPECT(t, !parse_scan_u32(&text, &value));
	EXPECT_POINTER(t, text, start + 2);
	text = "4294967296";
	EXPECT(t, !parse_scan_u32(&text, &value));
}

static void quotes_keep_words_together(struct test *t)
{
	char line[] = "  root=/dev/hda init='/bin/sh -c' \"two words\"x \t'' last";
	char *rest = line;

	EXPECT_STR(t, parse_next_word(&rest), "root=/dev/hda");
	EXPECT_STR(t, parse_next_word(&rest), "init=/bin/sh -c");
	EXPECT_STR(t, parse_next_word(&rest), "two wordsx");
	EXPECT_STR(t, parse_next_word(&rest), "");
	EXPECT_STR(t, parse_next_word(&rest), "last");
	EXPECT_POINTER(t, parse_next_word(&rest), NULL);
	EXPECT_POINTER(t, parse_next_word(&rest), NULL);
}

const struct test_case test_cases[] = {
	TEST(numbers_in_every_base),
	TEST(what_only_begins_well_is_no_number),
	TEST(limits_of_32_bits),
	TEST(sizes_have_units),
	TEST(scanning_stops_behind_the_digits),
	TEST(quotes_keep_words_together),
	TEST_END
};
