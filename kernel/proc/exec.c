/*
 * exec: a process puts on another program.
 *
 * The new image is built whole in an address space of its own while the old one stays as it is;
 * strings are gathered, files opened, tables copied that must not stay shared. Only then come
 * the other threads' end and the exchange (commit), which cannot fail. So a failed exec returns
 * to the old program unharmed. The exception is a program that Linux would have begun and then
 * killed (elf.c): then we are killed too.
 *
 * Locks: none across the work; another thread's exec, exit or clone in the same process is kept
 * out by PROCESS_GROUP_EXEC.
 */
#include "arch/context.h"
#include "core/assert.h"
#include "core/event_ring.h"
#include "lib/string.h"
#include "mem/kmalloc.h"
#include "proc/exec.h"
#include "proc/exec_credentials.h"
#include "proc/internal.h"
#include "proc/posix_timers.h"
#include "uapi/linux/errno.h"
#include "uapi/linux/personality.h"
#include "vfs/credentials.h"
#include "vfs/dentry.h"
#include "vfs/fd_table.h"
#include "vfs/file.h"
#include "vfs/fs_context.h"
#include "vfs/inode.h"
#include "vfs/permission.h"

enum {
	SCRIPT_DEPTH = 5,	 /* interpreters of interpreters; Linux's limit */
	STRINGS_LIMIT = 6 << 20, /* three quarters of the default stack limit */
};

/* Everything an exec has in its hands until it commits. */
struct exec {
	const struct exec_request *request;
	const struct walk_context *context;
	const char *path;  /* as called: AT_EXECFN and the process's name */
	struct file *file; /* the program, in the end the last interpreter */
	char header[ELF_HEADER_BYTES];
	ssize_t header_size;
	char *names[2 * SCRIPT_DEPTH + 1]; /* scripts' strings, last first; kmalloc'ed */
	unsigned int name_count;
	struct exec_strings front, arguments, environment;
	size_t arguments_start;
	struct exec_layout layout;
	struct address_space *space;
	struct elf_image image;
	uintptr_t stack_pointer;
	struct exec_identity identity;
	/* an own copy, if the table is shared with another process */
	struct fd_table *fds;
	struct signal_handlers *handlers; /* the same of handlers */
	bool readable; /* by who runs it: else nobody may look into it */
};

static int open_with(const struct walk_context *context, const char *path, uint32_t walk_flags,
		     struct file **out)
{
	struct path at;
	struct inode *inode;
	int error = path_walk(context, path, walk_flags, &at);

	if (error)
		return error;
	inode = atomic_load(&at.dentry->inode);
	error = -ELOOP;
	if (inode_is(inode, MODE_LINK)) /* AT_SYMLINK_NOFOLLOW */
		goto put_path;
	error = -EACCES;
	if (!inode_is(inode, MODE_REGULAR) || (atomic_load(&at.mount->flags) & MOUNT_NO_EXECUTE))
		goto put_path;
	error = permission_check(inode, context->credentials, ACCESS_EXECUTE);
	if (error)
		goto put_path;
	error = file_open_exec(&at, context->credentials, out);
	if (error)
		goto put_path;
	error = file_deny_write(*out);
	if (error) {
		file_put(*out);
		*out = NULL;
	}
put_path:
	path_put(&at);
	return error;
}

int exec_open(const struct walk_context *context, const char *path, struct file **out)
{
	return open_with(context, path, WALK_FOLLOW, out);
}

static void close_program(struct exec *exec)
{
	if (!exec->file)
		return;
	file_allow_write(exec->file);
	file_put(exec->file);
	exec->file = NULL;
}

static int open_program(struct exec *exec, const char *path, uint32_t walk_flags)
{
	int error = open_with(exec->context, path, walk_flags, &exec->file);

	if (error)
		return error;
	exec->readable = permission_check(exec->file->inode, exec->context->credentials,
					  ACCESS_READ) == 0;
	memset(exec->header, 0, sizeof(exec->header));
	exec->header_size = file_read_kernel(exec->file, exec->header, sizeof(exec->header), 0);
	return exec->header_size < 0 ? (int)exec->header_size : 0;
}

static int push_name(struct exec *exec, const char *name)
{
	char *copy = kstrdup(name, 0);

	if (!copy)
		return -ENOMEM;
	assert(exec->name_count < ARRAY_SIZE(exec->names));
	exec->names[exec->name_count++] = copy;
	return 0;
}

