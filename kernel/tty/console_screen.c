/*
 * The grid: cells, cursor, scrolling, editing.
 *
 * Lines lie in a ring, so that scrolling the whole screen moves no cell: `top` goes on by a line,
 * and what was the first row becomes history. Scrolling a part copies lines.
 *
 * After a character in the last column the cursor stays "behind" it, column == columns, and only
 * the next character moves it to the next line: a full line does not scroll the screen.
 */
#include "tty/console_screen.h"

#include "lib/min_max.h"
#include "lib/string.h"

enum {
	BLANK = ' ',
	COLOR_DEFAULT = 0x07,
	COLOR_ITALIC = 0x02,
	COLOR_UNDERLINE = 0x03,
	COLOR_HALF = 0x08,
};

static uint16_t *line_at(const struct console_screen *screen, unsigned int row)
{
	return screen->cells +
	       ((screen->top + row) & (screen->line_count - 1)) * screen->columns;
}

const uint16_t *console_screen_view(const struct console_screen *screen, unsigned int lines,
				    unsigned int row)
{
	return line_at(screen, row - lines);
}

unsigned int screen_cursor_column(const struct console_screen *screen)
{
	return min(screen->column, screen->columns - 1);
}

/* ---- attributes ------------------------------------------------------------------------------ */

static uint8_t swap_colors(uint8_t attribute)
{
	return (uint8_t)((attribute & 0x88) | (attribute >> 4 & 0x07) | (attribute & 0x07) << 4);
}

/* A text mode has no italics or underlines: they are colours, as on Linux. */
void screen_update_attribute(struct console_screen *screen)
{
	const struct screen_style *style = &screen->style;
	uint8_t attribute = style->color;

	if (style->italic)
		attribute = (attribute & 0xf0) | COLOR_ITALIC;
	else if (style->underline)
		attribute = (attribute & 0xf0) | COLOR_UNDERLINE;
	else if (style->intensity == 0)
		attribute = (attribute & 0xf0) | COLOR_HALF;
	if (style->reverse != screen->reverse_screen)
		attribute = swap_colors(attribute);
	if (style->blink)
		attribute ^= 0x80;
	if (style->intensity == 2)
		attribute ^= 0x08;
	screen->attribute = attribute;
}

/* Erased places have the colours, but do not blink and are not bright. */
static uint16_t blank_cell(const struct console_screen *screen)
{
	uint8_t color = screen->reverse_screen ? swap_colors(screen->style.color) :
						 screen->style.color;

	return (uint16_t)(color << 8 | BLANK);
}

static void fill_cells(uint16_t *cells, uint16_t cell, unsigned int count)
{
	for (unsigned int i = 0; i < count; i++)
		cells[i] = cell;
}

/* ---- scrolling ------------------------------------------------------------------------------- */

static void clear_rows(struct console_screen *screen, unsigned int start, unsigned int end)
{
	for (unsigned int row = start; row < end; row++)
		fill_cells(line_at(screen, row), blank_cell(screen), screen->columns);
}

static void copy_row(struct console_screen *screen, unsigned int to, unsigned int from)
{
	memcpy(line_at(screen, to), line_at(screen, from),
	       screen->columns * sizeof(screen->cells[0]));
}

/* Rows [start, end) move up by `count`; what leaves the top of the whole screen becomes history. */
static void scroll_up(struct console_screen *screen, unsigned int start, unsigned int end,
		      unsigned int count)
{
	count = min(count, end - start);
	screen->is_changed = true;
	if (start == 0 && end == screen->rows) {
		screen->top += count;
		screen->history = min(screen->history + count, screen->line_count - screen->rows);
	} else {
		for (unsigned int row = start; row + count < end; row++)
			copy_row(screen, row, row + count);
	}
	clear_rows(screen, end - count, end);
}

