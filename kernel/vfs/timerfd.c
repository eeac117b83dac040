/*
 * timerfd(2).
 *
 * A kernel timer rings at the next expiration and is not set again until somebody reads or looks:
 * however short the interval, the machine is interrupted once a read. What passed in between is
 * counted then (catch_up).
 *
 * All deadlines are kept on the monotonic clock. An absolute one of the realtime clock is kept as
 * it was given too, and while it is armed the file listens to that clock being set: then the
 * deadline moves, or, with CANCEL_ON_SET, the reader is told -ECANCELED.
 *
 * Locks: `lock`, which the timer's callback and the clock's listener take in interrupt context. A
 * callback that was already running when the timer was set anew sees that it is not due. A setting
 * takes two sections of it, with the listener put in between; `setting` makes settings one after
 * another.
 */
#include "vfs/timerfd.h"

#include "core/spinlock.h"
#include "lib/math64.h"
#include "lib/min_max.h"
#include "mem/slab.h"
#include "sched/clock.h"
#include "sched/mutex.h"
#include "sched/timer.h"
#include "sched/wait_queue.h"
#include "uapi/linux/errno.h"
#include "uapi/linux/fcntl.h"
#include "vfs/file.h"
#include "vfs/poll.h"
#include "vm/io_buffer.h"

/* [l] lock  [I] immutable */
struct timerfd {
	struct mutex setting;		/* LOCK_RANK_SLEEPING_LEAF */
	struct spinlock lock;		/* LOCK_RANK_TIMER_OWNER */
	struct wait_queue queue;	/* readers and pollers */
	struct timer timer;		/* own locking; armed under [l] */
	enum timerfd_clock clock;	/* [I] */
	int clock_id;			/* [I] Linux's number */
	uint32_t flags;			/* [l] enum timerfd_flags of the last setting */
	bool is_armed;			/* [l] has rung or will */
	bool has_rung;			/* [l] since `deadline_ns`: the kernel timer is off */
	bool is_cancelled;		/* [l] the clock was set; not read yet */
	int64_t deadline_ns;		/* [l] monotonic */
	int64_t realtime_ns;		/* [l] of an absolute realtime setting */
	int64_t interval_ns;		/* [l] 0: once */
	uint64_t ticks;			/* [l] expirations not read yet */
	struct clock_listener listener;
};

static struct slab_cache *slab;

void timerfd_init(void)
{
	slab = slab_cache_create("timerfd", sizeof(struct timerfd), 0);
}

static bool follows_clock(const struct timerfd *timerfd)
{
	return timerfd->clock == TIMERFD_REALTIME && (timerfd->flags & TIMERFD_ABSOLUTE);
}

static int64_t now_ns(void)
{
	return (int64_t)clock_monotonic_ns();
}

/* When the clock that can be set will say `realtime_ns`; the end of time if it never will. */
static int64_t monotonic_of(int64_t realtime_ns)
{
	return (int64_t)min(clock_realtime_to_monotonic(realtime_ns), (uint64_t)INT64_MAX);
}

/* Any context; `lock` held. */
static void check_due(struct timerfd *timerfd)
{
	if (!timerfd->is_armed || timerfd->has_rung)
		return;
	if (timerfd->deadline_ns > now_ns()) {
		timer_arm(&timerfd->timer, (uint64_t)timerfd->deadline_ns);
		return;
	}
	timerfd->has_rung = true;
	timerfd->ticks++;
	wait_queue_wake_one(&timerfd->queue, POLL_IN);
}

static void timer_rang(struct timer *timer)
{
	struct timerfd *timerfd = container_of(timer, struct timerfd, timer);
	irq_flags flags = spin_lock_irq(&timerfd->lock);

	check_due(timerfd);
	spin_unlock_irq(&timerfd->lock, flags);
}

/* The realtime clock was set. */
static void clock_was_set(struct clock_listener *listener)
{
	struct timerfd *timerfd = container_of(listener, struct timerfd, listener);
	irq_flags flags = spin_lock_irq(&timerfd->lock);

	if (timerfd->flags & TIMERFD_CANCEL_ON_SET) {
		if (!timerfd->is_cancelled) {
			timerfd->is_cancelled = true;
			timerfd->ticks++;
		}
		wait_queue_wake_one(&timerfd->queue, POLL_IN);
	}
	if (follows_clock(timerfd) && timerfd->is_armed && !timerfd->has_rung) {
		timerfd->deadline_ns = monotonic_of(timerfd->realtime_ns);
		check_due(timerfd);
	}
	spin_unlock_irq(&timerfd->lock, flags);
}

/*
 * Move *deadline_ns on to the first after `now`, both of one clock, and count what passed beside
 * the one that rang.
 */
