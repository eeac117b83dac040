/*
 * Slabs: kernel objects of one size.
 *
 * Idea. A slab is a block of one or a few frames cut into equal objects. Free objects are linked
 * through themselves. Each CPU keeps a list of its own per cache, so that taking and giving back an
 * object touches nothing shared; batches move between these lists and the slabs under the cache's
 * lock.
 *
 * Where things are. The slab's first frame holds, in slab_state, how many objects are off the slab
 * (in use or on a CPU's list) and where its first free one is. Slabs with free objects are on
 * cache->partial, those with nothing off them on cache->empty (a few are kept), full ones on no
 * list. From an object, its frame leads to the slab (blocks are aligned to their size) and to the
 * cache.
 *
 * In use is what callers hold, not what CPUs keep: each CPU counts what it gave and took.
 *
 * Debug builds put a red word before and after each object, fill free objects with a pattern that
 * is looked at before they are used again, and so catch overruns, uses after free, and double
 * frees. The link then lies behind the object, outside the pattern.
 *
 *	release		[ object, link in its first word ]
 *	debug		[ pad .. red ][ object ][ red ][ link ]
 *
 * Locks. CPU lists: own CPU, interrupts off. Slabs: cache->lock (rank SLAB). Frames are allocated
 * with no lock held. Caches are never destroyed, so their list only grows.
 */
#include "mem/slab.h"
#include <stdatomic.h>
#include "arch/smp.h"
#include "core/assert.h"
#include "core/config.h"
#include "core/failpoint.h"
#include "core/stale.h"
#include "core/spinlock.h"
#include "lib/min_max.h"
#include "lib/string.h"
#include "mem/internal.h"

enum {
	EMPTY_KEPT = 2,		/* empty slabs that a cache keeps for the next burst */
	SLAB_ORDER_MAX = 3,
	CPU_LIST_BYTES = 8192,	/* about what a CPU keeps of one cache */
};

#define RED_IN_USE  0xbb5a11edu
#define RED_FREE    0xf4eeb10cu
#define POISON_BYTE 0x6b
#define NO_OBJECT   0xffffu	/* end of the free list in slab_state */

/* [c] own CPU, interrupts off */
struct cpu_list {
	void *first;		/* [c] free objects, linked */
	unsigned int count;	/* [c] */
	int in_use;		/* [c] objects given out less objects taken back, here */
	void *detached;		/* slab_trim: the list that this CPU gave up */
} aligned_to(32);

/* [I] immutable once created  [s] lock  [c] own CPU */
struct slab_cache {
	struct cpu_list cpus[CPU_MAX];	/* [c] */
	uint16_t stride;		/* [I] from one object to the next */
	uint16_t object_start;		/* [I] of the object within its stride */
	uint16_t link_offset;		/* [I] from the object to its link */
	uint16_t size;			/* [I] as asked for */
	uint8_t order;			/* [I] preferred size of a slab */
	uint8_t order_least;		/* [I] the smallest that holds one object */
	uint16_t batch; /* [I] objects moved at once; a CPU keeps up to two batches */
	struct spinlock lock;		/* LOCK_RANK_SLAB */
	struct list partial, empty;	/* [s] slabs, by page_frame.node */
	unsigned int empty_count;	/* [s] */
	size_t frame_count;		/* [s] */
	const char *name;		/* [I] */
	struct slab_cache *next;	/* [I] */
};

static struct slab_cache cache_of_caches;
/*
 * Newest last. The first is cache_of_caches; `next` is published by caches_lock and never changes
 * back.
 */
static struct slab_cache *last_cache;
static struct spinlock caches_lock = SPINLOCK_INIT(LOCK_RANK_LEAF, "slab caches");
static atomic_bool trimming;

/* ---- one object ---- */

static inline void **link_of(const struct slab_cache *cache, void *object)
{
	return (void **)((char *)object + cache->link_offset);
}

static uint32_t *red_before(void *object)
{
	return (uint32_t *)object - 1;
}

