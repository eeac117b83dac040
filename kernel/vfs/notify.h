/*
 * Telling those who watch files what happens to them. (Theory: notify.c.)
 *
 * The calls below tell of what has just happened. They cost one branch while nobody watches any
 * file anywhere. May sleep; no spinlocks held. Events are IN_ bits.
 */
#pragma once
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "core/compiler.h"
#include "core/types.h"
#include "lib/list.h"
#include "uapi/linux/inotify.h"

struct attributes;
struct dentry;
struct file;
struct inode;
struct inode_watch;
struct super_block;

/* ---- watching -------------------------------------------------------------------------------- */

/* Who watches. Called without spinlocks; may sleep. */
struct inode_watch_ops {
	/*
	 * Something that it asked for: `mask` has IN_ISDIR too. `name`, not NUL-terminated, is that
	 * of a child; length 0: it is about the inode itself.
	 */
	void (*report)(struct inode_watch *watch, uint32_t mask, uint32_t cookie, const char *name,
		       size_t length);
	/* Its inode is no more: time for inode_watch_remove. */
	void (*ended)(struct inode_watch *watch);
	/* The last reference is gone: free it. */
	void (*release)(struct inode_watch *watch);
};

/* One watch on one inode. [I] immutable [m] inode->state_lock [s] super->table_lock [a] atomic */
struct inode_watch {
	struct list_node of_inode;	   /* [m] inode->watches; as long as it is referenced */
	struct list_node of_super;	   /* [s] super->watches; until it is removed */
	struct inode *inode;		   /* [I] referenced */
	const void *owner;		   /* [I] for inode_watch_find */
	const struct inode_watch_ops *ops; /* [I] */
	/* [a] written under m: events, IN_EXCL_UNLINK, flags of the owner; 0 once removed */
	atomic_uint events;
	unsigned int references;	   /* [m] one of them is the inode's, until it is removed */
};

/*
 * `watch`, of which inode (referenced by the caller too), owner and ops are set, begins to hear of
 * `events`.
 */
void inode_watch_add(struct inode_watch *watch, uint32_t events);
/* The watch of `owner` on `inode`, referenced, or NULL. */
struct inode_watch *inode_watch_find(struct inode *inode, const void *owner);
/* `events` from now on; `add`: those and what it had. Nothing if it was removed meanwhile. */
void inode_watch_change(struct inode_watch *watch, uint32_t events, bool add);
/* It hears no more. False if another has removed it before; who did puts the inode's reference. */
bool inode_watch_remove(struct inode_watch *watch);
void inode_watch_get(struct inode_watch *watch);
void inode_watch_put(struct inode_watch *watch); /* may sleep */

/* Beside Linux's events: a name of the directory was changed, and stayed in it. */
#define NOTIFY_RENAMED_INSIDE 0x00010000u

/* ---- telling --------------------------------------------------------------------------------- */

extern atomic_uint notify_watch_count; /* [a] of all inodes; relaxed: who watches can wait */

static inline bool notify_is_wanted(void)
{
	return unlikely(atomic_load_explicit(&notify_watch_count, memory_order_relaxed));
}

/* The rest is called through the inline functions behind it. */
void notify_tell_file(struct file *file, uint32_t event);
void notify_tell_child(struct inode *dir, const struct dentry *child, uint32_t event);
void notify_tell_attributes(struct dentry *dentry, const struct attributes *attributes);
void notify_tell_extended(struct dentry *dentry);
void notify_tell_links(struct inode *inode);
void notify_tell_removed(struct inode *dir, struct dentry *dentry);
void notify_tell_gone(struct inode *inode);

/* An open file was used: IN_ACCESS, IN_MODIFY, IN_OPEN, IN_CLOSE_... */
static inline void notify_file(struct file *file, uint32_t event)
{
	if (notify_is_wanted())
		notify_tell_file(file, event);
}

/* The same after read and write, which return how much they did. */
static inline void notify_transfer(struct file *file, uint32_t event, ssize_t result)
{
	if (notify_is_wanted() && result > 0)
		notify_tell_file(file, event);
}

/* `dir` has a new name, that of `child`; dir locked. */
static inline void notify_created(struct inode *dir, const struct dentry *child)
{
	if (notify_is_wanted())
		notify_tell_child(dir, child, IN_CREATE);
}

/* Attributes were set through `dentry`. */
static inline void notify_attributes(struct dentry *dentry, const struct attributes *attributes)
{
	if (notify_is_wanted())
		notify_tell_attributes(dentry, attributes);
}

/* An extended attribute was set or removed. */
static inline void notify_extended_attribute(struct dentry *dentry)
{
	if (notify_is_wanted())
		notify_tell_extended(dentry);
}

/* A file has more or fewer names than it had. */
static inline void notify_links(struct inode *inode)
{
	if (notify_is_wanted())
		notify_tell_links(inode);
}

/* `dentry`, unhashed already and referenced by the caller, was removed from `dir`, locked. */
static inline void notify_removed(struct inode *dir, struct dentry *dentry)
{
	if (notify_is_wanted())
		notify_tell_removed(dir, dentry);
}

/* A dentry of an inode dies: the inode does too, if it has no names left. */
static inline void notify_dentry_dies(struct inode *inode)
{
	if (notify_is_wanted())
		notify_tell_gone(inode);
}

/*
 * `moved` was renamed; both directories are locked. `replaced` is the file that had the name
 * before, or NULL. One call for each direction of an exchange.
 */
void notify_renamed(struct inode *from, const char *old_name, size_t old_length, struct inode *to,
		    const struct dentry *moved, struct inode *replaced);

/* The file system goes: all who watch something in it hear of that, and watch no more. */
void notify_unmounted(struct super_block *super);
