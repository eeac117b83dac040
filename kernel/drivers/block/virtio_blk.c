/*
 * virtio block devices (Virtual I/O Device Specification 1.1, section 5.2).
 *
 * A request is a header that we write, the data, and a status byte that the device writes. The
 * queue takes many at once; each in flight has a slot with its header and status, so submitting
 * allocates nothing. A slot whose answer names an error makes the request fail; the block layer
 * tries again.
 */
#include "drivers/block/virtio_blk.h"

#include "block/block_device.h"
#include "core/assert.h"
#include "core/irq.h"
#include "core/printk.h"
#include "drivers/pci/pci.h"
#include "drivers/pci/virtio.h"
#include "lib/format.h"
#include "lib/min_max.h"
#include "mem/dma.h"
#include "mem/kmalloc.h"
#include "uapi/linux/errno.h"

#define FEATURE_SEGMENT_MAX (1ull << 2)
#define FEATURE_GEOMETRY    (1ull << 4)
#define FEATURE_READ_ONLY   (1ull << 5)
#define FEATURE_FLUSH	    (1ull << 9)

enum config_field { CONFIG_CAPACITY = 0, CONFIG_SEGMENT_MAX = 12, CONFIG_GEOMETRY = 16 };
enum request_type { REQUEST_READ = 0, REQUEST_WRITE = 1, REQUEST_FLUSH = 4 };
enum request_status { ANSWER_OK = 0, ANSWER_NONE = 0xff };

#define VIRTIO_VENDOR	      0x1af4
#define BLK_TRANSITIONAL      0x1001
#define BLK_MODERN	      0x1042
#define VIRTBLK_MAJOR	      254	/* of Linux's dynamic ones, the usual */
#define MINORS_PER_DISK	      16
#define QUEUE_SIZE	      256
#define SLOT_COUNT	      32

/* What the device reads and writes beside the data. */
struct wire {
	uint32_t type;
	uint32_t reserved;
	uint64_t sector;
	uint8_t status;
	uint8_t padding[15];
};
_Static_assert(sizeof(struct wire) == 32, "no slot crosses a page");

struct slot {
	struct block_request *request;	/* [l] NULL: free */
	uint16_t next_free;		/* [l] */
};

/* [l] lock  [I] immutable */
struct virtio_blk {
	struct block_device block;
	struct virtio_device device;		/* [I] */
	struct spinlock lock;			/* LOCK_RANK_DEVICE */
	struct virtio_queue queue;		/* [l] */
	struct slot slots[SLOT_COUNT];
	uint16_t first_free;			/* [l] slot, or SLOT_COUNT */
	struct wire *wires;			/* [l] one a slot */
	phys_addr wires_bus;			/* [I] */
	struct irq_handler irq;
};

static unsigned int disk_count;	/* only attach counts, on one thread */

static void fill_wire(struct wire *wire, const struct block_request *request)
{
	wire->type = request->operation == BLOCK_READ	 ? REQUEST_READ :
		     request->operation == BLOCK_WRITE ? REQUEST_WRITE : REQUEST_FLUSH;
	wire->reserved = 0;
	wire->sector = request->operation == BLOCK_FLUSH ? 0 : request->sector;
	wire->status = ANSWER_NONE;
}

static void virtio_blk_submit(struct block_device *block, struct block_request *request)
{
	struct virtio_blk *disk = block->driver;
	struct virtio_piece pieces[BLOCK_SEGMENTS_MAX + 2];
	bool is_read = request->operation == BLOCK_READ;
	irq_flags flags = spin_lock_irq(&disk->lock);
	uint16_t number = disk->first_free;
	phys_addr wire = disk->wires_bus + number * sizeof(struct wire);
	unsigned int count = 1, readable;

	/* As many slots as the block layer gives us requests at once, and descriptors for all. */
	assert(number < SLOT_COUNT);
	disk->first_free = disk->slots[number].next_free;
	disk->slots[number].request = request;
	fill_wire(&disk->wires[number], request);
	pieces[0] = (struct virtio_piece){ wire, offsetof(struct wire, status) };
	for (unsigned int i = 0; i < request->segment_count; i++) {
		const struct block_segment *segment = &request->segments[i];

		pieces[count++] = (struct virtio_piece){
			((phys_addr)page_frame_number(segment->frame) << PAGE_SHIFT) +
				segment->offset,
			segment->size,
		};
	}
	readable = is_read ? 1 : count;
	pieces[count++] = (struct virtio_piece){ wire + offsetof(struct wire, status), 1 };
	if (!virtio_queue_add(&disk->queue, pieces, readable, count - readable,
			      &disk->slots[number]))
		panic("%s: its queue is full", block->name);
	virtio_queue_kick(&disk->queue);
	spin_unlock_irq(&disk->lock, flags);
}

static const struct block_device_ops virtio_blk_ops = {
	.submit = virtio_blk_submit,
};

