/*
 * The ioctls on terminals that set and tell how they behave: settings in Linux's three forms,
 * queues, flow, breaks, modem lines, window size.
 */
#include "arch/user_copy.h"
#include "lib/string.h"
#include "proc/process.h"
#include "sched/clock.h"
#include "tty/internal.h"
#include "tty/job_control.h"
#include "uapi/linux/capability.h"
#include "uapi/linux/errno.h"
#include "vfs/credentials.h"

enum { MS_NS = 1000000, DEFAULT_BREAK_MS = 250, SENT_POLL_NS = MS_NS };

/* ---- speeds ---------------------------------------------------------------------------------- */

/* By the number in CBAUD: 0 to 15, and from 0x1001 on. */
static const uint32_t low_speeds[] = { 0,   50,	  75,	110,  134,  150,  200,	 300,
				       600, 1200, 1800, 2400, 4800, 9600, 19200, 38400 };
static const uint32_t high_speeds[] = { 0,	57600,	 115200,  230400,  460800,  500000,
					576000, 921600,	 1000000, 1152000, 1500000, 2000000,
					2500000, 3000000, 3500000, 4000000 };

static uint32_t speed_from_flags(uint32_t flags, uint32_t other)
{
	uint32_t index = flags & CBAUD & ~BOTHER;

	if (!(flags & BOTHER))
		return low_speeds[index];
	return index ? high_speeds[index] : other;
}

/* The numbers follow from the flags, except where the flags say that the numbers count. */
static void settle_speeds(struct termios2 *termios)
{
	uint32_t input_flags = (termios->c_cflag & CIBAUD) >> IBSHIFT;

	termios->c_ospeed = speed_from_flags(termios->c_cflag, termios->c_ospeed);
	termios->c_ispeed = input_flags ? speed_from_flags(input_flags, termios->c_ispeed) :
					  termios->c_ospeed;
}

/* ---- settings -------------------------------------------------------------------------------- */

enum settings_form { FORM_TERMIO, FORM_TERMIOS, FORM_TERMIOS2 };
enum settings_when { WHEN_NOW, WHEN_SENT, WHEN_SENT_AND_FLUSHED };

static void get_current(struct tty *tty, struct termios2 *out)
{
	irq_flags flags = spin_lock_irq(&tty->lock);

	*out = tty->line.termios;
	spin_unlock_irq(&tty->lock, flags);
}

static int put_settings(struct tty *tty, enum settings_form form, user_addr to)
{
	struct termios2 current;
	struct termio old = { 0 };

	get_current(tty, &current);
	if (form == FORM_TERMIOS2)
		return copy_to_user(to, &current, sizeof(current));
	if (form == FORM_TERMIOS)
		return copy_to_user(to, &current, sizeof(struct termios));
	old.c_iflag = (uint16_t)current.c_iflag;
	old.c_oflag = (uint16_t)current.c_oflag;
	old.c_cflag = (uint16_t)current.c_cflag;
	old.c_lflag = (uint16_t)current.c_lflag;
	old.c_line = current.c_line;
	memcpy(old.c_cc, current.c_cc, sizeof(old.c_cc));
	return copy_to_user(to, &old, sizeof(old));
}

static int fetch_settings(struct tty *tty, enum settings_form form, user_addr from,
			  struct termios2 *out)
{
	struct termio old;
	int error;

	get_current(tty, out);
	if (form == FORM_TERMIOS2)
		error = copy_from_user(out, from, sizeof(*out));
	else if (form == FORM_TERMIOS)
		error = copy_from_user(out, from, sizeof(struct termios));
	else
		error = copy_from_user(&old, from, sizeof(old));
	if (error)
		return error;
	if (form == FORM_TERMIO) {
		/* Only the lower halves of the flags have a place in this form. */
		out->c_iflag = (out->c_iflag & 0xffff0000u) | old.c_iflag;
		out->c_oflag = (out->c_oflag & 0xffff0000u) | old.c_oflag;
		out->c_cflag = (out->c_cflag & 0xffff0000u) | old.c_cflag;
		out->c_lflag = (out->c_lflag & 0xffff0000u) | old.c_lflag;
		memcpy(out->c_cc, old.c_cc, sizeof(old.c_cc));
	}
	settle_speeds(out);
	out->c_line = 0;
	return 0;
}

static uint32_t keep_bits(uint32_t wanted, uint32_t old, uint32_t locked)
{
	return (wanted & ~locked) | (old & locked);
}

