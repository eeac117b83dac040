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
#include "uapi/linux/termios.h"
#include "vfs/credentials.h"

static bool may_configure(const struct console *console)
{
	return job_control_may(&console->tty, CAP_SYS_TTY_CONFIG);
}

static int set_display_mode(struct console *console, uintptr_t mode)
{
	irq_flags flags;

	if (mode > KD_TEXT1)
		return -EINVAL;
	flags = spin_lock_irq(&console_lock);
	if (console->is_graphics != (mode == KD_GRAPHICS)) {
		console->is_graphics = mode == KD_GRAPHICS;
		if (console == console_foreground()) {
			console_set_blank(false);
			console_redraw();
		}
	}
	spin_unlock_irq(&console_lock, flags);
	return 0;
}

/* Linux's names of the styles; both ways. */
static const uint8_t key_modes[] = {
	[KEYS_UNICODE] = K_UNICODE,
	[KEYS_LATIN] = K_XLATE,
	[KEYS_CODES] = K_MEDIUMRAW,
	[KEYS_RAW] = K_RAW,
	[KEYS_OFF] = K_OFF,
};

/* What was typed before has the old form: it is thrown away. */
static int set_key_mode(struct console *console, uintptr_t mode)
{
	enum key_style style = KEYS_UNICODE;
	irq_flags flags;

	while (key_modes[style] != mode) {
		if (++style == ARRAY_SIZE(key_modes))
			return -EINVAL;
	}
	flags = spin_lock_irq(&console_lock);
	console->keys.style = style;
	if (style <= KEYS_LATIN)
		keyboard_count_shifts(console_keyboard());
	spin_unlock_irq(&console_lock, flags);
	tty_flush(&console->tty, true, false);
	return 0;
}

static int set_meta_mode(struct console *console, uintptr_t mode)
{
	irq_flags flags;

	if (mode != K_METABIT && mode != K_ESCPREFIX)
		return -EINVAL;
	flags = spin_lock_irq(&console_lock);
	console->keys.meta_sets_bit = mode == K_METABIT;
	spin_unlock_irq(&console_lock, flags);
	return 0;
}

/* KDSKBLED: the locks, and what a reset makes them; KDSETLED: lights that mean nothing. */
static int set_lights(struct console *console, unsigned int command, uintptr_t argument)
{
	irq_flags flags;

	if (command == KDSKBLED && (argument & ~(uintptr_t)0x77))
		return -EINVAL;
	flags = spin_lock_irq(&console_lock);
	if (command == KDSKBLED) {
		console->keys.locks = argument & 7;
		console->keys.default_locks = argument >> 4 & 7;
	} else {
		console->shows_own_lights = argument <= 7;
		if (argument <= 7)
			console_set_own_lights((uint8_t)argument);
	}
	console_show_lights();
	spin_unlock_irq(&console_lock, flags);
	return 0;
}

static int put_lights(struct console *console, unsigned int command, user_addr to)
{
	irq_flags flags = spin_lock_irq(&console_lock);
	uint8_t lights = console_lights();

	if (command == KDGKBLED)
		lights = console->keys.locks | (uint8_t)(console->keys.default_locks << 4);
	spin_unlock_irq(&console_lock, flags);
	return copy_to_user(to, &lights, 1);
}

/* A count of the speaker's timer. KDMKTONE: milliseconds in the upper half; none ends the sound. */
static int make_sound(unsigned int command, uintptr_t argument)
{
	uint32_t duration_ms = command == KDMKTONE ? (uint32_t)argument >> 16 : 0;
	uint32_t count = (uint32_t)argument;

	if (command == KDMKTONE)
		count = duration_ms ? count & 0xffff : 0;
	console_sound(count, duration_ms);
	return 0;
}

