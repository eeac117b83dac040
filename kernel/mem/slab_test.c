/*
 * Slabs and kmalloc on real frames: counting, failing, and mistakes that must be noticed.
 *
 * test: with=mem/page_frame.c,mem/buddy.c,mem/kmap.c,mem/kmalloc.c
 */
#include "lib/string.h"
#include "mem/internal.h"
#include "mem/kmalloc.h"
#include "mem/slab.h"
#include "real_memory.h"
#include "test.h"

static size_t in_use(struct slab_cache *cache)
{
	size_t size, used, frames;
	const char *name;

	slab_cache_count(cache, &name, &size, &used, &frames);
	return used;
}

static size_t frames_of(struct slab_cache *cache)
{
	size_t size, used, frames;
	const char *name;

	slab_cache_count(cache, &name, &size, &used, &frames);
	return frames;
}

static size_t free_frames(void)
{
	struct frame_counts counts;

	page_frame_count(&counts);
	return counts.free;
}

/* One size: many objects, each filled with its own pattern, freed in another order. */
static void exercise(struct test *t, size_t size, size_t align)
{
	enum { COUNT = 300 };
	struct slab_cache *cache = slab_cache_create("test", size, align);
	unsigned char *objects[COUNT];

	for (unsigned int i = 0; i < COUNT; i++) {
		objects[i] = slab_alloc(cache, 0);
		EXPECT(t, objects[i] != NULL);
		EXPECT_EQ(t, (uintptr_t)objects[i] % (align ? align : sizeof(void *)), 0);
		memset(objects[i], (int)i, size);
	}
	EXPECT_EQ(t, in_use(cache), COUNT);
	for (unsigned int i = 0; i < COUNT; i++) {
		unsigned int j = (i * 7 + 3) % COUNT;

		EXPECT_EQ(t, objects[j][0], j & 0xff);
		EXPECT_EQ(t, objects[j][size - 1], j & 0xff);
		slab_free(cache, objects[j]);
	}
	EXPECT_EQ(t, in_use(cache), 0);
	EXPECT(t, frames_of(cache) > 0);
	slab_trim();
	EXPECT_EQ(t, frames_of(cache), 0);
}

static void objects_of_all_sizes_are_distinct_and_counted(struct test *t)
{
	static const size_t sizes[] = {
		1, 4, 7, 24, 64, 100, 200, 513, 1000, 2048, 3000, 4096, 9000,
	};

	real_memory_init();
	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		exercise(t, sizes[i], 0);
		exercise(t, sizes[i], 32);
	}
}

static void memory_comes_back_after_trim(struct test *t)
{
	struct slab_cache *cache;
	void *chain = NULL;
	size_t before;

	real_memory_init();
	cache = slab_cache_create("come back", 200, 0);
	slab_trim();
	before = free_frames();
	for (unsigned int i = 0; i < 5000; i++) {
		void **object = slab_alloc(cache, 0);

		*object = chain;
		chain = object;
	}
	EXPECT_EQ(t, in_use(cache), 5000);
	while (chain) {
		void *object = chain;

		chain = *(void **)chain;
		slab_free(cache, object);
	}
	slab_trim();
	EXPECT_EQ(t, free_frames(), before);
}

/* The slab layer adds no failures of its own, and none is lost. */
static void failing_allocations_fail_cleanly(struct test *t)
{
	struct slab_cache *cache;
	size_t before;
	bool failed = true;

	real_memory_init();
	cache = slab_cache_create("failing", 2000, 0);
	slab_trim();
	before = free_frames();
	for (unsigned int nth = 1; failed; nth++) {
		void *object;

		slab_trim();	/* so that it needs a frame too */
		test_fail_allocation(nth);
		object = slab_alloc(cache, 0);
		failed = test_allocation_failed();
		/* A failed larger slab is made up for by a smaller one. */
		EXPECT(t, object || failed);
		EXPECT_EQ(t, in_use(cache), object ? 1 : 0);
		slab_free(cache, object);
		EXPECT(t, nth < 10);
	}
	slab_trim();
	EXPECT_EQ(t, free_frames(), before);
}

static void all_memory_as_objects_and_back(struct test *t)
{
	struct slab_cache *cache;
	void *chain = NULL;
	size_t before, count = 0;
	void **object;

	real_memory_init();
	cache = slab_cache_create("all", 512, 0);
	slab_trim();
	before = free_frames();
	while ((object = slab_alloc(cache, 0))) {
		*object = chain;
		chain = object;
		count++;
	}
	EXPECT(t, count > 5000);
	EXPECT_EQ(t, in_use(cache), count);
	while (chain) {
		object = chain;
		chain = *object;
		slab_free(cache, object);
	}
	slab_trim();
	EXPECT_EQ(t, free_frames(), before);
}

static void kmalloc_finds_the_way_back(struct test *t)
{
	size_t before;

	real_memory_init();
	slab_trim();
	before = free_frames();
	for (size_t size = 1; size <= 100000; size += size / 3 + 1) {
		char *memory = kzalloc(size, 0);

		EXPECT(t, memory != NULL);
		for (size_t i = 0; i < size; i++)
			EXPECT_EQ(t, memory[i], 0);
		memset(memory, 0xff, size);
		kfree(memory);
	}
	kfree(NULL);
	EXPECT(t, !kmalloc(KMALLOC_LIMIT + 1, 0));
	EXPECT(t, !kmalloc_array(SIZE_MAX / 4, 8, 0));
	slab_trim();
	EXPECT_EQ(t, free_frames(), before);
}

static void mistakes_panic(struct test *t)
{
	struct slab_cache *cache, *other;
	char *object;

	real_memory_init();
	cache = slab_cache_create("mistakes", 40, 0);
	other = slab_cache_create("other", 40, 0);
	object = slab_alloc(cache, 0);
	EXPECT_PANIC(t, slab_free(other, object));
	object[40] ^= 1;	/* one byte beyond */
	EXPECT_PANIC(t, slab_free(cache, object));
	object[40] ^= 1;
	object[-1] ^= 1;	/* one before */
	EXPECT_PANIC(t, slab_free(cache, object));
	object[-1] ^= 1;
	slab_free(cache, object);
	EXPECT_PANIC(t, slab_free(cache, object));
	object[8] = 0;		/* use after free, seen when it is given out again */
	EXPECT_PANIC(t, (void)slab_alloc(cache, 0));
}

const struct test_case test_cases[] = {
	TEST(objects_of_all_sizes_are_distinct_and_counted),
	TEST(memory_comes_back_after_trim),
	TEST(failing_allocations_fail_cleanly),
	TEST(all_memory_as_objects_and_back),
	TEST(kmalloc_finds_the_way_back),
	TEST(mistakes_panic),
	TEST_END
};
