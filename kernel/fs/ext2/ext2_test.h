/*
 * The machine of ext2's tests: the real file system, block layer and page cache over a disk in
 * memory, with what lies beside and above played here. The disk answers only while somebody
 * waits, in any order, so that requests are really in flight.
 */
#pragma once
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
#include "mem/vmap.h"
#include "sched/clock.h"
#include "sched/thread.h"
#include "test.h"
#include "uapi/linux/errno.h"
#include "vfs/char_device.h"
#include "vfs/freeze.h"
#include "vfs/internal.h"
#include "vfs/permission.h"
#include "vfs/pipe.h"
#include "vm/internal.h"

/* ---- what lies beside and above, as far as ext2 meets it ---- */

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

size_t vm_total_pages(void)
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

void thread_prepare_sleep(enum thread_state kind)
{
	(void)kind;
}

bool thread_sleep_until(uint64_t deadline_ns)
{
	(void)deadline_ns;
	return false;
}

int64_t clock_realtime_ns(void)
{
	return INT64_C(1700000000) * 1000000000;
}

struct clock_recent clock_recent;	/* never good */

void clock_recent_renew(int64_t *seconds, uint32_t *nanoseconds)
{
	*seconds = 1700000000;
	*nanoseconds = 0;
}

const struct credentials *credentials_caller(void)
{
	return NULL;
}

bool permission_is_owner(const struct inode *inode, const struct credentials *credentials)
{
	(void)inode, (void)credentials;
	return true;
}

int mount_begin_write(struct mount *mount)
{
	(void)mount;
	return 0;
}

void mount_end_write(struct mount *mount)
{
	(void)mount;
}

/* Nobody freezes it. */
void freeze_wake(void)
{
}

bool freeze_enter_sync(struct super_block *tested)
{
	return freeze_try_enter(tested, FREEZE_ALL);
}

