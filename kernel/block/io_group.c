/*
 * All groups share one wait queue: it has to outlive them, because the last transfer to leave wakes
 * the waiter, which may free the group, before it has let go of the queue. Waiters are few.
 */
#include "block/io_group.h"

#include "sched/wait_queue.h"

static struct wait_queue waiters = WAIT_QUEUE_INIT(waiters);

void io_group_leave(struct io_group *group, int error)
{
	int none = 0;

	if (unlikely(error))
		atomic_compare_exchange_strong_explicit(&group->error, &none, error,
							memory_order_relaxed,
							memory_order_relaxed);
	/* Release: the error, and what the transfer moved, are seen by who finds 0. */
	if (atomic_fetch_sub_explicit(&group->in_flight, 1, memory_order_release) == 1)
		wait_queue_wake_all(&waiters, 0);
}

int io_group_wait(struct io_group *group)
{
	wait_event(&waiters,
		   atomic_load_explicit(&group->in_flight, memory_order_acquire) == 0);
	return atomic_exchange_explicit(&group->error, 0, memory_order_relaxed);
}
