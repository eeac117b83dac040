/*
 * fork, vfork and clone: a new thread, alone in a new process or one more in this one.
 *
 * Everything is made or shared first (check_request, then make_thread step by step); then, under
 * the tree lock, the child becomes known and nothing can fail any more (commit). Memory is
 * shared by its page tables (address_space_fork), so the cost does not depend on its size.
 *
 * A child of vfork, or any child with CLONE_VM that is a process of its own, uses its parent's
 * memory; a vfork parent sleeps until the child gives it back by exec or exit. Only SIGKILL ends
 * that sleep early.
 */
#include "arch/context.h"
#include "arch/user_copy.h"
#include "core/assert.h"
#include "core/event_ring.h"
#include "lib/min_max.h"
#include "lib/string.h"
#include "proc/internal.h"
#include "proc/pidfd.h"
#include "sched/clock.h"
#include "uapi/linux/errno.h"
#include "uapi/linux/capability.h"
#include "uapi/linux/ptrace.h"
#include "uapi/linux/sched.h"
#include "vfs/credentials.h"
#include "vfs/fd_table.h"
#include "vfs/file.h"
#include "vfs/fs_context.h"

#define CLONE_NAMESPACES                                                               \
	(CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWUSER | \
	 CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWTIME)

/* An id that the caller chooses; there is one name space of them. Errors: -EINVAL, -EPERM. */
static int check_wanted_id(const struct clone_request *request)
{
	const struct credentials *credentials = credentials_current();

	if (!request->set_tid_count)
		return 0;
	if (request->set_tid_count > 1 || request->set_tid[0] < 1 ||
	    request->set_tid[0] >= PROCESS_ID_LIMIT)
		return -EINVAL;
	return credentials_capable(credentials, CAP_SYS_ADMIN) ||
			       credentials_capable(credentials, CAP_CHECKPOINT_RESTORE)
		       ? 0
		       : -EPERM;
}

static int check_request(const struct clone_request *request)
{
	uint64_t flags = request->flags;

	if ((flags & CLONE_THREAD) && !(flags & CLONE_SIGHAND))
		return -EINVAL;
	if ((flags & CLONE_SIGHAND) && !(flags & CLONE_VM))
		return -EINVAL;
	if ((flags & (CLONE_NEWNS | CLONE_FS)) == (CLONE_NEWNS | CLONE_FS))
		return -EINVAL;
	/* A kernel without namespaces answers so. */
	if (flags & CLONE_NAMESPACES)
		return -EINVAL;
	if ((flags & CLONE_PIDFD) && (flags & (CLONE_THREAD | CLONE_DETACHED)))
		return -EINVAL;
	return check_wanted_id(request);
}

/* The child's first steps, on its own stack. */
static void first_run(void *argument)
{
	struct user_thread *thread = argument;

	/* Linux ignores a bad address here too: the child cannot report it. */
	if (thread->set_child_tid)
		(void)!put_user_u32(thread->set_child_tid, (uint32_t)thread->id);
	arch_enter_user();
}

/* Count the new thread against its user's limit. */
static int charge_user(struct user_thread *child)
{
	const struct credentials *credentials = credentials_current();
	struct user_count *user = user_count_get(credentials->uid);
	uint64_t limit = limits_current(&process_current()->limits, LIMIT_PROCESSES);

	if (!user)
		return -ENOMEM;
	if (credentials->uid == 0 || credentials_capable(credentials, CAP_SYS_RESOURCE) ||
	    credentials_capable(credentials, CAP_SYS_ADMIN))
		limit = UINT64_MAX;
	if (!user_count_charge(user, USER_THREADS, limit)) {
		user_count_put(user);
		return -EAGAIN;
	}
	child->charged = user;
	return 0;
}

static int share_files(struct user_thread *child, uint64_t flags)
{
	struct user_thread *parent = user_thread_current();
	int error;

	if (flags & CLONE_FILES) {
		fd_table_join(parent->fds);
		child->fds = parent->fds;
	} else {
		error = fd_table_copy(parent->fds, &child->fds);
		if (error)
			return error;
	}
	child->fs = parent->fs;
	error = flags & CLONE_FS ? fs_context_join(parent->fs)
				 : fs_context_copy(parent->fs, &child->fs);
	if (error) {
		child->fs = NULL;
		fd_table_leave(child->fds);
		child->fds = NULL;
	}
	return error;
}

static int share_memory(struct process *child, struct process *parent, uint64_t flags)
{
	if (!(flags & CLONE_VM))
		return address_space_fork(parent->space, &child->space);
	address_space_get(parent->space);
	child->space = parent->space;
	return 0;
}

