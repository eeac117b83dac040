/*
 * Device numbers of terminals, Linux's.
 */
#pragma once
#include "core/types.h"

#define TTY_CURRENT_NUMBER   DEV_NUMBER(5, 0)	/* /dev/tty */
#define TTY_CONSOLE_NUMBER   DEV_NUMBER(5, 1)	/* /dev/console */
#define TTY_PTMX_NUMBER	     DEV_NUMBER(5, 2)	/* /dev/ptmx */
#define TTY_SCREEN_NUMBER(n) DEV_NUMBER(4, n)	/* /dev/ttyN; 0 is the one on the screen */
#define TTY_SERIAL_NUMBER(n) DEV_NUMBER(4, 64 + (n))	/* /dev/ttySN */
#define TTY_PTS_NUMBER(n)    DEV_NUMBER(136, n)	/* /dev/pts/N */
