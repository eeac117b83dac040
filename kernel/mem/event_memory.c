/*
 * Rings of 64 Ki events, 4 MiB a CPU, for those who ask for them; half, and half again, where that
 * much memory is not in one piece. All have one capacity, and none is ever given back: a viewer
 * outside may be reading it.
 */
#include "mem/event_memory.h"
#include <stdatomic.h>
#include <stddef.h>
#include "arch/mmu.h"
#include "arch/smp.h"
#include "core/boot_args.h"
#include "core/config.h"
#include "core/event_ring.h"
#include "core/printk.h"
#include "lib/parse.h"
#include "lib/string.h"
#include "mem/page_frame.h"
#include "uapi/linux/errno.h"

enum {
	ORDER_MAX = 10,			/* of frames: 4 MiB */
	ORDER_MIN = 4,
	EVENTS_A_PAGE = 64,		/* of the 85 that would fit: a power of two */
};

static void free_blocks(struct page_frame **blocks, unsigned int count)
{
	while (count-- > 0)
		page_frame_put(blocks[count]);
}

static int allocate(unsigned int order, struct page_frame **blocks, unsigned int count)
{
	for (unsigned int cpu = 0; cpu < count; cpu++) {
		blocks[cpu] = page_frame_alloc_order(order, FRAME_KERNEL,
						     FRAME_ALLOC_ZEROED | FRAME_ALLOC_LOW |
						     FRAME_ALLOC_NO_KILL);
		if (blocks[cpu])
			continue;
		free_blocks(blocks, cpu);
		return -ENOMEM;
	}
	return 0;
}

int event_memory_attach(void)
{
	static atomic_bool is_claimed;
	struct page_frame *blocks[CPU_MAX];
	unsigned int count = smp_cpu_count();
	unsigned int order = ORDER_MAX;

	if (event_ring_is_attached())
		return 0;
	while (allocate(order, blocks, count)) {
		if (--order < ORDER_MIN)
			return -ENOMEM;
	}
	/* Two may come here at once: the second has come too late, and finds rings any moment. */
	if (atomic_exchange(&is_claimed, true)) {
		free_blocks(blocks, count);
		return 0;
	}
	/* The first CPU's last: it says that all are there. */
	for (unsigned int cpu = count; cpu-- > 0;) {
		void *memory = page_frame_address(blocks[cpu]);

		event_ring_attach(cpu, memory, (uint32_t)virt_to_phys(memory),
				  EVENTS_A_PAGE << order);
	}
	return 0;
}

void event_memory_init(void)
{
	const char *wish = boot_args_get("events");
	uint32_t mask = ~0u;

	event_directory.frame_table = (uint32_t)virt_to_phys(page_frame_descriptors);
	event_directory.frame_count = (uint32_t)page_frame_limit();
	event_directory.frame_size = sizeof(struct page_frame);
	event_directory.frame_references_offset = offsetof(struct page_frame, references);
	event_directory.frame_kind_offset = offsetof(struct page_frame, kind);
	if (!wish)
		return;
	if (wish[0] && parse_u32(wish, strlen(wish), 16, &mask))
		printk(LOG_WARNING, "events=%s: not a mask in hexadecimal; all are recorded", wish);
	if (event_memory_attach())
		printk(LOG_WARNING, "no memory for the event rings");
	else
		event_set_mask(mask);
}
