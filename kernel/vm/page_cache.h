/*
 * The page cache: file contents in memory, one copy for read(), write(), mmap() and exec.
 * (Theory, states and invariants: page_cache.c.)
 */
#pragma once
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include "core/compiler.h"
#include "core/spinlock.h"
#include "core/types.h"
#include "lib/interval_tree.h"
#include "lib/radix_tree.h"
#include "mem/page_frame.h"
#include "sched/mutex.h"
#include "sched/rwlock.h"
#include "vm/io_buffer.h"

struct page_cache;
struct page_cache_pass;

/*
 * What a file system (or block device) does for its cache. NULL fill: pages come into being as
 * zeros (tmpfs).
 */
enum { PAGE_CACHE_POSTPONED = 1 };	/* what page_cache_ops.write may answer */

struct page_cache_ops {
	/*
	 * Start reading `count` frames (contiguous indices, each FILLING, referenced); call
	 * page_cache_read_done for each when done, perhaps from an interrupt, or
	 * page_cache_fill_cancel for want of memory. Bytes past the end of the file are zeroed by
	 * the file system. Error: nothing was started, none is done. May
	 * sleep. Truncate lock held shared.
	 */
	int (*read)(struct page_cache *cache, struct page_frame **frames, unsigned int count);
	/*
	 * Start writing `count` frames (contiguous indices, each WRITING); page_cache_write_done
	 * for each. PAGE_CACHE_POSTPONED: for want of memory some went to page_cache_postpone and
	 * were done without an error. Error: nothing was started, none is done. May sleep, must not
	 * allocate with reclaim (FRAME_ALLOC_NO_RECLAIM). NULL: never written back (tmpfs).
	 */
	int (*write)(struct page_cache *cache, struct page_frame **frames, unsigned int count);
	/*
	 * Before a frame at `index` becomes dirty (by write() or through a mapping) in [from, to)
	 * bytes of the page: reserve disk space. -ENOSPC, -EIO... May sleep. NULL: nothing to do.
	 */
	int (*prepare_write)(struct page_cache *cache, uint32_t index);
	/*
	 * The frame did not become dirty after all, nor is it so for another reason: what was
	 * reserved for the page may go. Truncate lock held exclusive. NULL: nothing to do.
	 */
	void (*cancel_write)(struct page_cache *cache, uint32_t index);
	/*
	 * For files whose length the disk learns only with what is in them: around each pass that
	 * writes back dirty pages. `begin` keeps other passes out, calls page_cache_begin_pass, and
	 * then names the first page beyond what the disk knows: such pages are written in order,
	 * from the first of them that is dirty on. `end`: of all below `end`, in bytes, and below
	 * page_cache_pass_size, what was dirty when the pass began is on its way; 0: not all could
	 * be sent. May sleep. NULL, both: any order will do.
	 */
	uint32_t (*begin_pass)(struct page_cache *cache, struct page_cache_pass *pass);
	void (*end_pass)(struct page_cache *cache, uint64_t end);
	/*
	 * The cache got its first dirty page: the owner is to be put on a list for writeback. Any
	 * context.
	 */
	void (*became_dirty)(struct page_cache *cache);
};

