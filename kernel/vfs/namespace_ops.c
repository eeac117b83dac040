/*
 * Making and removing names. (Renaming: rename.c. Making regular files by open: file_open.c.)
 *
 * Each call walks to the directory, counts itself as a writer of the mount, locks the directory,
 * looks the name up, checks, and lets the file system act. Which error wins when several apply is
 * Linux's choice and decides the order of the checks: that the name exists comes before a read-only
 * mount and that before permission; for removal, a read-only mount comes first.
 *
 * Removing locks the victim too: its link count changes, and a directory must stay empty until it
 * is gone.
 */
#include "vfs/namespace_ops.h"

#include "core/assert.h"
#include "lib/string.h"
#include "uapi/linux/capability.h"
#include "uapi/linux/errno.h"
#include "vfs/internal.h"
#include "vfs/notify.h"
#include "vfs/sticky.h"

/* A name about to be made or removed: its directory locked, its dentry found. */
struct target {
	struct walk_parent parent;
	struct inode *dir;
	struct dentry *dentry;
	struct inode *inode;		/* what the name has now, or NULL */
	int write_error;		/* of mount_begin_write, while it is not decided who wins */
};

static int begin(struct target *target)
{
	target->dir = dentry_inode(target->parent.directory.dentry);
	target->write_error = mount_begin_write(target->parent.directory.mount);
	rwlock_write_lock(&target->dir->lock);
	return path_lookup_child(&target->parent.directory, target->parent.name,
				 target->parent.length, &target->dentry);
}

static void unlock(struct target *target)
{
	rwlock_write_unlock(&target->dir->lock);
	if (!target->write_error)
		mount_end_write(target->parent.directory.mount);
}

static void end(struct target *target)
{
	unlock(target);
	dentry_put(target->dentry);
	path_put(&target->parent.directory);
}

/* ---- making ---------------------------------------------------------------------------------- */

/* What link checks of the file before anybody asks who may write to the directory. */
static int check_linked(const struct path *linked, const struct path *directory,
			const struct credentials *credentials)
{
	if (linked->mount != directory->mount)
		return -EXDEV;
	return sticky_check_link(dentry_inode(linked->dentry), credentials);
}

/*
 * Everything that mkdir, mknod, symlink and link check alike; `linked` is link's file, else NULL.
 * Then the target is to be given to end().
 */
static int begin_create(const struct walk_context *context, const char *name, bool is_directory,
			const struct path *linked, struct target *target)
{
	int error = path_walk_parent(context, name, 0, &target->parent);

	if (error)
		return error;
	error = -EEXIST;
	if (target->parent.type != LAST_NAME)
		goto put_directory;
	error = begin(target);
	if (error)
		goto unlock;
	target->inode = dentry_inode(target->dentry);
	if (target->inode)
		error = -EEXIST;
	else if (target->parent.trailing_slash && !is_directory)
		error = -ENOENT;
	else if (target->write_error)
		error = target->write_error;
	else if (linked)
		error = check_linked(linked, &target->parent.directory, context->credentials);
	if (!error && !target->inode)
		error = permission_check(target->dir, context->credentials,
					 ACCESS_WRITE | ACCESS_EXECUTE);
	if (!error)
		return 0;
	dentry_put(target->dentry);
unlock:
	unlock(target);
put_directory:
	path_put(&target->parent.directory);
	return error;
}

/* The file system made `inode`: the name has it now, and the directory has changed. */
static void finish_create(struct target *target, struct inode *inode)
{
	/*
	 * A dentry that was not findable (the name of a file system that changes by itself) stays
	 * so.
	 */
	dentry_instantiate(target->dentry, inode);
	inode_touch(target->dir, false, true, true);
	notify_created(target->dir, target->dentry);
}

static bool may_make(const struct credentials *credentials, file_mode mode)
{
	bool device = (mode & MODE_TYPE_MASK) == MODE_CHARACTER ||
		      (mode & MODE_TYPE_MASK) == MODE_BLOCK;

	return !device || credentials_capable(credentials, CAP_MKNOD);
}

