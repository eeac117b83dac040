/*
 * Block devices: disks and their partitions, with a queue of requests and a page cache of their
 * own.
 */
#pragma once
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include "core/compiler.h"
#include "core/refcount.h"
#include "core/spinlock.h"
#include "core/types.h"
#include "lib/list.h"
#include "lib/rbtree.h"
#include "mem/page_frame.h"
#include "sched/work_queue.h"
#include "vm/page_cache.h"
#include "vm/writeback.h"

#define SECTOR_SHIFT 9
#define SECTOR_SIZE  (1u << SECTOR_SHIFT)

enum block_operation { BLOCK_READ, BLOCK_WRITE, BLOCK_FLUSH };

/* What a device is held for: a mounted file system keeps parts of it in the device's cache. */
enum block_claim { BLOCK_CLAIM_FILE, BLOCK_CLAIM_MOUNT };

struct block_device;
struct file;

/*
 * A piece of memory of a request: within one frame; offset and size are multiples of SECTOR_SIZE.
 */
struct block_segment { struct page_frame *frame; uint16_t offset, size; };
#define BLOCK_SEGMENTS_MAX 64
/* The major number of partitions whose disks have no minors for them (Linux: blkext). */
#define BLOCK_MAJOR_EXTENDED 259

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
	struct block_reserve *reserve;		/* [I] whose it is; NULL: the slab's */
	struct block_segment segments[BLOCK_SEGMENTS_MAX];	/* [I] */
};

/* Requests kept for when memory is short. [r] lock */
struct block_reserve {
	struct spinlock lock;			/* LOCK_RANK_BLOCK_QUEUE */
	struct list free;			/* [r] by age_node */
	struct wait_queue waiters;		/* for a free one */
};

/* `requests` are the caller's memory and stay the reserve's. */
void block_reserve_init(struct block_reserve *reserve, struct block_request *requests,
			unsigned int count);

/*
 * Allocate one for `device`, with no segments yet, and free. Without FRAME_ALLOC_ATOMIC it never
 * fails: a few requests are kept back, and the caller waits for one of them to be free; so nobody
 * holds a request that is not submitted while it asks for another of the same disk. With it NULL:
 * memory is short.
 */
struct block_request *block_request_alloc(struct block_device *device,
					  enum frame_alloc_flags flags);
void block_request_free(struct block_request *request);

