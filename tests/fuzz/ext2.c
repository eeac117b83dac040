/*
 * Disks that somebody changed: mounted, with or without a journal to replay, everything in them
 * looked at, and changed by what goes on finding good what it finds.
 *
 * An input says which of the good disks it is, what is written into which of its blocks that are in
 * use, and what is done then.
 *
 * test: with=fs/ext2/super.c,fs/ext2/metadata.c,fs/ext2/inode.c,fs/ext2/block_map.c
 * test: with=fs/ext2/delayed.c,fs/ext2/block_alloc.c,fs/ext2/inode_alloc.c
 * test: with=fs/ext2/directory.c,fs/ext2/directory_index.c,fs/ext2/namei.c
 * test: with=fs/ext2/symlink.c,fs/ext2/file.c,fs/ext2/truncate.c,block/block_device.c
 * test: with=block/request_queue.c,block/block_cache.c,block/page_io.c
 * test: with=block/partition.c,block/partition_table.c
 * test: with=block/block_fail.c,vm/page_cache.c,vm/page_cache_io.c,vm/truncate.c
 * test: with=vm/readahead.c,vm/writeback.c,vm/io_buffer.c,vfs/inode.c,vfs/inode_table.c
 * test: with=fs/ext2/attributes.c,fs/ext2/attribute_list.c,vfs/file_system.c
 * test: with=fs/ext2/freed_blocks.c,fs/ext2/orphan.c,fs/ext2/journal_inode.c
 * test: with=fs/journal/journal.c,fs/journal/transaction.c,fs/journal/commit.c,block/io_group.c
 * test: with=fs/journal/checkpoint.c,fs/journal/recover.c,fs/journal/copy_writer.c
 */
#include "core/assert.h"
#include "fs/ext2/ext2_test.h"
#include "fuzz.h"

enum { BLOCK = 1024, SIZE = 3 << 20, BLOCKS = SIZE / BLOCK, NAMES = 16, STEPS_MAX = 60 };

static const char *const disk_formats[] = {
	"-t ext2 -b 1024 -N 64",
	"-t ext2 -b 1024 -N 64 -I 128 -O ^dir_index",
	"-t ext3 -b 1024 -N 64 -J size=1",	/* clean */
	"-t ext3 -b 1024 -N 64 -J size=1",	/* with a log to be replayed */
};
enum { UNCLEAN = 3 };

static struct {
	uint8_t bytes[SIZE];
	uint32_t used[BLOCKS], used_count;	/* blocks that are not all zeros */
} disks[ARRAY_SIZE(disk_formats)];

static void name_of(char *name, size_t size, unsigned int i)
{
	snprintf(name, size, "%s%u", i % 2 ? "n" : "a-name-of-some-length-", i % NAMES);
}

static void set_attribute(struct inode *inode, const char *name, size_t size)
{
	rwlock_write_lock(&inode->lock);
	(void)!inode->ops->set_attribute(inode, name, size ? chunk : NULL, size, 0);
	rwlock_write_unlock(&inode->lock);
}

/* Files of all depths, directories with and without contents, symbolic links, attributes. */
static void fill_disk(void)
{
	static const uint32_t places[] = { 0, 14, 300, 12 + 256 + 300 };
	struct inode *file, *inner;
	char name[40], inner_name[40];

	for (unsigned int i = 0; i < NAMES / 2; i++) {
		bool is_directory = i % 3 == 2;

		name_of(name, sizeof(name), i);
		int error = make(root, name,
				 (is_directory ? MODE_DIRECTORY : MODE_REGULAR) | 0700, &file);

		if (error)
			panic("%s cannot be made: error %d", name, -error);
		for (unsigned int k = 0; k < (is_directory ? i * 2 : 0); k++) {
			name_of(inner_name, sizeof(inner_name), k);
			if (make(file, inner_name, MODE_REGULAR | 0600, &inner) == 0)
				inode_put(inner);
		}
		if (!is_directory)
			(void)!write_at(file, (uint64_t)places[i % 4] * BLOCK, chunk, 3000);
		set_attribute(file, "user.a", 3 + i * 20);
		set_attribute(file, "trusted.b", i % 2 ? 300 : 10);
		inode_put(file);
	}
}

static bool is_used(const uint8_t *block)
{
	for (unsigned int i = 0; i < BLOCK; i++) {
		if (block[i])
			return true;
	}
	return false;
}

