/*
 * The clocks that programs see, and their copy in the vDSO.
 *
 * Monotonic time is the machine's (arch/clock.h). Real time is monotonic time plus an offset, which
 * only clock_set_realtime changes: 64 bits under a sequence lock, so that reading the time takes no
 * lock. The vDSO gets that offset and the scale by which the machine itself turns its counter into
 * nanoseconds, so that both read the same time to the last bit.
 *
 * File times come from a reading that is kept for a millisecond (struct clock_recent). It needs no
 * tick: who finds it too old by the counter renews it, under clock_lock and thus one after another,
 * and each of them reads a clock that does not go back. Setting the clock makes it too old.
 */
#include "sched/clock.h"
#include "arch/clock.h"
#include "arch/vdso.h"
#include "core/seqlock.h"
#include "core/spinlock.h"
#include "lib/math64.h"
#include "lib/min_max.h"
#include "sched/clock_discipline.h"
#include "sched/thread.h"
#include "uapi/linux/errno.h"

#define NS_PER_SECOND 1000000000u
#define NS_PER_MILLISECOND 1000000u

static struct spinlock clock_lock = SPINLOCK_INIT(LOCK_RANK_LEAF, "clock");
static struct seqcount clock_sequence;	/* readers of realtime_offset; writers hold clock_lock */
static int64_t realtime_offset;		/* realtime - monotonic, ns */

struct clock_recent clock_recent;

static struct spinlock listeners_lock =
	SPINLOCK_INIT(LOCK_RANK_CLOCK_LISTENERS, "clock listeners");
static struct list listeners = LIST_INIT(listeners); /* [listeners_lock] of clock_listener.node */

static void set_offset(int64_t offset)
{
	irq_flags flags = spin_lock_irq(&clock_lock);

	seq_write_begin(&clock_sequence);
	realtime_offset = offset;
	seq_write_end(&clock_sequence);
	seq_write_begin(&clock_recent.sequence);
	clock_recent.ticks = 0;
	seq_write_end(&clock_recent.sequence);
	vdso_set_realtime_offset((uint64_t)offset);
	spin_unlock_irq(&clock_lock, flags);
}

static inline int64_t offset_now(void)
{
	unsigned int sequence;
	int64_t offset;

	do {
		sequence = seq_read_begin(&clock_sequence);
		offset = realtime_offset;
	} while (seq_read_retry(&clock_sequence, sequence));
	return offset;
}

void clock_init(void)
{
	uint64_t counter_base;
	uint32_t multiplier, shift;

	arch_clock_scale(&counter_base, &multiplier, &shift);
	vdso_set_counter(counter_base, multiplier, shift);
	/* A date of 1970 may be the time since boot: no time lies before that. */
	set_offset(max_t(int64_t, arch_rtc_read() * NS_PER_SECOND - (int64_t)arch_clock_ns(), 0));
}

uint64_t clock_monotonic_ns(void)
{
	return arch_clock_ns();
}

int64_t clock_realtime_ns(void)
{
	return (int64_t)arch_clock_ns() + offset_now();
}

/* A millisecond of the counter, or what is left of the second. */
static uint32_t ticks_of(uint32_t nanoseconds)
{
	uint32_t left = NS_PER_SECOND - nanoseconds;

	if (left >= NS_PER_MILLISECOND)
		return arch_clock_khz();
	return (uint32_t)div64_u32((uint64_t)left * arch_clock_khz(), NS_PER_MILLISECOND, NULL);
}

