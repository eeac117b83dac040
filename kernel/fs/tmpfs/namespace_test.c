/*
 * Names over tmpfs: making, removing, renaming, links, walks, permissions, mounts.
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
#include "vfs/internal.h"

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
	EXPECT_EQ(t, namespace_make_node(&as_user, "/t/n", MODE_CHARACTER | 0666, 0, NULL),
		  -EACCES);
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

/* ---- rename ---------------------------------------------------------------------------------- */

#define LONG_NAME "/t/d/e/long-name-that-does-not-fit-into-the-dentry-itself"

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
	EXPECT_EQ(t, rename_to("/t/g", LONG_NAME, 0), 0);
	EXPECT_EQ(t, find(LONG_NAME), 0);
	EXPECT_EQ(t, rename_to(LONG_NAME, "/t/g", 0), 0);
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

static const struct credentials *the_user(void)
{
	return &user;
}

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
	EXPECT_EQ(t, namespace_rename(&as_user, "/t/tmp/users", &as_user, "/t/tmp/roots", 0),
		  -EPERM);
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
	EXPECT_EQ(t, status_as(&at_root, "/t/tmp/s", 0, &status), 0);
	EXPECT_EQ(t, status.mode, MODE_REGULAR | 06777);
	/* Who writes is asked, not who opened it. */
	credentials_set_caller(the_user);
	EXPECT_EQ(t, write_text(file, "x"), 1);
	credentials_set_caller(NULL);
	file_put(file);
	EXPECT_EQ(t, status_as(&at_root, "/t/tmp/s", 0, &status), 0);
	EXPECT_EQ(t, status.mode, MODE_REGULAR | 0777);
	end(t);
}

/* ---- mounts ---------------------------------------------------------------------------------- */

/* As Linux: what covers the root is where ".." at the root leads; both walks say so. */
static void mounts_cover_the_root(struct test *t)
{
	struct walk_context inside = at_root;
	struct path top, up, down;

	begin(t);
	EXPECT_EQ(t, path_walk(&at_root, "/t", WALK_FOLLOW, &inside.root), 0);
	EXPECT_EQ(t, make_file("/t/below"), 0);
	EXPECT_EQ(t, mount_at("/t", "tmpfs", NULL), 0);
	EXPECT_EQ(t, path_walk(&at_root, "/t", WALK_FOLLOW, &top), 0);
	for (unsigned int careful = 0; careful < 2; careful++) {
		uint32_t flags = careful ? WALK_NO_MAGIC_LINKS : 0;

		EXPECT_EQ(t, path_walk(&inside, "/..", flags, &up), 0);
		EXPECT_POINTER(t, up.dentry, top.dentry);
		path_put(&up);
		EXPECT_EQ(t, path_walk(&inside, "/../.", flags, &up), 0);
		EXPECT_POINTER(t, up.dentry, top.dentry);
		path_put(&up);
	}
	EXPECT_EQ(t, path_walk(&inside, "/..", WALK_NO_CROSS, &up), -EXDEV);
	path_put(&top);
	EXPECT_EQ(t, unmount("/t", false), 0);

	/* On the root of all, where another root is nowhere above: there it ends, not below. */
	EXPECT_EQ(t, mount_at("/", "tmpfs", NULL), 0);
	EXPECT_EQ(t, path_walk(&at_root, "/..", WALK_NO_MAGIC_LINKS, &top), 0);
	EXPECT(t, top.mount != root.mount);
	inside.start = top;
	for (unsigned int careful = 0; careful < 2; careful++) {
		uint32_t flags = careful ? WALK_NO_MAGIC_LINKS : 0;

		inside.start = top;
		EXPECT_EQ(t, path_walk(&inside, "..", flags, &up), 0);
		EXPECT_POINTER(t, up.dentry, top.dentry);
		path_put(&up);
		inside.start = root;
		EXPECT_EQ(t, path_walk(&inside, "..", flags, &down), 0);
		EXPECT_POINTER(t, down.dentry, top.dentry);
		path_put(&down);
	}
	path_put(&inside.root);
	if (top.mount != root.mount)
		EXPECT_EQ(t, mount_unmount(&top, false, false), 0);
	else
		path_put(&top);
	end(t);
}

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
	ssize_t length = path_format_marked(path, from, buffer, sizeof(buffer), &name);

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
	EXPECT_EQ(t, path_format_marked(&deep, &root, buffer, 6, &name), -ERANGE);
	EXPECT_EQ(t, path_format_marked(&deep, &root, buffer, 7, &name), 7);
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

