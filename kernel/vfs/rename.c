/*
 * rename(2).
 *
 * Lock order. Within one directory: its lock. Between two: first the file system's rename mutex,
 * which keeps the tree still above them (directories change their parents only under it), then the
 * two directories, the ancestor first if one is; if none is, in any order, for nobody else takes
 * two unrelated ones. Then those among the things renamed that are directories and whose ".." or
 * life changes, by address; then a file that is replaced. So within one directory at most one of
 * its children is locked: two would be unrelated ones, taken without the mutex, and might wait for
 * somebody who moves something from the one to the other.
 *
 * A directory must not come to lie below itself. With the mutex held that is decided by looking
 * upwards from the new parent; no lock but the mutex is needed for it.
 *
 * The new names of the dentries are allocated before the file system acts, so nothing can fail
 * after it.
 */
#include "core/assert.h"
#include "uapi/linux/errno.h"
#include "vfs/internal.h"
#include "vfs/namespace_ops.h"
#include "vfs/notify.h"

struct rename {
	const struct credentials *credentials;
	uint32_t flags;
	struct walk_parent from, to;
	struct inode *from_dir, *to_dir;
	struct dentry *moved, *replaced;	/* replaced may be negative */
	const char *moved_name, *replaced_name;	/* what the dentries will be called */
};

/* ---- locks ----------------------------------------------------------------------------------- */

static void lock_directories(struct rename *r)
{
	struct dentry *from = r->from.directory.dentry, *to = r->to.directory.dentry;

	if (r->from_dir == r->to_dir) {
		rwlock_write_lock(&r->from_dir->lock);
		return;
	}
	mutex_lock(&r->from_dir->super->rename_mutex);
	if (dentry_is_ancestor(to, from)) {
		rwlock_write_lock(&r->to_dir->lock);
		rwlock_write_lock_second(&r->from_dir->lock);
	} else {
		rwlock_write_lock(&r->from_dir->lock);
		rwlock_write_lock_second(&r->to_dir->lock);
	}
}

static void unlock_directories(struct rename *r)
{
	rwlock_write_unlock(&r->from_dir->lock);
	if (r->from_dir == r->to_dir)
		return;
	rwlock_write_unlock(&r->to_dir->lock);
	mutex_unlock(&r->from_dir->super->rename_mutex);
}

static bool is_directory(const struct inode *inode)
{
	return inode && inode_is(inode, MODE_DIRECTORY);
}

/* The directories whose ".." or life changes, or NULL for each that there is not. */
static void changing_directories(const struct rename *r, struct inode **moved,
				 struct inode **replaced)
{
	bool change_parents = r->from_dir != r->to_dir;
	bool dies = !(r->flags & RENAME_FLAG_EXCHANGE);

	*moved = dentry_inode(r->moved);
	*replaced = dentry_inode(r->replaced);
	if (!is_directory(*moved) || !change_parents)
		*moved = NULL;
	if (!is_directory(*replaced) || !(change_parents || dies))
		*replaced = NULL;
}

static void lock_children(const struct rename *r)
{
	struct inode *replaced = dentry_inode(r->replaced);
	struct inode *first, *second;

	changing_directories(r, &first, &second);
	if (first && second && first > second) {
		struct inode *later = first;

		first = second;
		second = later;
	}
	if (first)
		rwlock_write_lock_second(&first->lock);
	if (second)
		rwlock_write_lock_second(&second->lock);
	if (replaced && !is_directory(replaced))
		rwlock_write_lock(&replaced->lock);
}

static void unlock_children(const struct rename *r)
{
	struct inode *replaced = dentry_inode(r->replaced);
	struct inode *first, *second;

	changing_directories(r, &first, &second);
	if (first)
		rwlock_write_unlock(&first->lock);
	if (second)
		rwlock_write_unlock(&second->lock);
	if (replaced && !is_directory(replaced))
		rwlock_write_unlock(&replaced->lock);
}

/* ---- checks ---------------------------------------------------------------------------------- */

/* What follows from the names alone, before permissions are asked. */
static int check_shape(const struct rename *r, const struct inode *moved,
		       const struct inode *replaced)
{
	bool exchange = r->flags & RENAME_FLAG_EXCHANGE;

	if (!moved)
		return -ENOENT;
	if ((r->flags & RENAME_FLAG_NOREPLACE) && replaced)
		return -EEXIST;
	if (exchange && !replaced)
		return -ENOENT;
	if (exchange && !is_directory(replaced) && r->to.trailing_slash)
		return -ENOTDIR;
	if (!is_directory(moved) &&
	    (r->from.trailing_slash || (!exchange && r->to.trailing_slash)))
		return -ENOTDIR;
	/*
	 * A directory cannot go below itself, nor replace what it lies in. Within one directory
	 * neither can be.
	 */
	if (r->from_dir == r->to_dir)
		return 0;
	if (dentry_is_ancestor(r->moved, r->to.directory.dentry))
		return -EINVAL;
	if (replaced && dentry_is_ancestor(r->replaced, r->from.directory.dentry))
		return exchange ? -EINVAL : -ENOTEMPTY;
	/* A broken disk may have one directory in two places: it would be locked twice. */
	return moved == r->to_dir || replaced == r->from_dir ? -ELOOP : 0;
}

