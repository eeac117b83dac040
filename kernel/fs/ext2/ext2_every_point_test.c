/*
 * ext2 at every point of every operation: each request that it makes of the disk fails, once or
 * for good, and the disk is full at each block and each inode that it takes.
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
 * test: with=fs/ext2/freed_blocks.c,fs/ext2/orphan.c,fs/ext2/journal_inode.c
 * test: with=fs/journal/journal.c,fs/journal/transaction.c,fs/journal/commit.c
 * test: with=fs/journal/checkpoint.c,fs/journal/recover.c,fs/journal/copy_writer.c
 * test: with=vfs/file_system.c,block/io_group.c
 * test: with=fs/ext2/attributes.c,fs/ext2/attribute_list.c
 *
 * An operation works on a disk that is the same each time. It and the syncing after it may fail;
 * then, when the disk answers again:
 *  - somebody was told, or what was wanted has happened;
 *  - with a journal, the next mount finds the names of before or of after, and e2fsck nothing;
 *  - without one, e2fsck finds nothing, or the disk says that it wants it, and it mends all;
 *  - a file that the operation has nothing to do with is there, byte for byte.
 * A full disk is no failure: the answer is ENOSPC, and e2fsck finds nothing.
 *
 * EVERY in the environment (29) chooses every so many requests, and half of the numbers of free
 * blocks; 1: all of them.
 */
#include "fs/ext2/ext2_test.h"

enum { POINT_DISK = 3 << 20, FILE_SIZE = 30000, POINTS_MAX = 400 };

static const struct {
	const char *options;
	bool has_journal;
} point_formats[] = {
	{ "-t ext2 -b 1024 -N 64", false },
	{ "-t ext3 -b 1024 -N 64 -J size=1", true },
	{ "-t ext2 -b 4096 -N 64", false },
};

static uint8_t good[POINT_DISK];

/* ---- operations, each on the disk of prepare() ---- */

static struct inode *get(const char *name)
{
	struct inode *inode = NULL;

	return lookup(root, name, &inode) == 0 ? inode : NULL;
}

static int make_in(const char *dir_name, const char *name, file_mode mode)
{
	struct inode *made, *dir = dir_name ? get(dir_name) : root;
	int error = dir ? make(dir, name, mode, &made) : -EIO;

	if (!error)
		inode_put(made);
	if (dir_name && dir)
		inode_put(dir);
	return error;
}

static int do_create(void)
{
	return make_in(NULL, "new", MODE_REGULAR | 0644);
}

static int do_mkdir(void)
{
	return make_in(NULL, "new", MODE_DIRECTORY | 0755);
}

static int do_device(void)
{
	return make_in(NULL, "new", MODE_CHARACTER | 0600);
}

/* A name for which the directory needs another block. */
static int do_create_long(void)
{
	char name[256];

	memset(name, 'n', 255);
	name[255] = '\0';
	return make_in("full", name, MODE_REGULAR | 0644);
}

static int make_link(size_t length)
{
	char target[1000];
	struct inode *link;
	int error;

	memset(target, 'x', length);
	target[length] = '\0';
	rwlock_write_lock(&root->lock);
	error = root->ops->symlink(root, "new", 3, target, 0, 0, &link);
	rwlock_write_unlock(&root->lock);
	if (!error)
		inode_put(link);
	return error;
}

static int do_symlink_short(void)
{
	return make_link(20);
}

static int do_symlink_long(void)
{
	return make_link(900);
}

static int do_link(void)
{
	struct inode *file = get("file");
	int error = -EIO;

	if (!file)
		return error;
	rwlock_write_lock(&root->lock);
	rwlock_write_lock(&file->lock);
	error = root->ops->link(root, "new", 3, file);
	rwlock_write_unlock(&file->lock);
	rwlock_write_unlock(&root->lock);
	inode_put(file);
	return error;
}

static int do_unlink(void)
{
	return remove_name(root, "file");
}

static int do_rmdir(void)
{
	return remove_name(root, "empty");
}

static int do_rename(void)
{
	return move(root, "file", root, "new");
}

static int do_replace(void)
{
	return move(root, "file", root, "old");
}

static int do_move_directory(void)
{
	struct inode *dir = get("full");
	int error = dir ? move(root, "dir", dir, "moved") : -EIO;

	if (dir)
		inode_put(dir);
	return error;
}

/* A file of FILE_SIZE bytes is written to, from `offset` on, and synced. */
static int write_file(const char *name, uint64_t offset, size_t size)
{
	struct inode *file = get(name);
	ssize_t done;
	int error;

	if (!file)
		return -EIO;
	done = write_at(file, offset, chunk, size);
	error = done < 0 ? (int)done : (size_t)done < size ? -ENOSPC : 0;
	if (!error)
		error = inode_sync(file);
	inode_put(file);
	return error;
}

