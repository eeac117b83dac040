/*
 * Terminals: numbers, life, and the way of bytes between a device and the line discipline.
 *
 * Input. The device's interrupt handler gives bytes to tty_receive, which runs them through the
 * line discipline under tty->lock: echo lands in the output ring and is handed to the device at
 * once, readers are woken. Signals need the process tree, whose lock comes before ours, so they are
 * noted and sent by a work item a moment later. When readers are behind, bytes are left with the
 * device, which holds them back (a UART's FIFO fills up, and the sender stops); the next read calls
 * resume_input. Nothing is lost unless the device cannot wait.
 *
 * Output. A writer fills the output ring through the line discipline; the device takes from it, now
 * or in its own interrupt, and tty_take_output wakes writers when half of the ring is free.
 *
 * Life. A terminal is referenced by its driver (for ever, but for pseudo-terminals), by open files,
 * by the session that it controls, and by the work item while it is pending.
 */
#include "tty/tty.h"

#include "core/assert.h"
#include "core/boot_args.h"
#include "lib/format.h"
#include "lib/string.h"
#include "mem/kmalloc.h"
#include "proc/process.h"
#include "tty/internal.h"
#include "tty/job_control.h"
#include "tty/tty_numbers.h"
#include "uapi/linux/errno.h"
#include "vfs/char_device.h"
#include "vfs/inode.h"
#include "vfs/poll.h"

enum { GROUP_TTY = 5 };

static struct tty_kind *first_kind;	/* [I] after boot */
static struct tty *console_tty;		/* [I] after boot */
static char console_name[16];		/* [I] after boot: as its driver offered it */
static bool console_was_named;		/* [I] after boot: the command line asked for it */

static void signal_work_function(struct work *work)
{
	struct tty *tty = container_of(work, struct tty, signal_work);

	tty_send_signals(tty);
	tty_put(tty);
}

void tty_init_one(struct tty *tty, const struct tty_driver_ops *ops, dev_number device,
		  uint8_t *buffers)
{
	memset(tty, 0, sizeof(*tty));
	tty->ops = ops;
	tty->device = device;
	refcount_set(&tty->references, 1);
	spin_init(&tty->lock, LOCK_RANK_TTY_STATE, "tty");
	mutex_init(&tty->open_mutex, LOCK_RANK_SLEEPING_LEAF, "tty open");
	mutex_init(&tty->read_mutex, LOCK_RANK_TTY_READ, "tty read");
	mutex_init(&tty->write_mutex, LOCK_RANK_TTY_WRITE, "tty write");
	wait_queue_init(&tty->read_queue);
	wait_queue_init(&tty->write_queue);
	work_init(&tty->signal_work, signal_work_function);
	line_discipline_init(&tty->line, buffers, buffers + LINE_INPUT_SIZE);
}

void tty_put(struct tty *tty)
{
	if (!refcount_put(&tty->references))
		return;
	assert(tty->ops->destroy);
	tty->ops->destroy(tty);
}

/* ---- input ----------------------------------------------------------------------------------- */

bool tty_receive_locked(struct tty *tty, uint8_t byte)
{
	spin_assert_held(&tty->lock);
	if (!line_discipline_has_room(&tty->line)) {
		tty->input_is_held = true;
		return false;
	}
	line_discipline_receive(&tty->line, byte);
	return true;
}

void tty_receive_error_locked(struct tty *tty, enum line_error error, uint8_t byte)
{
	spin_assert_held(&tty->lock);
	line_discipline_receive_error(&tty->line, error, byte);
}

static void note(struct tty *tty, uint8_t what)
{
	if (tty->ops->note)
		tty->ops->note(tty, what);
}

/* What the line discipline has noted, but for the signals: readers and the device hear of it. */
static void act_on_input(struct tty *tty)
{
	if (tty->line.has_news) {
		tty->line.has_news = false;
		wait_queue_wake_all(&tty->read_queue, POLL_IN | POLL_READ_NORMAL);
	}
	if (line_discipline_is_writable(&tty->line) && !wait_queue_is_empty(&tty->write_queue))
		wait_queue_wake_all(&tty->write_queue, POLL_OUT | POLL_WRITE_NORMAL);
	tty_start_output(tty);
}

