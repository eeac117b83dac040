/*
 * Directories: blocks full of entries, each with the distance to the next.
 *
 * An entry never crosses a block, and the entries of a block cover it exactly. Every entry is read
 * once and checked before it is used, each time: neither what the disk says nor what another
 * processor changes meanwhile can lead us out of the block or in a circle. An unused entry has
 * inode 0; the room behind an entry's name is free for another one.
 *
 * Directories larger than a block get an index in memory (directory_index.c), so that finding a
 * name costs one block, whatever their size.
 *
 * The blocks are metadata, read and changed in the device's cache. A directory's size only grows;
 * reading positions are byte offsets, so they stay good while entries come and go: who was in the
 * middle of a removed entry goes on at the next one of its block.
 *
 * A hash tree that another system keeps in the directory (EXT2_FLAG_INDEXED) looks like unused
 * entries to us. The first change takes the flag away, because the tree would no longer be right.
 */
#include "fs/ext2/internal.h"

#include "core/assert.h"
#include "lib/min_max.h"
#include "lib/string.h"
#include "uapi/linux/errno.h"
#include "vfs/file.h"

#define ENTRY_HEAD ((unsigned int)sizeof(struct ext2_entry))

static uint32_t block_count(const struct inode *directory)
{
	return (uint32_t)(inode_size(directory) >> ext2_of(directory->super)->block_shift);
}

int ext2_directory_get_block(struct ext2_inode *directory, uint32_t logical,
			     struct ext2_buffer *out)
{
	struct ext2 *fs = ext2_of(directory->vfs.super);
	struct ext2_run run;
	int error;

	mutex_lock(&directory->map_lock);
	error = ext2_map_find(directory, logical, 1, &run);
	mutex_unlock(&directory->map_lock);
	if (error)
		return error;
	if (run.physical == EXT2_HOLE) {
		ext2_report(fs, "directory %u has a hole at block %u",
			    (uint32_t)directory->vfs.number, logical);
		return -EIO;
	}
	return ext2_metadata_get(fs, run.physical, out);
}

bool ext2_entry_read(struct ext2_inode *directory, const struct ext2_buffer *buffer,
		     uint32_t offset, struct ext2_entry_head *out)
{
	/* Volatile: the compiler must not read a word again later. */
	const volatile struct ext2_entry *entry = ext2_entry_at(buffer, offset);
	const struct ext2 *fs = ext2_of(directory->vfs.super);
	const unsigned int left = fs->block_size - offset;

	out->inode = entry->inode;
	out->size = entry->size;
	out->name_length = entry->name_length;
	out->type = entry->type;
	/*
	 * One comparison each; all entries of a block begin at multiples of 4, so the head is
	 * inside.
	 */
	if (likely(out->size >= ext2_entry_size(out->name_length) && out->size % 4 == 0 &&
		   out->size <= left && out->inode <= fs->inode_count &&
		   (out->inode == 0 || out->name_length > 0) &&
		   (out->size == left || out->size + ENTRY_HEAD <= left)))
		return true;
	ext2_report(ext2_of(directory->vfs.super), "directory %u: bad entry at %u of block %u",
		    (uint32_t)directory->vfs.number, offset, buffer->block);
	return false;
}

/* Is the entry at `offset`, which `head` was read from, called `name`? */
static bool has_name(const struct ext2_buffer *buffer, uint32_t offset,
		     const struct ext2_entry_head *head, const char *name, size_t length)
{
	return head->inode != 0 && head->name_length == length &&
	       memcmp(ext2_entry_at(buffer, offset)->name, name, length) == 0;
}

/* ---- finding --------------------------------------------------------------------------------- */

/*
 * Look for `name` in one block. 1: found, *place filled in but for its buffer; 0: not there; -EIO.
 */
static int find_in_block(struct ext2_inode *directory, const struct ext2_buffer *buffer,
			 const char *name, size_t length, struct ext2_place *place)
{
	uint32_t size = ext2_of(directory->vfs.super)->block_size;

	for (uint32_t offset = 0; offset < size;) {
		struct ext2_entry_head head;

		if (!ext2_entry_read(directory, buffer, offset, &head))
			return -EIO;
		if (has_name(buffer, offset, &head, name, length)) {
			place->offset = offset;
			place->number = head.inode;
			return 1;
		}
		offset += head.size;
	}
	return 0;
}