/* [t] lock  [a] atomic  [I] immutable  [T] truncate lock, exclusive to change  [r] regions_lock */
struct page_cache {
	struct spinlock lock;			/* LOCK_RANK_PAGE_CACHE, interrupts off */
	struct radix_tree frames;		/* [t] index -> struct page_frame *, tagged */
	size_t frame_count;			/* [t] */
	atomic_size_t dirty_count;		/* [a] changes under lock */
	struct rwlock truncate_lock;		/* faults and fills shared, truncate exclusive */
	/*
	 * Of the file, in bytes; the owner's i_size is here. Shrinks only with the truncate lock
	 * held exclusive; grows under the inode lock alone.
	 */
	_Atomic(uint64_t) size;
	atomic_uint page_count;			/* page_count_of(size): a fault reads one word */
	struct page_cache_pass *pass;		/* [t] under way, where pages go in order */
	const struct page_cache_ops *ops;	/* [I] */
	void *owner;				/* [I] struct inode or block device */
	/*
	 * [I] Set by the owner right after page_cache_init. A block device's cache, which holds
	 * file systems' metadata: its frames lie in the direct map (FRAME_ALLOC_LOW), they are
	 * allocated without writing back (FRAME_ALLOC_NO_RECLAIM: who asks may hold file-system
	 * locks), page_cache_get waits for the device even if the thread is being killed, and no
	 * write makes it longer.
	 */
	bool is_metadata;
	atomic_bool has_grown;			/* [a] by writes, since the owner last asked */
	struct mutex regions_lock;		/* LOCK_RANK_CACHE_REGIONS */
	struct interval_tree regions;		/* [r] all that map this, by the pages they show */
	atomic_uint writable_mappings;		/* [a] shared regions that may be written */
	uint32_t read_ahead_next;		/* hints: the page after the last window, */
	uint32_t read_ahead_size;		/*  and its size; see readahead.c */
	atomic_int error;			/* [a] first writeback error not reported yet */
	atomic_uint postponed;			/* [a] counts page_cache_postpone */
	_Atomic(uint64_t) msync_call;		/* [a] the last that saw to it: see msync.c */
	atomic_uint pins;			/* [a] reclaimers at its frames; fini waits */
};

/* Frames of all caches, for /proc. */
struct page_cache_totals {
	size_t dirty, writing;	/* of caches with a place to write to */
	size_t memory;		/* of those without: tmpfs, shared memory */
};
void page_cache_get_totals(struct page_cache_totals *out);

void page_cache_init(struct page_cache *cache, const struct page_cache_ops *ops, void *owner);
/* All frames out and freed; nothing maps it any more. Waits for I/O under way. May sleep. */
void page_cache_fini(struct page_cache *cache);

/* Acquire: pairs with the stores that make it grow, after the bytes, or shrink, before they go. */
static inline uint64_t page_cache_size(const struct page_cache *cache)
{
	return atomic_load_explicit(&cache->size, memory_order_acquire);
}

/*
 * The number of pages of a file of `size` bytes; UINT32_MAX if there are more than can be cached.
 */
static inline uint32_t page_count_of(uint64_t size)
{
	uint64_t pages = (size + PAGE_SIZE - 1) >> PAGE_SHIFT;

	return pages < UINT32_MAX ? (uint32_t)pages : UINT32_MAX;
}

/* page_count_of(page_cache_size()), which is dearer to read: its halves must belong together. */
static inline uint32_t page_cache_page_count(const struct page_cache *cache)
{
	return atomic_load_explicit(&cache->page_count, memory_order_acquire);
}

/*
 * Locks: those that keep others from setting it (struct page_cache). A program that has been told
 * the new size must not meet the old count, so that comes first; when a file becomes smaller, the
 * truncate lock keeps those away who look at both.
 */
static inline void page_cache_set_size(struct page_cache *cache, uint64_t size)
{
	atomic_store_explicit(&cache->page_count, page_count_of(size), memory_order_release);
	atomic_store_explicit(&cache->size, size, memory_order_release);
}

/*
 * The frame at `index`, filled, with a reference; reads it (and ahead) if absent. Errors: -EIO,
 * -ENOMEM, -EINTR (killed). `major` (may be NULL) is set if the bytes come from a device only now.
 * May sleep. Truncate lock held shared, or the inode lock.
 */
must_check int page_cache_get(struct page_cache *cache, uint32_t index, struct page_frame **out,
			      bool *major);
/*
 * The same for somebody who holds no lock and will only read: *out NULL is a page of zeros that
 * need not exist. -EAGAIN: the file has become shorter; look at its size again.
 */
must_check int page_cache_get_for_read(struct page_cache *cache, uint32_t index,
				       struct page_frame **out);
/*
 * Start reading what is absent of [first, end), at most 2 MiB of it (a hint is no order, and Linux
 * stops somewhere too): madvise(WILLNEED), readahead(2). May sleep.
 */
