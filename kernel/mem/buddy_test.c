/*
 * The buddy allocator and the frames above it, on 16 MiB of pretended RAM with a hole, the upper
 * part of it beyond a direct map of 12 MiB.
 *
 * test: with=mem/page_frame.c,mem/kmap.c,mem/slab.c,mem/kmalloc.c
 */
#include "mem/internal.h"
#include "mem/kmap.h"
#include "real_memory.h"
#include "test.h"

static size_t free_frames(void)
{
	struct frame_counts counts;

	page_frame_count(&counts);
	return counts.free;
}

static void every_order_comes_back_joined(struct test *t)
{
	size_t before;

	real_memory_init();
	page_frame_drain();
	before = free_frames();
	for (unsigned int order = 0; order < BUDDY_ORDERS - 1; order++) {
		struct page_frame *block = buddy_alloc(ZONE_LOW, order, 0);

		EXPECT(t, block != NULL);
		EXPECT_EQ(t, page_frame_number(block) % (1u << order), 0);
		EXPECT(t, page_frame_check());
		buddy_free(block, order);
		EXPECT(t, page_frame_check());
	}
	EXPECT_EQ(t, free_frames(), before);
}

static void random_blocks_never_overlap(struct test *t)
{
	enum { SLOTS = 200, STEPS = 4000 };
	static struct { struct page_frame *block; unsigned int order; } slots[SLOTS];
	size_t before;
	uint32_t random = 7;

	real_memory_init();
	page_frame_drain();
	before = free_frames();
	for (unsigned int step = 0; step < STEPS; step++) {
		unsigned int i = test_random(&random) % SLOTS;

		if (slots[i].block) {
			buddy_free(slots[i].block, slots[i].order);
			slots[i].block = NULL;
			continue;
		}
		slots[i].order = test_random(&random) % 5;
		slots[i].block = buddy_alloc(ZONE_LOW, slots[i].order, 0);
		for (unsigned int j = 0; slots[i].block && j < SLOTS; j++) {
			if (j == i || !slots[j].block)
				continue;
			EXPECT(t, slots[i].block + (1u << slots[i].order) <= slots[j].block ||
				  slots[j].block + (1u << slots[j].order) <= slots[i].block);
		}
		if (step % 100 == 0)
			EXPECT(t, page_frame_check());
	}
	for (unsigned int i = 0; i < SLOTS; i++) {
		if (slots[i].block)
			buddy_free(slots[i].block, slots[i].order);
	}
	EXPECT(t, page_frame_check());
	EXPECT_EQ(t, free_frames(), before);
}

static void exchange(struct page_frame **a, struct page_frame **b)
{
	struct page_frame *kept = *a;

	*a = *b;
	*b = kept;
}

static bool are_distinct_singles(struct page_frame **frames, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (page_frame_order(frames[i]) & FRAME_BUDDY_HEAD)
			return false;
		for (size_t j = 0; j < i; j++) {
			if (frames[i] == frames[j])
				return false;
		}
	}
	return true;
}

/* Frames that leave by whole blocks are each one's own, and join again however they come back. */
static void batches_take_what_they_may_and_come_back_joined(struct test *t)
{
	enum { MOST = 300 };
	static struct page_frame *frames[MOST];
	size_t before, large;
	uint32_t random = 11;

	real_memory_init();
	page_frame_drain();
	before = buddy_free_count(ZONE_LOW);
	for (unsigned int round = 0; round < 200; round++) {
		size_t count = 1 + test_random(&random) % MOST;
		size_t got = buddy_alloc_batch(ZONE_LOW, frames, count, 0);

		EXPECT_EQ(t, got, count);
		EXPECT(t, are_distinct_singles(frames, got));
		EXPECT_EQ(t, buddy_free_count(ZONE_LOW), before - got);
		EXPECT(t, buddy_check(ZONE_LOW));
		/* As they came, the other way round, or in disorder. */
		for (size_t i = 0; round % 3 && i < got; i++) {
			size_t with = round % 3 == 1 ? got - 1 - i : test_random(&random) % got;

			if (round % 3 == 1 && with <= i)
				break;
			exchange(&frames[i], &frames[with]);
		}
		buddy_free_batch(frames, got);
		EXPECT(t, buddy_check(ZONE_LOW));
		EXPECT_EQ(t, buddy_free_count(ZONE_LOW), before);
	}
	large = buddy_alloc_batch(ZONE_LOW, frames, MOST, before - 5);
	EXPECT_EQ(t, large, 5);
	EXPECT_EQ(t, buddy_alloc_batch(ZONE_LOW, frames + 5, MOST - 5, before), 0);
	buddy_free_batch(frames, large);
	EXPECT_EQ(t, buddy_free_count(ZONE_LOW), before);
}

