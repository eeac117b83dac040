/*
 * A thousand descriptors in one poll(), woken by any of them; several processes wait for one pipe.
 */
#include "check.h"

#define COUNT 500

int main(void)
{
	struct rlimit limit = { 2 * COUNT + 100, 2 * COUNT + 100 };
	static struct pollfd poll_fds[COUNT];
	static int writing[COUNT];
	pid_t waiters[8];
	char byte;

	CHECK(setrlimit(RLIMIT_NOFILE, &limit) == 0);
	for (int i = 0; i < COUNT; i++) {
		int fds[2];

		CHECK(pipe(fds) == 0);
		poll_fds[i] = (struct pollfd){ fds[0], POLLIN, 0 };
		writing[i] = fds[1];
	}
	for (int i = 3; i < COUNT; i += 99) {
		pid_t child = FORK();

		if (child == 0) {
			wait_until_blocked(getppid());
			CHECK_EQ(write(writing[i], "x", 1), 1);
			_exit(0);
		}
		CHECK_EQ(poll(poll_fds, COUNT, -1), 1);
		CHECK_EQ(poll_fds[i].revents, POLLIN);
		CHECK_EQ(read(poll_fds[i].fd, &byte, 1), 1);
		CHECK_EQ(wait_exit_status(child), 0);
	}
	for (int i = 0; i < 8; i++) {
		waiters[i] = FORK();
		if (waiters[i] == 0) {
			CHECK_EQ(poll(poll_fds, COUNT, -1), 1);
			_exit(0);
		}
	}
	for (int i = 0; i < 8; i++)
		wait_until_blocked(waiters[i]);
	CHECK_EQ(write(writing[0], "x", 1), 1);
	for (int i = 0; i < 8; i++)
		CHECK_EQ(wait_exit_status(waiters[i]), 0);

	/* More than RLIMIT_NOFILE is refused. */
	limit.rlim_cur = COUNT - 1;
	CHECK(setrlimit(RLIMIT_NOFILE, &limit) == 0);
	CHECK_ERRNO(poll(poll_fds, COUNT, 0), EINVAL);
	return 0;
}