static uint32_t *red_after(const struct slab_cache *cache, void *object)
{
	return (uint32_t *)((char *)object + cache->link_offset) - 1;
}

static noinline void check_red(const struct slab_cache *cache, void *object, uint32_t expected)
{
	uint32_t before = *red_before(object), after = *red_after(cache, object);

	if (before == expected && after == expected)
		return;
	if (expected == RED_IN_USE && before == RED_FREE && after == RED_FREE)
		panic("%s object %p is freed twice", cache->name, object);
	panic("%s object %p: the word %s it was overwritten: %#x %#x", cache->name, object,
	      before == expected ? "after" : "before", before, after);
}

static void set_red(const struct slab_cache *cache, void *object, uint32_t value)
{
	*red_before(object) = value;
	*red_after(cache, object) = value;
}

static noinline no_undefined_checks void check_given_out(const struct slab_cache *cache,
							 void *object)
{
	const unsigned char *bytes = object;
	const uint32_t pattern = POISON_BYTE * 0x01010101u;
	size_t i = 0;

	check_red(cache, object, RED_FREE);
	/* By words as far as they are right, then by bytes to the one that is not. */
	while (i + sizeof(pattern) <= cache->size &&
	       *(const unaligned_word *)(bytes + i) == pattern)
		i += sizeof(pattern);
	for (; i < cache->size; i++) {
		if (bytes[i] != POISON_BYTE)
			panic("%s object %p was written to after it was freed: %#x at %zu",
			      cache->name, object, bytes[i], i);
	}
	set_red(cache, object, RED_IN_USE);
}

static noinline void check_taken_back(struct slab_cache *cache, void *object)
{
	const struct page_frame *frame = page_frame_from_address(object);

	if (atomic_load(&frame->kind) != FRAME_SLAB || frame->slab != cache)
		panic("%p is not an object of %s", object, cache->name);
	check_red(cache, object, RED_IN_USE);
	memset(object, POISON_BYTE, cache->size);
	set_red(cache, object, RED_FREE);
}

/* ---- one slab; the caller holds cache->lock ---- */

/* The first frame of the slab that `object` lies in. */
static struct page_frame *slab_of(const void *object)
{
	struct page_frame *frame = page_frame_from_address(object);

	return frame - (page_frame_number(frame) & ((1u << page_frame_order(frame)) - 1));
}

static unsigned int slab_used(const struct page_frame *slab)
{
	return slab->slab_state & 0xffff;
}

/* Word index of the first free object within the slab, or NO_OBJECT. */
static unsigned int slab_first(const struct page_frame *slab)
{
	return slab->slab_state >> 16;
}

static void slab_set(struct page_frame *slab, unsigned int used, unsigned int first)
{
	slab->slab_state = first << 16 | used;
}

static void *slab_take(struct slab_cache *cache, struct page_frame *slab)
{
	char *base = page_frame_address(slab);
	void *object = base + slab_first(slab) * sizeof(uint32_t);
	char *next = *link_of(cache, object);
	unsigned int first = next ? (unsigned int)(next - base) / sizeof(uint32_t) : NO_OBJECT;

	slab_set(slab, slab_used(slab) + 1, first);
	return object;
}

static void slab_give(struct slab_cache *cache, struct page_frame *slab, void *object)
{
	char *base = page_frame_address(slab);
	unsigned int first = slab_first(slab);

	*link_of(cache, object) = first == NO_OBJECT ? NULL : base + first * sizeof(uint32_t);
	slab_set(slab, slab_used(slab) - 1,
		 (unsigned int)((char *)object - base) / sizeof(uint32_t));
}

