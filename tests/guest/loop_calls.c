/*
 * Loop devices: what LOOP_SET_FD and its kin take, refuse and tell, who may call them, and when a
 * device is let go.
 */
#include "loop.h"

enum { SIZE = 64 * 1024 };

static void unattached(int number)
{
	int loop = MUST(loop_open(number, O_RDWR));
	struct loop_info64 info = { .lo_offset = 0 };
	struct loop_info old = { .lo_offset = 0 };
	char byte;

	CHECK_EQ(loop_size(loop), 0);
	CHECK_EQ(read(loop, &byte, 1), 0);
	CHECK_ERRNO(write(loop, &byte, 1), ENOSPC);
	CHECK_ERRNO(ioctl(loop, LOOP_CLR_FD), ENXIO);
	CHECK_ERRNO(ioctl(loop, LOOP_GET_STATUS64, &info), ENXIO);
	CHECK_ERRNO(ioctl(loop, LOOP_GET_STATUS, &old), ENXIO);
	CHECK_ERRNO(ioctl(loop, LOOP_GET_STATUS64, NULL), EINVAL);
	CHECK_ERRNO(ioctl(loop, LOOP_SET_STATUS64, &info), ENXIO);
	CHECK_ERRNO(ioctl(loop, LOOP_SET_STATUS64, NULL), EFAULT);
	CHECK_ERRNO(ioctl(loop, LOOP_SET_STATUS, &old), ENXIO);
	CHECK_ERRNO(ioctl(loop, LOOP_SET_CAPACITY), ENXIO);
	CHECK_ERRNO(ioctl(loop, LOOP_SET_DIRECT_IO, 0), ENXIO);
	CHECK_ERRNO(ioctl(loop, LOOP_SET_BLOCK_SIZE, 7), ENXIO);
	CHECK_ERRNO(ioctl(loop, LOOP_SET_FD, -1), EBADF);
	CHECK_ERRNO(ioctl(loop, LOOP_CHANGE_FD, -1), EBADF);
	CHECK_ERRNO(ioctl(loop, LOOP_CONFIGURE, NULL), EFAULT);
	CHECK_ERRNO(ioctl(loop, LOOP_SET_FD, loop), EBADF);
	CHECK_ERRNO(ioctl(loop, BLKRRPART), EINVAL);
	CHECK_ERRNO(ioctl(loop, 0x12345678), EINVAL);
	CHECK_ERRNO(ioctl(loop, 0x301, &info), ENOTTY);
	CHECK_ERRNO(ioctl(loop, 0x301, NULL), EINVAL);
	CHECK(close(loop) == 0);
}

static void refused_files(int number)
{
	int loop = MUST(loop_open(number, O_RDWR));
	int ends[2], null = MUST(open("/dev/null", O_RDWR)), path;

	CHECK(pipe(ends) == 0);
	CHECK_ERRNO(ioctl(loop, LOOP_SET_FD, ends[0]), EINVAL);
	CHECK_ERRNO(ioctl(loop, LOOP_SET_FD, null), EINVAL);
	path = MUST(open("file", O_PATH));
	CHECK_ERRNO(ioctl(loop, LOOP_SET_FD, path), EBADF);
	close(path);
	path = MUST(open(".", O_RDONLY | O_DIRECTORY));
	CHECK_ERRNO(ioctl(loop, LOOP_SET_FD, path), EINVAL);
	close(path);
	close(ends[0]);
	close(ends[1]);
	close(null);
	CHECK(close(loop) == 0);
}