static int check_permissions(const struct rename *r, const struct inode *moved,
			     const struct inode *replaced)
{
	bool exchange = r->flags & RENAME_FLAG_EXCHANGE;
	int error = permission_check_delete(r->from_dir, moved, r->credentials);

	if (error)
		return error;
	if (!replaced) {
		error = permission_check(r->to_dir, r->credentials, ACCESS_WRITE | ACCESS_EXECUTE);
		if (error)
			return error;
	} else {
		error = permission_check_delete(r->to_dir, replaced, r->credentials);
		if (error)
			return error;
		if (!exchange && is_directory(moved) && !is_directory(replaced))
			return -ENOTDIR;
		if (!exchange && !is_directory(moved) && is_directory(replaced))
			return -EISDIR;
	}
	if (!r->from_dir->ops->rename)
		return -EPERM;
	if (r->from_dir == r->to_dir)
		return 0;
	/* Its ".." will be written. */
	if (is_directory(moved)) {
		error = permission_check(moved, r->credentials, ACCESS_WRITE);
		if (error)
			return error;
	}
	if (exchange && is_directory(replaced))
		return permission_check(replaced, r->credentials, ACCESS_WRITE);
	return 0;
}

/* ---- the act --------------------------------------------------------------------------------- */

static int make_names(struct rename *r)
{
	int error = dentry_name_create(r->to.name, r->to.length, &r->moved_name);

	r->replaced_name = NULL;
	if (error || !(r->flags & RENAME_FLAG_EXCHANGE))
		return error;
	error = dentry_name_create(r->from.name, r->from.length, &r->replaced_name);
	if (error)
		dentry_name_destroy(r->moved_name);
	return error;
}

/* The file system has done it: so do the dentries. */
static void finish(struct rename *r, struct inode *moved, struct inode *replaced)
{
	if (r->flags & RENAME_FLAG_EXCHANGE) {
		dentry_exchange(r->moved, r->moved_name, r->replaced, r->replaced_name);
	} else {
		if (is_directory(replaced))
			dentry_prune_children(r->replaced);
		dentry_unhash(r->replaced); /* the old one of that name, or "there is none" */
		dentry_move(r->moved, r->to.directory.dentry, r->moved_name, r->to.length);
	}
	inode_touch(r->from_dir, false, true, true);
	if (r->to_dir != r->from_dir)
		inode_touch(r->to_dir, false, true, true);
	inode_touch(moved, false, false, true);
	if (replaced)
		inode_touch(replaced, false, false, true);
	notify_renamed(r->from_dir, r->from.name, r->from.length, r->to_dir, r->moved,
		       r->flags & RENAME_FLAG_EXCHANGE ? NULL : replaced);
	if (r->flags & RENAME_FLAG_EXCHANGE)
		notify_renamed(r->to_dir, r->to.name, r->to.length, r->from_dir, r->replaced, NULL);
}

static int act(struct rename *r)
{
	struct inode *moved = dentry_inode(r->moved);
	struct inode *replaced = dentry_inode(r->replaced);
	int error = check_shape(r, moved, replaced);

	if (error)
		return error;
	if (moved == replaced)
		return 0; /* two names of one file: POSIX wants both to stay */
	error = check_permissions(r, moved, replaced);
	if (error)
		return error;
	if ((r->moved->flags | r->replaced->flags) & DENTRY_MOUNT_POINT)
		return -EBUSY;
	error = make_names(r);
	if (error)
		return error;
	lock_children(r);
	error = r->from_dir->ops->rename(r->from_dir, r->from.name, r->from.length, r->to_dir,
					 r->to.name, r->to.length, moved, replaced,
					 r->flags & RENAME_FLAG_EXCHANGE);
	/* While it is locked: nothing may be made in it from now on. */
	if (!error && is_directory(replaced) && !(r->flags & RENAME_FLAG_EXCHANGE))
		atomic_fetch_or_explicit(&replaced->state, INODE_DEAD_DIRECTORY,
					 memory_order_relaxed);
	unlock_children(r);
	if (error) {
		dentry_name_destroy(r->moved_name);
		if (r->replaced_name)
			dentry_name_destroy(r->replaced_name);
		return error;
	}
	finish(r, moved, replaced);
	return 0;
}

/* Both parents are known. */
static int rename_between(struct rename *r)
{
	int error;

	if (r->from.directory.mount != r->to.directory.mount)
		return -EXDEV;
	if (r->from.type != LAST_NAME)
		return -EBUSY;
	if (r->to.type != LAST_NAME)
		return r->flags & RENAME_FLAG_NOREPLACE ? -EEXIST : -EBUSY;
	error = mount_begin_write(r->from.directory.mount);
	if (error)
		return error;
	r->from_dir = dentry_inode(r->from.directory.dentry);
	r->to_dir = dentry_inode(r->to.directory.dentry);
	lock_directories(r);
	error = path_lookup_child(&r->from.directory, r->from.name, r->from.length, &r->moved);
	if (error)
		goto unlock;
	error = path_lookup_child(&r->to.directory, r->to.name, r->to.length, &r->replaced);
	if (error)
		goto put_moved;
	error = act(r);
	unlock_directories(r);
	dentry_put(r->replaced);
	dentry_put(r->moved);
	mount_end_write(r->from.directory.mount);
	return error;

put_moved:
	dentry_put(r->moved);
unlock:
	unlock_directories(r);
	mount_end_write(r->from.directory.mount);
	return error;
}

int namespace_rename(const struct walk_context *old_context, const char *old_name,
		     const struct walk_context *new_context, const char *new_name, uint32_t flags)
{
	struct rename r = { .credentials = old_context->credentials, .flags = flags };
	int error;

	if ((flags & RENAME_FLAG_NOREPLACE) && (flags & RENAME_FLAG_EXCHANGE))
		return -EINVAL;
	error = path_walk_parent(old_context, old_name, 0, &r.from);
	if (error)
		return error;
	error = path_walk_parent(new_context, new_name, 0, &r.to);
	if (error)
		goto put_from;
	error = rename_between(&r);
	path_put(&r.to.directory);
put_from:
	path_put(&r.from.directory);
	return error;
}
