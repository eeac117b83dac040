/* Times: set with nanoseconds or left alone, moved by reading, writing, and changing the inode. */
#include "check.h"
#include <sys/time.h>
#include <utime.h>

int main(void)
{
	struct timespec times[2] = { { 1000000000, 123000000 }, { 1100000000, 456000000 } };
	struct timespec omit[2] = { { 0, UTIME_OMIT }, { 1200000000, 0 } };
	struct timespec now[2] = { { 0, UTIME_NOW }, { 0, UTIME_OMIT } };
	struct stat status;
	int fd;

	make_file("file", "text");
	CHECK(utimensat(AT_FDCWD, "file", times, 0) == 0);
	CHECK(stat("file", &status) == 0);
	CHECK_EQ(status.st_atime, 1000000000);
	CHECK_EQ(status.st_mtime, 1100000000);
	CHECK(status.st_ctime > 1100000000);
	CHECK(utimensat(AT_FDCWD, "file", omit, 0) == 0);
	CHECK(stat("file", &status) == 0);
	CHECK_EQ(status.st_atime, 1000000000);
	CHECK_EQ(status.st_mtime, 1200000000);
	CHECK(utimensat(AT_FDCWD, "file", now, 0) == 0);
	CHECK(stat("file", &status) == 0);
	CHECK(llabs((long long)status.st_atime - time(NULL)) < 100);
	CHECK_EQ(status.st_mtime, 1200000000);

	/* Writing moves the modification time, also through a descriptor opened before. */
	fd = MUST(open("file", O_RDWR));
	CHECK_EQ(write(fd, "T", 1), 1);
	CHECK(fstat(fd, &status) == 0);
	CHECK(llabs((long long)status.st_mtime - time(NULL)) < 100);
	CHECK(futimens(fd, times) == 0);
	CHECK(ftruncate(fd, 2) == 0);
	CHECK(fstat(fd, &status) == 0);
	CHECK(status.st_mtime > 1200000000);

	/* A directory changes when an entry comes or goes. */
	CHECK(mkdir("directory", 0755) == 0);
	CHECK(utimensat(AT_FDCWD, "directory", times, 0) == 0);
	make_file("directory/x", "");
	CHECK(stat("directory", &status) == 0);
	CHECK(status.st_mtime > 1200000000);

	/* The older calls. */
	struct utimbuf old = { 500000000, 600000000 };
	struct timeval values[2] = { { 700000000, 5 }, { 800000000, 6 } };

	CHECK(utime("file", &old) == 0);
	CHECK(stat("file", &status) == 0);
	CHECK_EQ(status.st_mtime, 600000000);
	CHECK(utimes("file", values) == 0);
	CHECK(stat("file", &status) == 0);
	CHECK_EQ(status.st_atime, 700000000);

	/* The link itself. */
	CHECK(symlink("file", "link") == 0);
	CHECK(utimensat(AT_FDCWD, "link", times, AT_SYMLINK_NOFOLLOW) == 0);
	CHECK(stat("file", &status) == 0);
	CHECK_EQ(status.st_atime, 700000000);
	CHECK(lstat("link", &status) == 0);
	CHECK_EQ(status.st_mtime, 1100000000);
	times[0].tv_nsec = 1000000000;
	CHECK_ERRNO(utimensat(AT_FDCWD, "file", times, 0), EINVAL);
	CHECK_ERRNO(utimensat(AT_FDCWD, "missing", NULL, 0), ENOENT);
	return 0;
}
