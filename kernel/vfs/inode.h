/*
 * Inodes: files as the file systems know them. Each has one page cache.
 */
#pragma once
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include "core/compiler.h"
#include "core/refcount.h"
#include "core/spinlock.h"
#include "core/types.h"
#include "lib/list.h"
#include "sched/mutex.h"
#include "sched/rcu.h"
#include "sched/rwlock.h"
#include "vm/page_cache.h"
#include "vm/writeback.h"

struct credentials;
struct dentry;
struct file;
struct file_lock_state;
struct file_ops;
struct fs_statistics;
struct inode;
struct path;
struct pipe;
struct super_block;

/* Linux's values of st_mode's file type. */
#define MODE_TYPE_MASK	0170000u
#define MODE_SOCKET	0140000u
#define MODE_LINK	0120000u
#define MODE_REGULAR	0100000u
#define MODE_BLOCK	0060000u
#define MODE_DIRECTORY	0040000u
#define MODE_CHARACTER	0020000u
#define MODE_FIFO	0010000u
#define MODE_SETUID	0004000u
#define MODE_SETGID	0002000u
#define MODE_STICKY	0001000u

struct time_stamp { int64_t seconds; uint32_t nanoseconds; };
/*
 * Real time, at most a millisecond old (sched/clock.h, struct clock_recent): what files get. The
 * other is of this moment, and nobody gets an earlier one from then on.
 */
void time_stamp_now(struct time_stamp *out);
void time_stamp_renew(struct time_stamp *out);
/* of the last file time that was not taken from an earlier one: free of charge */
int64_t time_stamp_recent_seconds(void);
static inline bool time_stamp_is_later(const struct time_stamp *a, const struct time_stamp *b)
{
	return a->seconds != b->seconds ? a->seconds > b->seconds : a->nanoseconds > b->nanoseconds;
}

/*
 * What a file system does for an inode. Names are not NUL-terminated: (name, length). Called with
 * the directory's rwlock exclusive (lookup, and nothing else: shared is enough), may sleep. A NULL
 * entry means -EPERM for changes, -ENOTDIR for lookup. Permission and sticky checks, read-only
 * mounts and name lengths are done by vfs before.
 */
struct inode_ops {
	/*
	 * Finds `name`: 0 with *out referenced, or -ENOENT (becomes a negative dentry), -EIO,
	 * -ENOMEM.
	 */
	int (*lookup)(struct inode *dir, const char *name, size_t length, struct inode **out);
	/*
	 * Directories of which nobody can ask that a name be made (procfs): what is missing is
	 * -ENOENT, before rights and everything else.
	 */
	bool has_fixed_names;
	/* Create, with mode and owner already decided. *out is referenced. */
	int (*create)(struct inode *dir, const char *name, size_t length, file_mode mode,
		      dev_number device, user_id uid, group_id gid, struct inode **out);
	/*
	 * (create serves regular files, directories, FIFOs, sockets and devices, by mode's type.)
	 */
	int (*symlink)(struct inode *dir, const char *name, size_t length, const char *target,
		       user_id uid, group_id gid, struct inode **out);
	int (*link)(struct inode *dir, const char *name, size_t length, struct inode *target);
	int (*unlink)(struct inode *dir, const char *name, size_t length, struct inode *target);
	int (*rmdir)(struct inode *dir, const char *name, size_t length, struct inode *target);
	/* `replaced` (may be NULL) is what new_name named; `exchange`: swap the two instead. */
	int (*rename)(struct inode *old_dir, const char *old_name, size_t old_length,
		      struct inode *new_dir, const char *new_name, size_t new_length,
		      struct inode *moved, struct inode *replaced, bool exchange);
	/*
	 * The target of a symbolic link into `buffer`; returns its length (not terminated). Inode
	 * unlocked.
	 */
	ssize_t (*read_link)(struct inode *inode, char *buffer, size_t size);
	/*
	 * A magic link (/proc/PID/fd/N): the place itself, instead of a text. See vfs/path_walk.h.
	 */
	int (*follow_link)(struct inode *inode, struct path *out);
	/*
	 * Change the size, having checked limits; calls page_cache_truncate itself. Inode lock
	 * exclusive.
	 */
	int (*truncate)(struct inode *inode, uint64_t size);
	/*
	 * Attributes have changed in the inode (under the inode lock): record them. NULL: in memory
	 * only.
	 */
	int (*attributes_changed)(struct inode *inode);
	/* fallocate(2) modes; NULL: -EOPNOTSUPP. Inode lock exclusive. */
	int (*allocate)(struct inode *inode, int mode, file_offset offset, file_offset size);
	/*
	 * A regular file without any name (O_TMPFILE, memfd), link_count 0. NULL: -EOPNOTSUPP.
	 * Directory unlocked.
	 */
	int (*create_unnamed)(struct inode *dir, file_mode mode, user_id uid, group_id gid,
			      struct inode **out);
	/*
	 * Fresh attributes before stat, for inodes that change by themselves (procfs). NULL: none
	 * needed. With `blocks_are_pages` (tmpfs) none is needed either while block_count is that
	 * of the pages in the cache.
	 */
	int (*refresh)(struct inode *inode);
	bool blocks_are_pages;
	/*
	 * Is this cached name still right (procfs)? NULL: always. Called without locks; must not
	 * sleep. A directory that has one is also never remembered to lack a name.
	 */
	bool (*revalidate)(struct inode *inode);
	/*
	 * May the caller in spite of mode and owner (procfs)? Asked only when these refuse. NULL:
	 * no. Called without locks; must not sleep.
	 */
	bool (*admits)(struct inode *inode);
	/*
	 * Extended attributes, by their whole names (vfs/extended_attribute.h); what may be seen
	 * and changed was decided. May sleep. NULL: there are none. Inode lock shared. `size` 0:
	 * only the size is asked for. Errors: -EOPNOTSUPP (not such a name), -EINVAL, -ENODATA,
	 * -ERANGE, -EIO, -ENOMEM.
	 */
	ssize_t (*get_attribute)(struct inode *inode, const char *name, void *buffer, size_t size);
	ssize_t (*list_attributes)(struct inode *inode, char *buffer, size_t size, bool trusted);
	/*
	 * `value` NULL: remove. `flags`: XATTR_CREATE, XATTR_REPLACE. Inode lock exclusive. Errors:
	 * also -EEXIST, -ENOSPC, -EROFS.
	 */
	int (*set_attribute)(struct inode *inode, const char *name, const void *value, size_t size,
			     int flags);
};

