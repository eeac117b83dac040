/*
 * PCI by configuration mechanism 1 (ports CF8 and CFC): enumeration, BARs, interrupt lines.
 *
 * Buses are walked from bus 0 through the bridges that firmware numbered; nothing is assigned anew.
 * Functions that may be absent are probed with 32-bit reads only: one virtual machine that we run
 * on faults on narrower accesses to them. Each BAR is sized exactly once, decoding off.
 *
 * Everything here is filled by pci_init on one thread and constant afterwards; config_lock only
 * keeps the address and data ports of one access together.
 */
#include "drivers/pci/pci.h"

#include "arch/irq.h"
#include "arch/port_io.h"
#include "core/printk.h"
#include "core/spinlock.h"
#include "lib/bitmap.h"
#include "mem/kmalloc.h"

#define CONFIG_ADDRESS_PORT 0xcf8
#define CONFIG_DATA_PORT    0xcfc
#define CONFIG_ENABLE	    0x80000000u

#define COMMAND_IO		0x001u
#define COMMAND_MEMORY		0x002u
#define COMMAND_BUS_MASTER	0x004u
#define COMMAND_NO_INTX		0x400u
#define STATUS_HAS_CAPABILITIES 0x10u

#define HEADER_TYPE_MASK	0x7fu
#define HEADER_MULTI_FUNCTION	0x80u
#define BUS_COUNT		256
#define DEVICES_PER_BUS		32
#define FUNCTIONS_PER_DEVICE	8

static struct spinlock config_lock = SPINLOCK_INIT(LOCK_RANK_DEVICE, "pci config");
static struct pci_device *first_device;	/* [I] after pci_init */

static uint32_t config_address(const struct pci_device *device, unsigned int offset)
{
	return CONFIG_ENABLE | (uint32_t)device->bus << 16 | (uint32_t)device->device << 11 |
	       (uint32_t)device->function << 8 | (offset & 0xfcu);
}

uint32_t pci_config_read(const struct pci_device *device, unsigned int offset, unsigned int width)
{
	irq_flags flags = spin_lock_irq(&config_lock);
	uint32_t value;

	port_write32(CONFIG_ADDRESS_PORT, config_address(device, offset));
	value = port_read32(CONFIG_DATA_PORT) >> (offset % 4 * 8);
	spin_unlock_irq(&config_lock, flags);
	return width == 4 ? value : value & ((1u << (width * 8)) - 1);
}

void pci_config_write(const struct pci_device *device, unsigned int offset, unsigned int width,
		      uint32_t value)
{
	uint16_t port = (uint16_t)(CONFIG_DATA_PORT + offset % 4);
	irq_flags flags = spin_lock_irq(&config_lock);

	port_write32(CONFIG_ADDRESS_PORT, config_address(device, offset));
	if (width == 1)
		port_write8(port, (uint8_t)value);
	else if (width == 2)
		port_write16(port, (uint16_t)value);
	else
		port_write32(port, value);
	spin_unlock_irq(&config_lock, flags);
}

void pci_enable(const struct pci_device *device, bool bus_master)
{
	uint32_t command = pci_config_read(device, PCI_COMMAND, 2);

	command |= COMMAND_IO | COMMAND_MEMORY | (bus_master ? COMMAND_BUS_MASTER : 0);
	pci_config_write(device, PCI_COMMAND, 2, command & ~COMMAND_NO_INTX);
}

unsigned int pci_capability_next(const struct pci_device *device, unsigned int previous,
				 unsigned int id)
{
	unsigned int offset = previous ? previous + 1 : PCI_CAPABILITIES;

	if (!(pci_config_read(device, PCI_STATUS, 2) & STATUS_HAS_CAPABILITIES))
		return 0;
	/*
	 * A capability takes 4 bytes at least and lies above the header: more steps would be a
	 * loop.
	 */
	for (unsigned int steps = 0; steps < (256 - 64) / 4; steps++) {
		offset = pci_config_read(device, offset, 1) & 0xfcu;
		if (offset < 0x40)
			return 0;
		if (pci_config_read(device, offset, 1) == id)
			return offset;
		offset++;
	}
	return 0;
}

/* Size BAR `index`, decoding being off; returns how many registers it takes. */
static unsigned int size_bar(struct pci_device *device, unsigned int index, unsigned int count)
{
	struct pci_bar *bar = &device->bars[index];
	unsigned int offset = PCI_BAR_0 + index * 4;
	uint32_t old = pci_config_read(device, offset, 4);
	bool is_64_bit = (old & 7) == 4 && index + 1 < count;
	uint32_t mask, flag_bits;

	pci_config_write(device, offset, 4, ~0u);
	mask = pci_config_read(device, offset, 4);
	pci_config_write(device, offset, 4, old);
	if (mask == 0)
		return 1;
	bar->is_io = old & 1;
	flag_bits = bar->is_io ? 3 : 15;
	bar->address = old & ~flag_bits;
	mask &= ~flag_bits;
	/* I/O BARs may have only 16 bits. Size 0 would be 4 GiB or nothing; neither is usable. */
	if (bar->is_io && !(mask & 0xffff0000u))
		mask |= 0xffff0000u;
	bar->size = ~mask + 1;
	if (!is_64_bit)
		return 1;
	old = pci_config_read(device, offset + 4, 4);
	bar->address |= (phys_addr)old << 32;
	pci_config_write(device, offset + 4, 4, ~0u);
	(void)pci_config_read(device, offset + 4, 4);
	pci_config_write(device, offset + 4, 4, old);
	return 2;
}

