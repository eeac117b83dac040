/*
 * RLIMIT_NOFILE: every call that makes a descriptor fails with EMFILE at the limit, and works below
 * it.
 */
#include "check.h"

int main(void)
{
	struct rlimit limit, wanted = { 20, 40 };
	int fds[2], count = 0, last = -1, fd;

	close_inherited();
	CHECK(getrlimit(RLIMIT_NOFILE, &limit) == 0);
	CHECK(limit.rlim_cur > 0 && limit.rlim_cur <= limit.rlim_max);
	CHECK_EQ(getdtablesize(), limit.rlim_cur);
	CHECK(setrlimit(RLIMIT_NOFILE, &wanted) == 0);
	CHECK_EQ(getdtablesize(), 20);
	CHECK_EQ(sysconf(_SC_OPEN_MAX), 20);

	while ((fd = open("/dev/null", O_RDONLY)) >= 0) {
		last = fd;
		count++;
	}
	CHECK_EQ(errno, EMFILE);
	CHECK_EQ(last, 19);
	CHECK_ERRNO(dup(0), EMFILE);
	CHECK_ERRNO(pipe(fds), EMFILE);
	CHECK_ERRNO(dup2(0, 20), EBADF);
	CHECK_ERRNO(open("/dev/null", O_RDONLY), EMFILE);
	CHECK_EQ(dup2(0, 19), 19);	/* replaces: no new one */
	CHECK(close(18) == 0);
	CHECK_ERRNO(pipe(fds), EMFILE);	/* it needs two; and the one it got is given back */
	CHECK_EQ(open("/dev/null", O_RDONLY), 18);

	/* Above a lowered limit what is open stays open. */
	wanted.rlim_cur = 5;
	CHECK(setrlimit(RLIMIT_NOFILE, &wanted) == 0);
	CHECK(fcntl(19, F_GETFD) >= 0);
	CHECK_EQ(read(17, &fd, 1), 0);
	wanted.rlim_cur = 30;
	CHECK(setrlimit(RLIMIT_NOFILE, &wanted) == 0);
	CHECK_EQ(open("/dev/null", O_RDONLY), 20);

	wanted.rlim_cur = 50;
	CHECK_ERRNO(setrlimit(RLIMIT_NOFILE, &wanted), EINVAL);	/* above the hard limit */
	CHECK(count > 0);
	return 0;
}
