/*
 * What bytes mean to a console: text, control characters, and the escape sequences of Linux's
 * console, which are those of ECMA-48 and the DEC VT102 as far as programs use them
 * (console_codes(4)).
 *
 * A state machine, one byte at a time, so that a sequence may come in any number of pieces. Control
 * characters act even inside a sequence; ESC begins a new one, CAN and SUB end it. What is not
 * known is swallowed whole.
 */
#include "tty/console_screen.h"

#include "lib/compiler.h"
#include "lib/format.h"
#include "lib/min_max.h"
#include "lib/string.h"
#include "tty/console_glyph.h"

enum {
	BELL = 0x07,
	BACKSPACE = 0x08,
	TAB = 0x09,
	LINE_FEED = 0x0a,
	FORM_FEED = 0x0c,
	RETURN = 0x0d,
	SHIFT_OUT = 0x0e,
	SHIFT_IN = 0x0f,
	CANCEL = 0x18,
	SUBSTITUTE = 0x1a,
	ESCAPE = 0x1b,
	DELETE = 0x7f,
	PARAMETER_MAX = 9999,
	PALETTE_DIGITS = 7,
};

/* ---- text ------------------------------------------------------------------------------------ */

static void put_character(struct console_screen *screen, uint32_t character)
{
	unsigned int width = console_glyph_width(character);

	if (width == 0)
		return;
	/* Both halves of a wide character lie on one line. */
	if (width == 2 && screen->column + 1 == screen->columns && screen->autowrap)
		screen_put_glyph(screen, ' ');
	screen_put_glyph(screen, console_glyph_of(character));
	if (width == 2)
		screen_put_glyph(screen, ' ');
}

static void put_by_charset(struct console_screen *screen, uint8_t byte)
{
	switch (screen->charsets[screen->active_charset]) {
	case CHARSET_GRAPHICS:
		put_character(screen, console_glyph_graphics(byte));
		break;
	case CHARSET_GLYPHS:
		screen_put_glyph(screen, byte);
		break;
	case CHARSET_LATIN1:
		put_character(screen, byte);
		break;
	}
}

/*
 * A byte that is no control character. False: what came before was no character; give this byte
 * again.
 */
static bool put_text(struct console_screen *screen, uint8_t byte)
{
	uint32_t character;

	if (!screen->is_utf8 || screen->charsets[screen->active_charset] == CHARSET_GLYPHS ||
	    (byte < 0x80 && screen->decoder.missing == 0)) {
		put_by_charset(screen, byte);
		return true;
	}
	switch (utf8_feed(&screen->decoder, byte, &character)) {
	case UTF8_MORE:
		return true;
	case UTF8_CHARACTER:
		put_character(screen, character);
		return true;
	case UTF8_INVALID:
		put_character(screen, UTF8_REPLACEMENT);
		return true;
	case UTF8_INVALID_AGAIN:
		put_character(screen, UTF8_REPLACEMENT);
		return false;
	}
	return true;
}

/* ---- control characters ---------------------------------------------------------------------- */

static void begin_escape(struct console_screen *screen)
{
	screen->state = PARSER_ESCAPE;
	screen->private_marker = 0;
	screen->has_intermediate = false;
	screen->parameter_count = 1;
	memset(screen->parameters, 0, sizeof(screen->parameters));
}

static void do_control(struct console_screen *screen, uint8_t byte)
{
	switch (byte) {
	case BELL:
		screen->wants_bell = true;
		break;
	case BACKSPACE:
		screen->column = screen_cursor_column(screen);
		if (screen->column > 0)
			screen->column--;
		screen->is_changed = true;
		break;
	case TAB:
		screen_tab(screen);
		break;
	case LINE_FEED:
	case LINE_FEED + 1: /* VT */
	case FORM_FEED:
		screen_line_feed(screen);
		if (screen->newline_mode)
			screen_carriage_return(screen);
		break;
	case RETURN:
		screen_carriage_return(screen);
		break;
	case SHIFT_OUT:
		screen->active_charset = 1;
		break;
	case SHIFT_IN:
		screen->active_charset = 0;
		break;
	case CANCEL:
	case SUBSTITUTE:
		screen->state = PARSER_GROUND;
		break;
	case ESCAPE:
		begin_escape(screen);
		break;
	}
}

