/*
 * Who runs when and where: nice values, scheduling policies, CPUs.
 */
#include "arch/smp.h"
#include "arch/user_copy.h"
#include "lib/min_max.h"
#include "proc/process.h"
#include "sched/schedule.h"
#include "syscall/sys_internal.h"
#include "syscall/syscalls.h"
#include "uapi/linux/capability.h"
#include "uapi/linux/errno.h"
#include "uapi/linux/resource.h"
#include "uapi/linux/sched.h"
#include "vfs/credentials.h"

static bool may_renice(struct process *target)
{
	const struct credentials *mine = credentials_current();
	const struct credentials *theirs = process_credentials_get(target);
	bool same = mine->euid == theirs->uid || mine->euid == theirs->euid;

	credentials_put(theirs);
	return same || credentials_capable(mine, CAP_SYS_NICE);
}

struct priority_walk {
	int kind, who;
	bool set;
	int nice;  /* to set, or the best found */
	int error; /* -ESRCH until one matched */
};

static bool priority_matches(const struct priority_walk *walk, struct process *process)
{
	const struct credentials *credentials;
	process_id group;
	bool matches;

	switch (walk->kind) {
	case PRIO_PROCESS:
		return process->id == walk->who;
	case PRIO_PGRP:
		return !process_get_group(process->id, &group) && group == walk->who;
	default:
		credentials = process_credentials_get(process);
		matches = credentials->uid == (user_id)walk->who;
		credentials_put(credentials);
		return matches;
	}
}

static void priority_visit(struct priority_walk *walk, struct process *process)
{
	int current = process_nice(process);

	if (!walk->set) {
		if (walk->error || current < walk->nice)
			walk->nice = current;
		walk->error = 0;
	} else if (!may_renice(process)) {
		walk->error = -EPERM;
	} else if (walk->nice < current &&
		   !credentials_capable(credentials_current(), CAP_SYS_NICE) &&
		   20 - walk->nice > (int)limits_current(&process->limits, LIMIT_NICE)) {
		walk->error = -EACCES;
	} else {
		process_set_nice(process, walk->nice);
		if (walk->error == -ESRCH)
			walk->error = 0;
	}
}

static int priority_do(struct priority_walk *walk)
{
	struct process *process;
	process_id next = 1;

	if (walk->kind < PRIO_PROCESS || walk->kind > PRIO_USER)
		return -EINVAL;
	if (walk->who == 0) {
		if (walk->kind == PRIO_PROCESS)
			walk->who = process_current()->id;
		else if (walk->kind == PRIO_USER)
			walk->who = (int)credentials_current()->uid;
		else if (process_get_group(0, &walk->who))
			return -ESRCH;
	}
	walk->error = -ESRCH;
	while ((process = process_next_get(next)) != NULL) {
		next = process->id + 1;
		if (priority_matches(walk, process))
			priority_visit(walk, process);
		process_put(process);
	}
	return walk->error;
}

int sys_setpriority(int kind, int who, int nice)
{
	struct priority_walk walk = {
		.kind = kind, .who = who, .set = true, .nice = clamp(nice, -20, 19)
	};

	return priority_do(&walk);
}

/* The raw call gives 20 - nice, so that no priority looks like an error. */
int sys_getpriority(int kind, int who)
{
	struct priority_walk walk = { .kind = kind, .who = who, .nice = 20 };
	int error = priority_do(&walk);

	return error ? error : 20 - walk.nice;
}

int sys_nice(int increment)
{
	struct priority_walk walk = { .kind = PRIO_PROCESS, .set = true };
	int error;

	increment = clamp(increment, -40, 40);
	walk.nice = clamp(process_nice(process_current()) + increment, -20, 19);
	error = priority_do(&walk);
	return error == -EACCES ? -EPERM : error;
}

int sys_sched_yield(void)
{
	schedule_yield();
	return 0;
}

/* The highest priority of FIFO and RR. */
enum { REALTIME_MAX = 99 };

/* The thread that a sched_ call means: 0 is the caller. Referenced. */
static int find_thread(process_id id, struct user_thread **out)
{
	if (id < 0)
		return -EINVAL;
	if (id == 0) {
		*out = user_thread_current();
		user_thread_get(*out);
		return 0;
	}
	*out = user_thread_find_get(id);
	return *out ? 0 : -ESRCH;
}

static bool is_realtime(int policy)
{
	return policy == SCHED_POLICY_FIFO || policy == SCHED_POLICY_RR;
}

static bool is_policy(int policy)
{
	return is_realtime(policy) || policy == SCHED_POLICY_OTHER ||
	       policy == SCHED_POLICY_BATCH || policy == SCHED_POLICY_IDLE;
}

/* The policy as the calls give it, with its flag. */
static int policy_of(struct user_thread *thread)
{
	bool resets = atomic_load_explicit(&thread->resets_on_fork, memory_order_relaxed);

	return (int)thread->thread.policy | (resets ? SCHED_RESET_ON_FORK : 0);
}

int sys_sched_getscheduler(process_id id)
{
	struct user_thread *thread;
	int policy, error = find_thread(id, &thread);

	if (error)
		return error;
	policy = policy_of(thread);
	user_thread_put(thread);
	return policy;
}

