/*
 * virtio over PCI.
 *
 * The device's registers are in up to four structures, each announced by a vendor capability that
 * names a BAR and an offset. A BAR may be I/O space or memory, and each field must be accessed at
 * its own width (64-bit ones as two halves), so all go through the small accessors below.
 *
 * Queues are "split": a table of descriptors, a ring of heads that we made available, a ring of
 * heads that the device has used. All memory of a queue is one allocation below 4 GiB.
 */
#include "drivers/pci/virtio.h"

#include <stdatomic.h>

#include "arch/port_io.h"
#include "core/assert.h"
#include "drivers/pci/pci.h"
#include "lib/min_max.h"
#include "mem/dma.h"
#include "mem/kmalloc.h"
#include "mem/vmap.h"
#include "uapi/linux/errno.h"

/* Fields of a vendor capability (4.1.4) and what it announces. */
enum capability_field {
	CAPABILITY_TYPE = 3, CAPABILITY_BAR = 4, CAPABILITY_OFFSET = 8, CAPABILITY_SIZE = 12,
	CAPABILITY_MULTIPLIER = 16,
};
enum capability_type { TYPE_COMMON = 1, TYPE_NOTIFY = 2, TYPE_ISR = 3, TYPE_DEVICE = 4 };

/* The common configuration (4.1.4.3). */
enum common_field {
	COMMON_DEVICE_FEATURE_SELECT = 0x00, COMMON_DEVICE_FEATURE = 0x04,
	COMMON_DRIVER_FEATURE_SELECT = 0x08, COMMON_DRIVER_FEATURE = 0x0c,
	COMMON_STATUS = 0x14, COMMON_QUEUE_SELECT = 0x16, COMMON_QUEUE_SIZE = 0x18,
	COMMON_QUEUE_ENABLE = 0x1c, COMMON_QUEUE_NOTIFY_OFFSET = 0x1e,
	COMMON_QUEUE_DESCRIPTORS = 0x20, COMMON_QUEUE_AVAILABLE = 0x28, COMMON_QUEUE_USED = 0x30,
	COMMON_SIZE = 0x38,
};

enum device_status {
	STATUS_ACKNOWLEDGE = 1, STATUS_DRIVER = 2, STATUS_DRIVER_OK = 4, STATUS_FEATURES_OK = 8,
	STATUS_FAILED = 128,
};

enum descriptor_flag { DESCRIPTOR_NEXT = 1, DESCRIPTOR_WRITE = 2 };

#define AVAILABLE_ALIGN 2u
#define USED_ALIGN	4u
#define RESET_SPINS	100000u

static uint8_t window_read8(const struct virtio_window *window, uint32_t offset)
{
	return window->port ? port_read8((uint16_t)(window->port + offset)) :
			      mmio_read8(window->memory + offset);
}

static uint16_t window_read16(const struct virtio_window *window, uint32_t offset)
{
	return window->port ? port_read16((uint16_t)(window->port + offset)) :
			      mmio_read16(window->memory + offset);
}

static uint32_t window_read32(const struct virtio_window *window, uint32_t offset)
{
	return window->port ? port_read32((uint16_t)(window->port + offset)) :
			      mmio_read32(window->memory + offset);
}

static void window_write8(const struct virtio_window *window, uint32_t offset, uint8_t value)
{
	if (window->port)
		port_write8((uint16_t)(window->port + offset), value);
	else
		mmio_write8(window->memory + offset, value);
}

static void window_write16(const struct virtio_window *window, uint32_t offset, uint16_t value)
{
	if (window->port)
		port_write16((uint16_t)(window->port + offset), value);
	else
		mmio_write16(window->memory + offset, value);
}

static void window_write32(const struct virtio_window *window, uint32_t offset, uint32_t value)
{
	if (window->port)
		port_write32((uint16_t)(window->port + offset), value);
	else
		mmio_write32(window->memory + offset, value);
}

static void window_write64(const struct virtio_window *window, uint32_t offset, uint64_t value)
{
	window_write32(window, offset, (uint32_t)value);
	window_write32(window, offset + 4, (uint32_t)(value >> 32));
}

/* Make the structure that a capability announces reachable. Errors: -ENODEV, -ENOMEM. */
static int open_window(struct pci_device *pci, unsigned int capability,
		       struct virtio_window *window)
{
	uint32_t index = pci_config_read(pci, capability + CAPABILITY_BAR, 1);
	uint32_t offset = pci_config_read(pci, capability + CAPABILITY_OFFSET, 4);
	uint32_t size = pci_config_read(pci, capability + CAPABILITY_SIZE, 4);
	const struct pci_bar *bar;

	if (index >= PCI_BAR_COUNT)
		return -ENODEV;
	bar = &pci->bars[index];
	if (bar->address == 0 || size == 0 || offset > bar->size || size > bar->size - offset)
		return -ENODEV;
	window->size = size;
	if (bar->is_io) {
		window->port = (uint16_t)(bar->address + offset);
		return 0;
	}
	window->memory = vmap_device(bar->address + offset, size);
	return window->memory ? 0 : -ENOMEM;
}

