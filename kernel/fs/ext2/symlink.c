/*
 * Symbolic links: a text of up to 59 bytes lies in the inode, where block numbers would be; a
 * longer one has a block, which is read and written as metadata.
 */
#include "fs/ext2/internal.h"

#include "lib/min_max.h"
#include "lib/string.h"
#include "uapi/linux/errno.h"

#define SHORT_LIMIT (EXT2_ROOT_COUNT * 4u)	/* the text and its final 0 */
/* An inode, a block of text, a directory that grows, its inode, the orphans. */
#define LINK_CHANGE_BLOCKS 30

/* Errors: -ENOSPC, -EIO, -ENOMEM. */
static int write_long(struct ext2_transaction *transaction, struct ext2_inode *inode,
		      const char *text, size_t length)
{
	struct ext2_buffer buffer;
	int error;

	mutex_lock(&inode->map_lock);
	error = ext2_map_allocate_metadata(transaction, inode, 0, &buffer);
	mutex_unlock(&inode->map_lock);
	if (error)
		return error;
	memcpy(buffer.data, text, length);
	ext2_metadata_dirty(transaction, &buffer);
	ext2_metadata_put(&buffer);
	return 0;
}

static int write_text(struct ext2_transaction *transaction, struct ext2_inode *inode,
		      const char *text, size_t length)
{
	int error = 0;

	if (length < SHORT_LIMIT) {
		memcpy(inode->link_text, text, length);
		inode->vfs.link_target = inode->link_text;
	} else {
		error = write_long(transaction, inode, text, length);
	}
	if (error)
		return error;
	page_cache_set_size(&inode->vfs.cache, length);
	return ext2_inode_store(transaction, inode);
}

static int create_once(struct inode *directory, const char *name, size_t length,
		       const char *target, user_id uid, group_id gid, struct inode **out)
{
	struct ext2 *fs = ext2_of(directory->super);
	struct ext2_buffer held, held_new;
	struct ext2_transaction transaction;
	struct inode *inode = NULL;
	int error = ext2_transaction_begin(&transaction, fs, LINK_CHANGE_BLOCKS);

	if (error)
		return error;
	error = ext2_inode_hold(ext2_inode_of(directory), &held);
	if (error)
		goto end;
	error = ext2_inode_make(&transaction, directory, MODE_LINK | 0777, 0, uid, gid, &inode,
				&held_new);
	if (!error) {
		error = write_text(&transaction, ext2_inode_of(inode), target, strlen(target));
		if (!error)
			error = ext2_directory_add(&transaction, directory, name, length, inode);
		if (error)
			ext2_inode_abandon(&transaction, ext2_inode_of(inode));
		ext2_metadata_put(&held_new);
	}
	(void)!ext2_inode_store(&transaction, ext2_inode_of(directory));
	ext2_metadata_put(&held);
end:
	ext2_transaction_end(&transaction);
	if (!error)
		*out = inode;
	else if (inode)
		inode_put(inode);
	return error;
}

int ext2_symlink_create(struct inode *directory, const char *name, size_t length,
			const char *target, user_id uid, group_id gid, struct inode **out)
{
	struct ext2 *fs = ext2_of(directory->super);
	unsigned int tries = 0;
	int error;

	if (strlen(target) >= fs->block_size)
		return -ENAMETOOLONG;
	do
		error = create_once(directory, name, length, target, uid, gid, out);
	while (error == -ENOSPC && ext2_retry_for_space(fs, &tries));
	return error;
}

static ssize_t read_long(struct ext2_inode *inode, char *out, size_t size)
{
	size_t length = min_t(size_t, inode_size(&inode->vfs), size);
	struct ext2_buffer buffer;
	int error = ext2_directory_get_block(inode, 0, &buffer);

	if (error)
		return error;
	memcpy(out, buffer.data, length);
	ext2_metadata_put(&buffer);
	return (ssize_t)length;
}

static ssize_t ext2_read_link(struct inode *vfs_inode, char *buffer, size_t size)
{
	struct ext2_inode *inode = ext2_inode_of(vfs_inode);
	size_t length;

	if (!vfs_inode->link_target)
		return read_long(inode, buffer, size);
	length = min_t(size_t, inode_size(vfs_inode), size);
	memcpy(buffer, inode->link_text, length);
	return (ssize_t)length;
}

const struct inode_ops ext2_symlink_ops = {
	.read_link = ext2_read_link,
	.attributes_changed = ext2_attributes_changed,
	.get_attribute = ext2_get_attribute,
	.list_attributes = ext2_list_attributes,
	.set_attribute = ext2_set_attribute,
};
