/*
 * Files without a name in any directory.
 *
 * Two internal mounts that nobody sees. One, of a file system that is nothing but inodes, holds
 * pipes, sockets and the one inode that eventfd, epoll and their like share. The other, a tmpfs,
 * holds regular files in memory: memfd and shared anonymous memory. Each open file of either has a
 * dentry of its own, which is no child of any other.
 */
#include "core/panic.h"
#include "lib/format.h"
#include "lib/string.h"
#include "mem/slab.h"
#include "uapi/linux/errno.h"
#include "uapi/linux/fcntl.h"
#include "vfs/vfs.h"
#include "vfs/internal.h"

static struct slab_cache *inode_slab;
static struct mount *anonymous_mount;
static struct inode *shared_inode;
static struct mount *memory_mount;	/* [I] a tmpfs that nobody sees */

/* ---- the file system of nothing but inodes --------------------------------------------------- */

static struct inode *anonymous_alloc(struct super_block *super)
{
	(void)super;
	return slab_alloc(inode_slab, 0);
}

static void anonymous_free(struct inode *inode)
{
	slab_free(inode_slab, inode);
}

static int anonymous_statistics(struct super_block *super, struct fs_statistics *out)
{
	memset(out, 0, sizeof(*out));
	out->magic = 0x09041934;	/* ANON_INODE_FS_MAGIC */
	out->block_size = super->block_size;
	out->name_max = NAME_MAX_LENGTH;
	return 0;
}

static const struct super_ops anonymous_super_ops = {
	.inode_alloc = anonymous_alloc,
	.inode_free = anonymous_free,
	.statistics = anonymous_statistics,
	.never_walked = true,
};

static const struct inode_ops anonymous_inode_ops = { 0 };

static struct inode *create_inode(struct super_block *super, file_mode mode)
{
	struct inode *inode = inode_create(super);

	if (!inode)
		return NULL;
	inode->number = atomic_fetch_add_explicit(&super->next_inode_number, 1,
						  memory_order_relaxed);
	inode->mode = mode;
	inode->ops = &anonymous_inode_ops;
	time_stamp_now(&inode->accessed);
	inode->modified = inode->changed = inode->accessed;
	return inode;
}

static int anonymous_mount_super(struct super_block *super, const char *options,
				 struct inode **root)
{
	(void)options;
	super->ops = &anonymous_super_ops;
	*root = create_inode(super, MODE_DIRECTORY | 0555);
	return *root ? 0 : -ENOMEM;
}

static struct file_system_type anonymous_type = {
	.name = "anon_inodefs",
	.mount = anonymous_mount_super,
};

void anonymous_init(void)
{
	inode_slab = slab_cache_create("anonymous inode", sizeof(struct inode), 0);
	file_system_register(&anonymous_type);
	if (mount_create_internal("anon_inodefs", NULL, &anonymous_mount) != 0)
		panic("no memory for the anonymous file system");
	shared_inode = create_inode(anonymous_mount->super, 0600);
	if (!shared_inode)
		panic("no memory for the anonymous inode");
}

struct inode *anonymous_inode_create(file_mode mode)
{
	return create_inode(anonymous_mount->super, mode);
}

/* ---- descriptions ---------------------------------------------------------------------------- */

/* A dentry of nobody's child for `inode`, whose reference it takes over on success. */
static struct dentry *create_dentry(struct mount *mount, const char *name, struct inode *inode)
{
	struct dentry *dentry =
		dentry_create(mount->super, NULL, name, strlen(name), inode);

	if (dentry)
		atomic_fetch_or_explicit(&dentry->flags, DENTRY_ANONYMOUS, memory_order_relaxed);
	return dentry;
}

static int create_file(struct mount *mount, const char *name, struct inode *inode, uint32_t flags,
		       uint32_t access, struct file **out)
{
	struct path path = { .mount = mount };
	int error;

	inode_get(inode); /* so that failing here leaves the caller his */
	path.dentry = create_dentry(mount, name, inode);
	if (!path.dentry) {
		inode_put(inode);
		return -ENOMEM;
	}
	mount_get(mount);
	error = file_create(&path, flags, access, &credentials_root, out);
	if (error) {
		path_put(&path);
		return error;
	}
	if (access & FILE_WRITE)
		atomic_fetch_add_explicit(&mount->writers, 1, memory_order_relaxed);
	inode_put(inode);
	return 0;
}

int file_create_with_inode(const char *name, struct inode *inode, const struct file_ops *ops,
			   void *private, uint32_t flags, uint32_t access, struct file **out)
{
	int error = create_file(anonymous_mount, name, inode, flags, access, out);

	if (error)
		return error;
	(*out)->ops = ops;
	(*out)->private = private;
	return 0;
}

