/*
 * Names: what create, link, unlink and rename do to directories.
 *
 * Each is one transaction, so that after a power cut it has happened or not. Everything that may
 * fail comes first: entries to be changed are found, blocks of the inode table held; what is left
 * is then done to the end. Without a journal the order of changes is the one that leaves least to
 * repair: an inode is stored before an entry names it, a link count goes up before a name is added
 * and down after one is removed.
 *
 * vfs holds the directories' locks exclusively (lookup: shared), and those of the inodes that lose
 * or gain a name; it has checked permissions and types, and keeps the times.
 */
#include "fs/ext2/internal.h"

#include "core/assert.h"
#include "uapi/linux/errno.h"

/*
 * Blocks that one change of names may touch: a directory that grows (four new blocks with their
 * bitmaps and counts, 13), a new inode and its first block (6), inodes (4), the orphans (3).
 */
#define NAME_CHANGE_BLOCKS 32

/* The inodes of one change, their blocks of the inode table in memory. */
struct held {
	unsigned int count;
	struct ext2_inode *inodes[4];
	struct ext2_buffer buffers[4];
};

/* Errors: -EIO, -ENOMEM. */
static int hold(struct held *held, struct inode *inode)
{
	int error = ext2_inode_hold(ext2_inode_of(inode), &held->buffers[held->count]);

	if (!error)
		held->inodes[held->count++] = ext2_inode_of(inode);
	return error;
}

/*
 * Store them all, whatever has become of the change: the disk is to have what memory has. Their
 * names are a part of what fsync promises, even where nothing in the inode itself has changed.
 */
static void store_held(struct ext2_transaction *transaction, struct held *held)
{
	for (unsigned int i = 0; i < held->count; i++) {
		ext2_note_transaction(transaction, held->inodes[i]);
		(void)!ext2_inode_store(transaction, held->inodes[i]);
		ext2_metadata_put(&held->buffers[i]);
	}
	held->count = 0;
}

static int ext2_lookup(struct inode *directory, const char *name, size_t length,
		       struct inode **out)
{
	uint32_t number;
	int error;

	if (length > EXT2_NAME_MAX)
		return -ENAMETOOLONG;
	error = ext2_directory_find(directory, name, length, &number);
	return error ? error : inode_get_by_number(directory->super, number, out);
}

static void add_links(struct inode *inode, int count)
{
	atomic_fetch_add_explicit(&inode->link_count, (unsigned int)count, memory_order_relaxed);
	inode_mark_dirty(inode, INODE_DIRTY_ATTRIBUTES);
}

static unsigned int link_count(const struct inode *inode)
{
	return atomic_load_explicit(&inode->link_count, memory_order_relaxed);
}

/* Give the new `inode` its contents, if it is a directory, and its name. */
static int enter_new(struct ext2_transaction *transaction, struct inode *directory,
		     const char *name, size_t length, struct inode *inode)
{
	bool is_directory = inode_is(inode, MODE_DIRECTORY);
	int error = 0;

	if (is_directory) {
		error = ext2_directory_make_empty(transaction, inode, directory);
		if (!error) {
			add_links(inode, 1);	/* its own "." */
			error = ext2_inode_store(transaction, ext2_inode_of(inode));
		}
	}
	if (!error)
		error = ext2_directory_add(transaction, directory, name, length, inode);
	if (!error && is_directory)
		add_links(directory, 1);	/* its ".." */
	return error;
}

static int create_once(struct inode *directory, const char *name, size_t length, file_mode mode,
		       dev_number device, user_id uid, group_id gid, struct inode **out)
{
	struct held held = { .count = 0 };
	struct ext2_transaction transaction;
	struct ext2_buffer held_new;
	struct inode *inode = NULL;
	int error = ext2_transaction_begin(&transaction, ext2_of(directory->super),
					   NAME_CHANGE_BLOCKS);

	if (error)
		return error;
	error = hold(&held, directory);
	if (!error)
		error = ext2_inode_make(&transaction, directory, mode, device, uid, gid, &inode,
					&held_new);
	if (inode) {
		error = enter_new(&transaction, directory, name, length, inode);
		if (error)
			ext2_inode_abandon(&transaction, ext2_inode_of(inode));
		ext2_metadata_put(&held_new);
	}
	store_held(&transaction, &held);
	ext2_transaction_end(&transaction);
	if (error && inode)
		inode_put(inode);
	else
		*out = inode;
	return error;
}

static int ext2_create(struct inode *directory, const char *name, size_t length, file_mode mode,
		       dev_number device, user_id uid, group_id gid, struct inode **out)
{
	unsigned int tries = 0;
	int error;

	if ((mode & MODE_TYPE_MASK) == MODE_DIRECTORY && link_count(directory) >= EXT2_LINK_MAX)
		return -EMLINK;
	do
		error = create_once(directory, name, length, mode, device, uid, gid, out);
	while (error == -ENOSPC && ext2_retry_for_space(ext2_of(directory->super), &tries));
	return error;
}

