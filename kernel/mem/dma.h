/*
 * Memory that devices read and write: contiguous, in the direct map, below 4 GiB.
 */
#pragma once
#include <stddef.h>
#include "core/types.h"

/* Zeroed, page-aligned; NULL when memory is short. */
void *dma_alloc(size_t size, phys_addr *bus_address);
void dma_free(void *memory, size_t size);
