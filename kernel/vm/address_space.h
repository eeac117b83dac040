/*
 * Address spaces: a tree of regions, and the page tables that are filled from them on demand.
 */
#pragma once
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include "arch/mmu.h"
#include "core/compiler.h"
#include "core/refcount.h"
#include "lib/rbtree.h"
#include "sched/rwlock.h"
#include "vm/region.h"

enum { ADDRESS_SPACE_AUXV_WORDS = 2 * 24 };

/*
 * [s] lock, shared to read and exclusive to change  [a] atomic  [I] immutable  [e] set once by exec
 * [d] directory_lock
 */
struct address_space {
	struct rwlock lock;			/* LOCK_RANK_ADDRESS_SPACE */
	struct refcount users;			/* [a] threads and others who need the mappings */
	struct spinlock directory_lock;		/* LOCK_RANK_PAGE_DIRECTORY */
	struct mmu_space mmu;			/* [d] entries of the directories */
	struct rbtree regions;			/* [s] by start */
	struct region *first, *last;		/* [s] of the regions, or NULL */
	size_t region_count;			/* [s] */
	_Atomic(struct region *) last_found;	/* [a] hint: a region of the tree, or NULL */
	/* [s] NULL, or: no gap above this region, below mmap_top, has room_size bytes */
	struct region *room_above;
	uintptr_t room_size;			/* [s] */
	size_t mapped_pages;			/* [s] sum of the regions */
	size_t committed_pages;			/* [s] counted against the commit limit */
	size_t locked_pages;			/* [s] of regions with REGION_LOCKED */
	/* [s] mlockall(MCL_FUTURE): which of REGION_LOCKS new mappings get */
	uint32_t lock_new;
	size_t data_pages;			/* [s] of private writable regions but stacks */
	atomic_size_t resident_peak;		/* [a] pages; see address_space_resident */
	atomic_size_t table_frames;		/* [a] page tables, shared ones included */
	uintptr_t mmap_top;			/* [e] highest address for mmap without a wish */
	uintptr_t brk_start, brk_end;		/* [s] */
	/* [s] marks.c; each may be read alone without */
	uintptr_t code_start, code_end, data_start, data_end;
	uintptr_t stack_start;			/* [s] the same */
	uintptr_t arguments_start, arguments_end;	/* [s] the same */
	uintptr_t environment_start, environment_end;	/* [s] the same */
	/* address of the vDSO image: by exec, or the process's signal lock and any thread reads */
	uintptr_t vdso_base;
	/* [s] for /proc/PID/auxv, which may show half of a change */
	uint32_t saved_auxv[ADDRESS_SPACE_AUXV_WORDS];
	bool dumpable;				/* [s] */
	bool read_executes;			/* [s] READ_IMPLIES_EXEC: in new mappings */
	atomic_uint membarrier_uses;		/* [a] kinds of membarrier(2) it said it uses */
	uint64_t serial;			/* [I] no other since boot has the same */
};

/* What says where a program's parts lie; as PR_SET_MM counts them, less one. */
enum address_space_mark {
	MARK_CODE_START, MARK_CODE_END, MARK_DATA_START, MARK_DATA_END, MARK_STACK_START,
	MARK_BRK_START, MARK_BRK_END, MARK_ARGUMENTS_START, MARK_ARGUMENTS_END,
	MARK_ENVIRONMENT_START, MARK_ENVIRONMENT_END, MARK_COUNT,
};

/* Limits and wishes of the process that the caller passes down: vm asks nobody who is running. */
struct vm_limits {
	uint64_t address_space_size;	/* RLIMIT_AS, bytes */
	uint64_t data_size;		/* RLIMIT_DATA */
	uint64_t stack_size;		/* RLIMIT_STACK */
	uint64_t locked_size;		/* RLIMIT_MEMLOCK; UINT64_MAX with CAP_IPC_LOCK */
	bool is_administrator;		/* CAP_SYS_ADMIN: what overcommit keeps back is for him */
};

/* A new, empty one with one user. Errors: -ENOMEM. */
must_check int address_space_create(struct address_space **out);

/*
 * fork(): a copy that shares all page tables (vm/fork.c). Costs O(regions + tables). Errors:
 * -ENOMEM; then the parent is unchanged in effect.
 */
must_check int address_space_fork(struct address_space *parent, struct address_space **out);

