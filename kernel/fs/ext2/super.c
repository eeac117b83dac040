/*
 * ext2 as a whole: mounting, the superblock, syncing, unmounting, and what happens when the disk is
 * found to be wrong.
 *
 * Mounting believes nothing: every number of the superblock and of the group descriptors is checked
 * against the others and the size of the device before it is used; afterwards they are taken as
 * true, since only we write there (claimed devices exclude others).
 *
 * The state word. While mounted for writing, the disk says "not clean"; a clean unmount, or a
 * remount to read-only, writes back what was found, so that a disk that was not clean stays so
 * until e2fsck has seen it. A freeze does the same for a while. Counts of free blocks and inodes
 * are kept exact in the group descriptors; the totals in the superblock are written when syncing.
 * With a journal the disk stays "clean" for good, as Linux has it: what a power cut leaves is seen
 * by RECOVER (journal_inode.c).
 *
 * Errors. ext2_report says what is wrong and turns the file system read-only at once, whatever the
 * superblock asks for: what is left of the data is worth more than going on, and never worth a
 * panic. A journal aborts then, so that what was found wrong is not committed.
 */
#include "fs/ext2/ext2.h"

#include "block/page_io.h"
#include "core/printk.h"
#include "fs/ext2/internal.h"
#include "fs/journal/journal.h"
#include "lib/format.h"
#include "lib/hash.h"
#include "lib/math64.h"
#include "lib/min_max.h"
#include "lib/string.h"
#include "mem/kmalloc.h"
#include "sched/clock.h"
#include "uapi/linux/errno.h"

#define REPORT_LIMIT 16	/* messages; a broken disk has no end of them */

void ext2_report(struct ext2 *fs, const char *format, ...)
{
	unsigned int count = atomic_fetch_add_explicit(&fs->error_count, 1, memory_order_relaxed);
	char text[128];
	va_list arguments;

	if (count < REPORT_LIMIT) {
		va_start(arguments, format);
		vsnprintf(text, sizeof(text), format, arguments);
		va_end(arguments);
		printk(LOG_ERROR, "ext2 %s: %s", fs->device->name, text);
	}
	atomic_store_explicit(&fs->super->read_only, true, memory_order_relaxed);
	if (fs->journal)
		journal_abort(fs->journal, -EIO);
	if (atomic_exchange_explicit(&fs->may_change, false, memory_order_relaxed))
		printk(LOG_ERROR, "ext2 %s: now read-only; run e2fsck", fs->device->name);
}

static uint32_t now_seconds(void)
{
	return (uint32_t)div64_s64(clock_realtime_ns(), 1000000000);
}

/* ---- reading the superblock ------------------------------------------------------------------ */

static bool is_power_of(uint32_t value, uint32_t base)
{
	uint64_t power = base;

	while (power < value)
		power *= base;
	return power == value;
}

/*
 * Groups 0 and 1 and the powers of 3, 5 and 7 have copies of the superblock; without the feature
 * all.
 */
static bool group_has_super(const struct ext2_superblock *disk, uint32_t group)
{
	if (group <= 1 || disk->revision == 0 ||
	    !(disk->features_read_only & EXT2_RO_SPARSE_SUPER))
		return true;
	return is_power_of(group, 3) || is_power_of(group, 5) || is_power_of(group, 7);
}

/* Errors: -EINVAL with a line in the log. */
static int refuse(const struct ext2 *fs, const char *why)
{
	printk(LOG_ERROR, "ext2 %s: cannot mount: %s", fs->device->name, why);
	return -EINVAL;
}

static int check_features(struct ext2 *fs, const struct ext2_superblock *disk)
{
	uint32_t incompatible = disk->features_incompatible;
	uint32_t read_only = disk->features_read_only;

	if (disk->revision == 0)
		return 0;
	if (incompatible & ~(EXT2_INCOMPAT_FILETYPE | EXT2_INCOMPAT_RECOVER)) {
		printk(LOG_ERROR, "ext2 %s: cannot mount: unknown incompatible features %#x",
		       fs->device->name,
		       incompatible & ~(EXT2_INCOMPAT_FILETYPE | EXT2_INCOMPAT_RECOVER));
		return -EINVAL;
	}
	fs->has_file_types = incompatible & EXT2_INCOMPAT_FILETYPE;
	read_only &= ~(EXT2_RO_SPARSE_SUPER | EXT2_RO_LARGE_FILE | EXT2_RO_BTREE_DIR);
	if (read_only) {
		printk(LOG_WARNING, "ext2 %s: unknown features %#x: read-only", fs->device->name,
		       read_only);
		fs->must_stay_read_only = true;
	}
	return 0;
}

