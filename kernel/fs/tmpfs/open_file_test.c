/*
 * What open files share: descriptor tables, pipes, FIFOs, poll, locks.
 *
 * test: with=vfs/anonymous.c,vfs/attributes.c,vfs/block_file.c,vfs/block_ioctl.c,vfs/cached_file.c
 * test: with=vfs/char_device.c,vfs/credentials.c,vfs/dentry.c,vfs/dentry_cache.c
 * test: with=vfs/directory.c,vfs/fd_table.c,vfs/fifo.c,vfs/file.c,vfs/file_capability.c
 * test: with=vfs/file_lock.c,vfs/file_lock_view.c,vfs/file_lock_wait.c,vfs/lock_table.c
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

/* ---- descriptors ----------------------------------------------------------------------------- */

static struct file *make_pipe_end(struct test *t)
{
	struct file *ends[2];

	init_once();
	EXPECT_EQ(t, pipe_create(0, &credentials_root, ends), 0);
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
	fd_table_join(table);
	EXPECT_POINTER(t, fd_table_borrow(table, 1, &needs_put), file);
	EXPECT(t, needs_put);
	fd_table_return(file, needs_put);
	fd_table_leave(table);
	fd_table_leave(table);
	fd_table_leave(copy);
	EXPECT_EQ(t, refcount_read(&file->references), 1);
	file_put(file);
}

/* Who only looks into a table neither makes exec copy it nor keeps its files open. */
static void who_looks_in_is_no_user(struct test *t)
{
	struct file *file = make_pipe_end(t);
	struct fd_table *table, *copy;
	int fd;

	EXPECT_EQ(t, fd_table_create(&table), 0);
	EXPECT_EQ(t, fd_table_reserve(table, 0, 1024, 1, &fd), 0);
	file_get(file);
	fd_table_install(table, fd, file, true);
	fd_table_keep(table);
	fd_table_mark_shared(table);
	EXPECT_EQ(t, fd_table_copy_if_shared(table, &copy), 0);
	EXPECT_POINTER(t, copy, NULL);
	fd_table_close_on_exec(table);
	EXPECT_EQ(t, refcount_read(&file->references), 1);
	EXPECT_EQ(t, fd_table_reserve(table, 0, 1024, 1, &fd), 0);
	file_get(file);
	fd_table_install(table, fd, file, false);
	EXPECT_POINTER(t, fd_table_get_shared(table, (unsigned int)fd), file);
	file_put(file);
	fd_table_leave(table);
	EXPECT_EQ(t, refcount_read(&file->references), 1);
	EXPECT_POINTER(t, fd_table_get_shared(table, (unsigned int)fd), NULL);
	fd_table_put(table);
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
			fd_table_leave(copy);
		if (table)
			fd_table_leave(table);
		EXPECT_EQ(t, refcount_read(&file->references), 1);
	}
	file_put(file);
}

/* ---- pipes ----------------------------------------------------------------------------------- */

static void pipes_carry_bytes(struct test *t)
{
	static const struct credentials ordinary;
	static char bytes[70000], back[70000];
	struct file *ends[2];
	ssize_t total = 0, part;

	init_once();
	for (unsigned int i = 0; i < sizeof(bytes); i++)
		bytes[i] = (char)(i * 7);
	EXPECT_EQ(t, pipe_create(O_NONBLOCK, &credentials_root, ends), 0);
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
	EXPECT_EQ(t, pipe_set_size(ends[0], 5000, &ordinary), -EBUSY);
	EXPECT_EQ(t, pipe_set_size(ends[0], 100000, &ordinary), 131072);
	EXPECT_EQ(t, pipe_set_size(ends[0], 2 << 20, &ordinary), -EPERM);
	EXPECT_EQ(t, write_bytes(ends[1], bytes, 97), 97);
	file_put(ends[1]);
	EXPECT_EQ(t, read_into(ends[0], back, sizeof(back)), 64193);
	EXPECT_EQ(t, read_into(ends[0], back, 1), 0);
	file_put(ends[0]);
	EXPECT_EQ(t, pipe_create(0, &credentials_root, ends), 0);
	file_put(ends[0]);
	EXPECT_EQ(t, write_bytes(ends[1], bytes, 1), -EPIPE);
	file_put(ends[1]);
}

