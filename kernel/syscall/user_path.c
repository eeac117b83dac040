/*
 * Copying paths in. A short one stays on the kernel stack, so that stat() and open() allocate
 * nothing for it.
 */
#include "syscall/user_path.h"
#include "arch/user_copy.h"
#include "mem/kmalloc.h"
#include "proc/process.h"
#include "uapi/linux/errno.h"
#include "uapi/linux/fcntl.h"
#include "vfs/fd_table.h"
#include "vfs/file.h"
#include "vfs/inode.h"

/* The string into path->name. */
static int copy_name(struct user_path *path, user_addr name, uint32_t flags)
{
	ssize_t length = string_from_user(path->small, name, sizeof(path->small));

	path->name = path->small;
	if (length < 0)
		return (int)length;
	if (length == 0 && !(flags & USER_PATH_EMPTY_OK))
		return -ENOENT;
	if ((size_t)length < sizeof(path->small))
		return 0;
	path->name = kmalloc(PATH_MAX, 0);
	if (!path->name)
		return -ENOMEM;
	length = string_from_user(path->name, name, PATH_MAX);
	/* The program may have changed it since: judge only this copy. */
	if (length > 0 && length < PATH_MAX)
		return 0;
	kfree(path->name);
	if (length < 0)
		return (int)length;
	return length == 0 ? -ENOENT : -ENAMETOOLONG;
}

/* Let the walk start at the directory behind `dirfd`. */
static int start_at(struct user_path *path, int dirfd)
{
	struct user_thread *thread = user_thread_current();

	path->directory = fd_table_borrow(thread->fds, dirfd, &path->directory_needs_put);
	if (!path->directory)
		return -EBADF;
	/* An empty name means the file itself, whatever it is. */
	if (path->name[0] != '\0' && !inode_is(path->directory->inode, MODE_DIRECTORY)) {
		fd_table_return(path->directory, path->directory_needs_put);
		return -ENOTDIR;
	}
	path->walk.context.start = path->directory->path;
	return 0;
}

int user_path_get(struct user_path *path, int dirfd, user_addr name, uint32_t flags)
{
	struct user_thread *thread = user_thread_current();
	struct path cwd;
	int error = copy_name(path, name, flags);

	if (error)
		return error;
	fs_context_begin_walk(thread->fs, credentials_current(), &path->walk);
	path->directory = NULL;
	if (dirfd == AT_FDCWD || (path->name[0] == '/' && !(flags & USER_PATH_IN_ROOT)))
		return 0;
	cwd = path->walk.context.start;
	error = start_at(path, dirfd);
	if (!error) {
		path->cwd = cwd;
		return 0;
	}
	path->directory = NULL;
	user_path_put(path);
	return error;
}

void user_path_put(struct user_path *path)
{
	if (path->directory) {
		/* end_walk gives back what begin_walk took, and that was the working directory. */
		path->walk.context.start = path->cwd;
		fd_table_return(path->directory, path->directory_needs_put);
	}
	fs_context_end_walk(&path->walk);
	if (path->name != path->small)
		kfree(path->name);
}

int user_path_walk(int dirfd, user_addr name, uint32_t path_flags, uint32_t walk_flags,
		   struct path *out)
{
	struct user_path path;
	int error = user_path_get(&path, dirfd, name, path_flags);

	if (error)
		return error;
	if (path_flags & USER_PATH_EMPTY_OK)
		walk_flags |= WALK_EMPTY_OK;
	error = path_walk(user_path_context(&path), path.name, walk_flags, out);
	user_path_put(&path);
	return error;
}

int user_path_status(int dirfd, user_addr name, uint32_t path_flags, uint32_t walk_flags,
		     struct file_status *out)
{
	struct user_path path;
	int error = user_path_get(&path, dirfd, name, path_flags);

	if (error)
		return error;
	if (path_flags & USER_PATH_EMPTY_OK)
		walk_flags |= WALK_EMPTY_OK;
	error = path_status(user_path_context(&path), path.name, walk_flags, out);
	user_path_put(&path);
	return error;
}
