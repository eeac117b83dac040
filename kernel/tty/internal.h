/*
 * What the files of tty/ share.
 */
#pragma once
#include "tty/tty.h"

/* What an open file on a terminal has of its own. [I] all */
struct tty_file {
	struct tty *tty;		/* reference */
	unsigned int hang_up_count;	/* the terminal's when it was opened */
	atomic_bool lacked_room;	/* [a] a write did not find room for all: room is news */
	bool is_console;		/* /dev/console: no job control on output, and no hang-up */
};

static inline bool tty_file_is_hung_up(const struct tty_file *opened)
{
	return !opened->is_console &&
	       atomic_load_explicit(&opened->tty->hang_up_count, memory_order_acquire) !=
		       opened->hang_up_count;
}

/* Send the signals that keys asked for. No locks, not in an interrupt. */
void tty_send_signals(struct tty *tty);
/* Let the device have what waits in the output ring. tty->lock held. */
void tty_start_output(struct tty *tty);
/* Readers took input: the device goes on if it was held back and there is room. tty->lock held. */
void tty_resume_input(struct tty *tty);

/* tty_file.c: what every terminal's open file does; `open` finds the terminal. */
extern const struct file_ops tty_file_ops;

/*
 * termios.c: all commands but those of job control and of the kind of terminal. -ENOTTY: not one of
 * these.
 */
must_check int termios_ioctl(struct tty *tty, unsigned int command, uintptr_t argument);
