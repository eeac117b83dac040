/*
 * ext2's extended attributes: what we write debugfs reads, and the other way round; with memory
 * short a change is made whole or not at all.
 *
 * test: bits=64
 * test: with=fs/ext2/super.c,fs/ext2/metadata.c,fs/ext2/inode.c,fs/ext2/block_map.c
 * test: with=fs/ext2/delayed.c,fs/ext2/block_alloc.c,fs/ext2/inode_alloc.c
 * test: with=fs/ext2/directory.c,fs/ext2/directory_index.c,fs/ext2/namei.c
 * test: with=fs/ext2/symlink.c,fs/ext2/file.c,fs/ext2/truncate.c,block/block_device.c
 * test: with=block/request_queue.c,block/block_cache.c,block/page_io.c
 * test: with=block/partition.c,block/partition_table.c
 * test: with=block/block_fail.c,vm/page_cache.c,vm/page_cache_io.c,vm/truncate.c
 * test: with=vm/readahead.c,vm/writeback.c,vm/io_buffer.c,vfs/inode.c,vfs/inode_table.c
 * test: with=fs/ext2/attributes.c,fs/ext2/attribute_list.c
 * test: with=fs/ext2/freed_blocks.c,fs/ext2/orphan.c,fs/ext2/journal_inode.c
 * test: with=fs/journal/journal.c,fs/journal/transaction.c,fs/journal/commit.c
 * test: with=fs/journal/checkpoint.c,fs/journal/recover.c,fs/journal/copy_writer.c
 * test: with=vfs/file_system.c,block/io_group.c
 */
#include "fs/ext2/ext2_test.h"
#include "vfs/extended_attribute.h"

static int set(struct inode *inode, const char *name, const void *value, size_t size, int flags)
{
	int error;

	rwlock_write_lock(&inode->lock);
	error = inode->ops->set_attribute(inode, name, value, size, flags);
	rwlock_write_unlock(&inode->lock);
	return error;
}

static ssize_t get(struct inode *inode, const char *name, void *value, size_t size)
{
	ssize_t result;

	rwlock_read_lock(&inode->lock);
	result = inode->ops->get_attribute(inode, name, value, size);
	rwlock_read_unlock(&inode->lock);
	return result;
}

static bool has(struct inode *inode, const char *name, const void *value, size_t size)
{
	return get(inode, name, seen, sizeof(seen)) == (ssize_t)size &&
	       memcmp(seen, value, size) == 0;
}

static bool contains(const char *text, const char *wanted)
{
	for (; *text; text++) {
		if (strncmp(text, wanted, strlen(wanted)) == 0)
			return true;
	}
	return false;
}

static bool has_features(size_t f)
{
	return !contains(formats[f], "revision=0");
}

static void what_we_write_debugfs_reads(struct test *t)
{
	FOR_EACH_FORMAT(f) {
		char said[512];
		struct inode *file;

		machine_start(format_size(f, 4 << 20));
		EXPECT(t, disk_image_format(formats[f]));
		EXPECT_EQ(t, mount_it(false), 0);
		EXPECT_EQ(t, make(root, "file", MODE_REGULAR | 0600, &file), 0);
		if (!has_features(f)) {
			EXPECT_EQ(t, set(file, "user.a", "b", 1, 0), -EOPNOTSUPP);
			inode_put(file);
			unmount_it();
			machine_stop();
			continue;
		}
		EXPECT_EQ(t, set(file, "user.small", "little", 6, 0), 0);
		EXPECT_EQ(t, set(file, "trusted.large", chunk, 600, 0), 0);
		EXPECT_EQ(t, set(file, "security.empty", "", 0, 0), 0);
		EXPECT_EQ(t, set(file, "user.small", "x", 1, XATTR_CREATE), -EEXIST);
		EXPECT_EQ(t, set(file, "user.gone", NULL, 0, XATTR_REPLACE), -ENODATA);
		forget_caches();
		EXPECT(t, has(file, "user.small", "little", 6));
		EXPECT(t, has(file, "trusted.large", chunk, 600));
		EXPECT(t, has(file, "security.empty", "", 0));
		inode_put(file);
		unmount_it();
		EXPECT(t, disk_image_is_clean());
		EXPECT(t, disk_image_debugfs("ea_get file user.small", said, sizeof(said)));
		EXPECT(t, contains(said, "little"));
		EXPECT(t, disk_image_debugfs("ea_set file user.theirs debugfs", said,
					     sizeof(said)));
		EXPECT_EQ(t, mount_it(false), 0);
		EXPECT_EQ(t, lookup(root, "file", &file), 0);
		EXPECT(t, has(file, "user.theirs", "debugfs", 7));
		EXPECT(t, has(file, "user.small", "little", 6));
		EXPECT(t, has(file, "trusted.large", chunk, 600));
		EXPECT_EQ(t, set(file, "trusted.large", NULL, 0, XATTR_REPLACE), 0);
		inode_put(file);
		unmount_it();
		EXPECT(t, disk_image_is_clean());
		machine_stop();
	}
}

