/*
 * The list of block devices: whole disks as drivers find them, and their partitions, found when
 * somebody first asks for a device that is not there or for all of them. So a disk that nobody
 * uses is never read, and drivers attach without waiting for it.
 *
 * Devices live for ever. The mutex covers the list, `scanned` and all holders; partition tables are
 * read under it, past the page cache.
 */
#include "block/block_device.h"

#include "block/internal.h"
#include "core/assert.h"
#include "core/printk.h"
#include "lib/format.h"
#include "lib/min_max.h"
#include "lib/string.h"
#include "mem/kmalloc.h"
#include "sched/mutex.h"
#include "uapi/linux/errno.h"

#define DEFAULT_MAX_SECTORS 512	/* 256 KiB: BLOCK_SEGMENTS_MAX pages */

/* [L] mutex */
static struct {
	struct mutex mutex;		/* LOCK_RANK_BLOCK_DEVICE */
	struct list devices;		/* [L] each disk, followed by its partitions */
} all = {
	.mutex = {
		.queue = WAIT_QUEUE_INIT(all.mutex.queue),
		.rank = LOCK_RANK_BLOCK_DEVICE,
		.name = "block devices",
	},
	.devices = LIST_INIT(all.devices),
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

static void init_common(struct block_device *device)
{
	page_cache_init(&device->cache, &block_cache_ops, device);
	device->cache.is_metadata = true;
	atomic_store_explicit(&device->cache.size, device->sector_count << SECTOR_SHIFT,
			      memory_order_release);
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
	init_common(device);
	block_fail_init();
	mutex_lock(&all.mutex);
	list_add_tail(&all.devices, &device->list_node);
	mutex_unlock(&all.mutex);
	printk(LOG_INFO, "%s: %llu sectors (%llu MiB)%s", device->name,
	       (unsigned long long)device->sector_count,
	       (unsigned long long)device->sector_count >> 11,
	       device->read_only ? ", read-only" : "");
}

/* A partition of `disk`, entered behind the disk and the partitions before it. */
static void add_partition(struct block_device *disk, unsigned int number, uint64_t start,
			  uint64_t count)
{
	struct block_device *partition, *after = disk, *next;
	size_t length = strlen(disk->name);

	mutex_assert_held(&all.mutex);
	if (number > disk->max_partitions)
		return;
	partition = kzalloc(sizeof(*partition), 0);
	if (!partition) {
		printk(LOG_ERROR, "%s: no memory for partition %u", disk->name, number);
		return;
	}
	snprintf(partition->name, sizeof(partition->name), "%s%s%u", disk->name,
		 disk->name[length - 1] >= '0' && disk->name[length - 1] <= '9' ? "p" : "",
		 number);
	partition->number = disk->number + number;
	partition->start_sector = start;
	partition->sector_count = count;
	partition->whole = disk;
	partition->ops = disk->ops;
	partition->driver = disk->driver;
	partition->read_only = disk->read_only;
	partition->has_write_cache = disk->has_write_cache;
	partition->depth = disk->depth;
	partition->max_sectors = disk->max_sectors;
	partition->max_segments = disk->max_segments;
	init_common(partition);
	while ((next = list_next_entry(&all.devices, after, list_node)) && next->whole == disk)
		after = next;
	list_insert_after(&after->list_node, &partition->list_node);
	printk(LOG_INFO, "%s: sectors %llu to %llu", partition->name, (unsigned long long)start,
	       (unsigned long long)(start + count - 1));
}

/* Look for partitions on the disks where nobody has yet. Returns whether there was such a disk. */
static bool scan_disks(void)
{
	struct block_device *device;
	bool any = false;

	mutex_assert_held(&all.mutex);
	list_for_each_entry(device, &all.devices, list_node) {
		if (device->whole != device || device->scanned)
			continue;
		device->scanned = true;
		any = true;
		if (device->max_partitions > 0)
			partition_scan(device, add_partition);
	}
	return any;
}

static bool has_name(const struct block_device *device, const void *name)
{
	return strcmp(device->name, name) == 0;
}

static bool has_number(const struct block_device *device, const void *number)
{
	return device->number == *(const dev_number *)number;
}

static struct block_device *find(bool (*is_it)(const struct block_device *, const void *),
				 const void *what)
{
	struct block_device *device;

	mutex_lock(&all.mutex);
	do {
		list_for_each_entry(device, &all.devices, list_node) {
			if (is_it(device, what))
				break;
		}
	} while (!device && scan_disks());
	mutex_unlock(&all.mutex);
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
	mutex_lock(&all.mutex);
	(void)scan_disks();
	if (device)
		device = list_next_entry(&all.devices, device, list_node);
	else
		device = list_first_entry(&all.devices, struct block_device, list_node);
	mutex_unlock(&all.mutex);
	return device;
}

static bool overlaps(const struct block_device *a, const struct block_device *b)
{
	return a->whole == b->whole && (a == b || a->whole == a || b->whole == b);
}

static bool is_claimed(const struct block_device *device)
{
	struct block_device *other;

	mutex_assert_held(&all.mutex);
	list_for_each_entry(other, &all.devices, list_node) {
		if (other->holder && overlaps(other, device))
			return true;
	}
	return false;
}

bool block_device_is_claimed(struct block_device *device)
{
	bool claimed;

	mutex_lock(&all.mutex);
	claimed = is_claimed(device);
	mutex_unlock(&all.mutex);
	return claimed;
}

int block_device_claim(struct block_device *device, void *holder)
{
	int error = -EBUSY;

	mutex_lock(&all.mutex);
	if (!is_claimed(device)) {
		device->holder = holder;
		error = 0;
	}
	mutex_unlock(&all.mutex);
	return error;
}

void block_device_release(struct block_device *device, void *holder)
{
	mutex_lock(&all.mutex);
	assert(device->holder == holder);
	device->holder = NULL;
	mutex_unlock(&all.mutex);
}
