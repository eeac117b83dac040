/*
 * Wait queues.
 *
 * No wake-up is lost, because a sleeper does, in this order: enter the queue, announce the sleep
 * (thread_prepare_sleep, a full barrier), look at the condition; and a waker: make the condition
 * true, full barrier, look at the queue. Whichever is later sees the other. Entering and announcing
 * happen under the queue's lock: a waker that came in between would take the entry off and wake
 * nobody, and if someone else then used up what it announced, the sleeper would sleep on no queue.
 *
 * Entries lie on their sleepers' stacks. A plain entry is taken off by its waker, which lets go of
 * it by clearing entry->queue last, after thread_wake: until then the sleeper, who takes the
 * queue's lock to remove an entry that still has a queue, waits for the waker to finish.
 *
 * Exclusive entries stand behind the others. wake_one wakes from the front and stops after the
 * first exclusive one: all who merely watch, and one of those who compete. A competitor that gives
 * up although it was woken must pass the wake-up on (mutex.c does).
 */
#include "sched/wait_queue.h"
#include "core/assert.h"
#include "core/spinlock_irq_off.h"
#include "sched/internal.h"
#include "sched/rcu.h"
#include "sched/schedule.h"
#include "uapi/linux/errno.h"

enum wake_mode { WAKE_ALL, WAKE_ONE };

/* Wake a plain entry and let go of it. Whether it had not been awake already does not matter. */
static inline bool wake_sleeper(struct wait_entry *entry)
{
	bool exclusive = entry->exclusive;

	(void)thread_wake(entry->thread);
	wait_queue_release_locked(entry);
	return exclusive;
}

static inline void wake_locked(struct wait_queue *queue, uint32_t key, enum wake_mode mode)
{
	struct wait_entry *entry, *next;
	bool used_up;

	spin_assert_held(&queue->lock);
	list_for_each_entry_safe(entry, next, &queue->waiters, node) {
		if (entry->wake)
			used_up = entry->wake(entry, key) && entry->exclusive;
		else
			used_up = wake_sleeper(entry);
		if (used_up && mode != WAKE_ALL)
			break;
	}
}

static inline void wake(struct wait_queue *queue, uint32_t key, enum wake_mode mode)
{
	irq_flags flags;

	/* Pairs with the barrier in thread_prepare_sleep: saves the lock when nobody sleeps. */
	atomic_thread_fence(memory_order_seq_cst);
	if (wait_queue_is_empty(queue))
		return;
	flags = irq_disable_save();
	spin_lock_irq_off(&queue->lock);
	wake_locked(queue, key, mode);
	spin_unlock_irq_off(&queue->lock);
	preempt_irq_restore(flags);
}

void wait_queue_wake_all(struct wait_queue *queue, uint32_t key)
{
	wake(queue, key, WAKE_ALL);
}

void wait_queue_wake_one(struct wait_queue *queue, uint32_t key)
{
	wake(queue, key, WAKE_ONE);
}

/* The running thread is about to sleep: `entry`'s gets the CPU. */
static inline void hand_over_to(struct wait_entry *entry)
{
	(void)schedule_wake_handover(entry->thread);
	wait_queue_release_locked(entry);
}

/* Others watch, or are woken together. */
static noinline void hand_over_locked(struct wait_queue *queue, uint32_t key)
{
	struct wait_entry *entry, *next;

	list_for_each_entry_safe(entry, next, &queue->waiters, node) {
		bool exclusive = entry->exclusive;

		if (!entry->wake)
			hand_over_to(entry);
		else if (!entry->wake(entry, key))
			continue;
		if (exclusive)
			break;
	}
}

/*
 * Mostly one thread waits, asleep and exclusive: its way through the layers lies in two functions,
 * 120 instructions instead of 190. The fence of wake() stands for that of thread_wake() too.
 */
void wait_queue_wake_handover(struct wait_queue *queue, uint32_t key)
{
	struct wait_entry *entry;

	/* As in wake(). */
	atomic_thread_fence(memory_order_seq_cst);
	if (wait_queue_is_empty(queue))
		return;
	irq_disable();
	spin_lock_irq_off(&queue->lock);
	entry = list_first_entry(&queue->waiters, struct wait_entry, node);
	if (likely(entry && !entry->wake && entry->exclusive))
		hand_over_to(entry);
	else
		hand_over_locked(queue, key);
	spin_unlock_irq_off(&queue->lock);
	preempt_irq_enable();
}

void wait_queue_wake_all_locked(struct wait_queue *queue, uint32_t key)
{
	wake_locked(queue, key, WAKE_ALL);
}

