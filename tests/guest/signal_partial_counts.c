/*
 * A signal in the middle of a transfer: the bytes already moved are the result, with or without
 * SA_RESTART.
 */
#include "check.h"

static void handler(int signal)
{
	(void)signal;
}

int main(void)
{
	static char buffer[256 * 1024];
	int fds[2];

	for (int restart = 0; restart < 2; restart++) {
		CHECK(pipe(fds) == 0);
		handle_signal(SIGUSR1, handler, restart ? SA_RESTART : 0);
		pid_t helper = FORK();

		if (helper == 0) {
			wait_until_blocked(getppid());
			CHECK(kill(getppid(), SIGUSR1) == 0);
			_exit(0);
		}
		/* A pipe takes 64 KiB; the rest would block for ever. */
		CHECK_EQ(write(fds[1], buffer, sizeof(buffer)), 65536);
		CHECK_EQ(wait_exit_status(helper), 0);
		CHECK_EQ(read(fds[0], buffer, sizeof(buffer)), 65536);
		close(fds[0]);
		close(fds[1]);
	}
	return 0;
}
