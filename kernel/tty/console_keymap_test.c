#include "tty/console_keymap.h"

#include "lib/string.h"
#include "test.h"

static struct keyboard_state state;
static struct key_meaning meaning;

/* Scan codes as text ended by a 0; what the last one means. */
static enum key_action press(const char *codes, uint8_t modes)
{
	for (; *codes; codes++)
		keyboard_translate(&state, (uint8_t)*codes, modes, &meaning);
	return meaning.action;
}

static void expect_bytes(struct test *t, const char *codes, uint8_t modes, const char *expected,
			 size_t size)
{
	EXPECT_EQ(t, press(codes, modes), KEY_BYTES);
	EXPECT_EQ(t, meaning.size, size);
	if (meaning.size == size)
		EXPECT_BYTES(t, meaning.bytes, expected, size);
}

#define EXPECT_KEYS(t, codes, expected) expect_bytes(t, codes, 0, expected, sizeof(expected) - 1)

static void start(void)
{
	memset(&state, 0, sizeof(state));
}

static void letters_and_their_modifiers(struct test *t)
{
	start();
	EXPECT_KEYS(t, "\x1e", "a");
	EXPECT_EQ(t, press("\x9e", 0), KEY_NONE);
	EXPECT_KEYS(t, "\x2a\x1e", "A");
	EXPECT_KEYS(t, "\x03", "@");
	EXPECT_KEYS(t, "\xaa\x1d\x2e", "\003");
	EXPECT_KEYS(t, "\x39", "\0");
	EXPECT_KEYS(t, "\x2b", "\034");
	EXPECT_KEYS(t, "\x0e", "\b");
	EXPECT_KEYS(t, "\x9d\x38\x1e", "\033a");
	EXPECT_KEYS(t, "\xb8\xe0\x38\x0e", "\033\177");
	EXPECT_KEYS(t, "\xe0\xb8\x0e", "\177");
	EXPECT_KEYS(t, "\x1c", "\r");
	EXPECT_KEYS(t, "\x01", "\033");
	EXPECT_KEYS(t, "\x39", " ");
	EXPECT_KEYS(t, "\x35", "/");
	expect_bytes(t, "\x1c", KEY_MODE_NEWLINE, "\r\n", 2);
}

static void locks_act_once_until_released(struct test *t)
{
	start();
	EXPECT_EQ(t, press("\x3a", 0), KEY_LIGHTS);
	EXPECT_EQ(t, press("\x3a", 0), KEY_NONE);
	EXPECT_EQ(t, state.locks, LOCK_CAPITALS);
	EXPECT_KEYS(t, "\xba\x1e", "A");
	EXPECT_KEYS(t, "\x02", "1");
	EXPECT_KEYS(t, "\x2a\x1e", "a");
	EXPECT_EQ(t, press("\xaa\x45", 0), KEY_LIGHTS);
	EXPECT_EQ(t, state.locks, LOCK_CAPITALS | LOCK_NUMBER);
	EXPECT_KEYS(t, "\xc5\x47", "7");
	EXPECT_EQ(t, press("\x45", 0), KEY_LIGHTS);
	EXPECT_KEYS(t, "\xc5\x47", "\033[1~");
	EXPECT_KEYS(t, "\x4a", "-");
	EXPECT_EQ(t, press("\x46", 0), KEY_SCROLL_LOCK);
}

static void keys_without_a_character(struct test *t)
{
	start();
	EXPECT_KEYS(t, "\xe0\x48", "\033[A");
	expect_bytes(t, "\xe0\x4b", KEY_MODE_APPLICATION_CURSOR, "\033OD", 3);
	EXPECT_KEYS(t, "\xe0\x53", "\033[3~");
	EXPECT_KEYS(t, "\xe0\x1c", "\r");
	EXPECT_KEYS(t, "\xe0\x35", "/");
	EXPECT_KEYS(t, "\x3b", "\033[[A");
	EXPECT_KEYS(t, "\x58", "\033[24~");
	EXPECT_KEYS(t, "\x2a\x3b", "\033[25~");
	EXPECT_KEYS(t, "\x0f", "\033\t");
	press("\xaa", 0);
	/* The shift that comes with the grey keys is none; Pause is six bytes of nothing. */
	EXPECT_KEYS(t, "\xe0\x2a\xe0\x49", "\033[5~");
	EXPECT_EQ(t, press("\xe1\x1d\x45\xe1\x9d\xc5", 0), KEY_NONE);
	EXPECT_EQ(t, state.modifiers, 0);
	EXPECT_EQ(t, state.locks, 0);
	EXPECT_KEYS(t, "\x1e", "a");
}

static void keys_for_the_console(struct test *t)
{
	start();
	EXPECT_EQ(t, press("\x38\x3d", 0), KEY_SWITCH);
	EXPECT_EQ(t, meaning.number, 3);
	EXPECT_EQ(t, press("\x58", 0), KEY_SWITCH);
	EXPECT_EQ(t, meaning.number, 12);
	EXPECT_EQ(t, press("\xe0\x4d", 0), KEY_NEXT);
	EXPECT_EQ(t, press("\x1d\xe0\x53", 0), KEY_RESTART);
	press("\xb8\x9d", 0);
	EXPECT_EQ(t, press("\x2a\xe0\x49", 0), KEY_SCROLL_BACK);
	EXPECT_EQ(t, press("\xe0\x51", 0), KEY_SCROLL_FORWARD);
}

static void random_codes_are_harmless(struct test *t)
{
	uint32_t seed = 5;

	start();
	for (unsigned int i = 0; i < 300000; i++) {
		keyboard_translate(&state, (uint8_t)test_random(&seed), (uint8_t)(i & 7), &meaning);
		EXPECT(t, meaning.size <= sizeof(meaning.bytes));
		EXPECT(t, (meaning.size > 0) == (meaning.action == KEY_BYTES));
		if (t->failure_count)
			return;
	}
}

const struct test_case test_cases[] = {
	TEST(letters_and_their_modifiers),
	TEST(locks_act_once_until_released),
	TEST(keys_without_a_character),
	TEST(keys_for_the_console),
	TEST(random_codes_are_harmless),
	TEST_END
};