static int share_handlers(struct process *child, struct process *parent, uint64_t flags)
{
	int error;

	if (!(flags & CLONE_SIGHAND)) {
		error = signal_handlers_copy(parent->handlers, &child->handlers);
		if (!error && (flags & CLONE_CLEAR_SIGHAND))
			signal_reset_handlers(child->handlers);
		return error;
	}
	refcount_get(&parent->handlers->references);
	child->handlers = parent->handlers;
	return 0;
}

/* A process for the child, as the parent's but for its family. Errors: -ENOMEM. */
static int make_process(const struct clone_request *request, struct process **out)
{
	struct process *parent = process_current();
	struct process *child = process_alloc();
	int error = -ENOMEM;

	if (!child)
		return -ENOMEM;
	error = share_handlers(child, parent, request->flags);
	if (error)
		goto put_child;
	error = share_memory(child, parent, request->flags);
	if (error)
		goto put_child;
	limits_copy(&child->limits, &parent->limits);
	atomic_init(&child->dumpable,
		    atomic_load_explicit(&parent->dumpable, memory_order_relaxed));
	child->no_huge_pages = parent->no_huge_pages;
	child->personality = parent->personality;
	atomic_init(&child->out_of_memory_adjust, atomic_load(&parent->out_of_memory_adjust));
	atomic_init(&child->out_of_memory_minimum, atomic_load(&parent->out_of_memory_minimum));
	child->exit_signal = request->exit_signal;
	child->start_ns = clock_monotonic_ns();
	child->holds_parents_memory = request->flags & CLONE_VFORK;
	child->executable = parent->executable;
	if (child->executable) {
		file_get(child->executable);
		/* Cannot be refused: it is being executed already. */
		error = file_deny_write(child->executable);
		assert(!error);
	}
	*out = child;
	return 0;

put_child:
	process_put(child);
	return error;
}

static bool makes_process(const struct clone_request *request)
{
	return !(request->flags & CLONE_THREAD);
}

/* Undo make_process, or drop the reference to our own, for a child that never ran. */
static void leave_process(const struct clone_request *request, struct process *child)
{
	if (!makes_process(request)) {
		process_put(child);
		return;
	}
	if (child->executable) {
		file_allow_write(child->executable);
		file_put(child->executable);
		child->executable = NULL;
	}
	if (child->space)
		address_space_put(child->space);
	child->space = NULL;
	process_put(child);
}

/* Priority and CPUs. A parent with SCHED_RESET_ON_FORK hands on no more than the ordinary. */
static void inherit_schedule(struct user_thread *child, const struct user_thread *parent)
{
	struct thread *to = &child->thread;

	to->policy = parent->thread.policy;
	to->nice = parent->thread.nice;
	to->realtime_priority = parent->thread.realtime_priority;
	to->affinity = parent->thread.affinity;
	if (likely(!atomic_load_explicit(&parent->resets_on_fork, memory_order_relaxed)))
		return;
	if (to->policy == SCHED_POLICY_FIFO || to->policy == SCHED_POLICY_RR) {
		to->policy = SCHED_POLICY_OTHER;
		to->realtime_priority = 0;
		to->nice = 0;
	}
	to->nice = max(to->nice, 0);
}

static void inherit(struct user_thread *child, const struct user_thread *parent,
		    const struct clone_request *request)
{
	uint64_t flags = request->flags;
	const struct credentials *credentials = credentials_current();

	credentials_get(credentials);
	atomic_store_explicit(&child->credentials, credentials, memory_order_relaxed);
	child->blocked = parent->blocked;
	/*
	 * A thread on shared memory must not inherit a stack that is in use; vfork's child runs
	 * instead of us.
	 */
	if (!(flags & CLONE_VM) || (flags & CLONE_VFORK)) {
		child->alt_stack = parent->alt_stack;
		child->alt_stack_size = parent->alt_stack_size;
		child->alt_stack_flags = parent->alt_stack_flags;
	}
	child->clear_child_tid = flags & CLONE_CHILD_CLEARTID ? request->child_tid : NULL;
	child->set_child_tid = flags & CLONE_CHILD_SETTID ? request->child_tid : NULL;
	child->start_ns = clock_monotonic_ns();
	atomic_store_explicit(&child->io_priority, atomic_load(&parent->io_priority),
			      memory_order_relaxed);
	atomic_store_explicit(&child->login_user, atomic_load(&parent->login_user),
			      memory_order_relaxed);
	atomic_store_explicit(&child->login_session, atomic_load(&parent->login_session),
			      memory_order_relaxed);
	child->timer_slack_ns = child->initial_timer_slack_ns = parent->timer_slack_ns;
	child->memory_failure_told = parent->memory_failure_told;
	child->is_io_flusher = parent->is_io_flusher;
	inherit_schedule(child, parent);
}

/*
 * The child is one of its process's threads from now on. False: a signal, a stop or the end came
 * before. One for the process finds all its threads under the signal lock, and us with it or the
 * child; one for more than this process waits for the tree lock.
 */
