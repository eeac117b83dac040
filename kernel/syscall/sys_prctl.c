/*
 * prctl: what a process may say about itself.
 *
 * Options that this kernel has nothing to do for are EINVAL, like those that nobody has. Some are
 * kept without having an effect, since they ask for less than this kernel does in any case: the
 * slack of timers (none is ever late on purpose), no huge pages (there are none), who is told early
 * of memory that broke (it is never found out), and to be one that others' disks depend on (none is
 * served by a program). About speculation it says what is true: nothing is done against it.
 */
#include "arch/user_copy.h"
#include "lib/string.h"
#include "proc/process.h"
#include "syscall/sys_internal.h"
#include "syscall/syscalls.h"
#include "uapi/linux/capability.h"
#include "uapi/linux/errno.h"
#include "vfs/credentials.h"

enum {
	PR_SET_PDEATHSIG = 1,
	PR_GET_PDEATHSIG = 2,
	PR_GET_DUMPABLE = 3,
	PR_SET_DUMPABLE = 4,
	PR_GET_KEEPCAPS = 7,
	PR_SET_KEEPCAPS = 8,
	PR_GET_TIMING = 13,
	PR_SET_TIMING = 14,
	PR_SET_NAME = 15,
	PR_GET_NAME = 16,
	PR_GET_SECCOMP = 21,
	PR_SET_SECCOMP = 22,
	PR_CAPBSET_READ = 23,
	PR_CAPBSET_DROP = 24,
	PR_GET_TSC = 25,
	PR_SET_TSC = 26,
	PR_GET_SECUREBITS = 27,
	PR_SET_SECUREBITS = 28,
	PR_SET_TIMERSLACK = 29,
	PR_GET_TIMERSLACK = 30,
	PR_TASK_PERF_EVENTS_DISABLE = 31,
	PR_TASK_PERF_EVENTS_ENABLE = 32,
	PR_MCE_KILL = 33,
	PR_MCE_KILL_GET = 34,
	PR_SET_MM = 35,
	PR_SET_CHILD_SUBREAPER = 36,
	PR_GET_CHILD_SUBREAPER = 37,
	PR_SET_NO_NEW_PRIVS = 38,
	PR_GET_NO_NEW_PRIVS = 39,
	PR_GET_TID_ADDRESS = 40,
	PR_SET_THP_DISABLE = 41,
	PR_GET_THP_DISABLE = 42,
	PR_CAP_AMBIENT = 47,
	PR_GET_SPECULATION_CTRL = 52,
	PR_SET_SPECULATION_CTRL = 53,
	PR_SET_IO_FLUSHER = 57,
	PR_GET_IO_FLUSHER = 58,
	PR_SET_SYSCALL_USER_DISPATCH = 59,
};
enum { SECCOMP_STRICT = 1 };	/* no programs (mode 2): nothing here runs them */
enum { DISPATCH_OFF, DISPATCH_ON };
enum { MCE_KILL_CLEAR, MCE_KILL_SET };
enum { MCE_KILL_LATE, MCE_KILL_EARLY, MCE_KILL_DEFAULT };
enum { SPECULATE_STORE_BYPASS, SPECULATE_INDIRECT_BRANCH, SPECULATE_L1D_FLUSH };
enum { SPECULATION_ENABLE = 2, SPECULATION_DISABLE = 4, SPECULATION_FORCE_DISABLE = 8 };
enum { AMBIENT_IS_SET = 1, AMBIENT_RAISE, AMBIENT_LOWER, AMBIENT_CLEAR_ALL };
enum { TSC_ENABLE = 1 };

static int set_name(user_addr from)
{
	struct thread *thread = thread_current();
	char name[sizeof(thread->name)];
	ssize_t length = string_from_user(name, from, sizeof(name) - 1);
	irq_flags flags;

	if (length < 0)
		return -EFAULT;
	name[sizeof(name) - 1] = '\0';
	flags = spin_lock_irq(&thread->lock);
	strlcpy(thread->name, name, sizeof(thread->name));
	spin_unlock_irq(&thread->lock, flags);
	return 0;
}