/* Take the shape of the file system from the superblock, having checked it. Errors: -EINVAL. */
static int take_geometry(struct ext2 *fs, const struct ext2_superblock *disk)
{
	uint64_t device_size = page_cache_size(&fs->device->cache);
	uint32_t bits;

	if (disk->revision > 1)
		return refuse(fs, "unknown revision");
	if (disk->log_block_size > EXT2_MAX_BLOCK_SHIFT - EXT2_MIN_BLOCK_SHIFT)
		return refuse(fs, "its blocks are larger than a page");
	fs->block_shift = EXT2_MIN_BLOCK_SHIFT + disk->log_block_size;
	fs->block_size = 1u << fs->block_shift;
	bits = fs->block_size * 8;
	fs->first_inode = disk->revision ? disk->first_inode : EXT2_REV0_FIRST_INODE;
	fs->inode_size = disk->revision ? disk->inode_size : EXT2_REV0_INODE_SIZE;
	fs->block_count = disk->block_count;
	fs->first_data_block = disk->first_data_block;
	fs->blocks_per_group = disk->blocks_per_group;
	fs->inodes_per_group = disk->inodes_per_group;
	fs->inode_count = disk->inode_count;
	if (!is_power_of_two(fs->inode_size) || fs->inode_size < EXT2_REV0_INODE_SIZE ||
	    fs->inode_size > fs->block_size)
		return refuse(fs, "bad inode size");
	if (fs->first_data_block != (fs->block_size == 1024 ? 1 : 0) ||
	    fs->block_count <= fs->first_data_block)
		return refuse(fs, "bad block count");
	if (fs->blocks_per_group < 64 || fs->blocks_per_group > bits ||
	    fs->inodes_per_group == 0 || fs->inodes_per_group > bits)
		return refuse(fs, "bad group size");
	if ((uint64_t)fs->block_count << fs->block_shift > device_size)
		return refuse(fs, "it is larger than its device");
	fs->group_count = DIV_ROUND_UP(fs->block_count - fs->first_data_block,
				       fs->blocks_per_group);
	if ((uint64_t)fs->group_count * fs->inodes_per_group != fs->inode_count ||
	    fs->first_inode < EXT2_REV0_FIRST_INODE || fs->first_inode > fs->inodes_per_group)
		return refuse(fs, "bad inode count");
	fs->inode_table_blocks =
		DIV_ROUND_UP(fs->inodes_per_group * fs->inode_size, fs->block_size);
	return 0;
}

/* Has the superblock still the shape that take_geometry took from it? */
static bool geometry_is_same(const struct ext2 *fs, const struct ext2_superblock *disk)
{
	return disk->log_block_size == fs->block_shift - EXT2_MIN_BLOCK_SHIFT &&
	       fs->first_inode == (disk->revision ? disk->first_inode : EXT2_REV0_FIRST_INODE) &&
	       fs->inode_size == (disk->revision ? disk->inode_size : EXT2_REV0_INODE_SIZE) &&
	       disk->block_count == fs->block_count &&
	       disk->first_data_block == fs->first_data_block &&
	       disk->blocks_per_group == fs->blocks_per_group &&
	       disk->inodes_per_group == fs->inodes_per_group &&
	       disk->inode_count == fs->inode_count;
}

static void take_reserve(struct ext2 *fs, const struct ext2_superblock *disk)
{
	fs->reserved_blocks = min(disk->reserved_block_count, fs->block_count / 2);
	fs->reserved_uid = disk->reserved_uid;
	fs->reserved_gid = disk->reserved_gid;
}

