/* truncate and ftruncate: cut, grow with zeros, again and again over block boundaries; errors. */
#include "check.h"

int main(void)
{
	static char buffer[70000];
	uint32_t state = 99;
	int fd;

	enter_disk_directory();
	fd = MUST(open("file", O_CREAT | O_RDWR, 0644));
	for (int round = 0; round < 60; round++) {
		state = state * 1664525 + 1013904223;
		size_t size = (state >> 8) % sizeof(buffer);

		state = state * 1664525 + 1013904223;
		size_t grown = (state >> 8) % sizeof(buffer);

		CHECK(ftruncate(fd, 0) == 0);
		memset(buffer, 'f', size);
		CHECK_EQ(pwrite(fd, buffer, size, 0), size);
		CHECK(ftruncate(fd, size / 2) == 0);
		CHECK(ftruncate(fd, grown) == 0);
		CHECK_EQ(lseek(fd, 0, SEEK_END), grown);
		memset(buffer, 'x', sizeof(buffer));
		CHECK_EQ(pread(fd, buffer, sizeof(buffer), 0), grown);
		for (size_t i = 0; i < grown; i++)
			CHECK_EQ(buffer[i], i < size / 2 ? 'f' : 0);
	}
	CHECK(truncate("file", 5) == 0);
	CHECK_EQ(lseek(fd, 0, SEEK_END), 5);
	CHECK_ERRNO(ftruncate(fd, -1), EINVAL);
	CHECK_ERRNO(truncate("file", -1), EINVAL);
	CHECK_ERRNO(truncate("missing", 0), ENOENT);
	CHECK_ERRNO(truncate(".", 0), EISDIR);
	int fds[2];

	CHECK(pipe(fds) == 0);
	CHECK_ERRNO(ftruncate(fds[1], 0), EINVAL);

	/* RLIMIT_FSIZE: SIGXFSZ, and EFBIG when that is ignored; what still fits is written. */
	struct rlimit limit = { 10000, 10000 };

	handle_signal(SIGXFSZ, SIG_IGN, 0);
	CHECK(setrlimit(RLIMIT_FSIZE, &limit) == 0);
	CHECK_EQ(pwrite(fd, buffer, 2000, 9000), 1000);
	CHECK_ERRNO(pwrite(fd, buffer, 1, 10000), EFBIG);
	CHECK_ERRNO(ftruncate(fd, 10001), EFBIG);
	CHECK(ftruncate(fd, 10000) == 0);
	pid_t child = FORK();

	if (child == 0) {
		handle_signal(SIGXFSZ, SIG_DFL, 0);
		setrlimit(RLIMIT_CORE, &(struct rlimit){ 0, 0 });
		pwrite(fd, buffer, 1, 10000);
		_exit(0);
	}
	expect_signal_death(child, SIGXFSZ);
	CHECK(unlink("file") == 0);
	return 0;
}
