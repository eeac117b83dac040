/*
 * One instance for the whole machine, however often it is mounted, as Linux's devtmpfs: a tree in
 * memory in which the kernel makes the nodes of its drivers, and in which programs may make, rename
 * and remove what they like.
 *
 * Its storage is whatever calls itself "tmpfs"; what is special is only who makes the nodes. They
 * are made through the ordinary calls on a mount that nobody sees, so that names which programs
 * have looked for in vain appear to them.
 *
 * Disks and partitions get nodes as block/ finds them. When one goes, its node goes too, if it is
 * still the one that the kernel made or at least means the same device.
 */
#include "fs/devfs/devfs.h"

#include "block/block_device.h"
#include "core/printk.h"
#include "lib/string.h"
#include "uapi/linux/errno.h"
#include "vfs/char_device.h"
#include "vfs/credentials.h"
#include "vfs/dentry.h"
#include "vfs/inode.h"
#include "vfs/mount.h"
#include "vfs/namespace_ops.h"

static struct mount *devfs_mount;

static int mount_devfs(struct super_block *super, const char *options, struct inode **root)
{
	const struct file_system_type *memory = file_system_find("tmpfs");

	(void)options;
	return memory ? memory->mount(super, "mode=755", root) : -ENODEV;
}

/* A node's name may lie in folders ("pts/ptmx"): make those that are missing. */
static int make_folders(const struct walk_context *context, const char *name)
{
	char folder[64];

	for (const char *slash = strchr(name, '/'); slash; slash = strchr(slash + 1, '/')) {
		size_t length = (size_t)(slash - name);
		int error;

		if (length >= sizeof(folder))
			return -ENAMETOOLONG;
		memcpy(folder, name, length);
		folder[length] = 0;
		error = namespace_make_directory(context, folder, 0755);
		if (error && error != -EEXIST)
			return error;
	}
	return 0;
}

static int set_owner(const struct path *path, const struct device_node *node)
{
	struct attributes owner = {
		.valid = ATTRIBUTE_UID | ATTRIBUTE_GID, .uid = node->uid, .gid = node->gid
	};

	if (node->uid == 0 && node->gid == 0)
		return 0;
	return inode_set_attributes(dentry_inode(path->dentry), &owner, &credentials_root, 0);
}

static struct walk_context context_of_devfs(void)
{
	struct path root = { .mount = devfs_mount, .dentry = devfs_mount->root };

	return (struct walk_context){
		.root = root, .start = root, .credentials = &credentials_root
	};
}

static void make_node(const struct device_node *node)
{
	struct walk_context context = context_of_devfs();
	struct path path;
	int error = make_folders(&context, node->name);

	if (!error)
		error = namespace_make_node(&context, node->name, node->mode, node->number, &path);
	if (!error) {
		error = set_owner(&path, node);
		path_put(&path);
	}
	if (error)
		printk(LOG_ERROR, "devfs: cannot make %s: error %d", node->name, -error);
}

static void remove_node(const char *name, file_mode type, dev_number number)
{
	struct walk_context context = context_of_devfs();
	struct path path;
	bool is_ours;

	if (path_walk(&context, name, 0, &path))
		return; /* somebody removed it */
	is_ours = inode_is(dentry_inode(path.dentry), type) &&
		  dentry_inode(path.dentry)->device == number;
	path_put(&path);
	if (is_ours && namespace_unlink(&context, name))
		printk(LOG_ERROR, "devfs: cannot remove %s", name);
}

static void disk_changed(const struct block_device *device, bool is_there)
{
	const struct device_node node = {
		.name = device->name, .number = device->number, .mode = MODE_BLOCK | 0600
	};

	if (is_there)
		make_node(&node);
	else
		remove_node(device->name, MODE_BLOCK, device->number);
}

static struct file_system_type devfs_type = {
	.name = "devfs", .single = true, .mount = mount_devfs
};

void devfs_init(void)
{
	int error;

	file_system_register(&devfs_type);
	error = mount_create_internal("devfs", NULL, &devfs_mount);
	if (error) {
		printk(LOG_ERROR, "devfs: cannot be made: error %d", -error);
		return;
	}
	for (const struct device_node *node = device_node_next(NULL); node;
	     node = device_node_next(node))
		make_node(node);
	device_node_set_observer(make_node);
	block_device_set_observer(disk_changed);
}
