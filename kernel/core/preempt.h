/*
 * Turning preemption off and on. A section without preemption stays on its CPU and does not sleep.
 * Where it is on, a thread in the kernel still goes on till it returns to user mode or sleeps,
 * unless somebody better cannot wait that long (sched/schedule.c).
 */
#pragma once
#include "core/compiler.h"
#include "core/stack_header.h"

/*
 * Give the CPU away if someone better waits, or, in a debug kernel, if its seed says so.
 * Implemented by sched/schedule.c.
 */
void preempt_reschedule(void);

/* Is that to be called, where preemption is on? The debug kernel's seed is asked every time. */
static inline bool preempt_is_due(const struct stack_header *header)
{
	return CONFIG_SEEDED_PREEMPTION ||
	       unlikely(atomic_load_explicit(&header->return_work, memory_order_relaxed) &
			RETURN_WORK_PREEMPT);
}

static inline void preempt_disable(void)
{
	stack_header()->preempt_count++;
	atomic_signal_fence(memory_order_seq_cst);
}

/* Interrupts have just come on: one might come here and end in a switch. Debug kernels try it. */
static inline void preempt_point(void)
{
	if (CONFIG_SEEDED_PREEMPTION && stack_header()->preempt_count == 0)
		preempt_reschedule();
}

/* For places that cannot be preempted anyway: does not look whether someone waits. */
static inline void preempt_enable_no_reschedule(void)
{
	atomic_signal_fence(memory_order_seq_cst);
	stack_header()->preempt_count--;
}

static inline void preempt_enable(void)
{
	struct stack_header *header = stack_header();

	atomic_signal_fence(memory_order_seq_cst);
	if (--header->preempt_count == 0 && preempt_is_due(header))
		preempt_reschedule();
}
