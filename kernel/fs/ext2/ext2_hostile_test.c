/*
 * ext2 on disks that somebody made to break us: each block is good by itself, and together they
 * are not. Whatever is answered, nothing is harmed, and most is reported.
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
#include "core/lock_check.h"
#include "fs/ext2/ext2_test.h"
#include "fs/journal/internal.h"

enum { DISK_SIZE = 1 << 20, BLOCK = 1024 };
static const char *const plain_format = "-t ext2 -b 1024 -N 256";

/* Have debugfs change the disk, which is not mounted. */
static void change_disk(struct test *t, const char *format, ...)
{
	char request[128], said[512];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(request, sizeof(request), format, arguments);
	va_end(arguments);
	page_cache_drop_range(&disk.block.cache, 0, UINT32_MAX);
	EXPECT(t, disk_image_debugfs(request, said, sizeof(said)));
}

/* A new file with one block of contents at `offset`; the number of its root `root_index`. */
static uint32_t make_file_at(struct test *t, const char *name, uint64_t offset,
			     unsigned int root_index)
{
	struct inode *file;
	uint32_t number;

	EXPECT_EQ(t, make(root, name, MODE_REGULAR | 0600, &file), 0);
	EXPECT_EQ(t, write_at(file, offset, chunk, BLOCK), BLOCK);
	(void)sync_it();
	number = ext2_inode_of(file)->roots[root_index];
	EXPECT(t, number != 0);
	inode_put(file);
	return number;
}

/* One of them finds a hole, and when it comes to fill it the other has done so. */
static void two_files_share_an_indirect_block(struct test *t)
{
	const uint64_t hole = 20 * BLOCK;
	struct inode *a, *b;
	uint32_t indirect;

	machine_start(DISK_SIZE);
	EXPECT(t, disk_image_format(plain_format));
	EXPECT_EQ(t, mount_it(false), 0);
	indirect = make_file_at(t, "a", 30 * BLOCK, 12);
	(void)make_file_at(t, "b", 30 * BLOCK, 12);
	unmount_it();
	change_disk(t, "sif /b block[IND] %u", indirect);

	EXPECT_EQ(t, mount_it(false), 0);
	EXPECT_EQ(t, lookup(root, "a", &a), 0);
	EXPECT_EQ(t, lookup(root, "b", &b), 0);
	EXPECT_EQ(t, write_at(a, hole, chunk, BLOCK), BLOCK);
	EXPECT_EQ(t, write_at(b, hole, chunk, BLOCK), BLOCK);
	(void)sync_it();
	EXPECT(t, super->read_only);
	EXPECT_EQ(t, write_at(a, hole + 8 * BLOCK, chunk, BLOCK), -EROFS);
	inode_put(a);
	inode_put(b);
	unmount_it();
	machine_stop();
}

enum { NAMES = 120 };

static void name_of(char *name, size_t size, unsigned int i)
{
	snprintf(name, size, "a-name-of-some-length-%03u", i);
}

/* A directory of several blocks. Returns the number of its third one. */
static uint32_t make_large_directory(struct test *t)
{
	struct inode *directory, *file;
	uint32_t third;
	char name[40];

	EXPECT_EQ(t, make(root, "large", MODE_DIRECTORY | 0700, &directory), 0);
	for (unsigned int i = 0; i < NAMES; i++) {
		name_of(name, sizeof(name), i);
		EXPECT_EQ(t, make(directory, name, MODE_REGULAR | 0600, &file), 0);
		inode_put(file);
	}
	EXPECT(t, inode_size(directory) >= 4 * BLOCK);
	third = ext2_inode_of(directory)->roots[2];
	inode_put(directory);
	return third;
}

