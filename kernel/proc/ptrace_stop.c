/*
 * The stops of a traced thread, made by itself. The theory is in ptrace.h.
 *
 * Each kind of stop has a code, which wait4 reports shifted by eight, and mostly a siginfo:
 *
 *	a signal	the signal; its own siginfo. What it is resumed with is delivered
 *	a system call	SIGTRAP, | 0x80 if so asked; before and after the call
 *	an event	SIGTRAP | event << 8
 *	a group stop	the stop signal; seized: | PTRACE_EVENT_STOP << 8, else no siginfo
 *	an interrupt	SIGTRAP | PTRACE_EVENT_STOP << 8
 */
#include "arch/context.h"
#include "arch/debug.h"
#include "core/assert.h"
#include "lib/string.h"
#include "proc/internal.h"
#include "proc/ptrace.h"
#include "uapi/linux/errno.h"
#include "uapi/linux/ptrace.h"
#include "vfs/credentials.h"

enum { NOT_STOPPED = -1 };

static bool is_traced(const struct user_thread *thread)
{
	return atomic_load_explicit(&thread->trace.tracer, memory_order_relaxed);
}

/* There will be no stop, and whoever waits for one need not. Signal lock held. */
static void forget_wanted(struct user_thread *self)
{
	struct user_thread *tracer =
		atomic_load_explicit(&self->trace.tracer, memory_order_relaxed);

	self->trace.trap_wanted = self->trace.notify_wanted = false;
	if (!self->trace.attach_waits)
		return;
	self->trace.attach_waits = false;
	if (tracer)
		wait_queue_wake_all(&tracer->process->child_wait, 0);
}

static bool is_event_stop(const struct linux_siginfo *info)
{
	return info && info->code >> 8 == PTRACE_EVENT_STOP;
}

/*
 * Whether a seized thread stops with its process, or only because it was asked to or the process
 * was continued, is decided in one section with the stop: a continuation comes before, and is seen
 * here, or after, and is told. Returns the stop's code. Signal lock held.
 */
static uint32_t decide_event_stop(const struct process *process, struct linux_siginfo *info)
{
	info->signo = process->stop_requested ? process->stop_signal : SIGTRAP;
	info->code = info->signo | PTRACE_EVENT_STOP << 8;
	return (uint32_t)info->code;
}

/* Tree lock shared, signal lock held: from here on the tracer finds it stopped. */
static void enter_stop(struct user_thread *self, uint32_t code, uint32_t message,
		       struct linux_siginfo *info)
{
	struct trace *trace = &self->trace;

	arch_thread_park(&self->thread.arch);
	if (is_event_stop(info))
		code = decide_event_stop(self->process, info);
	trace->code = code;
	trace->message = message;
	trace->info = info;
	trace->stopped = true;
	trace->trap_wanted = false;
	trace->attach_waits = false;
	if (is_event_stop(info))
		trace->notify_wanted = false;
}

/*
 * Resumed, let go or killed; and not while the tracer looks. False: killed, and `code` still what
 * it was to report.
 */
static bool sleep_in_stop(struct user_thread *self)
{
	struct process *process = self->process;
	struct trace *trace = &self->trace;
	bool resumed;
	irq_flags flags;

	for (;;) {
		bool leaves, frozen;

		flags = spin_lock_irq(&process->signal_lock);
		leaves = !trace->stopped || thread_is_killed(&self->thread);
		frozen = trace->frozen;
		if (leaves && !frozen)
			break;
		/* Before the lock goes: whoever changes one of these wakes us afterwards. */
		thread_prepare_sleep(leaves ? THREAD_SLEEPING : THREAD_STOPPED);
		spin_unlock_irq(&process->signal_lock, flags);
		thread_sleep();
	}
	resumed = !trace->stopped;
	trace->stopped = trace->listening = false;
	trace->info = NULL;
	trace->message = 0;
	signal_recalculate(self);
	spin_unlock_irq(&process->signal_lock, flags);
	return resumed;
}

/*
 * Stop, tell the tracer, and sleep until it is over. Returns the signal that the tracer resumed it
 * with, or NOT_STOPPED: nobody traces it, or it is being killed.
 */
static int trace_stop(uint32_t code, int why, uint32_t message, struct linux_siginfo *info)
{
	struct user_thread *self = user_thread_current();
	struct process *process = self->process;
	irq_flags flags = rwspin_read_lock_irq(&process_tree_lock);
	irq_flags inner = spin_lock_irq(&process->signal_lock);
	bool resumed;

	if (!is_traced(self) || thread_is_killed(&self->thread)) {
		forget_wanted(self);
		spin_unlock_irq(&process->signal_lock, inner);
		rwspin_read_unlock_irq(&process_tree_lock, flags);
		return NOT_STOPPED;
	}
	enter_stop(self, code, message, info);
	spin_unlock_irq(&process->signal_lock, inner);
	trace_notify(self, why, why == CLD_STOPPED ? process->stop_signal : (int)(code & 0x7f));
	rwspin_read_unlock_irq(&process_tree_lock, flags);

	resumed = sleep_in_stop(self);
	arch_thread_unpark(&self->thread.arch);
	if (!is_traced(self))
		arch_step_disable(&self->thread.arch, arch_user_frame(arch_stack_base()));
	return resumed ? (int)self->trace.code : 0;
}

/* A stop that is no signal's: its siginfo names the stop. */
static int stop_with_info(int signal, uint32_t code, int why, uint32_t message)
{
	struct linux_siginfo info;

	memset(&info, 0, sizeof(info));
	info.signo = signal;
	info.code = (int32_t)code;
	info.user.pid = user_thread_current()->id;
	info.user.uid = credentials_current()->uid;
	return trace_stop(code, why, message, &info);
}