void fuzz_start(void)
{
	fill_pattern(chunk, sizeof(chunk), 1);
	for (unsigned int i = 0; i < ARRAY_SIZE(disk_formats); i++) {
		machine_start(SIZE);
		if (!disk_image_format(disk_formats[i]) || mount_it(false))
			panic("no disk for the fuzzer");
		fill_disk();
		(void)sync_it();
		if (i != UNCLEAN)
			unmount_it();
		memcpy(disks[i].bytes, disk.bytes, SIZE);
		if (i == UNCLEAN)
			unmount_it();
		for (uint32_t block = 0; block < BLOCKS; block++) {
			if (is_used(disks[i].bytes + block * BLOCK))
				disks[i].used[disks[i].used_count++] = block;
		}
		machine_stop();
	}
}

static void spoil(struct fuzz_input *input, unsigned int which)
{
	for (unsigned int i = fuzz_byte(input) % 8; i > 0; i--) {
		uint32_t block = disks[which].used[fuzz_word(input) % disks[which].used_count];
		uint8_t *place = disk.bytes + block * BLOCK;
		uint32_t at = fuzz_word(input) % BLOCK;

		for (unsigned int k = 1 + fuzz_byte(input) % 8; k > 0 && at < BLOCK; k--)
			place[at++] = fuzz_byte(input);
	}
}

/* The input's next name under `dir`, or one inside of it. NULL: it is not there. */
static struct inode *find(struct fuzz_input *input, struct inode *dir, char name[40])
{
	struct inode *found = NULL;

	name_of(name, 40, fuzz_byte(input));
	if (lookup(dir, name, &found))
		return NULL;
	return found;
}

static void use_attributes(struct fuzz_input *input, struct inode *inode)
{
	uint32_t size = fuzz_word(input) % 1200;

	rwlock_read_lock(&inode->lock);
	(void)!inode->ops->list_attributes(inode, (char *)seen, 4000, true);
	(void)!inode->ops->get_attribute(inode, "user.a", seen, 4000);
	rwlock_read_unlock(&inode->lock);
	set_attribute(inode, size % 2 ? "user.a" : "trusted.b", size % 5 ? size : 0);
}

static void use_file(struct fuzz_input *input, struct inode *file)
{
	static const uint32_t places[] = { 0, 12, 268, 12 + 256 + 256, 12 + 256 + 256 * 256 };
	uint64_t place = (uint64_t)places[fuzz_byte(input) % 5] * BLOCK + fuzz_word(input) % 20000;

	switch (fuzz_byte(input) % 4) {
	case 0:
		(void)!read_at(file, place, seen, 3000);
		break;
	case 1:
		(void)!write_at(file, place, chunk, 5000);
		break;
	case 2:
		(void)!cut(file, place);
		break;
	case 3:
		use_attributes(input, file);
		break;
	}
}

static void use_directory(struct fuzz_input *input, struct inode *dir)
{
	struct inode *inner;
	char name[40], other[40];

	inner = find(input, dir, name);
	switch (fuzz_byte(input) % 4) {
	case 0:
		if (!inner && make(dir, name, MODE_REGULAR | 0600, &inner))
			inner = NULL;
		break;
	case 1:
		if (!inner && make(dir, name, MODE_DIRECTORY | 0700, &inner))
			inner = NULL;
		break;
	case 2:
		if (inner && inner != dir)
			(void)remove_name(dir, name);
		break;
	case 3:
		name_of(other, sizeof(other), fuzz_byte(input));
		if (inner && inner != dir && inode_is(inner, MODE_REGULAR))
			(void)move(dir, name, dir, other);
		break;
	}
	if (inner)
		inode_put(inner);
}

static void step(struct fuzz_input *input)
{
	struct inode *inode;
	char name[40];

	if (fuzz_byte(input) % 4 == 0) {
		use_directory(input, root);
		return;
	}
	inode = find(input, root, name);
	if (!inode)
		return;
	if (inode_is(inode, MODE_REGULAR))
		use_file(input, inode);
	else if (inode_is(inode, MODE_DIRECTORY) && inode != root)
		use_directory(input, inode);
	else if (inode_is(inode, MODE_LINK) && inode->ops->read_link)
		(void)!inode->ops->read_link(inode, (char *)seen, 4000);
	inode_put(inode);
}

void fuzz_one(const uint8_t *data, size_t size)
{
	static uint8_t bytes[SIZE];
	struct fuzz_input input = { data, data + size };
	unsigned int which = fuzz_byte(&input);

	memcpy(bytes, disks[which % ARRAY_SIZE(disks)].bytes, SIZE);
	machine_start_with(bytes, SIZE);
	spoil(&input, which % ARRAY_SIZE(disks));
	if (mount_it(which & 0x80) == 0) {
		for (unsigned int i = 0; i < STEPS_MAX && fuzz_has_more(&input); i++) {
			step(&input);
			if (i % 16 == 15)
				(void)sync_it();
		}
		unmount_it();
	}
	drain();
	writeback_unregister(&disk.block.writeback);
	page_cache_fini(&disk.block.cache);
	list_remove(&disk.block.list_node);
}
