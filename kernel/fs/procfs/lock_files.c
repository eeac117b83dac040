/*
 * /proc/locks, and the lines about locks in /proc/PID/fdinfo.
 *
 * Locks are looked at under a spinlock, where no text can be made: so some at a time are copied
 * into an array, and told from there.
 */
#include "core/types.h"
#include "fs/procfs/internal.h"
#include "mem/kmalloc.h"
#include "uapi/linux/errno.h"
#include "vfs/file_lock.h"

enum { AT_ONCE = 32 };

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

/*
 * Those of `inode`, or all if it is NULL; where `file` is one of its descriptions only what that
 * and `fds` own there. Who waits has the number of what he waits for. Errors: -ENOMEM.
 */
static int print_locks(const struct inode *inode, const struct file *file,
		       const struct fd_table *fds, struct procfs_text *text)
{
	struct file_lock_view *locks = kmalloc_array(AT_ONCE, sizeof(*locks), 0);
	struct file_lock_cursor cursor = { .inode = inode };
	unsigned int number = 0;
	size_t count;

	if (!locks)
		return -ENOMEM;
	while ((count = file_lock_view_next(&cursor, locks, AT_ONCE)) > 0) {
		for (size_t i = 0; i < count; i++) {
			const struct file_lock_view *lock = &locks[i];

			if (file && (lock->is_waiting || lock->file != file ||
				     (lock->owner != fds && lock->owner != file)))
				continue;
			number += !lock->is_waiting;
			if (file)
				procfs_print(text, "lock:\t");
			print_lock(lock, number, text);
		}
	}
	kfree(locks);
	return 0;
}

int procfs_show_locks(const struct procfs_subject *subject, struct procfs_text *text)
{
	(void)subject;
	return print_locks(NULL, NULL, NULL, text);
}

void procfs_print_locks(const struct file *file, const struct fd_table *fds,
			struct procfs_text *text)
{
	if (atomic_load_explicit(&file->inode->locks, memory_order_relaxed) &&
	    print_locks(file->inode, file, fds, text))
		text->error = -ENOMEM;
}
