/*
 * Masks, and waiting for signals: sigprocmask, sigsuspend, sigtimedwait, sigpending.
 *
 * A thread changes its own mask without the signal lock, since nearly always no signal is pending
 * that the change is about. A sender first adds its signal, then looks at the mask; the thread
 * first changes its mask, then looks for signals; each has a full fence between the two
 * (signal_fence()). So one of them sees the other's step: either the sender finds the
 * new mask, or the thread finds the signal, and takes the lock to do what the change means. What
 * the sender did by the old mask is a wake-up at most, and one too many does no harm. The halves of
 * a mask may be seen apart: each signal's bit counts for itself.
 */
#include "core/assert.h"
#include "proc/internal.h"
#include "uapi/linux/errno.h"

/*
 * Blocked signals that became deliverable here must find this thread; pending ones of the
 * process another.
 */
static noinline void apply_to_pending(struct user_thread *thread, signal_set newly_blocked)
{
	struct process *process = thread->process;
	irq_flags flags = spin_lock_irq(&process->signal_lock);

	/* We may have been chosen for one of those. */
	signal_pass_on(process, newly_blocked);
	signal_recalculate(thread);
	spin_unlock_irq(&process->signal_lock, flags);
}

void signal_set_mask(signal_set mask)
{
	struct user_thread *thread = user_thread_current();
	signal_set before = thread->blocked, pending;

	mask &= ~SIGNALS_UNBLOCKABLE;
	thread->blocked = mask;
	signal_fence();
	pending = thread->pending.set | thread->process->pending.set;
	if (likely(!pending))
		return;
	if (pending & (before ^ mask))
		apply_to_pending(thread, mask & ~before);
}

void signal_suspend_mask(signal_set temporary)
{
	struct user_thread *thread = user_thread_current();

	thread->saved_mask = thread->blocked;
	thread->restore_mask = true;
	/* So that the way back to user mode puts it right even when no signal comes. */
	thread_add_return_work(&thread->thread, RETURN_WORK_SIGNAL);
	signal_set_mask(temporary);
}

void signal_restore_mask(void)
{
	struct user_thread *thread = user_thread_current();

	if (!thread->restore_mask)
		return;
	thread->restore_mask = false;
	signal_set_mask(thread->saved_mask);
}

signal_set signal_pending_set(void)
{
	struct user_thread *thread = user_thread_current();
	irq_flags flags = spin_lock_irq(&thread->process->signal_lock);
	signal_set set = thread->pending.set | thread->process->pending.set;

	spin_unlock_irq(&thread->process->signal_lock, flags);
	return set;
}

int signal_take(struct user_thread *thread, signal_set which, struct linux_siginfo *info)
{
	int signal = signal_pending_take(&thread->pending, which, info);

	if (!signal)
		signal = signal_pending_take(&thread->process->pending, which, info);
	return signal;
}

int signal_wait(signal_set which, struct linux_siginfo *info, uint64_t deadline_ns)
{
	struct user_thread *thread = user_thread_current();
	struct process *process = thread->process;
	bool in_time = true;
	irq_flags flags;
	int signal;

	which &= ~SIGNALS_UNBLOCKABLE;
	for (;;) {
		thread_prepare_sleep(THREAD_SLEEPING_INTERRUPTIBLE);
		flags = spin_lock_irq(&process->signal_lock);
		signal = signal_take(thread, which, info);
		/* While waiting_for is set, senders wake us though we block these. */
		thread->waiting_for = signal ? 0 : which;
		signal_recalculate(thread);
		spin_unlock_irq(&process->signal_lock, flags);
		if (signal || !in_time || thread_is_interrupted(&thread->thread))
			break;
		in_time = thread_sleep_until(deadline_ns);
	}
	thread_cancel_sleep();
	flags = spin_lock_irq(&process->signal_lock);
	thread->waiting_for = 0;
	if (!signal)
		signal = signal_take(thread, which, info);
	/* We may have been chosen for others, which we block again. */
	signal_pass_on(process, which & thread->blocked);
	signal_recalculate(thread);
	spin_unlock_irq(&process->signal_lock, flags);
	if (signal)
		return signal;
	return in_time ? -EINTR : -EAGAIN;
}
