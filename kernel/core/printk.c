/*
 * The kernel log.
 *
 * Idea. The log is one ring of text, whole lines of the form "<6>[   12.345678] text\n", counted in
 * bytes since boot. A position in that endless text is all that a reader needs to keep, and reading
 * never takes anything away. When the ring is full the oldest lines go, always whole ones.
 *
 * A line is formatted on the caller's stack, then appended and shown under log_lock, which is the
 * last but one of all ranks, so that code may print whatever it holds. A program's line may be
 * longer than what we would put on a stack, and comes as it is. A console that registers late first
 * gets the lines that it missed.
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
	PREFIX_MAX = PRINTK_LINE_MAX - PRINTK_TEXT_MAX - 1,
	FORMATTED_MAX = 382,		/* our own, on whatever stack: longer ones are cut */
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

/* A newline within the text would make a line without a prefix: it becomes a blank. */
static void append(const char *text, size_t size)
{
	for (size_t i = 0; i < size; i++)
		ring[(uint32_t)log_end++ & (LOG_SIZE - 1)] = text[i] == '\n' ? ' ' : text[i];
}

/* How long the line at `position` is, with its newline. */
static size_t line_size(uint64_t position)
{
	size_t size = 0;

	while (ring_at(position + size++) != '\n')
		;
	return size;
}

/*
 * A line's "<6>" is for readers of the log: how long it is. The number has at most four digits; its
 * last three bits are the level.
 */
static size_t priority_size(uint64_t position, unsigned int *level)
{
	size_t size = 1;
	unsigned int priority = 0;
	char digit;

	while ((digit = ring_at(position + size)) >= '0' && digit <= '9') {
		priority = priority * 10 + (unsigned int)(digit - '0');
		size++;
	}
	*level = priority & 7;
	return size + 1;
}

/* In two parts if the ring's end lies between. */
static void show_on(struct log_console *console, uint64_t position, size_t size)
{
	uint32_t start = (uint32_t)position & (LOG_SIZE - 1);
	size_t before_end = min(size, (size_t)(LOG_SIZE - start));

	console->write(ring + start, before_end);
	if (before_end < size)
		console->write(ring, size - before_end);
}

/* The line at `position`, on one console, or on all. */
static void show(struct log_console *only, uint64_t position, size_t size)
{
	unsigned int level;
	size_t start = min(priority_size(position, &level), size);

	if (level > (unsigned int)atomic_load_explicit(&shown_level, memory_order_relaxed))
		return;
	if (only)
		show_on(only, position + start, size - start);
	for (struct log_console *console = only ? NULL : consoles; console; console = console->next)
		show_on(console, position + start, size - start);
}

static void notify_readers(void)
{
	/* Acquire: pairs with the release in printk_set_notify. */
	void (*notify)(void) = atomic_load_explicit(&log_notify, memory_order_acquire);

	if (notify && stack_header()->preempt_count == 0 && !panic_in_progress())
		notify();
}

/* One line, without its newline. */
static void log_line(unsigned int priority, const char *text, size_t length)
{
	char prefix[PREFIX_MAX];
	uint32_t nanoseconds;
	uint32_t seconds = (uint32_t)div64_u32(arch_clock_ns(), 1000000000, &nanoseconds);
	size_t size = scnprintf(prefix, sizeof(prefix), "<%u>[%5u.%06u] ", priority, seconds,
				nanoseconds / 1000);
	irq_flags flags;
	bool locked = lock_log(&flags);
	uint64_t start;

	drop_lines(size + length + 1);
	start = log_end;
	append(prefix, size);
	append(text, length);
	ring[(uint32_t)log_end++ & (LOG_SIZE - 1)] = '\n';
	show(NULL, start, size + length + 1);
	unlock_log(locked, flags);
	notify_readers();
}

void vprintk(enum log_level level, const char *format, va_list arguments)
{
	char text[FORMATTED_MAX];
	size_t length = vscnprintf(text, sizeof(text), format, arguments);

	if (length > 0 && text[length - 1] == '\n')
		length--;
	log_line(level & 7, text, length);
}

void printk_text(unsigned int facility, enum log_level level, const char *text, size_t length)
{
	if (length > 0 && text[length - 1] == '\n')
		length--;
	log_line((facility & 0xff) << 3 | (level & 7), text,
		 min(length, (size_t)PRINTK_TEXT_MAX));
}

void printk(enum log_level level, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vprintk(level, format, arguments);
	va_end(arguments);
}

void printk_add_console(struct log_console *console)
{
	irq_flags flags;
	bool locked = lock_log(&flags);

	for (uint64_t position = log_start; position < log_end;) {
		size_t size = line_size(position);

		show(console, position, size);
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

static size_t copy_out(uint64_t *position, char *buffer, size_t size, bool one_line)
{
	irq_flags flags;
	bool locked = lock_log(&flags);
	uint64_t from = *position < log_start ? log_start : *position;
	bool is_over = false;
	size_t copied = 0;

	while (copied < size && from < log_end && !is_over) {
		buffer[copied] = ring_at(from++);
		is_over = one_line && buffer[copied] == '\n';
		copied++;
	}
	*position = from;
	unlock_log(locked, flags);
	return copied;
}

size_t printk_read(uint64_t *position, char *buffer, size_t size)
{
	return copy_out(position, buffer, size, false);
}

size_t printk_read_line(uint64_t *position, char line[PRINTK_LINE_MAX])
{
	return copy_out(position, line, PRINTK_LINE_MAX, true);
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
