/*
 * Between Linux's forms of time and nanoseconds.
 */
#include "arch/user_copy.h"
#include "lib/math64.h"
#include "sched/clock.h"
#include "syscall/sys_internal.h"
#include "uapi/linux/errno.h"

enum { NS_PER_SECOND = 1000000000, NS_PER_MICROSECOND = 1000 };

/* The largest span that still fits 64 bits of nanoseconds; longer ones are as good as for ever. */
#define SECONDS_MAX (INT64_MAX / NS_PER_SECOND - 1)

static int combine(int64_t seconds, int64_t nanoseconds, int64_t *ns)
{
	if (nanoseconds < 0 || nanoseconds >= NS_PER_SECOND)
		return -EINVAL;
	if (seconds > SECONDS_MAX)
		*ns = INT64_MAX;
	else if (seconds < -SECONDS_MAX)
		*ns = INT64_MIN;
	else
		*ns = seconds * NS_PER_SECOND + nanoseconds;
	return 0;
}

int abi_timespec32_get(user_addr from, int64_t *ns)
{
	struct linux_timespec32 time;

	if (copy_from_user(&time, from, sizeof(time)))
		return -EFAULT;
	return combine(time.seconds, time.nanoseconds, ns);
}

int abi_timespec64_get(user_addr from, int64_t *ns)
{
	struct linux_timespec64 time;

	if (copy_from_user(&time, from, sizeof(time)))
		return -EFAULT;
	/* A 32-bit program's upper half of nanoseconds is padding with any value. */
	return combine(time.seconds, (int32_t)time.nanoseconds, ns);
}

int abi_timeval32_get(user_addr from, int64_t *ns)
{
	struct linux_timeval32 time;

	if (copy_from_user(&time, from, sizeof(time)))
		return -EFAULT;
	if (time.microseconds < 0 || time.microseconds >= 1000000)
		return -EINVAL;
	return combine(time.seconds, time.microseconds * NS_PER_MICROSECOND, ns);
}

/* Floor division, so that times before 1970 have nanoseconds from 0 up. */
static int64_t split(int64_t ns, uint32_t *nanoseconds)
{
	uint32_t remainder;
	int64_t seconds;

	if (likely(ns >= 0))
		return (int64_t)div64_u32((uint64_t)ns, NS_PER_SECOND, nanoseconds);
	seconds = -(int64_t)div64_u32(-(uint64_t)ns, NS_PER_SECOND, &remainder);
	if (remainder) {
		seconds--;
		remainder = NS_PER_SECOND - remainder;
	}
	*nanoseconds = remainder;
	return seconds;
}

/* The two words of a 32-bit timespec or timeval. */
static int put_pair(user_addr to, uint32_t seconds, uint32_t fraction)
{
	_Static_assert(offsetof(struct linux_timespec32, nanoseconds) == 4 &&
			       offsetof(struct linux_timeval32, microseconds) == 4,
		       "Linux i386 ABI");
	return put_user_pair(to, seconds, fraction);
}

int abi_timeout_get(user_addr from, bool wide, int64_t *ns)
{
	int error = wide ? abi_timespec64_get(from, ns) : abi_timespec32_get(from, ns);

	return !error && *ns < 0 ? -EINVAL : error;
}

int abi_timespec32_put(user_addr to, int64_t ns)
{
	uint32_t nanoseconds;
	int64_t seconds = split(ns, &nanoseconds);

	return put_pair(to, (uint32_t)seconds, nanoseconds);
}

int abi_timespec64_put(user_addr to, int64_t ns)
{
	struct linux_timespec64 time;
	uint32_t nanoseconds;

	time.seconds = split(ns, &nanoseconds);
	time.nanoseconds = nanoseconds;
	return copy_to_user(to, &time, sizeof(time));
}

int abi_timeval32_put(user_addr to, int64_t ns)
{
	uint32_t nanoseconds;
	int64_t seconds = split(ns, &nanoseconds);

	return put_pair(to, (uint32_t)seconds, nanoseconds / NS_PER_MICROSECOND);
}

uint64_t abi_deadline_after(int64_t ns)
{
	uint64_t now = clock_monotonic_ns();

	if (ns <= 0)
		return now;
	return (uint64_t)ns > UINT64_MAX - 1 - now ? UINT64_MAX - 1 : now + (uint64_t)ns;
}

/* Interval first, then value. */
int abi_itimerspec_get(user_addr from, bool wide, int64_t *value_ns, int64_t *interval_ns)
{
	int (*get)(user_addr, int64_t *) = wide ? abi_timespec64_get : abi_timespec32_get;
	size_t size = wide ? sizeof(struct linux_timespec64) : sizeof(struct linux_timespec32);
	int interval_error = get(from, interval_ns);
	int error = get(user_addr_add(from, size), value_ns);

	if (interval_error == -EFAULT || error == -EFAULT)
		return -EFAULT;
	if (interval_error || error || *interval_ns < 0 || *value_ns < 0)
		return -EINVAL;
	return 0;
}

int abi_itimerspec_put(user_addr to, bool wide, int64_t value_ns, int64_t interval_ns)
{
	int (*put)(user_addr, int64_t) = wide ? abi_timespec64_put : abi_timespec32_put;
	size_t size = wide ? sizeof(struct linux_timespec64) : sizeof(struct linux_timespec32);

	if (put(to, interval_ns))
		return -EFAULT;
	return put(user_addr_add(to, size), value_ns);
}
