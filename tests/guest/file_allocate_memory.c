/*
 * fallocate on a tmpfs: room beyond the end that the size does not show, holes that read as
 * zeros, and a file system that is too small stays as it was.
 */
#include "check.h"
#include <linux/falloc.h>
#include <sys/mount.h>
#include <sys/statvfs.h>

static struct stat status_of(int fd)
{
	struct stat status;

	MUST(fstat(fd, &status));
	return status;
}

static unsigned long free_pages(void)
{
	struct statvfs status;

	MUST(statvfs(".", &status));
	return status.f_bavail * (status.f_bsize / PAGE);
}

static void check_bytes(int fd, size_t offset, size_t size, char expected)
{
	static char text[16 * PAGE];

	CHECK_EQ(pread(fd, text, size, offset), size);
	for (size_t i = 0; i < size; i++) {
		if (text[i] != expected)
			FAIL("byte %zu is %d", offset + i, text[i]);
	}
}

static void test_keep_size(void)
{
	int fd = MUST(open("kept", O_CREAT | O_RDWR, 0644));
	unsigned long before = free_pages();

	CHECK_EQ(write(fd, "text", 4), 4);
	MUST(fallocate(fd, FALLOC_FL_KEEP_SIZE, 0, 8 * PAGE));
	CHECK_EQ(status_of(fd).st_size, 4);
	CHECK_EQ(status_of(fd).st_blocks, 8 * PAGE / 512);
	CHECK_EQ(free_pages(), before - 8);
	/* What lies there is as good as never written. */
	MUST(ftruncate(fd, 8 * PAGE));
	check_bytes(fd, 4, 8 * PAGE - 4, 0);
	check_bytes(fd, 0, 1, 't');
	CHECK_EQ(status_of(fd).st_blocks, 8 * PAGE / 512);
	/* Without the flag the size grows, and never shrinks. */
	MUST(fallocate(fd, 0, 8 * PAGE, 100));
	CHECK_EQ(status_of(fd).st_size, 8 * PAGE + 100);
	CHECK_EQ(status_of(fd).st_blocks, 9 * PAGE / 512);
	MUST(fallocate(fd, 0, 0, 1));
	CHECK_EQ(status_of(fd).st_size, 8 * PAGE + 100);
	/* To cut a file, even where it ends, gives back what is kept behind. */
	MUST(fallocate(fd, FALLOC_FL_KEEP_SIZE, 10 * PAGE, 2 * PAGE));
	CHECK_EQ(status_of(fd).st_blocks, 11 * PAGE / 512);
	MUST(ftruncate(fd, 8 * PAGE + 100));
	CHECK_EQ(status_of(fd).st_blocks, 9 * PAGE / 512);
	MUST(fallocate(fd, FALLOC_FL_KEEP_SIZE, 0, 11 * PAGE));
	CHECK_EQ(pwrite(fd, "x", 1, 10 * PAGE + 1), 1);
	check_bytes(fd, 9 * PAGE, PAGE + 1, 0);
	CHECK_EQ(status_of(fd).st_blocks, 11 * PAGE / 512);
	MUST(ftruncate(fd, 0));
	CHECK_EQ(status_of(fd).st_blocks, 0);
	MUST(fallocate(fd, FALLOC_FL_KEEP_SIZE, 0, 2 * PAGE));
	MUST(close(MUST(open("kept", O_WRONLY | O_TRUNC))));
	CHECK_EQ(status_of(fd).st_blocks, 0);
	MUST(fallocate(fd, FALLOC_FL_KEEP_SIZE, 0, 2 * PAGE));
	MUST(close(fd));
	MUST(unlink("kept"));
	CHECK_EQ(free_pages(), before);
}