int sys_sched_getparam(process_id id, user_addr to)
{
	struct user_thread *thread;
	int priority, error;

	if (!to)
		return -EINVAL;
	error = find_thread(id, &thread);
	if (error)
		return error;
	priority = thread->thread.realtime_priority;
	user_thread_put(thread);
	return put_user_u32(to, (uint32_t)priority);
}

/* May somebody without CAP_SYS_NICE give the thread this policy, flag and priority? */
static bool may_schedule(struct user_thread *thread, int policy, bool resets, uint32_t priority)
{
	const struct limits *limits = &thread->process->limits;
	uint64_t realtime_limit = limits_current(limits, LIMIT_REALTIME_PRIORITY);
	int old = policy_of(thread);

	if (is_realtime(policy)) {
		if (policy != (old & ~SCHED_RESET_ON_FORK) && realtime_limit == 0)
			return false;
		if ((int)priority > thread->thread.realtime_priority && priority > realtime_limit)
			return false;
	}
	/* To leave the idle policy is to rise: as setpriority, to the nice value it has. */
	if ((old & ~SCHED_RESET_ON_FORK) == SCHED_POLICY_IDLE && policy != SCHED_POLICY_IDLE &&
	    (uint64_t)(20 - thread->thread.nice) > limits_current(limits, LIMIT_NICE))
		return false;
	return resets || !(old & SCHED_RESET_ON_FORK);
}

static int set_policy(struct user_thread *thread, int wish, uint32_t priority)
{
	int policy = wish & ~SCHED_RESET_ON_FORK;
	bool resets = wish & SCHED_RESET_ON_FORK;
	int error;

	if (!is_policy(policy) ||
	    (is_realtime(policy) ? priority < 1 || priority > REALTIME_MAX : priority != 0))
		return -EINVAL;
	if (!may_renice(thread->process))
		return -EPERM;
	if (!credentials_capable(credentials_current(), CAP_SYS_NICE) &&
	    !may_schedule(thread, policy, resets, priority))
		return -EPERM;
	error = schedule_set_policy(&thread->thread, (enum sched_policy)policy, (int)priority);
	if (!error)
		atomic_store_explicit(&thread->resets_on_fork, resets, memory_order_relaxed);
	return error;
}

enum { KEEP_POLICY = -1 };

static int set_scheduler(process_id id, int policy, user_addr from)
{
	struct user_thread *thread;
	uint32_t priority;
	int error;

	if (!from || id < 0)
		return -EINVAL;
	if (get_user_u32(&priority, from))
		return -EFAULT;
	error = find_thread(id, &thread);
	if (error)
		return error;
	error = set_policy(thread, policy == KEEP_POLICY ? policy_of(thread) : policy, priority);
	user_thread_put(thread);
	return error;
}

int sys_sched_setscheduler(process_id id, int policy, user_addr from)
{
	return policy < 0 ? -EINVAL : set_scheduler(id, policy, from);
}

int sys_sched_setparam(process_id id, user_addr from)
{
	return set_scheduler(id, KEEP_POLICY, from);
}

int sys_sched_get_priority_max(int policy)
{
	return !is_policy(policy) ? -EINVAL : is_realtime(policy) ? REALTIME_MAX : 0;
}

int sys_sched_get_priority_min(int policy)
{
	return !is_policy(policy) ? -EINVAL : is_realtime(policy) ? 1 : 0;
}

static int get_quantum(process_id id, int64_t *ns)
{
	struct user_thread *thread;
	int error = find_thread(id, &thread);

	if (error)
		return error;
	*ns = (int64_t)schedule_quantum_ns(&thread->thread);
	user_thread_put(thread);
	return 0;
}

int sys_sched_rr_get_interval(process_id id, user_addr to)
{
	int64_t ns;
	int error = get_quantum(id, &ns);

	return error ? error : abi_timespec32_put(to, ns);
}

int sys_sched_rr_get_interval_time64(process_id id, user_addr to)
{
	int64_t ns;
	int error = get_quantum(id, &ns);

	return error ? error : abi_timespec64_put(to, ns);
}

/* The calls about affinity know no bad ids, only absent ones. */
int sys_sched_setaffinity(process_id id, size_t size, user_addr from)
{
	struct user_thread *thread;
	uint32_t mask = 0;
	int error;

	if (copy_from_user(&mask, from, min_t(size_t, size, sizeof(mask))))
		return -EFAULT;
	error = id < 0 ? -ESRCH : find_thread(id, &thread);
	if (error)
		return error;
	mask &= smp_online_mask();
	if (!may_renice(thread->process))
		error = -EPERM;
	else
		error = mask ? schedule_set_affinity(&thread->thread, mask) : -EINVAL;
	user_thread_put(thread);
	return error;
}

int sys_sched_getaffinity(process_id id, size_t size, user_addr to)
{
	struct user_thread *thread;
	uint32_t mask;
	int error;

	if (size < sizeof(mask) || size % sizeof(uint32_t))
		return -EINVAL;
	error = id < 0 ? -ESRCH : find_thread(id, &thread);
	if (error)
		return error;
	mask = thread->thread.affinity & smp_online_mask();
	user_thread_put(thread);
	return copy_to_user(to, &mask, sizeof(mask)) ? -EFAULT : (int)sizeof(mask);
}

int sys_getcpu(user_addr cpu, user_addr node)
{
	if (cpu && put_user_u32(cpu, cpu_index()))
		return -EFAULT;
	return node ? put_user_u32(node, 0) : 0;
}
