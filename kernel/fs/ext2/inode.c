/*
 * ext2 inodes: from the inode table into memory, and back.
 *
 * In memory the block pointers and little else are ours; the rest is vfs's struct inode. Storing an
 * inode changes only the fields that we keep, so what other systems put beside them stays. A new
 * inode is stored before a directory names it, a deleted one is marked before its number is free.
 */
#include "fs/ext2/internal.h"

#include "core/assert.h"
#include "lib/math64.h"
#include "lib/min_max.h"
#include "lib/string.h"
#include "mem/slab.h"
#include "sched/clock.h"
#include "uapi/linux/errno.h"
#include "vfs/char_device.h"
#include "vfs/pipe.h"

/* The inode, its bitmap and counts, those of a block of attributes, the orphans beside it. */
#define DELETE_BLOCKS 12

static struct slab_cache *inode_slab;

void ext2_inode_init_slab(void)
{
	inode_slab = slab_cache_create("ext2_inode", sizeof(struct ext2_inode), 0);
}

struct inode *ext2_inode_alloc(struct super_block *super)
{
	struct ext2_inode *inode = slab_alloc(inode_slab, 0);

	(void)super;
	if (!inode)
		return NULL;
	memset((uint8_t *)inode + sizeof(inode->vfs), 0, sizeof(*inode) - sizeof(inode->vfs));
	mutex_init(&inode->map_lock, LOCK_RANK_BLOCK_MAP, "ext2 block map");
	list_init(&inode->promises);
	return &inode->vfs;
}

void ext2_inode_free(struct inode *inode)
{
	slab_free(inode_slab, ext2_inode_of(inode));
}

void ext2_inode_release(struct inode *vfs_inode)
{
	struct ext2_inode *inode = ext2_inode_of(vfs_inode);

	ext2_index_drop(inode);
	ext2_orphan_forget(inode);
	if (inode->promised_blocks == 0)
		return;
	mutex_lock(&inode->map_lock);
	ext2_promise_cut(inode, 0, UINT32_MAX, false);
	mutex_unlock(&inode->map_lock);
}

/* Where inode `number` is: the block of the inode table and the offset in it. */
static uint32_t table_block(const struct ext2 *fs, uint32_t number, uint32_t *offset)
{
	uint32_t group = (number - 1) / fs->inodes_per_group;
	uint32_t index = (number - 1) % fs->inodes_per_group;
	uint32_t bytes = index * fs->inode_size;

	*offset = bytes & (fs->block_size - 1);
	return fs->groups[group].inode_table + (bytes >> fs->block_shift);
}

static int get_disk_inode(struct ext2 *fs, uint32_t number, struct ext2_buffer *buffer,
			  struct ext2_disk_inode **out)
{
	uint32_t offset, block = table_block(fs, number, &offset);
	int error = ext2_metadata_get(fs, block, buffer);

	if (!error)
		*out = (struct ext2_disk_inode *)((uint8_t *)buffer->data + offset);
	return error;
}

int ext2_inode_hold(struct ext2_inode *inode, struct ext2_buffer *out)
{
	struct ext2 *fs = ext2_of(inode->vfs.super);
	uint32_t offset;

	return ext2_metadata_get(fs, table_block(fs, (uint32_t)inode->vfs.number, &offset), out);
}

struct ext2_disk_inode *ext2_inode_on_disk(const struct ext2_inode *inode,
					   const struct ext2_buffer *held)
{
	uint32_t offset;

	(void)table_block(ext2_of(inode->vfs.super), (uint32_t)inode->vfs.number, &offset);
	return (struct ext2_disk_inode *)((uint8_t *)held->data + offset);
}

/* ---- reading --------------------------------------------------------------------------------- */

static void set_times(struct inode *inode, const struct ext2_disk_inode *disk)
{
	inode->accessed.seconds = (int32_t)disk->accessed;
	inode->modified.seconds = (int32_t)disk->modified;
	inode->changed.seconds = (int32_t)disk->changed;
}

/* Linux keeps small device numbers in the first word as of old, others in the second. */
static dev_number device_from_roots(const uint32_t roots[2])
{
	if (roots[0])
		return DEV_NUMBER(roots[0] >> 8 & 0xff, roots[0] & 0xff);
	return DEV_NUMBER(roots[1] >> 8 & 0xfff, (roots[1] & 0xff) | (roots[1] >> 12 & 0xfff00));
}

static void device_to_roots(dev_number device, uint32_t roots[2])
{
	uint32_t major = DEV_MAJOR(device), minor = DEV_MINOR(device);

	roots[0] = major < 256 && minor < 256 ? major << 8 | minor : 0;
	roots[1] = roots[0] ? 0 : (minor & 0xff) | major << 8 | (minor & ~0xffu) << 12;
}