static int ext2_create_unnamed(struct inode *directory, file_mode mode, user_id uid, group_id gid,
			       struct inode **out)
{
	struct ext2_transaction transaction;
	struct ext2_buffer held;
	int error = ext2_transaction_begin(&transaction, ext2_of(directory->super),
					   NAME_CHANGE_BLOCKS);

	if (error)
		return error;
	error = ext2_inode_make(&transaction, directory, mode, 0, uid, gid, out, &held);
	if (!error) {
		ext2_inode_abandon(&transaction, ext2_inode_of(*out));
		ext2_metadata_put(&held);
	}
	ext2_transaction_end(&transaction);
	return error;
}

static int link_once(struct inode *directory, const char *name, size_t length,
		     struct inode *target)
{
	struct held held = { .count = 0 };
	struct ext2_transaction transaction;
	int error = ext2_transaction_begin(&transaction, ext2_of(directory->super),
					   NAME_CHANGE_BLOCKS);

	if (error)
		return error;
	error = hold(&held, target);
	if (!error)
		error = hold(&held, directory);
	/* A file that was made without a name gets one. */
	if (!error && link_count(target) == 0)
		error = ext2_orphan_remove(&transaction, ext2_inode_of(target));
	if (!error) {
		add_links(target, 1);
		(void)!ext2_inode_store(&transaction, ext2_inode_of(target));
		error = ext2_directory_add(&transaction, directory, name, length, target);
		if (error)
			add_links(target, -1);
		if (error && link_count(target) == 0)
			(void)!ext2_orphan_add(&transaction, ext2_inode_of(target));
	}
	store_held(&transaction, &held);
	ext2_transaction_end(&transaction);
	return error;
}

static int ext2_link(struct inode *directory, const char *name, size_t length,
		     struct inode *target)
{
	unsigned int tries = 0;
	int error;

	if (link_count(target) >= EXT2_LINK_MAX)
		return -EMLINK;
	do
		error = link_once(directory, name, length, target);
	while (error == -ENOSPC && ext2_retry_for_space(ext2_of(directory->super), &tries));
	return error;
}

/*
 * One name less of a held inode; without any it is an orphan. What the disk said may have been too
 * few: it does not wrap.
 */
static void drop_link(struct ext2_transaction *transaction, struct inode *inode)
{
	if (link_count(inode) > 0)
		add_links(inode, -1);
	if (link_count(inode) == 0)
		(void)!ext2_orphan_add(transaction, ext2_inode_of(inode));
}

/* A directory without a name: gone, with its "." and the ".." that counted for `parent`. */
static void drop_directory(struct ext2_transaction *transaction, struct inode *target,
			   struct inode *parent)
{
	atomic_store_explicit(&target->link_count, 0, memory_order_relaxed);
	inode_mark_dirty(target, INODE_DIRTY_ATTRIBUTES);
	(void)!ext2_orphan_add(transaction, ext2_inode_of(target));
	if (link_count(parent) > 1)
		add_links(parent, -1);
}

static int remove_name(struct inode *directory, const char *name, size_t length,
		       struct inode *target)
{
	struct held held = { .count = 0 };
	struct ext2_transaction transaction;
	struct ext2_place place;
	int error = ext2_transaction_begin(&transaction, ext2_of(directory->super),
					   NAME_CHANGE_BLOCKS);

	if (error)
		return error;
	error = hold(&held, target);
	if (!error)
		error = hold(&held, directory);
	if (!error)
		error = ext2_directory_find_place(directory, name, length, &place);
	if (!error) {
		ext2_directory_remove(&transaction, directory, &place);
		ext2_metadata_put(&place.buffer);
		if (inode_is(target, MODE_DIRECTORY))
			drop_directory(&transaction, target, directory);
		else
			drop_link(&transaction, target);
	}
	store_held(&transaction, &held);
	ext2_transaction_end(&transaction);
	return error;
}

static int ext2_unlink(struct inode *directory, const char *name, size_t length,
		       struct inode *target)
{
	return remove_name(directory, name, length, target);
}

static int ext2_rmdir(struct inode *directory, const char *name, size_t length,
		      struct inode *target)
{
	int error = ext2_directory_check_empty(target);

	return error ? error : remove_name(directory, name, length, target);
}

/* ---- rename ---------------------------------------------------------------------------------- */

/* A name that is there: what it stands for, and where its entry is. */
struct name {
	struct inode *directory;
	const char *text;
	size_t length;
	struct inode *inode;		/* NULL: there is no such name yet */
	struct ext2_place place;	/* its buffer's frame NULL: not found yet */
	struct ext2_place parent;	/* "..", if it is a directory that goes elsewhere */
};