static int find_windows(struct virtio_device *device)
{
	struct pci_device *pci = device->pci;
	unsigned int capability = 0;

	while ((capability = pci_capability_next(pci, capability, PCI_CAPABILITY_VENDOR)) != 0) {
		struct virtio_window *windows[] = {
			[TYPE_COMMON] = &device->common, [TYPE_NOTIFY] = &device->notify,
			[TYPE_ISR] = &device->isr, [TYPE_DEVICE] = &device->config,
		};
		uint32_t type = pci_config_read(pci, capability + CAPABILITY_TYPE, 1);
		int error;

		/* The first of each kind is the one the device prefers. */
		if (type < TYPE_COMMON || type > TYPE_DEVICE || windows[type]->size > 0)
			continue;
		error = open_window(pci, capability, windows[type]);
		if (error)
			return error;
		if (type == TYPE_NOTIFY)
			device->notify_multiplier =
				pci_config_read(pci, capability + CAPABILITY_MULTIPLIER, 4);
	}
	return device->common.size >= COMMON_SIZE && device->notify.size > 0 &&
	       device->isr.size > 0 ? 0 : -ENODEV;
}

static void add_status(struct virtio_device *device, uint8_t bits)
{
	uint8_t status = window_read8(&device->common, COMMON_STATUS);

	window_write8(&device->common, COMMON_STATUS, status | bits);
}

/* Errors: -ENODEV. */
static int reset(struct virtio_device *device)
{
	window_write8(&device->common, COMMON_STATUS, 0);
	for (unsigned int i = 0; i < RESET_SPINS; i++) {
		if (window_read8(&device->common, COMMON_STATUS) == 0)
			return 0;
	}
	return -ENODEV;
}

/* Errors: -ENODEV. */
static int agree_on_features(struct virtio_device *device, uint64_t wanted)
{
	uint64_t offered = 0;

	for (uint32_t half = 0; half < 2; half++) {
		window_write32(&device->common, COMMON_DEVICE_FEATURE_SELECT, half);
		offered |= (uint64_t)window_read32(&device->common, COMMON_DEVICE_FEATURE)
			   << (half * 32);
	}
	if (!(offered & VIRTIO_FEATURE_VERSION_1))
		return -ENODEV;
	device->features = offered & (wanted | VIRTIO_FEATURE_VERSION_1);
	for (uint32_t half = 0; half < 2; half++) {
		window_write32(&device->common, COMMON_DRIVER_FEATURE_SELECT, half);
		window_write32(&device->common, COMMON_DRIVER_FEATURE,
			       (uint32_t)(device->features >> (half * 32)));
	}
	add_status(device, STATUS_FEATURES_OK);
	return window_read8(&device->common, COMMON_STATUS) & STATUS_FEATURES_OK ? 0 : -ENODEV;
}

int virtio_begin(struct virtio_device *device, struct pci_device *pci, uint64_t wanted)
{
	int error;

	device->pci = pci;
	pci_enable(pci, true);
	error = find_windows(device);
	if (!error)
		error = reset(device);
	if (error)
		return error;
	add_status(device, STATUS_ACKNOWLEDGE);
	add_status(device, STATUS_DRIVER);
	error = agree_on_features(device, wanted);
	if (error)
		virtio_fail(device);
	return error;
}

void virtio_finish(struct virtio_device *device)
{
	add_status(device, STATUS_DRIVER_OK);
}

void virtio_fail(struct virtio_device *device)
{
	(void)!reset(device);
	add_status(device, STATUS_FAILED);
}

static size_t available_offset(uint16_t size)
{
	return ALIGN_UP(size * sizeof(struct virtq_descriptor), AVAILABLE_ALIGN);
}

static size_t used_offset(uint16_t size)
{
	return ALIGN_UP(available_offset(size) + sizeof(struct virtq_available) +
				(size + 1) * sizeof(uint16_t), USED_ALIGN);
}

static size_t queue_bytes(uint16_t size)
{
	return used_offset(size) + sizeof(struct virtq_used) +
	       size * sizeof(struct virtq_used_element) + sizeof(uint16_t);
}