/* Its index knows each name of that block twice, and finds it where it never was. */
static void a_directory_has_one_block_twice(struct test *t)
{
	struct inode *directory, *file;
	uint32_t third;
	char name[40];

	machine_start(DISK_SIZE);
	EXPECT(t, disk_image_format(plain_format));
	EXPECT_EQ(t, mount_it(false), 0);
	third = make_large_directory(t);
	unmount_it();
	change_disk(t, "sif /large block[3] %u", third);

	EXPECT_EQ(t, mount_it(false), 0);
	EXPECT_EQ(t, lookup(root, "large", &directory), 0);
	for (unsigned int i = 0; i < NAMES; i++) {
		name_of(name, sizeof(name), i);
		(void)remove_name(directory, name);
	}
	for (unsigned int i = NAMES; i-- > 0;) {
		name_of(name, sizeof(name), i);
		if (make(directory, name, MODE_REGULAR | 0600, &file) == 0)
			inode_put(file);
	}
	for (unsigned int i = 0; i < NAMES; i++) {
		name_of(name, sizeof(name), i);
		(void)remove_name(directory, name);
	}
	EXPECT(t, super->read_only);
	inode_put(directory);
	unmount_it();
	machine_stop();
}

/* The bitmap says that an inode is free which is in use: a second one of its number is not made. */
/*
 * Find a name, have the block changed as if it were another directory's too, and remove the name:
 * nothing is done then, and no word of the block is believed twice.
 */
static void remove_changed(struct test *t, uint32_t which, uint16_t size, uint8_t name_length)
{
	struct ext2_transaction transaction;
	uint32_t offset = 0, offsets[NAMES];
	unsigned int count = 0;
	struct ext2_place place;
	uint8_t before[BLOCK];
	struct inode *file;
	char name[40];

	machine_start(DISK_SIZE);
	EXPECT(t, disk_image_format(plain_format));
	EXPECT_EQ(t, mount_it(false), 0);
	for (unsigned int i = 0; i < 4; i++) {
		name_of(name, sizeof(name), i);
		EXPECT_EQ(t, make(root, name, MODE_REGULAR | 0600, &file), 0);
		inode_put(file);
	}
	rwlock_write_lock(&root->lock);
	EXPECT_EQ(t, ext2_transaction_begin(&transaction, ext2_of(super), 2), 0);
	EXPECT_EQ(t, ext2_directory_find_place(root, name, strlen(name), &place), 0);
	for (; offset < BLOCK; offset += ext2_entry_at(&place.buffer, offset)->size)
		offsets[count++] = offset;
	EXPECT_EQ(t, offsets[count - 1], place.offset);
	ext2_entry_at(&place.buffer, offsets[count - 1 - which])->size = size;
	ext2_entry_at(&place.buffer, offsets[count - 1 - which])->name_length = name_length;
	memcpy(before, place.buffer.data, BLOCK);
	ext2_directory_remove(&transaction, root, &place);
	EXPECT_BYTES(t, place.buffer.data, before, BLOCK);
	ext2_metadata_put(&place.buffer);
	ext2_transaction_end(&transaction);
	rwlock_write_unlock(&root->lock);
	EXPECT(t, super->read_only);
	unmount_it();
	machine_stop();
}

static void an_entry_changes_after_it_was_found(struct test *t)
{
	remove_changed(t, 0, 60000, 10);	/* it would reach beyond the block */
	remove_changed(t, 0, 12, 255);		/* as would its name */
	remove_changed(t, 1, 60, 4);		/* the one before it leads past it */
	remove_changed(t, 1, 60000, 4);
}

static void an_inode_in_use_is_free(struct test *t)
{
	struct inode *file, *other;

	machine_start(DISK_SIZE);
	EXPECT(t, disk_image_format(plain_format));
	EXPECT_EQ(t, mount_it(false), 0);
	(void)make_file_at(t, "a", 0, 0);
	unmount_it();
	change_disk(t, "freei /a");

	EXPECT_EQ(t, mount_it(false), 0);
	EXPECT_EQ(t, lookup(root, "a", &file), 0);
	EXPECT_EQ(t, make(root, "other", MODE_REGULAR | 0600, &other), -EIO);
	EXPECT(t, super->read_only);
	EXPECT_EQ(t, read_at(file, 0, seen, BLOCK), BLOCK);
	inode_put(file);
	unmount_it();
	machine_stop();
}

