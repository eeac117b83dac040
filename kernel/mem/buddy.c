/*
 * The buddy allocator: free frames in blocks of 2^order, aligned to their size.
 *
 * Idea. Each zone has a list of free blocks for every order. A request takes the smallest block
 * that is large enough and gives back the halves that it does not need. A block that is freed joins
 * its buddy, the other half of the next larger block, as long as that is free too; whether it is
 * can be seen in the buddy's descriptor without searching.
 *
 * Invariants (buddy_check):
 *  1. A frame has FRAME_BUDDY_HEAD exactly if it is the first of a block on list `order` of its
 *     zone.
 *  2. No two buddies of one order are both free: they would have joined.
 *  3. Frames of free blocks are FRAME_FREE and have no references.
 *  4. zone->free_count is the number of frames in all blocks.
 *
 * Locks. One spinlock a zone, interrupts off. Single frames hardly ever come here: page_frame.c
 * keeps lists of each CPU and moves them in batches. A block never spans two zones, because their
 * border is aligned to the largest block or nothing lies beyond it (asserted).
 */
#include "core/assert.h"
#include "core/config.h"
#include "core/spinlock.h"
#include "lib/min_max.h"
#include "mem/internal.h"

/* [z] zone.lock  [I] set at boot */
struct buddy_zone {
	struct spinlock lock;			/* LOCK_RANK_PAGE_FRAME */
	struct list free[BUDDY_ORDERS];		/* [z] blocks of each order */
	uint32_t orders;			/* [z] bit n set when free[n] is not empty */
	atomic_size_t free_count; /* [z] frames in all lists; read by anybody as a hint */
	frame_number start, end;		/* [I] */
};

static struct buddy_zone zones[ZONE_COUNT] = {
	[ZONE_LOW] = { .lock = SPINLOCK_INIT(LOCK_RANK_PAGE_FRAME, "low frames") },
	[ZONE_HIGH] = { .lock = SPINLOCK_INIT(LOCK_RANK_PAGE_FRAME, "high frames") },
};

void buddy_init(enum zone which, frame_number start, frame_number end)
{
	struct buddy_zone *zone = &zones[which];

	for (unsigned int order = 0; order < BUDDY_ORDERS; order++)
		list_init(&zone->free[order]);
	zone->orders = 0;
	zone->start = start;
	zone->end = end;
	atomic_store_explicit(&zone->free_count, 0, memory_order_relaxed);
}

static void count_add(struct buddy_zone *zone, size_t frames)
{
	/* Relaxed, a load and a store: written under the lock only. */
	size_t count = atomic_load_explicit(&zone->free_count, memory_order_relaxed);

	atomic_store_explicit(&zone->free_count, count + frames, memory_order_relaxed);
}

static void list_block(struct buddy_zone *zone, struct page_frame *block, unsigned int order)
{
	page_frame_set_order(block, FRAME_BUDDY_HEAD | order);
	list_add_head(&zone->free[order], &block->node);
	zone->orders |= 1u << order;
}

static void unlist_block(struct buddy_zone *zone, struct page_frame *block, unsigned int order)
{
	list_remove(&block->node);
	page_frame_set_order(block, order);
	if (list_is_empty(&zone->free[order]))
		zone->orders &= ~(1u << order);
}

/* The free block that `block` joins to the next order, or NULL. Caller holds zone->lock. */
static struct page_frame *free_buddy(const struct buddy_zone *zone, frame_number block,
				     unsigned int order)
{
	frame_number number = block ^ (1u << order);
	struct page_frame *buddy;

	if (order == BUDDY_ORDERS - 1 || number < zone->start || number >= zone->end)
		return NULL;
	buddy = page_frame_of(number);
	return page_frame_order(buddy) == (FRAME_BUDDY_HEAD | order) ? buddy : NULL;
}

static void free_locked(struct buddy_zone *zone, struct page_frame *block, unsigned int order)
{
	frame_number number = page_frame_number(block);
	struct page_frame *buddy;

	assert(number >= zone->start && number + (1u << order) <= zone->end);
	assert(!(page_frame_order(block) & FRAME_BUDDY_HEAD));
	count_add(zone, (size_t)1 << order);
	while ((buddy = free_buddy(zone, number, order))) {
		unlist_block(zone, buddy, order);
		number &= ~(1u << order);
		order++;
	}
	list_block(zone, page_frame_of(number), order);
}

static struct page_frame *alloc_locked(struct buddy_zone *zone, unsigned int order)
{
	uint32_t large_enough = zone->orders & ~((1u << order) - 1);
	struct page_frame *block;
	unsigned int from;

	if (!large_enough)
		return NULL;
	from = (unsigned int)__builtin_ctz(large_enough);
	block = list_first_entry(&zone->free[from], struct page_frame, node);
	unlist_block(zone, block, from);
	while (from > order) {
		from--;
		list_block(zone, block + ((size_t)1 << from), from);
	}
	count_add(zone, -((size_t)1 << order));
	return block;
}

/* Whether `count` frames may go and leave `reserve`. */
static bool may_take(const struct buddy_zone *zone, size_t count, size_t reserve)
{
	return atomic_load_explicit(&zone->free_count, memory_order_relaxed) >= count + reserve;
}

