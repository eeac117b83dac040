/*
 * eventfd: a counter to wait for.
 */
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include "core/compiler.h"

struct file;

void eventfd_init(void);
/* `flags`: O_NONBLOCK. Errors: -ENOMEM. */
must_check int eventfd_create(unsigned int initial, bool is_semaphore, uint32_t flags,
			      struct file **out);
