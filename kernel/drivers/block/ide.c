/*
 * IDE disks: the two channels of a PC's controller, with bus-master DMA where there is a PIIX-like
 * bus master, and programmed I/O where there is none or memory lies beyond its 4 GiB.
 *
 * Sources: ATA/ATAPI-6 (T13 1410D) for commands and registers; Intel 82371FB/SB (PIIX, PIIX3)
 * datasheet, section 2.7, for the bus master.
 *
 * A channel runs one command at a time, whichever of its two drives it is for. Each drive is a
 * block device of depth 1; when its queue hands us a request while the other drive is busy, it
 * waits in `waiting` and starts when the channel is free. One lazily set timer watches the command
 * under way: a lost interrupt or a dead drive costs COMMAND_TIMEOUT_NS, a reset, and an error.
 *
 * Locks: a channel's lock (LOCK_RANK_DEVICE, after the block queue's) covers it and its registers;
 * requests are completed without it.
 */
#include "drivers/block/ide.h"

#include "arch/clock.h"
#include "arch/port_io.h"
#include "block/block_device.h"
#include "core/irq.h"
#include "core/printk.h"
#include "drivers/pci/pci.h"
#include "lib/format.h"
#include "lib/min_max.h"
#include "lib/string.h"
#include "mem/dma.h"
#include "mem/kmalloc.h"
#include "mem/kmap.h"
#include "sched/timer.h"
#include "uapi/linux/errno.h"

/* Offsets from the channel's command ports. */
enum ide_register {
	IDE_DATA = 0,
	IDE_COUNT = 2,
	IDE_LBA_LOW = 3,
	IDE_LBA_MIDDLE = 4,
	IDE_LBA_HIGH = 5,
	IDE_DRIVE = 6,
	IDE_STATUS = 7,		/* reading acknowledges the interrupt */
	IDE_COMMAND = 7,
};

enum ide_status {
	STATUS_ERROR = 0x01, STATUS_DATA = 0x08, STATUS_FAULT = 0x20, STATUS_BUSY = 0x80,
};

enum ide_control { CONTROL_NO_INTERRUPT = 0x02, CONTROL_RESET = 0x04 };

enum ide_command {
	COMMAND_READ = 0x20, COMMAND_READ_EXT = 0x24,
	COMMAND_WRITE = 0x30, COMMAND_WRITE_EXT = 0x34,
	COMMAND_READ_DMA = 0xc8, COMMAND_READ_DMA_EXT = 0x25,
	COMMAND_WRITE_DMA = 0xca, COMMAND_WRITE_DMA_EXT = 0x35,
	COMMAND_FLUSH = 0xe7, COMMAND_FLUSH_EXT = 0xea,
	COMMAND_IDENTIFY = 0xec,
};

/* Offsets from the channel's bus-master ports, and bits there. */
enum master_register { MASTER_COMMAND = 0, MASTER_STATUS = 2, MASTER_TABLE = 4 };
enum master_command { MASTER_START = 0x01, MASTER_TO_MEMORY = 0x08 };
enum master_status {
	MASTER_ACTIVE = 0x01, MASTER_ERROR = 0x02, MASTER_INTERRUPT = 0x04, MASTER_CAPABLE = 0x60,
};

/* One piece of memory for the bus master: below 4 GiB, not across a multiple of 64 KiB. */
struct physical_region {
	uint32_t address;
	uint16_t size;
	uint16_t flags;
};
#define REGION_LAST 0x8000u
_Static_assert(sizeof(struct physical_region) == 8, "as the bus master reads it");

#define LBA28_LIMIT	     (1u << 28)
#define LBA28_SECTORS	     256u
#define LBA48_SECTORS	     512u
#define COMMAND_TIMEOUT_NS   (10ull * 1000 * 1000 * 1000)
#define COMMAND_EXTENSIONS   5	/* more such times, while the drive says that it is at work */
#define IDENTIFY_TIMEOUT_NS  (1000ull * 1000 * 1000)
#define RESET_TIMEOUT_NS     (10ull * 1000 * 1000)
#define READY_SPINS	     1000
#define DRIVES_PER_CHANNEL   2
#define MINORS_PER_DRIVE     64

struct ide_channel;

struct ide_drive {
	struct block_device block;
	struct ide_channel *channel;	/* [I] */
	unsigned int unit;		/* [I] 0 or 1 */
	bool has_lba48, has_dma;	/* [I] */
};

