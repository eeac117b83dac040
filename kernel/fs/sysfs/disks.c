/*
 * Disks and their partitions: /sys/block/DISK and, in it, its PARTITIONs; and links there by device
 * number (/sys/dev/block) and by name, of disks and partitions alike (/sys/class/block). Linux
 * places disks below their controllers, of which we say nothing; a Linux built for old programs has
 * them in /sys/block itself, as we do.
 */
#include "block/block_device.h"
#include "fs/sysfs/internal.h"
#include "lib/format.h"

static const struct block_device *device_of(const void *object)
{
	return object;
}

static bool is_partition(const struct block_device *device)
{
	return device->whole != device;
}

/*
 * Number `index` of the disks (`of` NULL), or of the partitions of disk `of`, with a reference.
 * NULL: no more.
 */
static const struct block_device *device_at(const struct block_device *of, unsigned int index)
{
	struct block_device *device = NULL;

	while ((device = block_device_next(device)) != NULL) {
		if (of ? device->whole != of || !is_partition(device) : is_partition(device))
			continue;
		if (index-- == 0)
			break;
	}
	return device;
}

/* `device` with its reference, or that there is none, as a series tells it. */
static bool give(const struct block_device *device, char *name, const void **object)
{
	*object = device;
	if (device)
		snprintf(name, SYSFS_NAME_SIZE, "%s", device->name);
	return device != NULL;
}

static bool nth_inside(const void *of, unsigned int index, char *name, const void **object)
{
	return give(device_at(of, index), name, object);
}

/* Of all devices; with a reference. */
static const struct block_device *any_at(unsigned int index)
{
	struct block_device *device = block_device_next(NULL);

	while (device && index-- > 0)
		device = block_device_next(device);
	return device;
}

static bool nth_name(const void *of, unsigned int index, char *name, const void **object)
{
	(void)of;
	return give(any_at(index), name, object);
}

static bool nth_number(const void *of, unsigned int index, char *name, const void **object)
{
	const struct block_device *device = any_at(index);

	(void)of;
	*object = device;
	if (device)
		snprintf(name, SYSFS_NAME_SIZE, "%u:%u", DEV_MAJOR(device->number),
			 DEV_MINOR(device->number));
	return device != NULL;
}

static bool is_there(const void *object)
{
	return !device_of(object)->is_gone;
}

static void get(const void *object)
{
	block_device_get((struct block_device *)object);
}

static void put(const void *object)
{
	block_device_put((struct block_device *)object);
}

static const struct sysfs_object_ops device_ops = { .is_there = is_there, .get = get, .put = put };

/* ---- files ---------------------------------------------------------------------------------- */

static int show_number(const void *object, char *text, size_t size)
{
	const struct block_device *device = object;

	return snprintf(text, size, "%u:%u\n", DEV_MAJOR(device->number),
			DEV_MINOR(device->number));
}

static int print(uint64_t value, char *text, size_t size)
{
	return snprintf(text, size, "%llu\n", (unsigned long long)value);
}

static int show_size(const void *object, char *text, size_t size)
{
	return print(block_device_sectors(device_of(object)), text, size);
}

static int show_start(const void *object, char *text, size_t size)
{
	return print(device_of(object)->start_sector, text, size);
}

static int show_partition(const void *object, char *text, size_t size)
{
	return print(device_of(object)->index, text, size);
}

static int show_read_only(const void *object, char *text, size_t size)
{
	return print(block_device_is_read_only(object), text, size);
}

/* No disk of ours can be taken out of its drive. */
static int show_removable(const void *object, char *text, size_t size)
{
	(void)object;
	return print(0, text, size);
}

/* Linux's columns; times are not kept. */
static int show_stat(const void *object, char *text, size_t size)
{
	const struct block_device *device = object;

	return snprintf(text, size, "%8u %8u %8u %8u %8u %8u %8u %8u %8u %8u %8u\n",
			atomic_load(&device->reads), 0u, atomic_load(&device->sectors_read), 0u,
			atomic_load(&device->writes), 0u, atomic_load(&device->sectors_written),
			0u, device->queue.in_flight, 0u, 0u);
}

static int show_event(const void *object, char *text, size_t size)
{
	const struct block_device *device = object;
	int length = snprintf(text, size, "MAJOR=%u\nMINOR=%u\nDEVNAME=%s\nDEVTYPE=%s\n",
			      DEV_MAJOR(device->number), DEV_MINOR(device->number), device->name,
			      is_partition(device) ? "partition" : "disk");

	if (is_partition(device))
		length += snprintf(text + length, size - (size_t)length, "PARTN=%u\n",
				   device->index);
	return length;
}

/* ---- links ---------------------------------------------------------------------------------- */

/* From a folder of two levels to the device's own. */
static int link_device(const void *object, char *target, size_t size)
{
	const struct block_device *device = object;

	if (!is_partition(device))
		return snprintf(target, size, "../../block/%s", device->name);
	return snprintf(target, size, "../../block/%s/%s", device->whole->name, device->name);
}

static int link_class(const void *object, char *target, size_t size)
{
	return snprintf(target, size, "../../%sclass/block", is_partition(object) ? "../" : "");
}

/* ---- folders -------------------------------------------------------------------------------- */

/* Nothing is made out of several disks here, nor held by something that is. */
static const struct sysfs_entry nothing[] = { { .name = NULL } };

static const struct sysfs_entry partition_entries[] = {
	{ .name = "dev", .show = show_number },
	{ .name = "holders", .children = nothing },
	{ .name = "partition", .show = show_partition },
	{ .name = "ro", .show = show_read_only },
	{ .name = "size", .show = show_size },
	{ .name = "start", .show = show_start },
	{ .name = "stat", .show = show_stat },
	{ .name = "subsystem", .link = link_class },
	{ .name = "uevent", .show = show_event },
	{ .name = NULL },
};

static const struct sysfs_entry disk_entries[] = {
	{ .name = "dev", .show = show_number },
	{ .name = "holders", .children = nothing },
	{ .name = "removable", .show = show_removable },
	{ .name = "ro", .show = show_read_only },
	{ .name = "size", .show = show_size },
	{ .name = "slaves", .children = nothing },
	{ .name = "stat", .show = show_stat },
	{ .name = "subsystem", .link = link_class },
	{ .name = "uevent", .show = show_event },
	{ .nth = nth_inside, .objects = &device_ops, .children = partition_entries },
	{ .name = NULL },
};

const struct sysfs_entry sysfs_disks[] = {
	{ .nth = nth_inside, .objects = &device_ops, .children = disk_entries },
	{ .name = NULL },
};

const struct sysfs_entry sysfs_disk_numbers[] = {
	{ .nth = nth_number, .objects = &device_ops, .link = link_device },
	{ .name = NULL },
};

const struct sysfs_entry sysfs_disk_links[] = {
	{ .nth = nth_name, .objects = &device_ops, .link = link_device },
	{ .name = NULL },
};