static int do_overwrite(void)
{
	return write_file("file", 1000, 9000);
}

static int do_append(void)
{
	return write_file("file", FILE_SIZE, 20000);
}

/* Blocks with numbers of blocks of blocks. */
static int do_write_far(void)
{
	return write_file("file", 60 << 20, 3000);
}

static int cut_file(uint64_t size)
{
	struct inode *file = get("file");
	int error = file ? cut(file, size) : -EIO;

	if (!error)
		error = inode_sync(file);
	if (file)
		inode_put(file);
	return error;
}

static int do_cut(void)
{
	return cut_file(1500);
}

static int do_cut_all(void)
{
	return cut_file(0);
}

static int do_extend(void)
{
	return cut_file(100000);
}

/* As dpkg and editors do it. */
static int do_replace_safely(void)
{
	int error = make_in(NULL, "new", MODE_REGULAR | 0644);

	if (!error)
		error = write_file("new", 0, 5000);
	return error ? error : move(root, "new", root, "file");
}

static const struct operation {
	const char *name;
	int (*run)(void);
} operations[] = {
	{ "create", do_create }, { "mkdir", do_mkdir }, { "mknod", do_device },
	{ "create in a full directory", do_create_long },
	{ "short symlink", do_symlink_short }, { "long symlink", do_symlink_long },
	{ "link", do_link }, { "unlink", do_unlink }, { "rmdir", do_rmdir },
	{ "rename", do_rename }, { "replace", do_replace },
	{ "move a directory", do_move_directory },
	{ "overwrite", do_overwrite }, { "append", do_append }, { "write far out", do_write_far },
	{ "cut", do_cut }, { "cut to nothing", do_cut_all }, { "extend", do_extend },
	{ "replace safely", do_replace_safely },
};

/* It may end between two of them, with other names than before and after. */
static bool has_steps(const struct operation *operation)
{
	return operation->run == do_replace_safely;
}

/* ---- the disk, and what is on it ---- */

static void prepare(struct test *t, const char *format)
{
	static const char *const folders[] = { "dir", "empty", "full" };
	char name[64];

	memset(disk.bytes, 0, POINT_DISK);
	EXPECT(t, disk_image_format(format));
	page_cache_drop_range(&disk.block.cache, 0, UINT32_MAX);
	EXPECT_EQ(t, mount_it(false), 0);
	fill_pattern(chunk, sizeof(chunk), 1);
	for (size_t i = 0; i < ARRAY_SIZE(folders); i++)
		EXPECT_EQ(t, make_in(NULL, folders[i], MODE_DIRECTORY | 0755), 0);
	EXPECT_EQ(t, make_in("dir", "inner", MODE_REGULAR | 0644), 0);
	for (unsigned int i = 0; i < 18; i++) {
		snprintf(name, sizeof(name), "%050u", i);
		EXPECT_EQ(t, make_in("full", name, MODE_REGULAR | 0644), 0);
	}
	EXPECT_EQ(t, make_in(NULL, "file", MODE_REGULAR | 0644), 0);
	EXPECT_EQ(t, make_in(NULL, "old", MODE_REGULAR | 0644), 0);
	EXPECT_EQ(t, make_in(NULL, "other", MODE_REGULAR | 0644), 0);
	EXPECT_EQ(t, write_file("file", 0, FILE_SIZE), 0);
	EXPECT_EQ(t, write_file("old", 0, 3000), 0);
	EXPECT_EQ(t, write_file("other", 0, FILE_SIZE), 0);
}

static void keep(void)
{
	unmount_it();
	memcpy(good, disk.bytes, POINT_DISK);
}

static void restore(void)
{
	memcpy(disk.bytes, good, POINT_DISK);
	page_cache_drop_range(&disk.block.cache, 0, UINT32_MAX);
	disk.random = 12345;
	disk.failures = 0;
}

/* Which names there are, a bit each. */
static uint32_t find_names(void)
{
	static const char *const names[] = { "file", "old", "new", "dir", "empty", "full" };
	struct inode *found, *full = get("full");
	uint32_t mask = 0;

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		if (lookup(root, names[i], &found) != 0)
			continue;
		mask |= 1u << i;
		inode_put(found);
	}
	if (full && lookup(full, "moved", &found) == 0) {
		mask |= 1u << 31;
		inode_put(found);
	}
	if (full)
		inode_put(full);
	return mask;
}

static void check_other(struct test *t)
{
	struct inode *other = get("other");

	EXPECT(t, other != NULL);
	if (!other)
		return;
	fill_pattern(chunk, sizeof(chunk), 1);
	EXPECT_EQ(t, read_at(other, 0, seen, FILE_SIZE), FILE_SIZE);
	EXPECT_BYTES(t, seen, chunk, FILE_SIZE);
	inode_put(other);
}