/* What files of this type do. False: there is no such type. */
static bool set_operations(struct inode *inode)
{
	inode->ops = &ext2_file_inode_ops;
	switch (inode->mode & MODE_TYPE_MASK) {
	case MODE_REGULAR:
		inode->file_ops = ext2_file_ops();
		inode->cache.ops = &ext2_page_ops;
		return true;
	case MODE_DIRECTORY:
		inode->ops = &ext2_directory_ops;
		inode->file_ops = &ext2_directory_file_ops;
		return true;
	case MODE_LINK:
		inode->ops = &ext2_symlink_ops;
		return true;
	case MODE_CHARACTER:
		inode->file_ops = &char_device_open_ops;
		return true;
	case MODE_BLOCK:
		inode->file_ops = &block_device_file_ops;
		return true;
	case MODE_FIFO:
		inode->file_ops = &pipe_fifo_ops;
		return true;
	case MODE_SOCKET:
		return true;
	default:
		return false;
	}
}

/* A link whose text is in the inode has no blocks but perhaps one of extended attributes. */
static bool is_short_link(const struct ext2 *fs, const struct ext2_disk_inode *disk)
{
	uint32_t attribute_sectors = disk->attribute_block ? fs->block_size >> SECTOR_SHIFT : 0;

	return (disk->mode & MODE_TYPE_MASK) == MODE_LINK &&
	       disk->sector_count <= attribute_sectors;
}

/* `is_deleted`: its blocks may be gone already, and its size with them. */
static bool size_is_good(const struct ext2 *fs, const struct inode *inode, uint64_t size,
			 bool short_link, bool is_deleted)
{
	if (size == 0 && is_deleted)
		return true;
	switch (inode->mode & MODE_TYPE_MASK) {
	case MODE_DIRECTORY:
		return size > 0 && IS_ALIGNED(size, fs->block_size);
	case MODE_LINK:
		return size > 0 && size < (short_link ? EXT2_ROOT_COUNT * 4 : fs->block_size);
	case MODE_REGULAR:
		return size <= fs->super->max_file_size;
	default:
		return true;
	}
}

/* Errors: -EIO. */
static int take_disk_inode(struct ext2 *fs, struct ext2_inode *inode,
			   const struct ext2_disk_inode *disk)
{
	struct inode *vfs = &inode->vfs;
	bool short_link = is_short_link(fs, disk), is_deleted = disk->link_count == 0;
	uint64_t size = disk->size_low;

	vfs->mode = disk->mode;
	if (inode_is(vfs, MODE_REGULAR))
		size |= (uint64_t)disk->size_high << 32;
	if ((is_deleted && !fs->takes_orphans) || !set_operations(vfs) ||
	    !size_is_good(fs, vfs, size, short_link, is_deleted)) {
		ext2_report(fs, "inode %u: bad mode %#o, %u links, size %llu",
			    (uint32_t)vfs->number, disk->mode, disk->link_count,
			    (unsigned long long)size);
		return -EIO;
	}
	vfs->uid = disk->uid_low | (uint32_t)disk->uid_high << 16;
	vfs->gid = disk->gid_low | (uint32_t)disk->gid_high << 16;
	atomic_store_explicit(&vfs->link_count, disk->link_count, memory_order_relaxed);
	page_cache_set_size(&vfs->cache, size);
	inode->disk_size = size;
	set_times(vfs, disk);
	vfs->block_count = disk->sector_count;
	vfs->flags = disk->flags;
	vfs->generation = disk->generation;
	inode->attribute_block = disk->attribute_block;
	memcpy(inode->roots, disk->blocks, sizeof(disk->blocks));
	if (inode_is(vfs, MODE_CHARACTER) || inode_is(vfs, MODE_BLOCK))
		vfs->device = device_from_roots(inode->roots);
	if (short_link) {
		memset(inode->link_text + size, 0, sizeof(inode->link_text) - size);
		vfs->link_target = inode->link_text;
	}
	return 0;
}