static int read_super(struct ext2 *fs)
{
	struct page_frame *frame;
	struct ext2_superblock *disk;
	int error;

	if (page_cache_size(&fs->device->cache) < EXT2_SUPER_OFFSET + EXT2_SUPER_SIZE)
		return -EINVAL;
	error = page_cache_get(&fs->device->cache, 0, &frame, NULL);
	if (error)
		return error;
	disk = (struct ext2_superblock *)((uint8_t *)page_frame_address(frame) +
					  EXT2_SUPER_OFFSET);
	error = -EINVAL; /* most often somebody tries which file system it is: no message */
	if (disk->magic != EXT2_MAGIC)
		goto put_frame;
	error = check_features(fs, disk);
	if (!error)
		error = take_geometry(fs, disk);
	if (error)
		goto put_frame;
	take_reserve(fs, disk);
	fs->super_buffer.frame = frame;
	fs->super_buffer.block = EXT2_SUPER_OFFSET >> fs->block_shift;
	fs->super_buffer.data = (uint8_t *)page_frame_address(frame) +
				(fs->super_buffer.block << fs->block_shift);
	fs->disk_super = disk;
	fs->state_at_mount = disk->state;
	fs->hash_seed = hash_bytes(disk->uuid, sizeof(disk->uuid), 0);
	return 0;

put_frame:
	page_frame_put(frame);
	return error;
}

/* ---- reading the groups ---------------------------------------------------------------------- */

/* Are the group's structures where they may be: inside it, behind the superblock's copies? */
static bool group_is_good(const struct ext2 *fs, uint32_t number)
{
	const struct ext2_descriptor *descriptor = ext2_descriptor(fs, number);
	uint32_t start = ext2_group_start(fs, number);
	uint32_t end = min(start + fs->blocks_per_group, fs->block_count);
	uint32_t first = start + fs->groups[number].first_usable;

	if (end <= start)	/* the sum wrapped: the last group of the largest disk */
		end = fs->block_count;
	return descriptor->block_bitmap >= first && descriptor->block_bitmap < end &&
	       descriptor->inode_bitmap >= first && descriptor->inode_bitmap < end &&
	       descriptor->inode_table >= first && descriptor->inode_table < end &&
	       fs->inode_table_blocks <= end - descriptor->inode_table &&
	       descriptor->free_block_count <= end - start &&
	       descriptor->free_inode_count <= fs->inodes_per_group;
}

static void take_group(struct ext2 *fs, uint32_t number, uint32_t descriptor_blocks)
{
	const struct ext2_descriptor *descriptor = ext2_descriptor(fs, number);
	struct ext2_group *group = &fs->groups[number];
	bool has_super = group_has_super(fs->disk_super, number);

	if (has_super) {
		group->first_usable = (uint16_t)(1 + descriptor_blocks);
		if (fs->disk_super->revision > 0)
			group->first_usable = (uint16_t)(
				group->first_usable + fs->disk_super->reserved_descriptor_blocks);
		fs->overhead_blocks += 1 + descriptor_blocks;
	}
	group->block_bitmap = descriptor->block_bitmap;
	group->inode_bitmap = descriptor->inode_bitmap;
	group->inode_table = descriptor->inode_table;
	fs->overhead_blocks += 2 + fs->inode_table_blocks;
	fs->free_blocks += descriptor->free_block_count;
	fs->free_inodes += descriptor->free_inode_count;
	fs->directory_count += descriptor->directory_count;
}

static void put_descriptors(struct ext2 *fs, uint32_t count)
{
	while (count > 0)
		ext2_metadata_put(&fs->descriptor_buffers[--count]);
	for (uint32_t i = 0; i < fs->group_count; i++) {
		kfree(fs->groups[i].freed[0]);
		kfree(fs->groups[i].freed[1]);
	}
	kfree(fs->descriptor_buffers);
	kfree(fs->groups);
}

/* Sums and places of all groups, checked. Errors: -EINVAL. */
static int take_groups(struct ext2 *fs, uint32_t descriptor_blocks)
{
	uint32_t reserved = fs->disk_super->revision ?
				    fs->disk_super->reserved_descriptor_blocks : 0;

	if (1 + descriptor_blocks + reserved >= fs->blocks_per_group)
		return refuse(fs, "bad group descriptors");
	fs->free_blocks = fs->free_inodes = fs->directory_count = 0;
	fs->overhead_blocks = fs->first_data_block;
	for (uint32_t i = 0; i < fs->group_count; i++) {
		take_group(fs, i, descriptor_blocks);
		if (!group_is_good(fs, i))
			return refuse(fs, "bad group descriptors");
	}
	return 0;
}

