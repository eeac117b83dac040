/*
 * O_TMPFILE: a file without a name may get one by link(2), its first and never another; opened with
 * O_EXCL it gets none. On a disk and on a tmpfs.
 */
#include "check.h"
#include <sys/mount.h>

static int link_as(int fd, const char *name)
{
	return linkat(fd, "", AT_FDCWD, name, AT_EMPTY_PATH);
}

static void test_here(void)
{
	int fd = MUST(open(".", O_TMPFILE | O_RDWR, 0600));
	CHECK_EQ(write(fd, "text", 4), 4);
	CHECK(link_as(fd, "named") == 0);
	CHECK(file_has_text("named", "text"));
	CHECK(link_as(fd, "second") == 0);
	CHECK(unlink("named") == 0);
	CHECK(unlink("second") == 0);
	CHECK_ERRNO(link_as(fd, "again"), ENOENT);
	CHECK(close(fd) == 0);

	fd = MUST(open(".", O_TMPFILE | O_EXCL | O_RDWR, 0600));
	CHECK_ERRNO(link_as(fd, "named"), ENOENT);
	CHECK(close(fd) == 0);
}

int main(void)
{
	MUST(mkdir("place", 0755));
	MUST(mount("none", "place", "tmpfs", 0, NULL));
	MUST(chdir("place"));
	test_here();
	MUST(chdir(".."));
	MUST(umount("place"));
	enter_disk_directory();
	test_here();
	return 0;
}
