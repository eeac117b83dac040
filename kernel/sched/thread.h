/*
 * Threads: something that runs on a kernel stack. What a user-mode thread is beyond that (signals,
 * ids, memory) is proc's business; sched offers sleeping, waking, interrupting and priorities.
 *
 * States, and who moves them:
 *	NEW -> RUNNABLE		thread_start
 *	RUNNABLE <-> running	schedule (on a CPU; state stays RUNNABLE)
 *	RUNNABLE -> SLEEPING*	the thread itself, thread_prepare_sleep
 *	SLEEPING* -> RUNNABLE	thread_wake; thread_interrupt if it sleeps interruptibly
 *	RUNNABLE -> DEAD	thread_exit; its stack is freed by whoever runs next on that CPU
 */
#pragma once
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "arch/context.h"
#include "core/config.h"
#include "core/refcount.h"
#include "core/spinlock.h"
#include "lib/list.h"
#include "lib/rbtree.h"
#include "lib/wide_count.h"

enum thread_state {
	THREAD_NEW,
	THREAD_RUNNABLE,
	THREAD_SLEEPING,	/* only thread_wake ends it (disk, locks) */
	THREAD_SLEEPING_KILLABLE, /* thread_kill_interrupt ends it too */
	THREAD_SLEEPING_INTERRUPTIBLE, /* thread_interrupt ends it too */
	/* by job control or a tracer: thread_resume_stopped or thread_kill_interrupt */
	THREAD_STOPPED,
	THREAD_DEAD,
};

/*
 * With the state, in one word: the thread has left its CPU's queue and must be put on one by
 * whoever wakes it. Without it a sleeper has only announced its sleep, and a wake-up just takes
 * that back.
 */
#define THREAD_OFF_QUEUE 0x100u

/* Linux's policy numbers. */
enum sched_policy { SCHED_POLICY_OTHER = 0, SCHED_POLICY_FIFO = 1, SCHED_POLICY_RR = 2,
	SCHED_POLICY_BATCH = 3, SCHED_POLICY_IDLE = 5 };

struct cpu_share;
struct futex_pi_waiter;
struct mmu_space;

/*
 * What a thread has read and written (/proc/PID/io). The system calls count the first four, vm and
 * block what goes to disks: kept here, because these know no other thread but this.
 */
struct thread_io {
	/* by read(2) and write(2) and their kin, sizes in bytes */
	struct wide_count read_size, write_size, read_calls, write_calls;
	uint64_t disk_read_size;		/* bytes asked of disks */
	uint64_t disk_write_size;		/* bytes of pages that became dirty */
	uint64_t cancelled_write_size;		/* of those, what was truncated before it left */
};

/*
 * [I] immutable once started  [t] own thread  [r] lock of the run queue of CPU queue_cpu  [a]
 * atomic [s] thread.lock  [l] lock of the list of all threads
 */
struct thread {
	struct arch_thread arch;	/* [t] machine state while not running */
	void *stack;			/* [s] lowest address; NULL once freed */
	struct mmu_space *mmu;		/* [t] user address space, NULL for kernel threads; changed
					 * together with mmu_space_switch(), preemption off */
	void (*entry)(void *argument);	/* [I] */
	void *argument;			/* [I] */
	char name[16];			/* [s] for ps and panics; exec and prctl change it */

	struct spinlock lock;		/* LOCK_RANK_THREAD */
	atomic_uint state_word;		/* [a] enum thread_state | THREAD_OFF_QUEUE */
	atomic_uint interrupted;	/* [a] enum thread_interrupt_kind: wait ends early */
	atomic_bool on_cpu;		/* [a] running, or its switch away is not finished */
	bool queued;			/* [r] waits in a run queue; not while it runs */
	bool is_idle;			/* [I] what a CPU runs when there is nothing to run */
	bool is_kernel;			/* [I] made by thread_create_kernel: see thread_is_kernel */
	atomic_uint queue_cpu; /* [a] whose run queue it is on, runs from, or was last on */
	struct rbtree_node run_node;	/* [r] by virtual time */
	struct list_node run_list;	/* [r] FIFO and RR: list of its priority */

	enum sched_policy policy;	/* [r] */
	int nice;			/* [r] -20..19 */
	int realtime_priority;		/* [r] 1..99 for FIFO and RR, else 0 */
	int boosted_priority;		/* [r] inherited through a PI futex, else 0 */
	uint32_t affinity;		/* [r] CPUs it may run on */
	uint32_t weight_inverse;	/* [r] 2^32 / weight of its nice value */
	struct cpu_share *shares;	/* [r] its user's: CPU_MAX of them, one of each CPU */
	struct cpu_share *share;	/* [r] the one of queue_cpu */
	/* [r] weighted time run, among the threads of its share */
	uint64_t virtual_ns;
	uint64_t slice_start_ns;	/* [r] when it was last given a CPU */
	uint64_t sleep_start_ns;	/* [r] when it last left the queue */
	uint64_t sleep_start_least_ns;	/* [r] its share's least virtual time then */
	uint64_t run_ns;		/* [r] time run in all, up to the last accounting */
	uint64_t quantum_end_ns;	/* [r] run_ns at which its turn is over, of SCHED_RR */
	/* [r] of real time: run_ns and sleep_start_ns at its first tick after it woke */
	uint64_t realtime_start_ns, realtime_sleep_ns;
	/* [r] run_ns as far as samples split it; see schedule_times() */
	uint64_t user_ns, system_ns;
	uint64_t voluntary_switches, involuntary_switches;	/* [t] */
	struct thread_io io;		/* [t] others read it as it stands */
	/* [t] a kernel thread that writing back waits for: see writeback_serve */
	bool serves_writeback;

