/*
 * Switching threads: who runs on each CPU, and how woken threads get there.
 *
 * A switch. schedule_switch() charges the running thread, chooses the next one under the queue's
 * lock, drops the lock, and changes stacks with interrupts off. The lock is not held across the
 * change. What is held is `on_cpu` of the thread that goes: until the next thread, on its own
 * stack, has cleared it (schedule_finish_switch), no other CPU may run it, although it may already
 * be woken or queued. Three kinds of others wait for that or avoid it:
 *	- a waker of a thread that went to sleep spins until on_cpu is clear, then queues it;
 *	- a CPU that looks for work skips queued threads whose on_cpu is set;
 *	- a thread that may no longer run here is queued elsewhere only by finish_switch.
 * Nobody spins with a run queue's lock held, and a CPU within a switch waits for nobody, so this
 * ends.
 *
 * Sleep against wake-up. state_word says both the state and whether the thread has left its queue.
 * The sleeper goes from "sleeping" to "sleeping, off queue" by one compare-exchange, the waker from
 * either to "runnable" by another. If the waker comes first, the sleeper finds itself runnable and
 * stays; if it comes second, it knows that it must queue the thread. There is no third case, and no
 * lock.
 *
 * Preemption must not be taken for sleeping: a thread that is interrupted between announcing its
 * sleep and schedule() stays on the queue, whatever its state says.
 *
 * Need to choose again. RETURN_WORK_RESCHEDULE on the stack of the running thread, set under the
 * queue's lock; looked at on return to user mode and by the idle loop. Another CPU is sent an
 * interrupt as well. For one of real time RETURN_WORK_PREEMPT is set too, which preempt_enable()
 * and the end of interrupts look at. A fair one waits until the running one leaves the kernel: that
 * is soon, and what it holds there, a mutex or a page being read, would have to wait with it for
 * its next turn, and whoever needs that as well; among a crowd that is seconds. If the next tick
 * finds it still there, it must go.
 *
 * Time. One clock reading a switch; none for a wake-up that hands the CPU over, nor for one by a
 * thread that has just begun to run. The alarm is set only when what is set would come too late,
 * and never taken back: two threads that hand over to each other ten thousand times a tick do not
 * touch it. What a switch and such a wake-up want of it is a time from now on; so once it was set
 * for that it stays early enough until it rings, and alarm_bound says so in one word.
 */
#include "sched/schedule.h"
#include "arch/clock.h"
#include "arch/cpu.h"
#include "arch/mmu.h"
#include "arch/smp.h"
#include "arch/upcall.h"
#include "core/assert.h"
#include "core/config.h"
#include "core/event_ring.h"
#include "core/lock_check.h"
#include "core/preempt.h"
#include "core/spinlock_irq_off.h"
#include "lib/min_max.h"
#include "sched/internal.h"
#include "sched/rcu.h"

enum switch_reason {
	SWITCH_SLEEP,	/* as the state says: sleeping, stopped, dead; or not at all */
	SWITCH_PREEMPT,	/* whatever the state says, it goes on later */
	SWITCH_YIELD,	/* the same, and anybody else first */
};

/*
 * How long a handed-over thread waits for its waker to sleep, and one that was woken without a look
 * at the clock for the tick.
 */
#define HANDOVER_NS 1000000ull

static struct run_queue queues[CPU_MAX];
static atomic_uint online_cpus;
/* a hint: cleared by the waker that chose the CPU, or by the CPU itself */
static atomic_uint idle_cpus;
static atomic_uint shake_state;	/* debug: of the generator; 0: off */

struct run_queue *run_queue_of(unsigned int cpu)
{
	return &queues[cpu];
}

static inline struct run_queue *own_queue(void)
{
	struct run_queue *own = &queues[cpu_index()];

	keep_in_register(own); /* or its index is multiplied anew at each use */
	return own;
}

