/*
 * ext2 with a journal when the power goes, when requests fail, and when an enemy has written the
 * journal. The disk has a cache of its own: what was not flushed is lost, sector by sector, or not.
 *
 * test: with=fs/ext2/super.c,fs/ext2/metadata.c,fs/ext2/inode.c,fs/ext2/block_map.c
 * test: with=fs/ext2/delayed.c,fs/ext2/block_alloc.c,fs/ext2/inode_alloc.c
 * test: with=fs/ext2/directory.c,fs/ext2/directory_index.c,fs/ext2/namei.c
 * test: with=fs/ext2/symlink.c,fs/ext2/file.c,fs/ext2/truncate.c,block/block_device.c
 * test: with=block/request_queue.c,block/block_cache.c,block/page_io.c,block/partition.c
 * test: with=block/block_fail.c,vm/page_cache.c,vm/page_cache_io.c,vm/truncate.c
 * test: with=vm/readahead.c,vm/writeback.c,vm/io_buffer.c,vfs/inode.c,vfs/inode_table.c
 * test: with=fs/ext2/freed_blocks.c,fs/ext2/orphan.c,fs/ext2/journal_inode.c
 * test: with=fs/journal/journal.c,fs/journal/transaction.c,fs/journal/commit.c
 * test: with=fs/journal/checkpoint.c,fs/journal/recover.c,fs/journal/copy_writer.c
 * test: with=vfs/file_system.c,block/io_group.c
 */
#include "fs/ext2/ext2_test.h"
#include "fs/journal/format.h"

enum { DISK_SIZE = 5 << 20, FILE_COUNT = 12, CUTS_OF_A_DISK = 25 };
static const char *const journal_format = "-t ext3 -b 1024 -J size=1";

/* ---- what was synced, and what may have happened since ---- */

/* One file: what was last fsynced, and whether it was changed afterwards. */
static struct known {
	bool is_synced;		/* it is there, with this very contents */
	size_t size;
	uint8_t bytes[24 * 1024];
} known[FILE_COUNT];

static void forget_known(void)
{
	for (unsigned int i = 0; i < FILE_COUNT; i++)
		known[i].is_synced = false;
}

static int fsync_it(struct inode *inode)
{
	int error = inode_write_back(inode, true);
	int sync_error = inode->super->ops->sync_inode(inode);

	return error ? error : sync_error;
}

/* One operation on file `which`. Returns its error; fsync makes the contents known. */
static int do_one(uint32_t *random, unsigned int which)
{
	uint32_t what = test_random(random) % 16, where = test_random(random) % 20000;
	size_t size = test_random(random) % 4000 + 1;
	struct known *entry = &known[which];
	struct inode *file, *other;
	char name[16], temporary[16];
	int error;

	snprintf(name, sizeof(name), "n%u", which);
	snprintf(temporary, sizeof(temporary), "t%u", which);
	if (what == 0) {
		entry->is_synced = false;
		return remove_name(root, name);
	}
	if (what == 1)
		return sync_it();
	error = lookup(root, name, &file);
	if (error == -ENOENT)
		error = make(root, name, MODE_REGULAR | 0600, &file);
	if (error)
		return error;
	if (what < 4) {
		entry->is_synced = false;
		error = cut(file, where);
	} else if (what < 9) {
		entry->is_synced = false;
		fill_pattern(chunk, size, where + which);
		error = (int)min_t(ssize_t, write_at(file, where, chunk, size), 0);
	} else if (what < 11) {
		/* As dpkg replaces a file: written beside it, fsynced, renamed. */
		(void)remove_name(root, temporary);
		error = make(root, temporary, MODE_REGULAR | 0600, &other);
		if (!error) {
			fill_pattern(chunk, size, where + which);
			error = (int)min_t(ssize_t, write_at(other, 0, chunk, size), 0);
			if (!error)
				error = fsync_it(other);
			inode_put(other);
			entry->is_synced = false;
			if (!error)
				error = move(root, temporary, root, name);
		}
	} else {
		error = fsync_it(file);
		if (!error) {
			/* When the power goes in the middle of reading, it is not known. */
			entry->size = (size_t)inode_size(file);
			entry->is_synced = read_at(file, 0, entry->bytes, entry->size) ==
					   (ssize_t)entry->size;
		}
	}
	inode_put(file);
	return error;
}