/* As find_in_block for block `logical`; found: *place holds the block, otherwise nothing. */
static int find_in(struct ext2_inode *directory, uint32_t logical, const char *name,
		   size_t length, struct ext2_place *place)
{
	int result = ext2_directory_get_block(directory, logical, &place->buffer);

	if (result)
		return result;
	place->logical = logical;
	result = find_in_block(directory, &place->buffer, name, length, place);
	if (result <= 0) {
		ext2_metadata_put(&place->buffer);
		place->buffer.frame = NULL;
	}
	return result;
}

static int find_by_index(struct ext2_inode *directory, const struct ext2_directory_index *index,
			 const char *name, size_t length, struct ext2_place *place)
{
	struct ext2 *fs = ext2_of(directory->vfs.super);
	uint32_t hash = ext2_index_hash(fs, name, length), step = 0;
	uint64_t offset;

	while (ext2_index_next(index, hash, &step, &offset)) {
		int result = find_in(directory, (uint32_t)(offset >> fs->block_shift), name,
				     length, place);

		if (result)
			return result < 0 ? result : 0;
	}
	return -ENOENT;
}

int ext2_directory_find_place(struct inode *vfs_directory, const char *name, size_t length,
			      struct ext2_place *place)
{
	struct ext2_inode *directory = ext2_inode_of(vfs_directory);
	const struct ext2_directory_index *index = ext2_index_get(directory);

	rwlock_assert_held(&vfs_directory->lock);
	if (index)
		return find_by_index(directory, index, name, length, place);
	for (uint32_t logical = 0; logical < block_count(vfs_directory); logical++) {
		int result = find_in(directory, logical, name, length, place);

		if (result)
			return result < 0 ? result : 0;
	}
	return -ENOENT;
}

/* The common case of a lookup: the index knows the very place. 1: found; 0: not there; an error. */
static int find_number(struct ext2_inode *directory, const struct ext2_directory_index *index,
		       const char *name, size_t length, uint32_t *number)
{
	struct ext2 *fs = ext2_of(directory->vfs.super);
	uint32_t hash = ext2_index_hash(fs, name, length), step = 0;
	uint64_t offset;
	int result = 0;

	while (result == 0 && ext2_index_next(index, hash, &step, &offset)) {
		uint32_t inside = (uint32_t)offset & (fs->block_size - 1);
		struct ext2_entry_head head;
		struct ext2_buffer buffer;

		result = ext2_directory_get_block(directory, (uint32_t)(offset >> fs->block_shift),
						  &buffer);
		if (result)
			return result;
		if (!ext2_entry_read(directory, &buffer, inside, &head)) {
			result = -EIO;
		} else if (has_name(&buffer, inside, &head, name, length)) {
			*number = head.inode;
			result = 1;
		}
		ext2_metadata_put(&buffer);
	}
	return result;
}

int ext2_directory_find(struct inode *directory, const char *name, size_t length,
			uint32_t *number)
{
	const struct ext2_directory_index *index = ext2_index_get(ext2_inode_of(directory));
	struct ext2_place place;
	int error;

	if (index) {
		int found = find_number(ext2_inode_of(directory), index, name, length, number);

		return found > 0 ? 0 : found == 0 ? -ENOENT : found;
	}
	error = ext2_directory_find_place(directory, name, length, &place);
	if (error)
		return error;
	*number = place.number;
	ext2_metadata_put(&place.buffer);
	return 0;
}

/* ---- changing -------------------------------------------------------------------------------- */

static uint8_t type_of(const struct ext2 *fs, const struct inode *target)
{
	static const uint8_t types[16] = {
		[MODE_REGULAR >> 12] = EXT2_TYPE_REGULAR,
		[MODE_DIRECTORY >> 12] = EXT2_TYPE_DIRECTORY,
		[MODE_CHARACTER >> 12] = EXT2_TYPE_CHARACTER,
		[MODE_BLOCK >> 12] = EXT2_TYPE_BLOCK,
		[MODE_FIFO >> 12] = EXT2_TYPE_FIFO,
		[MODE_SOCKET >> 12] = EXT2_TYPE_SOCKET,
		[MODE_LINK >> 12] = EXT2_TYPE_LINK,
	};

	return fs->has_file_types ? types[target->mode >> 12 & 15] : 0;
}

/* The directory's contents have changed. (Its times are vfs's business.) */
static void note_change(struct ext2_transaction *transaction, struct inode *directory)
{
	ext2_note_transaction(transaction, ext2_inode_of(directory));
	if (!(directory->flags & EXT2_FLAG_INDEXED))
		return;
	directory->flags &= ~EXT2_FLAG_INDEXED;
	inode_mark_dirty(directory, INODE_DIRTY_ATTRIBUTES);
}

