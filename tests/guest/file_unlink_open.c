/*
 * A file without a name lives as long as it is open or mapped, and can still be written and grown.
 */
#include "check.h"

int main(void)
{
	struct stat status;
	char byte;
	int fd;

	enter_disk_directory();
	fd = MUST(open("file", O_CREAT | O_RDWR, 0644));
	CHECK_EQ(write(fd, "abc", 3), 3);
	CHECK(unlink("file") == 0);
	CHECK_ERRNO(access("file", F_OK), ENOENT);
	CHECK(fstat(fd, &status) == 0);
	CHECK_EQ(status.st_nlink, 0);
	CHECK_EQ(pwrite(fd, "z", 1, 100000), 1);
	CHECK_EQ(pread(fd, &byte, 1, 1), 1);
	CHECK_EQ(byte, 'b');

	char *map = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	CHECK(map != MAP_FAILED);
	CHECK(close(fd) == 0);
	CHECK_EQ(map[2], 'c');
	map[2] = 'd';
	CHECK(munmap(map, PAGE) == 0);

	/* The name may be used again, for another file. */
	make_file("file", "new");
	CHECK(file_has_text("file", "new"));
	CHECK(unlink("file") == 0);
	CHECK_ERRNO(unlink("file"), ENOENT);
	CHECK(mkdir("directory", 0755) == 0);
	CHECK_ERRNO(unlink("directory"), EISDIR);

	/* A directory that one is in. */
	CHECK(chdir("directory") == 0);
	CHECK(rmdir("../directory") == 0);
	CHECK_ERRNO(open("file", O_CREAT | O_WRONLY, 0644), ENOENT);
	CHECK_ERRNO(mkdir("sub", 0755), ENOENT);
	char path[PATH_MAX];

	CHECK(getcwd(path, sizeof(path)) == NULL && errno == ENOENT);
	return 0;
}
