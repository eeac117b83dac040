/*
 * Clocks, sleeping, and the interval timer.
 */
#include "arch/user_copy.h"
#include "lib/math64.h"
#include "lib/string.h"
#include "proc/posix_timers.h"
#include "proc/process.h"
#include "sched/clock.h"
#include "sched/schedule.h"
#include "syscall/sys_internal.h"
#include "syscall/syscalls.h"
#include "uapi/linux/capability.h"
#include "uapi/linux/errno.h"
#include "uapi/linux/time.h"
#include "vfs/credentials.h"

enum { NS_PER_SECOND = 1000000000 };
enum { ITIMER_REAL, ITIMER_VIRTUAL, ITIMER_PROF };

static int read_cpu_clock(int id, int64_t *ns)
{
	struct posix_clock clock;
	int error = syscall_cpu_clock_get(id, &clock);

	if (error)
		return error;
	*ns = posix_clock_read(&clock);
	posix_clock_put(&clock);
	return 0;
}

static int read_clock(int clock, int64_t *ns)
{
	switch (clock) {
	case CLOCK_MONOTONIC:
	case CLOCK_MONOTONIC_RAW:
	case CLOCK_MONOTONIC_COARSE:
	case CLOCK_BOOTTIME:
	case CLOCK_BOOTTIME_ALARM:
		*ns = (int64_t)clock_monotonic_ns();
		return 0;
	case CLOCK_REALTIME:
	case CLOCK_REALTIME_COARSE:
	case CLOCK_REALTIME_ALARM:
	case CLOCK_TAI:
		*ns = clock_realtime_ns();
		return 0;
	default:
		return read_cpu_clock(clock, ns);
	}
}

int sys_clock_gettime(int clock, user_addr to)
{
	int64_t ns;
	int error = read_clock(clock, &ns);

	return error ? error : abi_timespec32_put(to, ns);
}

int sys_clock_gettime64(int clock, user_addr to)
{
	int64_t ns;
	int error = read_clock(clock, &ns);

	return error ? error : abi_timespec64_put(to, ns);
}

int syscall_check_clock(int clock)
{
	int64_t ignored;

	return read_clock(clock, &ignored);
}

int sys_clock_getres(int clock, user_addr to)
{
	int error = syscall_check_clock(clock);

	return error || !to ? error : abi_timespec32_put(to, 1);
}

int sys_clock_getres_time64(int clock, user_addr to)
{
	int error = syscall_check_clock(clock);

	return error || !to ? error : abi_timespec64_put(to, 1);
}

/*
 * As on Linux, wall time stays above the time since the start, and so far below the end of 64 bits
 * that a machine cannot live to see it run over.
 */
static bool is_wall_time(int64_t ns)
{
	return ns >= 0 && ns <= REALTIME_MAX_NS;
}

static int set_realtime(int clock, int64_t ns)
{
	int error = syscall_check_clock(clock);

	if (error)
		return error;
	if (clock != CLOCK_REALTIME || !is_wall_time(ns))
		return -EINVAL;
	if (!credentials_capable(credentials_current(), CAP_SYS_TIME))
		return -EPERM;
	return clock_set_realtime(ns);
}

/* A clock that can never be set is told before the time is looked at; a CPU clock, after. */
static int check_settable(int clock)
{
	return clock >= 0 && clock != CLOCK_REALTIME && clock != CLOCK_PROCESS_CPUTIME_ID &&
			       clock != CLOCK_THREAD_CPUTIME_ID
		       ? -EINVAL
		       : 0;
}

int sys_clock_settime(int clock, user_addr from)
{
	int64_t ns;
	int error = check_settable(clock);

	if (!error)
		error = abi_timespec32_get(from, &ns);
	return error ? error : set_realtime(clock, ns);
}

int sys_clock_settime64(int clock, user_addr from)
{
	int64_t ns;
	int error = check_settable(clock);

	if (!error)
		error = abi_timespec64_get(from, &ns);
	return error ? error : set_realtime(clock, ns);
}

int sys_gettimeofday(user_addr time, user_addr zone)
{
	static const int32_t utc[2];

	if (time && abi_timeval32_put(time, clock_realtime_ns()))
		return -EFAULT;
	if (zone && copy_to_user(zone, utc, sizeof(utc)))
		return -EFAULT;
	return 0;
}

/* The kernel keeps UTC: a time zone is looked at, accepted from root, and has no effect. */
static int set_zone(int32_t minutes_west)
{
	return minutes_west > 15 * 60 || minutes_west < -15 * 60 ? -EINVAL : 0;
}

