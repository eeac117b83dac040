/*
 * Terminals and the other devices of characters that drivers have announced for /dev: their folders
 * /sys/devices/virtual/CLASS/NAME, and links there by class (/sys/class) and by device number
 * (/sys/dev/char). On Linux what is on a bus stands elsewhere in /sys/devices; nobody who comes by
 * the links sees the difference.
 *
 * The list of announced devices only grows, so that whatever was found stays.
 */
#include "fs/sysfs/internal.h"
#include "lib/format.h"
#include "lib/string.h"
#include "vfs/char_device.h"

/* Number `index` of the devices that have a class, or of those of one. NULL: no more. */
static const struct device_node *device_at(const char *class, unsigned int index)
{
	const struct device_node *node = NULL;

	while ((node = device_node_next(node)) != NULL) {
		if (!node->class || (class && strcmp(node->class, class) != 0))
			continue;
		if (index-- == 0)
			break;
	}
	return node;
}

static bool nth_in_class(const void *class, unsigned int index, char *name, const void **object)
{
	const struct device_node *node = device_at(class, index);

	*object = node;
	if (node)
		strlcpy(name, node->name, SYSFS_NAME_SIZE);
	return node != NULL;
}

static bool nth_number(const void *of, unsigned int index, char *name, const void **object)
{
	const struct device_node *node = device_at(NULL, index);

	(void)of;
	*object = node;
	if (node)
		snprintf(name, SYSFS_NAME_SIZE, "%u:%u", DEV_MAJOR(node->number),
			 DEV_MINOR(node->number));
	return node != NULL;
}

/* A class is known by its first device, and the object is its name. */
static bool nth_class(const void *of, unsigned int index, char *name, const void **object)
{
	const struct device_node *node = NULL;

	(void)of;
	while ((node = device_node_next(node)) != NULL) {
		if (!node->class || device_at(node->class, 0) != node)
			continue;
		if (index-- == 0)
			break;
	}
	if (!node)
		return false;
	strlcpy(name, node->class, SYSFS_NAME_SIZE);
	*object = node->class;
	return true;
}

/* ---- one device ----------------------------------------------------------------------------- */

static int show_number(const void *object, char *text, size_t size)
{
	const struct device_node *node = object;

	return snprintf(text, size, "%u:%u\n", DEV_MAJOR(node->number), DEV_MINOR(node->number));
}

/* Linux names a mode where its driver did, which is where it lets everybody read. */
static int show_event(const void *object, char *text, size_t size)
{
	const struct device_node *node = object;
	int length = snprintf(text, size, "MAJOR=%u\nMINOR=%u\nDEVNAME=%s\n",
			      DEV_MAJOR(node->number), DEV_MINOR(node->number), node->name);

	if (node->mode & 04)
		length += snprintf(text + length, size - (size_t)length, "DEVMODE=0%o\n",
				   node->mode & 0777);
	return length;
}

static int show_active(const void *object, char *text, size_t size)
{
	const struct device_node *node = object;

	return node->active(text, size);
}

/* A series of one name, or of none. */
static bool nth_active(const void *of, unsigned int index, char *name, const void **object)
{
	const struct device_node *node = of;

	*object = node;
	strlcpy(name, "active", SYSFS_NAME_SIZE);
	return node->active && index == 0;
}

static int link_class(const void *object, char *target, size_t size)
{
	const struct device_node *node = object;

	return snprintf(target, size, "../../../../class/%s", node->class);
}

static const struct sysfs_entry device_entries[] = {
	{ .nth = nth_active, .show = show_active },
	{ .name = "dev", .show = show_number },
	{ .name = "subsystem", .link = link_class },
	{ .name = "uevent", .show = show_event },
	{ .name = NULL },
};

/* ---- where they stand ----------------------------------------------------------------------- */

static int link_device(const void *object, char *target, size_t size)
{
	const struct device_node *node = object;

	return snprintf(target, size, "../../devices/virtual/%s/%s", node->class, node->name);
}

static const struct sysfs_entry class_entries[] = {
	{ .nth = nth_in_class, .children = device_entries },
	{ .name = NULL },
};

const struct sysfs_entry sysfs_classes[] = {
	{ .nth = nth_class, .children = class_entries },
	{ .name = NULL },
};

static const struct sysfs_entry class_links[] = {
	{ .nth = nth_in_class, .link = link_device },
	{ .name = NULL },
};

const struct sysfs_entry sysfs_class_links[] = {
	{ .name = "block", .children = sysfs_disk_links },
	{ .nth = nth_class, .children = class_links },
	{ .name = NULL },
};

const struct sysfs_entry sysfs_device_numbers[] = {
	{ .nth = nth_number, .link = link_device },
	{ .name = NULL },
};