/* What ioctl(FS_IOC_SETFLAGS) sets: Linux's FS_..._FL, and the bits on an ext2 disk. */
enum inode_flags {
	INODE_FLAG_IMMUTABLE = 0x10,
	INODE_FLAG_APPEND_ONLY = 0x20,
};

/*
 * [i] inode lock (LOCK_RANK_DIRECTORY for directories, LOCK_RANK_INODE else) [m] state_lock [I]
 * immutable [a] atomic [D] super's dirty lock Path walk reads mode, uid, gid and ops without a
 * lock: the memory of an inode is freed after an RCU grace period.
 */
struct inode {
	struct super_block *super;		/* [I] */
	uint64_t number;			/* [I] */
	file_mode mode;				/* [i+m] type is immutable */
	user_id uid;				/* [i+m] */
	group_id gid;				/* [i+m] */
	atomic_uint link_count;			/* [i] */
	/* [a] set under i: without set-id bits and capabilities, which a write would take away */
	atomic_bool no_privileges;
	atomic_uchar write_hint;		/* [a] F_SET_RW_HINT: kept for those who ask */
	dev_number device;			/* [I] of a device node */
	struct time_stamp accessed, modified, changed;	/* [m] */
	struct time_stamp born;			/* [I] seconds 0: unknown */
	uint64_t block_count;			/* [m] 512-byte units, for st_blocks */
	uint32_t flags;				/* [i] enum inode_flags, and ext2's others */
	/* [i] F_SEAL_ bits and INODE_SEALABLE: what will never happen to it again (vfs/seals.c) */
	uint32_t seals;
	struct rwlock lock;
	struct spinlock state_lock;		/* LOCK_RANK_INODE_STATE */
	/* [D] enum inode_dirty; read without the lock as a hint */
	atomic_uint dirty;
	uint64_t dirtied_ns;			/* [D] when it became dirty, monotonic */
	/* [a] enum inode_state; changes under the super's table lock */
	atomic_uint state;
	const struct inode_ops *ops;		/* [I] */
	const struct file_ops *file_ops;	/* [I] how open files of it behave */
	struct page_cache cache;		/* size lives in it, for regular files and links */
	struct refcount references;		/* [a] dentries, open files, file systems */
	struct list_node table_node;		/* [inode table] */
	struct list_node dirty_node;		/* [D] */
	/* [super's table lock] unused, kept for the next lookup; or put_off */
	struct list_node lru_node;
	/* [a] > 0: open for writing; < 0: being executed (ETXTBSY) */
	atomic_int write_openers;
	struct pipe *pipe;			/* [m] a FIFO's, while open */
	_Atomic(struct file_lock_state *) locks; /* [a] NULL: no file locks */
	void *socket;				/* [m] a bound AF_UNIX socket */
	/* [m] a directory's: the one that leads to it, until it dies (dentry.c) */
	struct dentry *only_dentry;
	/* [m] of inode_watch.of_inode (vfs/notify.h); not initialised until there is one */
	struct list watches;
	atomic_uint watched_events;		/* [a] all that they ask for; written under m */
	uint32_t generation;			/* [I] */
	/*
	 * [I] a symbolic link's text, NUL-terminated, if it stays in memory until inode_free; else
	 * NULL: ask read_link
	 */
	const char *link_target;
	struct rcu_head rcu;			/* vfs/inode.c's, at the end */
};