static inline void address_space_get(struct address_space *space) { refcount_get(&space->users); }
/* The last user tears everything down. May sleep. */
void address_space_put(struct address_space *space);

/*
 * Debug builds: are the regions aligned, in order and disjoint, and do their pages add up? Lock
 * held.
 */
bool address_space_check(struct address_space *space);

/* At boot, after mem and before the first address space or page cache. */
void vm_init(void);

/*
 * Memory of another process, for ptrace, /proc/PID/mem, process_vm_*: faults pages in on its
 * behalf. Returns bytes done or, if none, -EFAULT, -EIO, -ENOMEM or -EINTR (killed). `write` with
 * `force` may write to read-only private pages (breakpoints). May sleep.
 */
must_check ssize_t address_space_access(struct address_space *space, uintptr_t address,
					void *buffer, size_t size, bool write, bool force);

/* All of it, for exec; else the error that stood in the way of the rest. */
must_check int address_space_write(struct address_space *space, uintptr_t address,
				   const void *bytes, size_t size);

/*
 * Pages that the page tables point to: counted in the tables themselves, so that sharing tables
 * needs no bookkeeping. Costs O(tables); also moves resident_peak up. Locks: none needed; takes
 * directory_lock.
 */
struct resident_pages { size_t anonymous, file; };
void address_space_resident(struct address_space *space, struct resident_pages *out);
/*
 * Their sum, for statm, for getrusage (before it reads resident_peak) and for who dies when memory
 * is out.
 */
size_t address_space_resident_pages(struct address_space *space);

/*
 * Move resident_peak up, by way of the regions: quicker for an ordinary process, whose tables are
 * few. Locks: space->lock exclusive, or the caller is the space's only user.
 */
void address_space_note_peak(struct address_space *space);
/*
 * The same for a user who leaves, and others may stay (vfork, or somebody who looks): the peak.
 * Locks: takes space->lock exclusive if the caller is not the only user.
 */
size_t address_space_leaving_peak(struct address_space *space);

/* What /proc/PID/pagemap shows for each page. Locks: takes space->lock shared. */
struct pagemap_entry { frame_number frame; bool present, file_or_shared, exclusive; };
void address_space_pagemap(struct address_space *space, uintptr_t start, size_t page_count,
			   struct pagemap_entry *out);

/*
 * Add to counts[i] the number of entries of this space that map frame (first + i), i < count.
 * /proc/kpagecount sums it over all spaces. Locks: takes space->lock shared.
 */
void address_space_count_mappings(struct address_space *space, frame_number first, size_t count,
				  uint32_t *counts);

/*
 * What smaps shows for one region, in pages; `proportional` in 4096ths of a byte: each page's size
 * divided by its mappings.
 */
struct region_usage { size_t resident, shared_clean, shared_dirty, private_clean, private_dirty,
	anonymous, referenced;
	uint64_t proportional; };
enum { PROPORTIONAL_SHIFT = 12 };

/*
 * Anonymous pages that lie in several page tables, whose mappings are looked for in one space after
 * another; until then `proportional` lacks them.
 */
enum { PAGE_SHARING_MAX = 200 };
struct page_sharing {
	size_t count;
	struct shared_page { uintptr_t address; frame_number frame; unsigned int least, found; }
		pages[PAGE_SHARING_MAX];
};

/*
 * Add the pages of `region` from *address on, as far as `sharing` has room for what it has to note;
 * *address is behind them then. `sharing` NULL: where the exact part matters little. Lock held
 * shared.
 */
void region_usage(struct address_space *space, struct region *region, uintptr_t *address,
		  struct page_sharing *sharing, struct region_usage *out);
/* Those that `other` maps, too. Locks: takes other->lock shared; the caller holds none. */
void page_sharing_look(struct page_sharing *sharing, struct address_space *other);
/* All spaces have been looked at: add their parts, and forget them. */
void page_sharing_finish(struct page_sharing *sharing, struct region_usage *out);

/* How many regions a space may have (vm.max_map_count). */
unsigned int vm_region_limit(void);
void vm_set_region_limit(unsigned int limit);

/* Counters for tests and the event ring: since boot; `regions_walked` by reverse_map.c. */
struct vm_counters {
	atomic_uint faults, faults_file, faults_anonymous, faults_cow_copied, faults_cow_reused,
		tables_shared, tables_copied, table_write_enabled, pages_copied, major_faults,
		pages_mapped_around, regions_walked;
};
extern struct vm_counters vm_counters;
