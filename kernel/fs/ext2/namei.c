/*
 * Names: what create, link, unlink and rename do to directories.
 *
 * The order of changes is the one that leaves least to repair if the power goes: an inode is stored
 * before an entry names it, a link count goes up before a name is added and down after one is
 * removed.
 *
 * vfs holds the directories' locks exclusively (lookup: shared), and those of the inodes that lose
 * or gain a name; it has checked permissions and types, and keeps the times.
 */
#include "fs/ext2/internal.h"

#include "core/assert.h"
#include "uapi/linux/errno.h"

/*
 * Blocks that one change of names may touch: two directories with growth, inodes, bitmaps,
 * descriptors.
 */
#define NAME_CHANGE_BLOCKS 24

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

static int ext2_create(struct inode *directory, const char *name, size_t length, file_mode mode,
		       dev_number device, user_id uid, group_id gid, struct inode **out)
{
	struct ext2_transaction transaction;
	struct inode *inode;
	int error;

	if ((mode & MODE_TYPE_MASK) == MODE_DIRECTORY && link_count(directory) >= EXT2_LINK_MAX)
		return -EMLINK;
	error = ext2_transaction_begin(&transaction, ext2_of(directory->super),
				       NAME_CHANGE_BLOCKS);
	if (error)
		return error;
	error = ext2_inode_make(&transaction, directory, mode, device, uid, gid, &inode);
	if (!error) {
		error = enter_new(&transaction, directory, name, length, inode);
		ext2_transaction_end(&transaction);
		if (error)
			ext2_inode_discard(inode);
		else
			*out = inode;
		return error;
	}
	ext2_transaction_end(&transaction);
	return error;
}

static int ext2_create_unnamed(struct inode *directory, file_mode mode, user_id uid, group_id gid,
			       struct inode **out)
{
	struct ext2_transaction transaction;
	int error = ext2_transaction_begin(&transaction, ext2_of(directory->super),
					   NAME_CHANGE_BLOCKS);

	if (error)
		return error;
	error = ext2_inode_make(&transaction, directory, mode, 0, uid, gid, out);
	if (!error) {
		atomic_store_explicit(&(*out)->link_count, 0, memory_order_relaxed);
		inode_mark_dirty(*out, INODE_DIRTY_ATTRIBUTES);
	}
	ext2_transaction_end(&transaction);
	return error;
}

static int ext2_link(struct inode *directory, const char *name, size_t length,
		     struct inode *target)
{
	struct ext2_transaction transaction;
	int error;

	if (link_count(target) >= EXT2_LINK_MAX)
		return -EMLINK;
	error = ext2_transaction_begin(&transaction, ext2_of(directory->super),
				       NAME_CHANGE_BLOCKS);
	if (error)
		return error;
	add_links(target, 1);
	error = ext2_inode_store(&transaction, ext2_inode_of(target));
	if (!error)
		error = ext2_directory_add(&transaction, directory, name, length, target);
	if (error)
		add_links(target, -1);
	ext2_transaction_end(&transaction);
	return error;
}

/* One name less. What the disk said may have been too few: it does not wrap. */
static void drop_link(struct inode *inode)
{
	if (link_count(inode) > 0)
		add_links(inode, -1);
}

static int ext2_unlink(struct inode *directory, const char *name, size_t length,
		       struct inode *target)
{
	struct ext2_transaction transaction;
	int error = ext2_transaction_begin(&transaction, ext2_of(directory->super),
					   NAME_CHANGE_BLOCKS);

	if (error)
		return error;
	error = ext2_directory_remove(&transaction, directory, name, length);
	if (!error)
		drop_link(target);
	ext2_transaction_end(&transaction);
	return error;
}

/* A directory without a name: gone, with its "." and the ".." that counted for `parent`. */
static void drop_directory(struct inode *target, struct inode *parent)
{
	atomic_store_explicit(&target->link_count, 0, memory_order_relaxed);
	inode_mark_dirty(target, INODE_DIRTY_ATTRIBUTES);
	drop_link(parent);
}

