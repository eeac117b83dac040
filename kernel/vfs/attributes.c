/*
 * Changing attributes: chmod, chown, utimes, truncate. All checks come first, then the change in
 * memory, which cannot fail, then the file system is told; only a change of size may still fail
 * there, and it is the last check and the first change.
 */
#include "core/assert.h"
#include "uapi/linux/capability.h"
#include "uapi/linux/errno.h"
#include "uapi/linux/fcntl.h"
#include "vfs/file_capability.h"
#include "vfs/internal.h"
#include "vfs/notify.h"

#define ATTRIBUTE_TIMES_NOW (ATTRIBUTE_ACCESSED_NOW | ATTRIBUTE_MODIFIED_NOW)

int inode_get_write_access(struct inode *inode)
{
	int old = atomic_load_explicit(&inode->write_openers, memory_order_relaxed);

	do {
		if (old < 0)
			return -ETXTBSY;
	} while (!atomic_compare_exchange_weak_explicit(&inode->write_openers, &old, old + 1,
							memory_order_acquire,
							memory_order_relaxed));
	return 0;
}

void inode_put_write_access(struct inode *inode)
{
	atomic_fetch_sub_explicit(&inode->write_openers, 1, memory_order_release);
}

int inode_record_attributes(struct inode *inode)
{
	rwlock_assert_held_exclusive(&inode->lock);
	if (inode->ops->attributes_changed)
		return inode->ops->attributes_changed(inode);
	inode_mark_dirty(inode, INODE_DIRTY_ATTRIBUTES);
	return 0;
}

static void set_mode(struct inode *inode, file_mode mode)
{
	spin_lock(&inode->state_lock);
	inode->mode = (inode->mode & MODE_TYPE_MASK) | (mode & 07777);
	inode_note_privileges(inode);
	spin_unlock(&inode->state_lock);
}

int inode_clear_privileges(struct inode *inode, const struct credentials *credentials)
{
	file_mode mode = inode->mode;
	file_mode drop = mode & MODE_SETUID;
	int error;

	if (!inode_is(inode, MODE_REGULAR))
		return 0;
	/*
	 * Set-group-id without execution by the group once meant mandatory locking, and stays if
	 * the group's members write.
	 */
	if ((mode & 0010) || !credentials_in_group(credentials, inode->gid))
		drop |= mode & MODE_SETGID;
	if (drop && !credentials_capable(credentials, CAP_FSETID)) {
		set_mode(inode, mode & ~drop);
		(void)!inode_record_attributes(inode);
	}
	error = file_capability_remove(inode);
	if (!error && !(inode->mode & (MODE_SETUID | MODE_SETGID)))
		atomic_store_explicit(&inode->no_privileges, true, memory_order_relaxed);
	return error;
}

/* The mode that results: what was asked for, less the bits that must not survive. */
static file_mode new_mode(const struct inode *inode, const struct attributes *attributes,
			  const struct credentials *credentials)
{
	file_mode mode = inode->mode;
	group_id gid = attributes->valid & ATTRIBUTE_GID ? attributes->gid : inode->gid;
	bool may_keep = credentials_in_group(credentials, gid) ||
			credentials_capable(credentials, CAP_FSETID);

	if (attributes->valid & ATTRIBUTE_MODE) {
		mode = (mode & MODE_TYPE_MASK) | (attributes->mode & 07777);
		if (!may_keep)
			mode &= ~MODE_SETGID;
	}
	if ((attributes->valid & (ATTRIBUTE_UID | ATTRIBUTE_GID | ATTRIBUTE_OWNER)) &&
	    !inode_is(inode, MODE_DIRECTORY)) {
		mode &= ~MODE_SETUID;
		if ((mode & 0010) || !may_keep)
			mode &= ~MODE_SETGID;
	}
	return mode;
}

/* ---- checks ---------------------------------------------------------------------------------- */