int ext2_inode_read(struct inode *vfs_inode)
{
	struct ext2 *fs = ext2_of(vfs_inode->super);
	struct ext2_inode *inode = ext2_inode_of(vfs_inode);
	uint32_t number = (uint32_t)vfs_inode->number;
	struct ext2_disk_inode *disk;
	struct ext2_buffer buffer;
	int error;

	if (vfs_inode->number > fs->inode_count ||
	    (number < fs->first_inode && number != EXT2_ROOT_INODE &&
	     !(fs->takes_journal && number == fs->disk_super->journal_inode))) {
		ext2_report(fs, "a directory names inode %u", number);
		return -EIO;
	}
	inode->group = (number - 1) / fs->inodes_per_group;
	error = get_disk_inode(fs, number, &buffer, &disk);
	if (error)
		return error;
	error = take_disk_inode(fs, inode, disk);
	ext2_metadata_put(&buffer);
	/* What an earlier life in memory has changed may not be committed yet. */
	if (fs->journal)
		inode->tid = journal_last_tid(fs->journal);
	return error;
}

/* ---- writing --------------------------------------------------------------------------------- */

/* The first file that is too large for old systems tells them so. */
static void note_large_file(struct ext2_transaction *transaction)
{
	struct ext2 *fs = transaction->fs;

	if (fs->disk_super->features_read_only & EXT2_RO_LARGE_FILE)
		return;
	mutex_lock(&fs->bitmap_lock);
	fs->disk_super->features_read_only |= EXT2_RO_LARGE_FILE;
	ext2_metadata_dirty(transaction, &fs->super_buffer);
	mutex_unlock(&fs->bitmap_lock);
}

static void fill_disk_inode(struct ext2_inode *inode, struct ext2_disk_inode *disk)
{
	struct inode *vfs = &inode->vfs;
	uint64_t size = inode_is(vfs, MODE_REGULAR) ? inode->disk_size : inode_size(vfs);

	spin_lock(&vfs->state_lock);
	disk->mode = (uint16_t)vfs->mode;
	disk->uid_low = (uint16_t)vfs->uid;
	disk->uid_high = (uint16_t)(vfs->uid >> 16);
	disk->gid_low = (uint16_t)vfs->gid;
	disk->gid_high = (uint16_t)(vfs->gid >> 16);
	disk->accessed = (uint32_t)vfs->accessed.seconds;
	disk->modified = (uint32_t)vfs->modified.seconds;
	disk->changed = (uint32_t)vfs->changed.seconds;
	disk->sector_count = (uint32_t)vfs->block_count;
	spin_unlock(&vfs->state_lock);
	disk->link_count =
		(uint16_t)atomic_load_explicit(&vfs->link_count, memory_order_relaxed);
	disk->size_low = (uint32_t)size;
	if (inode_is(vfs, MODE_REGULAR))
		disk->size_high = (uint32_t)(size >> 32);
	disk->flags = vfs->flags;
	disk->generation = vfs->generation;
	disk->attribute_block = inode->attribute_block;
	if (inode_is(vfs, MODE_CHARACTER) || inode_is(vfs, MODE_BLOCK))
		device_to_roots(vfs->device, disk->blocks);
	else
		memcpy(disk->blocks, inode->roots, sizeof(disk->blocks));
}

int ext2_inode_store(struct ext2_transaction *transaction, struct ext2_inode *inode)
{
	struct ext2_disk_inode *disk, wanted;
	struct ext2_buffer buffer;
	bool has_changed;
	int error = ext2_inode_hold(inode, &buffer);

	if (error)
		return error;
	disk = ext2_inode_on_disk(inode, &buffer);
	/* map_lock: the roots are stored as they are between two changes of the map. */
	mutex_lock(&inode->map_lock);
	wanted = *disk;
	fill_disk_inode(inode, &wanted);
	has_changed = memcmp(disk, &wanted, sizeof(wanted)) != 0;
	/*
	 * fsync comes often when nothing has changed: then there is nothing to commit. Who finds it
	 * so finds our transaction, too, which may still be open.
	 */
	if (has_changed) {
		*disk = wanted;
		ext2_note_transaction(transaction, inode);
	}
	mutex_unlock(&inode->map_lock);
	if (has_changed)
		ext2_metadata_dirty(transaction, &buffer);
	ext2_metadata_put(&buffer);
	if (unlikely(inode_is(&inode->vfs, MODE_REGULAR) && inode_size(&inode->vfs) > INT32_MAX))
		note_large_file(transaction);
	return 0;
}

/* Into the buffers only: whoever waits goes on to ext2_sync or ext2_inode_sync. */
int ext2_inode_write(struct inode *inode, bool wait)
{
	struct ext2_transaction transaction;
	struct ext2 *fs = ext2_of(inode->super);
	int error = ext2_transaction_begin(&transaction, fs, 2);

	(void)wait;
	/* Read-only in good order: it was stored before, and only its mark came after. */
	if (error == -EROFS && !atomic_load_explicit(&fs->error_count, memory_order_relaxed))
		return 0;
	if (error)
		return error;
	error = ext2_inode_store(&transaction, ext2_inode_of(inode));
	ext2_transaction_end(&transaction);
	return error;
}

