/*
 * Failing on demand.
 *
 * One target at a time: a thread, a kind of failure, and which of its hits shall fail. Only the
 * target thread counts, outside interrupt handlers, so a test sees the same numbers each time. The
 * question comes from under any lock, so the answer takes none: `armed_thread` is written last when
 * arming and first when disarming, and whoever reads it as its own sees the rest.
 */
#include "core/failpoint.h"
#include <stdatomic.h>
#include <stddef.h>
#include "core/stack_header.h"

static _Atomic(struct thread *) armed_thread;	/* NULL: nothing is armed */
static atomic_uint armed_point;			/* enum failpoint */
static atomic_uint armed_nth;
static atomic_uint hit_count;
static atomic_bool struck;

bool failpoint_check(enum failpoint point)
{
	/* Acquire: pairs with the release in failpoint_arm. */
	struct thread *target = atomic_load_explicit(&armed_thread, memory_order_acquire);

	if (!target || target != thread_current() || in_interrupt() ||
	    atomic_load_explicit(&armed_point, memory_order_relaxed) != (unsigned int)point)
		return false;
	if (atomic_fetch_add_explicit(&hit_count, 1, memory_order_relaxed) + 1 !=
	    atomic_load_explicit(&armed_nth, memory_order_relaxed))
		return false;
	atomic_store_explicit(&struck, true, memory_order_relaxed);
	return true;
}

void failpoint_arm(enum failpoint point, struct thread *thread, unsigned int nth)
{
	atomic_store(&armed_thread, NULL);
	if (nth == 0)
		return;
	atomic_store_explicit(&armed_point, point, memory_order_relaxed);
	atomic_store_explicit(&armed_nth, nth, memory_order_relaxed);
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
