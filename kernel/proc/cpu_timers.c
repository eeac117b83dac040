/*
 * Timers of CPU time: setitimer(ITIMER_VIRTUAL), setitimer(ITIMER_PROF), LIMIT_CPU and
 * LIMIT_REALTIME_TIME.
 *
 * Idea. No tick samples the running program. Instead a kernel timer is set to the earliest
 * moment at which a limit can be reached: the CPU time that is left, divided by the CPUs that
 * the process can use at once. When it rings, the time used is looked at; what is due is sent,
 * and the timer is set again to the next earliest moment. A process that sleeps meanwhile is
 * looked at once for each time that was left, never more often than CHECK_MIN_NS.
 *
 * LIMIT_REALTIME_TIME is not of the process but of each thread, which looks itself: see
 * sched/cpu_time.c.
 *
 * Locks. signal_lock of the process protects the deadlines.
 */
#include "arch/smp.h"
#include "lib/math64.h"
#include "lib/string.h"
#include "mem/kmalloc.h"
#include "proc/internal.h"
#include "sched/clock.h"
#include "sched/schedule.h"
#include "uapi/linux/errno.h"

#define CHECK_MIN_NS 1000000ull /* between two looks at a process */
#define NS_PER_SECOND 1000000000ull
#define US_PER_SECOND 1000000u

/* [s] signal_lock of the process */
struct cpu_timers {
	struct timer timer;	 /* own locking */
	struct process *process; /* [I] whom we belong to: it outlives us */
	struct cpu_deadline {
		uint64_t due_ns;      /* [s] in the process's CPU time; 0: off */
		uint64_t interval_ns; /* [s] */
	} deadlines[CPU_TIMER_COUNT];
	/* [s] LIMIT_CPU: the last second for which SIGXCPU was sent */
	uint64_t warned_seconds;
};

static const int timer_signals[CPU_TIMER_COUNT] = {
	[CPU_TIMER_VIRTUAL] = SIGVTALRM,
	[CPU_TIMER_PROFILE] = SIGPROF,
};

/* The clock that a kind counts by. */
static uint64_t time_used(const struct usage *usage, enum cpu_timer_kind kind)
{
	return kind == CPU_TIMER_VIRTUAL ? usage->user_ns : usage->user_ns + usage->system_ns;
}

static uint64_t earlier(uint64_t left, uint64_t due, uint64_t used)
{
	uint64_t more = due > used ? due - used : 0;

	return more < left ? more : left;
}

/* CPU time until something is due; UINT64_MAX: nothing is set. Signal lock held. */
static uint64_t time_left(struct cpu_timers *timers, const struct usage *usage)
{
	const struct limit limit = limits_get(&timers->process->limits, LIMIT_CPU);
	uint64_t used = time_used(usage, CPU_TIMER_PROFILE);
	uint64_t left = UINT64_MAX;

	for (unsigned int i = 0; i < CPU_TIMER_COUNT; i++) {
		if (timers->deadlines[i].due_ns)
			left = earlier(left, timers->deadlines[i].due_ns,
				       time_used(usage, (enum cpu_timer_kind)i));
	}
	if (limit.current < UINT32_MAX) {
		uint64_t second = limit.current > timers->warned_seconds
					  ? limit.current
					  : timers->warned_seconds + 1;

		left = earlier(left, second * NS_PER_SECOND, used);
	}
	if (limit.maximum < UINT32_MAX)
		left = earlier(left, limit.maximum * NS_PER_SECOND, used);
	return left;
}

static void set_timer(struct cpu_timers *timers, uint64_t left)
{
	uint64_t delay;

	if (left == UINT64_MAX || (timers->process->flags & PROCESS_EXITING)) {
		timer_cancel(&timers->timer);
		return;
	}
	delay = div64_u32(left, timers->process->thread_count > 1 ? smp_cpu_count() : 1, NULL);
	timer_arm(&timers->timer,
		  clock_monotonic_ns() + (delay > CHECK_MIN_NS ? delay : CHECK_MIN_NS));
}

/*
 * Deadlines that have passed: a bit for each kind. Those with an interval get their next one.
 * Signal lock held.
 */
static unsigned int take_due(struct cpu_timers *timers, const struct usage *usage)
{
	unsigned int due = 0;

	for (unsigned int i = 0; i < CPU_TIMER_COUNT; i++) {
		struct cpu_deadline *deadline = &timers->deadlines[i];
		uint64_t used = time_used(usage, (enum cpu_timer_kind)i);

		if (!deadline->due_ns || deadline->due_ns > used)
			continue;
		due |= 1u << i;
		deadline->due_ns = deadline->interval_ns ? used + deadline->interval_ns : 0;
	}
	return due;
}

/*
 * SIGXCPU once a second beyond the soft limit, SIGKILL at the hard one; 0: neither. Signal lock
 * held.
 */
static int limit_signal(struct cpu_timers *timers, const struct usage *usage)
{
	const struct limit limit = limits_get(&timers->process->limits, LIMIT_CPU);
	uint64_t seconds = div64_u64(time_used(usage, CPU_TIMER_PROFILE), NS_PER_SECOND, NULL);

	if (seconds >= limit.maximum && limit.maximum < UINT32_MAX)
		return SIGKILL;
	if (limit.current >= UINT32_MAX || seconds < limit.current ||
	    (timers->warned_seconds && seconds <= timers->warned_seconds))
		return 0;
	timers->warned_seconds = seconds;
	return SIGXCPU;
}

