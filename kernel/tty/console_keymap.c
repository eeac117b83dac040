/*
 * Scan code set 1: a key is a number below 0x80 when it goes down, the same with 0x80 added when it
 * comes up; keys that came with the AT keyboard have 0xe0 before, Pause has 0xe1 and five more
 * bytes.
 *
 * What a key sends follows Linux's default map: Backspace is DEL, Alt puts ESC before, Control
 * clears the upper bits, keys without a character send the sequences that terminfo's `linux` names.
 */
#include "tty/console_keymap.h"

#include "lib/compiler.h"
#include "lib/string.h"

enum {
	SCAN_RELEASE = 0x80,
	SCAN_PREFIX = 0xe0,
	SCAN_PAUSE = 0xe1,
	PAUSE_SIZE = 5,

	SCAN_ENTER = 0x1c,
	SCAN_CONTROL = 0x1d,
	SCAN_SHIFT_LEFT = 0x2a,
	SCAN_SHIFT_RIGHT = 0x36,
	SCAN_KEYPAD_STAR = 0x37,
	SCAN_ALT = 0x38,
	SCAN_SLASH = 0x35,
	SCAN_CAPITALS = 0x3a,
	SCAN_F1 = 0x3b,
	SCAN_F10 = 0x44,
	SCAN_NUMBER = 0x45,
	SCAN_SCROLL = 0x46,
	SCAN_KEYPAD_FIRST = 0x47,
	SCAN_UP = 0x48,
	SCAN_PAGE_UP = 0x49,
	SCAN_LEFT = 0x4b,
	SCAN_RIGHT = 0x4d,
	SCAN_DOWN = 0x50,
	SCAN_PAGE_DOWN = 0x51,
	SCAN_DELETE = 0x53,
	SCAN_F11 = 0x57,
	SCAN_F12 = 0x58,

	MODIFIER_SHIFT = MODIFIER_SHIFT_LEFT | MODIFIER_SHIFT_RIGHT,
	MODIFIER_CONTROL = MODIFIER_CONTROL_LEFT | MODIFIER_CONTROL_RIGHT,
	MODIFIER_ALT = MODIFIER_ALT_LEFT | MODIFIER_ALT_RIGHT,
};

/* By scan code up to the space bar; 0: no character. */
static const char plain_keys[] = "\0\033" "1234567890-=\177\t"
				 "qwertyuiop[]\r\0" "asdfghjkl;'`\0\\"
				 "zxcvbnm,./\0*\0 ";
static const char shifted_keys[] = "\0\033" "!@#$%^&*()_+\177\t"
				   "QWERTYUIOP{}\r\0" "ASDFGHJKL:\"~\0|"
				   "ZXCVBNM<>?\0*\0 ";

/* The keypad from 7 to the dot, with NumLock; and what else these keys are. */
static const char keypad_digits[] = "789-456+1230.";
static const char *const cursor_keys[] = {
	"\033[1~", "\033[A", "\033[5~", NULL, "\033[D", "\033[G", "\033[C",
	NULL,	   "\033[4~", "\033[B", "\033[6~", "\033[2~", "\033[3~",
};
/* F1 to F12, and F13 to F20, which are F1 to F8 with shift. */
static const char *const function_keys[] = {
	"\033[[A",  "\033[[B",	"\033[[C",  "\033[[D",	"\033[[E",  "\033[17~", "\033[18~",
	"\033[19~", "\033[20~", "\033[21~", "\033[23~", "\033[24~", "\033[25~", "\033[26~",
	"\033[28~", "\033[29~", "\033[31~", "\033[32~", "\033[33~", "\033[34~",
};
enum { FUNCTION_COUNT = 12, SHIFTED_FUNCTIONS = 8 };

static void give_text(struct key_meaning *out, const char *text)
{
	out->action = KEY_BYTES;
	out->size = strlen(text);
	memcpy(out->bytes, text, out->size);
}

static void give_byte(const struct keyboard_state *state, struct key_meaning *out, uint8_t byte)
{
	out->action = KEY_BYTES;
	if (state->modifiers & MODIFIER_ALT)
		out->bytes[out->size++] = '\033';
	out->bytes[out->size++] = byte;
}

