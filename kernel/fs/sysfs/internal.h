/*
 * sysfs inside: what its directories hold, and what is in the files.
 *
 * A constant tree of entries describes everything. An entry stands for one name, or for a series:
 * one name for each processor, disk, partition or terminal. What lies below a series is about the
 * object that the name stands for. Objects may go, as the partitions of a disk whose table is read
 * again; those of a series without sysfs_object_ops live for ever.
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include "lib/compiler.h"

/* Of objects that may go. An inode has a reference to the one that it is about. */
struct sysfs_object_ops {
	/* Is it still there? Must not sleep. */
	bool (*is_there)(const void *object);
	/* Any context. */
	void (*get)(const void *object);
	void (*put)(const void *object);
};

struct sysfs_entry {
	const char *name;	/* NULL: a series, or, without `nth` too, the end of the table */
	/*
	 * The name of number `index` of a series, and the object it stands for; `of` is that of the
	 * folder. The caller gets a reference to the object. False: there are no more. May sleep.
	 */
	bool (*nth)(const void *of, unsigned int index, char *name, const void **object);
	const struct sysfs_object_ops *objects;	/* of a series; NULL: they live for ever */
	/* Directories: a table, ended by an empty entry. */
	const struct sysfs_entry *children;
	/* Files: the whole text; returns its length, which is below `size`. May sleep. */
	int (*show)(const void *object, char *text, size_t size);
	/* Symbolic links: the target; returns its length. May sleep. */
	int (*link)(const void *object, char *target, size_t size);
};

enum { SYSFS_NAME_SIZE = 32, SYSFS_TEXT_SIZE = 512 };

extern const struct sysfs_entry sysfs_root_entry;	/* entries.c */

/* disks.c */
extern const struct sysfs_entry sysfs_disks[];		/* /sys/block */
extern const struct sysfs_entry sysfs_disk_numbers[];	/* /sys/dev/block */
extern const struct sysfs_entry sysfs_disk_links[];	/* /sys/class/block */

/* character_devices.c */
extern const struct sysfs_entry sysfs_classes[];	/* /sys/devices/virtual */
extern const struct sysfs_entry sysfs_class_links[];	/* /sys/class */
extern const struct sysfs_entry sysfs_device_numbers[];	/* /sys/dev/char */
