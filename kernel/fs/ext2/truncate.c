/*
 * Giving a file's blocks back: truncation, and deletion, which is truncation to nothing.
 *
 * First the pages go (vfs, page_cache_truncate), so that nothing writes to the blocks any more.
 * Then the promises beyond the new end, and the blocks, in steps: each is a transaction of its own
 * that frees as much as its credits allow, so that a file of any size can be cut with a journal of
 * any size. Between steps the map is right, only longer than the file; a file being cut is an
 * orphan (orphan.c) meanwhile, and whoever mounts after a power cut goes on where we were.
 *
 * A step walks down from the roots, past what earlier steps have made holes of. Runs of blocks that
 * lie together are freed with one visit of their bitmap, and become holes only after that, so that
 * an error leaves everything as it was. An indirect block of which nothing is left goes as well.
 *
 * A tree that is wrong (a number freed twice, or not usable) ends the work with an error: what is
 * left is e2fsck's. That also bounds the work on trees with loops.
 */
#include "fs/ext2/internal.h"

#include "core/assert.h"
#include "lib/min_max.h"
#include "sched/clock.h"
#include "sched/thread.h"
#include "uapi/linux/errno.h"

enum {
	STEP_CREDITS = 64,	/* blocks that one step may change */
	/* what is kept of them for the way back up: indirect blocks, the inode, the orphans */
	STEP_RESERVE = 14,
	STEP_RUNS = 256,	/* runs that one step frees: map_lock is held meanwhile */
	FORGET_RUN = 8,		/* blocks of metadata in one run */
	MEMORY_WAIT_NS = 10000000,
};

enum step_result { STEP_DONE = 0, STEP_AGAIN = 1 };	/* or an error, below 0 */

/* One step's work. */
struct freeing {
	struct ext2_transaction *transaction;
	struct ext2_inode *inode;
	bool is_metadata;	/* the file's own blocks are: a directory's, a link's */
	unsigned int runs;	/* freed so far */
};

static bool is_exhausted(const struct freeing *freeing)
{
	return freeing->runs >= STEP_RUNS ||
	       ext2_transaction_credits(freeing->transaction) < STEP_RESERVE + FORGET_RUN;
}

/* Free blocks of one group. Errors: -EIO, -ENOMEM: nothing has changed. */
static int free_run(struct freeing *freeing, uint32_t start, uint32_t count, bool is_metadata)
{
	struct ext2_transaction *transaction = freeing->transaction;
	struct ext2_buffer bitmap;
	int error = ext2_bitmap_hold(transaction->fs, start, &bitmap);

	if (error)
		return error;
	for (uint32_t i = 0; i < count && is_metadata; i++)
		ext2_metadata_forget(transaction, start + i);
	error = ext2_blocks_free(transaction, start, count);
	ext2_metadata_put(&bitmap);
	if (error)
		return error;
	freeing->runs++;
	ext2_count_blocks(freeing->inode, -(int32_t)count);
	return 0;
}

/* How many of `entries` lie side by side on the disk, in one group. */
static uint32_t count_run(const struct freeing *freeing, const uint32_t *entries, uint32_t limit)
{
	const struct ext2 *fs = freeing->transaction->fs;
	uint32_t start = entries[0], count = 1;

	if (start < fs->first_data_block || start >= fs->block_count)
		return 1;
	limit = min(limit, ext2_group_start(fs, ext2_group_of_block(fs, start)) +
				   fs->blocks_per_group - start);
	if (freeing->is_metadata)
		limit = min_t(uint32_t, limit, FORGET_RUN);
	while (count < limit && entries[count] == start + count)
		count++;
	return count;
}

/* Free the blocks that entries[first, end) name, making holes of them. */
static int free_entries(struct freeing *freeing, uint32_t *entries, uint32_t first, uint32_t end)
{
	uint32_t i = first;

	while (i < end) {
		uint32_t count;
		int error;

		if (entries[i] == EXT2_HOLE) {
			i++;
			continue;
		}
		if (is_exhausted(freeing))
			return STEP_AGAIN;
		count = count_run(freeing, entries + i, end - i);
		error = free_run(freeing, entries[i], count, freeing->is_metadata);
		if (error)
			return error;
		memset(entries + i, 0, count * sizeof(*entries));
		i += count;
	}
	return STEP_DONE;
}

