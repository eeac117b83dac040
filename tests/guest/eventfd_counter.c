/* eventfd: adding and taking, the semaphore, limits, poll, errors, waiting in both directions. */
#include "epoll.h"

static uint64_t take_all(int fd)
{
	uint64_t value = 0;

	CHECK_EQ(read(fd, &value, 8), 8);
	return value;
}

static void add(int fd, uint64_t value)
{
	CHECK_EQ(write(fd, &value, 8), 8);
}

static short poll_now(int fd)
{
	struct pollfd poll_fd = { fd, POLLIN | POLLOUT, 0 };

	CHECK(poll(&poll_fd, 1, 0) >= 0);
	return poll_fd.revents;
}

int main(void)
{
	int fd = MUST(eventfd(3, EFD_NONBLOCK | EFD_CLOEXEC));
	uint64_t value, most = UINT64_MAX - 1, too_much = UINT64_MAX;
	char text[600], buffer[100];

	CHECK_EQ(fcntl(fd, F_GETFL), O_RDWR | O_NONBLOCK);
	CHECK_EQ(fcntl(fd, F_GETFD), FD_CLOEXEC);
	CHECK_EQ(take_all(fd), 3);
	CHECK_ERRNO(read(fd, &value, 8), EAGAIN);
	CHECK_EQ(poll_now(fd), POLLOUT);
	add(fd, 2);
	add(fd, 5);
	CHECK_EQ(poll_now(fd), POLLIN | POLLOUT);
	CHECK_EQ(take_all(fd), 7);
	add(fd, 0);
	CHECK_ERRNO(read(fd, &value, 8), EAGAIN);
	CHECK_ERRNO(write(fd, &too_much, 8), EINVAL);
	add(fd, most);
	CHECK_EQ(poll_now(fd), POLLIN);
	value = 1;
	CHECK_ERRNO(write(fd, &value, 8), EAGAIN);
	CHECK_EQ(take_all(fd), most);
	CHECK_ERRNO(read(fd, &value, 7), EINVAL);
	CHECK_ERRNO(write(fd, &value, 7), EINVAL);
	add(fd, 9);
	CHECK_EQ(read(fd, buffer, sizeof(buffer)), 8);
	CHECK_ERRNO(pread(fd, buffer, 8, 0), ESPIPE);
	CHECK_EQ(lseek(fd, 1, SEEK_SET), 0);
	CHECK_ERRNO(ftruncate(fd, 0), EINVAL);
	snprintf(text, sizeof(text), "/proc/self/fd/%d", fd);
	ssize_t length = MUST(readlink(text, buffer, sizeof(buffer) - 1));

	buffer[length] = 0;
	CHECK(strcmp(buffer, "anon_inode:[eventfd]") == 0);
	CHECK(close(fd) == 0);

	fd = MUST(eventfd(2, EFD_NONBLOCK | EFD_SEMAPHORE));
	CHECK_EQ(take_all(fd), 1);
	CHECK_EQ(take_all(fd), 1);
	CHECK_ERRNO(read(fd, &value, 8), EAGAIN);
	CHECK(close(fd) == 0);
	CHECK_ERRNO(eventfd(0, 2), EINVAL);

	/* Waiting: a reader for a value, a writer for room. */
	fd = MUST(eventfd(0, 0));
	pid_t child = FORK();

	if (child == 0) {
		wait_until_blocked(getppid());
		add(fd, 4);
		_exit(0);
	}
	CHECK_EQ(take_all(fd), 4);
	CHECK_EQ(wait_exit_status(child), 0);
	add(fd, most);
	child = FORK();
	if (child == 0) {
		add(fd, 6);
		_exit(0);
	}
	wait_until_blocked(child);
	CHECK_EQ(take_all(fd), most);
	CHECK_EQ(wait_exit_status(child), 0);
	CHECK_EQ(take_all(fd), 6);
	child = FORK();
	if (child == 0) {
		take_all(fd);
		_exit(1);
	}
	wait_until_blocked(child);
	kill_and_reap(child);
	return 0;
}
