/*
 * Page frames: their descriptors, and single frames in a hurry.
 *
 * Idea. The buddy allocator is exact but has a lock; almost all requests are for one frame. So each
 * CPU keeps small stacks of free frames, one a zone and one of frames that were cleared while it
 * was idle, and goes to the buddy allocator only to move a batch. A frame taken from a stack costs
 * about thirty instructions. Frames on a stack count as free; their descriptors look like those in
 * the buddy allocator, without FRAME_BUDDY_HEAD.
 *
 * When memory is short. Ordinary requests leave a reserve in each zone, which only ATOMIC ones,
 * that cannot wait, may use. Below the low water the background reclaimer is woken; at the reserve
 * the request itself reclaims, and when that brings nothing, the out-of-memory killer is asked.
 * Frames idle on the stacks of other CPUs are called back at the same time.
 *
 * Blocks. A block of frames may be missing although many single ones are free. First the stacks and
 * free slabs give theirs back, which were blocks before. Then frames are reclaimed, but only some
 * times the block's size (BLOCK_RECLAIM_...): random frames of the page cache rarely lie side by
 * side, and to empty it for one block would cost everybody more than the block is worth. Whoever
 * wants a block can do without, or fails.
 *
 * Which zone. Kernel memory must lie in the direct map (low). All else prefers high frames, and
 * falls back to low ones as long as plenty remain for the kernel.
 *
 * Counting. Each CPU counts frames of each kind that it took and gave; a frame freed elsewhere
 * makes one CPU's count negative, but the sums are exact.
 *
 * Locks. The stacks and counts belong to their CPU, with interrupts off. Descriptors in use are
 * their owner's business.
 */
#include "mem/page_frame.h"
#include "arch/boot_info.h"
#include "arch/cpu.h"
#include "arch/smp.h"
#include "core/assert.h"
#include "core/config.h"
#include "core/failpoint.h"
#include "core/stale.h"
#include "core/lock_check.h"
#include "core/printk.h"
#include "lib/min_max.h"
#include "lib/string.h"
#include "mem/internal.h"
#include "mem/kmap.h"
#include "mem/slab.h"

enum {
	STACK_FRAMES = 64,	/* most frames of one stack */
	POISON_STRIDE = 16,	/* words between two that are looked at again */
	/* Most frames reclaimed for one block: so many, and so many times the block's. */
	BLOCK_RECLAIM_FRAMES = 256,
	BLOCK_RECLAIM_BLOCKS = 4,
	/* Of low frames user memory leaves the kernel so many times the reserve. */
	LOW_RESERVE_FACTOR = 4,
};

#define FRAME_POISON 0x5afe5afeu

/* Free frames of one sort on one CPU. */
struct frame_stack {
	unsigned int count;
	struct page_frame *frames[STACK_FRAMES];
};

/* [c] own CPU, interrupts off */
struct frame_cache {
	struct frame_stack zones[ZONE_COUNT];	/* [c] contents undefined */
	struct frame_stack cleared;		/* [c] all bytes 0; any zone */
	int kinds[FRAME_RESERVED + 1];		/* [c] frames taken less frames given back */
} aligned_to(CACHE_LINE_SIZE);

static struct frame_cache caches[CPU_MAX];

/* Set once at boot. */
struct page_frame *page_frame_descriptors, *page_frame_first_high;
static frame_number frame_limit;
static const struct boot_info *boot_memory;
static struct page_frame *zero_frame;
static size_t total_frames;
static bool has_high;
static unsigned int batch;		/* frames moved at once; a stack holds up to two batches */
static size_t reserve[ZONE_COUNT];	/* frames of each zone that only ATOMIC requests may take */
static size_t low_water;		/* free frames below which the reclaimer is woken */

static const struct reclaim_ops *_Atomic reclaim_ops;
static atomic_uint drain_requests;	/* CPUs that should empty their stacks */

frame_number page_frame_limit(void)
{
	return frame_limit;
}

