/*
 * What the files of vm/ know of each other; no other folder includes this.
 */
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include "arch/mmu.h"
#include "core/compiler.h"
#include "mem/page_frame.h"
#include "vm/address_space.h"
#include "vm/fault.h"
#include "vm/mmap.h"
#include "vm/page_cache.h"
#include "vm/page_table.h"
#include "vm/region.h"

#define VM_MAP_MIN	0x10000u	/* mmap_min_addr: nothing is mapped below by wish */
#define VM_MAP_LOW	(USER_END / 3)	/* TASK_UNMAPPED_BASE: Linux looks upwards from there */
#define STACK_GUARD_GAP (256u * PAGE_SIZE) /* kept free below a region that grows down */

/*
 * Linux's vm.max_map_count. A region is kernel memory that nobody reclaims, and changes of a space
 * walk over regions.
 */
extern atomic_uint vm_regions_max; /* [a] address_space.c; relaxed, stands alone */
static inline size_t regions_max(void)
{
	return atomic_load_explicit(&vm_regions_max, memory_order_relaxed);
}

static inline size_t region_pages(const struct region *region)
{
	return (region->end - region->start) >> PAGE_SHIFT;
}

/* The page of the region's backing that `address` shows. */
static inline uint32_t region_page_index(const struct region *region, uintptr_t address)
{
	return region->page_offset + (uint32_t)((address - region->start) >> PAGE_SHIFT);
}

static inline bool region_is_accessible(const struct region *region)
{
	return region->flags & (REGION_READ | REGION_WRITE | REGION_EXECUTE);
}

/* What READ_IMPLIES_EXEC adds to `protection` of a region with these flags. */
static inline uint32_t region_implied_execute(uint32_t protection, uint32_t flags)
{
	return (protection & REGION_READ) && (flags & REGION_MAY_EXECUTE) ? REGION_EXECUTE : 0;
}

/* What every entry of the region has, apart from the frame and MMU_WRITE. */
static inline mmu_entry region_entry_bits(const struct region *region)
{
	mmu_entry bits = MMU_USER;

	if (region_is_accessible(region))
		bits |= MMU_PRESENT;
	if (!(region->flags & REGION_EXECUTE))
		bits |= mmu_no_execute();
	if (region->flags & REGION_SHARED)
		bits |= MMU_SOFT_SHARED;
	return bits;
}

/* ---- region.c: the tree, its gaps, and the sums in the address space ---- */

void region_init(void);
struct region *region_alloc(void);	/* not initialised; NULL when memory is short */
void region_free(struct region *region);	/* its memory alone */

/*
 * Put a filled-in region into the tree, where `above` is the next one or NULL, and among its
 * cache's regions; takes a reference to its backing. Its commit charge was made by the caller.
 * Locks: space->lock exclusive, for all of these. May sleep.
 */
void region_insert(struct address_space *space, struct region *region, struct region *above);
/*
 * fork: `copy`, filled in from `original`, becomes the highest region; who walks the cache's
 * regions meets it right after the original.
 */
void region_insert_copy(struct address_space *space, struct region *copy, struct region *original);
/* All regions of a space that ends, and their charge; the tree is not kept up meanwhile. */
void region_detach_all(struct address_space *space, struct list *dead);
/*
 * Out of all of it, and its pages' charge returned; the backing's reference stays with the region.
 */
void region_detach(struct region *region);
/* The region before this one, or NULL. */
static inline struct region *region_previous(const struct region *region)
{
	return region->previous;
}
struct region *region_last(struct address_space *space);
/* Move its edges, keeping the backing of each page. Growth was charged by the caller. */
void region_set_bounds(struct region *region, uintptr_t start, uintptr_t end);
/* region_split with memory that the caller has: cannot fail. Returns `upper`. */
struct region *region_split_into(struct region *region, uintptr_t address, struct region *upper);
/* Change the flags, keeping the sums. */
void region_set_flags(struct region *region, uint32_t flags);
/* Could these two be one, `left` ending where `right` starts? */
bool region_can_merge(const struct region *left, const struct region *right);
/* Join regions of [start, end) and its neighbours where possible. */
void region_merge_range(struct address_space *space, uintptr_t start, uintptr_t end);
/* Drop the backing and the memory of a detached region. No locks held; may sleep. */
void region_release(struct region *region);
/* The same for those of a list, linked by `dead`. */
void region_release_list(struct list *dead);
/* Is anything mapped in [start, end)? */
bool region_any(struct address_space *space, uintptr_t start, uintptr_t end);
/*
 * Relaxed: who unmaps has the lock to himself, and so sees what faults noted with the lock shared.
 */