/* A change that needs more blocks than any good disk can make it need: the journal stops. */
static void a_change_takes_more_than_it_may(struct test *t)
{
	struct ext2_transaction transaction;
	struct ext2_buffer buffers[4];
	struct ext2 *fs;

	machine_start(5 << 20);
	EXPECT(t, disk_image_format(formats[5]));
	EXPECT_EQ(t, mount_it(false), 0);
	fs = ext2_of(super);
	for (uint32_t i = 0; i < ARRAY_SIZE(buffers); i++)
		EXPECT_EQ(t, ext2_metadata_get(fs, 4000 + i, &buffers[i]), 0);
	EXPECT_EQ(t, ext2_transaction_begin(&transaction, fs, 2), 0);
	for (uint32_t i = 0; i < ARRAY_SIZE(buffers); i++)
		ext2_metadata_dirty(&transaction, &buffers[i]);
	ext2_metadata_forget(&transaction, 4010);
	ext2_transaction_end(&transaction);
	EXPECT(t, super->read_only);
	EXPECT(t, sync_it() < 0 || fs->error_count > 0);
	for (uint32_t i = 0; i < ARRAY_SIZE(buffers); i++)
		ext2_metadata_put(&buffers[i]);
	unmount_it();
	machine_stop();
}

/*
 * The same by another thread, while a checkpoint that has begun waits for its handle to end. All of
 * this thread's locks are set aside while the other one is played.
 */
static struct overdraft {
	struct ext2_transaction transaction;
	struct ext2_buffer *buffer;
	struct lock_check_state locks, *others;
	bool is_done;
} overdraft;

static void change_threads(void)
{
	struct lock_check_state *locks = stack_header()->locks;

	stack_header()->locks = overdraft.others;
	overdraft.others = locks;
}

static bool overdraw(void)
{
	if (overdraft.is_done)
		return disk_step();
	overdraft.is_done = true;
	change_threads();
	memset(overdraft.buffer->data, 0x22, BLOCK);
	ext2_metadata_dirty(&overdraft.transaction, overdraft.buffer);
	ext2_transaction_end(&overdraft.transaction);
	change_threads();
	return true;
}

/* What was committed goes to its place, but nothing of what came after and was not paid for. */
static void an_unpaid_change_reaches_no_place(struct test *t)
{
	struct ext2_buffer buffers[2];
	struct journal *journal;

	machine_start(5 << 20);
	EXPECT(t, disk_image_format(formats[5]));
	EXPECT_EQ(t, mount_it(false), 0);
	journal = ext2_of(super)->journal;
	memset(&overdraft, 0, sizeof(overdraft));
	overdraft.others = &overdraft.locks;
	overdraft.buffer = &buffers[0];
	for (uint32_t i = 0; i < ARRAY_SIZE(buffers); i++)
		EXPECT_EQ(t, ext2_metadata_get(ext2_of(super), 4000 + i, &buffers[i]), 0);
	EXPECT_EQ(t, ext2_transaction_begin(&overdraft.transaction, ext2_of(super), 1), 0);
	memset(buffers[0].data, 0x11, BLOCK);
	ext2_metadata_dirty(&overdraft.transaction, &buffers[0]);
	ext2_transaction_end(&overdraft.transaction);
	EXPECT_EQ(t, journal_commit_all(journal, NULL), 0);

	change_threads();
	EXPECT_EQ(t, ext2_transaction_begin(&overdraft.transaction, ext2_of(super), 1), 0);
	ext2_metadata_dirty(&overdraft.transaction, &buffers[1]);
	change_threads();
	test_set_idle(overdraw);
	mutex_lock(&journal->mutex);
	EXPECT_EQ(t, journal_checkpoint(journal, UINT32_MAX, 0), -EIO);
	mutex_unlock(&journal->mutex);
	test_set_idle(disk_step);
	drain();
	EXPECT(t, overdraft.is_done && super->read_only);
	EXPECT(t, disk.bytes[4000 * BLOCK] != 0x22);

	for (uint32_t i = 0; i < ARRAY_SIZE(buffers); i++)
		ext2_metadata_put(&buffers[i]);
	unmount_it();
	EXPECT(t, disk.bytes[4000 * BLOCK] != 0x22);
	EXPECT_EQ(t, mount_it(false), 0);
	unmount_it();
	EXPECT_EQ(t, disk.bytes[4000 * BLOCK], 0x11);
	machine_stop();
}