bool page_frame_is_ram(frame_number number)
{
	phys_addr address = (phys_addr)number << PAGE_SHIFT;

	for (size_t i = 0; i < boot_memory->memory_count; i++) {
		const struct boot_range *range = &boot_memory->memory[i];

		if (address >= range->start && address < range->end)
			return true;
	}
	return false;
}

struct page_frame *page_frame_zero(void)
{
	return zero_frame;
}

void page_frame_set_reclaim(const struct reclaim_ops *ops)
{
	atomic_store(&reclaim_ops, ops);
}

static size_t buddy_free_frames(void)
{
	return buddy_free_count(ZONE_LOW) + buddy_free_count(ZONE_HIGH);
}

bool page_frame_is_low(void)
{
	return buddy_free_frames() < low_water;
}

bool page_frame_has_room(void)
{
	size_t kept = reserve[ZONE_LOW] * (has_high ? LOW_RESERVE_FACTOR : 1);

	return buddy_free_count(ZONE_LOW) > kept + batch;
}

/* ---- poison: debug builds see who writes to memory that he has freed ---- */

/* Frames come and go by hundreds in a fork or exec, so this is quick: eight words a turn. */
static no_undefined_checks void poison(struct page_frame *frame)
{
	uint32_t *page = kmap(frame);

	for (uint32_t *at = page; at < page + PAGE_SIZE / sizeof(*at); at += 8) {
		at[0] = FRAME_POISON;
		at[1] = FRAME_POISON;
		at[2] = FRAME_POISON;
		at[3] = FRAME_POISON;
		at[4] = FRAME_POISON;
		at[5] = FRAME_POISON;
		at[6] = FRAME_POISON;
		at[7] = FRAME_POISON;
	}
	kunmap(frame, page);
	atomic_fetch_or_explicit(&frame->flags, FRAME_POISONED, memory_order_relaxed);
}

/* core/stale.h: nobody has promised what is in it. */
static void fill_stale(struct page_frame *frame)
{
	void *memory = kmap(frame);

	stale_fill(memory, PAGE_SIZE);
	kunmap(frame, memory);
}

static no_undefined_checks void check_poison(struct page_frame *frame)
{
	uint32_t *words;

	if (!(atomic_load_explicit(&frame->flags, memory_order_relaxed) & FRAME_POISONED))
		return;
	words = kmap(frame);
	for (size_t i = 0; i < PAGE_SIZE / sizeof(*words); i += POISON_STRIDE) {
		if (words[i] != FRAME_POISON)
			panic("frame %#x was written to after it was freed: %#x at %#zx",
			      page_frame_number(frame), words[i], i * sizeof(*words));
	}
	kunmap(frame, words);
	atomic_fetch_and_explicit(&frame->flags, (unsigned short)~FRAME_POISONED,
				  memory_order_relaxed);
}

/* ---- the stacks of this CPU; interrupts are off ---- */

static struct page_frame *stack_pop(struct frame_stack *stack)
{
	return stack->count ? stack->frames[--stack->count] : NULL;
}

/* Give the oldest `count` frames back; the newest stay, they are the warmest. */
static void stack_give_back(struct frame_stack *stack, unsigned int count)
{
	buddy_free_batch(stack->frames, count);
	stack->count -= count;
	memmove(stack->frames, stack->frames + count, stack->count * sizeof(stack->frames[0]));
}

static void stack_push(struct frame_stack *stack, struct page_frame *frame)
{
	if (unlikely(stack->count >= 2 * batch))
		stack_give_back(stack, batch);
	stack->frames[stack->count++] = frame;
}

static void drain_own(struct frame_cache *cache)
{
	for (enum zone zone = 0; zone < ZONE_COUNT; zone++)
		stack_give_back(&cache->zones[zone], cache->zones[zone].count);
	stack_give_back(&cache->cleared, cache->cleared.count);
}

