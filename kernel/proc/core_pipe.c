/*
 * Core files that go to a program.
 *
 * With a limit, whoever dies waits until the program has ended, so that it can look at the process
 * in /proc meanwhile. On Linux it waits until nobody has the pipe's other end any more, which is
 * the same but for programs that leave it to a child.
 */
#include "proc/core_pipe.h"

#include "core/printk.h"
#include "proc/internal.h"
#include "proc/kernel_program.h"
#include "uapi/linux/errno.h"
#include "vfs/credentials.h"
#include "vfs/file.h"
#include "vfs/pipe.h"

/* Relaxed: they protect nothing. */
static atomic_uint limit_setting;
static atomic_uint running;

unsigned int core_pipe_limit(void)
{
	return atomic_load_explicit(&limit_setting, memory_order_relaxed);
}

void core_pipe_set_limit(unsigned int limit)
{
	atomic_store_explicit(&limit_setting, limit, memory_order_relaxed);
}

int core_pipe_begin(struct core_pipe *pipe, const char *const *arguments, struct file **out)
{
	unsigned int limit = core_pipe_limit();
	unsigned int others = atomic_fetch_add_explicit(&running, 1, memory_order_relaxed);
	struct file *ends[2];
	int error;

	*pipe = (struct core_pipe){ .waits = limit > 0, .is_begun = true };
	if (limit > 0 && others >= limit) {
		printk(LOG_WARNING, "core_pipe_limit: no core of process %d",
		       process_current()->id);
		return -EAGAIN;
	}
	error = pipe_create(0, &credentials_root, ends);
	if (error)
		return error;
	error = kernel_program_start(arguments, ends[0], &pipe->program);
	if (error) {
		printk(LOG_WARNING, "core_pattern: %s cannot be run: error %d", arguments[0],
		       -error);
		file_put(ends[1]);
		return error;
	}
	*out = ends[1];
	return 0;
}

void core_pipe_end(struct core_pipe *pipe)
{
	struct process *program = pipe->program;

	if (program && pipe->waits)
		(void)!wait_event_killable(&program->death_queue,
					   atomic_load(&program->state) != PROCESS_ALIVE);
	if (program)
		process_put(program);
	atomic_fetch_sub_explicit(&running, 1, memory_order_relaxed);
}
