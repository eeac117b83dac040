/*
 * A font for VGA text mode on machines where no BIOS has loaded one.
 */
#pragma once
#include <stdint.h>

enum { VGA_FONT_GLYPHS = 256, VGA_FONT_ROWS = 16 };

/* The rows of one glyph of code page 437, leftmost dot in the highest bit. */
void vga_font_draw(uint8_t glyph, uint8_t rows[VGA_FONT_ROWS]);
