/*
 * Extended attributes of files: where they are kept.
 *
 * An inode of more than 128 bytes has room for a short list behind its fields; all inodes may have
 * one more list in a block. A new attribute goes to the inode if it fits there, else to the block.
 * A block may belong to several inodes (Linux shares equal ones): who changes his gets one of his
 * own.
 *
 * A change is worked out in copies, and then made in one transaction whose blocks are all in memory
 * before the first is changed, so that it happens whole or not at all.
 *
 * Locks. The inode's own keeps its lists still, shared for readers. attribute_block changes with
 * map_lock held, too, because inodes are written back without their own lock. How many share a
 * block is under bitmap_lock.
 *
 * Not done: access control lists. What a disk has of them stays as it is, and is not seen.
 */
#include "fs/ext2/attributes.h"

#include "fs/ext2/internal.h"
#include "lib/min_max.h"
#include "mem/kmalloc.h"
#include "uapi/linux/errno.h"
#include "vfs/extended_attribute.h"

enum {
	CHANGE_BLOCKS = 12,	/* inode, superblock; two blocks, their bitmaps and descriptors */
	EXTRA_MIN = 4,		/* the least that the fields behind the first 128 bytes take */
	EXTRA_OURS = 32,	/* what Linux says that they take, in inodes that have none yet */
	MAGIC_SIZE = sizeof(uint32_t),
};

enum place { PLACE_INODE, PLACE_BLOCK, PLACE_COUNT };

/* Both lists of a file in copies. */
struct lists {
	struct ext2_attribute_area areas[PLACE_COUNT];	/* base NULL: there is none */
	uint8_t *inode;		/* inode_size bytes */
	uint8_t *block;		/* block_size bytes, behind them */
};

/* ---- names ----------------------------------------------------------------------------------- */

static const struct {
	const char *text;
	unsigned int index;
} prefixes[] = {
	{ "user.", EXT2_ATTRIBUTE_USER },
	{ "trusted.", EXT2_ATTRIBUTE_TRUSTED },
	{ "security.", EXT2_ATTRIBUTE_SECURITY },
};

static const char *prefix_of(unsigned int index)
{
	for (size_t i = 0; i < ARRAY_SIZE(prefixes); i++) {
		if (prefixes[i].index == index)
			return prefixes[i].text;
	}
	return NULL;
}

/* Errors: -EOPNOTSUPP, -EINVAL. */
static int parse_name(const char *name, struct ext2_attribute *out)
{
	for (size_t i = 0; i < ARRAY_SIZE(prefixes); i++) {
		size_t length = strlen(prefixes[i].text);

		if (strncmp(name, prefixes[i].text, length) != 0)
			continue;
		*out = (struct ext2_attribute){
			.index = prefixes[i].index,
			.name = name + length,
			.length = strlen(name + length),
		};
		return out->length ? 0 : -EINVAL;
	}
	return -EOPNOTSUPP;
}

/* ---- where ----------------------------------------------------------------------------------- */

/*
 * The room for a list in an inode. False: there is none. `extra`: what the fields behind the first
 * 128 bytes take.
 */
static bool find_room(const struct ext2 *fs, uint8_t *inode, uint32_t extra,
		      struct ext2_attribute_area *out)
{
	uint32_t start = EXT2_REV0_INODE_SIZE + extra + MAGIC_SIZE;

	if (extra < EXTRA_MIN || extra % 4 != 0 ||
	    start + sizeof(struct ext2_attribute_entry) > fs->inode_size)
		return false;
	*out = (struct ext2_attribute_area){ inode + start, 0, fs->inode_size - start };
	return true;
}

static uint32_t *magic_of(const struct ext2_attribute_area *area)
{
	return (uint32_t *)(area->base - MAGIC_SIZE);
}

static uint16_t *extra_of(uint8_t *inode)
{
	return (uint16_t *)(inode + EXT2_REV0_INODE_SIZE);
}

static bool inode_has_list(const struct ext2 *fs, uint8_t *inode, struct ext2_attribute_area *out)
{
	return fs->inode_size > EXT2_REV0_INODE_SIZE &&
	       find_room(fs, inode, *extra_of(inode), out) &&
	       *magic_of(out) == EXT2_ATTRIBUTE_MAGIC;
}

