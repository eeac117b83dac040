/*
 * A key press goes three steps (Linux's keymaps(5)).
 *
 * Scan code to key. Scan code set 1: a key is a number below 0x80 when it goes down, the same with
 * 0x80 added when it comes up; keys that came with the AT keyboard have 0xe0 before, Pause has 0xe1
 * and five more bytes. codes[] gives each a number, which is what programs see in medium raw mode.
 *
 * Key to symbol. The modifiers that are held choose a map (bit 0 Shift, 1 AltGr, 2 Control, 3 Alt),
 * and the key is looked up there. A map that is not there makes the key mean nothing.
 *
 * Symbol to meaning. A symbol has a type, of which each has a function below, and a value.
 *
 * Modifiers are followed in any style: they may be released in another. Keys that would combine
 * two characters (dead keys, Compose, Braille) can be in a map and mean nothing.
 */
#include "tty/console_keymap.h"

#include "lib/compiler.h"
#include "lib/string.h"
#include "lib/utf8.h"

enum {
	SCAN_RELEASE = 0x80,
	SCAN_PREFIX = 0xe0,
	SCAN_PAUSE = 0xe1,
	SCAN_CODE_MASK = 0x7f,
	SCAN_EXTENDED = 0x80,		/* in codes[]: behind the prefix */
	PAUSE_SIZE = 5,
	CODE_PAUSE = 119,
	CODE_MADE_UP = 255,		/* shifts that a keyboard puts around other keys */

	MODIFIER_SHIFT = 0,
	MODIFIER_ALT = 3,
	MODIFIER_CAPS_SHIFT = 8,
	META_BIT = 0x80,

	/* Values of KEY_TYPE_SPECIAL. */
	SPECIAL_ENTER = 1,
	SPECIAL_BREAK = 5,
	SPECIAL_LAST_CONSOLE = 6,
	SPECIAL_CAPS_LOCK = 7,
	SPECIAL_NUM_LOCK = 8,
	SPECIAL_HOLD = 9,
	SPECIAL_SCROLL_FORWARD = 10,
	SPECIAL_SCROLL_BACK = 11,
	SPECIAL_RESTART = 12,
	SPECIAL_CAPS_ON = 13,
	SPECIAL_PREVIOUS = 16,
	SPECIAL_NEXT = 17,
	SPECIAL_BARE_NUM_LOCK = 19,

	/* Functions that keys of the keypad have without NumLock. */
	FUNCTION_FIND = 20,
	FUNCTION_INSERT = 21,
	FUNCTION_REMOVE = 22,
	FUNCTION_SELECT = 23,
	FUNCTION_PAGE_UP = 24,
	FUNCTION_PAGE_DOWN = 25,

	CURSOR_DOWN = 0, CURSOR_LEFT = 1, CURSOR_RIGHT = 2, CURSOR_UP = 3,
	PAD_ENTER = 14,
	PAD_COMMA = 15,
	PAD_DOT = 16,
};

/* What all the functions of a press need. */
struct press {
	struct keyboard *keyboard;
	struct key_settings *settings;
	uint8_t modes;			/* enum key_mode */
	bool is_down, is_repeat;
	struct key_meaning *out;
};

void keyboard_init(struct keyboard *keyboard)
{
	memset(keyboard, 0, sizeof(*keyboard));
	keyboard->typed_number = -1;
	keyboard_fill_defaults(keyboard);
}

/* ---- the maps -------------------------------------------------------------------------------- */

uint16_t keyboard_get_symbol(const struct keyboard *keyboard, uint8_t map, uint8_t key,
			     enum key_style style)
{
	const uint16_t *keys = keyboard->maps[map];

	if (!keys)
		return key ? KEY_HOLE : KEY_NO_MAP;
	if (keys[key] >> 8 >= KEY_TYPE_COUNT && style != KEYS_UNICODE)
		return KEY_HOLE;
	return keys[key];
}

bool keyboard_symbol_is_valid(uint16_t symbol, enum key_style style)
{
	static const uint8_t value_max[KEY_TYPE_COUNT] = {
		255, 255, 19, 19, 26, 255, 3, 8, 255, 25, 8, 255, 8, 255, 10,
	};

	if (symbol >> 8 >= KEY_TYPE_COUNT)
		return style == KEYS_UNICODE;
	return (symbol & 0xff) <= value_max[symbol >> 8];
}

