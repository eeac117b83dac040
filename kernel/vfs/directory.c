/*
 * Reading directories. The file system gives entries from the description's position on; the
 * directory is locked, shared, so that what it gives is one state of it.
 */
#include "uapi/linux/errno.h"
#include "vfs/internal.h"
#include "vfs/notify.h"

int file_read_directory(struct file *file, struct directory_sink *sink)
{
	struct inode *dir = file->inode;
	int error;

	if (!(file->mode & FILE_READ))
		return -EBADF;
	if (!file->ops->read_directory)
		return -ENOTDIR;
	mutex_lock(&file->position_lock);
	rwlock_read_lock(&dir->lock);
	if (dir->state & INODE_DEAD_DIRECTORY)
		error = -ENOENT;
	else
		error = file->ops->read_directory(file, sink);
	rwlock_read_unlock(&dir->lock);
	if (error != -ENOENT)
		notify_file(file, IN_ACCESS);
	if (!error && mount_is_writable(file->path.mount) &&
	    !(file->path.mount->flags & MOUNT_NO_ACCESS_TIME))
		inode_touch(dir, true, false, false);
	mutex_unlock(&file->position_lock);
	return error;
}
