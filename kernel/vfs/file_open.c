/*
 * open(2).
 *
 * An existing file is walked to (mostly without locks), checked, and opened. With O_CREAT that is
 * tried first too, for most files opened so exist; only if the name is missing, or must be, the
 * directory is locked and the name looked up again: then it is created, or somebody was faster and
 * it is opened after all. A dangling link leads the creation to where it points.
 *
 * Flags that matter here: access mode, O_CREAT, O_EXCL, O_TRUNC, O_APPEND, O_DIRECTORY, O_NOFOLLOW,
 * O_NOATIME, O_PATH, O_TMPFILE. Access mode 3 asks for both permissions and gives neither: only
 * ioctl works on it.
 */
#include "uapi/linux/errno.h"
#include "uapi/linux/fcntl.h"
#include "vfs/freeze.h"
#include "vfs/internal.h"
#include "vfs/notify.h"
#include "vfs/poll.h"
#include "vfs/sticky.h"

static uint32_t access_wish(uint32_t flags)
{
	static const uint32_t wish_of[] = { ACCESS_READ, ACCESS_WRITE, ACCESS_READ | ACCESS_WRITE,
					    ACCESS_READ | ACCESS_WRITE };

	return wish_of[flags & O_ACCMODE] | (flags & O_TRUNC ? ACCESS_WRITE : 0);
}

static uint32_t file_access(uint32_t flags)
{
	static const uint32_t access_of[] = { FILE_READ, FILE_WRITE, FILE_READ | FILE_WRITE, 0 };

	return access_of[flags & O_ACCMODE];
}

/* ---- checks ---------------------------------------------------------------------------------- */

static int check_type(const struct path *path, const struct inode *inode, uint32_t flags)
{
	switch (inode->mode & MODE_TYPE_MASK) {
	case MODE_LINK:
		return -ELOOP;
	case MODE_DIRECTORY:
		return flags & O_CREAT || access_wish(flags) & ACCESS_WRITE ? -EISDIR : 0;
	case MODE_BLOCK:
	case MODE_CHARACTER:
		return path->mount->flags & MOUNT_NO_DEVICES ? -EACCES : 0;
	default:
		return 0;
	}
}

/* permission_check(), but where all may read nobody needs to be asked who he is. */
static inline int check_permission(const struct inode *inode,
				   const struct credentials *credentials, uint32_t wish)
{
	if (likely(wish == ACCESS_READ && (inode->mode & 0444) == 0444))
		return 0;
	return permission_check(inode, credentials, wish);
}

/* May `credentials` open what exists at `path` in this way? */
static int check_open(const struct path *path, const struct inode *inode, uint32_t flags,
		      const struct credentials *credentials)
{
	uint32_t wish = access_wish(flags);
	int error;

	if (unlikely(!inode_is(inode, MODE_REGULAR))) {
		error = check_type(path, inode, flags);
		if (error)
			return error;
	}
	if ((flags & O_DIRECTORY) && !inode_is(inode, MODE_DIRECTORY))
		return -ENOTDIR;
	if ((wish & ACCESS_WRITE) && inode->super->read_only && inode_is(inode, MODE_REGULAR))
		return -EROFS;
	error = check_permission(inode, credentials, wish);
	if (error)
		return error;
	if (unlikely(inode->flags & INODE_FLAG_APPEND_ONLY) &&
	    (((flags & O_ACCMODE) != O_RDONLY && !(flags & O_APPEND)) || (flags & O_TRUNC)))
		return -EPERM;
	if (unlikely(flags & O_NOATIME) && !permission_is_owner(inode, credentials))
		return -EPERM;
	return 0;
}

/* ---- opening what exists --------------------------------------------------------------------- */

/*
 * Count as a writer, of the mount and of a regular file. Devices and pipes may be written on
 * read-only mounts, and what was `made` just now, for which the mount counts a writer still: it has
 * not been remounted since, and if its disk has failed meanwhile, the name is there.
 */
static int begin_writing(struct mount *mount, struct inode *inode, bool made)
{
	bool is_regular = inode_is(inode, MODE_REGULAR);
	int error = 0;

	if (is_regular && !made)
		error = mount_get_writer(mount);
	else
		atomic_fetch_add_explicit(&mount->writers, 1, memory_order_relaxed);
	if (error || !is_regular)
		return error;
	error = inode_get_write_access(inode);
	if (error)
		mount_put_writer(mount);
	return error;
}

static int truncate_opened(struct file *file)
{
	struct inode *inode = file->inode;
	bool is_counted = file->mode & FILE_WRITE;
	int error;

	if (!inode_is(inode, MODE_REGULAR))
		return 0;
	error = freeze_begin_change(inode->super);
	if (error)
		return error;
	if (!is_counted) {
		error = begin_writing(file->path.mount, inode, false);
		if (error)
			goto end_change;
	}
	rwlock_write_lock(&inode->lock);
	error = inode_truncate_locked(inode, 0, file->credentials);
	rwlock_write_unlock(&inode->lock);
	if (!is_counted) {
		inode_put_write_access(inode);
		mount_put_writer(file->path.mount);
	}
end_change:
	freeze_end_change(inode->super);
	return error;
}

