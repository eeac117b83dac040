/*
 * ext2: what its files share. Where things are:
 *
 *	super.c			mounting, the superblock, syncing, errors
 *	metadata.c		metadata blocks and transactions: the one door through which the
 *	disk's
 *				structures are read and changed
 *	inode.c			inodes: from the disk and to it
 *	block_map.c		from a file's blocks to the disk's
 *	delayed.c		blocks of a file that are promised but have no place yet
 *	block_alloc.c		free blocks		inode_alloc.c	free inodes
 *	directory.c		entries of directories	directory_index.c	finding them in big
 *	ones namei.c			create, link, unlink, rename
 *	file.c			pages of files, ioctl	truncate.c	giving blocks back
 *	symlink.c		symbolic links		attributes.c		extended attributes
 *	attribute_list.c	how they lie in an inode or a block
 *	journal_inode.c		finding and starting the journal (fs/journal/), if there is one
 *	freed_blocks.c		blocks that must not be used before a commit
 *	orphan.c		files without a name, and files being cut
 *
 * Locks, outermost first: the inode's own (vfs takes it); a pass that writes back its pages
 * (LOCK_RANK_WRITEBACK, is_in_pass, which is as good as a mutex); an open transaction
 * (LOCK_RANK_JOURNAL); orphan_lock (LOCK_RANK_FS_ORPHANS); map_lock of an inode
 * (LOCK_RANK_BLOCK_MAP); bitmap_lock of the file system (LOCK_RANK_FS_METADATA), under which
 * nothing waits for the disk.
 */
#pragma once
#include "block/block_device.h"
#include "fs/ext2/format.h"
#include "fs/journal/journal.h"
#include "lib/string.h"
#include "sched/mutex.h"
#include "vfs/inode.h"

#define EXT2_HOLE 0u	/* as a block number: there is none (block 0 never belongs to a file) */

/* A metadata block in memory; holds a reference to its frame. */
struct ext2_buffer {
	struct page_frame *frame;
	void *data;			/* block_size bytes, in the direct map */
	uint32_t block;
};

/* What does not change about a group, and where to look for free things in it. */
struct ext2_group {
	uint32_t block_bitmap, inode_bitmap, inode_table;	/* [I] */
	uint16_t first_usable;		/* [I] blocks before it hold copies of the superblock */
	uint16_t block_hint;		/* [b] no free block before this one */
	uint16_t inode_hint;		/* [b] no free inode before this one */
	/* freed_blocks.c, by the lowest bit of the transaction's number */
	bool closed[2];			/* [b] no free block may be used */
	uint32_t *freed[2];		/* [b] those that must not be used yet; NULL: none */
	uint32_t freed_count[2];	/* [b] how many */
};

/* A mounted ext2. [I] immutable while mounted  [b] bitmap_lock  [a] atomic */
struct ext2 {
	struct super_block *super;		/* [I] */
	struct block_device *device;		/* [I] */
	unsigned int block_shift;		/* [I] 10, 11 or 12 */
	uint32_t block_size;			/* [I] */
	uint32_t block_count, first_data_block;	/* [I] */
	uint32_t blocks_per_group, group_count;	/* [I] */
	uint32_t inode_count, first_inode;	/* [I] */
	uint32_t inodes_per_group;		/* [I] */
	uint32_t inode_size;			/* [I] */
	uint32_t inode_table_blocks;		/* [I] of one group */
	/* [I] only for files of reserved_uid and reserved_gid */
	uint32_t reserved_blocks;
	uint32_t overhead_blocks;		/* [I] that files can never have */
	user_id reserved_uid;			/* [I] */
	group_id reserved_gid;			/* [I] */
	uint64_t file_block_limit;		/* [I] blocks that a file can have at most */
	bool has_file_types;			/* [I] entries carry the type */
	bool must_stay_read_only;		/* [I] features that we do not know how to write */
	uint32_t hash_seed;			/* [I] of directory indexes */
	/* [I] what unmounting writes back; changes with remount */
	uint16_t state_at_mount;
	struct ext2_buffer super_buffer;	/* [I] the block that holds *disk_super */
	struct ext2_superblock *disk_super;	/* [b] its counts and state */
	struct ext2_buffer *descriptor_buffers;	/* [I] */
	struct ext2_group *groups;		/* [I] but for the hints */
	struct mutex bitmap_lock;		/* LOCK_RANK_FS_METADATA */
	uint32_t free_blocks, free_inodes;	/* [b] */
	uint32_t directory_count;		/* [b] */
	uint32_t promised_blocks;		/* [b] free ones that are spoken for (delayed.c) */
	atomic_uint error_count;		/* [a] things found wrong */
	/*
	 * [a] Changes may be made. Not the same as super->read_only, which keeps programs away
	 * already while the last changes are still being written.
	 */
	atomic_bool may_change;
	bool says_unclean;			/* [I] but for remounts: so does the disk */
	bool is_frozen;				/* [freeze mutex] it did before that */
	atomic_uint generation;			/* [a] of the next new inode */
	struct journal *journal;		/* [I] NULL: there is none */
	uint32_t *masked_bits;			/* [b] scratch for freed_blocks.c, a block */
	uint32_t freed_blocks[2];		/* [b] sums of the groups' freed_count */
	struct mutex orphan_lock;		/* LOCK_RANK_FS_ORPHANS */
	struct list orphans;			/* [o] orphan_lock */
	/* [I] while mounting: inodes without a name, and the journal's, may be read */
	bool takes_orphans, takes_journal;
};

