/*
 * O_TMPFILE: a file without a name may get one by link(2), its first and never another; opened with
 * O_EXCL it gets none.
 */
#include "check.h"

static int link_as(int fd, const char *name)
{
	return linkat(fd, "", AT_FDCWD, name, AT_EMPTY_PATH);
}

int main(void)
{
	int fd;

	enter_disk_directory();
	fd = MUST(open(".", O_TMPFILE | O_RDWR, 0600));
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
	return 0;
}