static void packets_stay_apart(struct test *t)
{
	struct file *ends[2];
	char bytes[10];

	init_once();
	EXPECT_EQ(t, pipe_create(O_NONBLOCK | O_DIRECT, &credentials_root, ends), 0);
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
		{ .fd = 0, .events = POLL_IN },
		{ .fd = 1, .events = POLL_OUT },
		{ .fd = 9, .events = POLL_IN },
	};
	struct fd_table *table;
	struct file *ends[2];
	unsigned long readable = 1, writable = 2;
	int fds[2];

	init_once();
	EXPECT_EQ(t, fd_table_create(&table), 0);
	EXPECT_EQ(t, pipe_create(0, &credentials_root, ends), 0);
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
	fd_table_leave(table);
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
	EXPECT_EQ(t, file_lock_whole(file, FILE_LOCK_WRITE, 1, false), 0);
	EXPECT_EQ(t, file_lock_whole(other, FILE_LOCK_READ, 1, false), -EWOULDBLOCK);
	EXPECT_EQ(t, file_lock_whole(file, FILE_LOCK_READ, 1, false), 0);
	EXPECT_EQ(t, file_lock_whole(other, FILE_LOCK_READ, 1, false), 0);
	file_put(file); /* its locks go with it */
	EXPECT_EQ(t, lock(other, &a, FILE_LOCK_READ, 0, 10), 0);
	file_close(other, &a); /* and his with his descriptor */
	end(t);
}

/* What somebody else who wants all of the file would meet first; type NONE: nothing. */
static struct file_lock_request first_lock(struct file *file)
{
	struct file_lock_request all = { .type = FILE_LOCK_WRITE, .end = UINT64_MAX };

	all.owner = &all;
	if (file_lock_test(file, &all))
		all.type = FILE_LOCK_NONE;
	return all;
}

/* A lock that cannot be had, or be cut in two, leaves all as it was, and costs nobody anything. */
static void locks_survive_an_empty_memory(struct test *t)
{
	struct file *file, *other;
	unsigned int refused = 0;
	bool failed = true;
	int a;

	begin(t);
	EXPECT_EQ(t, file_open(&at_root, "/t/f", O_RDWR | O_CREAT, 0644, &file), 0);
	EXPECT_EQ(t, file_open(&at_root, "/t/g", O_RDWR | O_CREAT, 0644, &other), 0);
	for (unsigned int nth = 1; failed; nth++) {
		struct user_count *payer = user_count_get(1234);
		struct file_lock_request request = {
			.type = FILE_LOCK_WRITE, .end = 100, .owner = &a, .pid = 1, .payer = payer
		};
		struct file_lock_request middle = request, found;
		int set, cut, whole;

		middle.start = 40;
		middle.end = 60;
		middle.type = FILE_LOCK_READ;
		EXPECT_EQ(t, file_lock_set(file, &request, false), 0);
		test_fail_allocation(nth);
		cut = file_lock_set(file, &middle, false);
		set = file_lock_set(other, &request, false);
		whole = file_lock_whole(other, FILE_LOCK_READ, 1, false);
		failed = test_allocation_failed();
		/* One of them, or none: a state is tried again. */
		EXPECT(t, cut + set + whole == 0 || (failed && cut + set + whole == -ENOLCK));
		refused += cut + set + whole != 0;
		found = first_lock(file);
		EXPECT_EQ(t, found.type, FILE_LOCK_WRITE);
		EXPECT_EQ(t, found.start, 0);
		EXPECT_EQ(t, found.end, cut ? 100 : 40);
		EXPECT_EQ(t, first_lock(other).type, set ? FILE_LOCK_NONE : FILE_LOCK_WRITE);
		EXPECT_EQ(t, user_count_used(payer, USER_FILE_LOCKS),
			  (cut ? 1 : 3) + (set == 0));
		file_lock_release_owner(file->inode, &a);
		file_lock_release_owner(other->inode, &a);
		EXPECT_EQ(t, file_lock_whole(other, FILE_LOCK_NONE, 1, false), 0);
		EXPECT_EQ(t, user_count_used(payer, USER_FILE_LOCKS), 0);
		EXPECT_POINTER(t, atomic_load(&file->inode->locks), NULL);
		EXPECT_POINTER(t, atomic_load(&other->inode->locks), NULL);
		user_count_put(payer);
	}
	EXPECT_EQ(t, refused, 4);
	file_put(other);
	file_put(file);
	end(t);
}

