/* poll() and select() wait as long as they are told, not shorter; a negative time is for ever. */
#include "check.h"
#include <sys/select.h>

int main(void)
{
	struct timeval time = { 0, 30000 };
	struct timespec precise = { 0, 30000000 };
	struct pollfd poll_fd;
	long long start;
	int fds[2];
	fd_set set;

	CHECK(pipe(fds) == 0);
	poll_fd = (struct pollfd){ fds[0], POLLIN, 0 };
	start = now_ns();
	CHECK_EQ(poll(&poll_fd, 1, 30), 0);
	CHECK(now_ns() - start >= 30000000);
	CHECK_EQ(poll_fd.revents, 0);

	FD_ZERO(&set);
	FD_SET(fds[0], &set);
	start = now_ns();
	CHECK_EQ(select(fds[0] + 1, &set, NULL, NULL, &time), 0);
	CHECK(now_ns() - start >= 30000000);
	CHECK(!FD_ISSET(fds[0], &set));
	CHECK_EQ(time.tv_sec, 0);
	CHECK_EQ(time.tv_usec, 0);	/* Linux writes back what is left */

	start = now_ns();
	CHECK_EQ(ppoll(&poll_fd, 1, &precise, NULL), 0);
	CHECK(now_ns() - start >= 30000000);
	start = now_ns();
	CHECK_EQ(pselect(0, NULL, NULL, NULL, &precise, NULL), 0);
	CHECK(now_ns() - start >= 30000000);
	CHECK_EQ(precise.tv_nsec, 30000000);

	/* For ever, until something comes. */
	pid_t child = FORK();

	if (child == 0) {
		wait_until_blocked(getppid());
		CHECK_EQ(write(fds[1], "x", 1), 1);
		_exit(0);
	}
	CHECK_EQ(poll(&poll_fd, 1, -1), 1);
	CHECK_EQ(poll_fd.revents, POLLIN);
	CHECK_EQ(wait_exit_status(child), 0);

	struct timeval negative = { -1, 0 };

	CHECK_ERRNO(select(0, NULL, NULL, NULL, &negative), EINVAL);
	precise.tv_nsec = 1000000000;
	CHECK_ERRNO(ppoll(&poll_fd, 1, &precise, NULL), EINVAL);
	return 0;
}