static bool enter_process(struct user_thread *child, const struct user_thread *parent)
{
	struct process *process = child->process;
	irq_flags flags = spin_lock_irq(&process->signal_lock);
	bool is_free = !thread_is_interrupted(&parent->thread);

	if (is_free) {
		list_add_tail(&process->threads, &child->process_node);
		process->thread_count++;
	}
	spin_unlock_irq(&process->signal_lock, flags);
	return is_free;
}

static atomic_uint made_count;	/* relaxed */

unsigned int process_made_count(void)
{
	return atomic_load_explicit(&made_count, memory_order_relaxed);
}

/*
 * The point of no return. The child enters the tables and the family; a signal for the group
 * either came before (then it is pending and the fork restarts after it) or finds the child.
 */
static int commit(struct user_thread *child, bool new_process, const struct clone_request *request,
		  bool is_traced)
{
	struct user_thread *parent = user_thread_current();
	struct process *creator = parent->process;
	struct process *process = child->process;
	irq_flags flags = rwspin_write_lock_irq(&process_tree_lock);
	struct process *family;

	if (!enter_process(child, parent)) {
		rwspin_write_unlock_irq(&process_tree_lock, flags);
		return -ERESTARTNOINTR;
	}
	if (new_process) {
		family = request->flags & CLONE_PARENT ? creator->parent : creator;
		if (!family)
			family = creator;
		if (request->flags & CLONE_PARENT)
			process->exit_signal = creator->exit_signal;
		process->id = child->id;
		process_set_parent(process, family);
		process->parent_thread = family == creator ? parent->id : family->id;
		parent->is_parent = true;
		list_add_tail(&family->children, &process->sibling);
		process_group_add(creator->group, process);
		process->gave_up_terminal = creator->gave_up_terminal;
		process->group_leader = child;
		process_get(process); /* the table's */
		process_table_set_process(process->id, process);
	}
	process_table_set_thread(child->id, child);
	atomic_fetch_add_explicit(&made_count, 1, memory_order_relaxed);
	if (unlikely(is_traced))
		trace_inherit(child, parent);
	rwspin_write_unlock_irq(&process_tree_lock, flags);
	event_note(QUARTET_EVENT_FORK, (uint32_t)child->id, (uint32_t)process->id);
	return 0;
}

/* The parent's descriptor of the new process, while it is not in the parent's table yet. */
struct new_pidfd {
	struct file *file; /* reference; NULL: none was asked for */
	int fd;
};

/* Reserved and told to the program. Errors: -EMFILE, -ENOMEM, -EFAULT. */
static int prepare_pidfd(const struct clone_request *request, struct process *child,
			 struct new_pidfd *out)
{
	struct fd_table *table = user_thread_current()->fds;
	uint64_t limit = process_current()->limits.of[LIMIT_OPEN_FILES].current;
	int error;

	out->file = NULL;
	if (likely(!(request->flags & CLONE_PIDFD)))
		return 0;
	error = fd_table_reserve(table, 0, (unsigned int)min_t(uint64_t, limit, INT32_MAX), 1,
				 &out->fd);
	if (error)
		return error;
	error = pidfd_create(child, 0, &out->file);
	if (error)
		goto unreserve;
	if (!put_user_u32(request->pidfd, (uint32_t)out->fd))
		return 0;
	error = -EFAULT;
	file_put(out->file);
	out->file = NULL;
unreserve:
	fd_table_unreserve(table, 1, &out->fd);
	return error;
}

static void cancel_pidfd(const struct new_pidfd *pidfd)
{
	if (!pidfd->file)
		return;
	fd_table_unreserve(user_thread_current()->fds, 1, &pidfd->fd);
	file_put(pidfd->file);
}

static void install_pidfd(const struct new_pidfd *pidfd)
{
	if (unlikely(pidfd->file != NULL))
		fd_table_install(user_thread_current()->fds, pidfd->fd, pidfd->file, true);
}

static int wait_for_vfork_child(struct process *child)
{
	int error = wait_event_killable(&child->vfork_queue,
					!atomic_load(&child->holds_parents_memory));

	process_put(child);
	return error ? -EINTR : 0;
}

/* The event that a tracer of ours wants to see of this clone, or 0. */
static unsigned int wanted_event(const struct clone_request *request)
{
	unsigned int event = PTRACE_EVENT_FORK;

	if (request->flags & CLONE_UNTRACED)
		return 0;
	if (request->flags & CLONE_VFORK)
		event = PTRACE_EVENT_VFORK;
	else if (request->exit_signal != SIGCHLD)
		event = PTRACE_EVENT_CLONE;
	return trace_has_event(user_thread_current(), event) ? event : 0;
}