/* What is locked stays as it is: single bits of the flags, whole characters. */
static void keep_locked(struct termios2 *wanted, const struct termios2 *old,
			const struct termios *locked)
{
	wanted->c_iflag = keep_bits(wanted->c_iflag, old->c_iflag, locked->c_iflag);
	wanted->c_oflag = keep_bits(wanted->c_oflag, old->c_oflag, locked->c_oflag);
	wanted->c_cflag = keep_bits(wanted->c_cflag, old->c_cflag, locked->c_cflag);
	wanted->c_lflag = keep_bits(wanted->c_lflag, old->c_lflag, locked->c_lflag);
	for (size_t i = 0; i < ARRAY_SIZE(wanted->c_cc); i++) {
		if (locked->c_cc[i])
			wanted->c_cc[i] = old->c_cc[i];
	}
}

static void change_settings(struct tty *tty, struct termios2 *wanted)
{
	irq_flags flags = spin_lock_irq(&tty->lock);
	struct termios2 old = tty->line.termios;

	keep_locked(wanted, &old, &tty->locked);
	line_discipline_set_termios(&tty->line, wanted);
	if (tty->ops->set_termios)
		tty->ops->set_termios(tty, &old);
	if (tty->line.has_news) {
		tty->line.has_news = false;
		wait_queue_wake_all(&tty->read_queue, 0);
	}
	tty_start_output(tty);
	wait_queue_wake_all(&tty->write_queue, 0);
	spin_unlock_irq(&tty->lock, flags);
}

static int set_settings(struct tty *tty, enum settings_form form, enum settings_when when,
			user_addr from)
{
	struct termios2 wanted;
	int error = job_control_check(tty, SIGTTOU);

	if (!error)
		error = fetch_settings(tty, form, from, &wanted);
	if (!error && when != WHEN_NOW)
		error = tty_wait_sent(tty, WAIT_FOREVER);
	if (error)
		return error;
	if (when == WHEN_SENT_AND_FLUSHED)
		tty_flush(tty, true, false);
	change_settings(tty, &wanted);
	return 0;
}

/* The locks have the form of settings; whatever is not zero there is locked. */
static int lock_ioctl(struct tty *tty, unsigned int command, user_addr address)
{
	struct termios locked;
	irq_flags flags;

	if (command == TIOCGLCKTRMIOS) {
		flags = spin_lock_irq(&tty->lock);
		locked = tty->locked;
		spin_unlock_irq(&tty->lock, flags);
		return copy_to_user(address, &locked, sizeof(locked));
	}
	if (!credentials_capable(credentials_current(), CAP_SYS_ADMIN))
		return -EPERM;
	if (copy_from_user(&locked, address, sizeof(locked)))
		return -EFAULT;
	flags = spin_lock_irq(&tty->lock);
	tty->locked = locked;
	spin_unlock_irq(&tty->lock, flags);
	return 0;
}

static int settings_ioctl(struct tty *tty, unsigned int command, user_addr address)
{
	switch (command) {
	case TCGETS:
		return put_settings(tty, FORM_TERMIOS, address);
	case TCSETS:
	case TCSETSW:
	case TCSETSF:
		return set_settings(tty, FORM_TERMIOS, command - TCSETS, address);
	case TCGETA:
		return put_settings(tty, FORM_TERMIO, address);
	case TCSETA:
	case TCSETAW:
	case TCSETAF:
		return set_settings(tty, FORM_TERMIO, command - TCSETA, address);
	case TCGETS2:
		return put_settings(tty, FORM_TERMIOS2, address);
	case TCSETS2:
	case TCSETSW2:
	case TCSETSF2:
		return set_settings(tty, FORM_TERMIOS2, command - TCSETS2, address);
	}
	return -ENOTTY;
}

/* ---- flow ------------------------------------------------------------------------------------ */

static bool is_empty(struct tty *tty)
{
	return ring_buffer_is_empty(&tty->line.output);
}

static bool device_is_idle(struct tty *tty)
{
	irq_flags flags = spin_lock_irq(&tty->lock);
	bool is_idle = tty->ops->is_sent(tty);

	spin_unlock_irq(&tty->lock, flags);
	return is_idle;
}

