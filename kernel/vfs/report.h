/*
 * Reports: text that a part of the kernel has to show and procfs shows, when neither may know the
 * other.
 */
#pragma once
#include <stddef.h>
#include "core/compiler.h"

enum report {
	REPORT_NET_UNIX, /* /proc/net/unix */
	REPORT_COUNT
};

/* Where the text goes. */
struct report_sink {
	void (*put)(struct report_sink *sink, const char *text, size_t size);
};
void report_print(struct report_sink *sink, const char *format, ...) format_printf(2, 3);

/* At start-up: `show` makes the whole text; called without locks, may sleep. */
void report_register(enum report report, void (*show)(struct report_sink *sink));
/* Nothing is printed if nobody registered it. */
void report_show(enum report report, struct report_sink *sink);
