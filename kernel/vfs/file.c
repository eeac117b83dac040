/*
 * Open file descriptions.
 *
 * A description keeps its path: the dentry keeps the inode, the mount keeps the file system. One
 * that is open for writing counts as a writer of the mount (a remount read-only is refused) and of
 * a regular file's inode (it cannot be executed meanwhile).
 *
 * Lookups in a descriptor table that threads share take no lock, so a description that was ever in
 * such a table is freed after an RCU grace period; the others, which are most, at once.
 */
#include "vfs/file.h"

#include "core/assert.h"
#include "core/lock_check.h"
#include "mem/slab.h"
#include "uapi/linux/errno.h"
#include "uapi/linux/fcntl.h"
#include "vfs/epoll.h"
#include "vfs/file_lock.h"
#include "vfs/internal.h"
#include "vfs/notify.h"

static struct slab_cache *file_slab;
static atomic_size_t open_count;

void file_init(void)
{
	file_slab = slab_cache_create("file", sizeof(struct file), 0);
}

size_t file_open_count(void)
{
	return atomic_load_explicit(&open_count, memory_order_relaxed);
}

struct file *file_alloc(void)
{
	struct file *file = slab_alloc(file_slab, 0);

	if (file)
		atomic_fetch_add_explicit(&open_count, 1, memory_order_relaxed);
	return file;
}

void file_free(struct file *file)
{
	atomic_fetch_sub_explicit(&open_count, 1, memory_order_relaxed);
	slab_free(file_slab, file);
}

/* Every field by its name: clearing the memory first would cost as much again. */
void file_setup(struct file *file, const struct path *path, uint32_t flags, uint32_t access,
		const struct credentials *credentials)
{
	refcount_set(&file->references, 1);
	atomic_store_explicit(&file->flags, flags, memory_order_relaxed);
	file->mode = access;
	file->path = *path;
	file->inode = dentry_inode(path->dentry);
	file->ops = file->inode->file_ops;
	mutex_init(&file->position_lock, LOCK_RANK_FILE_POSITION, "file position");
	file->position = 0;
	file->private = NULL;
	credentials_get(credentials);
	file->credentials = credentials;
	atomic_init(&file->watcher, NULL);
	file->directory_version = 0;
	list_init(&file->epoll_links);
	file->seen_by_others = false;
	if ((access & FILE_WRITE) && file->inode->super->can_freeze &&
	    inode_is(file->inode, MODE_REGULAR))
		file->mode |= FILE_CHANGES_DISK;
}

int file_create(const struct path *path, uint32_t flags, uint32_t access,
		const struct credentials *credentials, struct file **out)
{
	struct file *file = file_alloc();

	if (!file)
		return -ENOMEM;
	file_setup(file, path, flags, access, credentials);
	*out = file;
	return 0;
}

static void free_file(struct rcu_head *head)
{
	file_free(container_of(head, struct file, rcu));
}

static noinline void destroy(struct file *file)
{
	struct file_watcher *watcher = atomic_load_explicit(&file->watcher, memory_order_acquire);
	bool is_real = !(file->mode & FILE_PATH_ONLY);

	/* What was not opened is not closed. */
	if (notify_is_wanted() && file->ops)
		notify_tell_file(file, file->mode & FILE_WRITE ? IN_CLOSE_WRITE : IN_CLOSE_NOWRITE);
	/* First: while it is watched, it may be asked. */
	if (unlikely(!list_is_empty(&file->epoll_links)))
		epoll_forget_file(file);
	if (unlikely(watcher))
		watcher->end(watcher);
	if (is_real && atomic_load_explicit(&file->inode->locks, memory_order_acquire))
		file_lock_release_file(file);
	if (is_real && file->ops && file->ops->release)
		file->ops->release(file);
	if (file->mode & FILE_WRITE) {
		if (inode_is(file->inode, MODE_REGULAR))
			inode_put_write_access(file->inode);
		mount_put_writer(file->path.mount);
	}
	credentials_put(file->credentials);
	path_put(&file->path);
	if (file->seen_by_others)
		rcu_call(&file->rcu, free_file);
	else
		file_free(file);
}

void file_put(struct file *file)
{
	assert_may_sleep();
	if (unlikely(file->mode & FILE_LETS_GO))
		file->ops->let_go(file);
	if (refcount_put(&file->references))
		destroy(file);
}

static noinline void flush(struct file *file, const void *owner)
{
	struct file_watcher *watcher;

	if (file->mode & FILE_PATH_ONLY)
		return; /* what was not opened is not closed: no locks go with it */
	if (file->mode & FILE_FLUSHES) {
		watcher = atomic_load_explicit(&file->watcher, memory_order_acquire);
		if (file->ops->flush)
			file->ops->flush(file);
		if (watcher)
			watcher->closed(watcher, owner);
	}
	if (atomic_load_explicit(&file->inode->locks, memory_order_acquire))
		file_lock_release_owner(file->inode, owner);
}

void file_close(struct file *file, const void *owner)
{
	if (unlikely((file->mode & FILE_FLUSHES) ||
		     atomic_load_explicit(&file->inode->locks, memory_order_acquire)))
		flush(file, owner);
	file_put(file);
}

int file_deny_write(struct file *file)
{
	struct inode *inode = file->inode;
	int old = atomic_load_explicit(&inode->write_openers, memory_order_relaxed);

	do {
		if (old > 0)
			return -ETXTBSY;
	} while (!atomic_compare_exchange_weak_explicit(&inode->write_openers, &old, old - 1,
							memory_order_acquire,
							memory_order_relaxed));
	return 0;
}

void file_allow_write(struct file *file)
{
	atomic_fetch_add_explicit(&file->inode->write_openers, 1, memory_order_release);
}
