/*
 * Signals and time limits end each call that waits: EINTR or a restart, EAGAIN when the time is
 * over, and death by SIGKILL.
 */
#include "socket_util.h"
#include <sys/time.h>

static int pair[2], full[2], listener, crowded, stranger;
static volatile int handled;

static void count_signal(int signal)
{
	(void)signal;
	handled++;
}

static long do_read(void)
{
	char byte;

	return read(pair[0], &byte, 1);
}

static long do_recvmsg(void)
{
	char byte;
	struct iovec part = { &byte, 1 };
	struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1 };

	return recvmsg(pair[0], &message, 0);
}

static long do_recvmmsg(void)
{
	char byte;
	struct iovec part = { &byte, 1 };
	struct mmsghdr message = { .msg_hdr = { .msg_iov = &part, .msg_iovlen = 1 } };

	return recvmmsg(pair[0], &message, 1, 0, NULL);
}

static long do_write(void)
{
	return write(full[0], "x", 1);
}

static long do_send_datagram(void)
{
	return send_to_name(stranger, "x", 1, "@interrupted-datagram");
}

static long do_accept(void)
{
	return accept(listener, NULL, NULL);
}

static long do_connect(void)
{
	int fd = MUST(socket(AF_UNIX, SOCK_STREAM, 0));
	struct timeval limit;
	socklen_t size = sizeof(limit);
	int error;

	/* The limit of time is that of `full`. */
	CHECK(getsockopt(full[0], SOL_SOCKET, SO_SNDTIMEO, &limit, &size) == 0);
	CHECK(setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit)) == 0);
	long result = connect_name(fd, "@interrupted-crowded");

	error = errno;
	close(fd);
	errno = error;
	return result;
}

static const struct {
	const char *name;
	long (*call)(void);
} calls[] = {
	{ "read", do_read }, { "recvmsg", do_recvmsg }, { "recvmmsg", do_recvmmsg },
	{ "write", do_write }, { "sendto of a datagram", do_send_datagram },
	{ "accept", do_accept }, { "connect", do_connect },
};

static void set_up(void)
{
	static char block[4096];

	make_pair(SOCK_STREAM, pair);
	make_pair(SOCK_STREAM, full);
	while (send(full[0], block, sizeof(block), MSG_DONTWAIT) > 0)
		;
	listener = make_listener(SOCK_STREAM, "@interrupted", 1);
	crowded = make_listener(SOCK_STREAM, "@interrupted-crowded", 0);
	MUST(make_client(SOCK_STREAM, "@interrupted-crowded"));
	int receiver = MUST(socket(AF_UNIX, SOCK_DGRAM, 0));
	stranger = MUST(socket(AF_UNIX, SOCK_DGRAM, 0));
	CHECK(bind_name(receiver, "@interrupted-datagram") == 0);
	CHECK(fcntl(stranger, F_SETFL, O_NONBLOCK) == 0);
	while (send_to_name(stranger, "x", 1, "@interrupted-datagram") == 1)
		;
	CHECK(fcntl(stranger, F_SETFL, 0) == 0);
}

static void interrupt(const char *name, long (*call)(void))
{
	pid_t child = FORK();

	if (child == 0) {
		handle_signal(SIGUSR1, count_signal, 0);
		long result = call();
		if (result != -1 || errno != EINTR || handled != 1)
			FAIL("%s gave %ld", name, result);
		_exit(0);
	}
	wait_until_blocked(child);
	CHECK(kill(child, SIGUSR1) == 0);
	if (wait_exit_status(child))
		FAIL("%s was not interrupted", name);
}

static void kill_it(long (*call)(void))
{
	pid_t child = FORK();

	if (child == 0) {
		call();
		_exit(1);
	}
	wait_until_blocked(child);
	kill_and_reap(child);
}

/* A call with SA_RESTART goes on as if nothing had been; one with a limit of time does not. */
static void restart(bool has_limit)
{
	struct timeval limit = { 20, 0 };
	int fds[2];

	make_pair(SOCK_STREAM, fds);
	if (has_limit)
		CHECK(setsockopt(fds[0], SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit)) == 0);
	pid_t child = FORK();
	if (child == 0) {
		char byte;

		handle_signal(SIGUSR1, count_signal, SA_RESTART);
		long result = read(fds[0], &byte, 1);
		if (has_limit)
			_exit(result < 0 && errno == EINTR ? 0 : 1);
		_exit(result == 1 && handled == 1 ? 0 : 1);
	}
	wait_until_blocked(child);
	CHECK(kill(child, SIGUSR1) == 0);
	if (!has_limit) {
		wait_until_blocked(child);
		CHECK_EQ(write(fds[1], "x", 1), 1);
	}
	CHECK_EQ(wait_exit_status(child), 0);
	close(fds[0]);
	close(fds[1]);
}

static void time_limit(const char *name, long (*call)(void))
{
	long long start = now_ns();
	long result = call();

	if (result != -1 || errno != EAGAIN)
		FAIL("%s with a limit of time gave %ld", name, result);
	if (now_ns() - start < 19000000)
		FAIL("%s gave up too early", name);
}

static void limit_all(void)
{
	struct timeval limit = { 0, 20000 };
	int all[] = { pair[0], full[0], listener, stranger };

	for (size_t i = 0; i < ARRAY_SIZE(all); i++) {
		CHECK(setsockopt(all[i], SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit)) == 0);
		CHECK(setsockopt(all[i], SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit)) == 0);
	}
}

/* What was done before the signal is what the call returns. */
static void partly_done(void)
{
	static char block[1 << 20];
	int fds[2];

	make_pair(SOCK_STREAM, fds);
	pid_t child = FORK();
	if (child == 0) {
		handle_signal(SIGUSR1, count_signal, 0);
		ssize_t put = write(fds[0], block, sizeof(block));
		_exit(put > 0 && put < (ssize_t)sizeof(block) ? 0 : 1);
	}
	wait_until_blocked(child);
	CHECK(kill(child, SIGUSR1) == 0);
	CHECK_EQ(wait_exit_status(child), 0);
	close(fds[0]);
	while (MUST(read(fds[1], block, sizeof(block))) > 0)
		;
	close(fds[1]);
	make_pair(SOCK_STREAM, fds);
	CHECK_EQ(write(fds[0], "abc", 3), 3);
	child = FORK();
	if (child == 0) {
		handle_signal(SIGUSR1, count_signal, 0);
		_exit(recv(fds[1], block, 10, MSG_WAITALL) == 3 ? 0 : 1);
	}
	wait_until_blocked(child);
	CHECK(kill(child, SIGUSR1) == 0);
	CHECK_EQ(wait_exit_status(child), 0);
	close(fds[0]);
	close(fds[1]);
}

int main(void)
{
	set_up();
	for (size_t i = 0; i < ARRAY_SIZE(calls); i++) {
		interrupt(calls[i].name, calls[i].call);
		kill_it(calls[i].call);
	}
	restart(false);
	restart(true);
	partly_done();
	limit_all();
	for (size_t i = 0; i < ARRAY_SIZE(calls); i++)
		time_limit(calls[i].name, calls[i].call);
	return 0;
}
