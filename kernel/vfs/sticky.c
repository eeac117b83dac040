/*
 * Directories such as /tmp, where everybody may write and the sticky bit keeps everybody from
 * removing what is not his. A program that writes there under a name that can be guessed must not
 * be led elsewhere: by a link that somebody else has laid, or by a FIFO or file that somebody else
 * has made first and reads. And a name for a file that one may not read or write, such as an old
 * set-user-id program, would keep it alive after it was replaced.
 *
 * The rules are Linux's, and the values those that Debian sets at boot, so that they hold without
 * anybody setting them. The owner of the directory is trusted as much as oneself.
 */
#include "vfs/sticky.h"
#include <stdatomic.h>
#include "uapi/linux/errno.h"
#include "vfs/internal.h"
#include "vfs/permission.h"

#define STICKY_AND_FOR_ALL (MODE_STICKY | 0002)
#define GROUP_WRITE 0020

static const unsigned int highest[STICKY_RULE_COUNT] = {
	[STICKY_SYMLINKS] = 1, [STICKY_HARDLINKS] = 1, [STICKY_FIFOS] = 2, [STICKY_REGULAR] = 2,
};

static atomic_uint settings[STICKY_RULE_COUNT] = {
	[STICKY_SYMLINKS] = 1, [STICKY_HARDLINKS] = 1, [STICKY_FIFOS] = 1, [STICKY_REGULAR] = 2,
};

/* Relaxed: a setting protects nothing but itself. */
unsigned int sticky_setting(enum sticky_rule rule)
{
	return atomic_load_explicit(&settings[rule], memory_order_relaxed);
}

bool sticky_set(enum sticky_rule rule, unsigned int value)
{
	if (value > highest[rule])
		return false;
	atomic_store_explicit(&settings[rule], value, memory_order_relaxed);
	return true;
}

int sticky_check_follow_here(const struct inode *dir, const struct inode *link,
			     const struct credentials *credentials)
{
	if (!sticky_setting(STICKY_SYMLINKS) || credentials->fsuid == link->uid ||
	    (dir->mode & STICKY_AND_FOR_ALL) != STICKY_AND_FOR_ALL || dir->uid == link->uid)
		return 0;
	return -EACCES;
}

int sticky_check_link(const struct inode *inode, const struct credentials *credentials)
{
	file_mode mode = inode->mode;

	if (!sticky_setting(STICKY_HARDLINKS) || permission_is_owner(inode, credentials))
		return 0;
	if (!inode_is(inode, MODE_REGULAR) || (mode & MODE_SETUID) ||
	    (mode & (MODE_SETGID | 0010)) == (MODE_SETGID | 0010))
		return -EPERM;
	return permission_check(inode, credentials, ACCESS_READ | ACCESS_WRITE) ? -EPERM : 0;
}

/* What protects this kind of file, or 0. */
static unsigned int create_setting(const struct inode *inode)
{
	if (inode_is(inode, MODE_FIFO))
		return sticky_setting(STICKY_FIFOS);
	return inode_is(inode, MODE_REGULAR) ? sticky_setting(STICKY_REGULAR) : 0;
}

int sticky_check_create(const struct inode *dir, const struct inode *inode,
			const struct credentials *credentials)
{
	unsigned int setting;

	if (likely(!(dir->mode & MODE_STICKY)) || inode->uid == dir->uid ||
	    inode->uid == credentials->fsuid)
		return 0;
	setting = create_setting(inode);
	if ((setting >= 1 && (dir->mode & 0002)) || (setting >= 2 && (dir->mode & GROUP_WRITE)))
		return -EACCES;
	return 0;
}

bool sticky_may_refuse(const struct path *place, const struct credentials *credentials)
{
	struct mount *mount = place->mount;
	const struct dentry *dentry = place->dentry;
	const struct inode *dir;
	bool refuses;

	/* Under RCU, as in path_walk_fast.c: what is looked at stays in memory. */
	rcu_read_lock();
	while (dentry == mount->root && atomic_load(&mount->parent) != mount) {
		dentry = atomic_load_explicit(&mount->mount_point, memory_order_acquire);
		mount = atomic_load_explicit(&mount->parent, memory_order_acquire);
	}
	dir = dentry_inode(dentry_parent(dentry));
	refuses = dir && sticky_check_create(dir, dentry_inode(place->dentry), credentials);
	rcu_read_unlock();
	return refuses;
}
