/*
 * Serial lines: 8250 to 16550A UARTs (National Semiconductor PC16550D datasheet), on ISA interrupts
 * 4 and 3.
 *
 * A port's registers are protected by its terminal's lock: the line discipline calls us with it
 * held, and the interrupt handler takes it. The transmitter of the first port is also written by
 * the kernel's log (early_console.c).
 *
 * Sending: whenever the transmitter is empty its FIFO is filled whole, 16 bytes for one look at the
 * line status. Emulated UARTs are empty again at once, so a long write goes out without any
 * interrupt; a real one interrupts when it is.
 *
 * Receiving: everything the FIFO holds goes to the line discipline. When that has no room, the
 * receive interrupt is turned off and the bytes stay where they are; resume_input goes on. What the
 * sender then does is RTS's business (or the emulator's, which waits).
 *
 * Lines 4 and 3 are edge-triggered and each may be shared by two ports, so a handler looks at all
 * ports of its line until none of them wants anything: only then the next edge can come.
 */
#include "drivers/char/serial.h"

#include "arch/machine.h"
#include "arch/port_io.h"
#include "core/irq.h"
#include "core/panic.h"
#include "core/printk.h"
#include "lib/format.h"
#include "mem/kmalloc.h"
#include "tty/tty.h"
#include "tty/tty_numbers.h"
#include "uapi/linux/errno.h"

/* Registers, from the port's base (section 8.0). */
enum {
	REGISTER_DATA = 0,
	REGISTER_INTERRUPT_ENABLE = 1,
	REGISTER_INTERRUPT_ID = 2,	/* read */
	REGISTER_FIFO_CONTROL = 2,	/* write */
	REGISTER_LINE_CONTROL = 3,
	REGISTER_MODEM_CONTROL = 4,
	REGISTER_LINE_STATUS = 5,
	REGISTER_MODEM_STATUS = 6,
	REGISTER_SCRATCH = 7,
	REGISTER_DIVISOR_LOW = 0,	/* while LINE_DIVISOR_LATCH is set */
	REGISTER_DIVISOR_HIGH = 1,

	INTERRUPT_RECEIVED = 0x01,
	INTERRUPT_TRANSMITTER = 0x02,
	INTERRUPT_NONE_PENDING = 0x01,
	INTERRUPT_HAS_FIFO = 0xc0,

	FIFO_ENABLE_TRIGGER_8 = 0x81,

	LINE_TWO_STOP_BITS = 0x04,
	LINE_PARITY = 0x08,
	LINE_PARITY_EVEN = 0x10,
	LINE_PARITY_STICK = 0x20,
	LINE_BREAK = 0x40,
	LINE_DIVISOR_LATCH = 0x80,

	MODEM_DTR = 0x01,
	MODEM_RTS = 0x02,
	MODEM_OUT1 = 0x04,
	MODEM_OUT2 = 0x08,		/* gates the interrupt on a PC */
	MODEM_LOOP = 0x10,

	STATUS_RECEIVED = 0x01,
	STATUS_OVERRUN = 0x02,
	STATUS_PARITY = 0x04,
	STATUS_FRAME = 0x08,
	STATUS_BREAK = 0x10,
	STATUS_TRANSMITTER_EMPTY = 0x20,
	STATUS_ALL_SENT = 0x40,
	STATUS_ERRORS = STATUS_OVERRUN | STATUS_PARITY | STATUS_FRAME | STATUS_BREAK,

	FIFO_SIZE = 16,
	CLOCK_BAUD = 115200,
	PORT_COUNT = 4,
	LINE_COUNT = 2,
	INTERRUPT_ROUNDS_MAX = 256,	/* a broken UART must not hold the CPU for ever */
};

/* [I] immutable  [l] tty.lock */
struct serial_port {
	struct tty tty;
	uint16_t base;			/* [I] first I/O port */
	unsigned int fifo_size;		/* [I] 16, or 1 without a FIFO */
	uint8_t interrupts;		/* [l] what REGISTER_INTERRUPT_ENABLE holds */
	uint8_t modem_control;		/* [l] what REGISTER_MODEM_CONTROL holds */
	uint8_t line_control;		/* [l] what REGISTER_LINE_CONTROL holds */
	uint8_t pending[FIFO_SIZE];	/* [l] taken from the terminal, for the next empty FIFO */
	unsigned int pending_count;	/* [l] */
};

/* The two interrupt lines and their ports. [I] after serial_init */
struct serial_line {
	struct irq_handler handler;
	struct serial_port *ports[PORT_COUNT / LINE_COUNT];
};

static const struct {
	uint16_t base;
	unsigned int irq;
} places[PORT_COUNT] = { { 0x3f8, 4 }, { 0x2f8, 3 }, { 0x3e8, 4 }, { 0x2e8, 3 } };