static void drain_if_asked(void)
{
	unsigned int own = 1u << cpu_index();

	if (likely(!(atomic_load_explicit(&drain_requests, memory_order_relaxed) & own)))
		return;
	atomic_fetch_and(&drain_requests, ~own);
	drain_own(&caches[cpu_index()]);
}

void page_frame_drain(void)
{
	irq_flags irq = irq_disable_save();
	uint32_t others = smp_online_mask() & ~(1u << cpu_index());

	drain_own(&caches[cpu_index()]);
	atomic_fetch_or(&drain_requests, others);
	irq_restore(irq);
	for (unsigned int cpu = 0; cpu < CPU_MAX; cpu++) {
		if (others >> cpu & 1)
			smp_send_reschedule(cpu);
	}
}

static void wake_reclaimer(void)
{
	const struct reclaim_ops *ops = atomic_load(&reclaim_ops);

	if (ops && ops->wake)
		ops->wake();
}

static bool refill(struct frame_cache *cache, enum zone zone, size_t keep)
{
	struct frame_stack *stack = &cache->zones[zone];

	drain_if_asked();
	stack->count = buddy_alloc_batch(zone, stack->frames, batch, keep);
	if (unlikely(page_frame_is_low()))
		wake_reclaimer();
	return stack->count > 0;
}

/* From the common lists when the stacks had nothing; `low`: only the direct map will do. */
static struct page_frame *take_refilled(struct frame_cache *cache, bool low, bool atomic)
{
	struct page_frame *frame;
	size_t keep = atomic ? 0 : reserve[ZONE_LOW];

	if (!low && has_high) {
		if (refill(cache, ZONE_HIGH, atomic ? 0 : reserve[ZONE_HIGH]))
			return stack_pop(&cache->zones[ZONE_HIGH]);
		keep *= LOW_RESERVE_FACTOR;
	}
	frame = stack_pop(&cache->zones[ZONE_LOW]);
	if (!frame && refill(cache, ZONE_LOW, keep))
		frame = stack_pop(&cache->zones[ZONE_LOW]);
	return frame;
}

static bool is_low(const struct page_frame *frame)
{
	return !has_high || page_frame_zone(frame) == ZONE_LOW;
}

/* A cleared frame, if the one on top will do. */
static struct page_frame *take_cleared(struct frame_cache *cache, bool low)
{
	struct frame_stack *stack = &cache->cleared;

	if (stack->count == 0 || (low && !is_low(stack->frames[stack->count - 1])))
		return NULL;
	return stack_pop(stack);
}

static struct page_frame *take(bool low, enum frame_kind kind, enum frame_alloc_flags flags,
			       bool *cleared)
{
	irq_flags irq = irq_disable_save();
	struct frame_cache *cache = &caches[cpu_index()];
	struct frame_stack *stack;
	struct page_frame *frame = NULL;

	/* Both are multiples of an index: worked out anew they cost 5 and 4 instructions of 58. */
	keep_in_register(cache);
	*cleared = false;
	if (flags & FRAME_ALLOC_ZEROED) {
		frame = take_cleared(cache, low);
		*cleared = frame;
	}
	if (!frame) {
		stack = &cache->zones[low || !has_high ? ZONE_LOW : ZONE_HIGH];
		keep_in_register(stack);
		frame = stack_pop(stack);
	}
	if (unlikely(!frame))
		frame = take_refilled(cache, low, flags & FRAME_ALLOC_ATOMIC);
	if (unlikely(!frame))
		frame = take_cleared(cache, low);
	if (likely(frame))
		cache->kinds[kind]++;
	irq_restore(irq);
	return frame;
}

/* ---- getting ---- */

/*
 * From free to one reference. The frame is ours alone: plain stores, published by whoever shares
 * it.
 */
