/*
 * Extended attributes on tmpfs: trusted. and security. names, of every kind of file; none of the
 * user's. They go with the file, and a program's capabilities work from there, too.
 */
#include "extended_attribute.h"
#include <linux/capability.h>
#include <sys/mount.h>
#include <sys/sysmacros.h>

static char big[65536];

static void life(const char *path)
{
	char list[64];

	CHECK_EQ(llistxattr(path, NULL, 0), 0);
	CHECK_ERRNO(lgetxattr(path, "trusted.a", NULL, 0), ENODATA);
	CHECK_ERRNO(lremovexattr(path, "trusted.a"), ENODATA);
	CHECK_ERRNO(lsetxattr(path, "trusted.a", "x", 1, XATTR_REPLACE), ENODATA);
	CHECK(lsetxattr(path, "trusted.a", "x", 1, XATTR_CREATE) == 0);
	CHECK_ERRNO(lsetxattr(path, "trusted.a", "y", 1, XATTR_CREATE), EEXIST);
	expect_value(path, "trusted.a", "x", 1);
	CHECK(lsetxattr(path, "trusted.a", "yz", 2, XATTR_REPLACE) == 0);
	expect_value(path, "trusted.a", "yz", 2);
	CHECK_ERRNO(lgetxattr(path, "trusted.a", list, 1), ERANGE);
	set(path, "security.b", "", 0);
	set(path, "security.c", big, sizeof(big));
	/* The newest comes first, and keeps its place when it changes. */
	CHECK_EQ(llistxattr(path, list, sizeof(list)), 32);
	CHECK(memcmp(list, "security.c\0security.b\0trusted.a", 32) == 0);
	set(path, "security.b", "bb", 2);
	CHECK_EQ(llistxattr(path, list, sizeof(list)), 32);
	CHECK(memcmp(list, "security.c\0security.b\0trusted.a", 32) == 0);
	CHECK_ERRNO(llistxattr(path, list, 31), ERANGE);
	CHECK(lremovexattr(path, "security.b") == 0);
	CHECK(!is_listed(path, "security.b"));
	CHECK_ERRNO(lgetxattr(path, "security.b", NULL, 0), ENODATA);
	expect_value(path, "trusted.a", "yz", 2);
	expect_value(path, "security.c", big, sizeof(big));
	CHECK_ERRNO(lgetxattr(path, "trusted.", NULL, 0), EINVAL);
	CHECK_ERRNO(lsetxattr(path, "security.", "x", 1, 0), EINVAL);
	CHECK_ERRNO(lgetxattr(path, "nobody.x", NULL, 0), EOPNOTSUPP);
	CHECK_ERRNO(lsetxattr(path, "nobody.x", "x", 1, 0), EOPNOTSUPP);
}

static void users_names(void)
{
	CHECK_ERRNO(setxattr("file", "user.x", "x", 1, 0), EOPNOTSUPP);
	CHECK_ERRNO(getxattr("file", "user.x", NULL, 0), EOPNOTSUPP);
	CHECK_ERRNO(removexattr("file", "user.x"), EOPNOTSUPP);
	CHECK_ERRNO(setxattr("directory", "user.x", "x", 1, 0), EOPNOTSUPP);
	CHECK_ERRNO(lsetxattr("link", "user.x", "x", 1, 0), EPERM);
	CHECK_ERRNO(lgetxattr("fifo", "user.x", NULL, 0), ENODATA);
}

static void as_user(void)
{
	CHECK(!is_listed("file", "trusted.a"));
	CHECK(is_listed("file", "security.c"));
	CHECK_ERRNO(getxattr("file", "trusted.a", NULL, 0), ENODATA);
	CHECK_ERRNO(setxattr("file", "trusted.a", "x", 1, 0), EPERM);
	CHECK_ERRNO(setxattr("file", "security.c", "x", 1, 0), EPERM);
	CHECK_ERRNO(removexattr("file", "security.c"), EPERM);
	expect_value("file", "security.c", big, sizeof(big));
}

