/*
 * Signals: the calls of both generations.
 */
#include "arch/context.h"
#include "arch/signal_frame.h"
#include "arch/user_copy.h"
#include "lib/string.h"
#include "proc/process.h"
#include "proc/signal.h"
#include "syscall/sys_internal.h"
#include "syscall/syscalls.h"
#include "uapi/linux/errno.h"

/* The one size of a signal set that Linux accepts. */
enum { SIGNAL_SET_SIZE = 8 };

static int get_set(user_addr from, size_t size, signal_set *out)
{
	return size == SIGNAL_SET_SIZE ? get_user_u64(out, from) : -EINVAL;
}

static int put_set(user_addr to, signal_set set)
{
	return put_user_u64(to, set);
}

/* kill(2) to one process, with its permission rule; signal 0 only asks. */
static int send_checked(struct process *process, const struct linux_siginfo *info)
{
	int error = signal_may_send(user_thread_current(), process, info->signo);

	if (error || info->signo == 0)
		return error;
	return signal_send_process(process, info);
}

int sys_kill(process_id id, int signal)
{
	struct linux_siginfo info;
	struct process *process;
	process_id group;
	int error;

	signal_info_user(&info, signal);
	process = process_current();
	/* To oneself, as abort() and timers of one's own do: nobody to find, nothing to allow. */
	if (id == process->id) {
		if (!signal_exists(signal))
			return -EINVAL;
		return signal ? signal_send_process(process, &info) : 0;
	}
	if (id == INT32_MIN)
		return -ESRCH;
	if (id == -1)
		return signal_kill_all(&info);
	if (id == 0) {
		error = process_get_group(0, &group);
		return error ? error : signal_kill_group(group, &info);
	}
	if (id < 0)
		return signal_kill_group(-id, &info);
	process = process_find_get(id);
	if (!process)
		return -ESRCH;
	error = send_checked(process, &info);
	process_put(process);
	return error;
}

/* To one thread; `process` 0: whichever it belongs to. */
static int kill_thread(process_id process, process_id id, const struct linux_siginfo *info)
{
	struct user_thread *thread;
	int error;

	if (id <= 0 || process < 0)
		return -EINVAL;
	thread = user_thread_find_get(id);
	if (!thread)
		return -ESRCH;
	if (process && thread->process->id != process)
		error = -ESRCH;
	else
		error = signal_may_send(user_thread_current(), thread->process, info->signo);
	if (!error && info->signo)
		error = signal_send_thread(thread, info);
	user_thread_put(thread);
	return error;
}

int sys_tkill(process_id id, int signal)
{
	struct linux_siginfo info;

	signal_info_user(&info, signal);
	info.code = SI_TKILL;
	return kill_thread(0, id, &info);
}

int sys_tgkill(process_id process, process_id id, int signal)
{
	struct linux_siginfo info;

	if (process <= 0)
		return -EINVAL;
	signal_info_user(&info, signal);
	info.code = SI_TKILL;
	return kill_thread(process, id, &info);
}

/* A siginfo from a program: it may not pretend to be the kernel, or kill(2), towards others. */
static int check_info(struct linux_siginfo *info, int signal, process_id target)
{
	info->signo = signal;
	if ((info->code >= 0 || info->code == SI_TKILL) && target != process_current()->id)
		return -EPERM;
	return 0;
}

int sys_rt_sigqueueinfo(process_id id, int signal, user_addr from)
{
	struct linux_siginfo info;
	struct process *process;
	int error = abi_siginfo_get(&info, from, signal);

	if (!error)
		error = check_info(&info, signal, id);
	if (error)
		return error;
	process = process_find_get(id);
	if (!process)
		return -ESRCH;
	error = send_checked(process, &info);
	process_put(process);
	return error;
}

int sys_rt_tgsigqueueinfo(process_id process, process_id id, int signal, user_addr from)
{
	struct linux_siginfo info;
	int error = abi_siginfo_get(&info, from, signal);

	if (error)
		return error;
	if (process <= 0 || id <= 0)
		return -EINVAL;
	error = check_info(&info, signal, process);
	return error ? error : kill_thread(process, id, &info);
}

