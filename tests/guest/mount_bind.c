/*
 * Bind mounts: one file system at two places, of which each may be read-only alone; MS_REC takes
 * what is mounted below along, MS_MOVE carries it elsewhere, and "." means what stands on top of
 * it for mount(2) and umount(2).
 */
#include "check.h"
#include <sys/mount.h>
#include <sys/statvfs.h>

static void bind_to(const char *from, const char *to, unsigned long flags)
{
	if (mount(from, to, NULL, MS_BIND | flags, NULL) < 0)
		FAIL("bind %s to %s", from, to);
}

static dev_t device_of(const char *path)
{
	struct stat status;

	MUST(stat(path, &status));
	return status.st_dev;
}

static bool is_same(const char *one, const char *other)
{
	struct stat a, b;

	MUST(lstat(one, &a));
	MUST(lstat(other, &b));
	return a.st_dev == b.st_dev && a.st_ino == b.st_ino;
}

static bool is_read_only(const char *path)
{
	struct statvfs status;

	MUST(statvfs(path, &status));
	return status.f_flag & ST_RDONLY;
}

static void test_read_only(void)
{
	char byte;
	int fd;

	bind_to("from", "to", 0);
	CHECK(is_same("from", "to"));
	CHECK(is_same("from/file", "to/file"));
	make_file("to/second", "second");
	CHECK(file_has_text("from/second", "second"));
	CHECK_ERRNO(link("from/file", "to/third"), EXDEV);
	CHECK_ERRNO(rename("from/file", "to/third"), EXDEV);

	fd = MUST(open("to/file", O_RDWR));
	CHECK_ERRNO(mount(NULL, "to", NULL, MS_REMOUNT | MS_BIND | MS_RDONLY, NULL), EBUSY);
	CHECK(!is_read_only("to"));
	MUST(close(fd));
	fd = MUST(open("from/file", O_RDWR));
	MUST(mount(NULL, "to", NULL, MS_REMOUNT | MS_BIND | MS_RDONLY, NULL));
	CHECK(is_read_only("to"));
	CHECK(!is_read_only("from"));
	CHECK_ERRNO(open("to/file", O_WRONLY), EROFS);
	CHECK_ERRNO(open("to/file", O_RDONLY | O_TRUNC), EROFS);
	CHECK_ERRNO(open("to/new", O_CREAT | O_RDONLY, 0644), EROFS);
	CHECK_ERRNO(truncate("to/file", 0), EROFS);
	CHECK_ERRNO(access("to/file", W_OK), EROFS);
	CHECK_ERRNO(unlink("to/file"), EROFS);
	CHECK_ERRNO(rename("to/file", "to/other"), EROFS);
	CHECK_ERRNO(mkdir("to/directory", 0755), EROFS);
	CHECK_ERRNO(symlink("x", "to/link"), EROFS);
	CHECK_ERRNO(chmod("to/file", 0600), EROFS);
	CHECK_ERRNO(chown("to/file", 1, 1), EROFS);
	CHECK_ERRNO(utimensat(AT_FDCWD, "to/file", NULL, 0), EROFS);
	/* A pipe is no part of the file system. */
	MUST(close(MUST(open("to/pipe", O_RDWR))));

	CHECK_EQ(write(fd, "F", 1), 1);
	MUST(close(fd));
	CHECK(file_has_text("to/file", "File"));
	make_file("from/new", "new");
	CHECK(file_has_text("to/new", "new"));
	MUST(unlink("from/second"));
	CHECK_ERRNO(access("to/second", F_OK), ENOENT);

	/* A bind of a read-only one is read-only itself, and stays so. */
	bind_to("to", "again", 0);
	MUST(mount(NULL, "to", NULL, MS_REMOUNT | MS_BIND, NULL));
	CHECK_ERRNO(open("again/file", O_WRONLY), EROFS);
	MUST(umount("again"));
	fd = MUST(open("to/file", O_RDWR));
	CHECK_EQ(read(fd, &byte, 1), 1);
	MUST(close(fd));
	MUST(umount("to"));
	CHECK_ERRNO(access("to/file", F_OK), ENOENT);
	CHECK(file_has_text("from/file", "File"));
}

static void test_parts(void)
{
	struct stat up, here;

	/* A directory alone: ".." leads to where it is shown, not to where it is. */
	bind_to("from/inner", "to", 0);
	CHECK(is_same("from/inner/deep", "to/deep"));
	MUST(stat("to/..", &up));
	MUST(stat(".", &here));
	CHECK_EQ(up.st_ino, here.st_ino);
	MUST(umount("to"));

	/* A file on a file, and nothing else on it. */
	make_file("place", "below");
	bind_to("from/file", "place", 0);
	CHECK(file_has_text("place", "File"));
	CHECK_ERRNO(unlink("place"), EBUSY);
	CHECK_ERRNO(rename("from/new", "place"), EBUSY);
	CHECK_ERRNO(mount("from", "place", NULL, MS_BIND, NULL), ENOTDIR);
	CHECK_ERRNO(mount("from/file", "to", NULL, MS_BIND, NULL), ENOTDIR);
	CHECK_ERRNO(mount("missing", "to", NULL, MS_BIND, NULL), ENOENT);
	CHECK_ERRNO(mount("", "to", NULL, MS_BIND, NULL), EINVAL);
	CHECK_ERRNO(mount(NULL, "to", NULL, MS_BIND, NULL), EINVAL);
	MUST(umount("place"));
	CHECK(file_has_text("place", "below"));
}

