/*
 * Extended attributes on a disk: values of all sizes, in the inode and in a block of their own;
 * flags, lists, errors; who may see and change which. The files stay, for e2fsck.
 */
#include "extended_attribute.h"
#include <sys/inotify.h>

static char big[5000];

static void life(const char *path)
{
	static const size_t sizes[] = { 5, 0, 1, 4, 40, 60, 61, 64, 100, 300, 500, 20, 400, 3 };
	char list[8];

	CHECK_EQ(listxattr(path, NULL, 0), 0);
	CHECK_ERRNO(getxattr(path, "user.first", NULL, 0), ENODATA);
	CHECK_ERRNO(removexattr(path, "user.first"), ENODATA);
	CHECK_ERRNO(setxattr(path, "user.first", "x", 1, XATTR_REPLACE), ENODATA);
	CHECK(setxattr(path, "user.first", "x", 1, XATTR_CREATE) == 0);
	CHECK_ERRNO(setxattr(path, "user.first", "y", 1, XATTR_CREATE), EEXIST);
	expect_value(path, "user.first", "x", 1);
	CHECK(setxattr(path, "user.first", "yz", 2, XATTR_REPLACE) == 0);
	/* Growing and shrinking moves it between inode and block. */
	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		set(path, "user.first", big, sizes[i]);
		set(path, "user.other", big + 1, 500 - sizes[i]);
		CHECK(is_listed(path, "user.first") && is_listed(path, "user.other"));
		expect_value(path, "user.first", big, sizes[i]);
		CHECK_ERRNO(getxattr(path, "user.firs", NULL, 0), ENODATA);
		CHECK_ERRNO(getxattr(path, "trusted.first", NULL, 0), ENODATA);
	}
	CHECK_ERRNO(getxattr(path, "user.first", list, 2), ERANGE);
	CHECK_ERRNO(listxattr(path, list, sizeof(list)), ERANGE);
	CHECK(removexattr(path, "user.other") == 0);
	CHECK(!is_listed(path, "user.other"));
	set(path, "trusted.first", "secret", 6);
	set(path, "security.test", "label", 5);
	CHECK(is_listed(path, "trusted.first") && is_listed(path, "security.test"));
	expect_value(path, "user.first", big, 3);
}

static void errors(const char *path)
{
	CHECK_ERRNO(setxattr(path, "user.", "x", 1, 0), EINVAL);
	CHECK_ERRNO(getxattr(path, "user.", NULL, 0), EINVAL);
	CHECK_ERRNO(setxattr(path, "nobody.x", "x", 1, 0), EOPNOTSUPP);
	CHECK_ERRNO(getxattr(path, "nobody.x", NULL, 0), EOPNOTSUPP);
	CHECK_ERRNO(setxattr(path, "user.huge", big, sizeof(big), 0), ENOSPC);
	CHECK_ERRNO(getxattr(path, "user.huge", NULL, 0), ENODATA);
	CHECK_ERRNO(setxattr(path, "security.capability", "x", 1, 0), EINVAL);
	CHECK_ERRNO(setxattr(path, "security.capability", big, 20, 0), EINVAL);
	CHECK_ERRNO(removexattr(path, "security.capability"), ENODATA);
}

/* As many as fit; what does not fit changes nothing; in the end all are gone. */
static void many(const char *path)
{
	char name[32], value[64];
	int count = 0, error;

	for (;; count++) {
		snprintf(name, sizeof(name), "user.number%d", count);
		snprintf(value, sizeof(value), "value %d of many that are rather long", count);
		if (setxattr(path, name, value, strlen(value), 0) < 0)
			break;
	}
	error = errno;
	CHECK_EQ(error, ENOSPC);
	CHECK(count >= 10);
	for (int i = 0; i < count; i++) {
		snprintf(name, sizeof(name), "user.number%d", i);
		snprintf(value, sizeof(value), "value %d of many that are rather long", i);
		expect_value(path, name, value, strlen(value));
	}
	CHECK_ERRNO(setxattr(path, "user.number3", big, 4000, 0), ENOSPC);
	expect_value(path, "user.number3", "value 3 of many that are rather long", 36);
	for (int i = 0; i < count; i++) {
		snprintf(name, sizeof(name), "user.number%d", (i * 7 + 3) % count);
		if (count % 7 == 0)
			snprintf(name, sizeof(name), "user.number%d", i);
		CHECK(removexattr(path, name) == 0);
	}
	CHECK_EQ(listxattr(path, NULL, 0), 0);
}

