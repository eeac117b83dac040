/*
 * Threads: their stacks, their birth and death, sleeping and waking.
 *
 * Stacks are made and mapped rarely: those of dead threads are kept, mapped, for the next ones,
 * because a shell forks all day. A kept stack needs no flush of translations: its mapping does not
 * change.
 *
 * A thread owns one reference to itself from thread_init until it is off its CPU for the last time;
 * then the next thread on that CPU takes its stack away and drops that reference (thread_clean_up).
 * Whoever holds another reference sees stack == NULL under thread->lock.
 *
 * States and wake-ups: see schedule.c for why no wake-up is lost.
 */
#include "sched/thread.h"
#include "arch/cpu.h"
#include "arch/smp.h"
#include "core/assert.h"
#include "core/failpoint.h"
#include "core/stale.h"
#include "core/lock_check.h"
#include "core/spinlock_irq_off.h"
#include "core/stack_header.h"
#include "lib/string.h"
#include "mem/kmalloc.h"
#include "mem/vmap.h"
#include "sched/internal.h"
#include "sched/schedule.h"
#include "sched/timer.h"
#include "uapi/linux/errno.h"

enum {
	STACK_PAGES = KERNEL_STACK_SIZE / PAGE_SIZE,
	STACKS_KEPT = 16,
};

/* A stack that waits for its next thread: the link lies where the header will be. */
struct kept_stack {
	struct kept_stack *next;
	struct lock_check_state *locks;
};

static struct spinlock stacks_lock = SPINLOCK_INIT(LOCK_RANK_LEAF, "kernel stacks");
static struct kept_stack *kept_stacks;	/* [stacks_lock] */
static unsigned int kept_count;		/* [stacks_lock] */

static struct spinlock all_lock = SPINLOCK_INIT(LOCK_RANK_LEAF, "all threads");
static struct list all_threads = LIST_INIT(all_threads);	/* [all_lock] */

static struct cpu_share kernel_shares[CPU_MAX]; /* of the kernel's own threads */

/* ---- stacks ---- */

static struct kept_stack *take_kept_stack(void)
{
	irq_flags flags = spin_lock_irq(&stacks_lock);
	struct kept_stack *kept = kept_stacks;

	if (kept) {
		kept_stacks = kept->next;
		kept_count--;
	}
	spin_unlock_irq(&stacks_lock, flags);
	return kept;
}

static void stack_destroy(void *stack, struct lock_check_state *locks)
{
	vmap_free(stack, STACK_PAGES);
	kfree(locks);
}

/* A stack with its header filled in, or NULL. */
static void *stack_create(struct thread *thread)
{
	struct kept_stack *kept = take_kept_stack();
	struct lock_check_state *locks = NULL;
	void *stack = kept;

	if (kept) {
		locks = kept->locks;
	} else {
		stack = vmap_alloc(STACK_PAGES, STACK_PAGES);
		if (!stack)
			return NULL;
		if (CONFIG_LOCK_CHECK) {
			locks = kmalloc(sizeof(*locks), 0);
			if (!locks) {
				vmap_free(stack, STACK_PAGES);
				return NULL;
			}
		}
	}
	if (locks)
		*locks = (struct lock_check_state){ 0 };
	*(struct stack_header *)stack = (struct stack_header){ .thread = thread, .locks = locks };
	return stack;
}

/* Any context. */
static void stack_give_back(void *stack)
{
	struct lock_check_state *locks = ((struct stack_header *)stack)->locks;
	struct kept_stack *kept = stack;
	irq_flags flags = spin_lock_irq(&stacks_lock);
	bool keep = kept_count < STACKS_KEPT;

	if (keep) {
		*kept = (struct kept_stack){ .next = kept_stacks, .locks = locks };
		kept_stacks = kept;
		kept_count++;
	}
	spin_unlock_irq(&stacks_lock, flags);
	if (!keep)
		stack_destroy(stack, locks);
}

size_t thread_trim_stacks(void)
{
	struct kept_stack *kept;
	size_t freed = 0;

	while ((kept = take_kept_stack())) {
		stack_destroy(kept, kept->locks);
		freed += STACK_PAGES;
	}
	return freed;
}

/* ---- birth ---- */

static void init_fields(struct thread *thread, const char *name)
{
	irq_flags flags;

	strlcpy(thread->name, name, sizeof(thread->name));
	spin_init(&thread->lock, LOCK_RANK_THREAD, "thread");
	list_init(&thread->pi_owned);
	atomic_store(&thread->state_word, THREAD_NEW);
	thread->affinity = UINT32_MAX;
	thread->shares = kernel_shares;
	run_queue_set_home(thread, 0);
	run_queue_set_weight(thread);
	refcount_set(&thread->references, 1);
	flags = spin_lock_irq(&all_lock);
	list_add_tail(&all_threads, &thread->all_node);
	spin_unlock_irq(&all_lock, flags);
}