static inline uintptr_t region_touched_from(const struct region *region)
{
	return atomic_load_explicit(&region->touched_from, memory_order_relaxed);
}
/* Pages from `address` up may be entered now. */
static inline void region_note_touch(struct region *region, uintptr_t address)
{
	uintptr_t lowest = region_touched_from(region);

	while (unlikely(address < lowest) &&
	       !atomic_compare_exchange_weak_explicit(&region->touched_from, &lowest, address,
						      memory_order_relaxed, memory_order_relaxed))
		continue;
}
/* Was anything of `region`, or of those that follow it, touched below `end`? NULL: no. */
static inline bool region_any_touched(const struct region *region, uintptr_t end)
{
	for (; region && region->start < end; region = region->next) {
		if (region_touched_from(region) < end && region_touched_from(region) < region->end)
			return true;
	}
	return false;
}

/* A place for a region. */
struct room {
	uintptr_t start;
	struct region *above;	/* the first region that ends above `start`, or NULL */
};
/* region_gap.c: the highest free `size` bytes within [low, high); false if there are none. */
bool region_find_gap(struct address_space *space, uintptr_t size, uintptr_t low, uintptr_t high,
		     struct room *out);
/*
 * Where mmap puts what may lie anywhere: the highest below space->mmap_top, or if there is none the
 * lowest above.
 */
bool region_find_room(struct address_space *space, uintptr_t size, struct room *out);
/* There may be more room than before below `region`, or above all if that is NULL. */
static inline void region_room_came(struct address_space *space, struct region *region)
{
	if (space->room_above && (!region || region->start > space->room_above->start))
		space->room_above = region;
}
/* The bound for the tree, and the least that it may be. */
void region_gap_tighten(struct rbtree_node *node);
uintptr_t region_largest_gap(const struct region *region);
/* Its own gap is larger than its bound, or its parent's: raise the bounds from it up. */
void region_gap_raise(struct region *region);
/* Where the room below `region` ends; a stack wants a part of it left alone. */
uintptr_t region_gap_end_of_stack(const struct region *region);
static inline uintptr_t region_gap_end(const struct region *region)
{
	return likely(!(region->flags & REGION_GROWS_DOWN)) ? region->start :
							     region_gap_end_of_stack(region);
}
/* The room that mmap may use between `below`, or the start of user memory, and `region`. */
static inline uintptr_t region_gap_above(const struct region *region, const struct region *below)
{
	uintptr_t start = below ? below->end : 0;
	uintptr_t end = region_gap_end(region);

	return end > start ? end - start : 0;
}
/* It may have changed; `below` is the region before `region`, or NULL. */
static inline void region_gap_update(struct region *region, const struct region *below)
{
	region->gap_before = region_gap_above(region, below);
	if (unlikely(region->gap_before > region->largest_gap))
		region_gap_raise(region);
}

/*
 * commit.c: promise so many more pages; false if the mode of overcommit forbids it. NULL limits:
 * nobody with privileges asks. Locks: space->lock exclusive.
 */
must_check bool commit_charge(struct address_space *space, size_t pages,
			      const struct vm_limits *limits);
void commit_return(struct address_space *space, size_t pages);
size_t vm_total_pages(void);	/* page frames that the machine has */

/* Would `more_pages` that are locked exceed RLIMIT_MEMLOCK? NULL limits: none. */
bool vm_exceeds_lock_limit(const struct address_space *space, size_t more_pages,
			   const struct vm_limits *limits);

/* Does a region with these flags count as data, and against the commit limit? */
static inline bool flags_are_data(uint32_t flags)
{
	return (flags & (REGION_WRITE | REGION_SHARED | REGION_GROWS_DOWN)) == REGION_WRITE;
}

/* Would `more_pages` exceed RLIMIT_AS (or, for `flags` of data, RLIMIT_DATA)? NULL limits: none. */
static inline bool vm_exceeds_limits(const struct address_space *space, size_t more_pages,
				     uint32_t flags, const struct vm_limits *limits)
{
	if (!limits)
		return false;
	if (space->mapped_pages + more_pages > limits->address_space_size >> PAGE_SHIFT)
		return true;
	return flags_are_data(flags) &&
	       space->data_pages + more_pages > limits->data_size >> PAGE_SHIFT;
}

/* ---- unmap.c ---- */

/*
 * What unmapping [start, end) may need: made by prepare, used up by commit or given back by cancel.
 */