/* Everything about a rename that can fail, but for the growing of a directory. */
static int find_name(struct held *held, struct name *name, bool changes_parent)
{
	int error = 0;

	if (!name->inode)
		return 0;
	error = hold(held, name->inode);
	if (!error)
		error = ext2_directory_find_place(name->directory, name->text, name->length,
						  &name->place);
	if (!error && changes_parent && inode_is(name->inode, MODE_DIRECTORY))
		error = ext2_directory_find_place(name->inode, "..", 2, &name->parent);
	return error;
}

static void put_name(struct name *name)
{
	if (name->place.buffer.frame)
		ext2_metadata_put(&name->place.buffer);
	if (name->parent.buffer.frame)
		ext2_metadata_put(&name->parent.buffer);
}

/* The directory that was `name` now lies in `to`: its ".." says so, and the counts of both. */
static void change_parent(struct ext2_transaction *transaction, struct name *name,
			  struct inode *to)
{
	if (!name->parent.buffer.frame)
		return;
	ext2_directory_replace(transaction, name->inode, &name->parent, to);
	add_links(to, 1);
	if (link_count(name->directory) > 1)
		add_links(name->directory, -1);
}

static void exchange_names(struct ext2_transaction *transaction, struct name *a, struct name *b)
{
	ext2_directory_replace(transaction, b->directory, &b->place, a->inode);
	ext2_directory_replace(transaction, a->directory, &a->place, b->inode);
	change_parent(transaction, a, b->directory);
	change_parent(transaction, b, a->directory);
}

/*
 * The new name first, then the old one goes: whoever looks in between, after a crash without a
 * journal, finds at least one.
 */
static int move_name(struct ext2_transaction *transaction, struct name *from, struct name *to)
{
	int error = 0;

	if (to->inode)
		ext2_directory_replace(transaction, to->directory, &to->place, from->inode);
	else
		error = ext2_directory_add(transaction, to->directory, to->text, to->length,
					   from->inode);
	if (error)
		return error;
	ext2_directory_remove(transaction, from->directory, &from->place);
	change_parent(transaction, from, to->directory);
	if (to->inode && inode_is(to->inode, MODE_DIRECTORY))
		drop_directory(transaction, to->inode, to->directory);
	else if (to->inode)
		drop_link(transaction, to->inode);
	return 0;
}

static int rename_once(struct name from, struct name to, bool exchange)
{
	bool moves = from.directory != to.directory;
	struct held held = { .count = 0 };
	struct ext2_transaction transaction;
	int error = ext2_transaction_begin(&transaction, ext2_of(from.directory->super),
					   NAME_CHANGE_BLOCKS);

	if (error)
		return error;
	error = hold(&held, from.directory);
	if (!error && moves)
		error = hold(&held, to.directory);
	if (!error)
		error = find_name(&held, &from, moves);
	if (!error)
		error = find_name(&held, &to, moves && exchange);
	if (!error && exchange)
		exchange_names(&transaction, &from, &to);
	else if (!error)
		error = move_name(&transaction, &from, &to);
	put_name(&from);
	put_name(&to);
	store_held(&transaction, &held);
	ext2_transaction_end(&transaction);
	return error;
}

static int ext2_rename(struct inode *old_directory, const char *old_name, size_t old_length,
		       struct inode *new_directory, const char *new_name, size_t new_length,
		       struct inode *moved, struct inode *replaced, bool exchange)
{
	const struct name from = {
		.directory = old_directory, .text = old_name, .length = old_length, .inode = moved,
	};
	const struct name to = {
		.directory = new_directory, .text = new_name, .length = new_length,
		.inode = replaced,
	};
	struct ext2 *fs = ext2_of(old_directory->super);
	unsigned int tries = 0;
	int error = 0;

	if (!exchange && replaced && inode_is(replaced, MODE_DIRECTORY))
		error = ext2_directory_check_empty(replaced);
	else if (!exchange && inode_is(moved, MODE_DIRECTORY) && old_directory != new_directory &&
		 link_count(new_directory) >= EXT2_LINK_MAX)
		error = -EMLINK;
	if (error)
		return error;
	/*
	 * Programs that replace a file by a new one often forget to fsync it. Its data is on its
	 * way before the name changes, and so part of what the commit waits for. An error of that
	 * is fsync's to tell.
	 */
	if (fs->journal && replaced && !exchange && inode_is(moved, MODE_REGULAR))
		(void)!page_cache_write_back(&moved->cache, 0, UINT32_MAX, false);
	do
		error = rename_once(from, to, exchange);
	while (error == -ENOSPC && ext2_retry_for_space(fs, &tries));
	return error;
}

const struct inode_ops ext2_directory_ops = {
	.lookup = ext2_lookup,
	.create = ext2_create,
	.symlink = ext2_symlink_create,
	.link = ext2_link,
	.unlink = ext2_unlink,
	.rmdir = ext2_rmdir,
	.rename = ext2_rename,
	.create_unnamed = ext2_create_unnamed,
	.attributes_changed = ext2_attributes_changed,
	.get_attribute = ext2_get_attribute,
	.list_attributes = ext2_list_attributes,
	.set_attribute = ext2_set_attribute,
};
