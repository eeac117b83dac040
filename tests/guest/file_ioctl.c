/*
 * What every file system answers alike: how many bytes are left to read (FIONREAD), the size of its
 * blocks (FIGETBSZ), hints about what is written, which modes of fallocate make no sense together,
 * that access times are kept the relative way; and on a disk where a file's blocks are (FIBMAP).
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

/* FIBMAP: where on its disk a file lies, for who may know. */
static void map_as_user(void)
{
	int block = 0;

	CHECK_ERRNO(ioctl(open("mapped", O_RDONLY), FIBMAP, &block), EPERM);
}

static void disk_blocks(void)
{
	/* Far enough apart: of one page all blocks may get a place. */
	enum { HOLE = 1 << 16, LAST = 1 << 17 };
	int fd = MUST(open("mapped", O_RDWR | O_CREAT, 0644)), size, last, block;

	CHECK(ioctl(fd, FIGETBSZ, &size) == 0);
	CHECK(pwrite(fd, "x", 1, 0) == 1 && pwrite(fd, "x", 1, LAST) == 1);
	CHECK(fsync(fd) == 0);
	block = 0;
	CHECK(ioctl(fd, FIBMAP, &block) == 0);
	CHECK(block > 0);
	last = LAST / size;
	CHECK(ioctl(fd, FIBMAP, &last) == 0);
	CHECK(last > 0 && last != block);
	block = HOLE / size;
	CHECK(ioctl(fd, FIBMAP, &block) == 0);
	CHECK_EQ(block, 0);
	block = 10 * LAST / size;	/* behind the end */
	CHECK(ioctl(fd, FIBMAP, &block) == 0);
	CHECK_EQ(block, 0);
	block = -1;
	CHECK_ERRNO(ioctl(fd, FIBMAP, &block), EINVAL);
	CHECK_ERRNO(ioctl(fd, FIBMAP, NULL), EFAULT);
	CHECK_ERRNO(ioctl(MUST(open(".", O_RDONLY)), FIBMAP, &block), ENOTTY);
	run_as(OTHER_UID, map_as_user);
	CHECK(unlink("mapped") == 0);
}

/* How long what is written is expected to live: the inode's, any number up to 5. */
static void write_hints(int fd)
{
	uint64_t hint = 7;
	int other = MUST(dup(fd));

	CHECK(fcntl(fd, F_GET_RW_HINT, &hint) == 0);
	CHECK(hint == 0);
	hint = 5;
	CHECK(fcntl(fd, F_SET_RW_HINT, &hint) == 0);
	hint = 0;
	CHECK(fcntl(other, F_GET_RW_HINT, &hint) == 0);
	CHECK(hint == 5);
	hint = 6;
	CHECK_ERRNO(fcntl(fd, F_SET_RW_HINT, &hint), EINVAL);
	CHECK_ERRNO(fcntl(fd, F_SET_RW_HINT, NULL), EFAULT);
	CHECK(close(other) == 0);
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
	write_hints(fd);
	allocate_modes(fd);
	CHECK(close(fd) == 0);
	CHECK(unlink("file") == 0);
}

int main(void)
{
	everything();
	enter_disk_directory();
	everything();
	disk_blocks();
	return 0;
}
