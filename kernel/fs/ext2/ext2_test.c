/*
 * ext2 does what it should: what it writes is judged by e2fsck, what it reads was written by
 * debugfs.
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
#include "vm/internal.h"

static void files_survive_unmounting(struct test *t)
{
	FOR_EACH_FORMAT(f) {
		struct inode *file, *dir;

		machine_start(format_size(f, 8 << 20));
		EXPECT(t, disk_image_format(formats[f]));
		EXPECT_EQ(t, mount_it(false), 0);
		EXPECT_EQ(t, make(root, "dir", MODE_DIRECTORY | 0755, &dir), 0);
		EXPECT_EQ(t, make(dir, "file", MODE_REGULAR | 0644, &file), 0);
		fill_pattern(chunk, sizeof(chunk), (uint32_t)f);
		EXPECT_EQ(t, write_at(file, 0, chunk, 100001), 100001);
		EXPECT_EQ(t, write_at(file, 100001, chunk + 100001, 50000), 50000);
		inode_put(file);
		inode_put(dir);
		unmount_it();
		EXPECT(t, disk_image_is_clean());

		EXPECT_EQ(t, mount_it(true), 0);
		EXPECT_EQ(t, lookup(root, "dir", &dir), 0);
		EXPECT_EQ(t, lookup(dir, "file", &file), 0);
		EXPECT_EQ(t, inode_size(file), 150001);
		EXPECT_EQ(t, read_at(file, 0, seen, sizeof(seen)), 150001);
		EXPECT_BYTES(t, seen, chunk, 150001);
		inode_put(file);
		inode_put(dir);
		unmount_it();
		machine_stop();
	}
}

static void what_debugfs_wrote_is_read(struct test *t)
{
	FOR_EACH_FORMAT(f) {
		char output[256];
		struct inode *file, *link;
		char text[64];

		machine_start(format_size(f, 4 << 20));
		EXPECT(t, disk_image_format(formats[f]));
		EXPECT(t, disk_image_debugfs("write /etc/passwd passwd", output, sizeof(output)));
		EXPECT(t, disk_image_debugfs("symlink short passwd", output, sizeof(output)));
		EXPECT_EQ(t, mount_it(true), 0);
		EXPECT_EQ(t, lookup(root, "passwd", &file), 0);
		EXPECT(t, read_at(file, 0, seen, 5) == 5 && memcmp(seen, "root:", 5) == 0);
		EXPECT_EQ(t, lookup(root, "short", &link), 0);
		EXPECT_EQ(t, link->ops->read_link(link, text, sizeof(text)), 6);
		EXPECT_STR(t, link->link_target, "passwd");
		EXPECT_EQ(t, lookup(root, "absent", &file), -ENOENT);
		inode_put(link);
		EXPECT_EQ(t, lookup(root, "passwd", &file), 0);
		inode_put(file);
		inode_put(file);
		unmount_it();
		machine_stop();
	}
}

static struct inode *to_be_cut;		/* while somebody sleeps who writes it back; or NULL */
enum { CUT_TO = 100 * PAGE_SIZE + 10 };

/* What ext2_truncate does first; its locks cannot be had by a thread that sleeps with others. */
static bool cut_meanwhile(void)
{
	struct inode *file = to_be_cut;

	to_be_cut = NULL;
	if (file) {
		page_cache_limit_pass(&file->cache, CUT_TO);
		page_cache_set_size(&file->cache, CUT_TO);
		ext2_inode_of(file)->disk_size = min_t(uint64_t, ext2_inode_of(file)->disk_size,
						       CUT_TO);
	}
	return disk_step();
}

/*
 * Places are given to pages beyond those that are written now. A file that is cut there, before
 * they are, is no longer than it was cut, also on the disk.
 */
