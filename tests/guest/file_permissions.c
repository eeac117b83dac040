/*
 * Permissions of an ordinary user: owner, group, others, one class only; search through
 * directories; what root may although no bit says so.
 */
#include "check.h"

static void set(const char *path, uid_t uid, gid_t gid, mode_t mode)
{
	CHECK(chown(path, uid, gid) == 0);
	CHECK(chmod(path, mode) == 0);
}

static int try_open(const char *path, int flags)
{
	int fd = open(path, flags);

	if (fd >= 0)
		close(fd);
	return fd < 0 ? errno : 0;
}

static void as_user(void)
{
	CHECK_EQ(try_open("owner", O_RDWR), 0);
	CHECK_EQ(try_open("owner-none", O_RDONLY), EACCES);	/* though group and others may */
	CHECK_EQ(try_open("group", O_RDONLY), 0);
	CHECK_EQ(try_open("group", O_WRONLY), EACCES);
	CHECK_EQ(try_open("group-none", O_RDONLY), EACCES);	/* though others may */
	CHECK_EQ(try_open("others", O_RDONLY), 0);
	CHECK_EQ(try_open("others", O_RDWR), EACCES);
	CHECK_EQ(try_open("root-only", O_RDONLY), EACCES);

	CHECK_EQ(try_open("search/file", O_RDONLY), 0);
	CHECK_EQ(try_open("search", O_RDONLY), EACCES);
	CHECK_EQ(try_open("read/file", O_RDONLY), EACCES);
	CHECK_EQ(try_open("read", O_RDONLY), 0);
	CHECK_ERRNO(access("read/file", F_OK), EACCES);
	CHECK_ERRNO(open("search/new", O_CREAT | O_WRONLY, 0644), EACCES);
	CHECK_ERRNO(unlink("search/file"), EACCES);
	CHECK_ERRNO(rename("search/file", "search/x"), EACCES);
	CHECK_ERRNO(mkdir("search/x", 0755), EACCES);
	CHECK_ERRNO(chdir("read"), EACCES);
	CHECK(chdir("search") == 0);
	CHECK(chdir("..") == 0);

	/* Removing needs the directory only, not the file. */
	CHECK(unlink("writable/root-file") == 0);
	CHECK(close(MUST(open("writable/new", O_CREAT | O_WRONLY, 0))) == 0);
	struct stat status;

	CHECK(stat("writable/new", &status) == 0);
	CHECK_EQ(status.st_uid, OTHER_UID);
	CHECK_EQ(status.st_gid, OTHER_GID);

	/* Only the owner changes the mode; only root the owner. */
	CHECK_ERRNO(chmod("others", 0777), EPERM);
	CHECK(chmod("owner", 0600) == 0);
	CHECK_ERRNO(chown("owner", 77, -1), EPERM);
	CHECK_ERRNO(chown("owner", -1, 79), EPERM);
	CHECK(chown("owner", OTHER_UID, OTHER_GID) == 0);
	CHECK_ERRNO(chown("others", -1, OTHER_GID), EPERM);
	CHECK_ERRNO(utimensat(AT_FDCWD, "others", NULL, 0), EACCES);
	CHECK_ERRNO(truncate("others", 0), EACCES);

	CHECK(access("owner", R_OK | W_OK) == 0);
	CHECK_ERRNO(access("owner", X_OK), EACCES);
	CHECK_ERRNO(access("root-only", R_OK), EACCES);
	CHECK(access("root-only", F_OK) == 0);
	CHECK_ERRNO(chroot("."), EPERM);
	CHECK_ERRNO(mknod("writable/device", S_IFCHR | 0666, 0x103), EPERM);
}

int main(void)
{
	static const char *const files[] = {
		"owner", "owner-none", "group", "group-none", "others", "root-only",
	};

	enter_disk_directory();
	CHECK(mkdir("permissions", 0755) == 0);
	CHECK(chdir("permissions") == 0);
	for (size_t i = 0; i < ARRAY_SIZE(files); i++)
		make_file(files[i], "x");
	set("owner", OTHER_UID, 77, 0600);
	set("owner-none", OTHER_UID, OTHER_GID, 0077);
	set("group", 77, OTHER_GID, 0040);
	set("group-none", 77, OTHER_GID, 0706);
	set("others", 77, 77, 0004);
	set("root-only", 0, 0, 0600);
	CHECK(mkdir("search", 0755) == 0 && mkdir("read", 0755) == 0);
	CHECK(mkdir("writable", 0755) == 0);
	make_file("search/file", "x");
	make_file("read/file", "x");
	make_file("writable/root-file", "x");
	set("writable/root-file", 0, 0, 0600);
	set("search", 0, 0, 0711);
	set("read", 0, 0, 0744);
	set("writable", 0, 0, 0777);
	run_as(OTHER_UID, as_user);

	/* Root: everything, but execute only what has at least one x. */
	CHECK(close(MUST(open("owner-none", O_RDWR))) == 0);
	CHECK(access("root-only", R_OK | W_OK) == 0);
	CHECK_ERRNO(access("root-only", X_OK), EACCES);
	CHECK(chmod("root-only", 0010) == 0);
	CHECK(access("root-only", X_OK) == 0);
	return 0;
}
