/*
 * Inodes: their life, and what becomes dirty.
 *
 *	(new) -> used		inode_create, inode_get_by_number: references > 0
 *	used -> unused		inode_put: stays on super->unused_inodes if it has a name and
 *				the file system keep_unused_inodes
 *	unused -> used		inode_get_by_number, the writers-back below
 *	used, unused -> FREEING	inode_put, the shrinker: nobody gets it any more
 *	FREEING -> freed	inode_evict, then RCU: pages dropped; deleted, if without a name,
 *				perhaps not before a thaw (freeze.c)
 *
 * The steps to and from "no references" happen under super->table_lock; all other changes of the
 * count are atomic. The table itself is inode_table.c's.
 *
 * A dirty inode is on super->dirty_inodes, without a reference: an unused one may be dirty. The
 * dirty lock is a leaf, so that the page cache can say "dirty" from anywhere. Writing back
 * clears the bits first and reads the data second; whoever changes data sets the bits
 * afterwards. So nothing is lost, at worst something is written twice.
 *
 * What somebody else has begun to write back is on the list no more, and may not be with the device
 * yet; sync(2) must not return before it is. So writers-back are counted, by epoch: who waits
 * begins a new epoch, and waits for the count of the old one, which only falls then.
 */
#include "vfs/inode.h"

#include "core/assert.h"
#include "core/printk.h"
#include "core/spinlock_inline.h"
#include "lib/math64.h"
#include "lib/string.h"
#include "sched/clock.h"
#include "uapi/linux/errno.h"
#include "vfs/freeze.h"
#include "vfs/internal.h"

enum { SYNC_TRIES = 3 };	/* of inode_sync, while memory is short */

static struct wait_queue writing_queue = WAIT_QUEUE_INIT(writing_queue); /* for a count to be 0 */

struct inode *inode_create(struct super_block *super)
{
	struct inode *inode = super->ops->inode_alloc(super);

	if (!inode)
		return NULL;
	memset(inode, 0, sizeof(*inode));
	inode->super = super;
	inode->link_count = 1;
	rwlock_init(&inode->lock, LOCK_RANK_INODE, "inode");
	spin_init(&inode->state_lock, LOCK_RANK_INODE_STATE, "inode state");
	page_cache_init(&inode->cache, NULL, inode);
	refcount_set(&inode->references, 1);
	atomic_fetch_add_explicit(&super->live_inodes, 1, memory_order_relaxed);
	return inode;
}

void inode_settle(struct inode *inode)
{
	if (inode_is(inode, MODE_DIRECTORY) && inode->lock.rank != LOCK_RANK_DIRECTORY) {
		inode->lock.rank = LOCK_RANK_DIRECTORY;
		inode->lock.name = "directory";
	}
}

static void inode_free_rcu(struct rcu_head *head)
{
	struct inode *inode = container_of(head, struct inode, rcu);
	struct super_block *super = inode->super;

	super->ops->inode_free(inode);
	super_block_inode_freed(super);
}

void inode_delete_and_free(struct inode *inode)
{
	const struct super_ops *ops = inode->super->ops;

	if (inode->link_count == 0 && ops->inode_delete) {
		while (unlikely(!freeze_try_enter(inode->super, FREEZE_ALL))) {
			if (freeze_puts_off_deletion(inode))
				return;
		}
		ops->inode_delete(inode);
		freeze_leave(inode->super, FREEZE_ALL);
	}
	inode_unlist_dirty(inode); /* deleting may have touched it */
	assert(!atomic_load_explicit(&inode->locks, memory_order_relaxed));
	if (ops->inode_release)
		ops->inode_release(inode);
	inode_table_remove(inode);
	if (ops->never_walked)
		inode_free_rcu(&inode->rcu);
	else
		rcu_call(&inode->rcu, inode_free_rcu);
}

void inode_evict(struct inode *inode)
{
	assert(inode->state & INODE_FREEING);
	page_cache_fini(&inode->cache);
	inode_delete_and_free(inode);
}

/*
 * What happens to an inode whose last reference just went. Table lock held; true: the caller evicts
 * it.
 */
