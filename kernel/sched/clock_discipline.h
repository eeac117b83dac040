/*
 * What programs have said about how good the realtime clock is, for adjtimex(2).
 *
 * The clock itself runs at the machine's own pace: it can be set, not slewed. So there is no phase
 * or frequency here, only what an NTP daemon would tell others.
 */
#pragma once
#include <stdbool.h>
#include <stdint.h>

struct clock_quality {
	int32_t maximum_error_us;   /* NTP's limit, 16 s, when unknown */
	int32_t estimated_error_us; /* the same */
	int32_t time_constant;	    /* of the loop that a daemon runs */
	bool is_synchronized;
	bool is_frequency_held;
	bool wants_nanoseconds;	    /* adjtimex speaks in ns, not in us */
};

void clock_quality_get(struct clock_quality *out);
/* `change` runs with a spinlock held, on what is known now. */
void clock_quality_change(void (*change)(struct clock_quality *quality, const void *wish),
			  const void *wish);
/* The clock has been set: nobody vouches for it any more. */
void clock_quality_forget(void);
