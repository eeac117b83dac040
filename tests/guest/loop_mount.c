/*
 * A file system in a file: mounted by a loop device, written, unmounted, and found again; one in a
 * file of another such, also while both are frozen; a device that goes with its mount; a file that
 * is too short or whose file system is full, which is an error of the device.
 */
#include "loop.h"
#include <sys/mount.h>
#include <sys/statfs.h>

enum { BLOCK = 1024, BLOCKS = 2048, INODES = 64, TABLE = 5, TABLE_BLOCKS = INODES * 128 / BLOCK,
	ROOT_BLOCK = TABLE + TABLE_BLOCKS, USED = ROOT_BLOCK + 1, RESERVED_INODES = 10 };

static void put(unsigned char *at, unsigned int value, int size)
{
	for (int i = 0; i < size; i++)
		at[i] = (unsigned char)(value >> 8 * i);
}

static void put_entry(unsigned char *at, const char *name, int length)
{
	put(at, 2, 4);
	put(at + 4, length, 2);
	put(at + 6, strlen(name), 2);
	memcpy(at + 8, name, strlen(name));
}

/* An empty ext2 of one group, as it was in the beginning. */
static void make_ext2(int fd)
{
	static unsigned char image[USED * BLOCK];
	unsigned char *super = image + BLOCK, *group = super + BLOCK;
	unsigned char *inode = image + TABLE * BLOCK + 128;

	memset(image, 0, sizeof(image));
	put(super, INODES, 4);
	put(super + 4, BLOCKS, 4);
	put(super + 12, BLOCKS - USED, 4);
	put(super + 16, INODES - RESERVED_INODES, 4);
	put(super + 20, 1, 4);
	put(super + 32, 8192, 4);
	put(super + 36, 8192, 4);
	put(super + 40, INODES, 4);
	put(super + 54, 0xffff, 2);
	put(super + 56, 0xef53, 2);
	put(super + 58, 1, 2);
	put(super + 60, 1, 2);
	put(group, 3, 4);
	put(group + 4, 4, 4);
	put(group + 8, TABLE, 4);
	put(group + 12, BLOCKS - USED, 2);
	put(group + 14, INODES - RESERVED_INODES, 2);
	put(group + 16, 1, 2);
	for (int block = 0; block < 8 * BLOCK; block++) {
		if (block < USED - 1 || block >= BLOCKS - 1)
			image[3 * BLOCK + block / 8] |= 1 << block % 8;
		if (block < RESERVED_INODES || block >= INODES)
			image[4 * BLOCK + block / 8] |= 1 << block % 8;
	}
	put(inode, 040755, 2);
	put(inode + 4, BLOCK, 4);
	put(inode + 26, 2, 2);
	put(inode + 28, BLOCK / 512, 4);
	put(inode + 40, ROOT_BLOCK, 4);
	put_entry(image + ROOT_BLOCK * BLOCK, ".", 12);
	put_entry(image + ROOT_BLOCK * BLOCK + 12, "..", BLOCK - 12);
	CHECK_EQ(pwrite(fd, image, sizeof(image), 0), sizeof(image));
}

static const char *device_name(int number)
{
	static char path[32];

	snprintf(path, sizeof(path), "/dev/loop%d", number);
	return path;
}

static void fill(const char *name, int size, int seed)
{
	int fd = MUST(open(name, O_WRONLY | O_CREAT | O_TRUNC, 0644));
	unsigned char bytes[1000];

	for (int done = 0; done < size; done += sizeof(bytes)) {
		for (unsigned int i = 0; i < sizeof(bytes); i++)
			bytes[i] = (unsigned char)(done + i * seed);
		CHECK_EQ(write(fd, bytes, sizeof(bytes)), sizeof(bytes));
	}
	CHECK(close(fd) == 0);
}

static void verify(const char *name, int size, int seed)
{
	int fd = MUST(open(name, O_RDONLY));
	unsigned char bytes[1000];

	for (int done = 0; done < size; done += sizeof(bytes)) {
		CHECK_EQ(read(fd, bytes, sizeof(bytes)), sizeof(bytes));
		for (unsigned int i = 0; i < sizeof(bytes); i++)
			CHECK_EQ(bytes[i], (unsigned char)(done + i * seed));
	}
	CHECK(close(fd) == 0);
}

/* Attach `name`, mount it, and leave the mount as the device's only user. */
static int mount_file(const char *name, const char *place, unsigned long flags)
{
	int file = MUST(open(name, O_RDWR)), number, loop = loop_attach(file, &number);
	struct loop_info64 info = { .lo_flags = LO_FLAGS_AUTOCLEAR };

	CHECK(close(file) == 0);
	CHECK(ioctl(loop, LOOP_SET_STATUS64, &info) == 0);
	MUST(mount(device_name(number), place, "ext2", flags, NULL));
	CHECK(close(loop) == 0);
	return number;
}

static bool is_attached(int number)
{
	int loop = MUST(loop_open(number, O_RDONLY));
	struct loop_info64 info;
	bool is = ioctl(loop, LOOP_GET_STATUS64, &info) == 0;

	CHECK(close(loop) == 0);
	return is;
}