/* [c] lock  [I] immutable after attach */
struct ide_channel {
	uint16_t base, control, master;		/* [I] ports; master 0: no DMA */
	struct spinlock lock;			/* LOCK_RANK_DEVICE */
	struct ide_drive *drives[DRIVES_PER_CHANNEL];		/* [I] or NULL */
	struct block_request *waiting[DRIVES_PER_CHANNEL];	/* [c] for the channel to be free */
	struct block_request *active;		/* [c] under way, or NULL */
	struct ide_drive *active_drive;		/* [c] */
	bool active_dma;			/* [c] */
	unsigned int segment, segment_done;	/* [c] programmed I/O: the next bytes */
	int selected;				/* [c] what the drive register says; -1: unknown */
	uint64_t deadline_ns;			/* [c] of the active command */
	unsigned int extensions;		/* [c] times that it was put off */
	bool watching;				/* [c] the timer is armed */
	struct timer timer;
	/* [c] for the bus master; BLOCK_SEGMENTS_MAX of them */
	struct physical_region *regions;
	uint32_t regions_bus;			/* [I] */
	struct irq_handler irq;
};


/* The status register takes a moment to follow a change of drive or a command: 400 ns. */
static void settle_delay(struct ide_channel *channel)
{
	for (unsigned int i = 0; i < 4; i++)
		(void)port_read8(channel->control);
}

static void select_drive(struct ide_channel *channel, uint8_t drive_register)
{
	port_write8(channel->base + IDE_DRIVE, drive_register);
	if (channel->selected != (drive_register & 0x10))
		settle_delay(channel);
	channel->selected = drive_register & 0x10;
}

/* Bounded by a few microseconds a step: a drive that is slower is left to the timer. */
static bool spin_until_idle(struct ide_channel *channel)
{
	for (unsigned int i = 0; i < READY_SPINS; i++) {
		uint8_t status = port_read8(channel->control);

		if (!(status & (STATUS_BUSY | STATUS_DATA)))
			return true;
	}
	return false;
}

static bool needs_lba48(const struct block_request *request)
{
	return request->sector + request->sector_count > LBA28_LIMIT ||
	       request->sector_count > LBA28_SECTORS;
}

/* Write the address and count of `request` into the drive's registers. */
static void load_registers(struct ide_channel *channel, const struct block_request *request,
			   unsigned int unit, bool lba48)
{
	uint64_t sector = request->sector;
	uint16_t base = channel->base;
	uint8_t high = lba48 ? 0 : sector >> 24 & 15;

	select_drive(channel, (uint8_t)(0xe0 | unit << 4 | high));
	if (lba48) {
		port_write8(base + IDE_COUNT, (uint8_t)(request->sector_count >> 8));
		port_write8(base + IDE_LBA_LOW, (uint8_t)(sector >> 24));
		port_write8(base + IDE_LBA_MIDDLE, (uint8_t)(sector >> 32));
		port_write8(base + IDE_LBA_HIGH, (uint8_t)(sector >> 40));
	}
	port_write8(base + IDE_COUNT, (uint8_t)request->sector_count);
	port_write8(base + IDE_LBA_LOW, (uint8_t)sector);
	port_write8(base + IDE_LBA_MIDDLE, (uint8_t)(sector >> 8));
	port_write8(base + IDE_LBA_HIGH, (uint8_t)(sector >> 16));
}

/* Describe the request's memory to the bus master. False: some of it is out of its reach. */
static bool fill_regions(struct ide_channel *channel, const struct block_request *request)
{
	for (unsigned int i = 0; i < request->segment_count; i++) {
		const struct block_segment *segment = &request->segments[i];
		phys_addr address = ((phys_addr)page_frame_number(segment->frame) << PAGE_SHIFT) +
				    segment->offset;

		if (address >> 32)
			return false;
		channel->regions[i] = (struct physical_region){
			.address = (uint32_t)address,
			.size = segment->size,
			.flags = i + 1 == request->segment_count ? REGION_LAST : 0,
		};
	}
	return true;
}