static struct serial_port *ports[PORT_COUNT]; /* [I] after serial_init; NULL: none there */
static struct serial_line lines[LINE_COUNT];

static inline struct serial_port *port_of(struct tty *tty)
{
	return container_of(tty, struct serial_port, tty);
}

static inline uint8_t read_register(const struct serial_port *port, unsigned int index)
{
	return port_read8((uint16_t)(port->base + index));
}

static inline void write_register(const struct serial_port *port, unsigned int index, uint8_t value)
{
	port_write8((uint16_t)(port->base + index), value);
}

static void set_interrupts(struct serial_port *port, uint8_t set, uint8_t clear)
{
	uint8_t wanted = (uint8_t)((port->interrupts | set) & ~clear);

	if (wanted == port->interrupts)
		return;
	port->interrupts = wanted;
	write_register(port, REGISTER_INTERRUPT_ENABLE, wanted);
}

/* ---- sending --------------------------------------------------------------------------------- */

/* Fill the FIFO with what is pending; false: it is still busy. */
static bool send_pending(struct serial_port *port)
{
	bool is_shared = early_console_uses(port->base);
	irq_flags flags = 0;
	bool is_empty;

	if (is_shared)
		flags = early_console_lock();
	is_empty = read_register(port, REGISTER_LINE_STATUS) & STATUS_TRANSMITTER_EMPTY;
	for (unsigned int i = 0; is_empty && i < port->pending_count; i++)
		write_register(port, REGISTER_DATA, port->pending[i]);
	if (is_shared)
		early_console_unlock(flags);
	if (is_empty)
		port->pending_count = 0;
	return is_empty;
}

static void serial_start_output(struct tty *tty)
{
	struct serial_port *port = port_of(tty);

	for (;;) {
		if (port->pending_count == 0)
			port->pending_count =
				(unsigned int)tty_take_output(tty, port->pending, port->fifo_size);
		if (port->pending_count == 0) {
			set_interrupts(port, 0, INTERRUPT_TRANSMITTER);
			return;
		}
		if (!send_pending(port)) {
			set_interrupts(port, INTERRUPT_TRANSMITTER, 0);
			return;
		}
	}
}

static void serial_flush_output(struct tty *tty)
{
	port_of(tty)->pending_count = 0;
}

static bool serial_is_sent(struct tty *tty)
{
	struct serial_port *port = port_of(tty);

	return port->pending_count == 0 &&
	       (read_register(port, REGISTER_LINE_STATUS) & STATUS_ALL_SENT);
}

/* ---- receiving ------------------------------------------------------------------------------- */

static enum line_error error_of(uint8_t status)
{
	if (status & STATUS_BREAK)
		return LINE_ERROR_BREAK;
	if (status & STATUS_PARITY)
		return LINE_ERROR_PARITY;
	return status & STATUS_FRAME ? LINE_ERROR_FRAME : LINE_ERROR_OVERRUN;
}

/* One byte, whose line status is `status`. */
static void receive_byte(struct serial_port *port, uint8_t status)
{
	uint8_t byte = read_register(port, REGISTER_DATA);

	if (!(port->tty.line.termios.c_cflag & CREAD))
		return;
	if (status & STATUS_ERRORS)
		tty_receive_error_locked(&port->tty, error_of(status), byte);
	else
		(void)!tty_receive_locked(&port->tty, byte);
}

static void receive_all(struct serial_port *port)
{
	bool has_received = false;

	for (unsigned int round = 0; round < INTERRUPT_ROUNDS_MAX; round++) {
		uint8_t status = read_register(port, REGISTER_LINE_STATUS);

		if (!(status & (STATUS_RECEIVED | STATUS_BREAK)))
			break;
		if (!line_discipline_has_room(&port->tty.line)) {
			port->tty.input_is_held = true;
			set_interrupts(port, 0, INTERRUPT_RECEIVED);
			break;
		}
		receive_byte(port, status);
		has_received = true;
	}
	if (has_received)
		tty_received_locked(&port->tty);
}

static void serial_resume_input(struct tty *tty)
{
	struct serial_port *port = port_of(tty);

	set_interrupts(port, INTERRUPT_RECEIVED, 0);
	receive_all(port);
}

/* True if the port wanted something. */
static bool service_port(struct serial_port *port)
{
	irq_flags flags = spin_lock_irq(&port->tty.lock);
	bool is_pending =
		!(read_register(port, REGISTER_INTERRUPT_ID) & INTERRUPT_NONE_PENDING);

	if (is_pending) {
		receive_all(port);
		serial_start_output(&port->tty);
		(void)read_register(port, REGISTER_MODEM_STATUS);
	}
	spin_unlock_irq(&port->tty.lock, flags);
	return is_pending;
}