/* While the program is a script, go on to its interpreter. */
static int resolve_scripts(struct exec *exec)
{
	char *interpreter, *argument;
	int error;

	for (unsigned int depth = 0;; depth++) {
		if (script_parse(exec->header, (size_t)exec->header_size, &interpreter, &argument))
			return 0; /* not a script */
		if (depth == SCRIPT_DEPTH)
			return -ELOOP;
		if (exec->request->hides_path)
			return -ENOENT;
		if (depth == 0) {
			exec_strings_drop_first(&exec->arguments, &exec->arguments_start);
			error = push_name(exec, exec->path);
			if (error)
				return error;
		}
		if (argument) {
			error = push_name(exec, argument);
			if (error)
				return error;
		}
		error = push_name(exec, interpreter);
		if (error)
			return error;
		close_program(exec);
		error = open_program(exec, exec->names[exec->name_count - 1], WALK_FOLLOW);
		if (error)
			return error;
	}
}

static int gather_front(struct exec *exec)
{
	for (unsigned int i = exec->name_count; i > 0; i--) {
		int error = exec_strings_add(&exec->front, exec->names[i - 1]);

		if (error)
			return error;
	}
	/* Programs rely on argv[0]; Linux gives an empty one to those started without. */
	if (exec->front.count + exec->arguments.count == 0)
		return exec_strings_add(&exec->front, "");
	return 0;
}

/* Whoever starts a privileged program does not choose where its memory lies. */
static uint32_t new_personality(const struct exec *exec)
{
	uint32_t personality = process_current()->personality;

	if (exec->identity.is_secure || exec->identity.gains_privilege)
		personality &= ~PER_CLEAR_ON_SETID;
	return personality;
}

/* Where the heap begins. */
static uintptr_t choose_brk(const struct exec *exec)
{
	const struct exec_layout *layout = &exec->layout;

	return (exec->image.is_alone ? layout->lone_heap : exec->image.brk) + layout->heap_skip;
}

static int build_image(struct exec *exec)
{
	struct exec_stack stack;
	struct vm_limits limits;
	int error = address_space_create(&exec->space);

	if (error)
		return error;
	process_vm_limits(process_current(), &limits);
	exec->space->read_executes = new_personality(exec) & READ_IMPLIES_EXEC;
	exec_layout_choose(&exec->layout, new_personality(exec), limits.stack_size);
	exec->space->mmap_top = exec->layout.mmap_top;
	error = elf_load(exec->file, (const uint8_t *)exec->header, (size_t)exec->header_size,
			 exec->space, exec->layout.program_base, &limits, &exec->image);
	if (error)
		return error;
	stack = (struct exec_stack){
		.layout = &exec->layout,
		.front = &exec->front,
		.arguments = &exec->arguments,
		.environment = &exec->environment,
		.arguments_start = exec->arguments_start,
		.path = exec->path,
		.credentials = exec->identity.credentials,
		.secure = exec->identity.is_secure,
	};
	error = exec_stack_build(exec->space, &stack, &exec->image, &limits, &exec->stack_pointer);
	if (error)
		return error;
	exec->space->brk_start = exec->space->brk_end = choose_brk(exec);
	exec->space->code_start = exec->image.code_start;
	exec->space->code_end = exec->image.code_end;
	exec->space->data_start = exec->image.data_start;
	exec->space->data_end = exec->image.data_end;
	exec->space->dumpable = !exec->identity.is_secure;
	return 0;
}

/*
 * Own copies of what another process must not see changed. Of the handlers one is at hand also
 * where another thread, until it ends, might share them with a new process: switch_tables decides.
 * A descriptor table that only we have nobody else can share; one that only our other threads have
 * too stays ours, with its record locks.
 */
static int unshare_tables(struct exec *exec)
{
	struct user_thread *thread = user_thread_current();
	struct process *process = thread->process;
	int error;

	if (refcount_read(&process->handlers->references) > 1 ||
	    !list_is_singular(&process->threads)) {
		error = signal_handlers_create(&exec->handlers);
		if (error)
			return error;
	}
	return fd_table_copy_if_shared(thread->fds, &exec->fds);
}

/* End all other threads of the process and wait for it; then we are its only and leading one. */
static int end_other_threads(void)
{
	struct user_thread *self = user_thread_current();
	struct process *process = self->process;
	irq_flags flags = spin_lock_irq(&process->signal_lock);
	int error;

	if (process->flags & (PROCESS_EXITING | PROCESS_GROUP_EXEC)) {
		spin_unlock_irq(&process->signal_lock, flags);
		return -EAGAIN;
	}
	if (process->thread_count > 1) {
		process->flags |= PROCESS_GROUP_EXEC;
		for (struct list_node *node = process->threads.head.next;
		     node != &process->threads.head; node = node->next) {
			struct user_thread *thread =
				container_of(node, struct user_thread, process_node);

			if (thread != self && !thread->ended)
				signal_kill_thread(thread);
		}
	}
	spin_unlock_irq(&process->signal_lock, flags);
	if (!(process->flags & PROCESS_GROUP_EXEC))
		return 0;
	error = wait_event_killable(&process->thread_ended, list_is_singular(&process->threads));
	flags = spin_lock_irq(&process->signal_lock);
	process->flags &= ~(uint32_t)PROCESS_GROUP_EXEC;
	spin_unlock_irq(&process->signal_lock, flags);
	return error;
}

