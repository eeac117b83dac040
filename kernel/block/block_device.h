/*
 * Block devices: disks and their partitions, with a queue of requests and a page cache of their
 * own.
 */
#pragma once
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include "core/compiler.h"
#include "core/spinlock.h"
#include "core/types.h"
#include "lib/list.h"
#include "lib/rbtree.h"
#include "mem/page_frame.h"
#include "vm/page_cache.h"
#include "vm/writeback.h"

#define SECTOR_SHIFT 9
#define SECTOR_SIZE  (1u << SECTOR_SHIFT)

enum block_operation { BLOCK_READ, BLOCK_WRITE, BLOCK_FLUSH };

struct block_device;

/*
 * A piece of memory of a request: within one frame; offset and size are multiples of SECTOR_SIZE.
 */
struct block_segment { struct page_frame *frame; uint16_t offset, size; };
#define BLOCK_SEGMENTS_MAX 64

/*
 * One transfer of contiguous sectors. Owned by whoever submits it until `done` is called.
 * [q] queue lock  [I] immutable while submitted  [s] the submitter's, before and after
 */
struct block_request {
	struct rbtree_node sector_node;		/* [q] in queue.sorted */
	struct list_node age_node;		/* [q] in one of the queue's lists */
	uint32_t passed_over;			/* [q] the queue's dispatch count when it came */
	bool retried;				/* [q] the second and last attempt is under way */
	bool flushing;				/* [q] a forced write that is being flushed */
	bool doomed;				/* [q] told to fail, for tests */
	/* [I] whole disk by then; submit translates partitions */
	struct block_device *device;
	enum block_operation operation;		/* [I] */
	bool force_unit_access;			/* [I] BLOCK_WRITE: on the medium before done */
	uint64_t sector;			/* [I] */
	uint32_t sector_count;			/* [I] */
	unsigned int segment_count;		/* [I] */
	int error;				/* set before done: 0 or -EIO */
	/* [I] any context, must not sleep; no locks held */
	void (*done)(struct block_request *request);
	void *private;				/* [s] */
	struct block_segment segments[BLOCK_SEGMENTS_MAX];	/* [I] */
};

/*
 * Allocate, with no segments yet, and free. Without FRAME_ALLOC_ATOMIC it never fails: a few
 * requests are kept back, and the caller waits for one of them to be free; so nobody holds a
 * request that is not submitted while it asks for another. With it NULL: memory is short.
 */
struct block_request *block_request_alloc(enum frame_alloc_flags flags);
void block_request_free(struct block_request *request);

/*
 * A driver's side. `submit` is called under the queue's spinlock with interrupts off while fewer
 * than `depth` requests are in the device; must not sleep. The driver calls block_request_complete
 * later, never from within submit.
 */
struct block_device_ops {
	void (*submit)(struct block_device *device, struct block_request *request);
};

/* The requests that wait for one whole disk (theory: request_queue.c). All [q]. */
struct block_queue {
	struct spinlock lock;			/* LOCK_RANK_BLOCK_QUEUE, interrupts off */
	struct rbtree sorted[2];		/* by sector: reads, writes */
	struct list by_age[2];			/* the same, oldest first */
	struct list held;			/* a flush, and the writes and flushes after it */
	/* the sector after the last dispatched one, by operation */
	uint64_t head[2];
	uint32_t dispatch_count;		/* requests given to the driver; wraps */
	/* dispatch_count from which on waiting writes go first */
	uint32_t write_turn;
	unsigned int in_flight;			/* requests in the device */
	unsigned int writes_in_flight;
	bool flush_in_flight;
};

/*
 * [q] queue.lock of the whole disk  [I] immutable once registered  [a] atomic  [L] device list
 * mutex
 */
struct block_device {
	char name[16];				/* [I] "hda", "vda1" */
	dev_number number;			/* [I] */
	uint64_t sector_count;			/* [I] */
	uint64_t start_sector;			/* [I] partitions: within the whole */
	struct block_device *whole;		/* [I] itself if not a partition */
	const struct block_device_ops *ops;	/* [I] of the whole disk */
	void *driver;				/* [I] */
	bool read_only;				/* [I] */
	bool has_write_cache;			/* [I] flush means something */
	bool has_forced_writes;			/* [I] the driver heeds force_unit_access */
	unsigned int depth;			/* [I] requests the device takes at once */
	uint32_t max_sectors;			/* [I] per request */
	unsigned int max_segments;		/* [I] per request, at most BLOCK_SEGMENTS_MAX */
	/* [I] whole disks: minors after `number` that are its own */
	unsigned int max_partitions;
	struct block_queue queue;		/* whole disks only */
	/* contents as a file: superblocks, bitmaps, inode tables */
	struct page_cache cache;
	struct writeback_client writeback;	/* [I] writes `cache` back */
	/* [a] write back only the parts marked dirty (page_io.h) */
	atomic_bool writes_parts;
	void *holder;				/* [L] exclusive: a mounted file system */
	/* [L] whole disks: partitions have been looked for */
	bool scanned;
	atomic_uint reads, writes, sectors_read, sectors_written;	/* [a] /proc/diskstats */
	struct list_node list_node;		/* [L] never removed */
};

/*
 * A driver found a whole disk and filled in name to max_partitions (0 there and in max_sectors,
 * max_segments and depth stands for what most devices can). `device` is zeroed otherwise and stays
 * for ever. Its partition table is read when somebody first asks. May sleep.
 */
void block_device_register(struct block_device *device);

/*
 * Known devices live for ever, so these borrow. NULL: none. May sleep (partition tables are read).
 */
struct block_device *block_device_find(dev_number number);
struct block_device *block_device_find_name(const char *name);
struct block_device *block_device_next(struct block_device *device);	/* NULL: the first */

/*
 * Mounts exclude each other and writers to the device as a file; a claimed partition excludes its
 * whole disk and the other way round. May sleep. Errors: -EBUSY.
 */
must_check int block_device_claim(struct block_device *device, void *holder);
void block_device_release(struct block_device *device, void *holder);
bool block_device_is_claimed(struct block_device *device);	/* it or what overlaps it */

/*
 * Hand `request` to its device; `done` will be called, perhaps before this returns. Sectors beyond
 * the end and writes to a read-only device end with -EIO. Thread context, may not sleep.
 */
void block_submit(struct block_request *request);
/* By drivers, in any context but under the queue's lock. `error`: 0 or -EIO. */
void block_request_complete(struct block_request *request, int error);

/*
 * Transfer bytes [offset, offset + size) of `frame`, whole sectors, and wait. May sleep. Errors:
 * -EIO.
 */
must_check int block_transfer(struct block_device *device, enum block_operation operation,
			      uint64_t sector, struct page_frame *frame, size_t offset,
			      size_t size);
/* All writes that are done by now are on the medium afterwards. May sleep. Errors: -EIO. */
must_check int block_flush(struct block_device *device);

/*
 * For tests: make requests that touch chosen sectors fail with -EIO. `spec` is a list
 * "hda:100-200,hdb1:7:w": sectors of that device, inclusive; "r" or "w" for reads or writes only.
 * It replaces the last one; "" forgets all. Also the boot argument block_fail=. May sleep. Errors:
 * -EINVAL, -ENOMEM; then nothing changed.
 */
must_check int block_fail_set(const char *spec);