int sys_settimeofday(user_addr time, user_addr zone_in)
{
	int32_t zone[2];	/* minutes west, kind of summer time */
	int64_t ns;
	int error = 0;

	if (time)
		error = abi_timeval32_get(time, &ns);
	if (!error && zone_in && copy_from_user(zone, zone_in, sizeof(zone)))
		error = -EFAULT;
	if (!error && time && !is_wall_time(ns))
		error = -EINVAL;
	/* Even who sets nothing must be allowed to. */
	if (!error && !credentials_capable(credentials_current(), CAP_SYS_TIME))
		error = -EPERM;
	if (!error && zone_in)
		error = set_zone(zone[0]);
	if (!error && time)
		error = set_realtime(CLOCK_REALTIME, ns);
	return error;
}

int sys_time(user_addr to)
{
	int32_t seconds = (int32_t)div64_s64(clock_realtime_ns(), NS_PER_SECOND);

	if (to && put_user_u32(to, (uint32_t)seconds))
		return -EFAULT;
	return seconds;
}

int sys_stime(user_addr from)
{
	uint32_t seconds;

	if (get_user_u32(&seconds, from))
		return -EFAULT;
	if (!credentials_capable(credentials_current(), CAP_SYS_TIME))
		return -EPERM;
	/* As on Linux nobody is told that a time is none that the clock can show. */
	(void)!set_realtime(CLOCK_REALTIME, (int64_t)(int32_t)seconds * NS_PER_SECOND);
	return 0;
}

/* What a sleep that a signal interrupts leaves for restart_syscall(2), in restart_block.words. */
enum { SLEEP_LEFT, SLEEP_LEFT_IS_WIDE, SLEEP_CLOCK };

/* The sleep was interrupted when its clock said `now`: say how much is left. */
static int interrupted(const struct restart_block *block, uint64_t now)
{
	user_addr to = user_addr_from(block->words[SLEEP_LEFT]);
	int64_t left = block->deadline_ns > now ? (int64_t)(block->deadline_ns - now) : 0;
	int error = 0;

	if (to)
		error = block->words[SLEEP_LEFT_IS_WIDE] ? abi_timespec64_put(to, left)
							 : abi_timespec32_put(to, left);
	return error ? error : -ERESTART_RESTARTBLOCK;
}

static int continue_sleep(struct restart_block *block)
{
	return clock_sleep_until(block->deadline_ns) ? interrupted(block, clock_monotonic_ns()) : 0;
}

static int continue_cpu_sleep(struct restart_block *block)
{
	struct posix_clock clock;
	uint64_t now = 0;
	int error = syscall_cpu_clock_get((int)block->words[SLEEP_CLOCK], &clock);

	if (error)
		return error;
	error = posix_clock_sleep_until(&clock, (int64_t)block->deadline_ns);
	if (error)
		now = (uint64_t)posix_clock_read(&clock);
	posix_clock_put(&clock);
	return error ? interrupted(block, now) : 0;
}

/* Until `deadline_ns` on the clock that `function` knows. */
static int sleep_until(int (*function)(struct restart_block *block), uint64_t deadline_ns,
		       user_addr left, bool wide)
{
	struct restart_block *block = &user_thread_current()->restart;

	block->function = function;
	block->deadline_ns = deadline_ns;
	block->words[SLEEP_LEFT] = user_addr_value(left);
	block->words[SLEEP_LEFT_IS_WIDE] = wide;
	return function(block);
}

/* A thread cannot sleep while its own clock runs. */
static bool is_own_clock(const struct posix_clock *clock)
{
	return clock->kind == POSIX_CLOCK_THREAD_CPU && clock->thread == user_thread_current();
}

static int sleep_on_cpu_clock(int clock, int flags, int64_t ns, user_addr left, bool wide)
{
	struct posix_clock by;
	int64_t deadline = 0;
	int error = syscall_cpu_clock_get(clock, &by);

	if (error)
		return error;
	if (is_own_clock(&by))
		error = -EINVAL;
	else if (flags & TIMER_ABSTIME)
		error = posix_clock_sleep_until(&by, ns);
	else if (__builtin_add_overflow(posix_clock_read(&by), ns, &deadline))
		deadline = INT64_MAX;
	posix_clock_put(&by);
	if (error || (flags & TIMER_ABSTIME))
		return error;
	user_thread_current()->restart.words[SLEEP_CLOCK] = (uintptr_t)clock;
	return sleep_until(continue_cpu_sleep, (uint64_t)deadline, left, wide);
}

int sys_nanosleep(user_addr request, user_addr left)
{
	int64_t ns;
	int error = abi_timespec32_get(request, &ns);

	if (error)
		return error;
	if (ns < 0)
		return -EINVAL;
	return sleep_until(continue_sleep, abi_deadline_after(ns), left, false);
}