	/*
	 * Locks with priority inheritance, all vm/futex_pi.c's own: those that it has and others
	 * wait for, how many, the one that it waits for, and whether it will have no more.
	 */
	struct list pi_owned;
	atomic_uint pi_owned_count;
	struct futex_pi_waiter *pi_waiting;
	atomic_bool pi_closed;

	struct refcount references; /* [a] the thread itself holds one until it is off its CPU */
	void (*release)(struct thread *thread);	/* [I] last reference gone; any context */
	struct thread *next_dead;	/* [t] off its CPU for good, about to be cleaned up */
	struct list_node all_node;	/* [l] every thread, for debuggers and panics */
};

_Static_assert(offsetof(struct thread, arch) == 0, "arch_thread_current() relies on it");

static inline enum thread_state thread_state(const struct thread *thread)
{
	return atomic_load_explicit(&thread->state_word, memory_order_acquire) & 0xff;
}

enum thread_interrupt_kind {
	THREAD_INTERRUPT_SIGNAL = 1 << 0,	/* interruptible waits return -EINTR */
	THREAD_INTERRUPT_KILL = 1 << 1,		/* killable waits too: it will die */
};

/*
 * Prepare `thread` (zeroed memory of the caller) with a stack of its own; it will run
 * entry(argument). Policy, nice value and affinity may be set until thread_start. Errors: -ENOMEM.
 */
must_check int thread_init(struct thread *thread, const char *name, void (*entry)(void *),
			   void *argument, void (*release)(struct thread *));
/* Undo thread_init for a thread never started. */
void thread_fini_unstarted(struct thread *thread);

/*
 * Where every thread begins, with itself as argument: completes the switch to it, then calls its
 * entry. For fork: arch_thread_fork(&child->arch, child->stack, ..., thread_first_run, child) after
 * thread_init.
 */
void thread_first_run(void *thread);

/* A kernel thread, allocated here and freed at its end. NULL when memory is short. Not started. */
struct thread *thread_create_kernel(const char *name, void (*entry)(void *), void *argument);

/* Does it work for others? Then it does not wait where only a program's own call is meant to. */
static inline bool thread_is_kernel(const struct thread *thread)
{
	return thread->is_kernel;
}

/* Put a new thread on a run queue. From now on it owns itself. */
void thread_start(struct thread *thread);

/* The end of the current thread. Holds nothing. */
noreturn void thread_exit(void);

static inline void thread_get(struct thread *thread) { refcount_get(&thread->references); }
void thread_put(struct thread *thread);

/*
 * Sleeping is two steps, so that no wake-up is lost: say that you are about to sleep, look at the
 * condition once more, then thread_sleep(). A wake-up in between makes thread_sleep return at once.
 * Most code wants wait_queue.h, which is built on this.
 */
void thread_prepare_sleep(enum thread_state kind);
void thread_cancel_sleep(void);
void thread_sleep(void);
/* Sleep until woken or `deadline_ns` (monotonic; UINT64_MAX: for ever). False: the time came first.
 * Both return at once if the thread is interrupted in a way that its kind of sleep heeds. */
bool thread_sleep_until(uint64_t deadline_ns);

/* Make a sleeping thread runnable; true if it slept. Any context. */
bool thread_wake(struct thread *thread);
/* The same, and hand it this CPU if it may run here: for a waker about to sleep itself. */
bool thread_wake_handover(struct thread *thread);

/* Set the kinds and wake it if its sleep is of a sort that they end. Any context. */
void thread_interrupt(struct thread *thread, enum thread_interrupt_kind kinds);
void thread_clear_interrupt(struct thread *thread, enum thread_interrupt_kind kinds);
static inline bool thread_is_interrupted(const struct thread *thread)
{
	return atomic_load_explicit(&thread->interrupted, memory_order_acquire) != 0;
}
static inline bool thread_is_killed(const struct thread *thread)
{
	return atomic_load_explicit(&thread->interrupted, memory_order_acquire) &
	       THREAD_INTERRUPT_KILL;
}

/* End THREAD_STOPPED. */
void thread_resume_stopped(struct thread *thread);

/* Ask `thread` to look at return_work `work` soon, wherever it runs. Any context. */
void thread_add_return_work(struct thread *thread, unsigned int work);

/* Take that back. It has no effect on a thread that has looked already. */
void thread_clear_return_work(struct thread *thread, unsigned int work);

/* Change the name shown by ps; cut to what fits. */
void thread_set_name(struct thread *thread, const char *name);

/* Give cached kernel stacks back: before counting leaks, and under pressure. Frames freed. */
size_t thread_trim_stacks(void);

/* R, S, D, T, Z... of Linux, for /proc. */
char thread_state_letter(const struct thread *thread);

/*
 * Call `visit` for each thread under the list's spinlock (rank LEAF order: after all others); false
 * stops.
 */
void thread_for_each(bool (*visit)(struct thread *thread, void *argument), void *argument);