/* Two files with one block of attributes, as Linux makes them: each goes its way. */
static void a_shared_block_is_copied(struct test *t)
{
	char said[512], command[64];
	struct inode *a, *b;
	uint32_t block;

	machine_start(4 << 20);
	EXPECT(t, disk_image_format("-t ext2 -b 1024 -I 128"));
	EXPECT_EQ(t, mount_it(false), 0);
	EXPECT_EQ(t, make(root, "a", MODE_REGULAR | 0600, &a), 0);
	EXPECT_EQ(t, make(root, "b", MODE_REGULAR | 0600, &b), 0);
	EXPECT_EQ(t, set(a, "user.x", "both", 4, 0), 0);
	block = ext2_inode_of(a)->attribute_block;
	inode_put(a);
	inode_put(b);
	unmount_it();
	snprintf(command, sizeof(command), "set_inode_field b file_acl %u", block);
	EXPECT(t, disk_image_debugfs(command, said, sizeof(said)));
	EXPECT(t, disk_image_debugfs("set_inode_field b blocks 2", said, sizeof(said)));
	((struct ext2_attribute_header *)(disk.bytes + block * 1024))->reference_count = 2;
	page_cache_drop_range(&disk.block.cache, 0, UINT32_MAX);
	EXPECT(t, disk_image_is_clean());
	EXPECT_EQ(t, mount_it(false), 0);
	EXPECT_EQ(t, lookup(root, "a", &a), 0);
	EXPECT_EQ(t, lookup(root, "b", &b), 0);
	EXPECT_EQ(t, set(b, "user.x", "mine", 4, 0), 0);
	EXPECT(t, has(a, "user.x", "both", 4) && has(b, "user.x", "mine", 4));
	EXPECT(t, ext2_inode_of(a)->attribute_block != ext2_inode_of(b)->attribute_block);
	EXPECT_EQ(t, set(a, "user.x", NULL, 0, XATTR_REPLACE), 0);
	EXPECT(t, has(b, "user.x", "mine", 4));
	inode_put(a);
	inode_put(b);
	unmount_it();
	EXPECT(t, disk_image_is_clean());
	machine_stop();
}

/* Fail one allocation after another: what is there afterwards is the old or the new. */
static void a_change_is_made_or_not(struct test *t, const char *format)
{
	bool failed = true;

	machine_start(4 << 20);
	EXPECT(t, disk_image_format(format));
	for (unsigned int nth = 1; failed && nth < 100; nth++) {
		struct inode *file;
		int error;

		EXPECT_EQ(t, mount_it(false), 0);
		EXPECT_EQ(t, make(root, "file", MODE_REGULAR | 0644, &file), 0);
		EXPECT_EQ(t, set(file, "user.a", chunk, nth % 2 ? 30 : 300, 0), 0);
		inode_put(file);
		unmount_it();
		page_cache_drop_range(&disk.block.cache, 0, UINT32_MAX);
		EXPECT_EQ(t, mount_it(false), 0);
		EXPECT_EQ(t, lookup(root, "file", &file), 0);
		test_fail_allocation(nth);
		error = set(file, "user.a", chunk + 1, nth % 3 ? 400 : 20, 0);
		failed = test_allocation_failed();
		test_fail_allocation(0);
		EXPECT(t, error == 0 || (failed && error == -ENOMEM));
		if (error)
			EXPECT(t, has(file, "user.a", chunk, nth % 2 ? 30 : 300));
		else
			EXPECT(t, has(file, "user.a", chunk + 1, nth % 3 ? 400 : 20));
		EXPECT_EQ(t, ext2_of(super)->error_count, 0);
		inode_put(file);
		if (nth % 4 == 0) {
			unmount_it();
			EXPECT(t, disk_image_is_clean());
			EXPECT_EQ(t, mount_it(false), 0);
		}
		EXPECT_EQ(t, remove_name(root, "file"), 0);
		unmount_it();
	}
	EXPECT(t, !failed);
	EXPECT(t, disk_image_is_clean());
	machine_stop();
}

static void changes_are_made_or_not(struct test *t)
{
	a_change_is_made_or_not(t, "-t ext2 -b 1024 -I 128");
	a_change_is_made_or_not(t, "-t ext2 -b 4096");
	a_change_is_made_or_not(t, "-t ext3 -b 1024 -J size=1");
}

const struct test_case test_cases[] = {
	TEST(what_we_write_debugfs_reads),
	TEST(a_shared_block_is_copied),
	TEST(changes_are_made_or_not),
	TEST_END
};
