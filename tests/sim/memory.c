/*
 * RAM of the simulated machine, kernel addresses beside it, and the sanitizer's knowledge of both.
 *
 * The kernel's own allocators run, so the sanitizer is told what they do: a frame may be touched
 * from page_frame_alloc to its last page_frame_put, an object of a slab from slab_alloc to
 * slab_free. mem/ itself, which links free objects through themselves, is built without the
 * sanitizer (rules.mk).
 */
#include "arch/boot_info.h"
#include "arch/cpu.h"
#include "arch/mmu.h"
#include "core/backtrace.h"
#include "core/failpoint.h"
#include "core/panic.h"
#include "core/stack_header.h"
#include "core/symbols.h"
#include "lib/string.h"
#include "mem/internal.h"
#include "mem/kmalloc.h"
#include "mem/slab.h"
#include "mem/vmap.h"
#include "sim.h"

#define RAM_START	0x100000u	/* nothing lies below, as on a PC */
#define VMAP_START	0x210000000000ull

enum { VMAP_PAGES = 64 << 10, RAM_PAGES_MAX = 5120 };

static struct boot_info boot;
static uint32_t low_pages;

const struct boot_info *boot_info(void)
{
	return &boot;
}

/* Once for all machines: each begins with a copy of this memory, of which it touches little. */
void scenario_prepare(void)
{
	size_t end = (size_t)RAM_PAGES_MAX * PAGE_SIZE;

	host_map(phys_to_virt(0), end);
	host_forbid(phys_to_virt(0), end);
	host_map((void *)VMAP_START, (size_t)VMAP_PAGES * PAGE_SIZE);
}

void sim_memory_init(const struct sim_settings *settings)
{
	size_t end = (size_t)settings->memory_pages * PAGE_SIZE;
	size_t tables;

	assert(settings->memory_pages <= RAM_PAGES_MAX);
	boot.memory[0] = (struct boot_range){ RAM_START, end };
	boot.memory_count = 1;
	low_pages = settings->low_pages;
	/* page_frame_init puts its descriptors at the start. */
	tables = ALIGN_UP(settings->memory_pages * sizeof(struct page_frame), PAGE_SIZE);
	host_allow(phys_to_virt(RAM_START), tables);
	sim_mmu_init();
}

frame_number mmu_direct_map_frames(void)
{
	return low_pages;
}

/* ---- failing allocations ---- */

/* Threads whose allocations may fail, by worker. */
static struct fragile {
	struct thread *thread;
	unsigned int failures;
} fragile[WORKERS_MAX];

void sim_failures_begin(unsigned int worker)
{
	fragile[worker] = (struct fragile){ thread_current(), 0 };
}

unsigned int sim_failures(unsigned int worker)
{
	return fragile[worker].failures;
}

unsigned int sim_failures_end(unsigned int worker)
{
	fragile[worker].thread = NULL;
	return fragile[worker].failures;
}

bool failpoint_check(enum failpoint point)
{
	uint32_t share = sim_settings()->allocation_failures;

	const struct thread *running = thread_current();

	if (point == FAILPOINT_BLOCK_IO || share == 0 || !running || in_interrupt())
		return false;
	for (unsigned int i = 0; i < WORKERS_MAX; i++) {
		if (fragile[i].thread == running && sim_chance(share) == 0) {
			fragile[i].failures++;
			return true;
		}
	}
	return false;
}

void failpoint_forget(struct thread *thread)
{
	(void)thread;
}

/* ---- windows, and pages one behind the other: all RAM can be seen anyway ---- */

static unsigned int windows_open[CPU_MAX];

void *mmu_window_map(unsigned int slot, frame_number frame)
{
	if (slot != windows_open[cpu_index()]++)
		panic("window %u is not the next one", slot);
	return phys_to_virt((phys_addr)frame << PAGE_SHIFT);
}

void mmu_window_unmap(unsigned int slot)
{
	if (slot != --windows_open[cpu_index()])
		panic("window %u is not the last one", slot);
}

/* In the place of mem/vmap.c: no frames, so that a stack costs none. Sizes in powers of two. */
struct free_run {
	struct free_run *next;
};
static struct free_run *free_runs[32];
static size_t vmap_used;

static unsigned int run_order(size_t pages, size_t align_pages)
{
	size_t wanted = pages > align_pages ? pages : align_pages;
	unsigned int order = 0;

	while ((size_t)1 << order < wanted)
		order++;
	return order;
}

/* Stacks are the only ones that ask for alignment, and give it with the same size. */
void *vmap_alloc(size_t pages, size_t align_pages)
{
	unsigned int order = run_order(pages, align_pages);
	struct free_run *run = free_runs[order];
	size_t size = (size_t)PAGE_SIZE << order;

	if (failpoint_check(FAILPOINT_FRAME))
		return NULL;
	if (run) {
		host_allow(run, sizeof(*run));
		free_runs[order] = run->next;
	} else {
		vmap_used = ALIGN_UP(vmap_used, size);
		if (vmap_used + size > (size_t)VMAP_PAGES * PAGE_SIZE)
			return NULL;
		run = (struct free_run *)(VMAP_START + vmap_used);
		vmap_used += size;
	}
	host_allow(run, pages * PAGE_SIZE);
	return run;
}

void vmap_free(void *address, size_t pages)
{
	unsigned int order = run_order(pages, 1);
	struct free_run *run = address;

	if (!run)
		return;
	host_allow(run, sizeof(*run));
	run->next = free_runs[order];
	free_runs[order] = run;
	host_forbid(run, (size_t)PAGE_SIZE << order);
}

/* ---- whole pages; not watched, since mem/ clears frames that are free ---- */

#define unwatched __attribute__((no_sanitize("address")))

