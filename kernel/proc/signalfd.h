/*
 * signalfd: a file from which signals are read.
 */
#pragma once
#include <stdint.h>
#include "core/compiler.h"
#include "proc/signal.h"

struct file;

void signalfd_init(void);
/* `flags`: O_NONBLOCK. Errors: -ENOMEM. */
must_check int signalfd_create(signal_set mask, uint32_t flags, struct file **out);
/* Errors: -EINVAL if `file` is none. */
must_check int signalfd_set_mask(struct file *file, signal_set mask);