#define INODE_SEALABLE 0x80000000u	/* in `seals`: a file that can have them at all */

enum inode_state {
	INODE_NEW = 1 << 0,		/* in the table, but still being read: wait */
	INODE_FREEING = 1 << 1,		/* being thrown out; wait, then look again */
	/* removed: nothing can be found or made in it (inode lock too) */
	INODE_DEAD_DIRECTORY = 1 << 2,
	INODE_LINKABLE = 1 << 3,	/* of O_TMPFILE: may get its first name (inode lock) */
};

enum inode_dirty {
	INODE_DIRTY_ATTRIBUTES = 1 << 0,
	INODE_DIRTY_PAGES = 1 << 1,
	INODE_DIRTY_TIMES = 1 << 2,
};

/* One mounted file system's instance. */
struct super_ops {
	/*
	 * Memory incl. the file system's part, of which vfs clears and fills in struct inode; NULL:
	 * no memory.
	 */
	struct inode *(*inode_alloc)(struct super_block *super);
	/*
	 * The memory again. Called after an RCU grace period, perhaps from an interrupt: must not
	 * sleep.
	 */
	void (*inode_free)(struct inode *inode);
	/*
	 * NULL: nothing. The last moment at which an inode may sleep: give back what hangs on it.
	 */
	void (*inode_release)(struct inode *inode);
	/* Read inode `number` from the disk into a fresh one. May sleep. */
	int (*inode_read)(struct inode *inode);
	/* Put attributes into the disk's buffers; `wait`: and on the disk. May sleep. */
	int (*inode_write)(struct inode *inode, bool wait);
	/*
	 * Last reference and link_count 0, its cached pages are gone already: free its blocks and
	 * number. May sleep.
	 */
	void (*inode_delete)(struct inode *inode);
	/*
	 * After the dirty inodes were written: the rest to the device, and flushed, if wait. NULL:
	 * nothing.
	 */
	int (*sync)(struct super_block *super, bool wait);
	/*
	 * fsync(2), after inode_write(wait): commit what this inode needs and flush the device.
	 * NULL: nothing.
	 */
	int (*sync_inode)(struct inode *inode);
	/*
	 * Nobody changes anything, and all inodes are written: put the rest on the disk, which then
	 * is what an unmount would leave; and: changes begin again, or it is read-only. May sleep;
	 * freeze mutex held. NULL: it cannot be frozen. Errors: -EIO, -ENOMEM, then it is not.
	 */
	int (*freeze)(struct super_block *super);
	void (*thaw)(struct super_block *super);
	int (*statistics)(struct super_block *super, struct fs_statistics *out);
	int (*remount)(struct super_block *super, bool read_only, const char *options);
	void (*unmount)(struct super_block *super);	/* all inodes are gone */
	/* For /proc/mounts, each after a comma; under the mount mutex. NULL: there are none. */
	void (*show_options)(struct super_block *super, char *buffer, size_t size);
	/* worth caching after the last reference (disk file systems) */
	bool never_walked;	/* no path leads to its inodes: freed without a grace period */
	bool keep_unused_inodes;
};

struct fs_statistics {
	uint32_t magic, block_size, name_max, fragment_size, flags;
	uint64_t blocks, blocks_free, blocks_available, inodes, inodes_free;
	uint32_t fs_id[2];
};

struct file_system_type {
	const char *name;
	bool needs_device;
	bool single;			/* one instance for all its mounts (devfs) */
	/* Fill `super` (zeroed but for its type, device and flags) and give its root inode. */
	int (*mount)(struct super_block *super, const char *options, struct inode **root);
	struct file_system_type *next;	/* vfs/file_system.c's */
};

