/*
 * For the tests of vfs over tmpfs: the machine around them, and system calls by name. Included once
 * a program. Every test has a file system of its own at /t, and unmounts it in the end: what keeps
 * it busy, or is not given back, fails the test.
 */
#pragma once
#include "arch/user_copy.h"
#include "block/block_device.h"
#include "fs/devfs/devfs.h"
#include "fs/tmpfs/tmpfs.h"
#include "host.h"
#include "lib/bitmap.h"
#include "lib/format.h"
#include "lib/string.h"
#include "mem/kmalloc.h"
#include "sched/clock.h"
#include "test.h"
#include "uapi/linux/errno.h"
#include "uapi/linux/fcntl.h"
#include "vfs/char_device.h"
#include "vfs/credentials.h"
#include "vfs/dentry.h"
#include "vfs/fd_table.h"
#include "vfs/file_lock.h"
#include "vfs/fs_context.h"
#include "vfs/initramfs.h"
#include "vfs/namespace_ops.h"
#include "vfs/pipe.h"
#include "vfs/poll.h"
#include "vfs/user_count.h"
#include "vfs/vfs.h"
#include "vm/internal.h"
#include "vm/writeback.h"

#define unused __attribute__((unused))	/* not every test makes every call */

/* ---- what lies beside, as far as it is met --------------------------------------------------- */

void vm_unmap_cache(struct page_cache *cache, uint32_t first, uint32_t end, bool even_copies)
{
	(void)cache, (void)first, (void)end, (void)even_copies;
}

void reclaim_add(struct page_frame *frame)
{
	(void)frame;
}

void reclaim_remove(struct page_frame *frame)
{
	(void)frame;
}

void writeback_made_progress(void)
{
}

void writeback_throttle(void)
{
}

void writeback_kick(void)
{
}

void writeback_register(struct writeback_client *client)
{
	(void)client;
}

void writeback_unregister(struct writeback_client *client)
{
	(void)client;
}

static struct shrinker *shrinkers[4];

void reclaim_register_shrinker(struct shrinker *shrinker)
{
	unsigned int i = 0;

	while (shrinkers[i])
		i++;
	shrinkers[i] = shrinker;
}

int page_cache_write_back(struct page_cache *cache, uint32_t first, uint32_t end, bool wait)
{
	(void)cache, (void)first, (void)end, (void)wait;
	return 0;
}

struct block_device *block_device_find(dev_number number)
{
	(void)number;
	return NULL;
}

struct block_device *block_device_find_name(const char *name)
{
	(void)name;
	return NULL;
}

void block_device_put(struct block_device *device)
{
	(void)device;
}

int block_device_claim(struct block_device *device, void *holder, enum block_claim claim)
{
	(void)device, (void)holder, (void)claim;
	return 0;
}

void block_device_release(struct block_device *device, void *holder)
{
	(void)device, (void)holder;
}

void block_device_wait_unused(void)
{
}

void block_device_set_observer(void (*changed)(const struct block_device *device, bool is_there))
{
	(void)changed;
}

int block_device_open(dev_number number, bool writes, struct block_device **out)
{
	(void)number, (void)writes, (void)out;
	return -ENXIO;
}

void block_device_close(struct block_device *device, bool wrote)
{
	(void)device, (void)wrote;
}

int block_device_sync(struct block_device *device)
{
	(void)device;
	return 0;
}

int block_device_rescan(struct block_device *disk, const void *holder)
{
	(void)disk, (void)holder;
	return -EINVAL;
}

unsigned int block_partitions_max(const struct block_device *disk)
{
	(void)disk;
	return 0;
}

int block_partition_add(struct block_device *disk, unsigned int number, uint64_t start,
			uint64_t count)
{
	(void)disk, (void)number, (void)start, (void)count;
	return -EINVAL;
}

int block_partition_delete(struct block_device *disk, unsigned int number)
{
	(void)disk, (void)number;
	return -EINVAL;
}

int block_partition_resize(struct block_device *disk, unsigned int number, uint64_t start,
			   uint64_t count)
{
	(void)disk, (void)number, (void)start, (void)count;
	return -EINVAL;
}

int block_flush(struct block_device *device)
{
	(void)device;
	return 0;
}

static int64_t now_ns = INT64_C(1700000000) * 1000000000;

int64_t clock_realtime_ns(void)
{
	return now_ns;
}

struct clock_recent clock_recent;	/* never good */

void clock_recent_renew(int64_t *seconds, uint32_t *nanoseconds)
{
	*seconds = now_ns / 1000000000;
	*nanoseconds = (uint32_t)(now_ns % 1000000000);
}

int put_user_pair(user_addr to, uint32_t first, uint32_t second)
{
	(void)to, (void)first, (void)second;
	return -EFAULT;
}

/* ---- the machine ----------------------------------------------------------------------------- */

static struct path root;
static struct walk_context at_root;	/* as root */
static struct walk_context as_user;	/* as user 1000, group 1000 */
static struct credentials user;

static unused void forget_unused(void)
{
	for (unsigned int i = 0; shrinkers[i]; i++)
		shrinkers[i]->shrink(SIZE_MAX);
}

