/*
 * Terminals: what serial lines, virtual consoles and pseudo-terminals have in common.
 *
 * A driver embeds a struct tty in its own structure, and fills in tty_driver_ops. It gives bytes in
 * with tty_receive, and takes bytes out with tty_take_output. Programs come through tty_file.c; the
 * line discipline stands between the two; job_control.c says who may use the terminal, and whom its
 * keys signal.
 */
#pragma once
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "core/compiler.h"
#include "core/refcount.h"
#include "core/spinlock.h"
#include "core/types.h"
#include "sched/mutex.h"
#include "sched/wait_queue.h"
#include "sched/work_queue.h"
#include "tty/line_discipline.h"

struct file;
struct process_group;
struct session;
struct tty;

/*
 * What the device of a terminal does. [L]: called with tty->lock held and interrupts off, so it
 * must not sleep, and may only take locks of later ranks. The others are called without locks and
 * may sleep. NULL: nothing to do.
 */
struct tty_driver_ops {
	/*
	 * The first open, and the last close; both under tty->open_mutex. Errors of open go to the
	 * program.
	 */
	int (*open)(struct tty *tty);
	void (*close)(struct tty *tty);
	/*
	 * [L] There is output: take as much as the device can have now; the driver comes back for
	 * the rest by itself.
	 */
	void (*start_output)(struct tty *tty);
	/* [L] Readers made room: go on with input that tty_receive did not take. */
	void (*resume_input)(struct tty *tty);
	/* [L] Throw away output that the device has but has not sent. */
	void (*flush_output)(struct tty *tty);
	/* [L] Something was thrown away, stopped or started: TIOCPKT_ bits. */
	void (*note)(struct tty *tty, uint8_t what);
	/* [L] Has the device sent all it took? NULL: what is written counts as sent. */
	bool (*is_sent)(struct tty *tty);
	/* [L] The settings changed; takes what it cannot do back out of them. */
	void (*set_termios)(struct tty *tty, const struct termios2 *old);
	/* [L] A break begins or ends. */
	void (*set_break)(struct tty *tty, bool on);
	/* [L] Modem lines, TIOCM_ bits. NULL: -ENOTTY. */
	uint32_t (*modem_lines)(struct tty *tty);
	void (*set_modem_lines)(struct tty *tty, uint32_t set, uint32_t clear);
	/* Commands of this kind of terminal; -ENOTTY for unknown ones. NULL: there are none. */
	int (*ioctl)(struct tty *tty, unsigned int command, uintptr_t argument);
	/* [L] The terminal was hung up. */
	void (*hang_up)(struct tty *tty);
	/* The last reference is gone: free it. Any context. NULL: it lives for ever. */
	void (*destroy)(struct tty *tty);
};

/* [I] immutable  [a] atomic  [l] lock  [o] open_mutex  [T] process_tree_lock  [r] read_mutex */
struct tty {
	const struct tty_driver_ops *ops;	/* [I] */
	struct refcount references;		/* [a] files, session, work, the driver */
	dev_number device;			/* [I] */

	struct spinlock lock;			/* LOCK_RANK_TTY_STATE */
	struct line_discipline line;		/* [l] termios included */
	struct termios locked;			/* [l] TIOCSLCKTRMIOS: what may not change */
	struct winsize window;			/* [l] */
	bool is_exclusive;			/* [l] TIOCEXCL */
	bool input_is_held;			/* [l] the driver waits for room: resume_input */
	bool was_stopped;			/* [l] what the driver knows of line.is_stopped */
	atomic_uint hang_up_count;		/* [a] changes under lock; older files are dead */
	atomic_bool is_gone;			/* [a] for good; set before the last hang-up */
	struct wait_queue read_queue;		/* readers and pollers */
	struct wait_queue write_queue;		/* writers, pollers, tcdrain(3) */

