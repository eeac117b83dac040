/*
 * The list of block devices, whole disks and their partitions (partition.c), and who uses them.
 *
 * Devices are counted references. One is the driver's, or for a partition ours, until the device
 * goes: a partition because its disk's table is read again or its medium is taken out, a disk
 * because a program removes it (loop devices). Neither happens while it is open as a file or held.
 * Then it is marked, and never found again: the next one of its number is another device. It stays
 * in the list, for those who are on their way along it, until the last reference has gone, and is
 * ended by a thread of the work queue, for that may happen anywhere.
 *
 * Smaller disks. What is cached beyond the new end is thrown away, but for a mounted disk, whose
 * file system has parts of it in its hands, and others it has changed and not yet written: there
 * all of it stays, and fails when it is to be written (block_cache.c). The truncate lock of the
 * disk's cache is held from the look at the mounts until the pages have gone, and who mounts it
 * waits for that.
 *
 * The last user. A driver may want to hear that nobody uses a disk any more. That is told by a
 * thread of the work queue, for whoever closes last may hold any lock: a file may be put, and a
 * file system unmounted, anywhere. But close(2) and umount(2) mean to leave the disk as told, so
 * who closes waits for that thread; umount(2) does when it has given its locks back. The thread
 * itself, which may close another disk when it is told, does not wait: it comes to that one next.
 * Nor does any other thread of the kernel: nobody looks at the disk when it has closed it, and the
 * last user's going writes the disk out, which may need memory that only this thread finds, a file
 * that only this thread writes, or a turn among the workers.
 *
 * Locks. block_devices.mutex covers the list, what is gone, and who uses what.
 */
#include "block/block_device.h"

#include "block/internal.h"
#include "core/assert.h"
#include "core/printk.h"
#include "lib/min_max.h"
#include "lib/string.h"
#include "mem/kmalloc.h"
#include "sched/mutex.h"
#include "sched/thread.h"
#include "sched/work_queue.h"
#include "uapi/linux/errno.h"

#define DEFAULT_MAX_SECTORS 512	/* 256 KiB: BLOCK_SEGMENTS_MAX pages */

struct block_device_list block_devices = {
	.mutex = {
		.queue = WAIT_QUEUE_INIT(block_devices.mutex.queue),
		.rank = LOCK_RANK_BLOCK_DEVICE,
		.name = "block devices",
	},
	.list = LIST_INIT(block_devices.list),
};

static void tell_unused(struct work *work);

/* Disks that are told that nobody uses them. */
static struct {
	struct work work;
	atomic_bool is_running;			/* [a] by one thread */
	atomic_uint count;			/* [a] disks that are not through with it */
	struct wait_queue waiters;
} unused = {
	.work = { .function = tell_unused },
	.waiters = WAIT_QUEUE_INIT(unused.waiters),
};

static int write_back(struct writeback_client *client, uint64_t age_ns, bool wait)
{
	struct block_device *device = container_of(client, struct block_device, writeback);
	size_t pages = atomic_load_explicit(&device->cache.dirty_count, memory_order_relaxed);
	int error;

	/* Ages are not kept for metadata: it is little, and writing it in order of place pays. */
	(void)age_ns;
	if (pages == 0 && !wait)
		return 0;
	error = page_cache_write_back(&device->cache, 0, UINT32_MAX, wait);
	return error ? error : (int)pages;
}

/* ---- beginning and end ----------------------------------------------------------------------- */

/* Nobody has a reference any more. */
static void end(struct work *work)
{
	struct block_device *device = container_of(work, struct block_device, end_work);
	struct block_device *whole = device->whole;

	mutex_lock(&block_devices.mutex);
	assert(device->is_gone && device->open_count == 0 && !device->holder);
	list_remove(&device->list_node);
	partition_number_free(device);
	mutex_unlock(&block_devices.mutex);
	writeback_unregister(&device->writeback);
	page_cache_fini(&device->cache);
	if (device == whole) {
		device->ops->release(device);
	} else {
		kfree(device);
		block_device_put(whole);
	}
}

void block_device_put(struct block_device *device)
{
	if (refcount_put(&device->references))
		(void)work_schedule(&device->end_work);
}

void block_device_init(struct block_device *device)
{
	refcount_set(&device->references, 1);
	work_init(&device->end_work, end);
	page_cache_init(&device->cache, &block_cache_ops, device);
	device->cache.is_metadata = true;
	page_cache_set_size(&device->cache, device->sector_count << SECTOR_SHIFT);
	device->writeback.write_back = write_back;
	writeback_register(&device->writeback);
}