/* The bytes that entry leaves for another one. */
static unsigned int room_in(const struct ext2_entry_head *head)
{
	return head->inode ? head->size - ext2_entry_size(head->name_length) : head->size;
}

static void fill_entry(const struct ext2 *fs, struct ext2_entry *entry, const char *name,
		       size_t length, const struct inode *target)
{
	entry->inode = (uint32_t)target->number;
	entry->name_length = (uint8_t)length;
	entry->type = type_of(fs, target);
	memcpy(entry->name, name, length);
}

/* Put an entry into block `logical`, if it has room. 1: done, at *offset; 0: no room; an error. */
static int add_in(struct ext2_transaction *transaction, struct ext2_inode *directory,
		  uint32_t logical, const char *name, size_t length, const struct inode *target,
		  uint32_t *offset)
{
	struct ext2 *fs = transaction->fs;
	unsigned int needed = ext2_entry_size(length), largest = 0, room = 0;
	struct ext2_entry_head head = { 0 };
	struct ext2_entry *entry;
	struct ext2_buffer buffer;
	int result = ext2_directory_get_block(directory, logical, &buffer);

	if (result)
		return result;
	for (*offset = 0; *offset < fs->block_size; *offset += head.size) {
		if (!ext2_entry_read(directory, &buffer, *offset, &head)) {
			result = -EIO;
			goto put_buffer;
		}
		room = room_in(&head);
		largest = max(largest, room);
		if (room >= needed)
			break;
	}
	if (*offset >= fs->block_size) {
		ext2_index_set_room(directory, logical, largest);
		goto put_buffer;
	}
	entry = ext2_entry_at(&buffer, *offset);
	if (head.inode) {
		entry->size = (uint16_t)(head.size - room);
		*offset += head.size - room;
		entry = ext2_entry_at(&buffer, *offset);
		entry->size = (uint16_t)room;
	}
	fill_entry(fs, entry, name, length, target);
	ext2_metadata_dirty(transaction, &buffer);
	result = 1;
put_buffer:
	ext2_metadata_put(&buffer);
	return result;
}

/* A new block at the end, one unused entry. Errors: -ENOSPC, -EIO, -ENOMEM, -EFBIG. */
static int add_block(struct ext2_transaction *transaction, struct ext2_inode *directory,
		     struct ext2_buffer *out)
{
	struct ext2 *fs = transaction->fs;
	uint32_t logical = block_count(&directory->vfs);
	struct ext2_run run;
	int error;

	mutex_lock(&directory->map_lock);
	error = ext2_map_find(directory, logical, 1, &run);
	/* A block beyond the end is left from a growth that failed half-way. */
	if (!error && run.physical == EXT2_HOLE)
		error = ext2_map_allocate_metadata(transaction, directory, logical, out);
	else if (!error)
		error = ext2_metadata_get_new(transaction, run.physical, out);
	mutex_unlock(&directory->map_lock);
	if (error)
		return error;
	((struct ext2_entry *)out->data)->size = (uint16_t)fs->block_size;
	page_cache_set_size(&directory->vfs.cache, (uint64_t)(logical + 1) << fs->block_shift);
	inode_mark_dirty(&directory->vfs, INODE_DIRTY_ATTRIBUTES);
	ext2_index_set_room(directory, logical, fs->block_size);
	return 0;
}

/* The next block from `logical` on that is worth a look. */
static uint32_t next_candidate(struct ext2_inode *directory, uint32_t logical, size_t length)
{
	const struct ext2_directory_index *index = ext2_index_get(directory);

	if (!index)
		return logical;
	return ext2_index_find_room(index, logical, ext2_entry_size(length));
}