struct unmap_plan {
	uintptr_t start, end;
	struct region *first;	/* that ends above start; NULL: nothing is mapped in the range */
	struct region *spare;	/* for cutting a hole into one region */
	bool is_touched;	/* the page tables may hold something of it */
};
/*
 * The only part that may fail: -ENOMEM, nothing changed. Locks: space->lock exclusive. May sleep.
 */
must_check int unmap_prepare(struct address_space *space, uintptr_t start, uintptr_t end,
			     struct unmap_plan *plan);
void unmap_cancel(struct unmap_plan *plan);
/* Regions that are gone come to `dead`, for region_release_list. */
void unmap_commit(struct address_space *space, struct unmap_plan *plan, struct list *dead);

/*
 * protect.c: cut so that *region, which overlaps [start, end), does not reach beyond it; *region is
 * then the inner piece. Errors: -ENOMEM; a cut that was made stays, and region_merge_range heals
 * it.
 */
must_check int region_isolate(struct address_space *space, struct region **region, uintptr_t start,
			      uintptr_t end);

/*
 * mlock.c: set and clear flags of every region in [start, end), cutting where needed. Errors:
 * -ENOMEM, also for a hole; what comes before it is changed.
 */
must_check int region_change_flags(struct address_space *space, uintptr_t start, uintptr_t end,
				   uint32_t set, uint32_t clear);

/*
 * mmap.c: fault in every page of [start, end) that is mapped, as mlock and MAP_POPULATE do. No
 * locks held.
 */
int vm_populate(struct address_space *space, uintptr_t start, uintptr_t end, bool for_write);

/* ---- page_table.c, for its sister files ---- */

struct page_frame *page_table_create(void);
must_check int page_table_install(struct address_space *space, uintptr_t span,
				  struct page_frame *table, bool is_private);

/* ---- faults: fault.c hands them out ---- */

/*
 * One fault under way. All of these are called with space->lock held shared and return with it, and
 * the access is one that the region allows.
 */
struct fault {
	struct address_space *space;
	struct region *region;
	uintptr_t address;	/* of the page */
	bool write;
	bool force;		/* a debugger writes: copy the page, but give no permission */
	bool populates;		/* nobody writes yet: a file's times stay */
	bool major;		/* set: a device had to be read */
	bool may_leave;		/* who calls can let go of the space and come back */
	/* set if so: nothing was done, for want of backing_ops->begin_change; with a reference */
	bool must_wait;
	void *backing;
	const struct backing_ops *backing_ops;
	/* by fault_resolve: the address's table if that is private, as long as the lock is held */
	struct page_frame *table;
};

/* Its table, private and locked. Errors: -ENOMEM. May sleep. */
static inline int fault_lock_table(struct fault *fault, struct page_frame **out)
{
	if (unlikely(!fault->table))
		return page_table_lock_private(fault->space, fault->address, out);
	page_table_lock(fault->table);
	*out = fault->table;
	return 0;
}

/* fault.c: satisfy it by whatever means. */
enum fault_result fault_resolve(struct fault *fault);
enum fault_result fault_anonymous(struct fault *fault);		/* anonymous.c */
enum fault_result fault_file(struct fault *fault);		/* fault_file.c */
/*
 * An entry is there, `seen` a moment ago, but may not be written to, and belongs to a private
 * mapping (copy_on_write.c).
 */
enum fault_result fault_copy_on_write(struct fault *fault, mmu_entry seen);

/* ---- page_cache.c, for its sister files ---- */

void page_cache_setup(void);
/* The frame at `index` in any state, with a reference, or NULL. */
struct page_frame *page_cache_find_any(struct page_cache *cache, uint32_t index);
/*
 * Enter a new frame with `flags` set; on success the cache has a reference of its own. Errors:
 * -EEXIST, -ENOMEM. May sleep.
 */
must_check int page_cache_insert(struct page_cache *cache, struct page_frame *frame, uint32_t index,
				 unsigned int flags);
/*
 * The first frame at *index or after it and before `end`, in any state, with a reference, or NULL;
 * moves *index.
 */
struct page_frame *page_cache_find_next(struct page_cache *cache, uint32_t *index, uint32_t end);
/*
 * Take the frame out and drop the cache's reference; false: it is not there, or FILLING or WRITING.
 */
