/*
 * The sysfs instance: its inodes, directories, files and links.
 *
 * An inode is an entry of the constant tree and the object it is about; it is made when its name is
 * looked up, and nothing is kept. An object can go, and another one of the same name come: a name
 * is asked whether it is still right each time it is used, and files and folders that somebody has
 * open say so. Text is made at each read from the start, as Linux does for a file of sysfs, so
 * nobody sees half of an old one.
 */
#include "fs/sysfs/sysfs.h"

#include "fs/sysfs/internal.h"
#include "lib/hash.h"
#include "lib/min_max.h"
#include "lib/string.h"
#include "mem/slab.h"
#include "uapi/linux/errno.h"
#include "uapi/linux/fcntl.h"
#include "vfs/file.h"
#include "vfs/inode.h"

#define SYSFS_MAGIC 0x62656572u	/* SYSFS_MAGIC of Linux */

struct sysfs_inode {
	struct inode inode;
	const struct sysfs_entry *entry;	/* [I] */
	const void *object;			/* [I] that it is about, referenced; NULL: none */
	const struct sysfs_object_ops *objects;	/* [I] its own; NULL: it lives for ever */
};

static struct slab_cache *inode_cache;

static struct sysfs_inode *sysfs_inode(struct inode *inode)
{
	return container_of(inode, struct sysfs_inode, inode);
}

static bool is_there(const struct sysfs_inode *inode)
{
	return !inode->objects || inode->objects->is_there(inode->object);
}

static void get_object(const struct sysfs_object_ops *objects, const void *object)
{
	if (objects)
		objects->get(object);
}

static void put_object(const struct sysfs_object_ops *objects, const void *object)
{
	if (objects)
		objects->put(object);
}

static bool revalidate(struct inode *inode)
{
	return is_there(sysfs_inode(inode));
}

/* ---- directories ---------------------------------------------------------------------------- */

/*
 * The name of `entry` in the folder `own`, number `index` if it is a series, and what it is about,
 * with a reference.
 */
static bool name_of(const struct sysfs_entry *entry, const struct sysfs_inode *own,
		    unsigned int index, char *name, const void **object)
{
	if (entry->nth)
		return entry->nth(own->object, index, name, object);
	if (index > 0)
		return false;
	strlcpy(name, entry->name, SYSFS_NAME_SIZE);
	get_object(own->objects, own->object);
	*object = own->object;
	return true;
}

/* Of what name_of gives. */
static const struct sysfs_object_ops *objects_of(const struct sysfs_entry *entry,
						 const struct sysfs_inode *own)
{
	return entry->nth ? entry->objects : own->objects;
}

static bool is_end(const struct sysfs_entry *entry)
{
	return !entry->name && !entry->nth;
}

static file_mode entry_mode(const struct sysfs_entry *entry)
{
	if (entry->children)
		return MODE_DIRECTORY | (entry == &sysfs_root_entry ? 0555 : 0755);
	return entry->link ? MODE_LINK | 0777 : MODE_REGULAR | 0444;
}

/* Numbers follow from the place in the tree, so they are the same whenever an inode is made. */
static uint64_t child_number(uint64_t parent, const char *name)
{
	uint32_t number = hash_bytes(name, strlen(name), (uint32_t)parent);

	return number > 1 ? number : 2;
}

static int create_inode(struct super_block *super, const struct sysfs_entry *entry,
			const void *object, const struct sysfs_object_ops *objects,
			uint64_t number, struct inode **out);

static int directory_lookup(struct inode *dir, const char *name, size_t length, struct inode **out)
{
	const struct sysfs_inode *own = sysfs_inode(dir);
	const struct sysfs_entry *entry = own->entry->children;
	char candidate[SYSFS_NAME_SIZE];
	const void *object;

	if (!is_there(own))
		return -ENOENT;
	for (; !is_end(entry); entry++) {
		const struct sysfs_object_ops *objects = objects_of(entry, own);

		for (unsigned int i = 0; name_of(entry, own, i, candidate, &object); i++) {
			if (strlen(candidate) == length && memcmp(candidate, name, length) == 0)
				return create_inode(dir->super, entry, object, objects,
						    child_number(dir->number, candidate), out);
			put_object(objects, object);
		}
	}
	return -ENOENT;
}

/* Positions: 0 and 1 the dots, then the names, counted. */
static int directory_read(struct file *file, struct directory_sink *sink)
{
	const struct sysfs_inode *own = sysfs_inode(file->inode);
	const struct sysfs_entry *entry = own->entry->children;
	uint64_t number = file->inode->number;
	char name[SYSFS_NAME_SIZE];
	file_offset position = 2;
	const void *object;

	for (; file->position < 2; file->position++) {
		if (!sink->add(sink, "..", (size_t)file->position + 1, number, file->position + 1,
			       DT_DIR))
			return 0;
	}
	for (; is_there(own) && !is_end(entry); entry++) {
		unsigned int type = entry_mode(entry) >> 12;	/* S_IFMT is DT_ shifted */

		for (unsigned int i = 0; name_of(entry, own, i, name, &object); i++) {
			put_object(objects_of(entry, own), object);
			if (position++ < file->position)
				continue;
			if (!sink->add(sink, name, strlen(name), child_number(number, name),
				       position, type))
				return 0;
			file->position = position;
		}
	}
	return 0;
}