static void leave_all(struct thread *thread)
{
	irq_flags flags = spin_lock_irq(&all_lock);

	list_remove(&thread->all_node);
	spin_unlock_irq(&all_lock, flags);
}

int thread_init(struct thread *thread, const char *name, void (*entry)(void *), void *argument,
		void (*release)(struct thread *))
{
	thread->stack = stack_create(thread);
	if (!thread->stack)
		return -ENOMEM;
	thread->entry = entry;
	thread->argument = argument;
	thread->release = release;
	arch_thread_init(&thread->arch, thread->stack, thread_first_run, thread);
	init_fields(thread, name);
	return 0;
}

int thread_init_idle(struct thread *thread, unsigned int cpu, void *stack)
{
	thread->stack = stack ? stack : stack_create(thread);
	if (!thread->stack)
		return -ENOMEM;
	((struct stack_header *)thread->stack)->cpu = cpu;
	init_fields(thread, "idle");
	atomic_store(&thread->state_word, THREAD_RUNNABLE);
	atomic_store(&thread->queue_cpu, cpu);
	atomic_store(&thread->on_cpu, true);
	thread->is_idle = true;
	thread->weight_inverse = 0;	/* it has no part in sharing */
	thread->affinity = 1u << cpu;
	return 0;
}

void thread_fini_unstarted(struct thread *thread)
{
	assert(thread_state(thread) == THREAD_NEW);
	leave_all(thread);
	arch_thread_fini(&thread->arch);
	stack_give_back(thread->stack);
	thread->stack = NULL;
}

void thread_first_run(void *argument)
{
	struct thread *thread = argument;

	irq_disable();
	schedule_finish_switch();
	irq_enable();
	schedule_reap_dead();
	thread->entry(thread->argument);
	thread_exit();
}

static void release_kernel_thread(struct thread *thread)
{
	kfree(thread);
}

struct thread *thread_create_kernel(const char *name, void (*entry)(void *), void *argument)
{
	struct thread *thread = kzalloc(sizeof(*thread), 0);

	if (!thread)
		return NULL;
	if (thread_init(thread, name, entry, argument, release_kernel_thread) != 0) {
		kfree(thread);
		return NULL;
	}
	thread->is_kernel = true;
	return thread;
}

void thread_start(struct thread *thread)
{
	assert(thread_state(thread) == THREAD_NEW);
	run_queue_set_weight(thread);
	run_queue_set_home(thread, cpu_index()); /* a hint for the first placing */
	atomic_store(&thread->state_word, THREAD_RUNNABLE);
	schedule_place(thread, PLACE_NEW);
}

/* ---- death ---- */

void thread_exit(void)
{
	assert_may_sleep();
	if (CONFIG_FAILPOINTS)
		failpoint_forget(thread_current());
	if (CONFIG_POISON)
		stale_forget(thread_current());
	atomic_store(&thread_current()->state_word, THREAD_DEAD);
	schedule();
	panic("a dead thread runs");
}

void thread_put(struct thread *thread)
{
	if (!refcount_put(&thread->references))
		return;
	leave_all(thread);
	thread->release(thread);
}

void thread_clean_up(struct thread *thread)
{
	irq_flags flags = spin_lock_irq(&thread->lock);
	void *stack = thread->stack;

	thread->stack = NULL;
	spin_unlock_irq(&thread->lock, flags);
	arch_thread_fini(&thread->arch);
	stack_give_back(stack);
	thread_put(thread);
}

/* ---- sleeping ---- */

void thread_prepare_sleep(enum thread_state kind)
{
	/* Sequential: what the caller reads next is read after others can see that we may sleep. */
	atomic_exchange(&thread_current()->state_word, kind);
}

void thread_cancel_sleep(void)
{
	/* Relaxed: a waker that comes before or after finds nothing to do either way. */
	atomic_store_explicit(&thread_current()->state_word, THREAD_RUNNABLE,
			      memory_order_relaxed);
}

/* Do the interrupts that `thread` has been sent end a sleep of this kind? */
static bool ends_sleep(const struct thread *thread, enum thread_state kind)
{
	switch (kind) {
	case THREAD_SLEEPING_INTERRUPTIBLE: return thread_is_interrupted(thread);
	case THREAD_SLEEPING_KILLABLE:
	case THREAD_STOPPED: return thread_is_killed(thread);
	default: return false;
	}
}

void thread_sleep(void)
{
	struct thread *thread = thread_current();

	/* The interrupt was set before our state could be seen, so nobody will wake us for it. */
	if (ends_sleep(thread, thread_state(thread)))
		thread_cancel_sleep();
	else
		schedule();
}

