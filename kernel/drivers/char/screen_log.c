/*
 * The kernel's messages on the screen, if that is the console: console=tty0, or no console= at
 * all.
 *
 * The log may be written to with any lock held, so it cannot draw on the screen by itself. It wakes
 * its readers, and one of them is here: a thread that copies the lines that are to be shown to the
 * console in the foreground.
 *
 * A panic is shown always. Then nobody holds locks that matter any more, and nothing runs that
 * could do work: each line is drawn as it is printed.
 */
#include "drivers/char/screen_log.h"

#include "core/boot_args.h"
#include "core/panic.h"
#include "core/printk.h"
#include "lib/string.h"
#include "sched/wait_queue.h"
#include "tty/console.h"
#include "vfs/kernel_log.h"

enum { CHUNK = 256 };

/* Only the thread uses these. */
/* in the log: what lies before it was shown or passed over */
static uint64_t position;
static bool is_at_line_start = true;
static bool is_shown;			/* the line under way */
static bool is_in_prefix;		/* "<priority>" */
static unsigned int priority;		/* as much as was read of it */

/* The bytes of a line's "<priority>" say whether it is shown, and are not. */
static void show_byte(char byte, char out[CHUNK], size_t *size)
{
	if (is_at_line_start) {
		is_at_line_start = false;
		is_in_prefix = true;
		priority = 0;
		return;
	}
	if (is_in_prefix && byte == '>') {
		is_in_prefix = false;
		is_shown = (priority & 7) <= (unsigned int)printk_level();
		return;
	}
	if (is_in_prefix) {
		priority = priority * 10 + (unsigned int)(byte - '0');
		return;
	}
	if (is_shown)
		out[(*size)++] = byte;
	is_at_line_start = byte == '\n';
}

static void show_new_lines(void)
{
	char in[CHUNK], out[CHUNK];
	size_t size;

	while ((size = printk_read(&position, in, sizeof(in))) > 0) {
		size_t shown = 0;

		for (size_t i = 0; i < size; i++)
			show_byte(in[i], out, &shown);
		console_write_kernel(out, shown);
	}
}

static void show_for_ever(void *unused)
{
	(void)unused;
	for (;;) {
		show_new_lines();
		wait_event(kernel_log_queue(), printk_end_position() > position);
	}
}

static void show_in_panic(const char *text, size_t length)
{
	if (panic_in_progress())
		console_write_kernel(text, length);
}

static struct log_console panic_console = { .name = "screen", .write = show_in_panic };

static bool screen_is_console(void)
{
	const char *wanted = boot_args_get("console");

	return !wanted || strcmp(wanted, "tty0") == 0 || strcmp(wanted, "tty1") == 0;
}

void screen_log_init(void)
{
	struct thread *thread;

	printk_add_console(&panic_console);
	if (!screen_is_console())
		return;
	thread = thread_create_kernel("screen log", show_for_ever, NULL);
	if (thread)
		thread_start(thread);
}