/* Does the superblock say that it was unmounted in order, and without errors? */
static bool disk_says_clean(void)
{
	enum { STATE = 1024 + 58 };	/* s_state: 1 is clean, 2 an error */

	return disk.bytes[STATE] == 1 && disk.bytes[STATE + 1] == 0;
}

/* Tells where it was. */
static void say_which(struct test *t, unsigned int before, size_t format, size_t operation,
		      uint32_t point)
{
	if (t->failure_count == before)
		return;
	EXPECT_STR(t, point_formats[format].options, "");
	EXPECT_STR(t, operations[operation].name, "");
	EXPECT_EQ(t, point, 0);
}

/* ---- requests that fail ---- */

/* What an undisturbed run gives: the names before, and the names and the file after it. */
struct expected {
	uint32_t before, after, contents;
};

/* A number for the size of "file", its first bytes and its last. */
static uint32_t sum_file(void)
{
	enum { FIRST = 100000, LAST = 3000 };
	struct inode *file = get("file");
	uint32_t sum = 0;

	if (!file)
		return 0;
	memset(seen, 0, FIRST + LAST);
	(void)!read_at(file, 0, seen, FIRST);
	if (inode_size(file) > FIRST)
		(void)!read_at(file, inode_size(file) - LAST, seen + FIRST, LAST);
	sum = (uint32_t)inode_size(file);
	for (size_t i = 0; i < FIRST + LAST; i++)
		sum = sum * 31 + seen[i];
	inode_put(file);
	return sum;
}

static void find_expected(struct test *t, const struct operation *operation,
			  struct expected *expected)
{
	restore();
	EXPECT_EQ(t, mount_it(false), 0);
	expected->before = find_names();
	EXPECT_EQ(t, operation->run(), 0);
	expected->after = find_names();
	expected->contents = sum_file();
	unmount_it();
	EXPECT(t, disk_image_is_clean());
}

static void check_names(struct test *t, const struct operation *operation, bool has_journal,
			bool told, const struct expected *expected)
{
	uint32_t names = find_names();

	if (!told) {
		EXPECT_EQ(t, names, expected->after);
		EXPECT_EQ(t, sum_file(), expected->contents);
	} else if (has_journal && !has_steps(operation)) {
		EXPECT(t, names == expected->before || names == expected->after);
	}
}

/* The disk answers again. `told`: somebody was told of an error. */
static void look_after(struct test *t, const struct operation *operation, bool has_journal,
		       bool told, const struct expected *expected)
{
	if (!has_journal && !disk_image_seems_clean()) {
		EXPECT(t, told);
		EXPECT(t, !disk_says_clean());
		EXPECT(t, disk_image_mend());
	}
	page_cache_drop_range(&disk.block.cache, 0, UINT32_MAX);
	EXPECT_EQ(t, mount_it(false), 0);
	if (!super)
		return;
	check_names(t, operation, has_journal, told, expected);
	check_other(t);
	if (has_journal)
		EXPECT_EQ(t, ext2_of(super)->error_count, 0);
	unmount_it();
	EXPECT(t, disk_image_is_clean());
}

/* Request `nth` from mounting on fails. False: there is no such request. */
static bool fail_request(struct test *t, const struct operation *operation, bool has_journal,
			 uint32_t nth, const struct expected *expected)
{
	bool told;

	restore();
	disk.fail_after = nth;
	told = mount_it(false) != 0;
	if (!told) {
		told = operation->run() != 0;
		told |= sync_it() < 0;
		told |= super->read_only;
		told |= ext2_of(super)->error_count > 0;
		unmount_it();
	}
	drain();
	disk.fail_after = 0;
	if (disk.failures == 0)
		return false;
	/* While it is unmounted nobody can be told any more; the disk tells it. */
	told |= !disk_says_clean();
	look_after(t, operation, has_journal, told, expected);
	return true;
}

static void every_request_fails(struct test *t)
{
	uint32_t step = test_setting("EVERY", 29);
	struct expected expected;

	machine_start(POINT_DISK);
	for (size_t f = 0; f < ARRAY_SIZE(point_formats); f++) {
		bool has_journal = point_formats[f].has_journal;

		prepare(t, point_formats[f].options);
		keep();
		for (size_t i = 0; i < ARRAY_SIZE(operations); i++) {
			const struct operation *operation = &operations[i];
			bool failed = true;

			find_expected(t, operation, &expected);
			for (uint32_t n = 1 + i % step; failed && n < POINTS_MAX; n += step) {
				unsigned int failures = t->failure_count;

				disk.fails_for_good = false;
				failed = fail_request(t, operation, has_journal, n, &expected);
				disk.fails_for_good = true;
				failed |= fail_request(t, operation, has_journal, n, &expected);
				say_which(t, failures, f, i, n);
			}
			EXPECT(t, !failed);
		}
		disk.fails_for_good = false;
	}
	machine_stop();
}

