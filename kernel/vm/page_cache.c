/*
 * The page cache: what files contain, in memory, once.
 *
 * Idea. Every file has a tree from page index to page frame. read() and write() copy from and to
 * these frames, mmap and exec map them, so everybody sees the same bytes at once and a page is in
 * memory one time, whoever uses it. How a frame gets its contents and how they reach the disk is
 * known to the owner's page_cache_ops alone. A cache without `read` has no disk behind it: its
 * pages begin as zeros and live until they are truncated (tmpfs, shared anonymous memory).
 *
 * States of a frame (flags of its descriptor), and who moves it:
 *	absent	 -> FILLING	page_cache_insert	in the tree, contents not valid yet
 *	FILLING	 -> clean	page_cache_read_done	the device delivered; sleepers woken
 *	FILLING	 -> absent	page_cache_read_done	the device failed: ERROR, for sleepers
 *	FILLING	 -> absent	page_cache_fill_cancel	nothing to fill it with: sleepers look again
 *	clean	 -> DIRTY	page_cache_mark_dirty	by write(), or before a mapping may write
 *	DIRTY	 -> WRITING	page_cache_start_writing	(writeback.c)
 *	WRITING	 -> clean	page_cache_write_done
 *	WRITING	 -> both	page_cache_mark_dirty	written to meanwhile: once more
 *				page_cache_postpone	no memory to write it
 *	clean	 -> absent	page_cache_remove_unused	if nobody has it (reclaim.c)
 *	any	 -> absent	page_cache_remove	after waiting (truncate.c)
 *
 * Invariants (page_cache_check):
 *  1. A frame is in at most one tree, at frame->index, and then frame->cache is that tree's cache.
 *     The tree holds one reference. frame->cache becomes NULL when the frame leaves, while
 *     references may remain.
 *  2. A FILLING frame is mapped nowhere; only its transfer writes to it, and the transfer holds a
 *     reference that page_cache_read_done drops. WRITING likewise, with page_cache_write_done.
 *  3. The tree's tags say which frames are DIRTY or WRITING, in caches that are written back;
 *     dirty_count is the number of DIRTY ones.
 *  4. An entry with W in any page table means that its frame is DIRTY, or that writeback has just
 *     begun with it and is about to take the W away (fault_file.c, reverse_map.c).
 *  5. No frame lies wholly beyond the end of the file, but while it is being truncated or written;
 *     or zeros in a cache that is not written back, where a file system keeps room (tmpfs).
 *
 * First touch. Whoever finds a page absent inserts a FILLING frame; the tree has room for one, so
 * of many who come at once one reads, and the others find FILLING and sleep. Sleepers wait on one
 * of a few queues chosen by the frame's address, and set WAITED so that completions of which nobody
 * waits wake nobody.
 *
 * Locks. cache->lock (interrupts off: completions take it) protects the tree and the changes of
 * state. References are taken from the tree only under it, so with it held, "no references but mine
 * and the tree's" stays true. truncate_lock orders filling and mapping against truncation. Nothing
 * is read or written under a spinlock.
 *
 * Lifetime. The owner keeps the cache while anybody can come by it: openers and regions hold the
 * owner. Reclaim comes by a frame instead; it pins the cache under the clock's lock, and
 * page_cache_fini, which takes every frame off the clock, waits for pins.
 */
#include "vm/page_cache.h"
#include "core/assert.h"
#include "core/lock_check.h"
#include "core/spinlock_irq_off.h"
#include "lib/hash.h"
#include "lib/min_max.h"
#include "lib/string.h"
#include "mem/kmap.h"
#include "mem/slab.h"
#include "mem/tree_stock.h"
#include "sched/wait_queue.h"
#include "uapi/linux/errno.h"
#include "vm/internal.h"

enum { WAIT_QUEUES = 64 };

static struct wait_queue wait_queues[WAIT_QUEUES];
static struct slab_cache *node_slab;
static atomic_size_t memory_total;	/* frames of caches that nothing is written back of */
static atomic_size_t dirty_total;	/* frames DIRTY, of caches that are written back */
static atomic_size_t writing_total;

