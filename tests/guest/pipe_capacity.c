/*
 * A pipe takes 65536 bytes, then blocks or says EAGAIN; short writes come in whole or not at all.
 */
#include "check.h"
#include <sys/ioctl.h>

int main(void)
{
	static char buffer[PAGE];
	int fds[2], count = 0, available;

	CHECK(pipe2(fds, O_NONBLOCK) == 0);
	CHECK_ERRNO(read(fds[0], buffer, 1), EAGAIN);
	while (write(fds[1], buffer, PAGE) == PAGE)
		count++;
	CHECK_EQ(errno, EAGAIN);
	CHECK_EQ(count, 16);
	CHECK(ioctl(fds[0], FIONREAD, &available) == 0);
	CHECK_EQ(available, 65536);
	CHECK_ERRNO(write(fds[1], buffer, 1), EAGAIN);

	/* PIPE_BUF bytes or fewer are atomic: with less room, none of them goes in. */
	CHECK_EQ(read(fds[0], buffer, 100), 100);
	CHECK_ERRNO(write(fds[1], buffer, PAGE), EAGAIN);
	CHECK_EQ(read(fds[0], buffer, PAGE), PAGE);
	CHECK_EQ(write(fds[1], buffer, PAGE), PAGE);
	for (count = 0; read(fds[0], buffer, PAGE) > 0; count++)
		;
	CHECK(count >= 15);

	/* A read takes what is there. */
	CHECK_EQ(write(fds[1], "abc", 3), 3);
	CHECK_EQ(write(fds[1], "def", 3), 3);
	CHECK_EQ(read(fds[0], buffer, PAGE), 6);
	CHECK(memcmp(buffer, "abcdef", 6) == 0);
	CHECK_ERRNO(lseek(fds[0], 0, SEEK_SET), ESPIPE);
	CHECK_ERRNO(pread(fds[0], buffer, 1, 0), ESPIPE);
	CHECK_ERRNO(pipe2(fds, 0x40), EINVAL);
	return 0;
}
