/*
 * What the files of block/ share.
 */
#pragma once
#include "block/block_device.h"
#include "sched/mutex.h"

/* The devices that there are. [L] mutex */
struct block_device_list {
	struct mutex mutex;		/* LOCK_RANK_BLOCK_DEVICE */
	struct list list;		/* [L] each disk, followed by its partitions */
};
extern struct block_device_list block_devices;	/* block_device.c */

/*
 * block_device.c: what disks and partitions have in common, set up, with one reference; `whole` and
 * `sector_count` are set. May sleep.
 */
void block_device_init(struct block_device *device);
/* How many have the disk or a partition open, or mounted. block_devices.mutex held. */
unsigned int block_device_count_users(const struct block_device *disk);
void block_device_set_sectors(struct block_device *device, uint64_t sector_count);

/*
 * partition.c: mark all partitions of `disk` as gone, if nobody but `holder` (NULL: nobody at all)
 * holds it or one of them, and none is open; block_device_tell_withdrawn tells of them later.
 * Error: -EBUSY. block_devices.mutex held.
 */
must_check int partitions_take(struct block_device *disk, const void *holder);
/* `device` ends: other partitions can have its number. block_devices.mutex held. */
void partition_number_free(struct block_device *device);

void block_queue_init(struct block_queue *queue);

extern const struct page_cache_ops block_cache_ops;	/* block_cache.c */

/* Whether a test wants `request`, in sectors of its own device, to fail. Any context. */
bool block_fail_wants(const struct block_request *request);
/* Read the boot argument, once. */
void block_fail_init(void);

/*
 * partition_table.c: find the partitions of whole disk `disk` and call found() for each; `number`
 * counts from 1. May sleep. Errors: -ENOMEM; those of reading: then those found so far are all. No
 * table is none. Locks: the partitions mutex, held by the caller for found().
 */
int partition_scan(struct block_device *disk,
		   void (*found)(struct block_device *disk, unsigned int number, uint64_t start,
				 uint64_t count));