static inline void make_used(struct page_frame *frame, enum frame_kind kind)
{
	if (CONFIG_DEBUG) {
		assert(atomic_load(&frame->kind) == FRAME_FREE);
		assert(page_frame_references(frame) == 0);
	}
	if (CONFIG_POISON)
		check_poison(frame);
	atomic_store_explicit(&frame->kind, (unsigned char)kind, memory_order_relaxed);
	page_frame_set_order(frame, 0);
	atomic_store_explicit(&frame->flags, 0, memory_order_relaxed);
	frame->cache = NULL;
	frame->index = 0;
	/* Release: a finder that gets a reference by page_frame_try_get sees the rest. */
	atomic_store_explicit(&frame->references, 1, memory_order_release);
}

/* Try to make frames free. False: give up. */
static noinline bool make_room(size_t wanted, enum frame_alloc_flags flags)
{
	const struct reclaim_ops *ops = atomic_load(&reclaim_ops);

	if ((flags & FRAME_ALLOC_ATOMIC) || !ops)
		return false;
	assert_may_sleep();
	if (ops->reclaim(wanted, flags) > 0)
		return true;
	if (atomic_load(&drain_requests) == 0)
		page_frame_drain();
	return !(flags & FRAME_ALLOC_NO_KILL) && ops->exhausted();
}

/* Kinds that the kernel reads and writes at any time live in the direct map. */
static bool kind_is_low(enum frame_kind kind)
{
	return kind == FRAME_KERNEL || kind == FRAME_SLAB;
}

struct page_frame *page_frame_alloc(enum frame_kind kind, enum frame_alloc_flags flags)
{
	bool low = (flags & FRAME_ALLOC_LOW) || kind_is_low(kind);
	struct page_frame *frame;
	bool cleared;

	if (failpoint_should_fail(FAILPOINT_FRAME))
		return NULL;
	while (unlikely(!(frame = take(low, kind, flags, &cleared)))) {
		if (!make_room(batch, flags))
			return NULL;
	}
	make_used(frame, kind);
	if ((flags & FRAME_ALLOC_ZEROED) && !cleared)
		page_frame_clear(frame);
	if (!(flags & FRAME_ALLOC_ZEROED) && stale_is_armed())
		fill_stale(frame);
	return frame;
}

static void count_kind(enum frame_kind kind, int change)
{
	irq_flags irq = irq_disable_save();

	caches[cpu_index()].kinds[kind] += change;
	irq_restore(irq);
}

static struct page_frame *take_order(unsigned int order, enum frame_alloc_flags flags)
{
	size_t keep = flags & FRAME_ALLOC_ATOMIC ? 0 : reserve[ZONE_LOW];
	size_t size = (size_t)1 << order;
	size_t allowed = BLOCK_RECLAIM_FRAMES + BLOCK_RECLAIM_BLOCKS * size;
	struct page_frame *block = buddy_alloc(ZONE_LOW, order, keep);

	if (block)
		return block;
	if (!(flags & FRAME_ALLOC_ATOMIC))
		(void)slab_trim();
	for (size_t asked = 0;; asked += size) {
		page_frame_drain();
		block = buddy_alloc(ZONE_LOW, order, keep);
		if (block || asked >= allowed)
			return block;
		if (!make_room(size, flags | FRAME_ALLOC_LOW | FRAME_ALLOC_NO_KILL))
			return NULL;
	}
}

struct page_frame *page_frame_alloc_order(unsigned int order, enum frame_kind kind,
					  enum frame_alloc_flags flags)
{
	struct page_frame *block;

	if (order == 0)
		return page_frame_alloc(kind, flags | FRAME_ALLOC_LOW);
	if (order >= BUDDY_ORDERS || failpoint_should_fail(FAILPOINT_FRAME))
		return NULL;
	block = take_order(order, flags);
	if (!block)
		return NULL;
	count_kind(kind, 1 << order);
	for (size_t i = 0; i < (size_t)1 << order; i++) {
		make_used(&block[i], kind);
		page_frame_set_order(&block[i], order);
		if (flags & FRAME_ALLOC_ZEROED)
			page_frame_clear(&block[i]);
		else if (stale_is_armed())
			fill_stale(&block[i]);
		if (i > 0) /* the first one stands for all */
			atomic_store_explicit(&block[i].references, 0, memory_order_relaxed);
	}
	return block;
}

