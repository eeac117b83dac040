/*
 * Who may see and change extended attributes. The first part of a name says whose it is:
 *
 *	user.		whoever may read or write the file; of regular files and directories only
 *	trusted.	CAP_SYS_ADMIN; others do not even see that it is there
 *	security.	everybody reads; to change takes CAP_SYS_ADMIN, and for a program's
 *			capabilities CAP_SETFCAP and the right form
 *	system.		the file system's own; none here keeps any
 *
 * The order in which errors win is Linux's: permission before whether the file system has any.
 */
#include "vfs/extended_attribute.h"

#include "lib/string.h"
#include "uapi/linux/capability.h"
#include "uapi/linux/errno.h"
#include "vfs/credentials.h"
#include "vfs/dentry.h"
#include "vfs/file_capability.h"
#include "vfs/inode.h"
#include "vfs/internal.h"
#include "vfs/notify.h"
#include "vfs/permission.h"

static bool starts_with(const char *name, const char *prefix)
{
	return strncmp(name, prefix, strlen(prefix)) == 0;
}

static int check_user_name(const struct inode *inode, const struct credentials *credentials,
			   bool change)
{
	if (!inode_is(inode, MODE_REGULAR) && !inode_is(inode, MODE_DIRECTORY))
		return change ? -EPERM : -ENODATA;
	if (change && inode_is(inode, MODE_DIRECTORY) && (inode->mode & MODE_STICKY) &&
	    !permission_is_owner(inode, credentials))
		return -EPERM;
	return 0;
}

/* May the attribute be looked at or changed at all? */
static int check_permission(const struct inode *inode, const char *name,
			    const struct credentials *credentials, bool change)
{
	int error = 0;

	if (change && (inode->flags & (INODE_FLAG_IMMUTABLE | INODE_FLAG_APPEND_ONLY)))
		return -EPERM;
	if (starts_with(name, "security.") || starts_with(name, "system."))
		return 0;
	if (starts_with(name, "trusted.")) {
		if (credentials_capable(credentials, CAP_SYS_ADMIN))
			return 0;
		return change ? -EPERM : -ENODATA;
	}
	if (starts_with(name, "user."))
		error = check_user_name(inode, credentials, change);
	if (error)
		return error;
	return permission_check(inode, credentials, change ? ACCESS_WRITE : ACCESS_READ);
}

static bool is_capability(const char *name)
{
	return strcmp(name, FILE_CAPABILITY_NAME) == 0;
}

static int check_capability_value(const void *value, size_t size,
				  const struct credentials *credentials)
{
	int error = file_capability_check(value, size);

	if (error)
		return error;
	return credentials_capable(credentials, CAP_SETFCAP) ? 0 : -EPERM;
}

static int check_security_name(const char *name, bool removes,
			       const struct credentials *credentials)
{
	if (!starts_with(name, "security."))
		return 0;
	if (is_capability(name))
		return !removes || credentials_capable(credentials, CAP_SETFCAP) ? 0 : -EPERM;
	return credentials_capable(credentials, CAP_SYS_ADMIN) ? 0 : -EPERM;
}

ssize_t extended_attribute_get(struct inode *inode, const char *name, void *buffer, size_t size,
			       const struct credentials *credentials)
{
	ssize_t result = check_permission(inode, name, credentials, false);

	if (result)
		return result;
	if (!inode->ops->get_attribute)
		return -EOPNOTSUPP;
	rwlock_read_lock(&inode->lock);
	result = is_capability(name) ? file_capability_show(inode, buffer, size)
				     : inode->ops->get_attribute(inode, name, buffer, size);
	rwlock_read_unlock(&inode->lock);
	return result;
}

static int set_locked(struct inode *inode, const char *name, const void *value, size_t size,
		      int flags, const struct credentials *credentials)
{
	int error = check_permission(inode, name, credentials, true);

	if (!error)
		error = check_security_name(name, !value, credentials);
	if (error)
		return error;
	if (!inode->ops->set_attribute)
		return -EOPNOTSUPP;
	if (is_capability(name))
		inode_note_privileges(inode);
	error = inode->ops->set_attribute(inode, name, value, size, flags);
	if (!error)
		inode_touch(inode, false, false, true);
	return error;
}

int extended_attribute_set(struct dentry *dentry, const char *name, const void *value, size_t size,
			   int flags, const struct credentials *credentials)
{
	struct inode *inode = dentry_inode(dentry);
	int error = 0;

	if (value && size > 0 && is_capability(name))
		error = check_capability_value(value, size, credentials);
	if (error)
		return error;
	rwlock_write_lock(&inode->lock);
	error = set_locked(inode, name, value, size, flags, credentials);
	rwlock_write_unlock(&inode->lock);
	if (!error)
		notify_extended_attribute(dentry);
	return error;
}

ssize_t extended_attribute_list(struct inode *inode, char *buffer, size_t size,
				const struct credentials *credentials)
{
	ssize_t result;

	if (!inode->ops->list_attributes)
		return 0;
	rwlock_read_lock(&inode->lock);
	result = inode->ops->list_attributes(inode, buffer, size,
					     credentials_capable(credentials, CAP_SYS_ADMIN));
	rwlock_read_unlock(&inode->lock);
	return result;
}
