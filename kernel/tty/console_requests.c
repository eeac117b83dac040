/*
 * TIOCLINUX: what programs ask of the virtual consoles as a whole, by a byte that says what. Is the
 * screen dark, which keys are held, where do the kernel's words go?
 *
 * There is no selection of text by mouse, and a display's power cannot be controlled: what asks for
 * these is refused as what is not known.
 */
#include "arch/user_copy.h"
#include "lib/min_max.h"
#include "proc/process.h"
#include "tty/console_internal.h"
#include "tty/job_control.h"
#include "uapi/linux/capability.h"
#include "uapi/linux/errno.h"
#include "vfs/credentials.h"

/* Linux's numbers, TIOCL_... */
enum request {
	REQUEST_UNBLANK = 4,
	REQUEST_GET_SHIFTS = 6,
	REQUEST_GET_MOUSE_REPORTS = 7,
	REQUEST_SET_POWER_SAVING = 10,
	REQUEST_SET_LOG_CONSOLE = 11,
	REQUEST_GET_FOREGROUND = 12,
	REQUEST_SCROLL = 13,
	REQUEST_BLANK = 14,
	REQUEST_IS_BLANK = 15,
	REQUEST_GET_LOG_CONSOLE = 17,
};

enum { POWER_SAVING_MODES = 4, SCROLL_LINES_OFFSET = 4, SCROLL_LINES_MAX = 1 << 20 };

static int put_byte(user_addr to, unsigned int value)
{
	uint8_t byte = (uint8_t)value;

	return copy_to_user(to, &byte, 1);
}

/* Shift, AltGr, Control, Alt and so on from bit 0 on. */
static unsigned int held_shifts(void)
{
	irq_flags flags = spin_lock_irq(&console_lock);
	unsigned int shifts = console_keyboard()->shifts;

	spin_unlock_irq(&console_lock, flags);
	return shifts;
}

static int set_blank(bool is_blank)
{
	irq_flags flags = spin_lock_irq(&console_lock);

	console_set_blank(is_blank);
	spin_unlock_irq(&console_lock, flags);
	return 0;
}

static int blank_number(void)
{
	irq_flags flags = spin_lock_irq(&console_lock);
	unsigned int number = console_blank_number();

	spin_unlock_irq(&console_lock, flags);
	return (int)number;
}

/* Forward, to what is newer; 0: half a screen. */
static int scroll(uintptr_t argument)
{
	struct console *console;
	irq_flags flags;
	uint32_t word;
	int lines;

	if (get_user_u32(&word, user_addr_from(argument + SCROLL_LINES_OFFSET)))
		return -EFAULT;
	lines = clamp((int)word, -SCROLL_LINES_MAX, SCROLL_LINES_MAX);
	flags = spin_lock_irq(&console_lock);
	console = console_foreground();
	if (console)
		console_scroll_view(console, lines ? -lines : -(int)console->screen.rows / 2);
	spin_unlock_irq(&console_lock, flags);
	return 0;
}

/* As Linux, a number that no console has means the one in front, and -1 changes nothing. */
static int set_log_console(uint8_t number)
{
	if (number != UINT8_MAX)
		console_set_log_number(number);
	return 0;
}

int console_request(struct tty *tty, uintptr_t argument)
{
	user_addr address = user_addr_from(argument);
	uint8_t request, value;

	if (!job_control_may(tty, CAP_SYS_ADMIN))
		return -EPERM;
	if (copy_from_user(&request, address, 1))
		return -EFAULT;
	switch (request) {
	case REQUEST_UNBLANK:
	case REQUEST_BLANK:
		return set_blank(request == REQUEST_BLANK);
	case REQUEST_IS_BLANK:
		return blank_number();
	case REQUEST_GET_SHIFTS:
		return put_byte(address, held_shifts());
	case REQUEST_GET_MOUSE_REPORTS:
		return put_byte(address, 0); /* no program can ask for them */
	case REQUEST_GET_LOG_CONSOLE:
		return put_byte(address, console_log_number());
	case REQUEST_GET_FOREGROUND:
		return (int)console_foreground_number() - 1;
	case REQUEST_SCROLL:
		return scroll(argument);
	case REQUEST_SET_LOG_CONSOLE:
		if (!credentials_capable(credentials_current(), CAP_SYS_ADMIN))
			return -EPERM;
		break;
	case REQUEST_SET_POWER_SAVING:
		break;
	default:
		return -EINVAL;
	}
	if (copy_from_user(&value, user_addr_from(argument + 1), 1))
		return -EFAULT;
	if (request == REQUEST_SET_LOG_CONSOLE)
		return set_log_console(value);
	return value == 0 || value >= POWER_SAVING_MODES ? 0 : -EINVAL; /* none */
}