/* Whatever a page cache notes in the flags of its frame, the allocator must leave it alone. */
static void flags_of_a_used_frame_do_not_look_like_a_free_block(struct test *t)
{
	struct page_frame *pair, *used;

	real_memory_init();
	pair = buddy_alloc(ZONE_LOW, 1, 0);
	used = pair + 1;
	for (unsigned int bit = 0; bit < 16; bit++) {
		atomic_store(&used->kind, FRAME_PAGE_CACHE);
		atomic_store(&used->references, 1);
		atomic_store(&used->flags, 1u << bit);
		buddy_free(pair, 0);
		EXPECT(t, page_frame_check());
		EXPECT_EQ(t, atomic_load(&used->flags), 1u << bit);
		atomic_store(&used->flags, 0);
		atomic_store(&used->references, 0);
		atomic_store(&used->kind, FRAME_FREE);
		buddy_free(used, 0);
		EXPECT(t, page_frame_check());
		pair = buddy_alloc(ZONE_LOW, 1, 0);
		used = pair + 1;
	}
	buddy_free(pair, 1);
}

static void the_frame_of_zeros_may_be_mapped_without_end(struct test *t)
{
	struct page_frame *zero;

	real_memory_init();
	zero = page_frame_zero();
	atomic_store(&zero->references, INT32_MAX);
	page_frame_get(zero);
	page_frame_put(zero);
	EXPECT_EQ(t, page_frame_references(zero), INT32_MAX);
	atomic_store(&zero->references, 1);
}

static void user_frames_prefer_high_and_kernel_frames_are_low(struct test *t)
{
	struct page_frame *user, *kernel;

	real_memory_init();
	user = page_frame_alloc(FRAME_ANONYMOUS, 0);
	kernel = page_frame_alloc(FRAME_KERNEL, 0);
	EXPECT_EQ(t, page_frame_zone(user), ZONE_HIGH);
	EXPECT_EQ(t, page_frame_zone(kernel), ZONE_LOW);
	page_frame_put(user);
	page_frame_put(kernel);
}

static bool is_zero(struct page_frame *frame)
{
	const uint32_t *words = kmap(frame);
	bool zero = true;

	for (size_t i = 0; i < PAGE_SIZE / sizeof(*words); i++)
		zero = zero && words[i] == 0;
	kunmap(frame, (void *)words);
	return zero;
}

static void zeroed_frames_are_zero_even_if_cleared_ahead(struct test *t)
{
	struct page_frame *frames[40];

	real_memory_init();
	while (page_frame_clear_ahead())
		continue;
	for (unsigned int i = 0; i < 40; i++) {
		frames[i] = page_frame_alloc(FRAME_ANONYMOUS, FRAME_ALLOC_ZEROED);
		EXPECT(t, is_zero(frames[i]));
	}
	for (unsigned int i = 0; i < 40; i++)
		page_frame_put(frames[i]);
}

/* All memory goes, to the reserve; then ATOMIC gets that too; and all of it comes back. */
static void exhaustion_ends_at_the_reserve_and_loses_nothing(struct test *t)
{
	static struct page_frame *taken[4096];
	size_t before, count = 0, ordinary;

	real_memory_init();
	before = free_frames();
	while ((taken[count] = page_frame_alloc(FRAME_KERNEL, 0)))
		count++;
	ordinary = count;
	while ((taken[count] = page_frame_alloc(FRAME_KERNEL, FRAME_ALLOC_ATOMIC)))
		count++;
	EXPECT(t, ordinary > 1000);
	EXPECT(t, count > ordinary);
	while (count > 0)
		page_frame_put(taken[--count]);
	EXPECT_EQ(t, free_frames(), before);
	page_frame_drain();
	EXPECT(t, page_frame_check());
}

static size_t reclaimed;
static struct page_frame *victim;

static size_t reclaim_victim(size_t wanted, enum frame_alloc_flags flags)
{
	(void)wanted;
	(void)flags;
	if (!victim)
		return 0;
	page_frame_put(victim);
	victim = NULL;
	reclaimed++;
	return 1;
}

static bool never_kill(void)
{
	return false;
}

static void allocation_reclaims_before_it_fails(struct test *t)
{
	static const struct reclaim_ops ops = {
		.reclaim = reclaim_victim,
		.exhausted = never_kill,
	};
	static struct page_frame *taken[4096];
	size_t count = 0;

	real_memory_init();
	victim = page_frame_alloc(FRAME_KERNEL, 0);
	page_frame_set_reclaim(&ops);
	while ((taken[count] = page_frame_alloc(FRAME_KERNEL, 0)))
		count++;
	page_frame_set_reclaim(NULL);
	EXPECT_EQ(t, reclaimed, 1);
	while (count > 0)
		page_frame_put(taken[--count]);
}