struct sleep_timer {
	struct timer timer;
	struct thread *thread;
	atomic_bool expired;
};

static void sleep_expired(struct timer *timer)
{
	struct sleep_timer *sleep = container_of(timer, struct sleep_timer, timer);

	atomic_store(&sleep->expired, true);
	(void)thread_wake(sleep->thread);
}

static noinline bool sleep_with_timer(uint64_t deadline_ns)
{
	struct sleep_timer sleep = { .thread = thread_current() };

	timer_init(&sleep.timer, sleep_expired);
	timer_arm(&sleep.timer, deadline_ns);
	thread_sleep();
	(void)timer_cancel_sync(&sleep.timer);
	return !atomic_load(&sleep.expired);
}

bool thread_sleep_until(uint64_t deadline_ns)
{
	if (deadline_ns != UINT64_MAX)
		return sleep_with_timer(deadline_ns);
	thread_sleep();
	return true;
}

/* ---- waking ---- */

/* From one of `states` to runnable. */
static bool wake_from(struct thread *thread, unsigned int states, enum placing how)
{
	unsigned int word;

	/*
	 * What the caller wrote, for the sleeper to see, is written before we look whether it
	 * sleeps.
	 */
	atomic_thread_fence(memory_order_seq_cst);
	word = thread_make_runnable(thread, states);
	if (!word)
		return false;
	if (word & THREAD_OFF_QUEUE)
		schedule_place(thread, how);
	return true;
}

bool thread_wake(struct thread *thread)
{
	return wake_from(thread, THREAD_SLEEPING_STATES, PLACE_WOKEN);
}

bool thread_wake_handover(struct thread *thread)
{
	irq_flags flags;
	bool slept;

	/* As in wake_from(). */
	atomic_thread_fence(memory_order_seq_cst);
	flags = irq_disable_save();
	slept = schedule_wake_handover(thread);
	preempt_irq_restore(flags);
	return slept;
}

void thread_resume_stopped(struct thread *thread)
{
	(void)wake_from(thread, THREAD_STATE_BIT(THREAD_STOPPED), PLACE_WOKEN);
}

void thread_interrupt(struct thread *thread, enum thread_interrupt_kind kinds)
{
	unsigned int states = THREAD_STATE_BIT(THREAD_SLEEPING_INTERRUPTIBLE);

	if (kinds & THREAD_INTERRUPT_KILL)
		states |= THREAD_STATE_BIT(THREAD_SLEEPING_KILLABLE) |
			  THREAD_STATE_BIT(THREAD_STOPPED);
	atomic_fetch_or(&thread->interrupted, kinds);
	(void)wake_from(thread, states, PLACE_WOKEN);
}

void thread_clear_interrupt(struct thread *thread, enum thread_interrupt_kind kinds)
{
	atomic_fetch_and(&thread->interrupted, ~(unsigned int)kinds);
}

void thread_add_return_work(struct thread *thread, unsigned int work)
{
	irq_flags flags = spin_lock_irq(&thread->lock);
	struct stack_header *header = thread->stack;
	unsigned int cpu;

	if (header) {
		atomic_fetch_or(&header->return_work, work);
		/* If it is not running now, it looks on its way out. */
		cpu = *(volatile unsigned int *)&header->cpu;
		if (atomic_load(&thread->on_cpu) && cpu != cpu_index())
			smp_send_reschedule(cpu);
	}
	spin_unlock_irq(&thread->lock, flags);
}

void thread_clear_return_work(struct thread *thread, unsigned int work)
{
	irq_flags flags = spin_lock_irq(&thread->lock);
	struct stack_header *header = thread->stack;

	if (header)
		atomic_fetch_and(&header->return_work, ~work);
	spin_unlock_irq(&thread->lock, flags);
}

/* ---- looking ---- */

void thread_set_name(struct thread *thread, const char *name)
{
	irq_flags flags = spin_lock_irq(&thread->lock);

	strlcpy(thread->name, name, sizeof(thread->name));
	spin_unlock_irq(&thread->lock, flags);
}

char thread_state_letter(const struct thread *thread)
{
	switch (thread_state(thread)) {
	case THREAD_SLEEPING:
	case THREAD_SLEEPING_KILLABLE: return 'D';
	case THREAD_SLEEPING_INTERRUPTIBLE: return 'S';
	case THREAD_STOPPED: return 'T';
	case THREAD_DEAD: return 'Z';
	default: return 'R';
	}
}

void thread_for_each(bool (*visit)(struct thread *thread, void *argument), void *argument)
{
	irq_flags flags = spin_lock_irq(&all_lock);
	struct thread *thread;

	list_for_each_entry(thread, &all_threads, all_node) {
		if (!visit(thread, argument))
			break;
	}
	spin_unlock_irq(&all_lock, flags);
}
