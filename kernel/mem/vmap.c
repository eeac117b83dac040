/*
 * Kernel addresses above the direct map: pages that are contiguous only virtually, each run with an
 * unmapped page below it, and the registers of devices.
 *
 * Idea. Two bitmaps with a bit for each page of the area. `taken` says which pages somebody has;
 * `stale` which are free, but perhaps remembered by some CPU's translation cache. Freeing unmaps
 * and leaves the pages stale, so it never waits for other CPUs; when a search finds nothing that is
 * neither taken nor stale, one flush of all CPUs makes every stale page clean. A stale translation
 * of a page that nobody has is harmless: nothing points there.
 *
 * The guard page below a run is taken with it and never mapped. Searches go on where the last one
 * ended.
 *
 * Locks. vmap_lock (rank VMAP, interrupts off) protects the bitmaps. Page-table entries of a run
 * belong to whoever has it.
 */
#include "mem/vmap.h"
#include "arch/cpu.h"
#include "arch/mmu.h"
#include "core/assert.h"
#include "core/boot_args.h"
#include "core/preempt.h"
#include "core/printk.h"
#include "core/spinlock.h"
#include "lib/bitmap.h"
#include "lib/min_max.h"
#include "mem/page_frame.h"

/* Kernel stacks take 16 KiB of it each: room for 16,000. A larger area is used up to here. */
#define AREA_PAGES_MAX ((256u << 20) / PAGE_SIZE)

static struct spinlock vmap_lock = SPINLOCK_INIT(LOCK_RANK_VMAP, "vmap");
static uint32_t taken[BITMAP_WORDS(AREA_PAGES_MAX)];	/* [vmap_lock] */
static uint32_t stale[BITMAP_WORDS(AREA_PAGES_MAX)];	/* [vmap_lock] */
static uint32_t flushing[BITMAP_WORDS(AREA_PAGES_MAX)]; /* [vmap_lock] stale when a flush began */
static bool flush_running;				/* [vmap_lock] */
static size_t next_page;				/* [vmap_lock] where to search from */
static size_t pages_limit = AREA_PAGES_MAX;		/* [I] after boot */

void vmap_init(void)
{
	const size_t most = AREA_PAGES_MAX >> (20 - PAGE_SHIFT);
	size_t limit = boot_args_number("vmap", most);

	if (limit > 0 && limit < most)
		pages_limit = limit << (20 - PAGE_SHIFT);
}

static size_t area_pages(void)
{
	size_t pages = (mmu_vmap_end() - mmu_vmap_start()) / PAGE_SIZE;

	return min(pages, pages_limit);
}

static uintptr_t page_address(size_t page)
{
	return mmu_vmap_start() + page * PAGE_SIZE;
}

static size_t page_of_address(uintptr_t address)
{
	return (address - mmu_vmap_start()) / PAGE_SIZE;
}

/* The first of [start, start + count) that is not clean, or the end. */
static size_t first_obstacle(size_t start, size_t count)
{
	size_t a = bitmap_find_set(taken, start + count, start);
	size_t b = bitmap_find_set(stale, start + count, start);

	return a < b ? a : b;
}

/*
 * A run of `pages` clean pages whose address is a multiple of align_pages, with a clean page before
 * it, between `from` and `to`; 0 if there is none (page 0 can only be a guard).
 */
static size_t find_run(size_t pages, size_t align_pages, size_t from, size_t to)
{
	size_t base = mmu_vmap_start() / PAGE_SIZE;
	size_t run = from + 1;

	for (;;) {
		size_t obstacle;

		run = ALIGN_UP(base + run, align_pages) - base;
		if (run + pages > to)
			return 0;
		obstacle = first_obstacle(run - 1, pages + 1);
		if (obstacle >= run + pages)
			return run;
		/* A clean page is neither; so it comes no sooner than the later of the two. */
		run = max(bitmap_find_clear(taken, to, obstacle + 1),
			  bitmap_find_clear(stale, to, obstacle + 1)) + 1;
	}
}

/* Caller holds vmap_lock. */
static size_t take_run(size_t pages, size_t align_pages)
{
	size_t run = find_run(pages, align_pages, next_page, area_pages());

	spin_assert_held(&vmap_lock);
	if (run == 0)
		run = find_run(pages, align_pages, 0, area_pages());
	if (run == 0)
		return 0;
	bitmap_set_range(taken, run - 1, run + pages);
	next_page = run + pages;
	return run;
}