struct block_device;

/* Whom a frozen file system holds up: those of its level and of the levels before (freeze.c). */
enum freeze_level {
	FREEZE_NOTHING,
	FREEZE_CHANGES,		/* system calls that change something */
	FREEZE_FAULTS,		/* faults that make a page of a shared mapping writable */
	FREEZE_ALL,		/* writing back, and deleting what has lost its last name */
	FREEZE_LEVELS
};

enum freeze_state { THAWED, FREEZING, FROZEN };

struct super_block {
	const struct file_system_type *type;	/* [I] */
	const struct super_ops *ops;		/* [I] */
	struct block_device *device;		/* [I] referenced, or NULL */
	dev_number device_number;		/* [I] st_dev */
	uint32_t block_size;			/* [I] st_blksize */
	uint64_t max_file_size;			/* [I] */
	atomic_bool read_only;			/* [a] */
	void *private;				/* [I] the file system's own */
	struct refcount references;		/* [a] mounts */
	struct spinlock table_lock;		/* LOCK_RANK_INODE_TABLE */
	/* [table_lock] hash by number; NULL until the first is published */
	struct list *inode_buckets;
	size_t inode_bucket_count;		/* [table_lock] a power of two */
	size_t inode_count;			/* [table_lock] in the table */
	size_t unused_count;			/* [table_lock] */
	/* [a] created and not yet freed; unmount waits for 0 */
	atomic_size_t live_inodes;
	struct list unused_inodes;		/* [table_lock] LRU */
	struct list watches;			/* [table_lock] of inode_watch.of_super */
	/* LOCK_RANK_LEAF, interrupts off; inside table_lock if both */
	struct spinlock dirty_lock;
	struct list dirty_inodes;		/* [dirty_lock] */
	/* [dirty_lock] inodes being written back, by the epoch in which that began (inode.c) */
	unsigned int writing[2], writing_epoch;
	/* LOCK_RANK_WRITEBACK: who waits for those */
	struct mutex writing_mutex;
	struct list_node super_node;		/* [super list] */
	/* [super list] walkers of the list that are looking at it */
	unsigned int visitors;
	bool is_closing;			/* [super list] no more visitors */
	/* super_block.c's; registered if ops->inode_write */
	struct writeback_client writeback;
	/* [a] dentries that claim_batch claimed, and gone since; unmount waits for equality */
	atomic_uint prunes_begun, prunes_ended;
	bool can_freeze;			/* [I] ops->freeze is there */
	/* [a] The freeze that lasts was of what is read-only; set while FREEZING, no level yet. */
	atomic_bool freezes_briefly;
	struct mutex freeze_mutex;		/* LOCK_RANK_FREEZE */
	/* [a] enum freeze_state; set under the freeze mutex, from THAWED also the mount mutex */
	atomic_uint freeze_state;
	/* [a] set with table_lock by who freezes, or under the freeze mutex */
	atomic_uint freeze_level;
	/* [a] those who are at it now, by level; the first is not used */
	atomic_uint changers[FREEZE_LEVELS];
	/* [table_lock] FREEING inodes without names that a thaw will delete, by lru_node */
	struct list put_off;
	struct list mounts;			/* [mount mutex] of mount.super_node */
	atomic_uint next_inode_number;		/* [a] for file systems that just count */
	struct dentry *root;			/* [I] */
	/* LOCK_RANK_RENAME: directories moving between directories */
	struct mutex rename_mutex;
};

void file_system_register(struct file_system_type *type);
const struct file_system_type *file_system_find(const char *name);
/* /proc/filesystems */
const struct file_system_type *file_system_next(const struct file_system_type *type);

/*
 * The inode `number` of `super`, read if need be. Two lookups at once get the same one. Errors:
 * -EIO, -ENOMEM.
 */
must_check int inode_get_by_number(struct super_block *super, uint64_t number, struct inode **out);
/*
 * A new inode that is not in the table yet (create; pseudo file systems). All fields default; one
 * reference. NULL: no memory.
 */
struct inode *inode_create(struct super_block *super);
/*
 * Enter it into the table under its number. Errors: -ENOMEM (for the table itself, at the first one
 * only), -EEXIST (there is one that lives: the disk is wrong).
 */
must_check int inode_publish(struct inode *inode);
/*
 * Its type is known now: its lock gets the right rank. Called by vfs when an inode first gets a
 * dentry.
 */