static int make(const struct walk_context *context, const char *name, file_mode mode,
		dev_number device, struct path *out)
{
	struct target target;
	struct inode *inode;
	group_id gid;
	int error;

	error = begin_create(context, name, (mode & MODE_TYPE_MASK) == MODE_DIRECTORY, NULL,
			     &target);
	if (error)
		return error;
	if (!target.dir->ops->create || !may_make(context->credentials, mode)) {
		error = -EPERM;
		goto end;
	}
	mode = inode_new_mode(target.dir, mode, context->credentials, &gid);
	error = target.dir->ops->create(target.dir, target.parent.name, target.parent.length, mode,
					device, context->credentials->fsuid, gid, &inode);
	if (error)
		goto end;
	finish_create(&target, inode);
	if (out) {
		out->mount = target.parent.directory.mount;
		out->dentry = target.dentry;
		path_get(out);
	}
end:
	end(&target);
	return error;
}

int namespace_make_directory(const struct walk_context *context, const char *name, file_mode mode)
{
	return make(context, name, (mode & 01777) | MODE_DIRECTORY, 0, NULL);
}

int namespace_make_node(const struct walk_context *context, const char *name, file_mode mode,
			dev_number device, struct path *out)
{
	switch (mode & MODE_TYPE_MASK) {
	case 0:
		mode |= MODE_REGULAR;
		break;
	case MODE_REGULAR:
	case MODE_FIFO:
	case MODE_SOCKET:
		break;
	case MODE_CHARACTER:
	case MODE_BLOCK:
		break;		/* only for whom CAP_MKNOD allows it: see make() */
	case MODE_DIRECTORY:
		return -EPERM;
	default:
		return -EINVAL;
	}
	return make(context, name, mode & (MODE_TYPE_MASK | 07777), device, out);
}

int namespace_symlink(const char *text, const struct walk_context *context, const char *name)
{
	struct target target;
	struct inode *inode;
	group_id gid;
	int error;

	if (!text[0])
		return -ENOENT;
	error = begin_create(context, name, false, NULL, &target);
	if (error)
		return error;
	if (!target.dir->ops->symlink) {
		error = -EPERM;
		goto end;
	}
	(void)inode_new_mode(target.dir, MODE_LINK | 0777, context->credentials, &gid);
	error = target.dir->ops->symlink(target.dir, target.parent.name, target.parent.length, text,
					 context->credentials->fsuid, gid, &inode);
	if (!error)
		finish_create(&target, inode);
end:
	end(&target);
	return error;
}

static int check_link(const struct target *target, const struct path *from)
{
	const struct inode *inode = dentry_inode(from->dentry);

	if (inode->super != target->dir->super)
		return -EXDEV;
	if (inode->flags & (INODE_FLAG_IMMUTABLE | INODE_FLAG_APPEND_ONLY))
		return -EPERM;
	if (!target->dir->ops->link || inode_is(inode, MODE_DIRECTORY))
		return -EPERM;
	return 0;
}

int namespace_link(const struct path *from, const struct walk_context *context, const char *name)
{
	struct inode *inode = dentry_inode(from->dentry);
	struct target target;
	int error;

	error = begin_create(context, name, false, from, &target);
	if (error)
		return error;
	error = check_link(&target, from);
	if (error)
		goto end;
	rwlock_write_lock(&inode->lock);
	if (inode->link_count == 0 && !(inode->state & INODE_LINKABLE))
		error = -ENOENT; /* deleted meanwhile */
	else
		error = target.dir->ops->link(target.dir, target.parent.name, target.parent.length,
					      inode);
	if (!error)
		atomic_fetch_and_explicit(&inode->state, ~(unsigned int)INODE_LINKABLE,
					  memory_order_relaxed);
	rwlock_write_unlock(&inode->lock);
	if (error)
		goto end;
	inode_get(inode);
	inode_touch(inode, false, false, true);
	notify_links(inode);
	finish_create(&target, inode);
end:
	end(&target);
	return error;
}