bool page_frame_try_get(struct page_frame *frame)
{
	int old = atomic_load_explicit(&frame->references, memory_order_relaxed);

	while (old > 0) {
		/* Acquire: pairs with the release in make_used. */
		if (atomic_compare_exchange_weak_explicit(&frame->references, &old, old + 1,
							  memory_order_acquire,
							  memory_order_relaxed))
			return true;
	}
	return false;
}

void page_frame_set_kind(struct page_frame *frame, enum frame_kind kind)
{
	enum frame_kind old = atomic_load_explicit(&frame->kind, memory_order_relaxed);

	assert(old != FRAME_FREE && kind != FRAME_FREE && page_frame_order(frame) == 0);
	atomic_store_explicit(&frame->kind, (unsigned char)kind, memory_order_relaxed);
	count_kind(old, -1);
	count_kind(kind, 1);
}

/* ---- giving back ---- */

static void make_free(struct page_frame *frame)
{
	atomic_store_explicit(&frame->kind, FRAME_FREE, memory_order_relaxed);
	atomic_store_explicit(&frame->flags, 0, memory_order_relaxed);
	list_node_init(&frame->node);
	if (CONFIG_POISON)
		poison(frame);
}

static noinline void free_block(struct page_frame *block, enum frame_kind kind)
{
	unsigned int order = page_frame_order(block);

	count_kind(kind, -(1 << order));
	for (size_t i = 0; i < (size_t)1 << order; i++)
		make_free(&block[i]);
	buddy_free(block, order);
}

static void free_frame(struct page_frame *frame)
{
	enum frame_kind kind = atomic_load_explicit(&frame->kind, memory_order_relaxed);
	struct frame_cache *cache;
	struct frame_stack *stack;
	irq_flags irq;

	if (unlikely(kind == FRAME_FREE || kind == FRAME_ZERO || kind == FRAME_RESERVED))
		panic("frame %#x of kind %d is freed", page_frame_number(frame), kind);
	if (unlikely(page_frame_order(frame) > 0)) {
		free_block(frame, kind);
		return;
	}
	make_free(frame);
	irq = irq_disable_save();
	cache = &caches[cpu_index()];
	keep_in_register(cache); /* as in take() */
	cache->kinds[kind]--;
	stack = &cache->zones[is_low(frame) ? ZONE_LOW : ZONE_HIGH];
	keep_in_register(stack);
	stack_push(stack, frame);
	irq_restore(irq);
}

void page_frame_put_last(struct page_frame *frame, int old)
{
	/* As many page-table entries show the zeros as memory holds: more than an int can count. */
	if (frame == zero_frame && old < 0)
		return;
	if (unlikely(old <= 0))
		panic("frame %#x has no reference to drop", page_frame_number(frame));
	free_frame(frame);
}

bool page_frame_clear_ahead(void)
{
	struct page_frame *frame = NULL;
	struct frame_cache *cache;
	irq_flags irq;

	irq = irq_disable_save();
	drain_if_asked();
	cache = &caches[cpu_index()];
	if (cache->cleared.count < batch && !page_frame_is_low()) {
		frame = stack_pop(&cache->zones[has_high ? ZONE_HIGH : ZONE_LOW]);
		if (!frame)
			frame = take_refilled(cache, false, false);
	}
	irq_restore(irq);
	if (!frame)
		return false;
	/*
	 * It may be given out as any other, or go back to the buddy allocator: no pattern any more.
	 */
	atomic_fetch_and_explicit(&frame->flags, (unsigned short)~FRAME_POISONED,
				  memory_order_relaxed);
	page_frame_clear(frame);
	irq = irq_disable_save();
	stack_push(&caches[cpu_index()].cleared, frame);
	irq_restore(irq);
	return true;
}

