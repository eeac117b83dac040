/*
 * Page frames over host memory that lies where the kernel's direct map would, so that all the
 * inline conversions between frames, addresses and kernel pointers are the real ones. Free frames
 * are poisoned: to touch one is an error that the address sanitizer reports.
 */
#include <sanitizer/asan_interface.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include "host.h"
#include "mem/kmap.h"
#include "mem/page_frame.h"
#include "test.h"

enum { FRAME_COUNT = 8192 };

static struct page_frame frames[FRAME_COUNT];
struct page_frame *page_frame_descriptors = frames;
struct page_frame *page_frame_first_high = frames + FRAME_COUNT;
static frame_number next_candidate = 1;	/* where the search for a free frame goes on */
static uint8_t *memory;

static uint8_t *frame_bytes(const struct page_frame *frame)
{
	return memory + (size_t)(frame - frames) * PAGE_SIZE;
}

static void map_memory(void)
{
	size_t size = (size_t)FRAME_COUNT * PAGE_SIZE;

	if (memory)
		return;
	memory = mmap((void *)KERNEL_BASE, size, PROT_READ | PROT_WRITE,
		      MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
	if (memory != (void *)KERNEL_BASE) {
		perror("memory at the direct map's address");
		exit(1);
	}
	__asan_poison_memory_region(memory, size);
}

frame_number page_frame_limit(void)
{
	return FRAME_COUNT;
}

bool page_frame_is_ram(frame_number number)
{
	return number < FRAME_COUNT;
}

frame_number mmu_direct_map_frames(void)
{
	return FRAME_COUNT;
}

static bool all_free(frame_number first, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (atomic_load(&frames[first + i].kind) != FRAME_FREE)
			return false;
	}
	return true;
}

struct page_frame *page_frame_alloc_order(unsigned int order, enum frame_kind kind,
					  enum frame_alloc_flags flags)
{
	size_t count = (size_t)1 << order;

	map_memory();
	if (host_allocation_fails())
		return NULL;
	for (size_t tried = 0; tried < FRAME_COUNT; tried += count) {
		frame_number first = (next_candidate + count - 1) & ~(count - 1);

		next_candidate = first + count < FRAME_COUNT ? first + count : 1;
		if (first == 0 || first + count > FRAME_COUNT || !all_free(first, count))
			continue;
		for (size_t i = 0; i < count; i++) {
			memset(&frames[first + i], 0, sizeof(frames[0]));
			atomic_store(&frames[first + i].kind, kind);
		}
		atomic_store(&frames[first].order, (unsigned char)order);
		atomic_store(&frames[first].references, 1);
		__asan_unpoison_memory_region(frame_bytes(&frames[first]), count * PAGE_SIZE);
		memset(frame_bytes(&frames[first]), flags & FRAME_ALLOC_ZEROED ? 0 : 0xa5,
		       count * PAGE_SIZE);
		host_count_allocation((long)count);
		return &frames[first];
	}
	return NULL;
}

struct page_frame *page_frame_alloc(enum frame_kind kind, enum frame_alloc_flags flags)
{
	return page_frame_alloc_order(0, kind, flags);
}

bool page_frame_try_get(struct page_frame *frame)
{
	int old = atomic_load(&frame->references);

	while (old > 0) {
		if (atomic_compare_exchange_weak(&frame->references, &old, old + 1))
			return true;
	}
	return false;
}

void page_frame_put_last(struct page_frame *frame, int old)
{
	size_t count = (size_t)1 << atomic_load(&frame->order);

	if (old <= 0) {
		fprintf(stderr, "frame %u: put without a reference\n", page_frame_number(frame));
		abort();
	}
	__asan_poison_memory_region(frame_bytes(frame), count * PAGE_SIZE);
	for (size_t i = 0; i < count; i++)
		atomic_store(&frame[i].kind, FRAME_FREE);
	host_count_allocation(-(long)count);
}

/* Frame 0 is the frame of zeros; it never goes away and is not counted. */
struct page_frame *page_frame_zero(void)
{
	map_memory();
	if (atomic_load(&frames[0].kind) != FRAME_ZERO) {
		__asan_unpoison_memory_region(memory, PAGE_SIZE);
		atomic_store(&frames[0].kind, FRAME_ZERO);
		atomic_store(&frames[0].references, 1);
	}
	return &frames[0];
}

bool page_frame_clear_ahead(void)
{
	return false;
}

void page_frame_count(struct frame_counts *out)
{
	*out = (struct frame_counts){ .total = FRAME_COUNT };
	for (size_t i = 0; i < FRAME_COUNT; i++) {
		out->free += atomic_load(&frames[i].kind) == FRAME_FREE;
		out->page_cache += atomic_load(&frames[i].kind) == FRAME_PAGE_CACHE;
		out->anonymous += atomic_load(&frames[i].kind) == FRAME_ANONYMOUS;
		out->page_table += atomic_load(&frames[i].kind) == FRAME_PAGE_TABLE;
	}
}

static const struct reclaim_ops *reclaim_ops;

void page_frame_set_reclaim(const struct reclaim_ops *ops)
{
	reclaim_ops = ops;
}

const struct reclaim_ops *test_reclaim_ops(void)
{
	return reclaim_ops;
}

bool page_frame_is_low(void)
{
	return false;
}

/* Else nobody would have asked. */
bool page_frame_has_room(void)
{
	return false;
}

void *kmap(struct page_frame *frame)
{
	return frame_bytes(frame);
}

void kunmap(struct page_frame *frame, void *address)
{
	(void)frame;
	(void)address;
}

void page_frame_clear(struct page_frame *frame)
{
	memset(frame_bytes(frame), 0, PAGE_SIZE);
}

void page_frame_copy(struct page_frame *to, struct page_frame *from)
{
	memcpy(frame_bytes(to), frame_bytes(from), PAGE_SIZE);
}