/* However many fit at once, each is told once, in order; also where some went in between. */
static void locks_are_told_some_at_a_time(struct test *t)
{
	struct file_lock_view views[4];
	struct file *file, *other;
	int a, b;

	begin(t);
	EXPECT_EQ(t, file_open(&at_root, "/t/f", O_RDWR | O_CREAT, 0644, &file), 0);
	EXPECT_EQ(t, file_open(&at_root, "/t/g", O_RDWR | O_CREAT, 0644, &other), 0);
	EXPECT_EQ(t, file_lock_whole(file, FILE_LOCK_READ, 1, false), 0);
	EXPECT_EQ(t, file_lock_whole(other, FILE_LOCK_READ, 1, false), 0);
	for (uint64_t i = 0; i < 5; i++) {
		EXPECT_EQ(t, lock(file, &a, FILE_LOCK_READ, 10 * i, 10 * i + 1), 0);
		EXPECT_EQ(t, lock(file, &b, FILE_LOCK_READ, 10 * i, 10 * i + 2), 0);
	}
	for (size_t room = 1; room <= ARRAY_SIZE(views); room++) {
		struct file_lock_cursor all = { .inode = NULL }, one = { .inode = other->inode };
		size_t count = 0, got;

		while ((got = file_lock_view_next(&all, views, room))) {
			for (size_t i = 0; i < got; i++, count++)
				EXPECT_EQ(t, views[i].start,
					  count % 11 ? (count - 1) / 2 * 10 : 0);
		}
		EXPECT_EQ(t, count, 12);
		EXPECT_EQ(t, file_lock_view_next(&one, views, room), 1);
		EXPECT_EQ(t, file_lock_view_next(&one, views, room), 0);
	}
	struct file_lock_cursor cursor = { .inode = file->inode };

	EXPECT_EQ(t, file_lock_view_next(&cursor, views, 4), 4); /* flock's, 0, 0, 10 */
	EXPECT_EQ(t, lock(file, &a, FILE_LOCK_NONE, 0, UINT64_MAX), 0);
	EXPECT_EQ(t, lock(file, &b, FILE_LOCK_NONE, 0, 25), 0);
	EXPECT_EQ(t, file_lock_view_next(&cursor, views, 4), 2);
	EXPECT_EQ(t, views[0].start, 30);
	file_close(file, &b);
	EXPECT_EQ(t, file_lock_view_next(&cursor, views, 4), 0);
	file_put(other);
	end(t);
}

const struct test_case test_cases[] = {
	TEST(descriptors_are_the_lowest_free),
	TEST(tables_survive_an_empty_memory),
	TEST(who_looks_in_is_no_user),
	TEST(pipes_carry_bytes),
	TEST(packets_stay_apart),
	TEST(fifos_wait_for_the_other_side),
	TEST(poll_sees_what_is_ready),
	TEST(record_locks_cover_ranges),
	TEST(locks_survive_an_empty_memory),
	TEST(locks_are_told_some_at_a_time),
	TEST_END
};
