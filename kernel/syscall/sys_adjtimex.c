/*
 * adjtimex(2) and clock_adjtime(2): how good the clock is, and setting it by an offset.
 *
 * The clock cannot be slewed: what would change its pace is refused with EOPNOTSUPP. What only
 * keeps a word (errors, status) or sets the time works as on Linux. The 64-bit form of struct
 * timex is the one that is worked on.
 */
#include "arch/user_copy.h"
#include "lib/math64.h"
#include "lib/string.h"
#include "proc/process.h"
#include "sched/clock.h"
#include "sched/clock_discipline.h"
#include "syscall/sys_internal.h"
#include "syscall/syscalls.h"
#include "uapi/linux/capability.h"
#include "uapi/linux/errno.h"
#include "uapi/linux/time.h"
#include "uapi/linux/timex.h"
#include "vfs/credentials.h"

enum { NS_PER_SECOND = 1000000000, NS_PER_US = 1000 };

/* Errors: -EPERM, -EINVAL. */
static int check(const struct linux_timex64 *wish)
{
	bool may_set = credentials_capable(credentials_current(), CAP_SYS_TIME);
	int64_t unit = wish->modes & ADJ_NANO ? NS_PER_SECOND : NS_PER_SECOND / NS_PER_US;

	if (wish->modes & ADJ_ADJTIME) {
		if (!(wish->modes & ADJ_OFFSET))
			return -EINVAL;
		return wish->modes & ADJ_READ_ONLY || may_set ? 0 : -EPERM;
	}
	if (wish->modes && !may_set)
		return -EPERM;
	if (wish->modes & ADJ_TICK &&
	    (wish->tick < TICK_US * 9 / 10 || wish->tick > TICK_US * 11 / 10))
		return -EINVAL;
	if (wish->modes & ADJ_SETOFFSET && (wish->fraction < 0 || wish->fraction >= unit))
		return -EINVAL;
	return 0;
}

/* What would need a clock that can be slewed, or one of TAI beside it. */
static bool is_beyond_us(const struct linux_timex64 *wish)
{
	enum { KEPT = STA_UNSYNC | STA_FREQHOLD | STA_READ_ONLY };

	if (wish->modes & ADJ_ADJTIME)
		return !(wish->modes & ADJ_READ_ONLY) && wish->offset;
	return (wish->modes & ADJ_FREQUENCY && wish->frequency) ||
	       (wish->modes & ADJ_TICK && wish->tick != TICK_US) ||
	       (wish->modes & ADJ_STATUS && wish->status & ~KEPT) ||
	       (wish->modes & ADJ_TAI && wish->constant > 0);
}

static int set_by_offset(const struct linux_timex64 *wish)
{
	int64_t fraction_ns = wish->modes & ADJ_NANO ? wish->fraction : wish->fraction * NS_PER_US;
	int64_t ns;

	if (__builtin_mul_overflow(wish->seconds, (int64_t)NS_PER_SECOND, &ns) ||
	    __builtin_add_overflow(ns, fraction_ns, &ns) ||
	    __builtin_add_overflow(ns, clock_realtime_ns(), &ns) || ns < 0 || ns > REALTIME_MAX_NS)
		return -EINVAL;
	return clock_set_realtime(ns);
}

static void note(struct clock_quality *quality, const void *argument)
{
	const struct linux_timex64 *wish = argument;

	if (wish->modes & ADJ_STATUS) {
		quality->is_synchronized = !(wish->status & STA_UNSYNC);
		quality->is_frequency_held = wish->status & STA_FREQHOLD;
	}
	if (wish->modes & ADJ_NANO)
		quality->wants_nanoseconds = true;
	if (wish->modes & ADJ_MICRO)
		quality->wants_nanoseconds = false;
	if (wish->modes & ADJ_MAXERROR)
		quality->maximum_error_us = (int32_t)wish->maximum_error;
	if (wish->modes & ADJ_ESTERROR)
		quality->estimated_error_us = (int32_t)wish->estimated_error;
	if (wish->modes & ADJ_TIMECONST)
		quality->time_constant = (int32_t)wish->constant;
}

