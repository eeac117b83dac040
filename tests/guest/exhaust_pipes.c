/* Pipes by the hundred, all full, all thrown away at once by an exit: nothing stays behind. */
#include "check.h"

int main(void)
{
	struct rlimit limit = { 2000, 2000 };
	static char buffer[65536];

	CHECK(setrlimit(RLIMIT_NOFILE, &limit) == 0);
	pid_t child = FORK();

	if (child == 0) {
		int fds[2], count = 0;

		for (; count < 60 && pipe2(fds, O_NONBLOCK) == 0; count++) {
			ssize_t written = write(fds[1], buffer, sizeof(buffer));

			/* Linux gives an unprivileged or greedy user smaller pipes in the end. */
			CHECK(written >= PAGE);
		}
		while (pipe(fds) == 0)
			count++;
		CHECK_EQ(errno, EMFILE);
		_exit(count > 500 ? 0 : 1);
	}
	CHECK_EQ(wait_exit_status(child), 0);
	return 0;
}
