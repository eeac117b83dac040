/*
 * Character devices (and block devices as files): from a device number to file_ops.
 */
#pragma once
#include "vfs/file.h"

struct char_device {
	dev_number first;		/* [I] */
	unsigned int count;		/* [I] minors */
	const char *name;		/* [I] for /proc/devices */
	const struct file_ops *ops;	/* [I] its open() finds the minor in file->inode->device */
	struct char_device *next;
};
void char_device_register(struct char_device *device);
/* NULL: -ENXIO. */
const struct char_device *char_device_find(dev_number number);
const struct char_device *char_device_next(const struct char_device *device);
/* file_ops of device inodes: redirects on open */
extern const struct file_ops char_device_open_ops;
/* vfs/block_file.c: over block/'s page cache */
extern const struct file_ops block_device_file_ops;
/* The device that an open file of type MODE_BLOCK is; it lives as long as the file. */
struct block_device *block_file_device(const struct file *file);

/*
 * Ask devfs and sysfs to show a device; they learn of it through this list. All [I] once added.
 */
struct device_node {
	const char *name;	/* path under /dev, no leading slash */
	dev_number number;
	file_mode mode;		/* with type */
	user_id uid;
	group_id gid;
	const char *class;	/* its folder of /sys/class; NULL: another name of a device */
	/* The text of its attribute `active`, as for sysfs_entry.show. NULL: it has none. */
	int (*active)(char *text, size_t size);
	struct device_node *next;
};
void device_node_add(struct device_node *node);
const struct device_node *device_node_next(const struct device_node *node);
/* devfs wants to hear of nodes that come later; called for each, may sleep. */
void device_node_set_observer(void (*added)(const struct device_node *node));