int file_create_anonymous(const char *name, const struct file_ops *ops, void *private,
			  uint32_t flags, uint32_t access, struct file **out)
{
	struct inode *inode = shared_inode;
	int error;

	if (strcmp(name, "socket") == 0)
		inode = anonymous_inode_create(MODE_SOCKET | 0777);
	else
		inode_get(inode);
	if (!inode)
		return -ENOMEM;
	error = file_create_with_inode(name, inode, ops, private, flags, access, out);
	if (error)
		inode_put(inode);
	return error;
}

size_t anonymous_format(const struct dentry *dentry, char *buffer, size_t size)
{
	const struct inode *inode = dentry_inode(dentry);

	if (inode_is(inode, MODE_REGULAR))
		return (size_t)snprintf(buffer, size, "/%s (deleted)", dentry->name);
	if (inode != shared_inode)
		return (size_t)snprintf(buffer, size, "%s:[%llu]", dentry->name,
					(unsigned long long)inode->number);
	return (size_t)snprintf(buffer, size, "anon_inode:%s", dentry->name);
}

/* ---- regular files --------------------------------------------------------------------------- */

/* A new unnamed inode of `dir`'s file system becomes an open file. */
static int open_unnamed(struct mount *mount, struct inode *dir, const char *name, uint32_t flags,
			file_mode mode, uint32_t access, const struct credentials *credentials,
			struct file **out)
{
	struct inode *inode;
	group_id gid;
	int error;

	if (!dir->ops->create_unnamed)
		return -EOPNOTSUPP;
	mode = inode_new_mode(dir, MODE_REGULAR | (mode & 07777), credentials, &gid);
	error = dir->ops->create_unnamed(dir, mode, credentials->fsuid, gid, &inode);
	if (error)
		return error;
	error = create_file(mount, name, inode, flags, access, out);
	if (error) {
		inode_put(inode);
		return error;
	}
	if (access & FILE_WRITE)
		(void)!inode_get_write_access(inode); /* nobody can execute it yet */
	return 0;
}

void anonymous_memory_init(void)
{
	/* Every shared anonymous mapping is a file of it: pages are limited, not their number. */
	if (mount_create_internal("tmpfs", "nr_inodes=0", &memory_mount) != 0)
		panic("no memory for the file system of anonymous memory");
}

int anonymous_file_create(const char *name, uint64_t size, uint32_t flags, struct file **out)
{
	struct mount *mount = memory_mount;
	struct file *file;
	int error;

	error = open_unnamed(mount, dentry_inode(mount->root), name, flags, 0600,
			     FILE_READ | FILE_WRITE, &credentials_root, &file);
	if (error)
		return error;
	if (size) {
		rwlock_write_lock(&file->inode->lock);
		error = file->inode->ops->truncate(file->inode, size);
		rwlock_write_unlock(&file->inode->lock);
	}
	if (error) {
		file_put(file);
		return error;
	}
	*out = file;
	return 0;
}

int memory_file_create(const char *name, uint32_t seals, uint32_t flags, file_mode mode,
		       const struct credentials *credentials, struct file **out)
{
	struct inode *dir = dentry_inode(memory_mount->root);
	struct file *file;
	int error = open_unnamed(memory_mount, dir, name, flags, mode, FILE_READ | FILE_WRITE,
				 credentials, &file);

	if (error)
		return error;
	/* Nobody else can have it yet: no lock. */
	file->inode->seals = INODE_SEALABLE | seals;
	file->inode->file_ops = &sealed_file_ops;
	file->ops = &sealed_file_ops;
	*out = file;
	return 0;
}

int file_open_unnamed(const struct path *directory, uint32_t flags, file_mode mode,
		      const struct credentials *credentials, struct file **out)
{
	static const uint32_t access_of[] = { FILE_READ, FILE_WRITE, FILE_READ | FILE_WRITE, 0 };
	struct inode *dir = dentry_inode(directory->dentry);
	uint32_t access = access_of[flags & O_ACCMODE];
	int error;

	if (!inode_is(dir, MODE_DIRECTORY))
		return -ENOTDIR;
	error = mount_begin_write(directory->mount);
	if (error)
		return error;
	error = permission_check(dir, credentials, ACCESS_WRITE | ACCESS_EXECUTE);
	if (!error)
		error = open_unnamed(directory->mount, dir, "#unnamed",
				     flags & FILE_REMEMBERED_FLAGS, mode, access, credentials, out);
	/* Nobody else can have it yet: no lock. */
	if (!error && !(flags & O_EXCL))
		atomic_fetch_or_explicit(&(*out)->inode->state, INODE_LINKABLE,
					 memory_order_relaxed);
	mount_end_write(directory->mount);
	return error;
}
