/*
 * Sending signals: who gets one, whether it is kept, and who must wake for it.
 *
 * A signal to a process is kept in the process's pending set, one to a thread in the thread's.
 * Sending a stop signal forgets pending SIGCONTs and the other way round, and SIGCONT continues
 * a stopped process at once, even if it is blocked or ignored. What is ignored and not blocked
 * is thrown away here.
 *
 * A signal that ends the process for certain (SIGKILL, or a default death that nobody blocks) is
 * turned into the group's end at once: every thread gets SIGKILL and the status is decided, so
 * that no thread runs on for long and none waits for another to take the signal.
 *
 * Locks: the receiver's signal_lock protects all of it; handlers->lock is taken inside for
 * actions.
 */
#include "core/assert.h"
#include "core/spinlock_irq_off.h"
#include "lib/string.h"
#include "proc/internal.h"
#include "uapi/linux/capability.h"
#include "uapi/linux/errno.h"
#include "vfs/credentials.h"

void signal_info_kernel(struct linux_siginfo *info, int signal)
{
	memset(info, 0, sizeof(*info));
	info->signo = signal;
	info->code = SI_KERNEL;
}

void signal_info_user(struct linux_siginfo *info, int signal)
{
	process_id pid = process_current()->id;
	user_id uid = credentials_current()->uid;

	/* Word by word; the union's largest member begins as `user` does. */
	info->signo = signal;
	info->error = 0;
	info->code = SI_USER;
	info->child.pid = pid;
	info->child.uid = uid;
	info->child.status = info->child.user_ticks = info->child.system_ticks = 0;
}

static uintptr_t handler_of(const struct process *process, int signal)
{
	/* One aligned word, read whole; a racing sigaction may come just before or after us. */
	return *(volatile const uintptr_t *)&process->handlers->actions[signal - 1].handler;
}

static bool is_traced(const struct user_thread *thread)
{
	return atomic_load_explicit(&thread->trace.tracer, memory_order_relaxed);
}

static bool default_is_ignore(int signal)
{
	return signal_is_in(SIGNALS_IGNORED_BY_DEFAULT, signal);
}

bool signal_is_ignored(const struct process *process, const struct user_thread *thread, int signal)
{
	uintptr_t handler = handler_of(process, signal);

	/*
	 * A blocked signal is kept: its action may change before it is unblocked; sigwait wants
	 * it too.
	 */
	if (thread && signal_is_in(thread->blocked | thread->waiting_for, signal))
		return false;
	/* A tracer sees even those, and may want them delivered. */
	if (thread && is_traced(thread) && signal != SIGKILL)
		return false;
	/* Init hears only what it asked for: it cannot be killed by accident. */
	if (process->id == 1 && handler == SIG_DFL && signal != SIGCHLD)
		return true;
	return handler == SIG_IGN || (handler == SIG_DFL && default_is_ignore(signal));
}

static void wake_thread(struct user_thread *thread)
{
	/* The running thread needs no lock to hear of it, nor another CPU. */
	if (&thread->thread == thread_current())
		atomic_fetch_or(&stack_header()->return_work, RETURN_WORK_SIGNAL);
	else
		thread_add_return_work(&thread->thread, RETURN_WORK_SIGNAL);
	thread_interrupt(&thread->thread, THREAD_INTERRUPT_SIGNAL);
}

void signal_recalculate(struct user_thread *thread)
{
	struct process *process = thread->process;
	signal_set pending = thread->pending.set | process->pending.set;
	bool exiting = process->flags & PROCESS_EXITING;
	bool stop = process->stop_requested && !exiting;

	spin_assert_held(&process->signal_lock);
	/* Mostly the last one was just taken. */
	if (likely(!pending && !exiting && !stop && !is_traced(thread))) {
		thread_clear_interrupt(&thread->thread, THREAD_INTERRUPT_SIGNAL);
		return;
	}
	pending &= ~thread->blocked;
	/* A tracee that has reported the stop goes on when its tracer says so. */
	if (unlikely(is_traced(thread)))
		stop = (stop && !thread->stop_done) || trace_wants_stop(thread);
	if (pending || stop || exiting) {
		/* Work first: a call that ends early must find it on its way out. */
		wake_thread(thread);
	} else {
		thread_clear_interrupt(&thread->thread, THREAD_INTERRUPT_SIGNAL);
	}
}

static inline bool wants(const struct user_thread *thread, int signal)
{
	return !thread->ended &&
	       signal_is_in(~thread->blocked | thread->waiting_for, signal);
}

