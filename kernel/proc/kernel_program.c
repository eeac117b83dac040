/*
 * Programs that the kernel starts by itself, as root: made by hand like process 1, since nobody
 * forks them. Each is a child of process 1, but nobody has to wait for it.
 *
 * Lifetime. What the new thread needs to begin is on the stack of who starts it, and who starts it
 * waits until exec has succeeded or failed.
 */
#include "proc/kernel_program.h"

#include "core/event_ring.h"
#include "mem/page_frame.h"
#include "proc/internal.h"
#include "sched/clock.h"
#include "sched/completion.h"
#include "uapi/linux/errno.h"
#include "vfs/credentials.h"
#include "vfs/fd_table.h"
#include "vfs/file.h"
#include "vfs/fs_context.h"
#include "vfs/mount.h"

struct program {
	const char *const *arguments;
	struct file *input;	/* reference, for the program */
	int error;		/* of exec; valid when begun */
	struct completion begun;
};

/* On the new thread. */
static int exec(struct program *program)
{
	static const char *const environment[] = { NULL };
	struct user_thread *self = user_thread_current();
	struct walk_context context;
	struct path root, cwd;
	int fd, error = fd_table_reserve(self->fds, 0, 1, 1, &fd);

	if (error) {
		file_put(program->input);
		return error;
	}
	fd_table_install(self->fds, fd, program->input, false);
	fs_context_get_paths(self->fs, &root, &cwd);
	context = (struct walk_context){ root, cwd, credentials_current() };
	error = process_exec_kernel(&context, program->arguments[0], program->arguments,
				    environment);
	path_put(&root);
	path_put(&cwd);
	return error;
}

static void run(void *argument)
{
	struct program *program = argument;
	int error = exec(program);

	program->error = error;
	completion_complete(&program->begun); /* `program` may be gone now */
	if (error)
		process_exit_group(127 << 8);
	arch_enter_user();
}

/* All that needs memory, of a process and its thread. Errors: -ENOMEM; then fini what there is. */
static int fill(struct process *process, struct user_thread *thread, struct program *program)
{
	struct frame_counts frames;
	struct path root;
	int error;

	page_frame_count(&frames);
	limits_set_initial(&process->limits, frames.total);
	/* Its own core goes nowhere: else one that crashes would be started for itself. */
	limits_set(&process->limits, LIMIT_CORE, &(struct limit){ 1, 1 });
	process->start_ns = clock_monotonic_ns();
	atomic_init(&process->dumpable, true);
	credentials_get(&credentials_root);
	atomic_store(&thread->credentials, &credentials_root);
	error = signal_handlers_create(&process->handlers);
	if (error)
		return error;
	mount_get_root(&root);
	error = fs_context_create(&root, &thread->fs);
	path_put(&root);
	if (!error)
		error = fd_table_create(&thread->fds);
	if (error)
		return error;
	thread->charged = user_count_get(0);
	if (!thread->charged)
		return -ENOMEM;
	user_count_charge_many(thread->charged, USER_THREADS, 1);
	error = user_thread_init(thread, "kernel program", run, program);
	if (error)
		return error;
	return arch_thread_create_fpu(&thread->thread.arch);
}

/* Undo fill(), as far as it came, and the allocations. */
static void destroy(struct process *process, struct user_thread *thread)
{
	if (thread->thread.stack)
		thread_fini_unstarted(&thread->thread);
	if (thread->charged) {
		user_count_uncharge(thread->charged, USER_THREADS);
		user_count_put(thread->charged);
	}
	if (thread->fds)
		fd_table_leave(thread->fds);
	if (thread->fs)
		fs_context_leave(thread->fs);
	user_thread_free_unstarted(thread);
	process_put(process);
}

/* Into the tables and the family: nothing can fail. */
static void publish(struct process *process, struct user_thread *thread,
		    struct process_table_slot *slot)
{
	struct process *init = process_find_get(1);
	irq_flags flags;

	thread->process = process;
	thread->id = process->id = process_table_slot_id(slot);
	thread->start_ns = process->start_ns;
	event_set_thread(thread->thread.stack, (uint32_t)thread->id);
	process->flags = PROCESS_OF_KERNEL;
	flags = rwspin_write_lock_irq(&process_tree_lock);
	process_set_parent(process, init);
	process->parent_thread = init->id;
	list_add_tail(&init->children, &process->sibling);
	process_group_add(init->group, process);
	process_get(process); /* the table's */
	process_table_set_process(process->id, process);
	process_table_set_thread(thread->id, thread);
	process->group_leader = thread;
	list_add_tail(&process->threads, &thread->process_node);
	process->thread_count = 1;
	rwspin_write_unlock_irq(&process_tree_lock, flags);
	process_put(init);
}

/* Errors: -ENOMEM, -EAGAIN. */
static int start(struct program *program, struct process **out)
{
	struct process *process = process_alloc();
	struct user_thread *thread = user_thread_alloc();
	struct process_table_slot *slot;
	int error = -ENOMEM;

	if (!process || !thread)
		goto free;
	error = fill(process, thread, program);
	if (!error)
		error = process_table_reserve(0, &slot);
	if (error) {
		destroy(process, thread);
		return error;
	}
	publish(process, thread, slot);
	process_get(process); /* the caller's; the first is the thread's */
	*out = process;
	thread_start(&thread->thread);
	return 0;

free:
	if (thread)
		user_thread_free_unstarted(thread);
	if (process)
		process_put(process);
	return error;
}

int kernel_program_start(const char *const *arguments, struct file *input, struct process **out)
{
	struct program program = { .arguments = arguments, .input = input };
	struct process *process;
	int error;

	completion_init(&program.begun);
	error = start(&program, &process);
	if (error) {
		file_put(input);
		return error;
	}
	completion_wait(&program.begun);
	if (program.error) {
		process_put(process);
		return program.error;
	}
	*out = process;
	return 0;
}
