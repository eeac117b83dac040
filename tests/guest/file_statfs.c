/* statfs and fstatfs, old and 64-bit: sizes make sense and agree; sync and fsync work. */
#include "check.h"
#include <sys/statfs.h>

int main(void)
{
	struct statfs64 space, same;
	struct statfs narrow;
	int fd;

	enter_disk_directory();
	make_file("file", "x");
	fd = MUST(open("file", O_RDWR));
	CHECK(statfs64(".", &space) == 0);
	CHECK(fstatfs64(fd, &same) == 0);
	CHECK(statfs(".", &narrow) == 0);
	CHECK(space.f_type != 0);
	CHECK(space.f_bsize >= 512);
	CHECK(space.f_blocks >= space.f_bfree);
	CHECK(space.f_bfree >= space.f_bavail);
	CHECK(space.f_namelen >= 255);
	CHECK_EQ(space.f_type, same.f_type);
	CHECK_EQ(space.f_blocks, same.f_blocks);
	CHECK_EQ(narrow.f_bsize, space.f_bsize);
	CHECK_EQ(raw_syscall(SYS_statfs64, ".", 1, &space), -EINVAL);	/* wrong size */
	CHECK_ERRNO(statfs64("missing", &space), ENOENT);
	CHECK_ERRNO(fstatfs64(999, &space), EBADF);
	CHECK(statfs64("/proc", &space) == 0);
	CHECK_EQ(space.f_type, 0x9fa0);
	CHECK(fsync(fd) == 0);
	CHECK(fdatasync(fd) == 0);
	sync();
	int fds[2];

	CHECK(pipe(fds) == 0);
	CHECK_ERRNO(fsync(fds[0]), EINVAL);
	CHECK(unlink("file") == 0);
	return 0;
}
