/*
 * ext2 when things go wrong: no memory, corrupt disks, disks that fail, features from elsewhere.
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

/* A cut either has not begun, and the file is as it was, or it is done: no memory comes between. */
static void a_cut_is_done_or_not_begun(struct test *t)
{
	bool failed = true;

	machine_start(4 << 20);
	EXPECT(t, disk_image_format(formats[0]));
	for (unsigned int nth = 1; failed && nth < 100; nth++) {
		struct inode *file;
		int error;

		EXPECT_EQ(t, mount_it(false), 0);
		EXPECT_EQ(t, make(root, "file", MODE_REGULAR | 0644, &file), 0);
		EXPECT_EQ(t, write_at(file, 300000, chunk, 20000), 20000);
		inode_put(file);
		unmount_it();
		/* Where its blocks lie is to be read anew, into frames that have to be had. */
		page_cache_drop_range(&disk.block.cache, 0, UINT32_MAX);
		EXPECT_EQ(t, mount_it(false), 0);
		EXPECT_EQ(t, lookup(root, "file", &file), 0);
		test_fail_allocation(nth);
		error = cut(file, 1000);
		failed = test_allocation_failed();
		test_fail_allocation(0);
		EXPECT(t, error == 0 || (failed && error == -ENOMEM));
		EXPECT_EQ(t, inode_size(file), error ? 320000 : 1000);
		inode_put(file);
		EXPECT_EQ(t, remove_name(root, "file"), 0);
		unmount_it();
	}
	EXPECT(t, !failed);
	EXPECT(t, disk_image_is_clean());
	machine_stop();
}

/* Whoever lets go of a file without a name is told nothing: its deletion waits for memory. */
static void a_deletion_is_not_lost(struct test *t, const char *format)
{
	char said[256];
	bool failed = true;

	machine_start(4 << 20);
	EXPECT(t, disk_image_format(format));
	for (unsigned int nth = 1; failed && nth < 100; nth++) {
		struct inode *first, *file;

		EXPECT_EQ(t, mount_it(false), 0);
		EXPECT_EQ(t, make(root, "first", MODE_REGULAR | 0644, &first), 0);
		EXPECT_EQ(t, make(root, "file", MODE_REGULAR | 0644, &file), 0);
		EXPECT_EQ(t, write_at(file, 300000, chunk, 20000), 20000);
		inode_put(first);
		inode_put(file);
		unmount_it();
		EXPECT(t, disk_image_debugfs("ea_set file user.a b", said, sizeof(said)));
		page_cache_drop_range(&disk.block.cache, 0, UINT32_MAX);
		EXPECT_EQ(t, mount_it(false), 0);
		EXPECT_EQ(t, lookup(root, "first", &first), 0);
		EXPECT_EQ(t, lookup(root, "file", &file), 0);
		EXPECT_EQ(t, remove_name(root, "file"), 0);
		EXPECT_EQ(t, remove_name(root, "first"), 0);
		/* Its map and the bitmaps are still to be read. */
		test_fail_allocation(nth);
		inode_put(file);
		failed = test_allocation_failed();
		test_fail_allocation(0);
		inode_put(first);
		EXPECT_EQ(t, ext2_of(super)->error_count, 0);
		unmount_it();
		EXPECT(t, disk_image_is_clean());
	}
	EXPECT(t, !failed);
	machine_stop();
}

static void deletions_are_not_lost(struct test *t)
{
	a_deletion_is_not_lost(t, "-t ext2 -b 1024 -I 128");
	a_deletion_is_not_lost(t, "-t ext3 -b 1024 -I 128 -J size=1");
}

