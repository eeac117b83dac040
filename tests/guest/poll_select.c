/* select(): all three sets, the count, old call 82 with its block, pselect6; EBADF and EINVAL. */
#include "check.h"
#include <sys/select.h>

int main(void)
{
	struct timeval zero = { 0, 0 };
	int fds[2], more[2];
	fd_set reading, writing, errors;

	CHECK(pipe(fds) == 0);
	CHECK(pipe(more) == 0);
	CHECK_EQ(write(fds[1], "x", 1), 1);
	FD_ZERO(&reading);
	FD_ZERO(&writing);
	FD_ZERO(&errors);
	FD_SET(fds[0], &reading);
	FD_SET(more[0], &reading);
	FD_SET(fds[1], &writing);
	FD_SET(fds[0], &errors);
	CHECK_EQ(select(more[1] + 1, &reading, &writing, &errors, &zero), 2);
	CHECK(FD_ISSET(fds[0], &reading) && !FD_ISSET(more[0], &reading));
	CHECK(FD_ISSET(fds[1], &writing));
	CHECK(!FD_ISSET(fds[0], &errors));

	/* A closed writing end makes the other readable. */
	CHECK(close(more[1]) == 0);
	FD_ZERO(&reading);
	FD_SET(more[0], &reading);
	CHECK_EQ(select(more[0] + 1, &reading, NULL, NULL, NULL), 1);
	CHECK(FD_ISSET(more[0], &reading));

	/* Numbers beyond the count are not looked at. */
	FD_ZERO(&reading);
	FD_SET(fds[0], &reading);
	CHECK_EQ(select(fds[0], &reading, NULL, NULL, &zero), 0);

	uint32_t block[5];

	FD_ZERO(&reading);
	FD_SET(fds[0], &reading);
	block[0] = fds[0] + 1;
	block[1] = (uintptr_t)&reading;
	block[2] = block[3] = block[4] = 0;
	CHECK_EQ(raw_syscall(SYS_select, block), 1);

	CHECK(close(more[0]) == 0);
	FD_ZERO(&reading);
	FD_SET(more[0], &reading);
	CHECK_ERRNO(select(more[0] + 1, &reading, NULL, NULL, &zero), EBADF);
	CHECK_ERRNO(select(-1, NULL, NULL, NULL, &zero), EINVAL);
	return 0;
}