static bool handle_interrupt(void *argument)
{
	struct serial_line *line = argument;
	bool was_wanted = false;

	for (unsigned int round = 0; round < INTERRUPT_ROUNDS_MAX; round++) {
		bool is_pending = false;

		for (unsigned int i = 0; i < ARRAY_SIZE(line->ports); i++) {
			if (line->ports[i])
				is_pending |= service_port(line->ports[i]);
		}
		if (!is_pending)
			break;
		was_wanted = true;
	}
	return was_wanted;
}

/* ---- settings -------------------------------------------------------------------------------- */

static void set_modem_control(struct serial_port *port, uint8_t set, uint8_t clear)
{
	port->modem_control = (uint8_t)((port->modem_control | set) & ~clear);
	write_register(port, REGISTER_MODEM_CONTROL, port->modem_control);
}

static uint8_t line_control_of(const struct termios2 *termios)
{
	/* CS5 to CS8 are 0 to 3 in both. */
	uint8_t control = (uint8_t)((termios->c_cflag & CSIZE) >> 4);

	if (termios->c_cflag & CSTOPB)
		control |= LINE_TWO_STOP_BITS;
	if (termios->c_cflag & PARENB)
		control |= LINE_PARITY;
	if (!(termios->c_cflag & PARODD))
		control |= LINE_PARITY_EVEN;
	if (termios->c_cflag & CMSPAR)
		control |= LINE_PARITY_STICK;
	return control;
}

static void serial_set_termios(struct tty *tty, const struct termios2 *old)
{
	struct serial_port *port = port_of(tty);
	const struct termios2 *termios = &tty->line.termios;
	uint32_t speed = termios->c_ospeed;
	uint32_t divisor = speed ? CLOCK_BAUD / speed : 1;

	port->line_control = line_control_of(termios);
	if (divisor == 0)
		divisor = 1; /* as fast as it goes */
	if (speed != old->c_ospeed) {
		write_register(port, REGISTER_LINE_CONTROL,
			       port->line_control | LINE_DIVISOR_LATCH);
		write_register(port, REGISTER_DIVISOR_LOW, (uint8_t)divisor);
		write_register(port, REGISTER_DIVISOR_HIGH, (uint8_t)(divisor >> 8));
	}
	write_register(port, REGISTER_LINE_CONTROL, port->line_control);
	/* Speed 0 hangs up; leaving it takes the line up again. */
	if (!speed)
		set_modem_control(port, 0, MODEM_DTR | MODEM_RTS);
	else if (!old->c_ospeed)
		set_modem_control(port, MODEM_DTR | MODEM_RTS, 0);
}

static void serial_set_break(struct tty *tty, bool on)
{
	struct serial_port *port = port_of(tty);

	write_register(port, REGISTER_LINE_CONTROL,
		       (uint8_t)(port->line_control | (on ? LINE_BREAK : 0)));
}

/* Linux's bits and the datasheet's, in both registers. */
static const struct {
	uint32_t tiocm;
	uint8_t bit;
} control_bits[] = { { TIOCM_DTR, MODEM_DTR },
		     { TIOCM_RTS, MODEM_RTS },
		     { TIOCM_OUT1, MODEM_OUT1 },
		     { TIOCM_LOOP, MODEM_LOOP } },
  status_bits[] = { { TIOCM_CTS, 0x10 },
		    { TIOCM_DSR, 0x20 },
		    { TIOCM_RNG, 0x40 },
		    { TIOCM_CAR, 0x80 } };

static uint32_t serial_modem_lines(struct tty *tty)
{
	struct serial_port *port = port_of(tty);
	uint8_t status = read_register(port, REGISTER_MODEM_STATUS);
	uint32_t lines_on = port->modem_control & MODEM_OUT2 ? TIOCM_OUT2 : 0;

	for (unsigned int i = 0; i < ARRAY_SIZE(control_bits); i++) {
		if (port->modem_control & control_bits[i].bit)
			lines_on |= control_bits[i].tiocm;
	}
	for (unsigned int i = 0; i < ARRAY_SIZE(status_bits); i++) {
		if (status & status_bits[i].bit)
			lines_on |= status_bits[i].tiocm;
	}
	return lines_on;
}

/* OUT2 is not for programs: without it there are no interrupts. */
static void serial_set_modem_lines(struct tty *tty, uint32_t set, uint32_t clear)
{
	uint8_t bits_set = 0, bits_clear = 0;

	for (unsigned int i = 0; i < ARRAY_SIZE(control_bits); i++) {
		if (set & control_bits[i].tiocm)
			bits_set |= control_bits[i].bit;
		if (clear & control_bits[i].tiocm)
			bits_clear |= control_bits[i].bit;
	}
	set_modem_control(port_of(tty), bits_set, bits_clear);
}