static void scroll_down(struct console_screen *screen, unsigned int start, unsigned int end,
			unsigned int count)
{
	count = min(count, end - start);
	screen->is_changed = true;
	for (unsigned int row = end; row > start + count; row--)
		copy_row(screen, row - 1, row - 1 - count);
	clear_rows(screen, start, start + count);
}

void screen_line_feed(struct console_screen *screen)
{
	screen->is_changed = true;
	if (screen->row + 1 == screen->region_end)
		scroll_up(screen, screen->region_start, screen->region_end, 1);
	else if (screen->row + 1 < screen->rows)
		screen->row++;
	screen->column = screen_cursor_column(screen);
}

void screen_reverse_line_feed(struct console_screen *screen)
{
	screen->is_changed = true;
	if (screen->row == screen->region_start)
		scroll_down(screen, screen->region_start, screen->region_end, 1);
	else if (screen->row > 0)
		screen->row--;
	screen->column = screen_cursor_column(screen);
}

/* ---- the cursor ------------------------------------------------------------------------------ */

void screen_move(struct console_screen *screen, int row, int column)
{
	int first = screen->origin_mode ? (int)screen->region_start : 0;
	int end = screen->origin_mode ? (int)screen->region_end : (int)screen->rows;

	screen->row = (unsigned int)clamp(row, first, end - 1);
	screen->column = (unsigned int)clamp(column, 0, (int)screen->columns - 1);
	screen->is_changed = true;
}

void screen_carriage_return(struct console_screen *screen)
{
	screen->column = 0;
	screen->is_changed = true;
}

void screen_tab(struct console_screen *screen)
{
	unsigned int column = screen_cursor_column(screen);

	column = (unsigned int)bitmap_find_set(screen->tabs, screen->columns, column + 1);
	screen->column = min(column, screen->columns - 1);
	screen->is_changed = true;
}

void screen_save_cursor(struct console_screen *screen)
{
	screen->saved = (struct screen_saved){
		.row = screen->row,
		.column = screen->column,
		.style = screen->style,
		.charsets = { screen->charsets[0], screen->charsets[1] },
		.active_charset = screen->active_charset,
		.origin_mode = screen->origin_mode,
	};
}

void screen_restore_cursor(struct console_screen *screen)
{
	const struct screen_saved *saved = &screen->saved;

	screen->row = saved->row;
	screen->column = saved->column;
	screen->style = saved->style;
	memcpy(screen->charsets, saved->charsets, sizeof(screen->charsets));
	screen->active_charset = saved->active_charset;
	screen->origin_mode = saved->origin_mode;
	screen->is_changed = true;
	screen_update_attribute(screen);
}

/* ---- changing cells -------------------------------------------------------------------------- */

void screen_put_glyph(struct console_screen *screen, uint8_t glyph)
{
	if (screen->column == screen->columns) {
		if (screen->autowrap) {
			screen_carriage_return(screen);
			screen_line_feed(screen);
		} else {
			screen->column--;
		}
	}
	if (screen->insert_mode)
		screen_insert_cells(screen, 1);
	line_at(screen, screen->row)[screen->column++] =
		(uint16_t)(screen->attribute << 8 | glyph);
	screen->is_changed = true;
}

void screen_erase(struct console_screen *screen, unsigned int row, unsigned int start,
		  unsigned int end)
{
	fill_cells(line_at(screen, row) + start, blank_cell(screen), end - start);
	screen->is_changed = true;
}

void screen_insert_cells(struct console_screen *screen, unsigned int count)
{
	unsigned int column = screen_cursor_column(screen);
	uint16_t *line = line_at(screen, screen->row);

	count = min(count, screen->columns - column);
	memmove(line + column + count, line + column,
		(screen->columns - column - count) * sizeof(*line));
	fill_cells(line + column, blank_cell(screen), count);
	screen->is_changed = true;
}

