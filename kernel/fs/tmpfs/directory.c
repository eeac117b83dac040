/*
 * Directories of tmpfs: a tree of entries by name, to find one, and a tree and a list of the same
 * entries by position, to list them. Positions are given once and never change, so a listing that
 * goes on after entries came and went neither repeats nor skips one that was there all the time.
 *
 * A directory's link count is 2 and one more for each directory in it.
 */
#include "core/assert.h"
#include "fs/tmpfs/internal.h"
#include "lib/hash.h"
#include "lib/string.h"
#include "mem/kmalloc.h"
#include "uapi/linux/errno.h"
#include "uapi/linux/fcntl.h"
#include "vfs/file.h"

/* what an entry adds to the size that stat shows; the number is Linux's */
enum { ENTRY_SIZE = 20 };

static uint32_t hash_name(const char *name, size_t length)
{
	return hash_bytes(name, length, 0);
}

static int compare(const struct tmpfs_entry *entry, uint32_t hash, const char *name, size_t length)
{
	if (entry->hash != hash)
		return entry->hash < hash ? -1 : 1;
	if (entry->length != length)
		return entry->length < length ? -1 : 1;
	return memcmp(entry->name, name, length);
}

static struct tmpfs_entry *find(struct inode *dir, const char *name, size_t length)
{
	struct rbtree_node *node = tmpfs_inode(dir)->names.node;
	uint32_t hash = hash_name(name, length);

	while (node) {
		struct tmpfs_entry *entry = rbtree_entry(node, struct tmpfs_entry, by_name);
		int order = compare(entry, hash, name, length);

		if (order == 0)
			return entry;
		node = order < 0 ? node->right : node->left;
	}
	return NULL;
}

static void insert_by_name(struct rbtree *tree, struct tmpfs_entry *entry)
{
	struct rbtree_node *parent = NULL, **link = &tree->node;

	while (*link) {
		parent = *link;
		link = compare(rbtree_entry(parent, struct tmpfs_entry, by_name), entry->hash,
			       entry->name, entry->length) < 0 ?
			       &parent->right : &parent->left;
	}
	rbtree_link(&entry->by_name, parent, link);
	rbtree_insert_fixup(tree, &entry->by_name);
}

/* New positions are the largest: always at the right end. */
static void insert_last(struct rbtree *tree, struct tmpfs_entry *entry)
{
	struct rbtree_node *parent = rbtree_last(tree);

	rbtree_link(&entry->by_position, parent, parent ? &parent->right : &tree->node);
	rbtree_insert_fixup(tree, &entry->by_position);
}

static struct tmpfs_entry *entry_alloc(const char *name, size_t length)
{
	struct tmpfs_entry *entry = kmalloc(sizeof(*entry) + length, 0);

	if (!entry)
		return NULL;
	entry->hash = hash_name(name, length);
	entry->length = (uint16_t)length;
	memcpy(entry->name, name, length);
	return entry;
}

/* The name becomes `inode`'s; takes over the reference. Lock of `dir` held. */
static void add(struct inode *dir, struct tmpfs_entry *entry, struct inode *inode)
{
	struct tmpfs_inode *own = tmpfs_inode(dir);

	entry->inode = inode;
	entry->position = own->next_position++;
	insert_by_name(&own->names, entry);
	insert_last(&own->positions, entry);
	list_add_tail(&own->order, &entry->in_order);
	tmpfs_set_size(dir, inode_size(dir) + ENTRY_SIZE);
	if (inode_is(inode, MODE_DIRECTORY)) {
		tmpfs_inode(inode)->parent = dir;
		atomic_fetch_add_explicit(&dir->link_count, 1, memory_order_relaxed);
	}
}

/* The name goes; its reference is the caller's now. */
static struct inode *take_out(struct inode *dir, struct tmpfs_entry *entry)
{
	struct tmpfs_inode *own = tmpfs_inode(dir);
	struct inode *inode = entry->inode;

	rbtree_remove(&own->names, &entry->by_name);
	rbtree_remove(&own->positions, &entry->by_position);
	list_remove(&entry->in_order);
	tmpfs_set_size(dir, inode_size(dir) - ENTRY_SIZE);
	if (inode_is(inode, MODE_DIRECTORY))
		atomic_fetch_sub_explicit(&dir->link_count, 1, memory_order_relaxed);
	return inode;
}

static bool is_empty(const struct inode *dir)
{
	return rbtree_is_empty(&tmpfs_inode(dir)->names);
}

/* ---- the calls of vfs ------------------------------------------------------------------------ */

static int lookup(struct inode *dir, const char *name, size_t length, struct inode **out)
{
	struct tmpfs_entry *entry = find(dir, name, length);

	if (!entry)
		return -ENOENT;
	inode_get(entry->inode);
	*out = entry->inode;
	return 0;
}

