/*
 * Kernel timers.
 *
 * Each CPU has a tree of timers by deadline and one alarm (arch/clock.h). A timer goes to the tree
 * of the CPU that arms it. The alarm also serves the scheduler's tick; it is only ever moved
 * forward in time: when it rings, everything is looked at and it is set to whatever comes next, so
 * a timer that was cancelled costs at most one interrupt.
 *
 * timer->cpu says whose lock protects the timer. It changes only with the locks of both queues, old
 * and new, held. `running` of a queue is the timer whose expire is being called there; it is
 * compared but never followed, since expire may free its timer.
 */
#include "sched/timer.h"
#include "arch/clock.h"
#include "arch/cpu.h"
#include "arch/upcall.h"
#include "core/assert.h"
#include "core/spinlock.h"
#include "core/stack_header.h"
#include "lib/min_max.h"
#include "sched/internal.h"

/* [q] lock */
struct timer_queue {
	struct spinlock lock;		/* LOCK_RANK_TIMER */
	struct rbtree_cached timers;	/* [q] by deadline */
	_Atomic(struct timer *) running; /* [q] to write */
};

static struct timer_queue queues[CPU_MAX] = {
	[0 ... CPU_MAX - 1] = { .lock = SPINLOCK_INIT(LOCK_RANK_TIMER, "timers") },
};

void timer_init(struct timer *timer, void (*expire)(struct timer *))
{
	/* Most timers are armed where they are made: then only that CPU's lock is taken. */
	*timer = (struct timer){ .expire = expire, .cpu = cpu_index() };
}

void timer_set_alarm(struct run_queue *queue, uint64_t deadline_ns)
{
	queue->alarm_ns = deadline_ns;
	arch_alarm_set(deadline_ns);
}

static struct timer *timer_of(struct rbtree_node *node)
{
	return rbtree_entry(node, struct timer, node);
}

/* Caller holds queue->lock. True: it is the first. */
static bool insert(struct timer_queue *queue, struct timer *timer)
{
	struct rbtree_node **link = &queue->timers.tree.node;
	struct rbtree_node *parent = NULL;
	bool is_leftmost = true;

	while (*link) {
		parent = *link;
		if (timer->deadline_ns < timer_of(parent)->deadline_ns) {
			link = &parent->left;
		} else {
			link = &parent->right;
			is_leftmost = false;
		}
	}
	rbtree_link(&timer->node, parent, link);
	rbtree_cached_insert_fixup(&queue->timers, &timer->node, is_leftmost);
	timer->armed = true;
	return is_leftmost;
}

/* Caller holds queue->lock. True: it was armed. */
static bool remove(struct timer_queue *queue, struct timer *timer)
{
	if (!timer->armed)
		return false;
	rbtree_cached_remove(&queue->timers, &timer->node);
	timer->armed = false;
	return true;
}

void timer_arm(struct timer *timer, uint64_t deadline_ns)
{
	irq_flags flags = irq_disable_save();
	unsigned int own_cpu = cpu_index(), cpu;
	struct timer_queue *own = &queues[own_cpu], *old;
	bool is_first;

	for (;;) {
		cpu = atomic_load_explicit(&timer->cpu, memory_order_relaxed);
		old = &queues[cpu];
		spin_lock_pair(&old->lock, &own->lock);
		if (likely(cpu == atomic_load_explicit(&timer->cpu, memory_order_relaxed)))
			break;
		spin_unlock_pair(&old->lock, &own->lock);
	}
	(void)remove(old, timer);
	atomic_store_explicit(&timer->cpu, own_cpu, memory_order_relaxed);
	timer->deadline_ns = deadline_ns;
	is_first = insert(own, timer);
	spin_unlock_pair(&old->lock, &own->lock);
	/* Slow on real machines, slower on pretended ones: not under the lock. */
	if (is_first)
		timer_alarm_before(run_queue_of(own_cpu), deadline_ns);
	irq_restore(flags);
}

/* The queue that the timer is in, or was last in, locked. */
static struct timer_queue *lock_queue_of(struct timer *timer, irq_flags *flags)
{
	for (;;) {
		unsigned int cpu = atomic_load_explicit(&timer->cpu, memory_order_relaxed);

		*flags = spin_lock_irq(&queues[cpu].lock);
		if (likely(cpu == atomic_load_explicit(&timer->cpu, memory_order_relaxed)))
			return &queues[cpu];
		spin_unlock_irq(&queues[cpu].lock, *flags);
	}
}

bool timer_cancel(struct timer *timer)
{
	irq_flags flags;
	struct timer_queue *queue = lock_queue_of(timer, &flags);
	bool was_armed = remove(queue, timer);

	spin_unlock_irq(&queue->lock, flags);
	return was_armed;
}

/* Wait until no CPU is inside expire. Acquire: we then see what expire did. */
static void wait_until_idle(const struct timer *timer)
{
	for (unsigned int cpu = 0; cpu < CPU_MAX; cpu++) {
		while (atomic_load_explicit(&queues[cpu].running, memory_order_acquire) == timer)
			cpu_relax();
	}
}

bool timer_cancel_sync(struct timer *timer)
{
	bool was_armed = timer_cancel(timer);

	wait_until_idle(timer);
	/* If expire was running, it may have armed its timer again. */
	while (timer_cancel(timer)) {
		was_armed = true;
		wait_until_idle(timer);
	}
	return was_armed;
}

/* The first timer whose time has come, out of the tree; caller holds queue->lock. */
static struct timer *take_expired(struct timer_queue *queue, uint64_t now_ns)
{
	struct rbtree_node *first = rbtree_cached_first(&queue->timers);

	if (!first || timer_of(first)->deadline_ns > now_ns)
		return NULL;
	(void)remove(queue, timer_of(first));
	return timer_of(first);
}

void upcall_timer(void)
{
	struct timer_queue *queue = &queues[cpu_index()];
	uint64_t now = arch_clock_ns();
	struct rbtree_node *first;
	struct timer *timer;
	uint64_t next = UINT64_MAX;

	run_queue_of(cpu_index())->alarm_ns = UINT64_MAX;
	run_queue_of(cpu_index())->alarm_bound = ALARM_ANY;
	spin_lock(&queue->lock);
	/* One reading of the clock: a timer that arms itself anew for later ends this. */
	while ((timer = take_expired(queue, now))) {
		atomic_store_explicit(&queue->running, timer, memory_order_relaxed);
		spin_unlock(&queue->lock);
		timer->expire(timer);
		spin_lock(&queue->lock);
		/* Release: pairs with the acquire in wait_until_idle. */
		atomic_store_explicit(&queue->running, NULL, memory_order_release);
	}
	first = rbtree_cached_first(&queue->timers);
	if (first)
		next = timer_of(first)->deadline_ns;
	spin_unlock(&queue->lock);
	next = min(next, schedule_tick(now));
	if (next != UINT64_MAX)
		timer_alarm_before(run_queue_of(cpu_index()), next);
}
