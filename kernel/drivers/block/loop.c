/*
 * Loop devices: a file, or a part of one, as a disk.
 *
 * Idea. /dev/loopN is an ordinary block device that has no sectors until a program attaches a file
 * to it. Then its requests are reads and writes of that file, which threads of its own carry out
 * (loop_requests.c); so everything that works on a disk works on a file: mounts, partitions, other
 * loop devices. The file's contents are cached twice then, in its own page cache and in the
 * device's or the mounted file system's; that is the price of being a disk like any other.
 *
 * States, and who moves a device:
 *	FREE	 -> ATTACHED	loop_attach
 *	ATTACHED -> LEAVING	loop_detach, if only the caller uses the device; loop_unused, if it
 *				is to be detached by the last close
 *	LEAVING	 -> FREE	let_go, by the same thread
 *
 * Detaching. A device that others use is not detached under them: it is marked AUTOCLEAR, and goes
 * when the last user has gone (block_device_ops.unused). So it is if the call comes by a partition:
 * who has that open uses the device himself. Leaving begins with taking the sectors and partitions
 * away in one step with the look at the users; whoever comes afterwards finds an empty disk.
 *
 * O_APPEND. A regular file that is open so is written at its end, wherever the writer means to:
 * what is written to the device would come to lie where no reader looks for it. (Linux 6.1 lets
 * that happen; newer ones put it in its place, whoever may only append.) So the device is
 * read-only; if the flag is set later, its writes fail.
 *
 * A circle of devices that show each other would never come to an end. So a file is refused if it
 * lies, over any number of devices and mounts, on the very device; all changes are made under one
 * mutex, lest two that are right each by itself close a circle.
 *
 * The devices are in a list in order of number, until they are removed. Then their structures go
 * with the last reference (block/block_device.c); if the number is asked for again, another device
 * gets it.
 *
 * Direct input and output is only a flag that is told: all goes through the page cache, and is on
 * the disk when the device is flushed.
 *
 * Locks. loop_mutex; it comes before those of names, because nodes in /dev are made with it held,
 * and so nobody puts a file under it. loop.file_lock keeps file and offset still while a request
 * is carried out.
 */
#include "drivers/block/loop.h"

#include "arch/user_copy.h"
#include "core/printk.h"
#include "drivers/block/loop_internal.h"
#include "lib/format.h"
#include "lib/min_max.h"
#include "lib/string.h"
#include "mem/kmalloc.h"
#include "uapi/linux/errno.h"
#include "uapi/linux/fcntl.h"
#include "vfs/char_device.h"
#include "vfs/inode.h"

enum {
	MAJOR_MISC = 10, MINOR_LOOP_CONTROL = 237, MAJOR_LOOP = 7,
	MINORS = 1 << 20,
	FIRST_COUNT = 8,	/* devices that are there from the start, as on Linux */
	PARTITIONS_MAX = 255,
};

/* as many pages as a page cache has numbers for */
#define SIZE_MAX_BYTES	 ((uint64_t)UINT32_MAX << PAGE_SHIFT)
#define SETTABLE_AT_ONCE (LO_FLAGS_READ_ONLY | LO_FLAGS_AUTOCLEAR | LO_FLAGS_PARTSCAN | \
			  LO_FLAGS_DIRECT_IO)
#define SETTABLE_LATER	 (LO_FLAGS_AUTOCLEAR | LO_FLAGS_PARTSCAN)
#define CLEARABLE_LATER	 LO_FLAGS_AUTOCLEAR

struct mutex loop_mutex = {
	.queue = WAIT_QUEUE_INIT(loop_mutex.queue),
	.rank = LOCK_RANK_LOOP,
	.name = "loop devices",
};
static struct list loops = LIST_INIT(loops);	/* [L] loop_mutex */

static void release(struct block_device *disk)
{
	kfree(disk->driver);
}

