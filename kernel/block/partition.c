/*
 * Disks and partitions that come and go, and who hears of it. Partitions are looked for once all
 * drivers have attached, and again when a program says that a table has changed; or it says itself
 * where they are.
 *
 * Locks. partitions.mutex, which comes before the locks of names, makes these changes one at a
 * time: tables are read and the observer is called under it, with block_devices.mutex free, for the
 * observer makes and removes names.
 */
#include "block/block_device.h"

#include "block/internal.h"
#include "core/printk.h"
#include "lib/format.h"
#include "lib/string.h"
#include "mem/kmalloc.h"
#include "uapi/linux/errno.h"

#define MINORS			(1u << 20)	/* of one major number */
#define EXTENDED_PARTITIONS_MAX 255		/* of one disk, as on Linux */

/* [P] mutex  [L] block_devices.mutex */
static struct {
	struct mutex mutex;		/* LOCK_RANK_PARTITIONS */
	struct list extended;		/* [L] by number, those of BLOCK_MAJOR_EXTENDED */
	void (*changed)(const struct block_device *device, bool is_there);	/* [P] */
} partitions = {
	.mutex = {
		.queue = WAIT_QUEUE_INIT(partitions.mutex.queue),
		.rank = LOCK_RANK_PARTITIONS,
		.name = "partitions",
	},
	.extended = LIST_INIT(partitions.extended),
};

/* ---- partitions ------------------------------------------------------------------------------ */

static void tell(const struct block_device *device, bool is_there)
{
	mutex_assert_held(&partitions.mutex);
	if (partitions.changed)
		partitions.changed(device, is_there);
}

/* Give `partition` the least minor number that none of BLOCK_MAJOR_EXTENDED has. */
static bool number_extended(struct block_device *partition)
{
	struct block_device *other;
	unsigned int minor = 0;

	mutex_assert_held(&block_devices.mutex);
	list_for_each_entry(other, &partitions.extended, extended_node) {
		if (DEV_MINOR(other->number) != minor)
			break;
		minor++;
	}
	if (minor >= MINORS)
		return false;
	partition->number = DEV_NUMBER(BLOCK_MAJOR_EXTENDED, minor);
	if (other)
		list_insert_before(&other->extended_node, &partition->extended_node);
	else
		list_add_tail(&partitions.extended, &partition->extended_node);
	return true;
}

void partition_number_free(struct block_device *device)
{
	mutex_assert_held(&block_devices.mutex);
	if (list_node_is_linked(&device->extended_node))
		list_remove(&device->extended_node);
}

/* Enter a partition behind its disk and the disk's partitions of lower numbers. */
static void enter_partition(struct block_device *partition)
{
	struct block_device *after = partition->whole, *next;

	mutex_assert_held(&block_devices.mutex);
	while ((next = list_next_entry(&block_devices.list, after, list_node)) &&
	       next->whole == partition->whole && next->index < partition->index)
		after = next;
	list_insert_after(&after->list_node, &partition->list_node);
}

/* Partition `number` of `disk`, if it is there. */
static struct block_device *partition_at(struct block_device *disk, unsigned int number)
{
	struct block_device *partition = disk;

	mutex_assert_held(&block_devices.mutex);
	while ((partition = list_next_entry(&block_devices.list, partition, list_node)) != NULL) {
		if (partition->whole != disk)
			return NULL;
		if (partition->index == number && !partition->is_gone)
			break;
	}
	return partition;
}

/* NULL: no memory, or no number. */
static struct block_device *make_partition(struct block_device *disk, unsigned int number,
					   uint64_t start, uint64_t count)
{
	struct block_device *partition = kzalloc(sizeof(*partition), 0);
	size_t length = strlen(disk->name);

	mutex_assert_held(&block_devices.mutex);
	if (!partition)
		return NULL;
	partition->number = disk->number + number;
	if (disk->has_extended_numbers && !number_extended(partition)) {
		kfree(partition);
		return NULL;
	}
	snprintf(partition->name, sizeof(partition->name), "%s%s%u", disk->name,
		 disk->name[length - 1] >= '0' && disk->name[length - 1] <= '9' ? "p" : "",
		 number);
	partition->index = number;
	partition->start_sector = start;
	partition->sector_count = count;
	block_device_get(disk);
	partition->whole = disk;
	partition->ops = disk->ops;
	partition->driver = disk->driver;
	block_device_init(partition);
	enter_partition(partition);
	return partition;
}