/* Whoever has stopped looks for signals by itself when that is over. */
static bool has_stopped(const struct user_thread *thread)
{
	return thread->trace.stopped || (thread->stop_done && !is_traced(thread));
}

/* Does it want the signal, and is it not busy with another? Then who comes first gets it. */
static inline bool is_free_for(const struct user_thread *thread, int signal)
{
	return wants(thread, signal) && !has_stopped(thread) &&
	       !thread_is_interrupted(&thread->thread);
}

/*
 * One thread that does not block `signal`: the eldest, by preference one that is not busy with
 * another.
 */
void signal_wake_for(struct process *process, int signal)
{
	struct user_thread *chosen = NULL;

	signal_fence();
	for (struct list_node *node = process->threads.head.next; node != &process->threads.head;
	     node = node->next) {
		struct user_thread *thread = container_of(node, struct user_thread, process_node);

		if (!wants(thread, signal) || has_stopped(thread))
			continue;
		if (!chosen)
			chosen = thread;
		if (!thread_is_interrupted(&thread->thread)) {
			chosen = thread;
			break;
		}
	}
	if (chosen)
		wake_thread(chosen);
}

void signal_pass_on(struct process *process, signal_set which)
{
	signal_set left = process->pending.set & which;

	while (left && process->thread_count > 0) {
		signal_wake_for(process, __builtin_ctzll(left) + 1);
		left &= left - 1;
	}
}

void signal_kill_thread(struct user_thread *thread)
{
	thread->pending.set |= SIGNAL_BIT(SIGKILL);
	thread_add_return_work(&thread->thread, RETURN_WORK_SIGNAL);
	thread_interrupt(&thread->thread, THREAD_INTERRUPT_SIGNAL | THREAD_INTERRUPT_KILL);
}

void signal_kill_all_threads(struct process *process)
{
	for (struct list_node *node = process->threads.head.next; node != &process->threads.head;
	     node = node->next) {
		struct user_thread *thread = container_of(node, struct user_thread, process_node);

		if (!thread->ended)
			signal_kill_thread(thread);
	}
}

void signal_stop_cancel(struct process *process)
{
	process->stop_requested = false;
	process->stop_unreported = false;
	process->stopped_count = 0;
	for (struct list_node *node = process->threads.head.next; node != &process->threads.head;
	     node = node->next) {
		struct user_thread *thread = container_of(node, struct user_thread, process_node);

		thread->stop_done = false;
		thread->was_continued = true;
		thread_resume_stopped(&thread->thread);
	}
}

/* Tracers that asked for it (PTRACE_SEIZE) hear that a group stop has ended. */
static void tell_tracers_of_continuation(struct process *process)
{
	for (struct list_node *node = process->threads.head.next; node != &process->threads.head;
	     node = node->next) {
		struct user_thread *thread = container_of(node, struct user_thread, process_node);

		if (thread->ended || !is_traced(thread) || !thread->trace.seized)
			continue;
		thread->trace.notify_wanted = true;
		trace_wake_listener(thread);
		signal_recalculate(thread);
	}
}

void signal_flush_everywhere(struct process *process, signal_set which)
{
	signal_pending_flush(&process->pending, which);
	for (struct list_node *node = process->threads.head.next; node != &process->threads.head;
	     node = node->next)
		signal_pending_flush(&container_of(node, struct user_thread, process_node)->pending,
				     which);
}

/*
 * What sending does besides keeping the signal. The parent hears of a continuation from the
 * first thread that runs on (signal_deliver.c): the tree lock, outside of ours, cannot be taken
 * here.
 */
static void apply_stop_rules(struct process *process, int signal)
{
	if (signal == SIGCONT) {
		signal_flush_everywhere(process, SIGNALS_STOP);
		if (process->is_stopped) {
			process->is_stopped = false;
			process->continue_unreported = true;
			process->continue_untold = true;
		}
		signal_stop_cancel(process);
		tell_tracers_of_continuation(process);
	} else if (signal_is_in(SIGNALS_STOP, signal)) {
		signal_flush_everywhere(process, SIGNAL_BIT(SIGCONT));
	}
}

/* Decided: every thread ends, even one that is stopped or about to be. */
static void end_group(struct process *process, int signal)
{
	process->is_stopped = false;
	signal_stop_cancel(process);
	process->flags |= PROCESS_EXITING;
	process->exit_status = (uint32_t)signal;
	signal_kill_all_threads(process);
}

