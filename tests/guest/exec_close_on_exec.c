/*
 * Descriptors marked close-on-exec are closed by exec, others stay, at their numbers and offsets.
 */
#include "check.h"

int main(int argc, char **argv)
{
	pid_t child;

	if (argc > 1) {
		char byte;

		CHECK_EQ(read(50, &byte, 1), 1);
		CHECK_EQ(byte, 'c');
		CHECK_ERRNO(fcntl(51, F_GETFD), EBADF);
		CHECK_ERRNO(fcntl(52, F_GETFD), EBADF);
		CHECK_EQ(fcntl(53, F_GETFD), 0);
		CHECK_EQ(fcntl(400, F_GETFD), 0);
		CHECK_ERRNO(fcntl(401, F_GETFD), EBADF);
		return 0;
	}
	make_file("text", "abcdef");
	int fd = MUST(open("text", O_RDONLY | O_CLOEXEC));

	CHECK_EQ(lseek(fd, 2, SEEK_SET), 2);
	CHECK_EQ(dup2(fd, 50), 50);			/* clears the mark */
	CHECK_EQ(dup3(fd, 51, O_CLOEXEC), 51);
	CHECK_EQ(dup2(fd, 52), 52);
	CHECK_EQ(fcntl(52, F_SETFD, FD_CLOEXEC), 0);
	CHECK_EQ(dup3(fd, 53, O_CLOEXEC), 53);
	CHECK_EQ(fcntl(53, F_SETFD, 0), 0);
	CHECK_EQ(dup2(fd, 400), 400);
	CHECK_EQ(dup3(fd, 401, O_CLOEXEC), 401);

	/* A failed exec closes nothing. */
	CHECK_ERRNO(execl("missing", "missing", (char *)NULL), ENOENT);
	CHECK_ERRNO(execl("text", "text", (char *)NULL), EACCES);
	CHECK_EQ(fcntl(51, F_GETFD), FD_CLOEXEC);

	child = FORK();
	if (child == 0) {
		execl("/proc/self/exe", argv[0], "child", (char *)NULL);
		FAIL("execl");
	}
	CHECK_EQ(wait_exit_status(child), 0);
	return 0;
}
