/*
 * Virtual consoles: /dev/tty1 and on, all on one screen and one keyboard, of which each shows and
 * hears one at a time.
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * A display of characters, the driver's. Called under the console lock with interrupts off: must
 * not sleep.
 */
struct console_display {
	unsigned int columns, rows;
	/* `count` cells (glyph, attribute << 8) from this place on. */
	void (*draw)(unsigned int row, unsigned int column, const uint16_t *cells,
		     unsigned int count);
	void (*place_cursor)(unsigned int row, unsigned int column);
	/*
	 * 0: as is usual here; else Linux's shapes: 1 invisible, 2 underline, 3 to 5 part, 6 block.
	 */
	void (*shape_cursor)(unsigned int shape);
	/* Colour `index` of 16, 0xrrggbb. NULL: cannot be changed. */
	void (*set_color)(unsigned int index, uint32_t color);
	uint32_t default_colors[16];
};

/* What the keyboard's driver does for us. */
struct console_keyboard {
	/* Lights: enum keyboard_lock. Any context, no locks. */
	void (*set_lights)(uint8_t lights);
};

struct console_speaker {
	/* A square wave of 1193182 Hz / count; 0, or what nobody hears: silence. Any context. */
	void (*sound)(uint32_t count);
};

/* Once each, by the drivers, which live for ever. Without a display there are no consoles. */
void console_set_display(const struct console_display *display);
void console_set_keyboard(const struct console_keyboard *keyboard);
void console_set_speaker(const struct console_speaker *speaker);

/* A byte from the keyboard (scan code set 1), in order. Interrupt context, no locks. */
void console_scan_code(uint8_t scan_code);

/*
 * The kernel's own words, on the console in the foreground. Any context, with no lock of the rank
 * of consoles or a later one; in a panic, which has the machine for itself, whatever is locked.
 */
void console_write_kernel(const char *text, size_t size);

/* Make the consoles, after tty_init() and the display's driver. May sleep. */
void console_init(void);
