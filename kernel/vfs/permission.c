/*
 * The rules of POSIX with Linux's capabilities. Everything is read once and without a lock: a chmod
 * at the same moment is either seen or not.
 */
#include "vfs/permission.h"

#include "uapi/linux/capability.h"
#include "uapi/linux/errno.h"
#include "vfs/internal.h"

static int refuse(const struct inode *inode)
{
	bool admitted = inode->ops && inode->ops->admits &&
			inode->ops->admits((struct inode *)inode);

	return admitted ? 0 : -EACCES;
}

int permission_check(const struct inode *inode, const struct credentials *credentials,
		     uint32_t wish)
{
	file_mode mode = inode->mode;
	file_mode granted = mode;

	if ((wish & ACCESS_WRITE) && unlikely(inode->flags & INODE_FLAG_IMMUTABLE))
		return -EPERM;
	if (credentials->fsuid == inode->uid)
		granted >>= 6;
	else if (((mode ^ mode >> 3) & wish) && credentials_in_group(credentials, inode->gid))
		granted >>= 3; /* asked only where group and others differ */
	if ((wish & ~granted) == 0)
		return 0;

	if ((mode & MODE_TYPE_MASK) == MODE_DIRECTORY) {
		if (!(wish & ACCESS_WRITE) &&
		    credentials_capable(credentials, CAP_DAC_READ_SEARCH))
			return 0;
		return credentials_capable(credentials, CAP_DAC_OVERRIDE) ? 0 : refuse(inode);
	}
	if (wish == ACCESS_READ && credentials_capable(credentials, CAP_DAC_READ_SEARCH))
		return 0;
	/* Even root executes only what somebody may. */
	if ((!(wish & ACCESS_EXECUTE) || (mode & 0111)) &&
	    credentials_capable(credentials, CAP_DAC_OVERRIDE))
		return 0;
	return refuse(inode);
}

bool permission_is_owner(const struct inode *inode, const struct credentials *credentials)
{
	return credentials->fsuid == inode->uid || credentials_capable(credentials, CAP_FOWNER);
}

int permission_check_delete(const struct inode *dir, const struct inode *victim,
			    const struct credentials *credentials)
{
	int error = permission_check(dir, credentials, ACCESS_WRITE | ACCESS_EXECUTE);

	if (error)
		return error;
	if ((dir->mode & MODE_STICKY) && credentials->fsuid != victim->uid &&
	    credentials->fsuid != dir->uid && !credentials_capable(credentials, CAP_FOWNER))
		return -EPERM;
	if (victim->flags & (INODE_FLAG_IMMUTABLE | INODE_FLAG_APPEND_ONLY))
		return -EPERM;
	return 0;
}

file_mode inode_new_mode(const struct inode *dir, file_mode mode,
			 const struct credentials *credentials, group_id *gid)
{
	*gid = credentials->fsgid;
	if (!(dir->mode & MODE_SETGID))
		return mode;
	*gid = dir->gid;
	if ((mode & MODE_TYPE_MASK) == MODE_DIRECTORY)
		return mode | MODE_SETGID;
	/* A group that the creator is not in cannot be taken on by a set-group-id file. */
	if ((mode & (MODE_SETGID | 0010)) == (MODE_SETGID | 0010) &&
	    !credentials_in_group(credentials, dir->gid) &&
	    !credentials_capable(credentials, CAP_FSETID))
		mode &= ~MODE_SETGID;
	return mode;
}
