/*
 * What the keys mean until a program says otherwise: the maps that Linux starts with, for a US
 * keyboard, and its numbers of keys.
 *
 * Of the maps most keys are the same in all (everywhere[]); characters follow from the plain and
 * the shifted ones; the rest is listed.
 */
#include "lib/compiler.h"
#include "tty/console_keymap.h"

#define SYMBOL(type, value) ((uint16_t)((type) << 8 | (value)))

enum {
	PLAIN = 0, SHIFT = 1, ALTGR = 2, CONTROL = 4, CONTROL_SHIFT = 5, ALT = 8, CONTROL_ALT = 12,
	FUNCTION_FIRST = 59, FUNCTION_COUNT = 10, FUNCTION_11 = 87, FUNCTION_12 = 88,
	KEYPAD_FIRST = 71, KEYPAD_LAST = 83,
	NONE = KEY_HOLE,
};

static const uint8_t map_numbers[KEY_DEFAULT_MAPS] = {
	PLAIN, SHIFT, ALTGR, CONTROL, CONTROL_SHIFT, ALT, CONTROL_ALT,
};

/* By key up to the space bar; 0: no character. */
static const char plain_keys[] = "\0\033" "1234567890-=\177\t"
				 "qwertyuiop[]\0\0" "asdfghjkl;'`\0\\"
				 "zxcvbnm,./\0\0\0 ";
static const char shift_keys[] = "\0\033" "!@#$%^&*()_+\177\t"
				 "QWERTYUIOP{}\0\0" "ASDFGHJKL:\"~\0|"
				 "ZXCVBNM<>?\0\0\0 ";
static const char altgr_keys[] = "\0\0" "\0@\0$\0\0{[]}\\\0\0\0"
				 "qwertyuiop\0~\0\0" "asdfghjkl\0\0\0\0\0"
				 "zxcvbnm\0\0\0\0\0\0";

struct placed {
	uint8_t map, key;
	uint16_t symbol;
};

/* Keys that mean the same with any modifier. */
static const uint16_t everywhere[] = {
	[28] = 0x201, [29] = 0x702, [42] = 0x700, [54] = 0x700, [55] = 0x30c, [56] = 0x703,
	[58] = 0x207, [69] = 0x208,
	[71] = 0x307, 0x308, 0x309, 0x30b, 0x304, 0x305, 0x306, 0x30a, 0x301, 0x302, 0x303, 0x300,
	0x310, 0x206,
	[96] = 0x30e, 0x702, 0x30d,
	[100] = 0x701, 0x205, 0x114, 0x603, 0x118, 0x601, 0x602, 0x117, 0x600, 0x119, 0x115, 0x116,
	0x11a, 0x10c, 0x10d, 0x11b, 0x11c, 0x110, 0x311, 0x11d,
};

/* What is left: control characters of keys that are no letters, and what is for the console. */
static const struct placed odd_ones[] = {
	{ CONTROL, 3, 0 }, { CONTROL, 4, 27 }, { CONTROL, 5, 28 }, { CONTROL, 6, 29 },
	{ CONTROL, 7, 30 }, { CONTROL, 8, 31 }, { CONTROL, 9, 127 }, { CONTROL, 12, 31 },
	{ CONTROL, 14, 8 }, { CONTROL, 26, 27 }, { CONTROL, 27, 29 }, { CONTROL, 40, 7 },
	{ CONTROL, 41, 0 }, { CONTROL, 43, 28 }, { CONTROL, 52, 0x20e }, { CONTROL, 53, 127 },
	{ CONTROL, 57, 0 }, { CONTROL, 99, 28 },
	{ CONTROL_SHIFT, 12, 31 }, { CONTROL_SHIFT, 3, 0 },
	{ PLAIN, 70, 0x209 }, { SHIFT, 70, 0x203 }, { ALTGR, 70, 0x202 }, { CONTROL, 70, 0x204 },
	{ ALT, 70, 0x209 }, { SHIFT, 69, 0x213 }, { PLAIN, 86, '<' }, { SHIFT, 86, '>' },
	{ ALTGR, 86, '|' }, { ALT, 86, SYMBOL(KEY_TYPE_META, '<') },
	{ ALT, 28, SYMBOL(KEY_TYPE_META, '\r') }, { PLAIN, 99, 28 }, { ALT, 99, 28 },
	{ SHIFT, 104, 0x20b }, { SHIFT, 109, 0x20a }, { ALT, 105, 0x210 }, { ALT, 106, 0x211 },
	{ CONTROL_ALT, 83, 0x20c }, { CONTROL_ALT, 111, 0x20c },
	/* Hexadecimal digits of a character's number. */
	{ ALTGR, 30, 0x914 }, { ALTGR, 48, 0x915 }, { ALTGR, 46, 0x916 }, { ALTGR, 32, 0x917 },
	{ ALTGR, 18, 0x918 }, { ALTGR, 33, 0x919 },
};