static int set_subreaper(struct process *process, bool on)
{
	irq_flags flags = spin_lock_irq(&process->signal_lock);

	if (on)
		process->flags |= PROCESS_SUBREAPER;
	else
		process->flags &= ~(uint32_t)PROCESS_SUBREAPER;
	spin_unlock_irq(&process->signal_lock, flags);
	return 0;
}

static int set_parent_death_signal(struct process *process, uintptr_t signal)
{
	if (signal > SIGNAL_COUNT)
		return -EINVAL;
	process->parent_death_signal = (int)signal;
	return 0;
}

static int set_dumpable(struct process *process, uintptr_t value)
{
	irq_flags flags;

	if (value > 1)
		return -EINVAL;
	flags = spin_lock_irq(&process->signal_lock);
	atomic_store_explicit(&process->dumpable, value, memory_order_relaxed);
	spin_unlock_irq(&process->signal_lock, flags);
	return 0;
}

/* 0 asks for what the thread began with. */
static int set_timer_slack(struct user_thread *thread, uintptr_t ns)
{
	thread->timer_slack_ns = ns ? (uint32_t)ns : thread->initial_timer_slack_ns;
	return 0;
}

/* ---- credentials ----------------------------------------------------------------------------- */

static int set_no_new_privileges(void)
{
	struct credentials *new = credentials_begin_change();

	if (!new)
		return -ENOMEM;
	new->no_new_privileges = true;
	user_thread_set_credentials(new);
	return 0;
}

static int set_secure_bits_to(uint32_t bits)
{
	struct credentials *new = credentials_begin_change();

	if (!new)
		return -ENOMEM;
	new->secure_bits = bits;
	user_thread_set_credentials(new);
	return 0;
}

/* A bit that is locked stays as it is, and stays locked. */
static int set_secure_bits(uintptr_t wish)
{
	const struct credentials *own = credentials_current();
	uint32_t locked = (own->secure_bits & SECURE_LOCKS) >> 1;

	if ((wish & ~(uintptr_t)(SECURE_BITS | SECURE_LOCKS)) ||
	    (locked & (own->secure_bits ^ wish)) || (own->secure_bits & SECURE_LOCKS & ~wish) ||
	    !credentials_capable(own, CAP_SETPCAP))
		return -EPERM;
	return set_secure_bits_to((uint32_t)wish);
}

static int set_keep_capabilities(uintptr_t value)
{
	uint32_t old = credentials_current()->secure_bits;

	if (value > 1)
		return -EINVAL;
	if (old & SECURE_KEEP_CAPS_LOCKED)
		return -EPERM;
	return set_secure_bits_to(value ? old | SECURE_KEEP_CAPS
					: old & ~(uint32_t)SECURE_KEEP_CAPS);
}

static int drop_bounding(uintptr_t capability)
{
	struct credentials *new;

	if (!credentials_capable(credentials_current(), CAP_SETPCAP))
		return -EPERM;
	if (capability >= CAP_COUNT)
		return -EINVAL;
	new = credentials_begin_change();
	if (!new)
		return -ENOMEM;
	new->cap_bounding &= ~((uint64_t)1 << capability);
	user_thread_set_credentials(new);
	return 0;
}

static int change_ambient(uint64_t set, uint64_t clear)
{
	struct credentials *new = credentials_begin_change();

	if (!new)
		return -ENOMEM;
	new->cap_ambient = (new->cap_ambient & ~clear) | set;
	user_thread_set_credentials(new);
	return 0;
}

static int ambient(uintptr_t action, uintptr_t capability, uintptr_t fourth, uintptr_t fifth)
{
	const struct credentials *own = credentials_current();
	uint64_t bit;

	if (action == AMBIENT_CLEAR_ALL)
		return capability || fourth || fifth ? -EINVAL : change_ambient(0, UINT64_MAX);
	if (capability >= CAP_COUNT || fourth || fifth)
		return -EINVAL;
	bit = (uint64_t)1 << capability;
	switch (action) {
	case AMBIENT_IS_SET:
		return !!(own->cap_ambient & bit);
	case AMBIENT_RAISE:
		if (!(own->cap_permitted & own->cap_inheritable & bit) ||
		    (own->secure_bits & SECURE_NO_AMBIENT_RAISE))
			return -EPERM;
		return change_ambient(bit, 0);
	case AMBIENT_LOWER:
		return change_ambient(0, bit);
	default:
		return -EINVAL;
	}
}

