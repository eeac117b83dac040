/*
 * VGA in text mode, 80 x 25: the display of the virtual consoles.
 */
#pragma once

/*
 * Find it, set it up if no BIOS has, and offer it to the consoles. Before console_init(). May
 * sleep.
 */
void vga_text_init(void);