static void start_dma(struct ide_channel *channel, const struct block_request *request,
		      unsigned int unit, bool lba48)
{
	bool is_read = request->operation == BLOCK_READ;
	uint8_t direction = is_read ? MASTER_TO_MEMORY : 0;

	port_write32(channel->master + MASTER_TABLE, channel->regions_bus);
	port_write8(channel->master + MASTER_COMMAND, direction);
	port_write8(channel->master + MASTER_STATUS,
		    MASTER_CAPABLE | MASTER_ERROR | MASTER_INTERRUPT);
	load_registers(channel, request, unit, lba48);
	if (is_read)
		port_write8(channel->base + IDE_COMMAND,
			    lba48 ? COMMAND_READ_DMA_EXT : COMMAND_READ_DMA);
	else
		port_write8(channel->base + IDE_COMMAND,
			    lba48 ? COMMAND_WRITE_DMA_EXT : COMMAND_WRITE_DMA);
	port_write8(channel->master + MASTER_COMMAND, direction | MASTER_START);
}

/* Move one sector between the data port and the request's memory. False: it is all moved. */
static bool move_sector(struct ide_channel *channel)
{
	const struct block_request *request = channel->active;
	const struct block_segment *segment = &request->segments[channel->segment];
	uint8_t *bytes;

	if (channel->segment == request->segment_count)
		return false;
	bytes = kmap(segment->frame);
	bytes += segment->offset + channel->segment_done;
	if (request->operation == BLOCK_READ)
		port_read16_many(channel->base + IDE_DATA, bytes, SECTOR_SIZE / 2);
	else
		port_write16_many(channel->base + IDE_DATA, bytes, SECTOR_SIZE / 2);
	kunmap(segment->frame, bytes - segment->offset - channel->segment_done);
	channel->segment_done += SECTOR_SIZE;
	if (channel->segment_done == segment->size) {
		channel->segment++;
		channel->segment_done = 0;
	}
	return true;
}

static void start_programmed_io(struct ide_channel *channel, const struct block_request *request,
				unsigned int unit, bool lba48)
{
	channel->segment = channel->segment_done = 0;
	load_registers(channel, request, unit, lba48);
	if (request->operation == BLOCK_READ) {
		port_write8(channel->base + IDE_COMMAND, lba48 ? COMMAND_READ_EXT : COMMAND_READ);
		return;
	}
	port_write8(channel->base + IDE_COMMAND, lba48 ? COMMAND_WRITE_EXT : COMMAND_WRITE);
	settle_delay(channel);
	/*
	 * A drive asks for the first sector without an interrupt; one that is slow fails by
	 * timeout.
	 */
	for (unsigned int i = 0; i < READY_SPINS; i++) {
		uint8_t status = port_read8(channel->control);

		if (!(status & STATUS_BUSY) && status & STATUS_DATA) {
			(void)move_sector(channel);
			return;
		}
	}
}

/* Locks: channel->lock; the channel is free. */
static void start(struct ide_drive *drive, struct block_request *request)
{
	struct ide_channel *channel = drive->channel;
	bool lba48 = needs_lba48(request);

	channel->active = request;
	channel->active_drive = drive;
	channel->active_dma = false;
	channel->deadline_ns = arch_clock_ns() + COMMAND_TIMEOUT_NS;
	channel->extensions = 0;
	if (!channel->watching) {
		channel->watching = true;
		timer_arm(&channel->timer, channel->deadline_ns);
	}
	select_drive(channel, (uint8_t)(0xe0 | drive->unit << 4));
	if (!spin_until_idle(channel))
		return;
	if (request->operation == BLOCK_FLUSH) {
		port_write8(channel->base + IDE_COMMAND,
			    drive->has_lba48 ? COMMAND_FLUSH_EXT : COMMAND_FLUSH);
	} else if (drive->has_dma && fill_regions(channel, request)) {
		channel->active_dma = true;
		start_dma(channel, request, drive->unit, lba48);
	} else {
		start_programmed_io(channel, request, drive->unit, lba48);
	}
}

static void ide_submit(struct block_device *device, struct block_request *request)
{
	struct ide_drive *drive = device->driver;
	struct ide_channel *channel = drive->channel;
	irq_flags flags = spin_lock_irq(&channel->lock);

	if (channel->active)
		channel->waiting[drive->unit] = request;
	else
		start(drive, request);
	spin_unlock_irq(&channel->lock, flags);
}

static const struct block_device_ops ide_block_ops = {
	.submit = ide_submit,
};

/* The channel is free again: start what waits, the other drive first. Returns what was active. */
static struct block_request *finish(struct ide_channel *channel)
{
	struct block_request *finished = channel->active;
	unsigned int other = 1 - channel->active_drive->unit;

	spin_assert_held(&channel->lock);
	channel->active = NULL;
	for (unsigned int i = 0; i < DRIVES_PER_CHANNEL && !channel->active; i++) {
		unsigned int unit = i == 0 ? other : 1 - other;
		struct block_request *next = channel->waiting[unit];

		channel->waiting[unit] = NULL;
		if (next)
			start(channel->drives[unit], next);
	}
	return finished;
}

