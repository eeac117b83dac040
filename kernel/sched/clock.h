/*
 * The clocks that programs see.
 */
#pragma once
#include <stdint.h>
#include "arch/clock.h"
#include "core/compiler.h"
#include "core/seqlock.h"
#include "lib/list.h"

void clock_init(void);			/* reads the RTC, publishes to the vDSO */
uint64_t clock_monotonic_ns(void);	/* since boot */
int64_t clock_realtime_ns(void);	/* since 1970 */

/*
 * The time of a moment ago, in seconds and nanoseconds: read once, it is good for a millisecond of
 * the counter and then read anew, so most who ask pay for no arithmetic. All CPUs share it, and it
 * never goes back unless the clock is set back: who asks after another (happens after, by whatever
 * lock or message) gets the same or a later time. It is never renewed later than the second turns,
 * so its second is the clock's own. Read in line, by each write to a file: a call would cost as
 * much again.
 */
struct clock_recent {
	struct seqcount sequence;	/* of all below; writers hold the clock's lock */
	uint32_t ticks;			/* so long it is good; 0: the clock has been set */
	uint64_t counter;		/* from here on */
	int64_t seconds;
	uint32_t nanoseconds;
};
extern struct clock_recent clock_recent;
void clock_recent_renew(int64_t *seconds, uint32_t *nanoseconds);	/* and read it */

/* False: not good any more. 20 instructions; by way of the clock it is 70. */
static inline bool clock_recent_read(int64_t *seconds, uint32_t *nanoseconds)
{
	/* Nobody waits for a writer here: whoever meets one goes the long way, to its lock. */
	unsigned int sequence = atomic_load_explicit(&clock_recent.sequence.sequence,
						     memory_order_acquire);

	*seconds = clock_recent.seconds;
	*nanoseconds = clock_recent.nanoseconds;
	return arch_clock_counter() - clock_recent.counter < clock_recent.ticks &&
	       !(sequence & 1) && !seq_read_retry(&clock_recent.sequence, sequence);
}

/* The latest time that can be set: 30 years before the end of 64 bits of nanoseconds. */
#define REALTIME_MAX_NS ((INT64_MAX / 1000000000 - 30 * 365 * 24 * 3600LL) * 1000000000 - 1)

/*
 * Set the time, at most REALTIME_MAX_NS. The real-time clock is left alone: hwclock -w writes it.
 * Errors: -EINVAL if that is less than the time since boot; then nothing has changed.
 */
must_check int clock_set_realtime(int64_t ns);
/* For an absolute realtime deadline: its monotonic equivalent now. */
uint64_t clock_realtime_to_monotonic(int64_t realtime_ns);
/*
 * To be told when the realtime clock is set. `changed` runs with the listeners' lock held and
 * interrupts off, and may wake, arm timers, and take locks of rank SIGNAL and later. Owned by the
 * caller, zeroed before its first use; listening twice is listening once. After clock_unlisten no
 * call is running.
 */
struct clock_listener {
	struct list_node node;	/* the listeners' lock */
	void (*changed)(struct clock_listener *listener);
};
void clock_listen(struct clock_listener *listener, void (*changed)(struct clock_listener *));
void clock_unlisten(struct clock_listener *listener);

/* Sleep until then; interruptible. 0 or -EINTR. */
must_check int clock_sleep_until(uint64_t deadline_ns);
/* The same on the realtime clock: if that is set meanwhile, the end moves with it. */
must_check int clock_sleep_until_realtime(int64_t realtime_ns);
