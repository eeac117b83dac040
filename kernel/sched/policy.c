/*
 * Policies, priorities, nice values, affinities and users: what other threads, or the thread
 * itself, may change while it runs, waits in a queue, or sleeps.
 *
 * A change that moves the thread among the others takes it out of its queue if it waits there,
 * changes it, puts it back, and lets the CPU choose again if that could matter. The queue's lock is
 * what holds the thread still.
 */
#include "arch/clock.h"
#include "core/config.h"
#include "lib/min_max.h"
#include "sched/internal.h"
#include "sched/schedule.h"
#include "uapi/linux/errno.h"

/* Between begin_change and end_change the thread is locked, and `wish` may be altered. */
struct change {
	struct run_queue *queue;
	irq_flags flags;
	struct {
		enum sched_policy policy;
		int priority, boost, nice;
	} wish;			/* at first what the thread has */
};

static void begin_change(struct change *change, struct thread *thread)
{
	change->queue = run_queue_lock_of(thread, &change->flags);
	run_queue_account(change->queue, arch_clock_ns());
	change->wish.policy = thread->policy;
	change->wish.priority = thread->realtime_priority;
	change->wish.boost = thread->boosted_priority;
	change->wish.nice = thread->nice;
}

static void grant(const struct change *change, struct thread *thread)
{
	if (thread->policy != change->wish.policy)
		run_queue_begin_quantum(thread);
	thread->policy = change->wish.policy;
	thread->realtime_priority = change->wish.priority;
	thread->boosted_priority = change->wish.boost;
	thread->nice = change->wish.nice;
	run_queue_set_weight(thread);
}

/*
 * A waiting real-time thread whose priority stays what it was keeps its place. Else it comes last
 * among its new equals, but first if its priority was lowered. So POSIX and Linux have it.
 */
static void end_change(struct change *change, struct thread *thread)
{
	struct run_queue *queue = change->queue;
	int old_priority = run_queue_priority(thread);
	int priority = max(change->wish.priority, change->wish.boost);
	bool moves = priority != old_priority || priority == 0;
	bool was_queued = thread->queued;

	if (moves && was_queued)
		run_queue_remove(queue, thread);
	grant(change, thread);
	if (old_priority == 0) {
		thread->realtime_start_ns = thread->run_ns;
		thread->realtime_sleep_ns = thread->sleep_start_ns;
	}
	/* Real-time threads do not keep up with virtual time: start anew. */
	if (old_priority > 0 && priority == 0)
		run_queue_enter_anew(thread);
	if (moves && was_queued) {
		run_queue_add(queue, thread, priority < old_priority);
		if (run_queue_preempts(queue, thread))
			schedule_kick(queue);
	} else if (queue->running == thread) {
		schedule_kick(queue);
	}
	spin_unlock_irq(&queue->lock, change->flags);
}

int schedule_set_policy(struct thread *thread, enum sched_policy policy, int priority)
{
	bool realtime = policy == SCHED_POLICY_FIFO || policy == SCHED_POLICY_RR;
	struct change change;

	if (!realtime && policy != SCHED_POLICY_OTHER && policy != SCHED_POLICY_BATCH &&
	    policy != SCHED_POLICY_IDLE)
		return -EINVAL;
	if (realtime ? priority < 1 || priority >= REALTIME_PRIORITIES : priority != 0)
		return -EINVAL;
	begin_change(&change, thread);
	change.wish.policy = policy;
	change.wish.priority = priority;
	end_change(&change, thread);
	return 0;
}

void schedule_set_nice(struct thread *thread, int nice)
{
	struct change change;

	begin_change(&change, thread);
	change.wish.nice = clamp(nice, -20, 19);
	end_change(&change, thread);
}

void schedule_set_boost(struct thread *thread, int priority)
{
	struct change change;

	begin_change(&change, thread);
	change.wish.boost = clamp(priority, 0, REALTIME_PRIORITIES - 1);
	end_change(&change, thread);
}

void schedule_set_shares(struct thread *thread, struct cpu_share *shares)
{
	irq_flags flags;
	struct run_queue *queue = run_queue_lock_of(thread, &flags);

	run_queue_account(queue, arch_clock_ns());
	run_queue_set_shares(queue, thread, shares);
	spin_unlock_irq(&queue->lock, flags);
}

int schedule_priority(const struct thread *thread)
{
	return run_queue_priority(thread);
}

/* The first CPU of `cpus` that runs. */
static struct run_queue *queue_among(uint32_t cpus)
{
	return run_queue_of((unsigned int)__builtin_ctz(cpus & schedule_online_cpus()));
}

/*
 * Move a waiting thread off a CPU where it may not run any more. Its queue may change under our
 * feet.
 */
static void evict(struct thread *thread, uint32_t cpus)
{
	struct run_queue *to = queue_among(cpus);
	struct run_queue *from = run_queue_of(atomic_load(&thread->queue_cpu));
	irq_flags flags = irq_disable_save();

	spin_lock_pair(&from->lock, &to->lock);
	if (atomic_load(&thread->queue_cpu) == from->cpu && thread->queued &&
	    !(thread->affinity >> from->cpu & 1) && !atomic_load(&thread->on_cpu)) {
		run_queue_move(from, to, thread);
		schedule_kick(to);
	}
	spin_unlock_pair(&from->lock, &to->lock);
	irq_restore(flags);
}

int schedule_set_affinity(struct thread *thread, uint32_t cpus)
{
	struct run_queue *queue;
	irq_flags flags;
	bool must_move;

	if (!(cpus & schedule_online_cpus()))
		return -EINVAL;
	queue = run_queue_lock_of(thread, &flags);
	thread->affinity = cpus;
	must_move = thread->queued && !(cpus >> queue->cpu & 1);
	if (queue->running == thread && !(cpus >> queue->cpu & 1))
		schedule_kick(queue); /* schedule_switch sends it away; if it is us, now */
	spin_unlock_irq(&queue->lock, flags);
	/* If it began to run or moved meanwhile, the tick finds it in the wrong place. */
	if (must_move)
		evict(thread, cpus);
	return 0;
}

uint64_t schedule_quantum_ns(const struct thread *thread)
{
	switch (thread->policy) {
	case SCHED_POLICY_FIFO: return 0;
	case SCHED_POLICY_RR: return QUANTUM_NS;
	default: return SLICE_NS;
	}
}
