/* Connections: listening, the backlog, connecting with and without waiting, accepting. */
#include "socket_util.h"

static void ordinary(void)
{
	struct sockaddr_un name;
	socklen_t size = sizeof(name);
	char buffer[8];
	int listener = make_listener(SOCK_STREAM, "server", 5);
	int client = make_client(SOCK_STREAM, "server");
	int server = MUST(accept4(listener, (struct sockaddr *)&name, &size,
				  SOCK_CLOEXEC | SOCK_NONBLOCK));

	CHECK_EQ(size, 2); /* a client without a name */
	CHECK_EQ(fcntl(server, F_GETFD), FD_CLOEXEC);
	CHECK_EQ(fcntl(server, F_GETFL), O_RDWR | O_NONBLOCK);
	size = sizeof(name);
	CHECK(getpeername(client, (struct sockaddr *)&name, &size) == 0);
	CHECK(size == 2 + 7 && strcmp(name.sun_path, "server") == 0);
	size = sizeof(name);
	CHECK(getsockname(server, (struct sockaddr *)&name, &size) == 0);
	CHECK(size == 2 + 7 && strcmp(name.sun_path, "server") == 0);
	size = sizeof(name);
	CHECK(getpeername(server, (struct sockaddr *)&name, &size) == 0);
	CHECK_EQ(size, 2);
	CHECK_ERRNO(getpeername(listener, (struct sockaddr *)&name, &size), ENOTCONN);
	CHECK_EQ(write(client, "ping", 4), 4);
	CHECK_EQ(read(server, buffer, 8), 4);
	CHECK_EQ(get_option(listener, SO_ACCEPTCONN), 1);
	CHECK_EQ(get_option(client, SO_ACCEPTCONN), 0);
	CHECK_ERRNO(connect_name(client, "server"), EISCONN);
	CHECK_ERRNO(connect_name(listener, "server"), EINVAL);
	CHECK_ERRNO(listen(client, 1), EINVAL);
	CHECK_ERRNO(listen(server, 1), EINVAL);
	CHECK_ERRNO(read(listener, buffer, 1), EINVAL);
	CHECK_ERRNO(send(listener, "x", 1, MSG_NOSIGNAL), ENOTCONN);
	close(client);
	CHECK_EQ(read(server, buffer, 8), 0);
	close(server);
	close(listener);
	unlink("server");
}

static void not_possible(void)
{
	int fd = MUST(socket(AF_UNIX, SOCK_STREAM, 0));
	char byte;

	CHECK_ERRNO(listen(fd, 1), EINVAL);
	CHECK_ERRNO(accept(fd, NULL, NULL), EINVAL);
	CHECK_ERRNO(read(fd, &byte, 1), EINVAL);
	CHECK_ERRNO(send(fd, "x", 1, MSG_NOSIGNAL), ENOTCONN);
	CHECK_ERRNO(send_to_name(fd, "x", 1, "anywhere"), EOPNOTSUPP);
	CHECK_ERRNO(accept4(fd, NULL, NULL, 1), EINVAL);
	close(fd);
	fd = MUST(socket(AF_UNIX, SOCK_DGRAM, 0));
	CHECK_ERRNO(listen(fd, 1), EOPNOTSUPP);
	CHECK_ERRNO(accept(fd, NULL, NULL), EOPNOTSUPP);
	close(fd);
	int fds[2];
	make_pair(SOCK_STREAM, fds);
	CHECK_ERRNO(send_to_name(fds[0], "x", 1, "anywhere"), EISCONN);
	close(fds[0]);
	close(fds[1]);
}

