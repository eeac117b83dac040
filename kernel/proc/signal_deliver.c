/*
 * Delivering signals: the one place, on the way back to user mode.
 *
 *	a tracer		sees each signal before anything else happens: ptrace_stop.c
 * 	stop requested		the thread stops here until SIGCONT or SIGKILL
 * 	default: ignore		the next one
 * 	default: stop		the whole process stops, this thread first
 * 	default: die		process_exit_group; does not return
 * 	a handler		a frame on the user's stack; the handler runs, with its mask
 * 	nothing (more)		an interrupted call restarts
 *
 * Interrupted calls return one of the -ERESTART codes; here, and only here, they become EINTR or
 * another attempt: -ERESTARTSYS restarts unless a handler without SA_RESTART runs,
 * -ERESTARTNOINTR always restarts, -ERESTARTNOHAND only if no handler runs,
 * -ERESTART_RESTARTBLOCK the same but through restart_syscall(2), which knows how much of a
 * timeout is left.
 */
#include "arch/debug.h"
#include "arch/signal_frame.h"
#include "core/assert.h"
#include "core/spinlock_irq_off.h"
#include "core/event_ring.h"
#include "core/printk.h"
#include "lib/string.h"
#include "proc/internal.h"
#include "uapi/linux/errno.h"

#define NR_RESTART_SYSCALL 0 /* restart_syscall(2) */

bool signal_is_dying(const struct user_thread *thread)
{
	return thread->process->flags & (PROCESS_EXITING | PROCESS_GROUP_EXEC) &&
	       thread_is_killed(&thread->thread);
}

/* What the interrupted call returns if a handler runs. */
static void resolve_for_handler(struct trap_frame *frame, const struct signal_action *action)
{
	if (!trap_frame_is_syscall(frame))
		return;
	switch (trap_frame_result(frame)) {
	case -ERESTART_RESTARTBLOCK:
	case -ERESTARTNOHAND:
		trap_frame_set_result(frame, -EINTR);
		break;
	case -ERESTARTSYS:
		if (!(action->flags & SA_RESTART)) {
			trap_frame_set_result(frame, -EINTR);
			break;
		}
		fallthrough;
	case -ERESTARTNOINTR:
		trap_frame_rewind(frame);
		break;
	}
}

static void resolve_without_handler(struct user_thread *thread, struct trap_frame *frame)
{
	if (!trap_frame_is_syscall(frame))
		return;
	switch (trap_frame_result(frame)) {
	case -ERESTARTNOHAND:
	case -ERESTARTSYS:
	case -ERESTARTNOINTR:
		trap_frame_rewind(frame);
		break;
	case -ERESTART_RESTARTBLOCK:
		trap_frame_rewind(frame);
		trap_frame_set_result(frame, NR_RESTART_SYSCALL);
		thread->restart.is_due = true;
		break;
	}
}

void signal_complete_stop(struct process *process)
{
	spin_assert_held(&process->signal_lock);
	process->is_stopped = true;
	process->stop_unreported = true;
	process->continue_unreported = false;
}

bool signal_take_part_in_stop(struct user_thread *thread)
{
	struct process *process = thread->process;

	spin_assert_held(&process->signal_lock);
	if (!thread->stop_done) {
		thread->stop_done = true;
		process->stopped_count++;
	}
	if (process->stopped_count < process->thread_count || process->is_stopped)
		return false;
	signal_complete_stop(process);
	return true;
}

static bool is_traced(const struct user_thread *thread)
{
	return atomic_load_explicit(&thread->trace.tracer, memory_order_relaxed);
}

void signal_tell_parent_of_stop(struct user_thread *thread)
{
	struct process *process = thread->process;
	irq_flags flags = rwspin_write_lock_irq(&process_tree_lock);
	struct user_thread *tracer =
		atomic_load_explicit(&thread->trace.tracer, memory_order_relaxed);

	if (!tracer || tracer->process != process->parent)
		process_notify_parent(process, CLD_STOPPED);
	rwspin_write_unlock_irq(&process_tree_lock, flags);
}