struct run_queue *run_queue_lock_of(struct thread *thread, irq_flags *flags)
{
	for (;;) {
		unsigned int cpu = atomic_load_explicit(&thread->queue_cpu, memory_order_relaxed);

		*flags = spin_lock_irq(&queues[cpu].lock);
		/* It moves only under the lock of the queue that it leaves. */
		if (likely(cpu == atomic_load_explicit(&thread->queue_cpu, memory_order_relaxed)))
			return &queues[cpu];
		spin_unlock_irq(&queues[cpu].lock, *flags);
	}
}

uint32_t schedule_online_cpus(void)
{
	return atomic_load_explicit(&online_cpus, memory_order_relaxed);
}

uint32_t schedule_idle_cpus(void)
{
	return atomic_load_explicit(&idle_cpus, memory_order_relaxed);
}

void schedule_set_online(unsigned int cpu)
{
	atomic_fetch_or(&online_cpus, 1u << cpu);
}

void schedule_note_idle(void)
{
	unsigned int own = 1u << cpu_index();

	if (!(schedule_idle_cpus() & own))
		atomic_fetch_or(&idle_cpus, own);
}

/* ---- asking a CPU to choose again ---- */

/*
 * `work`: RETURN_WORK_RESCHEDULE, and RETURN_WORK_PREEMPT where it must be at once. Caller holds
 * queue->lock. True: then smp_send_reschedule, better without the lock, since that is slow.
 */
static bool mark_kick(struct run_queue *queue, unsigned int work)
{
	struct stack_header *header = queue->running->stack;
	unsigned int old = atomic_fetch_or(&header->return_work, work);

	spin_assert_held(&queue->lock);
	return (~old & work) && queue->cpu != cpu_index();
}

void schedule_kick(struct run_queue *queue)
{
	if (mark_kick(queue, RETURN_WORK_RESCHEDULE | RETURN_WORK_PREEMPT))
		smp_send_reschedule(queue->cpu);
}

void schedule_kick_on_tick(struct run_queue *queue)
{
	const struct stack_header *header = queue->running->stack;
	unsigned int work = RETURN_WORK_RESCHEDULE;

	if (atomic_load_explicit(&header->return_work, memory_order_relaxed) & work)
		work |= RETURN_WORK_PREEMPT;
	(void)mark_kick(queue, work);
}

/* What is to be done for a woken one that is to run rather than the running one. */
static unsigned int work_for_woken(const struct run_queue *queue, const struct thread *thread)
{
	return queue->running->is_idle || !run_queue_is_fair(thread) ?
			     RETURN_WORK_RESCHEDULE | RETURN_WORK_PREEMPT :
			     RETURN_WORK_RESCHEDULE;
}

void schedule_kick_cpu(unsigned int cpu)
{
	bool send;

	spin_lock(&queues[cpu].lock);
	send = mark_kick(&queues[cpu], RETURN_WORK_RESCHEDULE | RETURN_WORK_PREEMPT);
	spin_unlock(&queues[cpu].lock);
	if (send)
		smp_send_reschedule(cpu);
}

/* ---- placing a thread ---- */

/*
 * The CPU where `thread` runs soonest: its last one if idle, then any idle one, then its last one.
 */
static unsigned int choose_cpu(const struct thread *thread)
{
	uint32_t allowed = thread->affinity & schedule_online_cpus();
	uint32_t idle = schedule_idle_cpus() & allowed;
	unsigned int last = atomic_load_explicit(&thread->queue_cpu, memory_order_relaxed);
	unsigned int cpu;

	if (idle == 0) {
		if (allowed >> last & 1)
			return last;
		return allowed ? (unsigned int)__builtin_ctz(allowed) : cpu_index();
	}
	if (idle >> last & 1)
		cpu = last;
	else if (idle >> cpu_index() & 1)
		cpu = cpu_index();
	else
		cpu = (unsigned int)__builtin_ctz(idle);
	/* Ours: the next waker looks for another. */
	atomic_fetch_and_explicit(&idle_cpus, ~(1u << cpu), memory_order_relaxed);
	return cpu;
}

/* The alarm rings by `deadline_ns`, and so keeps `bound`. Interrupts off. */
static noinline void bound_alarm(struct run_queue *own, enum alarm_bound bound,
				 uint64_t deadline_ns)
{
	timer_alarm_before(own, deadline_ns);
	own->alarm_bound = bound;
}