static void statuses(int loop, int number, int file)
{
	struct loop_info64 info, other = { .lo_offset = 0 };
	struct loop_info old;
	struct stat status;

	CHECK(fstat(file, &status) == 0);
	CHECK(ioctl(loop, LOOP_GET_STATUS64, &info) == 0);
	CHECK_EQ(info.lo_number, number);
	CHECK_EQ(info.lo_inode, status.st_ino);
	CHECK_EQ(info.lo_device, status.st_dev);
	CHECK(info.lo_rdevice == 0 && info.lo_offset == 0 && info.lo_sizelimit == 0);
	CHECK(info.lo_flags == 0 && info.lo_file_name[0] == 0);

	other.lo_offset = 4096 + 512;
	other.lo_sizelimit = 8192 + 100;
	memset(other.lo_file_name, 'n', LO_NAME_SIZE);
	CHECK(ioctl(loop, LOOP_SET_STATUS64, &other) == 0);
	CHECK_EQ(loop_size(loop), 8192);
	CHECK(ioctl(loop, LOOP_GET_STATUS64, &info) == 0);
	CHECK(info.lo_offset == 4608 && info.lo_sizelimit == 8292);
	CHECK_EQ(info.lo_file_name[LO_NAME_SIZE - 2], 'n');
	CHECK_EQ(info.lo_file_name[LO_NAME_SIZE - 1], 0);
	other.lo_flags = LO_FLAGS_READ_ONLY | LO_FLAGS_AUTOCLEAR;
	CHECK(ioctl(loop, LOOP_SET_STATUS64, &other) == 0);
	CHECK(ioctl(loop, LOOP_GET_STATUS64, &info) == 0 && info.lo_flags == LO_FLAGS_AUTOCLEAR);
	other.lo_flags = 0;
	other.lo_sizelimit = 0;
	other.lo_offset = SIZE + 1;
	CHECK(ioctl(loop, LOOP_SET_STATUS64, &other) == 0);
	CHECK_EQ(loop_size(loop), 0);
	CHECK(ioctl(loop, LOOP_GET_STATUS64, &info) == 0 && info.lo_flags == 0);
	other.lo_offset = 1ULL << 63;
	CHECK_ERRNO(ioctl(loop, LOOP_SET_STATUS64, &other), EOVERFLOW);
	other.lo_encrypt_type = 1;
	CHECK_ERRNO(ioctl(loop, LOOP_SET_STATUS64, &other), EINVAL);
	other = (struct loop_info64){ .lo_encrypt_key_size = 33 };
	CHECK_ERRNO(ioctl(loop, LOOP_SET_STATUS64, &other), EINVAL);
	memset(&old, 0, sizeof(old));
	old.lo_offset = 512;
	strcpy(old.lo_name, "old");
	CHECK(ioctl(loop, LOOP_SET_STATUS, &old) == 0);
	CHECK_EQ(loop_size(loop), SIZE - 512);
	CHECK(ioctl(loop, LOOP_GET_STATUS64, &info) == 0 && info.lo_offset == 512);
	CHECK(strcmp((char *)info.lo_file_name, "old") == 0);
	old.lo_offset = -512;
	CHECK_ERRNO(ioctl(loop, LOOP_SET_STATUS, &old), EOVERFLOW);
	old.lo_offset = 0;
	CHECK(ioctl(loop, LOOP_SET_STATUS, &old) == 0);
	CHECK_EQ(loop_size(loop), SIZE);
}

static void sizes(int loop, int file)
{
	struct stat status;
	int number = 0;

	CHECK(ftruncate(file, 2 * SIZE + 700) == 0);
	CHECK_EQ(loop_size(loop), SIZE);
	CHECK(ioctl(loop, LOOP_SET_CAPACITY) == 0);
	CHECK_EQ(loop_size(loop), 2 * SIZE + 512);
	CHECK(ftruncate(file, SIZE) == 0);
	CHECK(ioctl(loop, LOOP_SET_CAPACITY) == 0);
	CHECK_EQ(loop_size(loop), SIZE);
	/* What was written to the part that goes does not make the file longer again. */
	CHECK_EQ(pwrite(loop, "lost", 4, SIZE - 4096), 4);
	CHECK(ftruncate(file, SIZE / 2) == 0);
	CHECK(ioctl(loop, LOOP_SET_CAPACITY) == 0);
	CHECK_EQ(loop_size(loop), SIZE / 2);
	CHECK(fstat(file, &status) == 0);
	CHECK_EQ(status.st_size, SIZE / 2);
	CHECK(ftruncate(file, SIZE) == 0);
	CHECK(ioctl(loop, LOOP_SET_CAPACITY) == 0);
	CHECK_EQ(loop_size(loop), SIZE);
	CHECK_ERRNO(ioctl(loop, LOOP_SET_BLOCK_SIZE, 256), EINVAL);
	CHECK_ERRNO(ioctl(loop, LOOP_SET_BLOCK_SIZE, 1000), EINVAL);
	CHECK_ERRNO(ioctl(loop, LOOP_SET_BLOCK_SIZE, 8192), EINVAL);
	CHECK(ioctl(loop, BLKSSZGET, &number) == 0 && number == 512);
	CHECK(ioctl(loop, LOOP_SET_BLOCK_SIZE, 2048) == 0);
	CHECK(ioctl(loop, BLKSSZGET, &number) == 0 && number == 2048);
	CHECK(ioctl(loop, BLKPBSZGET, &number) == 0 && number == 2048);
	number = 1024;
	CHECK_ERRNO(ioctl(loop, BLKBSZSET, &number), EINVAL);
	CHECK(ioctl(loop, LOOP_SET_BLOCK_SIZE, 512) == 0);
	CHECK(ioctl(loop, LOOP_SET_DIRECT_IO, 0) == 0);
}

