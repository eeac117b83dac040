/*
 * Virtual consoles: terminals that share the screen.
 *
 * Each console has a screen in memory, with its scrollback (console_screen.h); output goes there
 * and nowhere else. What the display shows is brought up to date afterwards, and at most every
 * REFRESH_NS: text that scrolls by faster than anyone can read it costs memory accesses, not
 * accesses to a slow device. A timer does the refresh that was put off. Only cells that differ from
 * what the display already shows are drawn.
 *
 * The first output after a pause is shown at once, so typing is echoed without delay, and an idle
 * console has no timer.
 *
 * Locks. console_lock protects all screens, which of them is shown, and the display. It comes after
 * tty->lock: output and echo arrive with that held. Answers to a program's questions (where is the
 * cursor?) are input, which is given to the line discipline when console_lock is dropped again.
 *
 * A console is made when it is first opened or switched to, and lives until a program frees it
 * while nobody uses it (VT_DISALLOCATE). consoles[] has a reference; others are taken under
 * console_lock. So one that is found unused under the lock stays so, and the last reference is
 * always that of consoles[].
 */
#include "tty/console.h"

#include "core/panic.h"
#include "core/printk.h"
#include "lib/format.h"
#include "lib/min_max.h"
#include "lib/string.h"
#include "mem/kmalloc.h"
#include "mem/vmap.h"
#include "sched/clock.h"
#include "sched/timer.h"
#include "tty/console_internal.h"
#include "tty/tty_numbers.h"
#include "uapi/linux/errno.h"

enum {
	LINES = 256,			/* of the ring: the screen and its scrollback */
	CHUNK = 256,
	REFRESH_NS = 15000000,
};

struct spinlock console_lock = SPINLOCK_INIT(LOCK_RANK_CONSOLE, "console");
struct wait_queue console_switch_queue = WAIT_QUEUE_INIT(console_switch_queue);

static const struct console_display *display;	/* [I] after boot; NULL: none, and no consoles */
static struct console *consoles[CONSOLE_COUNT];	/* [console_lock] by number - 1 */
static struct console *foreground;		/* [console_lock] */
static atomic_uint foreground_number;		/* [a] its number, for those who wait for it */
static atomic_uint shown_counts[CONSOLE_COUNT];	/* [a] how often each came to the front */
static uint16_t *shown_cells;			/* [console_lock] what the display shows */
static unsigned int shown_shape;		/* [console_lock] of the cursor */
static unsigned int shown_row, shown_column;	/* [console_lock] where the cursor is */
static bool shown_is_known;			/* [console_lock] false: draw everything */
static uint64_t refreshed_ns;			/* [console_lock] when the display was last */
static bool refresh_is_due;			/* [console_lock] the timer is armed */
static struct timer refresh_timer;

static unsigned int dark_number;		/* [console_lock] console_blank_number(), or 0 */
static atomic_uint log_number;			/* [a] console_log_number() */
static unsigned int previous_number;		/* [console_lock] of the foreground before */
static unsigned int wanted_number;		/* [console_lock] to switch to once it is made */
static struct work switch_work;

void console_set_display(const struct console_display *new_display)
{
	display = new_display;
}

struct console *console_at(unsigned int number)
{
	spin_assert_held(&console_lock);
	return number >= 1 && number <= CONSOLE_COUNT ? consoles[number - 1] : NULL;
}

struct console *console_foreground(void)
{
	spin_assert_held(&console_lock);
	return foreground;
}

unsigned int console_foreground_number(void)
{
	return atomic_load_explicit(&foreground_number, memory_order_acquire);
}

unsigned int console_shown_count(unsigned int number)
{
	/* Acquire: pairs with the release in console_show(). */
	return atomic_load_explicit(&shown_counts[number - 1], memory_order_acquire);
}

unsigned int console_previous_number(void)
{
	spin_assert_held(&console_lock);
	return previous_number;
}

/* ---- the display ----------------------------------------------------------------------------- */

/* One row: from its first changed cell to its last. */
static void refresh_row(const struct console *console, unsigned int row)
{
	const uint16_t *cells = console_screen_view(&console->screen, console->view, row);
	uint16_t *shown = shown_cells + row * display->columns;
	unsigned int start = 0, end = display->columns;

	if (shown_is_known) {
		while (start < end && cells[start] == shown[start])
			start++;
		while (end > start && cells[end - 1] == shown[end - 1])
			end--;
	}
	if (start == end)
		return;
	memcpy(shown + start, cells + start, (end - start) * sizeof(*shown));
	display->draw(row, start, cells + start, end - start);
}

