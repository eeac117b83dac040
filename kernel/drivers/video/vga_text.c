/*
 * VGA text mode (IBM VGA technical reference; register numbers as in its chapters 2-3).
 *
 * A BIOS leaves the machine in mode 3 with a font; then we only write cells and move the cursor.
 * Where none ran (v86 without BIOS, or a boot loader that used graphics), the mode's registers,
 * palette and a font are loaded here.
 *
 * All accesses after vga_text_init are under the console lock.
 */
#include "drivers/video/vga_text.h"

#include <stdbool.h>
#include "arch/port_io.h"
#include "core/printk.h"
#include "drivers/video/vga_font.h"
#include "mem/vmap.h"
#include "tty/console.h"

enum {
	PORT_ATTRIBUTE = 0x3c0,		/* index and data in turn; a read of the status: index */
	PORT_MISC_WRITE = 0x3c2,
	PORT_SEQUENCER = 0x3c4,		/* index; data at + 1 */
	PORT_DAC_MASK = 0x3c6,
	PORT_DAC_WRITE_INDEX = 0x3c8,
	PORT_DAC_DATA = 0x3c9,
	PORT_GRAPHICS = 0x3ce,
	PORT_CRTC = 0x3d4,
	PORT_STATUS = 0x3da,
	ATTRIBUTE_SCREEN_ON = 0x20,

	SEQUENCER_RESET = 0,
	SEQUENCER_MAP_MASK = 2,
	SEQUENCER_MEMORY_MODE = 4,
	GRAPHICS_READ_MAP = 4,
	GRAPHICS_MODE = 5,
	GRAPHICS_MISC = 6,
	CRTC_COLUMNS_END = 0x01,
	CRTC_MAX_SCAN_LINE = 0x09,
	CRTC_CURSOR_START = 0x0a,	/* bit 5: off */
	CRTC_CURSOR_END = 0x0b,
	CRTC_START_HIGH = 0x0c,
	CRTC_START_LOW = 0x0d,
	CRTC_CURSOR_HIGH = 0x0e,
	CRTC_CURSOR_LOW = 0x0f,
	CRTC_SYNC_END = 0x11,		/* bit 7 protects registers 0 to 7 */
	CURSOR_OFF = 0x20,

	COLUMNS = 80,
	ROWS = 25,
	MEMORY_START = 0xa0000,
	MEMORY_SIZE = 0x20000,
	TEXT_OFFSET = 0x18000,		/* of b8000 */
	GLYPH_STRIDE = 32,		/* bytes a glyph in the font plane */
};

/* Mode 3: 80 x 25 characters of 9 x 16 dots. */
static const uint8_t sequencer_values[] = { 0x03, 0x00, 0x03, 0x00, 0x02 };
static const uint8_t crtc_values[] = {
	0x5f, 0x4f, 0x50, 0x82, 0x55, 0x81, 0xbf, 0x1f, 0x00, 0x4f, 0x0d, 0x0e, 0x00,
	0x00, 0x00, 0x00, 0x9c, 0x8e, 0x8f, 0x28, 0x1f, 0x96, 0xb9, 0xa3, 0xff,
};
static const uint8_t graphics_values[] = { 0x00, 0x00, 0x00, 0x00, 0x00, 0x10, 0x0e, 0x00, 0xff };
/* The first sixteen say which of the DAC's colours each of ours is; they are the EGA's numbers. */
static const uint8_t attribute_values[] = {
	0x00, 0x01, 0x02, 0x03, 0x04, 0x05, 0x14, 0x07, 0x38, 0x39, 0x3a,
	0x3b, 0x3c, 0x3d, 0x3e, 0x3f, 0x0c, 0x00, 0x0f, 0x08, 0x00,
};
enum { MISC_VALUE = 0x67 };

static uint8_t *memory;			/* [I] from a0000 on */
static volatile uint16_t *text;		/* [I] cells */

