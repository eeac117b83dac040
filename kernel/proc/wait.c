/*
 * Waiting for children: what wait4(2), waitpid(2) and waitid(2) become.
 *
 * A child has something to report when it is dead, has stopped, or was continued; a thread that we
 * trace, when it has stopped for us or has ended (proc/ptrace.h). The waiter looks through its
 * process's children, then its tracees, under the tree lock, takes at most one report, and
 * forgives the child if that was its death. That takes the tree lock exclusive; most looks find
 * nothing, so first it is seen with the lock shared whether there is anything: who asks again and
 * again, with many children, keeps nobody else from the tree.
 *
 * Whoever changes a child's state wakes the parent's child_wait (process_notify_parent); any number
 * of the parent's threads may wait, and each report goes to one of them.
 */
#include "core/assert.h"
#include "proc/internal.h"
#include "uapi/linux/errno.h"
#include "uapi/linux/wait.h"
#include "vfs/credentials.h"

static bool child_matches(const struct process *child, const struct wait_request *request)
{
	bool clone_child = child->exit_signal != SIGCHLD;

	switch (request->kind) {
	case WAIT_PID:
		if (child->id != request->id)
			return false;
		break;
	case WAIT_PIDFD:
		if (child != request->process)
			return false;
		break;
	case WAIT_GROUP:
		if (!child->group || child->group->id != request->id)
			return false;
		break;
	case WAIT_ANY:
		break;
	}
	if ((request->options & __WNOTHREAD) && child->parent_thread != user_thread_current()->id)
		return false;
	if (request->options & __WALL)
		return true;
	return clone_child == !!(request->options & __WCLONE);
}

static void add_usage(struct usage *sum, const struct usage *more)
{
	sum->user_ns += more->user_ns;
	sum->system_ns += more->system_ns;
	sum->minor_faults += more->minor_faults;
	sum->major_faults += more->major_faults;
	sum->voluntary_switches += more->voluntary_switches;
	sum->involuntary_switches += more->involuntary_switches;
	process_add_io(&sum->io, &more->io);
	if (more->resident_peak_pages > sum->resident_peak_pages)
		sum->resident_peak_pages = more->resident_peak_pages;
}

/* A look that only asks whether there is a report has a NULL for `out`: nothing is described. */
static void describe(struct process *child, process_id id, struct wait_result *out)
{
	const struct credentials *credentials;

	if (!out)
		return;
	credentials = process_credentials_get(child);
	out->id = id;
	out->uid = credentials->uid;
	process_usage(child, &out->usage);
	add_usage(&out->usage, &child->children_usage);
	credentials_put(credentials);
}

static void describe_change(uint32_t status, int code, struct wait_result *out)
{
	if (!out)
		return;
	out->status = status;
	out->code = code;
}

static void describe_end(uint32_t status, struct wait_result *out)
{
	int killed = status & 0x80 ? CLD_DUMPED : CLD_KILLED;

	describe_change(status, (status & 0x7f) == 0 ? CLD_EXITED : killed, out);
}

/* Take the report of a death. Tree lock as look_locked(). */
static void take_death(struct process *parent, struct process *child,
		       const struct wait_request *request, struct wait_result *out)
{
	describe(child, child->id, out);
	describe_end(child->exit_status, out);
	if (request->options & WNOWAIT)
		return;
	add_usage(&parent->children_usage, &out->usage);
	process_forgive(child);
}

/*
 * Take the report of a stop or a continuation, if there is one that is asked for. Tree lock as
 * look_locked().
 */
static bool take_stop(struct process *child, const struct wait_request *request,
		      struct wait_result *out)
{
	irq_flags flags = spin_lock_irq(&child->signal_lock);
	bool keep = request->options & WNOWAIT;
	bool found = false;

	if ((request->options & WUNTRACED) && child->stop_unreported) {
		child->stop_unreported = keep;
		describe_change((uint32_t)child->stop_signal << 8 | 0x7f, CLD_STOPPED, out);
		found = true;
	} else if ((request->options & WCONTINUED) && child->continue_unreported) {
		child->continue_unreported = keep;
		describe_change(0xffff, CLD_CONTINUED, out);
		found = true;
	}
	spin_unlock_irq(&child->signal_lock, flags);
	if (found)
		describe(child, child->id, out);
	return found;
}

static struct user_thread *tracer_of(const struct user_thread *thread)
{
	return atomic_load_explicit(&thread->trace.tracer, memory_order_relaxed);
}

/* Who is traced by us is waited for whatever its kind. */
static bool tracee_matches(const struct user_thread *tracee, const struct wait_request *request)
{
	const struct process_group *group = tracee->process->group;

	if ((request->options & __WNOTHREAD) && tracer_of(tracee) != user_thread_current())
		return false;
	switch (request->kind) {
	case WAIT_PID:
		return tracee->id == request->id;
	case WAIT_PIDFD:
		return tracee->process == request->process && tracee->id == tracee->process->id;
	case WAIT_GROUP:
		return group && group->id == request->id;
	default:
		return true;
	}
}