static void a_cut_behind_what_is_written_holds(struct test *t)
{
	enum { PAGES = 200 };

	FOR_EACH_FORMAT(f) {
		struct inode *file;

		machine_start(format_size(f, 8 << 20));
		EXPECT(t, disk_image_format(formats[f]));
		EXPECT_EQ(t, mount_it(false), 0);
		EXPECT_EQ(t, make(root, "file", MODE_REGULAR | 0644, &file), 0);
		EXPECT_EQ(t, inode_sync(file), 0);
		fill_pattern(chunk, sizeof(chunk), 3);
		for (uint64_t at = 0; at < PAGES * PAGE_SIZE; at += PAGE_SIZE)
			EXPECT_EQ(t, write_at(file, at, chunk, PAGE_SIZE), PAGE_SIZE);
		/* The inode's block has to be read, and that takes a while. */
		EXPECT_EQ(t, block_device_sync(&disk.block), 0);
		page_cache_drop_unused(&disk.block.cache, 0, UINT32_MAX);
		to_be_cut = file;
		test_set_idle(cut_meanwhile);
		EXPECT_EQ(t, inode_write_back(file, true), 0);
		test_set_idle(disk_step);
		EXPECT(t, !to_be_cut);
		EXPECT_EQ(t, ext2_inode_of(file)->disk_size, CUT_TO);
		EXPECT_EQ(t, cut(file, 0), 0);
		inode_put(file);
		unmount_it();
		EXPECT(t, disk_image_is_clean());
		machine_stop();
	}
}

static void holes_read_as_zeros(struct test *t)
{
	static const uint64_t places[] = { 5000, 70000, 1 << 20, 70 << 20, UINT64_C(3) << 29 };

	FOR_EACH_FORMAT(f) {
		struct inode *file;

		machine_start(format_size(f, 8 << 20));
		EXPECT(t, disk_image_format(formats[f]));
		EXPECT_EQ(t, mount_it(false), 0);
		EXPECT_EQ(t, make(root, "sparse", MODE_REGULAR | 0600, &file), 0);
		for (size_t i = 0; i < ARRAY_SIZE(places); i++)
			EXPECT_EQ(t, write_at(file, places[i], "here", 4), 4);
		forget_caches();
		for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
			EXPECT_EQ(t, read_at(file, places[i] - 4, seen, 8), 8);
			EXPECT_BYTES(t, seen, "\0\0\0\0here", 8);
		}
		EXPECT(t, file->block_count < 2 * 60 * 16);
		EXPECT_EQ(t, cut(file, 70002), 0);
		EXPECT_EQ(t, cut(file, 70010), 0);
		EXPECT_EQ(t, read_at(file, 70000, seen, 100), 10);
		EXPECT_BYTES(t, seen, "he\0\0\0\0\0\0\0\0", 10);
		inode_put(file);
		unmount_it();
		EXPECT(t, disk_image_is_clean());
		machine_stop();
	}
}

/*
 * A writer has promised a page in the middle of a file and not filled it yet, when the page before
 * it is written back: the disk's old bytes must not become the file's.
 */
static void a_page_that_is_only_promised_gets_no_place(struct test *t)
{
	FOR_EACH_FORMAT(f) {
		struct inode *old, *file;

		machine_start(format_size(f, 4 << 20));
		EXPECT(t, disk_image_format(formats[f]));
		EXPECT_EQ(t, mount_it(false), 0);
		/* Free blocks hold what somebody else has written. */
		EXPECT_EQ(t, make(root, "old", MODE_REGULAR | 0600, &old), 0);
		memset(chunk, 0xee, sizeof(chunk));
		for (size_t at = 0; at < (1 << 20); at += sizeof(chunk))
			EXPECT_EQ(t, write_at(old, at, chunk, sizeof(chunk)), sizeof(chunk));
		EXPECT_EQ(t, sync_it(), 0);
		EXPECT_EQ(t, remove_name(root, "old"), 0);
		inode_put(old);
		EXPECT_EQ(t, sync_it(), 0);

		EXPECT_EQ(t, make(root, "file", MODE_REGULAR | 0600, &file), 0);
		EXPECT_EQ(t, cut(file, 16 * PAGE_SIZE), 0);
		EXPECT_EQ(t, write_at(file, 0, "first", 5), 5);
		for (uint32_t index = 1; index < 8; index++)
			EXPECT_EQ(t, file->cache.ops->prepare_write(&file->cache, index), 0);
		EXPECT_EQ(t, page_cache_write_back(&file->cache, 0, 16, true), 0);
		EXPECT_EQ(t, write_at(file, PAGE_SIZE + 10, "second", 6), 6);
		EXPECT_EQ(t, read_at(file, 0, seen, 8 * PAGE_SIZE), 8 * PAGE_SIZE);
		memset(chunk, 0, 8 * PAGE_SIZE);
		memcpy(chunk, "first", 5);
		memcpy(chunk + PAGE_SIZE + 10, "second", 6);
		EXPECT_BYTES(t, seen, chunk, 8 * PAGE_SIZE);
		inode_put(file);
		unmount_it();
		EXPECT(t, disk_image_is_clean());
		machine_stop();
	}
}

