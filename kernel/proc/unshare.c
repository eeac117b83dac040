/*
 * What threads share by clone(2)'s flags, and how one of them stops sharing it.
 *
 * References alone do not tell who shares: whoever looks at a process for a moment holds one, too.
 * So where an answer depends on it, the processes themselves are asked, or threads are counted.
 */
#include "core/spinlock.h"
#include "proc/process.h"
#include "uapi/linux/errno.h"
#include "vfs/fd_table.h"
#include "vfs/fs_context.h"

/* The search for another process that has `space`. */
struct sharing {
	const struct address_space *space;
	bool found;
};

static bool look_at(struct process *process, void *argument)
{
	struct sharing *sharing = argument;
	irq_flags flags;

	if (process == process_current())
		return true;
	flags = spin_lock_irq(&process->signal_lock);
	sharing->found = process->space == sharing->space;
	spin_unlock_irq(&process->signal_lock, flags);
	return !sharing->found;
}

bool process_shares_space(void)
{
	struct sharing sharing = { .space = process_current()->space };

	if (refcount_read(&sharing.space->users) > 1)
		process_for_each(look_at, &sharing);
	return sharing.found;
}

/* How many threads of the process have `fs`. */
static unsigned int threads_with(struct process *process, const struct fs_context *fs)
{
	irq_flags flags = spin_lock_irq(&process->signal_lock);
	unsigned int count = 0;

	for (struct list_node *node = process->threads.head.next; node != &process->threads.head;
	     node = node->next)
		count += container_of(node, struct user_thread, process_node)->fs == fs;
	spin_unlock_irq(&process->signal_lock, flags);
	return count;
}

/*
 * Threads that are being made count as others: whose they will be is not known yet. One that ends
 * clears its pointer first and is counted in the context until later, so it is not missed.
 */
bool process_claim_fs(void)
{
	struct fs_context *fs = user_thread_current()->fs;
	bool alone;

	spin_lock(&fs->lock);
	alone = fs->threads <= threads_with(process_current(), fs);
	if (alone)
		fs->claims++;
	spin_unlock(&fs->lock);
	return alone;
}

void process_unclaim_fs(void)
{
	struct fs_context *fs = user_thread_current()->fs;

	spin_lock(&fs->lock);
	fs->claims--;
	spin_unlock(&fs->lock);
}

/* Everything is copied first; then the thread changes over, and nothing can fail. */
int process_unshare(bool files, bool fs)
{
	struct user_thread *thread = user_thread_current();
	struct fd_table *new_fds = NULL, *old_fds = thread->fds;
	struct fs_context *new_fs = NULL, *old_fs = thread->fs;
	irq_flags flags;
	int error;

	if (fs && refcount_read(&old_fs->references) > 1) {
		error = fs_context_copy(old_fs, &new_fs);
		if (error)
			return error;
	}
	if (files) {
		error = fd_table_copy_if_shared(old_fds, &new_fds);
		if (error)
			goto put_fs;
	}
	flags = spin_lock_irq(&thread->process->signal_lock);
	if (new_fds)
		thread->fds = new_fds;
	if (new_fs)
		thread->fs = new_fs;
	spin_unlock_irq(&thread->process->signal_lock, flags);
	if (new_fds)
		fd_table_leave(old_fds);
	if (new_fs)
		fs_context_leave(old_fs);
	return 0;

put_fs:
	if (new_fs)
		fs_context_leave(new_fs);
	return error;
}

void process_unshare_semaphores(void)
{
	struct user_thread *thread = user_thread_current();

	if (thread->semaphore_undo)
		process_ipc_ops()->release(thread->semaphore_undo);
	thread->semaphore_undo = NULL;
}