const struct block_device_ops loop_ops = {
	.submit = loop_submit,
	.unused = loop_unused,
	.release = release,
	.ioctl = loop_ioctl,
	.has_no_geometry = true,
	.is_always_opened = true,
};

struct loop *loop_of(const struct block_device *device)
{
	return device && device->ops == &loop_ops ? device->whole->driver : NULL;
}

/* ---- the file -------------------------------------------------------------------------------- */

/* The device that `file` is, or lies on. NULL: none. */
static const struct block_device *device_under(const struct file *file)
{
	if (inode_is(file->inode, MODE_BLOCK))
		return block_file_device(file);
	return file->inode->super->device;
}

/* May `loop` show `file`? */
static int check_file(const struct loop *loop, const struct file *file)
{
	const struct inode *inode = file->inode;
	const struct loop *under;

	mutex_assert_held(&loop_mutex);
	while ((under = loop_of(device_under(file))) != NULL) {
		if (under == loop)
			return -EBADF;
		if (under->state != LOOP_ATTACHED)
			return -EINVAL;
		file = under->file;
	}
	return inode_is(inode, MODE_REGULAR) || inode_is(inode, MODE_BLOCK) ? 0 : -EINVAL;
}

static uint64_t file_size(const struct file *file)
{
	if (!inode_is(file->inode, MODE_BLOCK))
		return inode_size(file->inode);
	return page_cache_size(&block_file_device(file)->cache);
}

/* The sectors of the device, if it shows `file` from `offset` on. */
static uint64_t sectors_of(const struct file *file, uint64_t offset, uint64_t size_limit)
{
	uint64_t size = file_size(file);

	size = size > offset ? size - offset : 0;
	if (size_limit > 0 && size_limit < size)
		size = size_limit;
	return min(size, SIZE_MAX_BYTES) >> SECTOR_SHIFT;
}

/* Whether it could be read and written past the page cache. */
static bool can_be_direct(const struct file *file, uint64_t offset)
{
	return device_under(file) && offset % SECTOR_SIZE == 0;
}

/* ---- attaching ------------------------------------------------------------------------------- */

static int check_info(const struct loop_info64 *info)
{
	if (info->lo_encrypt_key_size > LO_KEY_SIZE || info->lo_encrypt_type != LO_CRYPT_NONE)
		return -EINVAL;
	if (info->lo_offset > INT64_MAX || info->lo_sizelimit > INT64_MAX)
		return -EOVERFLOW;
	return 0;
}

static bool is_sector_size(uintptr_t size)
{
	return size >= SECTOR_SIZE && size <= PAGE_SIZE && !(size & (size - 1));
}

static void set_name(struct loop *loop, const uint8_t *name)
{
	memcpy(loop->name, name, LO_NAME_SIZE);
	loop->name[LO_NAME_SIZE - 1] = 0;
}

static void set_flags(struct loop *loop, uint32_t flags)
{
	mutex_assert_held(&loop_mutex);
	loop->flags = flags;
	loop->block.max_partitions = flags & LO_FLAGS_PARTSCAN ? PARTITIONS_MAX : 0;
	atomic_store(&loop->block.tells_unused, (flags & LO_FLAGS_AUTOCLEAR) != 0);
}

/* What is right with `config` alone; loop_mutex held. */
static int check_config(const struct loop *loop, const struct file *file,
			const struct loop_config *config)
{
	int error;

	if (loop->state != LOOP_FREE)
		return -EBUSY;
	error = check_file(loop, file);
	if (error)
		return error;
	if (config->info.lo_flags & ~SETTABLE_AT_ONCE)
		return -EINVAL;
	if (config->block_size && !is_sector_size(config->block_size))
		return -EINVAL;
	return check_info(&config->info);
}

