/*
 * Resource limits.
 */
#include "arch/user_copy.h"
#include "lib/min_max.h"
#include "proc/process.h"
#include "syscall/sys_internal.h"
#include "syscall/syscalls.h"
#include "uapi/linux/capability.h"
#include "uapi/linux/errno.h"
#include "vfs/credentials.h"

/* What 32-bit calls show for a limit that does not fit them. */
static uint32_t limit_to_32(uint64_t value)
{
	return value > UINT32_MAX ? UINT32_MAX : (uint32_t)value;
}

static uint64_t limit_from_32(uint32_t value)
{
	return value == UINT32_MAX ? LIMIT_INFINITY : value;
}

/* The old limit comes back in `before`. */
static int set_limit(struct process *process, enum limit_kind kind, const struct limit *new,
		     struct limit *before)
{
	enum { OPEN_FILES_MAX = 1 << 20 }; /* Linux's nr_open */
	int error = 0;
	bool may_raise = credentials_capable(credentials_current(), CAP_SYS_RESOURCE);
	struct limit limit = *new;
	irq_flags flags;

	if (new->current > new->maximum)
		return -EINVAL;
	if (kind == LIMIT_OPEN_FILES && new->maximum > OPEN_FILES_MAX)
		return -EPERM;
	/* A soft limit of 0 seconds is checked as 1, so that a process can still put it right. */
	if (kind == LIMIT_CPU && limit.current == 0)
		limit.current = 1;
	flags = spin_lock_irq(&process->signal_lock);
	*before = limits_get(&process->limits, kind);
	if (may_raise || limit.maximum <= before->maximum)
		limits_set(&process->limits, kind, &limit);
	else
		error = -EPERM;
	spin_unlock_irq(&process->signal_lock, flags);
	return !error && kind == LIMIT_CPU ? process_watch_cpu_limit(process) : error;
}

int sys_ugetrlimit(unsigned int kind, user_addr to)
{
	struct limit limit;
	uint32_t out[2];

	if (kind >= LIMIT_COUNT)
		return -EINVAL;
	limit = limits_get(&process_current()->limits, (enum limit_kind)kind);
	out[0] = limit_to_32(limit.current);
	out[1] = limit_to_32(limit.maximum);
	return copy_to_user(to, out, sizeof(out));
}

/* The oldest form counts to 2^31 - 1. */
int sys_getrlimit(unsigned int kind, user_addr to)
{
	struct limit limit;
	uint32_t out[2];

	if (kind >= LIMIT_COUNT)
		return -EINVAL;
	limit = limits_get(&process_current()->limits, (enum limit_kind)kind);
	out[0] = min_t(uint64_t, limit.current, INT32_MAX);
	out[1] = min_t(uint64_t, limit.maximum, INT32_MAX);
	return copy_to_user(to, out, sizeof(out));
}

int sys_setrlimit(unsigned int kind, user_addr from)
{
	struct limit new, before;
	uint32_t given[2];

	if (copy_from_user(given, from, sizeof(given)))
		return -EFAULT;
	if (kind >= LIMIT_COUNT)
		return -EINVAL;
	new.current = limit_from_32(given[0]);
	new.maximum = limit_from_32(given[1]);
	return set_limit(process_current(), (enum limit_kind)kind, &new, &before);
}

/* Same ids all over, or CAP_SYS_RESOURCE. */
static bool may_change_limits(struct process *target)
{
	const struct credentials *mine = credentials_current();
	const struct credentials *theirs;
	bool same;

	if (target == process_current() || credentials_capable(mine, CAP_SYS_RESOURCE))
		return true;
	theirs = process_credentials_get(target);
	same = mine->uid == theirs->uid && mine->uid == theirs->euid && mine->uid == theirs->suid &&
	       mine->gid == theirs->gid && mine->gid == theirs->egid && mine->gid == theirs->sgid;
	credentials_put(theirs);
	return same;
}

int sys_prlimit64(process_id id, unsigned int kind, user_addr new, user_addr old)
{
	struct process *process;
	struct limit given, before;
	int error = 0;

	if (new && copy_from_user(&given, new, sizeof(given)))
		return -EFAULT;
	process = id ? process_find_get(id) : process_current();
	if (!process)
		return -ESRCH;
	if (!may_change_limits(process)) {
		error = -EPERM;
	} else if (kind >= LIMIT_COUNT) {
		error = -EINVAL;
	} else if (new) {
		error = set_limit(process, (enum limit_kind)kind, &given, &before);
	} else {
		before = limits_get(&process->limits, (enum limit_kind)kind);
	}
	if (id)
		process_put(process);
	if (!error && old)
		error = copy_to_user(old, &before, sizeof(before));
	return error;
}
