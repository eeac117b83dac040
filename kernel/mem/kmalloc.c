/*
 * Kernel memory of any size.
 *
 * Small sizes come from slab caches, with one class between most powers of two: less than half of
 * an object is lost. Larger ones are whole blocks of frames. Which of the two an address is, its
 * frame's descriptor says.
 */
#include "mem/kmalloc.h"
#include "core/assert.h"
#include "lib/min_max.h"
#include "lib/string.h"
#include "mem/internal.h"
#include "mem/slab.h"

enum {
	CLASS_LIMIT = 2048,	/* bytes of the largest class */
	CLASS_STEP = 16,
	CLASS_COUNT = 12,
};

static const struct { uint16_t size; const char *name; } classes[CLASS_COUNT] = {
	{ 16, "kmalloc-16" },	  { 32, "kmalloc-32" },	    { 48, "kmalloc-48" },
	{ 64, "kmalloc-64" },	  { 96, "kmalloc-96" },	    { 128, "kmalloc-128" },
	{ 192, "kmalloc-192" },	  { 256, "kmalloc-256" },   { 512, "kmalloc-512" },
	{ 768, "kmalloc-768" },	  { 1024, "kmalloc-1024" }, { CLASS_LIMIT, "kmalloc-2048" },
};

static struct slab_cache *caches[CLASS_COUNT];
/* The class for sizes up to (index + 1) * CLASS_STEP. */
static uint8_t class_of_step[CLASS_LIMIT / CLASS_STEP];

void kmalloc_init(void)
{
	unsigned int class = 0;

	for (unsigned int step = 0; step < ARRAY_SIZE(class_of_step); step++) {
		if ((step + 1) * CLASS_STEP > classes[class].size)
			class++;
		class_of_step[step] = (uint8_t)class;
	}
	for (class = 0; class < CLASS_COUNT; class++) {
		/*
		 * Aligned like malloc's, so that a structure with 16-byte members may live there.
		 */
		caches[class] = slab_cache_create(classes[class].name, classes[class].size, 16);
		assert(caches[class]);
	}
}

static void *alloc_frames(size_t size, enum frame_alloc_flags flags)
{
	struct page_frame *block;
	unsigned int order;

	if (size > KMALLOC_LIMIT)
		return NULL;
	order = log2_ceil((uint32_t)DIV_ROUND_UP(size, PAGE_SIZE));
	block = page_frame_alloc_order(order, FRAME_KERNEL, flags);
	return block ? page_frame_address(block) : NULL;
}

void *kmalloc(size_t size, enum frame_alloc_flags flags)
{
	if (unlikely(size > CLASS_LIMIT))
		return alloc_frames(size, flags);
	if (unlikely(size == 0))
		size = 1;
	return slab_alloc(caches[class_of_step[(size - 1) / CLASS_STEP]], flags);
}

void *kzalloc(size_t size, enum frame_alloc_flags flags)
{
	void *object = kmalloc(size, size > CLASS_LIMIT ? flags | FRAME_ALLOC_ZEROED : flags);

	if (object && size <= CLASS_LIMIT)
		memset(object, 0, size);
	return object;
}

void *kmalloc_array(size_t count, size_t size, enum frame_alloc_flags flags)
{
	size_t bytes;

	if (__builtin_mul_overflow(count, size, &bytes))
		return NULL;
	return kmalloc(bytes, flags);
}

void kfree(void *object)
{
	struct page_frame *frame;

	if (!object)
		return;
	frame = page_frame_from_address(object);
	if (likely(atomic_load_explicit(&frame->kind, memory_order_relaxed) == FRAME_SLAB)) {
		slab_free(frame->slab, object);
		return;
	}
	assert(atomic_load(&frame->kind) == FRAME_KERNEL);
	assert(IS_ALIGNED((uintptr_t)object, PAGE_SIZE));
	page_frame_put(frame);
}

char *kstrdup(const char *string, enum frame_alloc_flags flags)
{
	size_t size = strlen(string) + 1;
	char *copy = kmalloc(size, flags);

	if (copy)
		memcpy(copy, string, size);
	return copy;
}