static int attach(struct loop *loop, const struct file *through, struct file *file,
		  const struct loop_config *config)
{
	const struct loop_info64 *info = &config->info;
	uint32_t flags = info->lo_flags;
	int error = check_config(loop, file, config);

	mutex_assert_held(&loop_mutex);
	if (!error)
		error = loop_start(loop);
	if (error)
		return error;
	/* Nothing below can fail. There are no requests: the disk has no sectors. */
	block_device_begin_anew(&loop->block);
	if (!(file->mode & through->mode & FILE_WRITE) || !file->ops->write ||
	    loop_file_appends(file))
		flags |= LO_FLAGS_READ_ONLY;
	if (file->flags & O_DIRECT)
		flags |= LO_FLAGS_DIRECT_IO;
	if (!can_be_direct(file, info->lo_offset))
		flags &= ~LO_FLAGS_DIRECT_IO;
	file_get(file);
	loop->file = file;
	loop->offset = info->lo_offset;
	loop->size_limit = info->lo_sizelimit;
	set_name(loop, info->lo_file_name);
	set_flags(loop, flags);
	atomic_store_explicit(&loop->block.sector_size, config->block_size, memory_order_relaxed);
	loop->block.read_only = flags & LO_FLAGS_READ_ONLY;
	loop->block.has_write_cache = !loop->block.read_only && file->ops->sync;
	loop->state = LOOP_ATTACHED;
	block_device_set_size(&loop->block, sectors_of(file, loop->offset, loop->size_limit));
	return 0;
}

/* Its partitions come, or go with its sectors. What is wrong is said in the log. */
static void scan_partitions(struct loop *loop, const struct file *holder)
{
	int error = block_device_rescan(&loop->block, holder);

	if (error)
		printk(LOG_WARNING, "%s: its partitions stay as they are: error %d",
		       loop->block.name, -error);
}

int loop_attach(struct loop *loop, struct file *through, struct file *file,
		const struct loop_config *config)
{
	bool is_exclusive = through->mode & FILE_EXCLUSIVE, scans;
	int error;

	/* Nobody is given another disk in place of the one that he has alone. */
	if (!is_exclusive) {
		error = block_device_claim(&loop->block, through, BLOCK_CLAIM_FILE);
		if (error)
			return error;
	}
	mutex_lock(&loop_mutex);
	error = attach(loop, through, file, config);
	scans = !error && loop->flags & LO_FLAGS_PARTSCAN;
	mutex_unlock(&loop_mutex);
	if (scans)
		scan_partitions(loop, through);
	if (!is_exclusive)
		block_device_release(&loop->block, through);
	return error;
}

/* ---- detaching ------------------------------------------------------------------------------- */

/* The device is LEAVING, and this thread's. */
static void let_go(struct loop *loop)
{
	struct file *file = loop->file;

	loop_stop(loop);
	block_device_tell_withdrawn(&loop->block);
	mutex_lock(&loop_mutex);
	loop->file = NULL;
	loop->offset = loop->size_limit = 0;
	memset(loop->name, 0, LO_NAME_SIZE);
	set_flags(loop, 0);
	atomic_store_explicit(&loop->block.sector_size, 0, memory_order_relaxed);
	loop->state = LOOP_FREE; /* read-only as it was, to those who ask, as on Linux */
	mutex_unlock(&loop_mutex);
	file_put(file);
}

/* If at most `most` have it open, and nobody uses it otherwise, it is LEAVING. */
static bool leave(struct loop *loop, unsigned int most)
{
	mutex_assert_held(&loop_mutex);
	if (!block_device_withdraw(&loop->block, most))
		return false;
	loop->state = LOOP_LEAVING;
	return true;
}

int loop_detach(struct loop *loop, bool by_partition)
{
	bool leaves = false;
	int error = 0;

	/* What has been written to the device until now is in the file. */
	(void)!block_device_sync(&loop->block);
	mutex_lock(&loop_mutex);
	if (loop->state != LOOP_ATTACHED)
		error = -ENXIO;
	else if (!by_partition && leave(loop, 1))
		leaves = true;
	else
		set_flags(loop, loop->flags | LO_FLAGS_AUTOCLEAR);
	mutex_unlock(&loop_mutex);
	if (leaves)
		let_go(loop);
	return error;
}