static const char *const functions[] = {
	"\033[[A", "\033[[B", "\033[[C", "\033[[D", "\033[[E", "\033[17~", "\033[18~", "\033[19~",
	"\033[20~", "\033[21~", "\033[23~", "\033[24~", "\033[25~", "\033[26~", "\033[28~",
	"\033[29~", "\033[31~", "\033[32~", "\033[33~", "\033[34~",
	/* Find (Home), insert, remove, select (End), page up, page down, macro; pause. */
	"\033[1~", "\033[2~", "\033[3~", "\033[4~", "\033[5~", "\033[6~", "\033[M", NULL, NULL,
	"\033[P",
};

/* Where a scan code is not its key's number; 0x80 is for the prefix 0xe0. */
static const struct {
	uint16_t scan_code;
	uint8_t key;
} codes[] = {
	{ 0x54, 99 }, { 0x55, 0 }, { 0x59, 117 }, { 0x5c, 95 }, { 0x5d, 183 }, { 0x5e, 184 },
	{ 0x5f, 185 }, { 0x6e, 193 }, { 0x70, 93 }, { 0x73, 89 }, { 0x76, 85 }, { 0x77, 91 },
	{ 0x78, 90 }, { 0x79, 92 }, { 0x7b, 94 }, { 0x7d, 124 }, { 0x7e, 121 }, { 0x90, 165 },
	{ 0x99, 163 }, { 0x9c, 96 }, { 0x9d, 97 }, { 0xa0, 113 }, { 0xa1, 140 }, { 0xa2, 164 },
	{ 0xa4, 166 }, { 0xaa, 255 }, { 0xae, 114 }, { 0xb0, 115 }, { 0xb2, 172 }, { 0xb5, 98 },
	{ 0xb6, 255 }, { 0xb7, 99 }, { 0xb8, 100 }, { 0xc5, 119 }, { 0xc6, 119 }, { 0xc7, 102 },
	{ 0xc8, 103 }, { 0xc9, 104 }, { 0xcb, 105 }, { 0xcc, 112 }, { 0xcd, 106 }, { 0xce, 118 },
	{ 0xcf, 107 }, { 0xd0, 108 }, { 0xd1, 109 }, { 0xd2, 110 }, { 0xd3, 111 }, { 0xdb, 125 },
	{ 0xdc, 126 }, { 0xdd, 127 }, { 0xde, 116 }, { 0xdf, 142 }, { 0xe3, 143 }, { 0xe5, 217 },
	{ 0xe6, 156 }, { 0xe7, 173 }, { 0xe8, 128 }, { 0xe9, 159 }, { 0xea, 158 }, { 0xeb, 157 },
	{ 0xec, 155 }, { 0xed, 226 }, { 0xef, 112 }, { 0x171, 123 }, { 0x172, 122 },
};
enum {
	SAME_CODES = 0x59,
	SCAN_PRINT_WITH_ALT = 0x54, /* Print has the prefix and another code without it */
};

static bool is_letter(char character)
{
	return (character | 0x20) >= 'a' && (character | 0x20) <= 'z';
}