/* The drive says something. True: the active command has ended, with *error. */
static bool progress(struct ide_channel *channel, uint8_t master_status, int *error)
{
	uint8_t status = port_read8(channel->base + IDE_STATUS);

	*error = status & (STATUS_ERROR | STATUS_FAULT) ? -EIO : 0;
	if (channel->active_dma) {
		port_write8(channel->master + MASTER_COMMAND, 0);
		if (master_status & MASTER_ERROR || status & (STATUS_BUSY | STATUS_DATA))
			*error = -EIO;
		return true;
	}
	if (status & STATUS_BUSY)
		return false;
	if (*error || channel->active->operation == BLOCK_FLUSH)
		return true;
	if (status & STATUS_DATA)
		return !move_sector(channel) ||
		       (channel->active->operation == BLOCK_READ &&
			channel->segment == channel->active->segment_count);
	/* No data wanted: a write is through; a read that has sectors missing failed. */
	if (channel->segment != channel->active->segment_count)
		*error = -EIO;
	return true;
}

static bool ide_interrupt(void *argument)
{
	struct ide_channel *channel = argument;
	irq_flags flags = spin_lock_irq(&channel->lock);
	struct block_request *finished = NULL;
	uint8_t master_status = MASTER_INTERRUPT;
	int error;

	if (channel->master) {
		master_status = port_read8(channel->master + MASTER_STATUS);
		if (!(master_status & MASTER_INTERRUPT)) {
			spin_unlock_irq(&channel->lock, flags);
			return false;
		}
		port_write8(channel->master + MASTER_STATUS,
			    (master_status & MASTER_CAPABLE) | MASTER_INTERRUPT | MASTER_ERROR);
	}
	if (!channel->active)
		(void)port_read8(channel->base + IDE_STATUS);
	else if (progress(channel, master_status, &error))
		finished = finish(channel);
	spin_unlock_irq(&channel->lock, flags);
	if (finished)
		block_request_complete(finished, error);
	return true;
}

static void reset_channel(struct ide_channel *channel)
{
	uint64_t end = arch_clock_ns() + RESET_TIMEOUT_NS;

	if (channel->master)
		port_write8(channel->master + MASTER_COMMAND, 0);
	port_write8(channel->control, CONTROL_RESET);
	for (unsigned int i = 0; i < 10; i++)
		port_delay();
	port_write8(channel->control, 0);
	for (unsigned int i = 0; i < 10; i++)
		port_delay();
	while (port_read8(channel->control) & STATUS_BUSY && arch_clock_ns() < end)
		port_delay();
	channel->selected = -1;
}

/* Is the drive, or the bus master, still at the command? A disk that wakes up takes its time. */
static bool is_at_work(struct ide_channel *channel)
{
	uint8_t master_status = 0;

	if (channel->active_dma)
		master_status = port_read8(channel->master + MASTER_STATUS);
	return port_read8(channel->control) & STATUS_BUSY ||
	       (master_status & (MASTER_ACTIVE | MASTER_ERROR)) == MASTER_ACTIVE;
}

/* The active command has missed its deadline. Returns it, with *error, if that is its end. */
static struct block_request *give_up(struct ide_channel *channel, int *error)
{
	uint8_t master_status =
		channel->master ? port_read8(channel->master + MASTER_STATUS) : 0;

	if (master_status & MASTER_INTERRUPT) {
		printk(LOG_WARNING, "%s: lost an interrupt", channel->active_drive->block.name);
		port_write8(channel->master + MASTER_STATUS, master_status);
		channel->deadline_ns += COMMAND_TIMEOUT_NS;
		return progress(channel, master_status, error) ? finish(channel) : NULL;
	}
	if (channel->extensions < COMMAND_EXTENSIONS && is_at_work(channel)) {
		channel->extensions++;
		channel->deadline_ns += COMMAND_TIMEOUT_NS;
		return NULL;
	}
	printk(LOG_ERROR, "%s: no answer, resetting", channel->active_drive->block.name);
	reset_channel(channel);
	*error = -EIO;
	return finish(channel);
}

/*
 * Interrupts off. The timer outlives the command it was set for; then it looks at the present one.
 */
