/*
 * pidfd_open(2), CLONE_PIDFD: processes as files.
 *
 * The file holds a reference to its process, which therefore outlives its number: after the parent
 * has waited the number may be given to another, and the file still means the one that is gone. All
 * that is kept of a forgiven process is the object itself.
 *
 * The only event is the death of the whole process. Its pollers are in a queue of their own, which
 * is woken once (become_dead in exit.c), so that an edge-triggered epoll hears of it once.
 */
#include "proc/pidfd.h"

#include "proc/process.h"
#include "uapi/linux/fcntl.h"
#include "vfs/file.h"
#include "vfs/poll.h"

static bool has_died(const struct process *process)
{
	return atomic_load(&process->state) != PROCESS_ALIVE;
}

static uint32_t pidfd_poll(struct file *file, struct poll_table *table)
{
	struct process *process = file->private;

	poll_register(table, &process->death_queue);
	return has_died(process) ? POLL_IN | POLL_READ_NORMAL : 0;
}

static void pidfd_release(struct file *file)
{
	process_put(file->private);
}

/* Without name spaces of numbers both lines say the same; -1 once it is forgiven. */
static void pidfd_describe(struct file *file, struct description_sink *sink)
{
	const struct process *process = file->private;
	process_id id = atomic_load(&process->state) == PROCESS_FORGIVEN ? -1 : process->id;

	description_print(sink, "Pid:\t%d\nNSpid:\t%d\n", id, id);
}

static const struct file_ops pidfd_ops = {
	.release = pidfd_release,
	.poll = pidfd_poll,
	.describe = pidfd_describe,
	.stream = true,
};

int pidfd_create(struct process *process, uint32_t flags, struct file **out)
{
	int error = file_create_anonymous("[pidfd]", &pidfd_ops, process, O_RDWR | flags,
					  FILE_READ | FILE_WRITE, out);

	if (!error)
		process_get(process);
	return error;
}

struct process *pidfd_process(const struct file *file)
{
	return file->ops == &pidfd_ops ? file->private : NULL;
}