static void fill(struct linux_timex64 *out, const struct clock_quality *quality)
{
	uint32_t modes = out->modes, nanoseconds;

	/* All else is 0: no phase, no correction under way, no signal once a second, no TAI. */
	memset(out, 0, sizeof(*out));
	out->modes = modes;
	out->seconds = (int64_t)div64_u32((uint64_t)clock_realtime_ns(), NS_PER_SECOND,
					  &nanoseconds);
	out->fraction = quality->wants_nanoseconds ? nanoseconds : nanoseconds / NS_PER_US;
	out->maximum_error = quality->maximum_error_us;
	out->estimated_error = quality->estimated_error_us;
	out->status = (quality->is_synchronized ? 0 : STA_UNSYNC) |
		      (quality->is_frequency_held ? STA_FREQHOLD : 0) |
		      (quality->wants_nanoseconds ? STA_NANO : 0);
	out->constant = quality->time_constant;
	out->precision = 1;
	out->tolerance = TOLERANCE;
	out->tick = TICK_US;
}

/* The clock's state (TIME_OK, TIME_ERROR), or an error. */
static int adjust(int clock, struct linux_timex64 *both)
{
	struct clock_quality quality;
	int error = 0;

	/* The clocks of CPU time, which have negative numbers, are not even looked up. */
	if (clock != CLOCK_REALTIME)
		error = clock < 0 ? -EOPNOTSUPP : syscall_check_clock(clock);
	if (!error && clock != CLOCK_REALTIME)
		error = -EOPNOTSUPP;
	if (!error)
		error = check(both);
	if (!error && is_beyond_us(both))
		error = -EOPNOTSUPP;
	if (error)
		return error;
	if (!(both->modes & ADJ_ADJTIME)) {
		if (both->modes & ADJ_SETOFFSET)
			error = set_by_offset(both);
		if (error)
			return error;
		clock_quality_change(note, both);
	}
	clock_quality_get(&quality);
	fill(both, &quality);
	return quality.is_synchronized ? TIME_OK : TIME_ERROR;
}

int sys_clock_adjtime64(int clock, user_addr buffer)
{
	struct linux_timex64 form;
	int state;

	if (copy_from_user(&form, buffer, sizeof(form)))
		return -EFAULT;
	state = adjust(clock, &form);
	if (state < 0)
		return state;
	return copy_to_user(buffer, &form, sizeof(form)) ? -EFAULT : state;
}

static void widen(struct linux_timex64 *to, const struct linux_timex32 *from)
{
	*to = (struct linux_timex64){
		.modes = from->modes,
		.offset = from->offset,
		.frequency = from->frequency,
		.maximum_error = from->maximum_error,
		.estimated_error = from->estimated_error,
		.status = from->status,
		.constant = from->constant,
		.tick = from->tick,
		.seconds = from->seconds,
		.fraction = from->fraction,
	};
}

/* What fill() sets. */
static void narrow(struct linux_timex32 *to, const struct linux_timex64 *from)
{
	*to = (struct linux_timex32){
		.modes = from->modes,
		.maximum_error = (int32_t)from->maximum_error,
		.estimated_error = (int32_t)from->estimated_error,
		.status = from->status,
		.constant = (int32_t)from->constant,
		.precision = (int32_t)from->precision,
		.tolerance = (int32_t)from->tolerance,
		.seconds = (int32_t)from->seconds,
		.fraction = (int32_t)from->fraction,
		.tick = (int32_t)from->tick,
	};
}

int sys_clock_adjtime(int clock, user_addr buffer)
{
	struct linux_timex32 form;
	struct linux_timex64 wide;
	int state;

	if (copy_from_user(&form, buffer, sizeof(form)))
		return -EFAULT;
	widen(&wide, &form);
	state = adjust(clock, &wide);
	if (state < 0)
		return state;
	narrow(&form, &wide);
	return copy_to_user(buffer, &form, sizeof(form)) ? -EFAULT : state;
}

int sys_adjtimex(user_addr buffer)
{
	return sys_clock_adjtime(CLOCK_REALTIME, buffer);
}
