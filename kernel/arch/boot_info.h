/*
 * What the boot loader told us, copied out of memory that is about to be reused.
 */
#pragma once
#include <stddef.h>
#include "core/types.h"

/* [start, end), page-aligned unless said otherwise. */
struct boot_range {
	phys_addr start, end;
};

#define BOOT_RANGES 32

/*
 * Filled by machine_init_cpu(); `reserved` grows by boot_alloc_pages() until page_frame_init() has
 * read it.
 */
struct boot_info {
	struct boot_range memory[BOOT_RANGES];	 /* RAM above 1 MiB: ascending, disjoint */
	size_t memory_count;
	struct boot_range reserved[BOOT_RANGES]; /* in use within `memory`, in no order */
	size_t reserved_count;
	struct boot_range module;		 /* initramfs, exact bytes, or empty */
	char command_line[2048];	/* as long as Linux's on i386 (COMMAND_LINE_SIZE) */
};

const struct boot_info *boot_info(void);

/*
 * Zeroed pages of the direct map that are never given back, for tables that must exist before
 * page_frame_init(); panics when there are none. Not callable after page_frame_init().
 */
void *boot_alloc_pages(size_t count);
