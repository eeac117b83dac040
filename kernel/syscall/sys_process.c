/*
 * Processes: their making and end, families, limits, scheduling.
 */
#include "arch/context.h"
#include "arch/smp.h"
#include "arch/user_copy.h"
#include "core/printk.h"
#include "lib/format.h"
#include "lib/min_max.h"
#include "lib/math64.h"
#include "lib/string.h"
#include "mem/kmalloc.h"
#include "proc/process.h"
#include "sched/schedule.h"
#include "syscall/sys_internal.h"
#include "syscall/syscalls.h"
#include "syscall/user_path.h"
#include "uapi/linux/capability.h"
#include "uapi/linux/errno.h"
#include "uapi/linux/fcntl.h"
#include "uapi/linux/ldt.h"
#include "uapi/linux/wait.h"
#include "vfs/credentials.h"
#include "vfs/fd_table.h"
#include "vfs/file.h"
#include "sched/clock.h"

enum { SIGNAL_IN_FLAGS = 0xff };

int sys_fork(void)
{
	const struct clone_request request = { .exit_signal = SIGCHLD };

	return process_clone(&request);
}

int sys_vfork(void)
{
	const struct clone_request request = { .flags = CLONE_VFORK | CLONE_VM,
					       .exit_signal = SIGCHLD };

	return process_clone(&request);
}

int sys_clone(uint32_t flags, uintptr_t stack, user_addr parent_tid, user_addr tls,
	      user_addr child_tid)
{
	struct user_desc descriptor;
	struct clone_request request = {
		.flags = flags & ~(uint32_t)SIGNAL_IN_FLAGS,
		.exit_signal = (int)(flags & SIGNAL_IN_FLAGS),
		.stack = stack,
		.parent_tid = parent_tid,
		.child_tid = child_tid,
		.pidfd = parent_tid,
	};

	if (request.exit_signal > SIGNAL_COUNT)
		return -EINVAL;
	if (flags & CLONE_SETTLS) {
		if (copy_from_user(&descriptor, tls, sizeof(descriptor)))
			return -EFAULT;
		request.tls = &descriptor;
	}
	return process_clone(&request);
}

int sys_exit(int status)
{
	user_thread_exit((uint32_t)(status & 0xff) << 8);
}

int sys_exit_group(int status)
{
	process_exit_group((uint32_t)(status & 0xff) << 8);
}

int sys_execve(user_addr name, user_addr argv, user_addr envp)
{
	struct user_path path;
	int error = user_path_get(&path, AT_FDCWD, name, 0);

	if (error)
		return error;
	error = process_exec(&(struct exec_request){ .context = user_path_context(&path),
						     .path = path.name,
						     .walk_flags = WALK_FOLLOW,
						     .shown_path = path.name },
			     argv, envp);
	user_path_put(&path);
	return error;
}

/* How the program can name its file itself: "/dev/fd/N", or "/dev/fd/N/path". NULL: no memory. */
static char *fd_path_create(int dirfd, const char *name)
{
	size_t size = strlen(name) + sizeof("/dev/fd/-2147483648/");
	char *path = kmalloc(size, 0);

	if (path)
		(void)snprintf(path, size, name[0] ? "/dev/fd/%d/%s" : "/dev/fd/%d", dirfd, name);
	return path;
}

int sys_execveat(int dirfd, user_addr name, user_addr argv, user_addr envp, uint32_t flags)
{
	struct exec_request request = { .path = NULL };
	struct user_path path;
	char *shown = NULL;
	int error;

	error = user_path_get(&path, dirfd, name, flags & AT_EMPTY_PATH ? USER_PATH_EMPTY_OK : 0);
	/* As on Linux a bad string comes before bad flags, and those before a bad descriptor. */
	if ((flags & ~(uint32_t)(AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH)) &&
	    (!error || error == -EBADF || error == -ENOTDIR)) {
		if (!error)
			user_path_put(&path);
		return -EINVAL;
	}
	if (error)
		return error;
	request.context = user_path_context(&path);
	request.path = request.shown_path = path.name;
	if (!(flags & AT_SYMLINK_NOFOLLOW))
		request.walk_flags |= WALK_FOLLOW;
	if (flags & AT_EMPTY_PATH)
		request.walk_flags |= WALK_EMPTY_OK;
	if (path.directory) {
		shown = fd_path_create(dirfd, path.name);
		error = shown ? 0 : -ENOMEM;
		request.shown_path = shown;
		request.hides_path =
			fd_table_get_close_on_exec(user_thread_current()->fds, dirfd) == FD_CLOEXEC;
	}
	if (!error)
		error = process_exec(&request, argv, envp);
	kfree(shown);
	user_path_put(&path);
	return error;
}