/* Blocks [logical, logical + count) of a file lie at `physical` on, or nowhere (EXT2_HOLE). */
struct ext2_run { uint32_t logical, physical, count; };

/* Blocks [start, end) of a file that are promised. */
struct ext2_promise {
	struct list_node node;
	uint32_t start, end;
};

struct ext2_directory_index;

/* [m] map_lock  [i] the inode's lock  [w] who writes it back  [I] immutable  [a] atomic */
struct ext2_inode {
	struct inode vfs;			/* first: vfs clears only this part */
	struct mutex map_lock;			/* LOCK_RANK_BLOCK_MAP */
	/*
	 * [m] A regular file's size as it is to be on the disk: what comes after it waits for its
	 * data (file.c).
	 */
	uint64_t disk_size;
	union {
		uint32_t roots[EXT2_ROOT_COUNT + 1];	/* [m] i_block; the last word is 0 */
		char link_text[(EXT2_ROOT_COUNT + 1) * 4]; /* [I] of a short symbolic link */
	};
	uint32_t group;				/* [I] where its inode is */
	uint32_t attribute_block;		/* [i+m] extended attributes; 0: none in a block */
	struct ext2_run mapped;			/* [m] the run last found; count 0: none */
	struct ext2_run hole;			/* [m] the hole last found, in a leaf that exists */
	uint32_t last_logical, last_physical;	/* [m] the last allocated block; physical 0: none */
	struct list promises;			/* [m] in order, disjoint and not adjacent */
	uint32_t promised_blocks;		/* [m] their sum */
	struct ext2_promise first_promise;	/* [m] most files need no more than one */
	/* [a] indirect blocks changed since they were last synced */
	atomic_bool tree_dirty;
	atomic_bool is_in_pass;			/* [a] somebody writes back its pages (file.c) */
	bool pass_is_broken;			/* [w] a page beyond disk_size was put off */
	atomic_uint tid;			/* [a] the last transaction that changed it */
	struct list_node orphan_node;		/* [o] orphan_lock */
	uint32_t next_orphan;			/* [o] behind it only on the disk; 0: none */
	_Atomic(struct ext2_directory_index *) index;	/* [i] changed; [a] set by readers */
};

static inline struct ext2 *ext2_of(const struct super_block *super)
{
	return super->private;
}

static inline struct ext2_inode *ext2_inode_of(struct inode *inode)
{
	return container_of(inode, struct ext2_inode, vfs);
}

/* How many blocks `size` bytes take. */
static inline uint64_t ext2_block_count_of(const struct ext2 *fs, uint64_t size)
{
	return (size + fs->block_size - 1) >> fs->block_shift;
}

static inline uint64_t ext2_sector_of(const struct ext2 *fs, uint32_t block)
{
	return (uint64_t)block << (fs->block_shift - SECTOR_SHIFT);
}

static inline uint32_t ext2_group_of_block(const struct ext2 *fs, uint32_t block)
{
	return (block - fs->first_data_block) / fs->blocks_per_group;
}

static inline uint32_t ext2_group_start(const struct ext2 *fs, uint32_t group)
{
	return fs->first_data_block + group * fs->blocks_per_group;
}

/* ---- super.c ---- */

/*
 * The disk is not as it should be: say so, and write no more. Any context that may take
 * bitmap_lock's rank; does not sleep.
 */
void ext2_report(struct ext2 *fs, const char *format, ...) format_printf(2, 3) cold;

/* ---- metadata.c ---- */

