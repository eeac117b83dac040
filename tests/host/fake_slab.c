/* Slabs from the host's malloc. */
#include <stdlib.h>
#include <string.h>
#include "host.h"
#include "mem/slab.h"

struct slab_cache {
	const char *name;
	size_t size;
	size_t align;
	size_t in_use;
	struct slab_cache *next;
};

static struct slab_cache *caches;

struct slab_cache *slab_cache_create(const char *name, size_t size, size_t align)
{
	struct slab_cache *cache = calloc(1, sizeof(*cache));

	if (!cache)
		abort();
	*cache = (struct slab_cache){ name, size, align, 0, caches };
	caches = cache;
	return cache;
}

void *slab_alloc(struct slab_cache *cache, enum frame_alloc_flags flags)
{
	void *object;

	if (host_allocation_fails())
		return NULL;
	if (posix_memalign(&object, cache->align > sizeof(void *) ? cache->align : sizeof(void *),
			   cache->size))
		abort();
	memset(object, flags & FRAME_ALLOC_ZEROED ? 0 : 0xa5, cache->size);
	__atomic_fetch_add(&cache->in_use, 1, __ATOMIC_RELAXED);
	host_count_allocation(1);
	return object;
}

void *slab_alloc_zeroed(struct slab_cache *cache, enum frame_alloc_flags flags)
{
	return slab_alloc(cache, flags | FRAME_ALLOC_ZEROED);
}

void slab_free(struct slab_cache *cache, void *object)
{
	if (!object)
		return;
	__atomic_fetch_sub(&cache->in_use, 1, __ATOMIC_RELAXED);
	host_count_allocation(-1);
	free(object);
}

struct slab_cache *slab_cache_next(struct slab_cache *cache)
{
	return cache ? cache->next : caches;
}

void slab_cache_count(struct slab_cache *cache, const char **name, size_t *size, size_t *in_use,
		      size_t *frames)
{
	*name = cache->name;
	*size = cache->size;
	*in_use = __atomic_load_n(&cache->in_use, __ATOMIC_RELAXED);
	*frames = 0;
}

size_t slab_trim(void)
{
	return 0;
}