/*
 * Free what the tree at *root, `levels` (1 to EXT2_TREE_COUNT) high, holds from its block `first`
 * on; all of it, the root too, if `first` is 0. Calls itself at most EXT2_TREE_COUNT deep.
 */
static int free_tree(struct freeing *freeing, uint32_t *root, unsigned int levels, uint64_t first)
{
	struct ext2 *fs = freeing->transaction->fs;
	unsigned int shift = fs->block_shift - 2;
	uint32_t end = 1u << shift, block = *root;
	uint64_t below = 1ull << ((levels - 1) * shift);	/* file blocks under one entry */
	uint32_t index = (uint32_t)(first >> ((levels - 1) * shift));
	struct ext2_buffer buffer;
	uint32_t *entries;
	bool is_empty;
	int result;

	if (block == EXT2_HOLE)
		return STEP_DONE;
	if (is_exhausted(freeing))
		return STEP_AGAIN;
	if (!ext2_blocks_are_usable(fs, block, 1)) {
		ext2_report(fs, "inode %u: bad indirect block %u",
			    (uint32_t)freeing->inode->vfs.number, block);
		return -EIO;
	}
	result = ext2_metadata_get(fs, block, &buffer);
	if (result)
		return result;
	entries = buffer.data;
	if (levels == 1) {
		result = free_entries(freeing, entries, index, end);
	} else {
		uint64_t inside = first & (below - 1);

		for (; index < end && !result; index++, inside = 0)
			result = free_tree(freeing, &entries[index], levels - 1, inside);
	}
	is_empty = first == 0 && !result;
	if (is_empty)
		result = free_run(freeing, block, 1, true);
	if (is_empty && !result)
		*root = EXT2_HOLE;
	else
		ext2_metadata_dirty(freeing->transaction, &buffer);
	ext2_metadata_put(&buffer);
	return result;
}

/* One step from file block `first` on. Locks: map_lock. */
static int free_step(struct freeing *freeing, uint64_t first)
{
	unsigned int shift = freeing->transaction->fs->block_shift - 2;
	struct ext2_inode *inode = freeing->inode;
	uint64_t tree_start = EXT2_DIRECT_COUNT;
	int result = STEP_DONE;

	ext2_map_forget(inode);
	ext2_promise_cut(inode, (uint32_t)min_t(uint64_t, first, UINT32_MAX), UINT32_MAX, false);
	if (first < EXT2_DIRECT_COUNT)
		result = free_entries(freeing, inode->roots, (uint32_t)first, EXT2_DIRECT_COUNT);
	for (unsigned int i = 0; i < EXT2_TREE_COUNT && !result; i++) {
		uint64_t span = 1ull << ((i + 1) * shift);

		if (first < tree_start + span)
			result = free_tree(freeing, &inode->roots[EXT2_DIRECT_COUNT + i], i + 1,
					   first > tree_start ? first - tree_start : 0);
		tree_start += span;
	}
	ext2_map_forget(inode);
	return result;
}

/* One step as a transaction; in the last one the file stops being an orphan, if it has a name. */
static int run_step(struct ext2_inode *inode, uint64_t first)
{
	struct ext2 *fs = ext2_of(inode->vfs.super);
	struct ext2_transaction transaction;
	struct freeing freeing = {
		.transaction = &transaction, .inode = inode,
		.is_metadata = !inode_is(&inode->vfs, MODE_REGULAR),
	};
	struct ext2_buffer held;
	int result = ext2_transaction_begin(&transaction, fs, STEP_CREDITS);

	if (result)
		return result;
	result = ext2_inode_hold(inode, &held);
	if (result)
		goto end;
	mutex_lock(&inode->map_lock);
	result = free_step(&freeing, first);
	mutex_unlock(&inode->map_lock);
	if (result == STEP_DONE &&
	    atomic_load_explicit(&inode->vfs.link_count, memory_order_relaxed) > 0)
		result = ext2_orphan_remove(&transaction, inode);
	(void)!ext2_inode_store(&transaction, inode);
	ext2_metadata_put(&held);
end:
	ext2_transaction_end(&transaction);
	return result;
}

