/*
 * The kernel log.
 *
 * Idea. The log is one ring of text, whole lines of the form "<6>[   12.345678] text\n", counted in
 * bytes since boot. A position in that endless text is all that a reader needs to keep, and reading
 * never takes anything away. When the ring is full the oldest lines go, always whole ones.
 *
 * A line is formatted on the caller's stack, then appended and shown under log_lock, which is the
 * last but one of all ranks, so that code may print whatever it holds. A console that registers
 * late first gets the lines that it missed.
 *
 * After a panic no CPU that holds the lock can be counted on: we try for a while, then go on
 * without. The worst that can come of it is a garbled line.
 *
 * Waking readers takes locks that the caller may hold, so it happens only where no spinlock is
 * held; a line printed under one is announced with the next that is not.
 */
#include "core/printk.h"
#include <stdatomic.h>
#include "arch/clock.h"
#include "arch/cpu.h"
#include "core/panic.h"
#include "core/spinlock.h"
#include "lib/format.h"
#include "lib/math64.h"
#include "lib/min_max.h"
#include "lib/string.h"

enum {
	LOG_SIZE = 64 << 10,
	LINE_MAX = 400,			/* with prefix and newline; longer lines are cut */
	PANIC_LOCK_TRIES = 1000000,
};

_Static_assert((LOG_SIZE & (LOG_SIZE - 1)) == 0, "offsets in the ring are masked");

static struct spinlock log_lock = SPINLOCK_INIT(LOCK_RANK_PRINTK, "log");

static char ring[LOG_SIZE];		/* [log_lock] */
static uint64_t log_start;		/* [log_lock] position of the oldest line still there */
static uint64_t log_end;		/* [log_lock] position behind the newest line */
static struct log_console *consoles;	/* [log_lock] */
static _Atomic(enum log_level) shown_level = LOG_WARNING;
static _Atomic(void (*)(void)) log_notify;

static inline char ring_at(uint64_t position)
{
	return ring[(uint32_t)position & (LOG_SIZE - 1)];
}

/* Returns whether the lock was taken; only after a panic may it not be. */
static bool lock_log(irq_flags *flags)
{
	if (!panic_in_progress()) {
		*flags = spin_lock_irq(&log_lock);
		return true;
	}
	*flags = irq_disable_save();
	for (unsigned int i = 0; i < PANIC_LOCK_TRIES; i++) {
		if (spin_try_lock(&log_lock))
			return true;
		cpu_relax();
	}
	return false;
}

static void unlock_log(bool locked, irq_flags flags)
{
	if (locked)
		spin_unlock_irq(&log_lock, flags);
	else
		irq_restore(flags);
}

/* Make room for `size` bytes: drop lines from the oldest on. */
static void drop_lines(size_t size)
{
	while (log_end + size - log_start > LOG_SIZE) {
		while (ring_at(log_start++) != '\n')
			;
	}
}

static void append(const char *line, size_t size)
{
	drop_lines(size);
	for (size_t i = 0; i < size; i++)
		ring[(uint32_t)(log_end + i) & (LOG_SIZE - 1)] = line[i];
	log_end += size;
}

/*
 * A line's "<6>" is for readers of the log: how long it is. The number has at most four digits; its
 * last three bits are the level.
 */
static size_t prefix_size(const char *line, unsigned int *level)
{
	size_t size = 1;
	unsigned int priority = 0;

	while (line[size] >= '0' && line[size] <= '9')
		priority = priority * 10 + (unsigned int)(line[size++] - '0');
	*level = priority & 7;
	return size + 1;
}

/* On one console, or on all. */
static void show(struct log_console *only, const char *line, size_t size)
{
	unsigned int level;
	size_t start = prefix_size(line, &level);

	if (level > (unsigned int)atomic_load_explicit(&shown_level, memory_order_relaxed))
		return;
	if (only)
		only->write(line + start, size - start);
	for (struct log_console *console = only ? NULL : consoles; console; console = console->next)
		console->write(line + start, size - start);
}

/*
 * Returns the length; the line ends with a newline, and has at least the prefix. A newline within
 * the text, which may hold a program's name, becomes a blank: every line of the log has its prefix.
 */
static size_t format_line(char line[LINE_MAX], unsigned int priority, const char *format,
			  va_list arguments)
{
	uint32_t nanoseconds;
	uint32_t seconds = (uint32_t)div64_u32(arch_clock_ns(), 1000000000, &nanoseconds);
	size_t start = scnprintf(line, LINE_MAX, "<%u>[%5u.%06u] ", priority, seconds,
				 nanoseconds / 1000);
	size_t length = start + vscnprintf(line + start, LINE_MAX - start, format, arguments);

	if (length > start && line[length - 1] == '\n')
		length--;
	for (size_t i = start; i < length; i++) {
		if (line[i] == '\n')
			line[i] = ' ';
	}
	line[length++] = '\n';
	return length;
}

static void notify_readers(void)
{
	/* Acquire: pairs with the release in printk_set_notify. */
	void (*notify)(void) = atomic_load_explicit(&log_notify, memory_order_acquire);

	if (notify && stack_header()->preempt_count == 0 && !panic_in_progress())
		notify();
}

static void log_line(unsigned int priority, const char *format, va_list arguments)
{
	char line[LINE_MAX];
	size_t size = format_line(line, priority, format, arguments);
	irq_flags flags;
	bool locked = lock_log(&flags);

	append(line, size);
	show(NULL, line, size);
	unlock_log(locked, flags);
	notify_readers();
}

void vprintk(enum log_level level, const char *format, va_list arguments)
{
	log_line(level & 7, format, arguments);
}

void printk_of(unsigned int facility, enum log_level level, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	log_line((facility & 0xff) << 3 | (level & 7), format, arguments);
	va_end(arguments);
}

void printk(enum log_level level, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vprintk(level, format, arguments);
	va_end(arguments);
}

/* Copy out the line at `position`; returns its size. */
static size_t copy_line(uint64_t position, char line[LINE_MAX])
{
	size_t size = 0;

	do {
		line[size] = ring_at(position + size);
	} while (line[size++] != '\n' && size < LINE_MAX);
	return size;
}

void printk_add_console(struct log_console *console)
{
	char line[LINE_MAX];
	irq_flags flags;
	bool locked = lock_log(&flags);

	for (uint64_t position = log_start; position < log_end;) {
		size_t size = copy_line(position, line);

		show(console, line, size);
		position += size;
	}
	console->next = consoles;
	consoles = console;
	unlock_log(locked, flags);
}

void printk_set_level(enum log_level level)
{
	atomic_store_explicit(&shown_level, level, memory_order_relaxed);
}

enum log_level printk_level(void)
{
	return atomic_load_explicit(&shown_level, memory_order_relaxed);
}

size_t printk_read(uint64_t *position, char *buffer, size_t size)
{
	irq_flags flags;
	bool locked = lock_log(&flags);
	uint64_t from = *position < log_start ? log_start : *position;
	size_t copied = 0;

	while (copied < size && from < log_end)
		buffer[copied++] = ring_at(from++);
	*position = from;
	unlock_log(locked, flags);
	return copied;
}

uint64_t printk_end_position(void)
{
	irq_flags flags;
	bool locked = lock_log(&flags);
	uint64_t end = log_end;

	unlock_log(locked, flags);
	return end;
}

void printk_set_notify(void (*notify)(void))
{
	/* Release: what it uses has been made. */
	atomic_store_explicit(&log_notify, notify, memory_order_release);
}
