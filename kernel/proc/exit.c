/*
 * The end of threads and processes.
 *
 * A thread unwinds to the edge and then ends here, by itself: it gives back what it alone held.
 * The last one of a process gives back what they shared, hands the children to a new parent, and
 * leaves a dead process behind, which holds nothing but its status, for the parent to forgive;
 * or is forgiven at once when the parent ignores SIGCHLD.
 *
 * The order: memory before descriptors before the terminal before the family, so that whoever
 * sees a dead child knows that its files are closed and its memory is free.
 */
#include "arch/user_copy.h"
#include "core/assert.h"
#include "core/event_ring.h"
#include "core/printk.h"
#include "lib/string.h"
#include "mem/slab.h"
#include "proc/internal.h"
#include "proc/posix_timers.h"
#include "sched/clock.h"
#include "uapi/linux/errno.h"
#include "uapi/linux/futex.h"
#include "uapi/linux/ptrace.h"
#include "vfs/credentials.h"
#include "vfs/fd_table.h"
#include "vfs/file.h"
#include "vfs/fs_context.h"
#include "vm/futex.h"

enum {
	/* entries followed: the list is the program's, and may be a ring */
	ROBUST_LIST_LIMIT = 2048,
};

/*
 * Mark one robust futex as left by a dead owner, and wake a waiter; who waits for a PI lock is
 * woken by futex_pi_release. `is_pending`: the thread was about to lock or unlock it. An unlocked
 * one then may be missing its wake-up.
 */
static void abandon_futex(struct user_thread *thread, user_addr word, bool is_pi, bool is_pending)
{
	struct address_space *space = thread->process->space;
	uint32_t value, seen;

	do {
		if (user_addr_value(word) % sizeof(value) != 0 || get_user_u32(&value, word))
			return;
		if (is_pending && !is_pi && !(value & FUTEX_OWNER_MASK)) {
			(void)!futex_wake(space, word, 1, UINT32_MAX, true);
			return;
		}
		if ((value & FUTEX_OWNER_MASK) != (uint32_t)thread->id)
			return;
		seen = ~value;
		/* The page may be there to be read only: then it is made writable first. */
		if (user_word_compare_exchange(word, value,
					       (value & FUTEX_WAITERS) | FUTEX_OWNER_DIED,
					       &seen) &&
		    user_prefault(word, sizeof(value), true))
			return;
	} while (seen != value);
	if (!is_pi && (value & FUTEX_WAITERS))
		(void)!futex_wake(space, word, 1, UINT32_MAX, true);
}

/* The list of futexes that the thread holds (set_robust_list(2)): head, offset, pending entry. */
static void walk_robust_list(struct user_thread *thread)
{
	uint32_t head[3], entry, next, pending;

	if (!thread->robust_list || copy_from_user(head, thread->robust_list, sizeof(head)))
		return;
	entry = head[0];
	pending = head[2] & ~ROBUST_LIST_PI;
	for (unsigned int i = 0; i < ROBUST_LIST_LIMIT; i++) {
		uint32_t address = entry & ~ROBUST_LIST_PI;

		if (address == user_addr_value(thread->robust_list))
			break;
		/* What follows is read first: an abandoned futex may be another's at once. */
		if (get_user_u32(&next, user_addr_from(address)))
			break;
		if (address != pending)
			abandon_futex(thread, user_addr_from(address + head[1]),
				      entry & ROBUST_LIST_PI, false);
		entry = next;
	}
	if (pending)
		abandon_futex(thread, user_addr_from(pending + head[1]), head[2] & ROBUST_LIST_PI,
			      true);
}

void process_release_parents_memory(struct process *process)
{
	if (atomic_exchange(&process->holds_parents_memory, false))
		wait_queue_wake_all(&process->vfork_queue, 0);
}

/* What the thread told the program to see cleared at its end; needs the memory still mapped. */
static void clear_child_tid(struct user_thread *thread)
{
	struct address_space *space = thread->process->space;

	if (!thread->clear_child_tid)
		return;
	/* Nobody is left to look if this was the only user. */
	if ((thread->process->thread_count > 1 || refcount_read(&space->users) > 1) &&
	    !put_user_u32(thread->clear_child_tid, 0))
		(void)!futex_wake(space, thread->clear_child_tid, 1, UINT32_MAX, true);
	thread->clear_child_tid = NULL;
}

void user_thread_forget_user_pointers(struct user_thread *thread, bool for_good)
{
	if (!thread->process->space)
		return;
	walk_robust_list(thread);
	thread->robust_list = NULL;
	futex_pi_release(&thread->thread, for_good);
	clear_child_tid(thread);
}

