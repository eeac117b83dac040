/*
 * Who traces whom: attaching, inheriting, letting go, and the ends of both sides. The theory is in
 * ptrace.h.
 */
#include "proc/ptrace.h"
#include "core/assert.h"
#include "lib/string.h"
#include "proc/internal.h"
#include "uapi/linux/capability.h"
#include "uapi/linux/errno.h"
#include "uapi/linux/ptrace.h"
#include "vfs/credentials.h"

static struct user_thread *tracer_of(const struct user_thread *thread)
{
	return atomic_load_explicit(&thread->trace.tracer, memory_order_relaxed);
}

static bool is_leader(const struct user_thread *thread)
{
	return thread->id == thread->process->id;
}

/*
 * The tracee's side of it all starts here. Tree lock exclusive, the tracee's signal lock held;
 * takes over the reference to `credentials`.
 */
static void link_locked(struct user_thread *tracee, struct user_thread *tracer, bool seize,
			uint32_t options, const struct credentials *credentials)
{
	struct trace *trace = &tracee->trace;

	assert(!tracer_of(tracee));
	user_thread_get(tracee);
	atomic_store_explicit(&trace->tracer, tracer, memory_order_relaxed);
	trace->tracer_credentials = credentials;
	trace->seized = seize;
	trace->options = options;
	list_add_tail(&tracer->process->tracees, &trace->node);
	if (is_leader(tracee))
		tracee->process->leader_tracee = tracee;
	thread_add_return_work(&tracee->thread, RETURN_WORK_TRACE);
}

void trace_unlink(struct user_thread *tracee)
{
	struct process *process = tracee->process;
	struct trace *trace = &tracee->trace;
	const struct credentials *credentials = trace->tracer_credentials;
	struct process *waits_to_attach = NULL;
	irq_flags flags = spin_lock_irq(&process->signal_lock);

	if (trace->attach_waits)
		waits_to_attach = tracer_of(tracee)->process;
	list_remove(&trace->node);
	atomic_store_explicit(&trace->tracer, NULL, memory_order_relaxed);
	trace->tracer_credentials = NULL;
	trace->options = 0;
	trace->seized = trace->listening = trace->trap_wanted = trace->notify_wanted = false;
	trace->attach_waits = trace->reports_calls = trace->skips_calls = false;
	if (process->leader_tracee == tracee)
		process->leader_tracee = NULL;
	if (trace->ended) {
		trace->ended = false;
		if (!is_leader(tracee))
			process_table_release_id(tracee->id);
	} else {
		thread_clear_return_work(&tracee->thread, RETURN_WORK_TRACE);
		if (trace->stopped) {
			trace->stopped = false;
			thread_resume_stopped(&tracee->thread);
		}
		if (!tracee->ended)
			signal_recalculate(tracee);
	}
	spin_unlock_irq(&process->signal_lock, flags);
	if (waits_to_attach)
		wait_queue_wake_all(&waits_to_attach->child_wait, 0);
	credentials_put(credentials);
	user_thread_put(tracee);
}

int trace_check_options(uint32_t options)
{
	/* There are no system-call filters whose effect could be suspended. */
	return options & (~PTRACE_O_MASK | PTRACE_O_SUSPEND_SECCOMP) ? -EINVAL : 0;
}

/* Is everything that `tracee` may do also allowed to `tracer`? Else it must be privileged. */
static bool covers(const struct credentials *tracer, const struct credentials *tracee)
{
	return !(tracee->cap_permitted & ~tracer->cap_permitted) ||
	       credentials_capable(tracer, CAP_SYS_PTRACE);
}

/* The thread that forked the running process: it is to trace it. Tree lock held. */
static struct user_thread *parents_thread(void)
{
	struct process *process = process_current();
	struct process *parent = process->parent;
	struct user_thread *thread;

	if (!parent)
		return NULL;
	thread = process_table_thread(process->parent_thread);
	if (thread && thread->process == parent)
		return thread;
	/* That one has ended: its children are its process's. */
	thread = parent->group_leader;
	return thread && !thread->ended ? thread : NULL;
}