void page_cache_read_ahead(struct page_cache *cache, uint32_t first, uint32_t end);
/*
 * posix_fadvise(DONTNEED): forget what is clean and used by nobody of [first, end). May sleep.
 */
void page_cache_drop_unused(struct page_cache *cache, uint32_t first, uint32_t end);
/* Only if it is there and filled: a reference, or NULL. Any context. */
struct page_frame *page_cache_find(struct page_cache *cache, uint32_t index);
/* The first page of [first, end) that is there, or `end`; and the first that is not. */
uint32_t page_cache_next_present(struct page_cache *cache, uint32_t first, uint32_t end);
uint32_t page_cache_next_absent(struct page_cache *cache, uint32_t first, uint32_t end);
/*
 * References to present, filled frames among [first, first + count), in order of index; returns how
 * many.
 */
unsigned int page_cache_find_range(struct page_cache *cache, uint32_t first, unsigned int count,
				   struct page_frame **out);
/*
 * For a writer that will overwrite all of it, or tmpfs: present frame, or a new one zeroed and
 * CLEAN, not read.
 */
must_check int page_cache_get_for_overwrite(struct page_cache *cache, uint32_t index,
					    struct page_frame **out);

/* A frame that the caller references has been (or is about to be) written to. */
void page_cache_mark_dirty(struct page_cache *cache, struct page_frame *frame);
/*
 * A WRITING frame cannot be written for want of memory: it is dirty again. Called before its
 * transfer ends, which is then no error.
 */
void page_cache_postpone(struct page_cache *cache, struct page_frame *frame);

/* By the I/O of ops->read / write, in any context. error 0 or -EIO, -ENOSPC. */
void page_cache_read_done(struct page_frame *frame, int error);
/*
 * Instead: nothing came, and nothing is wrong with the file. Who waits for the frame looks for the
 * page again. The caller's reference goes.
 */
void page_cache_fill_cancel(struct page_frame *frame);
void page_cache_write_done(struct page_frame *frame, int error);

/*
 * read(2) / write(2) on a cached file: bytes moved, or an error if none were. `write` extends
 * cache->size as it goes and the caller (file system) records it. Short counts when interrupted by
 * a fault or ENOSPC. Locks: the inode lock (shared for read is enough but not required; exclusive
 * for write).
 */
must_check ssize_t page_cache_read(struct page_cache *cache, struct io_buffer *buffer,
				   file_offset offset);
must_check ssize_t page_cache_write(struct page_cache *cache, struct io_buffer *buffer,
				    file_offset offset);

/*
 * Change the size: takes the truncate lock exclusive, unmaps and drops frames beyond, zeroes the
 * tail of the last page. The file system frees blocks afterwards (shrink) by itself. May sleep.
 */
void page_cache_truncate(struct page_cache *cache, uint64_t new_size);
/* The same by who holds the truncate lock exclusive. */
void page_cache_truncate_locked(struct page_cache *cache, uint64_t new_size);
/* Its second half, for who has set a smaller `size` himself. */
void page_cache_drop_beyond_locked(struct page_cache *cache, uint64_t size);
/* Drop [first, end) pages (hole punching, invalidation); dirty ones are lost. */
void page_cache_drop_range(struct page_cache *cache, uint32_t first, uint32_t end);

/*
 * Write back dirty pages of [first, end) in order of index; wait: until they are on the device.
 * Errors: first I/O error.
 */
must_check int page_cache_write_back(struct page_cache *cache, uint32_t first, uint32_t end,
				     bool wait);
/* For page_cache_ops.end_pass: the file's size when it began, or to which it was cut since. */
uint64_t page_cache_pass_size(struct page_cache *cache);
/* For begin_pass: from here on the pass hears of cuts. */
void page_cache_begin_pass(struct page_cache *cache, struct page_cache_pass *pass);
/* Report and clear the remembered writeback error. */
must_check int page_cache_take_error(struct page_cache *cache);

/* Debug builds: the invariants of page_cache.c. */
bool page_cache_check(struct page_cache *cache);
