/*
 * The whole of vfs over tmpfs: names, walks, renames, mounts, permissions, open files, pipes,
 * locks, and what happens when memory runs out in the middle of each. Every test has a file system
 * of its own at /t, and unmounts it in the end: what keeps it busy, or is not given back, fails the
 * test.
 *
 * test: with=vfs/anonymous.c,vfs/attributes.c,vfs/block_file.c,vfs/cached_file.c,vfs/char_device.c,vfs/credentials.c,vfs/dentry.c,vfs/dentry_cache.c,vfs/directory.c,vfs/fd_table.c,vfs/fifo.c,vfs/file.c,vfs/file_lock.c,vfs/file_map.c,vfs/file_open.c,vfs/file_system.c,vfs/fs_context.c,vfs/initramfs.c,vfs/inode.c,vfs/inode_table.c,vfs/mount.c,vfs/mount_tree.c,vfs/namespace_ops.c,vfs/path_format.c,vfs/path_walk.c,vfs/path_walk_fast.c,vfs/permission.c,vfs/pipe.c,vfs/poll.c,vfs/read_write.c,vfs/rename.c,vfs/super_block.c,vfs/vfs.c,fs/tmpfs/tmpfs.c,fs/tmpfs/inode.c,fs/tmpfs/directory.c,fs/tmpfs/file.c,fs/devfs/devfs.c,vm/page_cache.c,vm/page_cache_io.c,vm/truncate.c,vm/readahead.c,vm/io_buffer.c
 */
#include "fs/tmpfs/tmpfs.h"
#include "arch/user_copy.h"
#include "block/block_device.h"
#include "fs/devfs/devfs.h"
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
#include "vfs/vfs.h"
#include "vm/internal.h"
#include "vm/writeback.h"

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

int block_device_claim(struct block_device *device, void *holder)
{
	(void)device, (void)holder;
	return 0;
}

void block_device_release(struct block_device *device, void *holder)
{
	(void)device, (void)holder;
}

