/*
 * POSIX timers.
 *
 * A timer owns the queue entry of its signal, so telling never fails for want of memory, and at
 * most one signal of a timer is pending. While it is, the kernel timer is off: expirations are
 * counted when the signal is taken (posix_timer_signal_taken), and then the next one is armed.
 * However short the interval, a program is interrupted as often as it takes signals, and the
 * machine too.
 *
 *	off -> armed		posix_timer_set
 *	armed -> told		expired: the signal is pending; or off, if it rings once
 *	told -> armed		posix_timer_signal_taken
 *	any -> off		posix_timer_set with 0, posix_timer_delete
 *
 * Clocks of CPU time have no alarm. As in cpu_timers.c the kernel timer is set to the earliest
 * moment at which the deadline can be reached, and then the clock is read.
 *
 * Locks. The owner's signal_lock protects everything. CPU clocks are read before it is taken, since
 * reading takes the signal_lock of the process that they are about. A reference keeps a timer
 * that was found while its clock is read; one that was deleted meanwhile is no timer any more.
 */
#include "proc/posix_timers.h"
#include "arch/smp.h"
#include "core/assert.h"
#include "lib/math64.h"
#include "lib/min_max.h"
#include "lib/rbtree.h"
#include "lib/string.h"
#include "mem/slab.h"
#include "proc/internal.h"
#include "sched/clock.h"
#include "sched/schedule.h"
#include "sched/timer.h"
#include "uapi/linux/errno.h"
#include "uapi/linux/time.h"

#define CPU_CHECK_MIN_NS 1000000 /* between two looks at a clock of CPU time */
#define IGNORED_MIN_NS	 1000000 /* between two expirations that nobody wants to hear of */

/* [s] the owner's signal_lock  [I] immutable  [a] atomic */
struct posix_timer {
	struct rbtree_node node;       /* [s] in process.posix_timers by id */
	struct refcount references;    /* [a] the process's, and of calls under way */
	struct process *process;       /* [I] the owner: it outlives us */
	int id;			       /* [I] */
	struct posix_clock clock;      /* [I] references */
	int notify;		       /* [I] SIGEV_ */
	struct user_thread *target;    /* [I] reference; NULL: the process */
	struct signal_entry *entry;    /* [I] our own; [s] its place in a queue */
	struct linux_siginfo info;     /* [I] what is sent */
	struct timer timer;	       /* own locking; armed under [s] */
	struct clock_listener listener; /* while absolute on the realtime clock */
	bool is_deleted;	       /* [s] */
	bool is_armed;		       /* [s] `deadline_ns` is to come, or told and not taken */
	bool is_told;		       /* [s] the pending signal is of this deadline */
	bool is_absolute_realtime;     /* [s] `deadline_ns` is on the realtime clock */
	int64_t deadline_ns;	       /* [s] on the clock; monotonic for relative realtime ones */
	int64_t interval_ns;	       /* [s] 0: once */
	int64_t told_at_ns;	       /* [s] the clock when it expired: for CPU clocks */
	int32_t overrun;	       /* [s] of the signal that was taken last */
};

static struct slab_cache *slab;

void posix_timers_init(void)
{
	slab = slab_cache_create("posix_timer", sizeof(struct posix_timer), 0);
}

/* ---- clocks ---- */

int64_t posix_clock_read(const struct posix_clock *clock)
{
	uint64_t user_ns, system_ns;
	struct usage usage;

	switch (clock->kind) {
	case POSIX_CLOCK_REALTIME:
		return clock_realtime_ns();
	case POSIX_CLOCK_PROCESS_CPU:
		process_usage(clock->process, &usage);
		user_ns = usage.user_ns;
		system_ns = usage.system_ns;
		break;
	case POSIX_CLOCK_THREAD_CPU:
		if (!clock->is_user_only)
			return (int64_t)schedule_run_time(&clock->thread->thread);
		schedule_times(&clock->thread->thread, &user_ns, &system_ns);
		break;
	default:
		return (int64_t)clock_monotonic_ns();
	}
	return (int64_t)(clock->is_user_only ? user_ns : user_ns + system_ns);
}

void posix_clock_put(const struct posix_clock *clock)
{
	if (clock->process)
		process_put(clock->process);
	if (clock->thread)
		user_thread_put(clock->thread);
}

/*
 * The earliest moment, on the monotonic clock, at which a clock of CPU time can say `deadline_ns`
 * if it says `now` now; or a little later, for then it is to be read again.
 */
