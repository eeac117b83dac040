/*
 * From a keyboard's scan codes (set 1) to what the keys mean: bytes for a program, as Linux's
 * console sends them with a US layout, or something for the console itself.
 *
 * Pure: the state is the owner's, who serialises all calls.
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum keyboard_lock { LOCK_SCROLL = 1 << 0, LOCK_NUMBER = 1 << 1, LOCK_CAPITALS = 1 << 2 };

enum keyboard_modifier {
	MODIFIER_SHIFT_LEFT = 1 << 0,
	MODIFIER_SHIFT_RIGHT = 1 << 1,
	MODIFIER_CONTROL_LEFT = 1 << 2,
	MODIFIER_CONTROL_RIGHT = 1 << 3,
	MODIFIER_ALT_LEFT = 1 << 4,
	MODIFIER_ALT_RIGHT = 1 << 5,
};

struct keyboard_state {
	uint8_t modifiers;	/* enum keyboard_modifier: keys held down */
	uint8_t locks;		/* enum keyboard_lock, and what the lights show */
	uint8_t held_locks;	/* lock keys held down: they repeat, but act once */
	uint8_t prefix;		/* 0xe0 or 0xe1 came */
	uint8_t pause_left;	/* bytes of the Pause key still to be skipped */
};

enum key_action {
	KEY_NONE,
	KEY_BYTES,		/* for the program */
	KEY_LIGHTS,		/* state.locks changed */
	KEY_SCROLL_LOCK,	/* also that: hold output, or let it go on */
	KEY_SWITCH,		/* to console `number`, from 1 on */
	KEY_NEXT, KEY_PREVIOUS,	/* to the next console in use */
	KEY_SCROLL_BACK, KEY_SCROLL_FORWARD,	/* half a screen */
	KEY_RESTART,		/* control, alt and delete */
};

/* What a program has told its terminal to do with keys. */
enum key_mode { KEY_MODE_APPLICATION_CURSOR = 1 << 0, KEY_MODE_APPLICATION_KEYPAD = 1 << 1,
	KEY_MODE_NEWLINE = 1 << 2 };

struct key_meaning {
	enum key_action action;
	unsigned int number;
	uint8_t bytes[8];
	size_t size;
};

void keyboard_translate(struct keyboard_state *state, uint8_t scan_code, uint8_t modes,
			struct key_meaning *out);
