/*
 * The block map: from the blocks of a file to those of the disk.
 *
 * An inode has EXT2_DIRECT_COUNT block numbers and the roots of three trees of indirect blocks,
 * one, two and three levels high, each block of which holds block_size / 4 numbers. A number of 0
 * is a hole: of one block at the lowest level, of a whole subtree above.
 *
 * Most questions are about the block after the last one, so the answer is a run, as long as the
 * leaf tells, and the last run found is remembered, as is the last hole whose leaf exists (into
 * which new blocks can be put without making indirect ones).
 *
 * Nothing on the disk is trusted: a number that cannot be a file's block is reported and is -EIO.
 */
#include "fs/ext2/internal.h"

#include "core/assert.h"
#include "lib/min_max.h"
#include "uapi/linux/errno.h"

#define PATH_MAX_DEPTH (1 + EXT2_TREE_COUNT)
#define LOOK_AHEAD     256u	/* entries of a leaf that are looked at to find a run's end */

/* offsets[0] is an index into the inode's roots, the others into one indirect block each. */
struct path {
	unsigned int depth;	/* offsets in use */
	uint32_t offsets[PATH_MAX_DEPTH];
};

static unsigned int pointer_shift(const struct ext2 *fs)
{
	return fs->block_shift - 2;
}

static uint32_t pointers_per_block(const struct ext2 *fs)
{
	return 1u << pointer_shift(fs);
}

uint64_t ext2_map_limit(const struct ext2 *fs)
{
	unsigned int shift = pointer_shift(fs);
	uint64_t by_tree = EXT2_DIRECT_COUNT + (1ull << shift) + (1ull << 2 * shift) +
			   (1ull << 3 * shift);
	/*
	 * sector_count of an inode has 32 bits; the trees' own blocks count, too: leave them room.
	 */
	uint64_t by_count = (UINT32_MAX >> (fs->block_shift - SECTOR_SHIFT)) -
			    (UINT32_MAX >> (fs->block_shift - SECTOR_SHIFT + shift - 1));

	if (fs->disk_super->revision == 0)
		return (uint64_t)INT32_MAX >> fs->block_shift;
	return min(by_tree, by_count);
}

/* Errors: -EFBIG. */
static int find_path(const struct ext2 *fs, uint32_t logical, struct path *path)
{
	unsigned int shift = pointer_shift(fs);
	uint32_t mask = pointers_per_block(fs) - 1;

	if (logical < EXT2_DIRECT_COUNT) {
		path->depth = 1;
		path->offsets[0] = logical;
		return 0;
	}
	logical -= EXT2_DIRECT_COUNT;
	for (unsigned int level = 1; level <= EXT2_TREE_COUNT; level++) {
		uint64_t span = 1ull << (level * shift);

		if (logical < span) {
			path->depth = 1 + level;
			path->offsets[0] = EXT2_DIRECT_COUNT + level - 1;
			for (unsigned int i = 1; i <= level; i++)
				path->offsets[i] = logical >> ((level - i) * shift) & mask;
			return 0;
		}
		logical -= (uint32_t)span;
	}
	return -EFBIG;
}

/*
 * How many blocks are left in the subtree that offset `level` of the path goes into, from there on.
 */
static uint32_t count_left(const struct ext2 *fs, const struct path *path, unsigned int level)
{
	uint64_t position = 0, span = 1;

	for (unsigned int i = level; i < path->depth; i++) {
		position = (position << pointer_shift(fs)) + path->offsets[i];
		span <<= pointer_shift(fs);
	}
	return (uint32_t)(span - position);
}

static int report_bad_block(struct ext2_inode *inode, uint32_t logical, uint32_t block)
{
	ext2_report(ext2_of(inode->vfs.super), "inode %u: block %u is %u, which no file can have",
		    (uint32_t)inode->vfs.number, logical, block);
	return -EIO;
}

static int get_indirect(struct ext2_inode *inode, uint32_t logical, uint32_t block,
			struct ext2_buffer *out)
{
	struct ext2 *fs = ext2_of(inode->vfs.super);

	if (!ext2_blocks_are_usable(fs, block, 1))
		return report_bad_block(inode, logical, block);
	return ext2_metadata_get(fs, block, out);
}

/* The run or hole that begins at entries[index]; remembers it. */
static int read_run(struct ext2_inode *inode, uint32_t logical, const uint32_t *entries,
		    uint32_t index, uint32_t end, struct ext2_run *out)
{
	uint32_t first = entries[index], count = 1;
	uint32_t step = first != EXT2_HOLE;
	struct ext2_run *remembered = first == EXT2_HOLE ? &inode->hole : &inode->mapped;

	end = min(end, index + LOOK_AHEAD);
	while (index + count < end && entries[index + count] == first + step * count)
		count++;
	if (step && !ext2_blocks_are_usable(ext2_of(inode->vfs.super), first, count))
		return report_bad_block(inode, logical, first);
	*out = (struct ext2_run){ .logical = logical, .physical = first, .count = count };
	*remembered = *out;
	return 0;
}

