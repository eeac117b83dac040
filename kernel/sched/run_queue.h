/*
 * The threads that could run on one CPU, and which of them should.
 *
 * Nothing here switches threads or knows of other CPUs: schedule.c does that. The caller of every
 * function holds queue->lock.
 */
#pragma once
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include "core/spinlock.h"
#include "lib/list.h"
#include "lib/rbtree.h"
#include "sched/thread.h"

enum {
	REALTIME_PRIORITIES = 100,	/* 1 to 99 are used */
};

#define SLICE_NS	 3000000ull   /* a fair thread runs at least so long when others wait */
#define QUANTUM_NS	 100000000ull /* of SCHED_RR */
#define REALTIME_LOOK_NS 50000ull     /* the share of real time is looked at no more often */
#define SLEEPER_NS	 3000000ull   /* by how much a sleeper may come before those that ran */
/* how far ahead of the running thread one must be to interrupt it */
#define WAKE_PREEMPT_NS	 1000000ull

/*
 * [I] immutable once published  [q] run_queue.lock  [c] own CPU, interrupts off  [a] atomic
 */
struct run_queue {
	struct spinlock lock;		/* LOCK_RANK_RUN_QUEUE */
	unsigned int cpu;		/* [I] the CPU that this queue feeds */
	struct thread *running;		/* [q] never NULL; not in the queue */
	struct thread *idle;		/* [I] */
	struct thread *front;		/* [q] the fair thread woken last, not in the tree */
	/* [q] by one about to sleep: this CPU's, and first if that is fair */
	bool front_is_handed;
	struct rbtree_cached fair;	/* [q] by virtual time */
	struct list realtime[REALTIME_PRIORITIES]; /* [q] first in, first out */
	uint32_t realtime_mask[(REALTIME_PRIORITIES + 31) / 32]; /* [q] lists that are not empty */
	uint64_t realtime_until_ns;	/* [q] end of the period of real-time threads */
	uint64_t realtime_ns;		/* [q] how long they have run in it */
	unsigned int ready_count;	/* [q] threads waiting: in front, the tree and the lists */
	atomic_uint load; /* [a] ready_count, and one if a thread runs; relaxed, a hint */
	uint64_t least_virtual_ns; /* [q] no fair thread here is behind it by much; only grows */
	uint64_t clock_ns;		/* [q] time up to which `running` is charged */

	uint64_t start_ns;		/* [I] when this CPU began */
	uint64_t user_ns, idle_ns;	/* [q] times up to clock_ns */
	uint64_t switches;		/* [q] */

	struct thread *previous;	/* [c] switched from, and that not finished yet. Or NULL */
	bool previous_moves; /* [c] it is runnable but may not run here: to be placed elsewhere */
	struct thread *dead;		/* [c] threads to be cleaned up, through next_dead */
	uint64_t balance_ns;		/* [c] when to look at the other queues again */
	uint64_t alarm_ns;		/* [c] when the alarm rings; UINT64_MAX: not set */
};

void run_queue_init(struct run_queue *queue, unsigned int cpu, struct thread *idle);

/* The priority that decides before virtual time does: 0 for fair threads. */
static inline int run_queue_priority(const struct thread *thread)
{
	return thread->boosted_priority > thread->realtime_priority ? thread->boosted_priority :
								      thread->realtime_priority;
}

/* Set weight_inverse from policy and nice value. */
void run_queue_set_weight(struct thread *thread);

/* Is virtual time `a` before `b`? */
static inline bool run_queue_is_before(uint64_t a, uint64_t b)
{
	return (int64_t)(a - b) < 0;
}

/*
 * What real-time threads may have of each CPU while fair ones wait there, in microseconds:
 * `runtime_us` of each `period_us`; runtime -1: all. Errors: -EINVAL.
 */
must_check int run_queue_set_realtime_share(int runtime_us, int period_us);
int run_queue_realtime_runtime(void);
int run_queue_realtime_period(void);

/* Charge the running thread with the time since clock_ns. */
void run_queue_account(struct run_queue *queue, uint64_t now_ns);