static void give_back_files(struct user_thread *thread)
{
	struct process *process = thread->process;
	struct fd_table *fds;
	struct fs_context *fs;
	irq_flags flags = spin_lock_irq(&process->signal_lock);

	fds = thread->fds;
	fs = thread->fs;
	thread->fds = NULL;
	thread->fs = NULL;
	spin_unlock_irq(&process->signal_lock, flags);
	if (fds)
		fd_table_leave(fds);
	if (fs)
		fs_context_leave(fs);
}

/*
 * From here on the thread is as a kernel thread is; the old translation stays loaded until the next
 * switch. Before the thread leaves the process: then nobody counts it any more, and the last to
 * leave frees what it would be switched to.
 */
static void leave_memory(struct user_thread *thread)
{
	preempt_disable();
	thread->thread.mmu = NULL;
	mmu_space_switch(NULL);
	preempt_enable();
}

/* The last thread's: the others have left the memory before they left the process. */
static void give_back_memory(struct process *process)
{
	struct address_space *space = process->space;
	irq_flags flags;
	size_t peak;

	if (!space)
		return;
	peak = address_space_leaving_peak(space);
	flags = spin_lock_irq(&process->signal_lock);
	process->space = NULL;
	if (peak > process->usage.resident_peak_pages)
		process->usage.resident_peak_pages = peak;
	spin_unlock_irq(&process->signal_lock, flags);
	address_space_put(space);
}

/*
 * A stop that waited only for this thread, which has left, is complete now. True: the parent is to
 * be told. Signal lock held.
 */
static bool leave_stop(struct user_thread *thread)
{
	struct process *process = thread->process;

	if (thread->stop_done)
		process->stopped_count--;
	thread->stop_done = false;
	if ((process->flags & PROCESS_EXITING) || !process->stop_requested ||
	    process->is_stopped || process->stopped_count < process->thread_count)
		return false;
	signal_complete_stop(process);
	return true;
}

/* One thread fewer: true for the last one. Its share of the used time goes to the process. */
static bool leave_process(struct user_thread *thread, uint32_t status)
{
	struct process *process = thread->process;
	irq_flags flags = spin_lock_irq(&process->signal_lock);
	bool last, completes_stop;

	thread->ended = true;
	last = --process->thread_count == 0;
	if (last) {
		/* From now on the process is judged by these: it has no live thread to ask. */
		process->last_credentials = credentials_current();
		credentials_get(process->last_credentials);
		memcpy(process->last_name, thread->thread.name, sizeof(process->last_name));
	}
	if (last && !(process->flags & PROCESS_EXITING)) {
		process->exit_status = status;
		process->flags |= PROCESS_EXITING;
	}
	signal_pending_flush(&thread->pending, ~(signal_set)0);
	/* We may have been chosen for a signal of the process. */
	signal_pass_on(process, ~thread->blocked);
	completes_stop = leave_stop(thread);
	spin_unlock_irq(&process->signal_lock, flags);
	if (unlikely(completes_stop))
		signal_tell_parent_of_stop(thread);
	event_note(QUARTET_EVENT_DEATH, (uint32_t)process->id, last,
		   last ? process->exit_status : status);
	return last;
}

static struct process *choose_new_parent(struct process *dead)
{
	struct process *init = process_table_process(1);

	for (struct process *p = dead->parent; p && p != init; p = p->parent) {
		if ((p->flags & PROCESS_SUBREAPER) && p->state == PROCESS_ALIVE &&
		    !(p->flags & PROCESS_EXITING))
			return p;
	}
	return init;
}

/* Does `parent` forgive its children without waiting (SIGCHLD ignored or SA_NOCLDWAIT)? */
static bool forgives_at_once(struct process *parent, const struct process *child)
{
	struct signal_action action;

	if (child->flags & PROCESS_OF_KERNEL)
		return true;
	if (child->exit_signal != SIGCHLD)
		return false;
	signal_get_action(parent, SIGCHLD, &action);
	return action.handler == SIG_IGN || (action.flags & SA_NOCLDWAIT);
}

void process_child_info(struct process *child, struct linux_siginfo *info)
{
	const struct credentials *credentials = process_credentials_get(child);
	struct usage usage;

	memset(info, 0, sizeof(*info));
	info->child.pid = child->id;
	info->child.uid = credentials->uid;
	credentials_put(credentials);
	process_usage(child, &usage);
	/* about a hundredth of a second */
	info->child.user_ticks = (int32_t)(usage.user_ns >> 20) / 10;
	info->child.system_ticks = (int32_t)(usage.system_ns >> 20) / 10;
}

