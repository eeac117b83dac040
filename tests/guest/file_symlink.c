/*
 * Symbolic links: followed or not as the call says; long ones; loops; in the middle and at the end.
 */
#include "check.h"

int main(void)
{
	char target[PATH_MAX], buffer[PATH_MAX];
	struct stat status;

	enter_disk_directory();
	make_file("file", "text");
	CHECK(mkdir("directory", 0755) == 0);
	CHECK(symlink("file", "link") == 0);
	CHECK(symlink("../file", "directory/up") == 0);
	CHECK(symlink("directory", "way") == 0);
	CHECK(symlink("missing", "dangling") == 0);
	CHECK(symlink("round", "round") == 0);

	CHECK(file_has_text("link", "text"));
	CHECK(file_has_text("way/up", "text"));
	CHECK(stat("link", &status) == 0 && S_ISREG(status.st_mode));
	CHECK(lstat("link", &status) == 0 && S_ISLNK(status.st_mode));
	CHECK_EQ(status.st_size, 4);
	CHECK_EQ(status.st_mode & 0777, 0777);
	CHECK(lstat("way/", &status) == 0 && S_ISDIR(status.st_mode));
	CHECK_ERRNO(stat("dangling", &status), ENOENT);
	CHECK_ERRNO(stat("round", &status), ELOOP);
	CHECK_ERRNO(open("round", O_RDONLY), ELOOP);
	CHECK_ERRNO(stat("link/", &status), ENOTDIR);

	memset(buffer, 'x', sizeof(buffer));
	CHECK_EQ(readlink("link", buffer, sizeof(buffer)), 4);
	CHECK(memcmp(buffer, "filex", 5) == 0);		/* no NUL is written */
	CHECK_EQ(readlink("link", buffer, 2), 2);
	CHECK_ERRNO(readlink("link", buffer, 0), EINVAL);
	CHECK_ERRNO(readlink("file", buffer, sizeof(buffer)), EINVAL);
	CHECK_ERRNO(readlink("missing", buffer, sizeof(buffer)), ENOENT);

	/* Targets of many lengths: short ones lie in the inode, long ones in a block. */
	for (int length = 1; length < 1000; length += length < 70 ? 1 : 93) {
		memset(target, 't', length);
		target[length] = '\0';
		CHECK(symlink(target, "long") == 0);
		CHECK_EQ(readlink("long", buffer, sizeof(buffer)), length);
		CHECK(memcmp(buffer, target, length) == 0);
		CHECK(lstat("long", &status) == 0);
		CHECK_EQ(status.st_size, length);
		CHECK(unlink("long") == 0);
	}
	CHECK_ERRNO(symlink("", "empty"), ENOENT);
	CHECK_ERRNO(symlink("x", "link"), EEXIST);
	CHECK_ERRNO(symlink("x", ""), ENOENT);

	/* A chain of 40 is followed, one of 41 is a loop. */
	CHECK(symlink("file", "chain0") == 0);
	for (int i = 1; i < 41; i++) {
		snprintf(target, sizeof(target), "chain%d", i - 1);
		snprintf(buffer, sizeof(buffer), "chain%d", i);
		CHECK(symlink(target, buffer) == 0);
	}
	CHECK(stat("chain39", &status) == 0);
	CHECK_ERRNO(stat("chain40", &status), ELOOP);

	/* unlink and rename work on the link. */
	CHECK(unlink("link") == 0);
	CHECK(access("file", F_OK) == 0);
	CHECK(rename("way", "path") == 0);
	CHECK(lstat("path", &status) == 0 && S_ISLNK(status.st_mode));
	CHECK_ERRNO(rmdir("path"), ENOTDIR);
	CHECK(unlink("path") == 0);
	return 0;
}
