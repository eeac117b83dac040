/* Datagrams: borders, cutting, who may send to whom, full queues, peers that vanish. */
#include "socket_util.h"

static void messages_stay_apart(void)
{
	char buffer[16];
	int fds[2], size;

	make_pair(SOCK_DGRAM, fds);
	CHECK_EQ(send(fds[0], "first", 5, 0), 5);
	CHECK_EQ(write(fds[0], "", 0), 0);
	CHECK_EQ(send(fds[0], "third message", 13, 0), 13);
	CHECK(ioctl(fds[1], FIONREAD, &size) == 0);
	CHECK_EQ(size, 5);
	CHECK_EQ(recv(fds[1], buffer, sizeof(buffer), MSG_PEEK), 5);
	CHECK_EQ(recv(fds[1], buffer, sizeof(buffer), 0), 5);
	CHECK_EQ(recv(fds[1], buffer, sizeof(buffer), 0), 0);
	CHECK_EQ(recv(fds[1], buffer, 4, MSG_PEEK | MSG_TRUNC), 13);
	struct iovec part = { buffer, 4 };
	struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1 };
	CHECK_EQ(recvmsg(fds[1], &message, 0), 4);
	CHECK_EQ(message.msg_flags, MSG_TRUNC);
	CHECK(memcmp(buffer, "thir", 4) == 0);
	CHECK_ERRNO(recv(fds[1], buffer, 4, MSG_DONTWAIT), EAGAIN);
	struct iovec parts[2] = { { "ab", 2 }, { "cd", 2 } };
	CHECK_EQ(writev(fds[0], parts, 2), 4);
	CHECK_EQ(read(fds[1], buffer, sizeof(buffer)), 4);
	CHECK(memcmp(buffer, "abcd", 4) == 0);
	close(fds[0]);
	close(fds[1]);
}

static void by_name(void)
{
	struct sockaddr_un from;
	socklen_t size = sizeof(from);
	char buffer[16];
	int a = MUST(socket(AF_UNIX, SOCK_DGRAM, 0));
	int b = MUST(socket(AF_UNIX, SOCK_DGRAM, 0));

	CHECK(bind_name(a, "a") == 0);
	CHECK_ERRNO(send(b, "x", 1, 0), ENOTCONN);
	CHECK_EQ(send_to_name(b, "one", 3, "a"), 3);
	/* A sender without a name has none to tell. */
	CHECK_EQ(recvfrom(a, buffer, 16, 0, (struct sockaddr *)&from, &size), 3);
	CHECK_EQ(size, 0);
	CHECK(bind_name(b, "@b-of-test") == 0);
	CHECK_EQ(send_to_name(b, "two", 3, "a"), 3);
	size = sizeof(from);
	CHECK_EQ(recvfrom(a, buffer, 16, 0, (struct sockaddr *)&from, &size), 3);
	CHECK_EQ(size, 2 + 10);
	CHECK_EQ(sendto(a, "back", 4, 0, (struct sockaddr *)&from, size), 4);
	CHECK_EQ(read(b, buffer, 16), 4);
	CHECK_ERRNO(send_to_name(b, "x", 1, "nowhere"), ENOENT);
	CHECK_ERRNO(send_to_name(b, "x", 1, "@nowhere"), ECONNREFUSED);
	make_file("file", "");
	CHECK_ERRNO(send_to_name(b, "x", 1, "file"), ECONNREFUSED);
	close(a);
	CHECK_ERRNO(send_to_name(b, "x", 1, "a"), ECONNREFUSED);
	close(b);
	unlink("a");
}