int ext2_attribute_block_get(struct ext2_inode *inode, struct ext2_buffer *out)
{
	struct ext2 *fs = ext2_of(inode->vfs.super);
	const struct ext2_attribute_header *header;
	uint32_t block = inode->attribute_block;
	int error;

	if (!ext2_blocks_are_usable(fs, block, 1)) {
		ext2_report(fs, "inode %u: bad attribute block %u", (uint32_t)inode->vfs.number,
			    block);
		return -EIO;
	}
	error = ext2_metadata_get(fs, block, out);
	if (error)
		return error;
	header = out->data;
	if (header->magic != EXT2_ATTRIBUTE_MAGIC || header->reference_count == 0 ||
	    header->block_count != 1) {
		ext2_report(fs, "bad attribute block %u", block);
		ext2_metadata_put(out);
		return -EIO;
	}
	return 0;
}

static int copy_block(struct ext2_inode *inode, struct lists *out)
{
	struct ext2_buffer buffer;
	int error = ext2_attribute_block_get(inode, &buffer);

	if (error)
		return error;
	memcpy(out->block, buffer.data, ext2_of(inode->vfs.super)->block_size);
	ext2_metadata_put(&buffer);
	return 0;
}

static struct ext2_attribute_area block_area(const struct ext2 *fs, uint8_t *block)
{
	return (struct ext2_attribute_area){ block, sizeof(struct ext2_attribute_header),
					     fs->block_size };
}

/* Room for copies, all zeros. Errors: -ENOMEM. */
static int make_room(const struct ext2 *fs, struct lists *out)
{
	*out = (struct lists){ .inode = kzalloc(fs->inode_size + fs->block_size, 0) };
	if (!out->inode)
		return -ENOMEM;
	out->block = out->inode + fs->inode_size;
	return 0;
}

static void free_lists(struct lists *lists)
{
	kfree(lists->inode);
}

static int load_lists(struct ext2_inode *inode, uint8_t *disk_inode, struct lists *out)
{
	struct ext2 *fs = ext2_of(inode->vfs.super);
	int error;

	memcpy(out->inode, disk_inode, fs->inode_size);
	if (!inode_has_list(fs, out->inode, &out->areas[PLACE_INODE]))
		out->areas[PLACE_INODE].base = NULL;
	if (inode->attribute_block) {
		error = copy_block(inode, out);
		if (error)
			return error;
		out->areas[PLACE_BLOCK] = block_area(fs, out->block);
	}
	for (unsigned int i = 0; i < PLACE_COUNT; i++) {
		if (out->areas[i].base && !ext2_attribute_area_is_good(&out->areas[i])) {
			ext2_report(fs, "inode %u: bad extended attributes",
				    (uint32_t)inode->vfs.number);
			return -EIO;
		}
	}
	return 0;
}

/*
 * Both lists of the inode; free them. Most files have none: then nothing is copied, and there is
 * nothing to free, unless `always`. Errors: -EIO, -ENOMEM.
 */
static int load(struct ext2_inode *inode, bool always, struct lists *out)
{
	struct ext2 *fs = ext2_of(inode->vfs.super);
	struct ext2_attribute_area area;
	struct ext2_buffer buffer;
	uint8_t *disk_inode;
	int error = ext2_inode_hold(inode, &buffer);

	*out = (struct lists){ .inode = NULL };
	if (error)
		return error;
	disk_inode = (uint8_t *)ext2_inode_on_disk(inode, &buffer);
	if (always || inode->attribute_block || inode_has_list(fs, disk_inode, &area)) {
		error = make_room(fs, out);
		if (!error)
			error = load_lists(inode, disk_inode, out);
		if (error)
			free_lists(out);
	}
	ext2_metadata_put(&buffer);
	return error;
}

/* ---- asking ---------------------------------------------------------------------------------- */

/* The place that has it, or PLACE_COUNT. */
static enum place find(const struct lists *lists, const struct ext2_attribute *wanted,
		       struct ext2_attribute_entry **out)
{
	enum place place = PLACE_INODE;

	while (place < PLACE_COUNT) {
		*out = ext2_attribute_find(&lists->areas[place], wanted);
		if (*out)
			break;
		place++;
	}
	return place;
}

ssize_t ext2_get_attribute(struct inode *inode, const char *name, void *buffer, size_t size)
{
	struct ext2_attribute_entry *entry;
	struct ext2_attribute wanted;
	struct lists lists;
	enum place place;
	ssize_t result = parse_name(name, &wanted);

	if (!result)
		result = load(ext2_inode_of(inode), false, &lists);
	if (result)
		return result;
	place = find(&lists, &wanted, &entry);
	if (place == PLACE_COUNT) {
		result = -ENODATA;
	} else {
		result = (ssize_t)entry->value_size;
		if (size > 0 && entry->value_size > size)
			result = -ERANGE;
		else if (size > 0)
			memcpy(buffer, ext2_attribute_value(&lists.areas[place], entry),
			       entry->value_size);
	}
	free_lists(&lists);
	return result;
}

