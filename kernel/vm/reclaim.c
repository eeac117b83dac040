/*
 * Reclaim: memory is found again when it runs short.
 *
 * The clock. Every frame that could be read back from a disk is on one list. The hand takes frames
 * from its front: one that was used since last time goes to the back once more, one that is dirty
 * or under way also does, and the rest leave their cache and are free. "Used" is the mark that
 * readers set, or an accessed bit in some page table. A new frame starts at the back, unmarked:
 * what is read once and never again makes one round.
 *
 * Who calls. An allocation that finds nothing reclaims for itself; a background thread does it
 * ahead of need, when mem/ says that free frames are low. An allocating thread may hold any lock,
 * so it only drops what is clean. What may need a file system's locks is left to threads that hold
 * none: the background thread shrinks the caches of other things (dentries, inodes), the writeback
 * thread writes; the allocating thread asks them and waits a moment for progress. With
 * FRAME_ALLOC_NO_RECLAIM it does not even wait, since these threads may be waiting for it.
 *
 * The floor. A few frames of files stay whatever happens: without the text that runs and the blocks
 * that lead to it, every thread would fault in what another's fault has just thrown out, for
 * minutes, and never be told that memory is short. At the floor somebody dies instead.
 *
 * When nothing helps, proc's killer chooses a process, in the background thread's time and after it
 * has looked itself once more. The victim needs time to die, so we sleep a little and try again; a
 * thread that is dying itself is told no.
 *
 * Locks. clock_lock protects the list, and keeps the cache of every frame on it: a frame leaves the
 * list before its cache can go. So the hand takes its references and pins the cache under it, and
 * works without it.
 */
#include "core/assert.h"
#include "core/lock_check.h"
#include "core/panic.h"
#include "core/printk.h"
#include "lib/min_max.h"
#include "mem/slab.h"
#include "sched/clock.h"
#include "sched/mutex.h"
#include "sched/wait_queue.h"
#include "vm/internal.h"
#include "vm/writeback.h"

enum {
	BATCH = 32,		/* frames freed in the background between two looks */
	PATIENCE = 8,		/* how often an allocation waits before it asks for a victim */
	FLOOR_DIVISOR = 32,	/* of all frames, this part may always cache files */
};

#define MILLISECOND UINT64_C(1000000)

static struct spinlock clock_lock = SPINLOCK_INIT(LOCK_RANK_RECLAIM, "reclaim clock");
static struct list clock_frames;	/* [clock_lock] the hand is at the front */
static size_t clock_count;		/* [clock_lock]; read without it as a hint */
static size_t clock_floor;		/* [I] after boot: frames that pressure leaves alone */

/* What the hand may take. */
enum clock_mode {
	CLOCK_UNUSED,		/* what was not used since it came by last */
	CLOCK_EVEN_USED,	/* that too: no second chance */
	CLOCK_UNMAPPED,		/* whatever is mapped nowhere */
};

static struct mutex shrinkers_mutex;
static struct list shrinkers;		/* [shrinkers_mutex] */

static struct wait_queue reclaim_queue;	/* the background thread */
static atomic_bool is_wanted, is_shrink_wanted;
static atomic_bool is_kill_wanted, did_kill;
static atomic_uint kill_tries;		/* since boot; wraps */
static atomic_uint background_freed;	/* frames, since boot; wraps */
static struct thread *reclaimer;	/* [I] after boot */
static bool (*_Atomic killer)(void);

void reclaim_setup(void)
{
	list_init(&clock_frames);
	list_init(&shrinkers);
	mutex_init(&shrinkers_mutex, LOCK_RANK_SLEEPING_LEAF, "shrinkers");
	wait_queue_init(&reclaim_queue);
}

void reclaim_register_shrinker(struct shrinker *shrinker)
{
	mutex_lock(&shrinkers_mutex);
	list_add_tail(&shrinkers, &shrinker->node);
	mutex_unlock(&shrinkers_mutex);
}

void reclaim_set_killer(bool (*kill)(void))
{
	atomic_store(&killer, kill);
}

/* ---- the clock ---- */

void reclaim_add(struct page_frame *frame)
{
	irq_flags irq = spin_lock_irq(&clock_lock);

	list_add_tail(&clock_frames, &frame->node);
	clock_count++;
	spin_unlock_irq(&clock_lock, irq);
}

