/*
 * Partitions of a loop device: they come with its file, and go with it, which is not before the
 * last of their users has gone.
 */
#include "loop_ext2.h"
#include <sys/mount.h>

enum { FIRST = 8, COUNT = BLOCKS * BLOCK / 512, SIZE = (FIRST + COUNT) * 512 };

static const char *partition_name(int number)
{
	static char path[32];

	snprintf(path, sizeof(path), "/dev/loop%dp1", number);
	return path;
}

/* A table of one partition, a file system in it. */
static int make_disk(void)
{
	int file = loop_make_file("disk", SIZE);
	unsigned char table[512] = "";

	put(table + 446 + 4, 0x83, 1);
	put(table + 446 + 8, FIRST, 4);
	put(table + 446 + 12, COUNT, 4);
	put(table + 510, 0xaa55, 2);
	CHECK_EQ(pwrite(file, table, sizeof(table), 0), sizeof(table));
	return file;
}

static int attach(int file, int *number)
{
	int loop = loop_attach(file, number);
	struct loop_info64 info = { .lo_flags = LO_FLAGS_PARTSCAN };
	char path[64], text[16];

	CHECK(ioctl(loop, LOOP_SET_STATUS64, &info) == 0);
	CHECK(access(partition_name(*number), F_OK) == 0);
	snprintf(path, sizeof(path), "/sys/block/loop%d/loop%dp1/partition", *number, *number);
	read_text(path, text, sizeof(text));
	CHECK(strcmp(text, "1\n") == 0);
	return loop;
}

static void check_going(int loop, bool is)
{
	struct loop_info64 info;

	CHECK(ioctl(loop, LOOP_GET_STATUS64, &info) == 0);
	CHECK_EQ(info.lo_flags, LO_FLAGS_PARTSCAN | (is ? LO_FLAGS_AUTOCLEAR : 0));
}

static void check_gone(int number)
{
	char path[64];

	snprintf(path, sizeof(path), "/sys/block/loop%d/loop%dp1", number, number);
	CHECK_ERRNO(access(path, F_OK), ENOENT);
	CHECK(!is_attached(number));
	CHECK_ERRNO(open(partition_name(number), O_RDONLY), ENOENT);
}

static void whole_alone(int file)
{
	int number, loop = attach(file, &number);

	CHECK(ioctl(loop, LOOP_CLR_FD) == 0);
	CHECK_EQ(loop_size(loop), 0);
	CHECK_ERRNO(open(partition_name(number), O_RDONLY), ENOENT);
	CHECK(close(loop) == 0);
	check_gone(number);
}

/* Asked through the partition, or through the disk while a partition is open. */
static void open_partition(int file, bool by_partition)
{
	int number, loop = attach(file, &number);
	int partition = MUST(open(partition_name(number), O_RDWR));
	char text[9];

	CHECK_EQ(loop_size(partition), COUNT * 512);
	CHECK(ioctl(by_partition ? partition : loop, LOOP_CLR_FD) == 0);
	check_going(loop, true);
	check_going(partition, true);
	CHECK_EQ(loop_size(loop), SIZE);
	CHECK(close(loop) == 0);
	CHECK_EQ(loop_size(partition), COUNT * 512);
	CHECK_EQ(pwrite(partition, "remaining", 9, 5000), 9);
	CHECK(fsync(partition) == 0 && ioctl(partition, BLKFLSBUF) == 0);
	CHECK_EQ(pread(partition, text, 9, 5000), 9);
	CHECK(memcmp(text, "remaining", 9) == 0);
	CHECK(close(partition) == 0);
	check_gone(number);
	CHECK_EQ(pread(file, text, 9, FIRST * 512 + 5000), 9);
	CHECK(memcmp(text, "remaining", 9) == 0);
}

static void mounted_partition(int file)
{
	int number, loop = attach(file, &number);
	int partition = MUST(open(partition_name(number), O_RDWR));

	make_ext2(partition);
	CHECK(close(partition) == 0);
	MUST(mount(partition_name(number), "place", "ext2", 0, NULL));
	fill("place/file", 100000, 3);
	CHECK_ERRNO(ioctl(loop, BLKRRPART), EBUSY);
	CHECK(ioctl(loop, LOOP_CLR_FD) == 0);
	check_going(loop, true);
	CHECK(close(loop) == 0);
	CHECK(is_attached(number));
	fill("place/other", 100000, 5);
	MUST(umount("place"));
	check_gone(number);
	loop = attach(file, &number);
	MUST(mount(partition_name(number), "place", "ext2", MS_RDONLY, NULL));
	verify("place/file", 100000, 3);
	verify("place/other", 100000, 5);
	MUST(umount("place"));
	CHECK(ioctl(loop, LOOP_CLR_FD) == 0);
	CHECK(close(loop) == 0);
	check_gone(number);
}

int main(void)
{
	int file;

	CHECK(mkdir("place", 0755) == 0);
	loop_free();
	file = make_disk();
	whole_alone(file);
	open_partition(file, false);
	open_partition(file, true);
	mounted_partition(file);
	CHECK(close(file) == 0);
	return 0;
}
