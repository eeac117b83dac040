/*
 * Balance: no CPU idles while threads wait for another one.
 *
 * Work is mostly spread when threads wake up (schedule.c looks for an idle CPU). What remains: a
 * CPU that runs out of threads takes one from the longest queue; a busy CPU with threads waiting
 * wakes an idle one, at its tick, to do just that; and a busy CPU with at least two threads fewer
 * than the busiest takes one. Loads are read without locks: a wrong guess moves nothing, or moves
 * one thread in vain.
 *
 * Both queues' locks are held for a move, taken in the order of their addresses, so a waiting
 * thread is always in exactly one queue.
 */
#include "core/assert.h"
#include "core/config.h"
#include "sched/internal.h"

#define BALANCE_NS 40000000ull /* between two comparisons of busy CPUs */

static unsigned int load_of(const struct run_queue *queue)
{
	return atomic_load_explicit(&queue->load, memory_order_relaxed);
}

/* The queue with the greatest load of at least `least`, but not `own`. */
static struct run_queue *busiest(const struct run_queue *own, unsigned int least)
{
	uint32_t online = schedule_online_cpus();
	struct run_queue *found = NULL;

	for (unsigned int cpu = 0; cpu < CPU_MAX; cpu++) {
		struct run_queue *queue = run_queue_of(cpu);

		if (!(online >> cpu & 1) || queue == own || load_of(queue) < least)
			continue;
		found = queue;
		least = load_of(queue) + 1;
	}
	return found;
}

/* Interrupts off. */
static bool take_from(struct run_queue *own, struct run_queue *other)
{
	struct thread *thread;

	spin_lock_pair(&own->lock, &other->lock);
	/* Not what it is about to run: that would only move the idling. */
	thread = other->ready_count > 0 && !other->running->is_idle ?
			 run_queue_find_movable(other, own->cpu) : NULL;
	if (thread)
		run_queue_move(other, own, thread);
	spin_unlock_pair(&own->lock, &other->lock);
	return thread;
}

bool balance_pull(struct run_queue *queue)
{
	struct run_queue *other = busiest(queue, 2);

	return other && take_from(queue, other);
}

void balance_tick(struct run_queue *queue, uint64_t now_ns)
{
	uint32_t idle = schedule_idle_cpus();
	unsigned int load = load_of(queue);
	struct run_queue *other;

	if (load >= 2 && idle) {
		schedule_kick_cpu((unsigned int)__builtin_ctz(idle));
		return;
	}
	if (now_ns < queue->balance_ns)
		return;
	queue->balance_ns = now_ns + BALANCE_NS;
	other = busiest(queue, load + 2);
	if (other)
		(void)take_from(queue, other);
}
