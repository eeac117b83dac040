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
#include "core/config.h"
#include "core/spinlock.h"
#include "lib/list.h"
#include "lib/rbtree.h"
#include "sched/thread.h"

enum {
	REALTIME_PRIORITIES = 100,	/* 1 to 99 are used */
	WEIGHT_SHIFT = 22,	/* 2^32 / weight / 2^22 = 1024 / weight: nice 0 runs in real time */
};

/* How soon the alarm of a CPU rings at the latest: HANDOVER promises more than TICK. */
enum alarm_bound {
	ALARM_ANY,	/* nothing is known */
	ALARM_TICK,	/* TICK_NS after some moment that has passed */
	ALARM_HANDOVER,	/* HANDOVER_NS after the running thread, or one before it, got the CPU */
};

#define SLICE_NS	 3000000ull   /* a fair thread runs at least so long when others wait */
#define QUANTUM_NS	 100000000ull /* of SCHED_RR */
#define REALTIME_LOOK_NS 50000ull     /* the share of real time is looked at no more often */
#define SLEEPER_NS	 3000000ull   /* by how much a sleeper may come before those that ran */
/* how far ahead of the running thread one must be to interrupt it */
#define WAKE_PREEMPT_NS	 1000000ull

/*
 * What the fair threads of one user have of one CPU. A user has CPU_MAX of these, zeroed at first,
 * and keeps them as long as he has threads.
 * [q] run_queue.lock of that CPU
 */
struct cpu_share {
	struct rbtree_cached fair;	/* [q] threads waiting, by virtual time */
	uint64_t least_virtual_ns; /* [q] none of them is behind it by much; only grows */
	struct rbtree_node node;   /* [q] in run_queue.shares */
	uint64_t virtual_ns;	   /* [q] weighted time that they ran */
};

/*
 * [I] immutable once published  [q] run_queue.lock  [c] own CPU, interrupts off  [a] atomic
 */
struct run_queue {
	struct spinlock lock;		/* LOCK_RANK_RUN_QUEUE */
	unsigned int cpu;		/* [I] the CPU that this queue feeds */
	uint32_t cpu_bit;		/* [I] 1 << cpu */
	struct thread *running;		/* [q] never NULL; not in the queue */
	struct thread *idle;		/* [I] */
	struct thread *front;		/* [q] the fair thread woken last, not in the tree */
	/* [q] by one about to sleep: this CPU's, and first if that is fair */
	bool front_is_handed;
	/* [q] shares with waiting threads, but for the running one's, by virtual time */
	struct rbtree_cached shares;
	uint64_t least_share_ns;   /* [q] no share is behind it by much; only grows */
	uint64_t share_clock_ns;   /* [q] time up to which the running share is charged */
	unsigned int tree_count;   /* [q] threads waiting in the trees of all shares */
	struct cpu_share no_share; /* [q] the idle thread's; always empty */
	struct list realtime[REALTIME_PRIORITIES]; /* [q] first in, first out */
	uint32_t realtime_mask[(REALTIME_PRIORITIES + 31) / 32]; /* [q] lists that are not empty */
	uint64_t realtime_until_ns;	/* [q] end of the period of real-time threads */
	uint64_t realtime_ns;		/* [q] how long they have run in it */
	unsigned int ready_count;	/* [q] threads waiting: in front, the tree and the lists */
	atomic_uint load; /* [a] ready_count, and one if a thread runs; relaxed, a hint */
	uint64_t clock_ns;		/* [q] time up to which `running` is charged */

	uint64_t start_ns;		/* [I] when this CPU began */
	uint64_t user_ns, idle_ns;	/* [q] times up to clock_ns */
	uint64_t told_system_ns;	/* [q] schedule_cpu_times: never less than before */
	uint64_t switches;		/* [q] */

	struct thread *previous;	/* [c] switched from, and that not finished yet. Or NULL */
	bool previous_moves; /* [c] it is runnable but may not run here: to be placed elsewhere */
	struct thread *dead;		/* [c] threads to be cleaned up, through next_dead */
	uint64_t balance_ns;		/* [c] when to look at the other queues again */
	uint64_t alarm_ns;		/* [c] when the alarm rings; UINT64_MAX: not set */
	enum alarm_bound alarm_bound;	/* [c] cleared when it rings */
};