void inode_settle(struct inode *inode);
static inline void inode_get(struct inode *inode) { refcount_get(&inode->references); }
void inode_put(struct inode *inode);	/* may sleep */
void inode_mark_dirty(struct inode *inode, enum inode_dirty what);	/* any context */
/*
 * Write its dirty pages and attributes; wait: until they are on the device. Errors: the first. May
 * sleep.
 */
must_check int inode_write_back(struct inode *inode, bool wait);
/*
 * fsync: data first, attributes and what leads to the data second, then whatever the file system
 * keeps back (a journal, the disk's own cache). Errors: the first; -ENOMEM only if it lasts. May
 * sleep.
 */
must_check int inode_sync(struct inode *inode);
/*
 * The same for all dirty inodes of a file system that are dirty for `age_ns`. Returns how many, or
 * the first error.
 */
must_check int super_write_back_inodes(struct super_block *super, uint64_t age_ns, bool wait);
/* Until every inode that others had begun to write back has been given to the device. May sleep. */
void super_wait_for_writers(struct super_block *super);
/* now; honours relatime for accessed */
void inode_touch(struct inode *inode, bool accessed, bool modified, bool changed);
/*
 * inode_touch(inode, false, true, true) after each write: does nothing if the last one was in the
 * same millisecond. A new size is stored with the pages (page_cache.has_grown). Locks: the caller
 * holds inode->lock exclusive.
 */
void inode_touch_written(struct inode *inode);
/* Are there files that have lost their last name, or never had one, and are not deleted yet? */
bool inode_table_has_nameless(struct super_block *super);
void inode_drop_unused(struct super_block *super);	/* all cached unused inodes */
/* At the end, when writing back does not help: what is dirty is not any more. */
void inode_drop_dirty(struct super_block *super);

static inline uint64_t inode_size(const struct inode *inode)
{
	return page_cache_size(&inode->cache);
}
/*
 * Its mode or capabilities are set: a write has to look again. Relaxed: writes come under the same
 * lock, and exec before or after it. Inode lock held exclusive.
 */
static inline void inode_note_privileges(struct inode *inode)
{
	atomic_store_explicit(&inode->no_privileges, false, memory_order_relaxed);
}
static inline bool inode_is(const struct inode *inode, file_mode type)
{
	return (inode->mode & MODE_TYPE_MASK) == type;
}

/*
 * chmod, chown, utimes, truncate in one: only what `valid` names. Checks done by vfs/attributes.c.
 */
enum attribute_valid { ATTRIBUTE_MODE = 1, ATTRIBUTE_UID = 2, ATTRIBUTE_GID = 4, ATTRIBUTE_SIZE = 8,
	ATTRIBUTE_ACCESSED = 16, ATTRIBUTE_MODIFIED = 32, ATTRIBUTE_ACCESSED_NOW = 64,
	ATTRIBUTE_MODIFIED_NOW = 128,
	ATTRIBUTE_OWNER = 256 /* of chown(2), which takes set-id bits even if it changes no id */ };
struct attributes { uint32_t valid; file_mode mode; user_id uid; group_id gid; uint64_t size;
	struct time_stamp accessed, modified; };
/*
 * With all permission checks of chmod(2), chown(2), utimensat(2), truncate(2); takes the inode
 * lock. May sleep.
 */
must_check int inode_set_attributes(struct inode *inode, const struct attributes *attributes,
				    const struct credentials *credentials,
				    uint64_t file_size_limit);

/* What stat sees, in one form; abi_stat.c makes Linux's five of it. */
struct file_status {
	uint64_t device, inode, size, blocks;
	dev_number special_device;
	file_mode mode;
	uint32_t link_count, block_size;
	user_id uid;
	group_id gid;
	struct time_stamp accessed, modified, changed, born;
	uint64_t mount_id;
	uint32_t attributes, attributes_mask;	/* STATX_ATTR_ */
};
must_check int inode_status(struct inode *inode, struct file_status *out);
/* The same as it stands, without refreshing it first. Does not sleep. */
void inode_read_status(struct inode *inode, struct file_status *out);
/* Need it not be refreshed? A look without a lock: it may change at any time. */
static inline bool inode_is_fresh(const struct inode *inode)
{
	const struct inode_ops *ops = inode->ops;

	return !ops || !ops->refresh ||
	       (ops->blocks_are_pages &&
		inode->block_count == (uint64_t)inode->cache.frame_count * (PAGE_SIZE / 512));
}