void keyboard_set_symbol(struct keyboard *keyboard, uint8_t map, uint8_t key, uint16_t symbol)
{
	uint16_t old = keyboard->maps[map][key];

	keyboard->maps[map][key] = symbol;
	if (map == 0 && (old >> 8 == KEY_TYPE_SHIFT || symbol >> 8 == KEY_TYPE_SHIFT))
		keyboard_count_shifts(keyboard);
}

void keyboard_clear_map(uint16_t keys[KEY_COUNT])
{
	keys[0] = KEY_NO_MAP - 1; /* Linux's mark of a map that was allocated */
	for (unsigned int i = 1; i < KEY_COUNT; i++)
		keys[i] = KEY_HOLE;
}

bool keyboard_owns_map(const struct keyboard *keyboard, const uint16_t *keys)
{
	for (unsigned int i = 0; i < KEY_DEFAULT_MAPS; i++) {
		if (keys == keyboard->default_maps[i])
			return true;
	}
	return false;
}

static bool has_code(const struct keyboard *keyboard, uint16_t key)
{
	for (unsigned int scan = 0; scan < KEY_SCAN_COUNT; scan++) {
		if (keyboard->codes[scan] == key)
			return true;
	}
	return false;
}

void keyboard_set_code(struct keyboard *keyboard, unsigned int scan, uint16_t key)
{
	uint16_t old = keyboard->codes[scan];

	keyboard->codes[scan] = key;
	/* Nobody could say any more that it comes up. */
	if (old < KEY_COUNT && bitmap_is_set(keyboard->down, old) && !has_code(keyboard, old)) {
		bitmap_clear(keyboard->down, old);
		keyboard_count_shifts(keyboard);
	}
}

void keyboard_reset_settings(struct key_settings *settings)
{
	settings->locks = settings->default_locks;
	settings->locked_shifts = settings->sticky_shifts = 0;
}

void keyboard_count_shifts(struct keyboard *keyboard)
{
	memset(keyboard->shift_count, 0, sizeof(keyboard->shift_count));
	keyboard->shifts = 0;
	for (unsigned int key = 1; key < KEY_COUNT; key++) {
		uint16_t symbol = keyboard_get_symbol(keyboard, 0, (uint8_t)key, KEYS_UNICODE);
		uint8_t type = (uint8_t)(symbol >> 8), value = symbol & 0xff;

		if (!bitmap_is_set(keyboard->down, key) ||
		    (type != KEY_TYPE_SHIFT && type != KEY_TYPE_STICKY))
			continue;
		if (value == MODIFIER_CAPS_SHIFT)
			value = MODIFIER_SHIFT;
		keyboard->shift_count[value]++;
		keyboard->shifts |= (uint16_t)(1u << value);
	}
}

/* ---- what symbols give ----------------------------------------------------------------------- */

static void give_byte(struct press *press, uint8_t byte)
{
	press->out->action = KEY_BYTES;
	if (press->out->size < sizeof(press->out->bytes))
		press->out->bytes[press->out->size++] = byte;
}

static void give_text(struct press *press, const char *text)
{
	for (; *text; text++)
		give_byte(press, (uint8_t)*text);
}

static void give_character(struct press *press, uint32_t character)
{
	uint8_t bytes[UTF8_MAX_SIZE];
	size_t size = 1;

	if (press->settings->style == KEYS_UNICODE)
		size = utf8_encode(character, bytes);
	else if (character < 0x100)
		bytes[0] = (uint8_t)character;
	else
		return; /* Latin-1 has none such */
	for (size_t i = 0; i < size; i++)
		give_byte(press, bytes[i]);
}

/* ESC [ letter, or ESC O letter for programs that asked for it. */
static void give_sequence(struct press *press, char letter, bool is_application)
{
	give_byte(press, '\033');
	give_byte(press, is_application ? 'O' : '[');
	give_byte(press, (uint8_t)letter);
}

static void give_function(struct press *press, uint8_t value)
{
	give_text(press, press->keyboard->functions[value]);
}

