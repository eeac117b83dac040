/*
 * A write of whole pages whose bytes cannot all be read changes what it says that it has written,
 * and no more: what the file had behind that is still there, also if it was on the disk alone.
 */
#include "check.h"

enum { PAGES = 4 };

/* Nothing of the file is in memory, as far as the system heeds the advice. */
static void forget(int fd)
{
	CHECK(fsync(fd) == 0);
	CHECK(posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED) == 0);
	int drop = open("/proc/sys/vm/drop_caches", O_WRONLY);

	if (drop >= 0) {
		CHECK_EQ(write(drop, "1\n", 2), 2);
		close(drop);
	}
}

static void check_pattern(int fd, size_t start, size_t end)
{
	static char bytes[PAGES * PAGE];

	CHECK_EQ(pread(fd, bytes, end - start, (off_t)start), end - start);
	for (size_t i = start; i < end; i++)
		CHECK_EQ(bytes[i - start], pattern_byte(i));
}

/* Write two pages of which `readable` bytes are there. */
static void write_short(int fd, size_t readable)
{
	char *memory = map_pages(PAGES), *end = memory + 2 * PAGE;
	unsigned char written;

	CHECK(munmap(end, PAGE) == 0);
	memset(memory, 0xee, 2 * PAGE);
	forget(fd);
	if (readable == 0) {
		CHECK_ERRNO(pwrite(fd, end, 2 * PAGE, PAGE), EFAULT);
	} else {
		ssize_t done = MUST(pwrite(fd, end - readable, 2 * PAGE, PAGE));

		/* How much is the system's choice. */
		CHECK(done > 0 && (size_t)done <= readable);
		for (ssize_t i = 0; i < done; i++) {
			CHECK_EQ(pread(fd, &written, 1, PAGE + i), 1);
			CHECK_EQ(written, 0xee);
		}
		check_pattern(fd, PAGE + (size_t)done, PAGES * PAGE);
		forget(fd);
		check_pattern(fd, PAGE + (size_t)done, PAGES * PAGE);
	}
	check_pattern(fd, 0, PAGE);
	if (readable == 0)
		check_pattern(fd, 0, PAGES * PAGE);
	CHECK(munmap(memory, 2 * PAGE) == 0);
}

int main(void)
{
	/* Whole words: of a piece of one Linux for i386 copies nothing, and tries for ever. */
	static const size_t readable[] = { 0, 4, 100, PAGE - 4, PAGE, PAGE + 4, 2 * PAGE - 4 };

	enter_disk_directory();
	for (unsigned int i = 0; i < ARRAY_SIZE(readable); i++) {
		int fd;

		make_pattern_file("written", PAGES * PAGE);
		fd = MUST(open("written", O_RDWR));
		write_short(fd, readable[i]);
		CHECK(close(fd) == 0);
	}
	return 0;
}