static uint64_t earliest(const struct posix_clock *clock, int64_t now, int64_t deadline_ns)
{
	uint64_t left = deadline_ns > now ? (uint64_t)(deadline_ns - now) : 0;

	if (clock->kind == POSIX_CLOCK_PROCESS_CPU)
		left = div64_u32(left, smp_cpu_count(), NULL);
	return clock_monotonic_ns() + max(left, (uint64_t)CPU_CHECK_MIN_NS);
}

int posix_clock_sleep_until(const struct posix_clock *clock, int64_t deadline_ns)
{
	for (;;) {
		int64_t now = posix_clock_read(clock);

		if (now >= deadline_ns)
			return 0;
		if (clock_sleep_until(earliest(clock, now, deadline_ns)))
			return -ERESTARTNOHAND;
	}
}

static bool is_cpu_clock(const struct posix_timer *timer)
{
	return timer->clock.kind >= POSIX_CLOCK_PROCESS_CPU;
}

/* The time that the deadline is compared with; for CPU clocks, not under a signal lock. */
static int64_t now_of(const struct posix_timer *timer)
{
	if (is_cpu_clock(timer) || timer->is_absolute_realtime)
		return posix_clock_read(&timer->clock);
	return (int64_t)clock_monotonic_ns();
}

/* ---- expiring: signal lock held ---- */

/* The kernel timer, for a deadline that is to come. `now` is the clock's. */
static void arm(struct posix_timer *timer, int64_t now)
{
	uint64_t at;

	if (timer->notify == SIGEV_NONE)
		return; /* who looks computes */
	if (is_cpu_clock(timer)) {
		at = earliest(&timer->clock, now, timer->deadline_ns);
	} else if (timer->is_absolute_realtime) {
		at = clock_realtime_to_monotonic(timer->deadline_ns);
	} else {
		at = (uint64_t)timer->deadline_ns;
	}
	timer_arm(&timer->timer, at);
}

/* On to the first deadline after `now`; how many were passed beside the first. */
static uint64_t forward(struct posix_timer *timer, int64_t now)
{
	uint64_t periods;

	if (now < timer->deadline_ns)
		return 0;
	periods = div64_u64((uint64_t)(now - timer->deadline_ns), (uint64_t)timer->interval_ns,
			    NULL) +
		  1;
	timer->deadline_ns =
		timer_time_after_periods(timer->deadline_ns, periods, timer->interval_ns);
	return periods - 1;
}

/* A signal that is ignored is not sent: the timer goes on by itself, not too fast. */
static void go_on_unheard(struct posix_timer *timer, int64_t now)
{
	if (!timer->interval_ns) {
		timer->is_armed = false;
		return;
	}
	(void)forward(timer, timer_time_after(now, IGNORED_MIN_NS));
	arm(timer, now);
}

static void tell(struct posix_timer *timer, int64_t now)
{
	timer->told_at_ns = now;
	timer->is_told = true;
	if (!signal_send_prepared(timer->process, timer->target, timer->entry, &timer->info)) {
		timer->is_told = false;
		go_on_unheard(timer, now);
	}
}

/* `now` was read from the clock before the lock was taken. */
static void check_due(struct posix_timer *timer, int64_t now)
{
	if (timer->is_deleted || !timer->is_armed || timer->is_told || timer->notify == SIGEV_NONE)
		return;
	if (now < timer->deadline_ns)
		arm(timer, now);
	else
		tell(timer, now);
}

static void expired(struct timer *kernel_timer)
{
	struct posix_timer *timer = container_of(kernel_timer, struct posix_timer, timer);
	int64_t cpu_now = is_cpu_clock(timer) ? posix_clock_read(&timer->clock) : 0;
	irq_flags flags = spin_lock_irq(&timer->process->signal_lock);

	check_due(timer, is_cpu_clock(timer) ? cpu_now : now_of(timer));
	spin_unlock_irq(&timer->process->signal_lock, flags);
}

static void clock_was_set(struct clock_listener *listener)
{
	struct posix_timer *timer = container_of(listener, struct posix_timer, listener);
	irq_flags flags = spin_lock_irq(&timer->process->signal_lock);

	if (timer->is_absolute_realtime)
		check_due(timer, now_of(timer));
	spin_unlock_irq(&timer->process->signal_lock, flags);
}