void wait_queue_wake_one_locked(struct wait_queue *queue, uint32_t key)
{
	wake_locked(queue, key, WAKE_ONE);
}

void wait_queue_wake_all_second(struct wait_queue *queue, uint32_t key)
{
	irq_flags flags;

	/* As in wake(). */
	atomic_thread_fence(memory_order_seq_cst);
	if (wait_queue_is_empty(queue))
		return;
	flags = spin_lock_irq_second(&queue->lock);
	wake_locked(queue, key, WAKE_ALL);
	spin_unlock_irq(&queue->lock, flags);
}

void wait_queue_close(struct wait_queue *queue)
{
	struct wait_entry *entry, *next;
	irq_flags flags;

	if (wait_queue_is_empty(queue))
		return;
	flags = spin_lock_irq(&queue->lock);
	list_for_each_entry_safe(entry, next, &queue->waiters, node) {
		assert(entry->wake);
		list_remove(&entry->node);
		/* Release: the entry is its owner's again. */
		atomic_store_explicit(&entry->queue, NULL, memory_order_release);
	}
	spin_unlock_irq(&queue->lock, flags);
}

void wait_entry_init(struct wait_entry *entry)
{
	wait_entry_init_inline(entry);
}

static inline void add_locked(struct wait_queue *queue, struct wait_entry *entry, bool exclusive)
{
	assert(!atomic_load(&entry->queue));
	wait_queue_add_locked(queue, entry, exclusive);
}

static void add(struct wait_queue *queue, struct wait_entry *entry, bool exclusive)
{
	irq_flags flags = spin_lock_irq(&queue->lock);

	add_locked(queue, entry, exclusive);
	spin_unlock_irq(&queue->lock, flags);
}

void wait_queue_add(struct wait_queue *queue, struct wait_entry *entry)
{
	add(queue, entry, false);
}

void wait_queue_add_exclusive(struct wait_queue *queue, struct wait_entry *entry)
{
	add(queue, entry, true);
}

void wait_queue_remove(struct wait_entry *entry)
{
	/* Acquire: pairs with the release in wait_queue_release_locked. */
	struct wait_queue *queue = atomic_load_explicit(&entry->queue, memory_order_acquire);
	irq_flags flags;

	if (!queue)
		return;
	flags = spin_lock_irq(&queue->lock);
	if (atomic_load_explicit(&entry->queue, memory_order_relaxed)) {
		list_remove(&entry->node);
		atomic_store_explicit(&entry->queue, NULL, memory_order_relaxed);
	}
	spin_unlock_irq(&queue->lock, flags);
}

void wait_queue_remove_rcu(struct wait_entry *entry)
{
	rcu_read_lock();
	wait_queue_remove(entry);
	rcu_read_unlock();
}

static inline void begin(struct wait_queue *queue, struct wait_entry *entry,
			 enum thread_state kind, bool exclusive)
{
	irq_flags flags = irq_disable_save();

	spin_lock_irq_off(&queue->lock);
	/* If it is still there, because we woke for another reason, it keeps its place. */
	if (!atomic_load_explicit(&entry->queue, memory_order_relaxed))
		add_locked(queue, entry, exclusive);
	thread_prepare_sleep(kind);
	spin_unlock_irq_off(&queue->lock);
	irq_restore(flags);
}

void wait_begin(struct wait_queue *queue, struct wait_entry *entry, enum thread_state kind)
{
	begin(queue, entry, kind, false);
}

void wait_begin_exclusive(struct wait_queue *queue, struct wait_entry *entry,
			  enum thread_state kind)
{
	begin(queue, entry, kind, true);
}

int wait_step(struct wait_entry *entry, enum thread_state kind, uint64_t deadline_ns)
{
	const struct thread *thread = entry->thread;

	if ((kind == THREAD_SLEEPING_INTERRUPTIBLE && thread_is_interrupted(thread)) ||
	    (kind == THREAD_SLEEPING_KILLABLE && thread_is_killed(thread))) {
		thread_cancel_sleep();
		return -EINTR;
	}
	if (likely(deadline_ns == WAIT_FOREVER)) {
		schedule();
		return 0;
	}
	return thread_sleep_until(deadline_ns) ? 0 : -ETIMEDOUT;
}

void wait_end(struct wait_entry *entry)
{
	thread_cancel_sleep();
	/* Mostly its waker has taken it off. Acquire: pairs with the release of that. */
	if (unlikely(atomic_load_explicit(&entry->queue, memory_order_acquire)))
		wait_queue_remove(entry);
}
