/*
 * Freezing: a file system stands still, with a disk that can be copied, until it is thawed
 * (ioctl(FIFREEZE), FITHAW; fsfreeze).
 *
 * Idea. Whoever changes a file system counts himself, before he takes any lock, and looks whether
 * he may. Who freezes says no to those who come, waits for those who are there, writes everything
 * out, and lets the file system make of its disk what an unmount would leave. There are three kinds
 * of changers, and each waits for another reason, so they are held up one level after the other:
 *
 *	CHANGES	system calls: write, names, attributes. They may fault and evict inodes.
 *	FAULTS	write faults of shared mappings, inside reads or outside of all calls. When no
 *		system call and no fault changes anything, all is written; that takes the write
 *		permission from every page that is mapped, so the next write to it is a fault.
 *	ALL	what the kernel does by itself: writing back, and deleting files without names.
 *
 * The first two kinds sleep until the thaw; SIGKILL ends that, for nothing has begun. The third
 * never sleeps, because reclaim, sync(2) and exit(2) must go on: there is nothing to be written but
 * times of access, which stay dirty, and a file whose last use ends while its file system is
 * frozen is put off: its inode waits, FREEING, to be deleted by the thaw. Times of access are not
 * even noted then.
 *
 *	THAWED -> FREEZING	super_block_freeze	a reference is taken
 *	FREEZING -> FROZEN	finish			the disk is in order
 *	FREEZING -> THAWED	give_up			an error, a signal; only by who freezes
 *	FROZEN -> THAWED	super_block_thaw	the reference is put
 *
 * That reference keeps a frozen file system, and its device, when it is unmounted; as on Linux it
 * comes back frozen when it is mounted again. The end of the machine is no thaw: the disk is in
 * order.
 *
 * What is read-only holds up nobody while it is frozen, as on Linux: it has no changers but those
 * that get an error. But if it is so since an error was found, changes may still be under way that
 * began before, and written back later. So it is frozen like any other, and then the level falls;
 * that not everything can be written there was said when the error was found.
 *
 * Invariants.
 *  1. At level L nobody of levels up to L is inside, once drain() has returned.
 *  2. FROZEN: no page of it is dirty or being written, no entry of a shared mapping of its files
 *     has write permission, and the file system writes nothing. The level is FREEZE_ALL, or it was
 *     read-only before.
 *  3. An inode is on put_off only at FREEZE_ALL, or while a thaw is emptying the list.
 *
 * Locks. A file system's freeze mutex protects its state and level; a freeze begins with the mount
 * mutex as well, so that it does not meet a remount. Neither is held while changers are waited for.
 * The mutex is each file system's own because what is done under it writes to a device, and the
 * device may be a file of another file system that is frozen: that one must be thawed meanwhile.
 * An unmount writes with the mount mutex held; so that is taken only where nothing is frozen yet,
 * or who thaws would wait for who unmounts, and he for the thaw.
 * Being inside is a lock taken shared, as far as the lock checker knows: CHANGE before all others,
 * CHANGE_FAULT before those of the page cache; who waits for the changers of a level holds nothing.
 *
 * Not done. A count for each CPU: the one count is touched by those who write to one file system,
 * and they meet at its bitmaps and its journal anyway.
 */
#include "vfs/freeze.h"

#include "core/assert.h"
#include "sched/mutex.h"
#include "sched/wait_queue.h"
#include "vfs/internal.h"
#include "vm/writeback.h"

static struct wait_queue thaw_queue;	/* changers, for a level to fall */
static struct wait_queue drain_queue;	/* freezers, for a count to be 0 */

/* ---- changers -------------------------------------------------------------------------------- */

int freeze_wait(struct super_block *super, enum freeze_level level)
{
	do {
		if (wait_event_killable(&thaw_queue, freeze_level(super) < level))
			return -EINTR;
	} while (!freeze_try_enter(super, level));
	return 0;
}

void freeze_wake(void)
{
	wait_queue_wake_all(&drain_queue, 0);
}

/* What is read-only may have an error to tell of what was not written: its freeze is waited for. */
bool freeze_enter_sync(struct super_block *super)
{
	while (unlikely(!freeze_try_enter(super, FREEZE_ALL))) {
		if (!atomic_load_explicit(&super->freezes_briefly, memory_order_relaxed))
			return false;
		wait_event(&thaw_queue, freeze_level(super) < FREEZE_ALL);
	}
	return true;
}

bool freeze_puts_off_deletion(struct inode *inode)
{
	struct super_block *super = inode->super;
	bool is_put_off;

	spin_lock(&super->table_lock);
	/* The level falls under this lock: then the list is still to be emptied. */
	is_put_off = freeze_level(super) == FREEZE_ALL;
	if (is_put_off)
		list_add_tail(&super->put_off, &inode->lru_node);
	spin_unlock(&super->table_lock);
	return is_put_off;
}

/* ---- freezing -------------------------------------------------------------------------------- */

