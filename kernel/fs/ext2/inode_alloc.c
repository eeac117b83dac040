/*
 * Free inodes: a bitmap a group. Which group is chosen decides where files lie.
 *
 * A file goes to the group of its directory, so that what is listed together is read together. A
 * directory near its parent only while that group has room to spare: directories right below the
 * root are spread over the disk, deeper ones stay with their parent unless its group has more than
 * its share of directories or less than half of the usual free blocks and inodes. (The rule of
 * Orlov's allocator, with fewer constants.)
 */
#include "fs/ext2/internal.h"

#include "lib/bitmap.h"
#include "lib/hash.h"
#include "lib/min_max.h"
#include "uapi/linux/errno.h"

#define DIRECTORY_EXCESS 4u	/* directories above the average that a group may have */

/* Averages over all groups. */
struct averages { uint32_t free_blocks, free_inodes, directories; };

static struct averages count_averages(const struct ext2 *fs)
{
	/* Read without the lock: a guess is as good. */
	return (struct averages){
		.free_blocks = fs->free_blocks / fs->group_count,
		.free_inodes = fs->free_inodes / fs->group_count,
		.directories = fs->directory_count / fs->group_count,
	};
}

/* The group with the fewest directories among those with at least average room. */
static uint32_t choose_far_group(const struct ext2 *fs, const struct averages *average,
				 uint32_t from)
{
	uint32_t best = from, fewest = UINT32_MAX;

	for (uint32_t i = 0; i < fs->group_count; i++) {
		uint32_t group = (from + i) % fs->group_count;
		const struct ext2_descriptor *descriptor = ext2_descriptor(fs, group);

		if (descriptor->free_inode_count == 0 ||
		    descriptor->free_inode_count < average->free_inodes ||
		    descriptor->free_block_count < average->free_blocks)
			continue;
		if (descriptor->directory_count < fewest) {
			fewest = descriptor->directory_count;
			best = group;
		}
	}
	return best;
}

static uint32_t choose_near_group(const struct ext2 *fs, const struct averages *average,
				  uint32_t parent)
{
	for (uint32_t i = 0; i < fs->group_count; i++) {
		uint32_t group = (parent + i) % fs->group_count;
		const struct ext2_descriptor *descriptor = ext2_descriptor(fs, group);

		if (descriptor->free_inode_count > 0 &&
		    descriptor->free_inode_count >= average->free_inodes / 2 &&
		    descriptor->free_block_count >= average->free_blocks / 2 &&
		    descriptor->directory_count <= average->directories + DIRECTORY_EXCESS)
			return group;
	}
	return parent;
}

static uint32_t choose_group(struct ext2 *fs, const struct ext2_inode *directory, file_mode mode)
{
	struct averages average;

	if ((mode & MODE_TYPE_MASK) != MODE_DIRECTORY || fs->group_count == 1)
		return directory->group;
	average = count_averages(fs);
	if (directory->vfs.number == EXT2_ROOT_INODE ||
	    directory->vfs.flags & EXT2_FLAG_TOP_DIRECTORY) {
		uint32_t start = hash_u32(atomic_load_explicit(&fs->generation,
							       memory_order_relaxed));

		return choose_far_group(fs, &average, start % fs->group_count);
	}
	return choose_near_group(fs, &average, directory->group);
}

/* The first inode number of a group that files may have, counted from the group's start. */
static uint32_t first_usable(const struct ext2 *fs, uint32_t group)
{
	return group == 0 ? fs->first_inode - 1 : 0;
}

