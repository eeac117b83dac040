/* Hard links: one file, several names, a count; the last one takes it away. */
#include "check.h"

static nlink_t links(const char *path)
{
	struct stat status;

	CHECK(lstat(path, &status) == 0);
	return status.st_nlink;
}

int main(void)
{
	enter_disk_directory();
	make_file("one", "text");
	CHECK(mkdir("directory", 0755) == 0);
	CHECK(link("one", "directory/two") == 0);
	CHECK_EQ(links("one"), 2);
	CHECK(file_has_text("directory/two", "text"));
	make_file("one", "changed");
	CHECK(file_has_text("directory/two", "changed"));
	CHECK(unlink("one") == 0);
	CHECK_EQ(links("directory/two"), 1);

	CHECK_ERRNO(link("directory", "other"), EPERM);
	CHECK_ERRNO(link("missing", "other"), ENOENT);
	CHECK_ERRNO(link("directory/two", "directory"), EEXIST);
	CHECK_ERRNO(link("directory/two", "missing/x"), ENOENT);
	CHECK(symlink("directory/two", "symbolic") == 0);
	CHECK(link("symbolic", "linked") == 0);		/* the link itself, not what it names */
	CHECK_EQ(links("symbolic"), 2);
	CHECK(linkat(AT_FDCWD, "symbolic", AT_FDCWD, "followed", AT_SYMLINK_FOLLOW) == 0);
	CHECK_EQ(links("directory/two"), 2);

	CHECK_EQ(links("directory"), 2);
	CHECK(mkdir("directory/sub", 0755) == 0);
	CHECK_EQ(links("directory"), 3);
	CHECK(rmdir("directory/sub") == 0);
	CHECK_EQ(links("directory"), 2);
	return 0;
}