static uint8_t read_indexed(uint16_t port, uint8_t index)
{
	port_write8(port, index);
	return port_read8((uint16_t)(port + 1));
}

static void write_indexed(uint16_t port, uint8_t index, uint8_t value)
{
	port_write8(port, index);
	port_write8((uint16_t)(port + 1), value);
}

/* ---- the console's display ------------------------------------------------------------------- */

static void draw(unsigned int row, unsigned int column, const uint16_t *cells, unsigned int count)
{
	volatile uint16_t *to = text + row * COLUMNS + column;

	for (unsigned int i = 0; i < count; i++)
		to[i] = cells[i];
}

static void place_cursor(unsigned int row, unsigned int column)
{
	unsigned int offset = row * COLUMNS + column;

	write_indexed(PORT_CRTC, CRTC_CURSOR_HIGH, (uint8_t)(offset >> 8));
	write_indexed(PORT_CRTC, CRTC_CURSOR_LOW, (uint8_t)offset);
}

static void shape_cursor(unsigned int shape)
{
	/* First scan line; the last is always the last but one. */
	static const uint8_t starts[] = { 13, CURSOR_OFF, 13, 10, 8, 5, 0 };
	uint8_t start = shape < ARRAY_SIZE(starts) ? starts[shape] : starts[0];

	write_indexed(PORT_CRTC, CRTC_CURSOR_START, start);
	write_indexed(PORT_CRTC, CRTC_CURSOR_END, 14);
}

static void set_color(unsigned int index, uint32_t color)
{
	port_write8(PORT_DAC_WRITE_INDEX, attribute_values[index]);
	port_write8(PORT_DAC_DATA, (uint8_t)(color >> 18 & 0x3f));
	port_write8(PORT_DAC_DATA, (uint8_t)(color >> 10 & 0x3f));
	port_write8(PORT_DAC_DATA, (uint8_t)(color >> 2 & 0x3f));
}

static const struct console_display vga_display = {
	.columns = COLUMNS,
	.rows = ROWS,
	.draw = draw,
	.place_cursor = place_cursor,
	.shape_cursor = shape_cursor,
	.set_color = set_color,
	.default_colors = { 0x000000, 0x0000aa, 0x00aa00, 0x00aaaa, 0xaa0000, 0xaa00aa, 0xaa5500,
			    0xaaaaaa, 0x555555, 0x5555ff, 0x55ff55, 0x55ffff, 0xff5555, 0xff55ff,
			    0xffff55, 0xffffff },
};

/* ---- finding it and setting it up ------------------------------------------------------------ */

/* A register that can be read back. */
static bool is_present(void)
{
	uint8_t old = read_indexed(PORT_CRTC, CRTC_CURSOR_LOW);
	bool answers;

	write_indexed(PORT_CRTC, CRTC_CURSOR_LOW, 0x5a);
	answers = read_indexed(PORT_CRTC, CRTC_CURSOR_LOW) == 0x5a;
	write_indexed(PORT_CRTC, CRTC_CURSOR_LOW, old);
	return answers;
}

/* Has somebody chosen 80 columns of characters 16 lines high, at b8000? */
static bool is_in_text_mode(void)
{
	return read_indexed(PORT_CRTC, CRTC_COLUMNS_END) == crtc_values[CRTC_COLUMNS_END] &&
	       (read_indexed(PORT_CRTC, CRTC_MAX_SCAN_LINE) & 0x1f) == VGA_FONT_ROWS - 1 &&
	       read_indexed(PORT_GRAPHICS, GRAPHICS_MISC) == graphics_values[GRAPHICS_MISC];
}

