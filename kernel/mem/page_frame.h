/*
 * Page frames: one descriptor for each 4 KiB of RAM, and the allocator of free ones.
 *
 * A frame in use has a kind, an owner that depends on the kind, and a reference count. The last
 * reference frees it, except that page-cache frames are freed by their cache's reference like any
 * other: the cache simply holds one of the references.
 *
 *	kind		owner, index			references
 *	FREE		buddy.c's links, order		0
 *	KERNEL		-				1
 *	SLAB		the cache			1
 *	PAGE_TABLE	share count, lock		1 for each owner (= share count)
 *	ANONYMOUS	-				one a page-table entry, passing ones
 *	PAGE_CACHE	the cache, index in it		1 of the cache, one an entry, passing ones
 *	ZERO		the one page of zeros		never freed
 *	RESERVED	not RAM, or the kernel image	never freed
 */
#pragma once
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "arch/mmu.h"
#include "core/assert.h"
#include "core/compiler.h"
#include "core/spinlock.h"
#include "core/types.h"
#include "lib/list.h"

enum frame_kind {
	FRAME_FREE, FRAME_KERNEL, FRAME_SLAB, FRAME_PAGE_TABLE, FRAME_ANONYMOUS, FRAME_PAGE_CACHE,
	FRAME_ZERO, FRAME_RESERVED,
};

/* State of a page-cache frame (vm/page_cache.c says who moves it). */
enum frame_flags {
	FRAME_FILLING = 1 << 0,	   /* being read: contents not valid yet */
	FRAME_DIRTY = 1 << 1,	   /* newer than the disk */
	FRAME_WRITING = 1 << 2,	   /* on its way to the disk */
	FRAME_REFERENCED = 1 << 3, /* used since the clock hand passed */
	FRAME_ERROR = 1 << 4,	   /* the last read failed */
	FRAME_WAITED = 1 << 5,	   /* somebody sleeps until FILLING or WRITING ends */
	FRAME_TAIL_CUT = 1 << 6,   /* when read, the disk had more than zeros behind the end */
	/*
	 * The upper half belongs to block/page_io.c, which moves parts of a frame by requests of
	 * their own. Everybody else leaves it alone: flags change by atomic or and and only.
	 */
	FRAME_IO_FAILED = 1 << 7,  /* some part of the transfer under way failed */
	FRAME_IO_PENDING = 1 << 8, /* 4 bits, one for each KiB: still to be transferred */
	FRAME_PART_DIRTY = 1 << 12, /* 4 bits, one for each KiB: to be written (block devices) */
};

struct page_cache;
struct slab_cache;

/* Locks: by kind, as each owner says; `references` and `flags` are atomic. */
struct page_frame {
	atomic_int references;		/* [a] */
	atomic_uchar kind;		/* enum frame_kind; changes only by its single owner */
	atomic_uchar order;		/* [a] log2 of the frames in its block; mem/'s own */
	atomic_ushort flags;		/* [a] enum frame_flags */
	union {
		struct page_cache *cache;	/* PAGE_CACHE; NULL once truncated or reclaimed */
		struct slab_cache *slab;	/* SLAB */
		atomic_int table_lock;		/* PAGE_TABLE: vm/page_table.c's lock word */
	};
	union {
		uint32_t index;		/* PAGE_CACHE: page index in the file */
		uint32_t slab_state;	/* SLAB */
		atomic_uint present;	/* PAGE_TABLE: entries in use */
	};
	struct list_node node; /* FREE: free list; SLAB: partial list; PAGE_CACHE: clock list */
};

/*
 * Take RAM ranges over from the machine: makes the descriptor array and frees what is free.
 * Called once at boot, before anything else here.
 */
struct boot_info;
void page_frame_init(const struct boot_info *boot);

frame_number page_frame_limit(void);			/* highest frame number of RAM + 1 */

/*
 * All descriptors, by frame number; set once at boot. Public only for the conversions below: a fork
 * and its exit make a thousand of them.
 */
extern struct page_frame *page_frame_descriptors;
/* The first of a frame above the direct map; behind the last one if there is none. */
extern struct page_frame *page_frame_first_high;

/* `number` must be below page_frame_limit(). */
static inline struct page_frame *page_frame_of(frame_number number)
{
	assert(number < page_frame_limit());
	return &page_frame_descriptors[number];
}

static inline frame_number page_frame_number(const struct page_frame *frame)
{
	return (frame_number)(frame - page_frame_descriptors);
}

bool page_frame_is_ram(frame_number number);

