/*
 * inotify: which events each change gives, in which order, to a watch on the directory and to one
 * on the thing itself.
 */
#include "inotify.h"
#include <dirent.h>
#include <sys/sendfile.h>

static int fd;

static void use_file(void)
{
	char buffer[16];
	int file = MUST(open("d/f", O_CREAT | O_RDWR, 0644));

	EXPECT_EVENTS(fd, "1:CREATE:f 1:OPEN:f");
	CHECK_EQ(write(file, "hello", 5), 5);
	EXPECT_EVENTS(fd, "1:MODIFY:f");
	CHECK_EQ(write(file, "", 0), 0);
	CHECK_EQ(read(file, buffer, 5), 0);
	EXPECT_EVENTS(fd, "");
	CHECK_EQ(pread(file, buffer, 5, 0), 5);
	CHECK_EQ(pwrite(file, buffer, 5, 5), 5);
	EXPECT_EVENTS(fd, "1:ACCESS:f 1:MODIFY:f");
	CHECK(ftruncate(file, 3) == 0);
	CHECK(fchmod(file, 0600) == 0);
	CHECK(fchown(file, 0, 0) == 0);
	EXPECT_EVENTS(fd, "1:MODIFY:f 1:ATTRIB:f");
	CHECK(close(file) == 0);
	EXPECT_EVENTS(fd, "1:CLOSE_WRITE:f");
	CHECK_EQ(MUST(open("d/f", O_RDONLY)), file);
	CHECK_EQ(read(file, buffer, 16), 3);
	CHECK_EQ(close(dup(file)), 0);
	CHECK(close(file) == 0);
	EXPECT_EVENTS(fd, "1:OPEN:f 1:ACCESS:f 1:CLOSE:f");
	CHECK(truncate("d/f", 2) == 0);
	EXPECT_EVENTS(fd, "1:MODIFY:f");
	CHECK_EQ(MUST(open("d/f", O_WRONLY | O_TRUNC)), file);
	CHECK(close(file) == 0);
	EXPECT_EVENTS(fd, "1:MODIFY:f 1:OPEN:f 1:CLOSE_WRITE:f");
	CHECK_EQ(MUST(open("d/f", O_RDWR | O_APPEND)), file);
	CHECK(close(file) == 0);
	EXPECT_EVENTS(fd, "1:OPEN:f 1:CLOSE_WRITE:f");
	CHECK_ERRNO(open("d/none", O_RDONLY), ENOENT);
	CHECK_ERRNO(open("d/f", O_CREAT | O_EXCL, 0600), EEXIST);
	EXPECT_EVENTS(fd, "");
}

static void set_times(void)
{
	struct timespec both[2] = { { 1, 0 }, { 2, 0 } };
	struct timespec accessed[2] = { { 3, 0 }, { 0, UTIME_OMIT } };
	struct timespec modified[2] = { { 0, UTIME_OMIT }, { 0, UTIME_NOW } };
	struct timespec neither[2] = { { 0, UTIME_OMIT }, { 0, UTIME_OMIT } };

	CHECK(utimensat(AT_FDCWD, "d/f", both, 0) == 0);
	EXPECT_EVENTS(fd, "1:ATTRIB:f");
	CHECK(utimensat(AT_FDCWD, "d/f", NULL, 0) == 0);
	EXPECT_EVENTS(fd, "1:ATTRIB:f");
	CHECK(utimensat(AT_FDCWD, "d/f", accessed, 0) == 0);
	EXPECT_EVENTS(fd, "1:ACCESS:f");
	CHECK(utimensat(AT_FDCWD, "d/f", modified, 0) == 0);
	EXPECT_EVENTS(fd, "1:MODIFY:f");
	CHECK(utimensat(AT_FDCWD, "d/f", neither, 0) == 0);
	EXPECT_EVENTS(fd, "");
}

static void change_names(void)
{
	CHECK(link("d/f", "d/g") == 0);
	EXPECT_EVENTS(fd, "1:CREATE:g");
	CHECK(symlink("f", "d/s") == 0);
	CHECK(mknod("d/fifo", S_IFIFO | 0600, 0) == 0);
	CHECK(mkdir("d/sub", 0755) == 0);
	EXPECT_EVENTS(fd, "1:CREATE:s 1:CREATE:fifo 1:CREATE:DIR:sub");
	CHECK(chmod("d/sub", 0700) == 0);
	EXPECT_EVENTS(fd, "1:ATTRIB:DIR:sub");
	CHECK(unlink("d/g") == 0);
	CHECK(unlink("d/s") == 0);
	CHECK(unlink("d/fifo") == 0);
	CHECK(rmdir("d/sub") == 0);
	EXPECT_EVENTS(fd, "1:DELETE:g 1:DELETE:s 1:DELETE:fifo 1:DELETE:DIR:sub");
	CHECK_ERRNO(unlink("d/none"), ENOENT);
	EXPECT_EVENTS(fd, "");
}