/* A name more, or another one, changes nothing; a new file of the old name has none. */
static void with_the_file(void)
{
	struct stat before, after;

	CHECK(link("file", "second") == 0);
	expect_value("second", "trusted.a", "yz", 2);
	CHECK(rename("second", "third") == 0);
	CHECK(setxattr("third", "trusted.a", "new", 3, 0) == 0);
	expect_value("file", "trusted.a", "new", 3);
	CHECK(unlink("third") == 0 && unlink("file") == 0);
	make_file("file", "");
	CHECK_EQ(listxattr("file", NULL, 0), 0);
	CHECK(mkdir("directory/inner", 0755) == 0);
	CHECK_EQ(listxattr("directory/inner", NULL, 0), 0);
	CHECK(stat("file", &before) == 0);
	sleep_ms(20);
	set("file", "trusted.a", "x", 1);
	CHECK(stat("file", &after) == 0);
	CHECK(after.st_mtim.tv_sec == before.st_mtim.tv_sec &&
	      after.st_mtim.tv_nsec == before.st_mtim.tv_nsec);
	CHECK(mount(NULL, ".", NULL, MS_REMOUNT | MS_RDONLY, NULL) == 0);
	CHECK_ERRNO(setxattr("file", "trusted.a", "y", 1, 0), EROFS);
	expect_value("file", "trusted.a", "x", 1);
	CHECK(mount(NULL, ".", NULL, MS_REMOUNT, NULL) == 0);
}

static void capabilities(void)
{
	uint32_t value[5] = { VFS_CAP_REVISION_2 | 1, 1u << CAP_CHOWN };
	int fd = MUST(open("file", O_WRONLY));

	CHECK_ERRNO(setxattr("file", "security.capability", value, 4, 0), EINVAL);
	CHECK(setxattr("file", "security.capability", value, sizeof(value), 0) == 0);
	CHECK_EQ(write(fd, "x", 1), 1);
	CHECK_ERRNO(getxattr("file", "security.capability", NULL, 0), ENODATA);
	CHECK(setxattr("file", "security.capability", value, sizeof(value), 0) == 0);
	CHECK(ftruncate(fd, 0) == 0);
	CHECK_ERRNO(getxattr("file", "security.capability", NULL, 0), ENODATA);
	CHECK(setxattr("file", "security.capability", value, sizeof(value), 0) == 0);
	CHECK(fallocate(fd, 0, 0, 5000) == 0);
	CHECK_ERRNO(getxattr("file", "security.capability", NULL, 0), ENODATA);
	CHECK(setxattr("file", "security.capability", value, sizeof(value), 0) == 0);
	CHECK(fchown(fd, 0, 0) == 0);
	CHECK_ERRNO(getxattr("file", "security.capability", NULL, 0), ENODATA);
	expect_value("file", "trusted.a", "x", 1);
	close(fd);
}

int main(void)
{
	int fd = MUST(memfd_create("unnamed", 0));

	for (size_t i = 0; i < sizeof(big); i++)
		big[i] = (char)(i * 7 + i / 256);
	CHECK(mkdir("mounted", 0755) == 0);
	CHECK(mount("none", "mounted", "tmpfs", 0, "mode=755") == 0);
	CHECK(chdir("mounted") == 0);
	make_file("file", "");
	CHECK(mkdir("directory", 0755) == 0 && symlink("nowhere", "link") == 0);
	CHECK(mkfifo("fifo", 0600) == 0 && mknod("null", S_IFCHR | 0600, makedev(1, 3)) == 0);
	life("file");
	life("directory");
	life("link");
	life("fifo");
	life("null");
	users_names();
	run_as(OTHER_UID, as_user);
	with_the_file();
	capabilities();
	CHECK(fsetxattr(fd, "trusted.a", "x", 1, 0) == 0);
	CHECK_EQ(fgetxattr(fd, "trusted.a", NULL, 0), 1);
	CHECK(chdir("..") == 0 && umount("mounted") == 0);
	return 0;
}