int trace_me(void)
{
	struct user_thread *self = user_thread_current();
	const struct credentials *credentials;
	struct user_thread *tracer;
	irq_flags flags = rwspin_write_lock_irq(&process_tree_lock);
	irq_flags inner;
	int error = -EPERM;

	if (tracer_of(self))
		goto unlock;
	tracer = parents_thread();
	error = 0;
	if (!tracer)
		goto unlock; /* as if it had traced us and ended at once */
	inner = spin_lock_irq(&tracer->process->signal_lock);
	credentials = atomic_load_explicit(&tracer->credentials, memory_order_relaxed);
	if (credentials)
		credentials_get(credentials);
	spin_unlock_irq(&tracer->process->signal_lock, inner);
	if (!credentials)
		goto unlock;
	if (!covers(credentials, credentials_current())) {
		error = -EPERM;
		credentials_put(credentials);
		goto unlock;
	}
	inner = spin_lock_irq(&self->process->signal_lock);
	link_locked(self, tracer, false, 0, credentials);
	spin_unlock_irq(&self->process->signal_lock, inner);
unlock:
	rwspin_write_unlock_irq(&process_tree_lock, flags);
	return error;
}

/*
 * A thread that job control has stopped leaves that sleep to stop for its tracer; it runs nothing
 * of the program in between. Signal lock held.
 */
static void convert_stop(struct user_thread *tracee)
{
	if (!tracee->process->stop_requested || !tracee->stop_done)
		return;
	tracee->trace.trap_wanted = true;
	tracee->trace.attach_waits = true;
	signal_recalculate(tracee);
	thread_resume_stopped(&tracee->thread);
}

/*
 * The right to it is judged under the signal lock, under which an exec changes what it is judged
 * by. While an exec is about to gain privilege, having seen that nobody traces it, it is too late.
 */
static int attach_locked(struct user_thread *tracee, bool seize, uint32_t options)
{
	struct process *process = tracee->process;
	struct linux_siginfo info;
	irq_flags flags = spin_lock_irq(&process->signal_lock);

	if (process->privileged_execs || !process_may_access_locked(process, PROCESS_ACCESS_REAL)) {
		spin_unlock_irq(&process->signal_lock, flags);
		return -EPERM;
	}
	credentials_get(credentials_current());
	link_locked(tracee, user_thread_current(), seize, options, credentials_current());
	spin_unlock_irq(&process->signal_lock, flags);
	if (!seize) {
		signal_info_kernel(&info, SIGSTOP);
		(void)!signal_send_thread(tracee, &info);
	}
	flags = spin_lock_irq(&process->signal_lock);
	convert_stop(tracee);
	spin_unlock_irq(&process->signal_lock, flags);
	return 0;
}

int trace_attach(struct user_thread *tracee, bool seize, uint32_t options)
{
	struct process *own = process_current();
	irq_flags flags;
	int error = -EPERM;

	if (tracee->process == own)
		return -EPERM;
	flags = rwspin_write_lock_irq(&process_tree_lock);
	if (!tracee->ended && !tracer_of(tracee))
		error = attach_locked(tracee, seize, options);
	rwspin_write_unlock_irq(&process_tree_lock, flags);
	if (error)
		return error;
	/* If we are killed meanwhile our end clears it. */
	(void)!wait_event_killable(&own->child_wait, !tracee->trace.attach_waits);
	return 0;
}

void trace_inherit(struct user_thread *child, struct user_thread *parent)
{
	struct user_thread *tracer = tracer_of(parent);
	const struct trace *trace = &parent->trace;
	irq_flags flags;

	if (!tracer)
		return;
	flags = spin_lock_irq(&child->process->signal_lock);
	credentials_get(trace->tracer_credentials);
	link_locked(child, tracer, trace->seized, trace->options, trace->tracer_credentials);
	if (trace->seized)
		child->trace.trap_wanted = true;
	else
		child->pending.set |= SIGNAL_BIT(SIGSTOP);
	signal_recalculate(child);
	spin_unlock_irq(&child->process->signal_lock, flags);
}

/* The tracer is gone, or has waited: what the parent was not told so far. Tree lock exclusive. */
static void let_go(struct user_thread *tracee)
{
	struct process *process = tracee->process;
	bool hidden = process->leader_tracee == tracee && process->state == PROCESS_DEAD &&
		      trace_hides_death(process);

	/* Our tracee's reference may be the last but ours to the process. */
	process_get(process);
	trace_unlink(tracee);
	if (hidden)
		process_report_death(process);
	process_put(process);
}

