/*
 * Kernel addresses above the direct map: pages that are contiguous only virtually, and the
 * registers of devices.
 */
#pragma once
#include <stddef.h>
#include "core/types.h"

/* At boot, before any other of these: the boot argument vmap= makes the area smaller. */
void vmap_init(void);
/*
 * Virtually contiguous pages with an unmapped guard page below: kernel stacks, large tables. May
 * sleep.
 */
void *vmap_alloc(size_t pages, size_t align_pages);
void vmap_free(void *address, size_t pages);
/* Map device memory uncached; for the life of the kernel. NULL when the area is full. */
void *vmap_device(phys_addr start, size_t size);
