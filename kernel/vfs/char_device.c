/*
 * Drivers of character devices, and the nodes that /dev shows. Both lists only grow, and are read
 * without a lock: a new element is complete before its predecessor points to it.
 */
#include "vfs/char_device.h"

#include "core/spinlock.h"
#include "uapi/linux/errno.h"
#include "vfs/internal.h"

static struct spinlock lists_lock = SPINLOCK_INIT(LOCK_RANK_LEAF, "devices");
static struct char_device *_Atomic first_device;		/* [lists_lock to change] */
static struct device_node *_Atomic first_node, *last_node;	/* [lists_lock to change] */
static void (*_Atomic node_observer)(const struct device_node *node);

void char_device_register(struct char_device *device)
{
	irq_flags flags = spin_lock_irq(&lists_lock);

	device->next = first_device;
	first_device = device;
	spin_unlock_irq(&lists_lock, flags);
}

const struct char_device *char_device_next(const struct char_device *device)
{
	return device ? device->next : first_device;
}

const struct char_device *char_device_find(dev_number number)
{
	const struct char_device *device = char_device_next(NULL);

	while (device && number - device->first >= device->count)
		device = char_device_next(device);
	return device;
}

/* From the node to its driver: the open file behaves as the driver says from here on. */
static int open_device(struct file *file)
{
	const struct char_device *device = char_device_find(file->inode->device);

	if (!device)
		return -ENXIO;
	file->ops = device->ops;
	return file->ops->open ? file->ops->open(file) : 0;
}

const struct file_ops char_device_open_ops = { .open = open_device };

void device_node_add(struct device_node *node)
{
	void (*added)(const struct device_node *node);
	irq_flags flags = spin_lock_irq(&lists_lock);

	node->next = NULL;
	if (last_node)
		last_node->next = node;
	else
		first_node = node;
	last_node = node;
	added = node_observer;
	spin_unlock_irq(&lists_lock, flags);
	if (added)
		added(node);
}

const struct device_node *device_node_next(const struct device_node *node)
{
	return node ? node->next : first_node;
}

void device_node_set_observer(void (*added)(const struct device_node *node))
{
	node_observer = added;
}
