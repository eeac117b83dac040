/*
 * fork: a copy of an address space that shares all page tables with it.
 *
 * Cost. One region object for each region, and for each page table that exists one count and one
 * directory entry (page_table.c); pages are not looked at. Then one flush, because the parent's
 * CPUs remember that they may write. So a fork of a gigabyte costs what a fork of five hundred
 * tables costs, and a child that execs or exits at once never pays for more.
 *
 * Order. The parent's lock is held exclusive, so its regions and tables stand still. Each region of
 * the child is put behind the parent's among those of its page cache, before any table is shared:
 * whoever walks them while we work (truncation, writeback) then meets every mapping of a page, at
 * the parent's or at the child's place. The child runs only after the flush.
 *
 * When memory runs out half way the child is taken down like any other space. The parent keeps
 * directory entries without their write bit; its next write there finds it is the only owner and
 * gets the bit back.
 */
#include "core/assert.h"
#include "core/config.h"
#include "lib/min_max.h"
#include "lib/string.h"
#include "uapi/linux/errno.h"
#include "vm/internal.h"
#include "vm/page_table.h"

/* What does not come from regions. */
static void copy_layout(struct address_space *child, const struct address_space *parent)
{
	child->mmap_top = parent->mmap_top;
	child->brk_start = parent->brk_start;
	child->brk_end = parent->brk_end;
	child->code_start = parent->code_start;
	child->code_end = parent->code_end;
	child->data_start = parent->data_start;
	child->data_end = parent->data_end;
	child->stack_start = parent->stack_start;
	child->arguments_start = parent->arguments_start;
	child->arguments_end = parent->arguments_end;
	child->environment_start = parent->environment_start;
	child->environment_end = parent->environment_end;
	child->vdso_base = parent->vdso_base;
	memcpy(child->saved_auxv, parent->saved_auxv, sizeof(child->saved_auxv));
	child->dumpable = parent->dumpable;
	child->read_executes = parent->read_executes;
	atomic_store_explicit(&child->membarrier_uses, atomic_load(&parent->membarrier_uses),
			      memory_order_relaxed);
}

/* The child's region for one of the parent's. Errors: -ENOMEM. */
static int copy_region(struct address_space *child, struct region *region)
{
	struct region *copy;

	if (region->flags & REGION_DONT_COPY)
		return 0;
	if ((region->flags & REGION_ACCOUNTED) && !commit_charge(child, region_pages(region), NULL))
		return -ENOMEM;
	copy = region_alloc();
	if (!copy) {
		if (region->flags & REGION_ACCOUNTED)
			commit_return(child, region_pages(region));
		return -ENOMEM;
	}
	*copy = *region;
	copy->flags &= ~(uint32_t)REGION_LOCKS;	/* mlock(2): not inherited */
	region_insert_copy(child, copy, region);
	return 0;
}

static int share_tables(struct address_space *parent, struct address_space *child,
			bool any_special)
{
	bool must_flush = false;
	uintptr_t done = 0;	/* spans below are dealt with */
	int error = 0;

	for (struct region *region = region_first(parent); region && !error;
	     region = region_next(region)) {
		uintptr_t span = max(table_span(region->start), done);

		for (; span < region->end && !error; span += TABLE_SPAN)
			error = page_table_fork(parent, child, span, any_special, &must_flush);
		done = max(done, span);
	}
	if (must_flush)
		mmu_flush_space(&parent->mmu);
	return error;
}

int address_space_fork(struct address_space *parent, struct address_space **out)
{
	struct address_space *child;
	uint32_t all_flags = 0;
	int error;

	error = address_space_create(&child);
	if (error)
		return error;
	error = rwlock_write_lock_killable(&parent->lock);
	if (error)
		goto put_child;
	rwlock_write_lock_second(&child->lock);
	copy_layout(child, parent);
	for (struct region *region = region_first(parent); region && !error;
	     region = region_next(region)) {
		all_flags |= region->flags;
		error = copy_region(child, region);
	}
	if (!error)
		error = share_tables(parent, child,
				     all_flags & (REGION_DONT_COPY | REGION_WIPE_ON_FORK));
	if (CONFIG_INVARIANTS)
		assert(error || (address_space_check(parent) && address_space_check(child)));
	rwlock_write_unlock(&child->lock);
	rwlock_write_unlock(&parent->lock);
	if (error)
		goto put_child;
	*out = child;
	return 0;

put_child:
	address_space_put(child);
	return error;
}
