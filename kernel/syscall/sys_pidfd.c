/*
 * Processes by descriptor: pidfd_open, pidfd_send_signal, pidfd_getfd.
 */
#include "arch/user_copy.h"
#include "fs/procfs/procfs.h"
#include "proc/pidfd.h"
#include "proc/process.h"
#include "proc/signal.h"
#include "syscall/sys_internal.h"
#include "syscall/syscalls.h"
#include "uapi/linux/errno.h"
#include "uapi/linux/fcntl.h"
#include "vfs/fd_table.h"
#include "vfs/file.h"

/* PIDFD_NONBLOCK has O_NONBLOCK's value; a pidfd is always closed by exec. */
int sys_pidfd_open(process_id id, uint32_t flags)
{
	struct process *process;
	struct file *file;
	int error;

	if ((flags & ~(uint32_t)O_NONBLOCK) || id <= 0)
		return -EINVAL;
	process = process_find_get(id);
	/* A number that is in use, but not for a process: a thread's or an orphaned group's. */
	if (!process)
		return process_id_is_used(id) ? -EINVAL : -ESRCH;
	error = pidfd_create(process, flags, &file);
	process_put(process);
	return error ? error : syscall_install_file(file, true);
}

static bool is_forgiven(const struct process *process)
{
	return atomic_load(&process->state) == PROCESS_FORGIVEN;
}

int syscall_pidfd_get(int fd, struct process **out, uint32_t *flags_out)
{
	bool needs_put;
	struct file *file = syscall_file(fd, &needs_put);
	int error = -EBADF;

	if (!file)
		return -EBADF;
	*out = pidfd_process(file);
	if (*out) {
		process_get(*out);
		*flags_out = atomic_load_explicit(&file->flags, memory_order_relaxed);
		error = 0;
	}
	fd_table_return(file, needs_put);
	return error;
}

/* Before there were pidfds, /proc/PID was opened; signals still go to that too. Referenced. */
static struct process *get_target(int fd)
{
	bool needs_put;
	struct file *file = syscall_file(fd, &needs_put);
	struct process *process;

	if (!file)
		return NULL;
	process = pidfd_process(file);
	if (!process && !(file->mode & FILE_PATH_ONLY))
		process = procfs_process(file);
	if (process)
		process_get(process);
	fd_table_return(file, needs_put);
	return process;
}

/*
 * A siginfo of the program's own, which may not pretend towards others; as on Linux a thread is
 * itself only if the process has its number.
 */
static int get_info(user_addr from, int signal, const struct process *target,
		    struct linux_siginfo *out)
{
	bool is_self = target->id == user_thread_current()->id;

	if (copy_from_user(out, from, sizeof(*out)))
		return -EFAULT;
	if (out->signo != signal)
		return -EINVAL;
	return (out->code >= 0 || out->code == SI_TKILL) && !is_self ? -EPERM : 0;
}

static int send(struct process *target, const struct linux_siginfo *info)
{
	int error;

	if (is_forgiven(target))
		return -ESRCH;
	if (info->signo < 0 || info->signo > SIGNAL_COUNT)
		return -EINVAL;
	error = signal_may_send(user_thread_current(), target, info->signo);
	return error || info->signo == 0 ? error : signal_send_process(target, info);
}

int sys_pidfd_send_signal(int pidfd, int signal, user_addr from, uint32_t flags)
{
	struct linux_siginfo info;
	struct process *target;
	int error = 0;

	if (flags)
		return -EINVAL;
	target = get_target(pidfd);
	if (!target)
		return -EBADF;
	if (from)
		error = get_info(from, signal, target, &info);
	else
		signal_info_user(&info, signal);
	if (!error)
		error = send(target, &info);
	process_put(target);
	return error;
}

/* Errors: -ESRCH (also of a process that is dead, and so has closed all), -EPERM, -EBADF. */
static int get_file_of(struct process *process, int fd, struct file **out)
{
	struct fd_table *table;

	if (is_forgiven(process))
		return -ESRCH;
	if (!process_may_access(process, PROCESS_ACCESS_REAL))
		return -EPERM;
	table = process_fds_get(process);
	if (!table)
		return -ESRCH;
	*out = fd_table_get_shared(table, (unsigned int)fd);
	fd_table_put(table);
	return *out ? 0 : -EBADF;
}

int sys_pidfd_getfd(int pidfd, int fd, uint32_t flags)
{
	struct process *process;
	uint32_t file_flags;
	struct file *file;
	int error;

	if (flags)
		return -EINVAL;
	error = syscall_pidfd_get(pidfd, &process, &file_flags);
	if (error)
		return error;
	error = get_file_of(process, fd, &file);
	process_put(process);
	return error ? error : syscall_install_file(file, true);
}