/* One waits that was put on our own queue: when the tick is to look. `slice`: the running one's. */
static void bound_wait(struct run_queue *own, uint64_t slice_start, uint64_t now)
{
	uint64_t slice_end = slice_start + SLICE_NS;

	if (now < slice_start + HANDOVER_NS)
		bound_alarm(own, ALARM_HANDOVER, slice_start + HANDOVER_NS);
	else
		timer_alarm_before(own, max_t(uint64_t, slice_end, now + SLICE_NS / 4));
}

/*
 * `thread`, which is on no queue, is `queue`'s from now on: said under the lock of the one that it
 * leaves, so that whoever changes its priority meanwhile holds one of the two, and what we see
 * under `queue`'s lock is what it has. Returns whether it came from another. Interrupts off.
 */
static inline bool change_home(struct run_queue *queue, struct thread *thread)
{
	unsigned int cpu = atomic_load_explicit(&thread->queue_cpu, memory_order_relaxed);

	if (cpu == queue->cpu)
		return false;
	spin_lock_irq_off(&queues[cpu].lock);
	run_queue_set_home(thread, queue->cpu);
	spin_unlock_irq_off(&queues[cpu].lock);
	return true;
}

/*
 * Put it on `queue` and see whether it should run at once. False, and on no queue: it may not run
 * there any more, for who says so holds the lock of the thread's queue. Interrupts off.
 */
static noinline bool place_on(struct run_queue *queue, struct thread *thread, enum placing how)
{
	uint64_t now = arch_clock_ns();
	bool is_from_other = change_home(queue, thread);
	uint64_t slice_start;
	bool kick, send = false;

	spin_lock_irq_off(&queue->lock);
	if (unlikely(!(thread->affinity & queue->cpu_bit) &&
		     (thread->affinity & schedule_online_cpus()))) {
		/* If it was chosen because it idles, let it say again that it does. */
		send = mark_kick(queue, RETURN_WORK_RESCHEDULE | RETURN_WORK_PREEMPT);
		spin_unlock_irq_off(&queue->lock);
		if (send)
			smp_send_reschedule(queue->cpu);
		return false;
	}
	run_queue_account(queue, now);
	if (how == PLACE_NEW)
		run_queue_enter_anew(thread);
	else
		run_queue_enter(thread, now, is_from_other);
	run_queue_add_woken(queue, thread, false);
	kick = queue->running->is_idle ||
	       (how != PLACE_NEW && run_queue_preempts(queue, thread));
	if (kick)
		send = mark_kick(queue, work_for_woken(queue, thread));
	slice_start = queue->running->slice_start_ns;
	spin_unlock_irq_off(&queue->lock);
	if (send)
		smp_send_reschedule(queue->cpu);
	else if (queue->cpu == cpu_index())
		bound_wait(queue, slice_start, now);
	return true;
}

static inline void place(struct thread *thread, enum placing how)
{
	while (unlikely(!place_on(&queues[choose_cpu(thread)], thread, how)))
		;
}

/* May it stand in front here? Under the lock of its queue: its priority and affinity stay. */
static inline bool may_be_in_front(const struct run_queue *own, const struct thread *thread)
{
	return likely(!own->front && run_queue_is_fair(thread) &&
		      (thread->affinity & own->cpu_bit));
}

/* As place_handover() for a thread that ran elsewhere before: it leaves that queue. */
static noinline bool hand_over_from_other(struct run_queue *own, struct thread *thread)
{
	unsigned int cpu = atomic_load_explicit(&thread->queue_cpu, memory_order_relaxed);
	bool may;

	spin_lock_pair(&own->lock, &queues[cpu].lock);
	may = may_be_in_front(own, thread);
	if (may) {
		run_queue_set_home(thread, own->cpu);
		run_queue_enter(thread, own->clock_ns, true);
		run_queue_put_in_front(own, thread, true);
	}
	spin_unlock_pair(&own->lock, &queues[cpu].lock);
	return may;
}

