/*
 * Serial lines: 16550 UARTs at the four usual places.
 */
#pragma once

/* Find them; each becomes /dev/ttySn. After tty_init(). May sleep. */
void serial_init(void);