static struct radix_tree_node *node_alloc(void *stock)
{
	return tree_stock_take(stock, node_slab);
}

static void node_free(void *context, struct radix_tree_node *node)
{
	(void)context;
	slab_free(node_slab, node);
}

static const struct radix_tree_ops tree_ops = { .node_alloc = node_alloc, .node_free = node_free };

void page_cache_setup(void)
{
	node_slab = slab_cache_create("page_cache_node", sizeof(struct radix_tree_node), 0);
	for (unsigned int i = 0; i < WAIT_QUEUES; i++)
		wait_queue_init(&wait_queues[i]);
}

void page_cache_init(struct page_cache *cache, const struct page_cache_ops *ops, void *owner)
{
	memset(cache, 0, sizeof(*cache));
	spin_init(&cache->lock, LOCK_RANK_PAGE_CACHE, "page cache");
	radix_tree_init(&cache->frames, &tree_ops, NULL);
	rwlock_init(&cache->truncate_lock, LOCK_RANK_TRUNCATE, "truncate");
	cache->ops = ops;
	cache->owner = owner;
	mutex_init(&cache->regions_lock, LOCK_RANK_CACHE_REGIONS, "cache regions");
	interval_tree_init(&cache->regions);
}

/* Acquire: pairs with end_transfer; who sees FILLING clear sees the contents. */
static unsigned int flags_of(const struct page_frame *frame)
{
	return atomic_load_explicit(&frame->flags, memory_order_acquire);
}

/* ---- pins: reclaim keeps the cache while it looks at one of its frames ---- */

static struct wait_queue *pin_queue(const struct page_cache *cache)
{
	return &wait_queues[hash_pointer(cache) % WAIT_QUEUES];
}

void page_cache_unpin(struct page_cache *cache)
{
	struct wait_queue *queue = pin_queue(cache);

	/* Release: pairs with the acquire in page_cache_fini. The cache may go at once. */
	if (atomic_fetch_sub_explicit(&cache->pins, 1, memory_order_release) == 1)
		wait_queue_wake_all(queue, 0);
}

void page_cache_fini(struct page_cache *cache)
{
	assert(interval_tree_is_empty(&cache->regions));
	page_cache_drop_all(cache, 0, UINT32_MAX);
	wait_event(pin_queue(cache), atomic_load_explicit(&cache->pins, memory_order_acquire) == 0);
	assert(cache->frame_count == 0);
}

/* ---- waiting ---- */

static struct wait_queue *queue_of(const struct page_frame *frame)
{
	return &wait_queues[hash_pointer(frame) % WAIT_QUEUES];
}

/*
 * The condition of a sleeper. The bit goes in before the look: a completion clears both at once, so
 * either it sees WAITED, or we see that it is over.
 */
static bool is_over(struct page_frame *frame, unsigned int flags)
{
	unsigned int old = atomic_fetch_or_explicit(&frame->flags, FRAME_WAITED,
						    memory_order_acq_rel);

	return !(old & flags);
}

int page_cache_wait(struct page_frame *frame, unsigned int flags, bool killable)
{
	assert_may_sleep();
	if (!(flags_of(frame) & flags))
		return 0;
	if (killable)
		return wait_event_killable(queue_of(frame), is_over(frame, flags));
	wait_event(queue_of(frame), is_over(frame, flags));
	return 0;
}

/* Clear `flags`, as the last step of a transfer. Release: see flags_of and is_over. */
static void end_transfer(struct page_frame *frame, unsigned int flags)
{
	unsigned int old = atomic_fetch_and_explicit(
		&frame->flags, (unsigned short)~(flags | FRAME_WAITED), memory_order_acq_rel);

	if (old & FRAME_WAITED)
		wait_queue_wake_all(queue_of(frame), 0);
}

/* ---- finding ---- */

