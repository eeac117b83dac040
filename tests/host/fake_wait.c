/*
 * Wait queues for a machine with one thread: callbacks are called, and whoever would really
 * sleep gets -EINTR if it is interrupted, whatever the test's idle function brings about,
 * -ETIMEDOUT if it has a deadline, and else has slept for ever.
 */
#include "core/panic.h"
#include "core/stack_header.h"
#include "sched/schedule.h"
#include "sched/wait_queue.h"
#include "test.h"
#include "uapi/linux/errno.h"

static void take_off(struct wait_entry *entry)
{
	list_remove(&entry->node);
	atomic_store(&entry->queue, NULL);
}

static void wake(struct wait_queue *queue, uint32_t key, bool all)
{
	irq_flags flags = spin_lock_irq(&queue->lock);
	struct wait_entry *entry;
	struct wait_entry *following;

	list_for_each_entry_safe(entry, following, &queue->waiters, node) {
		bool used = true;

		if (entry->wake)
			used = entry->wake(entry, key);
		else
			take_off(entry);
		if (entry->exclusive && used && !all)
			break;
	}
	spin_unlock_irq(&queue->lock, flags);
}

void wait_queue_wake_all(struct wait_queue *queue, uint32_t key)
{
	wake(queue, key, true);
}

void wait_queue_wake_one(struct wait_queue *queue, uint32_t key)
{
	wake(queue, key, false);
}

void wait_queue_wake_handover(struct wait_queue *queue, uint32_t key)
{
	wake(queue, key, false);
}

void wait_entry_init(struct wait_entry *entry)
{
	*entry = (struct wait_entry){ .thread = thread_current() };
}

static void add(struct wait_queue *queue, struct wait_entry *entry, bool exclusive)
{
	irq_flags flags = spin_lock_irq(&queue->lock);

	entry->exclusive = exclusive;
	if (!atomic_load(&entry->queue))
		list_add_tail(&queue->waiters, &entry->node);
	atomic_store(&entry->queue, queue);
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
	if (atomic_load(&entry->queue))
		take_off(entry);
}

void wait_begin(struct wait_queue *queue, struct wait_entry *entry, enum thread_state kind)
{
	(void)kind;
	wait_queue_add(queue, entry);
}

void wait_begin_exclusive(struct wait_queue *queue, struct wait_entry *entry,
			  enum thread_state kind)
{
	(void)kind;
	wait_queue_add_exclusive(queue, entry);
}

static bool (*idle)(void);

void test_set_idle(bool (*function)(void))
{
	idle = function;
}

int wait_step(struct wait_entry *entry, enum thread_state kind, uint64_t deadline_ns)
{
	if (!atomic_load(&entry->queue))	/* woken */
		return 0;
	if (kind == THREAD_SLEEPING_INTERRUPTIBLE && thread_is_interrupted(entry->thread))
		return -EINTR;
	if (kind == THREAD_SLEEPING_KILLABLE && thread_is_killed(entry->thread))
		return -EINTR;
	if (idle && idle())
		return 0;
	if (deadline_ns == UINT64_MAX)
		panic("sleeps for ever");
	return -ETIMEDOUT;
}

/* What is left of a wait in place (sched/wait_inline.h), which has asked for interruptions. */
void schedule_irq_off(void)
{
	if (!idle || !idle())
		panic("sleeps for ever");
}

/* Called from the idle function: the thread sleeps. */
bool schedule_wake_handover(struct thread *thread)
{
	(void)thread;
	return true;
}

void wait_end(struct wait_entry *entry)
{
	wait_queue_remove(entry);
}