static void usage_to_linux(const struct usage *usage, struct linux_rusage *out)
{
	uint32_t nanoseconds;

	memset(out, 0, sizeof(*out));
	out->user.seconds = (int32_t)div64_u32(usage->user_ns, 1000000000, &nanoseconds);
	out->user.microseconds = (int32_t)(nanoseconds / 1000);
	out->system.seconds = (int32_t)div64_u32(usage->system_ns, 1000000000, &nanoseconds);
	out->system.microseconds = (int32_t)(nanoseconds / 1000);
	out->max_resident_kib = (int32_t)(usage->resident_peak_pages * (PAGE_SIZE / 1024));
	out->minor_faults = (int32_t)usage->minor_faults;
	out->major_faults = (int32_t)usage->major_faults;
	out->blocks_in = (int32_t)usage->blocks_in;
	out->blocks_out = (int32_t)usage->blocks_out;
	out->voluntary_switches = (int32_t)usage->voluntary_switches;
	out->involuntary_switches = (int32_t)usage->involuntary_switches;
}

static int put_usage(user_addr to, const struct usage *usage)
{
	struct linux_rusage out;

	usage_to_linux(usage, &out);
	return copy_to_user(to, &out, sizeof(out));
}

int sys_wait4(process_id id, user_addr status, uint32_t options, user_addr usage)
{
	struct wait_request request = { .options = options | WEXITED };
	struct wait_result result;
	int found;

	if (options &
	    ~(uint32_t)(WNOHANG | WUNTRACED | WCONTINUED | __WNOTHREAD | __WCLONE | __WALL))
		return -EINVAL;
	if (id == INT32_MIN)
		return -ESRCH;
	request.kind = id == -1 ? WAIT_ANY : id > 0 ? WAIT_PID : WAIT_GROUP;
	request.id = id > 0 ? id : -id;
	if (id == 0) {
		found = process_get_group(0, &request.id);
		if (found)
			return found;
	}
	found = process_wait(&request, &result);
	if (found <= 0)
		return found;
	if (status && put_user_u32(status, result.status))
		return -EFAULT;
	if (usage && put_usage(usage, &result.usage))
		return -EFAULT;
	return result.id;
}

int sys_waitpid(process_id id, user_addr status, uint32_t options)
{
	return sys_wait4(id, status, options, NULL);
}

static int wait_kind(int kind, process_id id, struct wait_request *out)
{
	switch (kind) {
	case P_ALL:
		out->kind = WAIT_ANY;
		return 0;
	case P_PID:
		out->kind = WAIT_PID;
		out->id = id;
		return id > 0 ? 0 : -EINVAL;
	case P_PGID:
		out->kind = WAIT_GROUP;
		out->id = id;
		if (id == 0)
			return process_get_group(0, &out->id);
		return id > 0 ? 0 : -EINVAL;
	default:
		/* Pidfds come with the calls that make them. */
		return -EINVAL;
	}
}

int sys_waitid(int kind, process_id id, user_addr info_out, uint32_t options, user_addr usage)
{
	struct wait_request request = { .options = options };
	struct wait_result result;
	struct linux_siginfo info;
	int found;

	if ((options & ~(uint32_t)(WNOHANG | WNOWAIT | WEXITED | WSTOPPED | WCONTINUED |
				   __WNOTHREAD | __WCLONE | __WALL)) ||
	    !(options & (WEXITED | WSTOPPED | WCONTINUED)))
		return -EINVAL;
	found = wait_kind(kind, id, &request);
	if (found)
		return found;
	found = process_wait(&request, &result);
	if (found < 0)
		return found;
	memset(&info, 0, sizeof(info));
	if (found) {
		info.signo = SIGCHLD;
		info.code = result.code;
		info.child.pid = result.id;
		info.child.uid = result.uid;
		if (result.code == CLD_EXITED)
			info.child.status = (int32_t)(result.status >> 8);
		else if (result.code == CLD_STOPPED || result.code == CLD_TRAPPED)
			info.child.status = (int32_t)(result.status >> 8);
		else if (result.code == CLD_CONTINUED)
			info.child.status = SIGCONT;
		else
			info.child.status = (int32_t)(result.status & 0x7f);
		if (usage && put_usage(usage, &result.usage))
			return -EFAULT;
	}
	/* Linux writes these fields alone, and no others. */
	return info_out ? copy_to_user(info_out, &info,
				       offsetof(struct linux_siginfo, child.user_ticks))
			: 0;
}

int sys_getpid(void)
{
	return process_current()->id;
}

int sys_gettid(void)
{
	return user_thread_current()->id;
}

int sys_getppid(void)
{
	return process_parent_id(process_current());
}

int sys_setpgid(process_id pid, process_id group)
{
	return process_set_group(pid, group);
}

int sys_getpgid(process_id pid)
{
	process_id group;
	int error = process_get_group(pid, &group);

	return error ? error : group;
}

int sys_getpgrp(void)
{
	return sys_getpgid(0);
}

int sys_setsid(void)
{
	process_id session;
	int error = process_new_session(&session);

	return error ? error : session;
}

int sys_getsid(process_id pid)
{
	process_id session;
	int error = process_get_session(pid, &session);

	return error ? error : session;
}