void clock_recent_renew(int64_t *seconds, uint32_t *nanoseconds)
{
	irq_flags flags = spin_lock_irq(&clock_lock);
	/* Before the clock is read: then the reading ends early rather than late. */
	uint64_t counter = arch_clock_counter();
	uint64_t now = (uint64_t)((int64_t)arch_clock_ns() + realtime_offset);

	*seconds = (int64_t)div64_u32(now, NS_PER_SECOND, nanoseconds);
	/* This CPU's counter may be behind the one that the last reading came from. */
	if (clock_recent.ticks != 0 &&
	    (clock_recent.seconds > *seconds || (clock_recent.seconds == *seconds &&
						 clock_recent.nanoseconds > *nanoseconds))) {
		*seconds = clock_recent.seconds;
		*nanoseconds = clock_recent.nanoseconds;
	}
	seq_write_begin(&clock_recent.sequence);
	clock_recent.counter = counter;
	clock_recent.ticks = ticks_of(*nanoseconds);
	clock_recent.seconds = *seconds;
	clock_recent.nanoseconds = *nanoseconds;
	seq_write_end(&clock_recent.sequence);
	spin_unlock_irq(&clock_lock, flags);
}

/* ---- who must hear of a new time ------------------------------------------------------------- */

void clock_listen(struct clock_listener *listener, void (*changed)(struct clock_listener *))
{
	irq_flags flags = spin_lock_irq(&listeners_lock);

	listener->changed = changed;
	if (!list_node_is_linked(&listener->node))
		list_add_tail(&listeners, &listener->node);
	spin_unlock_irq(&listeners_lock, flags);
}

void clock_unlisten(struct clock_listener *listener)
{
	irq_flags flags = spin_lock_irq(&listeners_lock);

	if (list_node_is_linked(&listener->node))
		list_remove(&listener->node);
	spin_unlock_irq(&listeners_lock, flags);
}

static void tell_listeners(void)
{
	irq_flags flags = spin_lock_irq(&listeners_lock);
	struct clock_listener *listener;

	list_for_each_entry(listener, &listeners, node)
		listener->changed(listener);
	spin_unlock_irq(&listeners_lock, flags);
}

/* ---- setting and sleeping -------------------------------------------------------------------- */

int clock_set_realtime(int64_t ns)
{
	int64_t offset = ns - (int64_t)arch_clock_ns();

	if (offset < 0)
		return -EINVAL;
	set_offset(offset);
	clock_quality_forget();
	tell_listeners();
	return 0;
}

uint64_t clock_realtime_to_monotonic(int64_t realtime_ns)
{
	int64_t offset = offset_now();
	int64_t monotonic;

	if (__builtin_sub_overflow(realtime_ns, offset, &monotonic))
		return realtime_ns > 0 ? UINT64_MAX - 1 : 0;
	return monotonic > 0 ? (uint64_t)monotonic : 0;
}

int clock_sleep_until(uint64_t deadline_ns)
{
	struct thread *thread = thread_current();
	bool in_time = true;

	while (in_time && arch_clock_ns() < deadline_ns) {
		thread_prepare_sleep(THREAD_SLEEPING_INTERRUPTIBLE);
		if (thread_is_interrupted(thread)) {
			thread_cancel_sleep();
			return -EINTR;
		}
		in_time = thread_sleep_until(deadline_ns);
	}
	return 0;
}

struct sleeper {
	struct clock_listener listener;
	struct thread *thread;
};

static void wake_sleeper(struct clock_listener *listener)
{
	(void)thread_wake(container_of(listener, struct sleeper, listener)->thread);
}

int clock_sleep_until_realtime(int64_t realtime_ns)
{
	struct sleeper sleeper = { .thread = thread_current() };
	int error = 0;

	clock_listen(&sleeper.listener, wake_sleeper);
	while (clock_realtime_ns() < realtime_ns) {
		thread_prepare_sleep(THREAD_SLEEPING_INTERRUPTIBLE);
		if (thread_is_interrupted(sleeper.thread)) {
			thread_cancel_sleep();
			error = -EINTR;
			break;
		}
		/* A clock that is set from here on wakes us, and we look again. */
		(void)thread_sleep_until(clock_realtime_to_monotonic(realtime_ns));
	}
	clock_unlisten(&sleeper.listener);
	return error;
}