void posix_timer_signal_taken(struct posix_timer *timer, struct linux_siginfo *info)
{
	uint64_t missed = 0;
	int64_t now;

	spin_assert_held(&timer->process->signal_lock);
	/* One that was set anew meanwhile: this signal is an old one's. */
	if (timer->is_told) {
		now = is_cpu_clock(timer) ? timer->told_at_ns : now_of(timer);
		timer->is_told = false;
		if (!timer->interval_ns) {
			timer->is_armed = false;
		} else {
			missed = forward(timer, now);
			arm(timer, now);
		}
	}
	timer->overrun = (int32_t)min(missed, (uint64_t)INT32_MAX);
	/* What signal_pending_add_prepared() counted has a say only here, as on Linux. */
	missed += (uint32_t)info->timer.overrun;
	info->timer.overrun = (int32_t)min(missed, (uint64_t)INT32_MAX);
}

/* ---- the process's timers ---- */

static void timer_put(struct posix_timer *timer)
{
	if (!refcount_put(&timer->references))
		return;
	if (timer->entry)
		signal_entry_free(timer->entry);
	posix_clock_put(&timer->clock);
	if (timer->target)
		user_thread_put(timer->target);
	slab_free(slab, timer);
}

/* Signal lock held. */
static struct posix_timer *find(struct process *process, int id)
{
	struct rbtree_node *node = process->posix_timers.node;

	while (node) {
		struct posix_timer *timer = rbtree_entry(node, struct posix_timer, node);

		if (timer->id == id)
			return timer;
		node = id < timer->id ? node->left : node->right;
	}
	return NULL;
}

static struct posix_timer *find_get(int id)
{
	struct process *process = process_current();
	irq_flags flags = spin_lock_irq(&process->signal_lock);
	struct posix_timer *timer = find(process, id);

	if (timer)
		refcount_get(&timer->references);
	spin_unlock_irq(&process->signal_lock, flags);
	return timer;
}

/*
 * Gives it the next free number, which is also its value unless it has one. Returns the number: the
 * timer may be deleted by another thread from now on.
 */
static int insert(struct process *process, struct posix_timer *timer, bool has_value)
{
	struct rbtree_node **link = &process->posix_timers.node;
	struct rbtree_node *parent = NULL;
	irq_flags flags = spin_lock_irq(&process->signal_lock);
	int id;

	do {
		timer->id = process->next_timer_id;
		process->next_timer_id = timer->id == INT32_MAX ? 0 : timer->id + 1;
	} while (find(process, timer->id));
	while (*link) {
		parent = *link;
		link = timer->id < rbtree_entry(parent, struct posix_timer, node)->id
			       ? &parent->left
			       : &parent->right;
	}
	rbtree_link(&timer->node, parent, link);
	rbtree_insert_fixup(&process->posix_timers, &timer->node);
	id = timer->info.timer.timer_id = timer->id;
	if (!has_value)
		timer->info.timer.value.integer = id;
	spin_unlock_irq(&process->signal_lock, flags);
	return id;
}

int posix_timer_create(const struct posix_clock *clock, const struct linux_sigevent *event,
		       struct user_thread *target, int *id)
{
	struct process *process = process_current();
	struct posix_timer *timer = slab_alloc_zeroed(slab, 0);
	uint64_t signals;

	if (!timer)
		goto put_arguments;
	refcount_set(&timer->references, 1);
	timer->process = process;
	timer->clock = *clock;
	timer->target = target;
	timer->notify = event ? event->notify : SIGEV_SIGNAL;
	timer_init(&timer->timer, expired);
	/* Also one that never tells: the limit on signals is the limit on timers. */
	signals = limits_current(&process->limits, LIMIT_PENDING_SIGNALS);
	timer->entry = signal_entry_create_for_timer(timer, user_thread_current()->charged,
						     signals);
	if (!timer->entry) {
		timer_put(timer);
		return -EAGAIN;
	}
	timer->info.signo = event ? event->signo : SIGALRM;
	timer->info.code = SI_TIMER;
	if (event)
		timer->info.timer.value.integer = event->value.integer;
	*id = insert(process, timer, event);
	return 0;

put_arguments:
	posix_clock_put(clock);
	if (target)
		user_thread_put(target);
	return -EAGAIN;
}

/* Signal lock held: from now on nothing can arm it. */
static void remove(struct process *process, struct posix_timer *timer)
{
	rbtree_remove(&process->posix_timers, &timer->node);
	timer->is_deleted = true;
	timer->is_armed = false;
	timer->is_told = false;
	signal_pending_remove_prepared(timer->target ? &timer->target->pending : &process->pending,
				       timer->entry);
}

/* It was removed: no callback is running or will. No locks. */
static void finish(struct posix_timer *timer)
{
	clock_unlisten(&timer->listener);
	(void)timer_cancel_sync(&timer->timer);
	timer_put(timer);
}

