/*
 * Giving a file's blocks back: truncation, and deletion, which is truncation to nothing.
 *
 * First the pages go (vfs, page_cache_truncate), so that nothing writes to the blocks any more.
 * Then the promises beyond the new end, and the trees: whole ones are taken off the inode under
 * map_lock, and are then nobody's but ours; the one that the new end cuts through keeps its left
 * side. While we free its right side without map_lock, writers to the left of it may use the same
 * indirect blocks, but other entries of them. Remembered runs are forgotten before and after,
 * because one found in between may reach into what is being freed; nobody asks for that part before
 * the file has grown again, for which the inode's lock is needed, which we hold.
 *
 * Freed numbers are gathered into runs, so that a contiguous file costs one visit of a bitmap for
 * each stretch. A tree that is wrong (a number freed twice, or not usable) ends the work with an
 * error: what is left is e2fsck's. That also bounds the work on trees with loops.
 */
#include "fs/ext2/internal.h"

#include "core/assert.h"
#include "lib/min_max.h"
#include "uapi/linux/errno.h"

/* Freed blocks being gathered. */
struct freeing {
	struct ext2_transaction *transaction;
	struct ext2_inode *inode;
	bool is_metadata;	/* the file's own blocks are: a directory's, a link's */
	uint32_t start, count;
};

static int flush(struct freeing *freeing)
{
	uint32_t count = freeing->count;
	int error;

	if (count == 0)
		return 0;
	freeing->count = 0;
	error = ext2_blocks_free(freeing->transaction, freeing->start, count);
	if (!error)
		ext2_count_blocks(freeing->inode, -(int32_t)count);
	return error;
}

static int free_block(struct freeing *freeing, uint32_t block)
{
	int error = 0;

	if (freeing->count && block == freeing->start + freeing->count) {
		freeing->count++;
		return 0;
	}
	/* Trees list blocks upwards; what is found going down (old files) is gathered, too. */
	if (freeing->count && block + 1 == freeing->start) {
		freeing->start--;
		freeing->count++;
		return 0;
	}
	error = flush(freeing);
	freeing->start = block;
	freeing->count = 1;
	return error;
}

/* Free data block numbers entries[first, end), making holes of them. */
static int free_entries(struct freeing *freeing, uint32_t *entries, uint32_t first, uint32_t end)
{
	for (uint32_t i = first; i < end; i++) {
		uint32_t block = entries[i];
		int error;

		if (block == EXT2_HOLE)
			continue;
		entries[i] = EXT2_HOLE;
		if (freeing->is_metadata && block < freeing->transaction->fs->block_count)
			ext2_metadata_forget(freeing->transaction, block);
		error = free_block(freeing, block);
		if (error)
			return error;
	}
	return 0;
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
	int error;

	if (block == EXT2_HOLE)
		return 0;
	if (!ext2_blocks_are_usable(fs, block, 1)) {
		ext2_report(fs, "inode %u: bad indirect block %u",
			    (uint32_t)freeing->inode->vfs.number, block);
		return -EIO;
	}
	error = ext2_metadata_get(fs, block, &buffer);
	if (error)
		return error;
	entries = buffer.data;
	if (levels == 1) {
		error = free_entries(freeing, entries, index, end);
	} else {
		uint64_t inside = first & (below - 1);

		for (; index < end && !error; index++, inside = 0)
			error = free_tree(freeing, &entries[index], levels - 1, inside);
	}
	if (first > 0 || error)
		ext2_metadata_dirty(freeing->transaction, &buffer);
	ext2_metadata_put(&buffer);
	if (first > 0 || error)
		return error;
	*root = EXT2_HOLE;
	ext2_metadata_forget(freeing->transaction, block);
	return free_block(freeing, block);
}

/* Free everything from file block `first` on. */
static int free_from(struct ext2_transaction *transaction, struct ext2_inode *inode,
		     uint64_t first)
{
	unsigned int shift = transaction->fs->block_shift - 2;
	struct freeing freeing = {
		.transaction = transaction, .inode = inode,
		.is_metadata = !inode_is(&inode->vfs, MODE_REGULAR),
	};
	uint32_t direct[EXT2_DIRECT_COUNT] = { 0 }, roots[EXT2_TREE_COUNT] = { 0 };
	uint64_t tree_start = EXT2_DIRECT_COUNT;
	int error = 0, flush_error;

	/* Take off what goes as a whole; `roots` that stay in the inode are those cut through. */
	mutex_lock(&inode->map_lock);
	ext2_map_forget(inode);
	ext2_promise_cut(inode, (uint32_t)min_t(uint64_t, first, UINT32_MAX), UINT32_MAX, false);
	for (uint64_t i = first; i < EXT2_DIRECT_COUNT; i++) {
		direct[i] = inode->roots[i];
		inode->roots[i] = EXT2_HOLE;
	}
	for (unsigned int i = 0; i < EXT2_TREE_COUNT; i++) {
		roots[i] = inode->roots[EXT2_DIRECT_COUNT + i];
		if (first <= tree_start)
			inode->roots[EXT2_DIRECT_COUNT + i] = EXT2_HOLE;
		tree_start += 1ull << ((i + 1) * shift);
	}
	mutex_unlock(&inode->map_lock);

	error = free_entries(&freeing, direct, 0, EXT2_DIRECT_COUNT);
	tree_start = EXT2_DIRECT_COUNT;
	for (unsigned int i = 0; i < EXT2_TREE_COUNT && !error; i++) {
		uint64_t span = 1ull << ((i + 1) * shift);

		if (first < tree_start + span)
			error = free_tree(&freeing, &roots[i], i + 1,
					  first > tree_start ? first - tree_start : 0);
		tree_start += span;
	}
	flush_error = flush(&freeing);
	mutex_lock(&inode->map_lock);
	ext2_map_forget(inode);
	mutex_unlock(&inode->map_lock);
	if (error || flush_error)
		return error ? error : flush_error;
	return 0;
}

void ext2_free_all_blocks(struct ext2_transaction *transaction, struct ext2_inode *inode)
{
	uint32_t any = inode->promised_blocks;

	/*
	 * Many files die before they have blocks. Nobody else knows this inode any more: no
	 * lock.
	 */
	for (unsigned int i = 0; i < EXT2_ROOT_COUNT; i++)
		any |= inode->roots[i];
	if (!any)
		return;
	/* What could not be freed has been reported. */
	(void)!free_from(transaction, inode, 0);
}

int ext2_truncate(struct inode *vfs_inode, uint64_t size)
{
	struct ext2_inode *inode = ext2_inode_of(vfs_inode);
	struct ext2 *fs = ext2_of(vfs_inode->super);
	uint64_t old_size = inode_size(vfs_inode);
	struct ext2_transaction transaction;
	int error;

	rwlock_assert_held_exclusive(&vfs_inode->lock);
	if (!inode_is(vfs_inode, MODE_REGULAR))
		return -EINVAL;
	if (size > vfs_inode->super->max_file_size)
		return -EFBIG;
	if (size == old_size)
		return 0;
	error = ext2_transaction_begin(&transaction, fs, 16);
	if (error)
		return error;
	page_cache_truncate(&vfs_inode->cache, size);
	if (size < old_size)
		error = free_from(&transaction, inode, ext2_block_count_of(fs, size));
	inode_mark_dirty(vfs_inode, INODE_DIRTY_ATTRIBUTES);
	ext2_transaction_end(&transaction);
	return error;
}
