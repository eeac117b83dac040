/*
 * pidfd: a file that stands for a process, whatever becomes of its number.
 */
#pragma once
#include <stdint.h>
#include "core/compiler.h"

struct file;
struct process;

/* `flags`: O_NONBLOCK. Takes a reference to the process. Errors: -ENOMEM. */
must_check int pidfd_create(struct process *process, uint32_t flags, struct file **out);
/* Whom it stands for, borrowed from the file; NULL: it is no pidfd. */
struct process *pidfd_process(const struct file *file);
