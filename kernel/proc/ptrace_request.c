/*
 * What a tracer asks of its stopped tracee, apart from registers and memory. The theory is in
 * ptrace.h.
 */
#include "arch/context.h"
#include "arch/debug.h"
#include "core/assert.h"
#include "lib/string.h"
#include "proc/internal.h"
#include "proc/ptrace.h"
#include "uapi/linux/errno.h"
#include "uapi/linux/ptrace.h"

bool trace_is_mine(const struct user_thread *tracee)
{
	return atomic_load_explicit(&tracee->trace.tracer, memory_order_relaxed) ==
	       user_thread_current();
}

int trace_freeze(struct user_thread *tracee)
{
	struct trace *trace = &tracee->trace;
	irq_flags flags = spin_lock_irq(&tracee->process->signal_lock);
	int error = -ESRCH;

	if (trace_is_mine(tracee) && trace->stopped && !trace->listening &&
	    !thread_is_killed(&tracee->thread)) {
		assert(!trace->frozen);
		trace->frozen = true;
		error = 0;
	}
	spin_unlock_irq(&tracee->process->signal_lock, flags);
	return error;
}

/* Signal lock held. */
static void thaw_locked(struct user_thread *tracee)
{
	assert(tracee->trace.frozen);
	tracee->trace.frozen = false;
	/* It may have been killed meanwhile, and waits uninterruptibly for this. */
	thread_wake(&tracee->thread);
}

void trace_thaw(struct user_thread *tracee)
{
	irq_flags flags = spin_lock_irq(&tracee->process->signal_lock);

	thaw_locked(tracee);
	spin_unlock_irq(&tracee->process->signal_lock, flags);
}

static void set_step(struct user_thread *tracee, bool step)
{
	struct trap_frame *frame = arch_user_frame(tracee->thread.stack);
	uint8_t next[15]; /* as long as an instruction can be */
	ssize_t size;

	if (!step) {
		arch_step_disable(&tracee->thread.arch, frame);
		return;
	}
	size = address_space_access(tracee->process->space, trap_frame_instruction(frame), next,
				    sizeof(next), false, true);
	arch_step_enable(&tracee->thread.arch, frame, next, size > 0 ? (size_t)size : 0);
}

int trace_resume(struct user_thread *tracee, enum trace_resume_mode mode, uint32_t signal)
{
	struct trace *trace = &tracee->trace;
	irq_flags flags;

	if (signal > SIGNAL_COUNT)
		return -EIO;
	set_step(tracee, mode == TRACE_STEP || mode == TRACE_EMULATE_STEP);
	flags = spin_lock_irq(&tracee->process->signal_lock);
	trace->reports_calls = mode == TRACE_CALLS;
	trace->skips_calls = mode == TRACE_EMULATE || mode == TRACE_EMULATE_STEP;
	trace->code = signal;
	trace->stopped = false;
	thaw_locked(tracee);
	thread_resume_stopped(&tracee->thread);
	spin_unlock_irq(&tracee->process->signal_lock, flags);
	return 0;
}

int trace_detach(struct user_thread *tracee, uint32_t signal)
{
	irq_flags flags, inner;

	if (signal > SIGNAL_COUNT)
		return -EIO;
	set_step(tracee, false);
	flags = rwspin_write_lock_irq(&process_tree_lock);
	inner = spin_lock_irq(&tracee->process->signal_lock);
	tracee->trace.code = signal;
	thaw_locked(tracee);
	spin_unlock_irq(&tracee->process->signal_lock, inner);
	/* Still linked, unless it was killed and has ended since the lock was dropped. */
	if (trace_is_mine(tracee))
		trace_unlink(tracee);
	rwspin_write_unlock_irq(&process_tree_lock, flags);
	return 0;
}

int trace_listen(struct user_thread *tracee)
{
	struct trace *trace = &tracee->trace;
	irq_flags flags = spin_lock_irq(&tracee->process->signal_lock);
	int error = -EIO;

	if (trace->seized && trace->info && trace->info->code >> 8 == PTRACE_EVENT_STOP) {
		trace->listening = true;
		/* What it listens for has happened already. */
		if (trace->notify_wanted)
			trace_wake_listener(tracee);
		error = 0;
	}
	spin_unlock_irq(&tracee->process->signal_lock, flags);
	return error;
}

void trace_wake_listener(struct user_thread *tracee)
{
	if (!tracee->trace.listening)
		return;
	tracee->trace.stopped = false;
	thread_resume_stopped(&tracee->thread);
}

int trace_interrupt(struct user_thread *tracee)
{
	irq_flags flags = spin_lock_irq(&tracee->process->signal_lock);
	int error = -EIO;

	if (trace_is_mine(tracee) && tracee->trace.seized) {
		error = 0;
		if (!tracee->ended) {
			tracee->trace.trap_wanted = true;
			trace_wake_listener(tracee);
			signal_recalculate(tracee);
		}
	}
	spin_unlock_irq(&tracee->process->signal_lock, flags);
	return error;
}

int trace_set_options(struct user_thread *tracee, uint32_t options)
{
	int error = trace_check_options(options);
	irq_flags flags;

	if (error)
		return error;
	flags = spin_lock_irq(&tracee->process->signal_lock);
	tracee->trace.options = options;
	spin_unlock_irq(&tracee->process->signal_lock, flags);
	return 0;
}

int trace_get_info(struct user_thread *tracee, struct linux_siginfo *out)
{
	if (!tracee->trace.info)
		return -EINVAL;
	*out = *tracee->trace.info;
	return 0;
}

int trace_set_info(struct user_thread *tracee, const struct linux_siginfo *info)
{
	if (!tracee->trace.info)
		return -EINVAL;
	*tracee->trace.info = *info;
	return 0;
}

bool trace_peek_info(struct user_thread *tracee, bool shared, uint64_t nth,
		     struct linux_siginfo *out)
{
	struct process *process = tracee->process;
	irq_flags flags = spin_lock_irq(&process->signal_lock);
	bool found = signal_pending_peek(shared ? &process->pending : &tracee->pending, nth, out);

	spin_unlock_irq(&process->signal_lock, flags);
	return found;
}

uint64_t trace_get_mask(struct user_thread *tracee)
{
	return tracee->restore_mask ? tracee->saved_mask : tracee->blocked;
}

void trace_set_mask(struct user_thread *tracee, uint64_t mask)
{
	irq_flags flags = spin_lock_irq(&tracee->process->signal_lock);

	tracee->blocked = mask & ~SIGNALS_UNBLOCKABLE;
	tracee->restore_mask = false;
	/* Its own recalculation follows when it leaves the stop. */
	spin_unlock_irq(&tracee->process->signal_lock, flags);
}

void trace_registers_changed(struct user_thread *tracee)
{
	thread_add_return_work(&tracee->thread, RETURN_WORK_SIGNAL | RETURN_WORK_FRAME);
}
