/*
 * Regions: the pieces of an address space that share one protection and one backing.
 *
 * A region covers [start, end): user addresses, multiples of PAGE_SIZE, start < end. The regions
 * of one address space never overlap. Nothing here looks at the running process.
 */
#pragma once
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include "core/compiler.h"
#include "core/types.h"
#include "lib/interval_tree.h"
#include "lib/list.h"
#include "lib/rbtree.h"

struct address_space;
struct page_cache;
struct region;

#define REGION_UNTOUCHED UINTPTR_MAX

enum region_flags {
	REGION_READ = 1 << 0,		/* the PROT_ bits, with PROT_'s values */
	REGION_WRITE = 1 << 1,
	REGION_EXECUTE = 1 << 2,
	REGION_MAY_READ = 1 << 3,	/* what mprotect may give: a shared map of a file */
	REGION_MAY_WRITE = 1 << 4,	/*  opened read-only never becomes writable */
	REGION_MAY_EXECUTE = 1 << 5,
	REGION_SHARED = 1 << 6,		/* writes go to the page cache; else copied on write */
	REGION_GROWS_DOWN = 1 << 7,	/* a stack: a fault just below extends it */
	REGION_NO_RESERVE = 1 << 8,	/* not counted against the commit limit */
	REGION_LOCKED = 1 << 9,		/* mlock */
	REGION_DEVICE = 1 << 10,	/* frames without descriptors, mapped whole at mmap time */
	REGION_STACK = 1 << 11,		/* the main thread's stack, named [stack] */
	REGION_HEAP = 1 << 12,		/* brk's, named [heap] */
	REGION_SPECIAL = 1 << 13,	/* vDSO and its data: frames given, never merged */
	REGION_DONT_COPY = 1 << 14,	/* MADV_DONTFORK */
	REGION_WIPE_ON_FORK = 1 << 15,
	REGION_ACCOUNTED = 1 << 16,	/* its pages count against the commit limit */
	REGION_LOCK_ON_FAULT = 1 << 17,	/* with LOCKED: pages come when they are touched */
	REGION_DONT_DUMP = 1 << 18,	/* MADV_DONTDUMP: its bytes are not in core files */
	REGION_LOCKS = REGION_LOCKED | REGION_LOCK_ON_FAULT,
};

/*
 * What a file mapping holds: a reference to whatever keeps the page cache alive, seen only through
 * these calls (vfs/file_map.c fills them in; vm knows no files).
 */
struct backing_ops {
	void (*get)(void *backing);	/* any context */
	void (*put)(void *backing);	/* may sleep */
	/* The path for /proc/PID/maps into `buffer`; returns its length. May sleep. */
	size_t (*name)(void *backing, char *buffer, size_t size);
	/* Device and inode numbers for /proc/PID/maps. */
	void (*identity)(void *backing, dev_number *device, uint64_t *inode);
	/*
	 * Around a write fault of a shared mapping, until the page is dirty: the file may not be
	 * changed at any time. -EAGAIN: now it may not, and the caller does not want to `wait`;
	 * -EINTR: killed while it waited. Locks: the space's at most if it waits. NULL (both): the
	 * file may always be changed.
	 */
	int (*begin_change)(void *backing, bool wait);
	void (*end_change)(void *backing);
	/*
	 * Before the first write through a shared mapping: -EROFS.. or 0; updates times. May sleep.
	 * NULL: allowed.
	 */
	int (*page_made_writable)(void *backing, uint32_t page_index);
	/*
	 * msync(MS_SYNC), as fsync: what was written is on the disk. 0 or -EIO.. May sleep. NULL:
	 * there is no disk.
	 */
	int (*sync)(void *backing);
	/*
	 * `count` pages from `first` on read as zeros and take no memory, here and for all who map
	 * them. Errors: -EOPNOTSUPP, -EBADF, -EPERM and the file's. May sleep, no lock held. NULL:
	 * -EOPNOTSUPP.
	 */
	int (*punch_hole)(void *backing, uint32_t first, uint32_t count);
};

/*
 * [s] address space lock, exclusive to change  [I] immutable  [c] the page cache's regions lock
 * [s+c] both to change, either to read
 */
struct region {
	struct rbtree_node node;		/* [s] in address_space.regions, by start */
	struct region *previous, *next;		/* [s] its neighbours by address, or NULL */
	struct address_space *space;		/* [I] */
	uintptr_t start, end;			/* [s+c] */
	uintptr_t gap_before;			/* [s] free bytes below start that mmap may use */
	uintptr_t largest_gap;			/* [s] no gap_before of its subtree is larger */
	uint32_t flags;				/* [s] enum region_flags */
	/*
	 * [s] to raise, and any fault lowers it: nothing of the region below this address is in any
	 * page table. REGION_UNTOUCHED: nothing at all.
	 */
	atomic_uintptr_t touched_from;
	/* [s+c] index in the backing of the page at start; a device's frame number; else 0 */
	uint32_t page_offset;
	struct page_cache *cache;		/* [I] NULL: anonymous private, device or special */
	void *backing;				/* [I] reference; NULL if no cache */
	const struct backing_ops *backing_ops;	/* [I] */
	const frame_number *special_frames;	/* [I] REGION_SPECIAL: frames in order */
	const char *special_name;		/* [I] REGION_SPECIAL: "[vdso]" */
	union {
		struct interval shown;		/* [c] pages of `cache`, among its regions */
		struct list_node dead;		/* once detached: until it is released */
	};
};

/* Locked, and its pages are to be there at once? */
static inline bool region_flags_want_pages(uint32_t flags)
{
	return (flags & REGION_LOCKS) == REGION_LOCKED;
}

/*
 * The region that contains `address`, or NULL. Locks: the caller holds space->lock while it uses
 * the result.
 */
struct region *region_find(struct address_space *space, uintptr_t address);
/* The first region that ends above `address`, or NULL. Locks: as region_find. */
struct region *region_find_from(struct address_space *space, uintptr_t address);
struct region *region_first(struct address_space *space);
static inline struct region *region_next(const struct region *region)
{
	return region->next;
}

/*
 * Cut `region` at `address`: it keeps [start, address), a new region gets [address, end).
 * Requires start < address < end, page-aligned. May sleep.
 * Locks: the caller holds space->lock exclusive.
 * Errors: -ENOMEM, also where there are as many regions as may be; then nothing has changed.
 */
must_check int region_split(struct address_space *space, struct region *region, uintptr_t address);