static void load_registers(void)
{
	port_write8(PORT_MISC_WRITE, MISC_VALUE);
	write_indexed(PORT_SEQUENCER, SEQUENCER_RESET, 0x01);
	for (uint8_t i = 1; i < ARRAY_SIZE(sequencer_values); i++)
		write_indexed(PORT_SEQUENCER, i, sequencer_values[i]);
	write_indexed(PORT_SEQUENCER, SEQUENCER_RESET, sequencer_values[SEQUENCER_RESET]);
	write_indexed(PORT_CRTC, CRTC_SYNC_END, crtc_values[CRTC_SYNC_END] & 0x7f);
	for (uint8_t i = 0; i < ARRAY_SIZE(crtc_values); i++)
		write_indexed(PORT_CRTC, i, crtc_values[i]);
	for (uint8_t i = 0; i < ARRAY_SIZE(graphics_values); i++)
		write_indexed(PORT_GRAPHICS, i, graphics_values[i]);
	for (uint8_t i = 0; i < ARRAY_SIZE(attribute_values); i++) {
		(void)port_read8(PORT_STATUS);
		port_write8(PORT_ATTRIBUTE, i);
		port_write8(PORT_ATTRIBUTE, attribute_values[i]);
	}
	(void)port_read8(PORT_STATUS);
	port_write8(PORT_ATTRIBUTE, ATTRIBUTE_SCREEN_ON);
	port_write8(PORT_DAC_MASK, 0xff);
}

/* The font lies in plane 2, which is reached by looking at memory as planes for a moment. */
static void load_font(void)
{
	uint8_t rows[VGA_FONT_ROWS];

	write_indexed(PORT_SEQUENCER, SEQUENCER_MAP_MASK, 0x04);
	write_indexed(PORT_SEQUENCER, SEQUENCER_MEMORY_MODE, 0x06);
	write_indexed(PORT_GRAPHICS, GRAPHICS_READ_MAP, 0x02);
	write_indexed(PORT_GRAPHICS, GRAPHICS_MODE, 0x00);
	write_indexed(PORT_GRAPHICS, GRAPHICS_MISC, 0x04);
	for (unsigned int glyph = 0; glyph < VGA_FONT_GLYPHS; glyph++) {
		vga_font_draw((uint8_t)glyph, rows);
		for (unsigned int i = 0; i < VGA_FONT_ROWS; i++)
			mmio_write8(memory + glyph * GLYPH_STRIDE + i, rows[i]);
	}
	write_indexed(PORT_SEQUENCER, SEQUENCER_MAP_MASK, sequencer_values[SEQUENCER_MAP_MASK]);
	write_indexed(PORT_SEQUENCER, SEQUENCER_MEMORY_MODE,
		      sequencer_values[SEQUENCER_MEMORY_MODE]);
	write_indexed(PORT_GRAPHICS, GRAPHICS_READ_MAP, graphics_values[GRAPHICS_READ_MAP]);
	write_indexed(PORT_GRAPHICS, GRAPHICS_MODE, graphics_values[GRAPHICS_MODE]);
	write_indexed(PORT_GRAPHICS, GRAPHICS_MISC, graphics_values[GRAPHICS_MISC]);
}

void vga_text_init(void)
{
	bool was_set_up;

	if (!is_present())
		return;
	memory = vmap_device(MEMORY_START, MEMORY_SIZE);
	if (!memory) {
		printk(LOG_ERROR, "vga: no room to map its memory");
		return;
	}
	text = (volatile uint16_t *)(memory + TEXT_OFFSET);
	was_set_up = is_in_text_mode();
	if (!was_set_up) {
		load_registers();
		load_font();
	}
	write_indexed(PORT_CRTC, CRTC_START_HIGH, 0);
	write_indexed(PORT_CRTC, CRTC_START_LOW, 0);
	for (unsigned int i = 0; i < ARRAY_SIZE(vga_display.default_colors); i++)
		set_color(i, vga_display.default_colors[i]);
	printk(LOG_INFO, "vga: %u x %u%s", COLUMNS, ROWS, was_set_up ? "" : ", set up here");
	console_set_display(&vga_display);
}