/*
 * Stop here if the process is to stop: the last thread to do so tells the parent. A tracee stops
 * for its tracer instead, and no more than once. True if it stopped (then look at everything
 * again).
 */
static bool stop_if_requested(struct user_thread *thread)
{
	struct process *process = thread->process;
	irq_flags flags = spin_lock_irq(&process->signal_lock);
	bool traced = is_traced(thread);
	bool last;

	if (!process->stop_requested || (process->flags & PROCESS_EXITING) ||
	    (thread->pending.set & SIGNAL_BIT(SIGKILL)) || (traced && thread->stop_done)) {
		spin_unlock_irq(&process->signal_lock, flags);
		return false;
	}
	last = signal_take_part_in_stop(thread);
	/* Before the lock goes: a SIGCONT from now on finds us stopped, or about to be. */
	if (!traced)
		thread_prepare_sleep(THREAD_STOPPED);
	spin_unlock_irq(&process->signal_lock, flags);
	if (last)
		signal_tell_parent_of_stop(thread);
	if (traced)
		trace_group_stop();
	else
		thread_sleep();
	return true;
}

/* A stop that the tracer asked for, or that it is to be told of. True if there was one. */
static bool stop_for_tracer(struct user_thread *thread)
{
	irq_flags flags = spin_lock_irq(&thread->process->signal_lock);
	bool wanted = trace_wants_stop(thread) && !thread_is_killed(&thread->thread);

	spin_unlock_irq(&thread->process->signal_lock, flags);
	if (wanted)
		trace_wanted_stop();
	return wanted;
}

static void tell_parent_of_continuation(struct process *process)
{
	irq_flags flags = spin_lock_irq(&process->signal_lock);
	bool tell = process->continue_untold;

	process->continue_untold = false;
	spin_unlock_irq(&process->signal_lock, flags);
	if (!tell)
		return;
	flags = rwspin_write_lock_irq(&process_tree_lock);
	process_notify_parent(process, CLD_CONTINUED);
	rwspin_write_unlock_irq(&process_tree_lock, flags);
}

/*
 * Every thread is to stop; tracees that were resumed while the others stayed stopped do so once
 * more. Signal lock held.
 */
static void begin_stop(struct process *process, int signal)
{
	if (!process->stop_requested)
		process->stopped_count = 0;
	process->stop_requested = true;
	process->stop_signal = signal;
	for (struct list_node *node = process->threads.head.next; node != &process->threads.head;
	     node = node->next) {
		struct user_thread *thread = container_of(node, struct user_thread, process_node);

		if (thread->ended)
			continue;
		if (thread->stop_done && is_traced(thread) && !thread->trace.stopped) {
			thread->stop_done = false;
			process->stopped_count--;
		}
		signal_recalculate(thread);
	}
}

/*
 * A stop signal's default action. An orphaned group is not stopped by the terminal's signals. A
 * SIGCONT since the signal was taken wins; it need not be pending, for by default it is ignored.
 */
static void request_stop(struct user_thread *thread, int signal)
{
	struct process *process = thread->process;
	irq_flags flags;
	bool orphaned = false;

	if (signal != SIGSTOP) {
		flags = rwspin_read_lock_irq(&process_tree_lock);
		orphaned = process_group_is_orphaned(process->group);
		rwspin_read_unlock_irq(&process_tree_lock, flags);
		if (orphaned)
			return;
	}
	flags = spin_lock_irq(&process->signal_lock);
	if (!(process->flags & PROCESS_EXITING) && !thread->was_continued)
		begin_stop(process, signal);
	spin_unlock_irq(&process->signal_lock, flags);
}

/* Take the next signal to act on. 0: none. */
static int take_next(struct user_thread *thread, struct linux_siginfo *info)
{
	struct process *process = thread->process;
	signal_set allowed = ~thread->blocked;
	irq_flags flags = irq_disable_save();
	int signal;

	spin_lock_irq_off(&process->signal_lock);
	if ((process->flags & PROCESS_EXITING) || (thread->pending.set & SIGNAL_BIT(SIGKILL))) {
		spin_unlock_irq_off(&process->signal_lock);
		preempt_irq_restore(flags);
		user_thread_exit(process->exit_status);
	}
	signal = thread->pending.set ? signal_pending_take(&thread->pending, allowed, info) : 0;
	if (!signal)
		signal = signal_pending_take(&process->pending, allowed, info);
	thread->was_continued = false;
	signal_recalculate(thread);
	spin_unlock_irq_off(&process->signal_lock);
	preempt_irq_restore(flags);
	return signal;
}

