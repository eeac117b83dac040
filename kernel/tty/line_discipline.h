/*
 * The line discipline: what happens to bytes between a terminal and its programs, as Linux's N_TTY
 * does it.
 *
 * Pure: it knows no locks, threads or devices. The owner (struct tty) serialises all calls, gives
 * bytes in with line_discipline_receive and line_discipline_write, takes what is to be shown from
 * `output`, and acts on what is noted in `signals`, `has_news` and `urgent`.
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "lib/bitmap.h"
#include "lib/ring_buffer.h"
#include "uapi/linux/termios.h"

enum {
	LINE_INPUT_SIZE = 4096,		/* as on Linux: the longest line with its newline */
	LINE_OUTPUT_SIZE = 4096,
	LINE_ECHO_RESERVE = 512,	/* of the output ring: programs leave this for echoes */
};

struct line_discipline {
	struct termios2 termios;

	uint8_t *input;			/* LINE_INPUT_SIZE bytes, used as a ring */
	uint32_t input_head;		/* where the next byte goes in; these three only grow */
	uint32_t line_end;		/* canonical: behind the last finished line */
	uint32_t input_tail;		/* where the next byte comes out */
	/* Bit n: byte n finishes a line; if it is 0, it is an end of file. */
	uint32_t line_ends[BITMAP_WORDS(LINE_INPUT_SIZE)];

	struct ring_buffer output;	/* processed, for the device */
	unsigned int column;		/* of the cursor, as far as our output tells */
	unsigned int line_column;	/* where the line that is being typed began */

	bool literal_next;		/* VLNEXT was typed: the next byte is ordinary */
	bool is_erasing;		/* ECHOPRT: between backslash and slash */
	bool is_stopped;		/* output: by VSTOP or tcflow(TCOOFF) */
	bool is_stopped_by_call;	/* the latter: no key starts it again */
	bool peer_is_stopped;		/* IXOFF: we have sent VSTOP */

	/* For the owner to act upon and clear. */
	uint32_t signals;		/* bit n: send signal n to the foreground group */
	bool has_news;			/* readers may find something */
	int urgent;			/* VSTOP or VSTART, ahead of all else; -1: none */
};

enum line_error { LINE_ERROR_BREAK, LINE_ERROR_PARITY, LINE_ERROR_FRAME, LINE_ERROR_OVERRUN };

/* Settings as of a new terminal on Linux; speeds 38400. */
void line_discipline_init(struct line_discipline *line, uint8_t *input, uint8_t *output);

/*
 * Can the next byte be taken? If not, the device holds it back until line_discipline_read made
 * room.
 */
bool line_discipline_has_room(const struct line_discipline *line);
/* A byte from the terminal. Without room it is dropped, and with IMAXBEL the bell rings. */
void line_discipline_receive(struct line_discipline *line, uint8_t byte);
void line_discipline_receive_error(struct line_discipline *line, enum line_error error,
				   uint8_t byte);

/* Is there something to read: a line, or bytes? poll wants VMIN of them (`at_least_minimum`). */
bool line_discipline_is_readable(const struct line_discipline *line, bool at_least_minimum);
/* What FIONREAD says. */
size_t line_discipline_readable(const struct line_discipline *line);
/*
 * Up to `size` > 0 bytes for a program; in canonical mode not beyond the end of a line, which then
 * sets *is_end. The end of file ends a line without being given: 0 with *is_end.
 */
size_t line_discipline_read(struct line_discipline *line, uint8_t *to, size_t size, bool *is_end);

/* Output of a program: returns how many bytes were taken; the rest waits for room. */
size_t line_discipline_write(struct line_discipline *line, const uint8_t *from, size_t size);
/* Room for programs: some, and output is not stopped. */
bool line_discipline_is_writable(const struct line_discipline *line);

void line_discipline_flush_input(struct line_discipline *line);
/* New settings: what was typed keeps its meaning as far as possible. */
void line_discipline_set_termios(struct line_discipline *line, const struct termios2 *termios);

/* tcflow: hold output back, or let it go on. */
void line_discipline_stop(struct line_discipline *line);
void line_discipline_start(struct line_discipline *line);
