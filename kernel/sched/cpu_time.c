/*
 * The tick, and the times that programs see: CPU time by thread and by CPU, load averages.
 *
 * How much each thread runs is exact: it is charged at every switch. How much of that was in user
 * mode is sampled, because reading the clock at each system call would cost more than a short call
 * does: the tick adds all time since the last sample to the side where it finds the thread. What no
 * sample has seen yet counts as user time, and for the thread that asks about itself it stays so.
 *
 * A CPU ticks only while it runs a thread: every TICK_NS when nobody waits, at the end of the slice
 * when somebody does. Setting the alarm for a tick that is not needed any more costs one interrupt
 * later, less than taking it back would.
 *
 * A real-time thread may have a limit on how long it runs without sleeping. The limit is its
 * process's business: each tick of such a thread makes it look, on its way to user mode. When it
 * last woke, the tick finds out: a new sleep_start_ns means a new beginning, late by a tick.
 *
 * Load averages are Linux's: three exponential means of the number of runnable threads, over 1, 5
 * and 15 minutes, in steps of five seconds. Nothing ticks on an idle machine, so steps that were
 * missed are made up for by whoever comes next, as steps without load.
 */
#include "arch/clock.h"
#include "arch/context.h"
#include "core/config.h"
#include "core/stack_header.h"
#include "lib/math64.h"
#include "lib/min_max.h"
#include "sched/internal.h"
#include "sched/rcu.h"
#include "sched/schedule.h"

#define LOAD_STEP_NS   5000000000ull
#define LOAD_SHIFT     11
#define LOAD_ONE       (1u << LOAD_SHIFT)
#define LOAD_STEPS_MAX 1200u /* after so many idle steps nothing is left */

static struct spinlock load_lock = SPINLOCK_INIT(LOCK_RANK_LEAF, "load average");
static uint32_t load_averages[3];	/* [load_lock] times LOAD_ONE */
static uint64_t load_next_ns;		/* [load_lock] when the next step is due */

/* exp(-5 s / 1, 5, 15 min) times LOAD_ONE. */
static const uint32_t load_decay[3] = { 1884, 2014, 2037 };

/* ---- user and system time ---- */

/* Give what is not split yet to one side. Caller holds the queue's lock. */
static void split(struct run_queue *queue, struct thread *thread, bool user)
{
	uint64_t rest = thread->run_ns - thread->user_ns - thread->system_ns;

	if (user) {
		thread->user_ns += rest;
		queue->user_ns += rest;
	} else {
		thread->system_ns += rest;
	}
}

/* Did the interrupt that we are in stop the running thread in user mode? */
static bool interrupted_user_mode(const struct thread *running)
{
	return running->mmu && trap_frame_is_interrupt(arch_user_frame(running->stack));
}

uint64_t schedule_run_time(struct thread *thread)
{
	irq_flags flags;
	struct run_queue *queue = run_queue_lock_of(thread, &flags);
	uint64_t time;

	if (queue->running == thread)
		run_queue_account(queue, arch_clock_ns());
	time = thread->run_ns;
	spin_unlock_irq(&queue->lock, flags);
	return time;
}

void schedule_times(struct thread *thread, uint64_t *user_ns, uint64_t *system_ns)
{
	irq_flags flags;
	struct run_queue *queue = run_queue_lock_of(thread, &flags);

	if (queue->running == thread)
		run_queue_account(queue, arch_clock_ns());
	if (thread == thread_current())
		split(queue, thread, true); /* it may have been told: never take it back */
	*system_ns = thread->system_ns;
	*user_ns = thread->run_ns - thread->system_ns;
	spin_unlock_irq(&queue->lock, flags);
}

void schedule_cpu_times(unsigned int cpu, struct cpu_times *out)
{
	struct run_queue *queue = run_queue_of(cpu);
	irq_flags flags = spin_lock_irq(&queue->lock);
	uint64_t busy, system;

	run_queue_account(queue, arch_clock_ns());
	busy = queue->clock_ns - queue->start_ns - queue->idle_ns;
	/* What no sample has seen yet may turn out to be user time: what was told stays told. */
	system = max(busy - min(queue->user_ns, busy), queue->told_system_ns);
	queue->told_system_ns = system;
	*out = (struct cpu_times){
		.user_ns = busy - system,
		.system_ns = system,
		.idle_ns = queue->idle_ns,
		.switches = queue->switches,
	};
	spin_unlock_irq(&queue->lock, flags);
}

