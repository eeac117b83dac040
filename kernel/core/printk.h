/*
 * The kernel log: a ring of lines with levels and times, copied to the registered consoles.
 */
#pragma once
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include "core/compiler.h"
#include "core/types.h"

/* Linux's levels, so that dmesg and loglevel= mean the same. */
enum log_level {
	LOG_EMERGENCY, LOG_ALERT, LOG_CRITICAL, LOG_ERROR,
	LOG_WARNING, LOG_NOTICE, LOG_INFO, LOG_DEBUG,
};

/* One line, without a newline at its end. Callable from everywhere, interrupt handlers too. */
void printk(enum log_level level, const char *format, ...) format_printf(2, 3);
void vprintk(enum log_level level, const char *format, va_list arguments);

/*
 * The longest line, with its "<priority>[time] " and its newline, and the longest text in one; as
 * Linux's.
 */
enum { PRINTK_LINE_MAX = 1024, PRINTK_TEXT_MAX = 991 };
/*
 * A program's line, up to PRINTK_TEXT_MAX of `length` bytes. `facility` is syslog(3)'s, 0 to 255;
 * the kernel's own lines have 0.
 */
void printk_text(unsigned int facility, enum log_level level, const char *text, size_t length);

/*
 * Where lines go as they are printed; `write` must not sleep and is called one at a time, with
 * interrupts off and under the log's lock: it may take locks of rank LOCK_RANK_SERIAL_OUTPUT only.
 */
struct log_console {
	const char *name;
	void (*write)(const char *text, size_t length);
	struct log_console *next;	/* printk's own */
};

/* The console also gets the lines printed before it came. */
void printk_add_console(struct log_console *console);

/*
 * Lines above `level` are kept in the ring but not shown. Default LOG_WARNING after boot arguments.
 */
void printk_set_level(enum log_level level);
enum log_level printk_level(void);

/*
 * Copies the log's bytes from `*position` (0 is the oldest ever printed; moved up to the oldest
 * that is still there) and advances it. Returns the number of bytes copied, 0 at the end.
 */
size_t printk_read(uint64_t *position, char *buffer, size_t size);
/* The same of one line, with its newline; a position that is there yet is where a line begins. */
size_t printk_read_line(uint64_t *position, char line[PRINTK_LINE_MAX]);
uint64_t printk_end_position(void);

/*
 * Called, if set, after a line: sched wakes readers of /proc/kmsg. Must not print or sleep. Lines
 * printed under a spinlock are announced together with the next one that is not.
 */
void printk_set_notify(void (*notify)(void));
