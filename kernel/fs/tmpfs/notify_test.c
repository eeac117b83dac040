/*
 * Watches on inodes: who hears what, watches that end while they are told, and inodes and file
 * systems that end while they are watched.
 *
 * test: with=vfs/anonymous.c,vfs/attributes.c,vfs/block_file.c,vfs/block_ioctl.c,vfs/cached_file.c
 * test: with=vfs/char_device.c,vfs/credentials.c,vfs/dentry.c,vfs/dentry_cache.c
 * test: with=vfs/directory.c,vfs/fd_table.c,vfs/fifo.c,vfs/file.c,vfs/file_capability.c
 * test: with=vfs/file_lock.c,vfs/file_lock_wait.c,vfs/lock_table.c
 * test: with=vfs/file_map.c,vfs/file_open.c,vfs/file_system.c,vfs/fs_context.c
 * test: with=vfs/initramfs.c,vfs/inode.c,vfs/inode_table.c,vfs/mount.c,vfs/mount_tree.c
 * test: with=vfs/freeze.c,vfs/mount_table.c
 * test: with=vfs/namespace_ops.c,vfs/notify.c,vfs/path_format.c,vfs/path_walk.c
 * test: with=vfs/path_walk_fast.c
 * test: with=vfs/user_count.c,vfs/pipe_size.c,vfs/pipe_tray.c
 * test: with=vfs/permission.c,vfs/pipe.c,vfs/poll.c,vfs/read_write.c,vfs/rename.c,vfs/seals.c
 * test: with=vfs/sticky.c,vfs/super_block.c,vfs/vfs.c,fs/tmpfs/tmpfs.c,fs/tmpfs/inode.c
 * test: with=fs/tmpfs/attributes.c,fs/tmpfs/directory.c
 * test: with=fs/tmpfs/file.c,fs/devfs/devfs.c,vm/page_cache.c
 * test: with=vm/page_cache_io.c,vm/truncate.c,vm/readahead.c,vm/io_buffer.c
 */
#include "vfs_over_tmpfs.h"
#include "vfs/notify.h"

struct listener {
	struct inode_watch watch;
	uint32_t heard;			/* all events together */
	unsigned int count;
	char name[16];			/* the last child's */
	bool leaves;			/* at the first event */
	struct listener *takes_along;	/* and takes this one with it */
	bool is_released;
};

static void leave(struct listener *listener)
{
	if (inode_watch_remove(&listener->watch))
		inode_watch_put(&listener->watch);
}

static void on_report(struct inode_watch *watch, uint32_t mask, uint32_t cookie, const char *name,
		      size_t length)
{
	struct listener *listener = container_of(watch, struct listener, watch);

	(void)cookie;
	listener->heard |= mask;
	listener->count++;
	memcpy(listener->name, name ? name : "", length);
	listener->name[length] = 0;
	if (listener->leaves)
		leave(listener);
	if (listener->takes_along)
		leave(listener->takes_along);
}

static void on_ended(struct inode_watch *watch)
{
	leave(container_of(watch, struct listener, watch));
}

static void on_release(struct inode_watch *watch)
{
	container_of(watch, struct listener, watch)->is_released = true;
}

static const struct inode_watch_ops listener_ops = {
	.report = on_report,
	.ended = on_ended,
	.release = on_release,
};

static void listen_to(struct test *t, struct listener *listener, const char *name, uint32_t events)
{
	struct path path;

	*listener = (struct listener){ .watch.ops = &listener_ops, .watch.owner = listener };
	EXPECT_EQ(t, path_walk(&at_root, name, WALK_FOLLOW, &path), 0);
	listener->watch.inode = dentry_inode(path.dentry);
	inode_watch_add(&listener->watch, events);
	path_put(&path);
}

