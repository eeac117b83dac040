/*
 * Every disk and partition that /proc/partitions lists has its node in /dev, for root alone, and
 * what the node shows is the disk: its size, its sectors, the root's file system. A mounted disk
 * can be read, and is not given away with O_EXCL.
 */
#include "check.h"
#include <linux/fs.h>
#include <linux/hdreg.h>
#include <sys/ioctl.h>
#include <sys/sysmacros.h>

static void describe(int fd, unsigned long long sectors)
{
	unsigned long long bytes = 0;
	unsigned long count = 0;
	struct hd_geometry geometry;
	unsigned short word = 7;
	int number = -1;
	long ahead = -1;

	CHECK(ioctl(fd, BLKGETSIZE64, &bytes) == 0);
	CHECK_EQ(bytes, sectors * 512);
	CHECK(ioctl(fd, BLKGETSIZE, &count) == 0);
	CHECK_EQ(count, sectors);
	CHECK(lseek(fd, 0, SEEK_END) == (off_t)bytes);
	CHECK(ioctl(fd, BLKSSZGET, &number) == 0 && number == 512);
	CHECK(ioctl(fd, BLKPBSZGET, &number) == 0 && number == 512);
	CHECK(ioctl(fd, BLKIOMIN, &number) == 0 && number == 512);
	CHECK(ioctl(fd, BLKALIGNOFF, &number) == 0 && number == 0);
	CHECK(ioctl(fd, BLKROGET, &number) == 0 && number == 0);
	CHECK(ioctl(fd, BLKBSZGET, &number) == 0 && number >= 512 && number <= 4096);
	CHECK(ioctl(fd, BLKRAGET, &ahead) == 0 && ahead > 0);
	CHECK_ERRNO(ioctl(fd, BLKRAGET, NULL), EINVAL);
	CHECK_ERRNO(ioctl(fd, BLKGETSIZE64, NULL), EFAULT);
	CHECK(ioctl(fd, BLKROTATIONAL, &word) == 0 && word <= 1);
	CHECK(ioctl(fd, HDIO_GETGEO, &geometry) == 0);
	CHECK(geometry.heads > 0 && geometry.sectors > 0);
	CHECK_ERRNO(ioctl(fd, HDIO_GETGEO, NULL), EINVAL);
	CHECK_ERRNO(ioctl(fd, BLKDISCARD, NULL), EBADF);
	CHECK(ioctl(fd, BLKFLSBUF, 0) == 0);
	number = 100;
	CHECK_ERRNO(ioctl(fd, BLKBSZSET, &number), EBUSY);
	CHECK_ERRNO(ioctl(fd, BLKBSZSET, NULL), EINVAL);
	CHECK_ERRNO(ioctl(fd, 0x12345678, NULL), ENOTTY);
}

static void protect(int fd)
{
	int yes = 1, no = 0, number = -1;

	CHECK_ERRNO(ioctl(fd, BLKROSET, NULL), EFAULT);
	CHECK(ioctl(fd, BLKROSET, &yes) == 0);
	CHECK(ioctl(fd, BLKROGET, &number) == 0 && number == 1);
	CHECK(ioctl(fd, BLKROSET, &no) == 0);
	CHECK(ioctl(fd, BLKROGET, &number) == 0 && number == 0);
}

/* Others may not open it, but who has the file may ask, though not change anything. */
static void as_a_user(int fd, const char *path)
{
	pid_t child = MUST(fork());

	if (child == 0) {
		int number = 1024;

		CHECK(setresuid(1000, 1000, 1000) == 0);
		CHECK_ERRNO(open(path, O_RDONLY), EACCES);
		CHECK(ioctl(fd, BLKSSZGET, &number) == 0);
		CHECK_ERRNO(ioctl(fd, BLKFLSBUF, 0), EACCES);
		CHECK_ERRNO(ioctl(fd, BLKRRPART, 0), EACCES);
		CHECK_ERRNO(ioctl(fd, BLKROSET, &number), EACCES);
		CHECK_ERRNO(ioctl(fd, BLKRASET, 256), EACCES);
		CHECK_ERRNO(ioctl(fd, BLKBSZSET, NULL), EACCES);
		_exit(0);
	}
	CHECK_EQ(wait_exit_status(child), 0);
}

static bool has_root(int fd)
{
	unsigned char super[64];

	CHECK(pread(fd, super, sizeof(super), 1024) == sizeof(super));
	return super[56] == 0x53 && super[57] == 0xef;
}

int main(void)
{
	FILE *list = fopen("/proc/partitions", "re");
	unsigned int major_number, minor_number, count = 0;
	unsigned long long blocks;
	char line[200], name[64], path[80];
	struct stat root;

	CHECK(list != NULL);
	enter_disk_directory();
	CHECK(stat(".", &root) == 0);
	while (fgets(line, sizeof(line), list)) {
		struct stat node;
		unsigned long long bytes;
		int fd;

		if (sscanf(line, "%u %u %llu %63s", &major_number, &minor_number, &blocks,
			   name) != 4)
			continue;
		snprintf(path, sizeof(path), "/dev/%s", name);
		if (lstat(path, &node) < 0) {
			printf("%s is missing\n", path);
			return 1;
		}
		CHECK_EQ(node.st_mode, S_IFBLK | 0600);
		CHECK(node.st_uid == 0 && node.st_gid == 0 && node.st_nlink == 1);
		CHECK(node.st_rdev == makedev(major_number, minor_number));
		fd = open(path, O_RDONLY);
		if (fd < 0 && errno == ENXIO)
			continue; /* a drive without a medium */
		CHECK(fd >= 0);
		CHECK(ioctl(fd, BLKGETSIZE64, &bytes) == 0);
		if (node.st_rdev == root.st_dev) {
			CHECK(bytes / 1024 == blocks);
			describe(fd, bytes / 512);
			protect(fd);
			as_a_user(fd, path);
			CHECK(has_root(fd));
			CHECK_ERRNO(open(path, O_RDONLY | O_EXCL), EBUSY);
			CHECK_ERRNO(ioctl(fd, BLKRRPART, 0), EBUSY);
			count++;
		}
		CHECK(close(fd) == 0);
	}
	fclose(list);
	CHECK_EQ(count, 1);
	return 0;
}