static void give_cursor(struct press *press, uint8_t value)
{
	static const char letters[] = "BDCA";

	give_sequence(press, letters[value], press->modes & KEY_MODE_APPLICATION_CURSOR);
}

static void give_return(struct press *press)
{
	give_byte(press, '\r');
	if (press->modes & KEY_MODE_NEWLINE)
		give_byte(press, '\n');
}

static void change_lock(struct press *press, uint8_t lock)
{
	if (press->is_repeat)
		return;
	press->settings->locks ^= lock;
	press->out->action = lock == LOCK_SCROLL ? KEY_SCROLL_LOCK : KEY_LIGHTS;
}

static void press_meta(struct press *press, uint8_t value)
{
	if (press->settings->meta_sets_bit) {
		give_byte(press, value | META_BIT);
	} else {
		give_byte(press, '\033');
		give_byte(press, value);
	}
}

static void press_special(struct press *press, uint8_t value)
{
	static const uint8_t actions[] = {
		[SPECIAL_BREAK] = KEY_BREAK,
		[SPECIAL_LAST_CONSOLE] = KEY_LAST,
		[SPECIAL_SCROLL_FORWARD] = KEY_SCROLL_FORWARD,
		[SPECIAL_SCROLL_BACK] = KEY_SCROLL_BACK,
		[SPECIAL_RESTART] = KEY_RESTART,
		[SPECIAL_PREVIOUS] = KEY_PREVIOUS,
		[SPECIAL_NEXT] = KEY_NEXT,
		[SPECIAL_BARE_NUM_LOCK] = KEY_NONE,
	};

	switch (value) {
	case SPECIAL_ENTER:
		give_return(press);
		break;
	case SPECIAL_CAPS_LOCK:
		change_lock(press, LOCK_CAPITALS);
		break;
	case SPECIAL_CAPS_ON:
		if (!(press->settings->locks & LOCK_CAPITALS))
			change_lock(press, LOCK_CAPITALS);
		break;
	case SPECIAL_NUM_LOCK:
		if (press->modes & KEY_MODE_APPLICATION_KEYPAD) {
			give_sequence(press, 'P', true);
			break;
		}
		change_lock(press, LOCK_NUMBER);
		break;
	case SPECIAL_BARE_NUM_LOCK:
		change_lock(press, LOCK_NUMBER);
		break;
	case SPECIAL_HOLD:
		change_lock(press, LOCK_SCROLL);
		break;
	default:
		press->out->action = value < ARRAY_SIZE(actions) ? actions[value] : KEY_NONE;
	}
}

/* The keypad where NumLock is off. */
static void press_pad_as_cursor(struct press *press, uint8_t value)
{
	static const uint8_t functions[] = { FUNCTION_INSERT, FUNCTION_SELECT, 0,
					     FUNCTION_PAGE_DOWN, 0, 0, 0,
					     FUNCTION_FIND, 0, FUNCTION_PAGE_UP };
	static const uint8_t cursors[] = { [2] = CURSOR_DOWN, [4] = CURSOR_LEFT,
					   [6] = CURSOR_RIGHT, [8] = CURSOR_UP };

	if (value == 5)
		give_sequence(press, 'G', press->modes & KEY_MODE_APPLICATION_KEYPAD);
	else if (value > 9)
		give_function(press, FUNCTION_REMOVE);
	else if (functions[value])
		give_function(press, functions[value]);
	else
		give_cursor(press, cursors[value]);
}

static void press_pad(struct press *press, uint8_t value)
{
	static const char plain[] = "0123456789+-*/\r,.?()#";
	static const char application[] = "pqrstuvwxylSRQMnnmPQS";
	bool is_cursor = value <= 9 || value == PAD_COMMA || value == PAD_DOT;

	if ((press->modes & KEY_MODE_APPLICATION_KEYPAD) &&
	    !press->keyboard->shift_count[MODIFIER_SHIFT]) {
		give_sequence(press, application[value], true);
	} else if (is_cursor && !(press->settings->locks & LOCK_NUMBER)) {
		press_pad_as_cursor(press, value);
	} else {
		give_byte(press, (uint8_t)plain[value]);
		if (value == PAD_ENTER && (press->modes & KEY_MODE_NEWLINE))
			give_byte(press, '\n');
	}
}