static void read_directory(void)
{
	DIR *dir = opendir("d");

	CHECK(dir != NULL);
	while (readdir(dir))
		;
	closedir(dir);
	EXPECT_EVENTS(fd, "1:OPEN:DIR 1:ACCESS:DIR 1:CLOSE:DIR");
}

/* Cookies join the two halves of a rename. */
static void rename_files(void)
{
	char buffer[512] __attribute__((aligned(8)));
	struct inotify_event *from = (struct inotify_event *)buffer, *to;
	uint32_t first_cookie;

	CHECK(rename("d/f", "d/g") == 0);
	CHECK_EQ(read(fd, buffer, sizeof(buffer)), 64);
	to = (struct inotify_event *)(buffer + 32);
	CHECK_EQ(from->mask, IN_MOVED_FROM);
	CHECK_EQ(to->mask, IN_MOVED_TO);
	CHECK(from->cookie != 0);
	CHECK_EQ(from->cookie, to->cookie);
	first_cookie = to->cookie;
	CHECK(rename("d/g", "d/f") == 0);
	CHECK_EQ(read(fd, buffer, sizeof(buffer)), 64);
	CHECK(to->cookie != first_cookie);
	CHECK_EQ(from->cookie, to->cookie);

	CHECK(rename("d/f", "f") == 0);
	EXPECT_EVENTS(fd, "1:MOVED_FROM:f");
	write_file("d/f", "old");
	(void)events_now(fd);
	CHECK(rename("f", "d/f") == 0);
	EXPECT_EVENTS(fd, "1:MOVED_TO:f");
	CHECK(mkdir("d/sub", 0755) == 0);
	CHECK(rename("d/sub", "d/bus") == 0);
	EXPECT_EVENTS(fd, "1:CREATE:DIR:sub 1:MOVED_FROM:DIR:sub 1:MOVED_TO:DIR:bus");
	CHECK(syscall(SYS_renameat2, AT_FDCWD, "d/f", AT_FDCWD, "d/bus", 2 /* exchange */) == 0);
	EXPECT_EVENTS(fd, "1:MOVED_FROM:f 1:MOVED_TO:bus 1:MOVED_FROM:DIR:bus 1:MOVED_TO:DIR:f");
	CHECK(rename("d/bus", "d/bus") == 0);
	EXPECT_EVENTS(fd, "");
	CHECK(unlink("d/bus") == 0);
	CHECK(rmdir("d/f") == 0);
	(void)events_now(fd);
}