/*
 * Does `thread` die of `signal`, whose action is death, as soon as it hears of it? Who is stopped
 * hears of nothing until it is continued; a tracer has a say; sigwait takes the signal for itself.
 */
static bool dies_at_once(const struct user_thread *thread, int signal)
{
	return !thread->ended && !thread->stop_done && !is_traced(thread) &&
	       !signal_is_in(thread->blocked | thread->waiting_for, signal);
}

/*
 * Is the process sure to die of this, which is for `thread`, or for any (NULL)? Then all its
 * threads learn of it now: no stop that is under way can come in between.
 */
static void end_group_if_fatal(struct process *process, const struct user_thread *thread,
			       int signal)
{
	if (process->flags & PROCESS_EXITING) {
		/* Who stops for its tracer on the way out shall not be held up by it. */
		if (signal == SIGKILL)
			signal_kill_all_threads(process);
		return;
	}
	if (signal == SIGKILL) {
		end_group(process, signal);
		return;
	}
	if (handler_of(process, signal) != SIG_DFL || default_is_ignore(signal) ||
	    signal_is_in(SIGNALS_STOP | SIGNALS_CORE, signal))
		return;
	/*
	 * Process 1 has caught or blocked it when it was found not to be ignored, and changes that
	 * just now. It is not to die of that: when it takes the signal it drops it.
	 */
	if (process->id == 1)
		return;
	if (thread) {
		if (dies_at_once(thread, signal))
			end_group(process, signal);
		return;
	}
	for (struct list_node *node = process->threads.head.next; node != &process->threads.head;
	     node = node->next) {
		if (dies_at_once(container_of(node, struct user_thread, process_node), signal)) {
			end_group(process, signal);
			return;
		}
	}
}

static struct user_thread *first_live_thread(struct process *process)
{
	for (struct list_node *node = process->threads.head.next; node != &process->threads.head;
	     node = node->next) {
		struct user_thread *thread = container_of(node, struct user_thread, process_node);

		if (!thread->ended)
			return thread;
	}
	return NULL;
}

/*
 * `thread` NULL: to the process. `prepared`: a timer's entry, or NULL. 1: it is pending now; 0:
 * nothing changed, since it is ignored, pending already, or the receiver is dead or ends; -EAGAIN.
 * Signal lock held.
 */
static int send_locked(struct process *process, struct user_thread *thread,
		       const struct linux_siginfo *info, struct signal_entry *prepared)
{
	struct signal_pending *pending = &process->pending;
	struct user_thread *receiver = thread;
	int signal = info->signo;
	bool has_handler = handler_of(process, signal) > SIG_IGN;
	int error;

	assert(signal >= 1 && signal <= SIGNAL_COUNT);
	/*
	 * Dead already, or sure to be: sending succeeds and changes nothing, for nobody would take
	 * it off. But SIGKILL has a word with who stops for its tracer, or writes a core file.
	 */
	if (thread) {
		pending = &thread->pending;
		if (unlikely(thread->ended))
			return 0;
	} else {
		receiver = first_live_thread(process);
		if (unlikely(!receiver))
			return 0;
	}
	if (unlikely(process->flags & PROCESS_EXITING) && signal != SIGKILL)
		return 0;
	apply_stop_rules(process, signal);
	/* What has a handler is not ignored, nor does it end the process. */
	if (!has_handler && signal_is_ignored(process, receiver, signal))
		return 0;
	if (prepared)
		signal_pending_add_prepared(pending, prepared, info);
	else if (!signal_pending_add_alone(pending, info) &&
		 !signal_pending_add(pending, info, receiver->charged,
				     limits_current(&process->limits, LIMIT_PENDING_SIGNALS),
				     &error)) {
		if (signal == SIGKILL)
			end_group_if_fatal(process, thread, signal);
		return error;
	}
	signal_fence();
	if (!has_handler)
		end_group_if_fatal(process, thread, signal);
	if (thread) {
		if (wants(thread, signal))
			wake_thread(thread);
	} else if (likely(is_free_for(receiver, signal))) {
		wake_thread(receiver);	/* the first that lives, as it would be found below */
	} else {
		signal_wake_for(process, signal);
	}
	/* The fence above stands before this look too. */
	if (unlikely(!wait_queue_is_empty(&process->signal_queue)))
		wait_queue_wake_all(&process->signal_queue, 0);
	return 1;
}

