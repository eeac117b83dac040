/* test: linux=no timeout=300
 * As exhaust_failing_allocations, for file systems on devices: ext2 that is mounted and changed,
 * with a journal and without; a journal that is replayed, which after a failure is still whole: the
 * next mount finds everything.
 */
#include "failing_calls.h"
#include "loop_ext2.h"
#include <sys/mount.h>
#include <sys/xattr.h>

enum {
	SIZE = BLOCKS * BLOCK, JOURNAL_BLOCKS = 1024, KEPT_SIZE = 20000,
	SMALL_NAMES = 20, LARGE_NAMES = 300, FILES = 60, MORE_FILES = 8,
};

/* A loop device that is attached to a file of its own. */
struct disk {
	int loop, number;
	char name[32];
};

static struct disk plain, journaled, torn;
static char *torn_image;	/* what stood on `torn` when its power was cut */
static bool must_replay;

/* ---- making the disks ------------------------------------------------------------------------ */

static struct disk make_disk(const char *file_name)
{
	int file = loop_make_file(file_name, SIZE);
	struct disk disk;

	make_ext2(file);
	disk.loop = loop_attach(file, &disk.number);
	snprintf(disk.name, sizeof(disk.name), "/dev/loop%d", disk.number);
	CHECK(close(file) == 0);
	return disk;
}

static void detach(const struct disk *disk)
{
	CHECK(ioctl(disk->loop, LOOP_CLR_FD) == 0);
	CHECK(close(disk->loop) == 0);
}

static void mount_disk(const struct disk *disk, const char *type)
{
	MUST(mount(disk->name, "place", type, 0, NULL));
}

static void put_big_endian(unsigned char *at, unsigned int value)
{
	for (int i = 0; i < 4; i++)
		at[i] = (unsigned char)(value >> (24 - 8 * i));
}

/* A file becomes the journal: an empty one of version 2. */
static void add_journal(const struct disk *disk)
{
	static unsigned char zeros[BLOCK], head[BLOCK], super[BLOCK];
	struct stat status;
	int fd;

	mount_disk(disk, "ext2");
	put_big_endian(head, 0xc03b3998);
	put_big_endian(head + 4, 4);
	put_big_endian(head + 12, BLOCK);
	put_big_endian(head + 16, JOURNAL_BLOCKS);
	put_big_endian(head + 20, 1);
	put_big_endian(head + 24, 1);
	put_big_endian(head + 64, 1);
	fd = MUST(open("place/journal", O_WRONLY | O_CREAT, 0600));
	for (int block = 0; block < JOURNAL_BLOCKS; block++)
		CHECK_EQ(write(fd, block ? zeros : head, BLOCK), BLOCK);
	CHECK(fstat(fd, &status) == 0);
	CHECK(close(fd) == 0);
	CHECK(umount("place") == 0);

	CHECK_EQ(pread(disk->loop, super, BLOCK, BLOCK), BLOCK);
	put(super + 76, 1, 4);		/* features exist */
	put(super + 84, RESERVED_INODES + 1, 4);
	put(super + 88, 128, 2);
	put(super + 92, 4, 4);		/* a journal */
	put(super + 224, (unsigned int)status.st_ino, 4);
	CHECK_EQ(pwrite(disk->loop, super, BLOCK, BLOCK), BLOCK);
}

/* Names of one file, so long that four fill a block. */
static const char *long_name(const char *folder, int number)
{
	static char path[300];

	snprintf(path, sizeof(path), "place/%s/%0230d", folder, number);
	return path;
}

static void make_directory(const char *folder, int names)
{
	char path[32];

	snprintf(path, sizeof(path), "place/%s", folder);
	CHECK(mkdir(path, 0755) == 0);
	for (int i = 0; i < names; i++)
		CHECK(link("place/file", long_name(folder, i)) == 0);
}

static void make_plain(void)
{
	char target[200];

	plain = make_disk("plain");
	mount_disk(&plain, "ext2");
	fill("place/file", 1000, 1);
	make_directory("small", SMALL_NAMES);
	make_directory("large", LARGE_NAMES);
	memset(target, '/', sizeof(target));
	strcpy(target + sizeof(target) - sizeof("file"), "file");
	memcpy(target, "./", 2);
	CHECK(symlink(target, "place/link") == 0);
	CHECK(umount("place") == 0);
}

static void cut_power(void)
{
	CHECK_EQ(pwrite(torn.loop, torn_image, SIZE, 0), SIZE);
}

static void verify_torn(void)
{
	struct stat status;

	verify("place/kept", KEPT_SIZE, 3);
	CHECK(stat("place/also-kept", &status) == 0);
	CHECK_ERRNO(stat("place/gone", &status), ENOENT);
}

/* Its log holds files that came, and blocks that were changed in it and belong to nobody now. */
static void make_torn(void)
{
	int file, kept, fd;

	torn = make_disk("torn");
	add_journal(&torn);
	mount_disk(&torn, "ext3");
	CHECK(mkdir("place/gone", 0755) == 0);
	fill("place/gone/file", 3000, 2);
	fill("place/kept", KEPT_SIZE, 3);
	kept = MUST(open("place/kept", O_RDONLY));
	CHECK(fsync(kept) == 0);
	CHECK(close(kept) == 0);
	fd = MUST(open("place", O_RDONLY | O_DIRECTORY));
	CHECK(unlink("place/gone/file") == 0 && rmdir("place/gone") == 0);
	CHECK(mkdir("place/also-kept", 0755) == 0);
	CHECK(fsync(fd) == 0);
	CHECK(close(fd) == 0);
	torn_image = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	CHECK(torn_image != MAP_FAILED);
	file = MUST(open("torn", O_RDONLY));
	CHECK_EQ(pread(file, torn_image, SIZE, 0), SIZE);
	CHECK(close(file) == 0);
	CHECK(umount("place") == 0);
	cut_power();
	mount_disk(&torn, "ext3");
	verify_torn();
	CHECK(umount("place") == 0);
}

