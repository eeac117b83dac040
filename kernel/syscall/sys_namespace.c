/*
 * unshare(2) and setns(2). Descriptors, directories and semaphore undo lists can be unshared. There
 * are no name spaces: the answers are those of a Linux that was built without them.
 */
#include "proc/process.h"
#include "syscall/sys_internal.h"
#include "syscall/syscalls.h"
#include "uapi/linux/capability.h"
#include "uapi/linux/errno.h"
#include "uapi/linux/sched.h"
#include "vfs/credentials.h"
#include "vfs/fd_table.h"

#define CLONE_NEWTIME 0x00000080u
#define NAMESPACES                                                                     \
	(CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWPID | \
	 CLONE_NEWNET | CLONE_NEWTIME)
#define GROUP (CLONE_THREAD | CLONE_SIGHAND | CLONE_VM)

/* What threads of a process always share can be unshared by nobody who has others beside him. */
static int check_flags(uint32_t flags)
{
	struct process *process = process_current();
	unsigned int threads;
	irq_flags irq;

	if (flags & ~(uint32_t)(GROUP | CLONE_FS | CLONE_FILES | CLONE_SYSVSEM | CLONE_NEWUSER |
				NAMESPACES))
		return -EINVAL;
	irq = spin_lock_irq(&process->signal_lock);
	threads = process->thread_count;
	spin_unlock_irq(&process->signal_lock, irq);
	if ((flags & (GROUP | CLONE_NEWUSER)) && threads > 1)
		return -EINVAL;
	if ((flags & (CLONE_SIGHAND | CLONE_VM)) &&
	    refcount_read(&process->handlers->references) > 1)
		return -EINVAL;
	if ((flags & CLONE_VM) && process_shares_space())
		return -EINVAL;
	if (flags & CLONE_NEWUSER)
		return -EINVAL;
	if (!(flags & NAMESPACES))
		return 0;
	return credentials_capable(credentials_current(), CAP_SYS_ADMIN) ? -EINVAL : -EPERM;
}

int sys_unshare(uint32_t flags)
{
	int error = check_flags(flags);

	if (!error)
		error = process_unshare(flags & CLONE_FILES, flags & CLONE_FS);
	if (!error && (flags & CLONE_SYSVSEM))
		process_unshare_semaphores();
	return error;
}

/* No descriptor stands for a name space. */
int sys_setns(int fd, uint32_t kind)
{
	bool needs_put;
	struct file *file = syscall_file(fd, &needs_put);

	(void)kind;
	if (!file)
		return -EBADF;
	fd_table_return(file, needs_put);
	return -EINVAL;
}