/* A driver's side. NULL entries but `submit`: there is nothing to do. */
struct block_device_ops {
	/*
	 * Called under the queue's spinlock with interrupts off while fewer than `depth` requests
	 * are in the device; must not sleep. The driver calls block_request_complete later, never
	 * from within submit.
	 */
	void (*submit)(struct block_device *device, struct block_request *request);
	/*
	 * Nobody has the whole `disk` or a part of it open or mounted any more, and tells_unused is
	 * set. By a thread that holds no locks; may sleep. Somebody may have come meanwhile.
	 */
	void (*unused)(struct block_device *disk);
	/*
	 * The last reference to the whole `disk` has been put, and nothing knows it any more: free
	 * it. By a thread that holds no locks; may sleep. NULL: the driver never puts its own.
	 */
	void (*release)(struct block_device *disk);
	/*
	 * Commands that every disk has were handled, all others come here, through `file`, of
	 * `device`, which may be a partition. No locks; may sleep. NULL: -ENOTTY.
	 */
	int (*ioctl)(struct block_device *device, struct file *file, unsigned int command,
		     uintptr_t argument);
	bool has_no_geometry;			/* HDIO_GETGEO is -ENOTTY */
	/*
	 * A disk that is read-only may still be opened for writing, and one that is open for
	 * writing be mounted, as programs do that attach it first; then who writes is refused.
	 */
	bool is_always_opened;
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
 * mutex  [e] the driver's to change while the disk has no sectors, and so no requests
 */
struct block_device {
	char name[16];				/* [I] "hda", "vda1" */
	dev_number number;			/* [I] */
	unsigned int index;			/* [I] of a partition, from 1; 0: a whole disk */
	struct refcount references;
	/*
	 * [q] of a partition, 0 once it is gone, and that is told. Others ask block_device_sectors.
	 */
	uint64_t sector_count;
	uint64_t start_sector;			/* [I] partitions: within the whole */
	struct block_device *whole;		/* [I] itself if not a partition; referenced */
	const struct block_device_ops *ops;	/* [I] of the whole disk */
	void *driver;				/* [I] */
	bool read_only;				/* [e] the medium, of a whole disk */
	atomic_bool is_protected;		/* [a] so it was told: no file, no mount writes */
	bool has_write_cache;			/* [e] flush means something; of a whole disk */
	bool has_forced_writes;			/* [I] the driver heeds force_unit_access */
	unsigned int depth;			/* [I] requests the device takes at once */
	uint32_t max_sectors;			/* [I] per request */
	unsigned int max_segments;		/* [I] per request, at most BLOCK_SEGMENTS_MAX */
	/* [I] whole disks, as their firmware counts; heads 0: it does not say */
	uint16_t cylinders;
	uint8_t heads, track_sectors;
	/* [e] whole disks: how many partitions its table may name; 0: it is not read */
	unsigned int max_partitions;
	/* [I] its partitions have numbers of their own, not the minors after its `number` */
	bool has_extended_numbers;
	struct block_reserve *reserve;		/* [I] whole disks; NULL: the common one */
	atomic_uint sector_size;		/* [a] as programs are told; 0: SECTOR_SIZE */
	atomic_bool tells_unused;		/* [a] whole disks: see ops->unused */
	bool is_unused;				/* [L] whole disks: about to be told so */
	struct block_queue queue;		/* whole disks only */
	/* contents as a file: superblocks, bitmaps, inode tables */
	struct page_cache cache;
	struct writeback_client writeback;	/* [I] writes `cache` back */
	/* [a] write back only the parts marked dirty (page_io.h) */
	atomic_bool writes_parts;
	void *holder;				/* [L] who has it alone, or NULL */
	enum block_claim claim;			/* [L] what for; of the holder */
	unsigned int open_count;		/* [L] open as a file so often */
	unsigned int writer_count;		/* [L] so often of these to write */
	/* [a] what BLKBSZSET said since it was opened first; 0: nothing. BLKBSZGET alone tells */
	atomic_uint block_size;
	/* [a] removed, or not in the table any more; set under L, and then for ever */
	atomic_bool is_gone;
	atomic_uint reads, writes, sectors_read, sectors_written;	/* [a] /proc/diskstats */
	struct list_node list_node;		/* [L] until the last reference has gone */
	struct list_node extended_node;		/* [L] partitions of BLOCK_MAJOR_EXTENDED */
	struct work end_work;			/* ends what has no references */
};

/*
 * A driver found a whole disk and filled in name to max_partitions (0 there and in max_sectors,
 * max_segments and depth stands for what most devices can). `device` is zeroed otherwise. It has
 * one reference, the driver's. May sleep.
 */
void block_device_register(struct block_device *device);

/*
 * Disks that come and go while the machine runs. Announce: one that has been registered since the
 * observer was set is told to it. Remove: it goes, with its partitions, and does not come back; the
 * driver's reference is still the driver's. May sleep; the caller holds no lock of names. Errors:
 * -EBUSY: it or a partition is in use; -ENXIO: it is gone.
 */
void block_device_announce(struct block_device *disk);
must_check int block_device_remove(struct block_device *disk);
/*
 * The size of a disk or a partition changes. What is cached beyond the new end is lost, unless it
 * is mounted. May sleep; the caller sees to it that the size changes in one place at a time.
 */
void block_device_set_size(struct block_device *device, uint64_t sector_count);
/*
 * The medium of a whole disk is about to be taken out: if at most `most` have it open, and nobody
 * uses it otherwise or one of its partitions, it has no sectors from now on, and nothing cached,
 * and its partitions are gone. Whoever comes later finds that out; requests under way go on. False:
 * more use it, and nothing has changed. May sleep.
 */
must_check bool block_device_withdraw(struct block_device *disk, unsigned int most);
/* The observer hears of the partitions that went with it. May sleep; as block_device_rescan. */
void block_device_tell_withdrawn(struct block_device *disk);
/*
 * A disk without sectors, which the caller holds, is about to get another medium: nothing of what
 * was cached, and no error, comes from the last one. May sleep.
 */
void block_device_begin_anew(struct block_device *disk);
/*
 * Until `ops->unused` has come back of all disks that were closed before. May sleep. The kernel's
 * own threads do not wait.
 */
void block_device_wait_unused(void);

/*
 * After the drivers: read the partition tables of all disks, and tell the observer of everything
 * that was found. Once. May sleep.
 */
void block_device_scan_all(void);
/*
 * Read the table of a whole disk again: its partitions go and come. `holder` may hold the disk,
 * nobody else. May sleep; the caller holds no lock. Errors: -EINVAL (a partition, or a disk that
 * has none), -EBUSY (in use), -EIO: the disk could not be written, and nothing has changed, or the
 * table not be read (also -ENOMEM), and those it told of before that are all.
 */
must_check int block_device_rescan(struct block_device *disk, const void *holder);
/*
 * A program says where the partitions of a whole disk are, whatever its table says; it does not say
 * so in the table. What was written to one that goes, or behind the new end, and not synced, is
 * lost. May sleep; the caller holds no lock. Errors: -EINVAL: not on the disk, more than it may
 * have, or (resize) another start; -EBUSY: it overlaps another, or (add) its number is taken, or
 * (delete) it is used; -ENXIO: there is none, or the disk is gone; -ENOMEM.
 */
unsigned int block_partitions_max(const struct block_device *disk);	/* 0: it has none */
must_check int block_partition_add(struct block_device *disk, unsigned int number, uint64_t start,
				   uint64_t count);
must_check int block_partition_delete(struct block_device *disk, unsigned int number);
must_check int block_partition_resize(struct block_device *disk, unsigned int number,
				      uint64_t start, uint64_t count);

/*
 * `changed` hears of each device that is there, from then on when one comes (`is_there`) or goes;
 * one call at a time, in order. It may sleep and take any lock. Set before block_device_scan_all.
 */
void block_device_set_observer(void (*changed)(const struct block_device *device, bool is_there));

/*
 * Another reference for who has one, and the end of one (any context). Who has a reference to a
 * partition sees its disk, too. What is gone stays gone, whoever has references.
 */
static inline void block_device_get(struct block_device *device)
{
	refcount_get(&device->references);
}
void block_device_put(struct block_device *device);

/* With a reference; NULL: none. May sleep. */
struct block_device *block_device_find(dev_number number);
struct block_device *block_device_find_name(const char *name);
/* The next one, with a reference; that to `device` (NULL: wants the first) is put. May sleep. */
struct block_device *block_device_next(struct block_device *device);

/*
 * Holders exclude each other; a claimed partition excludes its whole disk and the other way round.
 * A mount and writers to the very device as a file exclude each other too: a file system finds its
 * metadata where they would write. May sleep. Errors: -EBUSY, -ENXIO (it is gone).
 */
must_check int block_device_claim(struct block_device *device, void *holder,
				  enum block_claim claim);
void block_device_release(struct block_device *device, void *holder);
bool block_device_is_mounted(const struct block_device *device);	/* itself */

/*
 * Count a user of the device as a file, who has a reference: its partitions stay as they are until
 * all have closed. May sleep. Errors: -ENXIO: there is none of this number; to write -EROFS (the
 * medium), -EBUSY (it is mounted).
 */
must_check int block_device_open(dev_number number, bool writes, struct block_device **out);
/* `wrote`: as it was opened. The last one takes what was cached along, unless it is held. */
void block_device_close(struct block_device *device, bool wrote);

/* The medium is, or the device, or the whole disk of a partition, was told to be. */
static inline bool block_device_is_read_only(const struct block_device *device)
{
	return device->whole->read_only || device->is_protected || device->whole->is_protected;
}

/* Its size, for those who have not seen to it that it stays the same. */
static inline uint64_t block_device_sectors(const struct block_device *device)
{
	return page_cache_size(&device->cache) >> SECTOR_SHIFT;
}

static inline uint32_t block_device_sector_size(const struct block_device *device)
{
	uint32_t size = atomic_load_explicit(&device->whole->sector_size, memory_order_relaxed);

	return size ? size : SECTOR_SIZE;
}

/* What was written to the device as a file is on the medium. May sleep. Errors: -EIO. */
must_check int block_device_sync(struct block_device *device);

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