/* The thing itself and its directory in one queue: the directory's event first, the end last. */
static void watch_self(void)
{
	int file;

	write_file("d/x", "1");
	CHECK(mkdir("d/e", 0755) == 0);
	(void)events_now(fd);
	CHECK_EQ(inotify_add_watch(fd, "d/x", IN_ALL_EVENTS), 2);
	CHECK_EQ(inotify_add_watch(fd, "d/e", IN_ALL_EVENTS), 3);
	write_file("d/x", "2");
	EXPECT_EVENTS(fd, "1:OPEN:x 2:OPEN 1:MODIFY:x 2:MODIFY 1:CLOSE_WRITE:x 2:CLOSE_WRITE");
	CHECK(link("d/x", "d/y") == 0);
	EXPECT_EVENTS(fd, "2:ATTRIB 1:CREATE:y");
	CHECK(unlink("d/y") == 0);
	EXPECT_EVENTS(fd, "2:ATTRIB 1:DELETE:y");
	CHECK(rename("d/x", "d/e/x") == 0);
	EXPECT_EVENTS(fd, "1:MOVED_FROM:x 3:MOVED_TO:x 2:MOVE_SELF");
	CHECK(rename("d/e/x", "d/x") == 0);
	CHECK(rename("d/e", "d/f") == 0);
	EXPECT_EVENTS(fd, "3:MOVED_FROM:x 1:MOVED_TO:x 2:MOVE_SELF 1:MOVED_FROM:DIR:e "
			  "1:MOVED_TO:DIR:f 3:MOVE_SELF");
	CHECK(chmod("d/f", 0700) == 0);
	EXPECT_EVENTS(fd, "1:ATTRIB:DIR:f 3:ATTRIB:DIR");
	CHECK(rmdir("d/f") == 0);
	EXPECT_EVENTS(fd, "3:DELETE_SELF 3:IGNORED 1:DELETE:DIR:f");
	CHECK_ERRNO(inotify_rm_watch(fd, 3), EINVAL);
	/* An open file ends when it is closed. */
	file = MUST(open("d/x", O_RDWR));
	(void)events_now(fd);
	CHECK(unlink("d/x") == 0);
	EXPECT_EVENTS(fd, "2:ATTRIB 1:DELETE:x");
	CHECK_EQ(write(file, "y", 1), 1);
	EXPECT_EVENTS(fd, "1:MODIFY:x 2:MODIFY");
	CHECK(close(file) == 0);
	EXPECT_EVENTS(fd, "1:CLOSE_WRITE:x 2:CLOSE_WRITE 2:DELETE_SELF 2:IGNORED");
	/* Replaced by a rename. */
	write_file("d/a", "a");
	write_file("d/b", "b");
	CHECK_EQ(inotify_add_watch(fd, "d/b", IN_ALL_EVENTS), 4);
	(void)events_now(fd);
	CHECK(rename("d/a", "d/b") == 0);
	EXPECT_EVENTS(fd, "1:MOVED_FROM:a 1:MOVED_TO:b 4:ATTRIB 4:DELETE_SELF 4:IGNORED");
	write_file("d/c", "c");
	CHECK_EQ(inotify_add_watch(fd, "d/c", IN_ALL_EVENTS), 5);
	(void)events_now(fd);
	CHECK(unlink("d/c") == 0);
	EXPECT_EVENTS(fd, "5:ATTRIB 5:DELETE_SELF 5:IGNORED 1:DELETE:c");
	CHECK(unlink("d/b") == 0);
	(void)events_now(fd);
}

/* Other ways to data: sendfile, a FIFO, a program that is executed. */
static void other_ways(void)
{
	char byte;
	int from, to;

	write_file("d/from", "0123456789");
	from = MUST(open("d/from", O_RDONLY));
	to = MUST(open("d/to", O_CREAT | O_WRONLY, 0644));
	(void)events_now(fd);
	CHECK_EQ(sendfile(to, from, NULL, 10), 10);
	/* Linux tells of the writing twice. */
	const char *events = events_now(fd);

	CHECK(strstr(events, "1:ACCESS:from") && strstr(events, "1:MODIFY:to"));
	close(from);
	close(to);
	CHECK(mkfifo("d/fifo", 0600) == 0);
	(void)events_now(fd);
	/* What flows through special files is nothing for those who may only read the directory. */
	from = MUST(open("d/fifo", O_RDWR));
	CHECK_EQ(write(from, "x", 1), 1);
	CHECK_EQ(read(from, &byte, 1), 1);
	close(from);
	EXPECT_EVENTS(fd, "1:OPEN:fifo 1:CLOSE_WRITE:fifo");
	CHECK_EQ(inotify_add_watch(fd, "d/fifo", IN_ALL_EVENTS), 6);
	from = MUST(open("d/fifo", O_RDWR));
	CHECK_EQ(write(from, "x", 1), 1);
	CHECK_EQ(read(from, &byte, 1), 1);
	close(from);
	EXPECT_EVENTS(fd, "1:OPEN:fifo 6:OPEN 6:MODIFY 6:ACCESS 1:CLOSE_WRITE:fifo "
			  "6:CLOSE_WRITE");
	from = MUST(open("d/from", O_PATH));
	close(from);
	CHECK(unlink("d/from") == 0);
	CHECK(unlink("d/to") == 0);
	CHECK(unlink("d/fifo") == 0);
	(void)events_now(fd);
}

int main(void)
{
	fd = MUST(inotify_init1(IN_NONBLOCK));
	CHECK(mkdir("d", 0755) == 0);
	CHECK_EQ(inotify_add_watch(fd, "d", IN_ALL_EVENTS), 1);
	use_file();
	set_times();
	change_names();
	read_directory();
	rename_files();
	watch_self();
	other_ways();
	CHECK(rmdir("d") == 0);
	EXPECT_EVENTS(fd, "1:DELETE_SELF 1:IGNORED");
	CHECK(close(fd) == 0);
	return 0;
}