/* Cut a new slab into objects. Ours alone so far. */
static void slab_cut(struct slab_cache *cache, struct page_frame *slab)
{
	char *base = page_frame_address(slab);
	char *end = base + ((size_t)PAGE_SIZE << page_frame_order(slab));
	char *first = base + cache->object_start;
	char *object = first;
	void *next = NULL;

	for (size_t i = 0; i < (size_t)1 << page_frame_order(slab); i++)
		slab[i].slab = cache;
	while (object - cache->object_start + 2 * cache->stride <= end)
		object += cache->stride;
	/*
	 * From the last to the first, so that they are given out in the order of their addresses.
	 */
	for (;; object -= cache->stride) {
		*link_of(cache, object) = next;
		next = object;
		if (CONFIG_POISON) {
			memset(object, POISON_BYTE, cache->size);
			set_red(cache, object, RED_FREE);
		}
		if (object == first)
			break;
	}
	slab_set(slab, 0, (unsigned int)((char *)next - base) / sizeof(uint32_t));
}

/* ---- between CPU lists and slabs ---- */

/* Move up to a batch from the slabs to `list`. Interrupts off. False: there are none. */
static bool fill_from_slabs(struct slab_cache *cache, struct cpu_list *list)
{
	unsigned int wanted = cache->batch;
	struct page_frame *slab;
	void *object;

	spin_lock(&cache->lock);
	while (wanted > 0) {
		slab = list_first_entry(&cache->partial, struct page_frame, node);
		if (!slab) {
			slab = list_pop_head_entry(&cache->empty, struct page_frame, node);
			if (!slab)
				break;
			cache->empty_count--;
			list_add_head(&cache->partial, &slab->node);
		}
		while (wanted > 0 && slab_first(slab) != NO_OBJECT) {
			object = slab_take(cache, slab);
			*link_of(cache, object) = list->first;
			list->first = object;
			list->count++;
			wanted--;
		}
		if (slab_first(slab) == NO_OBJECT)
			list_remove(&slab->node);
	}
	spin_unlock(&cache->lock);
	return list->first != NULL;
}

/*
 * Caller holds cache->lock. Empty slabs beyond `keep` go to `surplus`, to be freed without the
 * lock.
 */
static void give_to_slab(struct slab_cache *cache, void *object, unsigned int keep,
			 struct list *surplus)
{
	struct page_frame *slab = slab_of(object);
	bool was_full = slab_first(slab) == NO_OBJECT;

	slab_give(cache, slab, object);
	if (slab_used(slab) > 0) {
		if (was_full)
			list_add_head(&cache->partial, &slab->node);
		return;
	}
	if (!was_full)
		list_remove(&slab->node);
	if (cache->empty_count < keep) {
		list_add_head(&cache->empty, &slab->node);
		cache->empty_count++;
	} else {
		list_add_head(surplus, &slab->node);
		cache->frame_count -= (size_t)1 << page_frame_order(slab);
	}
}

static size_t free_slabs(struct list *surplus)
{
	struct page_frame *slab;
	size_t freed = 0;

	while ((slab = list_pop_head_entry(surplus, struct page_frame, node))) {
		freed += (size_t)1 << page_frame_order(slab);
		page_frame_put(slab);
	}
	return freed;
}

/* Give `count` objects of a chain back; what is left of the chain. */
static void *give_chain(struct slab_cache *cache, void *chain, unsigned int count,
			unsigned int keep, size_t *frames_freed)
{
	struct list surplus;
	irq_flags flags;

	list_init(&surplus);
	flags = spin_lock_irq(&cache->lock);
	for (; chain && count > 0; count--) {
		void *object = chain;

		chain = *link_of(cache, object);
		give_to_slab(cache, object, keep, &surplus);
	}
	spin_unlock_irq(&cache->lock, flags);
	*frames_freed += free_slabs(&surplus);
	return chain;
}

/* Add one slab. May sleep unless ATOMIC. */
static bool grow(struct slab_cache *cache, enum frame_alloc_flags flags)
{
	const enum frame_alloc_flags easily = FRAME_ALLOC_ATOMIC;
	struct page_frame *slab = NULL;
	irq_flags irq;

	flags &= (enum frame_alloc_flags)~FRAME_ALLOC_ZEROED;
	/* A larger slab only if it is there for the taking. */
	if (cache->order > cache->order_least && !page_frame_is_low())
		slab = page_frame_alloc_order(cache->order, FRAME_SLAB, flags | easily);
	if (!slab)
		slab = page_frame_alloc_order(cache->order_least, FRAME_SLAB, flags);
	if (!slab)
		return false;
	slab_cut(cache, slab);
	irq = spin_lock_irq(&cache->lock);
	cache->frame_count += (size_t)1 << page_frame_order(slab);
	cache->empty_count++;
	list_add_head(&cache->empty, &slab->node);
	spin_unlock_irq(&cache->lock, irq);
	return true;
}

