/*
 * Loop devices that become smaller while they are used. A file system on one goes on with what it
 * has in memory; what lies beyond the new end can be neither read nor written, and nothing else
 * goes wrong; when the device has its size again, all is there. And a device on a smaller one: what
 * is written half is not written.
 */
#include "loop_ext2.h"
#include <sys/mount.h>

enum { SIZE = BLOCKS * BLOCK, SMALL = 2 * BLOCK };

static char saved[SIZE];

static void resize(int loop, int file, off_t size)
{
	CHECK(ftruncate(file, size) == 0);
	if (size == SIZE)
		CHECK_EQ(pwrite(file, saved + SMALL, SIZE - SMALL, SMALL), SIZE - SMALL);
	CHECK(ioctl(loop, LOOP_SET_CAPACITY) == 0);
	CHECK_EQ(loop_size(loop), size);
}

static void forget(const char *name)
{
	int fd = MUST(open(name, O_RDONLY));

	CHECK(posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED) == 0);
	CHECK(close(fd) == 0);
}

/* Almost all of the mounted device is away for a moment. */
static void use_without_device(int loop, int file)
{
	char byte;
	int fd;

	fill("place/file", 300000, 3);
	CHECK(mkdir("place/before", 0755) == 0);
	sync();
	forget("place/file");
	CHECK_EQ(pread(file, saved, SIZE, 0), SIZE);
	resize(loop, file, SMALL);
	CHECK(access("place/before", F_OK) == 0);
	CHECK(link("place/file", "place/after") == 0);
	CHECK(access("place/after", F_OK) == 0);
	CHECK(chmod("place/before", 0700) == 0);
	fd = MUST(open("place/file", O_RDONLY));
	CHECK_ERRNO(pread(fd, &byte, 1, 100000), EIO);
	CHECK_EQ(pread(loop, &byte, 1, SMALL), 0);
	resize(loop, file, SIZE);
	CHECK_EQ(pread(fd, &byte, 1, 100000), 1);
	CHECK(close(fd) == 0);
}

/* Was what changed while it was away kept, and written later? */
static bool away_for_a_moment(void)
{
	int file = loop_make_file("image", SIZE), number, loop;
	bool is_kept;

	make_ext2(file);
	loop = loop_attach(file, &number);
	MUST(mount(device_name(number), "place", "ext2", 0, NULL));
	use_without_device(loop, file);
	MUST(umount("place"));
	MUST(mount(device_name(number), "place", "ext2", 0, NULL));
	verify("place/file", 300000, 3);
	CHECK(access("place/before", F_OK) == 0);
	is_kept = access("place/after", F_OK) == 0;
	MUST(umount("place"));
	CHECK(ioctl(loop, LOOP_CLR_FD) == 0);
	CHECK(close(loop) == 0 && close(file) == 0);
	return is_kept;
}

/* It does not come back: what cannot be written is lost, and everything can be left in order. */
static void away_for_good(void)
{
	int file = loop_make_file("image", SIZE), number, loop;

	make_ext2(file);
	loop = loop_attach(file, &number);
	MUST(mount(device_name(number), "place", "ext2", 0, NULL));
	fill("place/file", 300000, 3);
	CHECK(mkdir("place/before", 0755) == 0);
	resize(loop, file, SMALL);
	(void)!mkdir("place/after", 0755);
	fill("place/file", 1000, 5);
	sync();
	(void)!unlink("place/file");
	(void)!mkdir("place/later", 0755);
	sync();
	CHECK_EQ(loop_size(loop), SMALL);
	MUST(umount("place"));
	CHECK(ioctl(loop, LOOP_CLR_FD) == 0);
	CHECK(close(loop) == 0);
	/* The next file has nothing of it. */
	CHECK(ftruncate(file, 0) == 0 && ftruncate(file, SIZE) == 0);
	loop = MUST(loop_open(number, O_RDONLY));
	CHECK(ioctl(loop, LOOP_SET_FD, file) == 0);
	CHECK_EQ(pread(loop, saved, SIZE, 0), SIZE);
	for (int i = 0; i < SIZE; i++)
		CHECK_EQ(saved[i], 0);
	CHECK(ioctl(loop, LOOP_CLR_FD) == 0);
	CHECK(close(loop) == 0 && close(file) == 0);
}

/* The lower disk ends within the page that is written to the upper one. */
static void half_a_page(void)
{
	enum { PLACE = 64 * 1024 };
	int file = loop_make_file("file", 2 * PLACE), number, upper_number;
	int lower = loop_attach(file, &number), upper = loop_attach(lower, &upper_number);
	char bytes[4096];

	CHECK(ftruncate(file, PLACE + 512) == 0);
	CHECK(ioctl(lower, LOOP_SET_CAPACITY) == 0);
	CHECK_EQ(loop_size(lower), PLACE + 512);
	CHECK_EQ(loop_size(upper), 2 * PLACE);
	memset(bytes, 'x', sizeof(bytes));
	CHECK_EQ(pwrite(upper, bytes, sizeof(bytes), PLACE), sizeof(bytes));
	CHECK_ERRNO(fsync(upper), EIO);
	CHECK_EQ(pwrite(upper, bytes, sizeof(bytes), 0), sizeof(bytes));
	CHECK(fsync(upper) == 0);
	CHECK(ioctl(upper, LOOP_CLR_FD) == 0 && ioctl(lower, LOOP_CLR_FD) == 0);
	CHECK(close(upper) == 0 && close(lower) == 0 && close(file) == 0);
}

int main(void)
{
	int tries = 1;

	CHECK(mkdir("place", 0755) == 0);
	loop_free();
	/* Who writes in the background may come just then, in vain, and what it wrote is lost. */
	while (!away_for_a_moment())
		CHECK(++tries < 5);
	away_for_good();
	half_a_page();
	return 0;
}
