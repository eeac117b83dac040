/*
 * The real-time interval timer of a process: alarm(2), setitimer(ITIMER_REAL).
 *
 * The kernel timer's expiry runs in interrupt context: it sends SIGALRM and, for an interval,
 * arms itself again from the deadline that was due, so that it does not drift. The kernel timer is
 * set up, armed and cancelled under the signal lock, with the deadline: else one of two threads, or
 * an expiry under way, might leave it armed for what the other has replaced.
 */
#include "proc/internal.h"
#include "sched/clock.h"

/* The process is alive: exit cancels the timer and waits for this before the process can go. */
static void real_timer_expired(struct timer *timer)
{
	struct process *process = container_of(timer, struct process, real_timer);
	struct linux_siginfo info;
	uint64_t now = clock_monotonic_ns();
	irq_flags flags = spin_lock_irq(&process->signal_lock);
	uint64_t interval = process->real_timer_interval_ns;
	uint64_t due = process->real_timer_deadline_ns;
	bool rang = due && due <= now;

	if (rang && interval) {
		/* Intervals missed altogether are skipped: they could not be told apart anyway. */
		do {
			due += interval;
		} while (due <= now && now - due < interval * 16);
		if (due <= now)
			due = now + interval;
		process->real_timer_deadline_ns = due;
	} else if (rang) {
		process->real_timer_deadline_ns = 0;
	}
	if (process->real_timer_deadline_ns)
		timer_arm(timer, process->real_timer_deadline_ns);
	spin_unlock_irq(&process->signal_lock, flags);
	if (rang) {
		signal_info_kernel(&info, SIGALRM);
		signal_send_process(process, &info);
	}
}

/* Signal lock held. */
static void get_locked(const struct process *process, uint64_t now, uint64_t *value_ns,
		       uint64_t *interval_ns)
{
	uint64_t due = process->real_timer_deadline_ns;

	*interval_ns = process->real_timer_interval_ns;
	/* A timer that is about to ring is not off. */
	*value_ns = !due ? 0 : due > now ? due - now : 1000;
}

void process_get_real_timer(uint64_t *value_ns, uint64_t *interval_ns)
{
	struct process *process = process_current();
	irq_flags flags = spin_lock_irq(&process->signal_lock);

	get_locked(process, clock_monotonic_ns(), value_ns, interval_ns);
	spin_unlock_irq(&process->signal_lock, flags);
}

void process_set_real_timer(uint64_t value_ns, uint64_t interval_ns, uint64_t *old_value_ns,
			    uint64_t *old_interval_ns)
{
	struct process *process = process_current();
	irq_flags flags = spin_lock_irq(&process->signal_lock);
	uint64_t now = clock_monotonic_ns();

	if (!process->real_timer.expire)
		timer_init(&process->real_timer, real_timer_expired);
	get_locked(process, now, old_value_ns, old_interval_ns);
	process->real_timer_deadline_ns = value_ns ? now + value_ns : 0;
	process->real_timer_interval_ns = interval_ns;
	/* An expiry under way finds the new deadline, or none. */
	if (value_ns)
		timer_arm(&process->real_timer, process->real_timer_deadline_ns);
	else
		(void)timer_cancel(&process->real_timer);
	spin_unlock_irq(&process->signal_lock, flags);
}