unwatched void cpu_clear_page(void *page)
{
	size_t words = PAGE_SIZE / 8;

	__asm__ volatile("rep stosq" : "+D"(page), "+c"(words) : "a"(0) : "memory");
}

unwatched void cpu_copy_page(void *to, const void *from)
{
	size_t words = PAGE_SIZE / 8;

	__asm__ volatile("rep movsq" : "+D"(to), "+S"(from), "+c"(words) : : "memory");
}

void *sim_plain_memset(void *to, int value, size_t size);

unwatched void *sim_plain_memset(void *to, int value, size_t size)
{
	void *at = to;

	__asm__ volatile("rep stosb" : "+D"(at), "+c"(size) : "a"(value) : "memory");
	return to;
}

/* ---- the allocators, watched: the linker puts these before the real ones ---- */

struct page_frame *__real_page_frame_alloc(enum frame_kind kind, enum frame_alloc_flags flags);
struct page_frame *__wrap_page_frame_alloc(enum frame_kind kind, enum frame_alloc_flags flags);
struct page_frame *__real_page_frame_alloc_order(unsigned int order, enum frame_kind kind,
						 enum frame_alloc_flags flags);
struct page_frame *__wrap_page_frame_alloc_order(unsigned int order, enum frame_kind kind,
						 enum frame_alloc_flags flags);
void __real_page_frame_put_last(struct page_frame *frame, int old);
void __wrap_page_frame_put_last(struct page_frame *frame, int old);
struct slab_cache *__real_slab_cache_create(const char *name, size_t size, size_t align);
struct slab_cache *__wrap_slab_cache_create(const char *name, size_t size, size_t align);
void *__real_slab_alloc(struct slab_cache *cache, enum frame_alloc_flags flags);
void *__wrap_slab_alloc(struct slab_cache *cache, enum frame_alloc_flags flags);
void *__wrap_slab_alloc_zeroed(struct slab_cache *cache, enum frame_alloc_flags flags);
void __real_slab_free(struct slab_cache *cache, void *object);
void __wrap_slab_free(struct slab_cache *cache, void *object);

static void *bytes_of(const struct page_frame *frame)
{
	return phys_to_virt((phys_addr)page_frame_number(frame) << PAGE_SHIFT);
}

/* The objects of a slab are allowed one by one. */
struct page_frame *__wrap_page_frame_alloc_order(unsigned int order, enum frame_kind kind,
						 enum frame_alloc_flags flags)
{
	struct page_frame *block = __real_page_frame_alloc_order(order, kind, flags);

	if (block && kind != FRAME_SLAB)
		host_allow(bytes_of(block), (size_t)PAGE_SIZE << order);
	return block;
}

struct page_frame *__wrap_page_frame_alloc(enum frame_kind kind, enum frame_alloc_flags flags)
{
	struct page_frame *frame = __real_page_frame_alloc(kind, flags);

	if (frame)
		host_allow(bytes_of(frame), PAGE_SIZE);
	return frame;
}

void __wrap_page_frame_put_last(struct page_frame *frame, int old)
{
	if (frame != page_frame_zero() && old == 1)
		host_forbid(bytes_of(frame), (size_t)PAGE_SIZE << page_frame_order(frame));
	__real_page_frame_put_last(frame, old);
}

static size_t slab_object_size(struct slab_cache *cache)
{
	size_t size, in_use, frames;
	const char *name;

	slab_cache_count(cache, &name, &size, &in_use, &frames);
	return size;
}

/* A cache is an object of mem/ itself, but its lock is used like any other. */
struct slab_cache *__wrap_slab_cache_create(const char *name, size_t size, size_t align)
{
	struct slab_cache *cache = __real_slab_cache_create(name, size, align);

	/* The first cache is that of the caches. */
	if (cache)
		host_allow(cache, slab_object_size(slab_cache_next(NULL)));
	return cache;
}

void *__wrap_slab_alloc(struct slab_cache *cache, enum frame_alloc_flags flags)
{
	void *object = __real_slab_alloc(cache, flags);

	if (object)
		host_allow(object, slab_object_size(cache));
	return object;
}

void *__wrap_slab_alloc_zeroed(struct slab_cache *cache, enum frame_alloc_flags flags)
{
	void *object = __wrap_slab_alloc(cache, flags);

	return object ? memset(object, 0, slab_object_size(cache)) : NULL;
}

void __wrap_slab_free(struct slab_cache *cache, void *object)
{
	if (object)
		host_forbid(object, slab_object_size(cache));
	if (object && sim_settings()->broken == BREAK_FREE && sim_chance(1000) == 0)
		__real_slab_free(cache, object);
	__real_slab_free(cache, object);
}

/* ---- reclaiming when nobody needs it ---- */

void __real_page_frame_set_reclaim(const struct reclaim_ops *ops);
void __wrap_page_frame_set_reclaim(const struct reclaim_ops *ops);

static const struct reclaim_ops *reclaim;

void __wrap_page_frame_set_reclaim(const struct reclaim_ops *ops)
{
	reclaim = ops;
	__real_page_frame_set_reclaim(ops);
}

size_t sim_reclaim(size_t wanted)
{
	return reclaim->reclaim(wanted, 0);
}

/* ---- names of places: the sanitizer's backtrace has them ---- */

void backtrace_print_here(void)
{
}

void backtrace_print(uintptr_t instruction, uintptr_t frame_pointer, uintptr_t stack_pointer)
{
	(void)instruction, (void)frame_pointer, (void)stack_pointer;
}

bool symbol_find(uintptr_t address, const char **name, size_t *offset)
{
	(void)address, (void)name, (void)offset;
	return false;
}

void symbol_format(char *buffer, size_t size, uintptr_t address)
{
	host_name_place(buffer, size, address);
}