static void ide_timeout(struct timer *timer)
{
	struct ide_channel *channel = container_of(timer, struct ide_channel, timer);
	irq_flags flags = spin_lock_irq(&channel->lock);
	struct block_request *finished = NULL;
	int error = 0;

	channel->watching = false;
	if (channel->active && arch_clock_ns() >= channel->deadline_ns)
		finished = give_up(channel, &error);
	if (channel->active && !channel->watching) {
		channel->watching = true;
		timer_arm(&channel->timer, channel->deadline_ns);
	}
	spin_unlock_irq(&channel->lock, flags);
	if (finished)
		block_request_complete(finished, error);
}

/* Ask drive `unit` what it is. False: there is no disk. Interrupts of the channel are off. */
static bool identify(struct ide_channel *channel, unsigned int unit, uint16_t words[256])
{
	uint64_t end = arch_clock_ns() + IDENTIFY_TIMEOUT_NS;
	uint8_t status;

	channel->selected = -1;
	select_drive(channel, (uint8_t)(0xe0 | unit << 4));
	status = port_read8(channel->control);
	if (status == 0 || status == 0xff)
		return false;
	for (unsigned int offset = IDE_COUNT; offset <= IDE_LBA_HIGH; offset++)
		port_write8((uint16_t)(channel->base + offset), 0);
	port_write8(channel->base + IDE_COMMAND, COMMAND_IDENTIFY);
	settle_delay(channel);
	status = port_read8(channel->base + IDE_STATUS);
	if (status == 0 || status == 0xff)
		return false;
	while (status & STATUS_BUSY || !(status & (STATUS_DATA | STATUS_ERROR))) {
		if (arch_clock_ns() >= end)
			return false;
		port_delay();
		status = port_read8(channel->base + IDE_STATUS);
	}
	/* CD-ROMs refuse, and leave a signature where the address was. */
	if (status & STATUS_ERROR || port_read8(channel->base + IDE_LBA_MIDDLE) ||
	    port_read8(channel->base + IDE_LBA_HIGH))
		return false;
	port_read16_many(channel->base + IDE_DATA, words, 256);
	return true;
}

/* Words of the identification (ATA/ATAPI-6, 8.15). */
static void take_identity(struct ide_drive *drive, const uint16_t words[256])
{
	struct block_device *block = &drive->block;
	bool has_sets = (words[83] & 0xc000) == 0x4000;

	drive->has_lba48 = has_sets && words[83] & 1u << 10;
	drive->has_dma = drive->channel->master && words[49] & 1u << 8;
	if (drive->has_lba48)
		block->sector_count = words[100] | (uint64_t)words[101] << 16 |
				      (uint64_t)words[102] << 32 | (uint64_t)words[103] << 48;
	if (block->sector_count == 0)
		block->sector_count = words[60] | (uint64_t)words[61] << 16;
	block->has_write_cache = has_sets && words[85] & 1u << 5 && words[83] & 3u << 12;
	block->max_sectors = drive->has_lba48 ? LBA48_SECTORS : LBA28_SECTORS;
}

static void attach_drive(struct ide_channel *channel, unsigned int channel_index,
			 unsigned int unit)
{
	uint16_t words[256];
	struct ide_drive *drive;

	if (!identify(channel, unit, words))
		return;
	drive = kzalloc(sizeof(*drive), 0);
	if (!drive)
		return;
	drive->channel = channel;
	drive->unit = unit;
	take_identity(drive, words);
	if (drive->block.sector_count == 0 || !(words[49] & 1u << 9)) {
		kfree(drive);	/* no medium, or too old to know block addresses */
		return;
	}
	snprintf(drive->block.name, sizeof(drive->block.name), "hd%c",
		 (char)('a' + channel_index * DRIVES_PER_CHANNEL + unit));
	drive->block.number = DEV_NUMBER(channel_index == 0 ? 3 : 22, unit * MINORS_PER_DRIVE);
	drive->block.max_partitions = MINORS_PER_DRIVE - 1;
	drive->block.ops = &ide_block_ops;
	drive->block.driver = drive;
	drive->block.depth = 1;
	channel->drives[unit] = drive;
}

/*
 * Look for disks on one channel and register them. Without any, the channel is forgotten.
 * Errors: -ENODEV, -ENOMEM, -EINVAL.
 */
