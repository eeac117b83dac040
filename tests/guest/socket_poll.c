/* What poll says of sockets in each state. */
#include "socket_util.h"

#define ALL (POLLIN | POLLOUT | POLLRDHUP | POLLPRI | POLLRDNORM | POLLWRNORM)

static void streams(int type)
{
	char byte;
	int fds[2];
	int lone = MUST(socket(AF_UNIX, type, 0));

	CHECK_EQ(poll_now(lone, ALL), POLLOUT | POLLWRNORM | POLLHUP);
	close(lone);
	make_pair(type, fds);
	CHECK_EQ(poll_now(fds[0], ALL), POLLOUT | POLLWRNORM);
	CHECK_EQ(write(fds[1], "x", 1), 1);
	CHECK_EQ(poll_now(fds[0], ALL), POLLIN | POLLRDNORM | POLLOUT | POLLWRNORM);
	CHECK_EQ(read(fds[0], &byte, 1), 1);
	CHECK(shutdown(fds[1], SHUT_WR) == 0);
	CHECK_EQ(poll_now(fds[0], ALL), POLLIN | POLLRDNORM | POLLRDHUP | POLLOUT | POLLWRNORM);
	CHECK_EQ(poll_now(fds[1], ALL), POLLOUT | POLLWRNORM);
	CHECK(shutdown(fds[1], SHUT_RD) == 0);
	CHECK_EQ(poll_now(fds[0], ALL),
		 POLLIN | POLLRDNORM | POLLRDHUP | POLLHUP | POLLOUT | POLLWRNORM);
	close(fds[1]);
	CHECK_EQ(poll_now(fds[0], ALL),
		 POLLIN | POLLRDNORM | POLLRDHUP | POLLHUP | POLLOUT | POLLWRNORM);
	close(fds[0]);
}

static void listeners(void)
{
	int listener = make_listener(SOCK_STREAM, "@poll", 5);

	CHECK_EQ(poll_now(listener, ALL), 0);
	int client = make_client(SOCK_STREAM, "@poll");
	CHECK_EQ(poll_now(listener, ALL), POLLIN | POLLRDNORM);
	CHECK_EQ(poll_now(client, ALL), POLLOUT | POLLWRNORM);
	close(MUST(accept(listener, NULL, NULL)));
	CHECK_EQ(poll_now(listener, ALL), 0);
	CHECK_EQ(poll_now(client, ALL),
		 POLLIN | POLLRDNORM | POLLRDHUP | POLLHUP | POLLOUT | POLLWRNORM);
	close(client);
	client = make_client(SOCK_STREAM, "@poll");
	close(listener);
	CHECK_EQ(poll_now(client, ALL),
		 POLLIN | POLLRDNORM | POLLRDHUP | POLLHUP | POLLERR | POLLOUT | POLLWRNORM);
	close(client);
}

static void datagrams(void)
{
	int fds[2];

	make_pair(SOCK_DGRAM, fds);
	CHECK_EQ(poll_now(fds[0], ALL), POLLOUT | POLLWRNORM);
	CHECK(shutdown(fds[0], SHUT_RD) == 0);
	CHECK_EQ(poll_now(fds[0], ALL), POLLIN | POLLRDNORM | POLLRDHUP | POLLOUT | POLLWRNORM);
	CHECK_EQ(poll_now(fds[1], ALL), POLLOUT | POLLWRNORM);
	close(fds[0]);
	CHECK_EQ(poll_now(fds[1], ALL), POLLOUT | POLLWRNORM);
	close(fds[1]);
}

/* Each event wakes one who polls for it. */
static void wakes(void (*make)(int, int), int events, int expected)
{
	int fds[2];

	make_pair(SOCK_STREAM, fds);
	pid_t child = FORK();
	if (child == 0) {
		struct pollfd poll_fd = { fds[0], events, 0 };

		close(fds[1]);
		CHECK_EQ(poll(&poll_fd, 1, 20000), 1);
		CHECK_EQ(poll_fd.revents, expected);
		_exit(0);
	}
	wait_until_blocked(child);
	make(fds[0], fds[1]);
	CHECK_EQ(wait_exit_status(child), 0);
	close(fds[0]);
	close(fds[1]);
}

static void write_other(int own, int other)
{
	(void)own;
	CHECK_EQ(write(other, "x", 1), 1);
}

static void shut_other(int own, int other)
{
	(void)own;
	CHECK(shutdown(other, SHUT_WR) == 0);
}

static void close_other(int own, int other)
{
	(void)own;
	close(other);
	(void)!dup2(own, other); /* so that the caller may close it once more */
}

static void shut_own(int own, int other)
{
	(void)other;
	CHECK(shutdown(own, SHUT_RDWR) == 0);
}

static void connect_wakes(void)
{
	int listener = make_listener(SOCK_STREAM, "@poll-wakes", 5);

	pid_t child = FORK();
	if (child == 0) {
		struct pollfd poll_fd = { listener, POLLIN, 0 };

		_exit(poll(&poll_fd, 1, 20000) == 1 && poll_fd.revents == POLLIN ? 0 : 1);
	}
	wait_until_blocked(child);
	int client = make_client(SOCK_STREAM, "@poll-wakes");
	CHECK_EQ(wait_exit_status(child), 0);
	close(client);
	close(listener);
}

int main(void)
{
	streams(SOCK_STREAM);
	streams(SOCK_SEQPACKET);
	listeners();
	datagrams();
	wakes(write_other, POLLIN, POLLIN);
	wakes(shut_other, POLLRDHUP, POLLRDHUP);
	wakes(close_other, POLLIN, POLLIN | POLLHUP);
	wakes(shut_own, 0, POLLHUP);
	connect_wakes();
	return 0;
}