/*
 * A transaction: changes of metadata that belong together; with a journal, a handle of it.
 * Whatever is changed in the inode in memory (map, size, links) is stored before the end.
 */
struct ext2_transaction {
	struct ext2 *fs;
	struct journal_handle handle;	/* with a journal only */
};

/*
 * At most `block_count` blocks will be changed. Errors: -EROFS, -ENOMEM, -EIO. May sleep. Locks:
 * none from LOCK_RANK_JOURNAL on.
 */
must_check int ext2_transaction_begin(struct ext2_transaction *transaction, struct ext2 *fs,
				      unsigned int block_count);
void ext2_transaction_end(struct ext2_transaction *transaction);
/* How many more blocks it may change. */
static inline unsigned int ext2_transaction_credits(const struct ext2_transaction *transaction)
{
	return transaction->fs->journal ? transaction->handle.credits : UINT32_MAX;
}
/* fsync of `inode` has to see to this transaction. */
void ext2_note_transaction(struct ext2_transaction *transaction, struct ext2_inode *inode);
/*
 * There was no room. True: the caller tries again, for blocks were freed that only waited for a
 * commit, which has been made; or, if none wait now, may have been made by somebody meanwhile,
 * which is taken for granted the first time. `tries` starts as 0. May sleep; no transaction is
 * open.
 */
bool ext2_retry_for_space(struct ext2 *fs, unsigned int *tries);

/*
 * The metadata block `block`; put it back. May sleep. Errors: -EIO (also a number off the disk),
 * -ENOMEM.
 */
must_check int ext2_metadata_get(struct ext2 *fs, uint32_t block, struct ext2_buffer *out);
/* One that was just allocated: all zeros, and dirty already. */
must_check int ext2_metadata_get_new(struct ext2_transaction *transaction, uint32_t block,
				     struct ext2_buffer *out);
/*
 * Bytes of it have changed, in this very transaction. Does not sleep.
 */
void ext2_metadata_dirty(struct ext2_transaction *transaction, const struct ext2_buffer *buffer);
static inline void ext2_metadata_put(struct ext2_buffer *buffer)
{
	page_frame_put(buffer->frame);
}
/* It is about to be free: what it held must not be written over its next use. May sleep. */
void ext2_metadata_forget(struct ext2_transaction *transaction, uint32_t block);
/* Write the page that holds `block` and wait. Errors: -EIO. */
must_check int ext2_metadata_sync_block(struct ext2 *fs, uint32_t block);
must_check int ext2_metadata_sync_all(struct ext2 *fs, bool wait);

/* ---- block_alloc.c ---- */

static inline struct ext2_descriptor *ext2_descriptor(const struct ext2 *fs, uint32_t group)
{
	uint32_t per_block = fs->block_size / sizeof(struct ext2_descriptor);

	return (struct ext2_descriptor *)fs->descriptor_buffers[group / per_block].data +
	       group % per_block;
}
void ext2_descriptor_dirty(struct ext2_transaction *transaction, uint32_t group);
/* May a file have these blocks: on the disk, and not part of the groups' own structures? */
bool ext2_blocks_are_usable(const struct ext2 *fs, uint32_t start, uint32_t count);
/*
 * Find up to `wanted` free blocks in a row, at `goal` or near it, and take them for `inode`.
 * `promised`: they were promised to it (ext2_promise_...) and the promise is used up. Locks:
 * map_lock of the inode. May sleep.
 * Errors: -ENOSPC, -EIO, -ENOMEM. Their bitmap is held, so that they can be freed again; put it
 * back.
 */
must_check int ext2_blocks_allocate(struct ext2_transaction *transaction,
				    struct ext2_inode *inode, uint32_t goal, uint32_t wanted,
				    bool promised, uint32_t *start, uint32_t *count,
				    struct ext2_buffer *bitmap);
/*
 * Give [start, start + count) back. Errors: -EIO (they were not taken, or are not a file's). May
 * sleep.
 */
must_check int ext2_blocks_free(struct ext2_transaction *transaction, uint32_t start,
				uint32_t count);
/* Put `count` free blocks aside for `inode`, or let go of them. Errors: -ENOSPC. */
must_check int ext2_blocks_promise(struct ext2 *fs, const struct ext2_inode *inode,
				   uint32_t count);
void ext2_blocks_unpromise(struct ext2 *fs, uint32_t count);

/* Keep the block bitmap of `block` in memory: freeing blocks of its group then needs none. */
must_check int ext2_bitmap_hold(struct ext2 *fs, uint32_t block, struct ext2_buffer *out);