/* The child runs: what the parent does before its call returns. Takes over the process. */
static void after_start(const struct clone_request *request, struct process *process,
			process_id id, unsigned int event)
{
	if (unlikely(event))
		(void)trace_event(event, (uint32_t)id);
	if (!(request->flags & CLONE_VFORK))
		process_put(process);
	else if (!wait_for_vfork_child(process))
		(void)trace_event(PTRACE_EVENT_VFORK_DONE, (uint32_t)id);
}

/* A thread, apart from its machine state. Errors: as clone(2) says; nothing is left. */
static int make_thread(const struct clone_request *request, struct user_thread **out)
{
	struct user_thread *parent = user_thread_current();
	struct user_thread *child = user_thread_alloc();
	int error;

	if (!child)
		return -ENOMEM;
	error = charge_user(child);
	if (error)
		goto free_thread;
	if (makes_process(request)) {
		error = make_process(request, &child->process);
		if (error)
			goto uncharge;
	} else {
		child->process = parent->process;
		process_get(child->process);
	}
	error = share_files(child, request->flags);
	if (error)
		goto unmake;
	if (request->flags & CLONE_SYSVSEM) {
		error = process_ipc_ops()->share(&parent->semaphore_undo, &child->semaphore_undo);
		if (error)
			goto put_files;
	}
	*out = child;
	return 0;

put_files:
	fs_context_leave(child->fs);
	fd_table_leave(child->fds);
unmake:
	leave_process(request, child->process);
uncharge:
	user_count_uncharge(child->charged, USER_THREADS);
	user_count_put(child->charged);
free_thread:
	user_thread_free_unstarted(child);
	return error;
}

/* Undo make_thread, for a child that never ran. */
static void unmake_thread(const struct clone_request *request, struct user_thread *child)
{
	if (child->semaphore_undo)
		process_ipc_ops()->release(child->semaphore_undo);
	fs_context_leave(child->fs);
	fd_table_leave(child->fds);
	leave_process(request, child->process);
	user_count_uncharge(child->charged, USER_THREADS);
	user_count_put(child->charged);
	user_thread_free_unstarted(child);
}

/* The scheduler's thread, with a kernel stack and our registers. Errors: -ENOMEM, -EINVAL. */
static int make_runnable(const struct clone_request *request, struct user_thread *child)
{
	struct thread *parent = &user_thread_current()->thread;
	int error = user_thread_init(child, parent->name, first_run, child);

	if (error)
		return error;
	error = arch_thread_fork(&child->thread.arch, child->thread.stack, &parent->arch,
				 request->stack);
	if (!error && request->tls)
		error = arch_tls_set(&child->thread.arch, request->tls);
	if (error)
		thread_fini_unstarted(&child->thread);
	return error;
}

/* From a child that has all it needs to one that is known and runs. Errors: nothing was done. */
static int publish(const struct clone_request *request, struct user_thread *child,
		   unsigned int event)
{
	struct process *process = child->process;
	process_id id = child->id;
	struct new_pidfd pidfd;
	int error = prepare_pidfd(request, process, &pidfd);

	if (error)
		return error;
	inherit(child, user_thread_current(), request);
	child->thread.mmu = &process->space->mmu;
	if (request->flags & CLONE_PARENT_SETTID)
		(void)!put_user_u32(request->parent_tid, (uint32_t)id);
	/*
	 * Keep the child's process for the vfork wait: it may be dead and forgiven before we
	 * look.
	 */
	process_get(process);
	error = commit(child, makes_process(request), request,
		       event || (request->flags & CLONE_PTRACE));
	if (error)
		goto undo_pidfd;
	install_pidfd(&pidfd);
	/*
	 * A limit that cannot be watched for want of memory is found at the child's next
	 * setrlimit.
	 */
	if (makes_process(request))
		(void)!process_watch_cpu_limit(process);
	thread_start(&child->thread);
	after_start(request, process, id, event);
	return id;

undo_pidfd:
	process_put(process);
	credentials_put(atomic_load_explicit(&child->credentials, memory_order_relaxed));
	cancel_pidfd(&pidfd);
	return error;
}

int process_clone(const struct clone_request *request)
{
	unsigned int event = wanted_event(request);
	struct process_table_slot *slot;
	struct user_thread *child;
	int result = check_request(request);

	if (result)
		return result;
	result = make_thread(request, &child);
	if (result)
		return result;
	result = make_runnable(request, child);
	if (result)
		goto unmake;
	result = process_table_reserve(request->set_tid_count ? request->set_tid[0] : 0, &slot);
	if (result)
		goto fini_thread;
	child->id = process_table_slot_id(slot);
	event_set_thread(child->thread.stack, (uint32_t)child->id);
	result = publish(request, child, event);
	if (result > 0)
		return result;
	process_table_cancel(slot);
fini_thread:
	thread_fini_unstarted(&child->thread);
unmake:
	unmake_thread(request, child);
	return result;
}
