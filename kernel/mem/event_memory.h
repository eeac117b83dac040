/*
 * Memory for the event rings, and what the directory of a viewer says of the frame table.
 */
#pragma once
#include <stdint.h>
#include "core/compiler.h"

/*
 * Boot, once page_frame_init() has run: the frame table's place; and with `events` on the command
 * line the rings, recording from now on. `events=MASK` chooses kinds (default: all of them).
 */
void event_memory_init(void);

/* Give each CPU its ring unless it has one. Errors: -ENOMEM; then a later call may succeed. */
must_check int event_memory_attach(void);