/* ---- structures that run into each other ----------------------------------------------------- */

enum { INODES = 40 }; /* of them those that prepare_tree uses, and some free ones */

static struct ext2_superblock *disk_super(void)
{
	return (struct ext2_superblock *)(disk.bytes + EXT2_SUPER_OFFSET);
}

static struct ext2_descriptor *first_descriptor(void)
{
	return (struct ext2_descriptor *)(disk.bytes + 2 * BLOCK);
}

static struct ext2_disk_inode *disk_inode(uint32_t number)
{
	return (struct ext2_disk_inode *)(disk.bytes +
					  (size_t)first_descriptor()->inode_table * BLOCK +
					  (size_t)(number - 1) * disk_super()->inode_size);
}

static uint32_t draw_inode(uint32_t *random)
{
	return test_random(random) % 8 ? 11 + test_random(random) % (INODES - 11)
				       : test_random(random) % 11 + 1;
}

/* A number that some inode has as a block, most often. */
static uint32_t draw_block(uint32_t *random)
{
	const struct ext2_disk_inode *inode = disk_inode(draw_inode(random));
	uint32_t kind = test_random(random) % 8;

	if (kind == 0)
		return 0;
	if (kind == 1)
		return test_random(random) % (disk_super()->block_count + 2);
	if (kind == 2)
		return first_descriptor()->inode_table + test_random(random) % 8 - 2;
	return inode->blocks[kind == 3 ? 12 + test_random(random) % 3 : test_random(random) % 15];
}

static uint32_t *block_words(uint32_t block)
{
	return (uint32_t *)(disk.bytes + (size_t)(block % disk_super()->block_count) * BLOCK);
}

static void spoil_directory(uint32_t *random)
{
	const struct ext2_disk_inode *inode =
		disk_inode(test_random(random) % 3 ? draw_inode(random) : 2);
	uint8_t *block = (uint8_t *)block_words(inode->blocks[test_random(random) % 4]);
	uint32_t offset = 0;

	for (uint32_t steps = test_random(random) % 12; steps > 0; steps--) {
		const struct ext2_entry *entry = (struct ext2_entry *)(block + offset);

		if (entry->size < 8 || entry->size % 4 || offset + entry->size + 8 > BLOCK)
			break;
		offset += entry->size;
	}
	if (test_random(random) % 4)
		((struct ext2_entry *)(block + offset))->inode = draw_inode(random);
	else
		((struct ext2_entry *)(block + offset))->size =
			(uint16_t)(4 * (test_random(random) % 260));
}

static void spoil_inode(uint32_t *random)
{
	static const uint16_t types[] = { MODE_REGULAR, MODE_DIRECTORY, MODE_LINK, MODE_FIFO };
	struct ext2_disk_inode *inode = disk_inode(draw_inode(random));

	switch (test_random(random) % 6) {
	case 0:
		inode->mode = types[test_random(random) % 4] | 0700;
		break;
	case 1:
		inode->link_count = (uint16_t)(test_random(random) % 3);
		break;
	case 2:
		inode->size_low = test_random(random) % 2 ? test_random(random)
							  : test_random(random) % 64 * BLOCK;
		break;
	case 3:
		inode->deleted = draw_inode(random);
		break;
	case 4:
		inode->sector_count = test_random(random) % 2 ? 0 : test_random(random);
		break;
	case 5:
		inode->attribute_block = draw_block(random);
		break;
	}
}

