/*
 * Kernel memory of any size, physically contiguous, in the direct map.
 */
#pragma once
#include <stddef.h>
#include "core/compiler.h"
#include "mem/page_frame.h"

/* NULL when memory is short or `size` exceeds KMALLOC_LIMIT. May sleep unless ATOMIC. */
#define KMALLOC_LIMIT (4u << 20)
void *kmalloc(size_t size, enum frame_alloc_flags flags);
void *kzalloc(size_t size, enum frame_alloc_flags flags);
/* count * size, checked for overflow. */
void *kmalloc_array(size_t count, size_t size, enum frame_alloc_flags flags);
/* Any context. NULL is ignored. */
void kfree(void *object);

char *kstrdup(const char *string, enum frame_alloc_flags flags);
