/*
 * ext2 over a disk in memory, with the real block layer and page cache: what it writes is judged by
 * e2fsck and debugfs, what it reads was written by mke2fs and debugfs.
 *
 * The disk answers only while somebody waits, in any order, so that requests are really in flight.
 *
 * test: with=fs/ext2/super.c,fs/ext2/metadata.c,fs/ext2/inode.c,fs/ext2/block_map.c,fs/ext2/delayed.c,fs/ext2/block_alloc.c,fs/ext2/inode_alloc.c,fs/ext2/directory.c,fs/ext2/directory_index.c,fs/ext2/namei.c,fs/ext2/symlink.c,fs/ext2/file.c,fs/ext2/truncate.c,block/block_device.c,block/request_queue.c,block/block_cache.c,block/page_io.c,block/partition.c,block/block_fail.c,vm/page_cache.c,vm/page_cache_io.c,vm/truncate.c,vm/readahead.c,vm/writeback.c,vm/io_buffer.c,vfs/inode.c,vfs/inode_table.c,vfs/file_system.c
 */
#include "arch/user_copy.h"
#include "core/printk.h"
#include "core/stack_header.h"
#include "disk_image.h"
#include "fs/ext2/ext2.h"
#include "fs/ext2/internal.h"
#include "lib/format.h"
#include "lib/min_max.h"
#include "lib/string.h"
#include "mem/kmalloc.h"
#include "sched/clock.h"
#include "test.h"
#include "uapi/linux/errno.h"
#include "vfs/char_device.h"
#include "vfs/internal.h"
#include "vfs/permission.h"
#include "vfs/pipe.h"
#include "vm/internal.h"

/* ---- what lies beside and above, as far as ext2 meets it -------------------------------------------- */

const struct file_ops file_ops_cached, char_device_open_ops, block_device_file_ops, pipe_fifo_ops;

void vm_unmap_cache(struct page_cache *cache, uint32_t first, uint32_t end, bool even_copies)
{
	(void)cache, (void)first, (void)end, (void)even_copies;
}

bool vm_clean_cache_page(struct page_cache *cache, uint32_t index)
{
	(void)cache, (void)index;
	return false;
}

void reclaim_add(struct page_frame *frame)
{
	(void)frame;
}

void reclaim_remove(struct page_frame *frame)
{
	(void)frame;
}

void reclaim_start(void)
{
}

void reclaim_register_shrinker(struct shrinker *shrinker)
{
	(void)shrinker;
}

size_t vm_commit_limit_pages(void)
{
	return 100000;
}

struct thread *thread_create_kernel(const char *name, void (*entry)(void *), void *argument)
{
	(void)name, (void)entry, (void)argument;
	return NULL;
}

void thread_start(struct thread *thread)
{
	(void)thread;
}

uint64_t clock_monotonic_ns(void)
{
	return 1;
}

int64_t clock_realtime_ns(void)
{
	return INT64_C(1700000000) * 1000000000;
}

bool permission_is_owner(const struct inode *inode, const struct credentials *credentials)
{
	(void)inode, (void)credentials;
	return true;
}

bool credentials_capable(const struct credentials *credentials, unsigned int capability)
{
	(void)credentials, (void)capability;
	return true;
}

int put_user_u32(user_addr to, uint32_t value)
{
	(void)to, (void)value;
	return -EFAULT;
}

int get_user_u32(uint32_t *out, user_addr from)
{
	(void)out, (void)from;
	return -EFAULT;
}

size_t copy_from_user_nofault(void *to, user_addr from, size_t size)
{
	(void)to, (void)from;
	return size;
}

size_t copy_to_user_nofault(user_addr to, const void *from, size_t size)
{
	(void)to, (void)from;
	return size;
}

size_t copy_from_user_partial(void *to, user_addr from, size_t size)
{
	(void)to, (void)from;
	return size;
}

size_t copy_to_user_partial(user_addr to, const void *from, size_t size)
{
	(void)to, (void)from;
	return size;
}

void *vmap_alloc(size_t pages, size_t align_pages)
{
	(void)align_pages;
	return kmalloc(pages * PAGE_SIZE, 0);
}