/* Fail one allocation after another: the worst is -ENOMEM, and the disk stays clean. */
static void running_out_of_memory_harms_nothing(struct test *t)
{
	bool failed = true;

	machine_start(4 << 20);
	EXPECT(t, disk_image_format(formats[0]));
	for (unsigned int nth = 1; failed && nth < 400; nth++) {
		struct inode *dir = NULL, *file = NULL;
		int error;

		test_fail_allocation(nth);
		error = mount_it(false);
		if (!error) {
			error = make(root, "dir", MODE_DIRECTORY | 0755, &dir);
			if (!error)
				error = make(dir, "file", MODE_REGULAR | 0644, &file);
			if (!error)
				error = min((int)write_at(file, 300000, chunk, 20000), 0);
			if (!error)
				error = min(sync_it(), 0);
			if (!error)
				error = cut(file, 1000);
			if (file)
				inode_put(file);
			if (!error)
				error = move(dir, "file", root, "moved");
			if (dir)
				inode_put(dir);
		}
		failed = test_allocation_failed();
		EXPECT(t, error == 0 || (failed && (error == -ENOMEM || error == -EIO)));
		if (super) {
			(void)remove_name(root, "moved");
			if (lookup(root, "dir", &dir) == 0) {
				(void)remove_name(dir, "file");
				inode_put(dir);
			}
			error = remove_name(root, "dir");
			EXPECT(t, error == 0 || error == -ENOENT);
			EXPECT_EQ(t, ext2_of(super)->error_count, 0);
			unmount_it();
		}
		EXPECT(t, disk_image_is_clean());
	}
	EXPECT(t, !failed);
	machine_stop();
}

/* Go through everything that can be reached, and change some of it; no result is expected. */
static void use_everything(uint32_t *random)
{
	struct inode *file, *other;
	char name[32];

	for (unsigned int i = 0; i < 12; i++) {
		snprintf(name, sizeof(name), "n%u", i);
		if (lookup(root, name, &file))
			continue;
		if (inode_is(file, MODE_REGULAR)) {
			(void)!read_at(file, test_random(random) % 400000, seen, 20000);
			(void)!write_at(file, test_random(random) % 400000, chunk, 5000);
			(void)!cut(file, test_random(random) % 100000);
		} else if (inode_is(file, MODE_DIRECTORY)) {
			if (make(file, "new", MODE_REGULAR | 0600, &other) == 0)
				inode_put(other);
			(void)!remove_name(file, "inner");
		}
		inode_put(file);
		if (i % 2)
			(void)!remove_name(root, name);
	}
	(void)!move(root, "n2", root, "elsewhere");
}

static void prepare_victim(struct test *t)
{
	struct inode *file, *inner;
	char name[32];

	EXPECT_EQ(t, mount_it(false), 0);
	for (unsigned int i = 0; i < 12; i++) {
		bool is_dir = i % 3 == 2;

		snprintf(name, sizeof(name), "n%u", i);
		EXPECT_EQ(t, make(root, name, is_dir ? MODE_DIRECTORY | 0700 : MODE_REGULAR | 0600,
				  &file), 0);
		if (is_dir) {
			EXPECT_EQ(t, make(file, "inner", MODE_REGULAR | 0600, &inner), 0);
			inode_put(inner);
		} else {
			EXPECT(t, write_at(file, i * 50000, chunk, 30000) == 30000);
		}
		inode_put(file);
	}
	unmount_it();
	EXPECT(t, disk_image_is_clean());
}

/* Change bytes of the metadata at random: errors are fine, anything else is not. */
static void corrupt_disks_do_no_harm(struct test *t)
{
	enum { SIZE = 1 << 20, ROUNDS = 300 };
	static uint8_t good[SIZE];

	for (size_t f = 0; f < 3; f++) {
		machine_start(SIZE);
		EXPECT(t, disk_image_format(formats[f]));
		prepare_victim(t);
		memcpy(good, disk.bytes, SIZE);
		for (uint32_t round = 1; round <= ROUNDS; round++) {
			uint32_t random = round;
			unsigned int changes = test_random(&random) % 40 + 1;

			memcpy(disk.bytes, good, SIZE);
			for (unsigned int i = 0; i < changes; i++) {
				/* Mostly where the metadata is: near the start of the disk. */
				uint32_t range = round % 2 ? SIZE / 8 : SIZE;
				uint32_t place = 1024 + test_random(&random) % (range - 1024);

				disk.bytes[place] = round % 3 ? (uint8_t)test_random(&random) :
								(uint8_t)-(i % 2);
			}
			if (mount_it(round % 5 == 0) == 0) {
				use_everything(&random);
				unmount_it();
			}
			drain();
			page_cache_drop_range(&disk.block.cache, 0, UINT32_MAX);
		}
		machine_stop();
	}
}

