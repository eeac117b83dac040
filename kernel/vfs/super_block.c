/*
 * Super blocks: the mounted instances of file systems.
 *
 * A device is mounted once, however many mounts show it. The last mount that goes takes the
 * instance down: write everything, forget all dentries and inodes, and let go of the device. By
 * then nothing can reach a file of it any more; what may still lag behind are inodes that wait for
 * their RCU grace period, so the end waits for those.
 *
 * The list of all has a spinlock of its own, because reclaim walks it from places where no mutex
 * may be taken. A walker counts as a visitor of the one it looks at, and the end waits for
 * visitors.
 */
#include "block/block_device.h"
#include "core/assert.h"
#include "core/printk.h"
#include "lib/string.h"
#include "mem/kmalloc.h"
#include "sched/mutex.h"
#include "uapi/linux/errno.h"
#include "vfs/freeze.h"
#include "vfs/internal.h"
#include "vfs/notify.h"

enum { WRITING_TRIES = 10 };	/* to write all back */

static struct spinlock list_lock = SPINLOCK_INIT(LOCK_RANK_INODE_TABLE, "super blocks");
static struct list super_blocks = LIST_INIT(super_blocks);	/* [list_lock] */
static struct wait_queue end_queue;	/* for visitors and inodes to go */
/* [mount mutex] st_dev of file systems without a device */
static unsigned int next_device_minor = 1;

/* List lock held; given back meanwhile. */
static void visit_super(struct super_block *super,
			void (*visit)(struct super_block *super, void *argument), void *argument)
{
	if (super->is_closing)
		return;
	super->visitors++;
	spin_unlock(&list_lock);
	visit(super, argument);
	spin_lock(&list_lock);
	/* It leaves the list only when the lock is free, and by then we have walked on. */
	if (--super->visitors == 0 && super->is_closing)
		wait_queue_wake_all(&end_queue, 0);
}

void super_block_for_each(void (*visit)(struct super_block *super, void *argument), void *argument)
{
	struct super_block *super;

	spin_lock(&list_lock);
	list_for_each_entry(super, &super_blocks, super_node)
		visit_super(super, visit, argument);
	spin_unlock(&list_lock);
}

/* Off the list, once nobody looks at it. */
static bool unlist(struct super_block *super)
{
	bool is_alone;

	spin_lock(&list_lock);
	is_alone = super->visitors == 0;
	if (is_alone && list_node_is_linked(&super->super_node))
		list_remove(&super->super_node);
	spin_unlock(&list_lock);
	return is_alone;
}

void super_block_inode_freed(struct super_block *super)
{
	if (atomic_fetch_sub_explicit(&super->live_inodes, 1, memory_order_acq_rel) == 1)
		wait_queue_wake_all(&end_queue, 0);
}

/* ---- syncing --------------------------------------------------------------------------------- */

int super_block_sync(struct super_block *super, bool wait)
{
	int error;

	if (!super->ops->inode_write)
		return 0;
	error = super_write_back_inodes(super, 0, wait);
	if (wait)
		super_wait_for_writers(super);
	/* What is frozen has nothing to be written. */
	if (super->ops->sync && freeze_try_enter(super, FREEZE_ALL)) {
		int sync_error = super->ops->sync(super, wait);

		freeze_leave(super, FREEZE_ALL);
		if (sync_error)
			error = sync_error;
	}
	if (error < 0)
		printk(LOG_ERROR, "%s: cannot write everything back: error %d", super->type->name,
		       -error);
	return error < 0 ? error : 0;
}

/*
 * Nobody else changes anything, but writing back makes inodes dirty itself: those whose pages get
 * their places, and those whose pages must wait, for memory or for blocks that a commit will free.
 * So it goes on until nothing is left.
 */
