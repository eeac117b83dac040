/*
 * The sysfs instance: its inodes, directories, files and links.
 *
 * An inode is an entry of the constant tree and the index of the object it is about; it is made
 * when its name is looked up, and nothing is kept. Objects are never taken away, so a name that was
 * right stays right. Text is made at each read from the start, as Linux does for a file of
 * sysfs, so nobody sees half of an old one.
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
	unsigned int index;			/* [I] of the object it is about */
};

static struct slab_cache *inode_cache;

static struct sysfs_inode *sysfs_inode(struct inode *inode)
{
	return container_of(inode, struct sysfs_inode, inode);
}

/* ---- directories ---------------------------------------------------------------------------- */

/* The name at place `place` of a directory, of object `index` if it is a series. */
static bool name_of(const struct sysfs_entry *entry, unsigned int index, char *name)
{
	if (entry->nth)
		return entry->nth(index, name, SYSFS_NAME_SIZE);
	strlcpy(name, entry->name, SYSFS_NAME_SIZE);
	return index == 0;
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
static uint64_t child_number(uint64_t parent, unsigned int place, unsigned int index)
{
	uint32_t number = hash_combine(hash_combine((uint32_t)parent, place), index);

	return number > 1 ? number : 2;
}

static int create_inode(struct super_block *super, const struct sysfs_entry *entry,
			unsigned int index, uint64_t number, struct inode **out);

static int directory_lookup(struct inode *dir, const char *name, size_t length, struct inode **out)
{
	const struct sysfs_entry *table = sysfs_inode(dir)->entry->children;
	char candidate[SYSFS_NAME_SIZE];

	for (unsigned int place = 0; !is_end(&table[place]); place++) {
		unsigned int about = sysfs_inode(dir)->index;

		for (unsigned int index = 0; name_of(&table[place], index, candidate); index++) {
			if (strlen(candidate) != length || memcmp(candidate, name, length) != 0)
				continue;
			return create_inode(dir->super, &table[place],
					    table[place].nth ? index : about,
					    child_number(dir->number, place, index), out);
		}
	}
	return -ENOENT;
}

/* Positions: 0 and 1 the dots, then the names, counted. */
static int directory_read(struct file *file, struct directory_sink *sink)
{
	const struct sysfs_entry *table = sysfs_inode(file->inode)->entry->children;
	uint64_t number = file->inode->number;
	char name[SYSFS_NAME_SIZE];
	file_offset position = 2;

	for (; file->position < 2; file->position++) {
		if (!sink->add(sink, "..", (size_t)file->position + 1, number, file->position + 1,
			       DT_DIR))
			return 0;
	}
	for (unsigned int place = 0; !is_end(&table[place]); place++) {
		unsigned int type = entry_mode(&table[place]) >> 12;	/* S_IFMT is DT_ shifted */

		for (unsigned int index = 0; name_of(&table[place], index, name); index++) {
			if (position++ < file->position)
				continue;
			if (!sink->add(sink, name, strlen(name), child_number(number, place, index),
				       position, type))
				return 0;
			file->position = position;
		}
	}
	return 0;
}

static const struct inode_ops directory_inode_ops = { .lookup = directory_lookup };
static const struct file_ops directory_file_ops = { .read_directory = directory_read };

/* ---- files and links ------------------------------------------------------------------------ */

static ssize_t text_read(struct file *file, struct io_buffer *buffer, file_offset *position)
{
	const struct sysfs_inode *own = sysfs_inode(file->inode);
	char text[SYSFS_TEXT_SIZE];
	int length = own->entry->show(own->index, text, sizeof(text));
	size_t size, before = buffer->remaining;
	int error;

	if (length < 0)
		return length;
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

static const struct inode_ops file_inode_ops = { 0 };
static const struct file_ops text_file_ops = { .open = text_open, .read = text_read };

static ssize_t read_link(struct inode *inode, char *buffer, size_t size)
{
	const struct sysfs_inode *own = sysfs_inode(inode);
	char target[SYSFS_TEXT_SIZE];
	size_t length = (size_t)own->entry->link(own->index, target, sizeof(target));

	length = min_t(size_t, length, size);
	memcpy(buffer, target, length);
	return (ssize_t)length;
}

static const struct inode_ops link_inode_ops = { .read_link = read_link };

/* ---- the instance --------------------------------------------------------------------------- */

static struct inode *inode_alloc(struct super_block *super)
{
	struct sysfs_inode *inode = slab_alloc_zeroed(inode_cache, 0);

	(void)super;
	return inode ? &inode->inode : NULL;
}

static void inode_free(struct inode *inode)
{
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

static int create_inode(struct super_block *super, const struct sysfs_entry *entry,
			unsigned int index, uint64_t number, struct inode **out)
{
	struct inode *inode = inode_create(super);

	if (!inode)
		return -ENOMEM;
	sysfs_inode(inode)->entry = entry;
	sysfs_inode(inode)->index = index;
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
			atomic_init(&inode->cache.size, PAGE_SIZE);
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
	return create_inode(super, &sysfs_root_entry, 0, 1, root);
}

static struct file_system_type sysfs_type = { .name = "sysfs", .single = true, .mount = mount };

void sysfs_init(void)
{
	inode_cache = slab_cache_create("sysfs inode", sizeof(struct sysfs_inode), 0);
	file_system_register(&sysfs_type);
}