static void test_below(void)
{
	MUST(mount("none", "from/inner", "tmpfs", 0, NULL));
	make_file("from/inner/low", "low");
	bind_to("from", "to", 0);
	CHECK_ERRNO(access("to/inner/low", F_OK), ENOENT);
	CHECK(access("to/inner/deep", F_OK) == 0);
	MUST(umount("to"));

	bind_to("from", "to", MS_REC);
	CHECK(is_same("from/inner/low", "to/inner/low"));
	CHECK_ERRNO(umount("to"), EBUSY);
	/* Read-only is the upper one alone. */
	MUST(mount(NULL, "to", NULL, MS_REMOUNT | MS_BIND | MS_RDONLY, NULL));
	CHECK_ERRNO(mkdir("to/x", 0755), EROFS);
	MUST(mkdir("to/inner/x", 0755));
	MUST(umount("to/inner"));
	CHECK(access("to/inner/deep", F_OK) == 0);
	CHECK(file_has_text("from/inner/low", "low"));
	MUST(umount("to"));

	/* What is below goes with it, when it is moved and when it is taken away. */
	bind_to("from", "to", MS_REC);
	MUST(umount2("to", MNT_DETACH));
	CHECK_ERRNO(access("to/inner", F_OK), ENOENT);
	CHECK(file_has_text("from/inner/low", "low"));
	MUST(umount("from/inner"));
}

static void test_move(void)
{
	dev_t device;
	char path[PATH_MAX];
	int home = MUST(open(".", O_RDONLY | O_DIRECTORY)), fd;

	MUST(mount("none", "to", "tmpfs", 0, NULL));
	MUST(mkdir("to/inner", 0755));
	MUST(mount("none", "to/inner", "tmpfs", 0, NULL));
	make_file("to/file", "moved");
	make_file("to/inner/low", "low");
	device = device_of("to");
	fd = MUST(open("to/file", O_RDWR));
	MUST(chdir("to/inner"));
	MUST(fchdir(home));
	CHECK_ERRNO(mount("to", "to/inner", NULL, MS_MOVE, NULL), ELOOP);
	CHECK_ERRNO(mount("from", "again", NULL, MS_MOVE, NULL), EINVAL);
	CHECK_ERRNO(mount("to", "place", NULL, MS_MOVE, NULL), EINVAL);
	MUST(chdir("to/inner"));
	CHECK(fchdir(home) == 0);
	int inner = MUST(open("to/inner", O_RDONLY | O_DIRECTORY));

	MUST(mount("to", "again", NULL, MS_MOVE, NULL));
	CHECK_EQ(device_of("again"), device);
	CHECK(device_of("to") != device);
	CHECK(file_has_text("again/inner/low", "low"));
	CHECK_EQ(write(fd, "M", 1), 1);
	MUST(close(fd));
	CHECK(file_has_text("again/file", "Moved"));
	MUST(fchdir(inner));
	CHECK(getcwd(path, sizeof(path)) != NULL);
	CHECK(strstr(path, "/again/inner") != NULL);
	MUST(fchdir(home));
	MUST(close(inner));
	MUST(umount("again/inner"));
	MUST(umount("again"));
	MUST(close(home));
}

static void test_on_top(void)
{
	int home = MUST(open(".", O_RDONLY | O_DIRECTORY));

	MUST(chdir("to"));
	MUST(mount("none", ".", "tmpfs", 0, NULL));
	make_file("../to/first", "");
	/* "." is still what is below, for all but mount and umount. */
	CHECK_ERRNO(access("first", F_OK), ENOENT);
	MUST(mount("none", ".", "tmpfs", 0, NULL));
	CHECK_ERRNO(access("../to/first", F_OK), ENOENT);
	MUST(umount("."));
	CHECK(access("../to/first", F_OK) == 0);
	MUST(umount("."));
	CHECK_ERRNO(access("../to/first", F_OK), ENOENT);
	CHECK_ERRNO(umount("."), EINVAL);
	MUST(fchdir(home));
	MUST(close(home));
}

int main(void)
{
	umask(022);
	MUST(mkdir("from", 0755));
	MUST(mkdir("from/inner", 0755));
	MUST(mkdir("from/inner/deep", 0755));
	MUST(mkdir("to", 0755));
	MUST(mkdir("again", 0755));
	MUST(mkfifo("from/pipe", 0600));
	make_file("from/file", "file");
	test_read_only();
	test_parts();
	test_below();
	test_move();
	test_on_top();
	return 0;
}
