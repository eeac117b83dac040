/*
 * Sleeping in place, for the few queues on which threads sleep and wake ten thousand times a
 * second: entering the queue, the last look at the condition and the switch are one section with
 * interrupts off, in the caller. Half of what the calls cost: 120 instructions of a round trip
 * through pipes. Everywhere else wait_event_exclusive_interruptible() does.
 */
#pragma once
#include "core/lock_check.h"
#include "core/spinlock_irq_off.h"
#include "sched/schedule.h"
#include "sched/wait_queue.h"
#include "uapi/linux/errno.h"

/* The running thread's entry, which need not be initialised. Interrupts are off afterwards. */
static inline void wait_begin_in_place(struct wait_queue *queue, struct wait_entry *entry)
{
	struct thread *thread = thread_current();

	entry->thread = thread;
	entry->wake = NULL;
	irq_disable();
	spin_lock_irq_off(&queue->lock);
	wait_queue_add_locked(queue, entry, true);
	/* As thread_prepare_sleep(). */
	atomic_exchange(&thread->state_word, THREAD_SLEEPING_INTERRUPTIBLE);
	spin_unlock_irq_off(&queue->lock);
}

/* As thread_cancel_sleep(). */
static inline void wait_cancel_in_place(struct wait_entry *entry)
{
	atomic_store_explicit(&entry->thread->state_word, THREAD_RUNNABLE, memory_order_relaxed);
}

/*
 * As wait_event_exclusive_interruptible(), where interrupts are on, and the condition is a matter
 * of a few loads: it is looked at with interrupts off. The caller has found that it does not hold.
 * The entry is the caller's, who may have more beside it for his waker to find.
 */
#define WAIT_EVENT_IN_PLACE(queue_pointer, entry_pointer, condition)                        \
	({                                                                                  \
		struct wait_queue *wait_queue_ = (queue_pointer);                           \
		struct wait_entry *wait_entry_ = (entry_pointer);                           \
		int wait_error_ = 0;                                                        \
		assert_may_sleep();                                                         \
		wait_begin_in_place(wait_queue_, wait_entry_);                              \
		for (;;) {                                                                  \
			if (unlikely(condition)) {                                          \
				wait_cancel_in_place(wait_entry_);                          \
				break;                                                      \
			}                                                                   \
			if (unlikely(thread_is_interrupted(wait_entry_->thread))) {         \
				wait_cancel_in_place(wait_entry_);                          \
				wait_error_ = -EINTR;                                       \
				break;                                                      \
			}                                                                   \
			schedule_irq_off();                                                 \
			/* Who comes back from there is runnable. */                        \
			if (likely(condition))                                              \
				break;                                                      \
			wait_begin_exclusive(wait_queue_, wait_entry_,                      \
					     THREAD_SLEEPING_INTERRUPTIBLE);                \
		}                                                                           \
		irq_enable();                                                               \
		/* As in wait_end(). */                                                     \
		if (unlikely(atomic_load_explicit(&wait_entry_->queue,                      \
						  memory_order_acquire)))                   \
			wait_queue_remove(wait_entry_);                                     \
		wait_error_;                                                                \
	})

/*
 * For a waker who brings something: is the first in the queue an exclusive sleeper, so that nobody
 * watches? queue->lock is held.
 */
static inline struct wait_entry *wait_queue_lone_sleeper(struct wait_queue *queue)
{
	return list_entry(queue->waiters.head.next, struct wait_entry, node);
}

static inline bool wait_queue_has_lone_sleeper(struct wait_queue *queue)
{
	const struct wait_entry *first = wait_queue_lone_sleeper(queue);

	return !list_is_empty(&queue->waiters) && !first->wake && first->exclusive;
}
