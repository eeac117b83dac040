/* rename(): moves, replaces in one step, over directories, and refuses what makes no sense. */
#include "check.h"

int main(void)
{
	struct stat before, after;
	int fd;

	enter_disk_directory();
	make_file("one", "1");
	make_file("two", "2");
	CHECK(mkdir("a", 0755) == 0);
	CHECK(mkdir("a/b", 0755) == 0);
	CHECK(mkdir("empty", 0755) == 0);

	CHECK(stat("one", &before) == 0);
	CHECK(rename("one", "a/three") == 0);
	CHECK(stat("a/three", &after) == 0);
	CHECK_EQ(before.st_ino, after.st_ino);
	CHECK_ERRNO(access("one", F_OK), ENOENT);

	/* Over an open file: its reader keeps the old one. */
	fd = MUST(open("two", O_RDONLY));
	CHECK(rename("a/three", "two") == 0);
	CHECK(file_has_text("two", "1"));
	char byte;

	CHECK_EQ(read(fd, &byte, 1), 1);
	CHECK_EQ(byte, '2');
	CHECK(fstat(fd, &after) == 0);
	CHECK_EQ(after.st_nlink, 0);
	CHECK(close(fd) == 0);

	/* Two names of one file: nothing happens. */
	CHECK(link("two", "same") == 0);
	CHECK(rename("two", "same") == 0);
	CHECK(access("two", F_OK) == 0 && access("same", F_OK) == 0);

	/* Directories: over an empty one only, and their ".." and link counts follow. */
	CHECK(stat("a", &before) == 0);
	CHECK_EQ(before.st_nlink, 3);
	CHECK(rename("a/b", "empty") == 0);
	CHECK(stat("a", &after) == 0);
	CHECK_EQ(after.st_nlink, 2);
	CHECK(mkdir("a/c", 0755) == 0);
	CHECK(rename("a/c", "empty/c") == 0);
	struct stat dotdot;

	CHECK(stat("empty/c/..", &dotdot) == 0);
	CHECK(stat("empty", &after) == 0);
	CHECK_EQ(dotdot.st_ino, after.st_ino);
	CHECK_EQ(after.st_nlink, 3);

	CHECK_ERRNO(rename("a", "empty"), ENOTEMPTY);
	CHECK_ERRNO(rename("two", "empty"), EISDIR);
	CHECK_ERRNO(rename("a", "two"), ENOTDIR);
	CHECK_ERRNO(rename("empty", "empty/c/d"), EINVAL);
	CHECK_ERRNO(rename("empty", "empty/x"), EINVAL);
	CHECK_ERRNO(rename("empty/c", "empty"), ENOTEMPTY);
	CHECK_ERRNO(rename("missing", "x"), ENOENT);
	CHECK_ERRNO(rename("two", "missing/x"), ENOENT);
	CHECK_ERRNO(rename("two/x", "y"), ENOTDIR);
	CHECK_ERRNO(rename("two", "y/"), ENOTDIR);
	CHECK_ERRNO(rename(".", "x"), EBUSY);
	CHECK_ERRNO(rename("a/.", "x"), EBUSY);
	CHECK_ERRNO(rename("a/..", "x"), EBUSY);
	CHECK(rename("a", "a") == 0);
	CHECK(rename("a", "d/") == 0);

	/* renameat2: do not replace; exchange. */
	make_file("left", "L");
	make_file("right", "R");
	CHECK_ERRNO(syscall(SYS_renameat2, AT_FDCWD, "left", AT_FDCWD, "right", 1), EEXIST);
	CHECK(syscall(SYS_renameat2, AT_FDCWD, "left", AT_FDCWD, "new", 1) == 0);
	if (syscall(SYS_renameat2, AT_FDCWD, "new", AT_FDCWD, "right", 2) == 0)
		CHECK(file_has_text("new", "R") && file_has_text("right", "L"));
	else
		CHECK_EQ(errno, EINVAL);	/* a file system may not know how */
	CHECK_ERRNO(syscall(SYS_renameat2, AT_FDCWD, "new", AT_FDCWD, "right", 0x80), EINVAL);
	return 0;
}