static void spoil_attributes(uint32_t *random)
{
	struct ext2_disk_inode *inode = disk_inode(draw_inode(random));
	uint32_t word = test_random(random) % 2 ? test_random(random) : test_random(random) % 1024;
	uint32_t place = test_random(random) % 32 * 4;

	if (inode->attribute_block && inode->attribute_block < disk_super()->block_count)
		memcpy(disk.bytes + inode->attribute_block * BLOCK + place, &word, sizeof(word));
	else
		memcpy((uint8_t *)inode + EXT2_REV0_INODE_SIZE + place, &word, sizeof(word));
}

static void spoil(uint32_t *random)
{
	const struct ext2_descriptor *group = first_descriptor();
	struct ext2_disk_inode *inode = disk_inode(draw_inode(random));

	switch (test_random(random) % 9) {
	case 8:
		/* A word of an attribute block, or of the room for attributes in an inode. */
		spoil_attributes(random);
		break;
	case 0:
	case 1:
		inode->blocks[test_random(random) % 3 ? 12 + test_random(random) % 3
						      : test_random(random) % 12] =
			draw_block(random);
		break;
	case 2:
		if (inode->blocks[12 + test_random(random) % 2])
			block_words(inode->blocks[12])[test_random(random) % 256] =
				draw_block(random);
		break;
	case 3:
	case 4:
		spoil_directory(random);
		break;
	case 5:
		spoil_inode(random);
		break;
	case 6:
		block_words(test_random(random) % 2
				    ? group->block_bitmap
				    : group->inode_bitmap)[test_random(random) % 8] =
			test_random(random) % 2 ? 0 : test_random(random);
		break;
	case 7:
		disk_super()->last_orphan = draw_inode(random);
		disk_inode(disk_super()->last_orphan)->deleted = draw_inode(random);
		disk_inode(disk_super()->last_orphan)->link_count = 0;
		break;
	}
}

/* Inodes 12 to 11 + 21: files of all depths, directories of one block and of several, links. */
static void set_attribute(struct inode *inode, const char *name, size_t size)
{
	rwlock_write_lock(&inode->lock);
	(void)!inode->ops->set_attribute(inode, name, size ? chunk : NULL, size, 0);
	rwlock_write_unlock(&inode->lock);
}

static void prepare_tree(struct test *t)
{
	static const uint32_t places[] = { 0, 14, 300, 12 + 256 + 300, 12 + 256 + 256 * 256 + 5 };
	struct inode *file, *inner;
	char name[40];

	EXPECT_EQ(t, mount_it(false), 0);
	for (unsigned int i = 0; i < 12; i++) {
		bool is_directory = i % 3 == 2;

		snprintf(name, sizeof(name), "n%u", i);
		EXPECT_EQ(t,
			  make(root, name, (is_directory ? MODE_DIRECTORY : MODE_REGULAR) | 0700,
			       &file),
			  0);
		for (unsigned int k = 0; k < (is_directory ? i * 4 : 0); k++) {
			name_of(name, sizeof(name), k);
			EXPECT_EQ(t, make(file, name, MODE_REGULAR | 0600, &inner), 0);
			inode_put(inner);
		}
		if (!is_directory)
			EXPECT_EQ(t, write_at(file, (uint64_t)places[i % 5] * BLOCK, chunk, 9000),
				  9000);
		set_attribute(file, "user.a", 3 + i * 5);
		set_attribute(file, "trusted.b", i % 2 ? 500 : 10);
		inode_put(file);
	}
	unmount_it();
	EXPECT(t, disk_image_is_clean());
}

static void use_attributes(struct inode *inode, uint32_t *random)
{
	uint32_t size = test_random(random) % 1200;

	rwlock_read_lock(&inode->lock);
	(void)!inode->ops->list_attributes(inode, (char *)seen, 4000, true);
	(void)!inode->ops->get_attribute(inode, "user.a", seen, 4000);
	rwlock_read_unlock(&inode->lock);
	set_attribute(inode, size % 2 ? "user.a" : "trusted.b", size % 5 ? size : 0);
}

