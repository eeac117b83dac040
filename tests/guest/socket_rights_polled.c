/*
 * A ring of sockets in flight whose last way in is a thread that sleeps in poll(), or in recv(),
 * long after the descriptors were closed: when it wakes up, the ring is closed with all it holds.
 */
#include "socket_util.h"
#include <pthread.h>

struct waiter {
	int fd;
	bool polls;
};

static void *wait_on(void *argument)
{
	const struct waiter *waiter = argument;
	struct timeval time = { .tv_usec = 400000 };
	struct pollfd poll_fd = { waiter->fd, 0, 0 };
	char byte;

	if (waiter->polls) {
		CHECK(poll(&poll_fd, 1, 400) >= 0); /* it is closed by then: POLLNVAL */
		return NULL;
	}
	CHECK(setsockopt(waiter->fd, SOL_SOCKET, SO_RCVTIMEO, &time, sizeof(time)) == 0);
	CHECK_ERRNO(recv(waiter->fd, &byte, 1, 0), EAGAIN);
	return NULL;
}

/* As in socket_rights_cycles: until the writers of the pipe are gone. */
static void expect_end(int read_end)
{
	struct pollfd poll_fd = { read_end, POLLIN, 0 };

	for (int tries = 0; tries < 200; tries++) {
		int occasion[2];

		if (MUST(poll(&poll_fd, 1, 10)) == 1) {
			CHECK_EQ(poll_fd.revents, POLLHUP);
			close(read_end);
			return;
		}
		make_pair(SOCK_STREAM, occasion);
		send_fd(occasion[0], occasion[1]);
		close(occasion[0]);
		close(occasion[1]);
	}
	FAIL("a pipe's writing end leaked");
}

/* One end of a pair holds both ends and a pipe. It is polled, or the other, empty one is read. */
static void closed_while_waited_on(bool polls, bool is_looked_for)
{
	struct waiter waiter = { .polls = polls };
	pthread_t thread;
	int fds[2], ends[2];

	make_pair(SOCK_DGRAM, fds);
	CHECK(pipe(ends) == 0);
	send_fd(fds[0], ends[1]);
	close(ends[1]);
	send_fd(fds[0], fds[1]);
	send_fd(fds[0], fds[0]);
	waiter.fd = polls ? fds[1] : fds[0];
	CHECK(pthread_create(&thread, NULL, wait_on, &waiter) == 0);
	usleep(150000);
	close(fds[0]);
	close(fds[1]);
	CHECK(pthread_join(thread, NULL) == 0);
	if (is_looked_for)
		expect_end(ends[0]);
	else
		close(ends[0]);
}

int main(void)
{
	closed_while_waited_on(true, true);
	closed_while_waited_on(false, true);
	/* Last, since any other use of rights would make an end of it; the runner counts files. */
	closed_while_waited_on(true, false);
	return 0;
}
