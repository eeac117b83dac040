/*
 * Memory for the machine's own objects: roots of address spaces, FPU images, directories, stacks
 * for double faults.
 */
#include "entry/machine_memory.h"
#include "arch/upcall.h"
#include "core/assert.h"
#include "core/types.h"
#include "lib/min_max.h"
#include "lib/string.h"
#include "mem/page_frame.h"
#include "mem/slab.h"

/* One cache for each size that arch/ asks for below a page. */
enum {
	SMALL_SIZE = 32,
	SMALL_ALIGN = 32,
	MEDIUM_SIZE = 512,
	MEDIUM_ALIGN = 16,
	LARGE_SIZE = 832,
	LARGE_ALIGN = 64,
};

/* Constant once made. */
static struct slab_cache *small_objects, *medium_objects, *large_objects;

void machine_memory_init(void)
{
	small_objects = slab_cache_create("machine-32", SMALL_SIZE, SMALL_ALIGN);
	medium_objects = slab_cache_create("machine-512", MEDIUM_SIZE, MEDIUM_ALIGN);
	large_objects = slab_cache_create("machine-832", LARGE_SIZE, LARGE_ALIGN);
}

static struct slab_cache *cache_for(size_t size)
{
	assert(size <= LARGE_SIZE);
	if (size <= SMALL_SIZE)
		return small_objects;
	return size <= MEDIUM_SIZE ? medium_objects : large_objects;
}

void *upcall_memory_alloc(size_t size, bool atomic)
{
	enum frame_alloc_flags flags = FRAME_ALLOC_ZEROED | FRAME_ALLOC_LOW;
	struct page_frame *frame;

	flags |= atomic ? FRAME_ALLOC_ATOMIC : 0;
	if (size < PAGE_SIZE)
		return slab_alloc_zeroed(cache_for(size), flags);
	frame = size == PAGE_SIZE ? page_frame_alloc(FRAME_KERNEL, flags)
				  : page_frame_alloc_order(log2_ceil((uint32_t)(size / PAGE_SIZE)),
							   FRAME_KERNEL, flags);
	return frame ? page_frame_address(frame) : NULL;
}

void upcall_memory_free(void *memory, size_t size)
{
	if (!memory)
		return;
	if (size < PAGE_SIZE)
		slab_free(cache_for(size), memory);
	else
		page_frame_put(page_frame_from_address(memory));
}
