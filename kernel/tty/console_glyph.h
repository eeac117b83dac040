/*
 * From Unicode to the 256 glyphs of code page 437, which VGA text mode shows.
 */
#pragma once
#include <stdint.h>

/* The glyph, or one that looks much like it, or a question mark. */
uint8_t console_glyph_of(uint32_t character);
/* How many columns it takes: 0 (combining), 1, or 2 (East Asian). */
unsigned int console_glyph_width(uint32_t character);
/*
 * The character that `byte` (0x5f to 0x7e) stands for in the VT100's graphics set; others are
 * themselves.
 */
uint32_t console_glyph_graphics(uint8_t byte);