/* What is wrong with the clock is told before the time is looked at. */
static int check_sleeping(int clock)
{
	int error = clock < 0 ? 0 : syscall_check_clock(clock);

	if (error)
		return error;
	if (clock == CLOCK_THREAD_CPUTIME_ID || clock == CLOCK_MONOTONIC_RAW ||
	    clock == CLOCK_REALTIME_COARSE || clock == CLOCK_MONOTONIC_COARSE)
		return -EOPNOTSUPP;
	return 0;
}

static int sleep_on_clock(int clock, int flags, int64_t ns, user_addr left, bool wide)
{
	int error = syscall_check_clock(clock);

	if (error)
		return error;
	if (ns < 0)
		return -EINVAL;
	if ((clock == CLOCK_REALTIME_ALARM || clock == CLOCK_BOOTTIME_ALARM) &&
	    !credentials_capable(credentials_current(), CAP_WAKE_ALARM))
		return -EPERM;
	if (clock < 0 || clock == CLOCK_PROCESS_CPUTIME_ID)
		return sleep_on_cpu_clock(clock, flags, ns, left, wide);
	if (!(flags & TIMER_ABSTIME))
		return sleep_until(continue_sleep, abi_deadline_after(ns), left, wide);
	if (clock == CLOCK_REALTIME || clock == CLOCK_TAI || clock == CLOCK_REALTIME_ALARM)
		error = clock_sleep_until_realtime(ns);
	else
		error = clock_sleep_until((uint64_t)ns);
	return error ? -ERESTARTNOHAND : 0;
}

int sys_clock_nanosleep(int clock, int flags, user_addr request, user_addr left)
{
	int64_t ns;
	int error = check_sleeping(clock);

	if (!error)
		error = abi_timespec32_get(request, &ns);
	return error ? error : sleep_on_clock(clock, flags, ns, left, false);
}

int sys_clock_nanosleep_time64(int clock, int flags, user_addr request, user_addr left)
{
	int64_t ns;
	int error = check_sleeping(clock);

	if (!error)
		error = abi_timespec64_get(request, &ns);
	return error ? error : sleep_on_clock(clock, flags, ns, left, true);
}

int sys_restart_syscall(void)
{
	struct restart_block *block = &user_thread_current()->restart;

	/* Unasked, it would go on with a call that has long ended, through its pointers. */
	if (!block->is_due)
		return -EINTR;
	block->is_due = false;
	return block->function(block);
}

/* struct itimerval: interval, then value. */
static int put_timer(user_addr to, uint64_t value_ns, uint64_t interval_ns)
{
	if (!to)
		return 0;
	if (abi_timeval32_put(to, (int64_t)interval_ns))
		return -EFAULT;
	return abi_timeval32_put(user_addr_add(to, sizeof(struct linux_timeval32)),
				 (int64_t)value_ns);
}

static enum cpu_timer_kind cpu_timer_kind(int which)
{
	return which == ITIMER_VIRTUAL ? CPU_TIMER_VIRTUAL : CPU_TIMER_PROFILE;
}

int sys_getitimer(int which, user_addr to)
{
	uint64_t value, interval;

	if (which < ITIMER_REAL || which > ITIMER_PROF)
		return -EINVAL;
	if (which == ITIMER_REAL)
		process_get_real_timer(&value, &interval);
	else
		process_get_cpu_timer(cpu_timer_kind(which), &value, &interval);
	return to ? put_timer(to, value, interval) : -EFAULT;
}

int sys_setitimer(int which, user_addr from, user_addr old)
{
	uint64_t old_value, old_interval;
	int64_t value = 0, interval = 0;
	int error = 0;

	if (from)
		error = abi_timeval32_get(from, &interval);
	if (from && !error)
		error = abi_timeval32_get(user_addr_add(from, sizeof(struct linux_timeval32)),
					  &value);
	if (error)
		return error;
	if (which < ITIMER_REAL || which > ITIMER_PROF || value < 0 || interval < 0)
		return -EINVAL;
	if (which == ITIMER_REAL)
		process_set_real_timer((uint64_t)value, (uint64_t)interval, &old_value,
				       &old_interval);
	else
		error = process_set_cpu_timer(cpu_timer_kind(which), (uint64_t)value,
					      (uint64_t)interval, &old_value, &old_interval);
	return error ? error : put_timer(old, old_value, old_interval);
}

int sys_alarm(unsigned int seconds)
{
	uint64_t old_value, old_interval, left;

	process_set_real_timer((uint64_t)seconds * NS_PER_SECOND, 0, &old_value, &old_interval);
	/* Round to the nearest second, but an alarm that is still to come is never 0. */
	left = div64_u32(old_value + NS_PER_SECOND / 2, NS_PER_SECOND, NULL);
	return old_value && !left ? 1 : (int)left;
}
