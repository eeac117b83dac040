/*
 * Pseudo-terminals: /dev/ptmx makes a pair; a program plays the device on one side, another has
 * a terminal, /dev/pts/N.
 */
#pragma once

/* /dev/ptmx and the file system devpts. After tty_init() and tmpfs and devfs. May sleep. */
void pty_init(void);
