/*
 * PCI: finding devices and their registers.
 */
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include "core/compiler.h"
#include "core/types.h"

/* Offsets in configuration space (PCI Local Bus Specification 3.0, section 6.1). */
enum pci_register {
	PCI_VENDOR_ID = 0x00,
	PCI_COMMAND = 0x04,
	PCI_STATUS = 0x06,
	PCI_REVISION = 0x08,
	PCI_HEADER_TYPE = 0x0e,
	PCI_BAR_0 = 0x10,
	PCI_SECONDARY_BUS = 0x19,	/* bridges only */
	PCI_CAPABILITIES = 0x34,
	PCI_INTERRUPT_LINE = 0x3c,
	PCI_INTERRUPT_PIN = 0x3d,
};

#define PCI_CAPABILITY_VENDOR	0x09
#define PCI_CLASS_STORAGE	0x01
#define PCI_SUBCLASS_IDE	0x01
#define PCI_CLASS_BRIDGE	0x06
#define PCI_SUBCLASS_PCI_BRIDGE 0x04
#define PCI_BAR_COUNT		6

/* All fields are immutable once pci_init has found the device, but driver and driver_data. */
struct pci_device {
	uint8_t bus, device, function;
	uint16_t vendor_id, device_id;
	uint8_t class_code, subclass, interface, revision;
	uint8_t interrupt_pin;		/* 1 is INTA; 0: none */
	unsigned int irq;		/* routed line; 0: none */
	/* size 0: not there. The upper half of a 64-bit one is not there. */
	struct pci_bar { phys_addr address; uint32_t size; bool is_io; } bars[PCI_BAR_COUNT];
	const struct pci_driver *driver;	/* NULL: none attached */
	void *driver_data;		/* its driver's */
	struct pci_device *next;	/* in the order found */
};

/* What a driver attaches to: -1 in a field matches anything. */
struct pci_match { int32_t vendor_id, device_id, class_code, subclass; };

struct pci_driver {
	const char *name;
	const struct pci_match *matches;
	unsigned int match_count;
	/* once a device; may sleep; an error leaves it as found */
	int (*attach)(struct pci_device *device);
};

/*
 * Every PCI driver of this kernel, in the order in which each is offered a device; ends with NULL
 * (drivers.c).
 */
extern const struct pci_driver *const pci_drivers[];

/*
 * Find all functions, size their BARs once, route interrupts, offer each to the drivers of
 * drivers.c.
 */
void pci_init(void);

/* The devices found, in order; NULL starts and ends. */
const struct pci_device *pci_device_next(const struct pci_device *device);

/*
 * `width`: 1, 2 or 4 bytes; `offset` a multiple of it. Only for functions that exist. Any context.
 */
uint32_t pci_config_read(const struct pci_device *device, unsigned int offset, unsigned int width);
void pci_config_write(const struct pci_device *device, unsigned int offset, unsigned int width,
		      uint32_t value);

/* Let the device answer at its BARs, interrupt by INTx, and (if `bus_master`) reach memory. */
void pci_enable(const struct pci_device *device, bool bus_master);

/* The next capability `id` after offset `previous` (0: from the start); 0: there is none. */
unsigned int pci_capability_next(const struct pci_device *device, unsigned int previous,
				 unsigned int id);