static void test_hole(void)
{
	static char text[8 * PAGE];
	int fd = MUST(open("hole", O_CREAT | O_RDWR, 0644));
	char *map;

	memset(text, 'x', sizeof(text));
	CHECK_EQ(write(fd, text, sizeof(text)), sizeof(text));
	map = mmap(NULL, sizeof(text), PROT_READ, MAP_SHARED, fd, 0);
	CHECK(map != MAP_FAILED && map[3 * PAGE] == 'x');
	MUST(fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, PAGE + 100, 4 * PAGE));
	CHECK_EQ(status_of(fd).st_size, 8 * PAGE);
	CHECK_EQ(status_of(fd).st_blocks, 5 * PAGE / 512);
	CHECK_EQ(lseek(fd, 2 * PAGE, SEEK_DATA), 5 * PAGE);
	CHECK_EQ(lseek(fd, 2 * PAGE + 7, SEEK_HOLE), 2 * PAGE + 7);
	CHECK_EQ(lseek(fd, 5 * PAGE + 7, SEEK_DATA), 5 * PAGE + 7);
	CHECK_EQ(lseek(fd, 0, SEEK_HOLE), 2 * PAGE);
	CHECK_EQ(lseek(fd, 5 * PAGE, SEEK_HOLE), 8 * PAGE);
	CHECK_ERRNO(lseek(fd, 8 * PAGE, SEEK_DATA), ENXIO);
	check_bytes(fd, 0, PAGE + 100, 'x');
	check_bytes(fd, PAGE + 100, 4 * PAGE, 0);
	check_bytes(fd, 5 * PAGE + 100, 3 * PAGE - 100, 'x');
	CHECK_EQ(map[PAGE + 99], 'x');
	CHECK_EQ(map[PAGE + 100], 0);
	CHECK_EQ(map[3 * PAGE], 0);
	CHECK_EQ(map[5 * PAGE + 100], 'x');
	/* Past the end it takes what is kept there, and changes no size. */
	MUST(fallocate(fd, FALLOC_FL_KEEP_SIZE, 8 * PAGE, 2 * PAGE));
	MUST(fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 7 * PAGE, 100 * PAGE));
	CHECK_EQ(status_of(fd).st_size, 8 * PAGE);
	check_bytes(fd, 7 * PAGE, PAGE, 0);
	MUST(munmap(map, sizeof(text)));
	MUST(close(fd));
	MUST(unlink("hole"));
}

static void test_no_space(void)
{
	unsigned long room = free_pages();
	int fd = MUST(open("big", O_CREAT | O_RDWR, 0644));

	CHECK_EQ(write(fd, "text", 4), 4);
	CHECK_ERRNO(fallocate(fd, 0, 0, (room + 1) * PAGE), ENOSPC);
	CHECK_EQ(status_of(fd).st_size, 4);
	CHECK_EQ(status_of(fd).st_blocks, PAGE / 512);
	CHECK_EQ(free_pages(), room - 1);
	CHECK_ERRNO(fallocate(fd, FALLOC_FL_KEEP_SIZE, PAGE, room * PAGE), ENOSPC);
	CHECK_EQ(free_pages(), room - 1);
	MUST(fallocate(fd, 0, 0, room * PAGE));
	CHECK_EQ(free_pages(), 0);
	check_bytes(fd, 0, 1, 't');
	MUST(fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, PAGE, PAGE));
	CHECK_EQ(free_pages(), 1);
	MUST(close(fd));
	MUST(unlink("big"));
}

static void test_errors(void)
{
	int fd = MUST(open("file", O_CREAT | O_RDWR, 0644));
	int reading = MUST(open("file", O_RDONLY)), ends[2];

	CHECK_ERRNO(fallocate(fd, 0, 0, 0), EINVAL);
	CHECK_ERRNO(fallocate(fd, 0, -1, 1), EINVAL);
	CHECK_ERRNO(fallocate(fd, 0, 0, -1), EINVAL);
	CHECK_ERRNO(fallocate(fd, FALLOC_FL_PUNCH_HOLE, 0, PAGE), EOPNOTSUPP);
	CHECK_ERRNO(fallocate(fd, FALLOC_FL_COLLAPSE_RANGE, 0, PAGE), EOPNOTSUPP);
	CHECK_ERRNO(fallocate(fd, FALLOC_FL_ZERO_RANGE, 0, PAGE), EOPNOTSUPP);
	CHECK_ERRNO(fallocate(fd, 0x100, 0, PAGE), EOPNOTSUPP);
	CHECK_ERRNO(fallocate(reading, 0, 0, PAGE), EBADF);
	CHECK_ERRNO(fallocate(-1, 0, 0, PAGE), EBADF);
	MUST(pipe(ends));
	CHECK_ERRNO(fallocate(ends[1], 0, 0, PAGE), ESPIPE);
	/* A file that may not grow by its owner's limit. */
	struct rlimit limit = { PAGE, RLIM_INFINITY };

	handle_signal(SIGXFSZ, SIG_IGN, 0);
	MUST(setrlimit(RLIMIT_FSIZE, &limit));
	CHECK_ERRNO(fallocate(fd, 0, 0, PAGE + 1), EFBIG);
	CHECK_ERRNO(fallocate(fd, FALLOC_FL_KEEP_SIZE, 0, PAGE + 1), EFBIG);
	MUST(fallocate(fd, 0, 0, PAGE));
}

int main(void)
{
	umask(022);
	MUST(mkdir("place", 0755));
	MUST(mount("none", "place", "tmpfs", 0, "size=128k"));
	MUST(chdir("place"));
	test_keep_size();
	test_hole();
	test_no_space();
	in_child(test_errors);
	MUST(chdir(".."));
	MUST(umount("place"));
	return 0;
}