static bool retire_locked(struct inode *inode)
{
	struct super_block *super = inode->super;

	if (super->ops->keep_unused_inodes && inode->link_count > 0 &&
	    list_node_is_linked(&inode->table_node)) {
		list_add_tail(&super->unused_inodes, &inode->lru_node);
		super->unused_count++;
		return false;
	}
	atomic_fetch_or_explicit(&inode->state, INODE_FREEING, memory_order_relaxed);
	return true;
}

void inode_put(struct inode *inode)
{
	struct super_block *super = inode->super;
	int old = atomic_load_explicit(&inode->references.count, memory_order_relaxed);
	bool evict;

	while (likely(old > 1)) {
		if (atomic_compare_exchange_weak_explicit(&inode->references.count, &old, old - 1,
							  memory_order_release,
							  memory_order_relaxed))
			return;
	}
	spin_lock(&super->table_lock);
	evict = refcount_put(&inode->references) && retire_locked(inode);
	spin_unlock(&super->table_lock);
	if (!evict)
		return;
	inode_unlist_dirty(inode);
	inode_evict(inode);
}

/* ---- dirty ----------------------------------------------------------------------------------- */

void inode_mark_dirty(struct inode *inode, enum inode_dirty what)
{
	struct super_block *super = inode->super;
	bool is_first = false;
	irq_flags flags;

	if (!super->ops->inode_write)
		return;
	/*
	 * Full fence: the change that makes it dirty comes before the look at the bits; see
	 * inode_write_back.
	 */
	atomic_thread_fence(memory_order_seq_cst);
	if (((unsigned int)what & ~atomic_load_explicit(&inode->dirty, memory_order_relaxed)) == 0)
		return;
	flags = spin_lock_irq(&super->dirty_lock);
	if (!(inode->state & INODE_FREEING)) {
		is_first = !list_node_is_linked(&inode->dirty_node);
		atomic_fetch_or_explicit(&inode->dirty, what, memory_order_relaxed);
		if (is_first) {
			inode->dirtied_ns = clock_monotonic_ns();
			list_add_tail(&super->dirty_inodes, &inode->dirty_node);
		}
	}
	spin_unlock_irq(&super->dirty_lock, flags);
	if (is_first)
		writeback_kick();
}

/* Locks: dirty_lock. */
static unsigned int take_dirty(struct inode *inode)
{
	if (list_node_is_linked(&inode->dirty_node))
		list_remove(&inode->dirty_node);
	return atomic_exchange_explicit(&inode->dirty, 0, memory_order_relaxed);
}

unsigned int inode_unlist_dirty(struct inode *inode)
{
	struct super_block *super = inode->super;
	irq_flags flags = spin_lock_irq(&super->dirty_lock);
	unsigned int what = take_dirty(inode);

	spin_unlock_irq(&super->dirty_lock, flags);
	return what;
}

/* The same, and counted until end_writing(). */
static unsigned int begin_writing(struct inode *inode, unsigned int *epoch)
{
	struct super_block *super = inode->super;
	irq_flags flags = spin_lock_irq(&super->dirty_lock);
	unsigned int what = take_dirty(inode);

	*epoch = super->writing_epoch;
	super->writing[*epoch]++;
	spin_unlock_irq(&super->dirty_lock, flags);
	return what;
}

static void end_writing(struct super_block *super, unsigned int epoch)
{
	irq_flags flags = spin_lock_irq(&super->dirty_lock);
	bool is_last = --super->writing[epoch] == 0;
	bool is_awaited = epoch != super->writing_epoch;

	spin_unlock_irq(&super->dirty_lock, flags);
	if (is_last && is_awaited)
		wait_queue_wake_all(&writing_queue, 0);
}

static bool is_written(struct super_block *super, unsigned int epoch)
{
	irq_flags flags = spin_lock_irq(&super->dirty_lock);
	bool result = super->writing[epoch] == 0;

	spin_unlock_irq(&super->dirty_lock, flags);
	return result;
}

void super_wait_for_writers(struct super_block *super)
{
	unsigned int epoch;
	irq_flags flags;

	/* One at a time: the epoch to come has been waited for by the one before. */
	mutex_lock(&super->writing_mutex);
	flags = spin_lock_irq(&super->dirty_lock);
	epoch = super->writing_epoch;
	super->writing_epoch = 1 - epoch;
	spin_unlock_irq(&super->dirty_lock, flags);
	wait_event(&writing_queue, is_written(super, epoch));
	mutex_unlock(&super->writing_mutex);
}

