/*
 * Transfers that somebody waits for together: requests count themselves in when they are submitted
 * and out when they are done; the first error is kept. A group may go away as soon as
 * io_group_wait has returned and nothing more joins it.
 */
#pragma once
#include <stdatomic.h>
#include "core/compiler.h"

/* [a] atomic */
struct io_group {
	atomic_uint in_flight;		/* [a] */
	atomic_int error;		/* [a] the first one, or 0 */
};

static inline void io_group_init(struct io_group *group)
{
	atomic_store_explicit(&group->in_flight, 0, memory_order_relaxed);
	atomic_store_explicit(&group->error, 0, memory_order_relaxed);
}

/* One more transfer is about to be submitted. */
static inline void io_group_join(struct io_group *group)
{
	atomic_fetch_add_explicit(&group->in_flight, 1, memory_order_relaxed);
}

/* It is done. Any context. */
void io_group_leave(struct io_group *group, int error);

/* Until all that joined have left; their first error, which is forgotten. May sleep. */
must_check int io_group_wait(struct io_group *group);