static void use_directory(struct inode *directory, uint32_t *random)
{
	struct inode *inner;
	char name[40];

	for (unsigned int k = 0; k < 12; k++) {
		name_of(name, sizeof(name), test_random(random) % 44);
		if (lookup(directory, name, &inner) == 0) {
			bool is_itself = inner == directory;

			inode_put(inner);
			if (!is_itself && test_random(random) % 2)
				(void)remove_name(directory, name);
		} else if (make(directory, name,
				k % 4 ? MODE_REGULAR | 0600 : MODE_DIRECTORY | 0700, &inner) == 0) {
			inode_put(inner);
		}
	}
}

static void use_tree(uint32_t *random)
{
	static const uint32_t places[] = { 0, 12, 300, 12 + 256 + 256, 12 + 256 + 256 * 256 };
	struct inode *held[12] = { NULL };
	char name[40];

	for (unsigned int i = 0; i < 12; i++) {
		unsigned int which = test_random(random) % 12;
		struct inode *file = held[which];
		uint64_t place =
			((uint64_t)places[test_random(random) % 5] + test_random(random) % 20) *
			BLOCK;

		snprintf(name, sizeof(name), "n%u", which);
		if (!file && lookup(root, name, &held[which]))
			held[which] = NULL;
		file = held[which];
		if (!file || file == root)
			continue;
		if (inode_is(file, MODE_REGULAR)) {
			(void)!read_at(file, place, seen, 3000);
			(void)!write_at(file, place, chunk, 5000);
			if (test_random(random) % 3 == 0)
				(void)sync_it();
			if (test_random(random) % 3 == 0)
				(void)!cut(file, place + test_random(random) % 4000);
			(void)!write_at(file, place + 8000, chunk, 2000);
		} else if (inode_is(file, MODE_DIRECTORY)) {
			use_directory(file, random);
		} else if (inode_is(file, MODE_LINK) && file->ops->read_link) {
			(void)!file->ops->read_link(file, (char *)seen, 4000);
		}
		use_attributes(file, random);
		if (test_random(random) % 3 == 0)
			(void)remove_name(root, name);
		if (test_random(random) % 2) {
			inode_put(file);
			held[which] = NULL;
		}
	}
	for (unsigned int i = 0; i < 12; i++) {
		if (held[i])
			inode_put(held[i]);
	}
}

/* Numbers that are good in themselves, in places where they are not: nothing but errors. */
static void crossed_structures_do_no_harm(struct test *t)
{
	static const char *const crossed_formats[] = {
		"-t ext2 -b 1024 -N 256",
		"-t ext3 -b 1024 -N 256 -J size=1",
	};
	enum { SIZE = 3 << 20, ROUNDS = 150 };
	static uint8_t good[SIZE];

	for (size_t f = 0; f < ARRAY_SIZE(crossed_formats); f++) {
		machine_start(SIZE);
		EXPECT(t, disk_image_format(crossed_formats[f]));
		prepare_tree(t);
		memcpy(good, disk.bytes, SIZE);
		for (uint32_t round = 1; round <= ROUNDS; round++) {
			uint32_t random = round * 7919;

			memcpy(disk.bytes, good, SIZE);
			for (unsigned int i = 1 + test_random(&random) % 6; i > 0; i--)
				spoil(&random);
			if (mount_it(round % 9 == 0) == 0) {
				use_tree(&random);
				unmount_it();
			}
			drain();
			page_cache_drop_range(&disk.block.cache, 0, UINT32_MAX);
		}
		machine_stop();
	}
}

const struct test_case test_cases[] = {
	TEST(two_files_share_an_indirect_block), TEST(a_directory_has_one_block_twice),
	TEST(an_inode_in_use_is_free),		 TEST(a_change_takes_more_than_it_may),
	TEST(an_entry_changes_after_it_was_found), TEST(an_unpaid_change_reaches_no_place),
	TEST(crossed_structures_do_no_harm),	 TEST_END
};