/* ---- answers --------------------------------------------------------------------------------- */

static void reply(struct console_screen *screen, const char *text)
{
	size_t size = strlen(text);

	/* A program that asks and never reads gets no more answers. */
	if (screen->reply_size + size > sizeof(screen->reply))
		return;
	memcpy(screen->reply + screen->reply_size, text, size);
	screen->reply_size += size;
}

static void report_status(struct console_screen *screen, unsigned int what)
{
	char text[24];
	unsigned int row = screen->row;

	if (what == 5) {
		reply(screen, "\033[0n");
	} else if (what == 6) {
		if (screen->origin_mode)
			row -= screen->region_start;
		snprintf(text, sizeof(text), "\033[%u;%uR", row + 1,
			 screen_cursor_column(screen) + 1);
		reply(screen, text);
	}
}

static void report_device(struct console_screen *screen)
{
	reply(screen, "\033[?6c"); /* a VT102 */
}

/* ---- modes ----------------------------------------------------------------------------------- */

static void set_private_mode(struct console_screen *screen, unsigned int mode, bool on)
{
	switch (mode) {
	case 1: /* DECCKM */
		screen->application_cursor_keys = on;
		break;
	case 5: /* DECSCNM */
		if (screen->reverse_screen != on)
			screen_invert(screen);
		break;
	case 6: /* DECOM */
		screen->origin_mode = on;
		screen_move(screen, on ? (int)screen->region_start : 0, 0);
		break;
	case 7: /* DECAWM */
		screen->autowrap = on;
		break;
	case 25: /* DECTCEM */
		screen->cursor_visible = on;
		screen->is_changed = true;
		break;
	}
}

static void set_mode(struct console_screen *screen, unsigned int mode, bool on)
{
	switch (mode) {
	case 3: /* DECCRM */
		screen->shows_controls = on;
		break;
	case 4: /* IRM */
		screen->insert_mode = on;
		break;
	case 20: /* LNM */
		screen->newline_mode = on;
		break;
	}
}

static void do_modes(struct console_screen *screen, bool on)
{
	for (unsigned int i = 0; i < screen->parameter_count; i++) {
		if (screen->private_marker == '?')
			set_private_mode(screen, screen->parameters[i], on);
		else
			set_mode(screen, screen->parameters[i], on);
	}
}

/* ---- sequences that begin with ESC [ --------------------------------------------------------- */

static void erase_display(struct console_screen *screen, unsigned int what)
{
	unsigned int column = screen_cursor_column(screen);
	unsigned int start = what == 0 ? screen->row + 1 : 0;
	unsigned int end = what == 1 ? screen->row : screen->rows;

	if (what > 3)
		return;
	if (what == 0)
		screen_erase(screen, screen->row, column, screen->columns);
	if (what == 1)
		screen_erase(screen, screen->row, 0, column + 1);
	if (what == 3)
		screen->history = 0;
	for (unsigned int row = start; row < end; row++)
		screen_erase(screen, row, 0, screen->columns);
	screen->column = column;
}

static void erase_line(struct console_screen *screen, unsigned int what)
{
	unsigned int column = screen_cursor_column(screen);

	if (what <= 2)
		screen_erase(screen, screen->row, what == 0 ? column : 0,
			     what == 1 ? column + 1 : screen->columns);
	screen->column = column;
}

static void erase_cells(struct console_screen *screen, unsigned int count)
{
	unsigned int column = screen_cursor_column(screen);

	screen_erase(screen, screen->row, column, column + min(count, screen->columns - column));
	screen->column = column;
}

static void set_region(struct console_screen *screen)
{
	unsigned int start = max(screen->parameters[0], 1u);
	unsigned int end = screen->parameters[1] ? screen->parameters[1] : screen->rows;

	if (start >= end || end > screen->rows)
		return;
	screen->region_start = start - 1;
	screen->region_end = end;
	screen_move(screen, screen->origin_mode ? (int)start - 1 : 0, 0);
}