/*
 * A name that the shrinker has claimed, but not taken out of the table yet, is made anew and
 * removed: a walk that takes no references must not meet the first one again.
 */
static void a_dying_name_is_not_met_again(struct test *t)
{
	uint32_t hash;
	struct dentry *dying, *next;
	struct path path;
	int claimed = -0x20000000;

	begin(t);
	EXPECT_EQ(t, path_walk(&at_root, "/t", WALK_FOLLOW, &path), 0);
	hash = dentry_hash_name(path.dentry, "x", 1);
	dying = dentry_create(path.mount->super, path.dentry, "x", 1, NULL);
	EXPECT_POINTER(t, dentry_insert(dying), NULL);
	atomic_store(&dying->references.count, claimed);
	next = dentry_create(path.mount->super, path.dentry, "x", 1, NULL);
	EXPECT_POINTER(t, dentry_insert(next), NULL);
	EXPECT_POINTER(t, dentry_find_rcu(path.dentry, "x", 1, hash), next);
	dentry_unhash(next);
	EXPECT_POINTER(t, dentry_find_rcu(path.dentry, "x", 1, hash), NULL);
	atomic_store(&dying->references.count, 1);
	dentry_put(dying);
	dentry_put(next);
	path_put(&path);
	end(t);
}

/* What a broken disk has as "y", whatever its directory is asked for. */
static struct inode *second_name_of;

static int look_up_second_name(struct inode *dir, const char *name, size_t length,
			       struct inode **out)
{
	(void)dir, (void)name, (void)length;
	inode_get(second_name_of);
	*out = second_name_of;
	return 0;
}

/* Two names of one directory: only one can be used at a time, whichever comes first. */
static void a_directory_has_one_place(struct test *t)
{
	static const struct inode_ops ops = { .lookup = look_up_second_name };
	const struct inode_ops *usual_ops;
	struct path first, other, second;
	struct dentry *parent;

	begin(t);
	EXPECT_EQ(t, make_directory("/t/a"), 0);
	EXPECT_EQ(t, make_directory("/t/a/x"), 0);
	EXPECT_EQ(t, make_directory("/t/b"), 0);
	EXPECT_EQ(t, path_walk(&at_root, "/t/a/x", WALK_FOLLOW, &first), 0);
	EXPECT_EQ(t, path_walk(&at_root, "/t/b", WALK_FOLLOW, &other), 0);
	second_name_of = dentry_inode(first.dentry);
	inode_get(second_name_of);
	usual_ops = dentry_inode(other.dentry)->ops;
	dentry_inode(other.dentry)->ops = &ops;

	EXPECT_EQ(t, find("/t/b/y"), -ELOOP);
	EXPECT_EQ(t, find("/t/a/x"), 0);
	EXPECT_EQ(t, rename_to("/t/a/x", "/t/b/y/x", 0), -ELOOP);
	EXPECT_EQ(t, rename_to("/t/a/x", "/t/a/z", 0), 0);
	EXPECT_EQ(t, find("/t/b/y"), -ELOOP);
	parent = dentry_parent(first.dentry);
	path_put(&first);
	dentry_prune_children(parent);
	EXPECT_EQ(t, path_walk(&at_root, "/t/b/y", WALK_FOLLOW, &second), 0);
	EXPECT_EQ(t, find("/t/a/z"), -ELOOP);
	EXPECT_EQ(t, find("/t/b/y"), 0);
	EXPECT_EQ(t, find("/t/b/other"), -ELOOP);
	path_put(&second);
	dentry_prune_children(other.dentry);
	EXPECT_EQ(t, find("/t/a/z"), 0);

	dentry_inode(other.dentry)->ops = usual_ops;
	inode_put(second_name_of);
	path_put(&other);
	end(t);
}

