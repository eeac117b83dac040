/*
 * The screen of one virtual console: a grid of cells with a cursor and scrollback, driven by the
 * control characters and escape sequences of Linux's console (console_codes(4), TERM=linux).
 *
 * Pure: memory comes from the owner, who serialises all calls, and takes answers from `reply`. A
 * cell is what VGA text memory holds: a glyph of code page 437 in the lower byte, the attribute in
 * the upper.
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "lib/bitmap.h"
#include "lib/utf8.h"

enum {
	SCREEN_COLUMNS_MAX = 256,
	SCREEN_PARAMETERS = 16,
	SCREEN_REPLY_SIZE = 64,
	SCREEN_CURSOR_INVISIBLE = 1,	/* values of cursor_shape; 0: as the display likes */
};

enum screen_charset { CHARSET_LATIN1, CHARSET_GRAPHICS, CHARSET_GLYPHS };

enum screen_parser_state {
	PARSER_GROUND,
	PARSER_ESCAPE,		/* ESC */
	PARSER_CSI,		/* ESC [: parameters until a final byte */
	PARSER_CSI_FUNCTION_KEY, /* ESC [ [: one byte, ignored */
	PARSER_OSC,		/* ESC ]: what kind */
	PARSER_OSC_PALETTE,	/* ESC ] P: seven hexadecimal digits */
	PARSER_STRING,		/* a title and the like: ignored until BEL or ESC \ */
	PARSER_STRING_ESCAPE,
	PARSER_HASH,		/* ESC # */
	PARSER_PERCENT,		/* ESC % */
	PARSER_CHARSET_G0,	/* ESC ( */
	PARSER_CHARSET_G1,	/* ESC ) */
	PARSER_OTHER,		/* an unknown one with intermediate bytes, until its last */
};

/* What SGR sets. */
struct screen_style {
	uint8_t color;		/* background << 4 | foreground, VGA's numbers */
	uint8_t intensity;	/* 0: half, 1: normal, 2: bold */
	bool italic, underline, blink, reverse;
};

/* What ESC 7 saves. */
struct screen_saved {
	unsigned int row, column;
	struct screen_style style;
	enum screen_charset charsets[2];
	unsigned int active_charset;
	bool origin_mode;
};

struct console_screen {
	uint16_t *cells;		/* line_count lines of `columns`, used as a ring of lines */
	unsigned int line_count;	/* a power of two, more than rows */
	unsigned int columns, rows;
	unsigned int top;		/* the first line of the screen, modulo line_count */
	unsigned int history;		/* lines above it that hold what was scrolled out */

	unsigned int row, column;	/* of the cursor; at `columns` the next one wraps */
	unsigned int region_start, region_end;	/* rows that scroll, half-open */
	struct screen_style style;
	uint8_t default_color;
	uint8_t attribute;		/* made of style */
	uint32_t tabs[BITMAP_WORDS(SCREEN_COLUMNS_MAX)];
	uint8_t cursor_shape;
	bool autowrap, cursor_visible, origin_mode, insert_mode, newline_mode, reverse_screen;
	bool application_cursor_keys, application_keypad, shows_controls;
	bool is_utf8;
	enum screen_charset charsets[2];
	unsigned int active_charset;
	struct screen_saved saved;

	enum screen_parser_state state;
	unsigned int parameters[SCREEN_PARAMETERS];
	unsigned int parameter_count;	/* at least 1 while in PARSER_CSI */
	uint8_t private_marker;		/* '?', '>'... before the parameters, or 0 */
	bool has_intermediate;		/* a sequence that we do not know */
	unsigned int palette_digits;
	uint32_t palette_value;
	struct utf8_decoder decoder;

	/* For the owner to act upon and clear. */
	uint8_t reply[SCREEN_REPLY_SIZE];
	size_t reply_size;
	bool is_changed;		/* cells, cursor or modes */
	bool wants_bell;
	uint32_t palette_set;		/* bit n: palette[n] was set by the program */
	uint32_t palette[16];		/* 0xrrggbb */
	bool wants_palette_reset;
	bool wants_keys_reset;		/* ESC c is for the keyboard's settings too */
};

/*
 * `cells` has line_count * columns elements; line_count is a power of two above `rows`. Clears the
 * visible part.
 */
void console_screen_init(struct console_screen *screen, uint16_t *cells, unsigned int line_count,
			 unsigned int columns, unsigned int rows);
void console_screen_write(struct console_screen *screen, const uint8_t *bytes, size_t size);

/* Row `row` as it is seen when scrolled back by `lines` <= history. */
const uint16_t *console_screen_view(const struct console_screen *screen, unsigned int lines,
				    unsigned int row);

/* ---- console_screen.c for console_escape.c --------------------------------------------------- */

void screen_reset(struct console_screen *screen);
void screen_update_attribute(struct console_screen *screen);
void screen_put_glyph(struct console_screen *screen, uint8_t glyph);
/* To an absolute place, or one in the region if origin mode says so; clamped. */
void screen_move(struct console_screen *screen, int row, int column);
void screen_line_feed(struct console_screen *screen);
void screen_reverse_line_feed(struct console_screen *screen);
void screen_carriage_return(struct console_screen *screen);
void screen_tab(struct console_screen *screen);
void screen_save_cursor(struct console_screen *screen);
void screen_restore_cursor(struct console_screen *screen);
/* From row `row`, column `start` to `end`: blanks in the present colours. */
void screen_erase(struct console_screen *screen, unsigned int row, unsigned int start,
		  unsigned int end);
void screen_insert_cells(struct console_screen *screen, unsigned int count);
void screen_delete_cells(struct console_screen *screen, unsigned int count);
void screen_insert_lines(struct console_screen *screen, unsigned int count);
void screen_delete_lines(struct console_screen *screen, unsigned int count);
void screen_fill(struct console_screen *screen, uint8_t glyph);
/* DECSCNM: background and foreground change places, of what is there and of what comes. */
void screen_invert(struct console_screen *screen);
/* console_style.c: SGR with screen->parameters. */
void screen_set_style(struct console_screen *screen);
/* The cursor's column, on the screen even if the next character wraps. */
unsigned int screen_cursor_column(const struct console_screen *screen);