/* ---- keys that are held or that lock --------------------------------------------------------- */

static uint8_t modifier_of(uint8_t key, bool is_extended)
{
	switch (key) {
	case SCAN_SHIFT_LEFT: /* with the prefix: made up by the keyboard around other keys */
		return is_extended ? 0 : MODIFIER_SHIFT_LEFT;
	case SCAN_SHIFT_RIGHT:
		return is_extended ? 0 : MODIFIER_SHIFT_RIGHT;
	case SCAN_CONTROL:
		return is_extended ? MODIFIER_CONTROL_RIGHT : MODIFIER_CONTROL_LEFT;
	case SCAN_ALT:
		return is_extended ? MODIFIER_ALT_RIGHT : MODIFIER_ALT_LEFT;
	}
	return 0;
}

static uint8_t lock_of(uint8_t key, bool is_extended)
{
	if (is_extended)
		return 0; /* Control-Break looks like ScrollLock with a prefix */
	switch (key) {
	case SCAN_CAPITALS:
		return LOCK_CAPITALS;
	case SCAN_NUMBER:
		return LOCK_NUMBER;
	case SCAN_SCROLL:
		return LOCK_SCROLL;
	}
	return 0;
}

static void press_lock(struct keyboard_state *state, uint8_t lock, struct key_meaning *out)
{
	if (state->held_locks & lock)
		return;
	state->held_locks |= lock;
	state->locks ^= lock;
	out->action = lock == LOCK_SCROLL ? KEY_SCROLL_LOCK : KEY_LIGHTS;
}

/* ---- keys that mean something ---------------------------------------------------------------- */

/*
 * Control turns these into control characters; other keys keep theirs (Linux's map; digits as on a
 * VT220).
 */
static uint8_t with_control(uint8_t byte)
{
	static const uint8_t digits[] = { 0, 27, 28, 29, 30, 31, 127 }; /* 2 to 8 */

	if (byte >= '@' && byte != 0x7f)
		return byte & 0x1f;
	if (byte >= '2' && byte <= '8')
		return digits[byte - '2'];
	switch (byte) {
	case ' ':
		return 0;
	case '/':
	case '-':
		return 31;
	case 0x7f:
		return '\b';
	}
	return byte;
}

static void press_character(const struct keyboard_state *state, uint8_t key, uint8_t modes,
			    struct key_meaning *out)
{
	uint8_t byte = (uint8_t)plain_keys[key];
	bool is_shifted = state->modifiers & MODIFIER_SHIFT;

	if (byte >= 'a' && byte <= 'z' && (state->locks & LOCK_CAPITALS))
		is_shifted = !is_shifted;
	if (is_shifted)
		byte = (uint8_t)shifted_keys[key];
	if (byte == 0)
		return;
	if (byte == '\t' && is_shifted) {
		give_text(out, "\033\t");
		return;
	}
	if (state->modifiers & MODIFIER_CONTROL)
		byte = with_control(byte);
	give_byte(state, out, byte);
	if (key == SCAN_ENTER && (modes & KEY_MODE_NEWLINE))
		out->bytes[out->size++] = '\n';
}

static void press_function(const struct keyboard_state *state, unsigned int number,
			   struct key_meaning *out)
{
	if (state->modifiers & MODIFIER_ALT) {
		out->action = KEY_SWITCH;
		out->number = number + 1;
	} else if ((state->modifiers & MODIFIER_SHIFT) && number < SHIFTED_FUNCTIONS) {
		give_text(out, function_keys[FUNCTION_COUNT + number]);
	} else {
		give_text(out, function_keys[number]);
	}
}

/* Cursor keys that mean something to the console itself. */
static enum key_action console_action(const struct keyboard_state *state, uint8_t key)
{
	bool has_alt = state->modifiers & MODIFIER_ALT;

	if ((state->modifiers & MODIFIER_SHIFT) && key == SCAN_PAGE_UP)
		return KEY_SCROLL_BACK;
	if ((state->modifiers & MODIFIER_SHIFT) && key == SCAN_PAGE_DOWN)
		return KEY_SCROLL_FORWARD;
	if (has_alt && key == SCAN_LEFT)
		return KEY_PREVIOUS;
	if (has_alt && key == SCAN_RIGHT)
		return KEY_NEXT;
	if (has_alt && (state->modifiers & MODIFIER_CONTROL) && key == SCAN_DELETE)
		return KEY_RESTART;
	return KEY_NONE;
}