int tty_wait_sent(struct tty *tty, uint64_t deadline_ns)
{
	unsigned int hang_up_count = atomic_load(&tty->hang_up_count);
	int error;

	if (!tty->ops->is_sent)
		return 0;
	error = wait_event_interruptible_until(
		&tty->write_queue,
		is_empty(tty) || atomic_load(&tty->hang_up_count) != hang_up_count, deadline_ns);

	/* The last bytes are in the device, which has no way to say when they are through. */
	while (!error && !device_is_idle(tty)) {
		uint64_t next_ns = clock_monotonic_ns() + SENT_POLL_NS;

		if (next_ns > deadline_ns)
			return 0;
		error = clock_sleep_until(next_ns);
	}
	return error == -EINTR ? -ERESTARTSYS : 0;
}

static int send_break(struct tty *tty, unsigned int duration_ms)
{
	irq_flags flags;
	int error;

	if (!tty->ops->set_break)
		return 0;
	flags = spin_lock_irq(&tty->lock);
	tty->ops->set_break(tty, true);
	spin_unlock_irq(&tty->lock, flags);
	error = clock_sleep_until(clock_monotonic_ns() + (uint64_t)duration_ms * MS_NS);
	flags = spin_lock_irq(&tty->lock);
	tty->ops->set_break(tty, false);
	spin_unlock_irq(&tty->lock, flags);
	return error;
}

static int drain_ioctl(struct tty *tty, unsigned int command, uintptr_t argument)
{
	irq_flags flags;
	int error = job_control_check(tty, SIGTTOU);

	if (!error)
		error = tty_wait_sent(tty, WAIT_FOREVER);
	if (error)
		return error;
	if (command == TIOCSBRK) {
		flags = spin_lock_irq(&tty->lock);
		if (tty->ops->set_break)
			tty->ops->set_break(tty, true);
		spin_unlock_irq(&tty->lock, flags);
		return 0;
	}
	if (command == TCSBRKP)
		return send_break(tty, argument ? (unsigned int)(argument % 1000) * 100 :
						  DEFAULT_BREAK_MS);
	return argument ? 0 : send_break(tty, DEFAULT_BREAK_MS); /* TCSBRK 1 is tcdrain(3) */
}

static int flow_ioctl(struct tty *tty, uintptr_t argument)
{
	int error = job_control_check(tty, SIGTTOU);
	irq_flags flags;

	if (error)
		return error;
	flags = spin_lock_irq(&tty->lock);
	switch (argument) {
	case TCOOFF:
		line_discipline_stop(&tty->line);
		break;
	case TCOON:
		line_discipline_start(&tty->line);
		wait_queue_wake_all(&tty->write_queue, 0);
		break;
	case TCIOFF:
		tty->line.urgent = tty->line.termios.c_cc[VSTOP];
		break;
	case TCION:
		tty->line.urgent = tty->line.termios.c_cc[VSTART];
		break;
	default:
		error = -EINVAL;
	}
	tty_start_output(tty);
	spin_unlock_irq(&tty->lock, flags);
	return error;
}

static int flush_ioctl(struct tty *tty, uintptr_t argument)
{
	int error = job_control_check(tty, SIGTTOU);

	if (error)
		return error;
	if (argument > TCIOFLUSH)
		return -EINVAL;
	tty_flush(tty, argument != TCOFLUSH, argument != TCIFLUSH);
	return 0;
}

static int queue_ioctl(struct tty *tty, unsigned int command, user_addr address)
{
	irq_flags flags = spin_lock_irq(&tty->lock);
	size_t count = command == TIOCOUTQ ? ring_buffer_used(&tty->line.output) :
					     line_discipline_readable(&tty->line);

	spin_unlock_irq(&tty->lock, flags);
	return put_user_u32(address, (uint32_t)count);
}

/* Typing for the user: allowed on one's own terminal, and to the administrator. */
static int type_ioctl(struct tty *tty, user_addr address)
{
	uint8_t byte;

	if (!job_control_may(tty, CAP_SYS_ADMIN))
		return -EPERM;
	if (copy_from_user(&byte, address, 1))
		return -EFAULT;
	(void)tty_receive_now(tty, &byte, 1);
	return 0;
}

/* ---- the rest -------------------------------------------------------------------------------- */

static int window_ioctl(struct tty *tty, unsigned int command, user_addr address)
{
	struct winsize window;

	if (command == TIOCGWINSZ) {
		irq_flags flags = spin_lock_irq(&tty->lock);

		window = tty->window;
		spin_unlock_irq(&tty->lock, flags);
		return copy_to_user(address, &window, sizeof(window));
	}
	if (copy_from_user(&window, address, sizeof(window)))
		return -EFAULT;
	tty_set_window(tty, &window);
	return 0;
}

