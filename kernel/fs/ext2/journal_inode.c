/*
 * Where the journal is, and replaying it at mount.
 *
 * The journal is a file without a name, by custom inode 8. Its blocks never change, so they are
 * looked up once, and from then on the journal is a list of runs on the device, of which
 * fs/journal/ knows nothing more.
 *
 * RECOVER in the superblock says that the log may hold what is not in its place. It is set before
 * the log is written to and taken away after everything is in its place, so it is there whenever it
 * is needed. A device that cannot be written cannot be replayed, and what lies beside the log is
 * not to be trusted then, so it is not mounted; Linux does the same.
 *
 * A journal on a device of its own is refused: we would not know whether that device is the right
 * one.
 */
#include "fs/ext2/internal.h"

#include "core/printk.h"
#include "mem/kmalloc.h"
#include "uapi/linux/errno.h"

#define RUN_COUNT_MAX 4096u	/* a journal in more pieces than that is not believed */

static int refuse(const struct ext2 *fs, const char *why, int error)
{
	printk(LOG_ERROR, "ext2 %s: cannot mount: %s", fs->device->name, why);
	return error;
}

/* Runs of a journal as they are found. */
struct found {
	struct journal_run *runs;
	unsigned int count, capacity;
};

/* Errors: -ENOMEM, -EINVAL. */
static int add_run(struct found *found, const struct ext2_run *run)
{
	struct journal_run *last = found->count ? &found->runs[found->count - 1] : NULL;

	if (last && last->disk + last->count == run->physical) {
		last->count += run->count;
		return 0;
	}
	if (found->count == RUN_COUNT_MAX)
		return -EINVAL;
	if (found->count == found->capacity) {
		unsigned int capacity = found->capacity ? 2 * found->capacity : 16;
		struct journal_run *larger = kmalloc_array(capacity, sizeof(*larger), 0);

		if (!larger)
			return -ENOMEM;
		if (found->count)
			memcpy(larger, found->runs, found->count * sizeof(*larger));
		kfree(found->runs);
		found->runs = larger;
		found->capacity = capacity;
	}
	found->runs[found->count++] = (struct journal_run){
		.log = run->logical, .disk = run->physical, .count = run->count,
	};
	return 0;
}

static int find_runs(struct ext2_inode *inode, struct found *found)
{
	struct ext2 *fs = ext2_of(inode->vfs.super);
	uint64_t end = inode_size(&inode->vfs) >> fs->block_shift;
	struct ext2_run run;
	int error = 0;

	if (!inode_is(&inode->vfs, MODE_REGULAR) || end > fs->block_count)
		return refuse(fs, "its journal is no file", -EINVAL);
	mutex_lock(&inode->map_lock);
	for (uint32_t logical = 0; logical < end && !error; logical += run.count) {
		error = ext2_map_find(inode, logical, (uint32_t)end - logical, &run);
		if (!error && run.physical == EXT2_HOLE)
			error = refuse(fs, "its journal has holes", -EINVAL);
		if (!error)
			error = add_run(found, &run);
	}
	mutex_unlock(&inode->map_lock);
	return error;
}

/* Read the journal's inode, which is not kept. Errors: -EINVAL, -EIO, -ENOMEM. */
static int locate(struct ext2 *fs, struct found *found)
{
	uint32_t number = fs->disk_super->journal_inode;
	struct inode *inode;
	int error;

	if (fs->disk_super->journal_device || number == 0)
		return refuse(fs, "its journal is on another device", -EINVAL);
	if (number == EXT2_ROOT_INODE)
		return refuse(fs, "its journal is its root", -EINVAL);
	fs->takes_journal = true;
	error = inode_get_by_number(fs->super, number, &inode);
	fs->takes_journal = false;
	if (error)
		return error;
	error = find_runs(ext2_inode_of(inode), found);
	inode_put(inode);
	inode_drop_unused(fs->super);
	return error;
}

/* ---- what the journal tells us ---- */

static void journal_failed(void *private, const char *what, int error)
{
	struct ext2 *fs = private;

	ext2_report(fs, "its journal has failed: %s: error %d", what, -error);
}

static void journal_committed(void *private, uint32_t tid)
{
	ext2_freed_release(private, tid);
}

/* An earlier mount met an error: the superblock is to say so until e2fsck has looked. */
static void take_over_error(struct ext2 *fs)
{
	int error = journal_recorded_error(fs->journal);

	if (error == 0)
		return;
	printk(LOG_WARNING, "ext2 %s: an error, %d, stopped it last time; run e2fsck",
	       fs->device->name, error);
	fs->disk_super->state |= EXT2_STATE_ERROR;
	fs->state_at_mount = fs->disk_super->state;
}

static int replay(struct ext2 *fs)
{
	int error;

	if (block_device_is_read_only(fs->device))
		return refuse(fs, "its journal must be replayed, and its device is read-only",
			      -EROFS);
	error = journal_replay(fs->journal);
	if (!error)
		take_over_error(fs);
	return error;
}

int ext2_journal_load(struct ext2 *fs)
{
	const struct ext2_superblock *super = fs->disk_super;
	bool has_journal = super->revision > 0 &&
			   super->features_compatible & EXT2_COMPAT_HAS_JOURNAL;
	bool needs_replay = super->revision > 0 &&
			    super->features_incompatible & EXT2_INCOMPAT_RECOVER;
	const struct journal_owner owner = {
		.device = fs->device, .block_shift = fs->block_shift,
		.device_blocks = fs->block_count,
		.failed = journal_failed, .committed = journal_committed, .private = fs,
	};
	struct found found = { .runs = NULL };
	int error;

	if (!has_journal)
		return needs_replay ? refuse(fs, "it wants a replay, but has no journal", -EINVAL) :
				      0;
	error = locate(fs, &found);
	if (!error)
		error = journal_open(&owner, found.runs, found.count, &fs->journal);
	kfree(found.runs);
	if (error) {
		fs->journal = NULL;
		return error;
	}
	/* A log that the superblock does not know of is older than the superblock: it is void. */
	if (needs_replay && journal_is_dirty(fs->journal))
		error = replay(fs);
	else
		journal_discard(fs->journal);
	if (error)
		return error;
	fs->masked_bits = kmalloc(fs->block_size, 0);
	return fs->masked_bits ? 0 : -ENOMEM;
}
