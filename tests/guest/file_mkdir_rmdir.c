/*
 * Directories: made with umask and "." and "..", deep, removed only when empty; what rmdir refuses.
 */
#include "check.h"

int main(void)
{
	struct stat status, parent, dotdot;
	char path[PATH_MAX] = "d0";

	enter_disk_directory();
	umask(022);
	CHECK(mkdir("d0", 0777) == 0);
	CHECK(stat("d0", &status) == 0);
	CHECK_EQ(status.st_mode, S_IFDIR | 0755);
	CHECK_EQ(status.st_nlink, 2);
	CHECK_ERRNO(mkdir("d0", 0777), EEXIST);
	CHECK_ERRNO(mkdir(".", 0777), EEXIST);
	CHECK_ERRNO(mkdir("/", 0777), EEXIST);
	CHECK_ERRNO(mkdir("missing/x", 0777), ENOENT);
	CHECK_ERRNO(mkdir("", 0777), ENOENT);
	CHECK(mkdir("slash/", 0777) == 0);
	CHECK(rmdir("slash/") == 0);
	make_file("file", "x");
	CHECK_ERRNO(mkdir("file/x", 0777), ENOTDIR);
	CHECK_ERRNO(mkdir("file", 0777), EEXIST);

	for (int depth = 1; depth < 60; depth++) {
		sprintf(path + strlen(path), "/d%d", depth);
		CHECK(mkdir(path, 0755) == 0);
	}
	CHECK(stat(path, &status) == 0);
	strcat(path, "/..");
	CHECK(stat(path, &dotdot) == 0);
	path[strlen(path) - 3] = '\0';
	*strrchr(path, '/') = '\0';
	CHECK(stat(path, &parent) == 0);
	CHECK_EQ(parent.st_ino, dotdot.st_ino);
	CHECK_ERRNO(rmdir(path), ENOTEMPTY);
	CHECK_ERRNO(rmdir("d0"), ENOTEMPTY);
	CHECK_ERRNO(rmdir("file"), ENOTDIR);
	CHECK_ERRNO(rmdir("missing"), ENOENT);
	CHECK_ERRNO(rmdir("d0/."), EINVAL);
	CHECK_ERRNO(rmdir("d0/.."), ENOTEMPTY);
	CHECK_ERRNO(rmdir("/"), EBUSY);
	sprintf(path + strlen(path), "/d59");
	for (int depth = 59; depth >= 0; depth--) {
		CHECK(rmdir(path) == 0);
		char *slash = strrchr(path, '/');

		if (slash)
			*slash = '\0';
	}
	CHECK_ERRNO(stat("d0", &status), ENOENT);
	return 0;
}