/* ---- freed_blocks.c; locks: bitmap_lock ---- */

/* Blocks [first, end) of the group, just freed, wait for the transaction's commit. */
void ext2_freed_add(struct ext2_transaction *transaction, uint32_t number, uint32_t first,
		    uint32_t end);
/* The group's bitmap with those that wait taken; good until the next call. */
const uint32_t *ext2_freed_mask(struct ext2 *fs, uint32_t number, const uint32_t *bits);
uint32_t ext2_usable_in_group(const struct ext2 *fs, uint32_t number);
uint32_t ext2_freed_count(const struct ext2 *fs);
/* Transaction `tid` is committed. Takes bitmap_lock. */
void ext2_freed_release(struct ext2 *fs, uint32_t tid);

/* ---- inode_alloc.c ---- */

/*
 * A free inode number for a new file of `mode` in `directory`. Its bitmap is held, so that the
 * number can be freed again; put it back. Errors: -ENOSPC, -EIO, -ENOMEM. May sleep.
 */
must_check int ext2_number_allocate(struct ext2_transaction *transaction,
				    struct ext2_inode *directory, file_mode mode, uint32_t *out,
				    struct ext2_buffer *bitmap);
/* Errors: -EIO, -ENOMEM; not if its bitmap is held (ext2_number_hold). */
must_check int ext2_number_free(struct ext2_transaction *transaction, uint32_t number,
				bool is_directory);
must_check int ext2_number_hold(struct ext2 *fs, uint32_t number, struct ext2_buffer *bitmap);

/* ---- block_map.c ---- */

/*
 * Where block `logical` of the file is, and how many after it (at most `limit`, at least 1) follow
 * it on the disk, or are missing as well. Locks: map_lock. May sleep. Errors: -EIO, -EFBIG,
 * -ENOMEM.
 */
must_check int ext2_map_find(struct ext2_inode *inode, uint32_t logical, uint32_t limit,
			     struct ext2_run *out);
/* Make the indirect blocks on the way to `logical`. Locks: map_lock. Errors: also -ENOSPC. */
must_check int ext2_map_make_path(struct ext2_transaction *transaction, struct ext2_inode *inode,
				  uint32_t logical);
/*
 * Give up to `limit` blocks from `logical` on, which is a hole, a place: as many as are in a row on
 * both sides. `promised`: as in ext2_blocks_allocate, for all `limit` blocks. Locks: map_lock.
 * Errors: -ENOSPC and others above.
 */
must_check int ext2_map_allocate(struct ext2_transaction *transaction, struct ext2_inode *inode,
				 uint32_t logical, uint32_t limit, bool promised,
				 struct ext2_run *out);
/* The same for one block that is metadata: all zeros, in *contents. Put it back. */
must_check int ext2_map_allocate_metadata(struct ext2_transaction *transaction,
					  struct ext2_inode *inode, uint32_t logical,
					  struct ext2_buffer *contents);
/*
 * Is `logical` a hole that was just found, with all indirect blocks above it there? Locks:
 * map_lock.
 */
static inline bool ext2_map_has_path(const struct ext2_inode *inode, uint32_t logical)
{
	return logical - inode->hole.logical < inode->hole.count;
}
/* Forget remembered runs. Locks: map_lock. */
void ext2_map_forget(struct ext2_inode *inode);
/* For file_block_limit: what the map can express. */
uint64_t ext2_map_limit(const struct ext2 *fs);
/* Metadata or data blocks came or went: st_blocks. Any context. */
void ext2_count_blocks(struct ext2_inode *inode, int32_t blocks);

/* ---- delayed.c; locks: map_lock ---- */

/*
 * Promise the missing blocks of [start, end), indirect ones made at once. Errors: -ENOSPC, -EIO,
 * -ENOMEM; -EAGAIN: some have to be made, and `transaction` is NULL.
 */
must_check int ext2_promise_range(struct ext2_transaction *transaction, struct ext2_inode *inode,
				  uint32_t start, uint32_t end);
/* Is `logical` promised, and up to which block (exclusive)? 0: it is not. */
uint32_t ext2_promise_end(const struct ext2_inode *inode, uint32_t logical);
/* [start, end) have their places now (`kept`), or are not wanted any more. */
void ext2_promise_cut(struct ext2_inode *inode, uint32_t start, uint32_t end, bool kept);

/* ---- truncate.c ---- */