int virtio_queue_init(struct virtio_device *device, struct virtio_queue *queue, uint16_t index,
		      uint16_t size_max)
{
	const struct virtio_window *common = &device->common;
	phys_addr bus;
	uint8_t *memory;
	uint16_t size;

	window_write16(common, COMMON_QUEUE_SELECT, index);
	size = min(window_read16(common, COMMON_QUEUE_SIZE), size_max);
	if (size == 0)
		return -ENODEV;
	size = (uint16_t)(1u << log2_floor(size));
	memory = dma_alloc(queue_bytes(size), &bus);
	queue->tokens = kmalloc_array(size, sizeof(void *), 0);
	if (!memory || !queue->tokens) {
		if (memory)
			dma_free(memory, queue_bytes(size));
		kfree(queue->tokens);
		return -ENOMEM;
	}
	queue->device = device;
	queue->index = index;
	queue->size = size;
	queue->descriptors = (struct virtq_descriptor *)memory;
	queue->available = (struct virtq_available *)(memory + available_offset(size));
	queue->used = (struct virtq_used *)(memory + used_offset(size));
	for (uint16_t i = 0; i < size; i++)
		queue->descriptors[i].next = (uint16_t)(i + 1);
	queue->first_free = 0;
	queue->free_count = size;
	window_write16(common, COMMON_QUEUE_SIZE, size);
	window_write64(common, COMMON_QUEUE_DESCRIPTORS, bus);
	window_write64(common, COMMON_QUEUE_AVAILABLE, bus + available_offset(size));
	window_write64(common, COMMON_QUEUE_USED, bus + used_offset(size));
	queue->notify_offset = window_read16(common, COMMON_QUEUE_NOTIFY_OFFSET) *
			       device->notify_multiplier;
	if (queue->notify_offset + sizeof(uint16_t) > device->notify.size) {
		dma_free(memory, queue_bytes(size));
		kfree(queue->tokens);
		return -ENODEV;
	}
	window_write16(common, COMMON_QUEUE_ENABLE, 1);
	return 0;
}

uint8_t virtio_config_read8(const struct virtio_device *device, uint32_t offset)
{
	return offset < device->config.size ? window_read8(&device->config, offset) : 0;
}

uint32_t virtio_config_read32(const struct virtio_device *device, uint32_t offset)
{
	return offset + 4 <= device->config.size ? window_read32(&device->config, offset) : 0;
}

uint64_t virtio_config_read64(const struct virtio_device *device, uint32_t offset)
{
	return virtio_config_read32(device, offset) |
	       (uint64_t)virtio_config_read32(device, offset + 4) << 32;
}

uint8_t virtio_acknowledge(const struct virtio_device *device)
{
	return window_read8(&device->isr, 0);
}

bool virtio_queue_add(struct virtio_queue *queue, const struct virtio_piece *pieces,
		      unsigned int readable, unsigned int writable, void *token)
{
	unsigned int count = readable + writable;
	uint16_t head = queue->first_free, at = head;
	uint16_t slot = queue->available->index & (queue->size - 1);

	assert(count > 0 && token);
	if (queue->free_count < count)
		return false;
	for (unsigned int i = 0; i < count; i++) {
		struct virtq_descriptor *descriptor = &queue->descriptors[at];
		unsigned int flags = i < readable ? 0 : DESCRIPTOR_WRITE;

		descriptor->address = pieces[i].address;
		descriptor->size = pieces[i].size;
		descriptor->flags =
			(uint16_t)(flags | (i + 1 < count ? DESCRIPTOR_NEXT : 0));
		at = descriptor->next;
	}
	queue->first_free = at;
	queue->free_count = (uint16_t)(queue->free_count - count);
	queue->tokens[head] = token;
	queue->available->ring[slot] = head;
	/* The device sees the ring's entry before the index that covers it. */
	atomic_thread_fence(memory_order_release);
	*(volatile uint16_t *)&queue->available->index = (uint16_t)(queue->available->index + 1);
	queue->pending++;
	return true;
}

void virtio_queue_kick(struct virtio_queue *queue)
{
	if (queue->pending == 0)
		return;
	queue->pending = 0;
	atomic_thread_fence(memory_order_seq_cst);
	window_write16(&queue->device->notify, queue->notify_offset, queue->index);
}

/* Give the chain at `head` back to the free ones. */
static void free_chain(struct virtio_queue *queue, uint16_t head)
{
	uint16_t last = head;
	uint16_t count = 1;

	while (queue->descriptors[last].flags & DESCRIPTOR_NEXT) {
		last = queue->descriptors[last].next;
		count++;
	}
	queue->descriptors[last].next = queue->first_free;
	queue->first_free = head;
	queue->free_count = (uint16_t)(queue->free_count + count);
}

void *virtio_queue_take(struct virtio_queue *queue, uint32_t *written)
{
	const struct virtq_used_element *element;
	void *token;

	/*
	 * Acquire: the entry, and what the device wrote, are read after the index that covers them.
	 */
	if (atomic_load_explicit(&queue->used->index, memory_order_acquire) == queue->seen_used)
		return NULL;
	element = &queue->used->ring[queue->seen_used & (queue->size - 1)];
	queue->seen_used++;
	/* A device that names what we never gave it is strange, not trusted. */
	if (element->id >= queue->size || !queue->tokens[element->id])
		return NULL;
	token = queue->tokens[element->id];
	queue->tokens[element->id] = NULL;
	if (written)
		*written = element->size;
	free_chain(queue, (uint16_t)element->id);
	return token;
}