static void *take_object(struct slab_cache *cache, struct cpu_list *list)
{
	void *object = list->first;

	list->first = *link_of(cache, object);
	list->count--;
	list->in_use++;
	return object;
}

static noinline void *alloc_slow(struct slab_cache *cache, enum frame_alloc_flags flags)
{
	for (;;) {
		irq_flags irq = irq_disable_save();
		struct cpu_list *list = &cache->cpus[cpu_index()];
		void *object = NULL;

		if (list->first || fill_from_slabs(cache, list))
			object = take_object(cache, list);
		irq_restore(irq);
		if (object)
			return object;
		if (!grow(cache, flags))
			return NULL;
	}
}

void *slab_alloc(struct slab_cache *cache, enum frame_alloc_flags flags)
{
	struct cpu_list *list;
	irq_flags irq;
	void *object;

	if (failpoint_should_fail(FAILPOINT_SLAB))
		return NULL;
	irq = irq_disable_save();
	list = &cache->cpus[cpu_index()];
	if (likely(list->first)) {
		object = take_object(cache, list);
		irq_restore(irq);
	} else {
		irq_restore(irq);
		object = alloc_slow(cache, flags);
		if (!object)
			return NULL;
	}
	if (CONFIG_POISON) {
		check_given_out(cache, object);
		stale_fill(object, cache->size);
	}
	return object;
}

void *slab_alloc_zeroed(struct slab_cache *cache, enum frame_alloc_flags flags)
{
	void *object = slab_alloc(cache, flags);

	if (object)
		memset(object, 0, cache->size);
	return object;
}

static noinline void give_surplus(struct slab_cache *cache, struct cpu_list *list)
{
	size_t frames_freed = 0;

	list->first = give_chain(cache, list->first, cache->batch, EMPTY_KEPT, &frames_freed);
	list->count -= cache->batch;
}

void slab_free(struct slab_cache *cache, void *object)
{
	struct cpu_list *list;
	irq_flags irq;

	if (!object)
		return;
	if (CONFIG_POISON)
		check_taken_back(cache, object);
	irq = irq_disable_save();
	list = &cache->cpus[cpu_index()];
	*link_of(cache, object) = list->first;
	list->first = object;
	list->in_use--;
	if (unlikely(++list->count > 2u * cache->batch))
		give_surplus(cache, list);
	irq_restore(irq);
}

/* ---- caches ---- */

static void init_layout(struct slab_cache *cache, size_t size, size_t align)
{
	size_t whole = ALIGN_UP(max(size, sizeof(void *)), sizeof(void *));

	align = max(align, sizeof(uint64_t)); /* what 8-byte atomics need */
	assert(is_power_of_two(align) && align <= 256 && size > 0 && size <= 16384);
	cache->size = (uint16_t)size;
	if (CONFIG_POISON) {
		cache->object_start = (uint16_t)align; /* a red word fits, alignment stays */
		cache->link_offset = (uint16_t)ALIGN_UP(whole + sizeof(uint32_t), sizeof(void *));
		cache->stride = (uint16_t)ALIGN_UP(align + cache->link_offset + sizeof(void *),
						   align);
	} else {
		cache->stride = (uint16_t)ALIGN_UP(whole, align);
	}
	while ((size_t)PAGE_SIZE << cache->order_least < cache->stride)
		cache->order_least++;
	/* At least eight objects, if that takes no more than eight frames. */
	cache->order = cache->order_least;
	while (cache->order < SLAB_ORDER_MAX &&
	       ((size_t)PAGE_SIZE << cache->order) / cache->stride < 8)
		cache->order++;
	cache->batch = (uint16_t)clamp(CPU_LIST_BYTES / 2 / cache->stride, 2, 32);
}