void run_queue_init(struct run_queue *queue, unsigned int cpu, struct thread *idle);

/* The priority that decides before virtual time does: 0 for fair threads. */
static inline int run_queue_priority(const struct thread *thread)
{
	return thread->boosted_priority > thread->realtime_priority ? thread->boosted_priority :
								      thread->realtime_priority;
}

/* Is it one for virtual time to decide about? */
static inline bool run_queue_is_fair(const struct thread *thread)
{
	return (thread->realtime_priority | thread->boosted_priority) == 0;
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
void run_queue_charge(struct run_queue *queue, uint64_t now_ns);
/*
 * The same. In place for a fair thread of nice value 0 while the trees are empty: two that serve
 * each other are charged with 24 instructions instead of 62.
 */
static inline void run_queue_account(struct run_queue *queue, uint64_t now_ns)
{
	struct thread *running = queue->running;
	struct cpu_share *share = running->share;
	uint64_t ran = now_ns - queue->clock_ns;
	uint64_t virtual_ns;

	/* What is negative has an upper half too. */
	if (unlikely(ran >> 32 || running->weight_inverse != 1u << WEIGHT_SHIFT ||
		     !run_queue_is_fair(running) || queue->tree_count)) {
		run_queue_charge(queue, now_ns);
		return;
	}
	queue->clock_ns = now_ns;
	running->run_ns += (uint32_t)ran;
	virtual_ns = running->virtual_ns + (uint32_t)ran;
	running->virtual_ns = virtual_ns;
	if (likely(run_queue_is_before(share->least_virtual_ns, virtual_ns)))
		share->least_virtual_ns = virtual_ns;
}

/* The queue of `cpu` is `thread`'s from now on. Caller holds the lock of the one it leaves. */
static inline void run_queue_set_home(struct thread *thread, unsigned int cpu)
{
	atomic_store_explicit(&thread->queue_cpu, cpu, memory_order_relaxed);
	thread->share = &thread->shares[cpu];
}

/* For a thread that comes from another queue. */
void run_queue_enter_from_other(struct thread *thread, uint64_t now_ns);

void run_queue_bring_up_slowly(struct thread *thread);
/* Of one that slept on its queue: virtual_ns is no further behind than a sleeper's may be. */
static inline void run_queue_bring_up(struct thread *thread)
{
	uint64_t behind = thread->share->least_virtual_ns - thread->virtual_ns;

	/* Who is ahead has an upper half too. */
	if (unlikely(behind >> 32 || (uint32_t)behind > SLEEPER_NS))
		run_queue_bring_up_slowly(thread);
}

/*
 * Bring virtual_ns of a thread that slept up to its queue's time; `is_from_other`: it slept on
 * another.
 */
static inline void run_queue_enter(struct thread *thread, uint64_t now_ns, bool is_from_other)
{
	if (unlikely(is_from_other))
		run_queue_enter_from_other(thread, now_ns);
	run_queue_bring_up(thread);
}

/* A new thread, or one that comes back from real time, has no past. */
static inline void run_queue_enter_anew(struct thread *thread)
{
	thread->virtual_ns = thread->share->least_virtual_ns;
}

/* Remember what run_queue_enter needs, for one that leaves. */
static inline void run_queue_leave(struct thread *thread, uint64_t now_ns)
{
	thread->sleep_start_least_ns = thread->share->least_virtual_ns;
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

void run_queue_change_share(struct run_queue *queue, struct cpu_share *from, struct cpu_share *to);
/* `thread`, which is not in the queue, runs from now on. */
static inline void run_queue_set_running(struct run_queue *queue, struct thread *thread)
{
	struct cpu_share *before = queue->running->share;

	queue->running = thread;
	if (unlikely(thread->share != before))
		run_queue_change_share(queue, before, thread->share);
}
/* Who runs, or is not in any queue, is of another user from now on. */
void run_queue_set_shares(struct run_queue *queue, struct thread *thread, struct cpu_share *shares);

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
	/* Who hands over runs. */
	atomic_store_explicit(&queue->load,
			      ++queue->ready_count + (is_handed || !queue->running->is_idle),
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
