/*
 * The stack header: the lowest bytes of every kernel stack, and what they say of the thread that
 * runs on it. Kernel stacks are KERNEL_STACK_SIZE large and so aligned, so the stack pointer
 * alone finds the header: no segment register belongs to the kernel.
 */
#pragma once
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include "arch/stack.h"
#include "core/config.h"

struct thread;
struct lock_check_state;

/*
 * Why a thread may not go straight back to user mode. Set by anybody with
 * stack_header_add_work(), looked at by entry.S with interrupts off.
 */
enum return_work {
	RETURN_WORK_RESCHEDULE = 1 << 0, /* another thread should run on this CPU */
	RETURN_WORK_SIGNAL = 1 << 1,	 /* a signal, a stop or the end awaits this thread */
	RETURN_WORK_TRACE = 1 << 2,	 /* a tracer or the event ring wants to see system calls */
	RETURN_WORK_FPU = 1 << 3,	 /* its FPU registers are to be loaded from their image */
	RETURN_WORK_NOTIFY = 1 << 4,	 /* news in files, for their owners to be sent */
	RETURN_WORK_FRAME = 1 << 5,	 /* take every register from the trap frame */
	RETURN_WORK_DEBUG = 1 << 6,	 /* the thread has debug registers; stays set */
	RETURN_WORK_REALTIME = 1 << 7,	 /* how long has this real-time thread not slept? */
	RETURN_WORK_GATE = 1 << 9,	 /* not all of its system calls are made */
	RETURN_WORK_PREEMPT = 1 << 8,	 /* with RESCHEDULE: also while it is in the kernel */
};

/* [t] own thread  [a] atomic  [I] immutable */
struct stack_header {
	struct thread *thread;		/* [I] whose stack this is */
	atomic_uint return_work;	/* [a] enum return_work */
	unsigned int cpu;		/* [t] CPU it runs on; stable without preemption */
	unsigned int preempt_count;	/* [t] 0: may be preempted; each spinlock held adds one */
	unsigned int interrupt_depth;	/* [t] hardware interrupt handlers running on this stack */
	struct lock_check_state *locks; /* [t] debug builds: the locks it holds */
	/* [t] its number in event records; 0: a kernel thread. Others may read an old one. */
	uint32_t event_thread;
};

static inline struct stack_header *stack_header(void)
{
	return (struct stack_header *)arch_stack_base();
}

static inline struct thread *thread_current(void)
{
	return stack_header()->thread;
}

/* The index of this CPU, below CPU_MAX. Only a hint unless preemption is off. */
static inline unsigned int cpu_index(void)
{
	return stack_header()->cpu;
}

static inline bool in_interrupt(void)
{
	return stack_header()->interrupt_depth != 0;
}
