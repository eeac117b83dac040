/* test: with=tty/console_keymap_default.c */
#include "tty/console_keymap.h"

#include "lib/string.h"
#include "test.h"

static struct keyboard state;
static struct key_settings settings;
static struct key_meaning meaning;

/* Scan codes as text ended by a 0; what the last one means. */
static enum key_action press(const char *codes, uint8_t modes)
{
	for (; *codes; codes++)
		keyboard_translate(&state, &settings, (uint8_t)*codes, modes, &meaning);
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
	keyboard_init(&state);
	memset(&settings, 0, sizeof(settings));
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
	EXPECT_KEYS(t, "\x0e", "\033\177");
	EXPECT_KEYS(t, "\xb8\xe0\x38\x03", "@");
	EXPECT_EQ(t, press("\x2a\x1e", 0), KEY_NONE); /* no map for Shift and AltGr */
	EXPECT_EQ(t, press("\xaa\xe0\xb8", 0), KEY_NONE);
	EXPECT_KEYS(t, "\x0e", "\177");
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
	EXPECT_EQ(t, settings.locks, LOCK_CAPITALS);
	EXPECT_KEYS(t, "\xba\x1e", "A");
	EXPECT_KEYS(t, "\x02", "1");
	EXPECT_KEYS(t, "\x2a\x1e", "a");
	EXPECT_EQ(t, press("\xaa\x45", 0), KEY_LIGHTS);
	EXPECT_EQ(t, settings.locks, LOCK_CAPITALS | LOCK_NUMBER);
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
	EXPECT_KEYS(t, "\x2a\x3b", "\033[23~");
	EXPECT_KEYS(t, "\x0f", "\t");
	press("\xaa", 0);
	/* The shift that comes with the grey keys is none; Pause is six bytes. */
	EXPECT_KEYS(t, "\xe0\x2a\xe0\x49", "\033[5~");
	EXPECT_KEYS(t, "\xe1\x1d\x45\xe1\x9d\xc5", "\033[P");
	EXPECT_EQ(t, state.shifts, 0);
	EXPECT_EQ(t, settings.locks, 0);
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

static void other_maps(struct test *t)
{
	static uint16_t keys[KEY_COUNT];

	start();
	keyboard_set_symbol(&state, 0, 30, 0xb00 | 'q');
	EXPECT_KEYS(t, "\x1e", "q");
	keyboard_set_symbol(&state, 0, 30, KEY_UNICODE ^ 0x3b1);
	EXPECT_KEYS(t, "\x1e", "\xce\xb1");
	keyboard_set_symbol(&state, 0, 30, 0xe9);
	EXPECT_KEYS(t, "\x1e", "\xc3\xa9");
	settings.style = KEYS_LATIN;
	EXPECT_KEYS(t, "\x1e", "\xe9");
	EXPECT_EQ(t, keyboard_get_symbol(&state, 3, 30, KEYS_UNICODE), KEY_HOLE);
	EXPECT_EQ(t, keyboard_get_symbol(&state, 3, 0, KEYS_UNICODE), KEY_NO_MAP);
	keyboard_clear_map(keys);
	state.maps[3] = keys;
	EXPECT(t, !keyboard_owns_map(&state, keys));
	for (unsigned int map = 0; map < 256; map++) {
		if (state.maps[map] && map != 3)
			EXPECT(t, keyboard_owns_map(&state, state.maps[map]));
	}
	keyboard_set_symbol(&state, 3, 30, 'z');
	keyboard_set_symbol(&state, 3, 42, 0x700);
	keyboard_set_symbol(&state, 3, 100, 0x701);
	EXPECT_KEYS(t, "\x2a\xe0\x38\x1e", "z");
	press("\xaa\xe0\xb8", 0);
	/* A key that becomes a modifier while it is held is one at once. */
	press("\x3b", 0);
	keyboard_set_symbol(&state, 0, 59, 0x700);
	EXPECT_EQ(t, state.shifts, 1);
	EXPECT_KEYS(t, "\x30", "B");
}

/* What no key of the default maps means: F1 is given it. */
static void change_first_function_key(uint16_t symbol)
{
	keyboard_set_symbol(&state, 0, 59, symbol);
	keyboard_set_symbol(&state, 1, 59, symbol);
}

/* Modifiers that stay, for ever or for one key. */
static void special_modifiers(struct test *t)
{
	start();
	change_first_function_key(0xa00);
	EXPECT_EQ(t, press("\x3b\x3b\xbb", 0), KEY_NONE); /* once, however long it is held */
	EXPECT_KEYS(t, "\x30", "B");
	EXPECT_KEYS(t, "\x30", "B");
	start();
	change_first_function_key(0xc00);
	press("\x3b\xbb", 0);
	EXPECT_EQ(t, settings.sticky_shifts, 1);
	EXPECT_KEYS(t, "\x30", "B");
	EXPECT_KEYS(t, "\xb0\x30", "b");
	/* There is no map for both: the later one counts. */
	keyboard_set_symbol(&state, 1, 60, 0xc01);
	press("\xb0\x3b\xbb\x3c", 0);
	EXPECT_EQ(t, settings.sticky_shifts, 2);
	/* Two keys of one kind: it holds until both are up. */
	start();
	EXPECT_KEYS(t, "\x2a\x36\xaa\x30", "B");
	EXPECT_KEYS(t, "\xb0\xb6\x30", "b");
	/* Shift, and the end of CapsLock; also where it was held before it became that. */
	start();
	press("\x3a\xba", 0);
	change_first_function_key(0x708);
	EXPECT_EQ(t, press("\x3b", 0), KEY_LIGHTS);
	EXPECT_EQ(t, settings.locks, 0);
	EXPECT_KEYS(t, "\x30", "B");
	EXPECT_KEYS(t, "\xb0\xbb\x30", "b");
	start();
	press("\x3b", 0);
	change_first_function_key(0x708);
	EXPECT_EQ(t, state.shifts, 1);
}

/* With Alt held, digits make a character's number. */
static void characters_by_number(struct test *t)
{
	start();
	EXPECT_KEYS(t, "\x38\x4b\x48\xb8", "0"); /* 4, 8 */
	EXPECT_EQ(t, press("\x38\xb8", 0), KEY_NONE);
	EXPECT_KEYS(t, "\x38\x50\x51\x51\xb8", "\xc3\xa9"); /* 2, 3, 3 */
	settings.style = KEYS_LATIN;
	EXPECT_KEYS(t, "\x38\x50\x51\x51\xb8", "\xe9");
	/* Digits of base 16. */
	keyboard_set_symbol(&state, 8, 59, 0x90e);
	keyboard_set_symbol(&state, 8, 60, 0x90b);
	EXPECT_KEYS(t, "\x38\x3b\x3c\xb8", "A");
}

static void special_keys(struct test *t)
{
	start();
	settings.meta_sets_bit = true;
	EXPECT_KEYS(t, "\x38\x1e", "\xe1");
	start();
	change_first_function_key(0x20d); /* CapsLock on, and never off */
	EXPECT_EQ(t, press("\x3b", 0), KEY_LIGHTS);
	EXPECT_EQ(t, press("\xbb\x3b", 0), KEY_NONE);
	EXPECT_EQ(t, settings.locks, LOCK_CAPITALS);
	start();
	change_first_function_key(0x213); /* NumLock, whatever the keypad is for */
	EXPECT_EQ(t, press("\x3b", KEY_MODE_APPLICATION_KEYPAD), KEY_LIGHTS);
	EXPECT_EQ(t, settings.locks, LOCK_NUMBER);
}

static void keypad(struct test *t)
{
	const uint8_t application = KEY_MODE_APPLICATION_KEYPAD;

	start();
	expect_bytes(t, "\x45", application, "\033OP", 3);
	expect_bytes(t, "\x4f", application, "\033Oq", 3);
	expect_bytes(t, "\x2a\x4f", application, "\033[4~", 4);
	expect_bytes(t, "\xaa\xe0\x1c", KEY_MODE_NEWLINE, "\r\n", 2);
	EXPECT_KEYS(t, "\x53", "\033[3~");
	EXPECT_KEYS(t, "\x4c", "\033[G");
	change_first_function_key(0x30f); /* the comma */
	EXPECT_KEYS(t, "\x3b", "\033[3~");
	EXPECT_EQ(t, press("\xc5\x45\xc5", 0), KEY_NONE);
	EXPECT_KEYS(t, "\x3b", ",");
	EXPECT_KEYS(t, "\x53", ".");
}

static void codes_for_programs(struct test *t)
{
	start();
	settings.style = KEYS_CODES;
	EXPECT_KEYS(t, "\x1e", "\x1e");
	EXPECT_KEYS(t, "\x9e", "\x9e");
	EXPECT_KEYS(t, "\xe0\x48", "\x67");
	EXPECT_KEYS(t, "\xe0\xc8", "\xe7");
	EXPECT_KEYS(t, "\x5d", "\0\x81\xb7");
	EXPECT_KEYS(t, "\xdd", "\x80\x81\xb7");
	EXPECT_EQ(t, press("\xe0\x2a", 0), KEY_NONE);
	EXPECT_KEYS(t, "\xe1\x1d\x45\xe1\x9d\xc5", "\x77\xf7");
	settings.style = KEYS_RAW;
	EXPECT_KEYS(t, "\x1e", "\x1e");
	EXPECT_KEYS(t, "\x9e", "\x9e");
	EXPECT_KEYS(t, "\xe0\x48", "\xe0\x48");
	EXPECT_KEYS(t, "\xe0\xc8", "\xe0\xc8");
	EXPECT_KEYS(t, "\xe1\x1d\x45\xe1\x9d\xc5", "\xe1\x1d\x45\xe1\x9d\xc5");
	/* Modifiers are followed all the same. */
	press("\x2a", 0);
	settings.style = KEYS_OFF;
	EXPECT_EQ(t, press("\x1e", 0), KEY_NONE);
	settings.style = KEYS_UNICODE;
	EXPECT_KEYS(t, "\x1e", "A");
	press("\xaa", 0);
	state.codes[0x1e] = 48;
	EXPECT_KEYS(t, "\x1e", "b");
	/* Keys beyond the maps are for programs alone. */
	state.codes[0x1e] = KEY_COUNT + 30;
	EXPECT_EQ(t, press("\x1e", 0), KEY_NONE);
	settings.style = KEYS_CODES;
	EXPECT_KEYS(t, "\x1e", "\0\x82\x9e");
}

/* A key that loses its scan code while it is held comes up, unless it has another. */
static void held_keys_that_move(struct test *t)
{
	start();
	press("\x2a", 0);
	EXPECT_KEYS(t, "\x1e", "A");
	keyboard_set_code(&state, 0x2a, 48);
	EXPECT_EQ(t, state.shifts, 0);
	EXPECT_KEYS(t, "\x9e\x1e", "a");
	press("\x9e\x36", 0);
	keyboard_set_code(&state, 0x59, 54);
	keyboard_set_code(&state, 0x36, 0);
	EXPECT_EQ(t, state.shifts, 1);
	press("\xd9", 0);
	EXPECT_EQ(t, state.shifts, 0);
}

static void random_codes_are_harmless(struct test *t)
{
	uint32_t seed = 5;

	start();
	for (unsigned int i = 0; i < 100000; i++) {
		if (i % 1000 == 0)
			settings.style = (enum key_style)(i / 1000 % 5);
		keyboard_translate(&state, &settings, (uint8_t)test_random(&seed), (uint8_t)(i & 7),
				   &meaning);
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
	TEST(other_maps),
	TEST(special_modifiers),
	TEST(characters_by_number),
	TEST(special_keys),
	TEST(keypad),
	TEST(codes_for_programs),
	TEST(held_keys_that_move),
	TEST(random_codes_are_harmless),
	TEST_END
};
