/* test: linux=no
 * Where loop devices keep more of what was written than Linux 6.1 does. A file that is open with
 * O_APPEND, whose end Linux writes to in place of where it was told, makes a read-only device, and
 * one that is given the flag later cannot be written. And a device is not taken from under the only
 * user of a partition, by whom the call comes.
 */
#include "loop.h"

enum { SIZE = 128 * 1024 };

static void check_flags(int loop, unsigned int flags)
{
	struct loop_info64 info;

	CHECK(ioctl(loop, LOOP_GET_STATUS64, &info) == 0);
	CHECK_EQ(info.lo_flags, flags);
}

static void check_size(int file)
{
	struct stat status;

	CHECK(fstat(file, &status) == 0);
	CHECK_EQ(status.st_size, SIZE);
}

static void detach(int loop)
{
	CHECK(ioctl(loop, LOOP_CLR_FD) == 0);
	CHECK(close(loop) == 0);
}

static void appending(void)
{
	int file = loop_make_file("file", SIZE), appender = MUST(open("file", O_RDWR | O_APPEND));
	int number, loop = loop_attach(appender, &number), value = 0;
	char byte = 'x';

	check_flags(loop, LO_FLAGS_READ_ONLY);
	CHECK(ioctl(loop, BLKROGET, &value) == 0 && value == 1);
	CHECK_ERRNO(pwrite(loop, "x", 1, 5000), EPERM);
	CHECK_EQ(pread(loop, &byte, 1, 5000), 1);
	CHECK_EQ(byte, 0);
	detach(loop);
	check_size(file);
	CHECK(close(file) == 0 && close(appender) == 0);
}

static void appending_later(void)
{
	int file = loop_make_file("file", SIZE), number, loop = loop_attach(file, &number);
	char text[6];

	CHECK_EQ(pwrite(loop, "before", 6, 5000), 6);
	CHECK(fsync(loop) == 0);
	CHECK(fcntl(file, F_SETFL, O_APPEND) == 0);
	CHECK_EQ(pwrite(loop, "during", 6, 5000), 6);
	CHECK_ERRNO(fsync(loop), EIO);
	check_size(file);
	CHECK_EQ(pread(file, text, 6, 5000), 6);
	CHECK(memcmp(text, "before", 6) == 0);
	CHECK(fcntl(file, F_SETFL, 0) == 0);
	CHECK_EQ(pwrite(loop, "behind", 6, 5000), 6);
	CHECK(fsync(loop) == 0);
	check_size(file);
	CHECK_EQ(pread(file, text, 6, 5000), 6);
	CHECK(memcmp(text, "behind", 6) == 0);
	detach(loop);
	CHECK(close(file) == 0);
}

static void partition_alone(void)
{
	static const unsigned char entry[16] = { [4] = 0x83, [8] = 8, [12] = 64 };
	struct loop_info64 info = { .lo_flags = LO_FLAGS_PARTSCAN };
	int file = loop_make_file("file", SIZE), number, loop, partition;
	char path[32];

	CHECK_EQ(pwrite(file, entry, 16, 446), 16);
	CHECK_EQ(pwrite(file, "\x55\xaa", 2, 510), 2);
	loop = loop_attach(file, &number);
	CHECK(ioctl(loop, LOOP_SET_STATUS64, &info) == 0);
	snprintf(path, sizeof(path), "/dev/loop%dp1", number);
	partition = MUST(open(path, O_RDWR));
	CHECK(close(loop) == 0);
	CHECK(ioctl(partition, LOOP_CLR_FD) == 0);
	check_flags(partition, LO_FLAGS_PARTSCAN | LO_FLAGS_AUTOCLEAR);
	CHECK_EQ(pwrite(partition, "whole", 5, 0), 5);
	CHECK(fsync(partition) == 0);
	CHECK(close(partition) == 0);
	CHECK_ERRNO(open(path, O_RDONLY), ENOENT);
	loop = MUST(loop_open(number, O_RDONLY));
	CHECK_ERRNO(ioctl(loop, LOOP_GET_STATUS64, &info), ENXIO);
	CHECK(close(loop) == 0 && close(file) == 0);
}

int main(void)
{
	loop_free();
	appending();
	appending_later();
	partition_alone();
	return 0;
}