/* Whether `disk` still has these sectors: it may have lost them since its table was read. */
static bool has_sectors(struct block_device *disk, uint64_t start, uint64_t count)
{
	irq_flags flags = spin_lock_irq(&disk->queue.lock);
	uint64_t sectors = disk->sector_count;

	spin_unlock_irq(&disk->queue.lock, flags);
	return start < sectors && count <= sectors - start;
}

/*
 * Errors: -EINVAL: not on the disk; -EBUSY: the number is taken; -ENXIO: the disk is
 * gone; -ENOMEM.
 */
static int add_partition(struct block_device *disk, unsigned int number, uint64_t start,
			 uint64_t count)
{
	struct block_device *partition = NULL;
	int error = 0;

	mutex_assert_held(&partitions.mutex);
	mutex_lock(&block_devices.mutex);
	if (disk->is_gone)
		error = -ENXIO;
	else if (!has_sectors(disk, start, count))
		error = -EINVAL;
	else if (partition_at(disk, number))
		error = -EBUSY;
	else
		partition = make_partition(disk, number, start, count);
	mutex_unlock(&block_devices.mutex);
	if (error)
		return error;
	if (!partition) {
		printk(LOG_ERROR, "%s: no memory for partition %u", disk->name, number);
		return -ENOMEM;
	}
	printk(LOG_INFO, "%s: sectors %llu to %llu", partition->name, (unsigned long long)start,
	       (unsigned long long)(start + count - 1));
	tell(partition, true);
	return 0;
}

/* The table of `disk` has a partition here; if it names a number twice, the first counts. */
static void found_partition(struct block_device *disk, unsigned int number, uint64_t start,
			    uint64_t count)
{
	if (number <= disk->max_partitions)
		(void)!add_partition(disk, number, start, count);
}

void block_device_set_observer(void (*changed)(const struct block_device *device, bool is_there))
{
	mutex_lock(&partitions.mutex);
	partitions.changed = changed;
	mutex_unlock(&partitions.mutex);
}

void block_device_scan_all(void)
{
	struct block_device *device = NULL;

	mutex_lock(&partitions.mutex);
	while ((device = block_device_next(device)) != NULL) {
		if (device->whole != device)
			continue;
		tell(device, true);
		if (device->max_partitions > 0)
			(void)partition_scan(device, found_partition); /* the log says why */
	}
	mutex_unlock(&partitions.mutex);
}

int partitions_take(struct block_device *disk, const void *holder)
{
	struct block_device *device;

	mutex_assert_held(&block_devices.mutex);
	list_for_each_entry(device, &block_devices.list, list_node) {
		if (device->whole != disk)
			continue;
		if ((device->holder && device->holder != holder) ||
		    (device != disk && device->open_count > 0))
			return -EBUSY;
	}
	list_for_each_entry(device, &block_devices.list, list_node) {
		if (device->whole == disk && device != disk)
			device->is_gone = true;
	}
	return 0;
}

/* A partition of `disk` that is marked and was not told of yet, with our reference to it. */
static struct block_device *next_gone_partition(struct block_device *disk)
{
	struct block_device *device = disk;

	mutex_lock(&block_devices.mutex);
	while ((device = list_next_entry(&block_devices.list, device, list_node)) != NULL) {
		if (device->whole != disk)
			device = NULL;
		if (!device || (device->is_gone && device->sector_count > 0))
			break;
	}
	if (device)
		block_device_set_sectors(device, 0);
	mutex_unlock(&block_devices.mutex);
	return device;
}

static void tell_gone_partitions(struct block_device *disk)
{
	struct block_device *device;

	while ((device = next_gone_partition(disk)) != NULL) {
		tell(device, false);
		/*
		 * Who wrote to it has closed it, which wrote everything out, or could not: nothing
		 * of it may be written later, to what is there then.
		 */
		page_cache_truncate(&device->cache, 0);
		block_device_put(device);
	}
}