static int check_owner_change(const struct inode *inode, const struct attributes *attributes,
			      const struct credentials *credentials)
{
	bool is_owner = credentials->fsuid == inode->uid;

	if (credentials_capable(credentials, CAP_CHOWN))
		return 0;
	if ((attributes->valid & ATTRIBUTE_UID) &&
	    !(is_owner && attributes->uid == inode->uid))
		return -EPERM;
	if ((attributes->valid & ATTRIBUTE_GID) &&
	    !(is_owner && (attributes->gid == inode->gid ||
			   credentials_in_group(credentials, attributes->gid))))
		return -EPERM;
	return 0;
}

static int check_times(const struct inode *inode, uint32_t valid,
		       const struct credentials *credentials)
{
	if (!(valid & (ATTRIBUTE_ACCESSED | ATTRIBUTE_MODIFIED | ATTRIBUTE_TIMES_NOW)))
		return 0;
	if (permission_is_owner(inode, credentials))
		return 0;
	/* "Now" for both is what any write would do. */
	if ((valid & ATTRIBUTE_TIMES_NOW) == ATTRIBUTE_TIMES_NOW)
		return permission_check(inode, credentials, ACCESS_WRITE);
	return -EPERM;
}

static int check_size(const struct inode *inode, uint64_t size, uint64_t limit)
{
	if (inode_is(inode, MODE_DIRECTORY))
		return -EISDIR;
	if (!inode_is(inode, MODE_REGULAR))
		return -EINVAL;
	if (size > inode_size(inode) && (size > limit || size > inode->super->max_file_size))
		return -EFBIG;
	return 0;
}

/* The owner takes set-id bits away with the file; that, too, is a change of the mode. */
static int check_mode_change(const struct inode *inode, const struct attributes *attributes,
			     const struct credentials *credentials)
{
	bool changes = attributes->valid & ATTRIBUTE_MODE;

	if ((attributes->valid & ATTRIBUTE_OWNER) && !inode_is(inode, MODE_DIRECTORY))
		changes |= new_mode(inode, attributes, credentials) != inode->mode;
	if (changes && !permission_is_owner(inode, credentials))
		return -EPERM;
	if ((attributes->valid & ATTRIBUTE_MODE) && (inode->seals & F_SEAL_EXEC) &&
	    ((inode->mode ^ attributes->mode) & 0111))
		return -EPERM;
	return 0;
}

/* Nothing but "accessed and modified now", which any write does. */
static bool is_touch_only(uint32_t valid)
{
	const uint32_t times = ATTRIBUTE_ACCESSED | ATTRIBUTE_MODIFIED | ATTRIBUTE_TIMES_NOW;

	if (valid & (ATTRIBUTE_MODE | ATTRIBUTE_UID | ATTRIBUTE_GID | ATTRIBUTE_OWNER))
		return false;
	return !(valid & times) || (valid & ATTRIBUTE_TIMES_NOW) == ATTRIBUTE_TIMES_NOW;
}

static int check(const struct inode *inode, const struct attributes *attributes,
		 const struct credentials *credentials)
{
	int error;

	if (inode->super->read_only)
		return -EROFS;
	if ((inode->flags & INODE_FLAG_IMMUTABLE) ||
	    ((inode->flags & INODE_FLAG_APPEND_ONLY) && !is_touch_only(attributes->valid)))
		return -EPERM;
	error = check_owner_change(inode, attributes, credentials);
	if (error)
		return error;
	error = check_mode_change(inode, attributes, credentials);
	if (error)
		return error;
	return check_times(inode, attributes->valid, credentials);
}

/* ---- changes --------------------------------------------------------------------------------- */