void trace_end_tracer(struct user_thread *tracer)
{
	struct process *process = tracer->process;
	struct linux_siginfo info;
	struct list_node *next;

	for (struct list_node *node = process->tracees.head.next; node != &process->tracees.head;
	     node = next) {
		struct user_thread *tracee = container_of(node, struct user_thread, trace.node);

		next = node->next;
		if (tracer_of(tracee) != tracer)
			continue;
		if (tracee->trace.options & PTRACE_O_EXITKILL) {
			signal_info_kernel(&info, SIGKILL);
			(void)!signal_send_process(tracee->process, &info);
		}
		let_go(tracee);
	}
}

bool trace_hides_death(const struct process *process)
{
	const struct user_thread *leader = process->leader_tracee;

	rwspin_assert_held(&process_tree_lock);
	return leader && tracer_of(leader)->process != process->parent;
}

void trace_notify(struct user_thread *tracee, int code, int status)
{
	struct process *tracer = tracer_of(tracee)->process;
	struct signal_action action;
	bool is_end = code != CLD_TRAPPED && code != CLD_STOPPED;
	struct linux_siginfo info;

	rwspin_assert_held(&process_tree_lock);
	signal_get_action(tracer, SIGCHLD, &action);
	if (action.handler != SIG_IGN && (is_end || !(action.flags & SA_NOCLDSTOP))) {
		process_child_info(tracee->process, &info);
		info.signo = SIGCHLD;
		info.code = code;
		info.child.pid = tracee->id;
		info.child.status = status;
		(void)!signal_send_process(tracer, &info);
	}
	wait_queue_wake_all(&tracer->child_wait, 0);
}

/* CLD_... and si_status of a status as wait4 gives it. */
static void notify_end(struct user_thread *tracee, uint32_t status)
{
	int code = CLD_EXITED;

	if (status & 0x7f)
		code = status & 0x80 ? CLD_DUMPED : CLD_KILLED;
	trace_notify(tracee, code,
		     code == CLD_EXITED ? (int)(status >> 8) : (int)(status & 0x7f));
}

/* Does it wait for nobody (SIGCHLD ignored)? */
static bool forgives_at_once(struct process *tracer)
{
	struct signal_action action;

	signal_get_action(tracer, SIGCHLD, &action);
	return action.handler == SIG_IGN || (action.flags & SA_NOCLDWAIT);
}

void trace_end_tracee(struct user_thread *thread, uint32_t status)
{
	struct trace *trace = &thread->trace;
	irq_flags flags;

	if (!is_leader(thread) && forgives_at_once(tracer_of(thread)->process)) {
		trace_unlink(thread);
		return;
	}
	flags = spin_lock_irq(&thread->process->signal_lock);
	trace->ended = true;
	trace->exit_status = status;
	spin_unlock_irq(&thread->process->signal_lock, flags);
	/* A leader's end is its process's, and reported with that. */
	if (is_leader(thread))
		return;
	process_table_keep_id(thread->id);
	notify_end(thread, status);
}

void trace_notify_death(struct process *process)
{
	struct user_thread *leader = process->leader_tracee;

	if (forgives_at_once(tracer_of(leader)->process))
		let_go(leader);
	else
		notify_end(leader, process->exit_status);
}

bool trace_may_access_memory(struct user_thread *tracee)
{
	irq_flags flags = spin_lock_irq(&tracee->process->signal_lock);
	bool allowed = atomic_load_explicit(&tracee->process->dumpable, memory_order_relaxed) ||
		       (tracee->trace.tracer_credentials &&
			credentials_capable(tracee->trace.tracer_credentials, CAP_SYS_PTRACE));

	spin_unlock_irq(&tracee->process->signal_lock, flags);
	return allowed;
}

bool trace_begin_privilege(void)
{
	struct user_thread *self = user_thread_current();
	irq_flags flags = spin_lock_irq(&self->process->signal_lock);
	bool allowed = !tracer_of(self) ||
		       credentials_capable(self->trace.tracer_credentials, CAP_SYS_PTRACE);

	if (allowed)
		self->process->privileged_execs++;
	spin_unlock_irq(&self->process->signal_lock, flags);
	return allowed;
}

void trace_end_privilege(void)
{
	struct process *process = process_current();
	irq_flags flags = spin_lock_irq(&process->signal_lock);

	assert(process->privileged_execs > 0);
	process->privileged_execs--;
	spin_unlock_irq(&process->signal_lock, flags);
}

process_id trace_tracer_id(const struct user_thread *thread)
{
	const struct user_thread *tracer = tracer_of(thread);

	rwspin_assert_held(&process_tree_lock);
	return tracer ? tracer->id : 0;
}