/* The reader has used it: the clock hand will pass it by once. */
static inline void touch(struct page_frame *frame)
{
	if (!(atomic_load_explicit(&frame->flags, memory_order_relaxed) & FRAME_REFERENCED))
		atomic_fetch_or_explicit(&frame->flags, FRAME_REFERENCED, memory_order_relaxed);
}

struct page_frame *page_cache_find_any(struct page_cache *cache, uint32_t index)
{
	irq_flags irq = spin_lock_irq(&cache->lock);
	struct page_frame *frame = radix_tree_find(&cache->frames, index);

	if (frame)
		page_frame_get(frame);
	spin_unlock_irq(&cache->lock, irq);
	if (frame)
		touch(frame);
	return frame;
}

struct page_frame *page_cache_find(struct page_cache *cache, uint32_t index)
{
	irq_flags irq = irq_disable_save();
	struct page_frame *frame;

	spin_lock_irq_off(&cache->lock);
	frame = radix_tree_find(&cache->frames, index);
	if (unlikely(!frame || (flags_of(frame) & FRAME_FILLING))) {
		spin_unlock_irq_off(&cache->lock);
		irq_restore(irq);
		return NULL;
	}
	page_frame_get(frame);
	spin_unlock_irq_off(&cache->lock);
	irq_restore(irq);
	touch(frame);
	return frame;
}

unsigned int page_cache_find_range(struct page_cache *cache, uint32_t first, unsigned int count,
				   struct page_frame **out)
{
	irq_flags irq = spin_lock_irq(&cache->lock);
	unsigned int filled = 0;
	size_t found;

	found = count ? radix_tree_gang_find(&cache->frames, first, first + count - 1,
					     (void **)out, NULL, count) : 0;
	for (size_t i = 0; i < found; i++) {
		if (flags_of(out[i]) & FRAME_FILLING)
			continue;
		page_frame_get(out[i]);
		out[filled++] = out[i];
	}
	spin_unlock_irq(&cache->lock, irq);
	return filled;
}

/* ---- entering and leaving the tree ---- */

struct page_frame *page_cache_alloc_frame(struct page_cache *cache, enum frame_alloc_flags flags)
{
	if (cache->is_metadata)
		flags |= FRAME_ALLOC_LOW | FRAME_ALLOC_NO_RECLAIM;
	return page_frame_alloc(FRAME_PAGE_CACHE, flags);
}

static int try_insert(struct page_cache *cache, struct page_frame *frame, struct tree_stock *stock)
{
	irq_flags irq = spin_lock_irq(&cache->lock);
	int error;

	cache->frames.context = stock;
	error = radix_tree_insert(&cache->frames, frame->index, frame);
	cache->frames.context = NULL;
	if (!error) {
		cache->frame_count++;
		if (!page_cache_is_memory(cache))
			reclaim_add(frame);
		else
			atomic_fetch_add_explicit(&memory_total, 1, memory_order_relaxed);
	}
	spin_unlock_irq(&cache->lock, irq);
	return error;
}

static noinline int insert_with_stock(struct page_cache *cache, struct page_frame *frame)
{
	enum frame_alloc_flags flags = cache->is_metadata ? FRAME_ALLOC_NO_RECLAIM : 0;
	struct tree_stock stock;
	int error;

	if (!tree_stock_fill(&stock, node_slab, flags))
		return -ENOMEM;
	error = try_insert(cache, frame, &stock);
	tree_stock_empty(&stock, node_slab);
	return error;
}

int page_cache_insert(struct page_cache *cache, struct page_frame *frame, uint32_t index,
		      unsigned int flags)
{
	int error;

	frame->cache = cache;
	frame->index = index;
	list_node_init(&frame->node);
	atomic_fetch_or_explicit(&frame->flags, flags, memory_order_relaxed);
	page_frame_get(frame);	/* the tree's */
	error = try_insert(cache, frame, NULL);
	if (unlikely(error == -ENOMEM))
		error = insert_with_stock(cache, frame);
	if (error) {
		atomic_fetch_and_explicit(&frame->flags, (unsigned short)~flags,
					  memory_order_relaxed);
		frame->cache = NULL;
		page_frame_put(frame);
	}
	return error;
}