/* Also what a child that was killed in the middle has left. */
static void clean_up(void)
{
	struct stat status;

	if (must_replay) {
		if (stat("place/kept", &status) < 0)
			mount_disk(&torn, "ext3");
		verify_torn();
	}
	while (umount("place") == 0)
		;
	CHECK_EQ(errno, EINVAL);
}

/* ---- mounts ---------------------------------------------------------------------------------- */

static long do_zero_out(void)
{
	uint64_t range[2] = { SIZE - 8192, 4096 };

	return ioctl(plain.loop, BLKZEROOUT, range);
}

static long mount_and_unmount(const struct disk *disk, const char *type)
{
	if (mount(disk->name, "place", type, 0, NULL) < 0)
		return -1;
	return umount("place");
}

/* What failed before has kept nothing that would make this child allocate less. */
static void drop_blocks(void)
{
	CHECK(ioctl(plain.loop, BLKFLSBUF) == 0);
	CHECK(ioctl(journaled.loop, BLKFLSBUF) == 0);
}

static long do_mount_plain(void)
{
	return mount_and_unmount(&plain, "ext2");
}

static long do_mount_journaled(void)
{
	return mount_and_unmount(&journaled, "ext3");
}

static long do_replay(void)
{
	return mount(torn.name, "place", "ext3", 0, NULL);
}

/* ---- work in them ---------------------------------------------------------------------------- */

static void have_plain(void)
{
	mount_disk(&plain, "ext2");
}

static void have_journaled(void)
{
	mount_disk(&journaled, "ext3");
	unlink("place/new");
	unlink("place/newer");
	rmdir("place/folder");
}

static long do_journaled_work(void)
{
	static char bytes[40000];
	int fd = open("place/new", O_CREAT | O_RDWR, 0600);

	if (fd < 0 || write(fd, bytes, sizeof(bytes)) < 0 || fsync(fd) < 0 ||
	    mkdir("place/folder", 0755) < 0 || fsync(fd) < 0 || ftruncate(fd, 99) < 0 ||
	    rename("place/new", "place/newer") < 0 || rmdir("place/folder") < 0 || fsync(fd) < 0)
		return -1;
	return unlink("place/newer");
}

/* Holes on both sides, so that what is promised has several parts. */
static long do_promises(void)
{
	int fd = open("place/holes", O_CREAT | O_TRUNC | O_RDWR, 0600);

	if (fd < 0 || pwrite(fd, "x", 1, 0) < 0)
		return -1;
	return pwrite(fd, "y", 1, 2 * PAGE);
}

static long do_small_directory(void)
{
	return open(long_name("small", SMALL_NAMES - 1), O_RDONLY);
}

static long do_large_directory(void)
{
	return open(long_name("large", LARGE_NAMES - 1), O_RDONLY);
}

static long do_long_link(void)
{
	return open("place/link", O_RDONLY);
}

static long make_files(int from, int to)
{
	char name[32];

	for (int i = from; i < to; i++) {
		snprintf(name, sizeof(name), "place/%d", i);
		int fd = open(name, O_CREAT | O_WRONLY, 0600);

		if (fd < 0)
			return -1;
		close(fd);
	}
	return 0;
}

/* The table of a file system's inodes is about to grow. */
static void have_many_files(void)
{
	have_plain();
	CHECK(make_files(0, FILES) == 0);
}

static long do_many_files(void)
{
	return make_files(FILES, FILES + MORE_FILES);
}

static long try_attributes(const char *path)
{
	static char value[300], got[2000];

	if (setxattr(path, "trusted.name", value, sizeof(value), 0) < 0 ||
	    getxattr(path, "trusted.name", got, sizeof(got)) < 0 ||
	    listxattr(path, got, sizeof(got)) < 0)
		return -1;
	return removexattr(path, "trusted.name");
}

static long do_attributes(void)
{
	return try_attributes("place/newest");
}

static void have_attributes(void)
{
	mount_disk(&journaled, "ext3");
	close(MUST(open("place/newest", O_CREAT | O_WRONLY, 0600)));
}

static long do_memory_attributes(void)
{
	return try_attributes("plain");
}

static const struct failing_call calls[] = {
	{ "zero out", do_zero_out },
	{ "mount ext2", do_mount_plain, drop_blocks },
	{ "mount ext3", do_mount_journaled, drop_blocks },
	{ "replay", do_replay, cut_power },
	{ "journaled work", do_journaled_work, have_journaled },
	{ "promises", do_promises, have_plain },
	{ "small directory", do_small_directory, have_plain },
	{ "large directory", do_large_directory, have_plain },
	{ "long link", do_long_link, have_plain },
	{ "many files", do_many_files, have_many_files },
	{ "attributes", do_attributes, have_attributes },
	{ "attributes in memory", do_memory_attributes },
};

int main(void)
{
	loop_free();
	CHECK(mkdir("place", 0755) == 0);
	make_plain();
	journaled = make_disk("journaled");
	add_journal(&journaled);
	make_torn();
	for (size_t c = 0; c < ARRAY_SIZE(calls); c++) {
		must_replay = calls[c].call == do_replay;
		fail_all(&calls[c], clean_up);
	}
	detach(&plain);
	detach(&journaled);
	detach(&torn);
	return 0;
}
