/*
 * Free blocks: a bitmap a group, counts in the group descriptors.
 *
 * Where. A file's next block wants to lie right behind its last one; a new file begins in the group
 * of its inode, which is the group of its directory. From the goal on we take the first free block
 * there, else a run of RUN_WISH free blocks or more, else any free block of the group, else the
 * same in the groups after it. Runs come out long because callers ask late and for much at once:
 * data blocks get their place only when they are written back (delayed.c), which is also what keeps
 * files that grow side by side apart, the work of preallocation windows elsewhere.
 *
 * Promises. A block may be promised before it is found: free_blocks - promised_blocks is what
 * others can have. The blocks reserved for an owner (root, as a rule) go to files of that owner,
 * whoever writes to them: a rule that needs to know nothing about the running process. Free blocks
 * that wait for a commit (freed_blocks.c) cannot be promised.
 *
 * Locks. bitmap_lock covers bitmaps, descriptors, counts and hints. Bitmaps are read from the disk
 * before it is taken. What was seen without it is looked at again.
 */
#include "fs/ext2/internal.h"

#include "lib/bitmap.h"
#include "lib/min_max.h"
#include "uapi/linux/errno.h"

#define RUN_WISH 16u

void ext2_descriptor_dirty(struct ext2_transaction *transaction, uint32_t group)
{
	struct ext2 *fs = transaction->fs;
	uint32_t per_block = fs->block_size / sizeof(struct ext2_descriptor);

	ext2_metadata_dirty(transaction, &fs->descriptor_buffers[group / per_block]);
}

static uint32_t group_size(const struct ext2 *fs, uint32_t group)
{
	return min(fs->blocks_per_group, fs->block_count - ext2_group_start(fs, group));
}

static bool contains(uint32_t start, uint32_t count, uint32_t block)
{
	return block - start < count;
}

/* Does [start, start + count), within one group, touch the group's own structures? */
static bool touches_structures(const struct ext2 *fs, uint32_t number, uint32_t start,
			       uint32_t count)
{
	const struct ext2_group *group = &fs->groups[number];

	return start - ext2_group_start(fs, number) < group->first_usable ||
	       contains(start, count, group->block_bitmap) ||
	       contains(start, count, group->inode_bitmap) ||
	       (start < group->inode_table + fs->inode_table_blocks &&
		group->inode_table < start + count);
}

bool ext2_blocks_are_usable(const struct ext2 *fs, uint32_t start, uint32_t count)
{
	if (start < fs->first_data_block || start >= fs->block_count ||
	    count > fs->block_count - start)
		return false;
	while (count > 0) {
		uint32_t number = ext2_group_of_block(fs, start);
		uint32_t here = min(count, ext2_group_start(fs, number) +
						   fs->blocks_per_group - start);

		if (touches_structures(fs, number, start, here))
			return false;
		start += here;
		count -= here;
	}
	return true;
}

static bool may_use_reserve(const struct ext2 *fs, const struct ext2_inode *inode)
{
	return inode->vfs.uid == fs->reserved_uid ||
	       (fs->reserved_gid != 0 && inode->vfs.gid == fs->reserved_gid);
}

/* How many blocks this file could have now. Locks: bitmap_lock. */
static uint32_t count_available(const struct ext2 *fs, const struct ext2_inode *inode)
{
	uint32_t spoken_for = fs->promised_blocks + ext2_freed_count(fs);

	if (!may_use_reserve(fs, inode))
		spoken_for += fs->reserved_blocks;
	return fs->free_blocks > spoken_for ? fs->free_blocks - spoken_for : 0;
}

int ext2_blocks_promise(struct ext2 *fs, const struct ext2_inode *inode, uint32_t count)
{
	int error = -ENOSPC;

	mutex_lock(&fs->bitmap_lock);
	if (count_available(fs, inode) >= count) {
		fs->promised_blocks += count;
		error = 0;
	}
	mutex_unlock(&fs->bitmap_lock);
	return error;
}

void ext2_blocks_unpromise(struct ext2 *fs, uint32_t count)
{
	mutex_lock(&fs->bitmap_lock);
	fs->promised_blocks -= min(count, fs->promised_blocks);
	mutex_unlock(&fs->bitmap_lock);
}

/*
 * The best free place in a group's bitmap for `wanted` blocks from `goal` on; `size` if it is full.
 */
static uint32_t find_place(const uint32_t *bits, uint32_t size, uint32_t hint, uint32_t goal,
			   uint32_t wanted)
{
	uint32_t wish = min(wanted, RUN_WISH), place;

	if (goal < size && !bitmap_is_set(bits, goal))
		return goal;
	place = (uint32_t)bitmap_find_clear_range(bits, size, max(goal, hint), wish);
	if (place == size)
		place = (uint32_t)bitmap_find_clear_range(bits, size, hint, wish);
	return place < size ? place : (uint32_t)bitmap_find_clear(bits, size, hint);
}