/* Its last transaction, and whatever it has written in place, are on the medium afterwards. */
static int commit_inode(struct ext2 *fs, struct ext2_inode *inode)
{
	uint32_t tid = atomic_load_explicit(&inode->tid, memory_order_relaxed);
	bool flushed = false;
	int error = 0;

	if (atomic_load_explicit(&fs->error_count, memory_order_relaxed))
		return -EIO;
	error = journal_commit(fs->journal, tid, &flushed);
	return error || flushed ? error : block_flush(fs->device);
}

int ext2_inode_sync(struct inode *vfs_inode)
{
	struct ext2 *fs = ext2_of(vfs_inode->super);
	struct ext2_inode *inode = ext2_inode_of(vfs_inode);
	uint32_t offset, block = table_block(fs, (uint32_t)vfs_inode->number, &offset);
	int error;

	if (fs->journal)
		return commit_inode(fs, inode);
	/*
	 * Indirect blocks may be anywhere: all metadata is written, which is little and in
	 * order.
	 */
	if (atomic_exchange_explicit(&inode->tree_dirty, false, memory_order_acq_rel))
		error = ext2_metadata_sync_all(fs, true);
	else
		error = ext2_metadata_sync_block(fs, block);
	return error ? error : block_flush(fs->device);
}

int ext2_attributes_changed(struct inode *inode)
{
	inode_mark_dirty(inode, INODE_DIRTY_ATTRIBUTES);
	return 0;
}

/* ---- making and deleting --------------------------------------------------------------------- */

static void set_now(struct inode *inode)
{
	uint32_t nanoseconds;

	inode->accessed.seconds =
		(int64_t)div64_u32((uint64_t)clock_realtime_ns(), 1000000000, &nanoseconds);
	inode->modified = inode->changed = inode->accessed;
}

/* An inode in memory for `number`, known to vfs. Errors: -ENOMEM, -EIO: it is in use already. */
static int make_in_memory(struct ext2 *fs, uint32_t number, file_mode mode, struct inode **out)
{
	int error;

	*out = inode_create(fs->super);
	if (!*out)
		return -ENOMEM;
	(*out)->number = number;
	(*out)->mode = mode;
	error = inode_publish(*out);
	if (!error)
		return 0;
	inode_put(*out);	/* it has a link, so nothing on the disk is deleted */
	if (error == -EEXIST) {
		ext2_report(fs, "inode %u is in use, but its bitmap calls it free", number);
		error = -EIO;
	}
	return error;
}

int ext2_inode_make(struct ext2_transaction *transaction, struct inode *directory, file_mode mode,
		    dev_number device, user_id uid, group_id gid, struct inode **out,
		    struct ext2_buffer *held)
{
	struct ext2 *fs = transaction->fs;
	struct ext2_disk_inode *disk;
	struct ext2_inode *inode;
	struct ext2_buffer bitmap;
	uint32_t number;
	int error = ext2_number_allocate(transaction, ext2_inode_of(directory), mode, &number,
					 &bitmap);

	if (error)
		return error;
	error = get_disk_inode(fs, number, held, &disk);
	if (error)
		goto free_number;
	error = make_in_memory(fs, number, mode, out);
	if (error)
		goto put_buffer;
	inode = ext2_inode_of(*out);
	inode->vfs.uid = uid;
	inode->vfs.gid = gid;
	inode->vfs.device = device;
	inode->vfs.flags = directory->flags & EXT2_FLAGS_INHERITED;
	inode->vfs.generation = atomic_fetch_add_explicit(&fs->generation, 1,
							  memory_order_relaxed);
	inode->group = (number - 1) / fs->inodes_per_group;
	set_now(&inode->vfs);
	(void)set_operations(&inode->vfs);
	/* What an earlier file left there goes, the part beyond our fields included. */
	memset(disk, 0, fs->inode_size);
	fill_disk_inode(inode, disk);
	ext2_metadata_dirty(transaction, held);
	ext2_note_transaction(transaction, inode);
	ext2_metadata_put(&bitmap);
	return 0;

put_buffer:
	ext2_metadata_put(held);
free_number:
	*out = NULL;
	(void)!ext2_number_free(transaction, number, (mode & MODE_TYPE_MASK) == MODE_DIRECTORY);
	ext2_metadata_put(&bitmap);
	return error;
}