/* A key that signals threw away what was typed, and what was written: that is as good as sent. */
static void flushed_by_signal(struct tty *tty)
{
	if (tty->line.termios.c_lflag & NOFLSH)
		return;
	if (tty->ops->flush_output)
		tty->ops->flush_output(tty);
	note(tty, TIOCPKT_FLUSHREAD | TIOCPKT_FLUSHWRITE);
}

void tty_received_locked(struct tty *tty)
{
	spin_assert_held(&tty->lock);
	if (tty->line.signals) {
		flushed_by_signal(tty);
		tty_get(tty);
		if (!work_schedule(&tty->signal_work))
			tty_put(tty);
	}
	act_on_input(tty);
}

size_t tty_receive(struct tty *tty, const uint8_t *bytes, size_t count)
{
	irq_flags flags = spin_lock_irq(&tty->lock);
	size_t done = 0;

	while (done < count && tty_receive_locked(tty, bytes[done]))
		done++;
	tty_received_locked(tty);
	spin_unlock_irq(&tty->lock, flags);
	return done;
}

size_t tty_receive_now(struct tty *tty, const uint8_t *bytes, size_t count)
{
	irq_flags flags = spin_lock_irq(&tty->lock);
	size_t done = 0;
	bool has_signals = false;

	/* What is typed behind ^C is for whoever comes next: so the signal goes first. */
	while (done < count && !has_signals && tty_receive_locked(tty, bytes[done])) {
		done++;
		has_signals = tty->line.signals != 0;
	}
	if (has_signals)
		flushed_by_signal(tty);
	act_on_input(tty);
	spin_unlock_irq(&tty->lock, flags);
	if (has_signals)
		tty_send_signals(tty);
	return done;
}

void tty_send_signals(struct tty *tty)
{
	irq_flags flags = spin_lock_irq(&tty->lock);
	uint32_t signals = tty->line.signals;

	tty->line.signals = 0;
	spin_unlock_irq(&tty->lock, flags);
	for (int signal = 1; signal < 32; signal++) {
		if (signals & (1u << signal))
			job_control_signal_foreground(tty, signal);
	}
}

void tty_resume_input(struct tty *tty)
{
	spin_assert_held(&tty->lock);
	/* Before there is room nobody is told, for whoever is told is not told again. */
	if (!tty->input_is_held || !line_discipline_has_room(&tty->line) || !tty->ops->resume_input)
		return;
	tty->input_is_held = false;
	tty->ops->resume_input(tty);
}

/* ---- output ---------------------------------------------------------------------------------- */

bool tty_has_output(const struct tty *tty)
{
	return tty->line.urgent >= 0 ||
	       (!tty->line.is_stopped && !ring_buffer_is_empty(&tty->line.output));
}

void tty_start_output(struct tty *tty)
{
	if (unlikely(tty->was_stopped != tty->line.is_stopped)) {
		tty->was_stopped = tty->line.is_stopped;
		note(tty, tty->was_stopped ? TIOCPKT_STOP : TIOCPKT_START);
	}
	if (tty_has_output(tty) && tty->ops->start_output)
		tty->ops->start_output(tty);
}

size_t tty_take_output(struct tty *tty, uint8_t *to, size_t size)
{
	struct ring_buffer *ring = &tty->line.output;
	size_t taken = 0;
	bool was_low, is_low;

	spin_assert_held(&tty->lock);
	if (tty->line.urgent >= 0 && size > 0) {
		to[taken++] = (uint8_t)tty->line.urgent;
		tty->line.urgent = -1;
	}
	if (tty->line.is_stopped)
		return taken;
	was_low = ring_buffer_used(ring) <= LINE_OUTPUT_SIZE / 2;
	taken += ring_buffer_read(ring, to + taken, size - taken);
	is_low = ring_buffer_used(ring) <= LINE_OUTPUT_SIZE / 2;
	if ((is_low && !was_low) || (taken > 0 && ring_buffer_is_empty(ring)))
		wait_queue_wake_all(&tty->write_queue, POLL_OUT | POLL_WRITE_NORMAL);
	return taken;
}