int super_block_write_all(struct super_block *super, unsigned int what)
{
	unsigned int tries = 0;
	int error = 0;

	if (!super->ops->inode_write)
		return 0;
	do {
		int round_error = super_block_sync(super, true);

		if (!error)
			error = round_error;
	} while (super_block_is_dirty(super, what) && ++tries < WRITING_TRIES);
	return !error && tries == WRITING_TRIES ? -ENOMEM : error;
}

static int write_back(struct writeback_client *client, uint64_t age_ns, bool wait)
{
	struct super_block *super = container_of(client, struct super_block, writeback);

	return super_write_back_inodes(super, age_ns, wait);
}

bool super_block_is_dirty(struct super_block *super, unsigned int what)
{
	irq_flags flags = spin_lock_irq(&super->dirty_lock);
	struct inode *inode;

	list_for_each_entry(inode, &super->dirty_inodes, dirty_node) {
		if (atomic_load_explicit(&inode->dirty, memory_order_relaxed) & what)
			break;
	}
	spin_unlock_irq(&super->dirty_lock, flags);
	return inode;
}

/* ---- beginning ------------------------------------------------------------------------------- */

static struct super_block *super_alloc(const struct file_system_type *type)
{
	struct super_block *super = kzalloc(sizeof(*super), 0);

	if (!super)
		return NULL;
	super->type = type;
	super->block_size = PAGE_SIZE;
	super->max_file_size = INT64_MAX;
	refcount_set(&super->references, 1);
	spin_init(&super->table_lock, LOCK_RANK_INODE_TABLE, "inode table");
	spin_init(&super->dirty_lock, LOCK_RANK_LEAF, "dirty inodes");
	mutex_init(&super->writing_mutex, LOCK_RANK_WRITEBACK, "writers-back");
	mutex_init(&super->freeze_mutex, LOCK_RANK_FREEZE, "freezing");
	mutex_init(&super->rename_mutex, LOCK_RANK_RENAME, "rename");
	list_init(&super->unused_inodes);
	list_init(&super->watches);
	list_init(&super->dirty_inodes);
	list_init(&super->mounts);
	list_init(&super->put_off);
	super->next_inode_number = 1;
	super->writeback.write_back = write_back;
	return super;
}

static void super_free(struct super_block *super)
{
	if (super->device)
		block_device_put(super->device);
	kfree(super);
}

/*
 * The device that `source` names, by its node or, before there are nodes, by its bare name; with a
 * reference.
 */
static int find_device(const char *source, struct block_device **out)
{
	struct walk_context context = { .credentials = &credentials_root };
	struct path path;
	struct block_device *device = NULL;
	int error = 0;

	if (!source || !*source)
		return -EINVAL;
	mount_get_root(&context.root);
	context.start = context.root;
	if (context.root.mount)
		error = path_walk(&context, source, WALK_FOLLOW, &path);
	else
		error = -ENOENT;
	path_put(&context.root);
	if (!error) {
		struct inode *inode = dentry_inode(path.dentry);

		if (inode_is(inode, MODE_BLOCK)) {
			device = block_device_find(inode->device);
			error = device ? 0 : -ENXIO;
		} else {
			error = -ENOTBLK;
		}
		path_put(&path);
	} else if (error == -ENOENT) {
		if (strncmp(source, "/dev/", 5) == 0)
			source += 5;
		device = block_device_find_name(source);
		error = device ? 0 : -ENOENT;
	}
	*out = device;
	return error;
}

/*
 * The instance that shows `device` (or is the type's single one) already, or NULL. Mount mutex
 * held.
 */
static struct super_block *find_existing(const struct file_system_type *type,
					 const struct block_device *device)
{
	struct super_block *super;

	if (!device && !type->single)
		return NULL;
	spin_lock(&list_lock);
	list_for_each_entry(super, &super_blocks, super_node) {
		if (super->type == type && super->device == device && !super->is_closing)
			break;
	}
	spin_unlock(&list_lock);
	return super;
}