static int create(struct inode *dir, const char *name, size_t length, file_mode mode,
		  dev_number device, user_id uid, group_id gid, struct inode **out)
{
	struct tmpfs_entry *entry = entry_alloc(name, length);
	struct inode *inode;
	int error;

	if (!entry)
		return -ENOMEM;
	error = tmpfs_inode_create(dir->super, mode, device, uid, gid, &inode);
	if (error) {
		kfree(entry);
		return error;
	}
	if (inode_is(inode, MODE_DIRECTORY))
		inode->link_count = 2;
	add(dir, entry, inode);
	inode_get(inode);
	*out = inode;
	return 0;
}

static int create_unnamed(struct inode *dir, file_mode mode, user_id uid, group_id gid,
			  struct inode **out)
{
	int error = tmpfs_inode_create(dir->super, mode, 0, uid, gid, out);

	if (!error)
		(*out)->link_count = 0;
	return error;
}

static int symlink(struct inode *dir, const char *name, size_t length, const char *target,
		   user_id uid, group_id gid, struct inode **out)
{
	char *text = kstrdup(target, 0);
	struct inode *inode;
	int error;

	if (!text)
		return -ENOMEM;
	error = tmpfs_charge_target(tmpfs_of(dir), text);
	if (error)
		goto free_text;
	error = create(dir, name, length, MODE_LINK | 0777, 0, uid, gid, &inode);
	if (error)
		goto uncharge;
	tmpfs_inode(inode)->target = text;
	inode->link_target = text;
	tmpfs_set_size(inode, strlen(text));
	*out = inode;
	return 0;

uncharge:
	tmpfs_uncharge_target(tmpfs_of(dir), text);
free_text:
	kfree(text);
	return error;
}

static int link(struct inode *dir, const char *name, size_t length, struct inode *target)
{
	struct tmpfs_entry *entry = entry_alloc(name, length);
	unsigned int names;

	if (!entry)
		return -ENOMEM;
	names = atomic_fetch_add_explicit(&target->link_count, 1, memory_order_relaxed);
	if (names > 0 && tmpfs_charge_inode(tmpfs_of(dir))) {
		atomic_fetch_sub_explicit(&target->link_count, 1, memory_order_relaxed);
		kfree(entry);
		return -ENOSPC;
	}
	inode_get(target);
	add(dir, entry, target);
	return 0;
}

static void drop_entry(struct inode *dir, struct tmpfs_entry *entry)
{
	struct inode *inode = take_out(dir, entry);

	if (inode_is(inode, MODE_DIRECTORY))
		inode->link_count = 0;
	else if (atomic_fetch_sub_explicit(&inode->link_count, 1, memory_order_relaxed) > 1)
		tmpfs_uncharge_inode(tmpfs_of(dir));
	kfree(entry);
	inode_put(inode);
}

static int unlink(struct inode *dir, const char *name, size_t length, struct inode *target)
{
	struct tmpfs_entry *entry = find(dir, name, length);

	assert(entry && entry->inode == target);
	(void)target;
	drop_entry(dir, entry);
	return 0;
}

static int rmdir(struct inode *dir, const char *name, size_t length, struct inode *target)
{
	if (!is_empty(target))
		return -ENOTEMPTY;
	return unlink(dir, name, length, target);
}

/* Two names change their inodes; names and positions stay where they are. */
static int exchange(struct inode *old_dir, struct tmpfs_entry *a, struct inode *new_dir,
		    struct tmpfs_entry *b)
{
	struct inode *inode_a = a->inode, *inode_b = b->inode;
	int difference = (int)inode_is(inode_b, MODE_DIRECTORY) -
			 (int)inode_is(inode_a, MODE_DIRECTORY);

	a->inode = inode_b;
	b->inode = inode_a;
	if (inode_is(inode_a, MODE_DIRECTORY))
		tmpfs_inode(inode_a)->parent = new_dir;
	if (inode_is(inode_b, MODE_DIRECTORY))
		tmpfs_inode(inode_b)->parent = old_dir;
	atomic_fetch_add_explicit(&old_dir->link_count, (unsigned int)difference,
				  memory_order_relaxed);
	atomic_fetch_sub_explicit(&new_dir->link_count, (unsigned int)difference,
				  memory_order_relaxed);
	return 0;
}

static int rename(struct inode *old_dir, const char *old_name, size_t old_length,
		  struct inode *new_dir, const char *new_name, size_t new_length,
		  struct inode *moved, struct inode *replaced, bool is_exchange)
{
	struct tmpfs_entry *old_entry = find(old_dir, old_name, old_length);
	struct tmpfs_entry *new_entry;

