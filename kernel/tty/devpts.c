/*
 * devpts: a directory with one character device for each pseudo-terminal that has a master, and
 * ptmx.
 *
 * Names come and go with the pairs (pty.c's table), so nothing is remembered here: each lookup
 * asks the table, and a cached name is right while the pair of that number is still the one it
 * was made for. Owner and mode live with the pair, because inodes do not last.
 */
#include "lib/format.h"
#include "lib/string.h"
#include "mem/slab.h"
#include "tty/pty_internal.h"
#include "tty/tty_numbers.h"
#include "uapi/linux/errno.h"
#include "uapi/linux/fcntl.h"
#include "vfs/char_device.h"
#include "vfs/inode.h"

enum {
	DEVPTS_MAGIC = 0x1cd1,
	INODE_ROOT = 1,
	INODE_PTMX = 2,
	INODE_FIRST_PTY = 3,
	NAME_SIZE = 12,
};

static struct slab_cache *inode_cache;

static const struct inode_ops root_inode_ops;
static const struct inode_ops node_inode_ops;
static const struct file_ops root_file_ops;

/* ---- inodes ---------------------------------------------------------------------------------- */

static struct inode *inode_alloc(struct super_block *super)
{
	(void)super;
	return slab_alloc_zeroed(inode_cache, 0);
}

static void inode_free(struct inode *inode)
{
	slab_free(inode_cache, inode);
}

static int statistics(struct super_block *super, struct fs_statistics *out)
{
	(void)super;
	out->magic = DEVPTS_MAGIC;
	out->block_size = PAGE_SIZE;
	out->name_max = 255;
	return 0;
}

static const struct super_ops super_ops = {
	.inode_alloc = inode_alloc,
	.inode_free = inode_free,
	.statistics = statistics,
};

static struct inode *make_inode(struct super_block *super, uint64_t number, file_mode mode,
				dev_number device)
{
	struct inode *inode = inode_create(super);

	if (!inode)
		return NULL;
	inode->number = number;
	inode->mode = mode;
	inode->device = device;
	time_stamp_now(&inode->modified);
	inode->accessed = inode->changed = inode->modified;
	inode->link_count = mode & MODE_DIRECTORY ? 2 : 1;
	inode->ops = &node_inode_ops;
	inode->file_ops = &char_device_open_ops;
	return inode;
}

/* ---- names ----------------------------------------------------------------------------------- */

/* The number that a name is, or -1. */
static int parse_number(const char *name, size_t length)
{
	int number = 0;

	if (length == 0 || length > 6 || (name[0] == '0' && length > 1))
		return -1;
	for (size_t i = 0; i < length; i++) {
		if (name[i] < '0' || name[i] > '9')
			return -1;
		number = number * 10 + (name[i] - '0');
	}
	return number;
}

static int lookup_pty(struct super_block *super, unsigned int number, struct inode **out)
{
	struct pty_node node;
	struct inode *inode;

	if (!pty_find_node(number, &node) || node.number != number)
		return -ENOENT;
	inode = make_inode(super, INODE_FIRST_PTY + number, MODE_CHARACTER | node.mode,
			   TTY_PTS_NUMBER(number));
	if (!inode)
		return -ENOMEM;
	inode->uid = node.uid;
	inode->gid = node.gid;
	inode->generation = node.generation;
	*out = inode;
	return 0;
}

static int lookup(struct inode *dir, const char *name, size_t length, struct inode **out)
{
	int number = parse_number(name, length);

	if (number >= 0)
		return lookup_pty(dir->super, (unsigned int)number, out);
	if (length != 4 || memcmp(name, "ptmx", 4) != 0)
		return -ENOENT;
	*out = make_inode(dir->super, INODE_PTMX, MODE_CHARACTER | 0666, TTY_PTMX_NUMBER);
	return *out ? 0 : -ENOMEM;
}

/* The pair of a node, if it is still the one that the inode was made for. */
static bool find_same_pty(const struct inode *inode, struct pty_node *out)
{
	unsigned int number = (unsigned int)inode->number - INODE_FIRST_PTY;

	return inode->number >= INODE_FIRST_PTY && pty_find_node(number, out) &&
	       out->generation == inode->generation;
}

static bool is_still_right(struct inode *inode)
{
	struct pty_node node;

	return inode->number < INODE_FIRST_PTY || find_same_pty(inode, &node);
}

static int attributes_changed(struct inode *inode)
{
	struct pty_node node;

	if (!find_same_pty(inode, &node))
		return 0;
	node.mode = inode->mode & ~MODE_TYPE_MASK;
	node.uid = inode->uid;
	node.gid = inode->gid;
	pty_set_node(&node);
	return 0;
}

static const struct inode_ops root_inode_ops = { .lookup = lookup, .revalidate = is_still_right };
static const struct inode_ops node_inode_ops = {
	.revalidate = is_still_right,
	.attributes_changed = attributes_changed,
};

/* Positions: 0 and 1 the dots, 2 ptmx, then the numbers from 3 on. */
static int read_root(struct file *file, struct directory_sink *sink)
{
	static const struct {
		const char *name;
		uint64_t inode;
		unsigned int type;
	} fixed[] = { { ".", INODE_ROOT, DT_DIR }, { "..", INODE_ROOT, DT_DIR },
		      { "ptmx", INODE_PTMX, DT_CHR } };
	struct pty_node node;

	for (; file->position < (file_offset)ARRAY_SIZE(fixed); file->position++) {
		unsigned int i = (unsigned int)file->position;

		if (!sink->add(sink, fixed[i].name, strlen(fixed[i].name), fixed[i].inode, i + 1,
			       fixed[i].type))
			return 0;
	}
	while (pty_find_node((unsigned int)(file->position - ARRAY_SIZE(fixed)), &node)) {
		char name[NAME_SIZE];
		size_t length = scnprintf(name, sizeof(name), "%u", node.number);
		file_offset next = (file_offset)node.number + (file_offset)ARRAY_SIZE(fixed) + 1;

		if (!sink->add(sink, name, length, INODE_FIRST_PTY + node.number, next, DT_CHR))
			return 0;
		file->position = next;
	}
	return 0;
}

static const struct file_ops root_file_ops = { .read_directory = read_root };

/* ---- mounting -------------------------------------------------------------------------------- */

static int mount(struct super_block *super, const char *options, struct inode **root)
{
	struct inode *inode;

	(void)options; /* gid=, mode=, ptmxmode=, newinstance: as they usually are */
	super->ops = &super_ops;
	super->block_size = 1024;
	super->max_file_size = INT64_MAX;
	inode = make_inode(super, INODE_ROOT, MODE_DIRECTORY | 0755, 0);
	if (!inode)
		return -ENOMEM;
	inode->ops = &root_inode_ops;
	inode->file_ops = &root_file_ops;
	*root = inode;
	return 0;
}

static struct file_system_type devpts_type = { .name = "devpts", .single = true, .mount = mount };

void devpts_init(void)
{
	inode_cache = slab_cache_create("devpts inode", sizeof(struct inode), 0);
	file_system_register(&devpts_type);
}
