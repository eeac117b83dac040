/*
 * Idle threads: what a CPU does when there is nothing to do, and how CPUs come to have one.
 *
 * The idle thread clears a few page frames ahead, then halts. It looks whether it must choose again
 * with interrupts off, and halts by an instruction that turns them on: an interrupt that brings
 * work either comes before the look, or ends the halt.
 */
#include "arch/clock.h"
#include "arch/cpu.h"
#include "arch/smp.h"
#include "arch/upcall.h"
#include "core/assert.h"
#include "core/boot_args.h"
#include "core/lock_check.h"
#include "core/printk.h"
#include "core/stack_header.h"
#include "mem/kmalloc.h"
#include "mem/page_frame.h"
#include "sched/internal.h"
#include "sched/schedule.h"
#include "sched/watchdog.h"
#include "uapi/linux/errno.h"

/* The boot context becomes the idle thread of the first CPU. */
static struct thread boot_thread;
static struct lock_check_state boot_locks;

static bool must_choose(void)
{
	return atomic_load_explicit(&stack_header()->return_work, memory_order_relaxed) &
	       RETURN_WORK_RESCHEDULE;
}

void schedule_idle_loop(void)
{
	watchdog_start_cpu();
	schedule();
	for (;;) {
		while (!must_choose() && page_frame_clear_ahead())
			continue;
		irq_disable();
		if (must_choose()) {
			irq_enable();
			schedule();
			continue;
		}
		schedule_note_idle();
		cpu_idle_wait();
	}
}

int schedule_init_cpu(unsigned int cpu)
{
	struct thread *thread = &boot_thread;
	int error;

	if (cpu != 0) {
		thread = kzalloc(sizeof(*thread), 0);
		if (!thread)
			return -ENOMEM;
	}
	error = thread_init_idle(thread, cpu, cpu == 0 ? stack_header() : NULL);
	if (error) {
		kfree(thread);
		return error;
	}
	run_queue_init(run_queue_of(cpu), cpu, thread);
	if (cpu == 0) {
		struct stack_header *header = stack_header();

		header->thread = thread;
		if (CONFIG_LOCK_CHECK && !header->locks)
			header->locks = &boot_locks;
		run_queue_of(0)->clock_ns = run_queue_of(0)->start_ns = arch_clock_ns();
		schedule_set_seed((uint32_t)boot_args_number("seed", 0));
		schedule_set_online(0);
	}
	return 0;
}

void schedule_start_other_cpus(void)
{
	void *stacks[CPU_MAX] = { NULL };
	unsigned int count = smp_cpu_count();

	for (unsigned int cpu = 1; cpu < count && cpu < CPU_MAX; cpu++) {
		if (schedule_init_cpu(cpu) == 0)
			stacks[cpu] = run_queue_of(cpu)->idle->stack;
		else
			printk(LOG_WARNING, "no memory for CPU %u", cpu);
	}
	smp_start_others(stacks);
}

void upcall_cpu_started(void)
{
	unsigned int cpu = cpu_index();
	struct run_queue *queue = run_queue_of(cpu);

	assert(thread_current() == queue->idle);
	queue->clock_ns = queue->start_ns = arch_clock_ns();
	schedule_set_online(cpu);
	irq_enable();
	schedule_idle_loop();
}