int sys_set_tid_address(user_addr word)
{
	user_thread_current()->clear_child_tid = word;
	return user_thread_current()->id;
}

int sys_set_robust_list(user_addr head, size_t size)
{
	if (size != 12)
		return -EINVAL;
	user_thread_current()->robust_list = head;
	return 0;
}

int sys_get_robust_list(process_id id, user_addr head, user_addr size)
{
	struct user_thread *thread = id ? user_thread_find_get(id) : user_thread_current();
	user_addr list;

	if (!thread)
		return -ESRCH;
	if (id && !process_may_access(thread->process, PROCESS_ACCESS_REAL)) {
		user_thread_put(thread);
		return -EPERM;
	}
	list = thread->robust_list;
	if (id)
		user_thread_put(thread);
	if (put_user_u32(size, 12))
		return -EFAULT;
	return put_user_u32(head, user_addr_value(list));
}

int sys_set_thread_area(user_addr from)
{
	struct user_desc descriptor;
	int error;

	if (copy_from_user(&descriptor, from, sizeof(descriptor)))
		return -EFAULT;
	error = arch_tls_set(&thread_current()->arch, &descriptor);
	if (error)
		return error;
	/* The chosen slot is the first word. */
	return put_user_u32(from, descriptor.entry_number);
}

int sys_get_thread_area(user_addr to)
{
	struct user_desc descriptor;
	int error;

	if (copy_from_user(&descriptor, to, sizeof(descriptor)))
		return -EFAULT;
	error = arch_tls_get(&thread_current()->arch, &descriptor);
	return error ? error : copy_to_user(to, &descriptor, sizeof(descriptor));
}

int sys_getrusage(int who, user_addr to)
{
	enum { RUSAGE_SELF, RUSAGE_THREAD, RUSAGE_CHILDREN = -1 };
	struct user_thread *thread = user_thread_current();
	struct usage usage;

	switch (who) {
	case RUSAGE_SELF:
		/* Moves the peak up to what is resident now. */
		address_space_resident_pages(thread->process->space);
		process_usage(thread->process, &usage);
		break;
	case RUSAGE_CHILDREN:
		process_children_usage(thread->process, &usage);
		break;
	case RUSAGE_THREAD:
		memset(&usage, 0, sizeof(usage));
		schedule_times(&thread->thread, &usage.user_ns, &usage.system_ns);
		usage.minor_faults = thread->minor_faults;
		usage.major_faults = thread->major_faults;
		usage.voluntary_switches = thread->thread.voluntary_switches;
		usage.involuntary_switches = thread->thread.involuntary_switches;
		break;
	default:
		return -EINVAL;
	}
	return put_usage(to, &usage);
}

/* Nanoseconds to hundredths of a second. */
static uint32_t ticks(uint64_t ns)
{
	return (uint32_t)div64_u32(ns, 10000000, NULL);
}

int sys_times(user_addr to)
{
	struct usage own, children;
	uint32_t out[4];

	if (to) {
		process_usage(process_current(), &own);
		process_children_usage(process_current(), &children);
		out[0] = ticks(own.user_ns);
		out[1] = ticks(own.system_ns);
		out[2] = ticks(children.user_ns);
		out[3] = ticks(children.system_ns);
		if (copy_to_user(to, out, sizeof(out)))
			return -EFAULT;
	}
	return (int)(ticks(clock_monotonic_ns()) & INT32_MAX);
}

/* setpriority's and getpriority's kinds. */
enum { PRIO_PROCESS, PRIO_PGRP, PRIO_USER };

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
		   20 - walk->nice > (int)process->limits.of[LIMIT_NICE].current) {
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

/* uapi/linux/sched.h: a bit beside the policy; and the highest priority of FIFO and RR. */
enum { SCHED_RESET_ON_FORK = 0x40000000, REALTIME_MAX = 99 };

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
	uint64_t realtime_limit = limits->of[LIMIT_REALTIME_PRIORITY].current;
	int old = policy_of(thread);

	if (is_realtime(policy)) {
		if (policy != (old & ~SCHED_RESET_ON_FORK) && realtime_limit == 0)
			return false;
		if ((int)priority > thread->thread.realtime_priority && priority > realtime_limit)
			return false;
	}
	/* To leave the idle policy is to rise: as setpriority, to the nice value it has. */
	if ((old & ~SCHED_RESET_ON_FORK) == SCHED_POLICY_IDLE && policy != SCHED_POLICY_IDLE &&
	    (uint64_t)(20 - thread->thread.nice) > limits->of[LIMIT_NICE].current)
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

/* Personalities: only Linux's own. 0xffffffff asks. */
int sys_personality(uint32_t wish)
{
	enum { ADDR_NO_RANDOMIZE = 0x0040000 };
	struct process *process = process_current();
	uint32_t old = process->personality;

	if (wish != UINT32_MAX) {
		if (wish & ~(uint32_t)ADDR_NO_RANDOMIZE)
			return -EINVAL;
		process->personality = wish;
	}
	return (int)old;
}
