/*
 * What console.c, console_input.c and console_ioctl.c share.
 */
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include "core/spinlock.h"
#include "tty/console.h"
#include "tty/console_keymap.h"
#include "tty/console_screen.h"
#include "tty/tty.h"

enum { CONSOLE_COUNT = 12 };

enum console_key_mode { CONSOLE_KEYS_TRANSLATED, CONSOLE_KEYS_RAW, CONSOLE_KEYS_OFF };

/* [C] console_lock  [l] tty.lock  [I] immutable */
struct console {
	struct tty tty;
	unsigned int number;			/* [I] from 1 on */
	struct console_screen screen;		/* [C] */
	unsigned int view;			/* [C] lines scrolled back */
	bool is_writing;			/* [l] start_output is under way: not again */
	bool is_graphics;			/* [C] KD_GRAPHICS: a program draws by itself */
	enum console_key_mode key_mode;		/* [C] */
};

extern struct spinlock console_lock;		/* LOCK_RANK_CONSOLE */
extern struct wait_queue console_switch_queue;	/* VT_WAITACTIVE */

/* All with console_lock held. */
struct console *console_at(unsigned int number);	/* NULL: not allocated */
struct console *console_foreground(void);
void console_show(struct console *console);
void console_scroll_view(struct console *console, int lines);
void console_redraw(void);			/* everything, now */
unsigned int console_neighbour(int direction);	/* the next one in use, from the foreground on */

unsigned int console_foreground_number(void);	/* needs no lock; 0: there is none */

/* Without locks; may sleep. Errors: -ENXIO, -ENOMEM. */
must_check int console_allocate(unsigned int number);
/* Switch, allocating it if need be. Any context without locks. */
void console_switch_soon(unsigned int number);

/* console_input.c: lights and key modes. */
uint8_t console_lights(void);
void console_set_lights(uint8_t lights);

/* console_ioctl.c */
int console_ioctl(struct tty *tty, unsigned int command, uintptr_t argument);