void tty_flush(struct tty *tty, bool input, bool output)
{
	irq_flags flags = spin_lock_irq(&tty->lock);

	note(tty, (input ? TIOCPKT_FLUSHREAD : 0) | (output ? TIOCPKT_FLUSHWRITE : 0));
	if (input) {
		line_discipline_flush_input(&tty->line);
		tty_resume_input(tty);
	}
	if (output) {
		ring_buffer_clear(&tty->line.output);
		if (tty->ops->flush_output)
			tty->ops->flush_output(tty);
		wait_queue_wake_all(&tty->write_queue, POLL_OUT | POLL_WRITE_NORMAL);
	}
	spin_unlock_irq(&tty->lock, flags);
}

void tty_set_window(struct tty *tty, const struct winsize *window)
{
	irq_flags flags = spin_lock_irq(&tty->lock);
	bool is_new = memcmp(&tty->window, window, sizeof(*window)) != 0;

	tty->window = *window;
	spin_unlock_irq(&tty->lock, flags);
	if (is_new)
		job_control_signal_foreground(tty, SIGWINCH);
}

/* ---- numbers and names ----------------------------------------------------------------------- */

void tty_kind_register(struct tty_kind *kind)
{
	struct char_device *device = kzalloc(sizeof(*device), 0);

	if (!device)
		panic("no memory for terminals");
	*device = (struct char_device){
		.first = kind->numbers.first,
		.count = kind->numbers.count,
		.name = kind->name,
		.ops = &tty_file_ops,
	};
	kind->next = first_kind;
	first_kind = kind;
	char_device_register(device);
}

int tty_find(dev_number number, struct tty **out)
{
	for (const struct tty_kind *kind = first_kind; kind; kind = kind->next) {
		if (number - kind->numbers.first < kind->numbers.count)
			return kind->numbers.find(number, out);
	}
	return -ENXIO;
}

void tty_add_node(const char *name, dev_number device, file_mode permissions,
		  int (*active)(char *text, size_t size))
{
	struct device_node *node = kzalloc(sizeof(*node), 0);
	char *copy = kstrdup(name, 0);

	if (!node || !copy)
		panic("no memory for /dev/%s", name);
	node->name = copy;
	node->number = device;
	node->mode = MODE_CHARACTER | permissions;
	node->gid = GROUP_TTY;
	node->class = strchr(name, '/') ? NULL : "tty";
	node->active = active;
	device_node_add(node);
}

/* Does the last console= name this terminal? Options may follow the name: ttyS0,115200. */
static bool is_named_console(const char *name)
{
	const char *wanted = boot_args_get("console");
	size_t length = strlen(name);

	return wanted && strncmp(wanted, name, length) == 0 &&
	       (wanted[length] == 0 || wanted[length] == ',');
}

void tty_offer_console(const char *name, struct tty *tty)
{
	bool is_named = is_named_console(name);

	if (console_tty && (console_was_named || !is_named))
		return;
	console_tty = tty;
	console_was_named = is_named;
	strlcpy(console_name, name, sizeof(console_name));
}

/* Which terminal /dev/console is. */
static int show_console_name(char *text, size_t size)
{
	return console_tty ? snprintf(text, size, "%s\n", console_name) : 0;
}

/* /dev/tty is the terminal of whoever opens it; /dev/console one that was chosen at boot. */
static int find_alias(dev_number number, struct tty **out)
{
	if (number == TTY_CURRENT_NUMBER) {
		*out = job_control_get_terminal();
	} else {
		*out = console_tty;
		if (console_tty)
			tty_get(console_tty);
	}
	return *out ? 0 : -ENXIO;
}

static struct tty_kind alias_kind = {
	.numbers = { .first = TTY_CURRENT_NUMBER, .count = 2, .find = find_alias },
	.name = "/dev/tty",
};

void tty_init(void)
{
	job_control_init();
	tty_kind_register(&alias_kind);
	tty_add_node("tty", TTY_CURRENT_NUMBER, 0666, NULL);
	tty_add_node("console", TTY_CONSOLE_NUMBER, 0600, show_console_name);
}