static void init_cache(struct slab_cache *cache, const char *name, size_t size, size_t align)
{
	irq_flags flags;

	memset(cache, 0, sizeof(*cache));
	init_layout(cache, size, align);
	cache->name = name;
	spin_init(&cache->lock, LOCK_RANK_SLAB, "slab cache");
	list_init(&cache->partial);
	list_init(&cache->empty);
	flags = spin_lock_irq(&caches_lock);
	if (last_cache)
		last_cache->next = cache;
	last_cache = cache;
	spin_unlock_irq(&caches_lock, flags);
}

struct slab_cache *slab_cache_create(const char *name, size_t size, size_t align)
{
	struct slab_cache *cache;

	if (!cache_of_caches.name)
		init_cache(&cache_of_caches, "slab_cache", sizeof(*cache), 32);
	cache = slab_alloc(&cache_of_caches, 0);
	if (cache)
		init_cache(cache, name, size, align);
	return cache;
}

struct slab_cache *slab_cache_next(struct slab_cache *cache)
{
	irq_flags flags = spin_lock_irq(&caches_lock);
	struct slab_cache *next = cache ? cache->next : last_cache ? &cache_of_caches : NULL;

	spin_unlock_irq(&caches_lock, flags);
	return next;
}

void slab_cache_count(struct slab_cache *cache, const char **name, size_t *size, size_t *in_use,
		      size_t *frames)
{
	int used = 0;

	for (unsigned int cpu = 0; cpu < CPU_MAX; cpu++)
		used += cache->cpus[cpu].in_use;
	*name = cache->name;
	*size = cache->size;
	*in_use = (size_t)max(used, 0);
	*frames = cache->frame_count;
}

/* ---- trimming ---- */

/* On each CPU, interrupts off, without locks: put the lists aside for slab_trim. */
static void detach_lists(void *unused)
{
	unsigned int cpu = cpu_index();

	(void)unused;
	for (struct slab_cache *cache = &cache_of_caches; cache; cache = cache->next) {
		struct cpu_list *list = &cache->cpus[cpu];

		list->detached = list->first;
		list->first = NULL;
		list->count = 0;
	}
}

static size_t trim_cache(struct slab_cache *cache)
{
	struct page_frame *slab;
	struct list surplus;
	size_t freed = 0;
	irq_flags flags;

	for (unsigned int cpu = 0; cpu < CPU_MAX; cpu++) {
		void *chain = cache->cpus[cpu].detached;

		cache->cpus[cpu].detached = NULL;
		while (chain)
			chain = give_chain(cache, chain, 32, 0, &freed);
	}
	list_init(&surplus);
	flags = spin_lock_irq(&cache->lock);
	while ((slab = list_pop_head_entry(&cache->empty, struct page_frame, node))) {
		cache->empty_count--;
		cache->frame_count -= (size_t)1 << page_frame_order(slab);
		list_add_head(&surplus, &slab->node);
	}
	spin_unlock_irq(&cache->lock, flags);
	return freed + free_slabs(&surplus);
}

size_t slab_trim(void)
{
	uint32_t others;
	size_t freed = 0;
	irq_flags flags;

	/*
	 * One at a time: `detached` is a single place. Whoever comes second gains nothing anyway.
	 */
	if (!last_cache || atomic_exchange(&trimming, true))
		return 0;
	preempt_disable();
	others = smp_online_mask() & ~(1u << cpu_index());
	if (others)
		smp_call(others, detach_lists, NULL);
	flags = irq_disable_save();
	detach_lists(NULL);
	irq_restore(flags);
	preempt_enable();
	for (struct slab_cache *cache = &cache_of_caches; cache; cache = slab_cache_next(cache))
		freed += trim_cache(cache);
	atomic_store(&trimming, false);
	return freed;
}