static void forward(struct timerfd *timerfd, int64_t *deadline_ns, int64_t now)
{
	uint64_t passed = timer_periods_passed((uint64_t)*deadline_ns,
					       (uint64_t)timerfd->interval_ns, (uint64_t)now);

	timerfd->ticks += passed - 1;
	*deadline_ns = timer_time_after_periods(*deadline_ns, passed, timerfd->interval_ns);
}

/*
 * Expirations that passed since it rang; the next is armed. Those of the realtime clock are counted
 * by it: the first may have been due before the machine started. `lock` held.
 */
static void catch_up(struct timerfd *timerfd)
{
	if (!timerfd->is_armed || !timerfd->has_rung || !timerfd->interval_ns)
		return;
	if (follows_clock(timerfd)) {
		forward(timerfd, &timerfd->realtime_ns, clock_realtime_ns());
		timerfd->deadline_ns = monotonic_of(timerfd->realtime_ns);
	} else {
		forward(timerfd, &timerfd->deadline_ns, now_ns());
	}
	timerfd->has_rung = false;
	timer_arm(&timerfd->timer, (uint64_t)timerfd->deadline_ns);
}

/* True: the program shall hear that the clock was set. `lock` held. */
static bool take_cancellation(struct timerfd *timerfd)
{
	bool was_cancelled = timerfd->is_cancelled;

	timerfd->is_cancelled = false;
	return was_cancelled;
}

/* ---- settings -------------------------------------------------------------------------------- */

static void get_locked(struct timerfd *timerfd, struct timerfd_setting *out)
{
	int64_t now = now_ns();

	catch_up(timerfd);
	out->interval_ns = timerfd->interval_ns;
	out->value_ns = 0;
	if (timerfd->is_armed && !timerfd->has_rung)
		/* One that is about to ring is not off. */
		out->value_ns =
			timerfd->deadline_ns > now ? timerfd->deadline_ns - now : 1;
}

void timerfd_get(struct file *file, struct timerfd_setting *out)
{
	struct timerfd *timerfd = file->private;
	irq_flags flags;

	/* A setting that is half made would be seen as one that is off. */
	mutex_lock(&timerfd->setting);
	flags = spin_lock_irq(&timerfd->lock);
	get_locked(timerfd, out);
	spin_unlock_irq(&timerfd->lock, flags);
	mutex_unlock(&timerfd->setting);
}

static int64_t deadline_of(const struct timerfd *timerfd, int64_t value_ns)
{
	if (follows_clock(timerfd))
		return monotonic_of(value_ns);
	if (timerfd->flags & TIMERFD_ABSOLUTE)
		return value_ns;
	return timer_time_after(now_ns(), value_ns);
}

/* `setting` held. Errors: -ECANCELED. */
static int set_locked(struct timerfd *timerfd, uint32_t new_flags,
		      const struct timerfd_setting *new, struct timerfd_setting *old)
{
	irq_flags flags;
	int error = 0;

	clock_unlisten(&timerfd->listener);
	flags = spin_lock_irq(&timerfd->lock);
	get_locked(timerfd, old);
	(void)timer_cancel(&timerfd->timer);
	timerfd->flags = new_flags;
	if (timerfd->clock != TIMERFD_REALTIME || !(new_flags & TIMERFD_ABSOLUTE))
		timerfd->flags &= ~(uint32_t)TIMERFD_CANCEL_ON_SET;
	timerfd->ticks = 0;
	timerfd->has_rung = false;
	timerfd->is_armed = false;	/* a callback that runs already finds nothing due */
	timerfd->interval_ns = new->interval_ns;
	timerfd->realtime_ns = new->value_ns;
	spin_unlock_irq(&timerfd->lock, flags);

	if (follows_clock(timerfd))
		clock_listen(&timerfd->listener, clock_was_set);

	flags = spin_lock_irq(&timerfd->lock);
	timerfd->is_armed = new->value_ns != 0;
	if (timerfd->is_armed) {
		timerfd->deadline_ns = deadline_of(timerfd, new->value_ns);
		timer_arm(&timerfd->timer, (uint64_t)timerfd->deadline_ns);
	}
	if (!(timerfd->flags & TIMERFD_CANCEL_ON_SET))
		timerfd->is_cancelled = false;
	else if (timerfd->is_armed && take_cancellation(timerfd))
		error = -ECANCELED;
	spin_unlock_irq(&timerfd->lock, flags);
	return error;
}

int timerfd_set(struct file *file, uint32_t new_flags, const struct timerfd_setting *new,
		struct timerfd_setting *old)
{
	struct timerfd *timerfd = file->private;
	int error;