int sys_rt_sigaction(int signal, user_addr new, user_addr old, size_t set_size)
{
	struct signal_action new_action, old_action;
	int error;

	/* Our form of an action is this call's, word for word. */
	_Static_assert(sizeof(struct signal_action) == sizeof(struct linux_sigaction), "");
	_Static_assert(offsetof(struct signal_action, flags) ==
			       offsetof(struct linux_sigaction, flags), "");
	_Static_assert(offsetof(struct signal_action, restorer) ==
			       offsetof(struct linux_sigaction, restorer), "");
	_Static_assert(offsetof(struct signal_action, mask) ==
			       offsetof(struct linux_sigaction, mask), "");
	if (set_size != SIGNAL_SET_SIZE)
		return -EINVAL;
	if (new && copy_from_user(&new_action, new, sizeof(new_action)))
		return -EFAULT;
	error = signal_set_action(signal, new ? &new_action : NULL,
				  old ? &old_action : NULL);
	if (error || !old)
		return error;
	return copy_to_user(old, &old_action, sizeof(old_action));
}

int sys_sigaction(int signal, user_addr new, user_addr old)
{
	struct signal_action new_action, old_action;
	struct linux_old_sigaction given;
	int error;

	if (new) {
		if (copy_from_user(&given, new, sizeof(given)))
			return -EFAULT;
		new_action.handler = given.handler;
		new_action.flags = given.flags;
		new_action.restorer = given.restorer;
		new_action.mask = given.mask;
	}
	error = signal_set_action(signal, new ? &new_action : NULL,
				  old ? &old_action : NULL);
	if (error || !old)
		return error;
	given.handler = old_action.handler;
	given.flags = old_action.flags;
	given.restorer = old_action.restorer;
	given.mask = (uint32_t)old_action.mask;
	return copy_to_user(old, &given, sizeof(given));
}

int sys_signal(int signal, uintptr_t handler)
{
	struct signal_action new_action = { .handler = handler,
					    .flags = SA_RESETHAND | SA_NODEFER };
	struct signal_action old_action;
	int error = signal_set_action(signal, &new_action, &old_action);

	return error ? error : (int)old_action.handler;
}

static inline int change_mask(int how, signal_set set)
{
	signal_set old = user_thread_current()->blocked;

	switch (how) {
	case SIG_BLOCK:
		signal_set_mask(old | set);
		return 0;
	case SIG_UNBLOCK:
		signal_set_mask(old & ~set);
		return 0;
	case SIG_SETMASK:
		signal_set_mask(set);
		return 0;
	default:
		return -EINVAL;
	}
}

int sys_rt_sigprocmask(int how, user_addr new, user_addr old, size_t set_size)
{
	signal_set before = user_thread_current()->blocked;
	signal_set set;
	int error;

	if (set_size != SIGNAL_SET_SIZE)
		return -EINVAL;
	if (new) {
		error = get_set(new, set_size, &set);
		if (!error)
			error = change_mask(how, set);
		if (error)
			return error;
	}
	return old ? put_set(old, before) : 0;
}

int sys_sigprocmask(int how, user_addr new, user_addr old)
{
	signal_set before = user_thread_current()->blocked;
	uint32_t set;
	int error;

	if (new) {
		if (get_user_u32(&set, new))
			return -EFAULT;
		/* The old call cannot name the upper signals: SIG_SETMASK leaves them. */
		error = change_mask(how, how == SIG_SETMASK
						 ? (before & ~(signal_set)UINT32_MAX) | set
						 : set);
		if (error)
			return error;
	}
	return old ? put_user_u32(old, (uint32_t)before) : 0;
}

int sys_sgetmask(void)
{
	return (int)(uint32_t)user_thread_current()->blocked;
}

int sys_ssetmask(uint32_t set)
{
	uint32_t before = (uint32_t)user_thread_current()->blocked;

	signal_set_mask(set);
	return (int)before;
}

int sys_rt_sigpending(user_addr to, size_t set_size)
{
	uint64_t set = signal_pending_set() & user_thread_current()->blocked;

	/* Linux lets shorter sets pass here, and only here. */
	if (set_size > SIGNAL_SET_SIZE)
		return -EINVAL;
	return copy_to_user(to, &set, set_size);
}

int sys_sigpending(user_addr to)
{
	return put_user_u32(to, (uint32_t)(signal_pending_set() & user_thread_current()->blocked));
}

/* Sleep until a signal is there; its delivery decides between EINTR and another attempt. */
static int sleep_for_signal(void)
{
	for (;;) {
		thread_prepare_sleep(THREAD_SLEEPING_INTERRUPTIBLE);
		if (thread_is_interrupted(thread_current()))
			break;
		thread_sleep();
	}
	thread_cancel_sleep();
	return -ERESTARTNOHAND;
}

int sys_pause(void)
{
	return sleep_for_signal();
}

int sys_rt_sigsuspend(user_addr from, size_t set_size)
{
	signal_set set;
	int error = get_set(from, set_size, &set);

	if (error)
		return error;
	signal_suspend_mask(set);
	return sleep_for_signal();
}