static void clear_tabs(struct console_screen *screen, unsigned int what)
{
	if (what == 0)
		bitmap_clear(screen->tabs, screen_cursor_column(screen));
	else if (what == 3 || what == 5)
		memset(screen->tabs, 0, sizeof(screen->tabs));
}

/* ESC [ ... ]: Linux's own settings. Of them, the default colours matter. */
static void do_setting(struct console_screen *screen)
{
	if (screen->parameters[0] == 8)
		screen->default_color = screen->style.color;
}

/* Rows and columns of the program count from 1; with DECOM, rows from the region's first. */
static int absolute_row(const struct console_screen *screen, unsigned int parameter)
{
	return (int)max(parameter, 1u) - 1 +
	       (screen->origin_mode ? (int)screen->region_start : 0);
}

static int absolute_column(unsigned int parameter)
{
	return (int)max(parameter, 1u) - 1;
}

/* Up and down stop at the edge of the region that scrolls, if they begin inside. */
static void move_vertically(struct console_screen *screen, int distance)
{
	int row = (int)screen->row;
	int first = row >= (int)screen->region_start ? (int)screen->region_start : 0;
	int last = row < (int)screen->region_end ? (int)screen->region_end - 1 :
						   (int)screen->rows - 1;

	screen_move(screen, clamp(row + distance, first, last), (int)screen_cursor_column(screen));
}

/* True if `final` is one of the movements. */
static bool do_movement(struct console_screen *screen, uint8_t final)
{
	int count = (int)max(screen->parameters[0], 1u);
	int row = (int)screen->row;
	int column = (int)screen_cursor_column(screen);

	switch (final) {
	case 'A': /* CUU */
		move_vertically(screen, -count);
		return true;
	case 'B': /* CUD */
	case 'e': /* VPR */
		move_vertically(screen, count);
		return true;
	case 'C': /* CUF */
	case 'a': /* HPR */
		screen_move(screen, row, column + count);
		return true;
	case 'D': /* CUB */
		screen_move(screen, row, column - count);
		return true;
	case 'E': /* CNL */
		move_vertically(screen, count);
		screen_carriage_return(screen);
		return true;
	case 'F': /* CPL */
		move_vertically(screen, -count);
		screen_carriage_return(screen);
		return true;
	case 'G': /* CHA */
	case '`': /* HPA */
		screen_move(screen, row, absolute_column(screen->parameters[0]));
		return true;
	case 'H': /* CUP */
	case 'f': /* HVP */
		screen_move(screen, absolute_row(screen, screen->parameters[0]),
			    absolute_column(screen->parameters[1]));
		return true;
	case 'd': /* VPA */
		screen_move(screen, absolute_row(screen, screen->parameters[0]), column);
		return true;
	}
	return false;
}

/* True if `final` is one of the changes of cells. */
static bool do_editing(struct console_screen *screen, uint8_t final)
{
	unsigned int count = max(screen->parameters[0], 1u);

	switch (final) {
	case 'J': /* ED */
		erase_display(screen, screen->parameters[0]);
		return true;
	case 'K': /* EL */
		erase_line(screen, screen->parameters[0]);
		return true;
	case 'X': /* ECH */
		erase_cells(screen, count);
		return true;
	case '@': /* ICH */
		screen_insert_cells(screen, count);
		return true;
	case 'P': /* DCH */
		screen_delete_cells(screen, count);
		return true;
	case 'L': /* IL */
		screen_insert_lines(screen, count);
		return true;
	case 'M': /* DL */
		screen_delete_lines(screen, count);
		return true;
	}
	return false;
}

static void do_private_csi(struct console_screen *screen, uint8_t final)
{
	if (screen->private_marker != '?')
		return;
	if (final == 'h' || final == 'l') {
		do_modes(screen, final == 'h');
	} else if (final == 'c') {
		screen->cursor_shape = screen->parameters[0] & 0x0f;
		screen->is_changed = true;
	}
}

