/*
 * What a mapping wrote behind the end of a file, in its last page, never becomes contents: when the
 * file grows and leaves a gap there, the gap is zeros, also when it is read from the disk again.
 */
#include "check.h"

enum { OLD_END = PAGE + 904, GAP_END = 3 * PAGE + 17 };

/* A file whose last page has bytes behind its end, on the disk if that keeps them. */
static int make_file_with_tail(void)
{
	int fd = MUST(open("gap", O_RDWR | O_CREAT | O_TRUNC, 0600));
	static char bytes[OLD_END];
	char *map;

	memset(bytes, 'f', sizeof(bytes));
	CHECK_EQ(write(fd, bytes, sizeof(bytes)), OLD_END);
	CHECK(fsync(fd) == 0);
	map = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	CHECK(map != MAP_FAILED);
	memset(map + OLD_END, 'g', 2 * PAGE - OLD_END);
	CHECK(msync(map, 2 * PAGE, MS_SYNC) == 0);
	CHECK(munmap(map, 2 * PAGE) == 0);
	CHECK(fsync(fd) == 0);
	return fd;
}

static void expect_gap(int fd, int how, const char *when)
{
	static char bytes[GAP_END];

	CHECK_EQ(pread(fd, bytes, GAP_END, 0), GAP_END);
	for (int i = 0; i < OLD_END; i++)
		CHECK_EQ(bytes[i], 'f');
	for (int i = OLD_END; i < GAP_END; i++)
		if (bytes[i] != 0)
			FAIL("way %d, %s: byte %d is %#x, not 0", how, when, i, bytes[i]);
}

int main(void)
{
	enter_disk_directory();
	for (int how = 0; how < 4; how++) {
		int fd = make_file_with_tail();

		if (how & 1)
			posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
		if (how & 2)
			CHECK(ftruncate(fd, GAP_END) == 0);
		else
			CHECK_EQ(pwrite(fd, "", 1, GAP_END - 1), 1);
		expect_gap(fd, how, "at once");
		CHECK(fsync(fd) == 0);
		posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
		expect_gap(fd, how, "from the disk");
		CHECK(close(fd) == 0);
	}
	CHECK(unlink("gap") == 0);
	return 0;
}
