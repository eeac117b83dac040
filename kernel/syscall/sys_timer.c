/*
 * POSIX timers, and the clocks of CPU time that programs name by negative numbers.
 */
#include "arch/user_copy.h"
#include "proc/posix_timers.h"
#include "proc/process.h"
#include "syscall/sys_internal.h"
#include "syscall/syscalls.h"
#include "uapi/linux/capability.h"
#include "uapi/linux/errno.h"
#include "uapi/linux/time.h"
#include "vfs/credentials.h"

/* The alarm clocks would wake a machine that is suspended: a privilege, though ours never is. */
bool syscall_may_use_clock(int clock)
{
	bool is_alarm = clock == CLOCK_REALTIME_ALARM || clock == CLOCK_BOOTTIME_ALARM;

	return !is_alarm || credentials_capable(credentials_current(), CAP_WAKE_ALARM);
}

/* ---- clocks of CPU time ---- */

static int thread_clock_get(process_id id, struct posix_clock *out)
{
	struct user_thread *self = user_thread_current();
	struct user_thread *thread = user_thread_find_get(id ? id : self->id);

	/* Of one's own process only. */
	if (!thread || thread->process != self->process) {
		if (thread)
			user_thread_put(thread);
		return -EINVAL;
	}
	out->kind = POSIX_CLOCK_THREAD_CPU;
	out->thread = thread;
	return 0;
}

static int process_clock_get(process_id id, struct posix_clock *out)
{
	struct process *process = process_find_get(id ? id : process_current()->id);

	if (!process)
		return -EINVAL;
	out->kind = POSIX_CLOCK_PROCESS_CPU;
	out->process = process;
	return 0;
}

int syscall_cpu_clock_get(int clock, struct posix_clock *out)
{
	process_id id = ~(clock >> 3);

	/* ~pid << 3 | 4 for a thread | kind: 0 all time, 1 in user mode, 2 all as scheduled. */
	enum { IS_THREAD = 4, KIND = 3, KIND_USER = 1, KIND_COUNT = 3 };

	*out = (struct posix_clock){ .is_user_only = (clock & KIND) == KIND_USER };
	if (clock == CLOCK_PROCESS_CPUTIME_ID)
		return process_clock_get(0, out);
	if (clock == CLOCK_THREAD_CPUTIME_ID)
		return thread_clock_get(0, out);
	if (clock >= 0 || (clock & KIND) >= KIND_COUNT)
		return -EINVAL;
	return clock & IS_THREAD ? thread_clock_get(id, out) : process_clock_get(id, out);
}

/* ---- timers ---- */

/* A clock to set timers by. Errors: -EINVAL, -EOPNOTSUPP, -EPERM. */
static int timer_clock_get(int clock, struct posix_clock *out)
{
	*out = (struct posix_clock){ 0 };
	switch (clock) {
	case CLOCK_MONOTONIC:
	case CLOCK_BOOTTIME:
	case CLOCK_BOOTTIME_ALARM:
		out->kind = POSIX_CLOCK_MONOTONIC;
		break;
	case CLOCK_REALTIME:
	case CLOCK_REALTIME_ALARM:
	case CLOCK_TAI:
		out->kind = POSIX_CLOCK_REALTIME;
		break;
	case CLOCK_MONOTONIC_RAW:
	case CLOCK_MONOTONIC_COARSE:
	case CLOCK_REALTIME_COARSE:
		return -EOPNOTSUPP;
	default:
		return syscall_cpu_clock_get(clock, out);
	}
	return syscall_may_use_clock(clock) ? 0 : -EPERM;
}

/* Who is told; *target: NULL for the process. Errors: -EINVAL. */
static int check_event(const struct linux_sigevent *event, struct user_thread **target)
{
	*target = NULL;
	switch (event->notify) {
	case SIGEV_NONE:
		return 0;
	case SIGEV_THREAD_ID:
	case SIGEV_SIGNAL:
	case SIGEV_THREAD: /* glibc's matter: a signal to us */
		break;
	default:
		return -EINVAL;
	}
	if (event->signo < 1 || event->signo > SIGNAL_COUNT)
		return -EINVAL;
	if (event->notify != SIGEV_THREAD_ID)
		return 0;
	*target = user_thread_find_get(event->tid);
	if (*target && (*target)->process == process_current())
		return 0;
	if (*target)
		user_thread_put(*target);
	*target = NULL;
	return -EINVAL;
}

int sys_timer_create(int clock, user_addr event_from, user_addr id_out)
{
	struct linux_sigevent event;
	struct user_thread *target = NULL;
	struct posix_clock by;
	int error, late_error, id;

	if (event_from && copy_from_user(&event, event_from, sizeof(event)))
		return -EFAULT;
	error = timer_clock_get(clock, &by);
	/* As on Linux whose CPU time it is is looked at last, when the number was told already. */
	late_error = clock < 0 ? error : 0;
	if (error && !late_error)
		return error;
	error = event_from ? check_event(&event, &target) : 0;
	if (!error && late_error)
		error = put_user_u32(id_out, 0) ? -EFAULT : late_error;
	if (error) {
		posix_clock_put(&by);
		if (target)
			user_thread_put(target);
		return error;
	}
	error = posix_timer_create(&by, event_from ? &event : NULL, target, &id);
	if (error)
		return error;
	if (put_user_u32(id_out, (uint32_t)id)) {
		/* Another thread may have guessed its number and deleted it already. */
		(void)posix_timer_delete(id);
		return -EFAULT;
	}
	return 0;
}

static int set_time(int id, uint32_t flags, user_addr from, user_addr to, bool wide)
{
	struct posix_timer_setting new, old;
	int error;

	if (!from)
		return -EINVAL;
	error = abi_itimerspec_get(from, wide, &new.value_ns, &new.interval_ns);
	if (!error)
		error = posix_timer_set(id, flags & TIMER_ABSTIME, &new, &old);
	if (error || !to)
		return error;
	return abi_itimerspec_put(to, wide, old.value_ns, old.interval_ns);
}

int sys_timer_settime(int id, uint32_t flags, user_addr new, user_addr old)
{
	return set_time(id, flags, new, old, false);
}

int sys_timer_settime64(int id, uint32_t flags, user_addr new, user_addr old)
{
	return set_time(id, flags, new, old, true);
}

static int get_time(int id, user_addr to, bool wide)
{
	struct posix_timer_setting setting;
	int error = posix_timer_get(id, &setting);

	return error ? error : abi_itimerspec_put(to, wide, setting.value_ns, setting.interval_ns);
}

int sys_timer_gettime(int id, user_addr to)
{
	return get_time(id, to, false);
}

int sys_timer_gettime64(int id, user_addr to)
{
	return get_time(id, to, true);
}

int sys_timer_getoverrun(int id)
{
	return posix_timer_overrun(id);
}

int sys_timer_delete(int id)
{
	return posix_timer_delete(id);
}
