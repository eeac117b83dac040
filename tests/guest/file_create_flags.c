/* open(): O_CREAT, O_EXCL, O_TRUNC, O_APPEND, O_DIRECTORY, O_NOFOLLOW, modes and the umask. */
#include "check.h"

static mode_t mode_of(const char *path)
{
	struct stat status;

	CHECK(lstat(path, &status) == 0);
	return status.st_mode;
}

int main(void)
{
	struct stat status;
	int fd;

	enter_disk_directory();
	umask(0);
	CHECK_ERRNO(open("file", O_RDONLY), ENOENT);
	fd = MUST(open("file", O_CREAT | O_EXCL | O_WRONLY, 0640));
	CHECK_EQ(mode_of("file"), S_IFREG | 0640);
	CHECK_ERRNO(open("file", O_CREAT | O_EXCL | O_WRONLY, 0640), EEXIST);
	CHECK_EQ(write(fd, "hello", 5), 5);
	CHECK(close(fd) == 0);
	umask(027);
	CHECK(close(MUST(open("masked", O_CREAT | O_WRONLY, 0777))) == 0);
	CHECK_EQ(mode_of("masked"), S_IFREG | 0750);
	/* A file without permission is still open for writing to the one that made it. */
	fd = MUST(open("none", O_CREAT | O_RDWR, 0));
	CHECK_EQ(write(fd, "x", 1), 1);
	CHECK(close(fd) == 0);

	/* An existing file keeps its mode and contents; O_TRUNC empties it. */
	fd = MUST(open("file", O_CREAT | O_RDWR, 0777));
	CHECK(fstat(fd, &status) == 0);
	CHECK_EQ(status.st_mode, S_IFREG | 0640);
	CHECK_EQ(status.st_size, 5);
	CHECK(close(fd) == 0);
	fd = MUST(open("file", O_TRUNC | O_WRONLY | O_APPEND));
	CHECK(fstat(fd, &status) == 0);
	CHECK_EQ(status.st_size, 0);
	CHECK_EQ(write(fd, "abc", 3), 3);
	CHECK_EQ(lseek(fd, 0, SEEK_SET), 0);
	CHECK_EQ(write(fd, "def", 3), 3);
	CHECK(file_has_text("file", "abcdef"));

	CHECK(mkdir("directory", 0755) == 0);
	CHECK(symlink("file", "link") == 0);
	CHECK(symlink("nowhere", "dangling") == 0);
	CHECK_ERRNO(open("directory", O_WRONLY), EISDIR);
	CHECK_ERRNO(open("directory", O_RDWR | O_CREAT, 0644), EISDIR);
	CHECK_ERRNO(open("file", O_RDONLY | O_DIRECTORY), ENOTDIR);
	CHECK(close(MUST(open("directory", O_RDONLY | O_DIRECTORY))) == 0);
	CHECK_ERRNO(open("link", O_RDONLY | O_NOFOLLOW), ELOOP);
	CHECK_ERRNO(open("dangling", O_CREAT | O_EXCL | O_WRONLY, 0644), EEXIST);
	CHECK(close(MUST(open("dangling", O_CREAT | O_WRONLY, 0644))) == 0);
	CHECK_EQ(mode_of("nowhere"), S_IFREG | 0640);
	CHECK(close(MUST(creat("created", 0600))) == 0);
	CHECK_EQ(mode_of("created"), S_IFREG | 0600);
	CHECK_ERRNO(open("missing/file", O_CREAT | O_WRONLY, 0644), ENOENT);
	CHECK_ERRNO(open("file/file", O_CREAT | O_WRONLY, 0644), ENOTDIR);
	CHECK_ERRNO(open("newname/", O_CREAT | O_WRONLY, 0644), EISDIR);
	return 0;
}
