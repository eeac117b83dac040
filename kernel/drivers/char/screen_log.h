/*
 * The kernel's messages on the screen.
 */
#pragma once

/* After the consoles and /dev/kmsg. Once at boot. */
void screen_log_init(void);