	assert(old_entry && old_entry->inode == moved);
	(void)moved;
	if (is_exchange)
		return exchange(old_dir, old_entry, new_dir, find(new_dir, new_name, new_length));
	if (replaced && inode_is(replaced, MODE_DIRECTORY) && !is_empty(replaced))
		return -ENOTEMPTY;
	new_entry = entry_alloc(new_name, new_length);
	if (!new_entry)
		return -ENOMEM;
	if (replaced)
		drop_entry(new_dir, find(new_dir, new_name, new_length));
	add(new_dir, new_entry, take_out(old_dir, old_entry));
	kfree(old_entry);
	return 0;
}

const struct inode_ops tmpfs_directory_ops = {
	.lookup = lookup,
	.create = create,
	.create_unnamed = create_unnamed,
	.symlink = symlink,
	.link = link,
	.unlink = unlink,
	.rmdir = rmdir,
	.rename = rename,
	.get_attribute = tmpfs_get_attribute,
	.list_attributes = tmpfs_list_attributes,
	.set_attribute = tmpfs_set_attribute,
};

/* All entries of `dir` come before `list`. */
static struct tmpfs_entry *take_all(struct inode *dir, struct tmpfs_entry *list)
{
	struct rbtree_node *node;

	while ((node = rbtree_first(&tmpfs_inode(dir)->names))) {
		struct tmpfs_entry *entry = rbtree_entry(node, struct tmpfs_entry, by_name);

		(void)take_out(dir, entry);
		entry->next_dead = list;
		list = entry;
	}
	return list;
}

/*
 * Users make trees deep: each directory is emptied into one list before it goes, so that none
 * empties itself.
 */
void tmpfs_directory_fini(struct inode *dir)
{
	struct tmpfs_entry *list = take_all(dir, NULL);

	while (list) {
		struct tmpfs_entry *entry = list;

		list = entry->next_dead;
		if (inode_is(entry->inode, MODE_DIRECTORY))
			list = take_all(entry->inode, list);
		inode_put(entry->inode);
		kfree(entry);
	}
}

/* ---- listing --------------------------------------------------------------------------------- */

/* The first entry at `position` or after it. */
static struct tmpfs_entry *entry_from(struct inode *dir, uint64_t position)
{
	struct rbtree_node *node = tmpfs_inode(dir)->positions.node;
	struct tmpfs_entry *found = NULL;

	while (node) {
		struct tmpfs_entry *entry = rbtree_entry(node, struct tmpfs_entry, by_position);

		if (entry->position >= position) {
			found = entry;
			node = node->left;
		} else {
			node = node->right;
		}
	}
	return found;
}

static unsigned int entry_type(const struct inode *inode)
{
	return inode->mode >> 12; /* nothing is above the type */
}

static int read_directory(struct file *file, struct directory_sink *sink)
{
	struct inode *dir = file->inode;
	struct inode *parent = tmpfs_inode(dir)->parent;
	const struct list *order = &tmpfs_inode(dir)->order;
	const struct tmpfs_entry *entry;
	const struct list_node *node;

	if (file->position == 0) {
		if (!sink->add(sink, ".", 1, dir->number, 1, DT_DIR))
			return 0;
		file->position = 1;
	}
	if (file->position == 1) {
		if (!sink->add(sink, "..", 2, parent ? parent->number : dir->number, 2, DT_DIR))
			return 0;
		file->position = 2;
	}
	entry = entry_from(dir, (uint64_t)file->position);
	if (!entry)
		return 0;
	for (node = &entry->in_order; node != &order->head; node = node->next) {
		entry = list_entry(node, struct tmpfs_entry, in_order);
		if (!sink->add(sink, entry->name, entry->length, entry->inode->number,
			       (file_offset)entry->position + 1, entry_type(entry->inode))) {
			file->position = (file_offset)entry->position;
			return 0;
		}
	}
	/* It is `entry` still; but keeping that across the calls costs 2 instructions of 31. */
	entry = list_entry(node->previous, struct tmpfs_entry, in_order);
	file->position = (file_offset)entry->position + 1;
	return 0;
}

/* A position is a cookie: there is no end to count from, as on Linux. */
static int seek(struct file *file, file_offset offset, int whence, file_offset *out)
{
	if (whence > SEEK_CUR)
		return -EINVAL;
	if (whence == SEEK_CUR && __builtin_add_overflow(offset, file->position, &offset))
		return -EINVAL;
	if (offset < 0)
		return -EINVAL;
	*out = offset;
	return 0;
}

static int sync(struct file *file, bool data_only)
{
	(void)file;
	(void)data_only;
	return 0;
}

const struct file_ops tmpfs_directory_file_ops = {
	.read_directory = read_directory,
	.seek = seek,
	.sync = sync,
};