static void refresh_cursor(const struct console *console)
{
	const struct console_screen *screen = &console->screen;
	unsigned int shape = screen->cursor_shape;
	unsigned int column = screen_cursor_column(screen);

	if (!screen->cursor_visible || console->view > 0)
		shape = SCREEN_CURSOR_INVISIBLE;
	if (shape != shown_shape || !shown_is_known)
		display->shape_cursor(shape);
	if (screen->row != shown_row || column != shown_column || !shown_is_known)
		display->place_cursor(screen->row, column);
	shown_shape = shape;
	shown_row = screen->row;
	shown_column = column;
}

static void refresh(void)
{
	if (!foreground || foreground->is_graphics || dark_number)
		return;
	for (unsigned int row = 0; row < display->rows; row++)
		refresh_row(foreground, row);
	refresh_cursor(foreground);
	foreground->screen.is_changed = false;
	shown_is_known = true;
	refreshed_ns = clock_monotonic_ns();
}

static void refresh_later(struct timer *timer)
{
	irq_flags flags = spin_lock_irq(&console_lock);

	(void)timer;
	refresh_is_due = false;
	refresh();
	spin_unlock_irq(&console_lock, flags);
}

/* The foreground's screen may have changed: now, or a little later if it was just done. */
static void request_refresh(void)
{
	uint64_t next_ns = refreshed_ns + REFRESH_NS;

	if (refresh_is_due || !foreground->screen.is_changed)
		return;
	if (clock_monotonic_ns() >= next_ns) {
		refresh();
	} else {
		refresh_is_due = true;
		timer_arm(&refresh_timer, next_ns);
	}
}

/*
 * Colours that the console's program has set, or the usual ones. While the display is dark they
 * wait: it is dark because all that it shows has the colour 0, which is black then.
 */
static void apply_palette(const struct console *console)
{
	if (dark_number)
		return;
	for (unsigned int i = 0; display->set_color && i < 16; i++) {
		bool is_own = console->screen.palette_set & (1u << i);

		display->set_color(i, is_own ? console->screen.palette[i] :
					       display->default_colors[i]);
	}
}

void console_redraw(void)
{
	spin_assert_held(&console_lock);
	shown_is_known = false;
	if (foreground)
		apply_palette(foreground);
	refresh();
}

/* Draw spaces, black on black, so that refresh() finds what differs. */
static void darken(void)
{
	if (display->set_color)
		display->set_color(0, 0);
	for (unsigned int i = 0; i < display->columns * display->rows; i++)
		shown_cells[i] = ' ';
	for (unsigned int row = 0; row < display->rows; row++)
		display->draw(row, 0, shown_cells + row * display->columns, display->columns);
	display->shape_cursor(SCREEN_CURSOR_INVISIBLE);
	shown_shape = SCREEN_CURSOR_INVISIBLE;
	shown_row = display->rows; /* nowhere: it is placed again */
	shown_is_known = true;
}

void console_set_blank(bool is_blank)
{
	spin_assert_held(&console_lock);
	if (!foreground || is_blank == (dark_number != 0))
		return;
	dark_number = is_blank ? foreground->number : 0;
	if (!is_blank) {
		if (!foreground->is_graphics)
			apply_palette(foreground);
		refresh();
	} else if (!foreground->is_graphics) {
		darken();
	}
}

unsigned int console_blank_number(void)
{
	spin_assert_held(&console_lock);
	if (dark_number || !foreground)
		return dark_number;
	return foreground->is_graphics ? foreground->number : 0;
}

void console_show(struct console *console)
{
	spin_assert_held(&console_lock);
	if (console == foreground)
		return;
	previous_number = foreground ? foreground->number : 0;
	foreground = console;
	atomic_store_explicit(&foreground_number, console->number, memory_order_release);
	/* Release: whoever sees that it was there sees what has changed by it. */
	atomic_fetch_add_explicit(&shown_counts[console->number - 1], 1, memory_order_release);
	console->view = 0;
	apply_palette(console);
	console_show_lights();
	refresh();
	wait_queue_wake_all(&console_switch_queue, 0);
}

void console_scroll_view(struct console *console, int lines)
{
	int view = (int)console->view + lines;

	spin_assert_held(&console_lock);
	view = clamp(view, 0, (int)console->screen.history);
	if ((unsigned int)view == console->view)
		return;
	console->view = (unsigned int)view;
	if (console == foreground)
		refresh();
}

unsigned int console_neighbour(int direction)
{
	unsigned int index = foreground ? foreground->number - 1 : 0;

	spin_assert_held(&console_lock);
	do {
		index = (index + CONSOLE_COUNT + (unsigned int)direction) % CONSOLE_COUNT;
	} while (!consoles[index] && foreground);
	return index + 1;
}

/* ---- output ---------------------------------------------------------------------------------- */

