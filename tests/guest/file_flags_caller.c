/*
 * What a descriptor lets change about its file (FS_IOC_SETFLAGS, O_NOATIME) is up to who calls, not
 * to who opened it: root's descriptor gives a user nothing, and a user's takes nothing from root.
 */
#include "capabilities.h"
#include <linux/fs.h>
#include <sys/ioctl.h>

static int fd;

static int set_flags(int flags)
{
	return ioctl(fd, FS_IOC_SETFLAGS, &flags);
}

static bool has_flags(int wanted)
{
	int flags;

	MUST(ioctl(fd, FS_IOC_GETFLAGS, &flags));
	return (flags & (FS_NODUMP_FL | FS_APPEND_FL | FS_IMMUTABLE_FL)) == wanted;
}

static int set_no_access_time(void)
{
	int result = fcntl(fd, F_SETFL, O_NOATIME);

	if (result == 0)
		MUST(fcntl(fd, F_SETFL, 0));
	return result;
}

static void stranger(void)
{
	CHECK_ERRNO(set_flags(FS_NODUMP_FL), EPERM);
	CHECK_ERRNO(set_flags(0), EPERM);
	CHECK_ERRNO(ioctl(fd, FS_IOC_SETFLAGS, NULL), EFAULT);
	CHECK_ERRNO(set_no_access_time(), EPERM);
	CHECK(has_flags(0));
}

static void owner(void)
{
	CHECK_EQ(set_flags(FS_NODUMP_FL), 0);
	CHECK_ERRNO(set_flags(FS_NODUMP_FL | FS_APPEND_FL), EPERM);
	CHECK_ERRNO(set_flags(FS_IMMUTABLE_FL), EPERM);
	CHECK(has_flags(FS_NODUMP_FL));
	CHECK_EQ(set_flags(0), 0);
	CHECK_EQ(set_no_access_time(), 0);
}

static void root(void)
{
	CHECK_EQ(set_flags(FS_APPEND_FL | FS_NODUMP_FL), 0);
	CHECK(has_flags(FS_APPEND_FL | FS_NODUMP_FL));
	CHECK_EQ(set_flags(0), 0);
	CHECK_EQ(set_no_access_time(), 0);
}

static void root_without_the_owners_right(void)
{
	give_up(CAP_FOWNER);
	stranger();
}

static void root_without_the_special_right(void)
{
	give_up(CAP_LINUX_IMMUTABLE);
	owner();
}

int main(void)
{
	int flags;

	enter_disk_directory();
	make_file("file", "text");
	CHECK(chmod("file", 0666) == 0);
	fd = MUST(open("file", O_RDWR));
	if (ioctl(fd, FS_IOC_GETFLAGS, &flags) != 0)
		SKIP("no flags in this file system");
	root();
	run_as(OTHER_UID, stranger);
	MUST(fchown(fd, OTHER_UID, OTHER_GID));
	run_as(OTHER_UID, owner);
	MUST(close(fd));

	/* A user's descriptor, neither the owner's nor root's. */
	MUST(seteuid(OTHER_UID + 1));
	fd = MUST(open("file", O_RDWR));
	MUST(seteuid(0));
	root();
	run_as(OTHER_UID, owner);
	run_as(OTHER_UID + 1, stranger);
	in_child(root_without_the_owners_right);
	in_child(root_without_the_special_right);
	MUST(close(fd));
	MUST(unlink("file"));
	return 0;
}
