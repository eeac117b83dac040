/*
 * Reading or writing nothing; a buffer that ends in an unmapped page: nothing or part, never lost
 * bytes.
 */
#include "check.h"

int main(void)
{
	char *end = map_page_before_hole();
	char buffer[64];
	int fds[2];

	CHECK(pipe(fds) == 0);
	CHECK_EQ(write(fds[1], "x", 0), 0);
	CHECK_EQ(read(fds[0], buffer, 0), 0);

	CHECK_ERRNO(write(fds[1], end, 10), EFAULT);
	memcpy(end - 4, "abcd", 4);
	ssize_t written = write(fds[1], end - 4, 10);

	CHECK(written == 4 || (written == -1 && errno == EFAULT));
	if (written == 4) {
		CHECK_EQ(read(fds[0], buffer, sizeof(buffer)), 4);
		CHECK(memcmp(buffer, "abcd", 4) == 0);
	}
	CHECK_EQ(write(fds[1], "0123456789", 10), 10);
	CHECK_ERRNO(read(fds[0], end, 10), EFAULT);
	CHECK_EQ(fcntl(fds[0], F_SETFL, O_NONBLOCK), 0);
	ssize_t got = read(fds[0], buffer, sizeof(buffer));

	CHECK(got == 10 || (got < 0 && errno == EAGAIN));
	return 0;
}
