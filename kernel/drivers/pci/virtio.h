/*
 * virtio over PCI, modern (VERSION_1) with INTx interrupts: what all virtio drivers share.
 * Source: Virtual I/O Device Specification 1.1, sections 2.6 (split queues) and 4.1 (PCI).
 */
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include "core/compiler.h"
#include "core/types.h"

struct pci_device;

/* A structure in the device's registers: in I/O space if port is not 0, else mapped at memory. */
struct virtio_window {
	uint16_t port;
	volatile uint8_t *memory;
	uint32_t size;
};

/* One buffer of a request, in guest-physical memory. */
struct virtio_piece { phys_addr address; uint32_t size; };

struct virtq_descriptor { uint64_t address; uint32_t size; uint16_t flags, next; };
struct virtq_available { uint16_t flags, index; uint16_t ring[]; };
struct virtq_used_element { uint32_t id, size; };
struct virtq_used { uint16_t flags; _Atomic(uint16_t) index; struct virtq_used_element ring[]; };

/*
 * One queue. Its owner's lock covers all of it but what the device writes.
 */
struct virtio_queue {
	struct virtio_device *device;		/* [I] */
	uint16_t index, size;			/* [I] size is a power of two */
	uint32_t notify_offset;			/* [I] */
	struct virtq_descriptor *descriptors;
	struct virtq_available *available;
	struct virtq_used *used;
	uint16_t first_free, free_count;	/* descriptors not in use, chained by next */
	uint16_t seen_used;			/* used.index up to which we have looked */
	uint16_t pending;			/* added since the last kick */
	void **tokens;				/* [size] by head descriptor */
};

struct virtio_device {
	struct pci_device *pci;			/* [I] */
	struct virtio_window common, notify, isr, config;	/* [I] */
	uint32_t notify_multiplier;		/* [I] */
	uint64_t features;			/* [I] agreed on */
};

#define VIRTIO_FEATURE_VERSION_1 (1ull << 32)

/*
 * Find the registers, reset the device, and agree on those of `wanted` features that it has
 * (VERSION_1 is always wanted). Errors: -ENODEV (no modern interface), -ENOMEM.
 */
must_check int virtio_begin(struct virtio_device *device, struct pci_device *pci,
			    uint64_t wanted);
/* Set up queue `index`, at most `size_max` entries. Errors: -ENODEV, -ENOMEM. */
must_check int virtio_queue_init(struct virtio_device *device, struct virtio_queue *queue,
				 uint16_t index, uint16_t size_max);
/* The driver is ready. */
void virtio_finish(struct virtio_device *device);
/* It is not: the device is left reset. */
void virtio_fail(struct virtio_device *device);

/* Device-specific configuration. */
uint8_t virtio_config_read8(const struct virtio_device *device, uint32_t offset);
uint32_t virtio_config_read32(const struct virtio_device *device, uint32_t offset);
uint64_t virtio_config_read64(const struct virtio_device *device, uint32_t offset);

/*
 * Acknowledge the interrupt; false: it was not this device's. Bit 0: a queue, bit 1: the
 * configuration.
 */
uint8_t virtio_acknowledge(const struct virtio_device *device);

/*
 * Offer `readable` pieces for the device to read, followed by `writable` ones to write. False: too
 * few free descriptors. The device hears of it with the next kick. `token` is not NULL.
 */
must_check bool virtio_queue_add(struct virtio_queue *queue, const struct virtio_piece *pieces,
				 unsigned int readable, unsigned int writable, void *token);
void virtio_queue_kick(struct virtio_queue *queue);
/*
 * The next request that the device is done with: its token, and how many bytes it wrote. NULL:
 * none.
 */
void *virtio_queue_take(struct virtio_queue *queue, uint32_t *written);