int posix_timer_delete(int id)
{
	struct process *process = process_current();
	irq_flags flags = spin_lock_irq(&process->signal_lock);
	struct posix_timer *timer = find(process, id);

	if (timer)
		remove(process, timer);
	spin_unlock_irq(&process->signal_lock, flags);
	if (!timer)
		return -EINVAL;
	finish(timer);
	return 0;
}

void process_end_posix_timers(struct process *process)
{
	for (;;) {
		irq_flags flags = spin_lock_irq(&process->signal_lock);
		struct rbtree_node *first = rbtree_first(&process->posix_timers);

		if (first)
			remove(process, rbtree_entry(first, struct posix_timer, node));
		spin_unlock_irq(&process->signal_lock, flags);
		if (!first)
			return;
		finish(rbtree_entry(first, struct posix_timer, node));
	}
}

/* ---- settings ---- */

/* `now` as for check_due. Signal lock held. */
static void get_locked(struct posix_timer *timer, int64_t now, struct posix_timer_setting *out)
{
	out->interval_ns = timer->interval_ns;
	out->value_ns = 0;
	if (!timer->is_armed)
		return;
	if (timer->interval_ns && (timer->is_told || timer->notify == SIGEV_NONE) &&
	    now >= timer->deadline_ns) {
		/* What is left of the period in which we are; the expirations stay uncounted. */
		uint64_t rest;

		(void)div64_u64((uint64_t)(now - timer->deadline_ns),
				(uint64_t)timer->interval_ns, &rest);
		out->value_ns = min(timer->interval_ns - (int64_t)rest, INT64_MAX - now);
	} else if (now < timer->deadline_ns) {
		out->value_ns = timer->deadline_ns - now;
	} else if (!timer->is_told && timer->notify != SIGEV_NONE) {
		out->value_ns = 1; /* about to ring is not off */
	}
}

static int64_t read_clock(struct posix_timer *timer)
{
	return is_cpu_clock(timer) ? posix_clock_read(&timer->clock) : 0;
}

int posix_timer_get(int id, struct posix_timer_setting *out)
{
	struct posix_timer *timer = find_get(id);
	int64_t cpu_now;
	irq_flags flags;

	if (!timer)
		return -EINVAL;
	cpu_now = read_clock(timer);
	flags = spin_lock_irq(&timer->process->signal_lock);
	get_locked(timer, is_cpu_clock(timer) ? cpu_now : now_of(timer), out);
	spin_unlock_irq(&timer->process->signal_lock, flags);
	timer_put(timer);
	return 0;
}

/* Signal lock held; the timer is not deleted. */
static void set_locked(struct posix_timer *timer, bool absolute, int64_t cpu_now,
		       const struct posix_timer_setting *new)
{
	int64_t now;

	(void)timer_cancel(&timer->timer);
	/* A signal that is pending stays so, but it is none of the new setting's. */
	timer->is_told = false;
	timer->is_armed = new->value_ns != 0;
	timer->interval_ns = new->interval_ns;
	timer->is_absolute_realtime = absolute && timer->clock.kind == POSIX_CLOCK_REALTIME;
	timer->overrun = 0;
	now = is_cpu_clock(timer) ? cpu_now : now_of(timer);
	timer->deadline_ns = absolute ? new->value_ns : timer_time_after(now, new->value_ns);
	if (timer->is_armed)
		arm(timer, now);
}

int posix_timer_set(int id, bool absolute, const struct posix_timer_setting *new,
		    struct posix_timer_setting *old)
{
	struct posix_timer *timer = find_get(id);
	int64_t cpu_now;
	irq_flags flags;
	int error = 0;

	if (!timer)
		return -EINVAL;
	cpu_now = read_clock(timer);
	if (absolute && timer->clock.kind == POSIX_CLOCK_REALTIME)
		clock_listen(&timer->listener, clock_was_set);
	flags = spin_lock_irq(&timer->process->signal_lock);
	if (timer->is_deleted) {
		error = -EINVAL;
	} else {
		get_locked(timer, is_cpu_clock(timer) ? cpu_now : now_of(timer), old);
		set_locked(timer, absolute, cpu_now, new);
	}
	spin_unlock_irq(&timer->process->signal_lock, flags);
	/* Deleted meanwhile: then perhaps after the deleter had stopped listening. */
	if (error)
		clock_unlisten(&timer->listener);
	timer_put(timer);
	return error;
}

int posix_timer_overrun(int id)
{
	struct process *process = process_current();
	irq_flags flags = spin_lock_irq(&process->signal_lock);
	struct posix_timer *timer = find(process, id);
	int result = timer ? timer->overrun : -EINVAL;

	spin_unlock_irq(&process->signal_lock, flags);
	return result;
}