/* The process's id is its leader's: if that was another thread, its number is ours now. */
static void become_leader(void)
{
	struct user_thread *self = user_thread_current();
	struct process *process = self->process;
	struct process *child;
	irq_flags flags, inner;

	if (process->group_leader == self)
		return;
	flags = rwspin_write_lock_irq(&process_tree_lock);
	/* A traced leader that has ended is not reported: it seems to go on as us. */
	if (process->leader_tracee)
		trace_unlink(process->leader_tracee);
	process_drop_ended_leader(process);
	inner = spin_lock_irq(&process->signal_lock);
	process_table_set_thread(process->id, self);
	process_table_set_thread(self->id, NULL);
	self->id = process->id;
	list_for_each_entry(child, &process->children, sibling)
		child->parent_thread = self->id; /* there is no other thread left */
	event_set_thread(self->thread.stack, (uint32_t)self->id);
	if (atomic_load_explicit(&self->trace.tracer, memory_order_relaxed))
		process->leader_tracee = self;
	process->group_leader = self;
	spin_unlock_irq(&process->signal_lock, inner);
	rwspin_write_unlock_irq(&process_tree_lock, flags);
}

static void set_name(struct user_thread *thread, const char *path)
{
	const char *base = strrchr(path, '/');
	irq_flags flags = spin_lock_irq(&thread->thread.lock);

	strlcpy(thread->thread.name, base ? base + 1 : path, sizeof(thread->thread.name));
	spin_unlock_irq(&thread->thread.lock, flags);
}

/*
 * The exchange of memory, and of who may look into it: together, for whoever asks sees the one with
 * the other. The old memory, and a waiting vfork parent, go on their own way.
 */
static void switch_space(struct exec *exec, struct user_thread *thread)
{
	struct process *process = thread->process;
	struct address_space *old, *space = exec->space;
	const struct credentials *old_credentials = credentials_current();
	size_t old_peak = process->space ? address_space_leaving_peak(process->space) : 0;
	irq_flags flags = spin_lock_irq(&process->signal_lock);

	old = process->space;
	process->space = space;
	if (old_peak > process->usage.resident_peak_pages)
		process->usage.resident_peak_pages = old_peak;
	exec->space = NULL;
	if (exec->identity.is_secure || !exec->identity.may_dump)
		process->parent_death_signal = 0;
	process->personality = new_personality(exec);
	if (space->read_executes)
		process->personality |= READ_IMPLIES_EXEC;
	atomic_store_explicit(&thread->credentials, exec->identity.credentials,
			      memory_order_relaxed);
	exec->identity.credentials = NULL;
	atomic_store_explicit(&process->dumpable, exec->identity.may_dump && exec->readable,
			      memory_order_relaxed);
	spin_unlock_irq(&process->signal_lock, flags);
	credentials_put(old_credentials);
	preempt_disable();
	thread->thread.mmu = &space->mmu;
	mmu_space_switch(&space->mmu);
	preempt_enable();
	process_release_parents_memory(process);
	if (old)
		address_space_put(old);
}

static void switch_tables(struct exec *exec, struct user_thread *thread)
{
	struct process *process = thread->process;
	struct signal_handlers *old_handlers = NULL;
	struct fd_table *old_fds = NULL;
	struct file *old_executable;
	irq_flags flags = spin_lock_irq(&process->signal_lock);

	/* There is no other thread any more that could share them. */
	if (exec->handlers && refcount_read(&process->handlers->references) > 1) {
		signal_handlers_assign(exec->handlers, process->handlers);
		old_handlers = process->handlers;
		process->handlers = exec->handlers;
		exec->handlers = NULL;
	}
	if (exec->fds && fd_table_has_other_users(thread->fds)) {
		old_fds = thread->fds;
		thread->fds = exec->fds;
		exec->fds = NULL;
	}
	old_executable = process->executable;
	process->executable = exec->file;
	exec->file = NULL;
	process->flags |= PROCESS_HAS_EXECED;
	spin_unlock_irq(&process->signal_lock, flags);
	signal_handlers_put(old_handlers);
	if (old_fds)
		fd_table_leave(old_fds);
	if (old_executable) {
		file_allow_write(old_executable);
		file_put(old_executable);
	}
	fd_table_close_on_exec(thread->fds);
}

