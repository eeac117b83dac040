/*
 * Failing on demand.
 *
 * One target at a time: a thread, a kind of failure, and which of its hits shall fail. Only the
 * target thread counts, outside interrupt handlers, so a test sees the same numbers each time. The
 * question comes from under any lock, so the answer takes none: `armed_thread` is written last when
 * arming and first when disarming, and whoever reads it as its own sees the rest.
 *
 * Paths. A test that counts cannot know when it has been everywhere, and spends most of its time
 * where it has been. So the paths on which an allocation has failed are kept: a hash of the return
 * addresses on the kernel stack, from the allocator to the entry from user mode, found through the
 * frame pointers that debug builds have. A program is repeated until no new path strikes. Two paths
 * of one hash would be taken for one: of a few thousand that is one or none.
 */
#include "core/failpoint.h"
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include "arch/stack.h"
#include "core/compiler.h"
#include "core/printk.h"
#include "core/stack_header.h"
#include "lib/format.h"
#include "lib/hash.h"
#include "lib/min_max.h"

enum {
	PATHS_MAX = CONFIG_FAILPOINTS ? 8192 : 1,	/* a power of two */
	CALLERS_MAX = 40,
	CALLERS_SHOWN = 14,
};

static _Atomic(struct thread *) armed_thread;	/* NULL: nothing is armed */
static atomic_uint armed_point;			/* enum failpoint */
static atomic_uint armed_nth, armed_end;	/* which hits fail, from 1 on */
static atomic_uint hit_count;
static atomic_bool struck;
static atomic_uint failed_paths[PATHS_MAX];	/* their hashes, by their lower bits; 0: free */

/* Return addresses of the functions that are running, innermost first. Returns how many. */
static noinline unsigned int find_callers(uintptr_t callers[CALLERS_MAX])
{
	uintptr_t end = (uintptr_t)arch_stack_base() + KERNEL_STACK_SIZE;
	uintptr_t frame = (uintptr_t)__builtin_frame_address(0);
	unsigned int count = 0;

	while (count < CALLERS_MAX && frame % sizeof(uintptr_t) == 0 &&
	       frame <= end - 2 * sizeof(uintptr_t)) {
		const uintptr_t *words = (const uintptr_t *)frame;

		callers[count++] = words[1];
		/* What user mode had in the register ends the chain. */
		if (words[0] <= frame)
			break;
		frame = words[0];
	}
	return count;
}

/* False: it is there already, or there is no room. */
static bool add_path(uint32_t hash)
{
	for (uint32_t i = 0; i < PATHS_MAX; i++) {
		atomic_uint *place = &failed_paths[(hash + i) % PATHS_MAX];
		unsigned int old = 0;

		if (atomic_compare_exchange_strong(place, &old, hash))
			return true;
		if (old == hash)
			return false;
	}
	return false;
}

static void log_path(const uintptr_t *callers, unsigned int count)
{
	char text[CALLERS_SHOWN * 9 + 1] = "";
	size_t length = 0;

	for (unsigned int i = 0; i < count && i < CALLERS_SHOWN; i++)
		length += scnprintf(text + length, sizeof(text) - length, " %x",
				    (unsigned int)callers[i]);
	printk(LOG_NOTICE, "failing allocation%s", text);
}

/* An allocation is about to fail. False: one did already on this path. */
static bool note_path(void)
{
	uintptr_t callers[CALLERS_MAX];
	unsigned int count = find_callers(callers);
	uint32_t hash = 1;

	for (unsigned int i = 0; i < count; i++)
		hash = hash_combine(hash, (uint32_t)callers[i]);
	if (!add_path(hash ? hash : 1))
		return false;
	log_path(callers, count);
	return true;
}

static bool nth_fails(struct thread *target, enum failpoint point)
{
	unsigned int hit;

	if (target != thread_current() || in_interrupt() ||
	    atomic_load_explicit(&armed_point, memory_order_relaxed) != (unsigned int)point)
		return false;
	hit = atomic_fetch_add_explicit(&hit_count, 1, memory_order_relaxed) + 1;
	if (hit < atomic_load_explicit(&armed_nth, memory_order_relaxed) ||
	    hit >= atomic_load_explicit(&armed_end, memory_order_relaxed))
		return false;
	atomic_store_explicit(&struck, true, memory_order_relaxed);
	if (point != FAILPOINT_BLOCK_IO)
		(void)note_path();
	return true;
}

static bool new_path_fails(struct thread *exempt, enum failpoint point)
{
	if (exempt == thread_current() || point == FAILPOINT_BLOCK_IO ||
	    atomic_load_explicit(&struck, memory_order_relaxed) || !note_path())
		return false;
	/* Two CPUs may have found two new paths: then both fail. */
	atomic_store_explicit(&struck, true, memory_order_relaxed);
	return true;
}

bool failpoint_check(enum failpoint point)
{
	/* Acquire: pairs with the release in failpoint_arm. */
	struct thread *target = atomic_load_explicit(&armed_thread, memory_order_acquire);

	if (!target)
		return false;
	if (atomic_load_explicit(&armed_point, memory_order_relaxed) == FAILPOINT_ANY_PATH)
		return new_path_fails(target, point);
	return nth_fails(target, point);
}

void failpoint_arm(enum failpoint point, struct thread *thread, unsigned int nth,
		   unsigned int count)
{
	atomic_store(&armed_thread, NULL);
	if (nth == 0)
		return;
	atomic_store_explicit(&armed_point, point, memory_order_relaxed);
	atomic_store_explicit(&armed_nth, nth, memory_order_relaxed);
	atomic_store_explicit(&armed_end, nth + min(count, UINT32_MAX - nth),
			      memory_order_relaxed);
	atomic_store_explicit(&hit_count, 0, memory_order_relaxed);
	atomic_store_explicit(&struck, false, memory_order_relaxed);
	/* Release: pairs with the acquire in failpoint_check. */
	atomic_store_explicit(&armed_thread, thread, memory_order_release);
}

void failpoint_forget(struct thread *thread)
{
	atomic_compare_exchange_strong(&armed_thread, &thread, NULL);
}

bool failpoint_has_struck(enum failpoint point, unsigned int *hits)
{
	if (atomic_load_explicit(&armed_point, memory_order_relaxed) != (unsigned int)point) {
		*hits = 0;
		return false;
	}
	*hits = atomic_load_explicit(&hit_count, memory_order_relaxed);
	return atomic_load_explicit(&struck, memory_order_relaxed);
}
