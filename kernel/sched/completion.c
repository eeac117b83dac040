/*
 * Completions. The event is recorded and announced under the queue's lock, and a waiter that has
 * seen it takes the lock once more before it goes on: so a completion may lie on the waiter's
 * stack.
 */
#include "sched/completion.h"
#include "sched/internal.h"

void completion_init(struct completion *completion)
{
	wait_queue_init(&completion->queue);
	atomic_init(&completion->done, false);
}

void completion_complete(struct completion *completion)
{
	irq_flags flags = spin_lock_irq(&completion->queue.lock);

	/* Release: pairs with the acquire in is_done. */
	atomic_store_explicit(&completion->done, true, memory_order_release);
	wait_queue_wake_all_locked(&completion->queue, 0);
	spin_unlock_irq(&completion->queue.lock, flags);
}

/* Acquire: pairs with the release in completion_complete. */
static bool is_done(struct completion *completion)
{
	return atomic_load_explicit(&completion->done, memory_order_acquire);
}

static void wait_for_completer(struct completion *completion)
{
	irq_flags flags = spin_lock_irq(&completion->queue.lock);

	spin_unlock_irq(&completion->queue.lock, flags);
}

void completion_wait(struct completion *completion)
{
	wait_event(&completion->queue, is_done(completion));
	wait_for_completer(completion);
}

int completion_wait_killable(struct completion *completion)
{
	int error = wait_event_killable(&completion->queue, is_done(completion));

	if (!error)
		wait_for_completer(completion);
	return error;
}