/* Somebody at FREEZE_ALL. */
static int write_back(struct inode *inode, bool wait)
{
	const struct super_ops *ops = inode->super->ops;
	unsigned int epoch;
	unsigned int what = begin_writing(inode, &epoch);
	int error = 0, attribute_error = 0;

	/* Full fence: the bits are clear before the data are read; pairs with inode_mark_dirty. */
	atomic_thread_fence(memory_order_seq_cst);
	if (inode->cache.ops && inode->cache.ops->write) {
		error = page_cache_write_back(&inode->cache, 0, UINT32_MAX, wait);
		if (atomic_load_explicit(&inode->cache.dirty_count, memory_order_relaxed) > 0)
			inode_mark_dirty(inode, INODE_DIRTY_PAGES);
	}
	/*
	 * A write that leaves the times alone (inode_touch_written) marks nothing but the page, so
	 * it is asked for its size after the pages. Before the size is read: a later one marks
	 * again.
	 */
	if (atomic_exchange_explicit(&inode->cache.has_grown, false, memory_order_acq_rel))
		what |= INODE_DIRTY_ATTRIBUTES;
	if (ops->inode_write && (wait || (what & ~(unsigned int)INODE_DIRTY_PAGES))) {
		attribute_error = ops->inode_write(inode, wait);
		if (attribute_error == -ENOMEM)
			inode_mark_dirty(inode, INODE_DIRTY_ATTRIBUTES);
	}
	end_writing(inode->super, epoch);
	return error ? error : attribute_error;
}

/* While it is frozen there is nothing to be written but times, which stay dirty. */
int inode_write_back(struct inode *inode, bool wait)
{
	int error;

	if (unlikely(!freeze_try_enter(inode->super, FREEZE_ALL)))
		return 0;
	error = write_back(inode, wait);
	freeze_leave(inode->super, FREEZE_ALL);
	return error;
}

int inode_sync(struct inode *inode)
{
	const struct super_ops *ops = inode->super->ops;
	unsigned int tries = 0;
	int error, sync_error;

	if (unlikely(!freeze_enter_sync(inode->super)))
		return 0;
	/*
	 * Pages that were put off may wait for nothing but what sync_inode has just done: with a
	 * journal freed blocks can be used again after a commit.
	 */
	do {
		error = write_back(inode, true);
		sync_error = ops->sync_inode ? ops->sync_inode(inode) : 0;
	} while (error == -ENOMEM && ops->sync_inode && !sync_error && ++tries < SYNC_TRIES);
	freeze_leave(inode->super, FREEZE_ALL);
	return error ? error : sync_error;
}

/* The inode that is dirty longest, referenced, if that was before `limit_ns`; else NULL. */
static struct inode *get_dirty(struct super_block *super, uint64_t limit_ns)
{
	struct inode *inode;
	irq_flags flags;

	spin_lock(&super->table_lock);
	flags = spin_lock_irq(&super->dirty_lock);
	list_for_each_entry(inode, &super->dirty_inodes, dirty_node) {
		if (!(inode->state & INODE_FREEING)) /* who frees it writes it */
			break;
	}
	if (inode && inode->dirtied_ns > limit_ns)
		inode = NULL;
	spin_unlock_irq(&super->dirty_lock, flags);
	if (inode && refcount_read(&inode->references) == 0) {
		list_remove(&inode->lru_node);
		super->unused_count--;
		refcount_set(&inode->references, 1);
	} else if (inode) {
		inode_get(inode);
	}
	spin_unlock(&super->table_lock);
	return inode;
}

void inode_drop_dirty(struct super_block *super)
{
	irq_flags flags = spin_lock_irq(&super->dirty_lock);
	struct inode *inode;
	unsigned int count = 0;

	while ((inode = list_first_entry(&super->dirty_inodes, struct inode, dirty_node))) {
		(void)take_dirty(inode);
		count++;
	}
	spin_unlock_irq(&super->dirty_lock, flags);
	if (count)
		printk(LOG_ERROR, "%s: changes of %u files are lost", super->type->name, count);
}

