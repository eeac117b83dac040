/*
 * What tests of the journal share: a disk of a few files that are changed at random, what of them
 * was fsynced and must be there whatever happens next, and who looks.
 */
#pragma once
#include "fs/ext2/ext2_test.h"

enum { DISK_SIZE = 5 << 20, FILE_COUNT = 12 };
static const char *const journal_format = "-t ext3 -b 1024 -J size=1";

/* ---- what was synced, and what may have happened since ---- */

/* One file: what was last fsynced, and whether it was changed afterwards. */
static struct known {
	bool is_synced;		/* it is there, with this very contents */
	size_t size;
	uint8_t bytes[24 * 1024];
} known[FILE_COUNT];

static inline void forget_known(void)
{
	for (unsigned int i = 0; i < FILE_COUNT; i++)
		known[i].is_synced = false;
}

/* One operation on file `which`. Returns its error; fsync makes the contents known. */
static inline int do_one(uint32_t *random, unsigned int which)
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
				error = inode_sync(other);
			inode_put(other);
			entry->is_synced = false;
			if (!error)
				error = move(root, temporary, root, name);
		}
	} else {
		error = inode_sync(file);
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

static inline void check_known(struct test *t)
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
static inline void check_disk(struct test *t, uint32_t seed)
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

/* ---- the disk ---- */

static inline void make_fresh(struct test *t)
{
	memset(disk.bytes, 0, DISK_SIZE);
	EXPECT(t, disk_image_format(journal_format));
	page_cache_drop_range(&disk.block.cache, 0, UINT32_MAX);
	forget_known();
}

/* Work until the disk has failed, or for `count` operations. */
static inline void work(uint32_t *random, unsigned int count)
{
	for (unsigned int i = 0; i < count && !disk.is_off; i++)
		(void)do_one(random, test_random(random) % FILE_COUNT);
}

/* A log as a power cut leaves it, on a disk that was not replayed yet. */
static inline void leave_log(struct test *t, uint32_t *random)
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

/* Three files that have no name any more are in use when the power goes. */
static inline void leave_orphans(struct test *t, uint32_t *random)
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
