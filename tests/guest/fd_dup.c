/*
 * dup(), dup2(), dup3(): the lowest free number, the given one, onto itself, onto an open one, and
 * errors.
 */
#include "check.h"

int main(void)
{
	close_inherited();
	make_file("one", "abcdef");
	make_file("two", "uvwxyz");
	int one = MUST(open("one", O_RDONLY));
	int two = MUST(open("two", O_RDONLY));
	char byte;

	/* Lowest free. */
	CHECK(close(one) == 0);
	CHECK_EQ(dup(two), one);
	CHECK_EQ(dup(two), two + 1);
	CHECK(close(two + 1) == 0);

	/* The offset is shared, also after dup of a dup. */
	CHECK_EQ(read(two, &byte, 1), 1);
	CHECK_EQ(read(one, &byte, 1), 1);
	CHECK_EQ(byte, 'v');
	CHECK_EQ(lseek(two, 0, SEEK_CUR), 2);

	/* Onto an open one: that is closed, silently. */
	int other = MUST(open("one", O_RDONLY | O_CLOEXEC));

	CHECK_EQ(dup2(two, other), other);
	CHECK_EQ(fcntl(other, F_GETFD), 0);
	CHECK_EQ(read(other, &byte, 1), 1);
	CHECK_EQ(byte, 'w');

	/* Onto itself. */
	CHECK_EQ(fcntl(two, F_SETFD, FD_CLOEXEC), 0);
	CHECK_EQ(dup2(two, two), two);
	CHECK_EQ(fcntl(two, F_GETFD), FD_CLOEXEC);
	CHECK_ERRNO(dup3(two, two, 0), EINVAL);

	CHECK_EQ(dup2(two, 200), 200);
	CHECK_EQ(dup3(two, 201, O_CLOEXEC), 201);
	CHECK_EQ(fcntl(201, F_GETFD), FD_CLOEXEC);
	CHECK_ERRNO(dup3(two, 202, O_NONBLOCK), EINVAL);

	CHECK_ERRNO(dup(-1), EBADF);
	CHECK_ERRNO(dup(1000), EBADF);
	CHECK_ERRNO(dup2(two, -1), EBADF);
	CHECK_ERRNO(dup2(-1, two), EBADF);
	CHECK_ERRNO(dup2(1000, 1000), EBADF);
	CHECK_ERRNO(dup2(two, 0x40000000), EBADF);
	CHECK_ERRNO(dup3(two, -1, 0), EBADF);
	return 0;
}