void process_notify_parent(struct process *child, int code)
{
	struct process *parent = child->parent;
	struct signal_action action;
	struct linux_siginfo info;
	bool is_end = code == CLD_EXITED;

	if (!parent)
		return;
	signal_get_action(parent, SIGCHLD, &action);
	process_child_info(child, &info);
	info.signo = is_end ? child->exit_signal : SIGCHLD;
	info.code = code;
	if (is_end && (child->exit_status & 0x7f))
		info.code = child->exit_status & 0x80 ? CLD_DUMPED : CLD_KILLED;
	if (is_end)
		info.child.status = info.code == CLD_EXITED ? (int32_t)(child->exit_status >> 8)
							    : (int32_t)(child->exit_status & 0x7f);
	else
		info.child.status = code == CLD_STOPPED ? child->stop_signal : SIGCONT;
	if (info.signo && (is_end || !(action.flags & SA_NOCLDSTOP)) &&
	    !(is_end && info.signo == SIGCHLD && action.handler == SIG_IGN))
		signal_send_process(parent, &info);
	wait_queue_wake_all(&parent->child_wait, 0);
}

void process_report_death(struct process *process)
{
	process_notify_parent(process, CLD_EXITED);
	if (forgives_at_once(process->parent, process))
		process_forgive(process);
}

void process_drop_ended_leader(struct process *process)
{
	if (!process->ended_leader)
		return;
	user_count_uncharge(process->ended_leader->charged, USER_THREADS);
	user_thread_put(process->ended_leader);
	process->ended_leader = NULL;
}

void process_forgive(struct process *process)
{
	assert(process->state == PROCESS_DEAD);
	if (process->leader_tracee)
		trace_unlink(process->leader_tracee);
	process->state = PROCESS_FORGIVEN;
	process_drop_ended_leader(process);
	event_note(QUARTET_EVENT_FORGIVEN, (uint32_t)process->id);
	list_remove(&process->sibling);
	process_set_parent(process, NULL);
	process_group_remove(process);
	process_table_set_process(process->id, NULL);
	process_put(process);
}

/* PR_SET_PDEATHSIG: as on Linux, the parent is the thread that made the child. */
static void tell_of_parents_death(struct process *child)
{
	struct linux_siginfo info;

	if (!child->parent_death_signal || child->state != PROCESS_ALIVE)
		return;
	signal_info_kernel(&info, child->parent_death_signal);
	signal_send_process(child, &info);
}

/* An ending thread's children go to another thread of its process. Tree lock exclusive. */
static void hand_over_to_thread(struct user_thread *ending)
{
	struct process *process = ending->process;
	struct user_thread *thread, *heir = NULL;
	struct process *child;
	irq_flags flags;

	ending->is_parent = false;
	flags = spin_lock_irq(&process->signal_lock);
	list_for_each_entry(thread, &process->threads, process_node) {
		if (!heir && !thread->ended)
			heir = thread;
	}
	spin_unlock_irq(&process->signal_lock, flags);
	/* The last one's children get another parent, when the process is dead. */
	if (!heir)
		return;
	heir->is_parent = true;
	list_for_each_entry(child, &process->children, sibling) {
		if (child->parent_thread != ending->id)
			continue;
		child->parent_thread = heir->id;
		tell_of_parents_death(child);
	}
}

/*
 * The dead process's children go to `heir`. The dead among them report anew. Tree lock
 * exclusive.
 */
static void hand_over_children(struct process *dead, struct process *heir)
{
	struct list_node *next;

	for (struct list_node *node = dead->children.head.next; node != &dead->children.head;
	     node = next) {
		struct process *child = container_of(node, struct process, sibling);

		next = node->next;
		list_remove(node);
		list_add_tail(&heir->children, node);
		process_set_parent(child, heir);
		child->parent_thread = heir->id;
		child->exit_signal = SIGCHLD;
		tell_of_parents_death(child);
		if (child->state == PROCESS_DEAD && !trace_hides_death(child))
			process_report_death(child);
	}
}

/* The last thread's last work: from alive to dead, in the family's eyes. */
static void become_dead(struct process *process)
{
	irq_flags flags = rwspin_write_lock_irq(&process_tree_lock);

	process_group_check_orphans(process);
	hand_over_children(process, choose_new_parent(process));
	atomic_store(&process->state, PROCESS_DEAD);
	if (trace_hides_death(process))
		trace_notify_death(process);
	else
		process_report_death(process);
	rwspin_write_unlock_irq(&process_tree_lock, flags);
	wait_queue_wake_all(&process->death_queue, 0);
}

