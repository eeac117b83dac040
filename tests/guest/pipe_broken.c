/*
 * Writing where nobody reads: SIGPIPE, and EPIPE when that is ignored; a blocked writer learns it
 * too.
 */
#include "check.h"

static int fds[2];

static void write_broken(void)
{
	if (write(fds[1], "x", 1) < 0)
		_exit(1);
}

int main(void)
{
	static char much[100000];
	pid_t reader;

	CHECK(pipe(fds) == 0);
	CHECK(close(fds[0]) == 0);
	dies_of(SIGPIPE, write_broken);
	CHECK(pipe(fds) == 0);
	handle_signal(SIGPIPE, SIG_IGN, 0);
	reader = FORK();
	if (reader == 0) {
		wait_until_blocked(getppid());
		_exit(0);
	}
	CHECK(close(fds[0]) == 0);
	/* Blocked after 64 KiB when the reader goes: what was written counts; then EPIPE. */
	CHECK_EQ(write(fds[1], much, sizeof(much)), 65536);
	CHECK_ERRNO(write(fds[1], much, 1), EPIPE);
	CHECK_EQ(write(fds[1], much, 0), 0);
	CHECK_EQ(wait_exit_status(reader), 0);
	return 0;
}