static size_t reclaim_something_else(size_t wanted, enum frame_alloc_flags flags)
{
	(void)flags;
	reclaimed += wanted;
	return wanted;
}

/* Reclaim that always finds something, but never two frames side by side, is given up. */
static void a_block_reclaims_a_bounded_number_of_frames(struct test *t)
{
	static const struct reclaim_ops ops = {
		.reclaim = reclaim_something_else,
		.exhausted = never_kill,
	};
	static struct page_frame *taken[4096];
	size_t count = 0;

	real_memory_init();
	/* The reserve too, or it would have blocks. */
	while ((taken[count] = page_frame_alloc(FRAME_KERNEL, FRAME_ALLOC_ATOMIC)))
		count++;
	for (size_t i = 0; i < count; i++) {
		/* What is free has no free neighbour. */
		if (page_frame_number(taken[i]) % 2 == 0) {
			page_frame_put(taken[i]);
			taken[i] = NULL;
		}
	}
	for (unsigned int order = 1; order < BUDDY_ORDERS; order += 3) {
		reclaimed = 0;
		page_frame_set_reclaim(&ops);
		EXPECT_POINTER(t, page_frame_alloc_order(order, FRAME_KERNEL, 0), NULL);
		page_frame_set_reclaim(NULL);
		EXPECT(t, reclaimed > 0 && reclaimed <= 256 + (5u << order));
	}
	while (count > 0) {
		if (taken[--count])
			page_frame_put(taken[count]);
	}
}

static void mistakes_panic(struct test *t)
{
	struct page_frame *frame;
	uint32_t *words;

	real_memory_init();
	frame = page_frame_alloc(FRAME_KERNEL, 0);
	page_frame_put(frame);
	EXPECT_PANIC(t, page_frame_put(frame));
	EXPECT_EQ(t, page_frame_references(frame), -1);
	atomic_store(&frame->references, 0);	/* undo, to go on */
	frame = page_frame_alloc(FRAME_KERNEL, 0);
	words = page_frame_address(frame);
	page_frame_put(frame);
	words[16] = 1;
	EXPECT_PANIC(t, (void)page_frame_alloc(FRAME_KERNEL, 0));
	EXPECT_PANIC(t, page_frame_put(page_frame_zero()));
}

/* What buddy_check says of a free block that is none; all other tests rely on it. */
static void a_wrong_free_block_is_noticed(struct test *t)
{
	struct page_frame *block;

	real_memory_init();
	page_frame_drain();
	block = buddy_alloc(ZONE_LOW, 0, 0);
	buddy_free(block, 0);
	EXPECT(t, buddy_check(ZONE_LOW));
	atomic_store(&block->kind, FRAME_KERNEL);
	EXPECT(t, !buddy_check(ZONE_LOW) && !page_frame_check());
	atomic_store(&block->kind, FRAME_FREE);
	atomic_fetch_add(&block->references, 1);
	EXPECT(t, !buddy_check(ZONE_LOW));
	atomic_fetch_sub(&block->references, 1);
	EXPECT(t, page_frame_check());
}

static void blocks_are_counted_and_zeroed(struct test *t)
{
	struct frame_counts before, during, after;
	struct page_frame *block;

	real_memory_init();
	page_frame_count(&before);
	block = page_frame_alloc_order(3, FRAME_KERNEL, FRAME_ALLOC_ZEROED);
	page_frame_count(&during);
	for (unsigned int i = 0; i < 8; i++)
		EXPECT(t, is_zero(&block[i]));
	EXPECT_EQ(t, during.kernel, before.kernel + 8);
	EXPECT_EQ(t, during.free, before.free - 8);
	page_frame_put(block);
	page_frame_count(&after);
	EXPECT_EQ(t, after.free, before.free);
	EXPECT_EQ(t, after.kernel, before.kernel);
}

const struct test_case test_cases[] = {
	TEST(every_order_comes_back_joined),
	TEST(random_blocks_never_overlap),
	TEST(batches_take_what_they_may_and_come_back_joined),
	TEST(flags_of_a_used_frame_do_not_look_like_a_free_block),
	TEST(the_frame_of_zeros_may_be_mapped_without_end),
	TEST(user_frames_prefer_high_and_kernel_frames_are_low),
	TEST(zeroed_frames_are_zero_even_if_cleared_ahead),
	TEST(exhaustion_ends_at_the_reserve_and_loses_nothing),
	TEST(allocation_reclaims_before_it_fails),
	TEST(a_block_reclaims_a_bounded_number_of_frames),
	TEST(blocks_are_counted_and_zeroed),
	TEST(mistakes_panic),
	TEST(a_wrong_free_block_is_noticed),
	TEST_END
};