static int send(struct process *process, struct user_thread *thread,
		const struct linux_siginfo *info)
{
	irq_flags flags = irq_disable_save();
	int result;

	spin_lock_irq_off(&process->signal_lock);
	result = send_locked(process, thread, info, NULL);
	spin_unlock_irq_off(&process->signal_lock);
	preempt_irq_restore(flags);
	return result < 0 ? result : 0;
}

bool signal_send_process_locked(struct process *process, const struct linux_siginfo *info)
{
	spin_assert_held(&process->signal_lock);
	return send_locked(process, NULL, info, NULL) > 0;
}

bool signal_send_prepared(struct process *process, struct user_thread *thread,
			  struct signal_entry *entry, const struct linux_siginfo *info)
{
	spin_assert_held(&process->signal_lock);
	if (thread && thread->ended)
		return false;
	return send_locked(process, thread, info, entry) > 0;
}

int signal_send_process(struct process *process, const struct linux_siginfo *info)
{
	return send(process, NULL, info);
}

int signal_send_thread(struct user_thread *thread, const struct linux_siginfo *info)
{
	return send(thread->process, thread, info);
}

int signal_send_group(struct process_group *group, const struct linux_siginfo *info)
{
	irq_flags flags = rwspin_read_lock_irq(&process_tree_lock);
	int result = -ESRCH;

	for (struct list_node *node = group->members.head.next; node != &group->members.head;
	     node = node->next) {
		struct process *member = container_of(node, struct process, group_node);
		int error = signal_send_process(member, info);

		if (!error || result == -ESRCH)
			result = error;
	}
	rwspin_read_unlock_irq(&process_tree_lock, flags);
	return result;
}

/* ---- who may, and kill(2) to many ---- */

static bool is_permitted_by_ids(const struct user_thread *sender, struct process *target)
{
	const struct credentials *mine =
		atomic_load_explicit(&sender->credentials, memory_order_relaxed);
	const struct credentials *theirs;
	bool permitted;

	if (sender->process == target || credentials_capable(mine, CAP_KILL))
		return true;
	theirs = process_credentials_get(target);
	permitted = mine->euid == theirs->suid || mine->euid == theirs->uid ||
		    mine->uid == theirs->suid || mine->uid == theirs->uid;
	credentials_put(theirs);
	return permitted;
}

/* Tree lock held. */
static bool in_one_session(const struct process *a, const struct process *b)
{
	return a->group && b->group && a->group->session == b->group->session;
}

int signal_may_send(const struct user_thread *sender, struct process *target, int signal)
{
	irq_flags flags;
	bool permitted;

	if (!signal_exists(signal))
		return -EINVAL;
	if (is_permitted_by_ids(sender, target))
		return 0;
	if (signal != SIGCONT)
		return -EPERM;
	flags = rwspin_read_lock_irq(&process_tree_lock);
	permitted = in_one_session(sender->process, target);
	rwspin_read_unlock_irq(&process_tree_lock, flags);
	return permitted ? 0 : -EPERM;
}

/* Tree lock held. */
static int send_checked(struct process *target, const struct linux_siginfo *info)
{
	if (!signal_exists(info->signo))
		return -EINVAL;
	if (!is_permitted_by_ids(user_thread_current(), target) &&
	    !(info->signo == SIGCONT && in_one_session(process_current(), target)))
		return -EPERM;
	return info->signo ? signal_send_process(target, info) : 0;
}

int signal_kill_group(process_id id, const struct linux_siginfo *info)
{
	irq_flags flags = rwspin_read_lock_irq(&process_tree_lock);
	struct process_group *group = process_group_find(id);
	struct process *member;
	int result = -ESRCH;
	bool any = false;

	if (group) {
		list_for_each_entry(member, &group->members, group_node) {
			result = send_checked(member, info);
			any |= !result;
		}
	}
	rwspin_read_unlock_irq(&process_tree_lock, flags);
	return any ? 0 : result;
}

struct broadcast {
	const struct linux_siginfo *info;
	int result;
};

static bool visit(struct process *process, void *argument)
{
	struct broadcast *broadcast = argument;
	int error;

	if (process->id == 1 || process == process_current())
		return true;
	error = send_checked(process, broadcast->info);
	if (broadcast->result == -ESRCH)
		broadcast->result = 0;
	/* As on Linux the last error counts, but nothing is said of EPERM. */
	if (error != -EPERM)
		broadcast->result = error;
	return true;
}

int signal_kill_all(const struct linux_siginfo *info)
{
	struct broadcast broadcast = { info, -ESRCH };

	process_for_each(visit, &broadcast);
	return broadcast.result;
}