bool block_device_is_claimed(struct block_device *device)
{
	(void)device;
	return false;
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

int put_user_u64(user_addr to, uint64_t value)
{
	(void)to, (void)value;
	return -EFAULT;
}

/* ---- the machine ----------------------------------------------------------------------------- */

static struct path root;
static struct walk_context at_root;	/* as root */
static struct walk_context as_user;	/* as user 1000, group 1000 */
static struct credentials user;

static void forget_unused(void)
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

static void init_once(void)
{
	long before = test_allocations_in_use();

	if (root.mount)
		return;
	test_set_idle(let_time_pass);
	page_cache_setup();
	vfs_init();
	tmpfs_init();
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

static int mount_at(const char *place, const char *type, const char *options)
{
	struct path path;
	int error = path_walk(&at_root, place, WALK_FOLLOW, &path);

	if (error)
		return error;
	error = mount_create("none", &path, type, 0, options);
	path_put(&path);
	return error;
}

static int unmount(const char *place, bool lazy)
{
	struct path path;
	int error = path_walk(&at_root, place, WALK_FOLLOW, &path);

	return error ? error : mount_unmount(&path, lazy, false);
}

static void begin(struct test *t)
{
	init_once();
	EXPECT_EQ(t, mount_at("/t", "tmpfs", "mode=755"), 0);
}

static void end(struct test *t)
{
	EXPECT_EQ(t, unmount("/t", false), 0);
	forget_unused();
}

/* ---- calls by name --------------------------------------------------------------------------- */

static int make_directory(const char *name)
{
	return namespace_make_directory(&at_root, name, 0755);
}

static int open_as(const struct walk_context *context, const char *name, uint32_t flags,
		   file_mode mode)
{
	struct file *file;
	int error = file_open(context, name, flags, mode, &file);

	if (!error)
		file_put(file);
	return error;
}

static int open_root(const char *name, uint32_t flags)
{
	return open_as(&at_root, name, flags, 0644);
}

static int make_file(const char *name)
{
	return open_root(name, O_CREAT | O_EXCL | O_WRONLY);
}

static int symlink_to(const char *target, const char *name)
{
	return namespace_symlink(target, &at_root, name);
}

static int rename_to(const char *from, const char *to, uint32_t flags)
{
	return namespace_rename(&at_root, from, &at_root, to, flags);
}

static int link_as(const char *from, const char *to)
{
	struct path path;
	int error = path_walk(&at_root, from, 0, &path);

	if (error)
		return error;
	error = namespace_link(&path, &at_root, to);
	path_put(&path);
	return error;
}

static int status_as(const struct walk_context *context, const char *name, uint32_t flags,
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
static int find(const char *name)
{
	struct file_status status;

	return status_as(&at_root, name, WALK_FOLLOW, &status);
}

static int change_mode(const struct walk_context *context, const char *name, file_mode mode)
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

static int change_owner(const struct walk_context *context, const char *name, user_id uid,
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

static ssize_t write_text(struct file *file, const char *text)
{
	struct io_buffer buffer;

	io_buffer_init_kernel(&buffer, (void *)(uintptr_t)text, strlen(text));
	return file_write(file, &buffer, UINT64_MAX);
}

static ssize_t read_into(struct file *file, void *to, size_t size)
{
	struct io_buffer buffer;

	io_buffer_init_kernel(&buffer, to, size);
	return file_read(file, &buffer);
}

static ssize_t write_bytes(struct file *file, const void *from, size_t size)
{
	struct io_buffer buffer;

	io_buffer_init_kernel(&buffer, (void *)(uintptr_t)from, size);
	return file_write(file, &buffer, UINT64_MAX);
}

/* ---- names ----------------------------------------------------------------------------------- */

static void names_are_made_and_removed(struct test *t)
{
	begin(t);
	EXPECT_EQ(t, find("/t/a"), -ENOENT);
	EXPECT_EQ(t, make_directory("/t/a"), 0);
	EXPECT_EQ(t, make_directory("/t/a"), -EEXIST);
	EXPECT_EQ(t, make_directory("/t/a/"), -EEXIST);
	EXPECT_EQ(t, make_directory("/t/b/"), 0);
	EXPECT_EQ(t, make_directory("/t/x/y"), -ENOENT);
	EXPECT_EQ(t, make_directory("/"), -EEXIST);
	EXPECT_EQ(t, make_directory("/t/."), -EEXIST);
	EXPECT_EQ(t, make_file("/t/a/f"), 0);
	EXPECT_EQ(t, make_file("/t/a/f"), -EEXIST);
	EXPECT_EQ(t, make_directory("/t/a/f/g"), -ENOTDIR);
	EXPECT_EQ(t, find("/t/a/f/"), -ENOTDIR);
	EXPECT_EQ(t, find("/t/a/f/."), -ENOTDIR);
	EXPECT_EQ(t, find("/t/a/../a/./f"), 0);
	EXPECT_EQ(t, namespace_unlink(&at_root, "/t/a"), -EISDIR);
	EXPECT_EQ(t, namespace_unlink(&at_root, "/t/a/f/"), -ENOTDIR);
	EXPECT_EQ(t, namespace_unlink(&at_root, "/t/a/."), -EISDIR);
	EXPECT_EQ(t, namespace_remove_directory(&at_root, "/t/a"), -ENOTEMPTY);
	EXPECT_EQ(t, namespace_remove_directory(&at_root, "/t/a/."), -EINVAL);
	EXPECT_EQ(t, namespace_remove_directory(&at_root, "/t/a/.."), -ENOTEMPTY);
	EXPECT_EQ(t, namespace_remove_directory(&at_root, "/"), -EBUSY);
	EXPECT_EQ(t, namespace_remove_directory(&at_root, "/t/a/f"), -ENOTDIR);
	EXPECT_EQ(t, namespace_remove_directory(&at_root, "/t"), -EBUSY);
	EXPECT_EQ(t, namespace_unlink(&at_root, "/t/a/f"), 0);
	EXPECT_EQ(t, namespace_unlink(&at_root, "/t/a/f"), -ENOENT);
	EXPECT_EQ(t, namespace_remove_directory(&at_root, "/t/a/"), 0);
	EXPECT_EQ(t, find("/t/a"), -ENOENT);
	EXPECT_EQ(t, symlink_to("", "/t/l"), -ENOENT);
	EXPECT_EQ(t, symlink_to("x", "/t/l/"), -ENOENT);
	EXPECT_EQ(t, namespace_make_node(&at_root, "/t/n", MODE_DIRECTORY | 0755, 0, NULL), -EPERM);
	EXPECT_EQ(t, namespace_make_node(&as_user, "/t/n", MODE_CHARACTER | 0666, 0, NULL), -EPERM);
	EXPECT_EQ(t, namespace_make_node(&at_root, "/t/n", MODE_FIFO | 0644, 0, NULL), 0);
	end(t);
}

static void long_names_are_refused(struct test *t)
{
	char name[300];

	begin(t);
	memcpy(name, "/t/", 3);
	memset(name + 3, 'n', 255);
	name[258] = 0;
	EXPECT_EQ(t, make_file(name), 0);
	EXPECT_EQ(t, find(name), 0);
	name[258] = 'n';
	name[259] = 0;
	EXPECT_EQ(t, make_file(name), -ENAMETOOLONG);
	EXPECT_EQ(t, find(name), -ENAMETOOLONG);
	EXPECT_EQ(t, find(""), -ENOENT);
	end(t);
}

static void links_share_a_file(struct test *t)
{
	struct file_status status;

	begin(t);
	EXPECT_EQ(t, make_file("/t/f"), 0);
	EXPECT_EQ(t, link_as("/t/f", "/t/g"), 0);
	EXPECT_EQ(t, link_as("/t/f", "/t/g"), -EEXIST);
	EXPECT_EQ(t, link_as("/t/f", "/other"), -EXDEV);
	EXPECT_EQ(t, make_directory("/t/d"), 0);
	EXPECT_EQ(t, link_as("/t/d", "/t/e"), -EPERM);
	EXPECT_EQ(t, status_as(&at_root, "/t/g", 0, &status), 0);
	EXPECT_EQ(t, status.link_count, 2);
	EXPECT_EQ(t, namespace_unlink(&at_root, "/t/f"), 0);
	EXPECT_EQ(t, status_as(&at_root, "/t/g", 0, &status), 0);
	EXPECT_EQ(t, status.link_count, 1);
	EXPECT_EQ(t, status_as(&at_root, "/t", WALK_FOLLOW, &status), 0);
	EXPECT_EQ(t, status.link_count, 3);
	end(t);
}

/* ---- symbolic links -------------------------------------------------------------------------- */

static void symbolic_links_are_followed(struct test *t)
{
	char name[16], target[16];

	begin(t);
	EXPECT_EQ(t, make_directory("/t/d"), 0);
	EXPECT_EQ(t, make_file("/t/d/f"), 0);
	EXPECT_EQ(t, symlink_to("d", "/t/l"), 0);
	EXPECT_EQ(t, symlink_to("/t/l/f", "/t/absolute"), 0);
	EXPECT_EQ(t, symlink_to("l/../d/f", "/t/up"), 0);
	EXPECT_EQ(t, symlink_to("f/", "/t/d/slash"), 0);
	EXPECT_EQ(t, symlink_to("..", "/t/d/parent"), 0);
	EXPECT_EQ(t, find("/t/l/f"), 0);
	EXPECT_EQ(t, find("/t/absolute"), 0);
	EXPECT_EQ(t, find("/t/up"), 0);
	EXPECT_EQ(t, find("/t/l/"), 0);
	EXPECT_EQ(t, find("/t/d/slash"), -ENOTDIR);
	EXPECT_EQ(t, find("/t/d/parent/d/parent/d/f"), 0);
	EXPECT_EQ(t, open_root("/t/l", O_RDONLY | O_NOFOLLOW), -ELOOP);
	EXPECT_EQ(t, open_root("/t/l", O_RDONLY | O_NOFOLLOW | O_DIRECTORY), -ENOTDIR);
	EXPECT_EQ(t, open_root("/t/l", O_PATH | O_NOFOLLOW), 0);
	EXPECT_EQ(t, open_root("/t/l/", O_RDONLY | O_NOFOLLOW), 0);
	/* A chain of forty may be followed, one of forty-one not. */
	EXPECT_EQ(t, symlink_to("d", "/t/0"), 0);
	for (int i = 1; i <= 40; i++) {
		snprintf(name, sizeof(name), "/t/%d", i);
		snprintf(target, sizeof(target), "%d", i - 1);
		EXPECT_EQ(t, symlink_to(target, name), 0);
	}
	EXPECT_EQ(t, find("/t/39/f"), 0);
	EXPECT_EQ(t, find("/t/40/f"), -ELOOP);
	EXPECT_EQ(t, find("/t/39"), 0);
	EXPECT_EQ(t, find("/t/40"), -ELOOP);
	EXPECT_EQ(t, symlink_to("loop", "/t/loop"), 0);
	EXPECT_EQ(t, find("/t/loop"), -ELOOP);
	EXPECT_EQ(t, namespace_unlink(&at_root, "/t/loop"), 0);
	end(t);
}

/* As above with what is left put aside at each link: nested, not chained. */
static void nested_links_are_followed(struct test *t)
{
	char name[24], target[24];

	begin(t);
	EXPECT_EQ(t, make_directory("/t/d"), 0);
	EXPECT_EQ(t, symlink_to("d/.", "/t/0"), 0);
	for (int i = 1; i <= 40; i++) {
		snprintf(name, sizeof(name), "/t/%d", i);
		snprintf(target, sizeof(target), "%d/.", i - 1);
		EXPECT_EQ(t, symlink_to(target, name), 0);
	}
	EXPECT_EQ(t, find("/t/5/"), 0);
	EXPECT_EQ(t, find("/t/30/."), 0);
	EXPECT_EQ(t, find("/t/39/."), 0);
	EXPECT_EQ(t, find("/t/40/."), -ELOOP);
	end(t);
}

static void restricted_walks_stay_inside(struct test *t)
{
	struct walk_context inside = at_root;
	struct path path, start;

	begin(t);
	EXPECT_EQ(t, make_directory("/t/d"), 0);
	EXPECT_EQ(t, make_directory("/t/d/e"), 0);
	EXPECT_EQ(t, symlink_to("/t", "/t/d/out"), 0);
	EXPECT_EQ(t, symlink_to("e", "/t/d/in"), 0);
	EXPECT_EQ(t, path_walk(&at_root, "/t/d", 0, &start), 0);
	inside.start = start;
	EXPECT_EQ(t, path_walk(&inside, "e/..", WALK_BENEATH, &path), 0);
	path_put(&path);
	EXPECT_EQ(t, path_walk(&inside, "e/../..", WALK_BENEATH, &path), -EXDEV);
	EXPECT_EQ(t, path_walk(&inside, "..", WALK_BENEATH, &path), -EXDEV);
	EXPECT_EQ(t, path_walk(&inside, "/t", WALK_BENEATH, &path), -EXDEV);
	EXPECT_EQ(t, path_walk(&inside, "out/d", WALK_BENEATH, &path), -EXDEV);
	EXPECT_EQ(t, path_walk(&inside, "in/.", WALK_NO_LINKS, &path), -ELOOP);
	EXPECT_EQ(t, path_walk(&inside, "../../t", WALK_NO_CROSS, &path), -EXDEV);
	EXPECT_EQ(t, path_walk(&inside, "/../../e", WALK_IN_ROOT, &path), 0);
	path_put(&path);
	EXPECT_EQ(t, path_walk(&inside, "", 0, &path), -ENOENT);
	EXPECT_EQ(t, path_walk(&inside, "", WALK_EMPTY_OK, &path), 0);
	EXPECT_POINTER(t, path.dentry, start.dentry);
	path_put(&path);
	path_put(&start);
	end(t);
}

/* ---- open ------------------------------------------------------------------------------------ */

static void open_minds_its_flags(struct test *t)
{
	struct file_status status;

	begin(t);
	EXPECT_EQ(t, open_root("/t/f", O_RDONLY), -ENOENT);
	EXPECT_EQ(t, open_root("/t/f", O_RDONLY | O_CREAT), 0);
	EXPECT_EQ(t, open_root("/t/f", O_RDONLY | O_CREAT), 0);
	EXPECT_EQ(t, open_root("/t/f", O_RDONLY | O_CREAT | O_EXCL), -EEXIST);
	EXPECT_EQ(t, open_root("/t/f/", O_RDONLY | O_CREAT), -EISDIR);
	EXPECT_EQ(t, open_root("/t/g/", O_RDONLY | O_CREAT), -EISDIR);
	EXPECT_EQ(t, open_root("/t/f", O_RDONLY | O_DIRECTORY), -ENOTDIR);
	EXPECT_EQ(t, open_root("/t", O_WRONLY), -EISDIR);
	EXPECT_EQ(t, open_root("/t", O_RDONLY | O_TRUNC), -EISDIR);
	EXPECT_EQ(t, open_root("/t", O_RDONLY | O_CREAT), -EISDIR);
	EXPECT_EQ(t, open_root("/t/.", O_RDONLY | O_CREAT), -EISDIR);
	EXPECT_EQ(t, open_root("/t", O_RDONLY | O_DIRECTORY), 0);
	/* Through a dangling link the file is made where the link points, but not with O_EXCL. */
	EXPECT_EQ(t, symlink_to("made", "/t/dangling"), 0);
	EXPECT_EQ(t, open_root("/t/dangling", O_RDONLY), -ENOENT);
	EXPECT_EQ(t, open_root("/t/dangling", O_WRONLY | O_CREAT | O_EXCL), -EEXIST);
	EXPECT_EQ(t, open_root("/t/dangling", O_WRONLY | O_CREAT | O_NOFOLLOW), -ELOOP);
	EXPECT_EQ(t, find("/t/made"), -ENOENT);
	EXPECT_EQ(t, open_root("/t/dangling", O_WRONLY | O_CREAT), 0);
	EXPECT_EQ(t, find("/t/made"), 0);
	EXPECT_EQ(t, symlink_to("/nowhere/x", "/t/far"), 0);
	EXPECT_EQ(t, open_root("/t/far", O_WRONLY | O_CREAT), -ENOENT);
	/* O_TMPFILE leaves no name. */
	EXPECT_EQ(t, open_root("/t", O_RDWR | O_TMPFILE), 0);
	EXPECT_EQ(t, status_as(&at_root, "/t", WALK_FOLLOW, &status), 0);
	end(t);
}

static void writing_and_executing_exclude_each_other(struct test *t)
{
	struct file *reader, *writer;

	begin(t);
	EXPECT_EQ(t, make_file("/t/f"), 0);
	EXPECT_EQ(t, file_open(&at_root, "/t/f", O_RDONLY, 0, &reader), 0);
	EXPECT_EQ(t, file_open(&at_root, "/t/f", O_WRONLY, 0, &writer), 0);
	EXPECT_EQ(t, file_deny_write(reader), -ETXTBSY);
	file_put(writer);
	EXPECT_EQ(t, file_deny_write(reader), 0);
	EXPECT_EQ(t, open_root("/t/f", O_WRONLY), -ETXTBSY);
	EXPECT_EQ(t, open_root("/t/f", O_RDONLY | O_TRUNC), -ETXTBSY);
	file_allow_write(reader);
	EXPECT_EQ(t, open_root("/t/f", O_WRONLY), 0);
	file_put(reader);
	end(t);
}

static void files_keep_their_bytes(struct test *t)
{
	struct file *file, *other;
	struct file_status status;
	char bytes[32];
	file_offset position;

	begin(t);
	EXPECT_EQ(t, file_open(&at_root, "/t/f", O_RDWR | O_CREAT, 0644, &file), 0);
	EXPECT_EQ(t, write_text(file, "hello world"), 11);
	EXPECT_EQ(t, file_seek(file, 6, SEEK_SET, &position), 0);
	EXPECT_EQ(t, read_into(file, bytes, sizeof(bytes)), 5);
	EXPECT_BYTES(t, bytes, "world", 5);
	EXPECT_EQ(t, read_into(file, bytes, sizeof(bytes)), 0);
	/* A hole reads as zeros, and a file without a name keeps its bytes while it is open. */
	EXPECT_EQ(t, file_seek(file, 100000, SEEK_SET, &position), 0);
	EXPECT_EQ(t, write_text(file, "x"), 1);
	EXPECT_EQ(t, namespace_unlink(&at_root, "/t/f"), 0);
	EXPECT_EQ(t, file_status(file, &status), 0);
	EXPECT_EQ(t, status.size, 100001);
	EXPECT_EQ(t, status.link_count, 0);
	EXPECT_EQ(t, file_read_kernel(file, bytes, 4, 50000), 4);
	EXPECT_BYTES(t, bytes, "\0\0\0\0", 4);
	EXPECT_EQ(t, file_truncate(file, 5, UINT64_MAX), 0);
	EXPECT_EQ(t, file_truncate(file, 20, UINT64_MAX), 0);
	EXPECT_EQ(t, file_read_kernel(file, bytes, 20, 0), 20);
	EXPECT_BYTES(t, bytes, "hello\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 20);
	EXPECT_EQ(t, file_truncate(file, 21, 20), -EFBIG);
	file_put(file);
	/* Appending goes to the end, whatever the position. */
	EXPECT_EQ(t, file_open(&at_root, "/t/g", O_WRONLY | O_CREAT | O_APPEND, 0644, &file), 0);
	EXPECT_EQ(t, file_open(&at_root, "/t/g", O_WRONLY, 0, &other), 0);
	EXPECT_EQ(t, write_text(other, "12345"), 5);
	EXPECT_EQ(t, write_text(file, "678"), 3);
	EXPECT_EQ(t, read_into(file, bytes, 1), -EBADF);
	EXPECT_EQ(t, file_status(file, &status), 0);
	EXPECT_EQ(t, status.size, 8);
	file_put(other);
	file_put(file);
	EXPECT_EQ(t, open_root("/t/g", O_WRONLY | O_TRUNC), 0);
	EXPECT_EQ(t, status_as(&at_root, "/t/g", 0, &status), 0);
	EXPECT_EQ(t, status.size, 0);
	end(t);
}

static void a_full_file_system_says_so(struct test *t)
{
	static char page[PAGE_SIZE];
	struct file *file;
	int pages = 0;

	init_once();
	EXPECT_EQ(t, mount_at("/t", "tmpfs", "size=64k,mode=755"), 0);
	EXPECT_EQ(t, file_open(&at_root, "/t/f", O_RDWR | O_CREAT, 0644, &file), 0);
	while (pages < 100 && write_bytes(file, page, sizeof(page)) == PAGE_SIZE)
		pages++;
	EXPECT_EQ(t, pages, 16);
	EXPECT_EQ(t, write_bytes(file, page, sizeof(page)), -ENOSPC);
	EXPECT_EQ(t, file_truncate(file, 0, UINT64_MAX), 0);
	file->position = 0;
	EXPECT_EQ(t, write_bytes(file, page, sizeof(page)), PAGE_SIZE);
	file_put(file);
	end(t);
}

/* ---- rename ---------------------------------------------------------------------------------- */

static void renames_follow_the_rules(struct test *t)
{
	struct file_status before, after;

	begin(t);
	EXPECT_EQ(t, make_directory("/t/d"), 0);
	EXPECT_EQ(t, make_directory("/t/d/e"), 0);
	EXPECT_EQ(t, make_directory("/t/empty"), 0);
	EXPECT_EQ(t, make_file("/t/f"), 0);
	EXPECT_EQ(t, make_file("/t/g"), 0);
	EXPECT_EQ(t, rename_to("/t/none", "/t/x", 0), -ENOENT);
	EXPECT_EQ(t, rename_to("/t/d", "/t/d/e/x", 0), -EINVAL);
	EXPECT_EQ(t, rename_to("/t/d", "/t/d/x", 0), -EINVAL);
	EXPECT_EQ(t, rename_to("/t/d/e", "/t/d", 0), -ENOTEMPTY);
	EXPECT_EQ(t, rename_to("/t/empty", "/t/d", 0), -ENOTEMPTY);
	EXPECT_EQ(t, rename_to("/t/f", "/t/d", 0), -EISDIR);
	EXPECT_EQ(t, rename_to("/t/d", "/t/f", 0), -ENOTDIR);
	EXPECT_EQ(t, rename_to("/t/f/", "/t/x", 0), -ENOTDIR);
	EXPECT_EQ(t, rename_to("/t/f", "/t/x/", 0), -ENOTDIR);
	EXPECT_EQ(t, rename_to("/t/d/.", "/t/x", 0), -EBUSY);
	EXPECT_EQ(t, rename_to("/t/f", "/t/g", RENAME_FLAG_NOREPLACE), -EEXIST);
	EXPECT_EQ(t, rename_to("/t/f", "/t/x", RENAME_FLAG_EXCHANGE), -ENOENT);
	EXPECT_EQ(t, rename_to("/t/f", "/x", 0), -EXDEV);
	EXPECT_EQ(t, rename_to("/t", "/x", 0), -EBUSY);
	EXPECT_EQ(t, status_as(&at_root, "/t/f", 0, &before), 0);
	EXPECT_EQ(t, rename_to("/t/f", "/t/g", 0), 0);
	EXPECT_EQ(t, find("/t/f"), -ENOENT);
	EXPECT_EQ(t, status_as(&at_root, "/t/g", 0, &after), 0);
	EXPECT_EQ(t, after.inode, before.inode);
	EXPECT_EQ(t, rename_to("/t/g", "/t/d/e/long-name-that-does-not-fit-into-the-dentry-itself", 0), 0);
	EXPECT_EQ(t, find("/t/d/e/long-name-that-does-not-fit-into-the-dentry-itself"), 0);
	EXPECT_EQ(t, rename_to("/t/d/e/long-name-that-does-not-fit-into-the-dentry-itself", "/t/g", 0), 0);
	EXPECT_EQ(t, find("/t/g"), 0);
	/* A directory moves with what is in it, over an empty one. */
	EXPECT_EQ(t, make_file("/t/d/e/inside"), 0);
	EXPECT_EQ(t, rename_to("/t/d/e", "/t/empty", 0), 0);
	EXPECT_EQ(t, find("/t/empty/inside"), 0);
	EXPECT_EQ(t, find("/t/empty/../g"), 0);
	EXPECT_EQ(t, find("/t/d/e"), -ENOENT);
	/* Two that change places. */
	EXPECT_EQ(t, rename_to("/t/empty", "/t/g", RENAME_FLAG_EXCHANGE), 0);
	EXPECT_EQ(t, find("/t/g/inside"), 0);
	EXPECT_EQ(t, find("/t/empty/"), -ENOTDIR);
	/* Two names of one file both stay. */
	EXPECT_EQ(t, link_as("/t/empty", "/t/same"), 0);
	EXPECT_EQ(t, rename_to("/t/empty", "/t/same", 0), 0);
	EXPECT_EQ(t, find("/t/empty"), 0);
	EXPECT_EQ(t, status_as(&at_root, "/t", WALK_FOLLOW, &after), 0);
	EXPECT_EQ(t, after.link_count, 4);
	end(t);
}

/* ---- permissions ----------------------------------------------------------------------------- */

static void permissions_are_asked(struct test *t)
{
	struct file_status status;

	begin(t);
	EXPECT_EQ(t, make_directory("/t/closed"), 0);
	EXPECT_EQ(t, make_file("/t/closed/f"), 0);
	EXPECT_EQ(t, change_mode(&at_root, "/t/closed", 0700), 0);
	EXPECT_EQ(t, status_as(&as_user, "/t/closed/f", 0, &status), -EACCES);
	EXPECT_EQ(t, status_as(&as_user, "/t/closed/none", 0, &status), -EACCES);
	EXPECT_EQ(t, status_as(&as_user, "/t/closed", 0, &status), 0);
	EXPECT_EQ(t, namespace_make_directory(&as_user, "/t/x", 0755), -EACCES);
	EXPECT_EQ(t, change_mode(&as_user, "/t/closed", 0777), -EPERM);
	EXPECT_EQ(t, change_owner(&as_user, "/t/closed", 1000, 1000), -EPERM);
	/* Sticky: only the owner of the file, of the directory, or root may delete. */
	EXPECT_EQ(t, make_directory("/t/tmp"), 0);
	EXPECT_EQ(t, change_mode(&at_root, "/t/tmp", 01777), 0);
	EXPECT_EQ(t, make_file("/t/tmp/roots"), 0);
	EXPECT_EQ(t, open_as(&as_user, "/t/tmp/users", O_CREAT | O_WRONLY, 0600), 0);
	EXPECT_EQ(t, namespace_unlink(&as_user, "/t/tmp/roots"), -EPERM);
	EXPECT_EQ(t, namespace_rename(&as_user, "/t/tmp/roots", &as_user, "/t/tmp/x", 0), -EPERM);
	EXPECT_EQ(t, namespace_rename(&as_user, "/t/tmp/users", &as_user, "/t/tmp/roots", 0), -EPERM);
	EXPECT_EQ(t, open_as(&as_user, "/t/tmp/roots", O_WRONLY, 0), -EACCES);
	EXPECT_EQ(t, open_as(&as_user, "/t/tmp/roots", O_RDONLY | O_TRUNC, 0), -EACCES);
	EXPECT_EQ(t, namespace_unlink(&as_user, "/t/tmp/users"), 0);
	/* A set-group-id directory passes its group on; writing takes set-user-id away. */
	EXPECT_EQ(t, change_owner(&at_root, "/t/tmp", 0, 5), 0);
	EXPECT_EQ(t, change_mode(&at_root, "/t/tmp", 03777), 0);
	EXPECT_EQ(t, namespace_make_directory(&as_user, "/t/tmp/d", 0755), 0);
	EXPECT_EQ(t, status_as(&at_root, "/t/tmp/d", 0, &status), 0);
	EXPECT_EQ(t, status.gid, 5);
	EXPECT_EQ(t, status.mode, MODE_DIRECTORY | 02755);
	EXPECT_EQ(t, open_as(&as_user, "/t/tmp/s", O_CREAT | O_WRONLY, 0777), 0);
	EXPECT_EQ(t, change_mode(&at_root, "/t/tmp/s", 06777), 0);
	struct file *file;
	EXPECT_EQ(t, file_open(&as_user, "/t/tmp/s", O_WRONLY, 0, &file), 0);
	EXPECT_EQ(t, write_text(file, "x"), 1);
	file_put(file);
	EXPECT_EQ(t, status_as(&at_root, "/t/tmp/s", 0, &status), 0);
	EXPECT_EQ(t, status.mode, MODE_REGULAR | 0777);
	end(t);
}

/* ---- mounts ---------------------------------------------------------------------------------- */

static void mounts_are_crossed(struct test *t)
{
	struct file_status below, above;
	struct path path;
	struct file *file;

	begin(t);
	EXPECT_EQ(t, make_directory("/t/m"), 0);
	EXPECT_EQ(t, make_file("/t/m/hidden"), 0);
	EXPECT_EQ(t, status_as(&at_root, "/t", WALK_FOLLOW, &above), 0);
	EXPECT_EQ(t, mount_at("/t/m", "tmpfs", NULL), 0);
	EXPECT_EQ(t, find("/t/m/hidden"), -ENOENT);
	EXPECT_EQ(t, make_file("/t/m/f"), 0);
	EXPECT_EQ(t, status_as(&at_root, "/t/m/..", WALK_FOLLOW, &below), 0);
	EXPECT_EQ(t, below.inode, above.inode);
	EXPECT_EQ(t, below.device, above.device);
	EXPECT_EQ(t, namespace_remove_directory(&at_root, "/t/m"), -EBUSY);
	EXPECT_EQ(t, rename_to("/t/m", "/t/n", 0), -EBUSY);
	EXPECT_EQ(t, unmount("/t", false), -EBUSY);
	/* Open files keep it busy; a lazy unmount does not mind. */
	EXPECT_EQ(t, file_open(&at_root, "/t/m/f", O_RDWR, 0, &file), 0);
	EXPECT_EQ(t, unmount("/t/m", false), -EBUSY);
	EXPECT_EQ(t, path_walk(&at_root, "/t/m", WALK_FOLLOW, &path), 0);
	EXPECT_EQ(t, mount_remount(&path, MOUNT_READ_ONLY, NULL), -EBUSY);
	path_put(&path);
	EXPECT_EQ(t, unmount("/t/m", true), 0);
	EXPECT_EQ(t, find("/t/m/hidden"), 0);
	EXPECT_EQ(t, write_text(file, "still there"), 11);
	file_put(file);
	test_run_deferred();
	EXPECT_EQ(t, unmount("/t/m", false), -EINVAL);
	end(t);
}

static void binds_and_moves_show_the_same(struct test *t)
{
	struct path from, to;

	begin(t);
	EXPECT_EQ(t, make_directory("/t/a"), 0);
	EXPECT_EQ(t, make_directory("/t/b"), 0);
	EXPECT_EQ(t, make_directory("/t/c"), 0);
	EXPECT_EQ(t, make_directory("/t/a/sub"), 0);
	EXPECT_EQ(t, mount_at("/t/a/sub", "tmpfs", NULL), 0);
	EXPECT_EQ(t, make_file("/t/a/sub/deep"), 0);
	EXPECT_EQ(t, make_file("/t/a/f"), 0);
	EXPECT_EQ(t, path_walk(&at_root, "/t/a", 0, &from), 0);
	EXPECT_EQ(t, path_walk(&at_root, "/t/b", 0, &to), 0);
	EXPECT_EQ(t, mount_bind(&from, &to, true), 0);
	path_put(&from);
	path_put(&to);
	EXPECT_EQ(t, find("/t/b/f"), 0);
	EXPECT_EQ(t, find("/t/b/sub/deep"), 0);
	EXPECT_EQ(t, find("/t/b/../a"), 0);
	EXPECT_EQ(t, rename_to("/t/b/f", "/t/a/g", 0), -EXDEV);
	EXPECT_EQ(t, path_walk(&at_root, "/t/b/sub", 0, &from), 0);
	EXPECT_EQ(t, path_walk(&at_root, "/t/c", 0, &to), 0);
	EXPECT_EQ(t, mount_move(&from, &to), 0);
	path_put(&from);
	path_put(&to);
	EXPECT_EQ(t, find("/t/c/deep"), 0);
	EXPECT_EQ(t, find("/t/b/sub/deep"), -ENOENT);
	/* One view read-only, the other not. */
	EXPECT_EQ(t, path_walk(&at_root, "/t/b", 0, &to), 0);
	EXPECT_EQ(t, mount_remount(&to, MOUNT_BIND | MOUNT_READ_ONLY, NULL), 0);
	path_put(&to);
	EXPECT_EQ(t, make_file("/t/b/x"), -EROFS);
	EXPECT_EQ(t, make_file("/t/b/f"), -EEXIST);
	EXPECT_EQ(t, open_root("/t/b/f", O_WRONLY), -EROFS);
	EXPECT_EQ(t, make_file("/t/a/x"), 0);
	EXPECT_EQ(t, unmount("/t/b", false), 0);
	EXPECT_EQ(t, unmount("/t/c", false), 0);
	EXPECT_EQ(t, unmount("/t/a/sub", false), 0);
	end(t);
}

/* ---- names of places ------------------------------------------------------------------------- */

static void expect_name(struct test *t, const struct path *path, const struct path *from,
			const char *expected)
{
	char buffer[128], *name = buffer;
	ssize_t length = path_format(path, from, buffer, sizeof(buffer), &name);

	EXPECT_EQ(t, length, (ssize_t)strlen(expected) + 1);
	if (length > 0)
		EXPECT_STR(t, name, expected);
}

static void places_have_names(struct test *t)
{
	struct path deep, t_path;
	char buffer[8], *name;

	begin(t);
	EXPECT_EQ(t, make_directory("/t/a"), 0);
	EXPECT_EQ(t, make_directory("/t/a/b"), 0);
	EXPECT_EQ(t, path_walk(&at_root, "/t/a/b", 0, &deep), 0);
	EXPECT_EQ(t, path_walk(&at_root, "/t/", 0, &t_path), 0);
	expect_name(t, &deep, &root, "/t/a/b");
	expect_name(t, &deep, &t_path, "/a/b");
	expect_name(t, &t_path, &t_path, "/");
	expect_name(t, &root, &root, "/");
	expect_name(t, &root, &t_path, "(unreachable)/");
	EXPECT_EQ(t, path_format(&deep, &root, buffer, 6, &name), -ERANGE);
	EXPECT_EQ(t, path_format(&deep, &root, buffer, 7, &name), 7);
	EXPECT_EQ(t, rename_to("/t/a", "/t/z", 0), 0);
	expect_name(t, &deep, &root, "/t/z/b");
	EXPECT_EQ(t, namespace_remove_directory(&at_root, "/t/z/b"), 0);
	expect_name(t, &deep, &root, "/t/z/b (deleted)");
	/* In a directory that is gone nothing is found or made. */
	struct walk_context gone = { root, deep, &credentials_root };
	EXPECT_EQ(t, namespace_make_directory(&gone, "x", 0755), -ENOENT);
	EXPECT_EQ(t, open_as(&gone, "x", O_CREAT | O_WRONLY, 0644), -ENOENT);
	EXPECT_EQ(t, open_as(&gone, "..", O_RDONLY, 0), 0);
	path_put(&deep);
	path_put(&t_path);
	end(t);
}

/* ---- directories ----------------------------------------------------------------------------- */

struct counting_sink {
	struct directory_sink sink;
	unsigned int room, seen;
	uint32_t *numbers;
};

static bool count_entry(struct directory_sink *sink, const char *name, size_t length,
			uint64_t inode, file_offset next, unsigned int type)
{
	struct counting_sink *counter = container_of(sink, struct counting_sink, sink);
	unsigned int number = 0;

	(void)inode, (void)next, (void)type;
	if (counter->room == 0)
		return false;
	counter->room--;
	counter->seen++;
	if (name[0] == '.')
		return true;
	for (size_t i = 0; i < length; i++)
		number = number * 10 + (unsigned int)(name[i] - '0');
	bitmap_set(counter->numbers, number);
	return true;
}

static void listings_are_complete(struct test *t)
{
	static uint32_t numbers[BITMAP_WORDS(2000)];
	struct counting_sink sink = { .sink.add = count_entry, .numbers = numbers };
	struct file *file;
	char name[16];

	begin(t);
	EXPECT_EQ(t, make_directory("/t/d"), 0);
	for (int i = 0; i < 2000; i++) {
		snprintf(name, sizeof(name), "/t/d/%d", i);
		EXPECT_EQ(t, make_file(name), 0);
	}
	EXPECT_EQ(t, file_open(&at_root, "/t/d", O_RDONLY | O_DIRECTORY, 0, &file), 0);
	/*
	 * Ten at a time; what was seen is deleted meanwhile, and the others are seen all the same.
	 */
	for (int round = 0; round < 300; round++) {
		sink.room = 10;
		EXPECT_EQ(t, file_read_directory(file, &sink.sink), 0);
		if (sink.room == 10)
			break;
		for (int i = 0; i < 2000; i++) {
			snprintf(name, sizeof(name), "/t/d/%d", i);
			if (round % 50 == 0 && bitmap_is_set(numbers, (size_t)i))
				(void)!namespace_unlink(&at_root, name);
		}
	}
	EXPECT_EQ(t, sink.seen, 2002);
	EXPECT_EQ(t, bitmap_count_set(numbers, 2000), 2000);
	file_put(file);
	end(t);
}

/* ---- memory runs out ------------------------------------------------------------------------- */

/*
 * Every allocation of each call fails in turn: it says -ENOMEM and nothing has changed; then it
 * succeeds.
 */
static int try_open(void) { return make_file("/t/d/a-name-longer-than-fits-into-a-dentry-itself"); }
static int try_mkdir(void) { return make_directory("/t/d/e"); }
static int try_symlink(void) { return symlink_to("somewhere", "/t/d/l"); }
static int try_link(void) { return link_as("/t/f", "/t/d/f"); }
static int try_rename(void) { return rename_to("/t/d/f", "/t/g", 0); }
static int try_exchange(void) { return rename_to("/t/f", "/t/d/e", RENAME_FLAG_EXCHANGE); }
static int try_follow(void) { return find("/t/d/l"); }
static int try_unlink(void) { return namespace_unlink(&at_root, "/t/d/l"); }
static int try_mount(void) { return mount_at("/t/d", "tmpfs", NULL); }
static int try_unmount(void) { return unmount("/t/d", false); }
static int try_tmpfile(void) { return open_root("/t", O_TMPFILE | O_RDWR); }

static int try_pipe(void)
{
	struct file *ends[2];
	int error = pipe_create(0, ends);

	if (error)
		return error;
	error = (int)write_text(ends[1], "x");
	file_put(ends[0]);
	file_put(ends[1]);
	return error < 0 ? error : 0;
}

static int try_memory_file(void)
{
	struct file *file;
	int error = anonymous_file_create("memfd:x", 100, 0, &file);

	if (!error)
		file_put(file);
	return error;
}

static int try_write(void)
{
	struct file *file;
	int error = file_open(&at_root, "/t/g", O_WRONLY, 0, &file);

	if (error)
		return error;
	error = (int)write_text(file, "bytes");
	file_put(file);
	return error < 0 ? error : 0;
}

static void every_call_survives_an_empty_memory(struct test *t)
{
	static const struct { const char *name; int (*call)(void); int result; } calls[] = {
		{ "open", try_open, 0 },	 { "mkdir", try_mkdir, 0 },
		{ "symlink", try_symlink, 0 },	 { "link", try_link, 0 },
		{ "rename", try_rename, 0 },	 { "exchange", try_exchange, 0 },
		{ "follow", try_follow, -ENOENT }, { "unlink", try_unlink, 0 },
		{ "mount", try_mount, 0 },	 { "unmount", try_unmount, 0 },
		{ "tmpfile", try_tmpfile, 0 },	 { "pipe", try_pipe, 0 },
		{ "memory file", try_memory_file, 0 }, { "write", try_write, 0 },
	};

	long before = test_allocations_in_use();

	init_once();
	EXPECT_EQ(t, try_memory_file(), 0); /* its mount is made once and stays */
	test_run_deferred();
	host_count_allocation(before - test_allocations_in_use());
	begin(t);
	EXPECT_EQ(t, make_directory("/t/d"), 0);
	EXPECT_EQ(t, make_file("/t/f"), 0);
	for (unsigned int i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
		bool failed = true;

		for (unsigned int nth = 1; failed && nth < 100; nth++) {
			int error;

			forget_unused();
			test_fail_allocation(nth);
			error = calls[i].call();
			failed = test_allocation_failed();
			/* What does without the memory may go on. */
			if (failed && error == calls[i].result)
				failed = false;
			EXPECT_EQ(t, error, failed ? -ENOMEM : calls[i].result);
		}
		EXPECT(t, !failed);
	}
	end(t);
}

/* ---- descriptors ----------------------------------------------------------------------------- */

static struct file *make_pipe_end(struct test *t)
{
	struct file *ends[2];

	EXPECT_EQ(t, pipe_create(0, ends), 0);
	file_put(ends[1]);
	return ends[0];
}

static void descriptors_are_the_lowest_free(struct test *t)
{
	struct fd_table *table, *copy;
	struct file *file = make_pipe_end(t);
	int fds[3];
	bool needs_put;

	init_once();
	EXPECT_EQ(t, fd_table_create(&table), 0);
	for (int i = 0; i < 100; i++) {
		EXPECT_EQ(t, fd_table_reserve(table, 0, 1024, 1, fds), 0);
		EXPECT_EQ(t, fds[0], i);
		file_get(file);
		fd_table_install(table, i, file, i % 3 == 0);
	}
	EXPECT(t, fd_table_check(table));
	EXPECT_EQ(t, fd_table_reserve(table, 0, 100, 1, fds), -EMFILE);
	file_put(fd_table_remove(table, 7));
	file_put(fd_table_remove(table, 70));
	EXPECT_POINTER(t, fd_table_borrow(table, 7, &needs_put), NULL);
	EXPECT_POINTER(t, fd_table_borrow(table, -1, &needs_put), NULL);
	EXPECT_POINTER(t, fd_table_borrow(table, 100000, &needs_put), NULL);
	EXPECT_EQ(t, fd_table_reserve(table, 0, 100, 3, fds), -EMFILE);
	EXPECT_EQ(t, fd_table_reserve(table, 0, 1024, 3, fds), 0);
	EXPECT_EQ(t, fds[0], 7);
	EXPECT_EQ(t, fds[1], 70);
	EXPECT_EQ(t, fds[2], 100);
	file_get(file);
	EXPECT_EQ(t, fd_table_replace(table, 7, 1024, file, false), -EBUSY);
	EXPECT_EQ(t, fd_table_replace(table, 2000, 1024, file, false), -EBADF);
	fd_table_unreserve(table, 3, fds);
	EXPECT_EQ(t, fd_table_replace(table, 500, 1024, file, true), 0);
	EXPECT_EQ(t, fd_table_get_close_on_exec(table, 500), 1);
	EXPECT_EQ(t, fd_table_get_close_on_exec(table, 7), -EBADF);
	EXPECT_EQ(t, fd_table_next(table, 100), 500);
	EXPECT_EQ(t, fd_table_next(table, 501), -1);
	EXPECT(t, fd_table_check(table));
	EXPECT_EQ(t, fd_table_copy(table, &copy), 0);
	EXPECT(t, fd_table_check(copy));
	fd_table_close_on_exec(copy);
	EXPECT_EQ(t, fd_table_next(copy, 0), 1);
	EXPECT_EQ(t, fd_table_next(copy, 99), -1);
	/* Shared: each look takes a reference. */
	fd_table_get_reference(table);
	EXPECT_POINTER(t, fd_table_borrow(table, 1, &needs_put), file);
	EXPECT(t, needs_put);
	fd_table_return(file, needs_put);
	fd_table_put(table);
	fd_table_put(table);
	fd_table_put(copy);
	EXPECT_EQ(t, refcount_read(&file->references), 1);
	file_put(file);
}

static void tables_survive_an_empty_memory(struct test *t)
{
	struct file *file = make_pipe_end(t);
	bool failed = true;

	for (unsigned int nth = 1; failed; nth++) {
		struct fd_table *table = NULL, *copy = NULL;
		int fd = -1, error;

		test_fail_allocation(nth);
		error = fd_table_create(&table);
		if (!error)
			error = fd_table_reserve(table, 200, 1024, 1, &fd);
		if (!error) {
			file_get(file);
			fd_table_install(table, fd, file, false);
			error = fd_table_copy(table, &copy);
		}
		failed = test_allocation_failed();
		EXPECT_EQ(t, error, failed ? -ENOMEM : 0);
		if (copy)
			fd_table_put(copy);
		if (table)
			fd_table_put(table);
		EXPECT_EQ(t, refcount_read(&file->references), 1);
	}
	file_put(file);
}

/* ---- pipes ----------------------------------------------------------------------------------- */

static void pipes_carry_bytes(struct test *t)
{
	static char bytes[70000], back[70000];
	struct file *ends[2];
	ssize_t total = 0, part;

	init_once();
	for (unsigned int i = 0; i < sizeof(bytes); i++)
		bytes[i] = (char)(i * 7);
	EXPECT_EQ(t, pipe_create(O_NONBLOCK, ends), 0);
	EXPECT_EQ(t, read_into(ends[0], back, 10), -EAGAIN);
	EXPECT_EQ(t, write_bytes(ends[1], bytes, sizeof(bytes)), 65536);
	EXPECT_EQ(t, write_bytes(ends[1], bytes, 1), -EAGAIN);
	EXPECT_EQ(t, read_into(ends[0], back, 1), 1);
	EXPECT_EQ(t, write_bytes(ends[1], bytes, 1), -EAGAIN);
	EXPECT_EQ(t, read_into(ends[0], back + 1, 4095), 4095);
	EXPECT_EQ(t, write_bytes(ends[1], bytes + 65536, 100), 100);
	EXPECT_EQ(t, write_bytes(ends[1], bytes + 65636, 50), 50);
	total = 4096;
	while ((part = read_into(ends[0], back + total, 5000)) > 0)
		total += part;
	EXPECT_EQ(t, part, -EAGAIN);
	EXPECT_EQ(t, total, 65686);
	EXPECT_BYTES(t, back, bytes, 65686);
	/* Whole or not at all, up to PIPE_BUF. */
	for (int i = 0; i < 16; i++)
		EXPECT_EQ(t, write_bytes(ends[1], bytes, 4000), 4000);
	EXPECT_EQ(t, write_bytes(ends[1], bytes, 97), -EAGAIN);
	EXPECT_EQ(t, write_bytes(ends[1], bytes, 96), 96);
	EXPECT_EQ(t, pipe_readable(ends[0]), 64096);
	EXPECT_EQ(t, pipe_get_size(ends[0]), 65536);
	EXPECT_EQ(t, pipe_set_size(ends[0], 5000, false), -EBUSY);
	EXPECT_EQ(t, pipe_set_size(ends[0], 100000, false), 131072);
	EXPECT_EQ(t, pipe_set_size(ends[0], 2 << 20, false), -EPERM);
	EXPECT_EQ(t, write_bytes(ends[1], bytes, 97), 97);
	file_put(ends[1]);
	EXPECT_EQ(t, read_into(ends[0], back, sizeof(back)), 64193);
	EXPECT_EQ(t, read_into(ends[0], back, 1), 0);
	file_put(ends[0]);
	EXPECT_EQ(t, pipe_create(0, ends), 0);
	file_put(ends[0]);
	EXPECT_EQ(t, write_bytes(ends[1], bytes, 1), -EPIPE);
	file_put(ends[1]);
}

static void packets_stay_apart(struct test *t)
{
	struct file *ends[2];
	char bytes[10];

	init_once();
	EXPECT_EQ(t, pipe_create(O_NONBLOCK | O_DIRECT, ends), 0);
	EXPECT_EQ(t, write_text(ends[1], "one"), 3);
	EXPECT_EQ(t, write_text(ends[1], "twelve"), 6);
	EXPECT_EQ(t, read_into(ends[0], bytes, sizeof(bytes)), 3);
	EXPECT_EQ(t, read_into(ends[0], bytes, 2), 2);
	EXPECT_EQ(t, read_into(ends[0], bytes, sizeof(bytes)), -EAGAIN);
	file_put(ends[0]);
	file_put(ends[1]);
}

static void fifos_wait_for_the_other_side(struct test *t)
{
	struct file *reader, *writer;
	char byte;

	begin(t);
	EXPECT_EQ(t, namespace_make_node(&at_root, "/t/p", MODE_FIFO | 0644, 0, NULL), 0);
	EXPECT_EQ(t, file_open(&at_root, "/t/p", O_WRONLY | O_NONBLOCK, 0, &writer), -ENXIO);
	EXPECT_EQ(t, file_open(&at_root, "/t/p", O_RDONLY | O_NONBLOCK, 0, &reader), 0);
	EXPECT_EQ(t, read_into(reader, &byte, 1), 0);
	EXPECT_EQ(t, file_poll(reader, NULL) & POLL_HANG_UP, 0);
	EXPECT_EQ(t, file_open(&at_root, "/t/p", O_WRONLY | O_NONBLOCK, 0, &writer), 0);
	EXPECT_EQ(t, read_into(reader, &byte, 1), -EAGAIN);
	EXPECT_EQ(t, write_text(writer, "ab"), 2);
	EXPECT_EQ(t, file_poll(reader, NULL) & POLL_IN, POLL_IN);
	file_put(writer);
	EXPECT_EQ(t, file_poll(reader, NULL) & POLL_HANG_UP, POLL_HANG_UP);
	EXPECT_EQ(t, read_into(reader, &byte, 1), 1);
	file_put(reader);
	EXPECT_EQ(t, file_open(&at_root, "/t/p", O_RDWR, 0, &reader), 0);
	file_put(reader);
	end(t);
}

static void poll_sees_what_is_ready(struct test *t)
{
	struct poll_request requests[3] = {
		{ .fd = 0, .events = POLL_IN }, { .fd = 1, .events = POLL_OUT }, { .fd = 9, .events = POLL_IN }
	};
	struct fd_table *table;
	struct file *ends[2];
	unsigned long readable = 1, writable = 2;
	int fds[2];

	init_once();
	EXPECT_EQ(t, fd_table_create(&table), 0);
	EXPECT_EQ(t, pipe_create(0, ends), 0);
	EXPECT_EQ(t, fd_table_reserve(table, 0, 64, 2, fds), 0);
	fd_table_install(table, 0, ends[0], false);
	fd_table_install(table, 1, ends[1], false);
	EXPECT_EQ(t, poll_wait(table, requests, 1, 0), 0);
	EXPECT_EQ(t, poll_wait(table, requests, 3, UINT64_MAX), 2);
	EXPECT_EQ(t, requests[1].result, POLL_OUT);
	EXPECT_EQ(t, requests[2].result, POLL_INVALID);
	EXPECT_EQ(t, write_text(ends[1], "x"), 1);
	EXPECT_EQ(t, poll_wait(table, requests, 1, UINT64_MAX), 1);
	EXPECT_EQ(t, requests[0].result, POLL_IN);
	EXPECT_EQ(t, poll_select(table, 2, &readable, &writable, NULL, 0), 2);
	EXPECT_EQ(t, readable, 1);
	EXPECT_EQ(t, writable, 2);
	readable = 4;
	EXPECT_EQ(t, poll_select(table, 3, &readable, NULL, NULL, 0), -EBADF);
	fd_table_put(table);
}

/* ---- locks ----------------------------------------------------------------------------------- */

static int lock(struct file *file, const void *owner, enum file_lock_type type, uint64_t start,
		uint64_t stop)
{
	struct file_lock_request request = {
		.type = type, .start = start, .end = stop, .owner = owner, .pid = 1
	};

	return file_lock_set(file, &request, false);
}

static void record_locks_cover_ranges(struct test *t)
{
	struct file_lock_request test = { .type = FILE_LOCK_WRITE, .end = UINT64_MAX };
	struct file *file, *other;
	int a, b;

	begin(t);
	EXPECT_EQ(t, file_open(&at_root, "/t/f", O_RDWR | O_CREAT, 0644, &file), 0);
	EXPECT_EQ(t, file_open(&at_root, "/t/f", O_RDONLY, 0644, &other), 0);
	EXPECT_EQ(t, lock(other, &a, FILE_LOCK_WRITE, 0, 1), -EBADF);
	EXPECT_EQ(t, lock(file, &a, FILE_LOCK_WRITE, 0, 100), 0);
	EXPECT_EQ(t, lock(file, &b, FILE_LOCK_READ, 50, 60), -EAGAIN);
	EXPECT_EQ(t, lock(file, &b, FILE_LOCK_WRITE, 100, UINT64_MAX), 0);
	EXPECT_EQ(t, lock(file, &a, FILE_LOCK_NONE, 40, 60), 0);
	EXPECT_EQ(t, lock(file, &b, FILE_LOCK_READ, 45, 55), 0);
	EXPECT_EQ(t, lock(file, &a, FILE_LOCK_WRITE, 0, 60), -EAGAIN);
	EXPECT_EQ(t, lock(file, &a, FILE_LOCK_READ, 0, 60), 0);
	EXPECT_EQ(t, lock(file, &b, FILE_LOCK_READ, 0, 40), 0);
	EXPECT_EQ(t, lock(file, &b, FILE_LOCK_READ, 59, 61), -EAGAIN);
	test.owner = file; /* an OFD lock conflicts with both */
	EXPECT_EQ(t, file_lock_test(file, &test), 0);
	EXPECT(t, test.type != FILE_LOCK_NONE);
	file_lock_release_owner(file->inode, &a);
	file_lock_release_owner(file->inode, &b);
	EXPECT_EQ(t, lock(file, file, FILE_LOCK_WRITE, 0, 10), 0);
	EXPECT_EQ(t, lock(file, &a, FILE_LOCK_READ, 0, 10), -EAGAIN);
	EXPECT_EQ(t, file_lock_whole(file, FILE_LOCK_WRITE, false), 0);
	EXPECT_EQ(t, file_lock_whole(other, FILE_LOCK_READ, false), -EWOULDBLOCK);
	EXPECT_EQ(t, file_lock_whole(file, FILE_LOCK_READ, false), 0);
	EXPECT_EQ(t, file_lock_whole(other, FILE_LOCK_READ, false), 0);
	file_put(file); /* its locks go with it */
	EXPECT_EQ(t, lock(other, &a, FILE_LOCK_READ, 0, 10), 0);
	file_put(other);
	end(t);
}

/* ---- devices --------------------------------------------------------------------------------- */

static struct device_node late_node = {
	.name = "bus/late", .number = DEV_NUMBER(9, 1), .mode = MODE_CHARACTER | 0620, .gid = 5
};

static void devices_appear_when_they_come(struct test *t)
{
	struct file_status status;

	begin(t);
	EXPECT_EQ(t, mount_at("/t", "devfs", NULL), 0);
	EXPECT_EQ(t, find("/t/bus/late"), -ENOENT);
	device_node_add(&late_node);
	EXPECT_EQ(t, status_as(&at_root, "/t/bus/late", 0, &status), 0);
	EXPECT_EQ(t, status.special_device, DEV_NUMBER(9, 1));
	EXPECT_EQ(t, status.mode, MODE_CHARACTER | 0620);
	EXPECT_EQ(t, status.gid, 5);
	EXPECT_EQ(t, open_root("/t/bus/late", O_RDONLY), -ENXIO);
	EXPECT_EQ(t, namespace_unlink(&at_root, "/t/bus/late"), 0);
	EXPECT_EQ(t, namespace_remove_directory(&at_root, "/t/bus"), 0);
	EXPECT_EQ(t, unmount("/t", false), 0);
	end(t);
}

const struct test_case test_cases[] = {
	TEST(names_are_made_and_removed),
	TEST(long_names_are_refused),
	TEST(links_share_a_file),
	TEST(symbolic_links_are_followed),
	TEST(nested_links_are_followed),
	TEST(restricted_walks_stay_inside),
	TEST(open_minds_its_flags),
	TEST(writing_and_executing_exclude_each_other),
	TEST(files_keep_their_bytes),
	TEST(a_full_file_system_says_so),
	TEST(renames_follow_the_rules),
	TEST(permissions_are_asked),
	TEST(mounts_are_crossed),
	TEST(binds_and_moves_show_the_same),
	TEST(places_have_names),
	TEST(listings_are_complete),
	TEST(every_call_survives_an_empty_memory),
	TEST(descriptors_are_the_lowest_free),
	TEST(tables_survive_an_empty_memory),
	TEST(pipes_carry_bytes),
	TEST(packets_stay_apart),
	TEST(fifos_wait_for_the_other_side),
	TEST(poll_sees_what_is_ready),
	TEST(record_locks_cover_ranges),
	TEST(devices_appear_when_they_come),
	TEST_END
};