/* For those who cannot go back and must not go on: a while. */
void ext2_wait_for_memory(void);
int ext2_truncate(struct inode *inode, uint64_t size);
/*
 * Free the blocks beyond the end, which is where it shall be, and take the file off the orphans.
 * Locks: the inode's. Errors: -EIO, -ENOMEM, -EROFS: then it stays an orphan.
 */
must_check int ext2_truncate_blocks(struct ext2_inode *inode);
/* Free all blocks of a deleted file. Its pages are gone already. Errors: as above. */
must_check int ext2_free_all_blocks(struct ext2_inode *inode);

/* ---- orphan.c; in a transaction, for 3 credits ---- */

/* Do nothing if it is (not) one already. Errors: -EIO, -ENOMEM; not if the inode is held. */
must_check int ext2_orphan_add(struct ext2_transaction *transaction, struct ext2_inode *inode);
must_check int ext2_orphan_remove(struct ext2_transaction *transaction, struct ext2_inode *inode);
/* The inode leaves memory; on the disk it may stay an orphan. */
void ext2_orphan_forget(struct ext2_inode *inode);
/* After mounting for writing: finish what the disk lists. Errors: -EIO (reported), -ENOMEM. */
must_check int ext2_orphan_finish_all(struct ext2 *fs);

/* ---- journal_inode.c ---- */

/*
 * Find the journal and replay it if it needs that. Before anything else but the superblock and the
 * groups is used. Errors: -EINVAL, -EROFS, -EIO, -ENOMEM.
 */
must_check int ext2_journal_load(struct ext2 *fs);
/* ---- inode.c ---- */

struct inode *ext2_inode_alloc(struct super_block *super);
void ext2_inode_free(struct inode *inode);
void ext2_inode_release(struct inode *inode);
int ext2_inode_read(struct inode *inode);
int ext2_inode_write(struct inode *inode, bool wait);
int ext2_inode_sync(struct inode *inode);
void ext2_inode_delete(struct inode *inode);
/*
 * A new file, with a number, in the inode table on the disk, but without a name. Its block there is
 * held in *held; put it back. Errors: -ENOSPC, -EIO, -ENOMEM; then *out is NULL.
 */
must_check int ext2_inode_make(struct ext2_transaction *transaction, struct inode *directory,
			       file_mode mode, dev_number device, user_id uid, group_id gid,
			       struct inode **out, struct ext2_buffer *held);
/*
 * It gets no name after all. In the transaction that made it; the caller puts it after.
 * Errors:
 * none if it is held.
 */
void ext2_inode_abandon(struct ext2_transaction *transaction, struct ext2_inode *inode);
/*
 * Keep its block of the inode table in memory: storing it cannot fail then. Errors: -EIO, -ENOMEM.
 */
must_check int ext2_inode_hold(struct ext2_inode *inode, struct ext2_buffer *out);
struct ext2_disk_inode *ext2_inode_on_disk(const struct ext2_inode *inode,
					   const struct ext2_buffer *held);
/* Put its attributes into the inode table, disk_size among them. Errors: -EIO, -ENOMEM. */
must_check int ext2_inode_store(struct ext2_transaction *transaction, struct ext2_inode *inode);
void ext2_inode_init_slab(void);

/* ---- directory.c; locks: the directory's, shared to find, exclusive to change ---- */

/*
 * What an entry says, each word read once. On a disk that is not in order two directories may share
 * a block, and then another processor changes it while we look: only what was checked may be used,
 * never the entry itself again.
 */
struct ext2_entry_head {
	uint32_t inode;
	unsigned int size;		/* stays inside the block */
	unsigned int name_length;	/* stays inside `size` */
	unsigned int type;
};

/* Where an entry is, and what it stood for when it was found. */
struct ext2_place {
	struct ext2_buffer buffer;
	uint32_t offset, logical;
	uint32_t number;
};

static inline struct ext2_entry *ext2_entry_at(const struct ext2_buffer *buffer, uint32_t offset)
{
	return (struct ext2_entry *)((uint8_t *)buffer->data + offset);
}

/* Block `logical` of the directory. Errors: -EIO (also a hole), -ENOMEM. */
must_check int ext2_directory_get_block(struct ext2_inode *directory, uint32_t logical,
					struct ext2_buffer *out);
/*
 * Read the entry at `offset`, which leaves room for an entry's head. False: it cannot be believed,
 * which was reported.
 */
must_check bool ext2_entry_read(struct ext2_inode *directory, const struct ext2_buffer *buffer,
				uint32_t offset, struct ext2_entry_head *out);