void loop_unused(struct block_device *disk)
{
	struct loop *loop = disk->driver;
	bool leaves;

	(void)!block_device_sync(disk);
	mutex_lock(&loop_mutex);
	leaves = loop->state == LOOP_ATTACHED && loop->flags & LO_FLAGS_AUTOCLEAR && leave(loop, 0);
	mutex_unlock(&loop_mutex);
	if (leaves)
		let_go(loop);
}

/* ---- what is attached changes ---------------------------------------------------------------- */

/* Write out and forget what the device has cached, but for what somebody uses just now. */
static void renew_cache(struct loop *loop)
{
	(void)!block_device_sync(&loop->block);
	page_cache_drop_unused(&loop->block.cache, 0, UINT32_MAX);
}

static void renew_size(struct loop *loop)
{
	block_device_set_size(&loop->block,
			      sectors_of(loop->file, loop->offset, loop->size_limit));
}

static int change_file(struct loop *loop, struct file *file, struct file **old)
{
	int error;

	if (loop->state != LOOP_ATTACHED)
		return -ENXIO;
	if (!(loop->flags & LO_FLAGS_READ_ONLY))
		return -EINVAL;
	error = check_file(loop, file);
	if (error)
		return error;
	if (sectors_of(file, loop->offset, loop->size_limit) !=
	    sectors_of(loop->file, loop->offset, loop->size_limit))
		return -EINVAL;
	file_get(file);
	rwlock_write_lock(&loop->file_lock);
	*old = loop->file;
	loop->file = file;
	rwlock_write_unlock(&loop->file_lock);
	renew_cache(loop);
	return 0;
}

int loop_change_file(struct loop *loop, const struct file *through, struct file *file)
{
	struct file *old;
	bool scans;
	int error;

	mutex_lock(&loop_mutex);
	error = change_file(loop, file, &old);
	scans = !error && loop->flags & LO_FLAGS_PARTSCAN;
	mutex_unlock(&loop_mutex);
	if (error)
		return error;
	file_put(old);
	if (scans)
		scan_partitions(loop, through);
	return 0;
}

static int set_status(struct loop *loop, const struct loop_info64 *info)
{
	bool moves = loop->offset != info->lo_offset || loop->size_limit != info->lo_sizelimit;
	uint32_t kept = loop->flags & ~CLEARABLE_LATER;
	int error;

	if (loop->state != LOOP_ATTACHED)
		return -ENXIO;
	error = check_info(info);
	if (error)
		return error;
	if (moves)
		renew_cache(loop);
	rwlock_write_lock(&loop->file_lock);
	loop->offset = info->lo_offset;
	rwlock_write_unlock(&loop->file_lock);
	loop->size_limit = info->lo_sizelimit;
	set_name(loop, info->lo_file_name);
	set_flags(loop, kept | (info->lo_flags & SETTABLE_LATER));
	if (!can_be_direct(loop->file, loop->offset))
		loop->flags &= ~LO_FLAGS_DIRECT_IO;
	if (moves)
		renew_size(loop);
	return 0;
}

int loop_set_status(struct loop *loop, const struct file *through, const struct loop_info64 *info)
{
	bool scans;
	int error;

	mutex_lock(&loop_mutex);
	scans = !(loop->flags & LO_FLAGS_PARTSCAN);
	error = set_status(loop, info);
	scans = !error && scans && loop->flags & LO_FLAGS_PARTSCAN;
	mutex_unlock(&loop_mutex);
	if (scans)
		scan_partitions(loop, through);
	return error;
}

/* As in st_dev. */
static uint32_t linux_number(dev_number number)
{
	return (DEV_MINOR(number) & 0xff) | DEV_MAJOR(number) << 8 |
	       (DEV_MINOR(number) & ~0xffu) << 12;
}

