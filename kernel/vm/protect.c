/*
 * mprotect: new permissions for a range, region by region.
 *
 * As on Linux, what comes before a hole or a refusal is changed even when the call fails. For one
 * region it is all or nothing: memory for cutting it, page tables of its own, and the commit charge
 * of memory that becomes writable are got first.
 *
 * Entries only lose permissions here, with two exceptions that cost nothing: execute follows the
 * region exactly, and device pages, which never fault, get their write bit back. All other writes
 * are given by faults, which know about copying and dirtying. Pages of a region without any access
 * are "parked": their entries keep everything but MMU_PRESENT, and wait for better times.
 */
#include "core/assert.h"
#include "core/config.h"
#include "lib/min_max.h"
#include "uapi/linux/errno.h"
#include "vm/internal.h"
#include "vm/page_table.h"

#define PROTECTION (REGION_READ | REGION_WRITE | REGION_EXECUTE)

/* How a region's new flags want its entries: worked out once, applied to each. */
struct protection {
	mmu_entry keep, set;
	mmu_entry device_set;	/* of device pages, which have no faults */
};

static struct protection protection_of(const struct region *region)
{
	mmu_entry changing = MMU_PRESENT | mmu_no_execute();
	struct protection result = {
		.keep = ~changing,
		.set = region_entry_bits(region) & changing,
	};

	result.device_set = result.set;
	if (region->flags & REGION_WRITE)
		result.device_set |= MMU_WRITE;
	else
		result.keep &= ~MMU_WRITE;
	return result;
}

static inline mmu_entry protect_entry(const struct protection *protection, mmu_entry entry)
{
	mmu_entry set = unlikely((uint32_t)entry & (uint32_t)MMU_SOFT_DEVICE)
				? protection->device_set
				: protection->set;

	return (entry & protection->keep) | set;
}

/* All entries of [start, end), which lies in one private table. True if other CPUs must be told. */
static bool protect_table(const struct region *region, struct page_frame *table, uintptr_t start,
			  uintptr_t end)
{
	const struct protection protection = protection_of(region);
	mmu_entry *slot = page_table_entry(table, start);
	const mmu_entry *last = slot + ((end - start) >> PAGE_SHIFT);
	bool changed = false;

	page_table_lock(table);
	for (; slot < last; slot++) {
		mmu_entry old;

		if (!mmu_entry_is_used(slot))
			continue;
		old = mmu_entry_read(slot);
		/* The machine may add an accessed or dirty bit at any time. */
		while (unlikely(!mmu_entry_replace(slot, old, protect_entry(&protection, old))))
			old = mmu_entry_read(slot);
		changed = true;
	}
	page_table_unlock(table);
	return changed;
}

static void protect_entries(struct address_space *space, const struct region *region)
{
	bool changed = false;

	for (uintptr_t span = table_span(region->start); span < region->end; span += TABLE_SPAN) {
		struct page_frame *table = page_table_find_private(space, span);

		if (table)
			changed |= protect_table(region, table, max(region->start, span),
						 min(region->end, span + TABLE_SPAN));
	}
	if (changed)
		mmu_flush_range(&space->mmu, region->start, region->end);
}

int region_isolate(struct address_space *space, struct region **region, uintptr_t start,
		   uintptr_t end)
{
	int error;

	if ((*region)->start < start) {
		error = region_split(space, *region, start);
		if (error)
			return error;
		*region = region_next(*region);
	}
	return (*region)->end > end ? region_split(space, *region, end) : 0;
}

/* Flags of [start, end) of one region, which need not begin or end there. */
static int protect_region(struct address_space *space, struct region *region, uintptr_t start,
			  uintptr_t end, uint32_t protection)
{
	size_t pages = (end - start) >> PAGE_SHIFT;
	bool charged = false;
	uint32_t flags;
	int error;

	if (unlikely(space->read_executes))
		protection |= region_implied_execute(protection, region->flags);
	flags = (region->flags & ~(uint32_t)PROTECTION) | protection;
	if (flags == region->flags)
		return 0;
	/* The MAY_ flags are the same three bits, three places up. */
	if (protection & ~(region->flags / REGION_MAY_READ))
		return -EACCES;
	if ((flags & (REGION_WRITE | REGION_SHARED | REGION_NO_RESERVE | REGION_ACCOUNTED)) ==
	    REGION_WRITE) {
		if (!commit_charge(space, pages, NULL))
			return -ENOMEM;
		charged = true;
		flags |= REGION_ACCOUNTED;
	}
	error = page_table_make_private_range(space, start, end);
	if (!error)
		error = region_isolate(space, &region, start, end);
	if (error) {
		if (charged)
			commit_return(space, pages);
		return error;
	}
	region_set_flags(region, flags);
	protect_entries(space, region);
	return 0;
}

static int protect_range(struct address_space *space, uintptr_t start, uintptr_t end,
			 uint32_t protection, bool grows_down)
{
	struct region *region = region_find_from(space, start);
	uintptr_t address = start;
	int error = 0;

	if (!region || region->start >= end)
		return -ENOMEM;
	if (grows_down) {
		if (!(region->flags & REGION_GROWS_DOWN))
			return -EINVAL;
		address = start = region->start;
	}
	while (!error && address < end) {
		uintptr_t region_end;

		region = region_find(space, address);
		if (!region) {
			error = -ENOMEM;
			break;
		}
		region_end = min(region->end, end);
		error = protect_region(space, region, address, region_end, protection);
		address = region_end;
	}
	region_merge_range(space, start, end);
	return error;
}

void vm_set_read_executes(struct address_space *space, bool on)
{
	rwlock_write_lock(&space->lock);
	space->read_executes = on;
	rwlock_write_unlock(&space->lock);
}

int vm_protect(struct address_space *space, uintptr_t start, size_t size, uint32_t protection,
	       bool grows_down)
{
	uintptr_t end;
	int error;

	if (start % PAGE_SIZE != 0 || (protection & ~(uint32_t)PROTECTION))
		return -EINVAL;
	if (size == 0)
		return 0;
	if (start > USER_END || size > USER_END - start)
		return -ENOMEM;
	end = ALIGN_UP(start + size, PAGE_SIZE);
	error = rwlock_write_lock_killable(&space->lock);
	if (error)
		return error;
	error = protect_range(space, start, end, protection, grows_down);
	if (CONFIG_INVARIANTS)
		assert(address_space_check(space) && page_table_check(space, start, end));
	rwlock_write_unlock(&space->lock);
	return error;
}
