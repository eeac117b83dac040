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
#include "vm/futex.h"

/* Whose processes somebody may schedule: his own, unless they have capabilities that he lacks. */
struct renice_rights {
	bool is_owner, covers;
};

static struct renice_rights renice_rights(struct process *target)
{
	const struct credentials *mine = credentials_current();
	const struct credentials *theirs;
	struct renice_rights rights = { true, true };

	if (credentials_capable(mine, CAP_SYS_NICE))
		return rights;
	theirs = process_credentials_get(target);
	rights.is_owner = mine->euid == theirs->uid || mine->euid == theirs->euid;
	rights.covers = credentials_cover(mine, theirs);
	credentials_put(theirs);
	return rights;
}

static bool may_schedule_process(struct process *target)
{
	struct renice_rights rights = renice_rights(target);

	return rights.is_owner && rights.covers;
}

/* One getpriority() or setpriority(): a nice value is a thread's, whoever is meant. */
struct priority_walk {
	int kind, who;
	bool set;
	int nice;  /* to set, or the best found */
	int error; /* -ESRCH until one matched */
	struct renice_rights rights;	/* to the process that is visited */
	bool met_leader;		/* of it */
};

/* Is it one of the group, or of the user? */
static bool priority_matches(const struct priority_walk *walk, struct process *process)
{
	const struct credentials *credentials;
	process_id group;
	bool matches;

	if (walk->kind == PRIO_PGRP)
		return !process_get_group(process->id, &group) && group == walk->who;
	credentials = process_credentials_get(process);
	matches = credentials->uid == (user_id)walk->who;
	credentials_put(credentials);
	return matches;
}

/* Take account of one with the nice value `current`. True: it is to have walk->nice. */
static bool priority_judge(struct priority_walk *walk, struct process *process, int current)
{
	if (!walk->set) {
		if (walk->error || current < walk->nice)
			walk->nice = current;
		walk->error = 0;
		return false;
	}
	if (!walk->rights.is_owner) {
		walk->error = -EPERM;
	} else if (walk->nice < current &&
		   !credentials_capable(credentials_current(), CAP_SYS_NICE) &&
		   20 - walk->nice > (int)limits_current(&process->limits, LIMIT_NICE)) {
		walk->error = -EACCES;
	} else if (!walk->rights.covers) {
		walk->error = -EPERM;
	} else {
		if (walk->error == -ESRCH)
			walk->error = 0;
		return true;
	}
	return false;
}

static void priority_visit_thread(struct user_thread *thread, void *argument)
{
	struct priority_walk *walk = argument;

	walk->met_leader |= thread->id == thread->process->id;
	if (priority_judge(walk, thread->process, thread->thread.nice))
		schedule_set_nice(&thread->thread, walk->nice);
}

static void priority_visit_one(struct priority_walk *walk, process_id id)
{
	struct user_thread *thread = user_thread_find_get_ended(id);

	if (!thread)
		return;
	walk->rights = renice_rights(thread->process);
	priority_visit_thread(thread, walk);
	user_thread_put(thread);
}

/* All its threads, and its leader, which may have ended. */
static void priority_visit(struct priority_walk *walk, struct process *process)
{
	walk->rights = renice_rights(process);
	walk->met_leader = false;
	process_visit_threads(process, priority_visit_thread, walk);
	if (!walk->met_leader)
		priority_visit_one(walk, process->id);
}