int ext2_directory_add(struct ext2_transaction *transaction, struct inode *vfs_directory,
		       const char *name, size_t length, const struct inode *target)
{
	struct ext2_inode *directory = ext2_inode_of(vfs_directory);
	struct ext2 *fs = transaction->fs;
	uint32_t logical = 0, offset = 0;
	struct ext2_buffer buffer;
	int result = 0;

	rwlock_assert_held_exclusive(&vfs_directory->lock);
	for (;; logical++) {
		logical = next_candidate(directory, logical, length);
		if (logical >= block_count(vfs_directory))
			break;
		result = add_in(transaction, directory, logical, name, length, target, &offset);
		if (result)
			break;
	}
	if (result == 0) {
		logical = block_count(vfs_directory);
		result = add_block(transaction, directory, &buffer);
		if (result)
			return result;
		fill_entry(fs, buffer.data, name, length, target);
		ext2_metadata_dirty(transaction, &buffer);
		ext2_metadata_put(&buffer);
		offset = 0;
	}
	if (result < 0)
		return result;
	ext2_index_add(directory, ext2_index_hash(fs, name, length),
		       ((uint64_t)logical << fs->block_shift) + offset);
	note_change(transaction, vfs_directory);
	return 0;
}

/*
 * The entry at `place`, and if it is not the block's first the one before it, at *previous_offset
 * (else its own). They were looked at when the place was found, and may have changed since where
 * the block is another directory's too. False: they lead elsewhere now; reported.
 */
static bool read_with_previous(struct ext2_inode *directory, const struct ext2_place *place,
			       struct ext2_entry_head *head, struct ext2_entry_head *previous,
			       uint32_t *previous_offset)
{
	uint32_t offset = 0;

	*previous_offset = place->offset;
	while (offset < place->offset) {
		if (!ext2_entry_read(directory, &place->buffer, offset, previous))
			return false;
		*previous_offset = offset;
		offset += previous->size;
	}
	if (offset == place->offset)
		return ext2_entry_read(directory, &place->buffer, offset, head);
	ext2_report(ext2_of(directory->vfs.super), "directory %u: no entry at %u of block %u",
		    (uint32_t)directory->vfs.number, place->offset, place->buffer.block);
	return false;
}

void ext2_directory_remove(struct ext2_transaction *transaction, struct inode *vfs_directory,
			   const struct ext2_place *place)
{
	struct ext2_inode *directory = ext2_inode_of(vfs_directory);
	struct ext2 *fs = transaction->fs;
	struct ext2_entry *entry = ext2_entry_at(&place->buffer, place->offset);
	struct ext2_entry_head head, free_one;
	uint32_t hash, previous;

	rwlock_assert_held_exclusive(&vfs_directory->lock);
	if (!read_with_previous(directory, place, &head, &free_one, &previous))
		return;
	hash = ext2_index_hash(fs, entry->name, head.name_length);
	entry->inode = 0;
	if (previous < place->offset) {
		free_one.size += head.size;
		ext2_entry_at(&place->buffer, previous)->size = (uint16_t)free_one.size;
	} else {
		free_one = head;
		free_one.inode = 0;
	}
	ext2_index_raise_room(directory, place->logical, room_in(&free_one));
	ext2_index_remove(directory, hash,
			  ((uint64_t)place->logical << fs->block_shift) + place->offset);
	ext2_metadata_dirty(transaction, &place->buffer);
	note_change(transaction, vfs_directory);
}

void ext2_directory_replace(struct ext2_transaction *transaction, struct inode *vfs_directory,
			    const struct ext2_place *place, const struct inode *target)
{
	struct ext2_entry *entry = ext2_entry_at(&place->buffer, place->offset);

	rwlock_assert_held_exclusive(&vfs_directory->lock);
	entry->inode = (uint32_t)target->number;
	entry->type = type_of(transaction->fs, target);
	ext2_metadata_dirty(transaction, &place->buffer);
	note_change(transaction, vfs_directory);
}

int ext2_directory_make_empty(struct ext2_transaction *transaction, struct inode *vfs_directory,
			      const struct inode *parent)
{
	struct ext2 *fs = transaction->fs;
	struct ext2_entry *entry;
	struct ext2_buffer buffer;
	int error = add_block(transaction, ext2_inode_of(vfs_directory), &buffer);

	if (error)
		return error;
	entry = buffer.data;
	entry->size = (uint16_t)ext2_entry_size(1);
	fill_entry(fs, entry, ".", 1, vfs_directory);
	entry = ext2_entry_at(&buffer, ext2_entry_size(1));
	entry->size = (uint16_t)(fs->block_size - ext2_entry_size(1));
	fill_entry(fs, entry, "..", 2, parent);
	ext2_metadata_dirty(transaction, &buffer);
	ext2_metadata_put(&buffer);
	return 0;
}

/* ---- reading all ----------------------------------------------------------------------------- */

static bool is_dot(const struct ext2_buffer *buffer, uint32_t offset,
		   const struct ext2_entry_head *head)
{
	return has_name(buffer, offset, head, ".", 1) || has_name(buffer, offset, head, "..", 2);
}