/* A directory that has lost its ".." cannot move to another: an error, and no harm. */
static void a_directory_without_parent_stays(struct test *t)
{
	struct inode *child, *target;
	uint8_t *entry;

	machine_start(1 << 20);
	EXPECT(t, disk_image_format(formats[0]));
	EXPECT_EQ(t, mount_it(false), 0);
	EXPECT_EQ(t, make(root, "child", MODE_DIRECTORY | 0700, &child), 0);
	EXPECT_EQ(t, make(root, "target", MODE_DIRECTORY | 0700, &target), 0);
	EXPECT(t, sync_it() >= 0);
	inode_put(target);
	inode_put(child);
	unmount_it();
	page_cache_drop_range(&disk.block.cache, 0, UINT32_MAX);
	/* The first block that begins with "." and "..", and is not the root's (inode 2). */
	for (entry = disk.bytes; entry < disk.bytes + (1 << 20); entry += 1024) {
		if (memcmp(entry + 4, "\x0c\x00\x01\x02.", 5) == 0 &&
		    memcmp(entry + 18, "\x02\x02..", 4) == 0 && entry[0] > 11)
			memcpy(entry + 20, "xx", 2);
	}
	EXPECT_EQ(t, mount_it(false), 0);
	EXPECT_EQ(t, lookup(root, "target", &target), 0);
	EXPECT(t, move(root, "child", target, "moved") < 0);
	inode_put(target);
	unmount_it();
	machine_stop();
}

/* A disk that stops answering: errors, read-only, and no harm. */
static void a_broken_disk_is_an_error(struct test *t)
{
	struct inode *file;
	uint32_t random = 3;

	machine_start(1 << 20);
	EXPECT(t, disk_image_format(formats[0]));
	prepare_victim(t);
	EXPECT_EQ(t, mount_it(false), 0);
	EXPECT_EQ(t, lookup(root, "n4", &file), 0);
	disk.broken = true;
	EXPECT_EQ(t, read_at(file, 200000, seen, 4096), -EIO);
	use_everything(&random);
	EXPECT(t, sync_it() < 0);
	EXPECT(t, super->read_only);
	disk.broken = false;
	inode_put(file);
	unmount_it();
	machine_stop();
}

static void chosen_sectors_fail(struct test *t)
{
	struct inode *file;

	machine_start(1 << 20);
	EXPECT(t, disk_image_format(formats[0]));
	prepare_victim(t);
	EXPECT_EQ(t, block_fail_set("test:2"), 0);
	EXPECT_EQ(t, mount_it(true), -EIO);
	EXPECT_EQ(t, block_fail_set("test:2:w,other:3-4:r"), 0);
	EXPECT_EQ(t, block_fail_set("nonsense"), -EINVAL);
	EXPECT_EQ(t, mount_it(true), 0);
	EXPECT_EQ(t, lookup(root, "n0", &file), 0);
	inode_put(file);
	unmount_it();
	EXPECT_EQ(t, block_fail_set(""), 0);
	machine_stop();
}

static void strange_features_are_refused(struct test *t)
{
	static const struct { const char *format; int writable, readable; } cases[] = {
		{ "-t ext4 -b 1024", -EINVAL, -EINVAL },
		{ "-t ext3 -b 1024", 0, 0 },
		{ "-t ext2 -b 1024 -O dir_nlink", 0, 0 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		machine_start(4 << 20);
		EXPECT(t, disk_image_format(cases[i].format));
		EXPECT_EQ(t, mount_it(false), cases[i].writable);
		if (super) {
			EXPECT_EQ(t, super->read_only, i == 2);
			unmount_it();
			EXPECT(t, disk_image_is_clean());
		}
		EXPECT_EQ(t, mount_it(true), cases[i].readable);
		if (super)
			unmount_it();
		machine_stop();
	}
}

const struct test_case test_cases[] = {
	TEST(a_cut_is_done_or_not_begun),
	TEST(deletions_are_not_lost),
	TEST(running_out_of_memory_harms_nothing),
	TEST(corrupt_disks_do_no_harm),
	TEST(a_directory_without_parent_stays),
	TEST(a_broken_disk_is_an_error),
	TEST(chosen_sectors_fail),
	TEST(strange_features_are_refused),
	TEST_END
};