static uint32_t descriptor_block_count(const struct ext2 *fs)
{
	return DIV_ROUND_UP(fs->group_count,
			    fs->block_size / (uint32_t)sizeof(struct ext2_descriptor));
}

static int read_groups(struct ext2 *fs)
{
	uint32_t block_count = descriptor_block_count(fs), done;
	int error = -ENOMEM;

	fs->descriptor_buffers = kmalloc_array(block_count, sizeof(struct ext2_buffer), 0);
	fs->groups = kmalloc_array(fs->group_count, sizeof(struct ext2_group), 0);
	if (!fs->descriptor_buffers || !fs->groups) {
		kfree(fs->descriptor_buffers);
		kfree(fs->groups);
		return error;
	}
	memset(fs->groups, 0, fs->group_count * sizeof(struct ext2_group));
	for (done = 0; done < block_count; done++) {
		error = ext2_metadata_get(fs, fs->super_buffer.block + 1 + done,
					  &fs->descriptor_buffers[done]);
		if (error)
			goto put_descriptors;
	}
	error = take_groups(fs, block_count);
	if (error)
		goto put_descriptors;
	return 0;

put_descriptors:
	put_descriptors(fs, done);
	return error;
}

/* The journal was replayed: the superblock and the descriptors may say something new. */
static int retake_groups(struct ext2 *fs)
{
	int error = fs->disk_super->magic == EXT2_MAGIC ? check_features(fs, fs->disk_super) :
							  refuse(fs, "its journal broke it");

	if (error)
		return error;
	if (!geometry_is_same(fs, fs->disk_super))
		return refuse(fs, "its journal changes its shape");
	take_reserve(fs, fs->disk_super);
	fs->state_at_mount = fs->disk_super->state;
	return take_groups(fs, descriptor_block_count(fs));
}

/* ---- writing the superblock ------------------------------------------------------------------ */

/*
 * Put totals and `state` into the superblock, on the disk, in its place: nobody else changes
 * metadata now. Errors: -EIO.
 */
static int write_super(struct ext2 *fs, uint16_t state)
{
	int error;

	mutex_lock(&fs->bitmap_lock);
	fs->disk_super->free_block_count = fs->free_blocks;
	fs->disk_super->free_inode_count = fs->free_inodes;
	fs->disk_super->write_time = now_seconds();
	if (atomic_load_explicit(&fs->error_count, memory_order_relaxed))
		state = (uint16_t)((state & ~EXT2_STATE_VALID) | EXT2_STATE_ERROR);
	fs->disk_super->state = state;
	mutex_unlock(&fs->bitmap_lock);
	block_cache_mark_dirty(fs->device, fs->super_buffer.frame,
			       (fs->super_buffer.block << fs->block_shift) % PAGE_SIZE,
			       fs->block_size);
	error = ext2_metadata_sync_block(fs, fs->super_buffer.block);
	return error ? error : block_flush(fs->device);
}

/* From now on the disk is written to: it says so first. Errors: -EIO. */
static int go_on_writing(struct ext2 *fs)
{
	uint16_t state = fs->state_at_mount;
	int error;

	if (!fs->journal)
		state = (uint16_t)(state & ~EXT2_STATE_VALID);
	else
		fs->disk_super->features_incompatible |= EXT2_INCOMPAT_RECOVER;
	error = write_super(fs, state);
	fs->says_unclean = true;
	if (!error && fs->journal)
		error = journal_start(fs->journal);
	if (!error)
		atomic_store_explicit(&fs->may_change, true, memory_order_relaxed);
	return error;
}

/* The same, for the first time. */
static int begin_writing(struct ext2 *fs)
{
	uint16_t state = fs->disk_super->state;

	if (!(state & EXT2_STATE_VALID))
		printk(LOG_WARNING, "ext2 %s: was not cleanly unmounted; run e2fsck",
		       fs->device->name);
	else if (state & EXT2_STATE_ERROR)
		printk(LOG_WARNING, "ext2 %s: has errors; run e2fsck", fs->device->name);
	fs->state_at_mount = state;
	fs->disk_super->mount_count++;
	fs->disk_super->mount_time = now_seconds();
	return go_on_writing(fs);
}