/* Those that are about credentials alone; -ENOSYS: it is none of them. */
static int credential_option(int option, uintptr_t second, uintptr_t third, uintptr_t fourth,
			     uintptr_t fifth)
{
	const struct credentials *own = credentials_current();

	switch (option) {
	case PR_GET_KEEPCAPS:
		return !!(own->secure_bits & SECURE_KEEP_CAPS);
	case PR_SET_KEEPCAPS:
		return set_keep_capabilities(second);
	case PR_CAPBSET_READ:
		return second >= CAP_COUNT ? -EINVAL : (int)(own->cap_bounding >> second & 1);
	case PR_CAPBSET_DROP:
		return drop_bounding(second);
	case PR_GET_SECUREBITS:
		return (int)own->secure_bits;
	case PR_SET_SECUREBITS:
		return set_secure_bits(second);
	case PR_SET_NO_NEW_PRIVS:
		if (second != 1 || third || fourth || fifth)
			return -EINVAL;
		return set_no_new_privileges();
	case PR_GET_NO_NEW_PRIVS:
		if (second || third || fourth || fifth)
			return -EINVAL;
		return own->no_new_privileges;
	case PR_CAP_AMBIENT:
		return ambient(second, third, fourth, fifth);
	default:
		return -ENOSYS;
	}
}

/* ---- what is only kept ----------------------------------------------------------------------- */

static int set_memory_failure(struct user_thread *thread, uintptr_t what, uintptr_t when)
{
	if (what == MCE_KILL_CLEAR && when == 0)
		when = MCE_KILL_DEFAULT;
	else if (what != MCE_KILL_SET || when > MCE_KILL_DEFAULT)
		return -EINVAL;
	thread->memory_failure_told = (uint8_t)(MCE_KILL_DEFAULT - when);
	return 0;
}

/* As Linux when it is started with its mitigations off: nothing can be chosen. */
static int get_speculation(uintptr_t which)
{
	switch (which) {
	case SPECULATE_STORE_BYPASS:
	case SPECULATE_INDIRECT_BRANCH:
		return SPECULATION_ENABLE;
	case SPECULATE_L1D_FLUSH:
		return SPECULATION_FORCE_DISABLE;
	default:
		return -ENODEV;
	}
}

static int set_speculation(uintptr_t which, uintptr_t wish)
{
	switch (which) {
	case SPECULATE_STORE_BYPASS:
		return -ENXIO;
	case SPECULATE_INDIRECT_BRANCH:
		if (wish == SPECULATION_ENABLE)
			return 0;
		return wish == SPECULATION_DISABLE || wish == SPECULATION_FORCE_DISABLE ? -EPERM
										       : -ERANGE;
	case SPECULATE_L1D_FLUSH:
		return -EPERM;
	default:
		return -ENODEV;
	}
}

static int set_io_flusher(struct user_thread *thread, uintptr_t value, bool has_more)
{
	if (!credentials_capable(credentials_current(), CAP_SYS_RESOURCE))
		return -EPERM;
	if (value > 1 || has_more)
		return -EINVAL;
	thread->is_io_flusher = value;
	return 0;
}

static int get_io_flusher(const struct user_thread *thread, bool has_arguments)
{
	if (!credentials_capable(credentials_current(), CAP_SYS_RESOURCE))
		return -EPERM;
	return has_arguments ? -EINVAL : thread->is_io_flusher;
}