static void apply(struct inode *inode, const struct attributes *attributes,
		  const struct credentials *credentials)
{
	file_mode mode = new_mode(inode, attributes, credentials);
	struct time_stamp now;

	spin_lock(&inode->state_lock);
	/* Whoever sets a time may have asked a clock: what is written next shall not seem older. */
	if (attributes->valid & (ATTRIBUTE_ACCESSED | ATTRIBUTE_MODIFIED))
		time_stamp_renew(&now);
	else
		time_stamp_now(&now);
	inode->mode = mode;
	if (attributes->valid & ATTRIBUTE_MODE)
		inode_note_privileges(inode);
	if (attributes->valid & ATTRIBUTE_UID)
		inode->uid = attributes->uid;
	if (attributes->valid & ATTRIBUTE_GID)
		inode->gid = attributes->gid;
	if (attributes->valid & ATTRIBUTE_ACCESSED)
		inode->accessed = attributes->accessed;
	if (attributes->valid & ATTRIBUTE_ACCESSED_NOW)
		inode->accessed = now;
	if (attributes->valid & ATTRIBUTE_MODIFIED)
		inode->modified = attributes->modified;
	if (attributes->valid & ATTRIBUTE_MODIFIED_NOW)
		inode->modified = now;
	inode->changed = now;
	spin_unlock(&inode->state_lock);
}

int inode_truncate_locked(struct inode *inode, uint64_t size,
			  const struct credentials *credentials)
{
	int error;

	rwlock_assert_held_exclusive(&inode->lock);
	if (!inode->ops->truncate)
		return -EINVAL;
	if (unlikely(inode->seals)) {
		error = seals_check_size(inode, size);
		if (error)
			return error;
	}
	error = inode_clear_privileges(inode, credentials);
	if (!error)
		error = inode->ops->truncate(inode, size);
	if (error)
		return error;
	inode_touch(inode, false, true, true);
	return inode_record_attributes(inode);
}

/* truncate(2): by name, so permission is asked now. */
static int set_size(struct inode *inode, uint64_t size, const struct credentials *credentials,
		    uint64_t limit)
{
	int error = check_size(inode, size, 0);

	if (error && error != -EFBIG)
		return error;
	error = permission_check(inode, credentials, ACCESS_WRITE);
	if (error)
		return error;
	if (inode->super->read_only)
		return -EROFS;
	if (inode->flags & INODE_FLAG_APPEND_ONLY)
		return -EPERM;
	error = inode_get_write_access(inode);
	if (error)
		return error;
	rwlock_write_lock(&inode->lock);
	error = check_size(inode, size, limit);
	if (!error)
		error = inode_truncate_locked(inode, size, credentials);
	rwlock_write_unlock(&inode->lock);
	inode_put_write_access(inode);
	return error;
}

int inode_set_attributes(struct inode *inode, const struct attributes *attributes,
			 const struct credentials *credentials, uint64_t file_size_limit)
{
	int error;

	if (attributes->valid & ATTRIBUTE_SIZE) {
		error = set_size(inode, attributes->size, credentials, file_size_limit);
		if (error || attributes->valid == ATTRIBUTE_SIZE)
			return error;
	}
	rwlock_write_lock(&inode->lock);
	error = check(inode, attributes, credentials);
	if (!error && (attributes->valid & ATTRIBUTE_OWNER) && !inode_is(inode, MODE_DIRECTORY))
		error = file_capability_remove(inode);
	if (!error) {
		apply(inode, attributes, credentials);
		error = inode_record_attributes(inode);
	}
	rwlock_write_unlock(&inode->lock);
	return error;
}

int path_set_attributes(const struct path *path, const struct attributes *attributes,
			const struct credentials *credentials, uint64_t file_size_limit)
{
	struct inode *inode = dentry_inode(path->dentry);
	int error;

	/*
	 * Of the errors of truncate(2), those about the file itself come before the read-only
	 * mount.
	 */
	if (attributes->valid & ATTRIBUTE_SIZE) {
		error = check_size(inode, attributes->size, UINT64_MAX);
		if (error && error != -EFBIG)
			return error;
	}
	error = mount_begin_write(path->mount);
	if (error)
		return error;
	error = inode_set_attributes(inode, attributes, credentials, file_size_limit);
	mount_end_write(path->mount);
	if (!error)
		notify_attributes(path->dentry, attributes);
	return error;
}