/* The same for one whose queue is ours. */
static inline bool hand_over_here(struct run_queue *own, struct thread *thread)
{
	spin_lock_irq_off(&own->lock);
	if (!may_be_in_front(own, thread)) {
		spin_unlock_irq_off(&own->lock);
		return false;
	}
	run_queue_bring_up(thread);
	run_queue_put_in_front(own, thread, true);
	spin_unlock_irq_off(&own->lock);
	return true;
}

/*
 * Let `thread` be the next on this CPU: it stands in front, without a look at the clock, since it
 * interrupts nobody. False: it must be placed as usual. Interrupts off.
 */
static inline bool place_handover(struct run_queue *own, struct thread *thread)
{
	if (unlikely(own->running->is_idle))
		return false;
	if (unlikely(atomic_load_explicit(&thread->queue_cpu, memory_order_relaxed) != own->cpu)
		    ? !hand_over_from_other(own, thread)
		    : !hand_over_here(own, thread))
		return false;
	/* If the waker does not sleep, the tick sees to others. */
	if (unlikely(own->alarm_bound < ALARM_HANDOVER))
		bound_alarm(own, ALARM_HANDOVER, own->running->slice_start_ns + HANDOVER_NS);
	return true;
}

/*
 * As place_on() where the thread was here before, no CPU is idle, and this one has not run the same
 * thread for longer than HANDOVER_NS: else the alarm would have rung. Then what the running thread
 * is still to be charged with is not worth a look at the clock, and the tick, which comes as soon,
 * looks again. 75 instructions instead of 250; futex_pingpong 2,307 -> 1,960.
 */
static inline bool place_in_front(struct run_queue *own, struct thread *thread)
{
	struct thread *running = own->running;

	if (unlikely(own->alarm_bound < ALARM_HANDOVER || running->is_idle) ||
	    atomic_load_explicit(&thread->queue_cpu, memory_order_relaxed) != own->cpu ||
	    (schedule_idle_cpus() & thread->affinity))
		return false;
	spin_lock_irq_off(&own->lock);
	if (unlikely(!may_be_in_front(own, thread) || !run_queue_is_fair(running) ||
		     thread->share != running->share)) {
		spin_unlock_irq_off(&own->lock);
		return false;
	}
	run_queue_bring_up(thread);
	run_queue_put_in_front(own, thread, false);
	if (unlikely(run_queue_is_before(thread->virtual_ns + WAKE_PREEMPT_NS,
					 running->virtual_ns)) &&
	    run_queue_preempts(own, thread))
		(void)mark_kick(own, RETURN_WORK_RESCHEDULE);
	spin_unlock_irq_off(&own->lock);
	return true;
}

/* Until `thread` is off the CPU where it ran. Interrupts off. */
static inline void wait_until_off_cpu(struct run_queue *own, struct thread *thread)
{
	/*
	 * It may be ourselves that it waits for: a handler that interrupted the start of a new
	 * thread.
	 */
	if (unlikely(own->previous))
		schedule_finish_switch();
	/* Acquire: pairs with the release in finish_switch. */
	while (unlikely(atomic_load_explicit(&thread->on_cpu, memory_order_acquire)))
		cpu_relax();
}

bool schedule_wake_handover(struct thread *thread)
{
	unsigned int word = thread_make_sleeper_runnable(thread);
	struct run_queue *own;

	if (unlikely(!(word & THREAD_OFF_QUEUE)))
		return word;
	own = own_queue();
	wait_until_off_cpu(own, thread);
	if (unlikely(!place_handover(own, thread)))
		place(thread, PLACE_WOKEN);
	return true;
}

void schedule_place(struct thread *thread, enum placing how)
{
	irq_flags flags = irq_disable_save();
	struct run_queue *own = own_queue();

	wait_until_off_cpu(own, thread);
	if (how != PLACE_WOKEN || !place_in_front(own, thread))
		place(thread, how);
	preempt_irq_restore(flags); /* looks whether it should run at once */
}

/* ---- the switch; interrupts are off ---- */