static bool cut_from(const struct ext2_run *run, uint32_t logical, struct ext2_run *out)
{
	uint32_t skip = logical - run->logical;

	if (skip >= run->count)
		return false;
	out->logical = logical;
	out->physical = run->physical == EXT2_HOLE ? EXT2_HOLE : run->physical + skip;
	out->count = run->count - skip;
	return true;
}

/* ext2_map_find, past what is remembered. */
static int walk(struct ext2_inode *inode, uint32_t logical, struct ext2_run *out)
{
	struct ext2 *fs = ext2_of(inode->vfs.super);
	struct ext2_buffer buffer;
	struct path path;
	uint32_t block;
	int error = find_path(fs, logical, &path);

	if (error)
		return error;
	if (path.depth == 1)
		return read_run(inode, logical, inode->roots, logical, EXT2_DIRECT_COUNT, out);
	block = inode->roots[path.offsets[0]];
	for (unsigned int level = 1;; level++) {
		if (block == EXT2_HOLE) {
			*out = (struct ext2_run){
				.logical = logical, .physical = EXT2_HOLE,
				.count = count_left(fs, &path, level),
			};
			return 0;
		}
		error = get_indirect(inode, logical, block, &buffer);
		if (error)
			return error;
		if (level == path.depth - 1)
			break;
		block = ((const uint32_t *)buffer.data)[path.offsets[level]];
		ext2_metadata_put(&buffer);
	}
	error = read_run(inode, logical, buffer.data, path.offsets[path.depth - 1],
			 pointers_per_block(fs), out);
	ext2_metadata_put(&buffer);
	return error;
}

int ext2_map_find(struct ext2_inode *inode, uint32_t logical, uint32_t limit,
		  struct ext2_run *out)
{
	mutex_assert_held(&inode->map_lock);
	if (!cut_from(&inode->mapped, logical, out) && !cut_from(&inode->hole, logical, out)) {
		int error = walk(inode, logical, out);

		if (error)
			return error;
	}
	out->count = min(out->count, limit);
	return 0;
}

void ext2_map_forget(struct ext2_inode *inode)
{
	inode->mapped.count = 0;
	inode->hole.count = 0;
	inode->last_physical = 0;
}

void ext2_count_blocks(struct ext2_inode *inode, int32_t blocks)
{
	unsigned int shift = ext2_of(inode->vfs.super)->block_shift - SECTOR_SHIFT;
	int64_t sectors = (int64_t)blocks * (1 << shift);

	spin_lock(&inode->vfs.state_lock);
	/* What the disk said may be too small; it does not get below nothing. */
	if (sectors < 0 && inode->vfs.block_count < (uint64_t)-sectors)
		inode->vfs.block_count = 0;
	else
		inode->vfs.block_count += (uint64_t)sectors;
	spin_unlock(&inode->vfs.state_lock);
}

/* Where a new block `logical` would best be; 0: anywhere. */
static uint32_t find_goal(struct ext2_inode *inode, uint32_t logical)
{
	struct ext2_run run;

	if (inode->last_physical)
		return inode->last_physical + 1;
	/* The first one since the inode was read: behind its neighbour. */
	if (logical == 0 || ext2_map_find(inode, logical - 1, 1, &run) || !run.physical)
		return 0;
	return run.physical + 1;
}

/* A new indirect block, entered at *entry. The caller marks what holds *entry dirty. */
static int make_indirect(struct ext2_transaction *transaction, struct ext2_inode *inode,
			 uint32_t goal, uint32_t *entry, struct ext2_buffer *out)
{
	uint32_t block, count;
	struct ext2_buffer bitmap;
	int error = ext2_blocks_allocate(transaction, inode, goal, 1, false, &block, &count,
					 &bitmap);

	if (error)
		return error;
	error = ext2_metadata_get_new(transaction, block, out);
	if (error)
		(void)!ext2_blocks_free(transaction, block, 1);
	ext2_metadata_put(&bitmap);
	if (error)
		return error;
	*entry = block;
	inode->last_physical = block;
	ext2_count_blocks(inode, 1);
	inode_mark_dirty(&inode->vfs, INODE_DIRTY_ATTRIBUTES);
	return 0;
}

/*
 * The leaf that holds `logical`, made with all above it if it is missing: where its entries are,
 * and which is the one. For the direct blocks buffer->frame is NULL; else put it back.
 */