/* Out of the tree and off the clock. Lock held; the frame is there. */
static void remove_locked(struct page_cache *cache, struct page_frame *frame)
{
	spin_assert_held(&cache->lock);
	radix_tree_remove(&cache->frames, frame->index);
	cache->frame_count--;
	if (list_node_is_linked(&frame->node))
		reclaim_remove(frame);
	else if (page_cache_is_memory(cache))
		atomic_fetch_sub_explicit(&memory_total, 1, memory_order_relaxed);
	if (atomic_fetch_and_explicit(&frame->flags, (unsigned short)~FRAME_DIRTY,
				      memory_order_relaxed) & FRAME_DIRTY &&
	    cache->ops->write) {
		atomic_fetch_sub_explicit(&cache->dirty_count, 1, memory_order_relaxed);
		atomic_fetch_sub_explicit(&dirty_total, 1, memory_order_relaxed);
		thread_current()->io.cancelled_write_size += PAGE_SIZE;
	}
	*(struct page_cache *volatile *)&frame->cache = NULL;
}

bool page_cache_remove(struct page_cache *cache, struct page_frame *frame)
{
	irq_flags irq = spin_lock_irq(&cache->lock);
	bool can_go = frame->cache == cache &&
		      !(flags_of(frame) & (FRAME_FILLING | FRAME_WRITING));

	if (can_go)
		remove_locked(cache, frame);
	spin_unlock_irq(&cache->lock, irq);
	if (can_go)
		page_frame_put(frame);
	return can_go;
}

bool page_cache_remove_unused(struct page_cache *cache, struct page_frame *frame)
{
	enum { BUSY = FRAME_FILLING | FRAME_DIRTY | FRAME_WRITING, TREE_AND_CALLER = 2 };
	irq_flags irq = spin_lock_irq(&cache->lock);
	bool is_unused = frame->cache == cache && !(flags_of(frame) & BUSY) &&
			 page_frame_references(frame) == TREE_AND_CALLER;

	if (is_unused)
		remove_locked(cache, frame);
	spin_unlock_irq(&cache->lock, irq);
	if (is_unused)
		page_frame_put(frame);
	return is_unused;
}

struct page_frame *page_cache_find_next(struct page_cache *cache, uint32_t *index, uint32_t end)
{
	irq_flags irq = spin_lock_irq(&cache->lock);
	struct page_frame *frame = radix_tree_find_next(&cache->frames, index);

	if (frame && *index >= end)
		frame = NULL;
	if (frame)
		page_frame_get(frame);
	spin_unlock_irq(&cache->lock, irq);
	return frame;
}

/* ---- getting: find, or fill ---- */

/*
 * A page of zeros where there was none, for caches without a disk. Errors: -EEXIST, -ENOMEM,
 * prepare_write's.
 */
static int insert_zeros(struct page_cache *cache, uint32_t index)
{
	struct page_frame *frame;
	int error = 0;

	if (cache->ops->prepare_write)
		error = cache->ops->prepare_write(cache, index);
	if (error)
		return error;
	frame = page_cache_alloc_frame(cache, FRAME_ALLOC_ZEROED);
	if (!frame)
		return -ENOMEM;
	error = page_cache_insert(cache, frame, index, 0);
	page_frame_put(frame);
	return error;
}

/* Wait until the frame can be used: 0, or -EAGAIN (it left the cache: look again), -EIO, -EINTR. */
static int settle(struct page_cache *cache, struct page_frame *frame, bool *major)
{
	if (flags_of(frame) & FRAME_FILLING) {
		if (major)
			*major = true;
		if (page_cache_wait(frame, FRAME_FILLING, !cache->is_metadata))
			return -EINTR;
	}
	if (flags_of(frame) & FRAME_ERROR)
		return -EIO;
	return *(struct page_cache *volatile *)&frame->cache == cache ? 0 : -EAGAIN;
}

