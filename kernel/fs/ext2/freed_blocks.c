/*
 * Freed blocks that must not be used yet.
 *
 * With a journal a block that a transaction has freed still belongs to its old file as far as the
 * disk knows, until that transaction is committed. Data is written in place at once, so a block
 * given to another file before the commit would be overwritten under the old one if the power went.
 * So the bitmaps say "free" at once, since that is what is committed, and beside them each group
 * remembers which of its free blocks have to wait: one bitmap for the transaction that runs and one
 * for the one being committed, told apart by the lowest bit of their numbers.
 *
 * If there is no memory for such a bitmap, all free blocks of the group wait (`closed`).
 *
 * Locks: bitmap_lock covers all of it.
 */
#include "fs/ext2/internal.h"

#include "lib/bitmap.h"
#include "lib/string.h"
#include "mem/kmalloc.h"

uint32_t ext2_freed_count(const struct ext2 *fs)
{
	return fs->freed_blocks[0] + fs->freed_blocks[1];
}

uint32_t ext2_usable_in_group(const struct ext2 *fs, uint32_t number)
{
	const struct ext2_group *group = &fs->groups[number];

	return ext2_descriptor(fs, number)->free_block_count - group->freed_count[0] -
	       group->freed_count[1];
}

static void count_waiting(struct ext2 *fs, uint32_t number, unsigned int slot, uint32_t count)
{
	fs->groups[number].freed_count[slot] += count;
	fs->freed_blocks[slot] += count;
}

void ext2_freed_add(struct ext2_transaction *transaction, uint32_t number, uint32_t first,
		    uint32_t end)
{
	struct ext2 *fs = transaction->fs;
	struct ext2_group *group = &fs->groups[number];
	unsigned int slot;

	if (!fs->journal)
		return;
	mutex_assert_held(&fs->bitmap_lock);
	slot = journal_tid(&transaction->handle) & 1;
	if (!group->freed[slot] && !group->closed[slot])
		group->freed[slot] = kzalloc(fs->block_size, FRAME_ALLOC_NO_RECLAIM |
								     FRAME_ALLOC_NO_KILL);
	if (group->freed[slot]) {
		bitmap_set_range(group->freed[slot], first, end);
		count_waiting(fs, number, slot, end - first);
	} else {
		group->closed[slot] = true;
		count_waiting(fs, number, slot, ext2_usable_in_group(fs, number));
	}
}

const uint32_t *ext2_freed_mask(struct ext2 *fs, uint32_t number, const uint32_t *bits)
{
	const struct ext2_group *group = &fs->groups[number];

	if (likely(!group->freed[0] && !group->freed[1]))
		return bits;
	memcpy(fs->masked_bits, bits, fs->block_size);
	for (unsigned int slot = 0; slot < 2; slot++) {
		for (uint32_t i = 0; group->freed[slot] && i < fs->block_size / 4; i++)
			fs->masked_bits[i] |= group->freed[slot][i];
	}
	return fs->masked_bits;
}

void ext2_freed_release(struct ext2 *fs, uint32_t tid)
{
	unsigned int slot = tid & 1;

	mutex_lock(&fs->bitmap_lock);
	for (uint32_t i = 0; i < fs->group_count && fs->freed_blocks[slot]; i++) {
		struct ext2_group *group = &fs->groups[i];

		fs->freed_blocks[slot] -= group->freed_count[slot];
		group->freed_count[slot] = 0;
		group->closed[slot] = false;
		kfree(group->freed[slot]);
		group->freed[slot] = NULL;
	}
	mutex_unlock(&fs->bitmap_lock);
}