/* The siginfo of a signal that the tracer sends in another's place. */
static void info_from_tracer(struct linux_siginfo *info, int signal)
{
	struct user_thread *self = user_thread_current();
	struct user_thread *tracer;
	irq_flags flags;

	memset(info, 0, sizeof(*info));
	info->signo = signal;
	info->code = SI_USER;
	flags = rwspin_read_lock_irq(&process_tree_lock);
	tracer = atomic_load_explicit(&self->trace.tracer, memory_order_relaxed);
	if (tracer) {
		info->user.pid = tracer->process->id;
		info->user.uid = self->trace.tracer_credentials->uid;
	}
	rwspin_read_unlock_irq(&process_tree_lock, flags);
}

int trace_signal_stop(int signal, struct linux_siginfo *info)
{
	struct user_thread *self = user_thread_current();
	int wanted = trace_stop((uint32_t)signal, CLD_TRAPPED, 0, info);

	if (wanted == NOT_STOPPED)
		return signal;
	if (wanted == 0)
		return 0;
	if (wanted != info->signo)
		info_from_tracer(info, wanted);
	/* The tracer may have changed the mask too: a blocked signal waits. */
	if ((self->blocked & SIGNAL_BIT(wanted)) && wanted != SIGKILL) {
		(void)!signal_send_thread(self, info);
		return 0;
	}
	return wanted;
}

/* Of a seized thread; its signal is decided when it stops. */
static void event_stop(void)
{
	stop_with_info(SIGTRAP, SIGTRAP | PTRACE_EVENT_STOP << 8, CLD_STOPPED, 0);
}

void trace_group_stop(void)
{
	struct user_thread *self = user_thread_current();

	if (self->trace.seized)
		event_stop();
	else
		trace_stop((uint32_t)self->process->stop_signal, CLD_STOPPED, 0, NULL);
}

bool trace_wants_stop(const struct user_thread *thread)
{
	return thread->trace.trap_wanted || thread->trace.notify_wanted;
}

void trace_wanted_stop(void)
{
	struct user_thread *self = user_thread_current();
	struct process *process = self->process;
	irq_flags flags = spin_lock_irq(&process->signal_lock);
	uint32_t signal = process->stop_requested ? (uint32_t)process->stop_signal : SIGTRAP;
	bool seized = self->trace.seized;

	spin_unlock_irq(&process->signal_lock, flags);
	if (seized) {
		event_stop();
	} else if (signal != SIGTRAP) {
		trace_stop(signal, CLD_STOPPED, 0, NULL);
	} else {
		/* Continued before it could stop for its tracer: PTRACE_ATTACH's SIGSTOP comes. */
		flags = spin_lock_irq(&process->signal_lock);
		forget_wanted(self);
		spin_unlock_irq(&process->signal_lock, flags);
	}
}

bool trace_has_event(const struct user_thread *thread, unsigned int event)
{
	return is_traced(thread) && (thread->trace.options & PTRACE_O_EVENT(event));
}

bool trace_event(unsigned int event, uint32_t message)
{
	if (!trace_has_event(user_thread_current(), event))
		return false;
	/* A signal that the tracer resumes it with has no meaning here. */
	(void)stop_with_info(SIGTRAP, SIGTRAP | event << 8, CLD_TRAPPED, message);
	return true;
}

void trace_exec(process_id old_id)
{
	struct user_thread *self = user_thread_current();
	struct linux_siginfo info;

	if (trace_event(PTRACE_EVENT_EXEC, (uint32_t)old_id) || !is_traced(self) ||
	    self->trace.seized)
		return;
	signal_info_user(&info, SIGTRAP);
	(void)!signal_send_thread(self, &info);
}

void trace_handler_started(bool stepping)
{
	if (stepping && is_traced(user_thread_current()))
		stop_with_info(SIGTRAP, SIGTRAP, CLD_TRAPPED, 0);
}

static void report_call(uint32_t message)
{
	struct user_thread *self = user_thread_current();
	uint32_t code = SIGTRAP | (self->trace.options & PTRACE_O_TRACESYSGOOD ? 0x80 : 0);
	int signal = stop_with_info(SIGTRAP, code, CLD_TRAPPED, message);
	struct linux_siginfo info;

	/* The stop's own code is left if its tracer went; another may have come meanwhile. */
	if (signal <= 0 || signal > SIGNAL_COUNT || !is_traced(self))
		return;
	signal_info_kernel(&info, signal);
	(void)!signal_send_thread(self, &info);
}

bool trace_syscall_enter(struct trap_frame *frame)
{
	struct user_thread *self = user_thread_current();
	bool skips = self->trace.skips_calls;

	(void)frame;
	if (!is_traced(self) || (!skips && !self->trace.reports_calls))
		return true;
	report_call(PTRACE_EVENTMSG_SYSCALL_ENTRY);
	return !skips && !thread_is_killed(&self->thread);
}

void trace_syscall_leave(struct trap_frame *frame)
{
	struct user_thread *self = user_thread_current();

	if (!is_traced(self))
		return;
	if (arch_step_is_on(&self->thread.arch) && !self->trace.skips_calls)
		signal_force_fault(SIGTRAP, TRAP_BRKPT, trap_frame_instruction(frame), 1, 0);
	else if (self->trace.reports_calls)
		report_call(PTRACE_EVENTMSG_SYSCALL_EXIT);
}
