/*
 * How good the realtime clock is: words kept for who asks.
 */
#include "sched/clock_discipline.h"
#include "core/spinlock.h"

enum { ERROR_LIMIT_US = 16000000 }; /* NTP_PHASE_LIMIT: what Linux says when it does not know */

static struct spinlock quality_lock = SPINLOCK_INIT(LOCK_RANK_LEAF, "clock quality");
static struct clock_quality quality = { /* [quality_lock] */
	.maximum_error_us = ERROR_LIMIT_US,
	.estimated_error_us = ERROR_LIMIT_US,
	.time_constant = 2,
};

void clock_quality_get(struct clock_quality *out)
{
	irq_flags flags = spin_lock_irq(&quality_lock);

	*out = quality;
	spin_unlock_irq(&quality_lock, flags);
}

void clock_quality_change(void (*change)(struct clock_quality *quality, const void *wish),
			  const void *wish)
{
	irq_flags flags = spin_lock_irq(&quality_lock);

	change(&quality, wish);
	spin_unlock_irq(&quality_lock, flags);
}

void clock_quality_forget(void)
{
	irq_flags flags = spin_lock_irq(&quality_lock);

	quality.maximum_error_us = ERROR_LIMIT_US;
	quality.estimated_error_us = ERROR_LIMIT_US;
	quality.is_synchronized = false;
	spin_unlock_irq(&quality_lock, flags);
}