int super_write_back_inodes(struct super_block *super, uint64_t age_ns, bool wait)
{
	uint64_t now = clock_monotonic_ns();
	uint64_t limit = now > age_ns ? now - age_ns : 0;
	struct inode *inode;
	int count = 0, error = 0;

	if (unlikely(!freeze_try_enter(super, FREEZE_ALL)))
		return 0;
	/* What becomes dirty again meanwhile goes to the end of the list with a later time. */
	while ((inode = get_dirty(super, limit))) {
		int inode_error = write_back(inode, wait);

		inode_put(inode);
		if (inode_error && !error)
			error = inode_error;
		count++;
	}
	freeze_leave(super, FREEZE_ALL);
	return error ? error : count;
}

/* ---- times ----------------------------------------------------------------------------------- */

static inline bool read_recent(struct time_stamp *out)
{
	return likely(clock_recent_read(&out->seconds, &out->nanoseconds));
}

void time_stamp_now(struct time_stamp *out)
{
	if (!read_recent(out))
		time_stamp_renew(out);
}

void time_stamp_renew(struct time_stamp *out)
{
	clock_recent_renew(&out->seconds, &out->nanoseconds);
}

int64_t time_stamp_recent_seconds(void)
{
	return clock_recent.seconds;	/* torn at worst, once in 136 years */
}

/*
 * The access time is kept the way Linux does by default ("relatime"): only if it is not later than
 * the last change, or a day old.
 */
static bool wants_access_time(const struct inode *inode, const struct time_stamp *now)
{
	return !time_stamp_is_later(&inode->accessed, &inode->modified) ||
	       !time_stamp_is_later(&inode->accessed, &inode->changed) ||
	       now->seconds - inode->accessed.seconds >= 24 * 60 * 60;
}

void inode_touch(struct inode *inode, bool accessed, bool modified, bool changed)
{
	struct time_stamp now;

	/* Who changes a file system that can be frozen is counted; the others only use it. */
	if (unlikely(freeze_level(inode->super) == FREEZE_ALL))
		return;
	spin_lock(&inode->state_lock);
	/* Under the lock: who takes it later gets no earlier time. */
	time_stamp_now(&now);
	if (accessed && !wants_access_time(inode, &now))
		accessed = false;
	if (accessed)
		inode->accessed = now;
	if (modified)
		inode->modified = now;
	if (changed)
		inode->changed = now;
	spin_unlock(&inode->state_lock);
	if (accessed || modified || changed)
		inode_mark_dirty(inode, INODE_DIRTY_TIMES);
}

static inline bool is_same(const struct time_stamp *a, const struct time_stamp *b)
{
	return a->nanoseconds == b->nanoseconds && a->seconds == b->seconds;
}

void inode_touch_written(struct inode *inode)
{
	struct time_stamp now;

	rwlock_assert_held_exclusive(&inode->lock);
	/*
	 * Who set these times marks the inode dirty, a write within the inode's lock; and if it has
	 * been written back since, then with them. The size that this write may have changed goes
	 * with its pages (inode_write_back).
	 */
	if (read_recent(&now) && is_same(&inode->modified, &now) && is_same(&inode->changed, &now))
		return;
	inode_touch(inode, false, true, true);
}

int inode_status(struct inode *inode, struct file_status *out)
{
	if (!inode_is_fresh(inode)) {
		int error = inode->ops->refresh(inode);

		if (error)
			return error;
	}
	inode_read_status(inode, out);
	return 0;
}

void inode_read_status(struct inode *inode, struct file_status *out)
{
	const struct super_block *super = inode->super;

	out->device = super->device_number;
	out->inode = inode->number;
	out->special_device = inode->device;
	out->link_count = atomic_load_explicit(&inode->link_count, memory_order_relaxed);
	out->block_size = super->block_size;
	out->size = inode_size(inode);
	out->mount_id = 0;
	out->attributes = 0;
	out->attributes_mask = 0;
	spin_lock_inline(&inode->state_lock);
	out->mode = inode->mode;
	out->uid = inode->uid;
	out->gid = inode->gid;
	out->blocks = inode->block_count;
	out->accessed = inode->accessed;
	out->modified = inode->modified;
	out->changed = inode->changed;
	out->born = inode->born;
	spin_unlock_inline(&inode->state_lock);
}
