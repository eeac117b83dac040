/*
 * A file system in a file: mounted by a loop device, written, unmounted, and found again; one in a
 * file of another such, also while both are frozen; a device that goes with its mount; a file that
 * is too short or whose file system is full, which is an error of the device, but not of its next
 * file.
 */
#include "loop_ext2.h"
#include <sys/mount.h>
#include <sys/statfs.h>

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

/* Nobody was told that the first file is full. */
static void error_of_the_last(void)
{
	enum { SIZE = 128 * 1024 };
	static char bytes[SIZE];
	int file, number, loop;

	MUST(mount("none", "place", "tmpfs", 0, "size=64k"));
	file = loop_make_file("place/sparse", SIZE);
	loop = loop_attach(file, &number);
	memset(bytes, 'y', SIZE);
	CHECK_EQ(pwrite(loop, bytes, SIZE, 0), SIZE);
	CHECK(close(loop) == 0 && close(file) == 0);
	loop = MUST(loop_open(number, O_RDWR));
	CHECK(ioctl(loop, LOOP_CLR_FD) == 0);
	CHECK(close(loop) == 0);
	MUST(umount("place"));
	file = loop_make_file("file", SIZE);
	loop = MUST(loop_open(number, O_RDWR));
	CHECK(ioctl(loop, LOOP_SET_FD, file) == 0);
	CHECK_EQ(pwrite(loop, bytes, 4096, 0), 4096);
	CHECK(fsync(loop) == 0);
	CHECK(ioctl(loop, LOOP_CLR_FD) == 0);
	CHECK(close(loop) == 0 && close(file) == 0);
}

/*
 * The outer one is frozen while the inner one is unmounted, which waits for the thaw. To freeze
 * once more is an error at once, and whoever thaws is not kept waiting.
 */
static void frozen_below(void)
{
	int outer;
	pid_t leaver;

	mount_file("image", "place", 0);
	CHECK(mkdir("inside", 0755) == 0);
	mount_file("place/inner", "inside", 0);
	fill("inside/deep", 200000, 13);
	outer = MUST(open("place", O_RDONLY | O_DIRECTORY));
	CHECK(ioctl(outer, FIFREEZE, 0) == 0);
	leaver = MUST(fork());
	if (leaver == 0) {
		CHECK(umount("inside") == 0);
		_exit(0);
	}
	usleep(100000); /* it should be waiting by now; if not, same result */
	CHECK_ERRNO(ioctl(outer, FIFREEZE, 0), EBUSY);
	CHECK(ioctl(outer, FITHAW, 0) == 0);
	CHECK_EQ(wait_exit_status(leaver), 0);
	CHECK(close(outer) == 0);
	CHECK(rmdir("inside") == 0 && umount("place") == 0);
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
	frozen_below();
	cut();
	full();
	error_of_the_last();
	return 0;
}
