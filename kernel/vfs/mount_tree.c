/*
 * The tree of mounts: what mount(2), umount(2) and pivot_root(2) do to it.
 *
 * The mount mutex protects the tree; the steps that a walk must not see half done are made under
 * the tree's sequence. In each call everything that can fail comes first.
 *
 * umount(2) of a busy mount is refused. Busy means: mounts below it, or more references than the
 * tree's one and the caller's. A walk takes its reference first and looks at the sequence second;
 * umount changes the sequence first and looks at the references second: so either it sees the walk,
 * or the walk sees it and starts again.
 *
 * Not done: propagation between mounts (all are private), and more than one tree.
 */
#include "block/block_device.h"
#include "core/assert.h"
#include "sched/mutex.h"
#include "sched/rwlock.h"
#include "uapi/linux/errno.h"
#include "vfs/freeze.h"
#include "vfs/internal.h"
#include "vfs/mount.h"

/* What a mount keeps of its own; the rest belongs to the file system. */
#define MOUNT_OWN_FLAGS (MOUNT_READ_ONLY | MOUNT_NO_SUID | MOUNT_NO_DEVICES | MOUNT_NO_EXECUTE | \
			 MOUNT_NO_ACCESS_TIME | MOUNT_RELATIVE_ACCESS_TIME)

/* [mount mutex + tree_lock] the root of the tree, NULL before there is one */
static struct mount *top;

/* [a] Copies of trees into themselves double with each call: there is an end (Linux's default). */
static atomic_uint mounts_max = 100000;

void mount_get_root(struct path *out)
{
	spin_lock(&tree_lock);
	out->mount = top;
	out->dentry = top ? top->root : NULL;
	if (top)
		path_get(out);
	spin_unlock(&tree_lock);
}

/*
 * The new mount takes its place; `at` is its parent's side. Takes over the caller's reference for
 * the tree.
 */
static void attach(struct mount *mount, const struct path *at)
{
	mutex_assert_held(&mount_mutex);
	path_get(at);
	tree_write_begin();
	mount_table_add(mount, at->mount, at->dentry);
	tree_write_end();
	list_add_tail(&at->mount->children, &mount->sibling);
	mount->attached = true;
}

/* Out of its place. The references to its parent and mount point are given in `at` to be put. */
static void detach(struct mount *mount, struct path *at)
{
	mutex_assert_held(&mount_mutex);
	at->mount = mount->parent;
	at->dentry = mount->mount_point;
	list_remove(&mount->sibling);
	mount->attached = false;
}

/* As many as one may make, besides those that are being made. Mount mutex held. */
static bool has_room(size_t being_made)
{
	size_t most = atomic_load_explicit(&mounts_max, memory_order_relaxed);

	return mount_table_count() + 1 + being_made < most;	/* the root is not in the table */
}

int mount_max(void)
{
	return (int)atomic_load_explicit(&mounts_max, memory_order_relaxed);
}

int mount_set_max(int count)
{
	if (count < 1)
		return -EINVAL;
	atomic_store_explicit(&mounts_max, (unsigned int)count, memory_order_relaxed);
	return 0;
}

/* Where a mount is about to go. Its name stays meanwhile: who removes one locks the directory. */
struct place {
	struct path path;
	struct dentry *directory;	/* referenced and locked, shared; NULL at a root */
};

static void lock_directory(struct place *place)
{
	struct dentry *dentry = place->path.dentry;

	for (;;) {
		struct dentry *parent = dentry_get_parent(dentry);

		if (parent == dentry) {
			dentry_put(parent);
			place->directory = NULL;
			return;
		}
		rwlock_read_lock(&dentry_inode(parent)->lock);
		if (dentry_parent(dentry) == parent) {
			place->directory = parent;
			return;
		}
		rwlock_read_unlock(&dentry_inode(parent)->lock);	/* moved just now */
		dentry_put(parent);
	}
}