/* Who reads learns that there was no memory to find the blocks; nobody takes it for a bad disk. */
static void want_of_memory_is_not_the_disk_s_fault(struct test *t)
{
	FOR_EACH_FORMAT(f) {
		struct inode *file;
		bool failed = true;

		machine_start(format_size(f, 4 << 20));
		EXPECT(t, disk_image_format(formats[f]));
		EXPECT_EQ(t, mount_it(false), 0);
		EXPECT_EQ(t, make(root, "file", MODE_REGULAR | 0600, &file), 0);
		fill_pattern(chunk, sizeof(chunk), 5);
		EXPECT_EQ(t, write_at(file, 0, chunk, 100000), 100000);
		EXPECT_EQ(t, sync_it(), 0);
		for (unsigned int nth = 1; failed; nth++) {
			ssize_t result;

			inode_put(file);
			forget_caches();
			page_cache_drop_unused(&disk.block.cache, 0, UINT32_MAX);
			EXPECT_EQ(t, lookup(root, "file", &file), 0);
			test_fail_allocation(nth);
			result = read_at(file, 60000, seen, 10000);
			failed = test_allocation_failed();
			test_fail_allocation(0);
			if (result != 10000)
				EXPECT(t, failed && (result == -ENOMEM || result > 0));
		}
		inode_put(file);
		unmount_it();
		machine_stop();
	}
}

static void large_directories_stay_right(struct test *t)
{
	enum { COUNT = 3000 };

	FOR_EACH_FORMAT(f) {
		struct inode *dir, *file;
		char name[64];

		if (f == 1 || f == 3)
			continue;
		machine_start(format_size(f, 16 << 20));
		EXPECT(t, disk_image_format(formats[f]));
		EXPECT_EQ(t, mount_it(false), 0);
		EXPECT_EQ(t, make(root, "big", MODE_DIRECTORY | 0755, &dir), 0);
		for (unsigned int i = 0; i < COUNT; i++) {
			snprintf(name, sizeof(name), "file-%u-%.*s", i, (int)(i % 30),
				 "abcdefghijklmnopqrstuvwxyz0123456789");
			if (make(dir, name, MODE_REGULAR | 0600, &file)) {
				EXPECT(t, f == 4 && i > 1900);	/* out of inodes */
				break;
			}
			inode_put(file);
			if (i % 3 == 1)
				EXPECT_EQ(t, remove_name(dir, name), 0);
		}
		for (unsigned int i = 0; i < 1500; i++) {
			int error;

			snprintf(name, sizeof(name), "file-%u-%.*s", i, (int)(i % 30),
				 "abcdefghijklmnopqrstuvwxyz0123456789");
			error = lookup(dir, name, &file);
			EXPECT_EQ(t, error, i % 3 == 1 ? -ENOENT : 0);
			if (!error)
				inode_put(file);
		}
		EXPECT_EQ(t, remove_name(root, "big"), -ENOTEMPTY);
		inode_put(dir);
		unmount_it();
		EXPECT(t, disk_image_is_clean());
		machine_stop();
	}
}