/* By who freezes, or with the mutex held. */
static void set_level(struct super_block *super, enum freeze_level level)
{
	spin_lock(&super->table_lock);
	atomic_store_explicit(&super->freeze_level, level, memory_order_seq_cst);
	spin_unlock(&super->table_lock);
}

/* Mutex held. Everybody may go on. */
static void open_all(struct super_block *super)
{
	mutex_assert_held(&super->freeze_mutex);
	super->freeze_state = THAWED;
	set_level(super, FREEZE_NOTHING);
	wait_queue_wake_all(&thaw_queue, 0);
	writeback_kick();	/* what became dirty meanwhile was passed over */
}

/* *read_only: it is, and stays so. Errors: -EBUSY. */
static int begin(struct super_block *super, bool *read_only)
{
	int error = -EBUSY;

	mutex_lock(&super->freeze_mutex);
	if (super->freeze_state == THAWED) { /* and stays so */
		mutex_lock(&mount_mutex);
		*read_only = super->read_only;
		/* Relaxed: the level, which others see first, is set after it. */
		atomic_store_explicit(&super->freezes_briefly, *read_only, memory_order_relaxed);
		super->freeze_state = FREEZING;
		refcount_get(&super->references);
		mutex_unlock(&mount_mutex);
		error = 0;
	}
	mutex_unlock(&super->freeze_mutex);
	return error;
}

static bool is_drained(struct super_block *super, enum freeze_level level)
{
	return atomic_load_explicit(&super->changers[level], memory_order_seq_cst) == 0;
}

/* Nobody enters at `level` any more, and nobody is inside. Errors: -EINTR (killed). */
static int drain(struct super_block *super, enum freeze_level level)
{
	assert(super->freeze_state == FREEZING);
	set_level(super, level);
	return wait_event_killable(&drain_queue, is_drained(super, level)) ? -EINTR : 0;
}

/* What was put off is deleted now, unless somebody freezes again. */
static void delete_put_off(struct super_block *super)
{
	struct inode *inode;

	do {
		spin_lock(&super->table_lock);
		inode = freeze_level(super) == FREEZE_ALL
				? NULL
				: list_pop_head_entry(&super->put_off, struct inode, lru_node);
		spin_unlock(&super->table_lock);
		if (inode)
			inode_delete_and_free(inode);
	} while (inode);
}

/* Everything is written, as far as that goes if it was `read_only` before. */
static int write_all(struct super_block *super, bool read_only)
{
	unsigned int what = read_only ? INODE_DIRTY_PAGES :
					INODE_DIRTY_PAGES | INODE_DIRTY_ATTRIBUTES;
	int error = super_block_write_all(super, what);

	return read_only && error != -ENOMEM ? 0 : error;
}

/* Nobody is inside: the disk is brought into order. */
static int finish(struct super_block *super, bool read_only)
{
	int error;

	mutex_lock(&super->freeze_mutex);
	error = super->ops->freeze(super);
	if (!error || read_only) {
		super->freeze_state = FROZEN;
		error = 0;
	}
	if (read_only) {
		set_level(super, FREEZE_NOTHING);
		wait_queue_wake_all(&thaw_queue, 0);
	}
	mutex_unlock(&super->freeze_mutex);
	if (read_only)
		delete_put_off(super);
	return error;
}

/* It is not frozen any more: the reference that kept it goes, which is not the last. */
static void release(struct super_block *super)
{
	delete_put_off(super);
	mutex_lock(&mount_mutex);
	super_block_put(super);
	mutex_unlock(&mount_mutex);
}

static void give_up(struct super_block *super)
{
	mutex_lock(&super->freeze_mutex);
	open_all(super);
	mutex_unlock(&super->freeze_mutex);
	release(super);
}

int super_block_freeze(struct super_block *super)
{
	bool read_only = false;
	int error;

	if (!super->can_freeze)
		return -EOPNOTSUPP;
	error = begin(super, &read_only);
	if (error)
		return error;
	error = drain(super, FREEZE_CHANGES);
	if (!error)
		error = drain(super, FREEZE_FAULTS);
	if (!error)
		error = write_all(super, read_only);
	if (!error)
		error = drain(super, FREEZE_ALL);
	if (!error)
		error = finish(super, read_only);
	if (error)
		give_up(super);
	return error;
}

/* ---- thawing --------------------------------------------------------------------------------- */

int super_block_thaw(struct super_block *super)
{
	bool is_frozen;

	mutex_lock(&super->freeze_mutex);
	is_frozen = super->freeze_state == FROZEN;
	if (is_frozen) {
		if (freeze_level(super) == FREEZE_ALL) /* not read-only */
			super->ops->thaw(super);
		open_all(super);
	}
	mutex_unlock(&super->freeze_mutex);
	if (!is_frozen)
		return -EINVAL;
	release(super);
	return 0;
}

void freeze_init(void)
{
	wait_queue_init(&thaw_queue);
	wait_queue_init(&drain_queue);
}