/* ---- removing -------------------------------------------------------------------------------- */

/* Walk, lock, look up. Errors that come before the victim is looked at. */
static int begin_remove(const struct walk_context *context, const char *name,
			const int *type_errors, struct target *target)
{
	int error = path_walk_parent(context, name, 0, &target->parent);

	if (error)
		return error;
	error = type_errors[target->parent.type];
	if (error)
		goto put_directory;
	error = begin(target);
	if (target->write_error) {
		if (!error)
			dentry_put(target->dentry);
		error = target->write_error;
	}
	if (error)
		goto unlock;
	target->inode = dentry_inode(target->dentry);
	if (target->inode)
		return 0;
	error = -ENOENT;
	dentry_put(target->dentry);
unlock:
	unlock(target);
put_directory:
	path_put(&target->parent.directory);
	return error;
}

/* The name is gone on the disk: nobody finds it here either. Directory locked. */
static void finish_remove(struct target *target)
{
	dentry_unhash(target->dentry);
	inode_touch(target->dir, false, true, true);
	inode_touch(target->inode, false, false, true);
	notify_removed(target->dir, target->dentry);
}

static int check_unlink(const struct target *target, const struct credentials *credentials)
{
	int error;

	if (target->parent.trailing_slash)
		return inode_is(target->inode, MODE_DIRECTORY) ? -EISDIR : -ENOTDIR;
	error = permission_check_delete(target->dir, target->inode, credentials);
	if (error)
		return error;
	if (inode_is(target->inode, MODE_DIRECTORY))
		return -EISDIR;
	if (!target->dir->ops->unlink)
		return -EPERM;
	return target->dentry->flags & DENTRY_MOUNT_POINT ? -EBUSY : 0;
}

int namespace_unlink(const struct walk_context *context, const char *name)
{
	static const int type_errors[] = {
		[LAST_DOT] = -EISDIR, [LAST_DOT_DOT] = -EISDIR, [LAST_ROOT] = -EISDIR
	};
	struct target target;
	int error = begin_remove(context, name, type_errors, &target);

	if (error)
		return error;
	error = check_unlink(&target, context->credentials);
	if (error)
		goto end;
	rwlock_write_lock(&target.inode->lock);
	error = target.dir->ops->unlink(target.dir, target.parent.name, target.parent.length,
					target.inode);
	rwlock_write_unlock(&target.inode->lock);
	if (!error)
		finish_remove(&target);
end:
	end(&target);
	return error;
}

static int check_remove_directory(const struct target *target,
				  const struct credentials *credentials)
{
	int error = permission_check_delete(target->dir, target->inode, credentials);

	if (error)
		return error;
	if (!inode_is(target->inode, MODE_DIRECTORY))
		return -ENOTDIR;
	if (!target->dir->ops->rmdir)
		return -EPERM;
	return target->dentry->flags & DENTRY_MOUNT_POINT ? -EBUSY : 0;
}

int namespace_remove_directory(const struct walk_context *context, const char *name)
{
	static const int type_errors[] = {
		[LAST_DOT] = -EINVAL, [LAST_DOT_DOT] = -ENOTEMPTY, [LAST_ROOT] = -EBUSY
	};
	struct target target;
	int error = begin_remove(context, name, type_errors, &target);

	if (error)
		return error;
	error = check_remove_directory(&target, context->credentials);
	if (error)
		goto end;
	rwlock_write_lock_second(&target.inode->lock);
	error = target.dir->ops->rmdir(target.dir, target.parent.name, target.parent.length,
				       target.inode);
	if (!error)
		atomic_fetch_or_explicit(&target.inode->state, INODE_DEAD_DIRECTORY,
					 memory_order_relaxed);
	rwlock_write_unlock(&target.inode->lock);
	if (!error) {
		/* What was known not to be in it would keep it. */
		dentry_prune_children(target.dentry);
		finish_remove(&target);
	}
end:
	end(&target);
	return error;
}
