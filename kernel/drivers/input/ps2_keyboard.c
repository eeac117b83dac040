/*
 * The PS/2 keyboard (IBM AT technical reference, "Keyboard controller"; IBM PS/2 keyboard
 * commands).
 *
 * The 8042 turns the keyboard's codes into set 1 and interrupts on line 1 for each. The handler
 * gives them to the consoles. A command to the keyboard (its lights) is sent byte by byte, the next
 * when the keyboard has acknowledged the last; acknowledgements come the same way as keys.
 */
#include "drivers/input/ps2_keyboard.h"

#include <stdbool.h>
#include "arch/port_io.h"
#include "core/irq.h"
#include "core/printk.h"
#include "core/spinlock.h"
#include "tty/console.h"

enum {
	PORT_DATA = 0x60,
	PORT_STATUS = 0x64,		/* read */
	PORT_COMMAND = 0x64,		/* write */
	STATUS_OUTPUT_FULL = 0x01,	/* a byte for us */
	STATUS_INPUT_FULL = 0x02,	/* our last one is not taken yet */
	STATUS_FROM_MOUSE = 0x20,

	COMMAND_READ_CONFIGURATION = 0x20,
	COMMAND_WRITE_CONFIGURATION = 0x60,
	COMMAND_DISABLE_MOUSE = 0xa7,
	COMMAND_DISABLE_KEYBOARD = 0xad,
	COMMAND_ENABLE_KEYBOARD = 0xae,
	CONFIGURATION_KEYBOARD_INTERRUPT = 0x01,
	CONFIGURATION_MOUSE_INTERRUPT = 0x02,
	CONFIGURATION_KEYBOARD_OFF = 0x10,
	CONFIGURATION_TRANSLATE = 0x40,

	KEYBOARD_SET_LIGHTS = 0xed,
	KEYBOARD_ENABLE = 0xf4,
	KEYBOARD_ACKNOWLEDGE = 0xfa,
	KEYBOARD_RESEND = 0xfe,

	KEYBOARD_IRQ = 1,
	POLLS_MAX = 20000,		/* about a microsecond each */
	BYTES_MAX = 32,			/* in one interrupt */
};

static struct spinlock lock = SPINLOCK_INIT(LOCK_RANK_DEVICE, "keyboard");
static uint8_t wanted_lights;		/* [lock] */
static uint8_t sending;			/* [lock] the byte that is not acknowledged yet, or 0 */
static bool sends_lights;		/* [lock] `sending` is the argument, not the command */
static bool lights_changed;		/* [lock] while sending: once more afterwards */

static bool wait_status(uint8_t mask, uint8_t wanted)
{
	for (unsigned int i = 0; i < POLLS_MAX; i++) {
		if ((port_read8(PORT_STATUS) & mask) == wanted)
			return true;
		port_delay();
	}
	return false;
}

static bool send_command(uint8_t command)
{
	if (!wait_status(STATUS_INPUT_FULL, 0))
		return false;
	port_write8(PORT_COMMAND, command);
	return true;
}

static bool send_data(uint8_t byte)
{
	if (!wait_status(STATUS_INPUT_FULL, 0))
		return false;
	port_write8(PORT_DATA, byte);
	return true;
}

/* ---- the lights ------------------------------------------------------------------------------ */

static void send_lights_command(void)
{
	sending = KEYBOARD_SET_LIGHTS;
	sends_lights = lights_changed = false;
	(void)send_data(sending);
}

static void acknowledged(void)
{
	if (sending && !sends_lights) {
		sends_lights = true;
		sending = wanted_lights | 0x80; /* never 0; the upper bits are not sent */
		(void)send_data(wanted_lights);
	} else {
		sending = 0;
		if (lights_changed)
			send_lights_command();
	}
}

static void set_lights(uint8_t lights)
{
	irq_flags flags = spin_lock_irq(&lock);

	wanted_lights = lights;
	if (sending)
		lights_changed = true;
	else
		send_lights_command();
	spin_unlock_irq(&lock, flags);
}

static const struct console_keyboard keyboard = { .set_lights = set_lights };

/* ---- keys ------------------------------------------------------------------------------------ */

/* True if the byte was an answer to a command. These are no scan codes of any key. */
static bool take_answer(uint8_t byte)
{
	irq_flags flags;

	if (byte != KEYBOARD_ACKNOWLEDGE && byte != KEYBOARD_RESEND)
		return false;
	flags = spin_lock_irq(&lock);
	if (byte == KEYBOARD_ACKNOWLEDGE)
		acknowledged();
	else
		sending = 0; /* it does not want to; the lights stay wrong */
	spin_unlock_irq(&lock, flags);
	return true;
}

static bool handle_interrupt(void *argument)
{
	bool had_byte = false;

	(void)argument;
	for (unsigned int i = 0; i < BYTES_MAX; i++) {
		uint8_t status = port_read8(PORT_STATUS);
		uint8_t byte;

		if (!(status & STATUS_OUTPUT_FULL))
			break;
		byte = port_read8(PORT_DATA);
		had_byte = true;
		if (!(status & STATUS_FROM_MOUSE) && !take_answer(byte))
			console_scan_code(byte);
	}
	return had_byte;
}

static struct irq_handler handler = { .name = "keyboard", .handle = handle_interrupt };

/* ---- start ----------------------------------------------------------------------------------- */

static void discard_input(void)
{
	for (unsigned int i = 0; i < BYTES_MAX; i++) {
		if (!(port_read8(PORT_STATUS) & STATUS_OUTPUT_FULL))
			break;
		(void)port_read8(PORT_DATA);
	}
}

/* Set-1 codes, interrupts for the keyboard, none for a mouse. */
static bool set_up_controller(void)
{
	uint8_t configuration;

	if (!send_command(COMMAND_DISABLE_KEYBOARD) || !send_command(COMMAND_DISABLE_MOUSE))
		return false;
	discard_input();
	if (!send_command(COMMAND_READ_CONFIGURATION) ||
	    !wait_status(STATUS_OUTPUT_FULL, STATUS_OUTPUT_FULL))
		return false;
	configuration = port_read8(PORT_DATA);
	configuration |= CONFIGURATION_KEYBOARD_INTERRUPT | CONFIGURATION_TRANSLATE;
	configuration &= (uint8_t)~(CONFIGURATION_MOUSE_INTERRUPT | CONFIGURATION_KEYBOARD_OFF);
	return send_command(COMMAND_WRITE_CONFIGURATION) && send_data(configuration) &&
	       send_command(COMMAND_ENABLE_KEYBOARD);
}

void ps2_keyboard_init(void)
{
	if (port_read8(PORT_STATUS) == 0xff || !set_up_controller())
		return;
	/* Its answer is taken here, so that it is not mistaken for one to a later command. */
	if (send_data(KEYBOARD_ENABLE) && wait_status(STATUS_OUTPUT_FULL, STATUS_OUTPUT_FULL))
		(void)port_read8(PORT_DATA);
	if (irq_register(KEYBOARD_IRQ, &handler)) {
		printk(LOG_ERROR, "keyboard: irq %u cannot be had", KEYBOARD_IRQ);
		return;
	}
	console_set_keyboard(&keyboard);
	printk(LOG_INFO, "keyboard: 8042, irq %u", KEYBOARD_IRQ);
}