int block_device_rescan(struct block_device *disk, const void *holder)
{
	int error;

	if (disk->whole != disk || disk->max_partitions == 0)
		return -EINVAL;
	mutex_lock(&partitions.mutex);
	error = block_device_sync(disk); /* the table is read past the cache */
	if (error)
		goto unlock;
	mutex_lock(&block_devices.mutex);
	error = partitions_take(disk, holder);
	mutex_unlock(&block_devices.mutex);
	if (error)
		goto unlock;
	tell_gone_partitions(disk);
	error = partition_scan(disk, found_partition);
unlock:
	mutex_unlock(&partitions.mutex);
	return error;
}

/* ---- where a program says they are ----------------------------------------------------------- */

unsigned int block_partitions_max(const struct block_device *disk)
{
	return disk->has_extended_numbers ? EXTENDED_PARTITIONS_MAX : disk->max_partitions;
}

/* Whether these sectors are in a partition of `disk` besides `own`. */
static bool overlaps_partition(struct block_device *disk, const struct block_device *own,
			       uint64_t start, uint64_t count)
{
	struct block_device *other;

	mutex_assert_held(&block_devices.mutex);
	list_for_each_entry(other, &block_devices.list, list_node) {
		if (other->whole == disk && other != disk && other != own && !other->is_gone &&
		    start < other->start_sector + other->sector_count &&
		    other->start_sector < start + count)
			return true;
	}
	return false;
}

int block_partition_add(struct block_device *disk, unsigned int number, uint64_t start,
			uint64_t count)
{
	int error = -EBUSY;
	bool overlaps;

	if (number > block_partitions_max(disk))
		return -EINVAL;
	mutex_lock(&partitions.mutex);
	mutex_lock(&block_devices.mutex);
	overlaps = overlaps_partition(disk, NULL, start, count);
	mutex_unlock(&block_devices.mutex);
	if (!overlaps)
		error = add_partition(disk, number, start, count);
	mutex_unlock(&partitions.mutex);
	return error;
}

int block_partition_delete(struct block_device *disk, unsigned int number)
{
	struct block_device *partition;
	int error = 0;

	mutex_lock(&partitions.mutex);
	mutex_lock(&block_devices.mutex);
	partition = partition_at(disk, number);
	if (!partition)
		error = -ENXIO;
	else if (partition->open_count > 0 || partition->holder)
		error = -EBUSY;
	else
		partition->is_gone = true;
	mutex_unlock(&block_devices.mutex);
	if (!error)
		tell_gone_partitions(disk);
	mutex_unlock(&partitions.mutex);
	return error;
}

int block_partition_resize(struct block_device *disk, unsigned int number, uint64_t start,
			   uint64_t count)
{
	struct block_device *partition;
	int error = 0;

	mutex_lock(&partitions.mutex);
	mutex_lock(&block_devices.mutex);
	partition = partition_at(disk, number);
	if (!partition)
		error = -ENXIO;
	else if (partition->start_sector != start || !has_sectors(disk, start, count))
		error = -EINVAL;
	else if (overlaps_partition(disk, partition, start, count))
		error = -EBUSY;
	else
		block_device_get(partition);
	mutex_unlock(&block_devices.mutex);
	if (!error) {
		block_device_set_size(partition, count);
		block_device_put(partition);
	}
	mutex_unlock(&partitions.mutex);
	return error;
}

/* ---- disks that come and go ------------------------------------------------------------------ */

void block_device_announce(struct block_device *disk)
{
	mutex_lock(&partitions.mutex);
	tell(disk, true);
	mutex_unlock(&partitions.mutex);
}

int block_device_remove(struct block_device *disk)
{
	int error = 0;

	mutex_lock(&partitions.mutex);
	mutex_lock(&block_devices.mutex);
	if (disk->is_gone)
		error = -ENXIO;
	else if (block_device_count_users(disk) > 0)
		error = -EBUSY;
	else
		error = partitions_take(disk, NULL);
	if (!error)
		disk->is_gone = true;
	mutex_unlock(&block_devices.mutex);
	if (!error) {
		tell_gone_partitions(disk);
		tell(disk, false);
	}
	mutex_unlock(&partitions.mutex);
	return error;
}

void block_device_tell_withdrawn(struct block_device *disk)
{
	mutex_lock(&partitions.mutex);
	tell_gone_partitions(disk);
	mutex_unlock(&partitions.mutex);
}