/* With Alt held, the keypad's digits make a character's number: it is sent when Alt comes up. */
static void press_digit(struct press *press, uint8_t value)
{
	struct keyboard *keyboard = press->keyboard;
	int base = value < 10 ? 10 : 16;
	int digit = value < 10 ? value : value - 10;
	int before = keyboard->typed_number < 0 ? 0 : keyboard->typed_number;

	keyboard->typed_number = before < 0x110000 ? before * base + digit : before;
}

static void follow_shift(struct press *press, uint8_t value)
{
	struct keyboard *keyboard = press->keyboard;
	uint16_t before = keyboard->shifts;
	uint16_t bit;

	if (press->is_repeat)
		return;
	if (value == MODIFIER_CAPS_SHIFT) { /* Shift, and the end of CapsLock */
		value = MODIFIER_SHIFT;
		if (press->is_down && (press->settings->locks & LOCK_CAPITALS))
			change_lock(press, LOCK_CAPITALS);
	}
	bit = (uint16_t)(1u << value);
	if (press->is_down)
		keyboard->shift_count[value]++;
	else if (keyboard->shift_count[value] > 0)
		keyboard->shift_count[value]--;
	keyboard->shifts = keyboard->shift_count[value] ? keyboard->shifts | bit
							: keyboard->shifts & (uint16_t)~bit;
	if (press->is_down || keyboard->shifts == before || keyboard->typed_number < 0)
		return;
	if (press->settings->style <= KEYS_LATIN) {
		if (press->settings->style == KEYS_UNICODE)
			give_character(press, (uint32_t)keyboard->typed_number);
		else
			give_byte(press, (uint8_t)keyboard->typed_number);
	}
	keyboard->typed_number = -1;
}

/* A modifier for the next key only; without a map for it, for none. */
static void press_sticky(struct press *press, uint8_t value)
{
	struct key_settings *settings = press->settings;

	follow_shift(press, value);
	if (!press->is_down || press->is_repeat)
		return;
	settings->sticky_shifts ^= (uint16_t)(1u << value);
	if (!press->keyboard->maps[(settings->locked_shifts ^ settings->sticky_shifts) & 0xff])
		settings->sticky_shifts = (uint16_t)(1u << value);
}

/* ---- from key to symbol ---------------------------------------------------------------------- */

static void act_on_press(struct press *press, enum key_type type, uint8_t value)
{
	switch (type) {
	case KEY_TYPE_LATIN:
	case KEY_TYPE_LETTER:
		give_character(press, value);
		break;
	case KEY_TYPE_FUNCTION:
		give_function(press, value);
		break;
	case KEY_TYPE_SPECIAL:
		press_special(press, value);
		break;
	case KEY_TYPE_PAD:
		press_pad(press, value);
		break;
	case KEY_TYPE_CONSOLE:
		press->out->action = KEY_SWITCH;
		press->out->number = value + 1u;
		break;
	case KEY_TYPE_CURSOR:
		give_cursor(press, value);
		break;
	case KEY_TYPE_META:
		press_meta(press, value);
		break;
	case KEY_TYPE_ASCII:
		press_digit(press, value);
		break;
	case KEY_TYPE_LOCK:
		if (!press->is_repeat)
			press->settings->locked_shifts ^= (uint16_t)(1u << value);
		break;
	default:
		break; /* dead keys and Braille */
	}
}

static uint16_t find_symbol(const struct press *press, const uint16_t *keys, unsigned int map,
			    uint8_t key)
{
	uint16_t symbol = keys[key];

	/* CapsLock is Shift, but for letters alone. */
	if (symbol >> 8 == KEY_TYPE_LETTER && (press->settings->locks & LOCK_CAPITALS)) {
		keys = press->keyboard->maps[map ^ 1u << MODIFIER_SHIFT];
		if (keys)
			symbol = keys[key];
	}
	return symbol;
}

