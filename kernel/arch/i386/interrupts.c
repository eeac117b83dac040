/*
 * Interrupt controllers: the 8259 pair for devices, the local APIC for what CPUs send each other
 * and themselves.
 *
 * Lines 0 to 15 come at VECTOR_8259 and are acknowledged after their handlers, which run with
 * interrupts off. The 8259 answers a line that went away again as line 7 or 15 without marking it
 * in service; such a strike is nobody's. (Intel 8259A datasheet; 82371SB PIIX3 datasheet for PCI
 * routing.)
 */
#include "arch/irq.h"
#include "arch/port_io.h"
#include "core/irq.h"
#include "core/spinlock.h"
#include "internal.h"
#include "layout.h"

enum {
	PORT_MASTER_COMMAND = 0x20,
	PORT_MASTER_DATA = 0x21,
	PORT_SLAVE_COMMAND = 0xa0,
	PORT_SLAVE_DATA = 0xa1,
	ICW1_INIT_WITH_ICW4 = 0x11,
	ICW4_8086 = 0x01,
	CASCADE_LINE = 2,
	OCW2_SPECIFIC_EOI = 0x60,
	OCW3_READ_IN_SERVICE = 0x0b,

	PORT_ELCR_SLAVE = 0x4d1,	/* bit set: level-triggered; lines 8 to 15 */
	PORT_PCI_ADDRESS = 0xcf8,
	PORT_PCI_DATA = 0xcfc,
	PIIX_PIRQ_DISABLED = 0x80,
};

#define PIIX3_ID	  0x70008086u	/* device 1, function 0 */
#define PIIX_CONFIG(offset) (0x80000000u | 1u << 11 | (offset))
#define PIIX_PIRQ_OFFSET  0x60
#define PIIX_ROUTES	  0x0b0b0a0au	/* PIRQA, B: line 10; PIRQC, D: line 11 */
#define ELCR_10_AND_11	  0x0c

static struct spinlock mask_lock = SPINLOCK_INIT(LOCK_RANK_LEAF, "8259");
static uint16_t mask = 0xffff & ~(1u << CASCADE_LINE);	/* [mask_lock] bit set: silent */

static void write_mask(void)
{
	port_write8(PORT_MASTER_DATA, (uint8_t)mask);
	port_write8(PORT_SLAVE_DATA, (uint8_t)(mask >> 8));
}

static void init_8259(void)
{
	port_write8(PORT_MASTER_COMMAND, ICW1_INIT_WITH_ICW4);
	port_write8(PORT_SLAVE_COMMAND, ICW1_INIT_WITH_ICW4);
	port_write8(PORT_MASTER_DATA, VECTOR_8259);
	port_write8(PORT_SLAVE_DATA, VECTOR_8259 + 8);
	port_write8(PORT_MASTER_DATA, 1 << CASCADE_LINE);
	port_write8(PORT_SLAVE_DATA, CASCADE_LINE);
	port_write8(PORT_MASTER_DATA, ICW4_8086);
	port_write8(PORT_SLAVE_DATA, ICW4_8086);
	write_mask();
	port_write8(PORT_MASTER_COMMAND, OCW3_READ_IN_SERVICE);
	port_write8(PORT_SLAVE_COMMAND, OCW3_READ_IN_SERVICE);
}

static uint32_t piix_read(unsigned int offset)
{
	port_write32(PORT_PCI_ADDRESS, PIIX_CONFIG(offset));
	return port_read32(PORT_PCI_DATA);
}

/*
 * A machine without firmware has a PIIX3 that routes nothing. Reset leaves 0x80 in each byte, one
 * emulator 0.
 */
static void route_pci(void)
{
	uint32_t routes;

	if (piix_read(0) != PIIX3_ID)
		return;
	routes = piix_read(PIIX_PIRQ_OFFSET);
	if (routes != 0 && routes != 0x80808080)
		return;
	port_write32(PORT_PCI_DATA, PIIX_ROUTES);
	port_write8(PORT_ELCR_SLAVE, port_read8(PORT_ELCR_SLAVE) | ELCR_10_AND_11);
}

unsigned int arch_pci_irq(unsigned int device, unsigned int pin)
{
	unsigned int pirq = (pin - 1 + device - 1) & 3;
	uint32_t route;

	if (pin == 0 || piix_read(0) != PIIX3_ID)
		return 0;
	route = piix_read(PIIX_PIRQ_OFFSET) >> 8 * pirq & 0xff;
	return route & PIIX_PIRQ_DISABLED ? 0 : route & 15;
}

void interrupts_init(void)
{
	init_8259();
	route_pci();
}

void arch_irq_unmask(unsigned int irq)
{
	irq_flags flags = spin_lock_irq(&mask_lock);

	mask &= (uint16_t)~(1u << irq);
	write_mask();
	spin_unlock_irq(&mask_lock, flags);
}

void arch_irq_mask(unsigned int irq)
{
	irq_flags flags = spin_lock_irq(&mask_lock);

	mask |= (uint16_t)(1u << irq);
	write_mask();
	spin_unlock_irq(&mask_lock, flags);
}

static void acknowledge(unsigned int irq)
{
	if (irq >= 8) {
		port_write8(PORT_SLAVE_COMMAND, (uint8_t)(OCW2_SPECIFIC_EOI | (irq - 8)));
		irq = CASCADE_LINE;
	}
	port_write8(PORT_MASTER_COMMAND, (uint8_t)(OCW2_SPECIFIC_EOI | irq));
}

/*
 * Line 7 of either chip, without being in service. A false line 15 still occupies the master's
 * cascade line.
 */
static bool is_spurious(unsigned int irq)
{
	if (irq == 7)
		return !(port_read8(PORT_MASTER_COMMAND) & 0x80);
	if (irq != 15 || port_read8(PORT_SLAVE_COMMAND) & 0x80)
		return false;
	acknowledge(CASCADE_LINE);
	return true;
}

static void handle_line(unsigned int irq)
{
	if (is_spurious(irq))
		return;
	if (alarm_uses_irq(irq))
		alarm_interrupt();
	else
		irq_dispatch(irq);
	acknowledge(irq);
}

void interrupts_handle(unsigned int vector)
{
	switch (vector) {
	case VECTOR_8259 ... VECTOR_8259 + IRQ_LINES - 1:
		handle_line(vector - VECTOR_8259);
		break;
	case VECTOR_ALARM:
		apic_end_of_interrupt();
		alarm_interrupt();
		break;
	case VECTOR_RESCHEDULE:
		/* The sender has set return_work; coming here is enough. */
		apic_end_of_interrupt();
		break;
	case VECTOR_CALL:
		apic_end_of_interrupt();
		ipi_handle_calls();
		break;
	default:
		/* VECTOR_SPURIOUS wants no acknowledgement, and nothing sends others. */
		break;
	}
}