/* The next finished request and its error, or NULL. */
static struct block_request *take_finished(struct virtio_blk *disk, int *error)
{
	irq_flags flags = spin_lock_irq(&disk->lock);
	struct slot *slot = virtio_queue_take(&disk->queue, NULL);
	struct block_request *request = NULL;

	if (slot) {
		uint16_t number = (uint16_t)(slot - disk->slots);

		request = slot->request;
		slot->request = NULL;
		slot->next_free = disk->first_free;
		disk->first_free = number;
		*error = disk->wires[number].status == ANSWER_OK ? 0 : -EIO;
	}
	spin_unlock_irq(&disk->lock, flags);
	return request;
}

static bool virtio_blk_interrupt(void *argument)
{
	struct virtio_blk *disk = argument;
	struct block_request *request;
	int error;

	if (!virtio_acknowledge(&disk->device))
		return false;
	while ((request = take_finished(disk, &error)) != NULL)
		block_request_complete(request, error);
	return true;
}

/* As a BIOS would have it: 16 bits of cylinders, heads, and sectors of a track. */
static void describe_geometry(struct virtio_blk *disk)
{
	uint32_t geometry = virtio_config_read32(&disk->device, CONFIG_GEOMETRY);

	disk->block.cylinders = (uint16_t)geometry;
	disk->block.heads = (uint8_t)(geometry >> 16);
	disk->block.track_sectors = (uint8_t)(geometry >> 24);
}

static void describe(struct virtio_blk *disk)
{
	struct block_device *block = &disk->block;
	unsigned int segments = BLOCK_SEGMENTS_MAX;

	if (disk->device.features & FEATURE_SEGMENT_MAX)
		segments = min(segments, virtio_config_read32(&disk->device, CONFIG_SEGMENT_MAX));
	segments = min(segments, disk->queue.size - 2u);
	block->max_segments = max(segments, 1u);
	block->max_sectors = block->max_segments * (PAGE_SIZE >> SECTOR_SHIFT);
	/* Every request in flight has its descriptors. */
	block->depth = min(disk->queue.size / (block->max_segments + 2), (unsigned int)SLOT_COUNT);
	block->depth = max(block->depth, 1u);
	block->sector_count = virtio_config_read64(&disk->device, CONFIG_CAPACITY);
	if (disk->device.features & FEATURE_GEOMETRY)
		describe_geometry(disk);
	block->read_only = disk->device.features & FEATURE_READ_ONLY;
	block->has_write_cache = disk->device.features & FEATURE_FLUSH;
	block->ops = &virtio_blk_ops;
	block->driver = disk;
	block->number = DEV_NUMBER(VIRTBLK_MAJOR, disk_count * MINORS_PER_DISK);
	block->max_partitions = MINORS_PER_DISK - 1;
	snprintf(block->name, sizeof(block->name), "vd%c", (char)('a' + disk_count));
}

static int virtio_blk_attach(struct pci_device *pci)
{
	struct virtio_blk *disk;
	int error;

	if (pci->irq == 0 || disk_count == 26)
		return -ENODEV;
	disk = kzalloc(sizeof(*disk), 0);
	if (!disk)
		return -ENOMEM;
	disk->wires = dma_alloc(SLOT_COUNT * sizeof(struct wire), &disk->wires_bus);
	error = -ENOMEM;
	if (!disk->wires)
		goto free_disk;
	spin_init(&disk->lock, LOCK_RANK_DEVICE, "virtio disk");
	for (uint16_t i = 0; i < SLOT_COUNT; i++)
		disk->slots[i].next_free = (uint16_t)(i + 1);
	error = virtio_begin(&disk->device, pci,
			     FEATURE_SEGMENT_MAX | FEATURE_GEOMETRY | FEATURE_READ_ONLY |
				     FEATURE_FLUSH);
	if (error)
		goto free_wires;
	error = virtio_queue_init(&disk->device, &disk->queue, 0, QUEUE_SIZE);
	if (error)
		goto fail_device;
	disk->irq.name = "virtio-blk";
	disk->irq.handle = virtio_blk_interrupt;
	disk->irq.argument = disk;
	error = irq_register(pci->irq, &disk->irq);
	if (error)
		goto fail_device;
	describe(disk);
	virtio_finish(&disk->device);
	pci->driver_data = disk;
	disk_count++;
	block_device_register(&disk->block);
	return 0;

fail_device:
	virtio_fail(&disk->device);
free_wires:
	dma_free(disk->wires, SLOT_COUNT * sizeof(struct wire));
free_disk:
	kfree(disk);
	return error;
}

static const struct pci_match virtio_blk_matches[] = {
	{ VIRTIO_VENDOR, BLK_TRANSITIONAL, -1, -1 },
	{ VIRTIO_VENDOR, BLK_MODERN, -1, -1 },
};

const struct pci_driver virtio_blk_driver = {
	.name = "virtio-blk",
	.matches = virtio_blk_matches,
	.match_count = ARRAY_SIZE(virtio_blk_matches),
	.attach = virtio_blk_attach,
};