/* The point of no return is behind us: nothing here can fail. */
static void commit(struct exec *exec)
{
	struct user_thread *thread = user_thread_current();

	become_leader();
	user_thread_forget_user_pointers(thread, false);
	switch_space(exec, thread);
	switch_tables(exec, thread);
	process_end_posix_timers(thread->process);
	signal_reset_handlers(thread->process->handlers);
	thread->alt_stack = 0;
	thread->alt_stack_size = 0;
	thread->alt_stack_flags = 0;
	thread->restart.is_due = false;
	call_gate_tell_no_more();
	set_name(thread, exec->path);
	event_note(QUARTET_EVENT_EXEC, (uint32_t)thread->process->id);
	if (event_is_on(QUARTET_EVENT_EXEC))
		event_record_text(exec->path, SIZE_MAX);
	arch_thread_exec(&thread->thread.arch, exec->image.entry, exec->stack_pointer,
			 thread->process->space->vdso_base);
}

static void release(struct exec *exec)
{
	close_program(exec);
	for (unsigned int i = 0; i < exec->name_count; i++)
		kfree(exec->names[i]);
	exec_strings_fini(&exec->front);
	exec_strings_fini(&exec->arguments);
	exec_strings_fini(&exec->environment);
	if (exec->space)
		address_space_put(exec->space);
	exec_credentials_end(&exec->identity);
	if (exec->fds)
		fd_table_leave(exec->fds);
	signal_handlers_put(exec->handlers);
	kfree(exec);
}

/* From opened program and gathered strings to the new image. */
static int run(struct exec *exec)
{
	process_id old_id = user_thread_current()->id;
	int error = resolve_scripts(exec);

	if (error)
		return error;
	error = gather_front(exec);
	if (error)
		return error;
	error = exec_credentials(exec->file, &exec->identity);
	if (error)
		return error;
	error = unshare_tables(exec);
	if (error)
		return error;
	error = build_image(exec);
	if (error == -EINVAL)
		signal_force(SIGSEGV);
	if (error)
		return error;
	error = end_other_threads();
	if (error)
		return error;
	commit(exec);
	trace_exec(old_id);
	return 0;
}

static struct exec *exec_create(const struct exec_request *request)
{
	struct exec *exec = kzalloc(sizeof(*exec), 0);
	uint64_t limit = limits_current(&process_current()->limits, LIMIT_STACK) / 4;

	if (!exec)
		return NULL;
	exec->request = request;
	exec->context = request->context;
	exec->path = request->shown_path;
	if (limit > STRINGS_LIMIT)
		limit = STRINGS_LIMIT;
	if (limit < 32 * PAGE_SIZE)
		limit = 32 * PAGE_SIZE;
	exec_strings_init(&exec->front, (size_t)limit);
	exec_strings_init(&exec->arguments, (size_t)limit);
	exec_strings_init(&exec->environment, (size_t)limit);
	return exec;
}

int process_exec(const struct exec_request *request, user_addr argv, user_addr envp)
{
	struct exec *exec = exec_create(request);
	int error;

	if (!exec)
		return -ENOMEM;
	/* As on Linux bad strings are told before a bad file. */
	error = exec_strings_add_user_vector(&exec->arguments, argv);
	if (error)
		goto out;
	/* Both share one limit, pointers included. */
	exec->environment.limit -= exec->arguments.size + exec->arguments.count * sizeof(uint32_t);
	error = exec_strings_add_user_vector(&exec->environment, envp);
	if (error)
		goto out;
	error = request->late_error;
	if (error)
		goto out;
	error = open_program(exec, request->path, request->walk_flags);
	if (error)
		goto out;
	error = run(exec);
out:
	release(exec);
	return error;
}

int process_exec_kernel(const struct walk_context *context, const char *path,
			const char *const *argv, const char *const *envp)
{
	struct exec_request request = { .context = context, .path = path,
					.walk_flags = WALK_FOLLOW, .shown_path = path };
	struct exec *exec = exec_create(&request);
	int error;

	if (!exec)
		return -ENOMEM;
	error = open_program(exec, path, WALK_FOLLOW);
	for (; !error && *argv; argv++)
		error = exec_strings_add(&exec->arguments, *argv);
	for (; !error && *envp; envp++)
		error = exec_strings_add(&exec->environment, *envp);
	if (!error)
		error = run(exec);
	release(exec);
	return error;
}
