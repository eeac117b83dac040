/*
 * The *at() calls: relative to a directory descriptor, AT_FDCWD, absolute paths, flags and errors.
 */
#include "check.h"

int main(void)
{
	struct stat status;
	char buffer[64];
	int directory, file;

	enter_disk_directory();
	CHECK(mkdir("at", 0755) == 0);
	directory = MUST(open("at", O_RDONLY | O_DIRECTORY));
	file = MUST(openat(directory, "file", O_CREAT | O_RDWR, 0644));
	CHECK_EQ(write(file, "text", 4), 4);
	CHECK(file_has_text("at/file", "text"));
	CHECK(mkdirat(directory, "sub", 0755) == 0);
	CHECK(symlinkat("file", directory, "link") == 0);
	CHECK_EQ(readlinkat(directory, "link", buffer, sizeof(buffer)), 4);
	CHECK(linkat(directory, "file", AT_FDCWD, "hard", 0) == 0);
	CHECK(renameat(AT_FDCWD, "hard", directory, "sub/hard") == 0);
	CHECK(fstatat(directory, "sub/hard", &status, 0) == 0);
	CHECK_EQ(status.st_nlink, 2);
	CHECK(fstatat(directory, "link", &status, AT_SYMLINK_NOFOLLOW) == 0);
	CHECK(S_ISLNK(status.st_mode));
	CHECK(faccessat(directory, "file", R_OK, 0) == 0);
	CHECK(fchmodat(directory, "file", 0600, 0) == 0);
	CHECK(fchownat(directory, "file", 77, 78, 0) == 0);
	CHECK(fstatat(directory, "file", &status, 0) == 0);
	CHECK_EQ(status.st_mode & 0777, 0600);
	CHECK_EQ(status.st_uid, 77);
	CHECK(fchownat(directory, "link", 5, 6, AT_SYMLINK_NOFOLLOW) == 0);
	CHECK(fstatat(directory, "file", &status, 0) == 0);
	CHECK_EQ(status.st_uid, 77);
	CHECK(mkfifoat(directory, "fifo", 0600) == 0);
	CHECK(unlinkat(directory, "fifo", 0) == 0);

	/* An empty path with AT_EMPTY_PATH is the descriptor itself. */
	CHECK(fstatat(file, "", &status, AT_EMPTY_PATH) == 0);
	CHECK(S_ISREG(status.st_mode));
	CHECK_ERRNO(fstatat(file, "", &status, 0), ENOENT);

	/* An absolute path needs no descriptor. */
	CHECK(fstatat(-5, "/", &status, 0) == 0);
	CHECK_ERRNO(fstatat(-5, "file", &status, 0), EBADF);
	CHECK_ERRNO(openat(file, "x", O_RDONLY), ENOTDIR);
	CHECK_ERRNO(unlinkat(directory, "sub", 0), EISDIR);
	CHECK_ERRNO(unlinkat(directory, "file", AT_REMOVEDIR), ENOTDIR);
	CHECK_ERRNO(unlinkat(directory, "file", 0x4000), EINVAL);
	CHECK_ERRNO(fstatat(directory, "file", &status, 0x40000000), EINVAL);
	CHECK_ERRNO(linkat(directory, "file", directory, "x", 0x40000000), EINVAL);

	CHECK(unlinkat(directory, "sub/hard", 0) == 0);
	CHECK(unlinkat(directory, "sub", AT_REMOVEDIR) == 0);

	/* The directory may have been renamed meanwhile. */
	CHECK(rename("at", "moved") == 0);
	CHECK(fstatat(directory, "file", &status, 0) == 0);
	CHECK(fchdir(directory) == 0);
	CHECK(access("file", F_OK) == 0);
	CHECK_ERRNO(fchdir(file), ENOTDIR);
	return 0;
}