/*
 * The journal has failed, or something was found wrong: the disk stays as it is, to be replayed.
 * journal_stop has noted there that there was an error.
 */
static int end_in_failure(struct ext2 *fs)
{
	atomic_store_explicit(&fs->may_change, false, memory_order_relaxed);
	fs->says_unclean = false;
	printk(LOG_ERROR, "ext2 %s: what was not committed is lost; run e2fsck", fs->device->name);
	return -EIO;
}

/*
 * All is written; now the disk may say that it is clean, unless there are files to be deleted of
 * which it does not know. Errors: -EIO.
 */
static int end_writing(struct ext2 *fs, bool has_nameless)
{
	uint16_t state = fs->state_at_mount;
	int error;

	if (fs->journal) {
		error = journal_stop(fs->journal);
		if (error)
			return end_in_failure(fs);
		fs->disk_super->features_incompatible &= ~EXT2_INCOMPAT_RECOVER;
	} else {
		error = ext2_metadata_sync_all(fs, true);
		if (!error)
			error = block_flush(fs->device);
		if (error || has_nameless)
			state = (uint16_t)(state & ~EXT2_STATE_VALID);
	}
	if (write_super(fs, state))
		error = -EIO;
	atomic_store_explicit(&fs->may_change, false, memory_order_relaxed);
	fs->says_unclean = false;
	return error;
}

/* ---- super_ops ------------------------------------------------------------------------------- */

/* The totals into the superblock's buffer. Errors: -EROFS, -EIO, -ENOMEM. */
static int store_totals(struct ext2 *fs)
{
	struct ext2_transaction transaction;
	int error = ext2_transaction_begin(&transaction, fs, 1);

	if (error)
		return error;
	mutex_lock(&fs->bitmap_lock);
	if (fs->disk_super->free_block_count != fs->free_blocks ||
	    fs->disk_super->free_inode_count != fs->free_inodes) {
		fs->disk_super->free_block_count = fs->free_blocks;
		fs->disk_super->free_inode_count = fs->free_inodes;
		ext2_metadata_dirty(&transaction, &fs->super_buffer);
	}
	mutex_unlock(&fs->bitmap_lock);
	ext2_transaction_end(&transaction);
	return 0;
}

static int ext2_sync(struct super_block *super, bool wait)
{
	struct ext2 *fs = ext2_of(super);
	bool flushed = false;
	int error;

	if (!atomic_load_explicit(&fs->may_change, memory_order_relaxed))
		return 0;
	error = store_totals(fs);
	/* Without waiting: the journal commits what is old enough by itself. */
	if (!error && fs->journal && wait)
		error = journal_commit_all(fs->journal, &flushed);
	else if (!error && !fs->journal)
		error = ext2_metadata_sync_all(fs, wait);
	if (!error && wait && !flushed)
		error = block_flush(fs->device);
	return error;
}

/* If something was found wrong meanwhile, it is read-only now and stays so. */
static void ext2_thaw(struct super_block *super)
{
	struct ext2 *fs = ext2_of(super);
	int error = 0;

	if (fs->is_frozen && !atomic_load_explicit(&fs->error_count, memory_order_relaxed)) {
		while ((error = go_on_writing(fs)) == -ENOMEM)
			ext2_wait_for_memory();
	}
	if (error)
		ext2_report(fs, "cannot be thawed: error %d", -error);
	fs->is_frozen = false;
}

/*
 * The disk becomes what an unmount would leave. Files without names stay: the journal has them on
 * its list of orphans, and without one the disk says that it was not unmounted, so that e2fsck
 * looks for them.
 */
static int ext2_freeze(struct super_block *super)
{
	struct ext2 *fs = ext2_of(super);
	int error;

	fs->is_frozen = fs->says_unclean;
	if (!fs->says_unclean)
		return 0;
	error = end_writing(fs, inode_table_has_nameless(super));
	if (error)
		ext2_thaw(super);
	return error;
}

