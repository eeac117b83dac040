/*
 * Mounts: single ones, and how a walk crosses them. (The tree of all and mount(2): mount_tree.c.)
 *
 * A mount shows a file system, or a part of it (bind), at a dentry of another mount, where walks
 * find it (mount_table.c). A mount in the tree holds references to its parent and its mount point;
 * the tree holds one to it.
 *
 * Lifetime. A mount whose last reference goes is out of the tree already (umount(2) refuses busy
 * ones; a lazily detached one may have users for long). Taking it down takes the mount mutex and
 * perhaps writes to a disk, and the last reference may be dropped anywhere; so that is a worker's
 * job, except where mount_put_now is called.
 *
 * Writers. mount_get_writer counts first and looks at the flags second; a remount sets the flag
 * first and looks at the count second. Both are full fences, so at least one of them sees the
 * other.
 */
#include "vfs/mount.h"

#include "core/assert.h"
#include "lib/string.h"
#include "mem/kmalloc.h"
#include "sched/mutex.h"
#include "sched/work_queue.h"
#include "uapi/linux/errno.h"
#include "vfs/freeze.h"
#include "vfs/internal.h"

static unsigned int next_id = 1;			/* [mount mutex] */
struct mutex mount_mutex;

static struct spinlock dead_lock = SPINLOCK_INIT(LOCK_RANK_LEAF, "dead mounts");
static struct mount *dead_mounts;			/* [dead_lock] through next_dead */
static struct work dead_work;

/* ---- life ------------------------------------------------------------------------------------ */

int mount_alloc(struct super_block *super, struct dentry *root, const char *source, uint32_t flags,
		struct mount **out)
{
	struct mount *mount = kzalloc(sizeof(*mount), 0);

	mutex_assert_held(&mount_mutex);
	if (!mount)
		return -ENOMEM;
	mount->source = kstrdup(source && *source ? source : "none", 0);
	if (!mount->source || mount_table_reserve() != 0) {
		kfree(mount->source);
		kfree(mount);
		return -ENOMEM;
	}
	mount->super = super;
	dentry_get(root);
	mount->root = root;
	mount->parent = mount;
	mount->mount_point = root;
	list_init(&mount->children);
	mount->flags = flags;
	mount->id = next_id++;
	refcount_set(&mount->references, 1);
	list_add_tail(&super->mounts, &mount->super_node);
	*out = mount;
	return 0;
}

static void free_mount(struct rcu_head *head)
{
	struct mount *mount = container_of(head, struct mount, rcu);

	kfree(mount->source);
	kfree(mount);
}

/* Mount mutex held. */
static void destroy(struct mount *mount)
{
	struct super_block *super = mount->super;

	assert(!mount->attached && list_is_empty(&mount->children));
	list_remove(&mount->super_node);
	dentry_put(mount->root);
	super_block_put(super);
	rcu_call(&mount->rcu, free_mount);
	mount_table_fit();
}

static void bury_dead(struct work *work)
{
	struct mount *mount;
	irq_flags flags;

	(void)work;
	flags = spin_lock_irq(&dead_lock);
	mount = dead_mounts;
	dead_mounts = NULL;
	spin_unlock_irq(&dead_lock, flags);

	mutex_lock(&mount_mutex);
	while (mount) {
		struct mount *next = mount->next_dead;

		destroy(mount);
		mount = next;
	}
	mutex_unlock(&mount_mutex);
}

void mount_put(struct mount *mount)
{
	irq_flags flags;

	if (likely(!refcount_put(&mount->references)))
		return;
	flags = spin_lock_irq(&dead_lock);
	mount->next_dead = dead_mounts;
	dead_mounts = mount;
	spin_unlock_irq(&dead_lock, flags);
	(void)work_schedule(&dead_work);
}

void mount_put_now(struct mount *mount)
{
	mutex_assert_held(&mount_mutex);
	if (refcount_put(&mount->references))
		destroy(mount);
}

void path_get(const struct path *path)
{
	mount_get(path->mount);
	dentry_get(path->dentry);
}

void path_put(const struct path *path)
{
	if (!path->mount)
		return;
	dentry_put(path->dentry);
	mount_put(path->mount);
}

/* ---- crossing -------------------------------------------------------------------------------- */

bool mount_cross(struct path *path)
{
	bool crossed = false;

	while (atomic_load_explicit(&path->dentry->flags, memory_order_acquire) &
	       DENTRY_MOUNT_POINT) {
		struct mount *mount;
		struct path old = *path;

		spin_lock(&tree_lock);
		mount = mount_find_child(path->mount, path->dentry);
		if (mount) {
			/* In the tree, and the tree holds a reference while we hold the lock. */
			path->mount = mount;
			path->dentry = mount->root;
			path_get(path);
		}
		spin_unlock(&tree_lock);
		if (!mount)
			break;
		path_put(&old);
		crossed = true;
	}
	return crossed;
}

bool mount_step_up(struct path *path, const struct path *root)
{
	struct mount *mount = path->mount;
	struct dentry *dentry = path->dentry;
	struct path old = *path;
	bool moved = false;

	spin_lock(&tree_lock);
	for (;;) {
		if (mount == root->mount && dentry == root->dentry)
			break;
		if (dentry != mount->root) {
			dentry = dentry_parent(dentry);
			moved = true;
			break;
		}
		if (mount->parent == mount)
			break;
		dentry = mount->mount_point;
		mount = mount->parent;
	}
	if (moved) {
		path->mount = mount;
		path->dentry = dentry;
		path_get(path);
	}
	spin_unlock(&tree_lock);
	if (moved)
		path_put(&old);
	mount_cross(path);
	return moved;
}

/* ---- writing --------------------------------------------------------------------------------- */

bool mount_is_writable(const struct mount *mount)
{
	return !(atomic_load_explicit(&mount->flags, memory_order_relaxed) & MOUNT_READ_ONLY) &&
	       !atomic_load_explicit(&mount->super->read_only, memory_order_relaxed);
}

int mount_get_writer(struct mount *mount)
{
	atomic_fetch_add_explicit(&mount->writers, 1, memory_order_seq_cst);
	if (likely(mount_is_writable(mount)))
		return 0;
	mount_put_writer(mount);
	return -EROFS;
}

void mount_put_writer(struct mount *mount)
{
	atomic_fetch_sub_explicit(&mount->writers, 1, memory_order_release);
}

int mount_begin_write(struct mount *mount)
{
	int error = freeze_begin_change(mount->super);

	if (unlikely(error))
		return error;
	error = mount_get_writer(mount);
	if (unlikely(error))
		freeze_end_change(mount->super);
	return error;
}

void mount_end_write(struct mount *mount)
{
	mount_put_writer(mount);
	freeze_end_change(mount->super);
}

void mount_init(void)
{
	mutex_init(&mount_mutex, LOCK_RANK_MOUNT, "mount tree");
	work_init(&dead_work, bury_dead);
}