static int attach_channel(unsigned int index, uint16_t base, uint16_t control, uint16_t master,
			  unsigned int irq)
{
	struct ide_channel *channel = kzalloc(sizeof(*channel), 0);
	phys_addr bus = 0;
	int error = -ENODEV;

	if (!channel)
		return -ENOMEM;
	channel->base = base;
	channel->control = control;
	if (master) {
		channel->regions =
			dma_alloc(BLOCK_SEGMENTS_MAX * sizeof(struct physical_region), &bus);
		channel->master = channel->regions ? master : 0;
		channel->regions_bus = (uint32_t)bus;
	}
	spin_init(&channel->lock, LOCK_RANK_DEVICE, "ide channel");
	timer_init(&channel->timer, ide_timeout);
	port_write8(control, CONTROL_NO_INTERRUPT);
	for (unsigned int unit = 0; unit < DRIVES_PER_CHANNEL; unit++)
		attach_drive(channel, index, unit);
	if (!channel->drives[0] && !channel->drives[1])
		goto free_channel;
	channel->irq.name = index == 0 ? "ide0" : "ide1";
	channel->irq.handle = ide_interrupt;
	channel->irq.argument = channel;
	error = irq_register(irq, &channel->irq);
	if (error)
		goto free_drives;
	if (channel->master)
		port_write8(channel->master + MASTER_STATUS,
			    MASTER_CAPABLE | MASTER_ERROR | MASTER_INTERRUPT);
	(void)port_read8(base + IDE_STATUS);
	port_write8(control, 0);
	for (unsigned int unit = 0; unit < DRIVES_PER_CHANNEL; unit++) {
		if (!channel->drives[unit])
			continue;
		block_device_register(&channel->drives[unit]->block);
	}
	return 0;

free_drives:
	kfree(channel->drives[0]);
	kfree(channel->drives[1]);
free_channel:
	if (channel->regions)
		dma_free(channel->regions, BLOCK_SEGMENTS_MAX * sizeof(struct physical_region));
	kfree(channel);
	return error;
}

static const struct { uint16_t base, control; unsigned int irq; } legacy_channels[] = {
	{ 0x1f0, 0x3f6, 14 },
	{ 0x170, 0x376, 15 },
};

/*
 * A channel in native mode has its ports in two BARs and shares the PCI interrupt; in compatibility
 * mode both are where the ISA bus had them (PCI IDE Controller Specification 1.0).
 */
static int ide_attach(struct pci_device *device)
{
	uint16_t master = 0;
	int result = -ENODEV;

	/* Bit 7 of the interface: there is a bus master, at BAR 4. */
	if (device->interface & 0x80 && device->bars[4].is_io && device->bars[4].address)
		master = (uint16_t)device->bars[4].address;
	pci_enable(device, master != 0);
	for (unsigned int i = 0; i < ARRAY_SIZE(legacy_channels); i++) {
		const struct pci_bar *command = &device->bars[i * 2];
		const struct pci_bar *control = &device->bars[i * 2 + 1];
		bool is_native = device->interface & 1u << (i * 2);
		uint16_t channel_master = (uint16_t)(master ? master + i * 8 : 0);
		int error;

		if (!is_native)
			error = attach_channel(i, legacy_channels[i].base,
					       legacy_channels[i].control, channel_master,
					       legacy_channels[i].irq);
		else if (command->is_io && control->is_io && device->irq)
			error = attach_channel(i, (uint16_t)command->address,
					       (uint16_t)(control->address + 2), channel_master,
					       device->irq);
		else
			continue;
		result = result == 0 ? 0 : error;
	}
	/* A controller without disks is taken all the same: nobody else could do more with it. */
	return result == -ENODEV ? 0 : result;
}

static const struct pci_match ide_matches[] = {
	{ .vendor_id = -1, .device_id = -1, .class_code = PCI_CLASS_STORAGE,
	  .subclass = PCI_SUBCLASS_IDE },
};

const struct pci_driver ide_driver = {
	.name = "ide",
	.matches = ide_matches,
	.match_count = ARRAY_SIZE(ide_matches),
	.attach = ide_attach,
};

void ide_attach_isa(void)
{
	const struct pci_device *device = NULL;

	while ((device = pci_device_next(device)) != NULL) {
		if (device->class_code == PCI_CLASS_STORAGE && device->subclass == PCI_SUBCLASS_IDE)
			return;
	}
	for (unsigned int i = 0; i < ARRAY_SIZE(legacy_channels); i++) {
		int error = attach_channel(i, legacy_channels[i].base, legacy_channels[i].control,
					   0, legacy_channels[i].irq);

		if (error && error != -ENODEV)
			printk(LOG_WARNING, "ide%u: error %d", i, -error);
	}
}
