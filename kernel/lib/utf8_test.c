#include "lib/utf8.h"
#include <stdbool.h>
#include "test.h"

static void every_character_survives_the_round_trip(struct test *t)
{
	for (uint32_t character = 0; character < 0x110000; character++) {
		uint8_t bytes[UTF8_MAX_SIZE];
		size_t size = utf8_encode(character, bytes);
		bool is_surrogate = character >= 0xd800 && character <= 0xdfff;
		uint32_t decoded;

		if (utf8_decode(bytes, size, &decoded) != size ||
		    decoded != (is_surrogate ? UTF8_REPLACEMENT : character)) {
			EXPECT_EQ(t, decoded, character);
			return;
		}
	}
}

/* The text, what comes first, and how many bytes that takes. */
static void expect_decoded(struct test *t, const char *bytes, size_t size, uint32_t character,
			   size_t used)
{
	uint32_t decoded = 0;

	EXPECT_EQ(t, utf8_decode(bytes, size, &decoded), used);
	EXPECT_EQ(t, decoded, character);
}

static void garbage_becomes_the_replacement(struct test *t)
{
	expect_decoded(t, "\x80", 1, UTF8_REPLACEMENT, 1);		/* continuation alone */
	expect_decoded(t, "\xff", 1, UTF8_REPLACEMENT, 1);
	expect_decoded(t, "\xc0\x80", 2, UTF8_REPLACEMENT, 1);		/* overlong 0 */
	expect_decoded(t, "\xe0\x80\x80", 3, UTF8_REPLACEMENT, 3);	/* overlong */
	expect_decoded(t, "\xed\xa0\x80", 3, UTF8_REPLACEMENT, 3);	/* a surrogate */
	expect_decoded(t, "\xf4\x90\x80\x80", 4, UTF8_REPLACEMENT, 4);	/* above U+10FFFF */
	expect_decoded(t, "\xe2\x82", 2, UTF8_REPLACEMENT, 2);		/* cut */
	expect_decoded(t, "\xe2" "a", 2, UTF8_REPLACEMENT, 1);		/* the letter is kept */
	expect_decoded(t, "\xe2\x82\xac", 3, 0x20ac, 3);
}

static void bytes_may_come_one_at_a_time(struct test *t)
{
	struct utf8_decoder decoder = { 0 };
	uint32_t character = 0;

	EXPECT_EQ(t, utf8_feed(&decoder, 0xe2, &character), UTF8_MORE);
	EXPECT_EQ(t, utf8_feed(&decoder, 0x82, &character), UTF8_MORE);
	EXPECT_EQ(t, utf8_feed(&decoder, 0xac, &character), UTF8_CHARACTER);
	EXPECT_EQ(t, character, 0x20ac);
	EXPECT_EQ(t, utf8_feed(&decoder, 0xc3, &character), UTF8_MORE);
	EXPECT_EQ(t, utf8_feed(&decoder, 'x', &character), UTF8_INVALID_AGAIN);
	EXPECT_EQ(t, utf8_feed(&decoder, 'x', &character), UTF8_CHARACTER);
	EXPECT_EQ(t, character, 'x');
}

const struct test_case test_cases[] = {
	TEST(every_character_survives_the_round_trip),
	TEST(garbage_becomes_the_replacement),
	TEST(bytes_may_come_one_at_a_time),
	TEST_END
};