static int get_leaf(struct ext2_transaction *transaction, struct ext2_inode *inode,
		    uint32_t logical, struct ext2_buffer *buffer, uint32_t **entries,
		    uint32_t *index)
{
	struct ext2_buffer parent = { .frame = NULL };
	struct path path;
	int error = find_path(transaction->fs, logical, &path);

	if (error)
		return error;
	*entries = inode->roots;
	*index = path.offsets[0];
	for (unsigned int level = 1; level < path.depth; level++) {
		uint32_t *entry = &(*entries)[*index];

		if (*entry != EXT2_HOLE) {
			error = get_indirect(inode, logical, *entry, buffer);
		} else {
			error = make_indirect(transaction, inode, find_goal(inode, logical),
					      entry, buffer);
			if (!error && parent.frame) {
				ext2_metadata_dirty(transaction, &parent);
				atomic_store_explicit(&inode->tree_dirty, true,
						      memory_order_release);
			}
		}
		if (parent.frame)
			ext2_metadata_put(&parent);
		if (error)
			return error;
		parent = *buffer;
		*entries = buffer->data;
		*index = path.offsets[level];
	}
	*buffer = parent;
	return 0;
}

int ext2_map_make_path(struct ext2_transaction *transaction, struct ext2_inode *inode,
		       uint32_t logical)
{
	struct ext2_buffer buffer;
	uint32_t *entries, index;
	int error;

	mutex_assert_held(&inode->map_lock);
	error = get_leaf(transaction, inode, logical, &buffer, &entries, &index);
	if (!error && buffer.frame)
		ext2_metadata_put(&buffer);
	return error;
}

/* The run is there now: what is remembered must say so. */
static void remember_new(struct ext2_inode *inode, const struct ext2_run *run)
{
	struct ext2_run *mapped = &inode->mapped, *hole = &inode->hole;
	uint32_t skip = run->logical - hole->logical;

	if (mapped->count && mapped->logical + mapped->count == run->logical &&
	    mapped->physical + mapped->count == run->physical)
		mapped->count += run->count;
	else
		*mapped = *run;
	if (skip < hole->count) {
		if (skip == 0 && run->count < hole->count) {
			hole->logical += run->count;
			hole->count -= run->count;
		} else {
			hole->count = skip;
		}
	}
	inode->last_logical = run->logical + run->count - 1;
	inode->last_physical = run->physical + run->count - 1;
}

/* ext2_map_allocate, and if `contents` is not NULL, ext2_map_allocate_metadata. */
static int allocate(struct ext2_transaction *transaction, struct ext2_inode *inode,
		    uint32_t logical, uint32_t limit, bool promised, struct ext2_run *out,
		    struct ext2_buffer *contents)
{
	uint32_t pointer_count = pointers_per_block(transaction->fs);
	uint32_t *entries, index, end, wanted = 1;
	struct ext2_buffer buffer, bitmap;
	int error;

	mutex_assert_held(&inode->map_lock);
	error = get_leaf(transaction, inode, logical, &buffer, &entries, &index);
	if (error)
		return error;
	if (unlikely(entries[index] != EXT2_HOLE)) {
		/* There was a hole when the caller looked: another file has the same leaf. */
		ext2_report(transaction->fs, "inode %u: its indirect block is not its own",
			    (uint32_t)inode->vfs.number);
		error = -EIO;
		goto put_leaf;
	}
	end = buffer.frame ? pointer_count : EXT2_DIRECT_COUNT;
	while (wanted < limit && index + wanted < end && entries[index + wanted] == EXT2_HOLE)
		wanted++;
	error = ext2_blocks_allocate(transaction, inode, find_goal(inode, logical), wanted,
				     promised, &out->physical, &out->count, &bitmap);
	if (error)
		goto put_leaf;
	if (contents) {
		error = ext2_metadata_get_new(transaction, out->physical, contents);
		if (error)
			(void)!ext2_blocks_free(transaction, out->physical, 1);
	}
	ext2_metadata_put(&bitmap);
	if (error)
		goto put_leaf;
	out->logical = logical;
	for (uint32_t i = 0; i < out->count; i++)
		entries[index + i] = out->physical + i;
	if (buffer.frame) {
		ext2_metadata_dirty(transaction, &buffer);
		atomic_store_explicit(&inode->tree_dirty, true, memory_order_release);
	}
	remember_new(inode, out);
	ext2_count_blocks(inode, (int32_t)out->count);
	inode_mark_dirty(&inode->vfs, INODE_DIRTY_ATTRIBUTES);
put_leaf:
	if (buffer.frame)
		ext2_metadata_put(&buffer);
	return error;
}

int ext2_map_allocate(struct ext2_transaction *transaction, struct ext2_inode *inode,
		      uint32_t logical, uint32_t limit, bool promised, struct ext2_run *out)
{
	return allocate(transaction, inode, logical, limit, promised, out, NULL);
}

int ext2_map_allocate_metadata(struct ext2_transaction *transaction, struct ext2_inode *inode,
			       uint32_t logical, struct ext2_buffer *contents)
{
	struct ext2_run run;

	return allocate(transaction, inode, logical, 1, false, &run, contents);
}