/* The whole name of one, at buffer[used]. Returns its size with the NUL, or -ERANGE. */
static ssize_t list_one(const struct ext2_attribute_entry *entry, const char *prefix, char *buffer,
			size_t size, size_t used)
{
	size_t prefix_length = strlen(prefix);
	size_t total = prefix_length + entry->name_length + 1;

	if (size == 0)
		return (ssize_t)total;
	if (total > size - used)
		return -ERANGE;
	memcpy(buffer + used, prefix, prefix_length);
	memcpy(buffer + used + prefix_length, entry->name, entry->name_length);
	buffer[used + total - 1] = '\0';
	return (ssize_t)total;
}

ssize_t ext2_list_attributes(struct inode *inode, char *buffer, size_t size, bool trusted)
{
	struct lists lists;
	size_t used = 0;
	ssize_t result = load(ext2_inode_of(inode), false, &lists);

	if (result)
		return result;
	for (unsigned int i = 0; i < PLACE_COUNT && result >= 0; i++) {
		const struct ext2_attribute_area *area = &lists.areas[i];
		struct ext2_attribute_entry *entry = ext2_attribute_first(area);

		for (; entry && result >= 0; entry = ext2_attribute_next(area, entry)) {
			const char *prefix = prefix_of(entry->name_index);

			if (!prefix || (entry->name_index == EXT2_ATTRIBUTE_TRUSTED && !trusted))
				continue;
			result = list_one(entry, prefix, buffer, size, used);
			used += result > 0 ? (size_t)result : 0;
		}
	}
	free_lists(&lists);
	return result < 0 ? result : (ssize_t)used;
}

/* ---- changing -------------------------------------------------------------------------------- */

/* The lists as they shall be; a place that stays as it is has base NULL. */
struct change {
	struct ext2_inode *inode;
	struct lists new;
};

/* An empty list in the new inode, which has the fields of the old one. False: no room for any. */
static bool prepare_inode(const struct ext2 *fs, const struct lists *old, struct lists *new)
{
	uint32_t kept;

	if (fs->inode_size <= EXT2_REV0_INODE_SIZE)
		return false;
	memcpy(new->inode, old->inode, fs->inode_size);
	/* The fields of one that says nothing of them are not in use, and begin as zeros. */
	kept = *extra_of(new->inode);
	if (kept == 0)
		memset(new->inode + EXT2_REV0_INODE_SIZE, 0, EXTRA_OURS);
	if (!find_room(fs, new->inode, kept ? kept : EXTRA_OURS, &new->areas[PLACE_INODE]))
		return false;
	*extra_of(new->inode) = (uint16_t)(kept ? kept : EXTRA_OURS);
	memset(new->areas[PLACE_INODE].base, 0, new->areas[PLACE_INODE].end);
	return true;
}

/* Build one place anew with `attribute` set, or (value NULL) without it. Errors: -ENOSPC. */
static int rebuild(const struct ext2 *fs, const struct lists *old, struct lists *new,
		   enum place place, const struct ext2_attribute *attribute)
{
	if (place == PLACE_BLOCK) {
		memset(new->block, 0, fs->block_size);
		new->areas[PLACE_BLOCK] = block_area(fs, new->block);
	} else if (!prepare_inode(fs, old, new)) {
		return -ENOSPC;
	}
	return ext2_attribute_rebuild(&old->areas[place], &new->areas[place], attribute);
}

/*
 * Decide where the attribute goes, and build the lists that change. `has_it`: the place that has it
 * now, or PLACE_COUNT. Errors: -ENOSPC.
 */
static int plan(const struct ext2 *fs, const struct lists *old, struct lists *new,
		enum place has_it, const struct ext2_attribute *attribute)
{
	struct ext2_attribute removal = *attribute;
	enum place goes_to = PLACE_INODE;
	int error;

	removal.value = NULL;
	if (!attribute->value)
		return rebuild(fs, old, new, has_it, attribute);
	if (rebuild(fs, old, new, PLACE_INODE, attribute)) {
		new->areas[PLACE_INODE].base = NULL;
		goes_to = PLACE_BLOCK;
		error = rebuild(fs, old, new, PLACE_BLOCK, attribute);
		if (error)
			return error;
	}
	if (has_it != PLACE_COUNT && has_it != goes_to)
		return rebuild(fs, old, new, has_it, &removal);
	return 0;
}