/* ---- counting ---- */

void page_frame_count(struct frame_counts *out)
{
	int kinds[FRAME_RESERVED + 1] = { 0 };
	size_t stacked = 0;

	/* Other CPUs go on meanwhile: exact only when they rest, like any such number. */
	for (unsigned int cpu = 0; cpu < CPU_MAX; cpu++) {
		const struct frame_cache *cache = &caches[cpu];

		stacked += cache->cleared.count + cache->zones[ZONE_LOW].count +
			   cache->zones[ZONE_HIGH].count;
		for (unsigned int kind = 0; kind <= FRAME_RESERVED; kind++)
			kinds[kind] += cache->kinds[kind];
	}
	*out = (struct frame_counts){
		.total = total_frames,
		.free = buddy_free_frames() + stacked,
		.kernel = (size_t)max(kinds[FRAME_KERNEL], 0),
		.slab = (size_t)max(kinds[FRAME_SLAB], 0),
		.page_table = (size_t)max(kinds[FRAME_PAGE_TABLE], 0),
		.anonymous = (size_t)max(kinds[FRAME_ANONYMOUS], 0),
		.page_cache = (size_t)max(kinds[FRAME_PAGE_CACHE], 0),
	};
}

bool page_frame_check(void)
{
	return buddy_check(ZONE_LOW) && buddy_check(ZONE_HIGH);
}

/* ---- boot ---- */

static frame_number range_start_frame(const struct boot_range *range)
{
	return (frame_number)((range->start + PAGE_SIZE - 1) >> PAGE_SHIFT);
}

static frame_number range_end_frame(const struct boot_range *range)
{
	return min((frame_number)(range->end >> PAGE_SHIFT), frame_limit);
}

/* The lowest reserved range that reaches beyond `start`; [start, end) is free up to it. */
static const struct boot_range *next_reserved(phys_addr start, phys_addr end)
{
	const struct boot_range *next = NULL;

	for (size_t i = 0; i < boot_memory->reserved_count; i++) {
		const struct boot_range *range = &boot_memory->reserved[i];

		if (range->end > start && range->start < end &&
		    (!next || range->start < next->start))
			next = range;
	}
	return next;
}

/* `size` bytes of RAM in the direct map that nobody uses, or 0. */
static phys_addr find_room(phys_addr size)
{
	phys_addr direct_end = (phys_addr)mmu_direct_map_frames() << PAGE_SHIFT;

	for (size_t i = 0; i < boot_memory->memory_count; i++) {
		phys_addr start = ALIGN_UP(boot_memory->memory[i].start, PAGE_SIZE);
		phys_addr end = min(boot_memory->memory[i].end, direct_end);

		while (start + size <= end) {
			const struct boot_range *used = next_reserved(start, start + size);

			if (!used)
				return start;
			start = ALIGN_UP(used->end, PAGE_SIZE);
		}
	}
	return 0;
}

/* Free [start, end) but for what is reserved in it. */
static size_t free_memory(phys_addr start, phys_addr end)
{
	size_t freed = 0;

	while (start < end) {
		const struct boot_range *used = next_reserved(start, end);
		struct boot_range run = { start, used ? max(used->start, start) : end };
		frame_number first = range_start_frame(&run);
		frame_number last = range_end_frame(&run);

		if (first < last) {
			buddy_free_range(first, last);
			freed += last - first;
		}
		start = used ? used->end : end;
	}
	return freed;
}

/* With one reference of nobody, so that parts of the image can be mapped (the vDSO). */
static void mark_reserved(frame_number start, frame_number end)
{
	for (; start < end && start < frame_limit; start++) {
		struct page_frame *frame = &page_frame_descriptors[start];

		atomic_store_explicit(&frame->kind, FRAME_RESERVED, memory_order_relaxed);
		atomic_store_explicit(&frame->references, 1, memory_order_relaxed);
	}
}