/* While we sleep, grace periods end. */
static bool let_time_pass(void)
{
	static unsigned int count;

	test_run_deferred();
	return count++ < 100000;
}

static unused void init_once(void)
{
	long before = test_allocations_in_use();

	if (root.mount)
		return;
	test_set_idle(let_time_pass);
	page_cache_setup();
	user_count_init();
	vfs_init();
	tmpfs_init();
	anonymous_memory_init();
	devfs_init();
	if (mount_root_create("tmpfs", "rootfs", 0, &root))
		test_expect(NULL, false, __FILE__, __LINE__, "a root");
	user = (struct credentials){ .references = REFCOUNT_INIT(1), .uid = 1000, .euid = 1000,
				     .fsuid = 1000, .gid = 1000, .egid = 1000, .fsgid = 1000 };
	at_root = (struct walk_context){ root, root, &credentials_root };
	as_user = (struct walk_context){ root, root, &user };
	if (namespace_make_directory(&at_root, "/t", 0755))
		test_expect(NULL, false, __FILE__, __LINE__, "a place to mount");
	forget_unused();
	test_run_deferred();
	host_count_allocation(before - test_allocations_in_use());
}

static unused int mount_at(const char *place, const char *type, const char *options)
{
	struct path path;
	int error = path_walk(&at_root, place, WALK_FOLLOW, &path);

	if (error)
		return error;
	error = mount_create("none", &path, type, 0, options);
	path_put(&path);
	return error;
}

static unused int unmount(const char *place, bool lazy)
{
	struct path path;
	int error = path_walk(&at_root, place, WALK_FOLLOW, &path);

	return error ? error : mount_unmount(&path, lazy, false);
}

static unused void begin(struct test *t)
{
	init_once();
	EXPECT_EQ(t, mount_at("/t", "tmpfs", "mode=755"), 0);
}

static unused void end(struct test *t)
{
	EXPECT_EQ(t, unmount("/t", false), 0);
	forget_unused();
}

/* ---- calls by name --------------------------------------------------------------------------- */

static unused int make_directory(const char *name)
{
	return namespace_make_directory(&at_root, name, 0755);
}

static unused int open_as(const struct walk_context *context, const char *name, uint32_t flags,
		   file_mode mode)
{
	struct file *file;
	int error = file_open(context, name, flags, mode, &file);

	if (!error)
		file_put(file);
	return error;
}

static unused int open_root(const char *name, uint32_t flags)
{
	return open_as(&at_root, name, flags, 0644);
}

static unused int make_file(const char *name)
{
	return open_root(name, O_CREAT | O_EXCL | O_WRONLY);
}

static unused int symlink_to(const char *target, const char *name)
{
	return namespace_symlink(target, &at_root, name);
}

static unused int rename_to(const char *from, const char *to, uint32_t flags)
{
	return namespace_rename(&at_root, from, &at_root, to, flags);
}

static unused int link_as(const char *from, const char *to)
{
	struct path path;
	int error = path_walk(&at_root, from, 0, &path);

	if (error)
		return error;
	error = namespace_link(&path, &at_root, to);
	path_put(&path);
	return error;
}

static unused int status_as(const struct walk_context *context, const char *name, uint32_t flags,
		     struct file_status *out)
{
	struct path path;
	int error = path_walk(context, name, flags, &path);

	if (error)
		return error;
	error = inode_status(dentry_inode(path.dentry), out);
	path_put(&path);
	return error;
}

/* 0 or the error of stat(2). */
static unused int find(const char *name)
{
	struct file_status status;

	return status_as(&at_root, name, WALK_FOLLOW, &status);
}

static unused int change_mode(const struct walk_context *context, const char *name, file_mode mode)
{
	struct attributes attributes = { .valid = ATTRIBUTE_MODE, .mode = mode };
	struct path path;
	int error = path_walk(context, name, WALK_FOLLOW, &path);

	if (error)
		return error;
	error = path_set_attributes(&path, &attributes, context->credentials, UINT64_MAX);
	path_put(&path);
	return error;
}

static unused int change_owner(const struct walk_context *context, const char *name, user_id uid,
			group_id gid)
{
	struct attributes attributes = {
		.valid = ATTRIBUTE_UID | ATTRIBUTE_GID, .uid = uid, .gid = gid
	};
	struct path path;
	int error = path_walk(context, name, WALK_FOLLOW, &path);

	if (error)
		return error;
	error = path_set_attributes(&path, &attributes, context->credentials, UINT64_MAX);
	path_put(&path);
	return error;
}

static unused ssize_t write_text(struct file *file, const char *text)
{
	struct io_buffer buffer;

	io_buffer_init_kernel(&buffer, (void *)(uintptr_t)text, strlen(text));
	return file_write(file, &buffer, UINT64_MAX);
}

static unused ssize_t read_into(struct file *file, void *to, size_t size)
{
	struct io_buffer buffer;

	io_buffer_init_kernel(&buffer, to, size);
	return file_read(file, &buffer);
}

static unused ssize_t write_bytes(struct file *file, const void *from, size_t size)
{
	struct io_buffer buffer;

	io_buffer_init_kernel(&buffer, (void *)(uintptr_t)from, size);
	return file_write(file, &buffer, UINT64_MAX);
}
