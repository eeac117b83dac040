#include "lib/string.h"
#include <stdint.h>
#include "test.h"

enum { SIZE = 80 };

static uint8_t source[SIZE];
static uint8_t target[SIZE];
static uint8_t expected[SIZE];

static void fill(void)
{
	for (unsigned int i = 0; i < SIZE; i++) {
		source[i] = (uint8_t)(i + 1);
		target[i] = 0xee;
		expected[i] = 0xee;
	}
}

/* Every combination of small alignments and sizes around the word and block sizes. */
static void copies_are_exact_at_every_alignment(struct test *t)
{
	for (unsigned int to = 0; to < 4; to++) {
		for (unsigned int from = 0; from < 4; from++) {
			for (unsigned int size = 0; size < 70; size++) {
				fill();
				for (unsigned int i = 0; i < size; i++)
					expected[to + i] = source[from + i];
				EXPECT_POINTER(t, memcpy(target + to, source + from, size),
					       target + to);
				EXPECT_BYTES(t, target, expected, SIZE);
			}
		}
	}
}

static void moves_may_overlap_both_ways(struct test *t)
{
	for (unsigned int to = 0; to < 24; to++) {
		for (unsigned int size = 0; size < 50; size++) {
			fill();
			for (unsigned int i = 0; i < SIZE; i++)
				expected[i] = source[i];
			for (unsigned int i = 0; i < size; i++)
				expected[to + i] = source[12 + i];
			memmove(source + to, source + 12, size);
			EXPECT_BYTES(t, source, expected, SIZE);
		}
	}
}

static void fills_are_exact(struct test *t)
{
	for (unsigned int at = 0; at < 4; at++) {
		for (unsigned int size = 0; size < 70; size++) {
			fill();
			for (unsigned int i = 0; i < size; i++)
				expected[at + i] = 0x87;
			EXPECT_POINTER(t, memset(target + at, 0x187, size), target + at);
			EXPECT_BYTES(t, target, expected, SIZE);
		}
	}
}

static void comparison_is_of_unsigned_bytes(struct test *t)
{
	EXPECT_EQ(t, memcmp("abcdefgh", "abcdefgh", 8), 0);
	EXPECT(t, memcmp("abcdefgh", "abcdeFgh", 8) > 0);
	EXPECT(t, memcmp("\x7f", "\x80", 1) < 0);
	EXPECT(t, memcmp("abcd\x80", "abcd\x7f", 5) > 0);
	EXPECT_EQ(t, memcmp("a", "b", 0), 0);
	EXPECT(t, strcmp("a\x80", "a\x7f") > 0);
	EXPECT(t, strcmp("ab", "abc") < 0);
	EXPECT_EQ(t, strcmp("", ""), 0);
	EXPECT_EQ(t, strncmp("abc", "abd", 2), 0);
	EXPECT(t, strncmp("abc", "abd", 3) < 0);
	EXPECT_EQ(t, strncmp("ab", "ab", 9), 0);
	EXPECT_EQ(t, strncmp("a", "b", 0), 0);
}

static void searches_find_the_right_place(struct test *t)
{
	static const char path[] = "usr/bin/sh";

	EXPECT_EQ(t, strlen(path), 10);
	EXPECT_EQ(t, strnlen(path, 4), 4);
	EXPECT_EQ(t, strnlen(path, 40), 10);
	EXPECT_POINTER(t, strchr(path, '/'), path + 3);
	EXPECT_POINTER(t, strrchr(path, '/'), path + 7);
	EXPECT_POINTER(t, strchr(path, 'x'), NULL);
	EXPECT_POINTER(t, strrchr(path, 'x'), NULL);
	EXPECT_POINTER(t, strchr(path, 0), path + 10);
	EXPECT_POINTER(t, strrchr(path, 0), path + 10);
	EXPECT_POINTER(t, memchr(path, 'b', 4), NULL);
	EXPECT_POINTER(t, memchr(path, 'b', 5), path + 4);
}

static void strlcpy_cuts_and_says_so(struct test *t)
{
	char small[4] = { 'x', 'x', 'x', 'x' };

	EXPECT_EQ(t, strlcpy(small, "abcdef", sizeof(small)), 6);
	EXPECT_STR(t, small, "abc");
	EXPECT_EQ(t, strlcpy(small, "ab", sizeof(small)), 2);
	EXPECT_STR(t, small, "ab");
	EXPECT_EQ(t, strlcpy(small, "zz", 0), 2);
	EXPECT_STR(t, small, "ab");
}

const struct test_case test_cases[] = {
	TEST(copies_are_exact_at_every_alignment),
	TEST(moves_may_overlap_both_ways),
	TEST(fills_are_exact),
	TEST(comparison_is_of_unsigned_bytes),
	TEST(searches_find_the_right_place),
	TEST(strlcpy_cuts_and_says_so),
	TEST_END
};