int loop_get_status(struct loop *loop, struct loop_info64 *out)
{
	struct file_status status;
	struct file *file;
	int error;

	mutex_lock(&loop_mutex);
	if (loop->state != LOOP_ATTACHED) {
		mutex_unlock(&loop_mutex);
		return -ENXIO;
	}
	*out = (struct loop_info64){
		.lo_number = loop->number, .lo_offset = loop->offset,
		.lo_sizelimit = loop->size_limit, .lo_flags = loop->flags,
	};
	memcpy(out->lo_file_name, loop->name, LO_NAME_SIZE);
	file = loop->file;
	file_get(file);
	mutex_unlock(&loop_mutex);
	error = file_status(file, &status);
	file_put(file);
	if (error)
		return error;
	out->lo_device = linux_number((dev_number)status.device);
	out->lo_inode = status.inode;
	out->lo_rdevice = linux_number(status.special_device);
	return 0;
}

static void update_size(struct loop *loop)
{
	uint64_t sectors = sectors_of(loop->file, loop->offset, loop->size_limit);
	bool grows = sectors > block_device_sectors(&loop->block);

	/*
	 * The page at the old end was only half there, and what it has behind that must not be
	 * written. Of a mounted device it never is; and there may be pages beyond the end, which
	 * can be written only afterwards. Before the disk becomes smaller nothing is written out:
	 * what lies behind the end of the file would make that longer again. Not done: to keep off
	 * those who write to the disk's last, half page between here and set_size. That page would
	 * have zeros behind the old end, and in the file.
	 */
	if (grows && !block_device_is_mounted(&loop->block))
		(void)!block_device_sync(&loop->block);
	block_device_set_size(&loop->block, sectors);
	if (grows)
		page_cache_drop_unused(&loop->block.cache, 0, UINT32_MAX);
}

int loop_update_size(struct loop *loop)
{
	int error = 0;

	mutex_lock(&loop_mutex);
	if (loop->state != LOOP_ATTACHED)
		error = -ENXIO;
	else
		update_size(loop);
	mutex_unlock(&loop_mutex);
	return error;
}

int loop_set_direct(struct loop *loop, bool is_direct)
{
	int error = 0;

	mutex_lock(&loop_mutex);
	if (loop->state != LOOP_ATTACHED)
		error = -ENXIO;
	else if (!is_direct)
		loop->flags &= ~LO_FLAGS_DIRECT_IO;
	else if (can_be_direct(loop->file, loop->offset))
		loop->flags |= LO_FLAGS_DIRECT_IO;
	else
		error = -EINVAL;
	mutex_unlock(&loop_mutex);
	return error;
}

int loop_set_sector_size(struct loop *loop, uintptr_t size)
{
	int error = 0;

	mutex_lock(&loop_mutex);
	if (loop->state != LOOP_ATTACHED)
		error = -ENXIO;
	else if (!is_sector_size(size))
		error = -EINVAL;
	else
		atomic_store_explicit(&loop->block.sector_size, (unsigned int)size,
				      memory_order_relaxed);
	mutex_unlock(&loop_mutex);
	return error;
}

/* ---- which there are ------------------------------------------------------------------------- */

/* The first device of `number` or more; NULL: none. */
static struct loop *find_from(unsigned int number)
{
	struct loop *loop;

	mutex_assert_held(&loop_mutex);
	list_for_each_entry(loop, &loops, node) {
		if (loop->number >= number)
			break;
	}
	return loop;
}

static struct loop *create(unsigned int number)
{
	struct loop *loop = kzalloc(sizeof(*loop), 0);

