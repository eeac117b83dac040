/*
 * Disks that come and go, in /sys: what their files say, and that what somebody has open of one
 * that went says so. With an argument (driven/disk_nodes gives one, since a partition, once known,
 * is remembered, which would be a leak to who counts) also partitions.
 */
#include "loop.h"

enum { NUMBER = 6, SECTORS = 4096, START = 100, LENGTH = 1000 };

#define DISK "/sys/block/loop6"
#define PARTITION DISK "/loop6p2"

static char text[512];

static void expect_text(const char *path, const char *expected)
{
	read_text(path, text, sizeof(text));
	if (strcmp(text, expected) != 0)
		FAIL("%s: %s instead of %s", path, text, expected);
}

static bool has_line(const char *line)
{
	const char *place = strstr(text, line);

	return place && (place == text || place[-1] == '\n') && place[strlen(line)] == '\n';
}

/* The second of a table, which is the only one. */
static int make_disk_file(void)
{
	unsigned char table[512] = { [462 + 4] = 0x83, [510] = 0x55, [511] = 0xaa };
	uint32_t place[2] = { START, LENGTH };
	int file = loop_make_file("disk", SECTORS * 512);

	memcpy(table + 462 + 8, place, sizeof(place));
	CHECK_EQ(pwrite(file, table, sizeof(table), 0), sizeof(table));
	return file;
}

static void attach(int loop, int file, uint32_t flags)
{
	struct loop_info64 info = { .lo_flags = flags };

	MUST(ioctl(loop, LOOP_SET_FD, file));
	MUST(ioctl(loop, LOOP_SET_STATUS64, &info));
}

static void disk_without_a_medium(void)
{
	expect_text(DISK "/dev", "7:6\n");
	expect_text(DISK "/size", "0\n");
	expect_text(DISK "/removable", "0\n");
	read_text(DISK "/uevent", text, sizeof(text));
	CHECK(has_line("MAJOR=7") && has_line("MINOR=6") && has_line("DEVNAME=loop6"));
	CHECK(has_line("DEVTYPE=disk") && !strstr(text, "PARTN="));
	CHECK_ERRNO(access(DISK "/partition", F_OK), ENOENT);
	CHECK_ERRNO(access(DISK "/start", F_OK), ENOENT);
	CHECK_ERRNO(access(PARTITION, F_OK), ENOENT);
}

static void partition(bool is_read_only)
{
	struct stat status;
	char number[32];

	expect_text(PARTITION "/ro", is_read_only ? "1\n" : "0\n");
	expect_text(PARTITION "/partition", "2\n");
	expect_text(PARTITION "/start", "100\n");
	expect_text(PARTITION "/size", "1000\n");
	read_text(PARTITION "/uevent", text, sizeof(text));
	CHECK(has_line("MAJOR=259") && has_line("DEVNAME=loop6p2"));
	CHECK(has_line("DEVTYPE=partition") && has_line("PARTN=2"));
	read_text(PARTITION "/dev", number, sizeof(number));
	CHECK(strncmp(number, "259:", 4) == 0);
	if (stat("/dev/loop6p2", &status) == 0)
		CHECK(status.st_rdev == makedev(259, atoi(number + 4)));
	CHECK_ERRNO(access(PARTITION "/removable", F_OK), ENOENT);
	expect_text("/sys/class/block/loop6p2/partition", "2\n");
}

static void expect_gone(int fd)
{
	CHECK_ERRNO(pread(fd, text, sizeof(text), 0), ENODEV);
	CHECK(close(fd) == 0);
}

static void partition_goes(int loop)
{
	int size = MUST(open(PARTITION "/size", O_RDONLY));
	int folder = MUST(open(PARTITION, O_RDONLY | O_DIRECTORY));

	MUST(ioctl(loop, LOOP_CLR_FD));
	CHECK(close(loop) == 0);
	CHECK_ERRNO(faccessat(folder, "size", F_OK, 0), ENOENT);
	CHECK(close(folder) == 0);
	expect_gone(size);
}

static void comes_and_goes(int file, int mode, bool has_partitions)
{
	int control = MUST(open("/dev/loop-control", O_RDWR));
	int loop = MUST(loop_open(NUMBER, mode)), size, folder;

	attach(loop, file, has_partitions ? LO_FLAGS_PARTSCAN : 0);
	expect_text(DISK "/size", "4096\n");
	expect_text(DISK "/ro", mode == O_RDONLY ? "1\n" : "0\n");
	if (has_partitions) {
		partition(mode == O_RDONLY);
		partition_goes(loop);
	} else {
		MUST(ioctl(loop, LOOP_CLR_FD));
		CHECK(close(loop) == 0);
	}
	disk_without_a_medium();

	size = MUST(open(DISK "/size", O_RDONLY));
	folder = MUST(open(DISK, O_RDONLY | O_DIRECTORY));
	CHECK_EQ(ioctl(control, LOOP_CTL_REMOVE, NUMBER), 0);
	CHECK_ERRNO(access(DISK, F_OK), ENOENT);
	CHECK_ERRNO(access(DISK "/size", F_OK), ENOENT);
	CHECK_ERRNO(access("/sys/class/block/loop6", F_OK), ENOENT);
	CHECK_ERRNO(access("/sys/dev/block/7:6", F_OK), ENOENT);
	CHECK_ERRNO(faccessat(folder, "size", F_OK, 0), ENOENT);
	CHECK(close(folder) == 0);
	expect_gone(size);
	CHECK_EQ(ioctl(control, LOOP_CTL_ADD, NUMBER), NUMBER);
	disk_without_a_medium();
	CHECK(close(control) == 0);
}

int main(int argc, char **argv)
{
	int file;

	(void)argv;
	loop_free();
	file = make_disk_file();
	comes_and_goes(file, O_RDWR, argc > 1);
	CHECK(close(file) == 0);
	file = MUST(open("disk", O_RDONLY));
	comes_and_goes(file, O_RDONLY, argc > 1);
	CHECK(close(file) == 0 && unlink("disk") == 0);
	return 0;
}