static void set_block(struct ext2_inode *inode, uint32_t block)
{
	mutex_lock(&inode->map_lock);
	inode->attribute_block = block;
	mutex_unlock(&inode->map_lock);
	atomic_store_explicit(&inode->tree_dirty, true, memory_order_release);
}

void ext2_attribute_block_drop(struct ext2_transaction *transaction, struct ext2_inode *inode,
			       struct ext2_buffer *held)
{
	struct ext2 *fs = transaction->fs;
	uint32_t block = inode->attribute_block;
	struct ext2_attribute_header *header = held->data;
	bool is_last;

	/* bitmap_lock: the count is shared by inodes that have no other lock in common. */
	mutex_lock(&fs->bitmap_lock);
	is_last = header->reference_count <= 1;
	if (!is_last) {
		header->reference_count--;
		ext2_metadata_dirty(transaction, held);
	}
	mutex_unlock(&fs->bitmap_lock);
	if (is_last) {
		ext2_metadata_forget(transaction, block);
		(void)!ext2_blocks_free(transaction, block, 1);
	}
	set_block(inode, 0);
	ext2_count_blocks(inode, -1);
}

/* A block of the inode's own, filled with the new list. Errors: -ENOSPC, -EIO, -ENOMEM. */
static int add_block(struct ext2_transaction *transaction, struct change *change, uint32_t *out)
{
	struct ext2 *fs = transaction->fs;
	struct ext2_buffer bitmap, buffer;
	uint32_t count;
	int error;

	mutex_lock(&change->inode->map_lock);
	error = ext2_blocks_allocate(transaction, change->inode, 0, 1, false, out, &count,
				     &bitmap);
	mutex_unlock(&change->inode->map_lock);
	if (error)
		return error;
	error = ext2_metadata_get_new(transaction, *out, &buffer);
	if (error)
		(void)!ext2_blocks_free(transaction, *out, 1);
	ext2_metadata_put(&bitmap);
	if (error)
		return error;
	memcpy(buffer.data, change->new.block, fs->block_size);
	ext2_metadata_dirty(transaction, &buffer);
	ext2_metadata_put(&buffer);
	return 0;
}

/* The first attribute in a block tells old systems of it. */
static void note_feature(struct ext2_transaction *transaction)
{
	struct ext2 *fs = transaction->fs;

	mutex_lock(&fs->bitmap_lock);
	if (!(fs->disk_super->features_compatible & EXT2_COMPAT_ATTRIBUTES)) {
		fs->disk_super->features_compatible |= EXT2_COMPAT_ATTRIBUTES;
		ext2_metadata_dirty(transaction, &fs->super_buffer);
	}
	mutex_unlock(&fs->bitmap_lock);
}

static bool is_sole_user(struct ext2 *fs, const struct ext2_buffer *held)
{
	bool is_sole;

	mutex_lock(&fs->bitmap_lock);
	is_sole = ((const struct ext2_attribute_header *)held->data)->reference_count == 1;
	mutex_unlock(&fs->bitmap_lock);
	return is_sole;
}

/*
 * Put the new list in the place of the old one, whose block (frame NULL: none) is held with its
 * bitmap. Errors: as add_block; then nothing has changed.
 */
static int replace_block(struct ext2_transaction *transaction, struct change *change,
			 struct ext2_buffer *held)
{
	struct ext2 *fs = transaction->fs;
	bool is_empty = !ext2_attribute_first(&change->new.areas[PLACE_BLOCK]);
	uint32_t block = 0;
	int error;

	if (!is_empty && held->frame && is_sole_user(fs, held)) {
		memcpy(held->data, change->new.block, fs->block_size);
		ext2_metadata_dirty(transaction, held);
		atomic_store_explicit(&change->inode->tree_dirty, true, memory_order_release);
		return 0;
	}
	error = is_empty ? 0 : add_block(transaction, change, &block);
	if (error)
		return error;
	if (held->frame)
		ext2_attribute_block_drop(transaction, change->inode, held);
	if (block) {
		set_block(change->inode, block);
		ext2_count_blocks(change->inode, 1);
		note_feature(transaction);
	}
	return 0;
}