/* The number that `name` stands for. Errors: -ENOENT, -EIO, -ENOMEM. */
must_check int ext2_directory_find(struct inode *directory, const char *name, size_t length,
				   uint32_t *number);
/* Errors: -ENOSPC, -EIO, -ENOMEM. The name is not there yet. */
must_check int ext2_directory_add(struct ext2_transaction *transaction, struct inode *directory,
				  const char *name, size_t length, const struct inode *target);
/*
 * Find an entry that is to be changed, so that nothing can fail when it is; put back
 * place->buffer. Errors: -ENOENT, -EIO, -ENOMEM.
 */
must_check int ext2_directory_find_place(struct inode *directory, const char *name, size_t length,
					 struct ext2_place *place);
/* If the block is not what it was any more, that is reported, and nothing is done. */
void ext2_directory_remove(struct ext2_transaction *transaction, struct inode *directory,
			   const struct ext2_place *place);
/* Let an existing name stand for `target`. */
void ext2_directory_replace(struct ext2_transaction *transaction, struct inode *directory,
			    const struct ext2_place *place, const struct inode *target);
/* "." and "..". Errors: -ENOSPC, -EIO, -ENOMEM. */
must_check int ext2_directory_make_empty(struct ext2_transaction *transaction,
					 struct inode *directory, const struct inode *parent);
/* 0: nothing but "." and "..". Errors: -ENOTEMPTY, -EIO, -ENOMEM. */
must_check int ext2_directory_check_empty(struct inode *directory);
extern const struct file_ops ext2_directory_file_ops;

/* ---- directory_index.c; locks as above ---- */

/* The index, built if the directory is worth one; NULL: do without. May sleep. */
struct ext2_directory_index *ext2_index_get(struct ext2_inode *directory);
/*
 * Byte offsets in the directory at which a name with this hash may be: the first, then those after
 * it. `step` starts as 0. False: there are no more.
 */
uint32_t ext2_index_hash(const struct ext2 *fs, const char *name, size_t length);
bool ext2_index_next(const struct ext2_directory_index *index, uint32_t hash, uint32_t *step,
		     uint64_t *offset);
void ext2_index_add(struct ext2_inode *directory, uint32_t hash, uint64_t offset);
void ext2_index_remove(struct ext2_inode *directory, uint32_t hash, uint64_t offset);
/* The first block from `logical` on that may have room for `size` bytes; UINT32_MAX: none has. */
uint32_t ext2_index_find_room(const struct ext2_directory_index *index, uint32_t logical,
			      unsigned int size);
/* The largest room in a block is at most `size` / may have become `size`. */
void ext2_index_set_room(struct ext2_inode *directory, uint32_t logical, unsigned int size);
void ext2_index_raise_room(struct ext2_inode *directory, uint32_t logical, unsigned int size);
void ext2_index_drop(struct ext2_inode *directory);

/* ---- attributes.c ---- */

/* See struct inode_ops. */
ssize_t ext2_get_attribute(struct inode *inode, const char *name, void *buffer, size_t size);
ssize_t ext2_list_attributes(struct inode *inode, char *buffer, size_t size, bool trusted);
int ext2_set_attribute(struct inode *inode, const char *name, const void *value, size_t size,
		       int flags);
/* The inode's block of them, which it has. Errors: -EIO, -ENOMEM. */
must_check int ext2_attribute_block_get(struct ext2_inode *inode, struct ext2_buffer *out);
/*
 * The inode has it no more; it is freed if nobody else has. `held` is it, with its bitmap held, so
 * that nothing can fail.
 */
void ext2_attribute_block_drop(struct ext2_transaction *transaction, struct ext2_inode *inode,
			       struct ext2_buffer *held);

/* ---- namei.c, symlink.c, file.c ---- */

extern const struct inode_ops ext2_directory_ops;
extern const struct inode_ops ext2_file_inode_ops;	/* regular files and special ones */
extern const struct inode_ops ext2_symlink_ops;
extern const struct page_cache_ops ext2_page_ops;
/* For regular files: vfs's own with our ioctl. Filled in by ext2_file_init. */
const struct file_ops *ext2_file_ops(void);
void ext2_file_init(void);
int ext2_ioctl(struct file *file, unsigned int command, uintptr_t argument);
int ext2_symlink_create(struct inode *directory, const char *name, size_t length,
			const char *target, user_id uid, group_id gid, struct inode **out);
int ext2_attributes_changed(struct inode *inode);
