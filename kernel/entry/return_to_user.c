/*
 * The way back to user mode when something is left to do: entry.S comes here while return_work is
 * not zero.
 *
 * Each round looks with interrupts off, so that what an interrupt adds is seen. What may sleep or
 * bring more work goes first; FPU registers are loaded last, with interrupts off, because a switch
 * would take them away again.
 */
#include "arch/context.h"
#include "arch/debug.h"
#include "arch/irq_flags.h"
#include "arch/upcall.h"
#include "core/assert.h"
#include "core/config.h"
#include "core/lock_check.h"
#include "core/panic.h"
#include "core/stack_header.h"
#include "entry/syscall.h"
#include "proc/file_owner.h"
#include "proc/process.h"
#include "proc/signal.h"
#include "sched/schedule.h"
#include "uapi/linux/errno.h"

static void clear_work(struct stack_header *header, unsigned int work)
{
	atomic_fetch_and_explicit(&header->return_work, ~work, memory_order_relaxed);
}

/* No code of ours may reach the user: signal_deliver() turns each into EINTR or another attempt. */
static void check_result(const struct trap_frame *frame)
{
	int32_t result = trap_frame_result(frame);

	if (CONFIG_DEBUG && trap_frame_is_syscall(frame) && result <= -ERESTARTSYS &&
	    result >= -ERESTART_RESTARTBLOCK)
		panic("call %u: result %d for the user", trap_frame_call_number(frame), result);
}

void upcall_return_work(struct trap_frame *frame)
{
	struct stack_header *header = stack_header();

	/* entry.S finds return_work from here. */
	assert(frame == arch_user_frame(header));
	if (syscall_trace_is_on())
		atomic_fetch_or_explicit(&header->return_work, RETURN_WORK_TRACE,
					 memory_order_relaxed);
	for (;;) {
		unsigned int work;

		irq_disable();
		/* Acquire: pairs with whoever set a bit after preparing what it announces. */
		work = atomic_load_explicit(&header->return_work, memory_order_acquire);
		if (work & RETURN_WORK_RESCHEDULE) {
			irq_enable();
			schedule();
		} else if (unlikely(work & RETURN_WORK_NOTIFY)) {
			clear_work(header, RETURN_WORK_NOTIFY);
			irq_enable();
			file_owner_deliver();
		} else if (unlikely(work & RETURN_WORK_REALTIME)) {
			clear_work(header, RETURN_WORK_REALTIME);
			irq_enable();
			process_check_realtime_limit();
		} else if (work & RETURN_WORK_SIGNAL) {
			clear_work(header, RETURN_WORK_SIGNAL);
			irq_enable();
			signal_deliver(frame);
		} else {
			break;
		}
	}
	/* Interrupts are off until user mode. */
	if (atomic_load_explicit(&header->return_work, memory_order_relaxed) & RETURN_WORK_FPU)
		arch_fpu_load(&thread_current()->arch);
	if (atomic_load_explicit(&header->return_work, memory_order_relaxed) & RETURN_WORK_DEBUG)
		arch_debug_load(&thread_current()->arch);
	clear_work(header, RETURN_WORK_FRAME);
	check_result(frame);
	if (CONFIG_LOCK_CHECK)
		lock_check_nothing_held();
}