static void check_known(struct test *t)
{
	struct inode *file;
	char name[16];

	for (unsigned int i = 0; i < FILE_COUNT; i++) {
		if (!known[i].is_synced)
			continue;
		snprintf(name, sizeof(name), "n%u", i);
		EXPECT_EQ(t, lookup(root, name, &file), 0);
		EXPECT_EQ(t, inode_size(file), known[i].size);
		EXPECT_EQ(t, read_at(file, 0, seen, sizeof(seen)), known[i].size);
		EXPECT_BYTES(t, seen, known[i].bytes, known[i].size);
		inode_put(file);
	}
}

/* Mount what is on the disk, which replays; look at it, unmount, and have it judged. */
static void check_disk(struct test *t, uint32_t seed)
{
	unsigned int failures = t->failure_count;

	EXPECT_EQ(t, mount_it(false), 0);
	if (super) {
		check_known(t);
		EXPECT_EQ(t, ext2_of(super)->error_count, 0);
		unmount_it();
	}
	EXPECT(t, disk_image_is_clean());
	if (t->failure_count > failures)
		EXPECT_EQ(t, seed, 0);	/* tells which one it was */
}

/* ---- the power goes ---- */

static void make_fresh(struct test *t)
{
	memset(disk.bytes, 0, DISK_SIZE);
	EXPECT(t, disk_image_format(journal_format));
	page_cache_drop_range(&disk.block.cache, 0, UINT32_MAX);
	forget_known();
}

/* Work until the disk has failed, or for `count` operations. */
static void work(uint32_t *random, unsigned int count)
{
	for (unsigned int i = 0; i < count && !disk.is_off; i++)
		(void)do_one(random, test_random(random) % FILE_COUNT);
}

/*
 * After any number of requests, a random part of what was not flushed survives. CUTS_FROM and CUTS
 * in the environment choose others; a disk lives for CUTS_OF_A_DISK of them, so a failure repeats
 * from the last multiple of that before it.
 */
static void the_power_goes(struct test *t)
{
	uint32_t first = test_setting("CUTS_FROM", 0), end = first + test_setting("CUTS", 150);

	machine_start(DISK_SIZE);
	for (uint32_t seed = first; seed < end; seed++) {
		uint32_t random = (seed + 1) * 7919;

		if (seed % CUTS_OF_A_DISK == 0)
			make_fresh(t);
		disk_cache_begin();
		disk.loses_power = true;
		disk.power_left = test_random(&random) % 600;
		if (mount_it(false) == 0) {
			work(&random, 500);
			unmount_it();
		}
		drain();
		disk_cache_lose(&random);
		check_disk(t, seed);
	}
	machine_stop();
}

/* One request fails, or all from it on: nothing that was synced is lost, nothing is torn. */
static void requests_fail(struct test *t)
{
	enum { ROUNDS = 150 };

	machine_start(DISK_SIZE);
	for (uint32_t round = 1; round <= ROUNDS; round++) {
		uint32_t random = round * 104729;

		if (round % 25 == 1)
			make_fresh(t);
		disk.fail_after = test_random(&random) % 400 + 1;
		disk.fails_for_good = round % 2;
		if (mount_it(false) == 0) {
			work(&random, 200);
			unmount_it();
		}
		drain();
		disk.fail_after = 0;
		page_cache_drop_range(&disk.block.cache, 0, UINT32_MAX);
		check_disk(t, round);
	}
	machine_stop();
}

/* A log as a power cut leaves it, on a disk that was not replayed yet. */
static void leave_log(struct test *t, uint32_t *random)
{
	make_fresh(t);
	disk_cache_begin();
	disk.loses_power = true;
	disk.power_left = 900;
	EXPECT_EQ(t, mount_it(false), 0);
	work(random, 500);
	unmount_it();
	drain();
	disk_cache_lose(random);
}