/* The mask is the third argument; the two before it are of no use since the first Linux. */
int sys_sigsuspend(int unused1, int unused2, uint32_t set)
{
	(void)unused1;
	(void)unused2;
	signal_suspend_mask(set);
	return sleep_for_signal();
}

static int wait_for_signal(user_addr which, user_addr info_out, bool timed, int64_t timeout_ns,
			   size_t set_size)
{
	struct linux_siginfo info;
	signal_set set;
	int error = get_set(which, set_size, &set);
	int signal;

	if (error)
		return error;
	if (timed && timeout_ns < 0)
		return -EINVAL;
	signal = signal_wait(set, &info, timed ? abi_deadline_after(timeout_ns) : UINT64_MAX);
	if (signal > 0 && info_out && abi_siginfo_put(info_out, &info))
		return -EFAULT;
	return signal;
}

int sys_rt_sigtimedwait(user_addr which, user_addr info, user_addr timeout, size_t set_size)
{
	int64_t ns = 0;
	int error;

	if (set_size != SIGNAL_SET_SIZE)
		return -EINVAL;
	error = timeout ? abi_timespec32_get(timeout, &ns) : 0;
	return error ? error : wait_for_signal(which, info, timeout, ns, set_size);
}

int sys_rt_sigtimedwait_time64(user_addr which, user_addr info, user_addr timeout, size_t set_size)
{
	int64_t ns = 0;
	int error;

	if (set_size != SIGNAL_SET_SIZE)
		return -EINVAL;
	error = timeout ? abi_timespec64_get(timeout, &ns) : 0;
	return error ? error : wait_for_signal(which, info, timeout, ns, set_size);
}

static bool on_alternate_stack(const struct user_thread *thread, uintptr_t sp)
{
	return thread->alt_stack_size && sp > thread->alt_stack &&
	       sp - thread->alt_stack <= thread->alt_stack_size;
}

static int set_alternate_stack(struct user_thread *thread, uintptr_t sp,
			       const struct linux_stack *new)
{
	uint32_t mode = new->flags & ~SS_AUTODISARM;

	if (on_alternate_stack(thread, sp))
		return -EPERM;
	if (mode != 0 && mode != SS_DISABLE && mode != SS_ONSTACK)
		return -EINVAL;
	if (mode == SS_DISABLE) {
		thread->alt_stack = thread->alt_stack_size = 0;
		thread->alt_stack_flags = 0;
		return 0;
	}
	if (new->size < MINSIGSTKSZ)
		return -ENOMEM;
	thread->alt_stack = new->sp;
	thread->alt_stack_size = new->size;
	thread->alt_stack_flags = new->flags &SS_AUTODISARM;
	return 0;
}

int sys_sigaltstack(user_addr new, user_addr old)
{
	struct user_thread *thread = user_thread_current();
	uintptr_t sp = trap_frame_stack(arch_user_frame(arch_stack_base()));
	struct linux_stack given, before;
	int error;

	before.sp = thread->alt_stack;
	before.size = thread->alt_stack_size;
	before.flags = thread->alt_stack_flags | (!thread->alt_stack_size	   ? SS_DISABLE
						  : on_alternate_stack(thread, sp) ? SS_ONSTACK
										   : 0);
	if (new) {
		if (copy_from_user(&given, new, sizeof(given)))
			return -EFAULT;
		error = set_alternate_stack(thread, sp, &given);
		if (error)
			return error;
	}
	return old ? copy_to_user(old, &before, sizeof(before)) : 0;
}

/* Back from a handler. A frame that cannot be read kills, as it does on Linux. */
static int return_from_handler(bool rt)
{
	struct user_thread *thread = user_thread_current();
	struct trap_frame *frame = arch_user_frame(arch_stack_base());
	uint32_t alternate[3];
	uint64_t mask;

	if (signal_frame_pop(&thread->thread.arch, frame, rt, &mask, alternate)) {
		signal_force_fault(SIGSEGV, SI_KERNEL, 0, 0, 0);
		return 0;
	}
	signal_set_mask(mask);
	/* The handler's own calls have used the block, as on Linux. */
	thread->restart.is_due = false;
	if (rt) {
		const struct linux_stack stack = { alternate[0], alternate[1], alternate[2] };

		/* Errors are ignored, as on Linux: the frame may be a program's own. */
		(void)!set_alternate_stack(thread, trap_frame_stack(frame), &stack);
	}
	return trap_frame_result(frame);
}

int sys_sigreturn(void)
{
	return return_from_handler(false);
}

int sys_rt_sigreturn(void)
{
	return return_from_handler(true);
}
