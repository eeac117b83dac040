/*
 * Files and directories of tmpfs through the whole of vfs; devfs; and what happens when memory runs
 * out in the middle of any call.
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

/* What a mount with these options shows of them; NULL: they are refused. */
static const char *shown_for(const char *options)
{
	static char shown[64];
	struct path path;
	struct super_block *super;

	if (mount_at("/t", "tmpfs", options))
		return NULL;
	if (path_walk(&at_root, "/t", WALK_FOLLOW, &path))
		return "nothing there";
	super = path.mount->super;
	super->ops->show_options(super, shown, sizeof(shown));
	path_put(&path);
	return unmount("/t", false) ? "busy" : shown;
}

static void mount_options_mean_what_they_say(struct test *t)
{
	init_once();
	EXPECT_STR(t, shown_for("size=64k,uid=4294967294,gid=0,mode=1777"), ",size=64k");
	EXPECT_STR(t, shown_for("nr_blocks=1073741825"), ",size=4294967300k");
	EXPECT_STR(t, shown_for("size=16777215m"), ",size=17179868160k");
	EXPECT_STR(t, shown_for("size=0"), "");
	EXPECT_STR(t, shown_for("size=18446744073709551615"), "");
	EXPECT_STR(t, shown_for("size=4k,mode=17777"), ",size=4k");
	/* Nobody's numbers. */
	EXPECT(t, !shown_for("uid=4294967295"));
	EXPECT(t, !shown_for("gid=4294967295"));
	EXPECT(t, !shown_for("size="));
	EXPECT(t, !shown_for("size=%"));
	EXPECT(t, !shown_for("sizes=1"));
	forget_unused();
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
	int error = pipe_create(0, &credentials_root, ends);

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
	TEST(open_minds_its_flags),
	TEST(writing_and_executing_exclude_each_other),
	TEST(files_keep_their_bytes),
	TEST(a_full_file_system_says_so),
	TEST(mount_options_mean_what_they_say),
	TEST(listings_are_complete),
	TEST(every_call_survives_an_empty_memory),
	TEST(devices_appear_when_they_come),
	TEST_END
};