static void other_kinds(void)
{
	CHECK(symlink("nowhere", "link") == 0);
	CHECK_ERRNO(lsetxattr("link", "user.x", "x", 1, 0), EPERM);
	set("link", "trusted.x", "x", 1);
	set("link", "trusted.long", big, 500);
	CHECK(mkfifo("fifo", 0600) == 0);
	CHECK_ERRNO(setxattr("fifo", "user.x", "x", 1, 0), EPERM);
	CHECK_ERRNO(getxattr("fifo", "user.x", NULL, 0), ENODATA);
	set("fifo", "trusted.x", "x", 1);
	CHECK(mkdir("directory", 0755) == 0);
	set("directory", "user.x", big, 600);
	/* Not inherited. */
	CHECK(mkdir("directory/inner", 0755) == 0);
	CHECK_ERRNO(getxattr("directory/inner", "user.x", NULL, 0), ENODATA);
	CHECK(rmdir("directory/inner") == 0);
}

static void as_user(void)
{
	CHECK(!is_listed("file", "trusted.first"));
	CHECK(is_listed("file", "security.test"));
	CHECK_ERRNO(getxattr("file", "trusted.first", NULL, 0), ENODATA);
	CHECK_ERRNO(setxattr("file", "trusted.first", "x", 1, 0), EPERM);
	CHECK_ERRNO(setxattr("file", "user.first", "x", 1, 0), EACCES);
	expect_value("file", "user.first", big, 3);
	expect_value("file", "security.test", "label", 5);
	CHECK_ERRNO(setxattr("file", "security.test", "x", 1, 0), EPERM);
	CHECK_ERRNO(removexattr("file", "security.test"), EPERM);
	CHECK_ERRNO(setxattr("file", "security.capability", big, 20, 0), EINVAL);
	CHECK_ERRNO(removexattr("file", "security.capability"), EPERM);
	CHECK_ERRNO(getxattr("hidden", "user.x", NULL, 0), EACCES);
	set("own", "user.x", "mine", 4);
	/* In a directory where everybody may write but not delete, only the owner's. */
	CHECK_ERRNO(setxattr("sticky", "user.x", "x", 1, 0), EPERM);
}

static void users(void)
{
	make_file("hidden", "");
	CHECK(chmod("hidden", 0600) == 0);
	make_file("own", "");
	CHECK(chown("own", OTHER_UID, OTHER_GID) == 0);
	CHECK(mkdir("sticky", 01777) == 0 && chmod("sticky", 01777) == 0);
	set("sticky", "user.x", "x", 1);
	run_as(OTHER_UID, as_user);
}

static void told(void)
{
	struct inotify_event event;
	struct stat before, after;
	int fd = MUST(inotify_init1(IN_NONBLOCK));

	make_file("told", "");
	CHECK(stat("told", &before) == 0);
	sleep_ms(1100);
	MUST(inotify_add_watch(fd, "told", IN_ALL_EVENTS));
	set("told", "user.x", "x", 1);
	CHECK_EQ(read(fd, &event, sizeof(event)), sizeof(event));
	CHECK_EQ(event.mask, IN_ATTRIB);
	CHECK(removexattr("told", "user.x") == 0);
	CHECK_EQ(read(fd, &event, sizeof(event)), sizeof(event));
	CHECK_EQ(event.mask, IN_ATTRIB);
	CHECK_ERRNO(read(fd, &event, sizeof(event)), EAGAIN);
	CHECK(stat("told", &after) == 0);
	CHECK(after.st_ctim.tv_sec > before.st_ctim.tv_sec);
	CHECK_EQ(after.st_mtim.tv_sec, before.st_mtim.tv_sec);
	close(fd);
}

/* Blocks are counted, and given back with the file. */
static void blocks(void)
{
	struct stat before, with;

	make_file("blocks", "");
	CHECK(stat("blocks", &before) == 0);
	set("blocks", "user.x", big, 900);
	CHECK(stat("blocks", &with) == 0);
	CHECK(with.st_blocks > before.st_blocks);
	CHECK(removexattr("blocks", "user.x") == 0);
	CHECK(stat("blocks", &with) == 0);
	CHECK_EQ(with.st_blocks, before.st_blocks);
	set("blocks", "user.x", big, 900);
	CHECK(unlink("blocks") == 0);
}

int main(void)
{
	const char *disk = getenv("TEST_DISK_DIR");
	int fd;

	if (!disk)
		SKIP("no TEST_DISK_DIR");
	CHECK(chdir(disk) == 0 && chmod(".", 0755) == 0);
	for (size_t i = 0; i < sizeof(big); i++)
		big[i] = (char)(i * 7 + i / 256);
	make_file("file", "");
	life("file");
	errors("file");
	make_file("many", "");
	many("many");
	many("many");
	CHECK(mkdir("place", 0755) == 0);
	life("place");
	other_kinds();
	users();
	told();
	blocks();
	fd = MUST(open("file", O_RDONLY));
	CHECK(fsetxattr(fd, "user.by descriptor", "\xe4\xff", 2, 0) == 0);
	CHECK_EQ(fgetxattr(fd, "user.by descriptor", NULL, 0), 2);
	CHECK(setxattr("file", "user.\xc3\xa4\xff", "umlaut", 6, 0) == 0);
	CHECK(fsync(fd) == 0);
	close(fd);
	return 0;
}