uint32_t page_cache_next_present(struct page_cache *cache, uint32_t first, uint32_t end)
{
	uint32_t index = first;
	struct page_frame *frame = page_cache_find_next(cache, &index, end);

	if (!frame)
		return end;
	page_frame_put(frame);
	return index;
}

uint32_t page_cache_next_absent(struct page_cache *cache, uint32_t first, uint32_t end)
{
	struct page_frame *frame;

	while (first < end && (frame = page_cache_find(cache, first))) {
		page_frame_put(frame);
		first++;
	}
	return first;
}

int page_cache_get(struct page_cache *cache, uint32_t index, struct page_frame **out, bool *major)
{
	struct page_frame *frame;
	int error;

	assert_may_sleep();
	for (;;) {
		frame = page_cache_find_any(cache, index);
		if (frame) {
			error = settle(cache, frame, major);
			if (!error && unlikely(read_ahead_is_due(cache, index)))
				read_ahead_hit(cache);
		} else if (page_cache_is_memory(cache)) {
			error = insert_zeros(cache, index);
			if (error && error != -EEXIST)
				return error;
			continue;
		} else {
			error = read_ahead_miss(cache, index, &frame);
			if (error)
				return error;
			if (!frame)
				continue;	/* somebody else came first */
			if (major)
				*major = true;	/* even if the device has done already */
			error = settle(cache, frame, major);
		}
		if (!error) {
			*out = frame;
			return 0;
		}
		page_frame_put(frame);
		if (error != -EAGAIN)
			return error;
	}
}

int page_cache_get_for_overwrite(struct page_cache *cache, uint32_t index, struct page_frame **out)
{
	struct page_frame *frame;
	int error;

	for (;;) {
		frame = page_cache_find_any(cache, index);
		if (frame) {
			error = settle(cache, frame, NULL);
			/* A failed read leaves no frame behind: the next round makes a new one. */
			if (!error)
				break;
			page_frame_put(frame);
			if (error == -EINTR)
				return error;
			continue;
		}
		frame = page_cache_alloc_frame(cache, FRAME_ALLOC_ZEROED);
		if (!frame)
			return -ENOMEM;
		error = page_cache_insert(cache, frame, index, 0);
		if (!error)
			break;
		page_frame_put(frame);
		if (error != -EEXIST)
			return error;
	}
	*out = frame;
	return 0;
}

/* ---- changes of state ---- */

/* Nothing came into a FILLING frame: it leaves the cache, marked for those who wait for it. */
static noinline void leave_unfilled(struct page_frame *frame, unsigned int mark)
{
	struct page_cache *cache = frame->cache;	/* FILLING: nobody else takes it out */
	irq_flags irq = spin_lock_irq(&cache->lock);

	atomic_fetch_or_explicit(&frame->flags, mark, memory_order_relaxed);
	remove_locked(cache, frame);
	spin_unlock_irq(&cache->lock, irq);
	page_frame_put(frame);	/* the tree's */
}

void page_cache_read_done(struct page_frame *frame, int error)
{
	assert(flags_of(frame) & FRAME_FILLING);
	if (error)
		leave_unfilled(frame, FRAME_ERROR);
	end_transfer(frame, FRAME_FILLING);
	page_frame_put(frame);
}

void page_cache_fill_cancel(struct page_frame *frame)
{
	assert(flags_of(frame) & FRAME_FILLING);
	leave_unfilled(frame, 0);
	end_transfer(frame, FRAME_FILLING);
	page_frame_put(frame);
}