/* One that is connected takes from its peer only. */
static void connected_ones_choose(void)
{
	struct sockaddr nowhere = { .sa_family = AF_UNSPEC };
	char byte;
	int a = MUST(socket(AF_UNIX, SOCK_DGRAM, 0));
	int b = MUST(socket(AF_UNIX, SOCK_DGRAM, 0));
	int c = MUST(socket(AF_UNIX, SOCK_DGRAM, 0));

	CHECK(bind_name(a, "@test-a") == 0);
	CHECK(bind_name(b, "@test-b") == 0);
	CHECK(bind_name(c, "@test-c") == 0);
	CHECK(connect_name(a, "@test-b") == 0);
	CHECK_EQ(send_to_name(b, "x", 1, "@test-a"), 1);
	CHECK_ERRNO(send_to_name(c, "x", 1, "@test-a"), EPERM);
	CHECK_ERRNO(connect_name(c, "@test-a"), EPERM);
	CHECK_EQ(send(a, "y", 1, 0), 1);
	CHECK_EQ(send_to_name(a, "z", 1, "@test-c"), 1);
	CHECK_EQ(read(b, &byte, 1), 1);
	CHECK_EQ(read(c, &byte, 1), 1);
	CHECK(connect(a, &nowhere, sizeof(nowhere)) == 0);
	/* What came before is lost with the connection. */
	CHECK_ERRNO(recv(a, &byte, 1, MSG_DONTWAIT), EAGAIN);
	CHECK_ERRNO(send(a, "x", 1, 0), ENOTCONN);
	CHECK_EQ(send_to_name(c, "x", 1, "@test-a"), 1);
	CHECK_EQ(read(a, &byte, 1), 1);
	/* A peer that is gone is noticed once. */
	CHECK(connect_name(a, "@test-c") == 0);
	close(c);
	CHECK_ERRNO(send(a, "x", 1, 0), ECONNREFUSED);
	CHECK_ERRNO(send(a, "x", 1, 0), ENOTCONN);
	close(a);
	close(b);
}

/* When connected sockets part, the one that loses messages hears of it. */
static void parting_is_an_error(void)
{
	struct sockaddr nowhere = { .sa_family = AF_UNSPEC };
	char byte;
	int fds[2];

	make_pair(SOCK_DGRAM, fds);
	CHECK_EQ(send(fds[0], "lost", 4, 0), 4);
	CHECK(connect(fds[1], &nowhere, sizeof(nowhere)) == 0);
	CHECK_ERRNO(recv(fds[0], &byte, 1, MSG_DONTWAIT), ECONNRESET);
	CHECK_ERRNO(recv(fds[0], &byte, 1, MSG_DONTWAIT), EAGAIN);
	close(fds[0]);
	close(fds[1]);
}

static void too_large(void)
{
	static char big[300000];
	int fds[2];
	int limit;

	make_pair(SOCK_DGRAM, fds);
	limit = get_option(fds[0], SO_SNDBUF);
	CHECK_ERRNO(send(fds[0], big, limit, 0), EMSGSIZE);
	CHECK_ERRNO(send(fds[0], big, limit - 31, 0), EMSGSIZE);
	CHECK_EQ(send(fds[0], big, 100000, 0), 100000);
	for (size_t i = 0; i < 100000; i++)
		big[i] = 1;
	CHECK_EQ(read(fds[1], big, sizeof(big)), 100000);
	for (size_t i = 0; i < 100000; i++)
		CHECK_EQ(big[i], 0);
	close(fds[0]);
	close(fds[1]);
}

