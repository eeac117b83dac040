/*
 * Orphans: files that have lost their last name but are still in use, and files that are being cut
 * over several transactions. The disk lists them, from the superblock on through a field that
 * inodes otherwise use for the time of their deletion; whoever mounts after a power cut finishes
 * what was begun. Only with a journal: without one nothing makes the list agree with the rest.
 *
 * In memory the list has the same order. A file is on it from the transaction that makes it an
 * orphan to the one that makes it none.
 *
 * Locks: orphan_lock covers the list, in memory and on the disk. The field is changed under the
 * inode's map_lock as well, like the rest of an inode on the disk.
 */
#include "fs/ext2/internal.h"

#include "core/assert.h"
#include "core/printk.h"
#include "uapi/linux/errno.h"

static uint32_t number_of(const struct ext2_inode *inode)
{
	return inode ? (uint32_t)inode->vfs.number : 0;
}

/* The inode after `inode` on the disk's list is `next`. */
static void set_next(struct ext2_transaction *transaction, struct ext2_inode *inode,
		     struct ext2_buffer *buffer, uint32_t next)
{
	mutex_lock(&inode->map_lock);
	ext2_inode_on_disk(inode, buffer)->deleted = next;
	mutex_unlock(&inode->map_lock);
	ext2_metadata_dirty(transaction, buffer);
	ext2_note_transaction(transaction, inode);
}

static void set_first(struct ext2_transaction *transaction, uint32_t number)
{
	struct ext2 *fs = transaction->fs;

	mutex_lock(&fs->bitmap_lock);
	fs->disk_super->last_orphan = number;
	ext2_metadata_dirty(transaction, &fs->super_buffer);
	mutex_unlock(&fs->bitmap_lock);
}

int ext2_orphan_add(struct ext2_transaction *transaction, struct ext2_inode *inode)
{
	struct ext2 *fs = transaction->fs;
	struct ext2_buffer buffer;
	int error;

	if (!fs->journal)
		return 0;
	error = ext2_inode_hold(inode, &buffer);
	if (error)
		return error;
	mutex_lock(&fs->orphan_lock);
	if (!list_node_is_linked(&inode->orphan_node)) {
		struct ext2_inode *first =
			list_first_entry(&fs->orphans, struct ext2_inode, orphan_node);

		set_next(transaction, inode, &buffer, number_of(first));
		set_first(transaction, (uint32_t)inode->vfs.number);
		list_add_head(&fs->orphans, &inode->orphan_node);
	}
	mutex_unlock(&fs->orphan_lock);
	ext2_metadata_put(&buffer);
	return 0;
}

/* Off the list; `buffer` holds the inode before it, if there is one. Locks: orphan_lock. */
static void unlink_orphan(struct ext2_transaction *transaction, struct ext2_inode *inode,
			  struct ext2_inode *previous, struct ext2_buffer *buffer)
{
	struct ext2 *fs = transaction->fs;
	struct ext2_inode *after = list_next_entry(&fs->orphans, inode, orphan_node);
	uint32_t next = after ? number_of(after) : inode->next_orphan;

	if (previous)
		set_next(transaction, previous, buffer, next);
	else
		set_first(transaction, next);
	list_remove(&inode->orphan_node);
}

int ext2_orphan_remove(struct ext2_transaction *transaction, struct ext2_inode *inode)
{
	struct ext2 *fs = transaction->fs;
	struct ext2_buffer own, other = { .frame = NULL };
	struct ext2_inode *previous;
	int error;

	if (!fs->journal)
		return 0;
	error = ext2_inode_hold(inode, &own);
	if (error)
		return error;
	mutex_lock(&fs->orphan_lock);
	if (!list_node_is_linked(&inode->orphan_node))
		goto unlock;
	previous = list_previous_entry(&fs->orphans, inode, orphan_node);
	if (previous)
		error = ext2_inode_hold(previous, &other);
	if (error)
		goto unlock;
	unlink_orphan(transaction, inode, previous, &other);
	set_next(transaction, inode, &own, 0);
	if (previous)
		ext2_metadata_put(&other);
unlock:
	mutex_unlock(&fs->orphan_lock);
	ext2_metadata_put(&own);
	return error;
}

void ext2_orphan_forget(struct ext2_inode *inode)
{
	struct ext2 *fs = ext2_of(inode->vfs.super);

	mutex_lock(&fs->orphan_lock);
	if (list_node_is_linked(&inode->orphan_node))
		list_remove(&inode->orphan_node);
	mutex_unlock(&fs->orphan_lock);
}

/* Finish the first of the disk's list. Errors: -EIO, -ENOMEM. */
static int finish_one(struct ext2 *fs, uint32_t number)
{
	struct inode *vfs_inode;
	struct ext2_inode *inode;
	struct ext2_buffer buffer;
	bool has_name;
	int error = inode_get_by_number(fs->super, number, &vfs_inode);

	if (error)
		return error;
	inode = ext2_inode_of(vfs_inode);
	has_name = atomic_load_explicit(&vfs_inode->link_count, memory_order_relaxed) > 0;
	if (has_name && !inode_is(vfs_inode, MODE_REGULAR)) {
		ext2_report(fs, "inode %u of the list of orphans is no file to be cut", number);
		error = -EIO;
		goto put_inode;
	}
	if (list_node_is_linked(&inode->orphan_node)) {
		ext2_report(fs, "the list of orphans has a loop at inode %u", number);
		error = -EIO;
		goto put_inode;
	}
	error = ext2_inode_hold(inode, &buffer);
	if (error)
		goto put_inode;
	/* It is the first on the disk's list, and alone on ours. */
	inode->next_orphan = ext2_inode_on_disk(inode, &buffer)->deleted;
	ext2_metadata_put(&buffer);
	mutex_lock(&fs->orphan_lock);
	list_add_tail(&fs->orphans, &inode->orphan_node);
	mutex_unlock(&fs->orphan_lock);
	/* Without a name it is deleted when we let go of it. With one, it was being cut. */
	if (has_name) {
		rwlock_write_lock(&vfs_inode->lock);
		error = ext2_truncate_blocks(inode);
		rwlock_write_unlock(&vfs_inode->lock);
	}
put_inode:
	inode_put(vfs_inode);
	return error;
}

int ext2_orphan_finish_all(struct ext2 *fs)
{
	uint32_t number = fs->disk_super->last_orphan, count = 0;
	int error = 0;

	fs->takes_orphans = true;
	while (number != 0 && !error) {
		/* Each is off the disk's list before the next is looked at, so it gets shorter. */
		error = count++ < fs->inode_count ? finish_one(fs, number) : -EIO;
		if (!error && fs->disk_super->last_orphan == number)
			error = -EIO;
		number = fs->disk_super->last_orphan;
	}
	fs->takes_orphans = false;
	if (count)
		printk(LOG_INFO, "ext2 %s: finished %u files that were being deleted or cut",
		       fs->device->name, count);
	if (error && error != -ENOMEM)
		ext2_report(fs, "its list of orphans is wrong: error %d", -error);
	return error;
}
