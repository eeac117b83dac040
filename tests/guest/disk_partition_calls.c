/*
 * BLKPG: partitions that a program names come, change their size and go, without a table; what is
 * wrong with them is told in Linux's order.
 */
#include "loop.h"
#include <linux/blkpg.h>
#include <sys/mount.h>

enum { SIZE = 1024 * 1024, NUMBER = 3 };

static int loop, number;

static int call(int fd, int operation, int partition, long long start, long long length)
{
	struct blkpg_partition what = { .start = start, .length = length, .pno = partition };
	struct blkpg_ioctl_arg arg = { .op = operation, .datalen = sizeof(what), .data = &what };

	return ioctl(fd, BLKPG, &arg);
}

static int add(int partition, long long start, long long length)
{
	return call(loop, BLKPG_ADD_PARTITION, partition, start, length);
}

static int resize(int partition, long long start, long long length)
{
	return call(loop, BLKPG_RESIZE_PARTITION, partition, start, length);
}

static int delete(int partition)
{
	return call(loop, BLKPG_DEL_PARTITION, partition, 0, 0);
}

static int open_partition(int partition, int mode)
{
	char path[32];

	snprintf(path, sizeof(path), "/dev/loop%dp%d", number, partition);
	return open(path, mode);
}

/* Whose table is not read can have them, too. */
static void without_a_table(void)
{
	MUST(add(1, 0, 4096));
	MUST(delete(1));
	CHECK_ERRNO(ioctl(loop, BLKRRPART), EINVAL);
}

static void refused(void)
{
	CHECK_ERRNO(ioctl(loop, BLKPG, NULL), EFAULT);
	CHECK_ERRNO(add(0, 4096, 4096), EINVAL);
	CHECK_ERRNO(add(-1, 4096, 4096), EINVAL);
	CHECK_ERRNO(add(1, -4096, 8192), EINVAL);
	CHECK_ERRNO(add(1, 4096, 0), EINVAL);
	CHECK_ERRNO(add(1, 4096, -4096), EINVAL);
	CHECK_ERRNO(add(1, 4096, 0x7fffffffffffffff), EINVAL);
	CHECK_ERRNO(add(1, 100, 4096), EINVAL);
	CHECK_ERRNO(add(1, 4096, 100), EINVAL);
	CHECK_ERRNO(add(1000, 4096, 4096), EINVAL);
	CHECK_ERRNO(call(loop, 17, 1, 4096, 4096), EINVAL);
	CHECK_ERRNO(delete(1), ENXIO);
	CHECK_ERRNO(resize(1, 4096, 4096), ENXIO);
}

static void comes_changes_goes(void)
{
	char buffer[8192], text[16], path[64];
	int fd;

	MUST(add(NUMBER, 8192, 8192));
	CHECK_ERRNO(add(NUMBER, 65536, 4096), EBUSY);
	CHECK_ERRNO(add(1, 4096, 8192), EBUSY);
	CHECK_ERRNO(add(1, 12288, 512), EBUSY);
	MUST(add(1, 4096, 4096));
	MUST(add(2, 16384, 4096));
	snprintf(path, sizeof(path), "/sys/block/loop%d/loop%dp%d/start", number, number, NUMBER);
	read_text(path, text, sizeof(text));
	CHECK(strcmp(text, "16\n") == 0);

	fd = MUST(open_partition(NUMBER, O_RDWR));
	CHECK_ERRNO(call(fd, BLKPG_DEL_PARTITION, NUMBER, 0, 0), EINVAL);
	CHECK_EQ(loop_size(fd), 8192);
	memset(buffer, 'x', sizeof(buffer));
	CHECK_EQ(pwrite(fd, buffer, 8192, 0), 8192);
	MUST(fsync(fd));
	CHECK_ERRNO(delete(NUMBER), EBUSY);
	CHECK_ERRNO(resize(NUMBER, 4096, 4096), EINVAL);
	CHECK_ERRNO(resize(NUMBER, 8192, 8192 + 512), EBUSY);
	MUST(resize(NUMBER, 8192, 4096));
	CHECK_EQ(loop_size(fd), 4096);
	CHECK_EQ(pread(fd, buffer, 8192, 0), 4096);
	CHECK_ERRNO(pwrite(fd, buffer, 512, 4096), ENOSPC);
	MUST(resize(NUMBER, 8192, 8192));
	CHECK_EQ(pread(fd, buffer, 8192, 0), 8192);
	CHECK(buffer[0] == 'x' && buffer[8191] == 'x');
	MUST(close(fd));

	MUST(delete(2));
	CHECK_ERRNO(open_partition(2, O_RDONLY), ENOENT);
	CHECK_ERRNO(delete(2), ENXIO);
	/* There is no table that would name them. */
	MUST(ioctl(loop, BLKRRPART));
	CHECK_ERRNO(open_partition(NUMBER, O_RDONLY), ENOENT);
	CHECK_EQ(pread(loop, buffer, 1, 8192), 1);
	CHECK(buffer[0] == 'x');
}

static void user_may_not(void)
{
	CHECK_ERRNO(add(1, 4096, 4096), EACCES);
}

int main(void)
{
	struct loop_info64 info = { .lo_flags = LO_FLAGS_PARTSCAN };
	int file = loop_make_file("disk", SIZE);

	loop = loop_attach(file, &number);
	without_a_table();
	MUST(ioctl(loop, LOOP_SET_STATUS64, &info));
	refused();
	comes_changes_goes();
	run_as(OTHER_UID, user_may_not);
	MUST(add(1, 4096, 4096));
	MUST(ioctl(loop, LOOP_CLR_FD));
	MUST(close(loop));
	CHECK_ERRNO(open_partition(1, O_RDONLY), ENOENT);
	MUST(close(file));
	return 0;
}
