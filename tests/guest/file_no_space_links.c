/*
 * On a tmpfs each further name of a file counts as an inode, and the target of a long symbolic link
 * as a page: both end with ENOSPC, and come back.
 */
#include "check.h"
#include <sys/mount.h>

static void name_of(char *name, int number)
{
	snprintf(name, 16, "n%d", number);
}

static int until_full(int (*make)(const char *name))
{
	char name[16];

	for (int i = 0; i < 100; i++) {
		name_of(name, i);
		errno = 0;
		if (make(name) < 0) {
			CHECK_EQ(errno, ENOSPC);
			return i;
		}
	}
	FAIL("never full");
}

static void remove_all(int count)
{
	char name[16];

	for (int i = 0; i < count; i++) {
		name_of(name, i);
		CHECK(unlink(name) == 0);
	}
}

static int make_name(const char *name)
{
	return link("file", name);
}

static int make_long_link(const char *name)
{
	static char target[4000];

	memset(target, 't', sizeof(target) - 1);
	return symlink(target, name);
}

static void enter_tmpfs(const char *where, const char *options)
{
	CHECK(mkdir(where, 0755) == 0);
	if (mount("tmpfs", where, "tmpfs", 0, options) < 0)
		SKIP("cannot mount a tmpfs: %s", strerror(errno));
	CHECK(chdir(where) == 0);
}

static void leave_tmpfs(const char *where)
{
	CHECK(chdir("..") == 0);
	CHECK(umount(where) == 0);
}

static void test_names(void)
{
	char path[32];
	int count, fd;

	enter_tmpfs("names", "nr_inodes=20");
	make_file("file", "");
	count = until_full(make_name);
	CHECK_EQ(count, 18);
	remove_all(count);
	/* The first name of a file that had none is none too many. */
	CHECK_EQ(until_full(make_name), count);
	CHECK(rename("n0", "n1") == 0); /* one file: both stay */
	remove_all(count);
	fd = MUST(open(".", O_TMPFILE | O_RDWR, 0600));
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	CHECK(linkat(AT_FDCWD, path, AT_FDCWD, "unnamed", AT_SYMLINK_FOLLOW) == 0);
	CHECK(unlink("unnamed") == 0);
	CHECK(close(fd) == 0);
	CHECK_EQ(until_full(make_name), count);
	remove_all(count);
	leave_tmpfs("names");
}

static void test_long_links(void)
{
	int count;

	enter_tmpfs("links", "size=64k,nr_inodes=1000");
	count = until_full(make_long_link);
	CHECK(count >= 14 && count <= 16);
	CHECK(symlink("short", "short") == 0);
	remove_all(count);
	CHECK_EQ(until_full(make_long_link), count);
	leave_tmpfs("links");
}

int main(void)
{
	test_names();
	test_long_links();
	return 0;
}
