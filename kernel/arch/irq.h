/*
 * The interrupt controllers: lines in, acknowledgements out.
 *
 * Device lines always come through the 8259 pair to the boot CPU. An I/O APIC would spread them,
 * but which of its pins a PCI device drives is known only to firmware byte code (ACPI _PRT), while
 * the line that firmware wrote to the device's interrupt register, or PIIX3 routing, is right for
 * the 8259 on every machine.
 */
#pragma once
#include <stdbool.h>

/* Called by core/irq.c when the first handler of a line comes. `irq` below IRQ_LINES. */
#define IRQ_LINES 16
void arch_irq_unmask(unsigned int irq);
void arch_irq_mask(unsigned int irq);

/*
 * The line that PCI device `device`'s pin (1 = INTA) is routed to on a PIIX3 when the firmware left
 * no word.
 */
unsigned int arch_pci_irq(unsigned int device, unsigned int pin);