/* Take the report of a tracee's end, if that is what there is. Tree lock as look_locked(). */
static bool take_tracee_end(struct process *tracer, struct user_thread *tracee,
			    const struct wait_request *request, struct wait_result *out)
{
	struct process *process = tracee->process;
	bool is_leader = process->leader_tracee == tracee;

	if (!(request->options & WEXITED) || (is_leader && process->state != PROCESS_DEAD))
		return false;
	if (is_leader && process->parent == tracer) {
		take_death(tracer, process, request, out);
		return true;
	}
	describe(process, tracee->id, out);
	describe_end(is_leader ? process->exit_status : tracee->trace.exit_status, out);
	if (request->options & WNOWAIT)
		return true;
	process_get(process);
	trace_unlink(tracee);
	/* Now its parent may know. */
	if (is_leader)
		process_report_death(process);
	process_put(process);
	return true;
}

/* Take the report of a tracee's stop, if there is one. Tree lock as look_locked(). */
static bool take_tracee_stop(struct user_thread *tracee, const struct wait_request *request,
			     struct wait_result *out)
{
	struct trace *trace = &tracee->trace;
	irq_flags flags = spin_lock_irq(&tracee->process->signal_lock);
	/* One that is being killed is about to leave its stop. */
	bool found = trace->stopped && !trace->listening && trace->code &&
		     !thread_is_killed(&tracee->thread);

	if (found) {
		describe_change(trace->code << 8 | 0x7f, CLD_TRAPPED, out);
		if (!(request->options & WNOWAIT))
			trace->code = 0;
	}
	spin_unlock_irq(&tracee->process->signal_lock, flags);
	if (!found)
		return false;
	describe(tracee->process, tracee->id, out);
	return true;
}

/* One look at all tracees: as look(), and `result` what that has found so far. */
static int look_at_tracees(struct process *tracer, const struct wait_request *request,
			   struct wait_result *out, int result)
{
	for (struct list_node *node = tracer->tracees.head.next; node != &tracer->tracees.head;
	     node = node->next) {
		struct user_thread *tracee = container_of(node, struct user_thread, trace.node);

		if (!tracee_matches(tracee, request))
			continue;
		result = 0;
		if (tracee->trace.ended ? take_tracee_end(tracer, tracee, request, out)
					: take_tracee_stop(tracee, request, out))
			return 1;
	}
	return result;
}

/* One look at one child: as look(), and `result` what that has found so far. */
static int look_at_child(struct process *parent, struct process *child,
			 const struct wait_request *request, struct wait_result *out, int result)
{
	bool is_dead = child->state == PROCESS_DEAD, is_hidden;

	if (!child_matches(child, request))
		return result;
	is_hidden = trace_hides_death(child);
	if (is_dead && is_hidden)
		return 0;
	/* One that is dead has nothing to tell, ever, to who does not ask for deaths. */
	if (is_dead && !(request->options & WEXITED))
		return result;
	if (is_dead) {
		take_death(parent, child, request, out);
		return 1;
	}
	/* A child that we trace tells us of its stops as our tracee. */
	if (child->leader_tracee && !is_hidden)
		return 0;
	return take_stop(child, request, out);
}

/* The one child that is asked for, or NULL: it is not looked for among thousands. */
static struct process *only_child(const struct process *parent, const struct wait_request *request)
{
	struct process *child = request->kind == WAIT_PIDFD ? request->process
							    : process_table_process(request->id);

	return child && child->parent == parent ? child : NULL;
}

/*
 * One look at all children and tracees: 1 found, 0 none yet, -ECHILD. Tree lock exclusive, or
 * shared with WNOWAIT, which changes nothing.
 */
static int look_locked(struct process *parent, const struct wait_request *request,
		       struct wait_result *out)
{
	struct process *child;
	int result = -ECHILD;

	if (request->kind == WAIT_PID || request->kind == WAIT_PIDFD) {
		child = only_child(parent, request);
		if (child)
			result = look_at_child(parent, child, request, out, result);
	} else {
		list_for_each_entry(child, &parent->children, sibling) {
			result = look_at_child(parent, child, request, out, result);
			if (result == 1)
				break;
		}
	}
	if (result != 1)
		result = look_at_tracees(parent, request, out, result);
	return result;
}

static int look(struct process *parent, const struct wait_request *request, struct wait_result *out)
{
	struct wait_request peek = *request;
	irq_flags flags = rwspin_read_lock_irq(&process_tree_lock);
	int result;

	peek.options |= WNOWAIT;
	result = look_locked(parent, &peek, request->options & WNOWAIT ? out : NULL);
	rwspin_read_unlock_irq(&process_tree_lock, flags);
	if (result != 1 || (request->options & WNOWAIT))
		return result;
	flags = rwspin_write_lock_irq(&process_tree_lock);
	result = look_locked(parent, request, out);
	rwspin_write_unlock_irq(&process_tree_lock, flags);
	return result;
}

int process_wait(const struct wait_request *request, struct wait_result *out)
{
	struct process *parent = process_current();
	struct wait_entry entry;
	int result;

	result = look(parent, request, out);
	if (result || (request->options & WNOHANG))
		return result;
	wait_entry_init(&entry);
	for (;;) {
		wait_begin(&parent->child_wait, &entry, THREAD_SLEEPING_INTERRUPTIBLE);
		result = look(parent, request, out);
		if (result)
			break;
		if (wait_step(&entry, THREAD_SLEEPING_INTERRUPTIBLE, WAIT_FOREVER)) {
			/* A child's report beats the signal that came with it. */
			result = look(parent, request, out);
			if (!result)
				result = -ERESTARTSYS;
			break;
		}
	}
	wait_end(&entry);
	return result;
}