/* Free everything from file block `first` on. */
static int free_from(struct ext2_inode *inode, uint64_t first)
{
	int result;

	do
		result = run_step(inode, first);
	while (result == STEP_AGAIN);
	return result;
}

/* Has it blocks, or promises? Most files that die young have none. */
static bool has_any_block(struct ext2_inode *inode)
{
	uint32_t any;

	mutex_lock(&inode->map_lock);
	any = inode->promised_blocks;
	for (unsigned int i = 0; i < EXT2_ROOT_COUNT; i++)
		any |= inode->roots[i];
	mutex_unlock(&inode->map_lock);
	return any != 0;
}

int ext2_free_all_blocks(struct ext2_inode *inode)
{
	return has_any_block(inode) ? free_from(inode, 0) : 0;
}

int ext2_truncate_blocks(struct ext2_inode *inode)
{
	rwlock_assert_held_exclusive(&inode->vfs.lock);
	return free_from(inode, ext2_block_count_of(ext2_of(inode->vfs.super),
						    inode_size(&inode->vfs)));
}

/* The file is about to be cut: if the power goes in the middle, somebody has to finish that. */
static int begin_cut(struct ext2_inode *inode)
{
	struct ext2_transaction transaction;
	int error = ext2_transaction_begin(&transaction, ext2_of(inode->vfs.super), 4);

	if (error)
		return error;
	error = ext2_orphan_add(&transaction, inode);
	ext2_transaction_end(&transaction);
	return error;
}

void ext2_wait_for_memory(void)
{
	thread_prepare_sleep(THREAD_SLEEPING);
	(void)thread_sleep_until(clock_monotonic_ns() + MEMORY_WAIT_NS);
}

int ext2_truncate(struct inode *vfs_inode, uint64_t size)
{
	struct ext2_inode *inode = ext2_inode_of(vfs_inode);
	struct ext2 *fs = ext2_of(vfs_inode->super);
	uint64_t old_size = inode_size(vfs_inode);
	bool frees;
	int error;

	rwlock_assert_held_exclusive(&vfs_inode->lock);
	if (!inode_is(vfs_inode, MODE_REGULAR))
		return -EINVAL;
	if (size > vfs_inode->super->max_file_size)
		return -EFBIG;
	if (size == old_size)
		return 0;
	if (unlikely(!atomic_load_explicit(&fs->may_change, memory_order_relaxed)))
		return -EROFS;
	frees = size < old_size && has_any_block(inode);
	error = frees ? begin_cut(inode) : 0;
	if (error)
		return error;
	page_cache_truncate(&vfs_inode->cache, size);
	/* What it grows by reaches the disk after what is dirty before that (file.c). */
	mutex_lock(&inode->map_lock);
	inode->disk_size = min(inode->disk_size, size);
	mutex_unlock(&inode->map_lock);
	/*
	 * The file is cut: what it held must not come back when it grows again, so its blocks
	 * wait for memory.
	 */
	while (frees && (error = ext2_truncate_blocks(inode)) == -ENOMEM)
		ext2_wait_for_memory();
	if (error && error != -EROFS)
		ext2_report(fs, "inode %u cannot be cut: error %d", (uint32_t)vfs_inode->number,
			    -error);
	/*
	 * As on Linux a later fsync commits what went before, also if the size is by then what it
	 * was again, so that the inode has nothing new to be stored. Under map_lock, as who writes
	 * back does it: nobody puts an older number over a newer one.
	 */
	if (fs->journal) {
		mutex_lock(&inode->map_lock);
		atomic_store_explicit(&inode->tid, journal_last_tid(fs->journal),
				      memory_order_relaxed);
		mutex_unlock(&inode->map_lock);
	}
	inode_mark_dirty(vfs_inode, INODE_DIRTY_ATTRIBUTES);
	return error;
}
