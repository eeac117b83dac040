/*
 * Mapping, unmapping, protecting, moving: what mmap(2) and friends become once syscall/ has looked
 * up the file and checked the flags. All take and release space->lock themselves and may sleep.
 */
#pragma once
#include "vm/address_space.h"

struct vm_map_request {
	uintptr_t address;		/* wish, or place if fixed; page-aligned */
	size_t size;			/* bytes; rounded up inside */
	uint32_t flags;			/* enum region_flags */
	bool fixed;			/* exactly here, replacing what is there */
	bool fixed_no_replace;		/* exactly here or -EEXIST */
	bool populate;			/* MAP_POPULATE: fault all in afterwards */
	bool holds_writable;		/* cache->writable_mappings counts this request itself */
	struct page_cache *cache;	/* NULL: anonymous; if that is shared, an unnamed file's */
	void *backing;			/* borrowed; a reference is taken */
	const struct backing_ops *backing_ops;
	uint32_t page_offset;
	const frame_number *special_frames;	/* REGION_SPECIAL */
	const char *special_name;
};

/*
 * Errors: -ENOMEM (space, limits, memory), -EEXIST, -EPERM (below mmap_min_addr), -EINVAL (size 0),
 * -EAGAIN (locked limit).
 */
must_check int vm_map(struct address_space *space, const struct vm_map_request *request,
		      const struct vm_limits *limits, uintptr_t *out);

/*
 * A free place for `size` bytes: `wish` if that is not 0 and free, else where mmap would go. Only
 * who has the space for himself may rely on it. Errors: -ENOMEM.
 */
must_check int vm_find_room(struct address_space *space, uintptr_t wish, size_t size,
			    uintptr_t *out);

/* Errors: -EINVAL, -ENOMEM (a split failed; nothing changed). */
must_check int vm_unmap(struct address_space *space, uintptr_t start, size_t size);

/* READ_IMPLIES_EXEC: from now on what is mapped, or protected, to be read may be executed. */
void vm_set_read_executes(struct address_space *space, bool on);

/* `protection`: REGION_READ|WRITE|EXECUTE. Errors: -ENOMEM (hole), -EACCES, -EINVAL. */
must_check int vm_protect(struct address_space *space, uintptr_t start, size_t size,
			  uint32_t protection, bool grows_down);

enum remap_flags {
	REMAP_MAY_MOVE = 1 << 0,	/* with MREMAP_'s values */
	REMAP_FIXED = 1 << 1,		/* to new_address, whatever is there */
	REMAP_KEEP_OLD = 1 << 2,	/* the old mapping stays, without its pages */
};
/*
 * mremap(2) after flag checks; `flags` as above. Errors: -EFAULT, -EINVAL, -ENOMEM, -EAGAIN,
 * -EPERM.
 */
must_check int vm_remap(struct address_space *space, uintptr_t old_address, size_t old_size,
			size_t new_size, uint32_t flags, uintptr_t new_address,
			const struct vm_limits *limits, uintptr_t *out);

/* brk(2): the new end, or the old one if it cannot be. */
uintptr_t vm_set_brk(struct address_space *space, uintptr_t end, const struct vm_limits *limits);

/* msync(2). Errors: -ENOMEM (hole), -EBUSY, -EIO. */
must_check int vm_sync(struct address_space *space, uintptr_t start, size_t size, bool wait,
		       bool invalidate);

/* madvise(2), mincore(2), mlock(2) families. Errors as on Linux. */
must_check int vm_advise(struct address_space *space, uintptr_t start, size_t size, int advice);
must_check int vm_resident(struct address_space *space, uintptr_t start, size_t page_count,
			   uint8_t *out);
/* `locks`: which of REGION_LOCKS the pages shall have; 0 unlocks. */
must_check int vm_lock(struct address_space *space, uintptr_t start, size_t size, uint32_t locks,
		       const struct vm_limits *limits);
/* All that is mapped (`now`); what will be mapped (`later`), or that no longer. */
must_check int vm_lock_all(struct address_space *space, uint32_t locks, bool now, bool later,
			   const struct vm_limits *limits);

/*
 * The first region of [from, limit) that is backed through `ops`, with the page at offset 0 of its
 * backing at `origin`: false if there is none. *backing is referenced.
 */
bool vm_find_backing(struct address_space *space, uintptr_t origin, uintptr_t from,
		     uintptr_t limit, const struct backing_ops *ops, void **backing,
		     uintptr_t *start, uintptr_t *end);

/*
 * Unmap file pages [first, end) of a cache from everywhere (truncate; end UINT32_MAX: to the end).
 * Private copies stay unless `even_copies`. Locks: cache's truncate lock held exclusive.
 */
void vm_unmap_cache(struct page_cache *cache, uint32_t first, uint32_t end, bool even_copies);

/*
 * Write-protect and gather dirty bits of one cached page in all its mappings; true if it was dirty
 * anywhere. For writeback.
 */
bool vm_clean_cache_page(struct page_cache *cache, uint32_t index);
/*
 * Remove one cached page from all page tables, for reclaim; true if no mapping is left. Never
 * sleeps.
 */
bool vm_unmap_cache_page(struct page_cache *cache, uint32_t index);

/*
 * marks.c: all marks, or one, are `address`. May sleep. Errors: -EINVAL (out of range or of order,
 * or more data than the limit allows), -EFAULT (one of the stack, arguments or environment, and
 * nothing is mapped there or above).
 */
must_check int vm_set_marks(struct address_space *space, const uintptr_t marks[MARK_COUNT],
			    const struct vm_limits *limits);
must_check int vm_set_mark(struct address_space *space, enum address_space_mark which,
			   uintptr_t address, const struct vm_limits *limits);
void vm_set_auxv(struct address_space *space, const uint32_t words[ADDRESS_SPACE_AUXV_WORDS]);
