/*
 * Reference counts that cannot wrap: one that overflows stays at its limit and leaks its object.
 */
#pragma once
#include <stdatomic.h>
#include <stdbool.h>
#include "core/compiler.h"

struct refcount {
	atomic_int count;
};

#define REFCOUNT_INIT(n) { .count = (n) }
#define REFCOUNT_LIMIT	 0x40000000

void refcount_report(struct refcount *count, const char *what);

static inline void refcount_set(struct refcount *count, int n)
{
	atomic_store_explicit(&count->count, n, memory_order_relaxed);
}

static inline int refcount_read(const struct refcount *count)
{
	return atomic_load_explicit(&count->count, memory_order_relaxed);
}

/* Relaxed: who takes another reference already has one, and with it sees the object. */
static inline void refcount_get(struct refcount *count)
{
	int old = atomic_fetch_add_explicit(&count->count, 1, memory_order_relaxed);

	if (unlikely(old <= 0 || old >= REFCOUNT_LIMIT))
		refcount_report(count, "get");
}

/* False if the count was 0 already: the object is on its way out. */
must_check static inline bool refcount_try_get(struct refcount *count)
{
	int old = atomic_load_explicit(&count->count, memory_order_relaxed);

	while (old > 0) {
		if (atomic_compare_exchange_weak_explicit(&count->count, &old, old + 1,
							  memory_order_acquire,
							  memory_order_relaxed))
			return true;
	}
	return false;
}

/*
 * Drop one unless it is the last; false: it is, and nothing was done. For objects that go under the
 * lock by which they are found: only the last put needs it.
 */
must_check static inline bool refcount_put_unless_last(struct refcount *count)
{
	int old = atomic_load_explicit(&count->count, memory_order_relaxed);

	while (old > 1) {
		/* Release: pairs with the last put, which sees all that we did. */
		if (atomic_compare_exchange_weak_explicit(&count->count, &old, old - 1,
							  memory_order_release,
							  memory_order_relaxed))
			return true;
	}
	return false;
}

/* True if this was the last reference. Acquire-release: the last one sees all that others did. */
must_check static inline bool refcount_put(struct refcount *count)
{
	int old = atomic_fetch_sub_explicit(&count->count, 1, memory_order_acq_rel);

	if (unlikely(old <= 0))
		refcount_report(count, "put");
	return old == 1;
}