static void fill_characters(uint16_t *keys, uint8_t map, unsigned int key)
{
	char plain = plain_keys[key], shifted = shift_keys[key], other = altgr_keys[key];
	char direct = map == PLAIN ? plain : map == SHIFT ? shifted : map == ALTGR ? other : 0;

	if (direct)
		keys[key] = SYMBOL(is_letter(direct) ? KEY_TYPE_LETTER : KEY_TYPE_LATIN, direct);
	else if (map == ALT && plain)
		keys[key] = SYMBOL(KEY_TYPE_META, plain);
	else if ((map & CONTROL) && is_letter(plain))
		keys[key] = SYMBOL(map == CONTROL_ALT ? KEY_TYPE_META : KEY_TYPE_LATIN,
				   plain & 0x1f);
}

static uint16_t function_symbol(uint8_t map, unsigned int number)
{
	if (map == CONTROL_SHIFT)
		return NONE;
	if (map == ALT || map == CONTROL_ALT)
		return SYMBOL(KEY_TYPE_CONSOLE, number);
	if (map == ALTGR)
		return SYMBOL(KEY_TYPE_CONSOLE, 12 + number);
	return SYMBOL(KEY_TYPE_FUNCTION, map == SHIFT ? 10 + number : number);
}

static void fill_functions(uint16_t *keys, uint8_t map)
{
	for (unsigned int i = 0; i < FUNCTION_COUNT; i++)
		keys[FUNCTION_FIRST + i] = function_symbol(map, i);
	keys[FUNCTION_11] = function_symbol(map == SHIFT ? PLAIN : map, 10);
	keys[FUNCTION_12] = function_symbol(map == SHIFT ? PLAIN : map, 11);
}

/* With Alt the keypad's digits are those of a character's number. */
static void fill_keypad(uint16_t *keys, uint8_t map)
{
	if (map != ALT && map != ALTGR)
		return;
	for (unsigned int key = KEYPAD_FIRST; key <= KEYPAD_LAST; key++) {
		unsigned int digit = keys[key] & 0xff;

		if (digit <= 9)
			keys[key] = SYMBOL(KEY_TYPE_ASCII, map == ALTGR ? digit + 10 : digit);
	}
}

static void fill_map(uint16_t *keys, uint8_t map)
{
	for (unsigned int key = 0; key < KEY_COUNT; key++) {
		keys[key] = NONE;
		if (key < ARRAY_SIZE(everywhere) && everywhere[key])
			keys[key] = everywhere[key];
		if (key < ARRAY_SIZE(plain_keys) - 1)
			fill_characters(keys, map, key);
	}
	fill_functions(keys, map);
	fill_keypad(keys, map);
	for (size_t i = 0; i < ARRAY_SIZE(odd_ones); i++) {
		if (odd_ones[i].map == map)
			keys[odd_ones[i].key] = odd_ones[i].symbol;
	}
}

static void fill_codes(uint16_t to[KEY_SCAN_COUNT])
{
	for (unsigned int scan = 0; scan < KEY_SCAN_COUNT; scan++)
		to[scan] = scan < SAME_CODES ? (uint16_t)scan : 0;
	for (size_t i = 0; i < ARRAY_SIZE(codes); i++)
		to[codes[i].scan_code] = codes[i].key;
}

uint8_t keyboard_default_scan(uint16_t key)
{
	for (size_t i = 0; i < ARRAY_SIZE(codes); i++) {
		if (codes[i].key == key && codes[i].scan_code < 256 &&
		    codes[i].scan_code != SCAN_PRINT_WITH_ALT)
			return (uint8_t)codes[i].scan_code;
	}
	return key < SAME_CODES ? (uint8_t)key : 0;
}

const char *keyboard_default_function(uint8_t index)
{
	return index < ARRAY_SIZE(functions) && functions[index] ? functions[index] : "";
}

void keyboard_fill_defaults(struct keyboard *keyboard)
{
	for (unsigned int i = 0; i < KEY_DEFAULT_MAPS; i++) {
		fill_map(keyboard->default_maps[i], map_numbers[i]);
		keyboard->maps[map_numbers[i]] = keyboard->default_maps[i];
	}
	for (unsigned int i = 0; i < KEY_COUNT; i++)
		keyboard->functions[i] = keyboard_default_function((uint8_t)i);
	fill_codes(keyboard->codes);
}