int ext2_directory_check_empty(struct inode *vfs_directory)
{
	struct ext2_inode *directory = ext2_inode_of(vfs_directory);
	uint32_t size = ext2_of(vfs_directory->super)->block_size;
	struct ext2_buffer buffer;
	int error = 0;

	rwlock_assert_held(&vfs_directory->lock);
	for (uint32_t i = 0; i < block_count(vfs_directory) && !error; i++) {
		error = ext2_directory_get_block(directory, i, &buffer);
		if (error)
			return error;
		for (uint32_t offset = 0; offset < size && !error;) {
			struct ext2_entry_head head;

			if (!ext2_entry_read(directory, &buffer, offset, &head))
				error = -EIO;
			else if (head.inode && !is_dot(&buffer, offset, &head))
				error = -ENOTEMPTY;
			offset += head.size;
		}
		ext2_metadata_put(&buffer);
	}
	return error;
}

/* Linux's DT_ values. */
static unsigned int directory_type(const struct ext2 *fs, const struct ext2_entry_head *head)
{
	static const uint8_t types[EXT2_TYPE_COUNT] = {
		[EXT2_TYPE_REGULAR] = 8, [EXT2_TYPE_DIRECTORY] = 4, [EXT2_TYPE_CHARACTER] = 2,
		[EXT2_TYPE_BLOCK] = 6, [EXT2_TYPE_FIFO] = 1, [EXT2_TYPE_SOCKET] = 12,
		[EXT2_TYPE_LINK] = 10,
	};

	return fs->has_file_types && head->type < EXT2_TYPE_COUNT ? types[head->type] : 0;
}

/*
 * Give the entries of one block from file->position on to the sink. 1: it is full; 0; -EIO. The
 * block is walked from its start, so that a position which is no entry's (any more) leads to the
 * next one.
 */
static int read_block(struct file *file, struct ext2_inode *directory,
		      const struct ext2_buffer *buffer, uint64_t start,
		      struct directory_sink *sink)
{
	struct ext2 *fs = ext2_of(directory->vfs.super);

	for (uint32_t offset = 0; offset < fs->block_size;) {
		struct ext2_entry_head head;
		uint64_t next;

		if (!ext2_entry_read(directory, buffer, offset, &head))
			return -EIO;
		next = start + offset + head.size;
		if (start + offset >= (uint64_t)file->position) {
			if (head.inode &&
			    !sink->add(sink, ext2_entry_at(buffer, offset)->name, head.name_length,
				       head.inode, (file_offset)next, directory_type(fs, &head)))
				return 1;
			file->position = (file_offset)next;
		}
		offset += head.size;
	}
	return 0;
}

static int ext2_read_directory(struct file *file, struct directory_sink *sink)
{
	struct ext2_inode *directory = ext2_inode_of(file->inode);
	struct ext2 *fs = ext2_of(file->inode->super);
	struct ext2_buffer buffer;
	int result = 0;

	rwlock_assert_held(&file->inode->lock);
	while (result == 0 && (uint64_t)file->position < inode_size(file->inode)) {
		uint32_t logical = (uint32_t)((uint64_t)file->position >> fs->block_shift);
		uint64_t start = (uint64_t)logical << fs->block_shift;

		result = ext2_directory_get_block(directory, logical, &buffer);
		if (result)
			return result;
		result = read_block(file, directory, &buffer, start, sink);
		ext2_metadata_put(&buffer);
		/*
		 * Past the last entry of the block: on, even if it was removed under the position.
		 */
		if (result == 0 && (uint64_t)file->position < start + fs->block_size)
			file->position = (file_offset)(start + fs->block_size);
	}
	return result < 0 ? result : 0;
}

static int ext2_directory_sync(struct file *file, bool data_only)
{
	struct ext2 *fs = ext2_of(file->inode->super);
	int error = inode_write_back(file->inode, false);

	(void)data_only;
	if (error)
		return error;
	if (fs->journal)
		return ext2_inode_sync(file->inode);
	/* Its entries name inodes, and its blocks are metadata themselves. */
	error = ext2_metadata_sync_all(fs, true);
	return error ? error : block_flush(fs->device);
}

const struct file_ops ext2_directory_file_ops = {
	.read_directory = ext2_read_directory,
	.ioctl = ext2_ioctl,
	.sync = ext2_directory_sync,
};