static void reset_keys(struct console *console)
{
	keyboard_reset_settings(&console->keys);
	console->shows_own_lights = false;
	if (console == foreground)
		console_show_lights();
}

/*
 * Show what a program has written; its answers go to `reply`. Returns how many bytes of them there
 * are.
 */
static size_t write_screen(struct console *console, const uint8_t *bytes, size_t size,
			   uint8_t reply[SCREEN_REPLY_SIZE])
{
	irq_flags flags = spin_lock_irq(&console_lock);
	struct console_screen *screen = &console->screen;
	uint32_t palette_set = screen->palette_set;
	size_t reply_size;

	console_screen_write(screen, bytes, size);
	reply_size = screen->reply_size;
	memcpy(reply, screen->reply, reply_size);
	screen->reply_size = 0;
	screen->wants_bell = false;
	if (screen->wants_palette_reset) {
		screen->wants_palette_reset = false;
		screen->palette_set = 0;
	}
	if (screen->wants_keys_reset) {
		screen->wants_keys_reset = false;
		reset_keys(console);
	}
	if (console == foreground) {
		if (palette_set != screen->palette_set || screen->palette_set)
			apply_palette(console);
		if (screen->is_changed)
			console->view = 0;
		request_refresh();
	}
	spin_unlock_irq(&console_lock, flags);
	return reply_size;
}

static void console_start_output(struct tty *tty)
{
	struct console *console = container_of(tty, struct console, tty);
	uint8_t reply[SCREEN_REPLY_SIZE];
	uint8_t chunk[CHUNK];
	size_t size;

	if (console->is_writing)
		return;
	console->is_writing = true;
	while ((size = tty_take_output(tty, chunk, sizeof(chunk))) > 0) {
		size_t reply_size = write_screen(console, chunk, size, reply);

		for (size_t i = 0; i < reply_size; i++)
			(void)!tty_receive_locked(tty, reply[i]);
		if (reply_size)
			tty_received_locked(tty);
	}
	console->is_writing = false;
}

static void console_destroy(struct tty *tty);

static const struct tty_driver_ops console_ops = {
	.start_output = console_start_output,
	.ioctl = console_ioctl,
	.destroy = console_destroy,
};

void console_set_log_number(unsigned int number)
{
	atomic_store_explicit(&log_number, number, memory_order_relaxed);
}

unsigned int console_log_number(void)
{
	return atomic_load_explicit(&log_number, memory_order_relaxed);
}

static void write_lines(struct console_screen *screen, const char *text, size_t size)
{
	for (size_t i = 0; i < size; i++) {
		if (text[i] == '\n')
			console_screen_write(screen, (const uint8_t *)"\r", 1);
		console_screen_write(screen, (const uint8_t *)&text[i], 1);
	}
}

/* On the foreground, whatever was asked for. */
static void write_in_panic(const char *text, size_t size)
{
	if (!foreground)
		return;
	write_lines(&foreground->screen, text, size);
	foreground->view = 0;
	if (dark_number) {
		dark_number = 0;
		apply_palette(foreground);
	}
	refresh();
}

void console_write_kernel(const char *text, size_t size)
{
	struct console *console;
	irq_flags flags;

	if (panic_in_progress()) {
		write_in_panic(text, size);
		return;
	}
	flags = spin_lock_irq(&console_lock);
	console = console_at(console_log_number());
	if (!console)
		console = foreground;
	if (console) {
		write_lines(&console->screen, text, size);
		console->view = 0;
	}
	if (console && console == foreground)
		request_refresh();
	spin_unlock_irq(&console_lock, flags);
}

/* ---- making and switching -------------------------------------------------------------------- */

static struct console *make_console(unsigned int number)
{
	size_t cells_size = (size_t)LINES * display->columns * sizeof(uint16_t);
	struct console *console = kzalloc(sizeof(*console), 0);
	uint8_t *buffers = kmalloc(TTY_BUFFERS_SIZE, 0);
	uint16_t *cells = vmap_alloc(DIV_ROUND_UP(cells_size, PAGE_SIZE), 1);

	if (!console || !buffers || !cells)
		goto free;
	tty_init_one(&console->tty, &console_ops, TTY_SCREEN_NUMBER(number), buffers);
	console->tty.line.termios.c_iflag |= IUTF8;
	console->tty.window.ws_row = (uint16_t)display->rows;
	console->tty.window.ws_col = (uint16_t)display->columns;
	console->number = number;
	console_screen_init(&console->screen, cells, LINES, display->columns, display->rows);
	console->screen.wants_palette_reset = console->screen.wants_keys_reset = false;
	return console;

free:
	if (cells)
		vmap_free(cells, DIV_ROUND_UP(cells_size, PAGE_SIZE));
	kfree(buffers);
	kfree(console);
	return NULL;
}