static int change_block(struct ext2_transaction *transaction, struct change *change)
{
	struct ext2_attribute_header *header = (struct ext2_attribute_header *)change->new.block;
	struct ext2_buffer held = { .frame = NULL }, bitmap;
	int error = 0;

	header->magic = EXT2_ATTRIBUTE_MAGIC;
	header->reference_count = 1;
	header->block_count = 1;
	header->hash = ext2_attribute_list_hash(&change->new.areas[PLACE_BLOCK]);
	if (!change->inode->attribute_block)
		return replace_block(transaction, change, &held);
	error = ext2_attribute_block_get(change->inode, &held);
	if (error)
		return error;
	error = ext2_bitmap_hold(transaction->fs, held.block, &bitmap);
	if (!error) {
		error = replace_block(transaction, change, &held);
		ext2_metadata_put(&bitmap);
	}
	ext2_metadata_put(&held);
	return error;
}

static void change_inode(struct ext2_transaction *transaction, struct change *change,
			 const struct ext2_buffer *held)
{
	const struct ext2_attribute_area *area = &change->new.areas[PLACE_INODE];
	uint8_t *disk = (uint8_t *)ext2_inode_on_disk(change->inode, held);

	*magic_of(area) = ext2_attribute_first(area) ? EXT2_ATTRIBUTE_MAGIC : 0;
	memcpy(disk + EXT2_REV0_INODE_SIZE, change->new.inode + EXT2_REV0_INODE_SIZE,
	       transaction->fs->inode_size - EXT2_REV0_INODE_SIZE);
	ext2_metadata_dirty(transaction, held);
	ext2_note_transaction(transaction, change->inode);
}

/* Make the change on the disk. Errors: -ENOSPC, -EIO, -ENOMEM, -EROFS: nothing has changed. */
static int make_change(struct change *change)
{
	struct ext2_transaction transaction;
	struct ext2_buffer held;
	int error = ext2_transaction_begin(&transaction, ext2_of(change->inode->vfs.super),
					   CHANGE_BLOCKS);

	if (error)
		return error;
	error = ext2_inode_hold(change->inode, &held);
	if (error)
		goto end;
	if (change->new.areas[PLACE_BLOCK].base)
		error = change_block(&transaction, change);
	if (!error && change->new.areas[PLACE_INODE].base)
		change_inode(&transaction, change, &held);
	if (!error)
		error = ext2_inode_store(&transaction, change->inode);
	ext2_metadata_put(&held);
end:
	ext2_transaction_end(&transaction);
	return error;
}

/* -EEXIST, -ENODATA: what the flags ask for is not so. */
static int check_flags(bool exists, const struct ext2_attribute *attribute, int flags)
{
	if (exists && (flags & XATTR_CREATE))
		return -EEXIST;
	if (!exists && (!attribute->value || (flags & XATTR_REPLACE)))
		return -ENODATA;
	return 0;
}

static int set_loaded(struct ext2_inode *inode, const struct lists *old,
		      const struct ext2_attribute *attribute, int flags)
{
	struct ext2 *fs = ext2_of(inode->vfs.super);
	struct change change = { .inode = inode };
	struct ext2_attribute_entry *entry;
	enum place place = find(old, attribute, &entry);
	unsigned int tries = 0;
	int error = check_flags(place != PLACE_COUNT, attribute, flags);

	if (!error && attribute->size > fs->block_size)
		error = -ENOSPC;
	if (!error)
		error = make_room(fs, &change.new);
	if (error)
		return error;
	error = plan(fs, old, &change.new, place, attribute);
	if (!error) {
		do
			error = make_change(&change);
		while (error == -ENOSPC && ext2_retry_for_space(fs, &tries));
	}
	free_lists(&change.new);
	return error;
}

int ext2_set_attribute(struct inode *vfs_inode, const char *name, const void *value, size_t size,
		       int flags)
{
	struct ext2_inode *inode = ext2_inode_of(vfs_inode);
	struct ext2_attribute attribute;
	struct lists old;
	int error = parse_name(name, &attribute);

	rwlock_assert_held_exclusive(&vfs_inode->lock);
	/* The oldest disks have no features, and so no attributes. */
	if (!error && ext2_of(vfs_inode->super)->disk_super->revision == 0)
		error = -EOPNOTSUPP;
	if (!error)
		error = load(inode, true, &old);
	if (error)
		return error;
	attribute.value = value;
	attribute.size = size;
	error = set_loaded(inode, &old, &attribute, flags);
	free_lists(&old);
	return error;
}
