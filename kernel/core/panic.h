/*
 * The end: stop all CPUs, say why, and show where everybody was.
 */
#pragma once
#include "core/compiler.h"

struct trap_frame;

/* Prints the reason, a symbolised backtrace of every CPU, and the locks held; then halts. */
noreturn cold void panic(const char *format, ...) format_printf(1, 2);

/* The same, starting from the registers at a trap. */
noreturn cold void panic_at(const struct trap_frame *frame, const char *format, ...)
	format_printf(2, 3);

/* True from the first panic on: locks are no longer waited for by printk. */
_Bool panic_in_progress(void);