static void console_destroy(struct tty *tty)
{
	struct console *console = container_of(tty, struct console, tty);
	size_t cells_size = (size_t)LINES * display->columns * sizeof(uint16_t);

	vmap_free(console->screen.cells, DIV_ROUND_UP(cells_size, PAGE_SIZE));
	kfree(console->tty.line.input);
	kfree(console);
}

int console_allocate(unsigned int number)
{
	struct console *fresh;
	irq_flags flags;
	bool exists;

	if (!display || number < 1 || number > CONSOLE_COUNT)
		return -ENXIO;
	flags = spin_lock_irq(&console_lock);
	exists = consoles[number - 1] != NULL;
	spin_unlock_irq(&console_lock, flags);
	if (exists)
		return 0;
	fresh = make_console(number);
	if (!fresh)
		return -ENOMEM;
	flags = spin_lock_irq(&console_lock);
	if (!consoles[number - 1]) {
		consoles[number - 1] = fresh;
		fresh = NULL;
	}
	spin_unlock_irq(&console_lock, flags);
	if (fresh)
		tty_put(&fresh->tty); /* somebody was faster */
	return 0;
}

/* The first one is also /dev/console's, and never freed. */
int console_free(unsigned int number)
{
	irq_flags flags = spin_lock_irq(&console_lock);
	struct console *console = console_at(number);
	bool is_busy = !console || console == foreground ||
		       refcount_read(&console->tty.references) > 1;

	if (!is_busy && number > 1)
		consoles[number - 1] = NULL;
	spin_unlock_irq(&console_lock, flags);
	if (is_busy)
		return -EBUSY;
	if (number > 1)
		tty_put(&console->tty);
	return 0;
}

static int console_find(dev_number number, struct tty **out)
{
	unsigned int minor = number - TTY_SCREEN_NUMBER(0);
	struct console *console;
	irq_flags flags;
	int error = minor ? console_allocate(minor) : 0;

	if (error)
		return error;
	flags = spin_lock_irq(&console_lock);
	console = minor ? consoles[minor - 1] : foreground;
	if (console)
		tty_get(&console->tty);
	spin_unlock_irq(&console_lock, flags);
	if (!console)
		return -ENXIO; /* freed in this moment, or there are none */
	*out = &console->tty;
	return 0;
}

static void switch_function(struct work *work)
{
	irq_flags flags = spin_lock_irq(&console_lock);
	unsigned int number = wanted_number;

	(void)work;
	spin_unlock_irq(&console_lock, flags);
	if (console_allocate(number))
		return;
	flags = spin_lock_irq(&console_lock);
	if (consoles[number - 1])
		console_show(consoles[number - 1]);
	spin_unlock_irq(&console_lock, flags);
}

void console_switch_soon(unsigned int number)
{
	irq_flags flags = spin_lock_irq(&console_lock);
	struct console *console = console_at(number);

	if (console)
		console_show(console);
	else if (display && number <= CONSOLE_COUNT)
		wanted_number = number;
	spin_unlock_irq(&console_lock, flags);
	if (!console && display && number <= CONSOLE_COUNT)
		work_schedule(&switch_work);
}

static struct tty_kind console_kind = {
	.numbers = { .first = TTY_SCREEN_NUMBER(0), .count = CONSOLE_COUNT + 1,
		     .find = console_find },
	.name = "tty",
};

/* Of tty0, which is the one on the screen. */
static int show_foreground(char *text, size_t size)
{
	return snprintf(text, size, "tty%u\n", console_foreground_number());
}

static void add_nodes(void)
{
	char name[8];

	for (unsigned int i = 0; i <= CONSOLE_COUNT; i++) {
		snprintf(name, sizeof(name), "tty%u", i);
		tty_add_node(name, TTY_SCREEN_NUMBER(i), 0620, i == 0 ? show_foreground : NULL);
	}
}

void console_init(void)
{
	irq_flags flags;

	work_init(&switch_work, switch_function);
	timer_init(&refresh_timer, refresh_later);
	if (!display)
		return;
	shown_cells = kmalloc_array((size_t)display->columns * display->rows, sizeof(*shown_cells),
				    0);
	if (!shown_cells || console_allocate(1)) {
		printk(LOG_ERROR, "no memory for the first console");
		display = NULL;
		return;
	}
	flags = spin_lock_irq(&console_lock);
	keyboard_init(console_keyboard());
	console_show(consoles[0]);
	spin_unlock_irq(&console_lock, flags);
	tty_offer_console("tty0", &consoles[0]->tty);
	tty_offer_console("tty1", &consoles[0]->tty);
	tty_kind_register(&console_kind);
	add_nodes();
}
