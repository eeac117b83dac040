/*
 * Process 1: made by hand, as nobody forks it; it execs the init program and never returns to
 * the kernel's start.
 */
#include "core/assert.h"
#include "core/event_ring.h"
#include "core/printk.h"
#include "lib/string.h"
#include "proc/internal.h"
#include "mem/page_frame.h"
#include "sched/clock.h"
#include "vfs/credentials.h"
#include "vfs/fd_table.h"
#include "vfs/file.h"
#include "vfs/fs_context.h"
#include "vfs/mount.h"
#include "uapi/linux/errno.h"
#include "uapi/linux/fcntl.h"

static const char *init_path;
static const char *const *init_arguments;

/* Standard input, output and error on the console, if there is one. */
static void open_console(struct user_thread *thread, const struct walk_context *context)
{
	struct file *file;
	int fds[3];

	if (file_open(context, "/dev/console", O_RDWR | O_NOCTTY, 0, &file)) {
		printk(LOG_WARNING, "init: no /dev/console");
		return;
	}
	if (fd_table_reserve(thread->fds, 0, 3, 3, fds)) {
		file_put(file);
		return;
	}
	file_get(file);
	file_get(file);
	for (unsigned int i = 0; i < 3; i++)
		fd_table_install(thread->fds, fds[i], file, false);
}

static void run_init(void *argument)
{
	static const char *const environment[] = { "HOME=/", "TERM=linux", NULL };
	struct user_thread *thread = argument;
	struct walk_context context;
	struct path root, cwd;
	int error;

	fs_context_get_paths(thread->fs, &root, &cwd);
	context = (struct walk_context){ root, cwd, credentials_current() };
	open_console(thread, &context);
	error = process_exec_kernel(&context, init_path, init_arguments, environment);
	if (error)
		panic("cannot run %s: error %d", init_path, -error);
	path_put(&root);
	path_put(&cwd);
	arch_enter_user();
}

/* Memory must be there: without process 1 there is no machine. */
static void must(bool done, const char *what)
{
	if (!done)
		panic("no memory for the first process: %s", what);
}

void process_start_init(const char *path, const char *const *arguments)
{
	struct process *process = process_alloc();
	struct user_thread *thread = user_thread_alloc();
	struct process_table_slot *slot;
	struct session *session;
	struct process_group *group;
	struct frame_counts frames;
	struct path root;
	irq_flags flags;

	init_path = path;
	init_arguments = arguments;
	must(process && thread, "process");
	page_frame_count(&frames);
	limits_set_initial(&process->limits, frames.total);
	process->start_ns = clock_monotonic_ns();
	atomic_init(&process->dumpable, true);
	must(!signal_handlers_create(&process->handlers), "handlers");
	credentials_get(&credentials_root);
	atomic_store(&thread->credentials, &credentials_root);
	thread->charged = user_count_get(0);
	must(thread->charged && user_count_charge(thread->charged, USER_THREADS, UINT64_MAX),
	     "user");
	mount_get_root(&root);
	must(!fs_context_create(&root, &thread->fs), "directories");
	path_put(&root);
	must(!fd_table_create(&thread->fds), "descriptors");
	must(!user_thread_init(thread, "init", run_init, thread), "stack");
	must(!arch_thread_create_fpu(&thread->thread.arch), "FPU state");
	must(!process_table_reserve(1, &slot), "id");
	session = session_alloc(1);
	must(session, "session");
	group = process_group_alloc(1, session);
	must(group, "group");
	thread->process = process;
	thread->id = process->id = 1;
	event_set_thread(thread->thread.stack, 1);
	flags = rwspin_write_lock_irq(&process_tree_lock);
	session->leader = process;
	process_table_set_session(1, session);
	process_table_set_group(1, group);
	process_group_add(group, process);
	process_get(process);
	process_table_set_process(1, process);
	process_table_set_thread(1, thread);
	process->group_leader = thread;
	list_add_tail(&process->threads, &thread->process_node);
	process->thread_count = 1;
	rwspin_write_unlock_irq(&process_tree_lock, flags);
	process_group_put(group); /* ours; the session's first one is the group's */
	thread_start(&thread->thread);
}