void ext2_inode_abandon(struct ext2_transaction *transaction, struct ext2_inode *inode)
{
	atomic_store_explicit(&inode->vfs.link_count, 0, memory_order_relaxed);
	(void)!ext2_orphan_add(transaction, inode);
	(void)!ext2_inode_store(transaction, inode);
}

/* What a deletion changes, in memory before it begins: so it happens whole. */
struct deletion {
	struct ext2_buffer inode, number_bitmap;
	/* The block of extended attributes, and the bitmap it would be freed in; or frame NULL. */
	struct ext2_buffer attributes, attributes_bitmap;
};

/* Errors: -EIO, -ENOMEM. */
static int hold_attributes(struct ext2 *fs, struct ext2_inode *inode, struct deletion *deletion)
{
	int error = ext2_attribute_block_get(inode, &deletion->attributes);

	if (error) {
		deletion->attributes.frame = NULL;
		return error;
	}
	return ext2_bitmap_hold(fs, inode->attribute_block, &deletion->attributes_bitmap);
}

static void put_deletion(struct deletion *deletion)
{
	struct ext2_buffer *held[] = { &deletion->inode, &deletion->number_bitmap,
				       &deletion->attributes, &deletion->attributes_bitmap };

	for (unsigned int i = 0; i < ARRAY_SIZE(held); i++) {
		if (held[i]->frame)
			ext2_metadata_put(held[i]);
	}
}

/* Errors: -EIO, -ENOMEM. Put it back, whatever it is. */
static int hold_deletion(struct ext2 *fs, struct ext2_inode *inode, struct deletion *out)
{
	int error;

	*out = (struct deletion){ .inode = { .frame = NULL } };
	error = ext2_inode_hold(inode, &out->inode);
	if (!error)
		error = ext2_number_hold(fs, (uint32_t)inode->vfs.number, &out->number_bitmap);
	if (!error && inode->attribute_block)
		error = hold_attributes(fs, inode, out);
	return error;
}

static bool has_blocks(const struct inode *inode)
{
	return inode_is(inode, MODE_REGULAR) || inode_is(inode, MODE_DIRECTORY) ||
	       (inode_is(inode, MODE_LINK) && !inode->link_target);
}

/*
 * The inode's number is free again, and all that hangs on it. Its blocks are gone already. Errors:
 * -EIO, -ENOMEM: nothing has changed.
 */
static int delete_in(struct ext2_transaction *transaction, struct ext2_inode *inode)
{
	struct ext2 *fs = transaction->fs;
	struct deletion deletion;
	struct ext2_disk_inode *disk;
	int error = hold_deletion(fs, inode, &deletion);

	if (!error)
		error = ext2_orphan_remove(transaction, inode);
	if (error)
		goto put_deletion;
	if (inode->attribute_block)
		ext2_attribute_block_drop(transaction, inode, &deletion.attributes);
	disk = ext2_inode_on_disk(inode, &deletion.inode);
	fill_disk_inode(inode, disk);
	disk->deleted = disk->changed ? disk->changed : 1;
	ext2_metadata_dirty(transaction, &deletion.inode);
	(void)!ext2_number_free(transaction, (uint32_t)inode->vfs.number,
				inode_is(&inode->vfs, MODE_DIRECTORY));
put_deletion:
	put_deletion(&deletion);
	return error;
}

/* Errors: -EIO, -ENOMEM, -EROFS. What was done already stays done. */
static int try_delete(struct ext2_inode *inode)
{
	struct ext2_transaction transaction;
	int error = has_blocks(&inode->vfs) ? ext2_free_all_blocks(inode) : 0;

	if (!error)
		error = ext2_transaction_begin(&transaction, ext2_of(inode->vfs.super),
					       DELETE_BLOCKS);
	if (error)
		return error;
	error = delete_in(&transaction, inode);
	ext2_transaction_end(&transaction);
	return error;
}

/*
 * Nobody will ask for this inode again, so this is the only chance: it waits for memory. Left on
 * the disk as an orphan it would be lost without a journal; with one, the list in memory, which it
 * leaves now, would no longer be the disk's.
 */
void ext2_inode_delete(struct inode *vfs_inode)
{
	struct ext2_inode *inode = ext2_inode_of(vfs_inode);
	int error;

	page_cache_set_size(&vfs_inode->cache, 0);
	inode->disk_size = 0;	/* nobody else has it any more */
	while ((error = try_delete(inode)) == -ENOMEM)
		ext2_wait_for_memory();
	/* Read-only by an error already: the next mount, or e2fsck, goes on from there. */
	if (error && error != -EROFS)
		ext2_report(ext2_of(vfs_inode->super), "inode %u cannot be deleted: error %d",
			    (uint32_t)vfs_inode->number, -error);
}