/* A stranger's queue takes few; who waits for room, by sleeping or polling, gets it. */
static void full_queue(void)
{
	char byte;
	int sent = 0;
	int a = MUST(socket(AF_UNIX, SOCK_DGRAM, 0));
	int b = MUST(socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0));

	CHECK(bind_name(a, "@full") == 0);
	CHECK(connect_name(b, "@full") == 0);
	while (send(b, "x", 1, 0) == 1)
		sent++;
	CHECK_EQ(errno, EAGAIN);
	CHECK(sent > 5 && sent < 600);
	CHECK_EQ(poll_now(b, POLLOUT), 0);
	pid_t poller = FORK();
	if (poller == 0) {
		struct pollfd poll_fd = { b, POLLOUT, 0 };

		_exit(poll(&poll_fd, 1, 20000) == 1 && poll_fd.revents == POLLOUT ? 0 : 1);
	}
	wait_until_blocked(poller);
	CHECK_EQ(read(a, &byte, 1), 1);
	CHECK_EQ(wait_exit_status(poller), 0);
	CHECK_EQ(send(b, "x", 1, 0), 1);
	CHECK_ERRNO(send(b, "x", 1, 0), EAGAIN);
	CHECK(fcntl(b, F_SETFL, 0) == 0);
	pid_t sender = FORK();
	if (sender == 0)
		_exit(send(b, "y", 1, 0) == 1 ? 0 : 1);
	wait_until_blocked(sender);
	CHECK_EQ(read(a, &byte, 1), 1);
	CHECK_EQ(wait_exit_status(sender), 0);
	/* And who waits when the receiver goes away is told. */
	sender = FORK();
	if (sender == 0) {
		close(a);
		_exit(send(b, "z", 1, 0) < 0 && errno == ECONNREFUSED ? 0 : 1);
	}
	wait_until_blocked(sender);
	close(a);
	CHECK_EQ(wait_exit_status(sender), 0);
	close(b);
}

static void shut_down(void)
{
	char byte;
	int fds[2];

	make_pair(SOCK_DGRAM, fds);
	CHECK(shutdown(fds[1], SHUT_RD) == 0);
	/* No SIGPIPE: this is no stream. */
	CHECK_ERRNO(send(fds[0], "x", 1, 0), EPIPE);
	CHECK_ERRNO(write(fds[0], "x", 1), EPIPE);
	CHECK_EQ(recv(fds[1], &byte, 1, 0), 0);
	CHECK_ERRNO(recv(fds[1], &byte, 1, MSG_DONTWAIT), EAGAIN);
	close(fds[0]);
	close(fds[1]);
}

static void sequenced_packets(void)
{
	char buffer[16];
	int fds[2];
	int lone = MUST(socket(AF_UNIX, SOCK_SEQPACKET, 0));

	CHECK_ERRNO(send(lone, "x", 1, 0), ENOTCONN);
	CHECK_ERRNO(recv(lone, buffer, 1, 0), ENOTCONN);
	close(lone);
	make_pair(SOCK_SEQPACKET, fds);
	CHECK_EQ(write(fds[0], "one", 3), 3);
	CHECK_EQ(write(fds[0], "four", 4), 4);
	CHECK_EQ(read(fds[1], buffer, 2), 2);
	CHECK_EQ(read(fds[1], buffer, sizeof(buffer)), 4);
	CHECK_EQ(write(fds[0], "last", 4), 4);
	close(fds[0]);
	CHECK_EQ(read(fds[1], buffer, sizeof(buffer)), 4);
	CHECK_EQ(recv(fds[1], buffer, sizeof(buffer), MSG_DONTWAIT), 0);
	CHECK_EQ(read(fds[1], buffer, sizeof(buffer)), 0);
	CHECK_ERRNO(write(fds[1], "x", 1), EPIPE);
	close(fds[1]);
	int listener = make_listener(SOCK_SEQPACKET, "@seq", 1);
	int client = make_client(SOCK_SEQPACKET, "@seq");
	int server = MUST(accept(listener, NULL, NULL));
	CHECK_EQ(send(client, "hi", 2, 0), 2);
	CHECK_EQ(read(server, buffer, sizeof(buffer)), 2);
	CHECK_EQ(write(client, "unread", 6), 6);
	close(server);
	CHECK_ERRNO(read(client, buffer, 1), ECONNRESET);
	close(client);
	close(listener);
}

int main(void)
{
	messages_stay_apart();
	by_name();
	connected_ones_choose();
	parting_is_an_error();
	too_large();
	full_queue();
	shut_down();
	sequenced_packets();
	return 0;
}