void block_device_register(struct block_device *device)
{
	device->whole = device;
	device->max_sectors = device->max_sectors ? device->max_sectors : DEFAULT_MAX_SECTORS;
	device->max_segments = device->max_segments ? device->max_segments : BLOCK_SEGMENTS_MAX;
	device->max_segments = min(device->max_segments, (unsigned int)BLOCK_SEGMENTS_MAX);
	device->depth = device->depth ? device->depth : 1;
	block_queue_init(&device->queue);
	block_device_init(device);
	block_fail_init();
	mutex_lock(&block_devices.mutex);
	list_add_tail(&block_devices.list, &device->list_node);
	mutex_unlock(&block_devices.mutex);
	if (device->sector_count == 0)
		return;
	printk(LOG_INFO, "%s: %llu sectors (%llu MiB)%s", device->name,
	       (unsigned long long)device->sector_count,
	       (unsigned long long)device->sector_count >> 11,
	       device->read_only ? ", read-only" : "");
}

static bool overlaps(const struct block_device *a, const struct block_device *b)
{
	return a->whole == b->whole && (a == b || a->whole == a || b->whole == b);
}

/* Whether `device`, or what overlaps it, is held. */
static bool is_claimed(const struct block_device *device)
{
	struct block_device *other;

	mutex_assert_held(&block_devices.mutex);
	list_for_each_entry(other, &block_devices.list, list_node) {
		if (other->holder && overlaps(other, device))
			return true;
	}
	return false;
}

/* Itself. */
static bool is_mounted(const struct block_device *device)
{
	mutex_assert_held(&block_devices.mutex);
	return device->holder && device->claim == BLOCK_CLAIM_MOUNT;
}

/* ---- media that change ----------------------------------------------------------------------- */

unsigned int block_device_count_users(const struct block_device *disk)
{
	struct block_device *device;
	unsigned int count = 0;

	mutex_assert_held(&block_devices.mutex);
	list_for_each_entry(device, &block_devices.list, list_node) {
		if (device->whole == disk)
			count += device->open_count + is_mounted(device);
	}
	return count;
}

void block_device_set_sectors(struct block_device *device, uint64_t sector_count)
{
	irq_flags flags = spin_lock_irq(&device->whole->queue.lock);

	device->sector_count = sector_count;
	spin_unlock_irq(&device->whole->queue.lock, flags);
}

void block_device_set_size(struct block_device *device, uint64_t sector_count)
{
	uint64_t size = sector_count << SECTOR_SHIFT;
	bool shrinks;

	rwlock_write_lock(&device->cache.truncate_lock);
	shrinks = size < page_cache_size(&device->cache);
	/* Requests are made of what the cache says, so it never says more than there is. */
	if (shrinks)
		page_cache_set_size(&device->cache, size);
	block_device_set_sectors(device, sector_count);
	if (!shrinks)
		page_cache_set_size(&device->cache, size);
	else if (!block_device_is_mounted(device))
		page_cache_drop_beyond_locked(&device->cache, size);
	rwlock_write_unlock(&device->cache.truncate_lock);
}

bool block_device_withdraw(struct block_device *disk, unsigned int most)
{
	irq_flags flags;
	bool can_go;

	rwlock_write_lock(&disk->cache.truncate_lock);
	mutex_lock(&block_devices.mutex);
	can_go = !is_mounted(disk) && block_device_count_users(disk) <= most &&
		 partitions_take(disk, disk->holder) == 0;
	if (can_go) {
		flags = spin_lock_irq(&disk->queue.lock);
		disk->sector_count = 0;
		disk->has_write_cache = false;
		spin_unlock_irq(&disk->queue.lock, flags);
	}
	mutex_unlock(&block_devices.mutex);
	if (can_go)
		page_cache_truncate_locked(&disk->cache, 0);
	rwlock_write_unlock(&disk->cache.truncate_lock);
	return can_go;
}

void block_device_begin_anew(struct block_device *disk)
{
	page_cache_drop_range(&disk->cache, 0, UINT32_MAX);
	(void)!page_cache_take_error(&disk->cache);
}

/* ---- the last user --------------------------------------------------------------------------- */

/* A disk that is to hear that it is not used, with note_unused's reference; NULL: none is. */
static struct block_device *take_unused(void)
{
	struct block_device *disk;

	mutex_lock(&block_devices.mutex);
	list_for_each_entry(disk, &block_devices.list, list_node) {
		if (disk->is_unused)
			break;
	}
	if (disk)
		disk->is_unused = false;
	mutex_unlock(&block_devices.mutex);
	return disk;
}

static void tell_unused(struct work *work)
{
	struct block_device *disk;

	(void)work;
	/* Who comes while another is at it leaves it to him: he looks once more when he is done. */
	while (atomic_load(&unused.count) > 0 && !atomic_exchange(&unused.is_running, true)) {
		while ((disk = take_unused()) != NULL) {
			disk->ops->unused(disk);
			block_device_put(disk);
			atomic_fetch_sub(&unused.count, 1);
			wait_queue_wake_all(&unused.waiters, 0);
		}
		atomic_store(&unused.is_running, false);
	}
}

/* A user of `device` has gone: was it the last, and does somebody want to know? */
static void note_unused(const struct block_device *device)
{
	struct block_device *disk = device->whole;

	mutex_assert_held(&block_devices.mutex);
	if (likely(!atomic_load_explicit(&disk->tells_unused, memory_order_relaxed)) ||
	    disk->is_unused || block_device_count_users(disk) > 0)
		return;
	block_device_get(disk);
	disk->is_unused = true;
	atomic_fetch_add(&unused.count, 1);
	(void)work_schedule(&unused.work);
}