static void look_up(struct press *press, uint8_t key)
{
	struct keyboard *keyboard = press->keyboard;
	struct key_settings *settings = press->settings;
	unsigned int map = ((keyboard->shifts | settings->sticky_shifts) ^
			    settings->locked_shifts) & 0xff;
	const uint16_t *keys = keyboard->maps[map];
	bool is_text = settings->style <= KEYS_LATIN;
	uint16_t symbol;
	uint8_t type;

	if (!keys) {
		keyboard_count_shifts(keyboard);
		settings->sticky_shifts = 0;
		return;
	}
	symbol = find_symbol(press, keys, map, key);
	type = (uint8_t)(symbol >> 8);
	if (type == KEY_TYPE_SHIFT)
		follow_shift(press, symbol & 0xff);
	else if (type == KEY_TYPE_STICKY && is_text)
		press_sticky(press, symbol & 0xff);
	else if (is_text && press->is_down && type >= KEY_TYPE_COUNT)
		give_character(press, symbol ^ KEY_UNICODE);
	else if (is_text && press->is_down)
		act_on_press(press, type, symbol & 0xff);
	if (type != KEY_TYPE_STICKY && is_text && type < KEY_TYPE_COUNT)
		settings->sticky_shifts = 0;
}

/* ---- from scan code to key ------------------------------------------------------------------- */

/* Medium raw: the key's number in one byte, or three if it does not fit; 0x80 is a release. */
static void give_code(struct press *press, uint16_t code)
{
	uint8_t release = press->is_down ? 0 : SCAN_RELEASE;

	if (code < 0x80) {
		give_byte(press, (uint8_t)code | release);
	} else {
		give_byte(press, release);
		give_byte(press, (uint8_t)(code >> 7) | 0x80);
		give_byte(press, (uint8_t)code | 0x80);
	}
}

/* Raw: the scan codes that a keyboard with the usual codes has for this key. */
static void give_scan_code(struct press *press, uint16_t code)
{
	uint8_t release = press->is_down ? 0 : SCAN_RELEASE;
	uint8_t scan;

	if (code == CODE_PAUSE) {
		give_byte(press, SCAN_PAUSE);
		give_byte(press, 0x1d | release);
		give_byte(press, 0x45 | release);
		return;
	}
	scan = keyboard_default_scan(code);
	if (scan & SCAN_EXTENDED)
		give_byte(press, SCAN_PREFIX);
	if (scan)
		give_byte(press, (scan & SCAN_CODE_MASK) | release);
}

static void act_on_key(struct press *press, uint16_t code)
{
	if (code == 0 || code == CODE_MADE_UP)
		return;
	if (press->settings->style == KEYS_RAW)
		give_scan_code(press, code);
	else if (press->settings->style == KEYS_CODES)
		give_code(press, code);
	if (code >= KEY_COUNT)
		return;
	press->is_repeat = press->is_down && bitmap_is_set(press->keyboard->down, code);
	if (press->is_down)
		bitmap_set(press->keyboard->down, code);
	else
		bitmap_clear(press->keyboard->down, code);
	look_up(press, (uint8_t)code);
}

/* Pause says that it comes up in the same breath: both are acted upon. */
static void press_pause(struct press *press)
{
	uint16_t code = CODE_PAUSE;

	press->is_down = true;
	act_on_key(press, code);
	press->is_down = false;
	act_on_key(press, code);
}

void keyboard_translate(struct keyboard *keyboard, struct key_settings *settings,
			uint8_t scan_code, uint8_t modes, struct key_meaning *out)
{
	struct press press = { .keyboard = keyboard, .settings = settings, .modes = modes,
			       .is_down = !(scan_code & SCAN_RELEASE), .out = out };
	unsigned int scan = scan_code & SCAN_CODE_MASK;

	out->action = KEY_NONE;
	out->size = 0;
	if (keyboard->pause_left > 0) {
		if (--keyboard->pause_left == 0)
			press_pause(&press);
	} else if (scan_code == SCAN_PAUSE) {
		keyboard->pause_left = PAUSE_SIZE;
	} else if (scan_code == SCAN_PREFIX) {
		keyboard->prefix = SCAN_EXTENDED;
	} else {
		scan |= keyboard->prefix;
		keyboard->prefix = 0;
		act_on_key(&press, keyboard->codes[scan]);
	}
}