/* What to do about it. */
static void take_action(struct process *process, int signal, struct signal_action *action)
{
	struct signal_handlers *handlers = process->handlers;
	irq_flags flags = irq_disable_save();

	spin_lock_irq_off(&handlers->lock);
	*action = handlers->actions[signal - 1];
	if (action->handler > SIG_IGN && (action->flags & SA_RESETHAND))
		handlers->actions[signal - 1].handler = SIG_DFL;
	spin_unlock_irq_off(&handlers->lock);
	irq_restore(flags);
}

static bool is_on_alt_stack(const struct user_thread *thread, uintptr_t sp)
{
	return thread->alt_stack_size && sp > thread->alt_stack &&
	       sp - thread->alt_stack <= thread->alt_stack_size;
}

/* Push the frame and start the handler; a stack that cannot take it kills the process. */
static void run_handler(struct user_thread *thread, struct trap_frame *frame, int signal,
			const struct linux_siginfo *info, const struct signal_action *action)
{
	uintptr_t sp = trap_frame_stack(frame);
	bool stepping;
	int error;
	signal_set mask = thread->restore_mask ? thread->saved_mask : thread->blocked;
	struct signal_frame_request request = {
		.signal = signal,
		.handler = action->handler,
		.restorer = action->flags & SA_RESTORER ? action->restorer : 0,
		.vdso = thread->process->space->vdso_base,
		.with_info = action->flags & SA_SIGINFO,
		.stack_top = sp,
		.mask = mask,
		.info = info,
		.trap_number = thread->fault_trap_number,
		.trap_error = thread->fault_trap_error,
		.fault_address = thread->fault_address,
		.alt_stack_sp = thread->alt_stack,
		.alt_stack_size = thread->alt_stack_size,
		.alt_stack_flags = thread->alt_stack_flags,
	};

	if (is_on_alt_stack(thread, sp))
		request.alt_stack_flags |= SS_ONSTACK;
	else if (!thread->alt_stack_size)
		request.alt_stack_flags = SS_DISABLE;
	else if (action->flags & SA_ONSTACK)
		request.stack_top = thread->alt_stack + thread->alt_stack_size;
	event_note(QUARTET_EVENT_SIGNAL, (uint32_t)signal, (uint32_t)action->handler);
	resolve_for_handler(frame, action);
	thread->restore_mask = false;
	/* The frame gets the program's own flags. */
	stepping = arch_step_is_on(&thread->thread.arch);
	if (unlikely(stepping))
		arch_step_disable(&thread->thread.arch, frame);
	error = signal_frame_push(&thread->thread.arch, frame, &request);
	/* No call is left to resolve. */
	frame->vector = 0;
	if (error) {
		/* SIGSEGV may have a stack of its own; if this was it, there is none. */
		if (signal == SIGSEGV)
			signal_force(SIGSEGV);
		else
			signal_force_fault(SIGSEGV, SEGV_MAPERR, sp, 0, 0);
		return;
	}
	if (thread->alt_stack_flags & SS_AUTODISARM) {
		thread->alt_stack = 0;
		thread->alt_stack_size = 0;
		thread->alt_stack_flags = 0;
	}
	mask = thread->blocked | action->mask;
	if (!(action->flags & SA_NODEFER))
		mask |= SIGNAL_BIT(signal);
	signal_set_mask(mask);
	if (unlikely(stepping))
		trace_handler_started(stepping);
}

static void act_by_default(struct user_thread *thread, int signal, const struct linux_siginfo *info)
{
	if (signal_is_in(SIGNALS_STOP, signal)) {
		request_stop(thread, signal);
		return;
	}
	if (signal_is_in(SIGNALS_CORE, signal))
		core_dump(signal, info);
	process_exit_group((uint32_t)signal);
}