static void put_place(struct place *place)
{
	if (place->directory) {
		rwlock_read_unlock(&dentry_inode(place->directory)->lock);
		dentry_put(place->directory);
	}
	path_put(&place->path);
}

/*
 * `at` with what has been mounted on it meanwhile; then give it back with put_place. Errors:
 * -ENOENT (removed meanwhile), -EINVAL (no longer in the tree). Mount mutex held.
 */
static int hold_place(const struct path *at, struct place *place)
{
	struct path *path = &place->path;
	int error;

	*path = *at;
	path_get(path);
	mount_cross(path);
	lock_directory(place);
	if (path->dentry->flags & DENTRY_UNHASHED && path->dentry != path->mount->root)
		error = -ENOENT;
	else if (!path->mount->attached && path->mount != top)
		error = -EINVAL;
	else
		return 0;
	put_place(place);
	return error;
}

static bool is_directory(const struct dentry *dentry)
{
	return inode_is(dentry_inode(dentry), MODE_DIRECTORY);
}

/* A mount of a file system type: not yet in the tree. */
static int make_mount(const char *source, const char *type_name, uint32_t flags,
		      const char *options, struct mount **out)
{
	const struct file_system_type *type = file_system_find(type_name);
	struct super_block *super;
	int error;

	if (!type)
		return -ENODEV;
	error = super_block_get(type, source, flags, options, &super);
	if (error)
		return error;
	error = mount_alloc(super, super->root, source, flags & MOUNT_OWN_FLAGS, out);
	if (error)
		super_block_put(super);
	return error;
}

static int check_place(const struct path *place, const struct mount *mount)
{
	if (!is_directory(place->dentry))
		return -ENOTDIR;
	/* The same file system on the same place again says nothing new. */
	if (place->mount->super == mount->super && place->dentry == place->mount->root &&
	    place->mount->root == mount->root)
		return -EBUSY;
	return 0;
}

int mount_create(const char *source, const struct path *at, const char *type, uint32_t flags,
		 const char *options)
{
	struct mount *mount;
	struct place place;
	int error;

	mutex_lock(&mount_mutex);
	error = make_mount(source, type, flags, options, &mount);
	if (error)
		goto unlock;
	error = hold_place(at, &place);
	if (error)
		goto put_mount;
	error = check_place(&place.path, mount);
	if (!error && !has_room(0))
		error = -ENOSPC;
	if (!error)
		attach(mount, &place.path);
	put_place(&place);
	if (!error)
		goto unlock;
put_mount:
	mount_put_now(mount);
unlock:
	mutex_unlock(&mount_mutex);
	return error;
}

int mount_root_create(const char *type, const char *source, uint32_t flags, struct path *out)
{
	struct mount *mount;
	int error;

	mutex_lock(&mount_mutex);
	error = make_mount(source, type, flags, NULL, &mount);
	if (!error) {
		assert(!top);
		spin_lock(&tree_lock);
		top = mount;
		spin_unlock(&tree_lock);
		mount->attached = true;
		out->mount = mount;
		out->dentry = mount->root;
		path_get(out);
	}
	mutex_unlock(&mount_mutex);
	return error;
}

int mount_create_internal(const char *type, const char *options, struct mount **out)
{
	int error;

	mutex_lock(&mount_mutex);
	error = make_mount(NULL, type, 0, options, out);
	mutex_unlock(&mount_mutex);
	return error;
}

/* ---- bind ------------------------------------------------------------------------------------ */

static int clone_mount(struct mount *from, struct dentry *root, struct mount **out)
{
	int error = mount_alloc(from->super, root, from->source, from->flags, out);

	if (!error)
		refcount_get(&from->super->references);
	return error;
}

/* The mount after `mount` in tree order within the tree below `root`, or NULL. */
static struct mount *next_in_tree(struct mount *mount, struct mount *root)
{
	struct mount *next = list_first_entry(&mount->children, struct mount, sibling);

