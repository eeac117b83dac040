/*
 * Wait queues: how anything sleeps until a condition holds.
 *
 *	wait_event(&queue, condition);
 * sleeps until `condition` is true; whoever makes it true then calls wait_queue_wake_...(&queue).
 * The condition is looked at again after each wake-up, without locks held: it must be safe to
 * evaluate so.
 */
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include "core/compiler.h"
#include "core/spinlock.h"
#include "lib/list.h"
#include "sched/thread.h"

struct wait_queue {
	struct spinlock lock;	/* LOCK_RANK_WAIT_QUEUE */
	struct list waiters;	/* [lock] of wait_entry.node */
};

/*
 * One sleeper, or one callback (poll, epoll). `wake` runs under the queue's lock, must not sleep,
 * and returns true if it used up an exclusive wake-up; its entry stays on the queue. An entry
 * without it wakes `thread` and leaves the queue.
 */
struct wait_entry {
	struct list_node node;		/* [queue lock] */
	/* [a] written under the queue's lock; NULL once the waker has let go of the entry */
	_Atomic(struct wait_queue *) queue;
	struct thread *thread;		/* [I] */
	bool exclusive;			/* [I] wake one of these at a time */
	bool (*wake)(struct wait_entry *entry, uint32_t key);	/* [I] NULL: wake the thread */
};

#define WAIT_QUEUE_INIT(wait_queue_name) { \
	.lock = SPINLOCK_INIT(LOCK_RANK_WAIT_QUEUE, "wait queue"), \
	.waiters = LIST_INIT((wait_queue_name).waiters) }
/* For a lock with a rank of its own: these are woken from inside other queues' wake-ups. */
static inline void wait_queue_init_ranked(struct wait_queue *queue, enum lock_rank rank,
					  const char *name)
{
	spin_init(&queue->lock, rank, name);
	list_init(&queue->waiters);
}
static inline void wait_queue_init(struct wait_queue *queue)
{
	wait_queue_init_ranked(queue, LOCK_RANK_WAIT_QUEUE, "wait queue");
}
/* a hint unless the caller excludes sleepers */
static inline bool wait_queue_is_empty(const struct wait_queue *queue)
{
	return __atomic_load_n(&queue->waiters.head.next, __ATOMIC_RELAXED) == &queue->waiters.head;
}

/*
 * Any context. `key` is given to callbacks (poll events); plain sleepers ignore it. wake_one wakes
 * all entries that are not exclusive, and one that is.
 */
void wait_queue_wake_all(struct wait_queue *queue, uint32_t key);
void wait_queue_wake_one(struct wait_queue *queue, uint32_t key);
/*
 * wake_one for the next in line, by one whom the same condition let go on and leaves true. No fence
 * is needed: whoever is not on the queue yet will look at the condition when he is.
 */
static inline void wait_queue_pass_on(struct wait_queue *queue, uint32_t key)
{
	if (unlikely(!wait_queue_is_empty(queue)))
		wait_queue_wake_one(queue, key);
}
/*
 * The same with queue->lock held by the caller. It may protect more than the queue: what the
 * sleepers wait for.
 */
void wait_queue_wake_one_locked(struct wait_queue *queue, uint32_t key);
void wait_queue_wake_all_locked(struct wait_queue *queue, uint32_t key);
/* wake_all from a callback of another queue of the same rank; the caller says what orders them. */
void wait_queue_wake_all_second(struct wait_queue *queue, uint32_t key);
/*
 * The queue is about to go: its callbacks hear no more, and those who remove their entries under
 * RCU do not touch it. Its memory must live on for a grace period. No sleepers.
 */
void wait_queue_close(struct wait_queue *queue);
/* wake_one, and hand it this CPU: the caller is about to sleep. Interrupts are on. */
void wait_queue_wake_handover(struct wait_queue *queue, uint32_t key);

void wait_entry_init(struct wait_entry *entry);			/* for the current thread */
/*
 * The same in place. Word by word: the links mean nothing until it is on a queue, and this is on
 * every sleep's path.
 */