static void plain(void)
{
	int number = mount_file("image", "place", 0), loop;

	CHECK(is_attached(number));
	fill("place/a", 300000, 3);
	CHECK(mkdir("place/folder", 0755) == 0);
	fill("place/folder/b", 50000, 5);
	verify("place/a", 300000, 3);
	/* It cannot go while it is mounted, and does afterwards. */
	loop = MUST(loop_open(number, O_RDONLY));
	CHECK(ioctl(loop, LOOP_CLR_FD) == 0);
	CHECK(close(loop) == 0);
	CHECK(is_attached(number));
	CHECK(umount("place") == 0);
	CHECK(!is_attached(number));
	number = mount_file("image", "place", MS_RDONLY);
	verify("place/a", 300000, 3);
	verify("place/folder/b", 50000, 5);
	CHECK_ERRNO(open("place/new", O_WRONLY | O_CREAT, 0600), EROFS);
	CHECK(umount("place") == 0);
	CHECK(!is_attached(number));
}

/* The outer mount is busy as long as a device shows a file of it. */
static void nested(void)
{
	int outer = mount_file("image", "place", 0), inner, fd;

	fd = MUST(open("place/inner", O_RDWR | O_CREAT, 0600));
	CHECK(ftruncate(fd, BLOCKS * BLOCK) == 0);
	make_ext2(fd);
	CHECK(close(fd) == 0);
	CHECK(mkdir("inside", 0755) == 0);
	inner = mount_file("place/inner", "inside", 0);
	CHECK(inner != outer);
	fill("inside/deep", 200000, 7);
	CHECK_ERRNO(umount("place"), EBUSY);
	sync();
	verify("inside/deep", 200000, 7);
	CHECK(umount("inside") == 0);
	CHECK(!is_attached(inner) && is_attached(outer));
	CHECK(umount("place") == 0);
	CHECK(!is_attached(outer));
	mount_file("image", "place", 0);
	mount_file("place/inner", "inside", 0);
	verify("inside/deep", 200000, 7);
	CHECK(umount("inside") == 0 && umount("place") == 0 && rmdir("inside") == 0);
}

/* What the file lost reads as zeros; what is written there makes it longer again. */
static void cut(void)
{
	int file = loop_make_file("short", 256 * 1024), number, loop = loop_attach(file, &number);
	char bytes[4096], zeros[4096] = "";
	struct stat status;

	CHECK(ftruncate(file, 100) == 0);
	CHECK_EQ(pread(loop, bytes, sizeof(bytes), 128 * 1024), sizeof(bytes));
	CHECK(memcmp(bytes, zeros, sizeof(bytes)) == 0);
	memset(bytes, 'x', sizeof(bytes));
	CHECK_EQ(pwrite(loop, bytes, sizeof(bytes), 64 * 1024), sizeof(bytes));
	CHECK(fsync(loop) == 0);
	CHECK(fstat(file, &status) == 0);
	CHECK_EQ(status.st_size, 68 * 1024);
	CHECK(ioctl(loop, LOOP_CLR_FD) == 0);
	CHECK(close(loop) == 0 && close(file) == 0);
}

static void full(void)
{
	int file, number, loop;
	static char bytes[128 * 1024];

	MUST(mount("none", "place", "tmpfs", 0, "size=64k"));
	file = loop_make_file("place/sparse", sizeof(bytes));
	loop = loop_attach(file, &number);
	memset(bytes, 'y', sizeof(bytes));
	CHECK_EQ(pwrite(loop, bytes, sizeof(bytes), 0), sizeof(bytes));
	CHECK_ERRNO(fsync(loop), EIO);
	CHECK(close(file) == 0);
	CHECK_ERRNO(umount("place"), EBUSY);
	CHECK(ioctl(loop, LOOP_CLR_FD) == 0);
	CHECK(close(loop) == 0);
	MUST(umount("place"));
}

/*
 * Both are frozen, the inner one first. Its thaw writes to a file of the outer one, and waits for
 * that one's thaw; meanwhile others can be mounted, frozen and thawed.
 */
static void frozen(void)
{
	int outer, inner;
	pid_t thawer;

	mount_file("image", "place", 0);
	CHECK(mkdir("inside", 0755) == 0);
	mount_file("place/inner", "inside", 0);
	fill("inside/deep", 200000, 9);
	inner = MUST(open("inside", O_RDONLY | O_DIRECTORY));
	outer = MUST(open("place", O_RDONLY | O_DIRECTORY));
	CHECK(ioctl(inner, FIFREEZE, 0) == 0);
	CHECK(ioctl(outer, FIFREEZE, 0) == 0);
	thawer = MUST(fork());
	if (thawer == 0) {
		CHECK(ioctl(inner, FITHAW, 0) == 0);
		_exit(0);
	}
	usleep(100000); /* it should be waiting by now; if not, same result */
	CHECK(mkdir("other", 0755) == 0);
	MUST(mount("none", "other", "tmpfs", 0, NULL));
	CHECK(umount("other") == 0 && rmdir("other") == 0);
	CHECK(ioctl(outer, FITHAW, 0) == 0);
	CHECK_EQ(wait_exit_status(thawer), 0);
	CHECK_ERRNO(ioctl(inner, FITHAW, 0), EINVAL);
	fill("inside/deep", 100000, 11);
	verify("inside/deep", 100000, 11);
	CHECK(close(inner) == 0 && close(outer) == 0);
	CHECK(umount("inside") == 0 && umount("place") == 0 && rmdir("inside") == 0);
}

int main(void)
{
	int file;

	CHECK(mkdir("place", 0755) == 0);
	loop_free();
	file = loop_make_file("image", BLOCKS * BLOCK);
	make_ext2(file);
	CHECK(close(file) == 0);
	plain();
	nested();
	frozen();
	cut();
	full();
	return 0;
}