static void do_csi(struct console_screen *screen, uint8_t final)
{
	if (screen->has_intermediate)
		return;
	if (screen->private_marker) {
		do_private_csi(screen, final);
		return;
	}
	if (do_movement(screen, final) || do_editing(screen, final))
		return;
	switch (final) {
	case 'c':
		if (screen->parameters[0] == 0)
			report_device(screen);
		break;
	case 'g':
		clear_tabs(screen, screen->parameters[0]);
		break;
	case 'h':
	case 'l':
		do_modes(screen, final == 'h');
		break;
	case 'm':
		screen_set_style(screen);
		break;
	case 'n':
		report_status(screen, screen->parameters[0]);
		break;
	case 'r':
		set_region(screen);
		break;
	case 's':
		screen_save_cursor(screen);
		break;
	case 'u':
		screen_restore_cursor(screen);
		break;
	case ']':
		do_setting(screen);
		break;
	}
}

static void parse_csi(struct console_screen *screen, uint8_t byte)
{
	unsigned int *parameter = &screen->parameters[screen->parameter_count - 1];

	if (byte >= '0' && byte <= '9') {
		*parameter = min(*parameter * 10 + (byte - '0'), (unsigned int)PARAMETER_MAX);
	} else if (byte == ';' || byte == ':') {
		/* Parameters beyond the last that we keep fall into it; nothing takes so many. */
		if (screen->parameter_count < SCREEN_PARAMETERS)
			screen->parameter_count++;
		else
			*parameter = 0;
	} else if (byte >= '<' && byte <= '?') {
		screen->private_marker = byte;
	} else if (byte < 0x30) {
		screen->has_intermediate = true;
	} else if (byte == '[' && screen->parameter_count == 1 && *parameter == 0 &&
		   !screen->private_marker) {
		screen->state = PARSER_CSI_FUNCTION_KEY;
	} else {
		screen->state = PARSER_GROUND;
		do_csi(screen, byte);
	}
}

/* ---- other sequences ------------------------------------------------------------------------- */

static void parse_escape(struct console_screen *screen, uint8_t byte)
{
	screen->state = PARSER_GROUND;
	switch (byte) {
	case '[':
		screen->state = PARSER_CSI;
		break;
	case ']':
		screen->state = PARSER_OSC;
		break;
	case 'P':
	case 'X':
	case '^':
	case '_':
		screen->state = PARSER_STRING;
		break;
	case '#':
		screen->state = PARSER_HASH;
		break;
	case '%':
		screen->state = PARSER_PERCENT;
		break;
	case '(':
		screen->state = PARSER_CHARSET_G0;
		break;
	case ')':
		screen->state = PARSER_CHARSET_G1;
		break;
	case 'D': /* IND */
		screen_line_feed(screen);
		break;
	case 'E': /* NEL */
		screen_carriage_return(screen);
		screen_line_feed(screen);
		break;
	case 'M': /* RI */
		screen_reverse_line_feed(screen);
		break;
	case 'H': /* HTS */
		bitmap_set(screen->tabs, screen_cursor_column(screen));
		break;
	case 'Z': /* DECID */
		report_device(screen);
		break;
	case '7': /* DECSC */
		screen_save_cursor(screen);
		break;
	case '8': /* DECRC */
		screen_restore_cursor(screen);
		break;
	case 'c': /* RIS */
		screen_reset(screen);
		break;
	case '=': /* DECPAM */
	case '>': /* DECPNM */
		screen->application_keypad = byte == '=';
		break;
	default:
		if (byte < 0x30)
			screen->state = PARSER_OTHER;
	}
}

static void choose_charset(struct console_screen *screen, unsigned int index, uint8_t byte)
{
	screen->state = PARSER_GROUND;
	if (byte == '0')
		screen->charsets[index] = CHARSET_GRAPHICS;
	else if (byte == 'B')
		screen->charsets[index] = CHARSET_LATIN1;
	else if (byte == 'U')
		screen->charsets[index] = CHARSET_GLYPHS;
}

/* ESC ] P nrrggbb; ESC ] R; all others are strings. */
static void parse_osc(struct console_screen *screen, uint8_t byte)
{
	screen->state = PARSER_GROUND;
	if (byte == 'P') {
		screen->state = PARSER_OSC_PALETTE;
		screen->palette_digits = 0;
		screen->palette_value = 0;
	} else if (byte == 'R') {
		screen->wants_palette_reset = true;
	} else {
		screen->state = PARSER_STRING;
	}
}