void block_device_wait_unused(void)
{
	if (likely(atomic_load(&unused.count) == 0) || thread_is_kernel(thread_current()))
		return;
	wait_event(&unused.waiters, atomic_load(&unused.count) == 0);
}

/* ---- finding --------------------------------------------------------------------------------- */

static bool has_name(const struct block_device *device, const void *name)
{
	return strcmp(device->name, name) == 0;
}

static bool has_number(const struct block_device *device, const void *number)
{
	return device->number == *(const dev_number *)number;
}

static struct block_device *find_locked(bool (*is_it)(const struct block_device *, const void *),
					const void *what)
{
	struct block_device *device;

	mutex_assert_held(&block_devices.mutex);
	list_for_each_entry(device, &block_devices.list, list_node) {
		if (!device->is_gone && is_it(device, what))
			break;
	}
	return device;
}

static struct block_device *find(bool (*is_it)(const struct block_device *, const void *),
				 const void *what)
{
	struct block_device *device;

	mutex_lock(&block_devices.mutex);
	device = find_locked(is_it, what);
	if (device)
		block_device_get(device); /* not gone, so it has its first one */
	mutex_unlock(&block_devices.mutex);
	return device;
}

struct block_device *block_device_find(dev_number number)
{
	return find(has_number, &number);
}

struct block_device *block_device_find_name(const char *name)
{
	return find(has_name, name);
}

struct block_device *block_device_next(struct block_device *device)
{
	struct block_device *next;

	mutex_lock(&block_devices.mutex);
	if (device)
		next = list_next_entry(&block_devices.list, device, list_node);
	else
		next = list_first_entry(&block_devices.list, struct block_device, list_node);
	while (next && next->is_gone)
		next = list_next_entry(&block_devices.list, next, list_node);
	if (next)
		block_device_get(next);
	mutex_unlock(&block_devices.mutex);
	if (device)
		block_device_put(device);
	return next;
}

bool block_device_is_mounted(const struct block_device *device)
{
	bool is;

	mutex_lock(&block_devices.mutex);
	is = is_mounted(device);
	mutex_unlock(&block_devices.mutex);
	return is;
}

int block_device_open(dev_number number, bool writes, struct block_device **out)
{
	struct block_device *device;
	int error = 0;

	mutex_lock(&block_devices.mutex);
	device = find_locked(has_number, &number);
	if (!device)
		error = -ENXIO;
	else if (writes && device->whole->read_only && !device->ops->is_always_opened)
		error = -EROFS; /* what was only told to be so may be opened, not written */
	else if (writes && is_mounted(device))
		error = -EBUSY;
	if (!error) {
		if (device->open_count++ == 0)
			device->block_size = 0;
		device->writer_count += writes;
		block_device_get(device);
		*out = device;
	}
	mutex_unlock(&block_devices.mutex);
	return error;
}

void block_device_close(struct block_device *device, bool wrote)
{
	bool is_last;

	mutex_lock(&block_devices.mutex);
	assert(device->open_count > 0 && device->writer_count >= wrote);
	device->open_count--;
	device->writer_count -= wrote;
	is_last = device->open_count == 0 && !device->holder;
	note_unused(device);
	mutex_unlock(&block_devices.mutex);
	/* Others may write to these sectors now: partitions and whole disks share no cache. */
	if (is_last)
		page_cache_drop_unused(&device->cache, 0, UINT32_MAX);
	block_device_put(device);
	block_device_wait_unused();
}

int block_device_sync(struct block_device *device)
{
	int error = page_cache_write_back(&device->cache, 0, UINT32_MAX, true);
	int flush_error = block_flush(device);

	return error ? error : flush_error;
}

/* ---- holding --------------------------------------------------------------------------------- */

int block_device_claim(struct block_device *device, void *holder, enum block_claim claim)
{
	int error = -EBUSY;

	mutex_lock(&block_devices.mutex);
	if (device->is_gone) {
		error = -ENXIO;
	} else if (!is_claimed(device) &&
		   (claim != BLOCK_CLAIM_MOUNT || device->writer_count == 0 ||
		    device->ops->is_always_opened)) {
		device->holder = holder;
		device->claim = claim;
		error = 0;
	}
	mutex_unlock(&block_devices.mutex);
	if (!error && claim == BLOCK_CLAIM_MOUNT) {
		/* A disk that began to become smaller before has got rid of what it had there. */
		rwlock_read_lock(&device->cache.truncate_lock);
		rwlock_read_unlock(&device->cache.truncate_lock);
	}
	return error;
}

void block_device_release(struct block_device *device, void *holder)
{
	mutex_lock(&block_devices.mutex);
	assert(device->holder == holder);
	device->holder = NULL;
	if (device->claim == BLOCK_CLAIM_MOUNT)
		note_unused(device);
	mutex_unlock(&block_devices.mutex);
}