bool freeze_puts_off_deletion(struct inode *inode)
{
	(void)inode;
	return false;
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

size_t clear_user_partial(user_addr to, size_t size)
{
	(void)to;
	return size;
}

int user_prefault(user_addr address, size_t size, bool write)
{
	(void)address, (void)size, (void)write;
	return -EFAULT;
}

void super_block_for_each(void (*visit)(struct super_block *super, void *argument), void *argument)
{
	(void)visit, (void)argument;
}

void super_block_inode_freed(struct super_block *super)
{
	super->live_inodes--;
}

/* ---- the disk ---- */

enum { IN_FLIGHT_MAX = 8 };

static struct {
	struct block_device block;
	uint8_t *bytes;
	struct block_request *in_flight[IN_FLIGHT_MAX];
	unsigned int in_flight_count;
	uint32_t random;
	bool broken;		/* every request fails */
	bool loses_power;	/* after power_left more requests */
	uint32_t power_left;
	bool is_off;		/* it has gone: every request fails */
	uint32_t fail_after;	/* requests, then one fails (and its repetition); 0: none does */
	bool fails_for_good;	/* and so do all after it */
	uint32_t failures;	/* so many have failed that way */
	uint8_t *durable;	/* NULL, or what is on the medium whatever happens */
	bool *unflushed;	/* a sector each: newer in bytes[] than on the medium */
} disk;

static inline void disk_submit(struct block_device *device, struct block_request *request)
{
	(void)device;
	disk.in_flight[disk.in_flight_count++] = request;
}

static const struct block_device_ops disk_ops = { .submit = disk_submit };

static inline void transfer(struct block_request *request)
{
	uint8_t *place = disk.bytes + (request->sector << SECTOR_SHIFT);

	if (request->operation == BLOCK_WRITE && disk.durable)
		memset(disk.unflushed + request->sector, true, request->sector_count);
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

/* What was written so far is on the medium. */
static inline void flush_disk(void)
{
	if (!disk.durable)
		return;
	for (size_t i = 0; i < disk.block.sector_count; i++) {
		if (disk.unflushed[i])
			memcpy(disk.durable + i * SECTOR_SIZE, disk.bytes + i * SECTOR_SIZE,
			       SECTOR_SIZE);
		disk.unflushed[i] = false;
	}
}

/* Shall the next request fail? */
static inline bool disk_fails(const struct block_request *request)
{
	if (disk.loses_power && !disk.is_off && disk.power_left-- == 0)
		disk.is_off = true;
	if (disk.fail_after && --disk.fail_after == 0) {
		disk.fail_after = disk.fails_for_good || !request->retried ? 1 : 0;
		disk.failures++;
		return true;
	}
	return disk.broken || disk.is_off;
}

/* One request, whichever, is done. False: the disk has nothing to do. */
static inline bool disk_step(void)
{
	struct block_request *request;
	unsigned int which;
	bool fails;

	if (disk.in_flight_count == 0)
		return false;
	which = test_random(&disk.random) % disk.in_flight_count;
	request = disk.in_flight[which];
	disk.in_flight[which] = disk.in_flight[--disk.in_flight_count];
	fails = disk_fails(request);
	if (!fails && request->operation == BLOCK_FLUSH)
		flush_disk();
	else if (!fails)
		transfer(request);
	block_request_complete(request, fails ? -EIO : 0);
	return true;
}

static inline void drain(void)
{
	while (disk_step())
		;
}

/* ---- a disk with a cache that forgets ---- */

static uint8_t disk_medium[32 << 20];
static bool disk_unflushed[(32 << 20) / SECTOR_SIZE];

/* From now on only what is flushed is safe; all that is there now is. */
static inline void disk_cache_begin(void)
{
	disk.durable = disk_medium;
	disk.unflushed = disk_unflushed;
	memcpy(disk.durable, disk.bytes, disk.block.sector_count << SECTOR_SHIFT);
	memset(disk.unflushed, 0, sizeof(disk_unflushed));
}

/* The power has gone and come again: of what was not flushed any sector is there or not. */
static inline void disk_cache_lose(uint32_t *random)
{
	uint32_t kept = test_random(random) % 5;	/* quarters */

	for (size_t i = 0; i < disk.block.sector_count; i++) {
		if (disk.unflushed[i] && test_random(random) % 4 >= kept)
			memcpy(disk.bytes + i * SECTOR_SIZE, disk.durable + i * SECTOR_SIZE,
			       SECTOR_SIZE);
	}
	disk.durable = NULL;
	disk.loses_power = disk.is_off = false;
	page_cache_drop_range(&disk.block.cache, 0, UINT32_MAX);
}

/* ---- a mounted file system ---- */

static struct super_block *super;
static struct inode *root;

/* With a disk that holds `bytes`. */
static inline void machine_start_with(uint8_t *bytes, size_t size)
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
	disk.bytes = bytes;
	strlcpy(disk.block.name, "test", sizeof(disk.block.name));
	disk.block.sector_count = size >> SECTOR_SHIFT;
	disk.block.ops = &disk_ops;
	disk.block.depth = IN_FLIGHT_MAX;
	disk.block.has_write_cache = true;
	block_device_register(&disk.block);
}

static inline void machine_start(size_t size)
{
	machine_start_with(disk_image_open(size), size);
}

static inline void machine_stop(void)
{
	drain();
	writeback_unregister(&disk.block.writeback);
	page_cache_fini(&disk.block.cache);
	list_remove(&disk.block.list_node);
	disk_image_close();
}

static inline int mount_it(bool read_only)
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

static inline int sync_it(void)
{
	int error = super_write_back_inodes(super, 0, true);
	int sync_error = super->ops->sync(super, true);

	drain();
	return error < 0 ? error : sync_error;
}

static inline void unmount_it(void)
{
	if (!super->read_only)
		(void)sync_it();
	inode_put(root);
	if (!super->read_only)
		(void)sync_it();
	while (!list_is_empty(&super->dirty_inodes))	/* after an error: nobody writes these */
		inode_unlist_dirty(list_first_entry(&super->dirty_inodes, struct inode,
						    dirty_node));
	inode_drop_unused(super);
	test_run_deferred();
	super->ops->unmount(super);
	drain();
	kfree(super->inode_buckets);
	kfree(super);
	super = NULL;
}

/* All that is only cached goes, as under pressure. */
static inline void forget_caches(void)
{
	(void)sync_it();
	inode_drop_unused(super);
	test_run_deferred();
}

/* ---- what programs do ---- */

static inline int lookup(struct inode *dir, const char *name, struct inode **out)
{
	int error;

	rwlock_read_lock(&dir->lock);
	error = dir->ops->lookup(dir, name, strlen(name), out);
	rwlock_read_unlock(&dir->lock);
	return error;
}

static inline int make(struct inode *dir, const char *name, file_mode mode, struct inode **out)
{
	int error;

	rwlock_write_lock(&dir->lock);
	error = dir->ops->create(dir, name, strlen(name), mode, 0, 0, 0, out);
	rwlock_write_unlock(&dir->lock);
	return error;
}

static inline int remove_name(struct inode *dir, const char *name)
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

static inline ssize_t write_at(struct inode *inode, uint64_t offset, const void *bytes, size_t size)
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

static inline ssize_t read_at(struct inode *inode, uint64_t offset, void *bytes, size_t size)
{
	struct io_buffer buffer;

	io_buffer_init_kernel(&buffer, bytes, size);
	return page_cache_read(&inode->cache, &buffer, (file_offset)offset);
}

static inline int cut(struct inode *inode, uint64_t size)
{
	int error;

	rwlock_write_lock(&inode->lock);
	error = inode->ops->truncate(inode, size);
	rwlock_write_unlock(&inode->lock);
	return error;
}

static inline int move(struct inode *from_dir, const char *from, struct inode *to_dir,
		       const char *to)
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
static inline void fill_pattern(uint8_t *bytes, size_t size, uint32_t seed)
{
	for (size_t i = 0; i < size; i++)
		bytes[i] = (uint8_t)(seed + i * 7 + (i >> 9) * 13);
}

static const char *const formats[] = {
	"-t ext2 -b 1024", "-t ext2 -b 2048", "-t ext2 -b 4096",
	"-t ext2 -b 1024 -E revision=0 -I 128",
	"-t ext2 -b 4096 -I 128 -O ^dir_index,^resize_inode",
	"-t ext3 -b 1024 -J size=1", "-t ext3 -b 4096 -J size=4",
};

/* A disk of `size` bytes beside the journal that format `f` has. */
static inline size_t format_size(size_t f, size_t size)
{
	return size + (f == 5 ? 2u << 20 : f == 6 ? 8u << 20 : 0);
}

#define FOR_EACH_FORMAT(index) for (size_t index = 0; index < ARRAY_SIZE(formats); index++)

static uint8_t chunk[192 * 1024], seen[192 * 1024];