static int hex_digit(uint8_t byte)
{
	if (byte >= '0' && byte <= '9')
		return byte - '0';
	byte |= 0x20;
	return byte >= 'a' && byte <= 'f' ? byte - 'a' + 10 : -1;
}

static void parse_palette(struct console_screen *screen, uint8_t byte)
{
	int digit = hex_digit(byte);

	if (digit < 0) {
		screen->state = PARSER_GROUND;
		return;
	}
	screen->palette_value = screen->palette_value << 4 | (uint32_t)digit;
	if (++screen->palette_digits < PALETTE_DIGITS)
		return;
	screen->palette[screen->palette_value >> 24 & 0x0f] = screen->palette_value & 0xffffff;
	screen->palette_set |= 1u << (screen->palette_value >> 24 & 0x0f);
	screen->state = PARSER_GROUND;
}

/* A byte that is no control character, inside a sequence. */
static void parse(struct console_screen *screen, uint8_t byte)
{
	switch (screen->state) {
	case PARSER_ESCAPE:
		parse_escape(screen, byte);
		break;
	case PARSER_CSI:
		parse_csi(screen, byte);
		break;
	case PARSER_OSC:
		parse_osc(screen, byte);
		break;
	case PARSER_OSC_PALETTE:
		parse_palette(screen, byte);
		break;
	case PARSER_CHARSET_G0:
		choose_charset(screen, 0, byte);
		break;
	case PARSER_CHARSET_G1:
		choose_charset(screen, 1, byte);
		break;
	case PARSER_HASH:
		screen->state = PARSER_GROUND;
		if (byte == '8') /* DECALN */
			screen_fill(screen, 'E');
		break;
	case PARSER_PERCENT:
		screen->state = PARSER_GROUND;
		if (byte == '@' || byte == 'G' || byte == '8')
			screen->is_utf8 = byte != '@';
		screen->decoder = (struct utf8_decoder){ 0 };
		break;
	case PARSER_OTHER:
		if (byte >= 0x30)
			screen->state = PARSER_GROUND;
		break;
	default:
		screen->state = PARSER_GROUND;
	}
}

/* Titles end with BEL or ESC \; whatever else begins with ESC is a sequence of its own. */
static void parse_string(struct console_screen *screen, uint8_t byte)
{
	if (screen->state == PARSER_STRING_ESCAPE) {
		screen->state = PARSER_GROUND;
		if (byte != '\\') {
			begin_escape(screen);
			parse(screen, byte);
		}
	} else if (byte == ESCAPE) {
		screen->state = PARSER_STRING_ESCAPE;
	} else if (byte == BELL || byte == CANCEL || byte == SUBSTITUTE) {
		screen->state = PARSER_GROUND;
	}
}

static bool is_shown(const struct console_screen *screen, uint8_t byte)
{
	/* These act even where others are shown as glyphs (as on Linux). */
	static const uint32_t always_act = 1u << 0 | 1u << BACKSPACE | 1u << LINE_FEED |
					   1u << FORM_FEED | 1u << RETURN | 1u << SHIFT_OUT |
					   1u << SHIFT_IN | 1u << ESCAPE;

	if (byte < 0x20)
		return screen->shows_controls && !(always_act >> byte & 1);
	return byte != DELETE || screen->shows_controls;
}

static void write_byte(struct console_screen *screen, uint8_t byte)
{
	if (screen->state == PARSER_STRING || screen->state == PARSER_STRING_ESCAPE) {
		parse_string(screen, byte);
		return;
	}
	if (screen->state == PARSER_GROUND && is_shown(screen, byte)) {
		if (!put_text(screen, byte))
			(void)put_text(screen, byte);
		return;
	}
	if (byte < 0x20 || byte == DELETE) {
		if (screen->decoder.missing) {
			screen->decoder = (struct utf8_decoder){ 0 };
			put_character(screen, UTF8_REPLACEMENT);
		}
		do_control(screen, byte);
		return;
	}
	parse(screen, byte);
}

void console_screen_write(struct console_screen *screen, const uint8_t *bytes, size_t size)
{
	for (size_t i = 0; i < size; i++)
		write_byte(screen, bytes[i]);
}