	while (!next) {
		struct mount *parent = mount->parent;

		if (mount == root)
			return NULL;
		next = list_next_entry(&parent->children, mount, sibling);
		mount = parent;
	}
	return next;
}

/*
 * Take a whole subtree out, leaves first: all become unreachable. Each gets back the tree's
 * reference.
 */
static void detach_tree(struct mount *root)
{
	struct mount *mount = root, *parent, *child;
	struct path at;
	bool is_last;

	do {
		while ((child = list_last_entry(&mount->children, struct mount, sibling)))
			mount = child;
		is_last = mount == root;
		parent = mount->parent; /* but for the last, the tree still has it */
		detach(mount, &at);
		tree_write_begin();
		mount_table_remove(mount);
		tree_write_end();
		path_put(&at);
		mount_put_now(mount);
		mount = parent;
	} while (!is_last);
}

/* Names may change meanwhile: dentries that they leave stay in memory, and then we look again. */
static bool lies_under(const struct dentry *ancestor, const struct dentry *dentry)
{
	unsigned int sequence;
	bool found;

	rcu_read_lock();
	do {
		sequence = tree_read_begin();
		found = dentry_is_ancestor(ancestor, dentry);
	} while (tree_read_retry(sequence));
	rcu_read_unlock();
	return found;
}

/* Copies of all mounts below from->mount that lie at or under from->dentry, put below `copy`. */
static int clone_children(const struct path *from, struct mount *copy)
{
	struct mount *mount, *next;

	/* Each original remembers its copy through next_dead, which only the dead use otherwise. */
	from->mount->next_dead = copy;
	for (mount = next_in_tree(from->mount, from->mount); mount; mount = next) {
		struct mount *clone;
		struct path at;
		int error;

		next = next_in_tree(mount, from->mount);
		mount->next_dead = NULL;
		at.mount = mount->parent->next_dead;
		at.dentry = mount->mount_point;
		if (!at.mount)
			continue; /* below one that was left out */
		if (mount->parent == from->mount &&
		    !lies_under(from->dentry, mount->mount_point))
			continue;
		if (!has_room(1)) /* the copy's root */
			return -ENOSPC;
		error = clone_mount(mount, mount->root, &clone);
		if (error)
			return error;
		attach(clone, &at);
		mount->next_dead = clone;
	}
	return 0;
}

/* Give up a copied tree that was never attached. */
static void drop_copy(struct mount *copy)
{
	struct mount *child;

	while ((child = list_first_entry(&copy->children, struct mount, sibling)))
		detach_tree(child);
	mount_put_now(copy);
}

int mount_bind(const struct path *from, const struct path *at, bool recursive)
{
	struct mount *copy;
	struct place place;
	int error;

	mutex_lock(&mount_mutex);
	error = hold_place(at, &place);
	if (error)
		goto unlock;
	error = -EINVAL;
	if (!from->mount->attached)
		goto put_place;
	error = -ENOTDIR;
	if (is_directory(from->dentry) != is_directory(place.path.dentry))
		goto put_place;
	error = clone_mount(from->mount, from->dentry, &copy);
	if (error)
		goto put_place;
	if (recursive)
		error = clone_children(from, copy);
	if (!error && !has_room(0))
		error = -ENOSPC;
	if (error) {
		drop_copy(copy);
		goto put_place;
	}
	attach(copy, &place.path);
put_place:
	put_place(&place);
unlock:
	mutex_unlock(&mount_mutex);
	return error;
}

/* ---- move and pivot -------------------------------------------------------------------------- */

static bool is_below(struct mount *mount, const struct mount *ancestor)
{
	while (mount != ancestor && mount->parent != mount)
		mount = mount->parent;
	return mount == ancestor;
}

/*
 * The mount leaves its place for another; both steps are one for a walk. The references to the old
 * place are given in `old` to be put.
 */