void vmap_free(void *address, size_t pages)
{
	(void)pages;
	kfree(address);
}

int copy_from_user(void *to, user_addr from, size_t size)
{
	(void)to, (void)from, (void)size;
	return -EFAULT;
}

int copy_to_user(user_addr to, const void *from, size_t size)
{
	(void)to, (void)from, (void)size;
	return -EFAULT;
}

int clear_user(user_addr to, size_t size)
{
	(void)to, (void)size;
	return -EFAULT;
}

int user_prefault(user_addr address, size_t size, bool write)
{
	(void)address, (void)size, (void)write;
	return -EFAULT;
}

void file_lock_inode_free(struct inode *inode)
{
	(void)inode;
}

void super_block_for_each(void (*visit)(struct super_block *super, void *argument), void *argument)
{
	(void)visit, (void)argument;
}

void super_block_inode_freed(struct super_block *super)
{
	super->live_inodes--;
}

/* ---- the disk ---------------------------------------------------------------------------------------- */

enum { IN_FLIGHT_MAX = 8 };

static struct {
	struct block_device block;
	uint8_t *bytes;
	struct block_request *in_flight[IN_FLIGHT_MAX];
	unsigned int in_flight_count;
	uint32_t random;
	bool broken;		/* every request fails */
	uint32_t writes_left;	/* then the power is gone: nothing is written any more */
} disk;

static void disk_submit(struct block_device *device, struct block_request *request)
{
	(void)device;
	disk.in_flight[disk.in_flight_count++] = request;
}

static const struct block_device_ops disk_ops = { .submit = disk_submit };

static void transfer(struct block_request *request)
{
	uint8_t *place = disk.bytes + (request->sector << SECTOR_SHIFT);

	if (request->operation == BLOCK_WRITE && disk.writes_left == 0)
		return;
	if (request->operation == BLOCK_WRITE)
		disk.writes_left--;
	for (unsigned int i = 0; i < request->segment_count; i++) {
		const struct block_segment *segment = &request->segments[i];
		uint8_t *bytes = (uint8_t *)page_frame_address(segment->frame) + segment->offset;

		if (request->operation == BLOCK_READ)
			memcpy(bytes, place, segment->size);
		else
			memcpy(place, bytes, segment->size);
		place += segment->size;
	}
}

/* One request, whichever, is done. False: the disk has nothing to do. */
static bool disk_step(void)
{
	struct block_request *request;
	unsigned int which;

	if (disk.in_flight_count == 0)
		return false;
	which = test_random(&disk.random) % disk.in_flight_count;
	request = disk.in_flight[which];
	disk.in_flight[which] = disk.in_flight[--disk.in_flight_count];
	if (!disk.broken && request->operation != BLOCK_FLUSH)
		transfer(request);
	block_request_complete(request, disk.broken ? -EIO : 0);
	return true;
}

static void drain(void)
{
	while (disk_step())
		;
}

/* ---- a mounted file system --------------------------------------------------------------------------- */

static struct super_block *super;
static struct inode *root;

static void machine_start(size_t size)
{
	static bool done;

	if (!done) {
		printk_set_level(LOG_CRITICAL);
		page_cache_setup();
		writeback_setup();
		inode_init();
		ext2_init();
		done = true;
	}
	test_set_idle(disk_step);
	memset(&disk, 0, sizeof(disk));
	disk.random = 12345;
	disk.writes_left = UINT32_MAX;
	disk.bytes = disk_image_open(size);
	strlcpy(disk.block.name, "test", sizeof(disk.block.name));
	disk.block.sector_count = size >> SECTOR_SHIFT;
	disk.block.ops = &disk_ops;
	disk.block.depth = IN_FLIGHT_MAX;
	disk.block.has_write_cache = true;
	block_device_register(&disk.block);
}

static void machine_stop(void)
{
	drain();
	writeback_unregister(&disk.block.writeback);
	page_cache_fini(&disk.block.cache);
	list_remove(&disk.block.list_node);
	disk_image_close();
}