static inline void wait_entry_init_inline(struct wait_entry *entry)
{
	atomic_init(&entry->queue, NULL);
	entry->thread = thread_current();
	entry->exclusive = false;
	entry->wake = NULL;
}
/* Its place in the queue: those that are exclusive stand behind the others. queue->lock is held. */
static inline void wait_queue_add_locked(struct wait_queue *queue, struct wait_entry *entry,
					 bool exclusive)
{
	entry->exclusive = exclusive;
	if (exclusive)
		list_add_tail(&queue->waiters, &entry->node);
	else
		list_add_head(&queue->waiters, &entry->node);
	atomic_store_explicit(&entry->queue, queue, memory_order_relaxed);
}
/* Its waker lets go of an entry that it has woken. queue->lock is held. */
static inline void wait_queue_release_locked(struct wait_entry *entry)
{
	list_unlink(&entry->node);
	/* Release: the entry is its owner's again. */
	atomic_store_explicit(&entry->queue, NULL, memory_order_release);
}
void wait_queue_add(struct wait_queue *queue, struct wait_entry *entry);
void wait_queue_add_exclusive(struct wait_queue *queue, struct wait_entry *entry);
void wait_queue_remove(struct wait_entry *entry);		/* idempotent */
/* The same where the queue may be closed meanwhile. */
void wait_queue_remove_rcu(struct wait_entry *entry);

/*
 * The loop's body pieces. wait_begin puts the entry on the queue and prepares the sleep; wait_step
 * sleeps and returns 0, or -EINTR (interrupted, by `kind`), or -ETIMEDOUT; wait_end takes it off.
 */
void wait_begin(struct wait_queue *queue, struct wait_entry *entry, enum thread_state kind);
void wait_begin_exclusive(struct wait_queue *queue, struct wait_entry *entry,
			  enum thread_state kind);
must_check int wait_step(struct wait_entry *entry, enum thread_state kind, uint64_t deadline_ns);
void wait_end(struct wait_entry *entry);

/*
 * Statement expression: 0 when the condition holds, or wait_step's error. Condition wins over
 * errors. After a wake-up it is looked at before the entry goes back to the queue: mostly it never
 * has to.
 */
#define WAIT_EVENT_BY(begin, queue_pointer, condition, kind, deadline_ns)                     \
	({                                                                                    \
		int wait_error_ = 0;                                                          \
		if (!(condition)) {                                                           \
			struct wait_entry wait_entry_;                                        \
			wait_entry_init(&wait_entry_);                                        \
			do {                                                                  \
				begin((queue_pointer), &wait_entry_, (kind));                 \
				if (condition) {                                              \
					wait_error_ = 0;                                      \
					break;                                                \
				}                                                             \
				wait_error_ = wait_step(&wait_entry_, (kind), (deadline_ns)); \
				if (condition) {                                              \
					wait_error_ = 0;                                      \
					break;                                                \
				}                                                             \
			} while (!wait_error_);                                               \
			wait_end(&wait_entry_);                                               \
		}                                                                             \
		wait_error_;                                                                  \
	})
#define WAIT_EVENT(queue, condition, kind, deadline_ns) \
	WAIT_EVENT_BY(wait_begin, queue, condition, kind, deadline_ns)

#define WAIT_FOREVER UINT64_MAX
#define wait_event(queue, condition) \
	((void)WAIT_EVENT(queue, condition, THREAD_SLEEPING, WAIT_FOREVER))
#define wait_event_killable(queue, condition) \
	WAIT_EVENT(queue, condition, THREAD_SLEEPING_KILLABLE, WAIT_FOREVER)
#define wait_event_interruptible(queue, condition) \
	WAIT_EVENT(queue, condition, THREAD_SLEEPING_INTERRUPTIBLE, WAIT_FOREVER)
#define wait_event_interruptible_until(queue, condition, deadline_ns) \
	WAIT_EVENT(queue, condition, THREAD_SLEEPING_INTERRUPTIBLE, deadline_ns)

/*
 * As wait_event_interruptible_until, but one of a queue's sleepers is woken at a time. It hands the
 * wake-up on (wake_one) if there is more, or if it gives up.
 */
#define wait_event_exclusive_interruptible_until(queue, condition, deadline_ns) \
	WAIT_EVENT_BY(wait_begin_exclusive, queue, condition, THREAD_SLEEPING_INTERRUPTIBLE, \
		      deadline_ns)
#define wait_event_exclusive_interruptible(queue, condition) \
	wait_event_exclusive_interruptible_until(queue, condition, WAIT_FOREVER)