/* What a client sends before it is accepted waits for the server; the backlog is exact. */
static void backlog(void)
{
	int clients[3];
	char byte;
	int listener = make_listener(SOCK_STREAM, "@backlog", 1);

	for (int i = 0; i < 2; i++) {
		clients[i] = make_client(SOCK_STREAM, "@backlog");
		CHECK_EQ(write(clients[i], "01" + i, 1), 1);
	}
	clients[2] = MUST(socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0));
	CHECK_ERRNO(connect_name(clients[2], "@backlog"), EAGAIN);
	CHECK(fcntl(clients[2], F_SETFL, 0) == 0);
	struct timeval soon = { 0, 50000 };
	CHECK(setsockopt(clients[2], SOL_SOCKET, SO_SNDTIMEO, &soon, sizeof(soon)) == 0);
	CHECK_ERRNO(connect_name(clients[2], "@backlog"), EAGAIN);
	soon.tv_usec = 0;
	CHECK(setsockopt(clients[2], SOL_SOCKET, SO_SNDTIMEO, &soon, sizeof(soon)) == 0);
	pid_t child = FORK();
	if (child == 0) {
		CHECK(connect_name(clients[2], "@backlog") == 0);
		_exit(0);
	}
	wait_until_blocked(child);
	CHECK_EQ(poll_now(listener, POLLIN | POLLOUT), POLLIN);
	int server = MUST(accept(listener, NULL, NULL));
	CHECK_EQ(read(server, &byte, 1), 1);
	CHECK_EQ(byte, '0');
	close(server);
	CHECK_EQ(wait_exit_status(child), 0);
	server = MUST(accept(listener, NULL, NULL));
	CHECK_EQ(read(server, &byte, 1), 1);
	CHECK_EQ(byte, '1');
	close(server);
	/* Nobody accepts the last one. */
	close(listener);
	CHECK_ERRNO(read(clients[2], &byte, 1), ECONNRESET);
	for (int i = 0; i < 3; i++)
		close(clients[i]);
}

static void waiting_to_accept(void)
{
	int listener = make_listener(SOCK_STREAM, "@accept", 5);

	pid_t child = FORK();
	if (child == 0) {
		int fd = MUST(accept(listener, NULL, NULL));

		_exit(write(fd, "x", 1) == 1 ? 0 : 1);
	}
	wait_until_blocked(child);
	int client = make_client(SOCK_STREAM, "@accept");
	char byte;
	CHECK_EQ(read(client, &byte, 1), 1);
	CHECK_EQ(wait_exit_status(child), 0);
	close(client);
	CHECK(fcntl(listener, F_SETFL, O_NONBLOCK) == 0);
	CHECK_ERRNO(accept(listener, NULL, NULL), EAGAIN);
	CHECK(fcntl(listener, F_SETFL, 0) == 0);
	/* A listener that is shut down lets its sleepers go, and takes no more. */
	child = FORK();
	if (child == 0)
		_exit(accept(listener, NULL, NULL) < 0 && errno == EINVAL ? 0 : 1);
	wait_until_blocked(child);
	CHECK(shutdown(listener, SHUT_RD) == 0);
	CHECK_EQ(wait_exit_status(child), 0);
	int fd = MUST(socket(AF_UNIX, SOCK_STREAM, 0));
	CHECK_ERRNO(connect_name(fd, "@accept"), ECONNREFUSED);
	close(fd);
	close(listener);
}

/* Waiting to connect to one that closes ends in refusal. */
static void listener_vanishes(void)
{
	int listener = make_listener(SOCK_STREAM, "vanishing", 0);
	int first = make_client(SOCK_STREAM, "vanishing");

	pid_t child = FORK();
	if (child == 0) {
		int fd = MUST(socket(AF_UNIX, SOCK_STREAM, 0));

		close(listener);
		_exit(connect_name(fd, "vanishing") < 0 && errno == ECONNREFUSED ? 0 : 1);
	}
	wait_until_blocked(child);
	close(listener);
	CHECK_EQ(wait_exit_status(child), 0);
	close(first);
}

/* accept() with a bad place for the name takes the connection all the same, as Linux. */
static void accept_to_nowhere(void)
{
	socklen_t size = 100;
	int listener = make_listener(SOCK_STREAM, "@nowhere", 5);
	int client = make_client(SOCK_STREAM, "@nowhere");
	char byte;

	CHECK_ERRNO(accept(listener, (struct sockaddr *)8, &size), EFAULT);
	CHECK_EQ(read(client, &byte, 1), 0);
	close(client);
	close(listener);
}

int main(void)
{
	ordinary();
	not_possible();
	backlog();
	waiting_to_accept();
	listener_vanishes();
	accept_to_nowhere();
	return 0;
}