/* ---- load ---- */

unsigned int schedule_runnable_count(void)
{
	uint32_t online = schedule_online_cpus();
	unsigned int count = 0;

	for (unsigned int cpu = 0; cpu < CPU_MAX; cpu++) {
		if (online >> cpu & 1)
			count += atomic_load_explicit(&run_queue_of(cpu)->load,
						      memory_order_relaxed);
	}
	return count;
}

static void load_step(unsigned int runnable)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(load_averages); i++) {
		uint32_t decay = load_decay[i];

		uint64_t sum = (uint64_t)load_averages[i] * decay;

		sum += (uint64_t)runnable * LOAD_ONE * (LOAD_ONE - decay);
		load_averages[i] = (uint32_t)(sum >> LOAD_SHIFT);
	}
}

static void update_load_averages(uint64_t now_ns)
{
	uint64_t missed;
	irq_flags flags;

	flags = spin_lock_irq(&load_lock);
	if (now_ns >= load_next_ns) {
		missed = div64_u64(now_ns - load_next_ns, LOAD_STEP_NS, NULL);
		load_next_ns += (missed + 1) * LOAD_STEP_NS;
		for (uint64_t i = 0; i < min_t(uint64_t, missed, LOAD_STEPS_MAX); i++)
			load_step(0);
		load_step(schedule_runnable_count());
	}
	spin_unlock_irq(&load_lock, flags);
}

void schedule_load_averages(uint32_t averages[3])
{
	irq_flags flags;

	update_load_averages(arch_clock_ns());
	flags = spin_lock_irq(&load_lock);
	for (unsigned int i = 0; i < ARRAY_SIZE(load_averages); i++)
		averages[i] = load_averages[i];
	spin_unlock_irq(&load_lock, flags);
}

/* ---- the tick ---- */

/* Is there a reason to let the running thread go? Caller holds queue->lock. */
static bool should_choose_again(struct run_queue *queue)
{
	const struct thread *running = queue->running, *front = queue->front;

	/* Its waker did not sleep: let others have it. It was woken without a look at the clock. */
	run_queue_settle(queue);
	return (front && run_queue_preempts(queue, front)) || run_queue_slice_over(queue) ||
	       rcu_waits_for(queue->cpu) ||
	       !(running->affinity >> queue->cpu & 1);
}

/* Caller holds queue->lock; the thread is of real time. */
static void watch_realtime(struct thread *running)
{
	if (running->realtime_sleep_ns != running->sleep_start_ns) {
		running->realtime_sleep_ns = running->sleep_start_ns;
		running->realtime_start_ns = running->run_ns;
	}
	/* The interrupt is on its stack, so the header is its own. Relaxed: it carries nothing. */
	if (running->mmu)
		atomic_fetch_or_explicit(&stack_header()->return_work, RETURN_WORK_REALTIME,
					 memory_order_relaxed);
}

uint64_t schedule_realtime_run(void)
{
	struct thread *self = thread_current();
	uint64_t run_ns = schedule_run_time(self);

	/* Both belong to us alone while we run, but for the tick. */
	return run_queue_priority(self) > 0 ? run_ns - self->realtime_start_ns : 0;
}

uint64_t schedule_tick(uint64_t now_ns)
{
	struct run_queue *queue = run_queue_of(cpu_index());
	uint64_t next;

	spin_lock(&queue->lock);
	run_queue_account(queue, now_ns);
	if (queue->running->is_idle) {
		spin_unlock(&queue->lock);
		return UINT64_MAX;
	}
	split(queue, queue->running, interrupted_user_mode(queue->running));
	if (should_choose_again(queue))
		schedule_kick_on_tick(queue);
	next = now_ns + (queue->ready_count ? SLICE_NS : TICK_NS);
	if (run_queue_priority(queue->running) > 0) {
		watch_realtime(queue->running);
		next = min(next, run_queue_realtime_end(queue));
	}
	spin_unlock(&queue->lock);
	balance_tick(queue, now_ns);
	update_load_averages(now_ns);
	return next;
}
