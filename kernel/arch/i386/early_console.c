/*
 * The first console: the serial port at 3F8, polled (16550 datasheet). No interrupts, no buffer, so
 * it works from the first line to the last of a panic. The serial driver later shares the port:
 * both only write bytes when the transmitter is empty.
 */
#include "arch/machine.h"
#include "arch/port_io.h"
#include "core/panic.h"
#include "core/printk.h"
#include "core/spinlock.h"
#include "internal.h"

enum {
	PORT_SERIAL = 0x3f8,
	PORT_INTERRUPT_ENABLE = PORT_SERIAL + 1,
	PORT_FIFO_CONTROL = PORT_SERIAL + 2,
	PORT_LINE_CONTROL = PORT_SERIAL + 3,
	PORT_MODEM_CONTROL = PORT_SERIAL + 4,
	PORT_LINE_STATUS = PORT_SERIAL + 5,
	PORT_SCRATCH = PORT_SERIAL + 7,
	LINE_DIVISOR_LATCH = 0x80,
	LINE_8N1 = 0x03,
	FIFO_ENABLE_AND_CLEAR = 0x07,
	MODEM_DTR_RTS_OUT2 = 0x0b,
	STATUS_TRANSMITTER_EMPTY = 0x20,
	POLLS_MAX = 100000,
};

static struct spinlock output_lock = SPINLOCK_INIT(LOCK_RANK_SERIAL_OUTPUT, "serial output");

bool early_console_uses(uint16_t port)
{
	return port == PORT_SERIAL;
}

irq_flags early_console_lock(void)
{
	return spin_lock_irq(&output_lock);
}

void early_console_unlock(irq_flags flags)
{
	spin_unlock_irq(&output_lock, flags);
}

static void write_byte(char byte)
{
	for (unsigned int i = 0; i < POLLS_MAX; i++) {
		if (port_read8(PORT_LINE_STATUS) & STATUS_TRANSMITTER_EMPTY)
			break;
	}
	port_write8(PORT_SERIAL, (uint8_t)byte);
}

static void write_text(const char *text, size_t length)
{
	bool is_shared = !panic_in_progress();
	irq_flags flags = 0;

	if (is_shared)
		flags = spin_lock_irq(&output_lock);
	for (size_t i = 0; i < length; i++) {
		if (text[i] == '\n')
			write_byte('\r');
		write_byte(text[i]);
	}
	if (is_shared)
		spin_unlock_irq(&output_lock, flags);
}

static struct log_console serial_console = { .name = "serial", .write = write_text };

void early_console_init(void)
{
	port_write8(PORT_SCRATCH, 0x5a);
	if (port_read8(PORT_SCRATCH) != 0x5a && port_read8(PORT_LINE_STATUS) == 0xff)
		return;
	port_write8(PORT_INTERRUPT_ENABLE, 0);
	port_write8(PORT_LINE_CONTROL, LINE_DIVISOR_LATCH);
	port_write8(PORT_SERIAL, 1);	/* 115200 baud */
	port_write8(PORT_INTERRUPT_ENABLE, 0);
	port_write8(PORT_LINE_CONTROL, LINE_8N1);
	port_write8(PORT_FIFO_CONTROL, FIFO_ENABLE_AND_CLEAR);
	port_write8(PORT_MODEM_CONTROL, MODEM_DTR_RTS_OUT2);
	printk_add_console(&serial_console);
}