/* The thread that ran before goes to another CPU, or has died: nobody finds it but through us. */
static noinline void let_go_for_good(struct run_queue *queue, struct thread *previous)
{
	bool moves = queue->previous_moves;

	queue->previous_moves = false;
	if (!moves) {
		previous->next_dead = queue->dead;
		queue->dead = previous;
	}
	/* Release: its registers are saved. */
	atomic_store_explicit(&previous->on_cpu, false, memory_order_release);
	if (moves)
		schedule_place(previous, PLACE_MOVED);
}

/* Not NULL: somebody has died here, and schedule_reap_dead() is due. */
static inline struct thread *finish_switch(void)
{
	struct run_queue *queue = own_queue();
	struct thread *previous = queue->previous;

	if (unlikely(!previous))
		return queue->dead;
	queue->previous = NULL;
	/* Not if it was only interrupted on its way to death: then it comes back once more. */
	if (unlikely(atomic_load_explicit(&previous->state_word, memory_order_relaxed) ==
			     (THREAD_DEAD | THREAD_OFF_QUEUE) ||
		     queue->previous_moves))
		let_go_for_good(queue, previous);
	else /* Release: its registers are saved. It is anybody's from here on. */
		atomic_store_explicit(&previous->on_cpu, false, memory_order_release);
	return queue->dead;
}

void schedule_finish_switch(void)
{
	(void)finish_switch();
}

/*
 * From sleeping to sleeping off the queue. False: woken meanwhile, or never about to sleep. Others
 * only ever make it runnable, so if the exchange fails, that is what came.
 */
static inline bool leave_queue(struct thread *thread)
{
	unsigned int word = atomic_load_explicit(&thread->state_word, memory_order_relaxed);

	return word != THREAD_RUNNABLE &&
	       likely(atomic_compare_exchange_strong(&thread->state_word, &word,
						     word | THREAD_OFF_QUEUE));
}

/* The running thread if it could go on running here, else NULL. Caller holds queue->lock. */
static struct thread *who_stays(struct run_queue *queue, struct thread *running,
				enum switch_reason reason, uint64_t now)
{
	if (running->is_idle)
		return NULL;
	if (reason == SWITCH_SLEEP && leave_queue(running)) {
		run_queue_leave(running, now);
		return NULL;
	}
	if (unlikely(!(running->affinity >> queue->cpu & 1))) {
		run_queue_leave(running, now);
		queue->previous_moves = true;
		return NULL;
	}
	return running;
}

/* Nobody waits here: see whether somebody waits elsewhere. Drops and retakes queue->lock. */
static noinline struct thread *look_elsewhere(struct run_queue *queue)
{
	struct thread *next;

	spin_unlock_irq_off(&queue->lock);
	(void)balance_pull(queue);
	spin_lock_irq_off(&queue->lock);
	next = run_queue_choose(queue, NULL, false); /* or somebody was put here meanwhile */
	return next ? next : queue->idle;
}

static void clear_reschedule(struct thread *thread)
{
	struct stack_header *header = thread->stack;

	if (atomic_load_explicit(&header->return_work, memory_order_relaxed) &
	    RETURN_WORK_RESCHEDULE)
		atomic_fetch_and(&header->return_work, ~(unsigned int)(RETURN_WORK_RESCHEDULE |
								       RETURN_WORK_PREEMPT));
}

/*
 * `next` begins to run on this CPU. Caller holds queue->lock.
 *
 * The stores need no barrier before the look at idle_cpus. A waker never trusts that mask: it puts
 * its thread on a queue under the queue's lock and asks there whether the idle thread runs, so a
 * CPU that it finds idle is always kicked, whatever the mask said. Our own bit is set by this CPU
 * alone; others only clear it. So we cannot miss that it is set, and at worst clear it twice.
 * `on_cpu` is looked at by wakers that found the thread off its queue: it went there by a
 * compare-exchange of its own, after this store. `load` is a hint.
 */