static void size_bars(struct pci_device *device, unsigned int header_type)
{
	unsigned int count = header_type == 0 ? PCI_BAR_COUNT : header_type == 1 ? 2 : 0;
	uint32_t command = pci_config_read(device, PCI_COMMAND, 2);

	pci_config_write(device, PCI_COMMAND, 2, command & ~(COMMAND_IO | COMMAND_MEMORY));
	for (unsigned int index = 0; index < count;)
		index += size_bar(device, index, count);
	pci_config_write(device, PCI_COMMAND, 2, command);
}

/* The firmware's word about the line, or else the wiring of the board. */
static void route_interrupt(struct pci_device *device)
{
	uint32_t line = pci_config_read(device, PCI_INTERRUPT_LINE, 1);

	device->interrupt_pin = (uint8_t)pci_config_read(device, PCI_INTERRUPT_PIN, 1);
	if (device->interrupt_pin == 0 || device->interrupt_pin > 4) {
		device->interrupt_pin = 0;
		return;
	}
	if (line == 0 || line >= 16) {
		line = arch_pci_irq(device->device, device->interrupt_pin);
		pci_config_write(device, PCI_INTERRUPT_LINE, 1, line);
	}
	device->irq = line;
}

/*
 * Look at one function. Returns its header type with the multi-function bit, or -1 if there is
 * none. A bridge's bus is noted in `buses`, to be walked in turn.
 */
static int probe_function(struct pci_device *place, struct pci_device ***end, uint32_t *buses)
{
	uint32_t ids = pci_config_read(place, PCI_VENDOR_ID, 4);
	struct pci_device *device;
	uint32_t class_word, header;

	if ((ids & 0xffff) == 0xffff || ids == 0)
		return -1;
	header = pci_config_read(place, PCI_HEADER_TYPE, 1);
	device = kzalloc(sizeof(*device), 0);
	if (!device)
		return -1;
	device->bus = place->bus;
	device->device = place->device;
	device->function = place->function;
	device->vendor_id = (uint16_t)ids;
	device->device_id = (uint16_t)(ids >> 16);
	class_word = pci_config_read(place, PCI_REVISION, 4);
	device->revision = (uint8_t)class_word;
	device->interface = (uint8_t)(class_word >> 8);
	device->subclass = (uint8_t)(class_word >> 16);
	device->class_code = (uint8_t)(class_word >> 24);
	if (device->class_code == PCI_CLASS_BRIDGE && device->subclass == PCI_SUBCLASS_PCI_BRIDGE)
		bitmap_set(buses, pci_config_read(device, PCI_SECONDARY_BUS, 1));
	size_bars(device, header & HEADER_TYPE_MASK);
	route_interrupt(device);
	**end = device;
	*end = &device->next;
	return (int)header;
}

static void probe_bus(unsigned int bus, struct pci_device ***end, uint32_t *buses)
{
	struct pci_device place = { .bus = (uint8_t)bus };

	for (place.device = 0; place.device < DEVICES_PER_BUS; place.device++) {
		int header;

		place.function = 0;
		header = probe_function(&place, end, buses);
		if (header < 0 || !(header & (int)HEADER_MULTI_FUNCTION))
			continue;
		for (place.function = 1; place.function < FUNCTIONS_PER_DEVICE; place.function++)
			(void)probe_function(&place, end, buses);
	}
}

static bool matches(const struct pci_match *match, const struct pci_device *device)
{
	return (match->vendor_id < 0 || match->vendor_id == device->vendor_id) &&
	       (match->device_id < 0 || match->device_id == device->device_id) &&
	       (match->class_code < 0 || match->class_code == device->class_code) &&
	       (match->subclass < 0 || match->subclass == device->subclass);
}

static bool driver_wants(const struct pci_driver *driver, const struct pci_device *device)
{
	for (unsigned int i = 0; i < driver->match_count; i++) {
		if (matches(&driver->matches[i], device))
			return true;
	}
	return false;
}

static void find_driver(struct pci_device *device)
{
	for (const struct pci_driver *const *driver = pci_drivers; *driver; driver++) {
		int error;

		if (!driver_wants(*driver, device))
			continue;
		error = (*driver)->attach(device);
		if (!error) {
			device->driver = *driver;
			return;
		}
		printk(LOG_WARNING, "pci: %s does not take %02x:%02x.%u: error %d",
		       (*driver)->name, device->bus, device->device, device->function, -error);
	}
}

void pci_init(void)
{
	struct pci_device **end = &first_device;
	uint32_t buses[BITMAP_WORDS(BUS_COUNT)] = { 1 };

	/*
	 * A bridge's secondary bus has a higher number than its own, so one pass upwards is enough.
	 */
	for (unsigned int bus = 0; bus < BUS_COUNT;
	     bus = (unsigned int)bitmap_find_set(buses, BUS_COUNT, bus + 1))
		probe_bus(bus, &end, buses);
	for (struct pci_device *device = first_device; device; device = device->next) {
		printk(LOG_DEBUG, "pci: %02x:%02x.%u %04x:%04x class %02x%02x irq %u",
		       device->bus, device->device, device->function, device->vendor_id,
		       device->device_id, device->class_code, device->subclass, device->irq);
		find_driver(device);
	}
}

const struct pci_device *pci_device_next(const struct pci_device *device)
{
	return device ? device->next : first_device;
}