static int ext2_statistics(struct super_block *super, struct fs_statistics *out)
{
	struct ext2 *fs = ext2_of(super);
	uint32_t id[4];

	memcpy(id, fs->disk_super->uuid, sizeof(id));
	memset(out, 0, sizeof(*out));
	out->magic = EXT2_MAGIC;
	out->block_size = out->fragment_size = fs->block_size;
	out->name_max = EXT2_NAME_MAX;
	mutex_lock(&fs->bitmap_lock);
	out->blocks = fs->block_count - fs->overhead_blocks;
	out->blocks_free = fs->free_blocks - fs->promised_blocks;
	if (out->blocks_free > fs->reserved_blocks)
		out->blocks_available = out->blocks_free - fs->reserved_blocks;
	out->inodes = fs->inode_count;
	out->inodes_free = fs->free_inodes;
	mutex_unlock(&fs->bitmap_lock);
	out->fs_id[0] = id[0] ^ id[2];
	out->fs_id[1] = id[1] ^ id[3];
	return 0;
}

static void ext2_show_options(struct super_block *super, char *buffer, size_t size)
{
	(void)super;
	snprintf(buffer, size, ",errors=remount-ro");
}

/* Only what names our one behaviour, or says nothing new. Errors: -EINVAL. */
static int check_options(const struct ext2 *fs, const char *options)
{
	while (options && *options) {
		const char *comma = strchr(options, ',');
		size_t size = comma ? (size_t)(comma - options) : strlen(options);

		if (size > 0 && !(size >= 7 && strncmp(options, "errors=", 7) == 0) &&
		    !(size == 8 && strncmp(options, "defaults", 8) == 0))
			return refuse(fs, "unknown mount option");
		options += size + (comma != NULL);
	}
	return 0;
}

/* vfs has turned programs away and written their data before it asks for read-only. */
static int ext2_remount(struct super_block *super, bool read_only, const char *options)
{
	struct ext2 *fs = ext2_of(super);
	int error = check_options(fs, options);

	if (error)
		return error;
	if (read_only)
		return fs->says_unclean ? end_writing(fs, false) : 0;
	if (fs->says_unclean)
		return 0;
	if (fs->must_stay_read_only || block_device_is_read_only(fs->device) ||
	    atomic_load_explicit(&fs->error_count, memory_order_relaxed))
		return -EROFS;
	return begin_writing(fs);
}

static void close_journal(struct ext2 *fs)
{
	if (fs->journal)
		journal_close(fs->journal);
	fs->journal = NULL;
	kfree(fs->masked_bits);
}

static void ext2_unmount(struct super_block *super)
{
	struct ext2 *fs = ext2_of(super);

	/*
	 * After an error, too: what was changed before, and the error flag, are still to be
	 * written.
	 */
	if (fs->says_unclean && end_writing(fs, false))
		printk(LOG_ERROR, "ext2 %s: cannot write everything back", fs->device->name);
	close_journal(fs);
	put_descriptors(fs, descriptor_block_count(fs));
	ext2_metadata_put(&fs->super_buffer);
	atomic_store_explicit(&fs->device->writes_parts, false, memory_order_release);
	/* Who reads the device as a file now must see what files wrote past its cache. */
	page_cache_drop_range(&fs->device->cache, 0, UINT32_MAX);
	kfree(fs);
}

static const struct super_ops ext2_super_ops = {
	.inode_alloc = ext2_inode_alloc,
	.inode_free = ext2_inode_free,
	.inode_release = ext2_inode_release,
	.inode_read = ext2_inode_read,
	.inode_write = ext2_inode_write,
	.inode_delete = ext2_inode_delete,
	.sync = ext2_sync,
	.sync_inode = ext2_inode_sync,
	.freeze = ext2_freeze,
	.thaw = ext2_thaw,
	.statistics = ext2_statistics,
	.remount = ext2_remount,
	.unmount = ext2_unmount,
	.show_options = ext2_show_options,
	.keep_unused_inodes = true,
};

/* ---- mounting -------------------------------------------------------------------------------- */

static int read_root(struct ext2 *fs, struct inode **root)
{
	int error = inode_get_by_number(fs->super, EXT2_ROOT_INODE, root);

	if (error)
		return error;
	if (inode_is(*root, MODE_DIRECTORY))
		return 0;
	inode_put(*root);
	inode_drop_unused(fs->super);
	return refuse(fs, "its root is not a directory");
}