static void begin_running(struct run_queue *queue, struct thread *next, uint64_t now)
{
	unsigned int own = 1u << queue->cpu;

	run_queue_set_running(queue, next);
	queue->switches++;
	next->slice_start_ns = now;
	((struct stack_header *)next->stack)->cpu = queue->cpu;
	atomic_store_explicit(&next->on_cpu, true, memory_order_relaxed);
	atomic_store_explicit(&queue->load, queue->ready_count + !next->is_idle,
			      memory_order_relaxed);
	if (next->is_idle) {
		atomic_fetch_or_explicit(&idle_cpus, own, memory_order_relaxed);
		return;
	}
	if (schedule_idle_cpus() & own)
		atomic_fetch_and_explicit(&idle_cpus, ~own, memory_order_relaxed);
}

/*
 * Who runs next is to be found out. Gives queue->lock back. NULL: the running thread goes on.
 */
static noinline struct thread *choose_next(struct run_queue *queue, enum switch_reason reason,
					   uint64_t now)
{
	struct thread *previous = queue->running;
	struct thread *stay = who_stays(queue, previous, reason, now);
	struct thread *next = run_queue_choose(queue, stay, reason == SWITCH_YIELD);
	uint64_t tick = now + TICK_NS;

	if (unlikely(!next))
		next = look_elsewhere(queue);
	clear_reschedule(previous);
	if (next == previous) {
		spin_unlock_irq_off(&queue->lock);
		return NULL;
	}
	if (stay)
		previous->involuntary_switches++;
	else
		previous->voluntary_switches++;
	begin_running(queue, next, now);
	if (queue->ready_count) {
		tick = now + SLICE_NS;
		if (unlikely(run_queue_priority(next) > 0))
			tick = min(tick, run_queue_realtime_end(queue));
	}
	spin_unlock_irq_off(&queue->lock);
	if (!next->is_idle)
		timer_alarm_before(queue, tick);
	return next;
}

/*
 * The running thread sleeps and the one in front, who alone waits, takes over: there is nothing to
 * choose, and no idle CPU to tell of. Gives queue->lock back. NULL: it is not so; the lock is still
 * held. Two threads that serve each other switch so: 75 instructions instead of 150.
 */
static always_inline struct thread *take_over(struct run_queue *queue, uint64_t now)
{
	struct thread *previous = queue->running;
	struct thread *next;

	if (previous->is_idle)
		return NULL;
	next = run_queue_take_only(queue);
	if (!next)
		return NULL;
	if (unlikely(!leave_queue(previous))) {
		run_queue_put_in_front(queue, next, queue->front_is_handed);
		return NULL;
	}
	run_queue_leave(previous, now);
	clear_reschedule(previous);
	previous->voluntary_switches++;
	queue->running = next;	/* whosever it is: the trees are empty */
	queue->switches++;
	next->slice_start_ns = now;
	((struct stack_header *)next->stack)->cpu = queue->cpu;
	/* As in begin_running(). */
	atomic_store_explicit(&next->on_cpu, true, memory_order_relaxed);
	atomic_store_explicit(&queue->load, 1, memory_order_relaxed);
	spin_unlock_irq_off(&queue->lock);
	if (unlikely(queue->alarm_bound < ALARM_TICK))
		bound_alarm(queue, ALARM_TICK, now + TICK_NS);
	return next;
}

/* Not NULL: schedule_reap_dead() is due. */
static always_inline struct thread *schedule_switch(enum switch_reason reason)
{
	struct run_queue *queue = own_queue();
	struct thread *previous = queue->running, *next = NULL;
	uint64_t now;

	if (unlikely(queue->previous))
		schedule_finish_switch();
	rcu_pass(queue->cpu_bit);
	now = arch_clock_ns();
	spin_lock_irq_off(&queue->lock);
	assert(previous == thread_current());
	run_queue_account(queue, now);
	if (reason == SWITCH_SLEEP)
		next = take_over(queue, now);
	if (unlikely(!next)) {
		next = choose_next(queue, reason, now);
		if (!next)
			return queue->dead;
	}
	event_note(QUARTET_EVENT_SWITCH, ((struct stack_header *)next->stack)->event_thread,
	      next->is_idle);
	queue->previous = previous;
	arch_switch(&previous->arch, &next->arch, next->mmu);
	/* `previous` again, perhaps much later and on another CPU. */
	return finish_switch();
}