	struct mutex open_mutex;		/* LOCK_RANK_SLEEPING_LEAF */
	unsigned int open_count;		/* [o] */
	struct mutex read_mutex;		/* LOCK_RANK_TTY_READ: one reader at a time */
	struct mutex write_mutex;		/* LOCK_RANK_TTY_WRITE: one writer at a time */

	struct session *session;		/* [T] it controls this one; cleared in time */
	struct process_group *foreground;	/* [T] reference */
	struct work signal_work;		/* sends line.signals; referenced while pending */
};

/* `buffers`: LINE_INPUT_SIZE and then LINE_OUTPUT_SIZE bytes, the driver's. One reference. */
void tty_init_one(struct tty *tty, const struct tty_driver_ops *ops, dev_number device,
		  uint8_t *buffers);
enum { TTY_BUFFERS_SIZE = LINE_INPUT_SIZE + LINE_OUTPUT_SIZE };

static inline void tty_get(struct tty *tty) { refcount_get(&tty->references); }
void tty_put(struct tty *tty);	/* any context */

/* ---- for drivers ----------------------------------------------------------------------------- */

/*
 * Bytes from the device, in order; the driver calls this for one device from one place at a time.
 * Any context, no lock of TTY_STATE's rank or later. Returns how many were taken: the rest is held
 * back by the driver until resume_input.
 */
size_t tty_receive(struct tty *tty, const uint8_t *bytes, size_t count);
/* The same under tty->lock, one byte; false: not taken. The driver then calls tty_received. */
must_check bool tty_receive_locked(struct tty *tty, uint8_t byte);
void tty_receive_error_locked(struct tty *tty, enum line_error error, uint8_t byte);
/* After tty_receive_locked: echo, wake readers, send signals soon. tty->lock held. */
void tty_received_locked(struct tty *tty);
/* tty_receive for threads that hold no locks: signals are sent before it returns. */
size_t tty_receive_now(struct tty *tty, const uint8_t *bytes, size_t count);

/* Take up to `size` bytes of output, and wake writers. tty->lock held. 0: none, or stopped. */
size_t tty_take_output(struct tty *tty, uint8_t *to, size_t size);
bool tty_has_output(const struct tty *tty);	/* tty->lock held */

/* The size of the window changed: SIGWINCH to the foreground. No locks, may not be an interrupt. */
void tty_set_window(struct tty *tty, const struct winsize *window);

/* ---- for programs' side ---------------------------------------------------------------------- */

/*
 * Where the terminals of a device number come from. `find` gives a reference, or -ENXIO, -ENOMEM...
 * (0: *out set); may sleep.
 */
struct tty_numbers {
	dev_number first;
	unsigned int count;
	int (*find)(dev_number number, struct tty **out);
};
/* Terminals of these numbers can be opened from now on; `name` for /proc/devices. Kept for ever. */
struct tty_kind {
	struct tty_numbers numbers;
	const char *name;
	struct tty_kind *next;	/* tty.c's */
};
void tty_kind_register(struct tty_kind *kind);
/* The terminal with this number, referenced. Errors: -ENXIO, those of `find`. */
must_check int tty_find(dev_number number, struct tty **out);

/*
 * What /dev/console is: the last console= of the command line, or the screen. A driver offers
 * itself by name ("ttyS0").
 */
void tty_offer_console(const char *name, struct tty *tty);
/*
 * A node in /dev: mode 0620 and group tty as on Linux, but 0666 for /dev/tty and /dev/ptmx. And, if
 * it lies in no folder, in /sys/class/tty; `active`: as of a device_node.
 */
void tty_add_node(const char *name, dev_number device, file_mode permissions,
		  int (*active)(char *text, size_t size));

/* Throw away input, output or both. */
void tty_flush(struct tty *tty, bool input, bool output);
/* Wait until all output is sent: 0 or -ERESTARTSYS. A deadline that passes is success. */
must_check int tty_wait_sent(struct tty *tty, uint64_t deadline_ns);

void tty_init(void);
