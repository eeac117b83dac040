/*
 * Slabs: kernel objects of one size, cached per CPU.
 */
#pragma once
#include <stddef.h>
#include "core/compiler.h"
#include "mem/page_frame.h"

struct slab_cache;

/*
 * A cache for objects of `size` bytes, aligned at least to `align` and to 8. `name` lives for ever.
 * Objects come uninitialised. Never fails at boot; NULL later when memory is short.
 */
struct slab_cache *slab_cache_create(const char *name, size_t size, size_t align);

/* NULL when memory is short. May sleep unless ATOMIC. */
void *slab_alloc(struct slab_cache *cache, enum frame_alloc_flags flags);
void *slab_alloc_zeroed(struct slab_cache *cache, enum frame_alloc_flags flags);
/* Any context. NULL is ignored. */
void slab_free(struct slab_cache *cache, void *object);

/*
 * For /proc/slabinfo and the leak check: objects in use, over all CPUs. `next` of NULL is the
 * first.
 */
struct slab_cache *slab_cache_next(struct slab_cache *cache);
void slab_cache_count(struct slab_cache *cache, const char **name, size_t *size, size_t *in_use,
		      size_t *frames);

/*
 * Empty the per-CPU caches and give free slabs back: before counting leaks, and under pressure.
 * Returns frames freed.
 */
size_t slab_trim(void);