void reclaim_remove(struct page_frame *frame)
{
	irq_flags irq = spin_lock_irq(&clock_lock);

	list_remove(&frame->node);
	clock_count--;
	spin_unlock_irq(&clock_lock, irq);
}

/*
 * The frame under the hand, with a reference and its cache pinned; it goes to the back. NULL: there
 * is none.
 */
static struct page_frame *advance_hand(struct page_cache **cache)
{
	irq_flags irq = spin_lock_irq(&clock_lock);
	struct page_frame *frame = list_first_entry(&clock_frames, struct page_frame, node);

	if (frame) {
		list_move_tail(&clock_frames, &frame->node);
		/* On the list, so in its cache's tree, which holds a reference. */
		page_frame_get(frame);
		*cache = frame->cache;
		atomic_fetch_add_explicit(&(*cache)->pins, 1, memory_order_relaxed);
	}
	spin_unlock_irq(&clock_lock, irq);
	return frame;
}

/* Used since the hand was here? Forgets it. */
static bool was_used(struct page_cache *cache, struct page_frame *frame, uint32_t index)
{
	unsigned int old = atomic_fetch_and_explicit(
		&frame->flags, (unsigned short)~FRAME_REFERENCED, memory_order_relaxed);
	bool is_mapped = page_frame_references(frame) > 2;	/* the tree's and ours */

	return (is_mapped && vm_test_accessed(cache, index)) || (old & FRAME_REFERENCED);
}

/* Free the frame if it can be done at once. */
static bool drop_frame(struct page_cache *cache, struct page_frame *frame, enum clock_mode mode)
{
	enum { BUSY = FRAME_FILLING | FRAME_DIRTY | FRAME_WRITING };
	uint32_t index = frame->index;

	if (atomic_load_explicit(&frame->flags, memory_order_relaxed) & BUSY)
		return false;
	if (mode != CLOCK_UNMAPPED) {
		if (was_used(cache, frame, index) && mode == CLOCK_UNUSED)
			return false;
		if (page_frame_references(frame) > 2 && !vm_unmap_cache_page(cache, index))
			return false;
	}
	return page_cache_remove_unused(cache, frame);
}

/* Turn the hand until `wanted` frames are free, at most `rounds` times around. */
static size_t turn_clock(size_t wanted, unsigned int rounds, enum clock_mode mode)
{
	size_t freed = 0;
	size_t steps = clock_count * rounds;	/* a hint */

	while (freed < wanted && steps-- > 0) {
		struct page_frame *frame;
		struct page_cache *cache;

		if (mode != CLOCK_UNMAPPED && clock_count <= clock_floor)
			break;
		frame = advance_hand(&cache);
		if (!frame)
			break;
		freed += drop_frame(cache, frame, mode);
		page_cache_unpin(cache);
		page_frame_put(frame);
	}
	return freed;
}

/* ---- everything else ---- */

/* Objects freed. Shrinkers come and never go. No locks held. */
static size_t shrink_objects(size_t wanted)
{
	struct shrinker *shrinker;
	size_t freed = 0;

	mutex_lock(&shrinkers_mutex);
	list_for_each_entry(shrinker, &shrinkers, node) {
		mutex_unlock(&shrinkers_mutex);
		freed += shrinker->shrink(wanted);
		mutex_lock(&shrinkers_mutex);
	}
	mutex_unlock(&shrinkers_mutex);
	return freed;
}

/* Frames that came free by it, or 1 if only objects did. */
static size_t shrink_others(size_t wanted)
{
	size_t objects = shrink_objects(wanted);

	return slab_trim() + (objects > 0);
}

/*
 * Is there memory after all? Who wants a victim has waited only so long: for this thread, which may
 * not have had the processor, and for the memory of the last victim. Objects are no frames yet, so
 * we try a few times, harder each time.
 */
static bool is_memory_found(void)
{
	for (unsigned int tries = 0; tries < PATIENCE; tries++) {
		size_t objects;

		if (page_frame_has_room() || turn_clock(BATCH, 1, CLOCK_EVEN_USED) > 0)
			return true;
		objects = shrink_objects(BATCH << tries);
		if (slab_trim() > 0)
			return true;
		if (objects == 0)
			break;
	}
	return false;
}

/* Who asked may try once more, or not: somebody dies, unless memory is found without it. */
static void answer_kill_request(void)
{
	bool (*kill)(void) = atomic_load(&killer);

	atomic_store(&did_kill, is_memory_found() || (kill && kill()));
	atomic_fetch_add(&kill_tries, 1);
	writeback_made_progress();
}

