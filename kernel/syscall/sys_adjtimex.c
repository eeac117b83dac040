/*
 * adjtimex(2) and clock_adjtime(2): how good the clock is, and setting it by an offset.
 *
 * The clock cannot be slewed: what would change its pace is refused with EOPNOTSUPP. What only
 * keeps a word (errors, status) or sets the time works as on Linux.
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

/* One form for both: struct timex's words, wide. */
struct adjustment {
	uint32_t modes;
	int64_t offset, frequency, maximum_error, estimated_error, constant, tick;
	int32_t status;
	int64_t seconds, fraction;	/* of the time, or for ADJ_SETOFFSET what to add to it */
	int64_t precision, tolerance;
};

/* Errors: -EPERM, -EINVAL. */
static int check(const struct adjustment *wish)
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
static bool is_beyond_us(const struct adjustment *wish)
{
	enum { KEPT = STA_UNSYNC | STA_FREQHOLD | STA_READ_ONLY };

	if (wish->modes & ADJ_ADJTIME)
		return !(wish->modes & ADJ_READ_ONLY) && wish->offset;
	return (wish->modes & ADJ_FREQUENCY && wish->frequency) ||
	       (wish->modes & ADJ_TICK && wish->tick != TICK_US) ||
	       (wish->modes & ADJ_STATUS && wish->status & ~KEPT) ||
	       (wish->modes & ADJ_TAI && wish->constant > 0);
}

static int set_by_offset(const struct adjustment *wish)
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
	const struct adjustment *wish = argument;

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

static void fill(struct adjustment *out, const struct clock_quality *quality)
{
	uint32_t nanoseconds;

	out->seconds = (int64_t)div64_u32((uint64_t)clock_realtime_ns(), NS_PER_SECOND,
					  &nanoseconds);
	out->fraction = quality->wants_nanoseconds ? nanoseconds : nanoseconds / NS_PER_US;
	/* No phase, and no correction under way for adjtime(3) either. */
	out->offset = 0;
	out->frequency = 0;
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
static int adjust(int clock, struct adjustment *both)
{
	struct clock_quality quality;
	int error = syscall_check_clock(clock);

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

int sys_clock_adjtime(int clock, user_addr buffer)
{
	struct linux_timex32 form;
	struct adjustment both;
	int state;

	if (copy_from_user(&form, buffer, sizeof(form)))
		return -EFAULT;
	both = (struct adjustment){
		.modes = form.modes, .offset = form.offset, .frequency = form.frequency,
		.maximum_error = form.maximum_error, .estimated_error = form.estimated_error,
		.status = form.status, .constant = form.constant, .tick = form.tick,
		.seconds = form.seconds, .fraction = form.fraction,
	};
	state = adjust(clock, &both);
	if (state < 0)
		return state;
	memset(&form, 0, sizeof(form));
	form = (struct linux_timex32){
		.modes = both.modes, .offset = (int32_t)both.offset,
		.frequency = (int32_t)both.frequency,
		.maximum_error = (int32_t)both.maximum_error,
		.estimated_error = (int32_t)both.estimated_error, .status = both.status,
		.constant = (int32_t)both.constant, .precision = (int32_t)both.precision,
		.tolerance = (int32_t)both.tolerance, .seconds = (int32_t)both.seconds,
		.fraction = (int32_t)both.fraction, .tick = (int32_t)both.tick,
	};
	return copy_to_user(buffer, &form, sizeof(form)) ? -EFAULT : state;
}

int sys_adjtimex(user_addr buffer)
{
	return sys_clock_adjtime(CLOCK_REALTIME, buffer);
}

int sys_clock_adjtime64(int clock, user_addr buffer)
{
	struct linux_timex64 form;
	struct adjustment both;
	int state;

	if (copy_from_user(&form, buffer, sizeof(form)))
		return -EFAULT;
	both = (struct adjustment){
		.modes = form.modes, .offset = form.offset, .frequency = form.frequency,
		.maximum_error = form.maximum_error, .estimated_error = form.estimated_error,
		.status = form.status, .constant = form.constant, .tick = form.tick,
		.seconds = form.seconds, .fraction = form.fraction,
	};
	state = adjust(clock, &both);
	if (state < 0)
		return state;
	memset(&form, 0, sizeof(form));
	form = (struct linux_timex64){
		.modes = both.modes, .offset = both.offset, .frequency = both.frequency,
		.maximum_error = both.maximum_error, .estimated_error = both.estimated_error,
		.status = both.status, .constant = both.constant, .precision = both.precision,
		.tolerance = both.tolerance, .seconds = both.seconds, .fraction = both.fraction,
		.tick = both.tick,
	};
	return copy_to_user(buffer, &form, sizeof(form)) ? -EFAULT : state;
}
