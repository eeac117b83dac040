/*
 * The work queue: one list of work, served by kernel threads, first come first served.
 *
 * There are as many workers as CPUs from the start. Work may sleep, even for long; so that it does
 * not hold up what comes behind it, a worker that leaves more work on the list while nobody is free
 * to take it makes another worker first (the rescue). Such extra workers end when there is nothing
 * to do. If there is no memory for one, work waits: the first workers always come back.
 */
#include "sched/work_queue.h"
#include "arch/smp.h"
#include "core/assert.h"
#include "core/config.h"
#include "core/panic.h"
#include "core/spinlock.h"
#include "sched/thread.h"
#include "sched/wait_queue.h"

enum { WORKERS_MAX = 32 };

static struct spinlock work_lock = SPINLOCK_INIT(LOCK_RANK_WORK_QUEUE, "work queue");
static struct list pending = LIST_INIT(pending);	/* [work_lock] */
static unsigned int idle_workers;			/* [work_lock] */
static unsigned int worker_count;			/* [work_lock] */
static unsigned int base_workers;			/* set once */
static struct wait_queue workers = WAIT_QUEUE_INIT(workers);

void work_init(struct work *work, void (*function)(struct work *))
{
	*work = (struct work){ .function = function };
}

bool work_schedule(struct work *work)
{
	irq_flags flags = spin_lock_irq(&work_lock);
	bool added = !work->pending;

	if (added) {
		work->pending = true;
		list_add_tail(&pending, &work->node);
	}
	spin_unlock_irq(&work_lock, flags);
	if (added)
		wait_queue_wake_one(&workers, 0);
	return added;
}

static bool has_work(void)
{
	irq_flags flags = spin_lock_irq(&work_lock);
	bool found = !list_is_empty(&pending);

	spin_unlock_irq(&work_lock, flags);
	return found;
}

/* The next piece, or NULL. *rescue: more is left and nobody is free. */
static struct work *take_work(bool *rescue)
{
	irq_flags flags = spin_lock_irq(&work_lock);
	struct work *work = list_pop_head_entry(&pending, struct work, node);

	if (work)
		work->pending = false;
	*rescue = !list_is_empty(&pending) && idle_workers == 0 && worker_count < WORKERS_MAX;
	if (*rescue)
		worker_count++;
	spin_unlock_irq(&work_lock, flags);
	return work;
}

static void count_idle(int change)
{
	irq_flags flags = spin_lock_irq(&work_lock);

	idle_workers += (unsigned int)change;
	spin_unlock_irq(&work_lock, flags);
}

/* May this worker, who found nothing to do, end? Then it is not counted any more. */
static bool may_end(void)
{
	irq_flags flags = spin_lock_irq(&work_lock);
	bool surplus = worker_count > base_workers && list_is_empty(&pending);

	if (surplus)
		worker_count--;
	spin_unlock_irq(&work_lock, flags);
	return surplus;
}

/* One of the idle workers, by an exclusive wait: one piece of work wakes one. */
static void wait_for_work(void)
{
	struct wait_entry entry;

	count_idle(1);
	wait_entry_init(&entry);
	for (;;) {
		wait_begin_exclusive(&workers, &entry, THREAD_SLEEPING);
		if (has_work())
			break;
		(void)!wait_step(&entry, THREAD_SLEEPING, WAIT_FOREVER);
	}
	wait_end(&entry);
	count_idle(-1);
}

static void worker(void *unused);

/* Already counted. False: no memory; no longer counted. */
static bool start_worker(void)
{
	struct thread *thread = thread_create_kernel("worker", worker, NULL);
	irq_flags flags;

	if (thread) {
		thread_start(thread);
		return true;
	}
	flags = spin_lock_irq(&work_lock);
	worker_count--;
	spin_unlock_irq(&work_lock, flags);
	return false;
}

static void worker(void *unused)
{
	struct work *work;
	bool rescue;

	(void)unused;
	for (;;) {
		work = take_work(&rescue);
		if (rescue)
			(void)start_worker();
		if (work)
			work->function(work); /* may have freed itself when it returns */
		else if (may_end())
			return;
		else
			wait_for_work();
	}
}

void work_queue_init(void)
{
	base_workers = smp_cpu_count();
	for (unsigned int i = 0; i < base_workers; i++) {
		worker_count++;
		if (!start_worker() && i == 0)
			panic("no memory for the first worker");
	}
}