static int mount_it(bool read_only)
{
	const struct file_system_type *type = file_system_find("ext2");
	int error;

	super = kzalloc(sizeof(*super), 0);
	if (!super)
		return -ENOMEM;
	super->type = type;
	super->max_file_size = INT64_MAX;
	super->device = &disk.block;
	super->read_only = read_only;
	refcount_set(&super->references, 1);
	spin_init(&super->table_lock, LOCK_RANK_INODE_TABLE, "inode table");
	spin_init(&super->dirty_lock, LOCK_RANK_LEAF, "dirty inodes");
	list_init(&super->unused_inodes);
	list_init(&super->dirty_inodes);
	error = type->mount(super, NULL, &root);
	if (error) {
		test_run_deferred();
		kfree(super->inode_buckets);
		kfree(super);
		super = NULL;
	}
	return error;
}

static int sync_it(void)
{
	int error = super_write_back_inodes(super, 0, true);
	int sync_error = super->ops->sync(super, true);

	drain();
	return error < 0 ? error : sync_error;
}

static void unmount_it(void)
{
	if (!super->read_only)
		(void)sync_it();
	inode_put(root);
	if (!super->read_only)
		(void)sync_it();
	while (!list_is_empty(&super->dirty_inodes))	/* after an error: nobody writes these */
		inode_unlist_dirty(list_first_entry(&super->dirty_inodes, struct inode, dirty_node));
	inode_drop_unused(super);
	test_run_deferred();
	super->ops->unmount(super);
	drain();
	kfree(super->inode_buckets);
	kfree(super);
	super = NULL;
}

/* All that is only cached goes, as under pressure. */
static void forget_caches(void)
{
	(void)sync_it();
	inode_drop_unused(super);
	test_run_deferred();
}

/* ---- what programs do ----------------------------------------------------------------------------------- */

static int lookup(struct inode *dir, const char *name, struct inode **out)
{
	int error;

	rwlock_read_lock(&dir->lock);
	error = dir->ops->lookup(dir, name, strlen(name), out);
	rwlock_read_unlock(&dir->lock);
	return error;
}

static int make(struct inode *dir, const char *name, file_mode mode, struct inode **out)
{
	int error;

	rwlock_write_lock(&dir->lock);
	error = dir->ops->create(dir, name, strlen(name), mode, 0, 0, 0, out);
	rwlock_write_unlock(&dir->lock);
	return error;
}

static int remove_name(struct inode *dir, const char *name)
{
	struct inode *target;
	int error = lookup(dir, name, &target);
	bool is_dir;

	if (error)
		return error;
	is_dir = inode_is(target, MODE_DIRECTORY);
	rwlock_write_lock(&dir->lock);
	if (is_dir)
		rwlock_write_lock_second(&target->lock);
	else
		rwlock_write_lock(&target->lock);
	error = is_dir ? dir->ops->rmdir(dir, name, strlen(name), target) :
			 dir->ops->unlink(dir, name, strlen(name), target);
	rwlock_write_unlock(&target->lock);
	rwlock_write_unlock(&dir->lock);
	inode_put(target);
	return error;
}

static ssize_t write_at(struct inode *inode, uint64_t offset, const void *bytes, size_t size)
{
	struct io_buffer buffer;
	ssize_t done;

	io_buffer_init_kernel(&buffer, (void *)(uintptr_t)bytes, size);
	rwlock_write_lock(&inode->lock);
	done = page_cache_write(&inode->cache, &buffer, (file_offset)offset);
	rwlock_write_unlock(&inode->lock);
	if (done > 0)
		inode_mark_dirty(inode, INODE_DIRTY_ATTRIBUTES);
	return done;
}

static ssize_t read_at(struct inode *inode, uint64_t offset, void *bytes, size_t size)
{
	struct io_buffer buffer;

	io_buffer_init_kernel(&buffer, bytes, size);
	return page_cache_read(&inode->cache, &buffer, (file_offset)offset);
}

static int cut(struct inode *inode, uint64_t size)
{
	int error;

	rwlock_write_lock(&inode->lock);
	error = inode->ops->truncate(inode, size);
	rwlock_write_unlock(&inode->lock);
	return error;
}