/* Take blocks of one group. Returns how many, 0: it is full; -EIO. Locks: bitmap_lock. */
static int take_in_group(struct ext2_transaction *transaction, uint32_t number, uint32_t *bits,
			 uint32_t goal, uint32_t wanted, uint32_t *start)
{
	struct ext2 *fs = transaction->fs;
	struct ext2_descriptor *descriptor = ext2_descriptor(fs, number);
	struct ext2_group *group = &fs->groups[number];
	uint32_t size = group_size(fs, number);
	uint32_t place, end, count;
	const uint32_t *seen;

	mutex_assert_held(&fs->bitmap_lock);
	if (ext2_usable_in_group(fs, number) == 0)
		return 0;
	seen = ext2_freed_mask(fs, number, bits);
	place = find_place(seen, size, group->block_hint, goal, wanted);
	if (place == size) {
		ext2_report(fs, "group %u has no free blocks, but counts %u", number,
			    descriptor->free_block_count);
		return -EIO;
	}
	end = (uint32_t)bitmap_find_set(seen, min(size, place + wanted), place);
	count = end - place;
	*start = ext2_group_start(fs, number) + place;
	if (touches_structures(fs, number, *start, count) ||
	    count > descriptor->free_block_count || count > fs->free_blocks) {
		ext2_report(fs, "the block bitmap of group %u is wrong", number);
		return -EIO;
	}
	bitmap_set_range(bits, place, end);
	if (place <= group->block_hint)
		group->block_hint = (uint16_t)min(end, 0xffffu);
	descriptor->free_block_count = (uint16_t)(descriptor->free_block_count - count);
	fs->free_blocks -= count;
	ext2_descriptor_dirty(transaction, number);
	return (int)count;
}

/* As take_in_group, with the bitmap read first. `available` at most, if not promised. */
static int try_group(struct ext2_transaction *transaction, const struct ext2_inode *inode,
		     uint32_t number, uint32_t goal, uint32_t wanted, bool promised,
		     uint32_t *start, struct ext2_buffer *bitmap)
{
	struct ext2 *fs = transaction->fs;
	int count = ext2_metadata_get(fs, fs->groups[number].block_bitmap, bitmap);

	if (count)
		return count;
	mutex_lock(&fs->bitmap_lock);
	if (!promised)
		wanted = min(wanted, count_available(fs, inode));
	count = wanted ? take_in_group(transaction, number, bitmap->data, goal, wanted, start) :
			 -ENOSPC;
	if (count > 0) {
		ext2_metadata_dirty(transaction, bitmap);
		if (promised)
			fs->promised_blocks -= min((uint32_t)count, fs->promised_blocks);
	}
	mutex_unlock(&fs->bitmap_lock);
	if (count <= 0)
		ext2_metadata_put(bitmap);
	return count;
}

int ext2_blocks_allocate(struct ext2_transaction *transaction, struct ext2_inode *inode,
			 uint32_t goal, uint32_t wanted, bool promised, uint32_t *start,
			 uint32_t *count, struct ext2_buffer *bitmap)
{
	struct ext2 *fs = transaction->fs;
	uint32_t number;

	mutex_assert_held(&inode->map_lock);
	if (goal < fs->first_data_block || goal >= fs->block_count)
		goal = ext2_group_start(fs, inode->group);
	number = ext2_group_of_block(fs, goal);
	goal -= ext2_group_start(fs, number);
	for (uint32_t i = 0; i < fs->group_count; i++) {
		int taken;

		/* A hint: whether it is so is seen under the lock. */
		if (ext2_descriptor(fs, number)->free_block_count > 0) {
			taken = try_group(transaction, inode, number, goal, wanted, promised,
					  start, bitmap);
			if (taken < 0)
				return taken;
			*count = (uint32_t)taken;
			if (taken > 0)
				return 0;
		}
		goal = 0;
		number = number + 1 < fs->group_count ? number + 1 : 0;
	}
	return -ENOSPC;
}

int ext2_bitmap_hold(struct ext2 *fs, uint32_t block, struct ext2_buffer *out)
{
	if (block < fs->first_data_block || block >= fs->block_count) {
		ext2_report(fs, "block %u is freed, which is not on the disk", block);
		return -EIO;
	}
	return ext2_metadata_get(fs, fs->groups[ext2_group_of_block(fs, block)].block_bitmap, out);
}

/* Free blocks [first, end) of one group, counted from its start. */
static int free_in_group(struct ext2_transaction *transaction, uint32_t number, uint32_t first,
			 uint32_t end)
{
	struct ext2 *fs = transaction->fs;
	struct ext2_group *group = &fs->groups[number];
	struct ext2_descriptor *descriptor = ext2_descriptor(fs, number);
	uint32_t start = ext2_group_start(fs, number) + first, count = end - first;
	struct ext2_buffer buffer;
	int error = ext2_metadata_get(fs, group->block_bitmap, &buffer);

	if (error)
		return error;
	mutex_lock(&fs->bitmap_lock);
	if (touches_structures(fs, number, start, count) ||
	    bitmap_find_clear(buffer.data, end, first) != end ||
	    descriptor->free_block_count + count > group_size(fs, number)) {
		ext2_report(fs, "blocks %u to %u are freed, but not in use", start,
			    start + count - 1);
		error = -EIO;
	} else {
		bitmap_clear_range(buffer.data, first, end);
		descriptor->free_block_count = (uint16_t)(descriptor->free_block_count + count);
		fs->free_blocks += count;
		group->block_hint = (uint16_t)min_t(uint32_t, group->block_hint, first);
		ext2_freed_add(transaction, number, first, end);
		ext2_metadata_dirty(transaction, &buffer);
		ext2_descriptor_dirty(transaction, number);
	}
	mutex_unlock(&fs->bitmap_lock);
	ext2_metadata_put(&buffer);
	return error;
}

int ext2_blocks_free(struct ext2_transaction *transaction, uint32_t start, uint32_t count)
{
	struct ext2 *fs = transaction->fs;

	if (start < fs->first_data_block || start >= fs->block_count ||
	    count > fs->block_count - start) {
		ext2_report(fs, "block %u is freed, which is not on the disk", start);
		return -EIO;
	}
	while (count > 0) {
		uint32_t number = ext2_group_of_block(fs, start);
		uint32_t first = start - ext2_group_start(fs, number);
		uint32_t end = min(first + count, fs->blocks_per_group);
		int error = free_in_group(transaction, number, first, end);

		if (error)
			return error;
		start += end - first;
		count -= end - first;
	}
	return 0;
}