/*
 * Permission is given: open `file`, which was allocated and nothing more. `made`: the caller has
 * just made what is there, and is a writer of the mount. Takes over the references in `path` on
 * success; `file` in any case.
 */
static int open_checked(struct file *file, const struct path *path, uint32_t flags, bool made,
			const struct credentials *credentials, struct file **out)
{
	struct inode *inode = dentry_inode(path->dentry);
	uint32_t access = file_access(flags);
	int error;

	if (unlikely(flags & O_EXCL) && inode_is(inode, MODE_BLOCK))
		access |= FILE_EXCLUSIVE;
	if (access & FILE_WRITE) {
		error = begin_writing(path->mount, inode, made);
		if (error) {
			file_free(file);
			return error;
		}
	}
	file_setup(file, path, flags & FILE_REMEMBERED_FLAGS, access, credentials);
	if (unlikely(!file->ops)) {
		error = -ENXIO; /* a socket's name */
		goto put_file;
	}
	if (file->ops->open) {
		error = file->ops->open(file);
		if (error)
			goto forget_ops;
	}
	if (flags & O_NOCTTY)
		atomic_fetch_and_explicit(&file->flags, ~(uint32_t)O_NOCTTY, memory_order_relaxed);
	if (flags & O_TRUNC) {
		error = truncate_opened(file);
		if (error)
			goto put_file;
		notify_file(file, IN_MODIFY);
	}
	notify_file(file, IN_OPEN);
	*out = file;
	return 0;

forget_ops:
	file->ops = NULL; /* what was not opened is not released */
put_file:
	path_get(path); /* the caller keeps his */
	file_put(file);
	return error;
}

static uint32_t poll_of_no_file(struct file *file, struct poll_table *table)
{
	(void)file, (void)table;
	return POLL_INVALID;
}

/* What is only a place has no operations; asking whether it is ready is a mistake. */
static const struct file_ops path_only_ops = { .poll = poll_of_no_file };

static int open_path_only(const struct path *path, uint32_t flags,
			  const struct credentials *credentials, struct file **out)
{
	int error;

	if ((flags & O_DIRECTORY) && !inode_is(dentry_inode(path->dentry), MODE_DIRECTORY))
		return -ENOTDIR;
	error = file_create(path, flags & (O_PATH | O_DIRECTORY | O_NOFOLLOW), FILE_PATH_ONLY,
			    credentials, out);
	if (!error)
		(*out)->ops = &path_only_ops;
	return error;
}

/* Takes over the references in `path` on success. */
static int open_place(const struct path *path, uint32_t flags,
		      const struct credentials *credentials, struct file **out)
{
	struct file *file;
	int error;

	if (unlikely(flags & O_PATH))
		return open_path_only(path, flags, credentials, out);
	error = check_open(path, dentry_inode(path->dentry), flags, credentials);
	if (error)
		return error;
	file = file_alloc();
	if (!file)
		return -ENOMEM;
	return open_checked(file, path, flags, false, credentials, out);
}

int file_open_path(const struct path *path, uint32_t flags, const struct credentials *credentials,
		   struct file **out)
{
	int error;

	path_get(path);
	error = open_place(path, flags, credentials, out);
	if (error)
		path_put(path);
	return error;
}

int file_open_exec(const struct path *path, const struct credentials *credentials,
		   struct file **out)
{
	struct file *file;
	int error;

	path_get(path);
	error = file_create(path, O_RDONLY | O_LARGEFILE, FILE_READ | FILE_EXECUTE, credentials,
			    &file);
	if (error) {
		path_put(path);
		return error;
	}
	if (file->ops->open) {
		error = file->ops->open(file);
		if (error) {
			file->ops = NULL; /* what was not opened is not released */
			file_put(file);
			return error;
		}
	}
	notify_file(file, IN_OPEN);
	*out = file;
	return 0;
}

/* ---- creating -------------------------------------------------------------------------------- */

/* The last part is missing: make it. Directory locked. */
static int create_missing(struct walk *walk, struct dentry *dentry, int write_error,
			  file_mode mode)
{
	struct inode *dir = dentry_inode(walk->path.dentry);
	const struct credentials *credentials = walk->context->credentials;
	struct inode *inode;
	group_id gid;
	int error;

	if (write_error)
		return write_error;
	error = permission_check(dir, credentials, ACCESS_WRITE | ACCESS_EXECUTE);
	if (error)
		return error;
	if (!dir->ops->create)
		return -EACCES;
	mode = inode_new_mode(dir, MODE_REGULAR | (mode & 07777), credentials, &gid);
	error = dir->ops->create(dir, walk->name, walk->length, mode, 0, credentials->fsuid, gid,
				 &inode);
	if (error)
		return error;
	dentry_instantiate(dentry, inode);
	inode_touch(dir, false, true, true);
	notify_created(dir, dentry);
	return 0;
}