static int open_super(struct super_block *super, const char *options)
{
	struct inode *root = NULL;
	int error;

	if (super->device) {
		error = block_device_claim(super->device, super, BLOCK_CLAIM_MOUNT);
		if (error)
			return error;
		/* What a closed file could not write must not wait until we say what is written. */
		if (super->device->cache.dirty_count > 0)
			error = block_device_sync(super->device);
		if (error)
			goto release_device;
		super->device_number = super->device->number;
	} else {
		super->device_number = DEV_NUMBER(0, next_device_minor++);
	}
	error = super->type->mount(super, options, &root);
	if (error) {
		/* It put the inodes it had read; they still wait for their grace period. */
		wait_event(&end_queue, super->live_inodes == 0);
		inode_table_fini(super);
		goto release_device;
	}
	super->root = dentry_create(super, NULL, "/", 1, root);
	if (!super->root) {
		error = -ENOMEM;
		goto put_root;
	}
	return 0;

put_root:
	inode_put(root);
	inode_drop_unused(super);
	wait_event(&end_queue, super->live_inodes == 0);
	inode_table_fini(super);
	super->inode_buckets = NULL;
	if (super->ops->unmount)
		super->ops->unmount(super);
release_device:
	if (super->device)
		block_device_release(super->device, super);
	return error;
}

int super_block_get(const struct file_system_type *type, const char *source, uint32_t flags,
		    const char *options, struct super_block **out)
{
	bool read_only = flags & MOUNT_READ_ONLY;
	struct block_device *device = NULL;
	struct super_block *super;
	int error;

	mutex_assert_held(&mount_mutex);
	if (type->needs_device) {
		error = find_device(source, &device);
		if (error)
			return error;
	}
	super = find_existing(type, device);
	if (super) {
		bool differs = device && super->read_only != read_only;

		if (device)
			block_device_put(device); /* the instance has its own */
		if (differs)
			return -EBUSY;
		refcount_get(&super->references);
		*out = super;
		return 0;
	}
	super = super_alloc(type);
	if (!super) {
		if (device)
			block_device_put(device);
		return -ENOMEM;
	}
	super->device = device;
	super->read_only = read_only || (device && block_device_is_read_only(device));
	error = open_super(super, options);
	if (error) {
		super_free(super);
		return error;
	}
	super->can_freeze = super->ops->freeze;
	spin_lock(&list_lock);
	list_add_tail(&super_blocks, &super->super_node);
	spin_unlock(&list_lock);
	if (super->ops->inode_write)
		writeback_register(&super->writeback);
	*out = super;
	return 0;
}

/* ---- the end --------------------------------------------------------------------------------- */

static void close_super(struct super_block *super)
{
	spin_lock(&list_lock);
	super->is_closing = true;
	spin_unlock(&list_lock);
	wait_event(&end_queue, unlist(super));
	if (super->ops->inode_write)
		writeback_unregister(&super->writeback);

	notify_unmounted(super);
	dentry_prune_super(super);
	assert(refcount_read(&super->root->references) == 1);
	/*
	 * Nobody finds the root by name: unhashed, it goes with its last reference, and its inode
	 * with it.
	 */
	atomic_fetch_or_explicit(&super->root->flags, DENTRY_UNHASHED, memory_order_relaxed);
	(void)!super_block_sync(super, true);
	dentry_put(super->root);
	(void)!super_block_write_all(super, UINT32_MAX);
	inode_drop_dirty(super); /* what could not be written is lost */
	inode_drop_unused(super);
	wait_event(&end_queue, super->live_inodes == 0);
	inode_table_fini(super);
	if (super->ops->unmount)
		super->ops->unmount(super);
	if (super->device)
		block_device_release(super->device, super);
	super_free(super);
}

void super_block_put(struct super_block *super)
{
	mutex_assert_held(&mount_mutex);
	if (refcount_put(&super->references))
		close_super(super);
}

void super_block_init(void)
{
	wait_queue_init(&end_queue);
	freeze_init();
}