	if (!loop)
		return NULL;
	loop->number = number;
	rwlock_init(&loop->file_lock, LOCK_RANK_LOOP_FILE, "loop file");
	wait_queue_init(&loop->idle_waiters);
	block_reserve_init(&loop->reserve, &loop->spare, 1);
	snprintf(loop->block.name, sizeof(loop->block.name), "loop%u", number);
	loop->block.number = DEV_NUMBER(MAJOR_LOOP, number);
	loop->block.ops = &loop_ops;
	loop->block.driver = loop;
	loop->block.depth = UINT32_MAX;
	loop->block.has_extended_numbers = true;
	loop->block.reserve = &loop->reserve;
	block_device_register(&loop->block);
	return loop;
}

/* Errors: -EEXIST, -ENOMEM. */
static int add(unsigned int number)
{
	struct loop *next = find_from(number);
	struct loop *loop;

	if (next && next->number == number)
		return -EEXIST;
	loop = create(number);
	if (!loop)
		return -ENOMEM;
	if (next)
		list_insert_before(&next->node, &loop->node);
	else
		list_add_tail(&loops, &loop->node);
	block_device_announce(&loop->block);
	return 0;
}

/* A number that no device has; -1: all are given. */
static int unused_number(void)
{
	int number = 0;
	struct loop *loop;

	list_for_each_entry(loop, &loops, node) {
		if (loop->number != (unsigned int)number)
			break;
		number++;
	}
	return number < MINORS ? number : -1;
}

/* `number` < 0: any. Returns which. */
static int control_add(int number)
{
	int error;

	if (number < 0)
		number = unused_number();
	if (number < 0)
		return -ENOSPC;
	if (number >= MINORS)
		return -EINVAL;
	error = add((unsigned int)number);
	return error ? error : number;
}

static int control_remove(int number)
{
	struct loop *loop;
	int error;

	if (number < 0)
		return -EINVAL;
	loop = find_from((unsigned int)number);
	if (!loop || loop->number != (unsigned int)number)
		return -ENODEV;
	if (loop->state != LOOP_FREE)
		return -EBUSY;
	error = block_device_remove(&loop->block);
	if (error)
		return error;
	list_remove(&loop->node);
	block_device_put(&loop->block);
	return 0;
}

/* The number of a device that shows nothing, made if there is none. */
static int control_get_free(void)
{
	struct loop *loop;

	list_for_each_entry(loop, &loops, node) {
		if (loop->state == LOOP_FREE)
			return (int)loop->number;
	}
	return control_add(-1);
}

static int control_ioctl(struct file *file, unsigned int command, uintptr_t argument)
{
	int result = -ENOSYS;

	(void)file;
	mutex_lock(&loop_mutex);
	switch (command) {
	case LOOP_CTL_ADD:
		result = control_add((int)argument);
		break;
	case LOOP_CTL_REMOVE:
		result = control_remove((int)argument);
		break;
	case LOOP_CTL_GET_FREE:
		result = control_get_free();
		break;
	}
	mutex_unlock(&loop_mutex);
	return result;
}

static int control_open(struct file *file)
{
	return DEV_MINOR(file->inode->device) == MINOR_LOOP_CONTROL ? 0 : -ENODEV;
}

static const struct file_ops control_ops = { .open = control_open, .ioctl = control_ioctl };

static struct char_device misc_device = {
	.first = DEV_NUMBER(MAJOR_MISC, 0), .count = 256, .name = "misc", .ops = &control_ops
};

static struct device_node control_node = {
	.name = "loop-control", .number = DEV_NUMBER(MAJOR_MISC, MINOR_LOOP_CONTROL),
	.mode = MODE_CHARACTER | 0600, .class = "misc"
};

void loop_init(void)
{
	int error = 0;

	char_device_register(&misc_device);
	device_node_add(&control_node);
	mutex_lock(&loop_mutex);
	for (unsigned int number = 0; number < FIRST_COUNT && !error; number++)
		error = add(number);
	mutex_unlock(&loop_mutex);
	if (error)
		printk(LOG_ERROR, "loop: no memory for the first devices");
}
