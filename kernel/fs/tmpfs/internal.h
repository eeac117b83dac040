/*
 * What the files of tmpfs share.
 */
#pragma once
#include <stdatomic.h>
#include "lib/rbtree.h"
#include "vfs/inode.h"

/* One mounted instance. [a] atomic  [I] immutable  [r] changed by remount only */
struct tmpfs {
	/* [a] pages of all files, as last counted, and of long links' targets */
	atomic_size_t used_pages;
	size_t page_limit;		/* [r] SIZE_MAX: none */
	atomic_size_t inode_count;	/* [a] with one more for each name beside the first */
	size_t inode_limit;		/* [r] SIZE_MAX: none */
};

/* A name in a directory. [i] the directory's inode lock */
struct tmpfs_entry {
	union {
		struct rbtree_node by_name;	/* [i] ordered by hash, then length, then bytes */
		struct tmpfs_entry *next_dead;	/* once out of its directory for good */
	};
	struct rbtree_node by_position;	/* [i] ordered by position, to begin a listing */
	struct list_node in_order;	/* [i] the same order, to go on with it */
	uint64_t position;		/* [I] what telldir gives; grows with each new entry */
	uint32_t hash;			/* [i] */
	uint16_t length;		/* [i] */
	struct inode *inode;		/* [i] reference */
	char name[];			/* [i] not terminated */
};

struct tmpfs_inode {
	struct inode inode;		/* first: what vfs sees */
	struct rbtree names;		/* [i] directories: entries by name */
	struct rbtree positions;	/* [i] directories: the same entries in order of creation */
	struct list order;		/* [i] and once more, so that the next is one step away */
	uint64_t next_position;		/* [i] */
	/* [i] directories; not a reference: the parent has our entry */
	struct inode *parent;
	atomic_size_t charged_pages;	/* [a] of this file in tmpfs->used_pages */
	char *target;			/* [I] symbolic links: = inode.link_target */
	struct list attributes;		/* [i] attributes.c's own */
};

static inline struct tmpfs_inode *tmpfs_inode(const struct inode *inode)
{
	return container_of((struct inode *)inode, struct tmpfs_inode, inode);
}

static inline struct tmpfs *tmpfs_of(const struct inode *inode)
{
	return inode->super->private;
}

/* Of directories and links; regular files are resized by page_cache_truncate. */
static inline void tmpfs_set_size(struct inode *inode, uint64_t size)
{
	page_cache_set_size(&inode->cache, size);
}

/* inode.c */
void tmpfs_inode_init(void);
extern const struct super_ops tmpfs_super_ops;
extern const struct page_cache_ops tmpfs_cache_ops;
/*
 * A fresh inode with one reference, `link_count` 1. Errors: -ENOSPC (the limit of inodes), -ENOMEM.
 */
must_check int tmpfs_inode_create(struct super_block *super, file_mode mode, dev_number device,
				  user_id uid, group_id gid, struct inode **out);
/* A place among the inodes. Errors: -ENOSPC. */
must_check int tmpfs_charge_inode(struct tmpfs *tmpfs);
void tmpfs_uncharge_inode(struct tmpfs *tmpfs);
/* The text of a symbolic link, if it is long. Errors: -ENOSPC. */
must_check int tmpfs_charge_target(struct tmpfs *tmpfs, const char *target);
void tmpfs_uncharge_target(struct tmpfs *tmpfs, const char *target);

/* tmpfs.c */
int tmpfs_remount(struct super_block *super, bool read_only, const char *text);
void tmpfs_unmount(struct super_block *super);
void tmpfs_show_options(struct super_block *super, char *buffer, size_t size);

/* attributes.c: struct inode_ops */
ssize_t tmpfs_get_attribute(struct inode *inode, const char *name, void *buffer, size_t size);
ssize_t tmpfs_list_attributes(struct inode *inode, char *buffer, size_t size, bool trusted);
int tmpfs_set_attribute(struct inode *inode, const char *name, const void *value, size_t size,
			int flags);
void tmpfs_attributes_fini(struct inode *inode);

/* directory.c */
extern const struct inode_ops tmpfs_directory_ops;
extern const struct file_ops tmpfs_directory_file_ops;
/* The last entries of a directory that is thrown out (unmount). */
void tmpfs_directory_fini(struct inode *dir);

/* file.c */
extern const struct inode_ops tmpfs_file_ops, tmpfs_link_ops, tmpfs_special_ops;
int tmpfs_refresh(struct inode *inode);
