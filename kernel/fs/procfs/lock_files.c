/*
 * /proc/locks, and the lines about locks in /proc/PID/fdinfo.
 *
 * Locks are looked at under a spinlock, where no text can be made: so they are copied first, into
 * an array that is made larger until all fit.
 */
#include "core/types.h"
#include "fs/procfs/internal.h"
#include "mem/kmalloc.h"
#include "uapi/linux/errno.h"
#include "vfs/file_lock.h"

enum { SPARE = 8 }; /* for those that come meanwhile */

static void print_lock(const struct file_lock_view *lock, unsigned int number,
		       struct procfs_text *text)
{
	procfs_print(text, "%u: %s%-6s ADVISORY  %s %d %02x:%02x:%llu ", number,
		     lock->is_waiting ? "-> " : "", lock->kind,
		     lock->type == FILE_LOCK_WRITE ? "WRITE" : "READ", lock->pid,
		     (unsigned int)(lock->device >> 20), (unsigned int)(lock->device & 0xfffff),
		     (unsigned long long)lock->inode_number);
	if (lock->end == UINT64_MAX)
		procfs_print(text, "%llu EOF\n", (unsigned long long)lock->start);
	else
		procfs_print(text, "%llu %llu\n", (unsigned long long)lock->start,
			     (unsigned long long)(lock->end - 1));
}

/* All, or those of one inode. The caller frees *out. Errors: -ENOMEM. */
static int copy_locks(const struct inode *inode, struct file_lock_view **out, size_t *count)
{
	size_t room = 0;

	*out = NULL;
	while ((*count = file_lock_view_all(inode, *out, room)) > room) {
		kfree(*out);
		room = *count + SPARE;
		*out = kmalloc_array(room, sizeof(**out), 0);
		if (!*out)
			return -ENOMEM;
	}
	return 0;
}

/* Who waits has the number of what he waits for. */
int procfs_show_locks(const struct procfs_subject *subject, struct procfs_text *text)
{
	struct file_lock_view *locks;
	unsigned int number = 0;
	size_t count;

	(void)subject;
	if (copy_locks(NULL, &locks, &count))
		return -ENOMEM;
	for (size_t i = 0; i < count; i++) {
		number += !locks[i].is_waiting;
		print_lock(&locks[i], number, text);
	}
	kfree(locks);
	return 0;
}

void procfs_print_locks(const struct file *file, const struct fd_table *fds,
			struct procfs_text *text)
{
	struct file_lock_view *locks;
	unsigned int number = 0;
	size_t count;

	if (!atomic_load_explicit(&file->inode->locks, memory_order_relaxed))
		return;
	if (copy_locks(file->inode, &locks, &count)) {
		text->error = -ENOMEM;
		return;
	}
	for (size_t i = 0; i < count; i++) {
		const struct file_lock_view *lock = &locks[i];

		if (lock->is_waiting || lock->file != file ||
		    (lock->owner != fds && lock->owner != file))
			continue;
		procfs_print(text, "lock:\t");
		print_lock(lock, ++number, text);
	}
	kfree(locks);
}
