/*
 * The ioctls of virtual consoles. Consoles switch by themselves (VT_AUTO): no program is asked.
 *
 * As on Linux, what changes something is for those who have the console as their controlling
 * terminal, or may configure terminals (CAP_SYS_TTY_CONFIG).
 */
#include "arch/user_copy.h"
#include "lib/min_max.h"
#include "proc/process.h"
#include "tty/console_internal.h"
#include "tty/job_control.h"
#include "uapi/linux/capability.h"
#include "uapi/linux/errno.h"
#include "uapi/linux/kd.h"
#include "vfs/credentials.h"

static bool may_configure(struct console *console)
{
	struct tty *own = job_control_get_terminal();
	bool is_own = own == &console->tty;

	if (own)
		tty_put(own);
	return is_own || credentials_capable(credentials_current(), CAP_SYS_TTY_CONFIG);
}

static int set_display_mode(struct console *console, uintptr_t mode)
{
	irq_flags flags;

	if (mode != KD_TEXT && mode != KD_GRAPHICS)
		return -EINVAL;
	flags = spin_lock_irq(&console_lock);
	if (console->is_graphics != (mode == KD_GRAPHICS)) {
		console->is_graphics = mode == KD_GRAPHICS;
		if (console == console_foreground())
			console_redraw();
	}
	spin_unlock_irq(&console_lock, flags);
	return 0;
}

static int set_key_mode(struct console *console, uintptr_t mode)
{
	enum console_key_mode wanted;
	irq_flags flags;

	switch (mode) {
	case K_RAW:
		wanted = CONSOLE_KEYS_RAW;
		break;
	case K_XLATE:
	case K_UNICODE: /* our only layout has no character that would differ */
		wanted = CONSOLE_KEYS_TRANSLATED;
		break;
	case K_OFF:
		wanted = CONSOLE_KEYS_OFF;
		break;
	default:
		return -EINVAL;
	}
	flags = spin_lock_irq(&console_lock);
	console->key_mode = wanted;
	spin_unlock_irq(&console_lock, flags);
	return 0;
}

static uint32_t key_mode(const struct console *console)
{
	static const uint8_t linux_modes[] = {
		[CONSOLE_KEYS_TRANSLATED] = K_UNICODE,
		[CONSOLE_KEYS_RAW] = K_RAW,
		[CONSOLE_KEYS_OFF] = K_OFF,
	};

	return linux_modes[console->key_mode];
}

static int keyboard_ioctl(struct console *console, unsigned int command, uintptr_t argument)
{
	user_addr address = user_addr_from(argument);
	uint8_t byte = KB_101;
	irq_flags flags;

	switch (command) {
	case KDGKBTYPE:
		return copy_to_user(address, &byte, 1);
	case KDGETMODE:
		return put_user_u32(address, console->is_graphics ? KD_GRAPHICS : KD_TEXT);
	case KDGKBMODE:
		return put_user_u32(address, key_mode(console));
	case KDGETLED:
	case KDGKBLED:
		flags = spin_lock_irq(&console_lock);
		byte = console_lights();
		spin_unlock_irq(&console_lock, flags);
		return copy_to_user(address, &byte, 1);
	}
	if (!may_configure(console))
		return -EPERM;
	switch (command) {
	case KDSETMODE:
		return set_display_mode(console, argument);
	case KDSKBMODE:
		return set_key_mode(console, argument);
	case KDSETLED:
	case KDSKBLED:
		if (argument & ~(uintptr_t)0x7)
			return -EINVAL;
		console_set_lights((uint8_t)argument);
		return 0;
	}
	return -ENOTTY;
}

/* ---- switching ------------------------------------------------------------------------------- */

static bool is_open(unsigned int number)
{
	irq_flags flags = spin_lock_irq(&console_lock);
	struct console *console = console_at(number);

	spin_unlock_irq(&console_lock, flags);
	return console && console->tty.open_count > 0;
}

static int put_free_number(user_addr to)
{
	for (unsigned int number = 1; number <= CONSOLE_COUNT; number++) {
		if (!is_open(number))
			return put_user_u32(to, number);
	}
	return put_user_u32(to, UINT32_MAX);
}

static int put_state(user_addr to)
{
	struct vt_stat state = { .v_active = (uint16_t)console_foreground_number(), .v_state = 1 };

	for (unsigned int number = 1; number <= CONSOLE_COUNT; number++) {
		if (is_open(number))
			state.v_state |= (uint16_t)(1u << number);
	}
	return copy_to_user(to, &state, sizeof(state));
}

static int set_switch_mode(user_addr from)
{
	struct vt_mode mode;

	if (copy_from_user(&mode, from, sizeof(mode)))
		return -EFAULT;
	return mode.mode == VT_AUTO ? 0 : -EINVAL;
}

static int activate(uintptr_t number)
{
	int error;

	if (number == 0 || number > CONSOLE_COUNT)
		return -ENXIO;
	error = console_allocate((unsigned int)number);
	if (!error)
		console_switch_soon((unsigned int)number);
	return error;
}

static int wait_active(uintptr_t number)
{
	if (number == 0 || number > CONSOLE_COUNT)
		return -ENXIO;
	if (wait_event_interruptible(&console_switch_queue,
				     console_foreground_number() == number))
		return -ERESTARTSYS;
	return 0;
}

static int switching_ioctl(struct console *console, unsigned int command, uintptr_t argument)
{
	user_addr address = user_addr_from(argument);
	static const struct vt_mode automatic = { .mode = VT_AUTO };

	switch (command) {
	case VT_OPENQRY:
		return put_free_number(address);
	case VT_GETMODE:
		return copy_to_user(address, &automatic, sizeof(automatic));
	case VT_GETSTATE:
		return put_state(address);
	}
	if (!may_configure(console))
		return -EPERM;
	switch (command) {
	case VT_SETMODE:
		return set_switch_mode(address);
	case VT_ACTIVATE:
		return activate(argument);
	case VT_WAITACTIVE:
		return wait_active(argument);
	}
	return -ENOTTY;
}

int console_ioctl(struct tty *tty, unsigned int command, uintptr_t argument)
{
	struct console *console = container_of(tty, struct console, tty);

	switch (command) {
	case KDGETLED:
	case KDSETLED:
	case KDGKBTYPE:
	case KDSETMODE:
	case KDGETMODE:
	case KDGKBMODE:
	case KDSKBMODE:
	case KDGKBLED:
	case KDSKBLED:
		return keyboard_ioctl(console, command, argument);
	case VT_OPENQRY:
	case VT_GETMODE:
	case VT_SETMODE:
	case VT_GETSTATE:
	case VT_ACTIVATE:
	case VT_WAITACTIVE:
		return switching_ioctl(console, command, argument);
	}
	return -ENOTTY;
}
