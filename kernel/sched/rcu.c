/*
 * Read-copy-update: freeing what readers without locks may still see.
 *
 * Idea. Readers keep preemption off, and schedule() is never called so. When every CPU has been
 * through schedule() once, all who were readers before have finished. One kernel thread collects
 * what all CPUs want freed, waits for such a grace period, calls the functions, and begins again if
 * there is more. It sleeps when there is nothing: an idle machine knows no grace periods and no
 * ticks for them.
 *
 * A grace period is a mask of the CPUs that have not yet passed. Each CPU clears its own bit
 * (rcu_quiescent); the last one wakes the thread. Idle CPUs are woken to do so, since they would
 * not schedule by themselves; busy ones do it at their next switch, or are made to by their tick.
 *
 * Order. A function is called only after a grace period that began after rcu_call: a batch is
 * collected first, then the mask is set. Setting and clearing bits are sequential, so what a reader
 * did lies before.
 *
 * Memory. Batches are collected after BATCH_NS, so one grace period serves many calls; but at once
 * when a CPU has MANY waiting, and then no CPU is given time to pass by itself. The thread has
 * real-time priority: it keeps up with any number of callers.
 *
 * Locks. Each CPU's list has its own lock, taken by that CPU and, once a batch, by the thread.
 */
#include "sched/rcu.h"
#include "arch/clock.h"
#include "arch/smp.h"
#include "core/assert.h"
#include "core/config.h"
#include "core/panic.h"
#include "core/spinlock.h"
#include "sched/internal.h"
#include "sched/schedule.h"
#include "sched/thread.h"
#include "sched/wait_queue.h"

#define BATCH_NS 5000000ull /* from the first callback to the collection */

enum {
	MANY = 1000,	/* callbacks of one CPU that make it urgent */
};

/* [q] lock */
struct rcu_cpu {
	struct spinlock lock;	/* LOCK_RANK_LEAF */
	struct rcu_head *first;	/* [q] in the order of the calls */
	struct rcu_head *last;	/* [q] */
	unsigned int count;	/* [q] */
} aligned_to(CACHE_LINE_SIZE);

static struct rcu_cpu cpus[CPU_MAX] = {
	[0 ... CPU_MAX - 1] = { .lock = SPINLOCK_INIT(LOCK_RANK_LEAF, "rcu callbacks") },
};

static struct thread *_Atomic rcu_thread;	/* NULL until rcu_init */
static struct wait_queue waiters = WAIT_QUEUE_INIT(waiters);	/* of rcu_synchronize */
atomic_uint rcu_waiting_cpus;	/* have not passed in this grace period */
static atomic_bool any_calls;		/* there may be something to collect */
static atomic_bool urgent; /* do not wait for more, nor for CPUs to pass by themselves */
static atomic_uint batches_begun;	/* collections started */
static atomic_uint batches_done;	/* of those, finished with all functions called */

static void wake_rcu_thread(void)
{
	struct thread *thread = atomic_load(&rcu_thread);

	if (thread)
		(void)thread_wake(thread);
}

void rcu_call(struct rcu_head *head, void (*function)(struct rcu_head *))
{
	irq_flags flags = irq_disable_save();
	struct rcu_cpu *cpu = &cpus[cpu_index()];
	bool many;

	head->function = function;
	head->next = NULL;
	spin_lock(&cpu->lock);
	if (cpu->first)
		cpu->last->next = head;
	else
		cpu->first = head;
	cpu->last = head;
	many = ++cpu->count == MANY;
	spin_unlock(&cpu->lock);
	irq_restore(flags);
	if (unlikely(many)) {
		atomic_store(&urgent, true);
		atomic_store(&any_calls, true);
		wake_rcu_thread();
	} else if (!atomic_load_explicit(&any_calls, memory_order_relaxed) &&
		   !atomic_exchange(&any_calls, true)) {
		wake_rcu_thread();
	}
}

bool rcu_waits_for(unsigned int cpu)
{
	return atomic_load_explicit(&rcu_waiting_cpus, memory_order_relaxed) >> cpu & 1;
}