void screen_delete_cells(struct console_screen *screen, unsigned int count)
{
	unsigned int column = screen_cursor_column(screen);
	uint16_t *line = line_at(screen, screen->row);

	count = min(count, screen->columns - column);
	memmove(line + column, line + column + count,
		(screen->columns - column - count) * sizeof(*line));
	fill_cells(line + screen->columns - count, blank_cell(screen), count);
	screen->is_changed = true;
}

/* Outside of the region that scrolls, lines can be neither inserted nor deleted. */
static bool is_in_region(const struct console_screen *screen)
{
	return screen->row >= screen->region_start && screen->row < screen->region_end;
}

void screen_insert_lines(struct console_screen *screen, unsigned int count)
{
	if (is_in_region(screen))
		scroll_down(screen, screen->row, screen->region_end, count);
	screen->column = screen_cursor_column(screen);
}

/* Lines that a program deletes are not history, even if they are all of the screen. */
void screen_delete_lines(struct console_screen *screen, unsigned int count)
{
	if (!is_in_region(screen))
		return;
	count = min(count, screen->region_end - screen->row);
	for (unsigned int row = screen->row; row + count < screen->region_end; row++)
		copy_row(screen, row, row + count);
	clear_rows(screen, screen->region_end - count, screen->region_end);
	screen->column = screen_cursor_column(screen);
	screen->is_changed = true;
}

void screen_fill(struct console_screen *screen, uint8_t glyph)
{
	for (unsigned int row = 0; row < screen->rows; row++)
		fill_cells(line_at(screen, row), (uint16_t)(screen->attribute << 8 | glyph),
			   screen->columns);
	screen->is_changed = true;
}

static void invert_row(struct console_screen *screen, unsigned int row)
{
	uint16_t *line = line_at(screen, row);

	for (unsigned int i = 0; i < screen->columns; i++)
		line[i] = (uint16_t)(swap_colors((uint8_t)(line[i] >> 8)) << 8 | (line[i] & 0xff));
}

void screen_invert(struct console_screen *screen)
{
	screen->reverse_screen = !screen->reverse_screen;
	for (unsigned int row = 0; row < screen->rows; row++)
		invert_row(screen, row);
	screen_update_attribute(screen);
	screen->is_changed = true;
}

/* ---- life ------------------------------------------------------------------------------------ */

void screen_reset(struct console_screen *screen)
{
	screen->default_color = COLOR_DEFAULT;
	screen->style = (struct screen_style){ .color = COLOR_DEFAULT, .intensity = 1 };
	screen->region_start = 0;
	screen->region_end = screen->rows;
	screen->autowrap = screen->cursor_visible = screen->is_utf8 = true;
	screen->origin_mode = screen->insert_mode = screen->newline_mode = false;
	screen->reverse_screen = screen->shows_controls = false;
	screen->application_cursor_keys = screen->application_keypad = false;
	screen->cursor_shape = 0;
	screen->charsets[0] = CHARSET_LATIN1;
	screen->charsets[1] = CHARSET_GRAPHICS;
	screen->active_charset = 0;
	screen->state = PARSER_GROUND;
	screen->decoder = (struct utf8_decoder){ 0 };
	screen->palette_set = 0;
	screen->wants_palette_reset = true;
	screen->wants_keys_reset = true;
	memset(screen->tabs, 0, sizeof(screen->tabs));
	for (unsigned int column = 8; column < screen->columns; column += 8)
		bitmap_set(screen->tabs, column);
	screen_update_attribute(screen);
	screen->row = screen->column = 0;
	screen_save_cursor(screen);
	clear_rows(screen, 0, screen->rows);
	screen->is_changed = true;
}

void console_screen_init(struct console_screen *screen, uint16_t *cells, unsigned int line_count,
			 unsigned int columns, unsigned int rows)
{
	memset(screen, 0, sizeof(*screen));
	screen->cells = cells;
	screen->line_count = line_count;
	screen->columns = columns;
	screen->rows = rows;
	screen_reset(screen);
}
