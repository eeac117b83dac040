/*
 * BLKZEROOUT: who may, what is refused, and, on a disk named as argument, which may be overwritten
 * (driven/disk_nodes does so), that just these bytes are zero, for those who read and who have it
 * mapped.
 */
#include "check.h"
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/sysmacros.h>

enum { SIZE = 1 << 20, FILL = 0xaa };

static int fd;
static unsigned long long disk_size;
static unsigned char *map;

static int zero(unsigned long long offset, unsigned long long size)
{
	unsigned long long range[2] = { offset, size };

	return ioctl(fd, BLKZEROOUT, range);
}

/* The bytes in [start, end) are zero, all others FILL. */
static void check_zeroes(size_t start, size_t end)
{
	unsigned char *bytes = malloc(SIZE);

	CHECK(bytes != NULL);
	CHECK_EQ(pread(fd, bytes, SIZE, 0), SIZE);
	CHECK(memcmp(bytes, map, SIZE) == 0);
	for (size_t i = 0; i < SIZE; i++)
		CHECK_EQ(bytes[i], i >= start && i < end ? 0 : FILL);
	free(bytes);
}

static void fill(void)
{
	unsigned char *bytes = malloc(SIZE);

	CHECK(bytes != NULL);
	memset(bytes, FILL, SIZE);
	CHECK_EQ(pwrite(fd, bytes, SIZE, 0), SIZE);
	free(bytes);
}

static void refused(void)
{
	CHECK_ERRNO(zero(100, 512), EINVAL);
	CHECK_ERRNO(zero(512, 100), EINVAL);
	CHECK_ERRNO(zero(512, 0), EINVAL);
	CHECK_ERRNO(zero(0, 0), EINVAL);
	CHECK_ERRNO(zero(disk_size - 512, 1024), EINVAL);
	CHECK_ERRNO(zero(disk_size, 512), EINVAL);
	CHECK_ERRNO(zero(-512ull, 1024), EINVAL);
	CHECK_ERRNO(zero(1024, -512ull), EINVAL);
	CHECK_ERRNO(ioctl(fd, BLKZEROOUT, NULL), EFAULT);
	check_zeroes(0, 0);
}

static void on_disk(const char *path)
{
	int yes = 1, no = 0;

	fd = MUST(open(path, O_RDWR));
	MUST(ioctl(fd, BLKGETSIZE64, &disk_size));
	map = mmap(NULL, SIZE, PROT_READ, MAP_SHARED, fd, 0);
	CHECK(map != MAP_FAILED);
	fill();
	refused();
	CHECK_EQ(zero(512, 1024), 0);
	check_zeroes(512, 1536);
	fill();
	CHECK_EQ(zero(4096, 8192), 0);
	check_zeroes(4096, 12288);
	fill();
	CHECK_EQ(zero(3584, SIZE - 4096), 0);
	check_zeroes(3584, SIZE - 512);
	MUST(ioctl(fd, BLKROSET, &yes));
	CHECK_ERRNO(zero(4096, 512), EPERM); /* Linux forgets what it had cached there first */
	MUST(ioctl(fd, BLKROSET, &no));
	check_zeroes(3584, SIZE - 512);
	MUST(fsync(fd));
}

/* The disk under the tests' folder is mounted: it is only asked. */
static void on_mounted_disk(void)
{
	char path[64];
	struct stat status;

	enter_disk_directory();
	CHECK(stat(".", &status) == 0);
	snprintf(path, sizeof(path), "node");
	MUST(mknod(path, S_IFBLK | 0600, status.st_dev));
	fd = MUST(open(path, O_RDONLY));
	CHECK_ERRNO(zero(0, 512), EBADF);
	CHECK_ERRNO(ioctl(fd, BLKZEROOUT, NULL), EBADF);
	MUST(unlink(path));
}

int main(int argc, char **argv)
{
	if (argc > 1)
		on_disk(argv[1]);
	else
		on_mounted_disk();
	return 0;
}