bool page_cache_remove(struct page_cache *cache, struct page_frame *frame);
/* truncate.c: take out all of [first, end), waiting for transfers under way. */
void page_cache_drop_all(struct page_cache *cache, uint32_t first, uint32_t end);
/* Reclaim is done with a cache that it pinned (cache->pins) under the clock's lock. */
void page_cache_unpin(struct page_cache *cache);
/* The same only if clean, idle, and nobody but the cache and the caller has a reference. */
bool page_cache_remove_unused(struct page_cache *cache, struct page_frame *frame);
/* Sleep while any of `flags` is set. `killable`: -EINTR when the thread is being killed. */
int page_cache_wait(struct page_frame *frame, unsigned int flags, bool killable);
/* A new frame for this cache. */
struct page_frame *page_cache_alloc_frame(struct page_cache *cache, enum frame_alloc_flags flags);
/* Memory alone, no device behind it (tmpfs): never dropped, never written. */
static inline bool page_cache_is_memory(const struct page_cache *cache)
{
	return !cache->ops->read;
}
/*
 * DIRTY -> WRITING for up to `max` frames in a row, the first at *index or after it and before
 * `end`; moves *index to the first. Returns how many, each with a reference; 0: none is dirty;
 * UINT32_MAX: frames[0] is still WRITING from before, with a reference for waiting.
 */
unsigned int page_cache_start_writing(struct page_cache *cache, uint32_t *index, uint32_t end,
				      struct page_frame **frames, unsigned int max);
/* The first WRITING frame at *index or after it and before `end`, with a reference, or NULL. */
struct page_frame *page_cache_find_writing(struct page_cache *cache, uint32_t *index, uint32_t end);
/*
 * A pass of writing back: `begin` says where the file ends now, and what is dirty beyond is left to
 * the next one, also if the file is cut and grows again meanwhile: then its new pages are not
 * begun with in the middle.
 */
struct page_cache_pass { uint64_t size; };	/* [t] */
void page_cache_limit_pass(struct page_cache *cache, uint64_t size);
/* After ops->end_pass, when the next one may have begun already. */
void page_cache_forget_pass(struct page_cache *cache, const struct page_cache_pass *pass);
size_t page_cache_dirty_total(void);	/* dirty or being written, in all caches */
size_t page_cache_writing_total(void);

/* Zero the bytes from `offset` within the frame to its end. */
void page_frame_clear_tail(struct page_frame *frame, size_t offset);
/*
 * Zero what lies behind the end of a file of `size` bytes in its last page, in memory and, dirty,
 * on the disk. Locks: nobody else changes the size. May sleep.
 */
void page_cache_clear_tail(struct page_cache *cache, uint64_t size);

/*
 * readahead.c: start reading `index` and what probably follows; *first gets its frame, or NULL if
 * it came up meanwhile.
 */
must_check int read_ahead_miss(struct page_cache *cache, uint32_t index, struct page_frame **first);
/* Is `index` where the next window should be started? Racy by intent. */
static inline bool read_ahead_is_due(const struct page_cache *cache, uint32_t index)
{
	return cache->read_ahead_size > 1 &&
	       index == cache->read_ahead_next - cache->read_ahead_size / 2;
}

/* A reader met the page at which read_ahead_is_due(): the next window starts. */
void read_ahead_hit(struct page_cache *cache);

/* ---- reverse_map.c ---- */

/* How many regions, each counted for its own space, show this page of the cache just now. */
unsigned int vm_count_mappings(struct page_cache *cache, uint32_t index,
			       const struct page_frame *frame);

/* Was the page used through a mapping since the last call? Clears accessed bits without a flush. */
bool vm_test_accessed(struct page_cache *cache, uint32_t index);

/* ---- reclaim.c, writeback.c ---- */

/* Put a frame of a cache under the clock hand, or take it away. Callers hold the cache's lock. */
void reclaim_add(struct page_frame *frame);
void reclaim_remove(struct page_frame *frame);
void reclaim_setup(void);
void reclaim_start(void);	/* its thread, and mem's reclaim_ops */
void reclaim_work(void);	/* what its thread does each time it is woken; may sleep */
void writeback_setup(void);
/* Wake the writeback thread: write everything dirty now. */
void writeback_urgent(void);
/* Is this the thread that writes for all others? */
bool writeback_is_thread(const struct thread *thread);
/* By page_cache_write_done, in any context. */
void writeback_made_progress(void);

void futex_setup(void);

/* io_buffer.c: one try, with faults off; returns what was moved. */
size_t io_buffer_get_frame_once(struct io_buffer *buffer, struct page_frame *frame, size_t offset,
				size_t size);
/* Fault in the page at which such a try to get bytes stopped. Errors: -EFAULT. */
must_check int io_buffer_fault_in(struct io_buffer *buffer);