enum frame_alloc_flags {
	FRAME_ALLOC_ZEROED = 1 << 0,   /* all bytes 0 */
	FRAME_ALLOC_LOW = 1 << 1,      /* in the direct map */
	FRAME_ALLOC_ATOMIC = 1 << 2,   /* never sleep or reclaim; may dip into the reserve */
	/* may sleep, but must not write back (called from writeback) */
	FRAME_ALLOC_NO_RECLAIM = 1 << 3,
	FRAME_ALLOC_NO_KILL = 1 << 4,  /* give up rather than call the out-of-memory killer */
};

/*
 * One frame of `kind` with one reference, or NULL. Without ATOMIC it may sleep to reclaim.
 * Single frames come from a per-CPU list, zeroed ones first from those cleared while idle.
 */
struct page_frame *page_frame_alloc(enum frame_kind kind, enum frame_alloc_flags flags);

/*
 * 2^order contiguous frames, in the direct map; the first descriptor stands for all. NULL if none.
 */
struct page_frame *page_frame_alloc_order(unsigned int order, enum frame_kind kind,
					  enum frame_alloc_flags flags);

static inline void page_frame_get(struct page_frame *frame)
{
	atomic_fetch_add_explicit(&frame->references, 1, memory_order_relaxed);
}

/* Fails if the count is 0: the frame is being freed. For finders that hold no reference yet. */
must_check bool page_frame_try_get(struct page_frame *frame);

/* For page_frame_put: the count was `old`, 1 or wrong. */
void page_frame_put_last(struct page_frame *frame, int old);

/*
 * Drop a reference; the last one frees the frame (and, for an order > 0, all its frames). Any
 * context.
 */
static inline void page_frame_put(struct page_frame *frame)
{
	/*
	 * Release: what we did to the frame is done. Acquire: the last one sees what all others
	 * did.
	 */
	int old = atomic_fetch_sub_explicit(&frame->references, 1, memory_order_acq_rel);

	if (unlikely(old <= 1))
		page_frame_put_last(frame, old);
}

/* Acquire: pairs with page_frame_put; who sees 1 comes after what others did with the frame. */
static inline int page_frame_references(const struct page_frame *frame)
{
	return atomic_load_explicit(&frame->references, memory_order_acquire);
}

/* Is it always visible to the kernel? Else only through a window: mem/kmap.h. */
static inline bool page_frame_is_direct(const struct page_frame *frame)
{
	return frame < page_frame_first_high;
}

/* The address of a frame in the direct map; only for such frames. */
static inline void *page_frame_address(const struct page_frame *frame)
{
	return phys_to_virt((phys_addr)page_frame_number(frame) << PAGE_SHIFT);
}

/* The frame of a direct-map address. */
static inline struct page_frame *page_frame_from_address(const void *address)
{
	return page_frame_of((frame_number)(virt_to_phys(address) >> PAGE_SHIFT));
}

/* The shared frame full of zeros; callers take a reference like any other. */
struct page_frame *page_frame_zero(void);

/*
 * Clear one frame ahead, if more should be; called by the idle loop with interrupts on. False:
 * enough.
 */
bool page_frame_clear_ahead(void);

/*
 * Empty this CPU's lists of free frames into the common ones; the other CPUs are asked to do so
 * soon.
 */
void page_frame_drain(void);

/*
 * Turn a frame that the caller owns alone into another kind, for the counts and for whoever looks.
 */
void page_frame_set_kind(struct page_frame *frame, enum frame_kind kind);

/* Give back RAM that was reserved at boot and is not needed any more (the initramfs module). */
void page_frame_release_boot(phys_addr start, phys_addr end);

struct frame_counts {
	size_t total, free, kernel, slab, page_table, anonymous, page_cache;
};
void page_frame_count(struct frame_counts *out);

/* Debug builds and tests: are the free lists what mem/buddy.c says? */
bool page_frame_check(void);

/*
 * Low water: frames below which allocation wakes the reclaimer. vm/reclaim.c fills these in:
 * `reclaim` frees about `wanted` frames and returns how many it did (may sleep); `exhausted` is
 * told that nothing helped and returns true to try once more (after it killed someone).
 */
struct reclaim_ops {
	size_t (*reclaim)(size_t wanted, enum frame_alloc_flags flags);
	bool (*exhausted)(void);
	void (*wake)(void); /* free frames are low: wake the background reclaimer; must not sleep */
};
void page_frame_set_reclaim(const struct reclaim_ops *ops);
bool page_frame_is_low(void);

/* Would a frame be had just now by anyone who asks for one? False is no promise that not. */
bool page_frame_has_room(void);