/* Take an inode of one group. -ENOSPC: it has none. Locks: bitmap_lock. */
static int take_in_group(struct ext2_transaction *transaction, uint32_t number, uint32_t *bits,
			 bool is_directory, uint32_t *out)
{
	struct ext2 *fs = transaction->fs;
	struct ext2_descriptor *descriptor = ext2_descriptor(fs, number);
	struct ext2_group *group = &fs->groups[number];
	uint32_t place;

	mutex_assert_held(&fs->bitmap_lock);
	if (descriptor->free_inode_count == 0)
		return -ENOSPC;
	place = max_t(uint32_t, group->inode_hint, first_usable(fs, number));
	place = (uint32_t)bitmap_find_clear(bits, fs->inodes_per_group, place);
	if (place == fs->inodes_per_group || fs->free_inodes == 0) {
		ext2_report(fs, "group %u has no free inodes, but counts %u", number,
			    descriptor->free_inode_count);
		return -EIO;
	}
	bitmap_set(bits, place);
	group->inode_hint = (uint16_t)min(place + 1, 0xffffu);
	descriptor->free_inode_count--;
	fs->free_inodes--;
	if (is_directory) {
		descriptor->directory_count++;
		fs->directory_count++;
	}
	ext2_descriptor_dirty(transaction, number);
	*out = number * fs->inodes_per_group + place + 1;
	return 0;
}

static int try_group(struct ext2_transaction *transaction, uint32_t number, bool is_directory,
		     uint32_t *out, struct ext2_buffer *bitmap)
{
	struct ext2 *fs = transaction->fs;
	int error = ext2_metadata_get(fs, fs->groups[number].inode_bitmap, bitmap);

	if (error)
		return error;
	mutex_lock(&fs->bitmap_lock);
	error = take_in_group(transaction, number, bitmap->data, is_directory, out);
	if (!error)
		ext2_metadata_dirty(transaction, bitmap);
	mutex_unlock(&fs->bitmap_lock);
	if (error)
		ext2_metadata_put(bitmap);
	return error;
}

int ext2_number_allocate(struct ext2_transaction *transaction, struct ext2_inode *directory,
			 file_mode mode, uint32_t *out, struct ext2_buffer *bitmap)
{
	struct ext2 *fs = transaction->fs;
	bool is_directory = (mode & MODE_TYPE_MASK) == MODE_DIRECTORY;
	uint32_t group = choose_group(fs, directory, mode);

	for (uint32_t i = 0; i < fs->group_count; i++) {
		int error = -ENOSPC;

		if (ext2_descriptor(fs, group)->free_inode_count > 0)
			error = try_group(transaction, group, is_directory, out, bitmap);
		if (error != -ENOSPC)
			return error;
		group = group + 1 < fs->group_count ? group + 1 : 0;
	}
	return -ENOSPC;
}

int ext2_number_hold(struct ext2 *fs, uint32_t number, struct ext2_buffer *bitmap)
{
	uint32_t group = (number - 1) / fs->inodes_per_group;

	return ext2_metadata_get(fs, fs->groups[group].inode_bitmap, bitmap);
}

int ext2_number_free(struct ext2_transaction *transaction, uint32_t number, bool is_directory)
{
	struct ext2 *fs = transaction->fs;
	uint32_t group = (number - 1) / fs->inodes_per_group;
	uint32_t place = (number - 1) % fs->inodes_per_group;
	struct ext2_descriptor *descriptor = ext2_descriptor(fs, group);
	struct ext2_buffer buffer;
	int error = ext2_number_hold(fs, number, &buffer);

	if (error)
		return error;
	mutex_lock(&fs->bitmap_lock);
	if (!bitmap_is_set(buffer.data, place) || place < first_usable(fs, group) ||
	    descriptor->free_inode_count >= fs->inodes_per_group) {
		ext2_report(fs, "inode %u is freed, but not in use", number);
		error = -EIO;
	} else {
		bitmap_clear(buffer.data, place);
		descriptor->free_inode_count++;
		fs->free_inodes++;
		fs->groups[group].inode_hint =
			(uint16_t)min_t(uint32_t, fs->groups[group].inode_hint, place);
		if (is_directory && descriptor->directory_count > 0) {
			descriptor->directory_count--;
			fs->directory_count--;
		}
		ext2_metadata_dirty(transaction, &buffer);
		ext2_descriptor_dirty(transaction, group);
	}
	mutex_unlock(&fs->bitmap_lock);
	ext2_metadata_put(&buffer);
	return error;
}
