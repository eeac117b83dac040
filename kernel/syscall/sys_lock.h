/*
 * Record locks, for sys_fcntl.c.
 */
#pragma once
#include <stdint.h>
#include "core/compiler.h"

struct file;

/* The F_...LK commands of fcntl; -EINVAL for any other. */
must_check int syscall_lock_control(int fd, struct file *file, unsigned int command,
				    uintptr_t argument);