	mutex_lock(&timerfd->setting);
	error = set_locked(timerfd, new_flags, new, old);
	mutex_unlock(&timerfd->setting);
	return error;
}

/* ---- being a file ---------------------------------------------------------------------------- */

static bool has_ticks(struct timerfd *timerfd)
{
	irq_flags flags = spin_lock_irq(&timerfd->lock);
	bool result = timerfd->ticks > 0;

	spin_unlock_irq(&timerfd->lock, flags);
	return result;
}

/* What a read gets: 0 nothing yet, or -ECANCELED. */
static int take_ticks(struct timerfd *timerfd, uint64_t *out)
{
	irq_flags flags = spin_lock_irq(&timerfd->lock);
	int error = 0;

	*out = 0;
	if (timerfd->ticks) {
		if (take_cancellation(timerfd))
			error = -ECANCELED;
		else
			catch_up(timerfd);
		*out = timerfd->ticks;
		timerfd->ticks = 0;
	}
	spin_unlock_irq(&timerfd->lock, flags);
	return error;
}

static ssize_t timerfd_read(struct file *file, struct io_buffer *buffer, file_offset *position)
{
	struct timerfd *timerfd = file->private;
	uint64_t ticks;
	int error;

	(void)position;
	if (buffer->remaining < sizeof(ticks))
		return -EINVAL;
	for (;;) {
		error = take_ticks(timerfd, &ticks);
		if (error)
			return error;
		if (ticks)
			break;
		if (atomic_load_explicit(&file->flags, memory_order_relaxed) & O_NONBLOCK)
			return -EAGAIN;
		if (wait_event_interruptible(&timerfd->queue, has_ticks(timerfd)))
			return -ERESTARTSYS;
	}
	return io_buffer_put(buffer, &ticks, sizeof(ticks)) ? -EFAULT : (ssize_t)sizeof(ticks);
}

static uint32_t timerfd_poll(struct file *file, struct poll_table *table)
{
	struct timerfd *timerfd = file->private;

	poll_register(table, &timerfd->queue);
	return has_ticks(timerfd) ? POLL_IN : 0;
}

static void timerfd_release(struct file *file)
{
	struct timerfd *timerfd = file->private;

	clock_unlisten(&timerfd->listener);
	(void)timer_cancel_sync(&timerfd->timer);
	slab_free(slab, timerfd);
}

static void timerfd_describe(struct file *file, struct description_sink *sink)
{
	struct timerfd *timerfd = file->private;
	struct timerfd_setting setting;
	uint32_t value_rest, interval_rest;
	uint64_t value, interval, ticks;
	irq_flags flags = spin_lock_irq(&timerfd->lock);

	get_locked(timerfd, &setting);
	ticks = timerfd->ticks;
	spin_unlock_irq(&timerfd->lock, flags);
	value = div64_u32((uint64_t)setting.value_ns, 1000000000, &value_rest);
	interval = div64_u32((uint64_t)setting.interval_ns, 1000000000, &interval_rest);
	description_print(sink, "clockid: %d\nticks: %llu\nsettime flags: 0%o\n",
			  timerfd->clock_id, (unsigned long long)ticks, timerfd->flags);
	description_print(sink, "it_value: (%llu, %u)\nit_interval: (%llu, %u)\n",
			  (unsigned long long)value, value_rest, (unsigned long long)interval,
			  interval_rest);
}

static const struct file_ops timerfd_ops = {
	.release = timerfd_release,
	.read = timerfd_read,
	.seek = file_seek_nowhere,
	.poll = timerfd_poll,
	.describe = timerfd_describe,
	.stream = true,
};

int timerfd_clock_id(const struct file *file)
{
	const struct timerfd *timerfd = file->private;

	return file->ops == &timerfd_ops ? timerfd->clock_id : -EINVAL;
}

int timerfd_create(enum timerfd_clock clock, int clock_id, uint32_t flags, struct file **out)
{
	struct timerfd *timerfd = slab_alloc_zeroed(slab, 0);
	int error;

	if (!timerfd)
		return -ENOMEM;
	mutex_init(&timerfd->setting, LOCK_RANK_SLEEPING_LEAF, "timerfd setting");
	spin_init(&timerfd->lock, LOCK_RANK_TIMER_OWNER, "timerfd");
	wait_queue_init(&timerfd->queue);
	timer_init(&timerfd->timer, timer_rang);
	timerfd->clock = clock;
	timerfd->clock_id = clock_id;
	error = file_create_anonymous("[timerfd]", &timerfd_ops, timerfd, O_RDWR | flags,
				      FILE_READ | FILE_WRITE, out);
	if (error)
		slab_free(slab, timerfd);
	return error;
}
