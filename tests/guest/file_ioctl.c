/*
 * What every file system answers alike: how many bytes are left to read (FIONREAD), the size of its
 * blocks (FIGETBSZ), which modes of fallocate make no sense together, and that access times are
 * kept the relative way.
 */
#include "check.h"
#include <linux/falloc.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/statvfs.h>

static void left_to_read(int fd)
{
	char bytes[10] = "";
	int left = -7;

	CHECK(write(fd, bytes, sizeof(bytes)) == sizeof(bytes));
	CHECK(lseek(fd, 3, SEEK_SET) == 3);
	CHECK(ioctl(fd, FIONREAD, &left) == 0);
	CHECK_EQ(left, 7);
	CHECK(lseek(fd, 13, SEEK_SET) == 13);
	CHECK(ioctl(fd, FIONREAD, &left) == 0);
	CHECK_EQ(left, -3);
	CHECK_ERRNO(ioctl(fd, FIONREAD, NULL), EFAULT);
}

static void block_size(int fd)
{
	struct statvfs space;
	int size = 0;

	CHECK(fstatvfs(fd, &space) == 0);
	CHECK(ioctl(fd, FIGETBSZ, &size) == 0);
	CHECK_EQ(size, space.f_bsize);
	CHECK(space.f_flag & ST_RELATIME);
}

static void allocate_modes(int fd)
{
	const int keep = FALLOC_FL_KEEP_SIZE;
	int reader = MUST(open("/proc/self/exe", O_RDONLY));

	CHECK_ERRNO(fallocate(fd, FALLOC_FL_COLLAPSE_RANGE | keep, 0, 4096), EINVAL);
	CHECK_ERRNO(fallocate(fd, FALLOC_FL_INSERT_RANGE | keep, 0, 4096), EINVAL);
	CHECK_ERRNO(fallocate(fd, FALLOC_FL_UNSHARE_RANGE | FALLOC_FL_ZERO_RANGE, 0, 4096), EINVAL);
	CHECK_ERRNO(fallocate(fd, FALLOC_FL_PUNCH_HOLE, 0, 4096), EOPNOTSUPP);
	CHECK_ERRNO(fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_ZERO_RANGE, 0, 1), EOPNOTSUPP);
	CHECK_ERRNO(fallocate(fd, 0x80, 0, 4096), EOPNOTSUPP);
	CHECK_ERRNO(fallocate(reader, FALLOC_FL_COLLAPSE_RANGE | keep, 0, 4096), EINVAL);
	CHECK_ERRNO(fallocate(reader, 0, 0, 4096), EBADF);
	CHECK(close(reader) == 0);
}

static void everything(void)
{
	int fd = MUST(open("file", O_CREAT | O_RDWR, 0600));

	left_to_read(fd);
	block_size(fd);
	allocate_modes(fd);
	CHECK(close(fd) == 0);
	CHECK(unlink("file") == 0);
}

int main(void)
{
	everything();
	enter_disk_directory();
	everything();
	return 0;
}
