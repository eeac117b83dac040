/*
 * Metadata blocks: bitmaps, inode tables, descriptors, indirect blocks, directories. They live in
 * the page cache of the block device, in the direct map, so a buffer is a pointer that stays good
 * while its frame is referenced.
 *
 * Everything that changes metadata does it between ext2_transaction_begin and _end and names each
 * changed block to ext2_metadata_dirty after the change; blocks that stop being metadata go through
 * ext2_metadata_forget before they are freed. With a journal (fs/journal/) that is all it needs to
 * know: begin waits for room for the number of blocks it is told, dirty notes the block for the
 * running transaction and keeps it from its place on the disk until the commit, forget revokes.
 * Without one a dirty block goes to its place whenever the device's cache is written back.
 */
#include "block/page_io.h"
#include "fs/ext2/internal.h"
#include "lib/string.h"
#include "uapi/linux/errno.h"

int ext2_transaction_begin(struct ext2_transaction *transaction, struct ext2 *fs,
			   unsigned int block_count)
{
	if (unlikely(!atomic_load_explicit(&fs->may_change, memory_order_relaxed)))
		return -EROFS;
	transaction->fs = fs;
	return fs->journal ? journal_begin(&transaction->handle, fs->journal, block_count) : 0;
}

void ext2_transaction_end(struct ext2_transaction *transaction)
{
	if (transaction->fs->journal)
		journal_end(&transaction->handle);
	transaction->fs = NULL;
}

void ext2_note_transaction(struct ext2_transaction *transaction, struct ext2_inode *inode)
{
	if (transaction->fs->journal)
		atomic_store_explicit(&inode->tid, journal_tid(&transaction->handle),
				      memory_order_relaxed);
}

bool ext2_retry_for_space(struct ext2 *fs, unsigned int *tries)
{
	bool is_waiting;

	if (!fs->journal || (*tries)++ >= 3)
		return false;
	mutex_lock(&fs->bitmap_lock);
	is_waiting = ext2_freed_count(fs) > 0;
	mutex_unlock(&fs->bitmap_lock);
	/* If nothing waits, somebody's commit may have come between the try and this look. */
	return is_waiting ? journal_commit_all(fs->journal, NULL) == 0 : *tries == 1;
}

static uint64_t byte_offset(const struct ext2 *fs, uint32_t block)
{
	return (uint64_t)block << fs->block_shift;
}

static void fill_buffer(const struct ext2 *fs, uint32_t block, struct page_frame *frame,
			struct ext2_buffer *out)
{
	out->frame = frame;
	out->block = block;
	out->data = (uint8_t *)page_frame_address(frame) + byte_offset(fs, block) % PAGE_SIZE;
}

static uint32_t page_index(const struct ext2 *fs, uint32_t block)
{
	return block >> (PAGE_SHIFT - fs->block_shift);
}

int ext2_metadata_get(struct ext2 *fs, uint32_t block, struct ext2_buffer *out)
{
	struct page_frame *frame;
	int error;

	if (unlikely(block >= fs->block_count)) {
		ext2_report(fs, "block %u is not on the disk", block);
		return -EIO;
	}
	frame = page_cache_find(&fs->device->cache, page_index(fs, block));
	if (unlikely(!frame)) {
		error = page_cache_get(&fs->device->cache, page_index(fs, block), &frame, NULL);
		if (error)
			return error;
	}
	fill_buffer(fs, block, frame, out);
	return 0;
}

int ext2_metadata_get_new(struct ext2_transaction *transaction, uint32_t block,
			  struct ext2_buffer *out)
{
	struct ext2 *fs = transaction->fs;
	struct page_frame *frame;
	int error;

	/*
	 * A page that is all ours need not be read; in smaller blocks the neighbours' contents
	 * matter.
	 */
	if (fs->block_size == PAGE_SIZE)
		error = page_cache_get_for_overwrite(&fs->device->cache, block, &frame);
	else
		error = page_cache_get(&fs->device->cache, page_index(fs, block), &frame, NULL);
	if (error)
		return error;
	fill_buffer(fs, block, frame, out);
	memset(out->data, 0, fs->block_size);
	ext2_metadata_dirty(transaction, out);
	return 0;
}

void ext2_metadata_dirty(struct ext2_transaction *transaction, const struct ext2_buffer *buffer)
{
	struct ext2 *fs = transaction->fs;
	unsigned int offset = (unsigned int)(byte_offset(fs, buffer->block) % PAGE_SIZE);

	if (fs->journal)
		journal_dirty(&transaction->handle, buffer->frame, offset, buffer->block);
	else
		block_cache_mark_dirty(fs->device, buffer->frame, offset, fs->block_size);
}

void ext2_metadata_forget(struct ext2_transaction *transaction, uint32_t block)
{
	struct ext2 *fs = transaction->fs;

	if (fs->journal)
		journal_forget(&transaction->handle, block);
	else
		block_cache_forget(fs->device, byte_offset(fs, block), fs->block_size);
}

/* Metadata that did not reach the disk is lost: nothing built on it may be written. */
static int sync_pages(struct ext2 *fs, uint32_t first, uint32_t end, bool wait)
{
	int error = page_cache_write_back(&fs->device->cache, first, end, wait);

	if (unlikely(error && error != -ENOMEM)) {
		(void)!page_cache_take_error(&fs->device->cache);
		ext2_report(fs, "metadata cannot be written: error %d", -error);
	}
	return error;
}

int ext2_metadata_sync_block(struct ext2 *fs, uint32_t block)
{
	uint32_t index = page_index(fs, block);

	return sync_pages(fs, index, index + 1, true);
}

int ext2_metadata_sync_all(struct ext2 *fs, bool wait)
{
	return sync_pages(fs, 0, UINT32_MAX, wait);
}