/* -ENOSYS: it is none of them. */
static int kept_option(int option, uintptr_t second, uintptr_t third, uintptr_t fourth,
		       uintptr_t fifth)
{
	struct user_thread *thread = user_thread_current();
	bool has_more = third || fourth || fifth;

	switch (option) {
	case PR_TASK_PERF_EVENTS_DISABLE: /* all of one's own, of which there are none */
	case PR_TASK_PERF_EVENTS_ENABLE:
		return 0;
	case PR_MCE_KILL:
		return fourth || fifth ? -EINVAL : set_memory_failure(thread, second, third);
	case PR_MCE_KILL_GET:
		return second || has_more ? -EINVAL
					  : MCE_KILL_DEFAULT - thread->memory_failure_told;
	case PR_GET_SPECULATION_CTRL:
		return has_more ? -EINVAL : get_speculation(second);
	case PR_SET_SPECULATION_CTRL:
		return fourth || fifth ? -EINVAL : set_speculation(second, third);
	case PR_SET_IO_FLUSHER:
		return set_io_flusher(thread, second, has_more);
	case PR_SET_SYSCALL_USER_DISPATCH:
		if (second == DISPATCH_ON)
			return call_gate_tell(third, fourth, user_addr_from(fifth));
		if (second != DISPATCH_OFF || has_more)
			return -EINVAL;
		call_gate_tell_no_more();
		return 0;
	case PR_GET_IO_FLUSHER:
		return get_io_flusher(thread, second || has_more);
	default:
		return -ENOSYS;
	}
}

/* ---- process and thread ---------------------------------------------------------------------- */

/* Those that are about the process; -ENOSYS: it is none of them. */
static int process_option(int option, uintptr_t second, uintptr_t third, uintptr_t fourth,
			  uintptr_t fifth)
{
	struct process *process = process_current();
	user_addr pointer = user_addr_from(second);

	switch (option) {
	case PR_SET_PDEATHSIG:
		return set_parent_death_signal(process, second);
	case PR_GET_PDEATHSIG:
		return put_user_u32(pointer, (uint32_t)process->parent_death_signal);
	case PR_GET_DUMPABLE:
		return atomic_load_explicit(&process->dumpable, memory_order_relaxed);
	case PR_SET_DUMPABLE:
		return set_dumpable(process, second);
	case PR_SET_MM:
		return syscall_prctl_memory(second, third, fourth, fifth);
	case PR_SET_CHILD_SUBREAPER:
		return set_subreaper(process, second);
	case PR_GET_CHILD_SUBREAPER:
		return put_user_u32(pointer, !!(process->flags & PROCESS_SUBREAPER));
	case PR_SET_THP_DISABLE:
		if (third || fourth || fifth)
			return -EINVAL;
		process->no_huge_pages = second;
		return 0;
	case PR_GET_THP_DISABLE:
		return second || third || fourth || fifth ? -EINVAL : process->no_huge_pages;
	default:
		return -ENOSYS;
	}
}

static int thread_option(int option, uintptr_t second)
{
	struct user_thread *thread = user_thread_current();
	user_addr pointer = user_addr_from(second);

	switch (option) {
	case PR_GET_TIMING: /* by samples, says Linux */
		return 0;
	case PR_SET_TIMING:
		return second ? -EINVAL : 0;
	case PR_SET_NAME:
		return set_name(pointer);
	case PR_GET_NAME:
		return copy_to_user(pointer, thread->thread.name, sizeof(thread->thread.name));
	case PR_GET_SECCOMP: /* of a strict thread this is its end */
		return 0;
	case PR_SET_SECCOMP:
		if (second != SECCOMP_STRICT)
			return -EINVAL;
		call_gate_be_strict();
		return 0;
	case PR_GET_TSC:
		return put_user_u32(pointer, TSC_ENABLE);
	case PR_SET_TSC:
		return second == TSC_ENABLE ? 0 : -EINVAL;
	case PR_GET_TIMERSLACK:
		return (int)thread->timer_slack_ns;
	case PR_SET_TIMERSLACK:
		return set_timer_slack(thread, second);
	case PR_GET_TID_ADDRESS:
		return put_user_u32(pointer, user_addr_value(thread->clear_child_tid));
	default:
		return -EINVAL;
	}
}

int sys_prctl(int option, uintptr_t second, uintptr_t third, uintptr_t fourth, uintptr_t fifth)
{
	int result = credential_option(option, second, third, fourth, fifth);

	if (result == -ENOSYS)
		result = kept_option(option, second, third, fourth, fifth);
	if (result == -ENOSYS)
		result = process_option(option, second, third, fourth, fifth);
	return result == -ENOSYS ? thread_option(option, second) : result;
}