static void a_directory_hears_of_its_children(struct test *t)
{
	struct listener directory, file;
	struct file *open_file;

	begin(t);
	EXPECT_EQ(t, make_file("/t/f"), 0);
	EXPECT(t, !notify_is_wanted());
	listen_to(t, &directory, "/t", IN_ALL_EVENTS);
	listen_to(t, &file, "/t/f", IN_MODIFY);
	EXPECT(t, notify_is_wanted());
	EXPECT_EQ(t, file_open(&at_root, "/t/f", O_RDWR, 0, &open_file), 0);
	EXPECT_EQ(t, directory.heard, IN_OPEN);
	EXPECT(t, strcmp(directory.name, "f") == 0);
	EXPECT_EQ(t, file.count, 0);
	EXPECT_EQ(t, write_text(open_file, "1"), 1);
	EXPECT_EQ(t, file.heard, IN_MODIFY);
	EXPECT_EQ(t, file.name[0], 0);
	EXPECT_EQ(t, directory.heard, IN_OPEN | IN_MODIFY);
	file_put(open_file);
	EXPECT_EQ(t, directory.heard, IN_OPEN | IN_MODIFY | IN_CLOSE_WRITE);
	inode_watch_change(&file.watch, IN_ATTRIB, true);
	EXPECT_EQ(t, file.watch.events, IN_MODIFY | IN_ATTRIB);
	EXPECT(t, inode_watch_find(file.watch.inode, &directory) == NULL);
	EXPECT(t, inode_watch_find(file.watch.inode, &file) == &file.watch);
	inode_watch_put(&file.watch);
	leave(&file);
	leave(&directory);
	EXPECT(t, file.is_released && directory.is_released);
	EXPECT(t, !notify_is_wanted());
	end(t);
}

static void watches_may_end_while_they_are_told(struct test *t)
{
	struct listener all[4];

	begin(t);
	for (unsigned int i = 0; i < ARRAY_SIZE(all); i++)
		listen_to(t, &all[i], "/t", IN_CREATE);
	all[0].leaves = true;
	all[1].leaves = true;
	all[1].takes_along = &all[2]; /* the very next one */
	EXPECT_EQ(t, make_file("/t/a"), 0);
	EXPECT_EQ(t, all[0].count, 1);
	EXPECT_EQ(t, all[1].count, 1);
	EXPECT_EQ(t, all[2].count, 0);
	EXPECT_EQ(t, all[3].count, 1);
	EXPECT(t, all[0].is_released && all[1].is_released && all[2].is_released);
	EXPECT(t, !inode_watch_remove(&all[1].watch));
	EXPECT_EQ(t, make_file("/t/b"), 0);
	EXPECT_EQ(t, all[3].count, 2);
	leave(&all[3]);
	end(t);
}

static void a_watch_ends_with_its_inode(struct test *t)
{
	struct listener file;
	struct file *open_file;

	begin(t);
	EXPECT_EQ(t, make_file("/t/f"), 0);
	listen_to(t, &file, "/t/f", IN_ALL_EVENTS);
	EXPECT_EQ(t, file_open(&at_root, "/t/f", O_RDONLY, 0, &open_file), 0);
	EXPECT_EQ(t, namespace_unlink(&at_root, "/t/f"), 0);
	EXPECT(t, !file.is_released);
	EXPECT_EQ(t, file.heard & IN_DELETE_SELF, 0);
	file_put(open_file);
	EXPECT_EQ(t, file.heard & IN_DELETE_SELF, IN_DELETE_SELF);
	EXPECT(t, file.is_released);
	end(t);
}

/* end() unmounts what is still watched. */
static void a_watch_ends_with_its_file_system(struct test *t)
{
	struct listener directory, file;

	begin(t);
	EXPECT_EQ(t, make_file("/t/f"), 0);
	listen_to(t, &file, "/t/f", IN_UNMOUNT);
	listen_to(t, &directory, "/t", IN_UNMOUNT);
	end(t);
	EXPECT_EQ(t, file.heard, IN_UNMOUNT);
	EXPECT_EQ(t, directory.heard, IN_UNMOUNT | IN_ISDIR);
	EXPECT(t, file.is_released && directory.is_released);
	EXPECT(t, !notify_is_wanted());
}

const struct test_case test_cases[] = {
	TEST(a_directory_hears_of_its_children),
	TEST(watches_may_end_while_they_are_told),
	TEST(a_watch_ends_with_its_inode),
	TEST(a_watch_ends_with_its_file_system),
	TEST_END
};