/* Two numbers whose decimals have one hash as names in `parent`; the first is the smaller. */
static void find_equal_hashes(const struct dentry *parent, char (*names)[16])
{
	enum { SLOTS = 1 << 20 };	/* some hundred thousand names have two hashes equal */
	static uint32_t numbers[SLOTS];

	memset(numbers, 0, sizeof(numbers));
	for (uint32_t number = 1; number < SLOTS; number++) {
		size_t length = (size_t)snprintf(names[1], sizeof(names[1]), "%u", number);
		uint32_t hash = dentry_hash_name(parent, names[1], length);
		uint32_t slot = hash % SLOTS;

		for (; numbers[slot] != 0; slot = (slot + 1) % SLOTS) {
			length = (size_t)snprintf(names[0], sizeof(names[0]), "%u", numbers[slot]);
			if (dentry_hash_name(parent, names[0], length) == hash)
				return;
		}
		numbers[slot] = number;
	}
}

/* That they have one hash, which who made the disk may have seen to, makes them no one name. */
static void names_of_one_hash_are_two(struct test *t)
{
	static const struct inode_ops ops = { .lookup = look_up_second_name };
	const struct inode_ops *usual_ops;
	char names[2][16], paths[2][24];
	struct path directory, first;

	begin(t);
	EXPECT_EQ(t, make_directory("/t/a"), 0);
	EXPECT_EQ(t, make_directory("/t/b"), 0);
	EXPECT_EQ(t, path_walk(&at_root, "/t/b", WALK_FOLLOW, &directory), 0);
	EXPECT_EQ(t, path_walk(&at_root, "/t/a", WALK_FOLLOW, &first), 0);
	second_name_of = dentry_inode(first.dentry);
	inode_get(second_name_of);
	path_put(&first);
	dentry_prune_children(dentry_parent(directory.dentry));
	find_equal_hashes(directory.dentry, names);
	for (unsigned int i = 0; i < 2; i++)
		snprintf(paths[i], sizeof(paths[i]), "/t/b/%s", names[i]);
	usual_ops = dentry_inode(directory.dentry)->ops;
	dentry_inode(directory.dentry)->ops = &ops;

	EXPECT_EQ(t, path_walk(&at_root, paths[0], WALK_FOLLOW, &first), 0);
	EXPECT_EQ(t, find(paths[1]), -ELOOP);
	EXPECT_EQ(t, find(paths[0]), 0);
	path_put(&first);
	dentry_prune_children(directory.dentry);
	EXPECT_EQ(t, find(paths[1]), 0);

	dentry_inode(directory.dentry)->ops = usual_ops;
	inode_put(second_name_of);
	path_put(&directory);
	end(t);
}

const struct test_case test_cases[] = {
	TEST(a_directory_has_one_place),
	TEST(names_of_one_hash_are_two),
	TEST(a_dying_name_is_not_met_again),
	TEST(names_are_made_and_removed),
	TEST(long_names_are_refused),
	TEST(links_share_a_file),
	TEST(symbolic_links_are_followed),
	TEST(nested_links_are_followed),
	TEST(restricted_walks_stay_inside),
	TEST(renames_follow_the_rules),
	TEST(permissions_are_asked),
	TEST(mounts_are_crossed),
	TEST(mounts_cover_the_root),
	TEST(binds_and_moves_show_the_same),
	TEST(places_have_names),
	TEST_END
};
