/*
 * Pseudo-terminals: /dev/ptmx makes a pair; a program plays the device on one side, another has
 * a terminal, /dev/pts/N.
 */
#pragma once
#include <stdint.h>
#include "core/compiler.h"

struct file;

/*
 * TIOCGPTPEER: the slave of `master`, found beside its node. May sleep. Errors: -ENOTTY (no
 * terminal), -EIO (no master; the slave is locked), those of open.
 */
must_check int pty_open_peer(const struct file *master, uint32_t flags, struct file **out);

/* /dev/ptmx and the file system devpts. After tty_init() and tmpfs and devfs. May sleep. */
void pty_init(void);