struct page_frame *buddy_alloc(enum zone which, unsigned int order, size_t reserve)
{
	struct buddy_zone *zone = &zones[which];
	struct page_frame *block = NULL;
	irq_flags flags;

	assert(order < BUDDY_ORDERS);
	flags = spin_lock_irq(&zone->lock);
	if (may_take(zone, (size_t)1 << order, reserve))
		block = alloc_locked(zone, order);
	spin_unlock_irq(&zone->lock, flags);
	return block;
}

/*
 * Up to `most` single frames of the smallest block, which is not cut up first if it goes whole. The
 * lowest comes last, where a CPU's list begins: neighbours in memory are used, and freed, one after
 * the other. Returns how many.
 */
static size_t take_singles(struct buddy_zone *zone, struct page_frame **frames, size_t most)
{
	unsigned int order = min_t(unsigned int, (unsigned int)__builtin_ctz(zone->orders),
				   log2_floor(most));
	struct page_frame *block = alloc_locked(zone, order);

	for (size_t i = 0; i < (size_t)1 << order; i++)
		frames[i] = block + (((size_t)1 << order) - 1 - i);
	return (size_t)1 << order;
}

size_t buddy_alloc_batch(enum zone which, struct page_frame **frames, size_t count, size_t reserve)
{
	struct buddy_zone *zone = &zones[which];
	size_t taken = 0, there;
	irq_flags flags;

	if (!may_take(zone, 1, reserve))
		return 0; /* a hint, but so would be the locked answer a moment later */
	flags = spin_lock_irq(&zone->lock);
	there = atomic_load_explicit(&zone->free_count, memory_order_relaxed);
	count = min(count, there > reserve ? there - reserve : 0);
	while (taken < count)
		taken += take_singles(zone, frames + taken, count - taken);
	spin_unlock_irq(&zone->lock, flags);
	return taken;
}

void buddy_free(struct page_frame *block, unsigned int order)
{
	struct buddy_zone *zone = &zones[page_frame_zone(block)];
	irq_flags flags = spin_lock_irq(&zone->lock);

	free_locked(zone, block, order);
	spin_unlock_irq(&zone->lock, flags);
}

/* The order of the largest block that the first of `frames` and those that follow it make up. */
static unsigned int block_order(struct page_frame *const *frames, size_t count)
{
	frame_number number = page_frame_number(frames[0]);
	unsigned int order = 0;
	size_t next = 1;

	while (order < BUDDY_ORDERS - 1 && (size_t)2 << order <= count &&
	       number % (2u << order) == 0) {
		for (; next < (size_t)2 << order; next++) {
			if (frames[next] != frames[0] + next)
				return order;
		}
		order++;
	}
	return order;
}

void buddy_free_batch(struct page_frame **frames, size_t count)
{
	size_t i = 0;

	while (i < count) {
		enum zone which = page_frame_zone(frames[i]);
		struct buddy_zone *zone = &zones[which];
		irq_flags flags = spin_lock_irq(&zone->lock);

		/* Neighbours go together, instead of joining one by one. */
		while (i < count && page_frame_zone(frames[i]) == which) {
			unsigned int order = block_order(frames + i, count - i);

			free_locked(zone, frames[i], order);
			i += (size_t)1 << order;
		}
		spin_unlock_irq(&zone->lock, flags);
	}
}

void buddy_free_range(frame_number start, frame_number end)
{
	while (start < end) {
		unsigned int order = min_t(unsigned int, log2_floor(end - start), BUDDY_ORDERS - 1);

		if (start != 0)
			order = min_t(unsigned int, order, (unsigned int)__builtin_ctz(start));
		buddy_free(page_frame_of(start), order);
		start += 1u << order;
	}
}

size_t buddy_free_count(enum zone zone)
{
	return atomic_load_explicit(&zones[zone].free_count, memory_order_relaxed);
}

/* One block of list `order`: is it where it says, and rightly not joined? */
static bool block_is_right(const struct buddy_zone *zone, struct page_frame *block,
			   unsigned int order)
{
	frame_number number = page_frame_number(block);

	if (page_frame_order(block) != (FRAME_BUDDY_HEAD | order))
		return false;
	if (number % (1u << order) != 0 || number < zone->start ||
	    number + (1u << order) > zone->end || free_buddy(zone, number, order))
		return false;
	for (size_t i = 0; i < (size_t)1 << order; i++) {
		if (atomic_load(&block[i].kind) != FRAME_FREE ||
		    page_frame_references(&block[i]) != 0 ||
		    (i > 0 && page_frame_order(&block[i]) & FRAME_BUDDY_HEAD))
			return false;
	}
	return true;
}

bool buddy_check(enum zone which)
{
	struct buddy_zone *zone = &zones[which];
	struct page_frame *block;
	size_t frames = 0;
	bool right = true;
	irq_flags flags = spin_lock_irq(&zone->lock);

	for (unsigned int order = 0; order < BUDDY_ORDERS && right; order++) {
		right = list_is_empty(&zone->free[order]) == !(zone->orders >> order & 1);
		list_for_each_entry(block, &zone->free[order], node) {
			right = right && block_is_right(zone, block, order);
			frames += (size_t)1 << order;
		}
	}
	right = right && frames == atomic_load_explicit(&zone->free_count, memory_order_relaxed);
	spin_unlock_irq(&zone->lock, flags);
	return right;
}