void page_cache_mark_dirty(struct page_cache *cache, struct page_frame *frame)
{
	bool is_first = false;
	irq_flags irq;

	/*
	 * Pairs with writeback, which clears DIRTY before it reads the page: what we wrote is out
	 * first.
	 */
	atomic_thread_fence(memory_order_seq_cst);
	if (flags_of(frame) & FRAME_DIRTY)
		return;
	irq = spin_lock_irq(&cache->lock);
	if (frame->cache == cache &&
	    !(atomic_fetch_or_explicit(&frame->flags, FRAME_DIRTY, memory_order_acq_rel) &
	      FRAME_DIRTY) && cache->ops->write) {
		radix_tree_tag_set(&cache->frames, frame->index, RADIX_TREE_DIRTY);
		is_first = atomic_fetch_add_explicit(&cache->dirty_count, 1,
						     memory_order_relaxed) == 0;
		atomic_fetch_add_explicit(&dirty_total, 1, memory_order_relaxed);
		thread_current()->io.disk_write_size += PAGE_SIZE;
	} else if (frame->cache != cache) {
		/* Truncated: nothing to write, but whoever insists on the mark gets it. */
		atomic_fetch_or_explicit(&frame->flags, FRAME_DIRTY, memory_order_relaxed);
	}
	spin_unlock_irq(&cache->lock, irq);
	if (is_first && cache->ops->became_dirty)
		cache->ops->became_dirty(cache);
}

void page_cache_postpone(struct page_cache *cache, struct page_frame *frame)
{
	assert(flags_of(frame) & FRAME_WRITING);
	page_cache_mark_dirty(cache, frame);
	/* Release: who has waited for the transfer and finds the count as it was missed nothing. */
	atomic_fetch_add_explicit(&cache->postponed, 1, memory_order_release);
}

void page_cache_begin_pass(struct page_cache *cache, struct page_cache_pass *pass)
{
	irq_flags irq = spin_lock_irq(&cache->lock);

	pass->size = page_cache_size(cache);
	cache->pass = pass;
	spin_unlock_irq(&cache->lock, irq);
}

void page_cache_limit_pass(struct page_cache *cache, uint64_t size)
{
	irq_flags irq = spin_lock_irq(&cache->lock);

	if (cache->pass)
		cache->pass->size = min(cache->pass->size, size);
	spin_unlock_irq(&cache->lock, irq);
}

void page_cache_forget_pass(struct page_cache *cache, const struct page_cache_pass *pass)
{
	irq_flags irq = spin_lock_irq(&cache->lock);

	if (cache->pass == pass)
		cache->pass = NULL;
	spin_unlock_irq(&cache->lock, irq);
}

uint64_t page_cache_pass_size(struct page_cache *cache)
{
	irq_flags irq = spin_lock_irq(&cache->lock);
	uint64_t size = cache->pass->size;

	spin_unlock_irq(&cache->lock, irq);
	return size;
}

unsigned int page_cache_start_writing(struct page_cache *cache, uint32_t *index, uint32_t end,
				      struct page_frame **frames, unsigned int max)
{
	irq_flags irq = spin_lock_irq(&cache->lock);
	unsigned int count = 0;
	struct page_frame *frame = NULL;

	if (cache->pass)
		end = min(end, page_count_of(cache->pass->size));
	if (*index < end)
		frame = radix_tree_find_next_tagged(&cache->frames, index, RADIX_TREE_DIRTY);
	while (frame && count < max && *index + count < end) {
		unsigned int flags = flags_of(frame);

		if ((flags & (FRAME_DIRTY | FRAME_WRITING)) != FRAME_DIRTY) {
			/*
			 * Still on its way from last time. Alone, it is the caller's to wait for.
			 */
			if (count == 0 && (flags & FRAME_WRITING)) {
				page_frame_get(frame);
				frames[0] = frame;
				spin_unlock_irq(&cache->lock, irq);
				return UINT32_MAX;
			}
			break;
		}
		atomic_fetch_or_explicit(&frame->flags, FRAME_WRITING, memory_order_relaxed);
		/* Acquire: the page is read afterwards; pairs with page_cache_mark_dirty. */
		atomic_fetch_and_explicit(&frame->flags, (unsigned short)~FRAME_DIRTY,
					  memory_order_acq_rel);
		radix_tree_tag_clear(&cache->frames, *index + count, RADIX_TREE_DIRTY);
		radix_tree_tag_set(&cache->frames, *index + count, RADIX_TREE_WRITING);
		atomic_fetch_sub_explicit(&cache->dirty_count, 1, memory_order_relaxed);
		page_frame_get(frame);
		frames[count++] = frame;
		frame = radix_tree_find(&cache->frames, *index + count);
	}
	spin_unlock_irq(&cache->lock, irq);
	atomic_fetch_sub_explicit(&dirty_total, count, memory_order_relaxed);
	atomic_fetch_add_explicit(&writing_total, count, memory_order_relaxed);
	return count;
}

