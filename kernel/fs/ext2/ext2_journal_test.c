/*
 * ext2 with a journal when the power goes, when requests fail, and when an enemy has written the
 * journal. The disk has a cache of its own: what was not flushed is lost, sector by sector, or not.
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
#include "fs/journal/format.h"

enum { CUTS_OF_A_DISK = 25 };

/* ---- the power goes ---- */

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

/* Where the journal's superblock is, in blocks of the disk; the journal lies in one piece there. */
static uint32_t find_journal(void)
{
	for (uint32_t block = 1; block < DISK_SIZE / 1024; block++) {
		const struct journal_header *header = (const void *)(disk.bytes + block * 1024);

		if (header->magic == journal_to_disk(JOURNAL_MAGIC) &&
		    header->kind == journal_to_disk(JOURNAL_SUPER_V2))
			return block;
	}
	return 0;
}

/* Bytes of the journal change at random: an error or a replay, never more than that. */
static void hostile_journals_do_no_harm(struct test *t)
{
	enum { ROUNDS = 300 };
	static uint8_t good[DISK_SIZE];
	uint32_t random = 5, first;

	machine_start(DISK_SIZE);
	leave_log(t, &random);
	memcpy(good, disk.bytes, DISK_SIZE);
	first = find_journal();
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

static struct journal_header *put_header(uint8_t *block, uint32_t kind, uint32_t sequence)
{
	struct journal_header *header = (struct journal_header *)block;

	memset(block, 0, 1024);
	header->magic = journal_to_disk(JOURNAL_MAGIC);
	header->kind = journal_to_disk(kind);
	header->sequence = journal_to_disk(sequence);
	return header;
}

/* Revokes of what the log has no copy of cost no memory: a log has room for very many. */
static void a_log_full_of_revokes_takes_no_memory(struct test *t)
{
	enum { REVOKE_BLOCKS = 8, EACH = (1024 - 16) / 4, MOST_ALLOCATIONS = 1000 };
	struct journal_superblock *journal;
	uint32_t first, block = 1000000;
	uint8_t *log;

	machine_start(DISK_SIZE);
	make_fresh(t);
	EXPECT_EQ(t, mount_it(false), 0);
	unmount_it();
	page_cache_drop_range(&disk.block.cache, 0, UINT32_MAX);
	first = find_journal();
	EXPECT(t, first > 0);
	journal = (struct journal_superblock *)(disk.bytes + first * 1024);
	journal->sequence = journal_to_disk(5);
	journal->start = journal_to_disk(1);
	journal->features_incompatible = journal_to_disk(JOURNAL_INCOMPAT_REVOKE);
	((struct ext2_superblock *)(disk.bytes + 1024))->features_incompatible |=
		EXT2_INCOMPAT_RECOVER;
	log = disk.bytes + (first + 1) * 1024;
	for (unsigned int i = 0; i < REVOKE_BLOCKS; i++, log += 1024) {
		struct journal_revoke_header *header =
			(void *)put_header(log, JOURNAL_REVOKE, 5);
		uint32_t *blocks = (uint32_t *)(header + 1);

		header->size = journal_to_disk(1024);
		for (unsigned int j = 0; j < EACH; j++)
			blocks[j] = journal_to_disk(block++);
	}
	put_header(log, JOURNAL_COMMIT, 5);
	put_header(log + 1024, JOURNAL_COMMIT, 3);	/* older: the end */
	test_fail_allocation(MOST_ALLOCATIONS);
	EXPECT_EQ(t, mount_it(false), 0);
	EXPECT(t, !test_allocation_failed());
	EXPECT_EQ(t, journal_from_disk(journal->sequence), 7);	/* it was replayed */
	unmount_it();
	EXPECT(t, disk_image_is_clean());
	machine_stop();
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

/* A file is made longer and cut again: fsync of it commits the names that were made before that. */
static void fsync_after_a_cut_that_is_undone_commits(struct test *t)
{
	struct inode *file, *other;
	uint32_t random = 11;

	machine_start(DISK_SIZE);
	make_fresh(t);
	disk_cache_begin();
	EXPECT_EQ(t, mount_it(false), 0);
	EXPECT_EQ(t, make(root, "file", MODE_REGULAR | 0600, &file), 0);
	EXPECT(t, sync_it() >= 0);
	EXPECT_EQ(t, make(root, "other", MODE_REGULAR | 0600, &other), 0);
	inode_put(other);
	EXPECT_EQ(t, cut(file, 1000), 0);
	EXPECT_EQ(t, cut(file, 0), 0);
	EXPECT_EQ(t, inode_write_back(file, true), 0);
	EXPECT_EQ(t, super->ops->sync_inode(file), 0);
	disk.loses_power = true;
	disk.power_left = 0;
	inode_put(file);
	unmount_it();
	drain();
	disk_cache_lose(&random);
	EXPECT_EQ(t, mount_it(false), 0);
	EXPECT_EQ(t, lookup(root, "other", &other), 0);
	inode_put(other);
	unmount_it();
	EXPECT(t, disk_image_is_clean());
	machine_stop();
}

/* ---- a size reaches the disk with what is behind it ---- */

/* The inode is stored as it is, and committed, as if another's fsync had done it. */
static void store_and_commit(struct test *t, struct inode *file)
{
	EXPECT_EQ(t, super->ops->inode_write(file, false), 0);
	EXPECT_EQ(t, super->ops->sync_inode(file), 0);
}

/* The power goes at once, and the disk is mounted again. "file" is given back, and looked up. */
static void lose_power(struct test *t, uint32_t *random, struct inode **file)
{
	disk.loses_power = true;
	disk.power_left = 0;
	inode_put(*file);
	unmount_it();
	drain();
	disk_cache_lose(random);
	EXPECT_EQ(t, mount_it(false), 0);	/* which replays */
	unmount_it();
	EXPECT(t, disk_image_is_clean());
	disk_cache_begin();
	EXPECT_EQ(t, mount_it(false), 0);
	EXPECT_EQ(t, lookup(root, "file", file), 0);
}

static void start_with_file(struct test *t, struct inode **file)
{
	machine_start(DISK_SIZE);
	make_fresh(t);
	disk_cache_begin();
	fill_pattern(chunk, sizeof(chunk), 7);
	for (size_t i = 0; i < sizeof(chunk); i++)
		chunk[i] |= 1;
	EXPECT_EQ(t, mount_it(false), 0);
	EXPECT_EQ(t, make(root, "file", MODE_REGULAR | 0600, file), 0);
	EXPECT(t, sync_it() >= 0);
}

/* It is `least` to `most` bytes long, and those that were written to it. */
static void expect_prefix(struct test *t, struct inode *file, size_t least, size_t most)
{
	size_t size = (size_t)inode_size(file);

	EXPECT(t, size >= least);
	EXPECT(t, size <= most);
	EXPECT_EQ(t, read_at(file, 0, seen, sizeof(seen)), (ssize_t)size);
	EXPECT_BYTES(t, seen, chunk, min(size, most));
}

static void end_with_file(struct test *t, struct inode *file)
{
	inode_put(file);
	unmount_it();
	EXPECT(t, disk_image_is_clean());
	machine_stop();
}

static void a_size_waits_for_its_data(struct test *t)
{
	struct inode *file;
	uint32_t random = 13;

	start_with_file(t, &file);
	EXPECT_EQ(t, write_at(file, 0, chunk, 100000), 100000);
	store_and_commit(t, file);
	EXPECT_EQ(t, inode_size(file), 100000);
	lose_power(t, &random, &file);
	expect_prefix(t, file, 0, 0);
	end_with_file(t, file);
}

/* Bytes behind the old end in a block that has its place already. */
static void so_does_that_of_a_longer_last_block(struct test *t)
{
	struct inode *file;
	uint32_t random = 14;

	start_with_file(t, &file);
	EXPECT_EQ(t, write_at(file, 0, chunk, 100), 100);
	EXPECT_EQ(t, inode_sync(file), 0);
	EXPECT_EQ(t, write_at(file, 100, chunk + 100, 400), 400);
	store_and_commit(t, file);
	lose_power(t, &random, &file);
	expect_prefix(t, file, 100, 100);
	end_with_file(t, file);
}

/* A page that is to be written brings those before it. */
static void pages_beyond_the_size_are_written_in_order(struct test *t)
{
	struct inode *file;
	uint32_t random = 15;

	start_with_file(t, &file);
	EXPECT_EQ(t, write_at(file, 0, chunk, 100000), 100000);
	EXPECT_EQ(t, page_cache_write_back(&file->cache, 5, 6, true), 0);
	store_and_commit(t, file);
	lose_power(t, &random, &file);
	expect_prefix(t, file, 6 * PAGE_SIZE, 6 * PAGE_SIZE);
	end_with_file(t, file);
}

/* A hole at the end has nothing to be written, but the data before it has. */
static void a_hole_at_the_end_waits_too(struct test *t)
{
	struct inode *file;
	uint32_t random = 16;

	start_with_file(t, &file);
	memset(chunk + 5000, 0, 95000);
	EXPECT_EQ(t, write_at(file, 0, chunk, 5000), 5000);
	EXPECT_EQ(t, cut(file, 60000), 0);
	store_and_commit(t, file);
	lose_power(t, &random, &file);
	expect_prefix(t, file, 0, 0);
	EXPECT_EQ(t, write_at(file, 0, chunk, 5000), 5000);
	EXPECT_EQ(t, cut(file, 60000), 0);
	EXPECT_EQ(t, inode_sync(file), 0);
	lose_power(t, &random, &file);
	expect_prefix(t, file, 60000, 60000);
	EXPECT_EQ(t, cut(file, 100000), 0);
	EXPECT_EQ(t, inode_sync(file), 0);
	lose_power(t, &random, &file);
	expect_prefix(t, file, 100000, 100000);
	end_with_file(t, file);
}

/* A file that is appended to, written back in part, stored and committed, at random. */
static void what_was_appended_is_there_from_its_beginning(struct test *t)
{
	enum { ROUNDS = 60 };
	struct inode *file;
	uint32_t random = 17;

	start_with_file(t, &file);
	for (unsigned int round = 0; round < ROUNDS; round++) {
		size_t size = 0, synced = 0;
		unsigned int steps = test_random(&random) % 40;

		EXPECT_EQ(t, cut(file, 0), 0);
		EXPECT_EQ(t, inode_sync(file), 0);
		for (unsigned int i = 0; i < steps; i++) {
			uint32_t what = test_random(&random) % 16, first, next;
			size_t count = test_random(&random) % (what % 2 ? 300 : 12000);

			count = min(count, sizeof(chunk) - size);
			first = test_random(&random) % 40;
			next = first + 1 + test_random(&random) % 10;
			if (what < 10) {
				EXPECT_EQ(t, write_at(file, size, chunk + size, count), count);
				size += count;
			} else if (what < 13) {
				EXPECT_EQ(t, page_cache_write_back(&file->cache, first, next,
								   what == 10), 0);
			} else if (what < 15) {
				store_and_commit(t, file);
			} else {
				EXPECT_EQ(t, inode_sync(file), 0);
				synced = size;
			}
		}
		lose_power(t, &random, &file);
		expect_prefix(t, file, synced, size);
	}
	end_with_file(t, file);
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
	TEST(only_files_are_cut),
	TEST(blocks_that_look_like_the_log_survive),
	TEST(fsync_after_a_cut_that_is_undone_commits),
	TEST(a_size_waits_for_its_data),
	TEST(so_does_that_of_a_longer_last_block),
	TEST(pages_beyond_the_size_are_written_in_order),
	TEST(a_hole_at_the_end_waits_too),
	TEST(what_was_appended_is_there_from_its_beginning),
	TEST(the_power_goes),
	TEST(requests_fail),
	TEST(hostile_journals_do_no_harm),
	TEST(a_log_full_of_revokes_takes_no_memory),
	TEST_END
};