static void contents(int loop, int file)
{
	static char wrote[SIZE], got[SIZE];

	for (int i = 0; i < SIZE; i++)
		wrote[i] = (char)(i * 7 + i / 511);
	CHECK_EQ(pwrite(loop, wrote, SIZE, 0), SIZE);
	CHECK_ERRNO(pwrite(loop, wrote, 1, SIZE), ENOSPC);
	CHECK_EQ(pread(loop, got, SIZE, SIZE - 10), 10);
	CHECK(fsync(loop) == 0);
	CHECK_EQ(pread(file, got, SIZE, 0), SIZE);
	CHECK(memcmp(wrote, got, SIZE) == 0);
	CHECK_EQ(pwrite(file, "changed", 7, 5000), 7);
	CHECK(ioctl(loop, BLKFLSBUF) == 0);
	CHECK_EQ(pread(loop, got, 7, 5000), 7);
	CHECK(memcmp(got, "changed", 7) == 0);
}

/* The last close detaches what was told so, and what could not go before. */
static void let_go(int number, int file)
{
	int loop = MUST(loop_open(number, O_RDWR)), other = MUST(loop_open(number, O_RDONLY));
	struct loop_info64 info = { .lo_flags = LO_FLAGS_AUTOCLEAR };

	CHECK(ioctl(other, LOOP_CLR_FD) == 0);
	CHECK(ioctl(loop, LOOP_GET_STATUS64, &info) == 0 && info.lo_flags == LO_FLAGS_AUTOCLEAR);
	CHECK_EQ(loop_size(loop), SIZE);
	CHECK(close(loop) == 0);
	CHECK(ioctl(other, LOOP_GET_STATUS64, &info) == 0);
	CHECK(close(other) == 0);
	loop = MUST(loop_open(number, O_RDWR));
	CHECK_ERRNO(ioctl(loop, LOOP_GET_STATUS64, &info), ENXIO);
	CHECK_EQ(loop_size(loop), 0);
	CHECK(ioctl(loop, LOOP_SET_FD, file) == 0);
	CHECK(ioctl(loop, LOOP_CLR_FD) == 0);
	CHECK_EQ(loop_size(loop), 0);
	CHECK_ERRNO(ioctl(loop, LOOP_CLR_FD), ENXIO);
	CHECK(close(loop) == 0);
}