struct page_frame *page_cache_find_writing(struct page_cache *cache, uint32_t *index, uint32_t end)
{
	irq_flags irq = spin_lock_irq(&cache->lock);
	struct page_frame *frame =
		radix_tree_find_next_tagged(&cache->frames, index, RADIX_TREE_WRITING);

	if (frame && *index >= end)
		frame = NULL;
	if (frame)
		page_frame_get(frame);
	spin_unlock_irq(&cache->lock, irq);
	return frame;
}

void page_cache_write_done(struct page_frame *frame, int error)
{
	struct page_cache *cache = frame->cache;	/* WRITING: nobody takes it out */
	irq_flags irq;
	int none = 0;

	assert(flags_of(frame) & FRAME_WRITING);
	if (error)
		atomic_compare_exchange_strong(&cache->error, &none, error);
	irq = spin_lock_irq(&cache->lock);
	radix_tree_tag_clear(&cache->frames, frame->index, RADIX_TREE_WRITING);
	end_transfer(frame, FRAME_WRITING);
	spin_unlock_irq(&cache->lock, irq);
	/* From here on the cache may go away. */
	atomic_fetch_sub_explicit(&writing_total, 1, memory_order_relaxed);
	page_frame_put(frame);
	writeback_made_progress();
}

void page_cache_get_totals(struct page_cache_totals *out)
{
	*out = (struct page_cache_totals){
		.dirty = atomic_load_explicit(&dirty_total, memory_order_relaxed),
		.writing = atomic_load_explicit(&writing_total, memory_order_relaxed),
		.memory = atomic_load_explicit(&memory_total, memory_order_relaxed),
	};
}

size_t page_cache_dirty_total(void)
{
	return atomic_load_explicit(&dirty_total, memory_order_relaxed) +
	       atomic_load_explicit(&writing_total, memory_order_relaxed);
}

size_t page_cache_writing_total(void)
{
	return atomic_load_explicit(&writing_total, memory_order_relaxed);
}

int page_cache_take_error(struct page_cache *cache)
{
	return atomic_exchange(&cache->error, 0);
}

/* ---- checking ---- */

bool page_cache_check(struct page_cache *cache)
{
	irq_flags irq = spin_lock_irq(&cache->lock);
	size_t count = 0, dirty = 0;
	struct page_frame *frame;
	uint32_t index = 0;
	bool right = radix_tree_check(&cache->frames);

	for (frame = radix_tree_find_next(&cache->frames, &index); frame && right;
	     frame = index ? radix_tree_find_next(&cache->frames, &index) : NULL) {
		bool is_dirty = flags_of(frame) & FRAME_DIRTY;
		bool is_writing = flags_of(frame) & FRAME_WRITING;

		right = frame->cache == cache && frame->index == index &&
			page_frame_references(frame) > 0;
		if (cache->ops->write)
			right = right &&
				is_dirty == radix_tree_tag_is_set(&cache->frames, index,
								  RADIX_TREE_DIRTY) &&
				is_writing == radix_tree_tag_is_set(&cache->frames, index,
								    RADIX_TREE_WRITING);
		dirty += is_dirty && cache->ops->write;
		count++;
		index++;
	}
	right = right && count == cache->frame_count &&
		dirty == atomic_load_explicit(&cache->dirty_count, memory_order_relaxed);
	spin_unlock_irq(&cache->lock, irq);
	return right;
}