/*
 * The walk stands before its last part: find or make it. If it was made, *created is the memory for
 * its open file, and the walk's mount counts the caller as a writer, so that nothing is made which
 * then cannot be opened; else NULL. The place may be a link or a mount point.
 */
static int lookup_or_create(struct walk *walk, file_mode mode, struct path *out,
			    struct file **created)
{
	struct mount *mount = walk->path.mount;
	struct inode *dir = dentry_inode(walk->path.dentry);
	int write_error = mount_begin_write(mount);
	struct file *file = NULL;
	struct dentry *dentry;
	int error;

	rwlock_write_lock(&dir->lock);
	error = path_lookup_child(&walk->path, walk->name, walk->length, &dentry);
	if (!error && !dentry_inode(dentry)) {
		file = file_alloc();
		error = file ? create_missing(walk, dentry, write_error, mode) : -ENOMEM;
		if (error) {
			dentry_put(dentry);
			if (file)
				file_free(file);
		}
	}
	rwlock_write_unlock(&dir->lock);
	if (!error) {
		mount_get(mount);
		out->mount = mount;
		out->dentry = dentry;
		mount_cross(out);
		*created = file;
	}
	if (!write_error && !*created)
		mount_end_write(mount);
	return error;
}

static int create_walk(struct walk *walk, uint32_t flags, file_mode mode, struct file **out)
{
	const struct credentials *credentials = walk->context->credentials;

	for (;;) {
		struct path place;
		struct inode *inode;
		struct file *created = NULL;
		int error = walk_to_last(walk);

		if (error)
			return error;
		if (walk->type != LAST_NAME && !walk->jumped)
			return flags & O_EXCL ? -EEXIST : -EISDIR;
		if (walk->trailing_slash)
			return -EISDIR;
		error = walk->jumped ? walk_finish_dots(walk, &place)
				     : lookup_or_create(walk, mode, &place, &created);
		if (error)
			return error;
		inode = dentry_inode(place.dentry);
		if (!created && (flags & O_EXCL)) {
			path_put(&place);
			return -EEXIST;
		}
		if (inode_is(inode, MODE_LINK) && !(flags & O_NOFOLLOW)) {
			error = walk_into_link(walk, inode);
			path_put(&place);
			if (error)
				return error;
			continue;
		}
		if (!created && !walk->jumped) {
			error = sticky_check_create(dentry_inode(walk->path.dentry), inode,
						    credentials);
			if (error) {
				path_put(&place);
				return error;
			}
		}
		if (created) {
			/* It needs no permission and is empty already. */
			error = open_checked(created, &place, flags & ~(uint32_t)O_TRUNC, true,
					     credentials, out);
			mount_end_write(walk->path.mount);
		} else {
			error = open_place(&place, flags, credentials, out);
		}
		if (error)
			path_put(&place);
		return error;
	}
}

static noinline int open_creating(const struct walk_context *context, const char *name,
				  uint32_t flags, file_mode mode, uint32_t walk_flags,
				  struct file **out)
{
	struct walk walk;
	int error;

	if (!name[0])
		return -ENOENT;
	error = walk_begin(&walk, context, name, walk_flags);
	if (error)
		return error;
	error = create_walk(&walk, flags, mode, out);
	walk_end(&walk);
	return error;
}

/* ---- the call -------------------------------------------------------------------------------- */

int file_open_restricted(const struct walk_context *context, const char *name, uint32_t flags,
			 file_mode mode, uint32_t walk_flags, struct file **out)
{
	struct path path;
	int error;

	if (unlikely(flags & O_PATH))
		flags &= O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
	if ((flags & (O_CREAT | O_EXCL)) == (O_CREAT | O_EXCL))
		return open_creating(context, name, flags | O_NOFOLLOW, mode, walk_flags, out);
	if (!(flags & O_NOFOLLOW))
		walk_flags |= WALK_FOLLOW;
	if ((flags & O_DIRECTORY) && !(flags & O_CREAT))
		walk_flags |= WALK_DIRECTORY;
	error = path_walk(context, name, walk_flags, &path);
	if (unlikely(error)) {
		/* "file/" is not a directory, and that it cannot be created so is said first. */
		if ((error == -ENOENT || error == -ENOTDIR) && (flags & O_CREAT))
			return open_creating(context, name, flags, mode, walk_flags, out);
		return error;
	}
	if (unlikely((flags & O_TMPFILE_BIT) && !(flags & O_PATH))) {
		error = file_open_unnamed(&path, flags, mode, context->credentials, out);
		if (!error)
			notify_file(*out, IN_OPEN);
		path_put(&path);
		return error;
	}
	/* The other way knows for sure what directory the name was found in. */
	if (unlikely(flags & O_CREAT) && sticky_may_refuse(&path, context->credentials)) {
		path_put(&path);
		return open_creating(context, name, flags, mode, walk_flags, out);
	}
	error = open_place(&path, flags, context->credentials, out);
	if (error)
		path_put(&path);
	return error;
}