static int modem_ioctl(struct tty *tty, unsigned int command, user_addr address)
{
	const uint32_t ours = TIOCM_DTR | TIOCM_RTS | TIOCM_OUT1 | TIOCM_OUT2 | TIOCM_LOOP;
	uint32_t lines = 0, set, clear;
	irq_flags flags;

	if (!tty->ops->modem_lines)
		return -ENOTTY;
	if (command != TIOCMGET && get_user_u32(&lines, address))
		return -EFAULT;
	set = command == TIOCMBIC ? 0 : lines & ours;
	clear = command == TIOCMBIC ? lines & ours : command == TIOCMSET ? ~lines & ours : 0;
	flags = spin_lock_irq(&tty->lock);
	if (command == TIOCMGET)
		lines = tty->ops->modem_lines(tty);
	else if (tty->ops->set_modem_lines)
		tty->ops->set_modem_lines(tty, set, clear);
	spin_unlock_irq(&tty->lock, flags);
	return command == TIOCMGET ? put_user_u32(address, lines) : 0;
}

static int carrier_ioctl(struct tty *tty, unsigned int command, user_addr address)
{
	struct termios2 settings;
	uint32_t is_local;

	get_current(tty, &settings);
	if (command == TIOCGSOFTCAR)
		return put_user_u32(address, settings.c_cflag & CLOCAL ? 1 : 0);
	if (get_user_u32(&is_local, address))
		return -EFAULT;
	settings.c_cflag = (settings.c_cflag & ~CLOCAL) | (is_local ? CLOCAL : 0);
	change_settings(tty, &settings);
	return 0;
}

/* There is one line discipline, N_TTY, number 0. */
static int discipline_ioctl(unsigned int command, user_addr address)
{
	uint32_t number;

	if (command == TIOCGETD)
		return put_user_u32(address, 0);
	if (get_user_u32(&number, address))
		return -EFAULT;
	return number == 0 ? 0 : -EINVAL;
}

static int set_exclusive(struct tty *tty, bool is_exclusive)
{
	irq_flags flags = spin_lock_irq(&tty->lock);

	tty->is_exclusive = is_exclusive;
	spin_unlock_irq(&tty->lock, flags);
	return 0;
}

static int end_break(struct tty *tty)
{
	irq_flags flags = spin_lock_irq(&tty->lock);

	if (tty->ops->set_break)
		tty->ops->set_break(tty, false);
	spin_unlock_irq(&tty->lock, flags);
	return 0;
}

int termios_ioctl(struct tty *tty, unsigned int command, uintptr_t argument)
{
	user_addr address = user_addr_from(argument);
	unsigned int minor = DEV_MINOR(tty->device);

	switch (command) {
	case TCSBRK:
	case TCSBRKP:
	case TIOCSBRK:
		return drain_ioctl(tty, command, argument);
	case TIOCCBRK:
		return end_break(tty);
	case TCXONC:
		return flow_ioctl(tty, argument);
	case TCFLSH:
		return flush_ioctl(tty, argument);
	case FIONREAD:
	case TIOCOUTQ:
		return queue_ioctl(tty, command, address);
	case TIOCSTI:
		return type_ioctl(tty, address);
	case TIOCGWINSZ:
	case TIOCSWINSZ:
		return window_ioctl(tty, command, address);
	case TIOCMGET:
	case TIOCMSET:
	case TIOCMBIS:
	case TIOCMBIC:
		return modem_ioctl(tty, command, address);
	case TIOCGSOFTCAR:
	case TIOCSSOFTCAR:
		return carrier_ioctl(tty, command, address);
	case TIOCGETD:
	case TIOCSETD:
		return discipline_ioctl(command, address);
	case TIOCEXCL:
	case TIOCNXCL:
		return set_exclusive(tty, command == TIOCEXCL);
	case TIOCGLCKTRMIOS:
	case TIOCSLCKTRMIOS:
		return lock_ioctl(tty, command, address);
	case TIOCGEXCL:
		return put_user_u32(address, tty->is_exclusive);
	case TIOCGDEV:
		return put_user_u32(address, (minor & 0xff) | DEV_MAJOR(tty->device) << 8 |
						     (minor & ~0xffu) << 12);
	}
	return settings_ioctl(tty, command, address);
}
