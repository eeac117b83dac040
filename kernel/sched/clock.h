/*
 * The clocks that programs see.
 */
#pragma once
#include <stdint.h>
#include "core/compiler.h"
#include "lib/list.h"

void clock_init(void);			/* reads the RTC, publishes to the vDSO */
uint64_t clock_monotonic_ns(void);	/* since boot */
int64_t clock_realtime_ns(void);	/* since 1970 */

/* The latest time that can be set: 30 years before the end of 64 bits of nanoseconds. */
#define REALTIME_MAX_NS ((INT64_MAX / 1000000000 - 30 * 365 * 24 * 3600LL) * 1000000000 - 1)

/*
 * Set the time, at most REALTIME_MAX_NS; the RTC follows later.
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