static void move_to(struct mount *mount, const struct path *place, struct path *old)
{
	detach(mount, old);
	path_get(place);
	tree_write_begin();
	mount_table_remove(mount);
	mount_table_add(mount, place->mount, place->dentry);
	tree_write_end();
	list_add_tail(&place->mount->children, &mount->sibling);
	mount->attached = true;
}

int mount_move(const struct path *from, const struct path *at)
{
	struct place place;
	struct path old;
	int error;

	mutex_lock(&mount_mutex);
	error = hold_place(at, &place);
	if (error)
		goto unlock;
	error = -EINVAL;
	if (from->dentry != from->mount->root || !from->mount->attached || from->mount == top)
		goto put_place;
	if (is_directory(from->dentry) != is_directory(place.path.dentry))
		goto put_place;
	error = -ELOOP;
	if (is_below(place.path.mount, from->mount))
		goto put_place;
	move_to(from->mount, &place.path, &old);
	error = 0;
put_place:
	put_place(&place);
	if (!error)
		path_put(&old);
unlock:
	mutex_unlock(&mount_mutex);
	return error;
}

/* Mount mutex held. In Linux's order. */
static int check_pivot(const struct path *root, const struct path *new_root, const struct path *to)
{
	struct mount *mount = new_root->mount;

	if (!root->mount->attached || !mount->attached)
		return -EINVAL;
	if (new_root->dentry->flags & DENTRY_UNHASHED && new_root->dentry != mount->root)
		return -ENOENT;
	if (mount == root->mount || to->mount == root->mount)
		return -EBUSY;
	if (root->dentry != root->mount->root || new_root->dentry != mount->root)
		return -EINVAL;
	return is_below(to->mount, mount) && is_below(mount, root->mount) ? 0 : -EINVAL;
}

/*
 * The new root leaves its place, given in `left` to be put, for that of the old one, which goes to
 * `to`: one step for a walk.
 */
static void exchange_roots(struct mount *old, struct mount *new, const struct path *to,
			   struct path *left)
{
	struct path place = { NULL, NULL };	/* of the root of all there is none */

	detach(new, left);
	path_get(to);
	if (old != top)
		detach(old, &place);
	tree_write_begin();
	mount_table_remove(new);
	if (place.mount) {
		mount_table_remove(old);
		mount_table_add(new, place.mount, place.dentry);
	} else {
		top = new;
	}
	mount_table_add(old, to->mount, to->dentry);
	tree_write_end();
	/* The references to the old root's place are the new one's now. */
	if (place.mount)
		list_add_tail(&place.mount->children, &new->sibling);
	list_add_tail(&to->mount->children, &old->sibling);
	new->attached = true;
	old->attached = true;
}

int mount_pivot_root(const struct path *root, const struct path *new_root,
		     const struct path *put_old)
{
	struct path left;
	struct place place;
	int error;

	mutex_lock(&mount_mutex);
	error = hold_place(put_old, &place);
	if (error)
		goto unlock;
	error = check_pivot(root, new_root, &place.path);
	if (!error)
		exchange_roots(root->mount, new_root->mount, &place.path, &left);
	put_place(&place);
	if (!error)
		path_put(&left);
unlock:
	mutex_unlock(&mount_mutex);
	return error;
}

/* ---- remount and unmount --------------------------------------------------------------------- */

/* Nobody writes through any mount of `super` any more, now that it says read-only. */
static bool has_writers(struct super_block *super)
{
	struct mount *mount;

	list_for_each_entry(mount, &super->mounts, super_node) {
		if (atomic_load_explicit(&mount->writers, memory_order_seq_cst) > 0)
			return true;
	}
	return false;
}

static int remount_super(struct super_block *super, bool read_only, const char *options)
{
	bool was_read_only = super->read_only;
	int error = 0;

	mutex_assert_held(&mount_mutex);
	/* Who freezes it now began with the mount mutex held. */
	if (super->freeze_state != THAWED)
		return -EBUSY;
	if (!read_only && super->device && block_device_is_read_only(super->device))
		return -EACCES;
	if (read_only && !was_read_only) {
		super->read_only = true; /* no writer begins from here on */
		if (has_writers(super)) {
			super->read_only = false;
			return -EBUSY;
		}
		(void)!super_block_sync(super, true);
	}
	if (super->ops->remount)
		error = super->ops->remount(super, read_only, options);
	super->read_only = error ? was_read_only : read_only;
	return error;
}