static int priority_do(struct priority_walk *walk)
{
	struct process *process;
	process_id next = 1;

	if (walk->kind < PRIO_PROCESS || walk->kind > PRIO_USER)
		return -EINVAL;
	walk->error = -ESRCH;
	if (walk->kind == PRIO_PROCESS) {
		priority_visit_one(walk, walk->who ? walk->who : user_thread_current()->id);
		return walk->error;
	}
	if (walk->who == 0) {
		if (walk->kind == PRIO_USER)
			walk->who = (int)credentials_current()->uid;
		else if (process_get_group(0, &walk->who))
			return -ESRCH;
	}
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
	walk.nice = clamp(user_thread_current()->thread.nice + increment, -20, 19);
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

/* The thread that a sched_ call means: 0 is the caller; the dead still have what is asked. */
static int find_thread(process_id id, struct user_thread **out)
{
	if (id < 0)
		return -EINVAL;
	if (id == 0) {
		*out = user_thread_current();
		user_thread_get(*out);
		return 0;
	}
	*out = user_thread_find_get_ended(id);
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

/* What a call asks for, in one form. */
struct wish {
	int policy; /* without the flag */
	bool resets;
	uint32_t priority;
	int nice;	   /* for fair policies, if */
	bool has_nice;
	bool keeps_params; /* only the flag is set */
	bool has_clamp;
};

static bool is_fair(int policy)
{
	return policy == SCHED_POLICY_OTHER || policy == SCHED_POLICY_BATCH;
}

/* May somebody without CAP_SYS_NICE give the thread this policy, flag and priority? */
static bool may_schedule(struct user_thread *thread, const struct wish *wish)
{
	uint32_t priority = wish->priority;
	int policy = wish->policy;
	const struct limits *limits = &thread->process->limits;
	uint64_t realtime_limit = limits_current(limits, LIMIT_REALTIME_PRIORITY);
	int old = policy_of(thread);

	if (is_realtime(policy)) {
		if (policy != (old & ~SCHED_RESET_ON_FORK) && realtime_limit == 0)
			return false;
		if ((int)priority > thread->thread.realtime_priority && priority > realtime_limit)
			return false;
	}
	if (wish->has_nice && is_fair(policy) && wish->nice < thread->thread.nice &&
	    (uint64_t)(20 - wish->nice) > limits_current(limits, LIMIT_NICE))
		return false;
	/* To leave the idle policy is to rise: as setpriority, to the nice value it has. */
	if ((old & ~SCHED_RESET_ON_FORK) == SCHED_POLICY_IDLE && policy != SCHED_POLICY_IDLE &&
	    (uint64_t)(20 - thread->thread.nice) > limits_current(limits, LIMIT_NICE))
		return false;
	return wish->resets || !(old & SCHED_RESET_ON_FORK);
}

static int grant(struct user_thread *thread, const struct wish *wish)
{
	int policy = wish->policy;
	uint32_t priority = wish->priority;
	int error = 0;

	if (!is_policy(policy) ||
	    (is_realtime(policy) ? priority < 1 || priority > REALTIME_MAX : priority != 0))
		return -EINVAL;
	if (!may_schedule_process(thread->process))
		return -EPERM;
	if (!credentials_capable(credentials_current(), CAP_SYS_NICE) &&
	    !may_schedule(thread, wish))
		return -EPERM;
	if (wish->has_clamp)
		return -EOPNOTSUPP;
	if (!wish->keeps_params)
		error = schedule_set_policy(&thread->thread, (enum sched_policy)policy,
					    (int)priority);
	if (error)
		return error;
	if (!wish->keeps_params && wish->has_nice && is_fair(policy))
		schedule_set_nice(&thread->thread, wish->nice);
	atomic_store_explicit(&thread->resets_on_fork, wish->resets, memory_order_relaxed);
	/* What it waits for may have to hear of it. */
	futex_pi_priority_changed(&thread->thread);
	return 0;
}

enum { KEEP_POLICY = -1 };

static int set_scheduler(process_id id, int policy, user_addr from)
{
	struct user_thread *thread;
	struct wish wish = { 0 };
	int error;

	if (!from || id < 0)
		return -EINVAL;
	if (get_user_u32(&wish.priority, from))
		return -EFAULT;
	error = find_thread(id, &thread);
	if (error)
		return error;
	if (policy == KEEP_POLICY)
		policy = policy_of(thread);
	wish.policy = policy & ~SCHED_RESET_ON_FORK;
	wish.resets = policy & SCHED_RESET_ON_FORK;
	error = grant(thread, &wish);
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

/* ---- sched_setattr, sched_getattr ------------------------------------------------------------ */

/* A structure of a size that nobody has makes the kernel say its own. Errors: -EFAULT, -E2BIG... */
static int attributes_get(struct linux_sched_attr *out, user_addr from)
{
	uint32_t size;
	int error = -E2BIG;

	if (get_user_u32(&size, from))
		return -EFAULT;
	if (size == 0)
		size = SCHED_ATTR_SIZE_VER0;
	if (size >= SCHED_ATTR_SIZE_VER0 && size <= PAGE_SIZE)
		error = abi_struct_get(out, sizeof(*out), from, size);
	if (error == -E2BIG)
		(void)!put_user_u32(from, sizeof(*out));
	if (error)
		return error;
	return (out->flags & SCHED_FLAG_UTIL_CLAMP) && size < SCHED_ATTR_SIZE_VER1 ? -EINVAL : 0;
}

int sys_sched_setattr(process_id id, user_addr from, uint32_t flags)
{
	struct linux_sched_attr attributes;
	struct user_thread *thread;
	struct wish wish;
	int old, error;

	if (!from || id < 0 || flags)
		return -EINVAL;
	error = attributes_get(&attributes, from);
	if (error)
		return error;
	if ((int32_t)attributes.policy < 0)
		return -EINVAL;
	error = find_thread(id, &thread);
	if (error)
		return error;
	old = policy_of(thread);
	wish = (struct wish){
		.policy = (int)attributes.policy,
		.resets = attributes.flags & SCHED_FLAG_RESET_ON_FORK,
		.priority = attributes.priority,
		.nice = clamp(attributes.nice, -20, 19),
		.has_nice = true,
		.keeps_params = attributes.flags & SCHED_FLAG_KEEP_PARAMS,
		.has_clamp = attributes.flags & SCHED_FLAG_UTIL_CLAMP,
	};
	if (attributes.flags & SCHED_FLAG_KEEP_POLICY) {
		wish.policy = old & ~SCHED_RESET_ON_FORK;
		wish.resets = old & SCHED_RESET_ON_FORK;
	}
	if (wish.keeps_params && is_realtime(old & ~SCHED_RESET_ON_FORK))
		wish.priority = (uint32_t)thread->thread.realtime_priority;
	else if (wish.keeps_params)
		wish.nice = thread->thread.nice;
	error = attributes.flags & ~(uint64_t)SCHED_FLAG_ALL ? -EINVAL : grant(thread, &wish);
	user_thread_put(thread);
	return error;
}

int sys_sched_getattr(process_id id, user_addr to, uint32_t size, uint32_t flags)
{
	struct linux_sched_attr attributes = { 0 };
	struct user_thread *thread;
	int policy, error;

	if (!to || id < 0 || size > PAGE_SIZE || size < SCHED_ATTR_SIZE_VER0 || flags)
		return -EINVAL;
	error = find_thread(id, &thread);
	if (error)
		return error;
	policy = policy_of(thread);
	attributes.size = min_t(uint32_t, size, sizeof(attributes));
	attributes.policy = (uint32_t)(policy & ~SCHED_RESET_ON_FORK);
	attributes.flags = policy & SCHED_RESET_ON_FORK ? SCHED_FLAG_RESET_ON_FORK : 0;
	if (is_realtime((int)attributes.policy))
		attributes.priority = (uint32_t)thread->thread.realtime_priority;
	else
		attributes.nice = thread->thread.nice;
	user_thread_put(thread);
	if (!user_range_ok(to, size))
		return -EFAULT;
	return copy_to_user(to, &attributes, attributes.size);
}

/* Asked of deadline scheduling as well, which nobody can have here. */
static bool has_priorities(int policy)
{
	return is_policy(policy) || policy == SCHED_DEADLINE;
}

int sys_sched_get_priority_max(int policy)
{
	return !has_priorities(policy) ? -EINVAL : is_realtime(policy) ? REALTIME_MAX : 0;
}

int sys_sched_get_priority_min(int policy)
{
	return !has_priorities(policy) ? -EINVAL : is_realtime(policy) ? 1 : 0;
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
	if (!may_schedule_process(thread->process))
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

	/* In bits, so that what is past 2^32 of them is small again, as on Linux. */
	if ((uint32_t)(size * 8) < sizeof(mask) * 8 || size % sizeof(uint32_t))
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
