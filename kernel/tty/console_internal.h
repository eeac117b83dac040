/*
 * What the files of the virtual consoles share.
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

/* [C] console_lock  [l] tty.lock  [I] immutable */
struct console {
	struct tty tty;
	unsigned int number;			/* [I] from 1 on */
	struct console_screen screen;		/* [C] */
	unsigned int view;			/* [C] lines scrolled back */
	bool is_writing;			/* [l] start_output is under way: not again */
	bool is_graphics;			/* [C] KD_GRAPHICS: a program draws by itself */
	struct key_settings keys;		/* [C] */
	bool shows_own_lights;			/* [C] KDSETLED: not those of keys.locks */
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

/*
 * Make the display dark until it is told otherwise, or show again what a program does not draw
 * itself. And which console was in front when it became dark, or draws itself; 0: it is not dark.
 */
void console_set_blank(bool is_blank);
unsigned int console_blank_number(void);

unsigned int console_foreground_number(void);	/* needs no lock; 0: there is none */
/* Where the kernel's words go, without locks: the number of a console; another: to the front. */
void console_set_log_number(unsigned int number);
unsigned int console_log_number(void);
/* How often console `number` has come to the front. Needs no lock. */
unsigned int console_shown_count(unsigned int number);

/* Without locks; may sleep. Errors: -ENXIO, -ENOMEM. */
must_check int console_allocate(unsigned int number);
/* Free it if nobody uses it. Errors: -EBUSY, also if there is none, as on Linux. May sleep. */
must_check int console_free(unsigned int number);
/* Switch, allocating it if need be. Any context without locks. */
void console_switch_soon(unsigned int number);

unsigned int console_previous_number(void);	/* in the foreground before; console_lock held */

/* console_input.c, all with console_lock held. */
struct keyboard *console_keyboard(void);
uint8_t console_lights(void);			/* those that the keyboard shows */
void console_set_own_lights(uint8_t lights);	/* for consoles that show their own */
void console_show_lights(void);			/* of the foreground, after it or they changed */

/* console_sound.c. Count 0: silence; no duration: until the next. Without locks. */
void console_sound(uint32_t count, uint32_t duration_ms);

/* console_keymap_ioctl.c: of all consoles in common; -ENOTTY for other commands. */
int console_keymap_ioctl(struct console *console, unsigned int command, uintptr_t argument,
			 bool may_configure);

/* console_requests.c: TIOCLINUX. */
int console_request(struct tty *tty, uintptr_t argument);

/* console_ioctl.c */
int console_ioctl(struct tty *tty, unsigned int command, uintptr_t argument);
