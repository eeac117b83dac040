/*
 * Policies, priorities, nice values and affinities: what other threads, or the thread itself, may
 * change while it runs, waits in a queue, or sleeps.
 *
 * Each change takes the thread out of its queue if it waits there, changes it, puts it back, and
 * lets the CPU choose again if that could matter. The queue's lock is what holds the thread still.
 */
#include "arch/clock.h"
#include "core/config.h"
#include "lib/min_max.h"
#include "sched/internal.h"
#include "sched/schedule.h"
#include "uapi/linux/errno.h"

/* Between begin_change and end_change the thread is locked and in no queue. */
struct change {
	struct run_queue *queue;
	irq_flags flags;
	bool was_queued;
	bool was_realtime;
};

static void begin_change(struct change *change, struct thread *thread)
{
	change->queue = run_queue_lock_of(thread, &change->flags);
	run_queue_account(change->queue, arch_clock_ns());
	change->was_queued = thread->queued;
	change->was_realtime = run_queue_priority(thread) > 0;
	if (change->was_queued)
		run_queue_remove(change->queue, thread);
}

static void end_change(struct change *change, struct thread *thread)
{
	struct run_queue *queue = change->queue;

	run_queue_set_weight(thread);
	/* Real-time threads do not keep up with virtual time: start anew. */
	if (change->was_realtime && run_queue_priority(thread) == 0)
		thread->virtual_ns = queue->least_virtual_ns;
	if (change->was_queued) {
		run_queue_add(queue, thread, false);
		if (run_queue_preempts(queue, thread))
			schedule_kick(queue);
	} else if (queue->running == thread) {
		schedule_kick(queue);
	}
	spin_unlock_irq(&queue->lock, change->flags);
}

/* Then nothing is to be done, and a thread keeps its place among its equals and its quantum. */
static bool has_policy(struct thread *thread, enum sched_policy policy, int priority)
{
	irq_flags flags;
	struct run_queue *queue = run_queue_lock_of(thread, &flags);
	bool same = thread->policy == policy && thread->realtime_priority == priority;

	spin_unlock_irq(&queue->lock, flags);
	return same;
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
	if (has_policy(thread, policy, priority))
		return 0;
	begin_change(&change, thread);
	thread->policy = policy;
	thread->realtime_priority = priority;
	run_queue_begin_quantum(thread);
	end_change(&change, thread);
	return 0;
}

void schedule_set_nice(struct thread *thread, int nice)
{
	struct change change;

	begin_change(&change, thread);
	thread->nice = clamp(nice, -20, 19);
	end_change(&change, thread);
}

void schedule_set_boost(struct thread *thread, int priority)
{
	struct change change;

	begin_change(&change, thread);
	thread->boosted_priority = clamp(priority, 0, REALTIME_PRIORITIES - 1);
	end_change(&change, thread);
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