/* Bytes of the journal change at random: an error or a replay, never more than that. */
static void hostile_journals_do_no_harm(struct test *t)
{
	enum { ROUNDS = 300 };
	static uint8_t good[DISK_SIZE];
	uint32_t random = 5, first = 0;

	machine_start(DISK_SIZE);
	leave_log(t, &random);
	memcpy(good, disk.bytes, DISK_SIZE);
	for (uint32_t block = 1; block < DISK_SIZE / 1024 && !first; block++) {
		const struct journal_header *header = (const void *)(good + block * 1024);

		if (header->magic == journal_to_disk(JOURNAL_MAGIC) &&
		    header->kind == journal_to_disk(JOURNAL_SUPER_V2))
			first = block;
	}
	EXPECT(t, first > 0);
	for (uint32_t round = 1; round <= ROUNDS; round++) {
		unsigned int changes = test_random(&random) % 8 + 1;

		memcpy(disk.bytes, good, DISK_SIZE);
		for (unsigned int i = 0; i < changes; i++) {
			/* The superblock, or headers and tags near the start of some block. */
			uint32_t block = first + (round % 3 ? test_random(&random) % 200 : 0);
			uint32_t place = block * 1024 + test_random(&random) % 64;

			disk.bytes[place] = (uint8_t)test_random(&random);
		}
		if (mount_it(round % 4 == 0) == 0) {
			work(&random, 5);
			unmount_it();
		}
		drain();
		page_cache_drop_range(&disk.block.cache, 0, UINT32_MAX);
	}
	forget_known();
	machine_stop();
}

