/*
 * Turning preemption off and on. A section without preemption stays on its CPU and does not sleep.
 * Where it is on, a thread in the kernel still goes on till it returns to user mode or sleeps,
 * unless somebody better cannot wait that long (sched/schedule.c).
 */
#pragma once
#include "core/compiler.h"
#include "core/stack_header.h"

/* Give the CPU away if someone better waits. Implemented by sched/schedule.c. */
void preempt_reschedule(void);

static inline void preempt_disable(void)
{
	stack_header()->preempt_count++;
	atomic_signal_fence(memory_order_seq_cst);
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
	if (--header->preempt_count == 0 &&
	    unlikely(atomic_load_explicit(&header->return_work, memory_order_relaxed) &
		     RETURN_WORK_PREEMPT))
		preempt_reschedule();
}
