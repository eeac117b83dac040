/*
 * The keyboard's way to the console in the foreground.
 *
 * Scan codes come from the keyboard's interrupt, one after another. What one means is found under
 * console_lock; it is acted upon without it, because input to the line discipline takes tty->lock,
 * which comes first.
 */
#include "core/printk.h"
#include "proc/process.h"
#include "proc/signal.h"
#include "sched/work_queue.h"
#include "tty/console_internal.h"

static const struct console_keyboard *keyboard;	/* [I] after boot; NULL: none */
static struct keyboard_state keys;		/* [console_lock] */
static atomic_uint lost_key_count;		/* [a] typed while nobody read */

/* Control-Alt-Delete: init decides what that means. */
static void restart_function(struct work *work)
{
	struct process *init = process_find_get(1);
	struct linux_siginfo info;

	(void)work;
	if (!init)
		return;
	signal_info_kernel(&info, SIGINT);
	(void)signal_send_process(init, &info);
	process_put(init);
}

static struct work restart_work;

void console_set_keyboard(const struct console_keyboard *new_keyboard)
{
	work_init(&restart_work, restart_function);
	keyboard = new_keyboard;
}

uint8_t console_lights(void)
{
	spin_assert_held(&console_lock);
	return keys.locks;
}

static void show_lights(uint8_t lights)
{
	if (keyboard)
		keyboard->set_lights(lights);
}

void console_set_lights(uint8_t lights)
{
	irq_flags flags = spin_lock_irq(&console_lock);

	keys.locks = lights;
	spin_unlock_irq(&console_lock, flags);
	show_lights(lights);
}

/* Nobody reads, and the keyboard cannot wait: say so once in a while. */
static void report_lost_key(void)
{
	if (atomic_fetch_add_explicit(&lost_key_count, 1, memory_order_relaxed) % 1024 == 0)
		printk(LOG_NOTICE, "keyboard: input lost, nobody reads it");
}

static void send_bytes(struct console *console, const uint8_t *bytes, size_t size)
{
	if (tty_receive(&console->tty, bytes, size) < size)
		report_lost_key();
}

/* ScrollLock holds output as ^S does. */
static void hold_output(struct console *console, bool hold)
{
	struct tty *tty = &console->tty;
	irq_flags flags = spin_lock_irq(&tty->lock);

	if (hold)
		line_discipline_stop(&tty->line);
	else
		line_discipline_start(&tty->line);
	tty_received_locked(tty); /* what waited goes on */
	spin_unlock_irq(&tty->lock, flags);
}

static uint8_t modes_of(const struct console_screen *screen)
{
	return (uint8_t)((screen->application_cursor_keys ? KEY_MODE_APPLICATION_CURSOR : 0) |
			 (screen->application_keypad ? KEY_MODE_APPLICATION_KEYPAD : 0) |
			 (screen->newline_mode ? KEY_MODE_NEWLINE : 0));
}

/* What concerns the screens, under console_lock. Returns the console to switch to, or 0. */
static unsigned int act_on_screen(struct console *console, const struct key_meaning *meaning)
{
	int half = (int)console->screen.rows / 2;

	switch (meaning->action) {
	case KEY_BYTES:
		console_scroll_view(console, -(int)console->view);
		break;
	case KEY_SCROLL_BACK:
		console_scroll_view(console, half);
		break;
	case KEY_SCROLL_FORWARD:
		console_scroll_view(console, -half);
		break;
	case KEY_SWITCH:
		return meaning->number;
	case KEY_NEXT:
	case KEY_PREVIOUS:
		return console_neighbour(meaning->action == KEY_NEXT ? 1 : -1);
	default:
		break;
	}
	return 0;
}

void console_scan_code(uint8_t scan_code)
{
	irq_flags flags = spin_lock_irq(&console_lock);
	struct console *console = console_foreground();
	struct key_meaning meaning;
	enum console_key_mode mode;
	unsigned int switch_to = 0;
	uint8_t lights;

	if (!console) {
		spin_unlock_irq(&console_lock, flags);
		return;
	}
	/* Modifiers are followed in any mode: they may be released in another. */
	keyboard_translate(&keys, scan_code, modes_of(&console->screen), &meaning);
	lights = keys.locks;
	mode = console->key_mode;
	if (mode == CONSOLE_KEYS_TRANSLATED)
		switch_to = act_on_screen(console, &meaning);
	spin_unlock_irq(&console_lock, flags);

	if (mode == CONSOLE_KEYS_RAW)
		send_bytes(console, &scan_code, 1);
	if (mode != CONSOLE_KEYS_TRANSLATED)
		return;
	if (meaning.action == KEY_BYTES)
		send_bytes(console, meaning.bytes, meaning.size);
	else if (meaning.action == KEY_RESTART)
		work_schedule(&restart_work);
	else if (meaning.action == KEY_SCROLL_LOCK)
		hold_output(console, lights & LOCK_SCROLL);
	if (meaning.action == KEY_LIGHTS || meaning.action == KEY_SCROLL_LOCK)
		show_lights(lights);
	if (switch_to)
		console_switch_soon(switch_to);
}