static int serial_open(struct tty *tty)
{
	struct serial_port *port = port_of(tty);
	irq_flags flags = spin_lock_irq(&tty->lock);

	set_modem_control(port, MODEM_DTR | MODEM_RTS | MODEM_OUT2, 0);
	set_interrupts(port, INTERRUPT_RECEIVED, 0);
	receive_all(port);
	spin_unlock_irq(&tty->lock, flags);
	return 0;
}

/*
 * What was written still goes out. Bytes that come from now on stay in the FIFO for the next who
 * opens.
 */
static void serial_close(struct tty *tty)
{
	struct serial_port *port = port_of(tty);
	irq_flags flags = spin_lock_irq(&tty->lock);

	set_interrupts(port, 0, INTERRUPT_RECEIVED);
	if (tty->line.termios.c_cflag & HUPCL)
		set_modem_control(port, 0, MODEM_DTR | MODEM_RTS);
	spin_unlock_irq(&tty->lock, flags);
}

static const struct tty_driver_ops serial_ops = {
	.open = serial_open,
	.close = serial_close,
	.start_output = serial_start_output,
	.resume_input = serial_resume_input,
	.flush_output = serial_flush_output,
	.is_sent = serial_is_sent,
	.set_termios = serial_set_termios,
	.set_break = serial_set_break,
	.modem_lines = serial_modem_lines,
	.set_modem_lines = serial_set_modem_lines,
};

/* ---- finding the ports ----------------------------------------------------------------------- */

static int serial_find(dev_number number, struct tty **out)
{
	struct serial_port *port = ports[number - TTY_SERIAL_NUMBER(0)];

	if (!port)
		return -ENXIO;
	tty_get(&port->tty);
	*out = &port->tty;
	return 0;
}

static struct tty_kind serial_kind = {
	.numbers = { .first = TTY_SERIAL_NUMBER(0), .count = PORT_COUNT, .find = serial_find },
	.name = "ttyS",
};

/* Nothing at an I/O port reads as ones; the upper half of the interrupt register is always 0. */
static bool is_present(uint16_t base)
{
	port_write8(base + REGISTER_INTERRUPT_ENABLE, 0);
	return port_read8(base + REGISTER_LINE_STATUS) != 0xff &&
	       (port_read8(base + REGISTER_INTERRUPT_ENABLE) & 0xf0) == 0;
}

/* 115200 8N1, which is also what the boot loader or the early console has left. */
static void set_up_port(struct serial_port *port)
{
	struct termios2 *termios = &port->tty.line.termios;
	const struct termios2 none = { .c_ospeed = 1 };

	termios->c_cflag = B115200 | CS8 | CREAD | HUPCL | CLOCAL;
	termios->c_ispeed = termios->c_ospeed = CLOCK_BAUD;
	serial_set_termios(&port->tty, &none);
	write_register(port, REGISTER_FIFO_CONTROL, FIFO_ENABLE_TRIGGER_8);
	port->fifo_size = (read_register(port, REGISTER_INTERRUPT_ID) & INTERRUPT_HAS_FIFO) ==
					  INTERRUPT_HAS_FIFO ?
				  FIFO_SIZE :
				  1;
	set_modem_control(port, MODEM_OUT2, 0);
}

static void attach_port(unsigned int index)
{
	struct serial_port *port = kzalloc(sizeof(*port), 0);
	uint8_t *buffers = kmalloc(TTY_BUFFERS_SIZE, 0);
	struct serial_line *line = &lines[places[index].irq == 4 ? 0 : 1];
	char name[8];

	if (!port || !buffers) {
		printk(LOG_ERROR, "ttyS%u: no memory", index);
		kfree(buffers);
		kfree(port);
		return;
	}
	snprintf(name, sizeof(name), "ttyS%u", index);
	tty_init_one(&port->tty, &serial_ops, TTY_SERIAL_NUMBER(index), buffers);
	port->base = places[index].base;
	set_up_port(port);
	ports[index] = port;
	line->ports[index / LINE_COUNT] = port;
	tty_offer_console(name, &port->tty);
	tty_add_node(name, port->tty.device, 0660, NULL);
	printk(LOG_INFO, "%s: %s at I/O port %x, irq %u", name,
	       port->fifo_size > 1 ? "16550A" : "8250", port->base, places[index].irq);
}

static void register_line(struct serial_line *line, unsigned int irq)
{
	if (!line->ports[0] && !line->ports[1])
		return;
	line->handler = (struct irq_handler){
		.name = "serial",
		.handle = handle_interrupt,
		.argument = line,
	};
	if (irq_register(irq, &line->handler))
		printk(LOG_ERROR, "serial: irq %u cannot be had", irq);
}

void serial_init(void)
{
	for (unsigned int i = 0; i < PORT_COUNT; i++) {
		if (is_present(places[i].base))
			attach_port(i);
	}
	register_line(&lines[0], 4);
	register_line(&lines[1], 3);
	tty_kind_register(&serial_kind);
}