static int ext2_rmdir(struct inode *directory, const char *name, size_t length,
		      struct inode *target)
{
	struct ext2_transaction transaction;
	int error = ext2_directory_check_empty(target);

	if (error)
		return error;
	error = ext2_transaction_begin(&transaction, ext2_of(directory->super),
				       NAME_CHANGE_BLOCKS);
	if (error)
		return error;
	error = ext2_directory_remove(&transaction, directory, name, length);
	if (!error)
		drop_directory(target, directory);
	ext2_transaction_end(&transaction);
	return error;
}

/*
 * ---- rename
 * ----------------------------------------------------------------------------------------
 */

struct name { struct inode *directory; const char *text; size_t length; };

/* Directory `moved` now lies in `to`: its ".." says so, and the counts of both. */
static int change_parent(struct ext2_transaction *transaction, struct inode *moved,
			 struct inode *from, struct inode *to)
{
	int error = ext2_directory_replace(transaction, moved, "..", 2, to);

	if (error)
		return error;
	add_links(to, 1);
	drop_link(from);
	return 0;
}

static int exchange_names(struct ext2_transaction *transaction, const struct name *a,
			  const struct name *b, struct inode *inode_a, struct inode *inode_b)
{
	bool moves = a->directory != b->directory;
	int error = ext2_directory_replace(transaction, b->directory, b->text, b->length, inode_a);

	if (error)
		return error;
	error = ext2_directory_replace(transaction, a->directory, a->text, a->length, inode_b);
	if (!error && moves && inode_is(inode_a, MODE_DIRECTORY))
		error = change_parent(transaction, inode_a, a->directory, b->directory);
	if (!error && moves && inode_is(inode_b, MODE_DIRECTORY))
		error = change_parent(transaction, inode_b, b->directory, a->directory);
	return error;
}

/*
 * The new name first, then the old one goes: whoever looks in between, after a crash, finds at
 * least one.
 */
static int move_name(struct ext2_transaction *transaction, const struct name *from,
		     const struct name *to, struct inode *moved, struct inode *replaced)
{
	bool moves = from->directory != to->directory;
	int error;

	if (replaced)
		error = ext2_directory_replace(transaction, to->directory, to->text, to->length,
					       moved);
	else
		error = ext2_directory_add(transaction, to->directory, to->text, to->length,
					   moved);
	if (!error)
		error = ext2_directory_remove(transaction, from->directory, from->text,
					      from->length);
	if (!error && moves && inode_is(moved, MODE_DIRECTORY))
		error = change_parent(transaction, moved, from->directory, to->directory);
	if (error || !replaced)
		return error;
	if (inode_is(replaced, MODE_DIRECTORY))
		drop_directory(replaced, to->directory);
	else
		drop_link(replaced);
	return 0;
}

static int ext2_rename(struct inode *old_directory, const char *old_name, size_t old_length,
		       struct inode *new_directory, const char *new_name, size_t new_length,
		       struct inode *moved, struct inode *replaced, bool exchange)
{
	const struct name from = { old_directory, old_name, old_length };
	const struct name to = { new_directory, new_name, new_length };
	struct ext2_transaction transaction;
	int error = 0;

	if (!exchange && replaced && inode_is(replaced, MODE_DIRECTORY))
		error = ext2_directory_check_empty(replaced);
	else if (!exchange && inode_is(moved, MODE_DIRECTORY) && old_directory != new_directory &&
		 link_count(new_directory) >= EXT2_LINK_MAX)
		error = -EMLINK;
	if (!error)
		error = ext2_transaction_begin(&transaction, ext2_of(old_directory->super),
					       2 * NAME_CHANGE_BLOCKS);
	if (error)
		return error;
	if (exchange)
		error = exchange_names(&transaction, &from, &to, moved, replaced);
	else
		error = move_name(&transaction, &from, &to, moved, replaced);
	ext2_transaction_end(&transaction);
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
};