static void press_cursor(const struct keyboard_state *state, uint8_t key, uint8_t modes,
			 struct key_meaning *out)
{
	const char *text = cursor_keys[key - SCAN_KEYPAD_FIRST];
	bool is_arrow = key == SCAN_UP || key == SCAN_DOWN || key == SCAN_LEFT || key == SCAN_RIGHT;

	out->action = console_action(state, key);
	if (out->action != KEY_NONE || !text)
		return;
	give_text(out, text);
	if (is_arrow && (modes & KEY_MODE_APPLICATION_CURSOR))
		out->bytes[1] = 'O';
}

static void press_keypad(const struct keyboard_state *state, uint8_t key, uint8_t modes,
			 struct key_meaning *out)
{
	char digit = keypad_digits[key - SCAN_KEYPAD_FIRST];
	bool is_digit = digit != '-' && digit != '+';
	bool is_shifted = state->modifiers & MODIFIER_SHIFT;

	/* Where the digits are not on, these are the cursor keys. */
	if (is_digit && (!(state->locks & LOCK_NUMBER) || is_shifted ||
			 console_action(state, key) == KEY_RESTART))
		press_cursor(state, key, modes, out);
	else
		give_byte(state, out, (uint8_t)digit);
}

static void press_key(struct keyboard_state *state, uint8_t key, bool is_extended, uint8_t modes,
		      struct key_meaning *out)
{
	if (is_extended && (key == SCAN_ENTER || key == SCAN_SLASH))
		give_byte(state, out, key == SCAN_ENTER ? '\r' : '/');
	else if (is_extended && key >= SCAN_KEYPAD_FIRST && key <= SCAN_DELETE)
		press_cursor(state, key, modes, out);
	else if (is_extended)
		return; /* the logo keys and Print: nothing */
	else if (key < ARRAY_SIZE(plain_keys) - 1)
		press_character(state, key, modes, out);
	else if (key >= SCAN_F1 && key <= SCAN_F10)
		press_function(state, key - SCAN_F1, out);
	else if (key == SCAN_F11 || key == SCAN_F12)
		press_function(state, 10u + key - SCAN_F11, out);
	else if (key >= SCAN_KEYPAD_FIRST && key <= SCAN_DELETE)
		press_keypad(state, key, modes, out);
	else if (key == 0x56) /* the key beside the left shift of European keyboards */
		give_byte(state, out, state->modifiers & MODIFIER_SHIFT ? '>' : '<');
}

/* True if the byte only prepares for what follows. */
static bool take_prefix(struct keyboard_state *state, uint8_t scan_code)
{
	if (state->pause_left > 0) {
		state->pause_left--;
		return true;
	}
	if (scan_code == SCAN_PAUSE) {
		state->pause_left = PAUSE_SIZE;
		return true;
	}
	if (scan_code == SCAN_PREFIX) {
		state->prefix = scan_code;
		return true;
	}
	return false;
}

void keyboard_translate(struct keyboard_state *state, uint8_t scan_code, uint8_t modes,
			struct key_meaning *out)
{
	uint8_t key = scan_code & ~SCAN_RELEASE & 0xff;
	bool is_release = scan_code & SCAN_RELEASE;
	bool is_extended;
	uint8_t modifier, lock;

	*out = (struct key_meaning){ .action = KEY_NONE };
	if (take_prefix(state, scan_code))
		return;
	is_extended = state->prefix != 0;
	state->prefix = 0;
	modifier = modifier_of(key, is_extended);
	lock = lock_of(key, is_extended);
	if (is_release) {
		state->modifiers &= (uint8_t)~modifier;
		state->held_locks &= (uint8_t)~lock;
	} else if (modifier) {
		state->modifiers |= modifier;
	} else if (lock) {
		press_lock(state, lock, out);
	} else {
		press_key(state, key, is_extended, modes, out);
	}
}