/* ---- a full disk ---- */

static void fill_up(struct test *t)
{
	struct inode *filler;
	uint64_t size = 0;
	ssize_t done;

	EXPECT_EQ(t, make(root, "filler", MODE_REGULAR | 0600, &filler), 0);
	do {
		done = write_at(filler, size, chunk, 30000);
		size += done > 0 ? (uint64_t)done : 0;
	} while (done > 0);
	EXPECT_EQ(t, done, -ENOSPC);
	EXPECT_EQ(t, inode_sync(filler), 0);
	inode_put(filler);
	EXPECT_EQ(t, sync_it(), 0);
}

/* With `blocks` of the filler given back. Returns what the operation said. */
static int run_on_full(struct test *t, const struct operation *operation, uint32_t blocks,
		       uint32_t before, uint32_t after)
{
	struct inode *filler;
	uint64_t room;
	int error;

	restore();
	EXPECT_EQ(t, mount_it(false), 0);
	filler = get("filler");
	room = (uint64_t)blocks * ext2_of(super)->block_size;
	EXPECT_EQ(t, cut(filler, inode_size(filler) - room), 0);
	inode_put(filler);
	EXPECT_EQ(t, sync_it(), 0);
	error = operation->run();
	EXPECT(t, error == 0 || error == -ENOSPC);
	if (!error || !has_steps(operation))
		EXPECT_EQ(t, find_names(), error ? before : after);
	EXPECT_EQ(t, sync_it(), 0);
	EXPECT_EQ(t, ext2_of(super)->error_count, 0);
	EXPECT(t, !super->read_only);
	check_other(t);
	unmount_it();
	EXPECT(t, disk_image_is_clean());
	return error;
}

static void the_disk_is_full_at_every_block(struct test *t)
{
	/* After so many successes more room changes nothing. */
	enum { BLOCKS_MAX = 60, ENOUGH = 3 };
	uint32_t step = test_setting("EVERY", 29) > 1 ? 2 : 1, before, after;

	machine_start(POINT_DISK);
	for (size_t f = 0; f < ARRAY_SIZE(point_formats); f++) {
		prepare(t, point_formats[f].options);
		fill_up(t);
		keep();
		for (size_t i = 0; i < ARRAY_SIZE(operations); i++) {
			unsigned int worked = 0;

			restore();
			EXPECT_EQ(t, mount_it(false), 0);
			before = find_names();
			EXPECT_EQ(t, remove_name(root, "filler"), 0);
			EXPECT(t, sync_it() >= 0);
			EXPECT_EQ(t, operations[i].run(), 0);
			after = find_names();
			unmount_it();
			for (uint32_t n = i % step; worked < ENOUGH && n < BLOCKS_MAX; n += step) {
				unsigned int failures = t->failure_count;

				worked += run_on_full(t, &operations[i], n, before, after) == 0;
				say_which(t, failures, f, i, n);
			}
			EXPECT_EQ(t, worked, ENOUGH);
		}
	}
	machine_stop();
}

/* Names without room for their inodes: nothing is half made. */
static void the_inodes_are_used_up(struct test *t)
{
	char name[16];
	uint32_t before;

	machine_start(POINT_DISK);
	for (size_t f = 0; f < ARRAY_SIZE(point_formats); f++) {
		unsigned int made = 0;
		int error;

		prepare(t, point_formats[f].options);
		do {
			snprintf(name, sizeof(name), "i%u", made);
			error = make_in(NULL, name, MODE_REGULAR | 0644);
			made += !error;
		} while (!error);
		EXPECT_EQ(t, error, -ENOSPC);
		before = find_names();
		for (size_t i = 0; i < 6; i++) {	/* those that make an inode come first */
			EXPECT_EQ(t, operations[i].run(), -ENOSPC);
			EXPECT_EQ(t, find_names(), before);
		}
		EXPECT_EQ(t, do_link(), 0);
		EXPECT_EQ(t, remove_name(root, "new"), 0);
		EXPECT_EQ(t, remove_name(root, "i0"), 0);
		EXPECT_EQ(t, sync_it(), 0);
		EXPECT_EQ(t, do_mkdir(), 0);
		unmount_it();
		EXPECT(t, disk_image_is_clean());
	}
	machine_stop();
}

const struct test_case test_cases[] = {
	TEST(the_inodes_are_used_up),
	TEST(the_disk_is_full_at_every_block),
	TEST(every_request_fails),
	TEST_END
};