static void configured(int number, int file)
{
	int loop = MUST(loop_open(number, O_RDWR | O_EXCL)), other, third, size = 0;
	struct loop_config config = { .fd = file, .block_size = 1024,
		.info = { .lo_offset = 1024, .lo_flags = 2 } };
	struct loop_info64 info;

	CHECK_ERRNO(ioctl(loop, LOOP_CONFIGURE, &config), EINVAL);
	config.info.lo_flags = LO_FLAGS_READ_ONLY;
	config.block_size = 100;
	CHECK_ERRNO(ioctl(loop, LOOP_CONFIGURE, &config), EINVAL);
	config.block_size = 1024;
	other = MUST(loop_open(number, O_RDWR));
	CHECK_ERRNO(ioctl(other, LOOP_CONFIGURE, &config), EBUSY);
	CHECK(close(other) == 0);
	CHECK(ioctl(loop, LOOP_CONFIGURE, &config) == 0);
	CHECK_ERRNO(ioctl(loop, LOOP_CONFIGURE, &config), EBUSY);
	CHECK(ioctl(loop, LOOP_GET_STATUS64, &info) == 0 && info.lo_flags == LO_FLAGS_READ_ONLY);
	CHECK_EQ(loop_size(loop), SIZE - 1024);
	CHECK(ioctl(loop, BLKSSZGET, &size) == 0 && size == 1024);
	CHECK(ioctl(loop, BLKROGET, &size) == 0 && size == 1);
	CHECK_ERRNO(write(loop, "x", 1), EPERM);
	other = MUST(loop_make_file("second", SIZE));
	CHECK_EQ(pwrite(other, "second", 6, 1024), 6);
	CHECK(ioctl(loop, LOOP_CHANGE_FD, other) == 0);
	CHECK(ioctl(loop, BLKFLSBUF) == 0);
	char text[6];
	CHECK_EQ(pread(loop, text, 6, 0), 6);
	CHECK(memcmp(text, "second", 6) == 0);
	third = loop_make_file("third", SIZE / 2);
	CHECK_ERRNO(ioctl(loop, LOOP_CHANGE_FD, third), EINVAL);
	CHECK_ERRNO(ioctl(loop, LOOP_CHANGE_FD, loop), EBADF);
	CHECK(close(other) == 0 && close(third) == 0);
	CHECK(ioctl(loop, LOOP_CLR_FD) == 0);
	CHECK(close(loop) == 0);
}

/* A file that cannot be written, or a device that is not opened to be, is a read-only disk. */
static void read_only(int number)
{
	int file = MUST(open("file", O_RDONLY)), loop = MUST(loop_open(number, O_RDWR)), value = 0;
	struct loop_info64 info;

	CHECK(ioctl(loop, LOOP_SET_FD, file) == 0);
	CHECK(ioctl(loop, LOOP_GET_STATUS64, &info) == 0 && info.lo_flags == LO_FLAGS_READ_ONLY);
	CHECK(ioctl(loop, BLKROGET, &value) == 0 && value == 1);
	CHECK_ERRNO(write(loop, "x", 1), EPERM);
	CHECK(close(file) == 0);
	CHECK(ioctl(loop, LOOP_CLR_FD) == 0);
	CHECK(ioctl(loop, BLKROGET, &value) == 0 && value == 1);
	CHECK(close(loop) == 0);
	file = MUST(open("file", O_RDWR));
	loop = MUST(loop_open(number, O_RDONLY));
	CHECK(ioctl(loop, LOOP_SET_FD, file) == 0);
	CHECK(ioctl(loop, LOOP_GET_STATUS64, &info) == 0 && info.lo_flags == LO_FLAGS_READ_ONLY);
	CHECK(ioctl(loop, LOOP_CLR_FD) == 0);
	CHECK(close(loop) == 0 && close(file) == 0);
}

/* Devices that show each other. */
static void circles(int file)
{
	int number, second_number, first = loop_attach(file, &number), second, third;
	struct loop_info64 info;
	struct stat status;

	second = loop_attach(first, &second_number);
	CHECK_EQ(loop_size(second), SIZE);
	CHECK(fstat(first, &status) == 0);
	CHECK(ioctl(second, LOOP_GET_STATUS64, &info) == 0);
	CHECK(info.lo_rdevice == status.st_rdev && info.lo_inode == status.st_ino);
	CHECK(pwrite(second, "through", 7, 1000) == 7 && fsync(second) == 0);
	char text[7];
	CHECK(pread(file, text, 7, 1000) == 7 && memcmp(text, "through", 7) == 0);
	CHECK_ERRNO(ioctl(first, LOOP_CHANGE_FD, second), EINVAL);
	CHECK(ioctl(second, LOOP_CLR_FD) == 0);
	/* What shows nothing cannot be shown. */
	third = MUST(loop_open(second_number, O_RDWR));
	CHECK(ioctl(first, LOOP_CLR_FD) == 0);
	CHECK_ERRNO(ioctl(first, LOOP_SET_FD, third), EINVAL);
	CHECK(close(first) == 0 && close(second) == 0 && close(third) == 0);
}

