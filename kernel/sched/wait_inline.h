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

/* For the running thread, `thread`. */
static inline void wait_begin_irq_off(struct wait_queue *queue, struct wait_entry *entry,
				      struct thread *thread)
{
	spin_lock_irq_off(&queue->lock);
	if (likely(!atomic_load_explicit(&entry->queue, memory_order_relaxed)))
		wait_queue_add_locked(queue, entry, true);
	/* As thread_prepare_sleep(). */
	atomic_exchange(&thread->state_word, THREAD_SLEEPING_INTERRUPTIBLE);
	spin_unlock_irq_off(&queue->lock);
}

/*
 * As wait_event_exclusive_interruptible(), where interrupts are on, and the condition is a matter
 * of a few loads: it is looked at with interrupts off. The caller has found that it does not hold.
 */
#define WAIT_EVENT_IN_PLACE(queue_pointer, condition)                                      \
	({                                                                                  \
		struct wait_entry wait_entry_;                                              \
		struct thread *wait_thread_;                                                \
		int wait_error_ = 0;                                                        \
		assert_may_sleep();                                                         \
		wait_entry_init_inline(&wait_entry_);                                       \
		wait_thread_ = wait_entry_.thread;                                          \
		irq_disable();                                                              \
		do {                                                                        \
			wait_begin_irq_off((queue_pointer), &wait_entry_, wait_thread_);    \
			if (condition)                                                      \
				break;                                                      \
			if (unlikely(thread_is_interrupted(wait_thread_))) {                \
				wait_error_ = -EINTR;                                       \
				break;                                                      \
			}                                                                   \
			schedule_irq_off();                                                 \
		} while (!(condition));                                                     \
		/* As thread_cancel_sleep(). */                                             \
		atomic_store_explicit(&wait_thread_->state_word, THREAD_RUNNABLE,           \
				      memory_order_relaxed);                                \
		irq_enable();                                                               \
		/* As in wait_end(). */                                                     \
		if (unlikely(atomic_load_explicit(&wait_entry_.queue,                       \
						  memory_order_acquire)))                   \
			wait_queue_remove(&wait_entry_);                                    \
		wait_error_;                                                                \
	})
