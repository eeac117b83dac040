/* posix_fadvise(), readahead(), sync_file_range(): what they refuse; and nothing is lost by any. */
#include "check.h"

static void refusals(int fd)
{
	int fds[2], write_only = MUST(open("file", O_WRONLY));

	CHECK(pipe(fds) == 0);
	CHECK_EQ(posix_fadvise(fd, 0, 0, 6), EINVAL);
	CHECK_EQ(posix_fadvise64(fd, 0, -1, 0), EINVAL);
	CHECK_EQ(posix_fadvise(fds[0], 0, 0, 6), ESPIPE);
	CHECK_EQ(posix_fadvise(-1, 0, 0, 0), EBADF);
	CHECK_ERRNO(readahead(write_only, 0, 100), EBADF);
	CHECK_ERRNO(readahead(fds[0], 0, 100), EINVAL);
	CHECK(readahead(fd, 0, 100) == 0);
	CHECK_ERRNO(sync_file_range(fd, 0, 0, 8), EINVAL);
	CHECK_ERRNO(sync_file_range(fd, -1, 1, 2), EINVAL);
	CHECK_ERRNO(sync_file_range(fd, 1, INT64_MAX, 2), EINVAL);
	CHECK_ERRNO(sync_file_range(fds[0], 0, 0, 2), ESPIPE);
	CHECK_ERRNO(sync_file_range(-1, 0, 0, 8), EBADF);
	CHECK(sync_file_range(fd, 0, 0, 0) == 0);
	close(fds[0]);
	close(fds[1]);
	close(write_only);
}

int main(void)
{
	enum { SIZE = 50 * PAGE + 17 };
	char byte;
	int fd;

	enter_disk_directory();
	make_pattern_file("file", SIZE);
	fd = MUST(open("file", O_RDWR));
	refusals(fd);
	for (int advice = 0; advice <= 5; advice++) {
		CHECK_EQ(posix_fadvise(fd, 0, 0, advice), 0);
		CHECK(sync_file_range(fd, PAGE, 10 * PAGE, advice) == 0);
		byte = (char)advice;
		CHECK_EQ(pwrite(fd, &byte, 1, 3 * PAGE + advice), 1);
		CHECK_EQ(posix_fadvise(fd, PAGE + 1, 30 * PAGE, advice), 0);
	}
	CHECK(readahead(fd, 0, SIZE) == 0);
	CHECK(readahead(fd, 1LL << 40, SIZE) == 0);
	for (int i = 0; i < SIZE; i++) {
		CHECK_EQ(pread(fd, &byte, 1, i), 1);
		if (i >= 3 * PAGE && i < 3 * PAGE + 6)
			CHECK_EQ(byte, i - 3 * PAGE);
		else
			CHECK_EQ(byte, pattern_byte(i));
	}
	close(fd);
	CHECK(unlink("file") == 0);
	return 0;
}