static void send_signal(struct process *process, int signal)
{
	struct linux_siginfo info;

	signal_info_kernel(&info, signal);
	signal_send_process(process, &info);
}

/* Interrupt context. The process is alive: its end cancels the timer and waits for this. */
static void cpu_timer_expired(struct timer *timer)
{
	struct cpu_timers *timers = container_of(timer, struct cpu_timers, timer);
	struct process *process = timers->process;
	struct usage usage;
	unsigned int due;
	irq_flags flags;
	int signal;

	process_usage(process, &usage);
	flags = spin_lock_irq(&process->signal_lock);
	due = take_due(timers, &usage);
	signal = limit_signal(timers, &usage);
	set_timer(timers, time_left(timers, &usage));
	spin_unlock_irq(&process->signal_lock, flags);
	for (unsigned int i = 0; i < CPU_TIMER_COUNT; i++) {
		if (due & 1u << i)
			send_signal(process, timer_signals[i]);
	}
	if (signal)
		send_signal(process, signal);
}

/* The process's timers, made at first use. Errors: -ENOMEM. */
static int timers_get(struct process *process, struct cpu_timers **out)
{
	struct cpu_timers *fresh;
	irq_flags flags;

	if (!process->cpu_timers) {
		fresh = kzalloc(sizeof(*fresh), 0);
		if (!fresh)
			return -ENOMEM;
		timer_init(&fresh->timer, cpu_timer_expired);
		fresh->process = process;
		flags = spin_lock_irq(&process->signal_lock);
		if (!process->cpu_timers) {
			process->cpu_timers = fresh;
			fresh = NULL;
		}
		spin_unlock_irq(&process->signal_lock, flags);
		kfree(fresh);
	}
	*out = process->cpu_timers;
	return 0;
}

void process_get_cpu_timer(enum cpu_timer_kind kind, uint64_t *value_ns, uint64_t *interval_ns)
{
	struct process *process = process_current();
	struct cpu_deadline deadline = { 0, 0 };
	struct usage usage;
	irq_flags flags;

	process_usage(process, &usage);
	flags = spin_lock_irq(&process->signal_lock);
	if (process->cpu_timers)
		deadline = process->cpu_timers->deadlines[kind];
	spin_unlock_irq(&process->signal_lock, flags);
	*interval_ns = deadline.interval_ns;
	*value_ns = 0;
	/* A timer that is about to ring is not off. */
	if (deadline.due_ns)
		*value_ns = earlier(UINT64_MAX, deadline.due_ns, time_used(&usage, kind)) + 1000;
}

int process_set_cpu_timer(enum cpu_timer_kind kind, uint64_t value_ns, uint64_t interval_ns,
			  uint64_t *old_value_ns, uint64_t *old_interval_ns)
{
	struct process *process = process_current();
	struct cpu_timers *timers;
	struct usage usage;
	irq_flags flags;
	int error = timers_get(process, &timers);

	if (error)
		return error;
	process_get_cpu_timer(kind, old_value_ns, old_interval_ns);
	process_usage(process, &usage);
	flags = spin_lock_irq(&process->signal_lock);
	timers->deadlines[kind].due_ns = value_ns ? time_used(&usage, kind) + value_ns : 0;
	timers->deadlines[kind].interval_ns = interval_ns;
	set_timer(timers, time_left(timers, &usage));
	spin_unlock_irq(&process->signal_lock, flags);
	return 0;
}

int process_watch_cpu_limit(struct process *process)
{
	const struct limit limit = limits_get(&process->limits, LIMIT_CPU);
	struct cpu_timers *timers;
	struct usage usage;
	irq_flags flags;
	int error;

	if (limit.current >= UINT32_MAX && limit.maximum >= UINT32_MAX)
		return 0;
	error = timers_get(process, &timers);
	if (error)
		return error;
	process_usage(process, &usage);
	flags = spin_lock_irq(&process->signal_lock);
	set_timer(timers, time_left(timers, &usage));
	spin_unlock_irq(&process->signal_lock, flags);
	return 0;
}

/*
 * SIGKILL at the hard limit; SIGXCPU at the soft one, which then moves on by a second, as programs
 * can see. Without a soft limit the hard one means nothing, as on Linux.
 */
static int take_realtime_limit(struct process *process, uint64_t used_us)
{
	struct limit limit;

	spin_assert_held(&process->signal_lock);
	limit = limits_get(&process->limits, LIMIT_REALTIME_TIME);
	if (limit.current == LIMIT_INFINITY)
		return 0;
	if (used_us >= limit.maximum)
		return SIGKILL;
	if (used_us < limit.current)
		return 0;
	limit.current += US_PER_SECOND;
	limits_set(&process->limits, LIMIT_REALTIME_TIME, &limit);
	return SIGXCPU;
}

void process_check_realtime_limit(void)
{
	struct process *process = process_current();
	uint64_t used_us;
	irq_flags flags;
	int signal;

	if (limits_current(&process->limits, LIMIT_REALTIME_TIME) == LIMIT_INFINITY)
		return;
	used_us = div64_u32(schedule_realtime_run(), NS_PER_SECOND / US_PER_SECOND, NULL);
	flags = spin_lock_irq(&process->signal_lock);
	signal = take_realtime_limit(process, used_us);
	spin_unlock_irq(&process->signal_lock, flags);
	if (signal)
		send_signal(process, signal);
}

void process_end_cpu_timers(struct process *process)
{
	if (process->cpu_timers)
		timer_cancel_sync(&process->cpu_timers->timer);
}