/* What all threads shared and nobody needs now. */
static void give_back_shared(struct user_thread *thread)
{
	struct process *process = thread->process;
	struct file *executable;
	irq_flags flags;

	if (process->real_timer.expire)
		timer_cancel_sync(&process->real_timer);
	process_end_cpu_timers(process);
	process_end_posix_timers(process);
	flags = spin_lock_irq(&process->signal_lock);
	executable = process->executable;
	process->executable = NULL;
	signal_pending_flush(&process->pending, ~(signal_set)0);
	spin_unlock_irq(&process->signal_lock, flags);
	if (executable) {
		file_allow_write(executable);
		file_put(executable);
	}
}

static bool is_traced(const struct user_thread *thread)
{
	return atomic_load_explicit(&thread->trace.tracer, memory_order_relaxed);
}

/*
 * Take the thread out of the tables, and its accounts; after this only its stack is left. True for
 * the process's last thread to come here, which need not be the last that left it.
 */
static bool forget_thread(struct user_thread *thread, uint32_t status)
{
	struct process *process = thread->process;
	const struct credentials *credentials = credentials_current();
	irq_flags flags = rwspin_write_lock_irq(&process_tree_lock);
	bool is_leader = thread->id == process->id, last;

	if (unlikely(is_traced(thread)))
		trace_end_tracee(thread, status);
	process_table_set_thread(thread->id, NULL);
	if (is_leader) {
		user_thread_get(thread);
		process->ended_leader = thread;
	}
	/* Nobody finds us any more to be traced by us. */
	if (unlikely(!list_is_empty(&process->tracees)))
		trace_end_tracer(thread);
	if (thread->is_parent)
		hand_over_to_thread(thread);
	rwspin_write_unlock_irq(&process_tree_lock, flags);
	flags = spin_lock_irq(&process->signal_lock);
	process_add_thread_usage(&process->usage, thread);
	list_remove(&thread->process_node);
	last = list_is_empty(&process->threads);
	if (process->group_leader == thread)
		process->group_leader = NULL;
	atomic_store_explicit(&thread->credentials, NULL, memory_order_relaxed);
	spin_unlock_irq(&process->signal_lock, flags);
	/* The record is held as long as the thread, which runs by its user's share. */
	if (!is_leader)
		user_count_uncharge(thread->charged, USER_THREADS);
	credentials_put(credentials);
	wait_queue_wake_all(&process->thread_ended, 0);
	return last;
}

/*
 * The tracer may look at us once more. Whoever has killed us so far has done so; only another
 * SIGKILL ends this stop.
 */
static void stop_before_exit(struct user_thread *thread, uint32_t status)
{
	struct process *process = thread->process;
	irq_flags flags = spin_lock_irq(&process->signal_lock);

	thread->pending.set &= ~SIGNAL_BIT(SIGKILL);
	thread_clear_interrupt(&thread->thread, THREAD_INTERRUPT_KILL);
	spin_unlock_irq(&process->signal_lock, flags);
	(void)trace_event(PTRACE_EVENT_EXIT, status);
	flags = spin_lock_irq(&process->signal_lock);
	thread_interrupt(&thread->thread, THREAD_INTERRUPT_KILL);
	spin_unlock_irq(&process->signal_lock, flags);
}

void user_thread_exit(uint32_t status)
{
	struct user_thread *thread = user_thread_current();
	struct process *process = thread->process;
	bool last;

	irq_enable();
	if (unlikely(process->core_dumper))
		core_dump_wait(thread);
	if (unlikely(trace_has_event(thread, PTRACE_EVENT_EXIT)))
		stop_before_exit(thread, status);
	user_thread_forget_user_pointers(thread, true);
	if (unlikely(thread->semaphore_undo)) {
		process_ipc_ops()->release(thread->semaphore_undo);
		thread->semaphore_undo = NULL;
	}
	leave_memory(thread);
	last = leave_process(thread, status);
	if (last && process->id == 1)
		panic("init ended with status %x", process->exit_status);
	if (last) {
		give_back_memory(process);
		process_release_parents_memory(process);
	}
	give_back_files(thread);
	if (last) {
		session_leader_exit(process);
		give_back_shared(thread);
	}
	/* Dead when all have given back their files: one that left before us may still be at it. */
	if (forget_thread(thread, status))
		become_dead(process);
	thread_exit();
}

void process_exit_group(uint32_t status)
{
	struct user_thread *thread = user_thread_current();
	struct process *process = thread->process;
	irq_flags flags = spin_lock_irq(&process->signal_lock);

	if (process->flags & PROCESS_EXITING) {
		status = process->exit_status;
	} else {
		process->flags |= PROCESS_EXITING;
		process->exit_status = status;
		if (process->thread_count > 1)
			signal_kill_all_threads(process);
	}
	spin_unlock_irq(&process->signal_lock, flags);
	user_thread_exit(status);
}
