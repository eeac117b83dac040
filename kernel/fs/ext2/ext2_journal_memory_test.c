/*
 * ext2 with a journal when there is no memory: every allocation fails once with EVERY=1 in the
 * environment, every fifth without it.
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
#include "fs/ext2/ext2_journal_test.h"

/* Each allocation of mounting (with replay), working and unmounting fails once. */
static void memory_runs_out(struct test *t)
{
	static uint8_t good[DISK_SIZE];
	uint32_t random = 77, step = test_setting("EVERY", 5);
	bool failed = true;

	machine_start(DISK_SIZE);
	leave_log(t, &random);
	memcpy(good, disk.bytes, DISK_SIZE);
	for (unsigned int nth = 1; failed && nth < 600; nth += step) {
		uint32_t same = 4711;

		memcpy(disk.bytes, good, DISK_SIZE);
		page_cache_drop_range(&disk.block.cache, 0, UINT32_MAX);
		test_fail_allocation(nth);
		if (mount_it(false) == 0) {
			forget_known();
			work(&same, 30);
			failed = test_allocation_failed();
			EXPECT_EQ(t, ext2_of(super)->error_count, 0);
			unmount_it();
			EXPECT(t, disk_image_is_clean());
		} else {
			failed = test_allocation_failed();
			EXPECT(t, failed);
		}
	}
	EXPECT(t, !failed);
	forget_known();
	machine_stop();
}

/* Without memory to finish them there is no mount; that is no error of the disk. */
static void orphans_wait_for_memory(struct test *t)
{
	static uint8_t good[DISK_SIZE];
	uint32_t random = 5;
	bool failed = true;

	machine_start(DISK_SIZE);
	make_fresh(t);
	EXPECT_EQ(t, mount_it(false), 0);
	leave_orphans(t, &random);
	memcpy(good, disk.bytes, DISK_SIZE);
	for (unsigned int nth = 1; failed && nth < 400; nth++) {
		int error;

		memcpy(disk.bytes, good, DISK_SIZE);
		page_cache_drop_range(&disk.block.cache, 0, UINT32_MAX);
		test_fail_allocation(nth);
		error = mount_it(false);
		failed = test_allocation_failed();
		test_fail_allocation(0);
		EXPECT(t, error == 0 || (failed && error == -ENOMEM));
		if (error)
			EXPECT_EQ(t, mount_it(false), 0);
		unmount_it();
		EXPECT(t, disk_image_is_clean());
	}
	EXPECT(t, !failed);
	machine_stop();
}

/* What could not be written for want of memory is written by the next fsync, which is glad. */
static void want_of_memory_is_no_broken_disk(struct test *t)
{
	bool failed = true;

	machine_start(DISK_SIZE);
	make_fresh(t);
	for (unsigned int nth = 1; failed && nth < 100; nth++) {
		struct inode *file;
		int error;

		EXPECT_EQ(t, mount_it(false), 0);
		EXPECT_EQ(t, make(root, "file", MODE_REGULAR | 0644, &file), 0);
		EXPECT_EQ(t, write_at(file, 300000, chunk, 20000), 20000);
		test_fail_allocation(nth);
		error = inode_write_back(file, true);
		failed = test_allocation_failed();
		test_fail_allocation(0);
		EXPECT(t, error == 0 || (failed && error == -ENOMEM));
		EXPECT_EQ(t, inode_write_back(file, true), 0);
		EXPECT_EQ(t, file->cache.dirty_count, 0);
		inode_put(file);
		EXPECT_EQ(t, remove_name(root, "file"), 0);
		unmount_it();
	}
	EXPECT(t, !failed);
	EXPECT(t, disk_image_is_clean());
	machine_stop();
}

/*
 * A block was promised, and then, for want of memory, all free ones of its group have to wait for a
 * commit. fsync makes it, and is glad: also if the file itself needs no commit any more, since
 * nothing of its inode changes.
 */
static void a_promise_waits_for_a_commit(struct test *t, bool inode_is_committed)
{
	enum { DIRECT = 12000 };	/* without an indirect block, which changes the inode */
	bool failed = true;

	machine_start(DISK_SIZE);
	make_fresh(t);
	for (unsigned int nth = 1; failed && nth < 100; nth++) {
		struct inode *file, *other;
		int error;

		EXPECT_EQ(t, mount_it(false), 0);
		EXPECT_EQ(t, make(root, "other", MODE_REGULAR | 0644, &other), 0);
		EXPECT_EQ(t, write_at(other, 0, chunk, 20000), 20000);
		EXPECT_EQ(t, inode_sync(other), 0);
		EXPECT_EQ(t, make(root, "file", MODE_REGULAR | 0644, &file), 0);
		if (inode_is_committed) {
			EXPECT_EQ(t, cut(file, DIRECT), 0);
			EXPECT_EQ(t, inode_sync(file), 0);
		}
		EXPECT_EQ(t, write_at(file, 0, chunk, DIRECT), DIRECT);
		test_fail_allocation(nth);
		error = cut(other, 0);
		failed = test_allocation_failed();
		test_fail_allocation(0);
		EXPECT(t, error == 0 || (failed && error == -ENOMEM));
		EXPECT_EQ(t, inode_sync(file), 0);
		EXPECT_EQ(t, file->cache.dirty_count, 0);
		inode_put(file);
		inode_put(other);
		EXPECT_EQ(t, remove_name(root, "file"), 0);
		EXPECT_EQ(t, remove_name(root, "other"), 0);
		unmount_it();
	}
	EXPECT(t, !failed);
	EXPECT(t, disk_image_is_clean());
	machine_stop();
}

static void fsync_commits_what_a_promise_waits_for(struct test *t)
{
	a_promise_waits_for_a_commit(t, false);
	a_promise_waits_for_a_commit(t, true);
}

const struct test_case test_cases[] = {
	TEST(orphans_wait_for_memory),
	TEST(want_of_memory_is_no_broken_disk),
	TEST(fsync_commits_what_a_promise_waits_for),
	TEST(memory_runs_out),
	TEST_END
};