/* A disk has no end to append to. */
static void appending_to_disk(int file)
{
	int number, upper_number, upper, appender;
	int lower = loop_attach(file, &number);
	struct loop_info64 info;
	struct stat status;
	char text[5];

	appender = MUST(loop_open(number, O_RDWR | O_APPEND));
	upper = loop_attach(appender, &upper_number);
	CHECK(ioctl(upper, LOOP_GET_STATUS64, &info) == 0 && info.lo_flags == 0);
	CHECK_EQ(pwrite(upper, "upper", 5, 5000), 5);
	CHECK(fsync(upper) == 0);
	CHECK_EQ(pread(file, text, 5, 5000), 5);
	CHECK(memcmp(text, "upper", 5) == 0);
	CHECK(ioctl(upper, LOOP_CLR_FD) == 0 && close(upper) == 0 && close(appender) == 0);
	CHECK(ioctl(lower, LOOP_CLR_FD) == 0 && close(lower) == 0);
	CHECK(fstat(file, &status) == 0);
	CHECK_EQ(status.st_size, SIZE);
}

static void control(void)
{
	int fd = MUST(open("/dev/loop-control", O_RDWR));
	struct stat status;

	CHECK(fstat(fd, &status) == 0);
	CHECK(S_ISCHR(status.st_mode) && status.st_rdev == makedev(10, 237));
	CHECK_ERRNO(ioctl(fd, LOOP_CTL_ADD, 7), EEXIST);
	CHECK_ERRNO(ioctl(fd, LOOP_CTL_REMOVE, -1), EINVAL);
	CHECK_ERRNO(ioctl(fd, LOOP_CTL_REMOVE, 1234), ENODEV);
	CHECK_ERRNO(ioctl(fd, LOOP_SET_FD, 0), ENOSYS);
	int loop = MUST(loop_open(7, O_RDONLY));
	CHECK_ERRNO(ioctl(fd, LOOP_CTL_REMOVE, 7), EBUSY);
	CHECK(close(loop) == 0);
	CHECK(access("/sys/block/loop7", F_OK) == 0);
	CHECK_EQ(ioctl(fd, LOOP_CTL_REMOVE, 7), 0);
	CHECK_ERRNO(access("/sys/block/loop7", F_OK), ENOENT);
	CHECK_ERRNO(ioctl(fd, LOOP_CTL_REMOVE, 7), ENODEV);
	CHECK_ERRNO(loop_open(7, O_RDONLY), ENOENT);
	CHECK_EQ(ioctl(fd, LOOP_CTL_ADD, 7), 7);
	CHECK(access("/sys/block/loop7", F_OK) == 0);
	CHECK(stat("/dev/loop7", &status) == 0);
	CHECK(S_ISBLK(status.st_mode) && status.st_rdev == makedev(7, 7));
	CHECK(close(fd) == 0);
}

static int users_loop, users_readable;

static void as_a_user(void)
{
	struct loop_info64 info = { .lo_offset = 0 };

	CHECK_ERRNO(open("/dev/loop-control", O_RDWR), EACCES);
	CHECK(ioctl(users_readable, LOOP_GET_STATUS64, &info) == 0);
	CHECK_ERRNO(ioctl(users_readable, LOOP_SET_STATUS64, &info), EPERM);
	CHECK_ERRNO(ioctl(users_readable, LOOP_SET_CAPACITY), EPERM);
	CHECK(ioctl(users_loop, LOOP_SET_STATUS64, &info) == 0);
	CHECK(ioctl(users_loop, LOOP_SET_CAPACITY) == 0);
}

int main(void)
{
	int file = loop_make_file("file", SIZE), number, loop;

	control();
	number = loop_free();
	unattached(number);
	refused_files(number);
	loop = loop_attach(file, &number);
	CHECK_ERRNO(ioctl(loop, LOOP_SET_FD, file), EBUSY);
	CHECK_ERRNO(ioctl(loop, LOOP_CHANGE_FD, file), EINVAL);
	statuses(loop, number, file);
	sizes(loop, file);
	contents(loop, file);
	users_loop = loop;
	users_readable = MUST(loop_open(number, O_RDONLY));
	run_as(OTHER_UID, as_a_user);
	close(users_readable);
	CHECK(close(loop) == 0);
	let_go(number, file);
	configured(number, file);
	read_only(number);
	circles(file);
	appending_to_disk(file);
	CHECK(close(file) == 0);
	return 0;
}
