/*
 * fork, vfork, clone and clone3: the four ways to ask for a new thread.
 */
#include "arch/user_copy.h"
#include "proc/process.h"
#include "syscall/sys_internal.h"
#include "syscall/syscalls.h"
#include "uapi/linux/errno.h"
#include "uapi/linux/ldt.h"
#include "uapi/linux/sched.h"

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

/* `tls` is where the descriptor lies, if the flags ask for one. */
static int do_clone(struct clone_request *request, user_addr tls)
{
	struct user_desc descriptor;

	if ((request->flags & CLONE_PIDFD) && (request->flags & CLONE_PARENT_SETTID) &&
	    request->pidfd == request->parent_tid)
		return -EINVAL;
	if (request->flags & CLONE_SETTLS) {
		if (copy_from_user(&descriptor, tls, sizeof(descriptor)))
			return -EFAULT;
		request->tls = &descriptor;
	}
	return process_clone(request);
}

/* The old call has no place of its own for the pidfd. */
int sys_clone(uint32_t flags, uintptr_t stack, user_addr parent_tid, user_addr tls,
	      user_addr child_tid)
{
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
	return do_clone(&request, tls);
}

/* ---- clone3 ---------------------------------------------------------------------------------- */

/* Linux's limit on nested name spaces of numbers: more ids than that nobody can ask for. */
enum { SET_TID_MAX = 32 };

static int arguments_get(struct linux_clone_args *arguments, user_addr from, size_t size)
{
	int error;

	if (size > PAGE_SIZE)
		return -E2BIG;
	if (size < CLONE_ARGS_SIZE_VER0)
		return -EINVAL;
	error = abi_struct_get(arguments, sizeof(*arguments), from, size);
	if (error)
		return error;
	if (arguments->set_tid_size > SET_TID_MAX ||
	    !arguments->set_tid != !arguments->set_tid_size)
		return -EINVAL;
	if (arguments->exit_signal > SIGNAL_COUNT)
		return -EINVAL;
	if ((arguments->flags & CLONE_INTO_CGROUP) &&
	    (arguments->cgroup > INT32_MAX || size < CLONE_ARGS_SIZE_VER2))
		return -EINVAL;
	return 0;
}

static bool stack_is_valid(const struct linux_clone_args *arguments)
{
	uintptr_t stack = (uintptr_t)arguments->stack;
	size_t size = (size_t)arguments->stack_size;

	return stack ? size && user_range_ok(user_addr_from(stack), size) : !size;
}

/* The flags take up what were the old call's signal; of those bits only one means something. */
static int arguments_check(const struct linux_clone_args *arguments)
{
	const uint64_t known = UINT32_MAX | CLONE_CLEAR_SIGHAND | CLONE_INTO_CGROUP;
	const uint64_t both = CLONE_SIGHAND | CLONE_CLEAR_SIGHAND;
	uint64_t flags = arguments->flags;

	if ((flags & ~known) || (flags & CLONE_DETACHED) ||
	    (flags & SIGNAL_IN_FLAGS & ~CLONE_NEWTIME) || (flags & both) == both)
		return -EINVAL;
	if ((flags & (CLONE_THREAD | CLONE_PARENT)) && arguments->exit_signal)
		return -EINVAL;
	return stack_is_valid(arguments) ? 0 : -EINVAL;
}

int sys_clone3(user_addr from, size_t size)
{
	struct linux_clone_args arguments;
	process_id set_tid[SET_TID_MAX];
	struct clone_request request;
	int error = arguments_get(&arguments, from, size);

	if (error)
		return error;
	if (copy_from_user(set_tid, user_addr_from((uintptr_t)arguments.set_tid),
			   (size_t)arguments.set_tid_size * sizeof(set_tid[0])))
		return -EFAULT;
	error = arguments_check(&arguments);
	if (error)
		return error;
	/* There are no control groups, so the descriptor is not one's. */
	if (arguments.flags & CLONE_INTO_CGROUP)
		return -EBADF;
	request = (struct clone_request){
		.flags = arguments.flags,
		.exit_signal = (int)arguments.exit_signal,
		.stack = (uintptr_t)arguments.stack + (size_t)arguments.stack_size,
		.parent_tid = user_addr_from((uintptr_t)arguments.parent_tid),
		.child_tid = user_addr_from((uintptr_t)arguments.child_tid),
		.pidfd = user_addr_from((uintptr_t)arguments.pidfd),
		.set_tid = set_tid,
		.set_tid_count = (unsigned int)arguments.set_tid_size,
	};
	return do_clone(&request, user_addr_from((uintptr_t)arguments.tls));
}
