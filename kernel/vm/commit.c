/*
 * Overcommit: private memory that may be written is a promise of so many pages, and the sum of all
 * promises is kept (Committed_AS). How far it may go, the mode says, as on Linux:
 *
 *	0	only a promise that could never be kept, alone, is refused: most programs never
 *		touch all that they map
 *	1	nothing is refused
 *	2	the sum stays below a limit; nobody dies because memory is out. The last of it is
 *		for the administrator, and a process leaves a part of its own size, so that
 *		somebody can still log in and end it
 *
 * Regions remember whether they are counted (REGION_ACCOUNTED), so a change of the mode needs no
 * walk. MAP_NORESERVE is heeded in modes 0 and 1 only. Shared memory is not counted: its pages
 * belong to files. But as much of it as could never be kept is refused too.
 *
 * Locks: atomic counters. Two that ask at once may both be refused where one would have fitted.
 */
#include "vm/commit.h"
#include <stdatomic.h>
#include "lib/math64.h"
#include "lib/min_max.h"
#include "vm/internal.h"

enum {
	KIB_PER_PAGE = PAGE_SIZE / 1024,
	/* Linux's defaults where there is memory enough: 1/32 of it, at most so many KiB. */
	ADMINISTRATOR_KIB_MAX = 8192,
	USER_KIB_MAX = 131072,
	RESERVE_SHARE = 32,
};

/* Relaxed, all of them: each stands alone. */
static atomic_size_t promised;	/* pages, of all spaces */
static atomic_int mode;		/* enum overcommit_mode */
static atomic_int ratio = 50;
static atomic_size_t limit_kib;

enum overcommit_mode overcommit_mode(void)
{
	return (enum overcommit_mode)atomic_load_explicit(&mode, memory_order_relaxed);
}

void overcommit_set_mode(enum overcommit_mode new)
{
	atomic_store_explicit(&mode, (int)new, memory_order_relaxed);
}

int overcommit_ratio(void)
{
	return atomic_load_explicit(&ratio, memory_order_relaxed);
}

void overcommit_set_ratio(int per_cent)
{
	atomic_store_explicit(&ratio, per_cent, memory_order_relaxed);
	atomic_store_explicit(&limit_kib, 0, memory_order_relaxed);
}

size_t overcommit_kib(void)
{
	return atomic_load_explicit(&limit_kib, memory_order_relaxed);
}

void overcommit_set_kib(size_t kib)
{
	atomic_store_explicit(&limit_kib, kib, memory_order_relaxed);
	atomic_store_explicit(&ratio, 0, memory_order_relaxed);
}

size_t overcommit_promised(void)
{
	return atomic_load_explicit(&promised, memory_order_relaxed);
}

size_t vm_total_pages(void)
{
	struct frame_counts counts;

	page_frame_count(&counts);
	return counts.total;
}

size_t overcommit_limit(void)
{
	size_t kib = overcommit_kib();

	if (kib)
		return kib / KIB_PER_PAGE;
	return (size_t)div64_u32((uint64_t)vm_total_pages() * (uint32_t)overcommit_ratio(), 100,
				 NULL);
}

bool overcommit_allows_shared(size_t pages)
{
	switch (overcommit_mode()) {
	case OVERCOMMIT_GUESS:
		return pages <= vm_total_pages();
	case OVERCOMMIT_NEVER:
		return pages <= overcommit_limit();
	default:
		return true;
	}
}

/* Mode 2: may the sum be `sum` for the sake of `space`? */
static noinline bool is_allowed(const struct address_space *space, size_t sum,
		       const struct vm_limits *limits)
{
	size_t share = vm_total_pages() / RESERVE_SHARE;
	size_t administrator = min_t(size_t, share, ADMINISTRATOR_KIB_MAX / KIB_PER_PAGE);
	size_t user = min_t(size_t, share, USER_KIB_MAX / KIB_PER_PAGE);
	size_t reserve = min(space->mapped_pages / RESERVE_SHARE, user);

	if (!limits || !limits->is_administrator)
		reserve += administrator;
	return sum + reserve < overcommit_limit();
}

bool commit_charge(struct address_space *space, size_t pages, const struct vm_limits *limits)
{
	/* No machine is smaller than this: counting frames costs a walk over the CPUs. */
	enum { ALWAYS_FINE = 1024 };
	enum overcommit_mode now = overcommit_mode();
	size_t sum;

	if (now == OVERCOMMIT_GUESS && pages > ALWAYS_FINE && pages > vm_total_pages())
		return false;
	sum = atomic_fetch_add_explicit(&promised, pages, memory_order_relaxed) + pages;
	if (unlikely(now == OVERCOMMIT_NEVER) && pages && !is_allowed(space, sum, limits)) {
		atomic_fetch_sub_explicit(&promised, pages, memory_order_relaxed);
		return false;
	}
	space->committed_pages += pages;
	return true;
}

void commit_return(struct address_space *space, size_t pages)
{
	space->committed_pages -= pages;
	atomic_fetch_sub_explicit(&promised, pages, memory_order_relaxed);
}
