/*
 * SGR, ESC [ ... m: colours and the like, from what programs may ask for to VGA's sixteen colours.
 */
#include "lib/min_max.h"
#include "tty/console_screen.h"

/* ANSI counts red, green, blue from the lowest bit, VGA from the highest. */
static const uint8_t vga_color[8] = { 0, 4, 2, 6, 1, 5, 3, 7 };

static void set_foreground(struct screen_style *style, uint8_t color)
{
	style->color = (style->color & 0xf0) | color;
}

static void set_background(struct screen_style *style, uint8_t color)
{
	style->color = (uint8_t)((style->color & 0x0f) | color << 4);
}

/* The nearest of our sixteen: which components are strong, and is the strongest very strong? */
static void set_rgb(struct screen_style *style, bool is_background, unsigned int red,
		    unsigned int green, unsigned int blue)
{
	unsigned int brighter = max(red, green);
	unsigned int strongest = max(brighter, blue);
	uint8_t color = 0;

	if (red > strongest / 2)
		color |= 4;
	if (green > strongest / 2)
		color |= 2;
	if (blue > strongest / 2)
		color |= 1;
	if (is_background) {
		set_background(style, strongest < 0x40 ? 0 : color);
		return;
	}
	/* Dark grey is bright black. */
	if (color == 7 && strongest <= 0x55) {
		color = 0;
		style->intensity = strongest < 0x20 ? 1 : 2;
	} else {
		style->intensity = strongest > 0xaa ? 2 : 1;
	}
	set_foreground(style, color);
}

/* The palette of 256: 16 plain ones, a cube of 6 x 6 x 6, 24 greys. */
static void set_indexed(struct screen_style *style, bool is_background, unsigned int index)
{
	if (index < 16 && is_background) {
		set_background(style, vga_color[index % 8]);
	} else if (index < 16) {
		set_foreground(style, vga_color[index % 8]);
		style->intensity = index < 8 ? 1 : 2;
	} else if (index < 232) {
		index -= 16;
		set_rgb(style, is_background, index / 36 * 51, index / 6 % 6 * 51, index % 6 * 51);
	} else {
		index = (index - 232) * 10 + 8;
		set_rgb(style, is_background, index, index, index);
	}
}

/* 38 and 48 take parameters of their own. Returns how many they used. */
static unsigned int set_extended(struct console_screen *screen, bool is_background,
				 const unsigned int *parameters, unsigned int count)
{
	if (count >= 2 && parameters[0] == 5) {
		set_indexed(&screen->style, is_background, min(parameters[1], 255u));
		return 2;
	}
	if (count >= 4 && parameters[0] == 2) {
		set_rgb(&screen->style, is_background, min(parameters[1], 255u),
			min(parameters[2], 255u), min(parameters[3], 255u));
		return 4;
	}
	return count;
}

static void set_default_style(struct console_screen *screen)
{
	screen->style =
		(struct screen_style){ .color = screen->default_color, .intensity = 1 };
}

static void set_color(struct console_screen *screen, unsigned int parameter)
{
	struct screen_style *style = &screen->style;

	if (parameter >= 30 && parameter <= 37) {
		set_foreground(style, vga_color[parameter - 30]);
	} else if (parameter >= 40 && parameter <= 47) {
		set_background(style, vga_color[parameter - 40]);
	} else if (parameter >= 90 && parameter <= 97) {
		set_foreground(style, vga_color[parameter - 90]);
		style->intensity = 2;
	} else if (parameter >= 100 && parameter <= 107) {
		set_background(style, vga_color[parameter - 100]);
	} else if (parameter == 39) {
		style->underline = false;
		set_foreground(style, screen->default_color & 0x0f);
	} else if (parameter == 49) {
		set_background(style, screen->default_color >> 4);
	}
}

static void set_style(struct console_screen *screen, unsigned int parameter)
{
	struct screen_style *style = &screen->style;

	switch (parameter) {
	case 0:
		set_default_style(screen);
		break;
	case 1:
		style->intensity = 2;
		break;
	case 2:
		style->intensity = 0;
		break;
	case 3:
	case 23:
		style->italic = parameter == 3;
		break;
	case 4:
	case 21:
	case 24:
		style->underline = parameter != 24;
		break;
	case 5:
	case 25:
		style->blink = parameter == 5;
		break;
	case 7:
	case 27:
		style->reverse = parameter == 7;
		break;
	case 22:
		style->intensity = 1;
		break;
	case 10: /* the charset that was chosen; 11 and 12: glyphs by their numbers */
		screen->charsets[screen->active_charset] =
			screen->active_charset == 0 ? CHARSET_LATIN1 : CHARSET_GRAPHICS;
		screen->shows_controls = false;
		break;
	case 11:
	case 12:
		screen->charsets[screen->active_charset] = CHARSET_GLYPHS;
		screen->shows_controls = true;
		break;
	default:
		set_color(screen, parameter);
	}
}

void screen_set_style(struct console_screen *screen)
{
	for (unsigned int i = 0; i < screen->parameter_count; i++) {
		unsigned int parameter = screen->parameters[i];

		if (parameter == 38 || parameter == 48)
			i += set_extended(screen, parameter == 48, screen->parameters + i + 1,
					  screen->parameter_count - i - 1);
		else
			set_style(screen, parameter);
	}
	screen_update_attribute(screen);
}