/* Each allocation of mounting (with replay), working and unmounting fails once. */
static void memory_runs_out(struct test *t)
{
	static uint8_t good[DISK_SIZE];
	uint32_t random = 77;
	bool failed = true;

	machine_start(DISK_SIZE);
	leave_log(t, &random);
	memcpy(good, disk.bytes, DISK_SIZE);
	for (unsigned int nth = 1; failed && nth < 600; nth++) {
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

/* Three files that have no name any more are in use when the power goes. */
static void leave_orphans(struct test *t, uint32_t *random)
{
	struct inode *files[3];
	char name[8];

	disk_cache_begin();
	for (unsigned int i = 0; i < ARRAY_SIZE(files); i++) {
		snprintf(name, sizeof(name), "o%u", i);
		EXPECT_EQ(t, make(root, name, MODE_REGULAR | 0600, &files[i]), 0);
		EXPECT_EQ(t, write_at(files[i], 0, chunk, 100000), 100000);
		EXPECT(t, sync_it() >= 0);
		EXPECT_EQ(t, remove_name(root, name), 0);
	}
	EXPECT(t, sync_it() >= 0);
	disk.loses_power = true;
	disk.power_left = 0;
	for (unsigned int i = 0; i < ARRAY_SIZE(files); i++)
		inode_put(files[(i + 1) % ARRAY_SIZE(files)]);
	unmount_it();
	drain();
	disk_cache_lose(random);
}

/* They are finished by the next mount, a reading one too. */
static void orphans_are_finished(struct test *t)
{
	machine_start(DISK_SIZE);
	for (unsigned int pass = 0; pass < 2; pass++) {
		struct fs_statistics before, after;
		uint32_t random = 3 + pass;

		make_fresh(t);
		EXPECT_EQ(t, mount_it(false), 0);
		EXPECT_EQ(t, super->ops->statistics(super, &before), 0);
		leave_orphans(t, &random);
		EXPECT_EQ(t, mount_it(pass == 1), 0);
		EXPECT_EQ(t, super->ops->statistics(super, &after), 0);
		EXPECT_EQ(t, after.blocks_free, before.blocks_free);
		EXPECT_EQ(t, after.inodes_free, before.inodes_free);
		unmount_it();
		EXPECT(t, disk_image_is_clean());
	}
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

/* A device's number, or a link's text, is not a list of blocks to be freed. */
static void only_files_are_cut(struct test *t)
{
	char output[256];

	machine_start(DISK_SIZE);
	make_fresh(t);
	/* Character device 16:3 has 4099 where a file has its first block. */
	EXPECT(t, disk_image_debugfs("mknod device c 16 3", output, sizeof(output)));
	EXPECT(t, disk_image_debugfs("stat device", output, sizeof(output)));
	EXPECT(t, strncmp(output, "Inode: 12 ", 10) == 0);
	EXPECT(t, disk_image_debugfs("set_super_value last_orphan 12", output, sizeof(output)));
	EXPECT(t, disk_image_debugfs("setb 4099", output, sizeof(output)));
	if (mount_it(false) == 0)
		unmount_it();
	EXPECT(t, disk_image_debugfs("testb 4099", output, sizeof(output)));
	EXPECT(t, strcmp(output, "Block 4099 marked in use\n") == 0);
	machine_stop();
}

/* The power went when a directory, and a link, had been cut to nothing and not yet deleted. */
static void half_deleted_inodes_are_finished(struct test *t)
{
	/* "d" and "l" are inodes 12 and 13; what is left of them is on the list of orphans. */
	static const char *const requests[] = {
		"mkdir d", "symlink l x",
		"unlink d", "unlink l", "sif / links_count 3",
		"sif <12> links_count 0", "sif <12> size 0", "sif <12> dtime 13",
		"sif <13> links_count 0", "sif <13> size 0", "set_super_value last_orphan 12",
	};
	char output[256];

	machine_start(DISK_SIZE);
	make_fresh(t);
	for (unsigned int i = 0; i < ARRAY_SIZE(requests); i++)
		EXPECT(t, disk_image_debugfs(requests[i], output, sizeof(output)));
	EXPECT_EQ(t, mount_it(false), 0);
	EXPECT_EQ(t, ext2_of(super)->error_count, 0);
	unmount_it();
	EXPECT(t, disk_image_is_clean());
	machine_stop();
}

/* A block of metadata that looks like the journal's own comes back as it was. */
static void blocks_that_look_like_the_log_survive(struct test *t)
{
	struct inode *link;
	char target[600], text[600];
	uint32_t random = 9;

	memset(target, 'x', sizeof(target));
	memcpy(target, "\xc0\x3b\x39\x98", 4);
	target[sizeof(target) - 1] = 0;
	machine_start(DISK_SIZE);
	make_fresh(t);
	disk_cache_begin();
	EXPECT_EQ(t, mount_it(false), 0);
	rwlock_write_lock(&root->lock);
	EXPECT_EQ(t, root->ops->symlink(root, "l", 1, target, 0, 0, &link), 0);
	rwlock_write_unlock(&root->lock);
	inode_put(link);
	EXPECT(t, sync_it() >= 0);
	disk.loses_power = true;
	unmount_it();
	drain();
	disk_cache_lose(&random);
	EXPECT_EQ(t, mount_it(false), 0);
	EXPECT_EQ(t, lookup(root, "l", &link), 0);
	EXPECT_EQ(t, link->ops->read_link(link, text, sizeof(text)), (ssize_t)sizeof(target) - 1);
	EXPECT_BYTES(t, text, target, sizeof(target) - 1);
	inode_put(link);
	unmount_it();
	EXPECT(t, disk_image_is_clean());
	machine_stop();
}

/*
 * Images that others made (tools/quartet/crash.py) are replayed in place. What is in them then is
 * e2fsck's and the caller's to judge.
 */
static void listed_images_are_replayed(struct test *t)
{
	uint8_t *bytes;
	size_t size;

	for (unsigned int i = 0; (bytes = disk_image_open_listed(i, &size)) != NULL; i++) {
		machine_start_with(bytes, size);
		EXPECT_EQ(t, mount_it(false), 0);
		if (super) {
			EXPECT_EQ(t, ext2_of(super)->error_count, 0);
			unmount_it();
		}
		machine_stop();
	}
}

const struct test_case test_cases[] = {
	TEST(listed_images_are_replayed),
	TEST(half_deleted_inodes_are_finished),
	TEST(orphans_are_finished),
	TEST(orphans_wait_for_memory),
	TEST(want_of_memory_is_no_broken_disk),
	TEST(only_files_are_cut),
	TEST(blocks_that_look_like_the_log_survive),
	TEST(the_power_goes),
	TEST(requests_fail),
	TEST(memory_runs_out),
	TEST(hostile_journals_do_no_harm),
	TEST_END
};
