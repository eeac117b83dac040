/*
 * The real-time interval timer of a process: alarm(2), setitimer(ITIMER_REAL).
 *
 * The kernel timer's expiry runs in interrupt context: it sends SIGALRM and, for an interval,
 * arms itself again from the deadline that was due, so that it does not drift. As long as nobody
 * takes the signals it rings no more often than UNHEARD_MIN_NS says: a short interval would keep
 * the CPU from all other work. The kernel timer is
 * set up, armed and cancelled under the signal lock, with the deadline: else one of two threads, or
 * an expiry under way, might leave it armed for what the other has replaced.
 */
#include "lib/math64.h"
#include "proc/internal.h"
#include "sched/clock.h"

#define UNHEARD_MIN_NS 1000000 /* between two rings that nobody hears */

/* The first of the deadlines `due`, `due` + `interval`, ... that is later than `after`. */
static uint64_t next_deadline(uint64_t due, uint64_t interval, uint64_t after)
{
	if (due > after)
		return due;
	return due + (div64_u64(after - due, interval, NULL) + 1) * interval;
}

/* The process is alive: exit cancels the timer and waits for this before the process can go. */
static void real_timer_expired(struct timer *timer)
{
	struct process *process = container_of(timer, struct process, real_timer);
	struct linux_siginfo info;
	uint64_t now = clock_monotonic_ns();
	irq_flags flags = spin_lock_irq(&process->signal_lock);
	uint64_t due = process->real_timer_deadline_ns;

	if (due && due <= now) {
		uint64_t interval = process->real_timer_interval_ns;

		signal_info_kernel(&info, SIGALRM);
		if (!signal_send_process_locked(process, &info))
			now += UNHEARD_MIN_NS;
		/* Intervals missed altogether are skipped: they could not be told apart anyway. */
		process->real_timer_deadline_ns = interval ? next_deadline(due, interval, now) : 0;
	}
	if (process->real_timer_deadline_ns)
		timer_arm(timer, process->real_timer_deadline_ns);
	spin_unlock_irq(&process->signal_lock, flags);
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
