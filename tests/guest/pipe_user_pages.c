/*
 * One user's pipes hold 16,384 pages at most (fs.pipe-user-pages-soft): then they cannot grow, and
 * new ones begin with two pages. Root's may. The pages come back with the pipes.
 */
#include "check.h"
#include <fcntl.h>
#include <sys/resource.h>

enum { LARGE = 1 << 20, LARGE_COUNT = 16384 * 4096 / LARGE, DEFAULT = 65536, SMALL = 8192 };

static int ends[LARGE_COUNT][2];

static void fill(void)
{
	for (int i = 0; i < LARGE_COUNT; i++) {
		CHECK(pipe(ends[i]) == 0);
		CHECK_EQ(fcntl(ends[i][0], F_SETPIPE_SZ, LARGE), LARGE);
	}
}

static int size_of_new_pipe(void)
{
	int pair[2], size;

	CHECK(pipe(pair) == 0);
	size = fcntl(pair[0], F_GETPIPE_SZ);
	close(pair[0]);
	close(pair[1]);
	return size;
}

static void as_user(void)
{
	int pair[2];

	become_user(OTHER_UID, OTHER_GID);
	fill();
	CHECK_EQ(size_of_new_pipe(), SMALL);
	CHECK(pipe(pair) == 0);
	CHECK_ERRNO(fcntl(pair[0], F_SETPIPE_SZ, DEFAULT), EPERM);
	CHECK_EQ(fcntl(pair[0], F_SETPIPE_SZ, 4096), 4096);
	/* What one gives back another may have. */
	CHECK_EQ(fcntl(ends[0][0], F_SETPIPE_SZ, DEFAULT), DEFAULT);
	CHECK_EQ(fcntl(pair[0], F_SETPIPE_SZ, DEFAULT), DEFAULT);
	CHECK_EQ(size_of_new_pipe(), DEFAULT);
	_exit(0);
}

int main(void)
{
	pid_t pid = FORK();

	if (pid == 0)
		as_user();
	CHECK_EQ(wait_exit_status(pid), 0);
	/* All of it is free again, or the next user of this number could do nothing. */
	pid = FORK();
	if (pid == 0)
		as_user();
	CHECK_EQ(wait_exit_status(pid), 0);
	fill();
	CHECK_EQ(size_of_new_pipe(), DEFAULT);
	return 0;
}