static bool begin_flush(void)
{
	irq_flags flags = spin_lock_irq(&vmap_lock);
	bool is_ours = !flush_running;

	if (is_ours) {
		flush_running = true;
		for (size_t i = 0; i < ARRAY_SIZE(stale); i++)
			flushing[i] = stale[i];
	}
	spin_unlock_irq(&vmap_lock, flags);
	return is_ours;
}

static void end_flush(void)
{
	irq_flags flags = spin_lock_irq(&vmap_lock);

	for (size_t i = 0; i < ARRAY_SIZE(stale); i++)
		stale[i] &= ~flushing[i];
	flush_running = false;
	spin_unlock_irq(&vmap_lock, flags);
}

static bool is_flushing(void)
{
	irq_flags flags = spin_lock_irq(&vmap_lock);
	bool running = flush_running;

	spin_unlock_irq(&vmap_lock, flags);
	return running;
}

/*
 * Make stale pages clean. What becomes stale while the flush is under way stays so; a second flush
 * meanwhile could clear too much, so another CPU waits for the end of the first, which is not
 * preempted. Interrupts on.
 */
static void flush_stale(void)
{
	preempt_disable();
	if (begin_flush()) {
		mmu_kernel_flush(mmu_vmap_start(), mmu_vmap_end());
		end_flush();
	} else {
		while (is_flushing())
			cpu_relax();
	}
	preempt_enable();
}

/* Addresses for `pages` pages, or 0. May sleep (waits for other CPUs). */
static uintptr_t reserve_run(size_t pages, size_t align_pages)
{
	for (;;) {
		irq_flags flags = spin_lock_irq(&vmap_lock);
		size_t run = take_run(pages, align_pages);
		bool has_stale = !run && bitmap_find_set(stale, area_pages(), 0) < area_pages();

		spin_unlock_irq(&vmap_lock, flags);
		if (run != 0)
			return page_address(run);
		if (!has_stale)
			return 0;
		flush_stale();
	}
}

static void release_run(uintptr_t address, size_t pages)
{
	size_t run = page_of_address(address);
	irq_flags flags = spin_lock_irq(&vmap_lock);

	assert(bitmap_is_set(taken, run) && bitmap_is_set(taken, run + pages - 1));
	bitmap_clear_range(taken, run - 1, run + pages);
	bitmap_set_range(stale, run, run + pages); /* the guard page was never mapped */
	spin_unlock_irq(&vmap_lock, flags);
}

static void unmap_pages(uintptr_t address, size_t pages)
{
	for (size_t i = 0; i < pages; i++)
		page_frame_put(page_frame_of(mmu_kernel_unmap(address + i * PAGE_SIZE)));
}

void *vmap_alloc(size_t pages, size_t align_pages)
{
	const mmu_entry bits = MMU_PRESENT | MMU_WRITE | MMU_GLOBAL | mmu_no_execute();
	uintptr_t address;
	size_t mapped;

	if (pages == 0 || pages > area_pages())
		return NULL;
	address = reserve_run(pages, align_pages ? align_pages : 1);
	if (!address)
		return NULL;
	for (mapped = 0; mapped < pages; mapped++) {
		struct page_frame *frame = page_frame_alloc(FRAME_KERNEL, 0);

		if (!frame)
			goto unmap;
		mmu_kernel_map(address + mapped * PAGE_SIZE, page_frame_number(frame), bits);
	}
	return (void *)address;

unmap:
	unmap_pages(address, mapped);
	release_run(address, pages);
	return NULL;
}

void vmap_free(void *address, size_t pages)
{
	if (!address)
		return;
	unmap_pages((uintptr_t)address, pages);
	release_run((uintptr_t)address, pages);
}

void *vmap_device(phys_addr start, size_t size)
{
	const mmu_entry bits = MMU_PRESENT | MMU_WRITE | MMU_GLOBAL | MMU_NO_CACHE |
			       mmu_no_execute();
	size_t offset = (size_t)(start & (PAGE_SIZE - 1));
	size_t pages = DIV_ROUND_UP(offset + size, PAGE_SIZE);
	frame_number first = (frame_number)(start >> PAGE_SHIFT);
	uintptr_t address;

	if (size == 0 || pages > area_pages())
		return NULL;
	address = reserve_run(pages, 1);
	if (!address)
		return NULL;
	for (size_t i = 0; i < pages; i++)
		mmu_kernel_map(address + i * PAGE_SIZE, first + (frame_number)i, bits);
	return (char *)address + offset;
}