/* Everything is FREE (0) now; say what is not RAM, and what is in use. */
static void mark_all_reserved(void)
{
	frame_number covered = 0;

	for (size_t i = 0; i < boot_memory->memory_count; i++) {
		mark_reserved(covered, range_start_frame(&boot_memory->memory[i]));
		covered = range_end_frame(&boot_memory->memory[i]);
	}
	mark_reserved(covered, frame_limit);
	for (size_t i = 0; i < boot_memory->reserved_count; i++) {
		const struct boot_range *range = &boot_memory->reserved[i];

		mark_reserved((frame_number)(range->start >> PAGE_SHIFT),
			      (frame_number)((range->end + PAGE_SIZE - 1) >> PAGE_SHIFT));
	}
}

/* Make the descriptors. Memory beyond what they can describe within the direct map stays unused. */
static struct boot_range make_descriptors(void)
{
	phys_addr end = boot_memory->memory[boot_memory->memory_count - 1].end >> PAGE_SHIFT;
	phys_addr at, size;

	frame_limit = (frame_number)min_t(phys_addr, end, UINT32_MAX / sizeof(struct page_frame));
	for (;;) {
		size = ALIGN_UP((phys_addr)frame_limit * sizeof(struct page_frame), PAGE_SIZE);
		at = find_room(size);
		if (at)
			break;
		frame_limit -= frame_limit / 8;
		if (frame_limit < 256)
			panic("no room for page frame descriptors");
	}
	page_frame_descriptors = phys_to_virt(at);
	memset(page_frame_descriptors, 0, (size_t)size);
	return (struct boot_range){ at, at + size };
}

static void set_limits(void)
{
	batch = (unsigned int)clamp(total_frames / 2048, (size_t)4, (size_t)(STACK_FRAMES / 2));
	for (enum zone zone = 0; zone < ZONE_COUNT; zone++)
		reserve[zone] = min(buddy_free_count(zone) / 64, (size_t)1024);
	low_water = 3 * (reserve[ZONE_LOW] + reserve[ZONE_HIGH]);
}

void page_frame_init(const struct boot_info *boot)
{
	struct boot_range own;
	frame_number border;

	boot_memory = boot;
	own = make_descriptors();
	border = min(mmu_direct_map_frames(), frame_limit);
	has_high = border < frame_limit;
	page_frame_first_high = &page_frame_descriptors[border];
	buddy_init(ZONE_LOW, 0, border);
	buddy_init(ZONE_HIGH, border, frame_limit);
	mark_all_reserved();
	mark_reserved((frame_number)(own.start >> PAGE_SHIFT),
		      (frame_number)(own.end >> PAGE_SHIFT));
	for (size_t i = 0; i < boot->memory_count; i++) {
		const struct boot_range *range = &boot->memory[i];

		/* The descriptors lie in one of the ranges, and are not in the reserved list. */
		if (own.start >= range->start && own.start < range->end) {
			total_frames += free_memory(range->start, own.start);
			total_frames += free_memory(own.end, range->end);
		} else {
			total_frames += free_memory(range->start, range->end);
		}
	}
	set_limits();
	zero_frame = page_frame_alloc(FRAME_KERNEL, FRAME_ALLOC_ZEROED);
	if (!zero_frame)
		panic("no memory");
	page_frame_set_kind(zero_frame, FRAME_ZERO);
	kmalloc_init();
}

void page_frame_release_boot(phys_addr start, phys_addr end)
{
	const struct boot_range range = { start, end };
	frame_number first = range_start_frame(&range);
	frame_number last = range_end_frame(&range);

	for (frame_number number = first; number < last; number++) {
		struct page_frame *frame = &page_frame_descriptors[number];

		assert(atomic_load(&frame->kind) == FRAME_RESERVED);
		atomic_store_explicit(&frame->references, 0, memory_order_relaxed);
		make_free(frame);
		buddy_free(frame, 0);
		total_frames++;
	}
}
