/* A reader sees end of file only when the last writer is gone, even one that never wrote. */
#include "check.h"

int main(void)
{
	int fds[2];
	char byte;

	CHECK(pipe(fds) == 0);
	pid_t writer = FORK();

	if (writer == 0) {
		wait_until_blocked(getppid());	/* in read() below */
		_exit(0);
	}
	CHECK(close(fds[1]) == 0);
	CHECK(read(fds[0], &byte, 1) == 0);
	CHECK(wait_exit_status(writer) == 0);
	CHECK(read(fds[0], &byte, 1) == 0);
	return 0;
}
