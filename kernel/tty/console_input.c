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
static struct keyboard keys;			/* [console_lock] */
static uint8_t own_lights;			/* [console_lock] what KDSETLED said */
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

struct keyboard *console_keyboard(void)
{
	spin_assert_held(&console_lock);
	return &keys;
}

uint8_t console_lights(void)
{
	struct console *console = console_foreground();

	if (!console)
		return 0;
	return console->shows_own_lights ? own_lights : console->keys.locks;
}

void console_set_own_lights(uint8_t lights)
{
	spin_assert_held(&console_lock);
	own_lights = lights;
}

void console_show_lights(void)
{
	static uint8_t shown;	/* [console_lock] */
	uint8_t lights = console_lights();

	if (!keyboard || lights == shown)
		return;
	shown = lights;
	keyboard->set_lights(lights);
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
	case KEY_LAST:
		return console_previous_number();
	case KEY_LIGHTS:
	case KEY_SCROLL_LOCK:
		console_show_lights();
		break;
	default:
		break;
	}
	return 0;
}

static void send_break(struct console *console)
{
	struct tty *tty = &console->tty;
	irq_flags flags = spin_lock_irq(&tty->lock);

	tty_receive_error_locked(tty, LINE_ERROR_BREAK, 0);
	tty_received_locked(tty);
	spin_unlock_irq(&tty->lock, flags);
}

static void act_on_program(struct console *console, const struct key_meaning *meaning, bool holds)
{
	switch (meaning->action) {
	case KEY_BYTES:
		send_bytes(console, meaning->bytes, meaning->size);
		break;
	case KEY_BREAK:
		send_break(console);
		break;
	case KEY_RESTART:
		work_schedule(&restart_work);
		break;
	case KEY_SCROLL_LOCK:
		hold_output(console, holds);
		break;
	default:
		break;
	}
}

void console_scan_code(uint8_t scan_code)
{
	irq_flags flags = spin_lock_irq(&console_lock);
	struct console *console = console_foreground();
	struct key_meaning meaning;
	unsigned int switch_to;
	bool holds;

	if (!console) {
		spin_unlock_irq(&console_lock, flags);
		return;
	}
	keyboard_translate(&keys, &console->keys, scan_code, modes_of(&console->screen), &meaning);
	switch_to = act_on_screen(console, &meaning);
	holds = console->keys.locks & LOCK_SCROLL;
	tty_get(&console->tty);
	spin_unlock_irq(&console_lock, flags);

	act_on_program(console, &meaning, holds);
	tty_put(&console->tty);
	if (switch_to)
		console_switch_soon(switch_to);
}
