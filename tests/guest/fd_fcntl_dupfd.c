/* F_DUPFD and F_DUPFD_CLOEXEC take the lowest free number that is not below the argument. */
#include "check.h"

int main(void)
{
	close_inherited();
	make_file("file", "x");
	int fd = MUST(open("file", O_RDONLY | O_CLOEXEC));

	CHECK_EQ(fcntl(fd, F_DUPFD, 0), fd + 1);
	CHECK_EQ(fcntl(fd + 1, F_GETFD), 0);
	CHECK_EQ(fcntl(fd, F_DUPFD, 100), 100);
	CHECK_EQ(fcntl(fd, F_DUPFD, 100), 101);
	CHECK(close(100) == 0);
	CHECK_EQ(fcntl(fd, F_DUPFD_CLOEXEC, 99), 99);
	CHECK_EQ(fcntl(99, F_GETFD), FD_CLOEXEC);
	CHECK_EQ(fcntl(fd, F_DUPFD_CLOEXEC, 99), 100);

	struct rlimit limit = { 128, 128 };

	CHECK(setrlimit(RLIMIT_NOFILE, &limit) == 0);
	CHECK_ERRNO(fcntl(fd, F_DUPFD, 128), EINVAL);
	CHECK_ERRNO(fcntl(fd, F_DUPFD, -1), EINVAL);
	CHECK_EQ(fcntl(fd, F_DUPFD, 127), 127);
	CHECK_ERRNO(fcntl(fd, F_DUPFD, 127), EMFILE);
	CHECK_ERRNO(fcntl(-1, F_DUPFD, 0), EBADF);
	CHECK_ERRNO(fcntl(fd, 9999, 0), EINVAL);
	return 0;
}
