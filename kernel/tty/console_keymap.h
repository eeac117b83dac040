/*
 * From a keyboard's scan codes (set 1) to what the keys mean: bytes for a program, or something for
 * the console itself, as Linux's key maps say, which programs may change.
 *
 * Pure: memory comes from the owner, who serialises all calls.
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "lib/bitmap.h"

enum keyboard_lock { LOCK_SCROLL = 1 << 0, LOCK_NUMBER = 1 << 1, LOCK_CAPITALS = 1 << 2 };

enum {
	KEY_COUNT = 256,		/* of one map */
	KEY_MAP_COUNT = 256,		/* one for each set of modifiers */
	KEY_SCAN_COUNT = 512,		/* 128, as many behind the prefix, Linux's spare ones */
	KEY_MODIFIER_COUNT = 9,		/* Shift, AltGr, Control, Alt, left and right, CapsShift */
	KEY_DEFAULT_MAPS = 7,
	KEY_TEXT_MAX = 511,		/* bytes of what a function key sends */
};

/* What a key is in a map: type << 8 | value. Beyond the types: a character of Unicode ^ 0xf000. */
enum key_type {
	KEY_TYPE_LATIN, KEY_TYPE_FUNCTION, KEY_TYPE_SPECIAL, KEY_TYPE_PAD, KEY_TYPE_DEAD,
	KEY_TYPE_CONSOLE, KEY_TYPE_CURSOR, KEY_TYPE_SHIFT, KEY_TYPE_META, KEY_TYPE_ASCII,
	KEY_TYPE_LOCK, KEY_TYPE_LETTER, KEY_TYPE_STICKY, KEY_TYPE_DEAD2, KEY_TYPE_BRAILLE,
	KEY_TYPE_COUNT,
};
enum { KEY_HOLE = 0x200, KEY_NO_MAP = 0x27f, KEY_SAK = 0x20f, KEY_UNICODE = 0xf000 };

struct keyboard {
	uint16_t codes[KEY_SCAN_COUNT];		/* scan code to key, 0: none */
	uint16_t *maps[KEY_MAP_COUNT];		/* KEY_COUNT keys each; NULL: none such */
	uint16_t default_maps[KEY_DEFAULT_MAPS][KEY_COUNT];
	const char *functions[KEY_COUNT];	/* what KEY_TYPE_FUNCTION sends */
	uint32_t down[BITMAP_WORDS(KEY_COUNT)];	/* keys that are held */
	uint8_t shift_count[KEY_MODIFIER_COUNT]; /* how many held keys are this modifier */
	uint16_t shifts;			/* bit n: shift_count[n] is not 0 */
	uint8_t prefix;				/* 0xe0 came */
	uint8_t pause_left;			/* bytes of the Pause key still to come */
	int typed_number;			/* with Alt held, on the keypad; -1: none */
};

enum key_style { KEYS_UNICODE, KEYS_LATIN, KEYS_CODES, KEYS_RAW, KEYS_OFF };

/* What each console has of its own. All zero is how it begins. */
struct key_settings {
	enum key_style style;
	uint8_t locks;			/* enum keyboard_lock */
	uint8_t default_locks;		/* KDSKBLED's upper half: what a reset makes of `locks` */
	uint16_t locked_shifts;		/* bit n: modifier n acts as if held */
	uint16_t sticky_shifts;		/* the same for one key */
	bool meta_sets_bit;		/* Alt sets bit 7 instead of sending ESC before */
};

enum key_action {
	KEY_NONE,
	KEY_BYTES,		/* for the program */
	KEY_LIGHTS,		/* settings.locks changed */
	KEY_SCROLL_LOCK,	/* also that: hold output, or let it go on */
	KEY_SWITCH,		/* to console `number`, from 1 on */
	KEY_NEXT, KEY_PREVIOUS,	/* to the next console in use */
	KEY_LAST,		/* to the console before this one */
	KEY_SCROLL_BACK, KEY_SCROLL_FORWARD,	/* half a screen */
	KEY_RESTART,		/* control, alt and delete */
	KEY_BREAK,		/* a break, as of a serial line */
};

/* What a program has told its terminal to do with keys. */
enum key_mode { KEY_MODE_APPLICATION_CURSOR = 1 << 0, KEY_MODE_APPLICATION_KEYPAD = 1 << 1,
	KEY_MODE_NEWLINE = 1 << 2 };

struct key_meaning {
	enum key_action action;
	unsigned int number;
	size_t size;
	uint8_t bytes[KEY_TEXT_MAX];
};

/* A US keyboard with Linux's maps. */
void keyboard_init(struct keyboard *keyboard);

void keyboard_translate(struct keyboard *keyboard, struct key_settings *settings,
			uint8_t scan_code, uint8_t modes, struct key_meaning *out);

/* Key `key` of map `map`, as a program sees it that has chosen `style`. */
uint16_t keyboard_get_symbol(const struct keyboard *keyboard, uint8_t map, uint8_t key,
			     enum key_style style);
/* May such a symbol be in a map? */
bool keyboard_symbol_is_valid(uint16_t symbol, enum key_style style);
/* The map exists. */
void keyboard_set_symbol(struct keyboard *keyboard, uint8_t map, uint8_t key, uint16_t symbol);
/* Begin a map whose keys do nothing. */
void keyboard_clear_map(uint16_t keys[KEY_COUNT]);
/* The default ones are not the owner's to free. */
bool keyboard_owns_map(const struct keyboard *keyboard, const uint16_t *keys);
/* Scan code `scan` is `key` from now on. The key it was comes up, unless another code has it. */
void keyboard_set_code(struct keyboard *keyboard, unsigned int scan, uint16_t key);
/* ESC c: what a program's reset of its console means for the keys. */
void keyboard_reset_settings(struct key_settings *settings);
/* Which modifiers are held, by the keys that are: after the maps or the style changed. */
void keyboard_count_shifts(struct keyboard *keyboard);

/* console_keymap_default.c: Linux's maps, sequences and codes. */
void keyboard_fill_defaults(struct keyboard *keyboard);
const char *keyboard_default_function(uint8_t index);
uint8_t keyboard_default_scan(uint16_t key);	/* one that has it; 0x80: with the prefix */