void schedule_irq_off(void)
{
	if (likely(!schedule_switch(SWITCH_SLEEP)))
		return;
	irq_enable();
	schedule_reap_dead();
	irq_disable();
}

void schedule(void)
{
	irq_flags flags;

	if (CONFIG_LOCK_CHECK)
		assert_may_sleep();
	flags = irq_disable_save();
	schedule_irq_off();
	irq_restore(flags);
}

static noinline bool switch_unasked(enum switch_reason reason)
{
	return schedule_switch(reason);
}

/* The running thread could go on. */
static void give_way(enum switch_reason reason)
{
	irq_flags flags = irq_disable_save();
	bool has_dead = switch_unasked(reason);

	irq_restore(flags);
	if (unlikely(has_dead))
		schedule_reap_dead();
}

void schedule_yield(void)
{
	assert_may_sleep();
	/* Who yields waits for somebody, perhaps on a CPU that shares the host's with this one. */
	cpu_relax();
	give_way(SWITCH_YIELD);
}

void schedule_reap_dead(void)
{
	for (;;) {
		irq_flags flags = irq_disable_save();
		struct run_queue *queue = own_queue();
		struct thread *dead = queue->dead;

		if (dead)
			queue->dead = dead->next_dead;
		irq_restore(flags);
		if (!dead)
			return;
		thread_clean_up(dead);
	}
}

/* ---- preemption ---- */

/* Debug builds: in one of how many places where another thread could come in one does. */
enum {
	SHAKE_RELEASES = 32,	/* a lock is dropped, or preemption or interrupts go on */
	SHAKE_INTERRUPTS = 4,	/* the end of an interrupt in the kernel: rarer, but anywhere */
	SHAKE_YIELDS = 32,	/* of these, to whoever waits; else only to one that has run less */
};

/*
 * Debug builds: should this be one, and for which reason? Mostly among threads that have run as
 * long as each other: one that never sleeps would keep its whole slice each time. Not for a thread
 * of real time, which gives way to none of its equals.
 */
static bool shake(unsigned int one_in, enum switch_reason *reason)
{
	unsigned int state = atomic_load_explicit(&shake_state, memory_order_relaxed);

	if (!CONFIG_SEEDED_PREEMPTION || state == 0 || !run_queue_is_fair(thread_current()))
		return false;
	/* Xorshift (Marsaglia, 2003). CPUs that race lose a number, no more. */
	state ^= state << 13;
	state ^= state >> 17;
	state ^= state << 5;
	atomic_store_explicit(&shake_state, state, memory_order_relaxed);
	*reason = state / one_in % SHAKE_YIELDS == 0 ? SWITCH_YIELD : SWITCH_PREEMPT;
	return state % one_in == 0;
}

void schedule_set_seed(uint32_t seed)
{
	atomic_store(&shake_state, seed);
}

static bool is_wanted(const struct stack_header *header)
{
	return atomic_load_explicit(&header->return_work, memory_order_relaxed) &
	       RETURN_WORK_PREEMPT;
}

void preempt_reschedule(void)
{
	const struct stack_header *header = stack_header();
	enum switch_reason reason = SWITCH_PREEMPT;

	/*
	 * With interrupts off it happens a little later: when they end, or at the next such place.
	 */
	if (!header->thread || in_interrupt() || !irq_is_enabled() || schedule_online_cpus() == 0)
		return;
	if (is_wanted(header) || shake(SHAKE_RELEASES, &reason))
		give_way(reason);
}

void upcall_preempt(void)
{
	const struct stack_header *header = stack_header();
	enum switch_reason reason = SWITCH_PREEMPT;

	if (!is_wanted(header) && (!header->thread || schedule_online_cpus() == 0 ||
				   !shake(SHAKE_INTERRUPTS, &reason)))
		return;
	if (unlikely(switch_unasked(reason))) {
		preempt_disable();
		irq_enable();
		schedule_reap_dead();
		irq_disable();
		preempt_enable_no_reschedule();
	}
}
