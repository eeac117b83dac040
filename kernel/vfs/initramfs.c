/*
 * Unpacking the archive that the boot loader put beside the kernel. Everything is made through the
 * ordinary calls, as root, below the given directory. Folders that the archive does not mention are
 * made; what exists is replaced, as cpio -u would, for archives may follow one another.
 *
 * Hard links: the archive repeats the name with the same inode number, and only one of the names
 * carries the bytes. The numbers met so far and their first names are remembered until the end.
 */
#include "vfs/initramfs.h"

#include "core/printk.h"
#include "lib/cpio.h"
#include "lib/string.h"
#include "mem/kmalloc.h"
#include "uapi/linux/errno.h"
#include "uapi/linux/fcntl.h"
#include "vfs/internal.h"
#include "vfs/namespace_ops.h"

struct known_link {
	struct known_link *next;
	uint32_t inode, major, minor;
	char name[];
};

struct unpack {
	struct walk_context context;
	struct known_link *links;
};

/* "./a/b", "/a/b": what follows the root. Empty for the root itself. */
static const char *relative_name(const char *name)
{
	for (;;) {
		if (*name == '/')
			name++;
		else if (name[0] == '.' && (name[1] == '/' || !name[1]))
			name++;
		else
			return name;
	}
}

static int make_parents(struct unpack *unpack, const char *name)
{
	char *folder = kstrdup(name, 0);
	int error = 0;

	if (!folder)
		return -ENOMEM;
	for (char *slash = strchr(folder, '/'); slash && !error; slash = strchr(slash + 1, '/')) {
		*slash = 0;
		error = namespace_make_directory(&unpack->context, folder, 0755);
		if (error == -EEXIST)
			error = 0;
		*slash = '/';
	}
	kfree(folder);
	return error;
}

static int set_attributes(const struct path *path, const struct cpio_entry *entry)
{
	struct time_stamp time = { .seconds = entry->mtime };
	struct attributes attributes = {
		.valid = ATTRIBUTE_UID | ATTRIBUTE_GID | ATTRIBUTE_ACCESSED | ATTRIBUTE_MODIFIED,
		.uid = entry->uid, .gid = entry->gid, .accessed = time, .modified = time,
	};
	struct inode *inode = dentry_inode(path->dentry);
	int error = inode_set_attributes(inode, &attributes, &credentials_root, UINT64_MAX);

	if (error || inode_is(inode, MODE_LINK))
		return error;
	/* After the owner: changing that takes the set-id bits away. */
	attributes.valid = ATTRIBUTE_MODE;
	attributes.mode = entry->mode & 07777;
	return inode_set_attributes(inode, &attributes, &credentials_root, UINT64_MAX);
}

static int write_contents(const struct path *path, const struct cpio_entry *entry)
{
	struct file *file;
	size_t done = 0;
	int error = file_open_path(path, O_WRONLY, &credentials_root, &file);

	if (error)
		return error;
	while (done < entry->size) {
		struct io_buffer buffer;
		ssize_t result;

		io_buffer_init_kernel(&buffer, (void *)(uintptr_t)(entry->data + done),
				      entry->size - done);
		result = file_write(file, &buffer, UINT64_MAX);
		if (result <= 0) {
			error = result < 0 ? (int)result : -EIO;
			break;
		}
		done += (size_t)result;
	}
	file_put(file);
	return error;
}

/* ---- hard links ------------------------------------------------------------------------------ */

static struct known_link *find_link(const struct unpack *unpack, const struct cpio_entry *entry)
{
	struct known_link *link = unpack->links;

	while (link && (link->inode != entry->inode || link->major != entry->device_major ||
			link->minor != entry->device_minor))
		link = link->next;
	return link;
}