/* For a thread that comes from another queue. */
void run_queue_enter_from_other(struct run_queue *queue, struct thread *thread, uint64_t now_ns);

/*
 * Bring virtual_ns of a thread that slept up to this queue's time. Its queue_cpu still says which
 * queue it left. A new thread is simply put at least_virtual_ns.
 */
static inline void run_queue_enter(struct run_queue *queue, struct thread *thread, uint64_t now_ns)
{
	uint64_t earliest = queue->least_virtual_ns - SLEEPER_NS;

	if (unlikely(atomic_load_explicit(&thread->queue_cpu, memory_order_relaxed) != queue->cpu))
		run_queue_enter_from_other(queue, thread, now_ns);
	if (run_queue_is_before(thread->virtual_ns, earliest))
		thread->virtual_ns = earliest;
}

/* Remember what run_queue_enter needs, for one that leaves. */
static inline void run_queue_leave(struct run_queue *queue, struct thread *thread, uint64_t now_ns)
{
	thread->sleep_start_least_ns = queue->least_virtual_ns;
	thread->sleep_start_ns = now_ns;
}

/* One of SCHED_RR has its whole quantum before it: it came to the end of the line. */
static inline void run_queue_begin_quantum(struct thread *thread)
{
	thread->quantum_end_ns = thread->run_ns + QUANTUM_NS;
}

/*
 * When the running one, of real time, will have spent what it may have while others wait; on the
 * clock of run_queue_account(). UINT64_MAX: never. Caller holds queue->lock.
 */
uint64_t run_queue_realtime_end(const struct run_queue *queue);

/* Put a thread in; `at_front`: of its real-time priority. */
void run_queue_add(struct run_queue *queue, struct thread *thread, bool at_front);
void run_queue_remove(struct run_queue *queue, struct thread *thread);
/*
 * Put one in that was just woken; `is_handed`: by a thread about to sleep. Mostly it stays out of
 * the tree.
 */
void run_queue_add_woken(struct run_queue *queue, struct thread *thread, bool is_handed);
/* The same where nobody stands in front, and `thread` is a fair one. */
static inline void run_queue_put_in_front(struct run_queue *queue, struct thread *thread,
					  bool is_handed)
{
	queue->front = thread;
	queue->front_is_handed = is_handed;
	thread->queued = true;
	atomic_store_explicit(&queue->load, ++queue->ready_count + !queue->running->is_idle,
			      memory_order_relaxed);
}
/*
 * The thread in front if nobody else waits, taken out: the one that runs cannot go on. Else NULL,
 * and run_queue_choose says who. The caller sets `load`.
 */
static inline struct thread *run_queue_take_only(struct run_queue *queue)
{
	struct thread *thread = queue->front;

	if (!thread || queue->ready_count != 1)
		return NULL;
	queue->front = NULL;
	queue->ready_count = 0;
	thread->queued = false;
	return thread;
}
/* The one in front goes to the tree: its waker did not sleep. */
void run_queue_settle(struct run_queue *queue);

/*
 * The thread to run: `stay`, who runs now and could go on (NULL: it cannot), or another, taken out
 * of the queue while `stay` goes in. `yields`: stay only if nobody else waits. NULL if there is
 * nobody.
 */
struct thread *run_queue_choose(struct run_queue *queue, struct thread *stay, bool yields);

/*
 * A waiting thread that may run on `cpu` and is not being switched away from; it stays in. NULL:
 * none.
 */
struct thread *run_queue_find_movable(struct run_queue *queue, unsigned int cpu);
/* From one queue to another; the caller holds both locks. */
void run_queue_move(struct run_queue *from, struct run_queue *to, struct thread *thread);

/* Should `thread`, just put in, interrupt the one that runs? The caller has accounted up to now. */
bool run_queue_preempts(const struct run_queue *queue, const struct thread *thread);
/* Has the running thread had its share while others wait? */
bool run_queue_slice_over(const struct run_queue *queue);

bool run_queue_check(const struct run_queue *queue);
