/*
 * Dentries: names in directories, cached; negative ones remember that there is nothing.
 * (Theory: dentry.c.)
 */
#pragma once
#include <stdatomic.h>
#include <stdint.h>
#include "core/compiler.h"
#include "core/refcount.h"
#include "core/spinlock.h"
#include "lib/list.h"
#include "sched/rcu.h"

struct inode;
struct super_block;

#define DENTRY_INLINE_NAME 36
#define NAME_MAX_LENGTH 255

/*
 * [d] lock [h] bucket lock (and RCU readers) [a] atomic [I] immutable [T] the tree's sequence
 * (vfs/internal.h) A name and a parent change only in rename, under the super block's rename mutex
 * (if the parent changes), both directories' locks and the tree's sequence. The inode, once set,
 * stays until the memory is freed.
 */
struct dentry {
	struct dentry *_Atomic hash_next;	/* [h] */
	_Atomic(struct dentry *) parent;	/* [T] itself at a root; reference held */
	_Atomic(uint32_t) hash;			/* [T] of name and parent */
	atomic_ushort length;			/* [T] */
	/* [T] inline_name or an RCU-freed block, NUL-terminated */
	const char *_Atomic name;
	_Atomic(struct inode *) inode;		/* [a] NULL: negative; reference held */
	atomic_uint flags;			/* [a] enum dentry_flags */
	/* [a] 0: cached, on the unused list; negative: dying */
	struct refcount references;
	char inline_name[DENTRY_INLINE_NAME];	/* [I] the first name, if it is short */
	struct spinlock lock;			/* LOCK_RANK_DENTRY */
	struct list children;			/* [d] */
	struct list_node sibling;		/* [parent's d] */
	struct list_node unused_node;		/* [LRU lock] */
	struct super_block *super;		/* [I] */
	struct rcu_head rcu;
};

enum dentry_flags {
	DENTRY_UNHASHED = 1 << 1,	/* deleted: found by nobody any more */
	DENTRY_REVALIDATE = 1 << 2,	/* ask inode_ops.revalidate on each use */
	DENTRY_REFERENCED = 1 << 3,	/* used since the clock hand passed */
	/* on the unused list, where it may stay while it is used again */
	DENTRY_UNUSED_LISTED = 1 << 4,
	DENTRY_ANONYMOUS = 1 << 5,	/* of a file without a name: pipes, sockets, memfd */
	/* above: how many mounts stand here, in all mounts together */
	DENTRY_ONE_MOUNT = 1 << 8,
	DENTRY_MOUNT_POINT = -DENTRY_ONE_MOUNT,	/* the bits of that number */
};

static inline void dentry_get(struct dentry *dentry) { refcount_get(&dentry->references); }
void dentry_put(struct dentry *dentry);		/* may sleep (last use of a deleted inode) */

static inline struct inode *dentry_inode(const struct dentry *dentry)
{
	/* Acquire: pairs with the release that makes a negative dentry positive. */
	return atomic_load_explicit(&dentry->inode, memory_order_acquire);
}
/* Stays only under RCU or what keeps a rename out. */
static inline struct dentry *dentry_parent(const struct dentry *dentry)
{
	return atomic_load_explicit(&dentry->parent, memory_order_acquire);
}
/* The same with a reference; at a root it is the dentry itself. */
struct dentry *dentry_get_parent(const struct dentry *dentry);