static int remember_link(struct unpack *unpack, const struct cpio_entry *entry, const char *name)
{
	size_t size = strlen(name) + 1;
	struct known_link *link = kmalloc(sizeof(*link) + size, 0);

	if (!link)
		return -ENOMEM;
	memcpy(link->name, name, size);
	link->inode = entry->inode;
	link->major = entry->device_major;
	link->minor = entry->device_minor;
	link->next = unpack->links;
	unpack->links = link;
	return 0;
}

/* The name `name` for what `known` names already. */
static int make_link(struct unpack *unpack, const struct known_link *known, const char *name,
		     struct path *out)
{
	int error = path_walk(&unpack->context, known->name, 0, out);

	if (error)
		return error;
	error = namespace_link(out, &unpack->context, name);
	if (error)
		path_put(out);
	return error;
}

/* ---- entries --------------------------------------------------------------------------------- */

static int make_regular(struct unpack *unpack, const struct cpio_entry *entry, const char *name)
{
	struct known_link *known = entry->link_count > 1 ? find_link(unpack, entry) : NULL;
	struct path path;
	int error;

	if (known)
		error = make_link(unpack, known, name, &path);
	else
		error = namespace_make_node(&unpack->context, name,
					    MODE_REGULAR | (entry->mode & 0777), 0, &path);
	if (error)
		return error;
	if (!known && entry->link_count > 1)
		error = remember_link(unpack, entry, name);
	if (!error && entry->size > 0)
		error = write_contents(&path, entry);
	if (!error)
		error = set_attributes(&path, entry);
	path_put(&path);
	return error;
}

static int make_symlink(struct unpack *unpack, const struct cpio_entry *entry, const char *name)
{
	char *target = kmalloc((size_t)entry->size + 1, 0);
	int error;

	if (!target)
		return -ENOMEM;
	memcpy(target, entry->data, entry->size);
	target[entry->size] = 0;
	error = namespace_symlink(target, &unpack->context, name);
	kfree(target);
	return error;
}

static int make_new(struct unpack *unpack, const struct cpio_entry *entry, const char *name)
{
	dev_number device = DEV_NUMBER(entry->target_major, entry->target_minor);
	struct path path;
	int error;

	switch (entry->mode & MODE_TYPE_MASK) {
	case MODE_REGULAR:
		return make_regular(unpack, entry, name);
	case MODE_LINK:
		return make_symlink(unpack, entry, name);
	case MODE_DIRECTORY:
		error = namespace_make_directory(&unpack->context, name, entry->mode & 01777);
		if (!error || error == -EEXIST)
			error = path_walk(&unpack->context, name, WALK_DIRECTORY, &path);
		break;
	default:
		error = namespace_make_node(&unpack->context, name, entry->mode, device, &path);
	}
	if (error)
		return error;
	error = set_attributes(&path, entry);
	path_put(&path);
	return error;
}

static int make_entry(struct unpack *unpack, const struct cpio_entry *entry)
{
	const char *name = relative_name(entry->name);
	int error;

	if (!*name)
		return 0;
	error = make_parents(unpack, name);
	if (error)
		return error;
	error = make_new(unpack, entry, name);
	if (error != -EEXIST)
		return error;
	error = namespace_unlink(&unpack->context, name);
	return error ? error : make_new(unpack, entry, name);
}

int initramfs_unpack(const struct path *root, const void *archive, size_t size)
{
	struct unpack unpack = {
		.context = { .root = *root, .start = *root, .credentials = &credentials_root },
	};
	struct cpio_reader reader;
	struct cpio_entry entry;
	int error;

	cpio_reader_init(&reader, archive, size);
	while ((error = cpio_next(&reader, &entry)) > 0) {
		error = make_entry(&unpack, &entry);
		if (error) {
			printk(LOG_ERROR, "initramfs: cannot make %s: error %d", entry.name,
			       -error);
			break;
		}
	}
	while (unpack.links) {
		struct known_link *link = unpack.links;

		unpack.links = link->next;
		kfree(link);
	}
	return error;
}