/* The file system stays as it is; this one view of it changes. */
static int remount_alone(struct mount *mount, bool read_only)
{
	if (!read_only)
		return 0;
	atomic_fetch_or_explicit(&mount->flags, MOUNT_READ_ONLY, memory_order_seq_cst);
	if (atomic_load_explicit(&mount->writers, memory_order_seq_cst) == 0)
		return 0;
	atomic_fetch_and_explicit(&mount->flags, ~(unsigned int)MOUNT_READ_ONLY,
				  memory_order_seq_cst);
	return -EBUSY;
}

int mount_remount(const struct path *at, uint32_t flags, const char *options)
{
	struct mount *mount = at->mount;
	int error;

	if (at->dentry != mount->root)
		return -EINVAL;
	mutex_lock(&mount_mutex);
	error = flags & MOUNT_BIND ? remount_alone(mount, flags & MOUNT_READ_ONLY)
				   : remount_super(mount->super, flags & MOUNT_READ_ONLY, options);
	if (!error)
		mount->flags = flags & MOUNT_OWN_FLAGS;
	mutex_unlock(&mount_mutex);
	return error;
}

/* Mount mutex held. Out of the tree, if nobody but the tree and `extra` others has a reference. */
static int detach_if_idle(struct mount *mount, int extra)
{
	struct path at;

	if (!list_is_empty(&mount->children))
		return -EBUSY;
	at.mount = mount->parent;
	at.dentry = mount->mount_point;
	tree_write_begin();
	/* Full fence: the sequence is odd before the references are read; see the top. */
	atomic_thread_fence(memory_order_seq_cst);
	if (refcount_read(&mount->references) > 1 + extra) {
		tree_write_end();
		return -EBUSY;
	}
	mount_table_remove(mount);
	tree_write_end();
	list_remove(&mount->sibling);
	mount->attached = false;
	path_put(&at);
	return 0;
}

int mount_unmount(struct path *at, bool lazy, bool force)
{
	struct mount *mount = at->mount;
	int error = 0;

	(void)force; /* means something to network file systems only */
	mutex_lock(&mount_mutex);
	if (at->dentry != mount->root || !mount->attached)
		error = -EINVAL;
	else if (mount == top)
		error = lazy ? -EINVAL : remount_super(mount->super, true, NULL);
	else if (lazy)
		detach_tree(mount);
	else
		error = detach_if_idle(mount, 1);
	dentry_put(at->dentry);
	if (!error && !lazy && mount != top)
		mount_put_now(mount);	/* the tree's */
	mount_put_now(mount);		/* the caller's */
	at->mount = NULL;
	at->dentry = NULL;
	mutex_unlock(&mount_mutex);
	block_device_wait_unused(); /* of a loop device that goes with it */
	return error;
}

/* ---- all of them ----------------------------------------------------------------------------- */

void mount_for_each(bool (*visit)(struct mount *mount, void *argument), void *argument)
{
	mutex_lock(&mount_mutex);
	for (struct mount *mount = top; mount; mount = next_in_tree(mount, top)) {
		if (!visit(mount, argument))
			break;
	}
	mutex_unlock(&mount_mutex);
}

int mount_sync(struct mount *mount)
{
	return super_block_sync(mount->super, true);
}

static void sync_super(struct super_block *super, void *argument)
{
	(void)!super_block_sync(super, *(bool *)argument);
}

void mount_sync_all(bool wait)
{
	/* Start everything first, so that the disks work side by side. */
	bool no_wait = false;

	super_block_for_each(sync_super, &no_wait);
	if (wait)
		super_block_for_each(sync_super, &wait);
}