/*
 * What a power cut left half-done is finished, even for a mount that will only read, as Linux does
 * it, if the device can be written. Then writing begins, or not.
 */
static int start(struct ext2 *fs)
{
	bool read_only = atomic_load_explicit(&fs->super->read_only, memory_order_relaxed);
	bool has_orphans = fs->disk_super->last_orphan != 0;
	bool is_unfinished = fs->journal && !fs->must_stay_read_only &&
			     !block_device_is_read_only(fs->device) &&
			     (has_orphans ||
			      fs->disk_super->features_incompatible & EXT2_INCOMPAT_RECOVER);
	int error;

	if (read_only && !is_unfinished)
		return 0;
	error = begin_writing(fs);
	/* What is wrong with the orphans has been reported, and all is read-only now. */
	if (!error && fs->journal && has_orphans && ext2_orphan_finish_all(fs) == -ENOMEM)
		return -ENOMEM;
	if (!error && read_only)
		(void)!end_writing(fs, false);
	return error;
}

/* From the superblock on, which is read already. */
static int open_it(struct ext2 *fs, struct inode **root)
{
	struct super_block *super = fs->super;
	int error = read_groups(fs);

	if (error)
		return error;
	atomic_store_explicit(&fs->device->writes_parts, true, memory_order_release);
	super->private = fs;
	super->ops = &ext2_super_ops;
	super->block_size = fs->block_size;
	fs->file_block_limit = ext2_map_limit(fs);
	super->max_file_size = fs->file_block_limit << fs->block_shift;
	if (fs->must_stay_read_only)
		atomic_store_explicit(&super->read_only, true, memory_order_relaxed);
	error = ext2_journal_load(fs);
	if (!error)
		error = retake_groups(fs);
	if (error)
		goto close;
	error = read_root(fs, root);
	if (error)
		goto close;
	error = start(fs);
	if (!error)
		return 0;
	inode_put(*root);
	inode_drop_unused(super);
close:
	if (fs->says_unclean)
		(void)!end_writing(fs, false);
	close_journal(fs);
	atomic_store_explicit(&fs->device->writes_parts, false, memory_order_release);
	put_descriptors(fs, descriptor_block_count(fs));
	return error;
}

static int mount(struct super_block *super, const char *options, bool wants_journal,
		 struct inode **root)
{
	struct ext2 *fs = kzalloc(sizeof(*fs), 0);
	int error;

	if (!fs)
		return -ENOMEM;
	fs->super = super;
	fs->device = super->device;
	mutex_init(&fs->bitmap_lock, LOCK_RANK_FS_METADATA, "ext2 bitmaps");
	mutex_init(&fs->orphan_lock, LOCK_RANK_FS_ORPHANS, "ext2 orphans");
	list_init(&fs->orphans);
	atomic_store(&fs->generation, (uint32_t)clock_monotonic_ns());
	/* What was written to the device as a file goes out whole before only parts do. */
	error = page_cache_write_back(&fs->device->cache, 0, UINT32_MAX, true);
	if (!error)
		error = check_options(fs, options);
	if (!error)
		error = read_super(fs);
	if (error)
		goto free_fs;
	if (wants_journal && !(fs->disk_super->features_compatible & EXT2_COMPAT_HAS_JOURNAL))
		error = -EINVAL;
	if (!error)
		error = open_it(fs, root);
	if (!error)
		return 0;
	ext2_metadata_put(&fs->super_buffer);
free_fs:
	kfree(fs);
	return error;
}

static int ext2_mount(struct super_block *super, const char *options, struct inode **root)
{
	return mount(super, options, false, root);
}

static int ext3_mount(struct super_block *super, const char *options, struct inode **root)
{
	return mount(super, options, true, root);
}

void ext2_init(void)
{
	/* Either uses the journal if there is one; ext3 insists on it. */
	static struct file_system_type ext2_type = {
		.name = "ext2",
		.needs_device = true,
		.mount = ext2_mount,
	};
	static struct file_system_type ext3_type = {
		.name = "ext3",
		.needs_device = true,
		.mount = ext3_mount,
	};

	journal_init();
	ext2_inode_init_slab();
	ext2_file_init();
	file_system_register(&ext3_type);
	file_system_register(&ext2_type);
}