static void a_full_disk_says_so_and_recovers(struct test *t)
{
	FOR_EACH_FORMAT(f) {
		struct fs_statistics before, full, after;
		struct inode *file;
		uint64_t size = 0;
		ssize_t done;

		machine_start(format_size(f, 2 << 20));
		EXPECT(t, disk_image_format(formats[f]));
		EXPECT_EQ(t, mount_it(false), 0);
		EXPECT_EQ(t, super->ops->statistics(super, &before), 0);
		EXPECT_EQ(t, make(root, "filler", MODE_REGULAR | 0600, &file), 0);
		do {
			done = write_at(file, size, chunk, 30000);
			size += done > 0 ? (uint64_t)done : 0;
		} while (done > 0);
		EXPECT_EQ(t, done, -ENOSPC);
		EXPECT_EQ(t, sync_it(), 0);
		EXPECT_EQ(t, super->ops->statistics(super, &full), 0);
		EXPECT(t, full.blocks_free < 4);
		EXPECT(t, size > 1200000);
		EXPECT_EQ(t, remove_name(root, "filler"), 0);
		inode_put(file);
		EXPECT_EQ(t, super->ops->statistics(super, &after), 0);
		EXPECT_EQ(t, after.blocks_free, before.blocks_free);
		EXPECT_EQ(t, make(root, "again", MODE_REGULAR | 0600, &file), 0);
		EXPECT_EQ(t, write_at(file, 0, chunk, 100000), 100000);
		inode_put(file);
		unmount_it();
		EXPECT(t, disk_image_is_clean());
		machine_stop();
	}
}

/* Names, links, moves and sizes at random, then the verdict; several times over the same disk. */
static void random_work_leaves_a_clean_disk(struct test *t)
{
	FOR_EACH_FORMAT(f) {
		uint32_t random = 99 + (uint32_t)f;
		struct inode *dirs[2], *file;
		char name[32], other[32];

		machine_start(format_size(f, 4 << 20));
		EXPECT(t, disk_image_format(formats[f]));
		for (unsigned int round = 0; round < 3; round++) {
			EXPECT_EQ(t, mount_it(false), 0);
			dirs[0] = root;
			if (round == 0)
				EXPECT_EQ(t, make(root, "sub", MODE_DIRECTORY | 0755, &dirs[1]), 0);
			else
				EXPECT_EQ(t, lookup(root, "sub", &dirs[1]), 0);
			for (unsigned int i = 0; i < 600; i++) {
				struct inode *dir = dirs[test_random(&random) % 2];
				struct inode *to = dirs[test_random(&random) % 2];
				uint32_t what = test_random(&random) % 16;
				uint32_t where = test_random(&random) % 300000;
				size_t size = test_random(&random) % 20000 + 1;
				int error = 0;

				snprintf(name, sizeof(name), "n%u", test_random(&random) % 20);
				snprintf(other, sizeof(other), "n%u", test_random(&random) % 20);
				if (what == 0) {
					error = remove_name(dir, name);
				} else if (what == 1) {
					error = move(dir, name, to, other);
				} else if (what == 2) {
					error = lookup(dir, name, &file);
					if (error == -ENOENT)
						error = make(dir, name, MODE_DIRECTORY | 0700,
							     &file);
					if (!error)
						inode_put(file);
				} else if (what == 3) {
					error = sync_it();
				} else if (what == 4) {
					forget_caches();
				} else if (lookup(dir, name, &file) == 0 ||
					   (error = make(dir, name, MODE_REGULAR | 0600,
							 &file)) == 0) {
					if (inode_is(file, MODE_REGULAR) && what < 9)
						error = cut(file, where);
					else if (inode_is(file, MODE_REGULAR))
						error = (int)write_at(file, where, chunk, size);
					inode_put(file);
				}
				EXPECT(t, error >= 0 || error == -ENOENT || error == -ENOTEMPTY ||
						  error == -ENOSPC);
			}
			inode_put(dirs[1]);
			EXPECT_EQ(t, ext2_of(super)->error_count, 0);
			unmount_it();
			EXPECT(t, disk_image_is_clean());
		}
		machine_stop();
	}
}