static int keyboard_ioctl(struct console *console, unsigned int command, uintptr_t argument)
{
	user_addr address = user_addr_from(argument);
	static const uint8_t type = KB_101;

	switch (command) {
	case KDGKBTYPE:
		return copy_to_user(address, &type, 1);
	case KDGETMODE:
		return put_user_u32(address, console->is_graphics ? KD_GRAPHICS : KD_TEXT);
	case KDGKBMODE:
		return put_user_u32(address, key_modes[console->keys.style]);
	case KDGKBMETA:
		return put_user_u32(address, console->keys.meta_sets_bit ? K_METABIT : K_ESCPREFIX);
	case KDSKBMETA:
		return set_meta_mode(console, argument);
	case KDGETLED:
	case KDGKBLED:
		return put_lights(console, command, address);
	}
	if (!may_configure(console))
		return -EPERM;
	switch (command) {
	case KIOCSOUND:
	case KDMKTONE:
		return make_sound(command, argument);
	case KDSETMODE:
		return set_display_mode(console, argument);
	case KDSKBMODE:
		return set_key_mode(console, argument);
	case KDSETLED:
	case KDSKBLED:
		return set_lights(console, command, argument);
	}
	return -ENOTTY;
}

/* ---- switching ------------------------------------------------------------------------------- */

static bool has_files(unsigned int number)
{
	irq_flags flags = spin_lock_irq(&console_lock);
	struct console *console = console_at(number);
	bool is_open = console && console->tty.open_count > 0;

	spin_unlock_irq(&console_lock, flags);
	return is_open;
}

static int put_free_number(user_addr to)
{
	for (unsigned int number = 1; number <= CONSOLE_COUNT; number++) {
		if (!has_files(number))
			return put_user_u32(to, number);
	}
	return put_user_u32(to, UINT32_MAX);
}

/* Nobody has ever been told a signal: v_signal stays what it was, as on Linux. */
static int put_state(user_addr to)
{
	struct vt_stat state = { .v_active = (uint16_t)console_foreground_number(), .v_state = 1 };
	int error = copy_to_user(to, &state.v_active, sizeof(state.v_active));

	for (unsigned int number = 1; number <= CONSOLE_COUNT; number++) {
		if (has_files(number))
			state.v_state |= (uint16_t)(1u << number);
	}
	return error ? error
		     : copy_to_user(user_addr_add(to, offsetof(struct vt_stat, v_state)),
				    &state.v_state, sizeof(state.v_state));
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

/* Until it is in front, or has been since: who is woken may look when it is not any more. */
static int wait_active(uintptr_t number)
{
	unsigned int count;

	if (number == 0 || number > CONSOLE_COUNT)
		return -ENXIO;
	count = console_shown_count((unsigned int)number);
	return wait_event_interruptible(&console_switch_queue,
					console_foreground_number() == number ||
						console_shown_count((unsigned int)number) != count);
}

/* 0: all that nobody uses. */
static int disallocate(uintptr_t number)
{
	enum { LINUX_CONSOLES = 63 };

	if (number > LINUX_CONSOLES)
		return -ENXIO;
	if (number > 0)
		return console_free((unsigned int)number);
	for (unsigned int each = 1; each <= CONSOLE_COUNT; each++)
		(void)!console_free(each);
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
	case VT_DISALLOCATE:
		return disallocate(argument);
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
	case KIOCSOUND:
	case KDMKTONE:
	case KDGETLED:
	case KDSETLED:
	case KDGKBTYPE:
	case KDSETMODE:
	case KDGETMODE:
	case KDGKBMODE:
	case KDSKBMODE:
	case KDGKBMETA:
	case KDSKBMETA:
	case KDGKBLED:
	case KDSKBLED:
		return keyboard_ioctl(console, command, argument);
	case VT_OPENQRY:
	case VT_GETMODE:
	case VT_SETMODE:
	case VT_GETSTATE:
	case VT_ACTIVATE:
	case VT_WAITACTIVE:
	case VT_DISALLOCATE:
		return switching_ioctl(console, command, argument);
	case KDGKBENT:
	case KDSKBENT:
	case KDGKBSENT:
	case KDSKBSENT:
	case KDGETKEYCODE:
	case KDSETKEYCODE:
		return console_keymap_ioctl(console, command, argument, may_configure(console));
	case TIOCLINUX:
		return console_request(tty, argument);
	}
	return -ENOTTY;
}