static const struct inode_ops directory_inode_ops = {
	.lookup = directory_lookup, .revalidate = revalidate
};
static const struct file_ops directory_file_ops = { .read_directory = directory_read };

/* ---- files and links ------------------------------------------------------------------------ */

static ssize_t text_read(struct file *file, struct io_buffer *buffer, file_offset *position)
{
	const struct sysfs_inode *own = sysfs_inode(file->inode);
	char text[SYSFS_TEXT_SIZE];
	size_t size, before = buffer->remaining;
	int error, length;

	if (!is_there(own))
		return -ENODEV;
	length = own->entry->show(own->object, text, sizeof(text));
	if (!is_there(own))	/* it went meanwhile: who knows what was shown */
		return -ENODEV;
	if (*position < 0 || *position >= length)
		return 0;
	size = min_t(size_t, (size_t)(length - *position), buffer->remaining);
	error = io_buffer_put(buffer, text + *position, size);
	size = before - buffer->remaining;
	*position += (file_offset)size;
	return size ? (ssize_t)size : error;
}

/* Nothing here can be set, whoever asks. */
static int text_open(struct file *file)
{
	return file->mode & FILE_WRITE ? -EACCES : 0;
}

static const struct inode_ops file_inode_ops = { .revalidate = revalidate };
static const struct file_ops text_file_ops = { .open = text_open, .read = text_read };

static ssize_t read_link(struct inode *inode, char *buffer, size_t size)
{
	const struct sysfs_inode *own = sysfs_inode(inode);
	char target[SYSFS_TEXT_SIZE];
	size_t length = (size_t)own->entry->link(own->object, target, sizeof(target));

	length = min_t(size_t, length, size);
	memcpy(buffer, target, length);
	return (ssize_t)length;
}

static const struct inode_ops link_inode_ops = {
	.read_link = read_link, .revalidate = revalidate
};

/* ---- the instance --------------------------------------------------------------------------- */

static struct inode *inode_alloc(struct super_block *super)
{
	struct sysfs_inode *inode = slab_alloc_zeroed(inode_cache, 0);

	(void)super;
	return inode ? &inode->inode : NULL;
}

static void inode_free(struct inode *inode)
{
	put_object(sysfs_inode(inode)->objects, sysfs_inode(inode)->object);
	slab_free(inode_cache, sysfs_inode(inode));
}

static int statistics(struct super_block *super, struct fs_statistics *out)
{
	(void)super;
	out->magic = SYSFS_MAGIC;
	out->block_size = PAGE_SIZE;
	out->name_max = 255;
	return 0;
}

static const struct super_ops sysfs_super_ops = {
	.inode_alloc = inode_alloc,
	.inode_free = inode_free,
	.statistics = statistics,
};

/* Takes the reference to `object` along, also if it fails. */
static int create_inode(struct super_block *super, const struct sysfs_entry *entry,
			const void *object, const struct sysfs_object_ops *objects,
			uint64_t number, struct inode **out)
{
	struct inode *inode = inode_create(super);

	if (!inode) {
		put_object(objects, object);
		return -ENOMEM;
	}
	sysfs_inode(inode)->entry = entry;
	sysfs_inode(inode)->object = object;
	sysfs_inode(inode)->objects = objects;
	inode->mode = entry_mode(entry);
	inode->number = number;
	inode->link_count = entry->children ? 2 : 1;
	if (entry->children) {
		inode->ops = &directory_inode_ops;
		inode->file_ops = &directory_file_ops;
	} else {
		inode->ops = entry->link ? &link_inode_ops : &file_inode_ops;
		inode->file_ops = &text_file_ops;
		/* As on Linux, a file's size is a page, whatever it holds. */
		if (!entry->link)
			page_cache_set_size(&inode->cache, PAGE_SIZE);
	}
	time_stamp_now(&inode->modified);
	inode->accessed = inode->changed = inode->modified;
	*out = inode;
	return 0;
}

static int mount(struct super_block *super, const char *options, struct inode **root)
{
	(void)options;
	super->ops = &sysfs_super_ops;
	super->block_size = PAGE_SIZE;
	super->max_file_size = INT64_MAX;
	return create_inode(super, &sysfs_root_entry, NULL, NULL, 1, root);
}

static struct file_system_type sysfs_type = { .name = "sysfs", .single = true, .mount = mount };

void sysfs_init(void)
{
	inode_cache = slab_cache_create("sysfs inode", sizeof(struct sysfs_inode), 0);
	file_system_register(&sysfs_type);
}
