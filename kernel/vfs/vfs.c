/*
 * Start of the VFS, in the order in which its parts need each other.
 */
#include "vfs/vfs.h"

#include "vfs/epoll.h"
#include "vfs/eventfd.h"
#include "vfs/inotify.h"
#include "vfs/internal.h"
#include "vfs/timerfd.h"

void vfs_init(void)
{
	dentry_init();
	inode_init();
	super_block_init();
	mount_init();
	file_init();
	fd_table_init();
	fs_context_init();
	pipe_init();
	file_lock_init();
	anonymous_init();
	epoll_init();
	eventfd_init();
	inotify_init();
	timerfd_init();
}
