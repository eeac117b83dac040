/*
 * Memory that devices read and write. The direct map ends far below 4 GiB, so its frames have
 * addresses that every device can reach; sizes are rounded up to a block of the buddy allocator.
 */
#include "mem/dma.h"
#include "core/compiler.h"
#include "lib/min_max.h"
#include "mem/page_frame.h"

static unsigned int order_of(size_t size)
{
	return log2_ceil((uint32_t)DIV_ROUND_UP(size, PAGE_SIZE));
}

void *dma_alloc(size_t size, phys_addr *bus_address)
{
	struct page_frame *block;
	void *memory;

	if (size == 0)
		return NULL;
	block = page_frame_alloc_order(order_of(size), FRAME_KERNEL, FRAME_ALLOC_ZEROED);
	if (!block)
		return NULL;
	memory = page_frame_address(block);
	*bus_address = virt_to_phys(memory);
	return memory;
}

void dma_free(void *memory, size_t size)
{
	(void)size;	/* the frame knows its block */
	if (memory)
		page_frame_put(page_frame_from_address(memory));
}
