/*
 * Mounts: file systems put together into one tree.
 */
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include "core/compiler.h"
#include "core/refcount.h"
#include "core/types.h"
#include "lib/list.h"
#include "sched/rcu.h"
#include "vfs/inode.h"

struct credentials;
struct dentry;

enum mount_flags {	/* Linux's MS_ values */
	MOUNT_READ_ONLY = 1, MOUNT_NO_SUID = 2, MOUNT_NO_DEVICES = 4, MOUNT_NO_EXECUTE = 8,
	MOUNT_NO_ACCESS_TIME = 1024, MOUNT_BIND = 4096 /* with remount: this mount alone */,
	 MOUNT_RELATIVE_ACCESS_TIME = 1 << 21,
};

/*
 * [M] mount mutex [h] the tree's lock and sequence (vfs/internal.h); RCU readers [a] atomic [I]
 * immutable
 */
struct mount {
	struct super_block *super;	/* [I] */
	struct dentry *root;		/* [I] */
	_Atomic(struct mount *) parent;	/* [M+h] itself at the top and when detached */
	_Atomic(struct dentry *) mount_point; /* [M+h] in parent; its own root at the top */
	struct list children;		/* [M] */
	struct list_node sibling;	/* [M] */
	struct mount *_Atomic hash_next; /* [h] by (parent, mount_point) */
	struct list_node super_node;	/* [M] among super->mounts */
	bool attached;			/* [M] part of the tree */
	atomic_uint flags;		/* [a] enum mount_flags */
	uint32_t id;			/* [I] */
	char *source;			/* [I] device name, for /proc/mounts */
	/* [a] open files, working directories, children, the tree itself */
	struct refcount references;
	atomic_int writers;		/* [a] open for writing, or changing names right now */
	struct rcu_head rcu;
	struct mount *next_dead;	/* mount_put's */
};

/* A place in the tree; holds a reference to both when stored. */
struct path { struct mount *mount; struct dentry *dentry; };
void path_get(const struct path *path);
void path_put(const struct path *path);		/* may sleep */

static inline void mount_get(struct mount *mount) { refcount_get(&mount->references); }
void mount_put(struct mount *mount);

/*
 * mount(2): a new file system, bind, move, remount. `type` NULL for bind/remount. Errors as
 * mount(2). May sleep.
 */
must_check int mount_create(const char *source, const struct path *at, const char *type,
			    uint32_t flags, const char *options);
must_check int mount_bind(const struct path *from, const struct path *at, bool recursive);
must_check int mount_remount(const struct path *at, uint32_t flags, const char *options);
/* How many mounts there may be; -EINVAL: less than one. mount_create and _bind say -ENOSPC. */
int mount_max(void);
must_check int mount_set_max(int count);
must_check int mount_move(const struct path *from, const struct path *at);
/*
 * umount(2) of the mount whose root `at` is. Takes over the references in `at` (then it is empty),
 * whatever the result, so that the device is free again on return. Errors: -EBUSY, -EINVAL.
 */
must_check int mount_unmount(struct path *at, bool lazy, bool force);
/* Boot: the first file system of all (tmpfs from the initramfs), which becomes the root. */
must_check int mount_root_create(const char *type, const char *source, uint32_t flags,
				 struct path *out);
/* Crossing: the mount on top of `path`, if any (then *path is replaced, references too). */
bool mount_cross(struct path *path);
bool mount_is_writable(const struct mount *mount);
/*
 * Between these two the mount stays writable: a remount read-only says -EBUSY meanwhile. For files
 * that are open for writing. Errors: -EROFS.
 */
must_check int mount_get_writer(struct mount *mount);
void mount_put_writer(struct mount *mount);
/*
 * The same for a call that changes something right now: nor is the file system frozen meanwhile,
 * and if it is so now the caller sleeps (freeze_begin_change). Locks: none held, not nested.
 * Errors: -EROFS, -EINTR (killed).
 */
must_check int mount_begin_write(struct mount *mount);
void mount_end_write(struct mount *mount);
/* The root of the whole tree, with references. */
void mount_get_root(struct path *out);
/* A mount from inside the kernel that nobody sees (pipes, memfd, shared memory). */
must_check int mount_create_internal(const char *type, const char *options,
				     struct mount **out);
/*
 * pivot_root(2): the mount at `new_root` takes the place of the one whose root `root` is, the
 * caller's, which goes to `put_old`. Errors: -ENOENT, -EINVAL, -EBUSY.
 */
must_check int mount_pivot_root(const struct path *root, const struct path *new_root,
				const struct path *put_old);
/* /proc/PID/mounts and mountinfo: visit each, in tree order. Mount mutex held during the call. */
void mount_for_each(bool (*visit)(struct mount *mount, void *argument), void *argument);
void mount_sync_all(bool wait);
/* All that the mount's file system has to write is on its device. May sleep. Errors: -EIO. */
must_check int mount_sync(struct mount *mount);