/* The contents of a file agree with a copy in plain memory, through all kinds of changes. */
static void contents_agree_with_a_model(struct test *t)
{
	static uint8_t model[160 * 1024];

	FOR_EACH_FORMAT(f) {
		uint32_t random = 7 + (uint32_t)f;
		size_t size = 0;
		struct inode *file;

		memset(model, 0, sizeof(model));
		machine_start(format_size(f, 4 << 20));
		EXPECT(t, disk_image_format(formats[f]));
		EXPECT_EQ(t, mount_it(false), 0);
		EXPECT_EQ(t, make(root, "file", MODE_REGULAR | 0600, &file), 0);
		for (unsigned int i = 0; i < 400; i++) {
			size_t where = test_random(&random) % 120000;
			size_t count = test_random(&random) % 9000 + 1;

			if (i % 7 == 0) {
				EXPECT_EQ(t, cut(file, where), 0);
				if (where < size)
					memset(model + where, 0, size - where);
				size = where;
			} else if (i % 11 == 0) {
				inode_put(file);
				forget_caches();
				EXPECT_EQ(t, lookup(root, "file", &file), 0);
			} else {
				fill_pattern(chunk, count, i);
				EXPECT_EQ(t, write_at(file, where, chunk, count), count);
				memcpy(model + where, chunk, count);
				size = max(size, where + count);
			}
			EXPECT_EQ(t, read_at(file, 0, seen, sizeof(seen)), size);
			EXPECT_BYTES(t, seen, model, size);
		}
		inode_put(file);
		unmount_it();
		EXPECT(t, disk_image_is_clean());
		machine_stop();
	}
}

static void links_of_every_length(struct test *t)
{
	static char target[1024];
	struct inode *link;

	machine_start(4 << 20);
	EXPECT(t, disk_image_format(formats[0]));
	for (unsigned int pass = 0; pass < 2; pass++) {
		EXPECT_EQ(t, mount_it(pass == 1), 0);
		for (unsigned int length = 1; length < 1024; length += length < 70 ? 1 : 159) {
			char name[16], text[1024];
			int error;

			memset(target, 'x', length);
			target[length] = 0;
			snprintf(name, sizeof(name), "l%u", length);
			rwlock_write_lock(&root->lock);
			error = pass == 0 ? root->ops->symlink(root, name, strlen(name), target, 0,
							       0, &link) :
					    root->ops->lookup(root, name, strlen(name), &link);
			rwlock_write_unlock(&root->lock);
			EXPECT_EQ(t, error, 0);
			EXPECT_EQ(t, link->ops->read_link(link, text, sizeof(text)), length);
			EXPECT_BYTES(t, text, target, length);
			inode_put(link);
		}
		unmount_it();
		EXPECT(t, disk_image_is_clean());
	}
	machine_stop();
}

/* As vfs does it: programs are turned away first, then their data are written. */
static void remounting_writes_everything(struct test *t)
{
	struct inode *file;

	machine_start(4 << 20);
	EXPECT(t, disk_image_format(formats[0]));
	EXPECT_EQ(t, mount_it(false), 0);
	EXPECT_EQ(t, make(root, "file", MODE_REGULAR | 0644, &file), 0);
	EXPECT_EQ(t, write_at(file, 0, chunk, 50000), 50000);
	super->read_only = true;
	EXPECT(t, sync_it() >= 0);
	EXPECT_EQ(t, super->ops->remount(super, true, NULL), 0);
	EXPECT(t, disk_image_is_clean());
	EXPECT_EQ(t, super->ops->remount(super, false, NULL), 0);
	super->read_only = false;
	EXPECT_EQ(t, write_at(file, 50000, chunk, 50000), 50000);
	inode_put(file);
	unmount_it();
	EXPECT(t, disk_image_is_clean());
	EXPECT_EQ(t, mount_it(true), 0);
	EXPECT_EQ(t, lookup(root, "file", &file), 0);
	EXPECT_EQ(t, inode_size(file), 100000);
	inode_put(file);
	unmount_it();
	machine_stop();
}

const struct test_case test_cases[] = {
	TEST(remounting_writes_everything),
	TEST(files_survive_unmounting),
	TEST(what_debugfs_wrote_is_read),
	TEST(a_cut_behind_what_is_written_holds),
	TEST(holes_read_as_zeros),
	TEST(a_page_that_is_only_promised_gets_no_place),
	TEST(want_of_memory_is_not_the_disk_s_fault),
	TEST(large_directories_stay_right),
	TEST(a_full_disk_says_so_and_recovers),
	TEST(random_work_leaves_a_clean_disk),
	TEST(contents_agree_with_a_model),
	TEST(links_of_every_length),
	TEST_END
};
