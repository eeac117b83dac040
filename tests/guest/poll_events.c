/* poll() on pipes, files and bad numbers: which events are reported, and that errors always are. */
#include "check.h"

static short events_of(int fd, short wanted)
{
	struct pollfd poll_fd = { fd, wanted, 0x5555 };
	int count = poll(&poll_fd, 1, 0);

	CHECK_EQ(count, poll_fd.revents != 0);
	return poll_fd.revents;
}

int main(void)
{
	char buffer[PAGE];
	int fds[2], file;

	CHECK(pipe2(fds, O_NONBLOCK) == 0);
	CHECK_EQ(events_of(fds[0], POLLIN | POLLRDNORM), 0);
	CHECK_EQ(events_of(fds[1], POLLOUT), POLLOUT);
	CHECK_EQ(events_of(fds[1], POLLIN), 0);
	CHECK_EQ(write(fds[1], "x", 1), 1);
	CHECK_EQ(events_of(fds[0], POLLIN), POLLIN);
	CHECK_EQ(events_of(fds[0], POLLIN | POLLRDNORM), POLLIN | POLLRDNORM);
	CHECK_EQ(events_of(fds[0], 0), 0);
	while (write(fds[1], buffer, sizeof(buffer)) > 0)
		;
	CHECK_EQ(events_of(fds[1], POLLOUT), 0);
	CHECK(close(fds[1]) == 0);
	CHECK_EQ(events_of(fds[0], POLLIN), POLLIN | POLLHUP);
	while (read(fds[0], buffer, sizeof(buffer)) > 0)
		;
	CHECK_EQ(events_of(fds[0], POLLIN), POLLHUP);
	CHECK_EQ(events_of(fds[0], 0), POLLHUP);

	CHECK(pipe(fds) == 0);
	CHECK(close(fds[0]) == 0);
	CHECK_EQ(events_of(fds[1], POLLOUT), POLLOUT | POLLERR);

	CHECK_EQ(events_of(999, POLLIN), POLLNVAL);
	CHECK_EQ(events_of(999, 0), POLLNVAL);
	CHECK_EQ(events_of(-1, POLLIN), 0);

	file = MUST(open("file", O_CREAT | O_RDWR, 0644));
	CHECK_EQ(events_of(file, POLLIN | POLLOUT), POLLIN | POLLOUT);
	CHECK_EQ(events_of(MUST(open("/dev/null", O_RDWR)), POLLIN | POLLOUT), POLLIN | POLLOUT);
	CHECK_EQ(poll(NULL, 0, 0), 0);
	return 0;
}