/*
 * What comes before any signal: stops, and the end of one. True if there was a stop. Whoever asks
 * for one sets a flag first and RETURN_WORK_SIGNAL then, so what is not seen here without the lock
 * brings us back.
 */
static bool stop_if_wanted(struct user_thread *thread)
{
	struct process *process = thread->process;

	if (unlikely(is_traced(thread)) && stop_for_tracer(thread))
		return true;
	if (unlikely(*(volatile bool *)&process->stop_requested) && stop_if_requested(thread))
		return true;
	if (unlikely(*(volatile bool *)&process->continue_untold))
		tell_parent_of_continuation(process);
	return false;
}

/*
 * At most one handler is started: if there is another signal, take_next() has set
 * RETURN_WORK_SIGNAL again.
 */
void signal_deliver(struct trap_frame *frame)
{
	struct user_thread *thread = user_thread_current();
	struct process *process = thread->process;
	struct linux_siginfo info;
	struct signal_action action;

	for (;;) {
		int signal;

		if (stop_if_wanted(thread))
			continue;
		signal = take_next(thread, &info);
		if (!signal)
			break;
		if (unlikely(is_traced(thread)) && signal != SIGKILL) {
			signal = trace_signal_stop(signal, &info);
			if (!signal)
				continue;
		}
		take_action(process, signal, &action);
		if (action.handler == SIG_IGN)
			continue;
		if (action.handler != SIG_DFL) {
			run_handler(thread, frame, signal, &info, &action);
			return;
		}
		if (signal_is_in(SIGNALS_IGNORED_BY_DEFAULT, signal) ||
		    (process->id == 1 && signal != SIGKILL && info.code != SI_KERNEL))
			continue;
		act_by_default(thread, signal, &info);
	}
	resolve_without_handler(thread, frame);
	signal_restore_mask();
}

/* What cannot be blocked nor ignored: the thread would do the same again for ever. */
static void force(const struct linux_siginfo *info)
{
	struct user_thread *thread = user_thread_current();
	struct process *process = thread->process;
	int signal = info->signo;
	struct signal_action *action = process->handlers->actions + (signal - 1);
	irq_flags flags, inner;

	flags = spin_lock_irq(&process->signal_lock);
	inner = spin_lock_irq(&process->handlers->lock);
	if (action->handler == SIG_IGN || (thread->blocked & SIGNAL_BIT(signal)) ||
	    thread->fault_is_final) {
		action->handler = SIG_DFL;
		thread->blocked &= ~SIGNAL_BIT(signal);
	}
	spin_unlock_irq(&process->handlers->lock, inner);
	spin_unlock_irq(&process->signal_lock, flags);
	signal_send_thread(thread, info);
	if (process->id == 1 && action->handler == SIG_DFL)
		panic("init died of signal %d at address %zx", signal, (size_t)info->fault.address);
}

void signal_force_fault(int signal, int code, uintptr_t address, uint32_t trap_number,
			uint32_t trap_error)
{
	struct user_thread *thread = user_thread_current();
	struct linux_siginfo info;

	memset(&info, 0, sizeof(info));
	info.signo = signal;
	info.code = code;
	info.fault.address = address;
	thread->fault_trap_number = trap_number;
	thread->fault_trap_error = trap_error;
	thread->fault_address = address;
	force(&info);
}

void signal_force_call(int code, uintptr_t address, uint32_t number)
{
	struct linux_siginfo info;

	memset(&info, 0, sizeof(info));
	info.signo = SIGSYS;
	info.code = code;
	info.syscall.call_address = address;
	info.syscall.call_number = (int32_t)number;
	info.syscall.architecture = AUDIT_ARCH_I386;
	force(&info);
}

void signal_force(int signal)
{
	struct user_thread *thread = user_thread_current();

	thread->fault_is_final = true;
	signal_force_fault(signal, SI_KERNEL, 0, 0, 0);
	thread->fault_is_final = false;
}