static int move(struct inode *from_dir, const char *from, struct inode *to_dir, const char *to)
{
	struct inode *moved, *replaced = NULL;
	int error = lookup(from_dir, from, &moved);

	if (error)
		return error;
	error = lookup(to_dir, to, &replaced);
	if (error && error != -ENOENT)
		goto put_moved;
	rwlock_write_lock(&from_dir->lock);
	if (to_dir != from_dir)
		rwlock_write_lock_second(&to_dir->lock);
	if (inode_is(moved, MODE_DIRECTORY))
		rwlock_write_lock_second(&moved->lock);
	if (replaced && replaced != moved)
		rwlock_write_lock_second(&replaced->lock);
	error = replaced == moved ? 0 :
		from_dir->ops->rename(from_dir, from, strlen(from), to_dir, to, strlen(to), moved,
				      replaced, false);
	if (replaced && replaced != moved)
		rwlock_write_unlock(&replaced->lock);
	if (inode_is(moved, MODE_DIRECTORY))
		rwlock_write_unlock(&moved->lock);
	if (to_dir != from_dir)
		rwlock_write_unlock(&to_dir->lock);
	rwlock_write_unlock(&from_dir->lock);
	if (replaced)
		inode_put(replaced);
put_moved:
	inode_put(moved);
	return error;
}

/* Bytes that tell where they belong. */
static void fill_pattern(uint8_t *bytes, size_t size, uint32_t seed)
{
	for (size_t i = 0; i < size; i++)
		bytes[i] = (uint8_t)(seed + i * 7 + (i >> 9) * 13);
}

static const char *const formats[] = {
	"-t ext2 -b 1024", "-t ext2 -b 2048", "-t ext2 -b 4096",
	"-t ext2 -b 1024 -r 0 -I 128", "-t ext2 -b 4096 -I 128 -O ^dir_index,^resize_inode",
};

#define FOR_EACH_FORMAT(index) for (size_t index = 0; index < ARRAY_SIZE(formats); index++)

static uint8_t chunk[192 * 1024], seen[192 * 1024];

/* ---- the tests ---------------------------------------------------------------------------------------------- */

static void files_survive_unmounting(struct test *t)
{
	FOR_EACH_FORMAT(f) {
		struct inode *file, *dir;

		machine_start(8 << 20);
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

		machine_start(4 << 20);
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

static void holes_read_as_zeros(struct test *t)
{
	static const uint64_t places[] = { 5000, 70000, 1 << 20, 70 << 20, UINT64_C(3) << 29 };

	FOR_EACH_FORMAT(f) {
		struct inode *file;

		machine_start(8 << 20);
		EXPECT(t, disk_image_format(formats[f]));
		EXPECT_EQ(t, mount_it(false), 0);
		EXPECT_EQ(t, make(root, "sparse", MODE_REGULAR | 0600, &file), 0);
		for (size_t i = 0; i < ARRAY_SIZE(places); i++)
			EXPECT_EQ(t, write_at(file, places[i], "here", 4), 4);
		forget_caches();
		for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
			EXPECT_EQ(t, read_at(file, places[i] - 4, seen, 8), i + 1 < ARRAY_SIZE(places) ? 8 : 8);
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

static void large_directories_stay_right(struct test *t)
{
	enum { COUNT = 3000 };

	FOR_EACH_FORMAT(f) {
		struct inode *dir, *file;
		char name[64];

		if (f == 1 || f == 3)
			continue;
		machine_start(16 << 20);
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

		machine_start(2 << 20);
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

		machine_start(4 << 20);
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
					   (error = make(dir, name, MODE_REGULAR | 0600, &file)) == 0) {
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
		machine_start(4 << 20);
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

const struct test_case test_cases[] = {
	TEST(files_survive_unmounting),
	TEST(what_debugfs_wrote_is_read),
	TEST(holes_read_as_zeros),
	TEST(large_directories_stay_right),
	TEST(a_full_disk_says_so_and_recovers),
	TEST(random_work_leaves_a_clean_disk),
	TEST(contents_agree_with_a_model),
	TEST(running_out_of_memory_harms_nothing),
	TEST(corrupt_disks_do_no_harm),
	TEST(a_broken_disk_is_an_error),
	TEST(chosen_sectors_fail),
	TEST(strange_features_are_refused),
	TEST(links_of_every_length),
	TEST_END
};
