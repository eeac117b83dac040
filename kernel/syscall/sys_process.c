/*
 * Processes: their making and end, families, what they have used.
 */
#include "arch/context.h"
#include "arch/user_copy.h"
#include "lib/format.h"
#include "lib/math64.h"
#include "lib/min_max.h"
#include "lib/string.h"
#include "mem/kmalloc.h"
#include "proc/process.h"
#include "sched/clock.h"
#include "sched/schedule.h"
#include "syscall/sys_internal.h"
#include "syscall/syscalls.h"
#include "syscall/user_path.h"
#include "uapi/linux/errno.h"
#include "uapi/linux/fcntl.h"
#include "uapi/linux/ldt.h"
#include "uapi/linux/personality.h"
#include "uapi/linux/resource.h"
#include "uapi/linux/wait.h"
#include "vfs/fd_table.h"
#include "vfs/file.h"
#include "vm/mmap.h"

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

	/* As on Linux bad strings come before bad flags, and those before a bad descriptor. */
	if (flags & ~(uint32_t)(AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH))
		request.late_error = -EINVAL;
	error = user_path_get(&path, dirfd, name, flags & AT_EMPTY_PATH ? USER_PATH_EMPTY_OK : 0);
	if (error == -EBADF || error == -ENOTDIR) {
		request.shown_path = "";
		if (!request.late_error)
			request.late_error = error;
		return process_exec(&request, argv, envp);
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
	out->blocks_in = (int32_t)(usage->io.disk_read_size >> 9);
	out->blocks_out = (int32_t)(usage->io.disk_write_size >> 9);
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

/*
 * Whom waitid(2) means. *pidfd_flags: those of the pidfd that names it, and the request holds a
 * reference then; else 0. Errors: -EINVAL, -EBADF.
 */
static int wait_kind(int kind, process_id id, struct wait_request *out, uint32_t *pidfd_flags)
{
	int error;

	*pidfd_flags = 0;
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
	case P_PIDFD:
		if (id < 0)
			return -EINVAL;
		error = syscall_pidfd_get(id, &out->process, pidfd_flags);
		if (!error)
			out->kind = WAIT_PIDFD;
		return error;
	default:
		return -EINVAL;
	}
}

/* 1 found, 0 nothing (WNOHANG), or an error. */
static int wait_by_kind(int kind, process_id id, uint32_t options, struct wait_result *out)
{
	struct wait_request request = { .options = options };
	uint32_t pidfd_flags;
	int found;

	if ((options & ~(uint32_t)(WNOHANG | WNOWAIT | WEXITED | WSTOPPED | WCONTINUED |
				   __WNOTHREAD | __WCLONE | __WALL)) ||
	    !(options & (WEXITED | WSTOPPED | WCONTINUED)))
		return -EINVAL;
	found = wait_kind(kind, id, &request, &pidfd_flags);
	if (found)
		return found;
	/* A pidfd that must not block says so in its own way. */
	if (pidfd_flags & O_NONBLOCK)
		request.options |= WNOHANG;
	found = process_wait(&request, out);
	if (request.kind == WAIT_PIDFD)
		process_put(request.process);
	return !found && (pidfd_flags & O_NONBLOCK) && !(options & WNOHANG) ? -EAGAIN : found;
}

/* `result` NULL: there is nothing to tell, and the fields are zeros. */
static int put_wait_info(user_addr to, const struct wait_result *result)
{
	struct linux_siginfo info;

	memset(&info, 0, sizeof(info));
	if (result) {
		info.signo = SIGCHLD;
		info.code = result->code;
		info.child.pid = result->id;
		info.child.uid = result->uid;
		if (result->code == CLD_EXITED || result->code == CLD_STOPPED ||
		    result->code == CLD_TRAPPED)
			info.child.status = (int32_t)(result->status >> 8);
		else if (result->code == CLD_CONTINUED)
			info.child.status = SIGCONT;
		else
			info.child.status = (int32_t)(result->status & 0x7f);
	}
	/* Linux writes these fields alone, and no others. */
	return copy_to_user(to, &info, offsetof(struct linux_siginfo, child.user_ticks));
}

int sys_waitid(int kind, process_id id, user_addr info_out, uint32_t options, user_addr usage)
{
	struct wait_result result;
	int found = wait_by_kind(kind, id, options, &result);

	if (found > 0 && usage && put_usage(usage, &result.usage))
		return -EFAULT;
	/* Even a failed call writes it. */
	if (info_out && put_wait_info(info_out, found > 0 ? &result : NULL))
		return -EFAULT;
	return min(found, 0);
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

static void whole_usage(struct process *process, struct usage *out)
{
	/* Moves the peak up to what is resident now. */
	address_space_resident_pages(process->space);
	process_usage(process, out);
}

/* Times and counts are the thread's, memory is its process's. */
static void thread_usage(struct user_thread *thread, struct usage *out)
{
	struct usage whole;

	whole_usage(thread->process, &whole);
	memset(out, 0, sizeof(*out));
	schedule_times(&thread->thread, &out->user_ns, &out->system_ns);
	out->minor_faults = thread->minor_faults;
	out->major_faults = thread->major_faults;
	out->voluntary_switches = thread->thread.voluntary_switches;
	out->involuntary_switches = thread->thread.involuntary_switches;
	out->io = thread->thread.io;
	out->resident_peak_pages = whole.resident_peak_pages;
}

int sys_getrusage(int who, user_addr to)
{
	struct user_thread *thread = user_thread_current();
	struct usage usage;

	switch (who) {
	case RUSAGE_SELF:
		whole_usage(thread->process, &usage);
		break;
	case RUSAGE_CHILDREN:
		process_children_usage(thread->process, &usage);
		break;
	case RUSAGE_THREAD:
		thread_usage(thread, &usage);
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

/* Any value is taken, and kept; 0xffffffff asks. */
int sys_personality(uint32_t wish)
{
	struct process *process = process_current();
	uint32_t old = process->personality;

	if (wish != UINT32_MAX) {
		process->personality = wish;
		vm_set_read_executes(process->space, wish & READ_IMPLIES_EXEC);
	}
	return (int)old;
}
