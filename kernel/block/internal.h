/*
 * What the files of block/ share.
 */
#pragma once
#include "block/block_device.h"

void block_queue_init(struct block_queue *queue);

extern const struct page_cache_ops block_cache_ops;	/* block_cache.c */

/* Whether a test wants `request`, in sectors of its own device, to fail. Any context. */
bool block_fail_wants(const struct block_request *request);
/* Read the boot argument, once. */
void block_fail_init(void);

/*
 * Find the partitions of whole disk `disk` and call found() for each; `number` counts from 1. May
 * sleep. Errors: -ENOMEM; those of reading: then those found so far are all. No table is none.
 * Locks: the partitions mutex, held by the caller for found().
 */
int partition_scan(struct block_device *disk,
		   void (*found)(struct block_device *disk, unsigned int number, uint64_t start,
				 uint64_t count));