static void wake(void)
{
	if (!atomic_exchange(&is_wanted, true))
		wait_queue_wake_all(&reclaim_queue, 0);
}

/* One round of waiting for the threads that may do more than we. */
static size_t wait_for_others(size_t wanted)
{
	unsigned int before = atomic_load(&background_freed);

	atomic_store(&is_shrink_wanted, true);
	wake();
	if (page_cache_dirty_total() > 0)
		writeback_urgent();
	writeback_wait_progress(50 * MILLISECOND);
	return turn_clock(wanted, 2, CLOCK_UNUSED) + (atomic_load(&background_freed) - before);
}

/* mem/ wants frames. */
static size_t reclaim(size_t wanted, enum frame_alloc_flags flags)
{
	struct thread *self = thread_current();
	size_t freed = turn_clock(wanted, 2, CLOCK_UNUSED);

	if (freed == 0)
		freed = slab_trim();
	if (freed == 0 && !(flags & FRAME_ALLOC_NO_RECLAIM) && self != reclaimer &&
	    !writeback_is_thread(self)) {
		assert_may_sleep();
		for (unsigned int tries = 0; freed == 0 && tries < PATIENCE; tries++) {
			if (thread_is_killed(self))
				break;
			freed = wait_for_others(wanted);
			if (page_cache_dirty_total() == 0)
				break;
		}
	}
	return freed > 0 ? freed : turn_clock(wanted, 1, CLOCK_EVEN_USED);
}

/* Nothing helped. True: somebody dies, try once more. */
static bool exhausted(void)
{
	struct thread *self = thread_current();
	unsigned int before = atomic_load(&kill_tries);

	if (thread_is_killed(self) || self == reclaimer || !atomic_load(&killer))
		return false;
	atomic_store(&is_kill_wanted, true);
	wake();
	/* The reclaimer may be waiting for writeback, which may be waiting here. */
	writeback_made_progress();
	/* The victim unwinds and gives back its memory; we look again in a while. */
	for (unsigned int tries = 0; tries < PATIENCE && atomic_load(&kill_tries) == before;
	     tries++)
		writeback_wait_progress(10 * MILLISECOND);
	writeback_wait_progress(10 * MILLISECOND);
	if (thread_is_killed(self))
		return false;
	/* Nobody has come to it yet: that is no answer. */
	return atomic_load(&kill_tries) == before || atomic_load(&did_kill);
}

static const struct reclaim_ops reclaim_ops = {
	.reclaim = reclaim,
	.exhausted = exhausted,
	.wake = wake,
};

void reclaim_work(void)
{
	bool shrink = atomic_exchange(&is_shrink_wanted, false);

	if (atomic_exchange(&is_kill_wanted, false))
		answer_kill_request();
	while (shrink || page_frame_is_low()) {
		size_t freed = turn_clock(BATCH, 2, CLOCK_UNUSED);

		if (freed == 0 || shrink)
			freed += shrink_others(BATCH);
		shrink = false;
		atomic_fetch_add(&background_freed, (unsigned int)freed);
		writeback_made_progress();
		if (freed > 0)
			continue;
		/*
		 * Only dirty frames are left, or none: the next allocation calls again. And writing
		 * may want memory itself: then only a victim helps.
		 */
		if (page_cache_dirty_total() == 0 || atomic_load(&is_kill_wanted))
			break;
		writeback_urgent();
		writeback_wait_progress(100 * MILLISECOND);
	}
}

static void reclaim_thread(void *argument)
{
	(void)argument;
	for (;;) {
		wait_event(&reclaim_queue, atomic_load(&is_wanted));
		atomic_store(&is_wanted, false);
		reclaim_work();
	}
}

void reclaim_drop_caches(void)
{
	(void)shrink_others(SIZE_MAX);
	while (turn_clock(SIZE_MAX, 1, CLOCK_UNMAPPED) > 0)
		continue;
	(void)shrink_others(SIZE_MAX);
}

void reclaim_start(void)
{
	struct thread *thread = thread_create_kernel("reclaim", reclaim_thread, NULL);
	struct frame_counts counts;

	page_frame_count(&counts);
	clock_floor = counts.total / FLOOR_DIVISOR;
	if (!thread)
		panic("no memory for the reclaim thread");
	reclaimer = thread;
	thread_start(thread);
	page_frame_set_reclaim(&reclaim_ops);
}