void rcu_quiescent(void)
{
	unsigned int own = 1u << cpu_index();

	if (!(atomic_load_explicit(&rcu_waiting_cpus, memory_order_relaxed) & own))
		return;
	if (atomic_fetch_and(&rcu_waiting_cpus, ~own) == own)
		wake_rcu_thread();
}

/* ---- the thread ---- */

/* Sleep until the condition holds or the deadline passes. */
static void sleep_until(bool (*condition)(void), uint64_t deadline_ns)
{
	while (!condition() && arch_clock_ns() < deadline_ns) {
		thread_prepare_sleep(THREAD_SLEEPING);
		if (condition())
			thread_cancel_sleep();
		else
			(void)thread_sleep_until(deadline_ns);
	}
}

static bool has_calls(void)
{
	return atomic_load(&any_calls);
}

static bool is_urgent(void)
{
	return atomic_load(&urgent);
}

static bool all_have_passed(void)
{
	return atomic_load(&rcu_waiting_cpus) == 0;
}

static bool all_have_passed_or_urgent(void)
{
	return all_have_passed() || is_urgent();
}

/* Everything that all CPUs have queued, as one chain. */
static struct rcu_head *collect(void)
{
	struct rcu_head *chain = NULL;
	struct rcu_head **end = &chain;

	/* First: what is queued from here on asks for the next batch. */
	atomic_store(&any_calls, false);
	atomic_store(&urgent, false);
	atomic_fetch_add(&batches_begun, 1);
	for (unsigned int i = 0; i < CPU_MAX; i++) {
		struct rcu_cpu *cpu = &cpus[i];
		irq_flags flags = spin_lock_irq(&cpu->lock);

		if (cpu->first) {
			*end = cpu->first;
			end = &cpu->last->next;
			cpu->first = NULL;
			cpu->count = 0;
		}
		spin_unlock_irq(&cpu->lock, flags);
	}
	return chain;
}

static void nudge(uint32_t mask)
{
	irq_flags flags = irq_disable_save();

	for (unsigned int cpu = 0; cpu < CPU_MAX; cpu++) {
		if (mask >> cpu & 1)
			schedule_kick_cpu(cpu);
	}
	irq_restore(flags);
}

static void wait_grace_period(void)
{
	uint32_t online = schedule_online_cpus();

	/* Sequential: whoever sees its bit has seen nothing of what was queued, or will pass. */
	atomic_store(&rcu_waiting_cpus, online);
	nudge(schedule_idle_cpus() & online);
	sleep_until(all_have_passed_or_urgent, arch_clock_ns() + TICK_NS);
	/* A CPU that went idle meanwhile has passed; one that runs long in the kernel is asked. */
	while (!all_have_passed()) {
		nudge(atomic_load(&rcu_waiting_cpus));
		sleep_until(all_have_passed, arch_clock_ns() + TICK_NS);
	}
}

static void call_all(struct rcu_head *chain)
{
	while (chain) {
		struct rcu_head *head = chain;

		chain = head->next;
		preempt_disable();
		head->function(head);
		preempt_enable();
	}
}

static void run(void *unused)
{
	struct rcu_head *chain;

	(void)unused;
	for (;;) {
		sleep_until(has_calls, UINT64_MAX);
		sleep_until(is_urgent, arch_clock_ns() + BATCH_NS);
		chain = collect();
		wait_grace_period();
		call_all(chain);
		atomic_fetch_add(&batches_done, 1);
		wait_queue_wake_all(&waiters, 0);
	}
}

void rcu_init(void)
{
	struct thread *thread = thread_create_kernel("rcu", run, NULL);

	if (!thread || schedule_set_policy(thread, SCHED_POLICY_FIFO, 1) != 0)
		panic("no memory for the rcu thread");
	thread_get(thread);
	atomic_store(&rcu_thread, thread);
	thread_start(thread);
}

static bool has_reached(unsigned int batch)
{
	return (int)(atomic_load(&batches_done) - batch) >= 0;
}

void rcu_synchronize(void)
{
	/* One under way may have collected before what we wait for was queued: the next is ours. */
	unsigned int batch = atomic_load(&batches_begun) + 1;

	atomic_store(&urgent, true);
	atomic_store(&any_calls, true);
	wake_rcu_thread();
	wait_event(&waiters, has_reached(batch));
}
