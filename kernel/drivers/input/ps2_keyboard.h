/*
 * The PS/2 keyboard behind the 8042 controller.
 */
#pragma once

/* Find it and give its keys to the consoles. After console_init(). May sleep. */
void ps2_keyboard_init(void);
