/*
 * Kernel timers: call a function at a time. Each CPU keeps a tree and sets its alarm to the first.
 */
#pragma once
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "lib/math64.h"
#include "lib/rbtree.h"

/*
 * Owned by the caller. `expire` runs with interrupts off, no locks held; it may re-arm or free its
 * own timer, which is not touched afterwards.
 */
struct timer {
	struct rbtree_node node;	/* [timer queue] */
	uint64_t deadline_ns;		/* [timer queue] monotonic */
	void (*expire)(struct timer *timer);	/* [I] */
	atomic_uint cpu;		/* [a] whose tree it is in, or was last in */
	bool armed;			/* [timer queue] */
};

void timer_init(struct timer *timer, void (*expire)(struct timer *));
void timer_arm(struct timer *timer, uint64_t deadline_ns);	/* moves it if armed */
/* `by` nanoseconds, at least 0, after `ns`; no later than the end of time. */
static inline int64_t timer_time_after(int64_t ns, int64_t by)
{
	int64_t sum;

	return __builtin_add_overflow(ns, by, &sum) ? INT64_MAX : sum;
}

/* The same for a number of periods. */
static inline int64_t timer_time_after_periods(int64_t ns, uint64_t periods, int64_t period_ns)
{
	int64_t by;

	return __builtin_mul_overflow(periods, period_ns, &by) ? INT64_MAX
							       : timer_time_after(ns, by);
}

/*
 * Of a timer with a period that was due at `deadline_ns`: how many periods on its next deadline
 * lies. At least one.
 */
static inline uint64_t timer_periods_passed(uint64_t deadline_ns, uint64_t period_ns,
					    uint64_t now_ns)
{
	if (now_ns <= deadline_ns)
		return 1;
	return div64_u64(now_ns - deadline_ns, period_ns, NULL) + 1;
}
/* True if it was still armed. Does not wait for a running expire. */
bool timer_cancel(struct timer *timer);
/* The same and waits (spinning) until expire is not running anywhere; not from expire itself. */
bool timer_cancel_sync(struct timer *timer);
